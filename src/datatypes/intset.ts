// A sorted run of integers in one block: the form of small sets of nothing but integers. To the byte it is Redis's
// intset: bytes per integer (u32: 2, 4 or 8), count of integers (u32), the integers in ascending order, little-endian.
//
// Everything here is a function over `bytes` and `base`, where the block begins in a larger memory. An integer is a pair
// of 32-bit halves, so that all 64 bits are exact and nothing is allocated. Nothing here makes room: before an insertion
// the owner gives the block `intsetBytesWith` bytes, and after a deletion it may take back what `intsetBytes` leaves.

import { readInt32, readUint32, writeUint32 } from '../memory/packed-entry.ts';

/** The size of a block without integers. */
export const INTSET_HEADER_BYTES = 8;

const SMALLEST_WIDTH = 2;

/** Writes an empty block of INTSET_HEADER_BYTES. */
export function intsetCreate(bytes: Uint8Array, base: number): void {
  writeUint32(bytes, base, SMALLEST_WIDTH);
  writeUint32(bytes, base + 4, 0);
}

/** The number of integers. */
export function intsetLength(bytes: Uint8Array, base: number): number {
  return readUint32(bytes, base + 4);
}

/** The size of the block. */
export function intsetBytes(bytes: Uint8Array, base: number): number {
  return INTSET_HEADER_BYTES + readUint32(bytes, base) * intsetLength(bytes, base);
}

/** The lower half of the integer at `index`. */
export function intsetLow(bytes: Uint8Array, base: number, index: number): number {
  const width = bytes[base]!;
  const p = base + INTSET_HEADER_BYTES + index * width;
  return width === 2 ? ((bytes[p + 1]! << 24) >> 16) | bytes[p]! : readInt32(bytes, p);
}

/** The upper half of the integer at `index`, with its sign. */
export function intsetHigh(bytes: Uint8Array, base: number, index: number): number {
  if (bytes[base] === 8) return readInt32(bytes, base + INTSET_HEADER_BYTES + index * 8 + 4);
  return intsetLow(bytes, base, index) >> 31;
}

/** The index of an integer, or, when it is not there, `~index` with the place where it belongs. O(log n). */
export function intsetFind(bytes: Uint8Array, base: number, low: number, high: number): number {
  const width = bytes[base]!;
  const length = intsetLength(bytes, base);
  if (width < 8 && high !== low >> 31) return high < 0 ? ~0 : ~length;
  // Integers often come in ascending order: the end is tried first.
  if (length > 0 && compareAt(bytes, base, length - 1, width, low, high) < 0) return ~length;
  let from = 0;
  let to = length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const order = compareAt(bytes, base, middle, width, low, high);
    if (order === 0) return middle;
    if (order < 0) from = middle + 1;
    else to = middle;
  }
  return ~from;
}

/** The size of the block once it holds this integer too. */
export function intsetBytesWith(bytes: Uint8Array, base: number, low: number, high: number): number {
  const width = Math.max(bytes[base]!, widthOf(low, high));
  return INTSET_HEADER_BYTES + width * (intsetLength(bytes, base) + 1);
}

/** Inserts an integer at the place where it belongs; the owner has made room (`intsetBytesWith`). O(n). */
export function intsetInsert(bytes: Uint8Array, base: number, at: number, low: number, high: number): void {
  const width = widthOf(low, high);
  const length = intsetLength(bytes, base);
  if (width > bytes[base]!) {
    // What needs more bytes than all others belongs at one of the ends.
    widen(bytes, base, width, at === 0 ? 1 : 0);
  } else {
    const p = base + INTSET_HEADER_BYTES + at * bytes[base]!;
    bytes.copyWithin(p + bytes[base]!, p, base + intsetBytes(bytes, base));
  }
  writeAt(bytes, base, at, low, high);
  writeUint32(bytes, base + 4, length + 1);
}

/** Deletes the integer at `index`. The block keeps its width. O(n). */
export function intsetDelete(bytes: Uint8Array, base: number, index: number): void {
  const width = bytes[base]!;
  const p = base + INTSET_HEADER_BYTES + index * width;
  bytes.copyWithin(p, p + width, base + intsetBytes(bytes, base));
  writeUint32(bytes, base + 4, intsetLength(bytes, base) - 1);
}

/**
 * Whether `size` bytes at `base` are a sound block, as memory from outside must prove before any other function here
 * sees it. Without `deep` the order of the integers is taken on trust.
 */
export function intsetValidate(bytes: Uint8Array, base: number, size: number, deep: boolean): boolean {
  if (size < INTSET_HEADER_BYTES || base + size > bytes.length) return false;
  const width = readUint32(bytes, base);
  const length = intsetLength(bytes, base);
  if (width !== 2 && width !== 4 && width !== 8) return false;
  if (length === 0 || INTSET_HEADER_BYTES + width * length !== size) return false;
  if (!deep) return true;
  for (let i = 1; i < length; i++) {
    const low = intsetLow(bytes, base, i);
    const high = intsetHigh(bytes, base, i);
    if (compareAt(bytes, base, i - 1, width, low, high) >= 0) return false;
  }
  return true;
}

/** The bytes that an integer takes. */
function widthOf(low: number, high: number): number {
  if (high !== low >> 31) return 8;
  return (low << 16) >> 16 === low ? 2 : 4;
}

/** Orders the integer at `index` against another: negative, 0 or positive. */
function compareAt(
  bytes: Uint8Array,
  base: number,
  index: number,
  width: number,
  low: number,
  high: number,
): number {
  const p = base + INTSET_HEADER_BYTES + index * width;
  if (width === 2) return (((bytes[p + 1]! << 24) >> 16) | bytes[p]!) - low;
  if (width === 4) return readInt32(bytes, p) - low;
  return readInt32(bytes, p + 4) - high || readUint32(bytes, p) - (low >>> 0);
}

/** Gives all integers another width and moves them `by` places up, back to front so that none is lost. */
function widen(bytes: Uint8Array, base: number, width: number, by: number): void {
  const length = intsetLength(bytes, base);
  const from = bytes[base]!;
  for (let i = length - 1; i >= 0; i--) {
    bytes[base] = from;
    const low = intsetLow(bytes, base, i);
    bytes[base] = width;
    writeAt(bytes, base, i + by, low, low >> 31);
  }
  bytes[base] = width;
}

function writeAt(bytes: Uint8Array, base: number, index: number, low: number, high: number): void {
  const width = bytes[base]!;
  const p = base + INTSET_HEADER_BYTES + index * width;
  bytes[p] = low;
  bytes[p + 1] = low >> 8;
  if (width === 2) return;
  bytes[p + 2] = low >> 16;
  bytes[p + 3] = low >> 24;
  if (width === 8) writeUint32(bytes, p + 4, high);
}
