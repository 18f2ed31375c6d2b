// Positions on the earth as scores of a sorted set: the bits of longitude and latitude in turn, 26 each, so that what
// lies in one cell of a grid lies in one range of scores. Everything fits into doubles: 52 bits are halves of 26.

export const LONGITUDE_MAX = 180;
/** The latitude at which the web's Mercator map is a square; the poles lie beyond. */
export const LATITUDE_MAX = 85.05112878;
/** Bits of longitude, and of latitude, in a score. */
export const SCORE_STEPS = 26;

const LONGITUDE_SCALE = LONGITUDE_MAX + LONGITUDE_MAX;
const LATITUDE_SCALE = LATITUDE_MAX + LATITUDE_MAX;
const HALF_BITS = 13;
const HALF_MASK = (1 << HALF_BITS) - 1;
const HALF_SPAN = 2 ** (2 * HALF_BITS);
// Powers of two, which are slow to compute.
const SPANS: readonly number[] = Array.from({ length: 2 * SCORE_STEPS + 1 }, (_, bits) => 2 ** bits);
const WORD_SPAN = 2 ** 32;
// Up to here halves fit into integers.
const SMALL_SCORE_END = 2 ** 53;
const BASE32 = '0123456789bcdefghjkmnpqrstuvwxyz';

export function isPosition(longitude: number, latitude: number): boolean {
  return (
    longitude >= -LONGITUDE_MAX &&
    longitude <= LONGITUDE_MAX &&
    latitude >= -LATITUDE_MAX &&
    latitude <= LATITUDE_MAX
  );
}

/** The column of the grid with 2^steps columns that a longitude is in. The last longitude is a column too far east. */
export function columnOf(longitude: number, steps: number): number {
  return Math.floor(((longitude + LONGITUDE_MAX) / LONGITUDE_SCALE) * SPANS[steps]!);
}

/** The row, from the south, of the grid with 2^steps rows that a latitude is in. */
export function rowOf(latitude: number, steps: number): number {
  return Math.floor(((latitude + LATITUDE_MAX) / LATITUDE_SCALE) * SPANS[steps]!);
}

/** The western edge of a column. */
export function columnEdge(column: number, steps: number): number {
  return -LONGITUDE_MAX + (column / SPANS[steps]!) * LONGITUDE_SCALE;
}

/** The southern edge of a row. */
export function rowEdge(row: number, steps: number): number {
  return -LATITUDE_MAX + (row / SPANS[steps]!) * LATITUDE_SCALE;
}

/** The lowest score of the cells from one on, `next` cells further along the scores. */
export function cellScore(column: number, row: number, steps: number, next: 0 | 1): number {
  const high = interleave(column >>> HALF_BITS, row >>> HALF_BITS);
  const low = interleave(column & HALF_MASK, row & HALF_MASK);
  // One rounding at most, for positions at the edge of the map that need more than 52 bits.
  return (high * HALF_SPAN + (low + next)) * SPANS[2 * (SCORE_STEPS - steps)]!;
}

/** The score of a position. */
export function positionScore(longitude: number, latitude: number): number {
  return cellScore(columnOf(longitude, SCORE_STEPS), rowOf(latitude, SCORE_STEPS), SCORE_STEPS, 0);
}

/** The score in decimal, exactly, where at the edge of the map the double is not. */
export function positionScoreText(longitude: number, latitude: number): string {
  const score = positionScore(longitude, latitude);
  if (Number.isSafeInteger(score)) return String(score);
  const column = columnOf(longitude, SCORE_STEPS);
  const row = rowOf(latitude, SCORE_STEPS);
  const high = interleave(column >>> HALF_BITS, row >>> HALF_BITS);
  const low = interleave(column & HALF_MASK, row & HALF_MASK);
  return (BigInt(high) * BigInt(HALF_SPAN) + BigInt(low)).toString();
}

/** The column, of 2^26, that a score stands for; more than that where no position has the score. */
export function scoreColumn(score: number): number {
  return (oddBits(lowHalf(score)) | (oddBits(highHalf(score)) << 16)) >>> 0;
}

/** The row, of 2^26, that a score stands for. */
export function scoreRow(score: number): number {
  return (evenBits(lowHalf(score)) | (evenBits(highHalf(score)) << 16)) >>> 0;
}

/** The longitude in the middle of a column of the finest grid. */
export function columnLongitude(column: number): number {
  const west = columnEdge(column, SCORE_STEPS);
  const middle = (west + columnEdge((column + 1) >>> 0, SCORE_STEPS)) / 2;
  return Math.max(-LONGITUDE_MAX, Math.min(LONGITUDE_MAX, middle));
}

/** The latitude in the middle of a row of the finest grid. */
export function rowLatitude(row: number): number {
  const south = rowEdge(row, SCORE_STEPS);
  const middle = (south + rowEdge((row + 1) >>> 0, SCORE_STEPS)) / 2;
  return Math.max(-LATITUDE_MAX, Math.min(LATITUDE_MAX, middle));
}

/** The longitude that a score stands for: the middle of its cell. */
export function scoreLongitude(score: number): number {
  return columnLongitude(scoreColumn(score));
}

/** The latitude that a score stands for: the middle of its cell. */
export function scoreLatitude(score: number): number {
  return rowLatitude(scoreRow(score));
}

/** The standard geohash of a position, which divides latitudes up to the poles: 10 characters that say something and a 0. */
export function geohashText(longitude: number, latitude: number): string {
  const column = columnOf(longitude, SCORE_STEPS);
  const row = Math.floor(((latitude + 90) / 180) * SPANS[SCORE_STEPS]!);
  const high = interleave(column >>> HALF_BITS, row >>> HALF_BITS);
  const low = interleave(column & HALF_MASK, row & HALF_MASK);
  // 52 bits, of which the first 50 make characters of 5 bits each: 24 of them lie in the lower half.
  return `${base32((high >>> 1) & 0x1ffffff)}${base32(((high & 1) << 24) | (low >>> 2))}0`;
}

// Five characters for 25 bits.
function base32(bits: number): string {
  return (
    BASE32[bits >>> 20]! +
    BASE32[(bits >>> 15) & 31] +
    BASE32[(bits >>> 10) & 31] +
    BASE32[(bits >>> 5) & 31] +
    BASE32[bits & 31]
  );
}

// The bits of both numbers in turn, up to 16 each: those of the row in the even places.
function interleave(column: number, row: number): number {
  return (spread(row) | (spread(column) << 1)) >>> 0;
}

function spread(bits: number): number {
  let x = bits & 0xffff;
  x = (x | (x << 8)) & 0x00ff00ff;
  x = (x | (x << 4)) & 0x0f0f0f0f;
  x = (x | (x << 2)) & 0x33333333;
  return (x | (x << 1)) & 0x55555555;
}

function evenBits(word: number): number {
  let x = word & 0x55555555;
  x = (x | (x >>> 1)) & 0x33333333;
  x = (x | (x >>> 2)) & 0x0f0f0f0f;
  x = (x | (x >>> 4)) & 0x00ff00ff;
  return (x | (x >>> 8)) & 0xffff;
}

function oddBits(word: number): number {
  return evenBits(word >>> 1);
}

// The halves of a score as an unsigned 64-bit integer. Scores that no position has are cut as x86-64 does it.
function lowHalf(score: number): number {
  if (score >= 0 && score < SMALL_SCORE_END) return (score - highHalf(score) * WORD_SPAN) | 0;
  const whole = Math.trunc(score);
  return isUint64(whole) ? (whole % WORD_SPAN) | 0 : 0;
}

function highHalf(score: number): number {
  if (score >= 0 && score < SMALL_SCORE_END) return (score / WORD_SPAN) | 0;
  const whole = Math.trunc(score);
  if (!isUint64(whole)) return whole < 0 ? 0x80000000 | 0 : 0;
  return Math.floor(whole / WORD_SPAN) | 0;
}

function isUint64(whole: number): boolean {
  return whole >= -(2 ** 63) && whole < 2 ** 64;
}
