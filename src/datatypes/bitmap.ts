// Bits of a string value: counting them, finding one, combining values. Bit 0 is the most significant bit of the first
// byte. Long stretches are read as 32-bit words, so that a bitmap of 100 MB costs what it costs in C; what lies before
// the first word and after the last is put together from bytes.

import { copyBytes } from '../base/bytes.ts';

const WORD_BYTES = 4;
/** Below this length a view of the words costs more than it saves. */
const SHORT_BYTES = 128;
/** A piece of work that stays in the processor's first cache. */
const CHUNK_BYTES = 16384;
/** The pieces that are compared at once when a bit is sought, from large to small. */
const LEAPS = [16384, 2048, 256] as const;

const CHUNK_OF_ZEROS = Buffer.alloc(CHUNK_BYTES);
const CHUNK_OF_ONES = Buffer.alloc(CHUNK_BYTES, 0xff);

/** Room for `combineBits` to work in. */
export class BitChunks {
  readonly result = new Int32Array(CHUNK_BYTES / WORD_BYTES);
  readonly operand = new Int32Array(CHUNK_BYTES / WORD_BYTES);
  readonly resultBytes = new Uint8Array(this.result.buffer);
  readonly operandBytes = new Uint8Array(this.operand.buffer);
}

/** How many bits of `bytes[start, start + length)` are set. */
export function countBits(bytes: Uint8Array, start: number, length: number): number {
  const end = start + length;
  if (length < SHORT_BYTES) return countBitsShort(bytes, start, end);
  const first = alignedFrom(bytes, start);
  const words = wordsOf(bytes, first, end);
  const last = first + words.length * WORD_BYTES;
  return countBitsShort(bytes, start, first) + countBitsOfWords(words) + countBitsShort(bytes, last, end);
}

/** How many bits from bit `first` to bit `last` are set, both included and counted from `bytes[start]`. */
export function countBitsBetween(bytes: Uint8Array, start: number, first: number, last: number): number {
  const firstByte = start + Math.floor(first / 8);
  const lastByte = start + Math.floor(last / 8);
  const before = bytes[firstByte]! & ~(0xff >> (first % 8));
  const after = bytes[lastByte]! & (0x7f >> (last % 8));
  return countBits(bytes, firstByte, lastByte - firstByte + 1) - bitsOfWord(before) - bitsOfWord(after);
}

/**
 * The first bit equal to `bit` (0 or 1) from bit `first` to bit `last`, both included and counted from `bytes[start]`;
 * -1 when there is none.
 */
export function findBit(bytes: Buffer, start: number, first: number, last: number, bit: number): number {
  // What is sought becomes ones: bytes are turned over when a zero is.
  const turned = bit === 1 ? 0 : 0xff;
  const lastByte = start + Math.floor(last / 8);
  let at = start + Math.floor(first / 8);
  let found = (bytes[at]! ^ turned) & (0xff >> (first % 8));
  if (found === 0) {
    at = skipBytes(bytes, at + 1, lastByte, turned);
    if (at > lastByte) return -1;
    found = bytes[at]! ^ turned;
  }
  const position = (at - start) * 8 + Math.clz32(found) - 24;
  return position > last ? -1 : position;
}

/** The operations of BITOP. */
export const BIT_OPERATION = { AND: 0, OR: 1, XOR: 2, NOT: 3 } as const;
export type BitOperation = (typeof BIT_OPERATION)[keyof typeof BIT_OPERATION];

/** A stretch of memory, to be set for every value that takes part. */
export interface BitSource {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly length: number;
}

/**
 * Combines values into `target[start, start + length)`; one shorter than that counts as if zeros followed it. A source
 * may lie where the target does if it begins there. NOT takes one source. O(length) for each source.
 */
export function combineBits(
  operation: BitOperation,
  sources: readonly BitSource[],
  target: Uint8Array,
  start: number,
  length: number,
  chunks: BitChunks,
): void {
  const { result, resultBytes, operand, operandBytes } = chunks;
  for (let from = 0; from < length; from += CHUNK_BYTES) {
    const taken = Math.min(CHUNK_BYTES, length - from);
    const words = Math.ceil(taken / WORD_BYTES);
    copyChunk(sources[0]!, from, taken, resultBytes);
    if (operation === BIT_OPERATION.NOT) invertWords(result, words);
    for (let i = 1; i < sources.length; i++) {
      copyChunk(sources[i]!, from, taken, operandBytes);
      combineWords(operation, result, operand, words);
    }
    copyBytes(resultBytes, 0, target, start + from, taken);
  }
}

// Bytes [from, from + taken) of a value, with zeros where it has ended.
function copyChunk(
  { bytes, start, length }: BitSource,
  from: number,
  taken: number,
  chunk: Uint8Array,
): void {
  const present = Math.max(0, Math.min(taken, length - from));
  copyBytes(bytes, start + from, chunk, 0, present);
  if (present < taken) chunk.fill(0, present, taken);
}

function invertWords(words: Int32Array, count: number): void {
  for (let i = 0; i < count; i++) words[i] = ~words[i]!;
}

// Four words at a time, since checking bounds costs more than the operation; the room behind `count` is free to use.
function combineWords(operation: BitOperation, result: Int32Array, operand: Int32Array, count: number): void {
  if (operation === BIT_OPERATION.AND) andWords(result, operand, count);
  else if (operation === BIT_OPERATION.OR) orWords(result, operand, count);
  else xorWords(result, operand, count);
}

function andWords(result: Int32Array, operand: Int32Array, count: number): void {
  for (let i = 0; i < count; i += 4) {
    result[i]! &= operand[i]!;
    result[i + 1]! &= operand[i + 1]!;
    result[i + 2]! &= operand[i + 2]!;
    result[i + 3]! &= operand[i + 3]!;
  }
}

function orWords(result: Int32Array, operand: Int32Array, count: number): void {
  for (let i = 0; i < count; i += 4) {
    result[i]! |= operand[i]!;
    result[i + 1]! |= operand[i + 1]!;
    result[i + 2]! |= operand[i + 2]!;
    result[i + 3]! |= operand[i + 3]!;
  }
}

function xorWords(result: Int32Array, operand: Int32Array, count: number): void {
  for (let i = 0; i < count; i += 4) {
    result[i]! ^= operand[i]!;
    result[i + 1]! ^= operand[i + 1]!;
    result[i + 2]! ^= operand[i + 2]!;
    result[i + 3]! ^= operand[i + 3]!;
  }
}

// The first byte in [at, last] that is not `skipped`; after `last` when there is none.
function skipBytes(bytes: Buffer, at: number, last: number, skipped: number): number {
  const chunk = skipped === 0 ? CHUNK_OF_ZEROS : CHUNK_OF_ONES;
  for (const leap of LEAPS) {
    while (last - at >= leap && bytes.compare(chunk, 0, leap, at, at + leap) === 0) at += leap;
  }
  if (last - at >= SHORT_BYTES) {
    const first = alignedFrom(bytes, at);
    while (at < first && bytes[at] === skipped) at++;
    if (at < first) return at;
    const words = wordsOf(bytes, at, last + 1);
    const word = skipped === 0 ? 0 : -1;
    let i = 0;
    while (i < words.length && words[i] === word) i++;
    at += i * WORD_BYTES;
  }
  while (at <= last && bytes[at] === skipped) at++;
  return at;
}

// Where the first word at or after `at` begins.
function alignedFrom(bytes: Uint8Array, at: number): number {
  return at + (-(bytes.byteOffset + at) & (WORD_BYTES - 1));
}

function wordsOf(bytes: Uint8Array, first: number, end: number): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset + first, (end - first) >> 2);
}

function countBitsShort(bytes: Uint8Array, at: number, end: number): number {
  let total = 0;
  for (const last = end - 3; at < last; at += 4) {
    total += bitsOfWord(bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
  }
  for (; at < end; at++) total += bitsOfWord(bytes[at]!);
  return total;
}

// Eight words at a time go through carry-save adders (Harley and Seal): of every eight set bits of a column one is
// counted, the rest stays in `ones`, `twos` and `fours`.
function countBitsOfWords(words: Int32Array): number {
  const end = words.length & ~7;
  let eights = 0;
  let ones = 0;
  let twos = 0;
  let fours = 0;
  for (let i = 0; i < end; i += 8) {
    let a = words[i]!;
    let b = words[i + 1]!;
    let half = ones ^ a;
    let twosA = (ones & a) | (half & b);
    ones = half ^ b;
    a = words[i + 2]!;
    b = words[i + 3]!;
    half = ones ^ a;
    let twosB = (ones & a) | (half & b);
    ones = half ^ b;
    half = twos ^ twosA;
    const foursA = (twos & twosA) | (half & twosB);
    twos = half ^ twosB;
    a = words[i + 4]!;
    b = words[i + 5]!;
    half = ones ^ a;
    twosA = (ones & a) | (half & b);
    ones = half ^ b;
    a = words[i + 6]!;
    b = words[i + 7]!;
    half = ones ^ a;
    twosB = (ones & a) | (half & b);
    ones = half ^ b;
    half = twos ^ twosA;
    const foursB = (twos & twosA) | (half & twosB);
    twos = half ^ twosB;
    half = fours ^ foursA;
    eights += bitsOfWord((fours & foursA) | (half & foursB));
    fours = half ^ foursB;
  }
  let total = eights * 8 + bitsOfWord(fours) * 4 + bitsOfWord(twos) * 2 + bitsOfWord(ones);
  for (let i = end; i < words.length; i++) total += bitsOfWord(words[i]!);
  return total;
}

function bitsOfWord(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
