// A packed block: a compact run of entries in one piece of memory, for small hashes, sets, sorted sets, list nodes and
// stream nodes. To the byte it is Redis's listpack: total bytes (u32), count of entries (u16, 65535 when there are
// more than it can tell), the entries (packed-entry.ts), an end mark.
//
// Everything here is a function over `bytes` and `base`, where the block begins in a larger memory. Positions of
// entries are relative to `base`, so that they survive when the owner moves the block. Nothing here allocates: before
// an edit that grows, the owner makes room (`value.entryBytes`, `packedReplaceGrowth`), and after one that shrinks it
// may give room back.

import {
  backLengthBytes,
  encodedBytesAt,
  headBytesAt,
  PACKED_END,
  type PackedEntry,
  type PackedValue,
  readBackLength,
  readUint32,
  writeUint32,
} from './packed-entry.ts';

/** Where the first entry stands. */
export const PACKED_HEADER_BYTES = 6;
/** The size of a block without entries. */
export const PACKED_EMPTY_BYTES = 7;
/** No block may grow above this. */
export const PACKED_MAX_BYTES = 2 ** 30;
/** What the functions that find an entry return when there is none. */
export const NO_ENTRY = -1;

const COUNT_UNKNOWN = 65535;

/** Writes an empty block of `PACKED_EMPTY_BYTES`. */
export function packedCreate(bytes: Uint8Array, base: number): void {
  writeUint32(bytes, base, PACKED_EMPTY_BYTES);
  writeCount(bytes, base, 0);
  bytes[base + PACKED_HEADER_BYTES] = PACKED_END;
}

/** The size of the block. */
export function packedBytes(bytes: Uint8Array, base: number): number {
  return readUint32(bytes, base);
}

/** The number of entries: O(1), or O(n) for blocks of 65535 entries and more. */
export function packedLength(bytes: Uint8Array, base: number): number {
  const stored = readCount(bytes, base);
  if (stored !== COUNT_UNKNOWN) return stored;
  let count = 0;
  for (let p = base + PACKED_HEADER_BYTES; bytes[p] !== PACKED_END; p = skip(bytes, p)) count++;
  // Deletions may have brought the count back within the field's range.
  if (count < COUNT_UNKNOWN) writeCount(bytes, base, count);
  return count;
}

/** The position of the end mark: inserting there appends. */
export function packedEnd(bytes: Uint8Array, base: number): number {
  return readUint32(bytes, base) - 1;
}

export function packedFirst(bytes: Uint8Array, base: number): number {
  return bytes[base + PACKED_HEADER_BYTES] === PACKED_END ? NO_ENTRY : PACKED_HEADER_BYTES;
}

export function packedLast(bytes: Uint8Array, base: number): number {
  return packedPrevious(bytes, base, packedEnd(bytes, base));
}

/** The entry after the one at `at`, or NO_ENTRY. */
export function packedNext(bytes: Uint8Array, base: number, at: number): number {
  const p = skip(bytes, base + at);
  return bytes[p] === PACKED_END ? NO_ENTRY : p - base;
}

/** The entry before the position `at`, which may be the end; NO_ENTRY before the first. */
export function packedPrevious(bytes: Uint8Array, base: number, at: number): number {
  if (at <= PACKED_HEADER_BYTES) return NO_ENTRY;
  const length = readBackLength(bytes, base + at - 1);
  return at - length - backLengthBytes(length);
}

/**
 * The entry with that index, counted from the end where negative (-1 is the last), or NO_ENTRY. Walks from the nearer
 * end.
 */
export function packedSeek(bytes: Uint8Array, base: number, index: number): number {
  const count = readCount(bytes, base);
  if (count !== COUNT_UNKNOWN) {
    if (index < 0) index += count;
    if (index < 0 || index >= count) return NO_ENTRY;
    if (index > count >> 1) index -= count;
  }
  if (index >= 0) {
    let p = base + PACKED_HEADER_BYTES;
    for (; index > 0 && bytes[p] !== PACKED_END; index--) p = skip(bytes, p);
    return bytes[p] === PACKED_END ? NO_ENTRY : p - base;
  }
  let at = packedLast(bytes, base);
  for (; index < -1 && at !== NO_ENTRY; index++) at = packedPrevious(bytes, base, at);
  return at;
}

/** The bytes that the entry at `at` takes. */
export function packedEntryBytes(bytes: Uint8Array, base: number, at: number): number {
  return skip(bytes, base + at) - base - at;
}

/** Whether the entry at `at` holds `value`. */
export function packedEquals(bytes: Uint8Array, base: number, at: number, value: PackedValue): boolean {
  return value.equalsAt(bytes, base + at);
}

/**
 * The first entry that holds `value`, or NO_ENTRY: looks at the one at `from` (NO_ENTRY finds nothing), then passes over
 * `between` entries before each next look (1 to look at the fields of a hash only).
 */
export function packedFind(
  bytes: Uint8Array,
  base: number,
  from: number,
  value: PackedValue,
  between: number,
): number {
  if (from === NO_ENTRY) return NO_ENTRY;
  const { length } = value;
  const small = value.isInteger && value.high === 0 && value.low >>> 0 < 0x80 ? value.low : NO_ENTRY;
  let p = base + from;
  let passes = 0;
  // Nearly all entries are short strings and small integers: those are told apart and passed over right here.
  for (;;) {
    const first = bytes[p]!;
    const looks = passes === 0;
    passes = looks ? between : passes - 1;
    if (first < 0x80) {
      if (looks && first === small) return p - base;
      p += 2;
    } else if (first < 0xc0) {
      const here = first & 0x3f;
      if (looks && here === length && value.isText(bytes, p + 1)) return p - base;
      p += here + 2;
    } else {
      if (first === PACKED_END) return NO_ENTRY;
      if (looks && value.equalsAt(bytes, p)) return p - base;
      p = skip(bytes, p);
    }
  }
}

/** Inserts before the position `at`; the owner has made room for `value.entryBytes` more. */
export function packedInsert(bytes: Uint8Array, base: number, at: number, value: PackedValue): void {
  const size = readUint32(bytes, base);
  const p = base + at;
  bytes.copyWithin(p + value.entryBytes, p, base + size);
  value.write(bytes, p);
  writeUint32(bytes, base, size + value.entryBytes);
  const count = readCount(bytes, base);
  if (count !== COUNT_UNKNOWN) writeCount(bytes, base, count + 1);
}

/** Inserts two values before the position `at`, as `packedInsert` does one. */
export function packedInsertPair(
  bytes: Uint8Array,
  base: number,
  at: number,
  first: PackedValue,
  second: PackedValue,
): void {
  const size = readUint32(bytes, base);
  const p = base + at;
  const middle = p + first.entryBytes;
  const next = middle + second.entryBytes;
  if (bytes[p] === PACKED_END) bytes[next] = PACKED_END;
  else bytes.copyWithin(next, p, base + size);
  first.write(bytes, p);
  second.write(bytes, middle);
  writeUint32(bytes, base, size + next - p);
  const count = readCount(bytes, base);
  if (count !== COUNT_UNKNOWN) writeCount(bytes, base, Math.min(count + 2, COUNT_UNKNOWN));
}

/** Inserts after the last entry; the owner has made room for `value.entryBytes` more. */
export function packedAppend(bytes: Uint8Array, base: number, value: PackedValue): void {
  const size = readUint32(bytes, base);
  bytes[value.write(bytes, base + size - 1)] = PACKED_END;
  writeUint32(bytes, base, size + value.entryBytes);
  const count = readCount(bytes, base);
  if (count !== COUNT_UNKNOWN) writeCount(bytes, base, count + 1);
}

/**
 * Inserts before the first entry without moving any: the block begins `value.entryBytes` earlier, where the owner has
 * room. Returns where it begins now.
 */
export function packedPrepend(bytes: Uint8Array, base: number, value: PackedValue): number {
  const size = readUint32(bytes, base);
  const count = readCount(bytes, base);
  const start = base - value.entryBytes;
  writeUint32(bytes, start, size + value.entryBytes);
  writeCount(bytes, start, count === COUNT_UNKNOWN ? count : count + 1);
  value.write(bytes, start + PACKED_HEADER_BYTES);
  return start;
}

/** Deletes the first entry without moving any: the block begins later. Returns where it begins now. */
export function packedDropFirst(bytes: Uint8Array, base: number): number {
  const size = readUint32(bytes, base);
  const count = readCount(bytes, base);
  const start = skip(bytes, base + PACKED_HEADER_BYTES) - PACKED_HEADER_BYTES;
  writeUint32(bytes, start, size - (start - base));
  writeCount(bytes, start, count === COUNT_UNKNOWN ? count : count - 1);
  return start;
}

/** By how many bytes the block grows (or shrinks, when negative) if `value` replaces the entry at `at`. */
export function packedReplaceGrowth(bytes: Uint8Array, base: number, at: number, value: PackedValue): number {
  return value.entryBytes - packedEntryBytes(bytes, base, at);
}

/** Replaces the entry at `at`; the owner has made room for `packedReplaceGrowth`. */
export function packedReplace(bytes: Uint8Array, base: number, at: number, value: PackedValue): void {
  const size = readUint32(bytes, base);
  const p = base + at;
  const next = skip(bytes, p);
  const growth = p + value.entryBytes - next;
  if (growth !== 0) {
    bytes.copyWithin(next + growth, next, base + size);
    writeUint32(bytes, base, size + growth);
  }
  value.write(bytes, p);
}

/** Deletes the entry at `at` and returns the position of the one that followed it, or NO_ENTRY. */
export function packedDelete(bytes: Uint8Array, base: number, at: number): number {
  packedDeleteRange(bytes, base, at, 1);
  return bytes[base + at] === PACKED_END ? NO_ENTRY : at;
}

/** Deletes up to `count` entries from `at` on and returns how many there were. */
export function packedDeleteRange(bytes: Uint8Array, base: number, at: number, count: number): number {
  const size = readUint32(bytes, base);
  const p = base + at;
  let next = p;
  let deleted = 0;
  for (; deleted < count && bytes[next] !== PACKED_END; deleted++) next = skip(bytes, next);
  if (deleted === 0) return 0;
  if (bytes[next] === PACKED_END) bytes[p] = PACKED_END;
  else bytes.copyWithin(p, next, base + size);
  writeUint32(bytes, base, size - (next - p));
  const stored = readCount(bytes, base);
  if (stored !== COUNT_UNKNOWN) writeCount(bytes, base, stored - deleted);
  return deleted;
}

/** Deletes the entries at these positions, which ascend. O(n) in the block's bytes, however many they are. */
export function packedDeleteMany(bytes: Uint8Array, base: number, positions: readonly number[]): void {
  if (positions.length === 0) return;
  const size = readUint32(bytes, base);
  const stored = readCount(bytes, base);
  let to = base + positions[0]!;
  for (let i = 0; i < positions.length; i++) {
    const from = skip(bytes, base + positions[i]!);
    const end = i + 1 < positions.length ? base + positions[i + 1]! : base + size;
    bytes.copyWithin(to, from, end);
    to += end - from;
  }
  writeUint32(bytes, base, to - base);
  if (stored !== COUNT_UNKNOWN) writeCount(bytes, base, stored - positions.length);
}

/**
 * Deletes up to `max` entries that hold `value`, the first ones or, `backwards`, the last ones, and returns how many
 * there were.
 */
export function packedDeleteEqual(
  bytes: Uint8Array,
  base: number,
  value: PackedValue,
  max: number,
  backwards: boolean,
): number {
  let deleted = 0;
  let at = backwards ? packedLast(bytes, base) : packedFirst(bytes, base);
  while (at !== NO_ENTRY && deleted < max) {
    const isEqual = value.equalsAt(bytes, base + at);
    const previous = backwards ? packedPrevious(bytes, base, at) : NO_ENTRY;
    if (isEqual) {
      packedDeleteRange(bytes, base, at, 1);
      deleted++;
    }
    if (backwards) at = previous;
    else if (!isEqual) at = packedNext(bytes, base, at);
    else if (bytes[base + at] === PACKED_END) at = NO_ENTRY;
  }
  return deleted;
}

/**
 * Moves the entries from `at` on into a block of their own at `toBase`, where the owner has room for the size of this one
 * less `at`, PACKED_HEADER_BYTES more.
 */
export function packedSplit(
  bytes: Uint8Array,
  base: number,
  at: number,
  to: Uint8Array,
  toBase: number,
): void {
  const size = readUint32(bytes, base);
  const count = packedLength(bytes, base);
  let left = 0;
  for (let p = base + PACKED_HEADER_BYTES; p < base + at; p = skip(bytes, p)) left++;
  const moved = size - at;
  to.set(bytes.subarray(base + at, base + size), toBase + PACKED_HEADER_BYTES);
  writeUint32(to, toBase, PACKED_HEADER_BYTES + moved);
  writeCount(to, toBase, Math.min(count - left, COUNT_UNKNOWN));
  bytes[base + at] = PACKED_END;
  writeUint32(bytes, base, at + 1);
  writeCount(bytes, base, Math.min(left, COUNT_UNKNOWN));
}

/**
 * Appends all entries of another block; the owner has made room for its size less PACKED_EMPTY_BYTES. The blocks must
 * not overlap.
 */
export function packedAppendAll(bytes: Uint8Array, base: number, other: Uint8Array, otherBase: number): void {
  const size = readUint32(bytes, base);
  const otherSize = readUint32(other, otherBase);
  const count = packedLength(bytes, base) + packedLength(other, otherBase);
  bytes.set(other.subarray(otherBase + PACKED_HEADER_BYTES, otherBase + otherSize), base + size - 1);
  writeUint32(bytes, base, size + otherSize - PACKED_EMPTY_BYTES);
  writeCount(bytes, base, Math.min(count, COUNT_UNKNOWN));
}

/**
 * Whether `size` bytes at `base` are a sound block, as memory from outside must prove before any other function here
 * sees it. Without `deep` only the header and the end are looked at. `check` may refuse an entry by its position.
 */
export function packedValidate(
  bytes: Uint8Array,
  base: number,
  size: number,
  deep: boolean,
  check?: (at: number, storedCount: number) => boolean,
): boolean {
  if (size < PACKED_EMPTY_BYTES || base + size > bytes.length) return false;
  if (readUint32(bytes, base) !== size || bytes[base + size - 1] !== PACKED_END) return false;
  if (!deep) return true;
  const stored = readCount(bytes, base);
  const end = base + size - 1;
  let p = base + PACKED_HEADER_BYTES;
  let count = 0;
  while (p < end && bytes[p] !== PACKED_END) {
    const head = headBytesAt(bytes, p);
    if (head === 0 || p + head > end) return false;
    const encoded = encodedBytesAt(bytes, p);
    const next = p + encoded + backLengthBytes(encoded);
    if (next > end || readBackLength(bytes, next - 1) !== encoded) return false;
    if (check !== undefined && !check(p - base, stored)) return false;
    p = next;
    count++;
  }
  return p === end && (stored === COUNT_UNKNOWN || stored === count);
}

/** The values of all entries as latin1 strings, through a reader of the caller's. For cold paths. */
export function packedTexts(bytes: Uint8Array, base: number, entry: PackedEntry): string[] {
  const texts: string[] = [];
  const end = packedEnd(bytes, base);
  for (let at = PACKED_HEADER_BYTES; at < end; ) {
    at = entry.read(bytes, base, at);
    texts.push(entry.text());
  }
  return texts;
}

/** A block in memory of its own that grows as needed, for building one to write to a file or a reply. */
export class PackedBuffer {
  private memory: Uint8Array;

  constructor(capacityBytes = 64) {
    this.memory = new Uint8Array(Math.max(capacityBytes, PACKED_EMPTY_BYTES));
    packedCreate(this.memory, 0);
  }

  /** The block, valid until the next change. */
  get bytes(): Uint8Array {
    return this.memory.subarray(0, packedBytes(this.memory, 0));
  }

  append(value: PackedValue): void {
    this.reserve(value.entryBytes);
    packedAppend(this.memory, 0, value);
  }

  insert(at: number, value: PackedValue): void {
    this.reserve(value.entryBytes);
    packedInsert(this.memory, 0, at, value);
  }

  replace(at: number, value: PackedValue): void {
    this.reserve(packedReplaceGrowth(this.memory, 0, at, value));
    packedReplace(this.memory, 0, at, value);
  }

  /** Deletes up to `count` entries from `at` on and returns how many there were. */
  deleteRange(at: number, count: number): number {
    return packedDeleteRange(this.memory, 0, at, count);
  }

  /** Empties the block and keeps the memory. */
  clear(): void {
    packedCreate(this.memory, 0);
  }

  private reserve(more: number): void {
    const needed = packedBytes(this.memory, 0) + more;
    if (needed <= this.memory.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.memory.length));
    larger.set(this.memory);
    this.memory = larger;
  }
}

/** The absolute offset after the entry at the absolute offset `p`. */
function skip(bytes: Uint8Array, p: number): number {
  const encoded = encodedBytesAt(bytes, p);
  return p + encoded + backLengthBytes(encoded);
}

function readCount(bytes: Uint8Array, base: number): number {
  return bytes[base + 4]! | (bytes[base + 5]! << 8);
}

function writeCount(bytes: Uint8Array, base: number, count: number): void {
  bytes[base + 4] = count;
  bytes[base + 5] = count >> 8;
}
