// Reads RDB format from bytes that nobody vouches for. Every read is checked against the end; whatever is wrong is
// thrown as one `RdbError` with the place and the reason. Strings come as slices that are good until the next string.

import { toText } from '../../base/bytes.ts';
import { lzfDecompress, lzfMayHold } from '../../base/lzf.ts';
import { parseDouble, writeSafeInteger } from '../../base/numbers.ts';
import {
  LENGTH_14_BITS,
  LENGTH_32_BITS,
  LENGTH_64_BITS,
  LENGTH_IS_FORM,
  STRING_FORM,
  TEXT_DOUBLE,
} from './rdb-format.ts';

/** Thrown by a reader whose data has not come yet; see `RdbReader.keepFrom`. */
export class DataAwaited extends Error {}

/** The data is damaged, cut off or of a kind that is not known. */
export class RdbError extends Error {
  readonly offset: number;
  readonly reason: string;
  /** Whether there is too little data, and nothing is known to be wrong with what there is. */
  readonly isShort: boolean;

  constructor(offset: number, reason: string, isShort = false) {
    super(`${reason} at offset ${offset}`);
    this.offset = offset;
    this.reason = reason;
    this.isShort = isShort;
  }
}

const INTEGER_BYTES = 12;
const INITIAL_PLAIN_BYTES = 16 * 1024;
const KEPT_PLAIN_BYTES = 1024 * 1024;
const TWO_32 = 0x100000000;

export class RdbReader {
  /** The string that `string` has read: `bytes` from `start` on for `length` bytes, until the next one is read. */
  stringBytes: Uint8Array = EMPTY;
  stringStart = 0;
  stringLength = 0;

  /** The window of the data that is in memory, and where in it the next byte is read. */
  protected bytes: Buffer;
  protected at: number;
  protected end: number;
  /** How many bytes lie before the window. */
  protected before = 0;

  private readonly digits = new Uint8Array(INTEGER_BYTES);
  private plain: Uint8Array = EMPTY;

  /** Reads `bytes[start, end)`. */
  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  /** Where the next byte is read from. */
  get offset(): number {
    return this.before + this.at;
  }

  /** The bytes that are left to read, at most. */
  get left(): number {
    return this.end - this.at;
  }

  /**
   * Everything before the next byte is done with: a reader that waits for data (it throws DataAwaited) goes back to here, so
   * that what was begun can be read again from its beginning. Nothing for readers that do not wait.
   */
  keepFrom(): void {}

  /** An error at this place, to be thrown. */
  error(reason: string): RdbError {
    return new RdbError(this.offset, reason);
  }

  /** The error for data that ends where more should be, to be thrown. */
  short(): RdbError {
    return new RdbError(this.offset, 'Unexpected EOF reading RDB file', true);
  }

  byte(): number {
    this.need(1);
    return this.bytes[this.at++]!;
  }

  /** A length within what JavaScript counts exactly; larger ones cannot be of anything that is there. */
  length(): number {
    const value = this.number();
    if (typeof value === 'bigint') throw this.short();
    return value;
  }

  /** A number of up to 64 bits without sign; a bigint where no number is equal to it. */
  number(): number | bigint {
    const first = this.byte();
    if (first >= LENGTH_IS_FORM) return first & 0x3f;
    return this.numberBehind(first);
  }

  /** Reads a string; see `stringBytes`. */
  string(): void {
    const first = this.byte();
    if (first >= LENGTH_IS_FORM) {
      this.stringOfForm(first & 0x3f);
      return;
    }
    const length = this.numberBehind(first);
    if (typeof length === 'bigint' || length > this.left) throw this.short();
    this.rawBytes(length);
  }

  /** A string as latin1 text. */
  text(): string {
    this.string();
    return toText(this.stringBytes, this.stringStart, this.stringStart + this.stringLength);
  }

  /** `count` bytes as they are, as latin1 text. */
  rawText(count: number): string {
    this.need(count);
    const from = this.at;
    this.at += count;
    return toText(this.bytes, from, this.at);
  }

  /** Reads `count` bytes as they are; they are where `string` puts a string. */
  rawBytes(count: number): void {
    this.need(count);
    this.stringBytes = this.bytes;
    this.stringStart = this.at;
    this.stringLength = count;
    this.at += count;
  }

  /** An IEEE double. */
  double(): number {
    this.need(8);
    const value = this.bytes.readDoubleLE(this.at);
    this.at += 8;
    return value;
  }

  /** A double as the first version wrote it, in digits. */
  textDouble(): number {
    const length = this.byte();
    if (length === TEXT_DOUBLE.NAN) return Number.NaN;
    if (length === TEXT_DOUBLE.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
    if (length === TEXT_DOUBLE.NEGATIVE_INFINITY) return Number.NEGATIVE_INFINITY;
    const text = this.rawText(length);
    const value = parseDouble(text) ?? Number.parseFloat(text);
    if (Number.isNaN(value)) throw this.short();
    return value;
  }

  int32(): number {
    this.need(4);
    const value = this.bytes.readInt32LE(this.at);
    this.at += 4;
    return value;
  }

  /** A 64-bit integer with sign; a bigint where no number is equal to it. */
  int64(): number | bigint {
    this.need(8);
    const low = this.bytes.readUInt32LE(this.at);
    const high = this.bytes.readInt32LE(this.at + 4);
    this.at += 8;
    const value = high * TWO_32 + low;
    return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) | BigInt(low);
  }

  /** Makes sure that the next `count` bytes are in the window. A reader that can get more does so here. */
  protected need(count: number): void {
    if (count > this.end - this.at) throw this.short();
  }

  private numberBehind(first: number): number | bigint {
    if (first < LENGTH_14_BITS) return first;
    if (first < LENGTH_32_BITS) return ((first & 0x3f) << 8) | this.byte();
    if (first === LENGTH_32_BITS) {
      this.need(4);
      const value = this.bytes.readUInt32BE(this.at);
      this.at += 4;
      return value;
    }
    if (first !== LENGTH_64_BITS) throw this.error(`Unknown length encoding ${first >> 6} in rdbLoadLen()`);
    this.need(8);
    const high = this.bytes.readUInt32BE(this.at);
    const low = this.bytes.readUInt32BE(this.at + 4);
    this.at += 8;
    const value = high * TWO_32 + low;
    return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) | BigInt(low);
  }

  private stringOfForm(form: number): void {
    switch (form) {
      case STRING_FORM.INT_8:
        this.need(1);
        this.takeInteger(this.bytes.readInt8(this.at), 1);
        return;
      case STRING_FORM.INT_16:
        this.need(2);
        this.takeInteger(this.bytes.readInt16LE(this.at), 2);
        return;
      case STRING_FORM.INT_32:
        this.need(4);
        this.takeInteger(this.bytes.readInt32LE(this.at), 4);
        return;
      case STRING_FORM.COMPRESSED:
        this.takeCompressed();
        return;
      default:
        throw this.error(`Unknown RDB string encoding type ${form}`);
    }
  }

  private takeInteger(value: number, bytes: number): void {
    this.at += bytes;
    this.stringBytes = this.digits;
    this.stringStart = 0;
    this.stringLength = writeSafeInteger(this.digits, 0, value);
  }

  private takeCompressed(): void {
    const size = this.length();
    const length = this.length();
    if (size > this.left) throw this.short();
    this.need(size);
    const plain = lzfMayHold(size, length) ? this.plainOf(length) : EMPTY;
    // Observed 7.2.4: for an empty string anything will do.
    const isSound =
      length === 0 || (length <= plain.length && lzfDecompress(this.bytes, this.at, size, plain, length));
    this.at += size;
    if (!isSound) throw this.error('Invalid LZF compressed string');
    this.stringBytes = plain;
    this.stringStart = 0;
    this.stringLength = length;
  }

  /** Room for a string that is decompressed; that of a very long one is not kept. */
  private plainOf(length: number): Uint8Array {
    if (length <= this.plain.length) return this.plain;
    const plain = new Uint8Array(Math.max(length, INITIAL_PLAIN_BYTES));
    if (length <= KEPT_PLAIN_BYTES) this.plain = plain;
    return plain;
  }
}

const EMPTY = new Uint8Array(0);
