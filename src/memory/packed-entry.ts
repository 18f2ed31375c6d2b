// One entry of a packed block, from both sides: `PackedValue` is a value about to be stored or looked for, `PackedEntry`
// a reusable reader of an entry that is stored. Both are made once and used again and again, so that walking a block
// and editing it make no JS object per entry. The layout of the block around the entries is in packed.ts.
//
// An entry is an encoding byte, its data, and the length of the two in a form that is read backwards. The bytes are
// those of Redis's listpack, so that DUMP, RDB files and replication carry blocks as they are.

import { toText, writeText } from '../base/bytes.ts';
import { decimalDigits, parseInt64Bytes, writeSafeInteger } from '../base/numbers.ts';

/** The last byte of every block. */
export const PACKED_END = 0xff;

const STRING_32 = 0xf0;
const INTEGER_16 = 0xf1;
const INTEGER_24 = 0xf2;
const INTEGER_32 = 0xf3;
const INTEGER_64 = 0xf4;

const TWO_32 = 0x100000000;
// Up to here a loop is cheaper than making the view that a native copy needs.
const SHORT_COPY = 96;

const KEPT_SCRATCH_BYTES = 64 * 1024;

/** A value to store or to look for. Texts that spell an int64 in canonical form are integers. */
export class PackedValue {
  isInteger = false;
  /** The bytes that the entry takes in a block. */
  entryBytes = 0;
  /** The value as text; not owned unless `own` or `setText` made it so. */
  source: Uint8Array;
  start = 0;
  length = 0;
  /** An integer's two's complement, in halves. */
  low = 0;
  high = 0;
  private encodedBytes = 0;
  private scratch = new Uint8Array(64);

  constructor() {
    this.source = this.scratch;
  }

  /**
   * Takes a slice without copying it: it must not change until the value has been used, and must not lie in a block
   * that is edited with it (see `own`).
   */
  setBytes(source: Uint8Array, start: number, length: number): this {
    this.source = source;
    this.start = start;
    this.length = length;
    if (length <= 20 && length > 0 && source[start]! <= 0x39) {
      const integer = parseInt64Bytes(source, start, length);
      if (typeof integer === 'number') return this.encodeInteger(integer);
      if (integer !== null) return this.encodeBigInteger(integer);
    }
    this.isInteger = false;
    this.encodedBytes = length < 64 ? 1 + length : length < 4096 ? 2 + length : 5 + length;
    this.entryBytes = this.encodedBytes + backLengthBytes(this.encodedBytes);
    return this;
  }

  /** Takes a copy of a latin1 string. */
  setText(text: string): this {
    this.reserve(text.length);
    writeText(this.scratch, 0, text);
    return this.setBytes(this.scratch, 0, text.length);
  }

  /** Takes an integer within int64; a number must be safe. */
  setInteger(value: number | bigint): this {
    this.source = this.scratch;
    this.start = 0;
    if (typeof value === 'number') {
      this.length = writeSafeInteger(this.scratch, 0, value);
      return this.encodeInteger(value);
    }
    this.length = writeText(this.scratch, 0, value.toString());
    return this.encodeBigInteger(value);
  }

  /** Takes what an entry holds, without copying a string (see `setBytes`). */
  setEntry(entry: PackedEntry): this {
    return entry.isInteger
      ? this.setInteger(entry.integer)
      : this.setBytes(entry.bytes, entry.start, entry.length);
  }

  /** Copies the text to memory of its own, so that its source may change. */
  own(): this {
    if (this.source === this.scratch) return this;
    this.reserve(this.length);
    copyBytes(this.scratch, 0, this.source, this.start, this.length);
    this.source = this.scratch;
    this.start = 0;
    return this;
  }

  /** Lets go of the memory that a long copy took. */
  trim(): void {
    if (this.scratch.length <= KEPT_SCRATCH_BYTES) return;
    this.scratch = new Uint8Array(64);
    this.setBytes(this.scratch, 0, 0);
  }

  /** Writes the whole entry at the absolute offset `at` and returns the offset after it. */
  write(target: Uint8Array, at: number): number {
    const end = at + this.encodedBytes;
    if (this.isInteger) this.writeInteger(target, at);
    else this.writeString(target, at);
    return writeBackLength(target, end, this.encodedBytes);
  }

  /** Whether the `length` bytes from the absolute offset `p` on are this value's text. */
  isText(bytes: Uint8Array, p: number): boolean {
    const { source, start } = this;
    // What differs is mostly at the end; four bytes at a time cost half as much.
    let i = this.length;
    for (; i >= 4; i -= 4) {
      const a = p + i - 4;
      const b = start + i - 4;
      const differ =
        (bytes[a]! ^ source[b]!) |
        (bytes[a + 1]! ^ source[b + 1]!) |
        (bytes[a + 2]! ^ source[b + 2]!) |
        (bytes[a + 3]! ^ source[b + 3]!);
      if (differ !== 0) return false;
    }
    while (--i >= 0) if (bytes[p + i] !== source[start + i]) return false;
    return true;
  }

  /** Whether the entry at the absolute offset `p` holds this value, whichever way either is encoded. */
  equalsAt(bytes: Uint8Array, p: number): boolean {
    const first = bytes[p]!;
    let start: number;
    let length: number;
    if (first < 0x80) return this.isInteger && this.low === first && this.high === 0;
    if (first < 0xc0) {
      start = p + 1;
      length = first & 0x3f;
    } else if (first < 0xe0 || first > STRING_32) {
      return this.isInteger && this.equalsIntegerAt(bytes, p, first);
    } else if (first < STRING_32) {
      start = p + 2;
      length = ((first & 0x0f) << 8) | bytes[p + 1]!;
    } else {
      start = p + 5;
      length = readUint32(bytes, p + 1);
    }
    return length === this.length && this.isText(bytes, start);
  }

  private equalsIntegerAt(bytes: Uint8Array, p: number, first: number): boolean {
    if (first === INTEGER_64)
      return readInt32(bytes, p + 1) === this.low && readInt32(bytes, p + 5) === this.high;
    return readSmallInteger(bytes, p, first) === this.low && this.high === this.low >> 31;
  }

  private encodeInteger(value: number): this {
    this.low = value | 0;
    this.high = Math.floor(value / TWO_32);
    if (value >= 0 && value <= 127) this.encodedBytes = 1;
    else if (value >= -0x1000 && value <= 0xfff) this.encodedBytes = 2;
    else if (value >= -0x8000 && value <= 0x7fff) this.encodedBytes = 3;
    else if (value >= -0x800000 && value <= 0x7fffff) this.encodedBytes = 4;
    else if (value >= -0x80000000 && value <= 0x7fffffff) this.encodedBytes = 5;
    else this.encodedBytes = 9;
    this.isInteger = true;
    this.entryBytes = this.encodedBytes + 1;
    return this;
  }

  private encodeBigInteger(value: bigint): this {
    if (value >= -0x80000000n && value <= 0x7fffffffn) return this.encodeInteger(Number(value));
    this.low = Number(BigInt.asIntN(32, value));
    this.high = Number(BigInt.asIntN(32, value >> 32n));
    this.encodedBytes = 9;
    this.isInteger = true;
    this.entryBytes = 10;
    return this;
  }

  private writeInteger(target: Uint8Array, at: number): void {
    const { low, encodedBytes } = this;
    if (encodedBytes === 1) {
      target[at] = low;
    } else if (encodedBytes === 2) {
      target[at] = 0xc0 | ((low >> 8) & 0x1f);
      target[at + 1] = low;
    } else if (encodedBytes <= 5) {
      target[at] = INTEGER_16 + encodedBytes - 3;
      for (let i = 1; i < encodedBytes; i++) target[at + i] = low >> (8 * (i - 1));
    } else {
      target[at] = INTEGER_64;
      writeUint32(target, at + 1, low);
      writeUint32(target, at + 5, this.high);
    }
  }

  private writeString(target: Uint8Array, at: number): void {
    const { length } = this;
    if (length < 64) {
      target[at++] = 0x80 | length;
    } else if (length < 4096) {
      target[at++] = 0xe0 | (length >> 8);
      target[at++] = length;
    } else {
      target[at] = STRING_32;
      writeUint32(target, at + 1, length);
      at += 5;
    }
    copyBytes(target, at, this.source, this.start, length);
  }

  private reserve(bytes: number): void {
    if (bytes > this.scratch.length) this.scratch = new Uint8Array(Math.max(bytes, 2 * this.scratch.length));
  }
}

/** A reader of stored entries: `read` fills the fields, which hold until the block changes or `read` is called again. */
export class PackedEntry {
  /** Whether the entry holds an integer (`number`, or `integer` beyond the safe ones) or a slice of `bytes`. */
  isInteger = false;
  /** The integer while it is safe, else the nearest double. */
  number = Number.NaN;
  bytes: Uint8Array = NO_BYTES;
  /** The absolute offset of the string within `bytes`. */
  start = 0;
  length = 0;
  /** The bytes that the whole entry takes. */
  entryBytes = 0;
  private low = 0;
  private high = 0;

  /** Reads the entry at `at`, relative to the block that begins at `base`, and returns `at + entryBytes`. */
  read(bytes: Uint8Array, base: number, at: number): number {
    const p = base + at;
    const first = bytes[p]!;
    this.bytes = bytes;
    if (first < 0x80) {
      this.takeSmall(first, 2);
    } else if (first < 0xc0) {
      this.takeString(p, 1, first & 0x3f);
    } else if (first < 0xe0) {
      this.takeSmall(readSmallInteger(bytes, p, first), 3);
    } else if (first < STRING_32) {
      this.takeString(p, 2, ((first & 0x0f) << 8) | bytes[p + 1]!);
    } else if (first === STRING_32) {
      this.takeString(p, 5, readUint32(bytes, p + 1));
    } else if (first === INTEGER_64) {
      this.low = readInt32(bytes, p + 1);
      this.high = readInt32(bytes, p + 5);
      this.isInteger = true;
      this.number = this.high * TWO_32 + (this.low >>> 0);
      this.entryBytes = 10;
    } else {
      this.takeSmall(readSmallInteger(bytes, p, first), first - INTEGER_16 + 4);
    }
    return at + this.entryBytes;
  }

  /** Takes a slice that is in no block, so that a value can be read alike wherever it is kept. `entryBytes` stays. */
  setBytes(bytes: Uint8Array, start: number, length: number): this {
    this.isInteger = false;
    this.bytes = bytes;
    this.start = start;
    this.length = length;
    return this;
  }

  /** The integer, as a bigint beyond the safe ones. Only where `isInteger`. */
  get integer(): number | bigint {
    if (Number.isSafeInteger(this.number)) return this.number;
    return (BigInt(this.high) << 32n) | BigInt(this.low >>> 0);
  }

  /** How many bytes the value has as text. */
  get textLength(): number {
    if (!this.isInteger) return this.length;
    if (!Number.isSafeInteger(this.number)) return this.integer.toString().length;
    return this.number < 0 ? 1 + decimalDigits(-this.number) : decimalDigits(this.number);
  }

  /** The value as a latin1 string. */
  text(): string {
    return this.isInteger
      ? this.integer.toString()
      : toText(this.bytes, this.start, this.start + this.length);
  }

  /** Writes the value as text at `at` and returns the offset after it: at most `max(length, 20)` bytes on. */
  writeText(target: Uint8Array, at: number): number {
    if (!this.isInteger) {
      copyBytes(target, at, this.bytes, this.start, this.length);
      return at + this.length;
    }
    if (Number.isSafeInteger(this.number)) return writeSafeInteger(target, at, this.number);
    return writeText(target, at, this.integer.toString());
  }

  private takeSmall(value: number, entryBytes: number): void {
    this.isInteger = true;
    this.number = value;
    this.entryBytes = entryBytes;
  }

  private takeString(p: number, headBytes: number, length: number): void {
    this.isInteger = false;
    this.start = p + headBytes;
    this.length = length;
    this.entryBytes = headBytes + length + backLengthBytes(headBytes + length);
  }
}

const NO_BYTES = new Uint8Array(0);

/**
 * The bytes of the entry at the absolute offset `p` without its back length; 1 for the end mark and 0 for an encoding
 * that does not exist.
 */
export function encodedBytesAt(bytes: Uint8Array, p: number): number {
  const first = bytes[p]!;
  if (first < 0x80) return 1;
  if (first < 0xc0) return 1 + (first & 0x3f);
  if (first < 0xe0) return 2;
  if (first < STRING_32) return 2 + (((first & 0x0f) << 8) | bytes[p + 1]!);
  if (first === STRING_32) return 5 + readUint32(bytes, p + 1);
  if (first <= INTEGER_32) return first - INTEGER_16 + 3;
  if (first === INTEGER_64) return 9;
  return first === PACKED_END ? 1 : 0;
}

/** How many bytes the encoding and length of the entry at `p` take before its data; 0 for an unknown encoding. */
export function headBytesAt(bytes: Uint8Array, p: number): number {
  const first = bytes[p]!;
  if (first < 0xe0) return 1;
  if (first < STRING_32) return 2;
  if (first === STRING_32) return 5;
  return first <= INTEGER_64 || first === PACKED_END ? 1 : 0;
}

/** How many bytes it takes to store an encoded length to be read backwards. */
export function backLengthBytes(length: number): number {
  // The bounds are one short of what the bytes could hold, except the first: so it is in the format.
  if (length <= 127) return 1;
  if (length < 16383) return 2;
  if (length < 2097151) return 3;
  return length < 268435455 ? 4 : 5;
}

/** The length whose last byte is at the absolute offset `p`, or -1 when it is more than five bytes long. */
export function readBackLength(bytes: Uint8Array, p: number): number {
  let length = 0;
  let scale = 1;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[p - i]!;
    length += (byte & 127) * scale;
    if (byte < 128) return length;
    scale *= 128;
  }
  return -1;
}

function writeBackLength(target: Uint8Array, at: number, length: number): number {
  const count = backLengthBytes(length);
  for (let i = count - 1; i > 0; i--) {
    target[at + i] = 0x80 | (length & 127);
    length >>>= 7;
  }
  target[at] = length;
  return at + count;
}

export function readSmallInteger(bytes: Uint8Array, p: number, first: number): number {
  if (first < 0xe0) return (((first & 0x1f) << 27) >> 19) | bytes[p + 1]!;
  if (first === INTEGER_16) return ((bytes[p + 2]! << 24) >> 16) | bytes[p + 1]!;
  if (first === INTEGER_24) return ((bytes[p + 3]! << 24) >> 8) | (bytes[p + 2]! << 8) | bytes[p + 1]!;
  return readInt32(bytes, p + 1);
}

export function readInt32(bytes: Uint8Array, p: number): number {
  return bytes[p]! | (bytes[p + 1]! << 8) | (bytes[p + 2]! << 16) | (bytes[p + 3]! << 24);
}

export function readUint32(bytes: Uint8Array, p: number): number {
  return readInt32(bytes, p) >>> 0;
}

export function writeUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value;
  target[at + 1] = value >>> 8;
  target[at + 2] = value >>> 16;
  target[at + 3] = value >>> 24;
}

function copyBytes(target: Uint8Array, at: number, source: Uint8Array, start: number, length: number): void {
  if (length > SHORT_COPY) {
    target.set(source.subarray(start, start + length), at);
  } else {
    for (let i = 0; i < length; i++) target[at + i] = source[start + i]!;
  }
}
