// The two checksums that Redis's formats fix: CRC-64/Jones (RDB files, DUMP payloads) and CRC-16/XMODEM (cluster
// slots). 64-bit values are kept as two 32-bit halves, eight bytes a step; a bigint is made only at the ends.

import { IS_LITTLE_ENDIAN } from './bytes.ts';

// From so many bytes on they are read as words.
const LEAST_FOR_WORDS = 64;

/**
 * Continues a CRC-64 over `bytes[start, end)`. The first call passes 0n. For data that comes in many small pieces use
 * `Crc64`, which makes no bigint per piece.
 */
export function crc64(crc: bigint, bytes: Uint8Array, start = 0, end = bytes.length): bigint {
  return new Crc64(crc).update(bytes, start, end).value;
}

/** A running CRC-64. */
export class Crc64 {
  private low: number;
  private high: number;

  constructor(crc = 0n) {
    this.low = Number(crc & 0xffffffffn) | 0;
    this.high = Number(crc >> 32n) | 0;
  }

  /** Takes in `bytes[start, end)`. */
  update(bytes: Uint8Array, start = 0, end = bytes.length): this {
    let at = start;
    if (IS_LITTLE_ENDIAN && end - start >= LEAST_FOR_WORDS) {
      const first = (at + 3 + bytes.byteOffset) & ~3;
      this.updateBytes(bytes, at, first - bytes.byteOffset);
      const words = new Int32Array(bytes.buffer, first, 2 * ((end + bytes.byteOffset - first) >> 3));
      this.updateWords(words);
      at = first - bytes.byteOffset + words.byteLength;
    }
    this.updateBytes(bytes, at, end);
    return this;
  }

  private updateBytes(bytes: Uint8Array, start: number, end: number): void {
    const { low: tableLow, high: tableHigh } = CRC64_TABLES;
    let { low, high } = this;
    for (let i = start; i < end; i++) {
      const index = (low ^ bytes[i]!) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ tableLow[index]!;
      high = (high >>> 8) ^ tableHigh[index]!;
    }
    this.low = low;
    this.high = high;
  }

  /** Takes in pairs of words whose bytes are in the order of the data. */
  private updateWords(words: Int32Array): void {
    const { low: tableLow, high: tableHigh } = CRC64_TABLES;
    let { low, high } = this;
    for (let i = 0; i < words.length; i += 2) {
      const a = low ^ words[i]!;
      const b = high ^ words[i + 1]!;
      const i0 = 0x700 | (a & 0xff);
      const i1 = 0x600 | ((a >>> 8) & 0xff);
      const i2 = 0x500 | ((a >>> 16) & 0xff);
      const i3 = 0x400 | (a >>> 24);
      const i4 = 0x300 | (b & 0xff);
      const i5 = 0x200 | ((b >>> 8) & 0xff);
      const i6 = 0x100 | ((b >>> 16) & 0xff);
      const i7 = b >>> 24;
      low =
        tableLow[i0]! ^
        tableLow[i1]! ^
        tableLow[i2]! ^
        tableLow[i3]! ^
        tableLow[i4]! ^
        tableLow[i5]! ^
        tableLow[i6]! ^
        tableLow[i7]!;
      high =
        tableHigh[i0]! ^
        tableHigh[i1]! ^
        tableHigh[i2]! ^
        tableHigh[i3]! ^
        tableHigh[i4]! ^
        tableHigh[i5]! ^
        tableHigh[i6]! ^
        tableHigh[i7]!;
    }
    this.low = low;
    this.high = high;
  }

  get value(): bigint {
    return (BigInt(this.high >>> 0) << 32n) | BigInt(this.low >>> 0);
  }

  /** Writes the sum as eight bytes, least significant first, as RDB files and DUMP payloads end. */
  write(target: Uint8Array, at: number): void {
    for (let i = 0; i < 4; i++) {
      target[at + i] = this.low >>> (8 * i);
      target[at + 4 + i] = this.high >>> (8 * i);
    }
  }
}

/** The CRC-16 of `bytes[start, end)`. */
export function crc16(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = 0;
  for (let i = start; i < end; i++) crc = ((crc << 8) & 0xffff) ^ CRC16_TABLE[(crc >> 8) ^ bytes[i]!]!;
  return crc;
}

/** The Jones polynomial 0xad93d23594c935a9 with its bits reversed, in halves. */
const CRC64_POLYNOMIAL_LOW = 0xac4bc9b5;
const CRC64_POLYNOMIAL_HIGH = 0x95ac9329;
const CRC16_POLYNOMIAL = 0x1021;

const CRC64_TABLES = buildCrc64Tables();
const CRC16_TABLE = buildCrc16Table();

/** Eight tables of 256: the n-th holds what a byte contributes when n more bytes follow it. */
function buildCrc64Tables(): { readonly low: Int32Array; readonly high: Int32Array } {
  const low = new Int32Array(8 * 256);
  const high = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let l = byte;
    let h = 0;
    for (let bit = 0; bit < 8; bit++) {
      const odd = l & 1;
      l = (l >>> 1) | (h << 31);
      h >>>= 1;
      if (odd) {
        l ^= CRC64_POLYNOMIAL_LOW;
        h ^= CRC64_POLYNOMIAL_HIGH;
      }
    }
    low[byte] = l;
    high[byte] = h;
  }
  for (let i = 256; i < 8 * 256; i++) {
    const l = low[i - 256]!;
    const h = high[i - 256]!;
    low[i] = ((l >>> 8) | (h << 24)) ^ low[l & 0xff]!;
    high[i] = (h >>> 8) ^ high[l & 0xff]!;
  }
  return { low, high };
}

function buildCrc16Table(): Uint16Array {
  const table = new Uint16Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x8000 ? CRC16_POLYNOMIAL : 0);
    table[byte] = crc;
  }
  return table;
}
