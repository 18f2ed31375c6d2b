// The IDs of stream entries: two unsigned 64-bit integers, milliseconds and a sequence number. They are kept in four
// 32-bit halves, because so every value is exact, comparing and counting needs no bigint, and what lies in the heap
// looks the same. Numbers (a bigint beyond the safe ones) appear only where a program outside asks for them.

import { writeText } from '../base/bytes.ts';
import { parseUint64, writeSafeInteger } from '../base/numbers.ts';

const TWO_32 = 0x100000000;
// Above this upper half a 64-bit integer is no safe number.
const SAFE_HIGH = 0x1fffff;
const DASH = 0x2d;
const PLUS = 0x2b;
const STAR = 0x2a;
// So many digits spell a safe number, whatever they are.
const SAFE_DIGITS = 15;
// Longer texts are no IDs whatever they hold.
const MAX_TEXT = 127;

/** The most bytes that the text of an ID takes. */
export const ID_TEXT_BYTES = 41;

/** What a text that should be an ID may be. */
export const ID_FORM = { INVALID: 0, COMPLETE: 1, WITHOUT_SEQUENCE: 2 } as const;
export type IdForm = (typeof ID_FORM)[keyof typeof ID_FORM];

/** An ID that can be changed in place: made once and used again and again. The halves are signed 32-bit integers. */
export class StreamId {
  msHigh = 0;
  msLow = 0;
  seqHigh = 0;
  seqLow = 0;

  /** An ID of its own, of two numbers. */
  static of(ms: number | bigint, seq: number | bigint): StreamId {
    const id = new StreamId();
    id.msHigh = highHalf(ms);
    id.msLow = lowHalf(ms);
    id.seqHigh = highHalf(seq);
    id.seqLow = lowHalf(seq);
    return id;
  }

  get ms(): number | bigint {
    return uint64Of(this.msHigh, this.msLow);
  }

  get seq(): number | bigint {
    return uint64Of(this.seqHigh, this.seqLow);
  }

  get isZero(): boolean {
    return (this.msHigh | this.msLow | this.seqHigh | this.seqLow) === 0;
  }

  get isMax(): boolean {
    return (this.msHigh & this.msLow & this.seqHigh & this.seqLow) === -1;
  }

  set(other: StreamId): this {
    this.msHigh = other.msHigh;
    this.msLow = other.msLow;
    this.seqHigh = other.seqHigh;
    this.seqLow = other.seqLow;
    return this;
  }

  /** Takes the halves that stand at `at` in `words`. */
  setWords(words: Int32Array, at: number): this {
    this.msHigh = words[at]!;
    this.msLow = words[at + 1]!;
    this.seqHigh = words[at + 2]!;
    this.seqLow = words[at + 3]!;
    return this;
  }

  /** Takes milliseconds, a safe number, and the sequence number 0. */
  setMs(ms: number): this {
    this.msHigh = Math.floor(ms / TWO_32);
    this.msLow = ms | 0;
    this.seqHigh = 0;
    this.seqLow = 0;
    return this;
  }

  setZero(): this {
    return this.setMs(0);
  }

  setMax(): this {
    this.msHigh = this.msLow = this.seqHigh = this.seqLow = -1;
    return this;
  }

  /** Negative, 0 or positive as this ID comes before the other, is the same or comes after it. */
  compare(other: StreamId): number {
    if (this.msHigh !== other.msHigh) return (this.msHigh >>> 0) - (other.msHigh >>> 0);
    if (this.msLow !== other.msLow) return (this.msLow >>> 0) - (other.msLow >>> 0);
    if (this.seqHigh !== other.seqHigh) return (this.seqHigh >>> 0) - (other.seqHigh >>> 0);
    return (this.seqLow >>> 0) - (other.seqLow >>> 0);
  }

  /** As `compare`, with the ID whose halves stand at `at` in `words`. */
  compareWords(words: Int32Array, at: number): number {
    if (this.msHigh !== words[at]) return (this.msHigh >>> 0) - (words[at]! >>> 0);
    if (this.msLow !== words[at + 1]) return (this.msLow >>> 0) - (words[at + 1]! >>> 0);
    if (this.seqHigh !== words[at + 2]) return (this.seqHigh >>> 0) - (words[at + 2]! >>> 0);
    return (this.seqLow >>> 0) - (words[at + 3]! >>> 0);
  }

  equals(other: StreamId): boolean {
    return (
      this.seqLow === other.seqLow &&
      this.msLow === other.msLow &&
      this.msHigh === other.msHigh &&
      this.seqHigh === other.seqHigh
    );
  }

  /** Becomes the next ID; false (and 0-0) when it was the last there is. */
  increment(): boolean {
    this.seqLow = (this.seqLow + 1) | 0;
    if (this.seqLow !== 0) return true;
    this.seqHigh = (this.seqHigh + 1) | 0;
    if (this.seqHigh !== 0) return true;
    this.msLow = (this.msLow + 1) | 0;
    if (this.msLow !== 0) return true;
    this.msHigh = (this.msHigh + 1) | 0;
    return this.msHigh !== 0;
  }

  /** Becomes the ID before; false (and the last there is) when it was 0-0. */
  decrement(): boolean {
    this.seqLow = (this.seqLow - 1) | 0;
    if (this.seqLow !== -1) return true;
    this.seqHigh = (this.seqHigh - 1) | 0;
    if (this.seqHigh !== -1) return true;
    this.msLow = (this.msLow - 1) | 0;
    if (this.msLow !== -1) return true;
    this.msHigh = (this.msHigh - 1) | 0;
    return this.msHigh !== -1;
  }

  /** Writes the halves at `at`. */
  writeWords(words: Int32Array, at: number): void {
    words[at] = this.msHigh;
    words[at + 1] = this.msLow;
    words[at + 2] = this.seqHigh;
    words[at + 3] = this.seqLow;
  }

  /** Writes the text at `at` and returns the offset after it: at most ID_TEXT_BYTES on. */
  write(target: Uint8Array, at: number): number {
    at = writeUint64(target, at, this.msHigh, this.msLow);
    target[at] = DASH;
    return writeUint64(target, at + 1, this.seqHigh, this.seqLow);
  }

  text(): string {
    return `${this.ms}-${this.seq}`;
  }

  /** Writes the 16 bytes by which RDB files know the ID: both integers, the upper bytes first. */
  writeBytes(target: Uint8Array, at: number): void {
    writeBigEndian(target, at, this.msHigh);
    writeBigEndian(target, at + 4, this.msLow);
    writeBigEndian(target, at + 8, this.seqHigh);
    writeBigEndian(target, at + 12, this.seqLow);
  }

  /** Takes the ID from the 16 bytes that `writeBytes` writes. */
  readBytes(bytes: Uint8Array, at: number): this {
    this.msHigh = readBigEndian(bytes, at);
    this.msLow = readBigEndian(bytes, at + 4);
    this.seqHigh = readBigEndian(bytes, at + 8);
    this.seqLow = readBigEndian(bytes, at + 12);
    return this;
  }

  /**
   * Takes the ID that a slice spells: `<ms>-<seq>`, or `<ms>` alone, whose sequence number is then 0, or the last one with
   * `lastSequence`. `<ms>-*` is WITHOUT_SEQUENCE and has 0. INVALID leaves the ID undefined.
   */
  parse(bytes: Uint8Array, start: number, length: number, lastSequence = false): IdForm {
    if (length > MAX_TEXT) return ID_FORM.INVALID;
    let dash = 0;
    while (dash < length && bytes[start + dash] !== DASH) dash++;
    const ms = digitsAt(bytes, start, dash);
    if (ms < 0) return this.parseText(bytes, start, length, lastSequence);
    this.setMs(ms);
    if (dash === length) {
      if (lastSequence) this.seqHigh = this.seqLow = -1;
      return ID_FORM.COMPLETE;
    }
    if (dash === length - 2 && bytes[start + dash + 1] === STAR) return ID_FORM.WITHOUT_SEQUENCE;
    const seq = digitsAt(bytes, start + dash + 1, length - dash - 1);
    if (seq < 0) return this.parseText(bytes, start, length, lastSequence);
    this.seqHigh = Math.floor(seq / TWO_32);
    this.seqLow = seq | 0;
    return ID_FORM.COMPLETE;
  }

  // What is not written as usual: large integers, and all that strtoull accepts. A zero byte ends it.
  private parseText(bytes: Uint8Array, start: number, length: number, lastSequence: boolean): IdForm {
    let text = '';
    for (let i = 0; i < length && bytes[start + i] !== 0; i++) text += String.fromCharCode(bytes[start + i]!);
    const dash = text.indexOf('-');
    const ms = parseUint64(dash < 0 ? text : text.slice(0, dash));
    if (ms === null) return ID_FORM.INVALID;
    this.msHigh = highHalf(ms);
    this.msLow = lowHalf(ms);
    this.seqHigh = this.seqLow = dash < 0 && lastSequence ? -1 : 0;
    if (dash < 0) return ID_FORM.COMPLETE;
    if (text.slice(dash + 1) === '*') return ID_FORM.WITHOUT_SEQUENCE;
    const seq = parseUint64(text.slice(dash + 1));
    if (seq === null) return ID_FORM.INVALID;
    this.seqHigh = highHalf(seq);
    this.seqLow = lowHalf(seq);
    return ID_FORM.COMPLETE;
  }
}

/** Whether a slice is `-`, which stands for the first ID there is. */
export function isMinus(bytes: Uint8Array, start: number, length: number): boolean {
  return bytes[start] === DASH && isAlone(bytes, start, length);
}

/** Whether a slice is `+`, which stands for the last ID there is. */
export function isPlus(bytes: Uint8Array, start: number, length: number): boolean {
  return bytes[start] === PLUS && isAlone(bytes, start, length);
}

/** The unsigned 64-bit integer of two halves: a number while safe, a bigint beyond. */
export function uint64Of(high: number, low: number): number | bigint {
  high >>>= 0;
  return high <= SAFE_HIGH ? high * TWO_32 + (low >>> 0) : (BigInt(high) << 32n) | BigInt(low >>> 0);
}

/** The upper 32 bits of a 64-bit integer, signed. */
export function highHalf(value: number | bigint): number {
  return typeof value === 'number' ? Math.floor(value / TWO_32) | 0 : Number(BigInt.asIntN(32, value >> 32n));
}

/** The lower 32 bits of a 64-bit integer, signed. */
export function lowHalf(value: number | bigint): number {
  return typeof value === 'number' ? value | 0 : Number(BigInt.asIntN(32, value));
}

// The number that some digits spell, zeros in front included; -1 when there are none, too many, or anything else.
function digitsAt(bytes: Uint8Array, start: number, length: number): number {
  if (length === 0 || length > SAFE_DIGITS) return -1;
  let value = 0;
  for (let i = start, end = start + length; i < end; i++) {
    const digit = bytes[i]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

// Only the text's first byte counts; a zero byte ends the text.
function isAlone(bytes: Uint8Array, start: number, length: number): boolean {
  return length === 1 || (length > 1 && length <= MAX_TEXT && bytes[start + 1] === 0);
}

function writeUint64(target: Uint8Array, at: number, high: number, low: number): number {
  if (high >= 0 && high <= SAFE_HIGH) return writeSafeInteger(target, at, high * TWO_32 + (low >>> 0));
  return writeText(target, at, uint64Of(high, low).toString());
}

function writeBigEndian(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

function readBigEndian(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
