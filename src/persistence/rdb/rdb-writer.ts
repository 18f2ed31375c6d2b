// A growing run of bytes in RDB format: lengths, strings in their shortest form, doubles. One writer is kept and used
// again. It knows no values (value-encoder.ts) and no files (rdb-encoder.ts), which take what has come together.

import { copyBytes, writeText } from '../../base/bytes.ts';
import { Crc64 } from '../../base/checksums.ts';
import { LzfCompressor } from '../../base/lzf.ts';
import { parseSafeInteger } from '../../base/numbers.ts';
import {
  CHECKSUM_BYTES,
  DUMP_FOOTER_BYTES,
  LENGTH_14_BITS,
  LENGTH_32_BITS,
  LENGTH_64_BITS,
  LENGTH_IS_FORM,
  RDB_VERSION,
  STRING_FORM,
} from './rdb-format.ts';

const INITIAL_BYTES = 512;
/** A buffer larger than this is not kept for the next value. */
const KEPT_BYTES = 1024 * 1024;
// Redis tries integers up to this length, and does not try to compress up to that one.
const INTEGER_DIGITS = 11;
const COMPRESSED_FROM = 21;
// Compression must save at least these many bytes.
const COMPRESSION_GAIN = 4;
const LENGTH_BYTES = 9;
const TWO_32 = 0x100000000;

export class RdbWriter {
  /** What was written so far is `bytes[0, at)`. */
  bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  at = 0;
  /** Whether strings are compressed where that makes them shorter: `rdbcompression`. */
  compresses = true;
  /** The version of the format, which decides between forms of some values: `rdb-version`. */
  version: number = RDB_VERSION;

  // Made when first needed: its table is large.
  private compressor: LzfCompressor | null = null;
  private text = Buffer.allocUnsafeSlow(INITIAL_BYTES);

  /** Begins anew. */
  clear(): void {
    this.at = 0;
    if (this.bytes.length > KEPT_BYTES) this.bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
    if (this.text.length > KEPT_BYTES) this.text = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  }

  byte(value: number): void {
    this.ensure(1);
    this.bytes[this.at++] = value;
  }

  raw(source: Uint8Array, start: number, length: number): void {
    this.ensure(length);
    copyBytes(source, start, this.bytes, this.at, length);
    this.at += length;
  }

  /** Latin1 text as it is, without a length. */
  rawText(text: string): void {
    this.ensure(text.length);
    this.at = writeText(this.bytes, this.at, text);
  }

  /** A length or another number that is not negative, up to 64 bits. */
  length(value: number | bigint): void {
    this.ensure(LENGTH_BYTES);
    const { bytes, at } = this;
    if (value < 0x40) {
      bytes[at] = Number(value);
      this.at = at + 1;
    } else if (value < 0x4000) {
      this.at = bytes.writeUInt16BE(Number(value) | (LENGTH_14_BITS << 8), at);
    } else if (value < TWO_32) {
      bytes[at] = LENGTH_32_BITS;
      this.at = bytes.writeUInt32BE(Number(value), at + 1);
    } else {
      bytes[at] = LENGTH_64_BITS;
      this.at = bytes.writeBigUInt64BE(BigInt(value), at + 1);
    }
  }

  /** A string: as an integer, compressed, or as it is, whichever Redis chooses. */
  string(source: Uint8Array, start: number, length: number): void {
    if (length <= INTEGER_DIGITS && length > 0) {
      const value = parseSafeInteger(source, start, length);
      if (value >= -0x80000000 && value <= 0x7fffffff) {
        this.integer(value);
        return;
      }
    }
    if (this.compresses && length >= COMPRESSED_FROM && this.compressed(source, start, length)) return;
    this.length(length);
    this.raw(source, start, length);
  }

  /** A string given as latin1 text. */
  stringText(value: string): void {
    if (value.length > this.text.length) this.text = Buffer.allocUnsafeSlow(2 * value.length);
    writeText(this.text, 0, value);
    this.string(this.text, 0, value.length);
  }

  /** An IEEE double, least significant byte first. */
  double(value: number): void {
    this.ensure(8);
    this.at = this.bytes.writeDoubleLE(value, this.at);
  }

  /** A 64-bit integer, least significant byte first: times in milliseconds. */
  int64(value: number | bigint): void {
    this.ensure(8);
    this.at = this.bytes.writeBigInt64LE(BigInt(value), this.at);
  }

  /** Ends a DUMP payload: the version, and the checksum of all that was written since `clear`. */
  footer(): void {
    this.ensure(DUMP_FOOTER_BYTES);
    this.at = this.bytes.writeUInt16LE(this.version, this.at);
    this.checksum(new Crc64().update(this.bytes, 0, this.at));
  }

  /** The eight bytes of a checksum. */
  checksum(crc: Crc64): void {
    this.ensure(CHECKSUM_BYTES);
    crc.write(this.bytes, this.at);
    this.at += CHECKSUM_BYTES;
  }

  private integer(value: number): void {
    this.ensure(5);
    const { bytes, at } = this;
    if (value >= -0x80 && value <= 0x7f) {
      bytes[at] = LENGTH_IS_FORM | STRING_FORM.INT_8;
      this.at = bytes.writeInt8(value, at + 1);
    } else if (value >= -0x8000 && value <= 0x7fff) {
      bytes[at] = LENGTH_IS_FORM | STRING_FORM.INT_16;
      this.at = bytes.writeInt16LE(value, at + 1);
    } else {
      bytes[at] = LENGTH_IS_FORM | STRING_FORM.INT_32;
      this.at = bytes.writeInt32LE(value, at + 1);
    }
  }

  private compressed(source: Uint8Array, start: number, length: number): boolean {
    // Both lengths stand before the bytes and are known after them, so the bytes are put where those end at most.
    const room = length - COMPRESSION_GAIN;
    const head = 1 + 2 * LENGTH_BYTES;
    this.ensure(head + room + 1);
    this.compressor ??= new LzfCompressor();
    const from = this.at + head;
    const size = this.compressor.compress(source, start, length, this.bytes, from, room);
    if (size === 0) return false;
    this.byte(LENGTH_IS_FORM | STRING_FORM.COMPRESSED);
    this.length(size);
    this.length(length);
    this.bytes.copyWithin(this.at, from, from + size);
    this.at += size;
    return true;
  }

  private ensure(needed: number): void {
    if (this.at + needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.bytes.length, this.at + needed));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }
}
