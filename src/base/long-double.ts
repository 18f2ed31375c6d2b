// The 80-bit arithmetic of INCRBYFLOAT and HINCRBYFLOAT: numbers with a mantissa of 64 bits, as x86-64 C programs
// have them in `long double`. Plain doubles would give other replies (0.1 + 0.2), so the values are kept exactly, as
// mantissa and exponent in bigints; safe integers, the usual case, stay JS numbers all the way.

/**
 * A JS number for safe integers, both infinities and NaN; anything else is an `ExtendedFloat`. The sign of zero is not
 * kept: no reply shows it.
 */
export type LongDouble = number | ExtendedFloat;

/** `mantissa` x 2^`exponent`; the mantissa is not zero, has the number's sign and at most 64 bits. */
export interface ExtendedFloat {
  readonly mantissa: bigint;
  readonly exponent: number;
}

/**
 * The long double nearest to what `text` spells, as strtold reads it in the C locale (decimal and hexadecimal,
 * infinities), or null: for an empty text or one of 5120 characters and more, space around it, anything behind it, nan,
 * overflow, or underflow to zero.
 */
export function parseLongDouble(text: string): LongDouble | null {
  if (text.length <= SAFE_DIGITS && INTEGER.test(text)) return Number(text) + 0;
  if (text.length >= MAX_TEXT) return null;
  const decimal = DECIMAL.exec(text);
  if (decimal) return fromDecimal(decimal[1] === '-', decimal[2]!, decimal[3]!, decimal[4]);
  const infinite = INFINITE.exec(text);
  if (infinite) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const hexadecimal = HEXADECIMAL.exec(text);
  if (!hexadecimal) return null;
  const mantissa = BigInt(`0x${hexadecimal[2]}${hexadecimal[3]}`);
  if (mantissa === 0n) return 0;
  const exponent = Number(hexadecimal[4] ?? '0') - 4 * hexadecimal[3]!.length;
  return finiteOrNull(round(hexadecimal[1] === '-' ? -mantissa : mantissa, exponent, false));
}

/** The long double of an int64. */
export function longDoubleFromInteger(value: number | bigint): LongDouble {
  return typeof value === 'number' ? value : round(value, 0, false);
}

/** The sum, rounded once, half to even. May be infinite, or NaN for infinities of opposite sign. */
export function addLongDouble(a: LongDouble, b: LongDouble): LongDouble {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum) || !Number.isFinite(sum)) return sum;
  }
  if (!isFiniteLongDouble(a)) return a;
  if (!isFiniteLongDouble(b)) return b;
  const left = extended(a);
  const right = extended(b);
  if (left.mantissa === 0n) return b;
  if (right.mantissa === 0n) return a;
  // So far below the last bit that counts, the smaller number changes nothing; do not align the two.
  const distance = topBit(left) - topBit(right);
  if (Math.abs(distance) > 2 * MANTISSA_BITS) return distance > 0 ? a : b;
  const exponent = Math.min(left.exponent, right.exponent);
  const sum =
    (left.mantissa << BigInt(left.exponent - exponent)) +
    (right.mantissa << BigInt(right.exponent - exponent));
  return round(sum, exponent, false);
}

/**
 * The product with a positive whole number, rounded once as a long double and then up to a whole number. May be infinite.
 */
export function multiplyAndCeil(value: LongDouble, factor: number): number | bigint {
  if (typeof value === 'number' && (Number.isSafeInteger(value * factor) || !Number.isFinite(value))) {
    return value * factor;
  }
  const { mantissa, exponent } = extended(value);
  const product = round(mantissa * BigInt(factor), exponent, false);
  if (typeof product === 'number') return product;
  if (product.exponent >= 0) return product.mantissa << BigInt(product.exponent);
  return -(-product.mantissa >> BigInt(-product.exponent));
}

/**
 * The text that Redis stores and replies: 17 digits after the point (half to even), less trailing zeros; never an
 * exponent and never `-0`.
 */
export function formatLongDouble(value: LongDouble): string {
  if (typeof value === 'number') {
    if (Number.isNaN(value)) return 'nan';
    if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
    return String(value + 0);
  }
  const { mantissa, exponent } = value;
  if (exponent >= 0) return (mantissa << BigInt(exponent)).toString();
  const negative = mantissa < 0n;
  const scaled = shiftHalfToEven((negative ? -mantissa : mantissa) * TEN_17, -exponent, false);
  if (scaled === 0n) return '0';
  const digits = scaled.toString().padStart(FRACTION_DIGITS + 1, '0');
  const whole = digits.slice(0, -FRACTION_DIGITS);
  const fraction = digits.slice(-FRACTION_DIGITS).replace(/0+$/, '');
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : '.'}${fraction}`;
}

/** Whether it is neither infinite nor NaN. */
export function isFiniteLongDouble(value: LongDouble): boolean {
  return typeof value !== 'number' || Number.isFinite(value);
}

const MANTISSA_BITS = 64;
/** The weight of the last bit of a denormal number, and the first power of two that is too large. */
const LOWEST_BIT = -16445;
const OVERFLOW_BIT = 16384;
const MAX_TEXT = 5120;
const SAFE_DIGITS = 15;
const FRACTION_DIGITS = 17;
const TENS: readonly bigint[] = Array.from({ length: 32 }, (_, power) => 10n ** BigInt(power));
const TEN_17 = 10n ** 17n;

const INTEGER = /^-?[0-9]+$/;
const DECIMAL = /^([+-]?)(?=\.?[0-9])([0-9]*)\.?([0-9]*)(?:[eE]([+-]?[0-9]+))?$/;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;
const HEXADECIMAL = /^([+-]?)0[xX](?=\.?[0-9a-fA-F])([0-9a-fA-F]*)\.?([0-9a-fA-F]*)(?:[pP]([+-]?[0-9]+))?$/;

function fromDecimal(
  negative: boolean,
  whole: string,
  fraction: string,
  power: string | undefined,
): LongDouble | null {
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  if (digits === '') return 0;
  const exponent = Number(power ?? '0') - fraction.length;
  // The largest number is below 10^4933 and half the smallest above 10^-4951: no need to raise ten any higher.
  const magnitude = exponent + digits.length;
  if (magnitude > 4940 || magnitude < -4960) return null;
  const mantissa = BigInt(negative ? `-${digits}` : digits);
  if (exponent >= 0) return finiteOrNull(round(mantissa * 10n ** BigInt(exponent), 0, false));
  const divisor = TENS[-exponent] ?? 10n ** BigInt(-exponent);
  const extra = Math.max(0, bitLength(divisor) - bitLength(mantissa) + MANTISSA_BITS + 2);
  const dividend = mantissa << BigInt(extra);
  const quotient = dividend / divisor;
  return finiteOrNull(round(quotient, -extra, quotient * divisor !== dividend));
}

/** A number that does not fit is an error of range; zero means that it was too small. */
function finiteOrNull(value: LongDouble): LongDouble | null {
  return value === 0 || !isFiniteLongDouble(value) ? null : value;
}

/**
 * `mantissa` x 2^`exponent` as the nearest long double; `inexact` when the magnitude is really a little greater than
 * the mantissa says, by less than its last bit.
 */
function round(mantissa: bigint, exponent: number, inexact: boolean): LongDouble {
  if (mantissa === 0n) return 0;
  const negative = mantissa < 0n;
  let magnitude = negative ? -mantissa : mantissa;
  if (exponent < LOWEST_BIT - 2 * MAX_TEXT * 4) return 0;
  const bits = bitLength(magnitude);
  const drop = Math.max(bits - MANTISSA_BITS, LOWEST_BIT - exponent, 0);
  if (drop > 0) {
    magnitude = shiftHalfToEven(magnitude, drop, inexact);
    exponent += drop;
  }
  if (magnitude === 0n) return 0;
  const top = exponent + bitLength(magnitude);
  if (top > OVERFLOW_BIT) return negative ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (top > 0 && top <= 53) {
    const shift = BigInt(Math.max(-exponent, 0));
    const whole = magnitude >> shift;
    if (whole << shift === magnitude) return Number(negative ? -whole : whole) * 2 ** Math.max(exponent, 0);
  }
  return { mantissa: negative ? -magnitude : magnitude, exponent };
}

function shiftHalfToEven(magnitude: bigint, drop: number, inexact: boolean): bigint {
  const shift = BigInt(drop);
  const kept = magnitude >> shift;
  const rest = magnitude - (kept << shift);
  const half = 1n << (shift - 1n);
  const up = rest > half || (rest === half && (inexact || (kept & 1n) === 1n));
  return up ? kept + 1n : kept;
}

function extended(value: LongDouble): ExtendedFloat {
  return typeof value === 'number' ? { mantissa: BigInt(value), exponent: 0 } : value;
}

function topBit(value: ExtendedFloat): number {
  return value.exponent + bitLength(value.mantissa < 0n ? -value.mantissa : value.mantissa);
}

function bitLength(value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  if (magnitude <= 0xffffffffffffffffn) {
    const high = Number(magnitude >> 32n);
    return high !== 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(Number(magnitude));
  }
  const hex = magnitude.toString(16);
  return hex.length * 4 - (Math.clz32(Number.parseInt(hex[0]!, 16)) - 28);
}
