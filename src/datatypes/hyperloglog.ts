// HyperLogLogs, in the bytes that Redis gives them: 16384 registers of 6 bits in a string, behind a header with the last
// count. A value begins as runs of equal registers (the sparse form, edited in hyperloglog-sparse.ts) and becomes an
// array (the dense form) when that is no longer small. All functions work on a value in the middle of some memory.
//
// Header: "HYLL" · form (0 dense, 1 sparse) · 3 bytes unused · count, 8 bytes, its top bit set when it is out of date
// Runs:   00nnnnnn zeros, 1-64 · 01nnnnnn nnnnnnnn zeros, 1-16384 · 1vvvvvnn 1-4 registers of the value 1-32

export const REGISTERS = 16384;
export const HEADER_BYTES = 16;
export const DENSE_BYTES = HEADER_BYTES + (REGISTERS * 6) / 8;
/** A value without elements: one run of zeros. */
export const EMPTY_BYTES = HEADER_BYTES + 2;

export const FORM = { DENSE: 0, SPARSE: 1 } as const;

const FORM_OFFSET = 4;
const COUNT_OFFSET = 8;
const STALE_OFFSET = 15;
const STALE_BIT = 0x80;
const VALUE_MAX = 63;
const LANES = 4;
const LANE = VALUE_MAX + 1;
/** The largest value that an element can give a register, less one: the bits of the hash beyond the index. */
const HASH_BITS = 50;
/** 0.5 / ln 2, as the estimator's constant is written. */
const ALPHA = 0.7213475204444817;

/** Writes an empty value, EMPTY_BYTES long, at `at`. */
export function writeEmptyHyperLogLog(bytes: Uint8Array, at: number): void {
  bytes.fill(0, at, at + EMPTY_BYTES);
  bytes[at] = 0x48;
  bytes[at + 1] = 0x59;
  bytes[at + 2] = 0x4c;
  bytes[at + 3] = 0x4c;
  bytes[at + FORM_OFFSET] = FORM.SPARSE;
  bytes[at + HEADER_BYTES] = 0x7f;
  bytes[at + HEADER_BYTES + 1] = 0xff;
}

/** Whether the bytes begin as a HyperLogLog does and, in the dense form, have its length; runs are not looked at. */
export function isHyperLogLog(bytes: Uint8Array, at: number, length: number): boolean {
  if (length < HEADER_BYTES) return false;
  if (bytes[at] !== 0x48 || bytes[at + 1] !== 0x59 || bytes[at + 2] !== 0x4c || bytes[at + 3] !== 0x4c) {
    return false;
  }
  const form = bytes[at + FORM_OFFSET]!;
  return form === FORM.SPARSE || (form === FORM.DENSE && length === DENSE_BYTES);
}

export function isSparse(bytes: Uint8Array, at: number): boolean {
  return bytes[at + FORM_OFFSET] === FORM.SPARSE;
}

/** Notes that the count in the header is out of date. */
export function invalidateCount(bytes: Uint8Array, at: number): void {
  bytes[at + STALE_OFFSET]! |= STALE_BIT;
}

/** Whether the count in the header is up to date. */
export function hasCount(bytes: Uint8Array, at: number): boolean {
  return (bytes[at + STALE_OFFSET]! & STALE_BIT) === 0;
}

/** The count in the header: a number while that is exact. */
export function readCount(bytes: Uint8Array, at: number): number | bigint {
  let low = 0;
  let high = 0;
  for (let i = 3; i >= 0; i--) {
    low = low * 256 + bytes[at + COUNT_OFFSET + i]!;
    high = high * 256 + bytes[at + COUNT_OFFSET + 4 + i]!;
  }
  const count = high * 2 ** 32 + low;
  if (Number.isSafeInteger(count)) return count;
  return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
}

/** Puts a count, as `estimateCount` gives it, into the header. */
export function writeCount(bytes: Uint8Array, at: number, count: number): void {
  let rest = count;
  for (let i = 0; i < 8; i++) {
    const higher = Math.floor(rest / 256);
    bytes[at + COUNT_OFFSET + i] = rest - higher * 256;
    rest = higher;
  }
}

/** A register of a value in the dense form. */
export function denseRegister(bytes: Uint8Array, at: number, index: number): number {
  const bit = index * 6;
  const byte = at + HEADER_BYTES + (bit >> 3);
  // What lies behind the last register is read with it, and masked away.
  return ((bytes[byte]! | (bytes[byte + 1]! << 8)) >> (bit & 7)) & VALUE_MAX;
}

/** Raises a register of a value in the dense form to `value`; returns whether it was lower. */
export function raiseDense(bytes: Uint8Array, at: number, index: number, value: number): boolean {
  if (denseRegister(bytes, at, index) >= value) return false;
  setDense(bytes, at, index, value);
  return true;
}

/** Sets a register of a value in the dense form. */
export function setDense(bytes: Uint8Array, at: number, index: number, value: number): void {
  const bit = index * 6;
  const byte = at + HEADER_BYTES + (bit >> 3);
  const shift = bit & 7;
  bytes[byte] = (bytes[byte]! & ~(VALUE_MAX << shift)) | (value << shift);
  if (shift > 2) {
    bytes[byte + 1] = (bytes[byte + 1]! & ~(VALUE_MAX >> (8 - shift))) | (value >> (8 - shift));
  }
}

/** Makes a value dense: its header stays, its form becomes FORM.DENSE, its registers are as given. */
export function writeDense(bytes: Uint8Array, at: number, registers: Uint8Array): void {
  bytes[at + FORM_OFFSET] = FORM.DENSE;
  let byte = at + HEADER_BYTES;
  for (let i = 0; i < REGISTERS; i += 4) {
    const b = registers[i + 1]!;
    const c = registers[i + 2]!;
    bytes[byte] = registers[i]! | (b << 6);
    bytes[byte + 1] = (b >> 2) | (c << 4);
    bytes[byte + 2] = (c >> 4) | (registers[i + 3]! << 2);
    byte += 3;
  }
}

/** Raises `registers` to those of a value. False when the value is corrupted: its runs are not 16384 registers long. */
export function mergeRegisters(
  registers: Uint8Array,
  bytes: Uint8Array,
  at: number,
  length: number,
): boolean {
  if (isSparse(bytes, at)) return mergeSparse(registers, bytes, at, length);
  let byte = at + HEADER_BYTES;
  for (let i = 0; i < REGISTERS; i += 4) {
    const word = bytes[byte]! | (bytes[byte + 1]! << 8) | (bytes[byte + 2]! << 16);
    if (word !== 0) {
      const a = word & VALUE_MAX;
      const b = (word >> 6) & VALUE_MAX;
      const c = (word >> 12) & VALUE_MAX;
      const d = word >> 18;
      if (a > registers[i]!) registers[i] = a;
      if (b > registers[i + 1]!) registers[i + 1] = b;
      if (c > registers[i + 2]!) registers[i + 2] = c;
      if (d > registers[i + 3]!) registers[i + 3] = d;
    }
    byte += 3;
  }
  return true;
}

/**
 * How many registers have which value. Four are counted side by side: to add to a place that was just added to, the
 * processor has to wait, and neighbors are often equal.
 */
export class HistogramLanes {
  private readonly lanes = new Int32Array(LANES * LANE);

  clear(): void {
    this.lanes.fill(0);
  }

  addRun(value: number, registers: number): void {
    this.lanes[value]! += registers;
  }

  /** Counts all registers of a value in the dense form. */
  addDense(bytes: Uint8Array, at: number): void {
    const { lanes } = this;
    for (let byte = at + HEADER_BYTES, end = at + DENSE_BYTES; byte < end; byte += 3) {
      const word = bytes[byte]! | (bytes[byte + 1]! << 8) | (bytes[byte + 2]! << 16);
      lanes[word & VALUE_MAX]!++;
      lanes[LANE + ((word >> 6) & VALUE_MAX)]!++;
      lanes[2 * LANE + ((word >> 12) & VALUE_MAX)]!++;
      lanes[3 * LANE + (word >> 18)]!++;
    }
  }

  /** Counts all registers, one a byte. */
  addRegisters(registers: Uint8Array): void {
    const { lanes } = this;
    for (let i = 0; i < REGISTERS; i += LANES) {
      lanes[registers[i]!]!++;
      lanes[LANE + registers[i + 1]!]!++;
      lanes[2 * LANE + registers[i + 2]!]!++;
      lanes[3 * LANE + registers[i + 3]!]!++;
    }
  }

  /** How many registers have a value. */
  count(value: number): number {
    const { lanes } = this;
    return lanes[value]! + lanes[LANE + value]! + lanes[2 * LANE + value]! + lanes[3 * LANE + value]!;
  }
}

/** The count of a value's elements, or -1 when the value is corrupted. */
export function countElements(
  bytes: Uint8Array,
  at: number,
  length: number,
  histogram: HistogramLanes,
): number {
  histogram.clear();
  if (!isSparse(bytes, at)) histogram.addDense(bytes, at);
  else if (!addSparse(histogram, bytes, at, length)) return -1;
  return estimateCount(histogram);
}

/** The count of elements that registers, one a byte, stand for. */
export function countOfRegisters(registers: Uint8Array, histogram: HistogramLanes): number {
  histogram.clear();
  histogram.addRegisters(registers);
  return estimateCount(histogram);
}

/** The length of the run at `run`, in registers. `end` is the end of the value. */
export function runLength(bytes: Uint8Array, run: number, end: number): number {
  const byte = bytes[run]!;
  if (isValueRun(byte)) return (byte & 3) + 1;
  if (!isLongZeroRun(byte)) return byte + 1;
  return (((byte & 0x3f) << 8) | (run + 1 < end ? bytes[run + 1]! : 0)) + 1;
}

/** How many bytes the run takes that begins with `byte`. */
export function runBytes(byte: number): number {
  return isLongZeroRun(byte) ? 2 : 1;
}

export function isValueRun(byte: number): boolean {
  return byte >= 0x80;
}

export function isLongZeroRun(byte: number): boolean {
  return (byte & 0xc0) === 0x40;
}

/** The value of the registers in the run that begins with `byte`. */
export function runValue(byte: number): number {
  return isValueRun(byte) ? ((byte >> 2) & 0x1f) + 1 : 0;
}

function mergeSparse(registers: Uint8Array, bytes: Uint8Array, at: number, length: number): boolean {
  const end = at + length;
  let index = 0;
  for (let run = at + HEADER_BYTES; run < end; run += runBytes(bytes[run]!)) {
    const next = index + runLength(bytes, run, end);
    const value = runValue(bytes[run]!);
    if (value > 0) {
      // Observed 7.2.4: what follows the last register counts as nothing, not as corruption.
      if (next > REGISTERS) break;
      for (; index < next; index++) if (value > registers[index]!) registers[index] = value;
    }
    index = next;
  }
  return index === REGISTERS;
}

function addSparse(histogram: HistogramLanes, bytes: Uint8Array, at: number, length: number): boolean {
  const end = at + length;
  let index = 0;
  for (let run = at + HEADER_BYTES; run < end; run += runBytes(bytes[run]!)) {
    const registers = runLength(bytes, run, end);
    histogram.addRun(runValue(bytes[run]!), registers);
    index += registers;
  }
  return index === REGISTERS;
}

// The estimator of Otmar Ertl (arXiv:1702.01284), which needs no corrections for small or large counts.
function estimateCount(histogram: HistogramLanes): number {
  let z = REGISTERS * tau((REGISTERS - histogram.count(HASH_BITS + 1)) / REGISTERS);
  for (let value = HASH_BITS; value >= 1; value--) z = (z + histogram.count(value)) * 0.5;
  z += REGISTERS * sigma(histogram.count(0) / REGISTERS);
  const count = Math.round((ALPHA * REGISTERS * REGISTERS) / z);
  // Observed 7.2.4: registers that no elements can have set make the count overflow to 2^63.
  return Math.min(count, 2 ** 63);
}

function sigma(zeros: number): number {
  if (zeros === 1) return Number.POSITIVE_INFINITY;
  let x = zeros;
  let weight = 1;
  let sum = zeros;
  for (let before = -1; before !== sum; ) {
    x *= x;
    before = sum;
    sum += x * weight;
    weight += weight;
  }
  return sum;
}

function tau(full: number): number {
  if (full === 0 || full === 1) return 0;
  let x = full;
  let weight = 1;
  let sum = 1 - full;
  for (let before = -1; before !== sum; ) {
    x = Math.sqrt(x);
    before = sum;
    weight *= 0.5;
    sum -= (1 - x) * (1 - x) * weight;
  }
  return sum / 3;
}
