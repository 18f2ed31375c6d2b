// One node of a large list: a block with several elements (a packed block), or a plain one with a single element that is
// too large for that. Here is what both have in common, and when a node is full; which node an element goes to is
// decided in node-list.ts.
//
// A plain block begins like a packed one, with the length of its data (u32) and, where the count of entries is, 0.

import { bytesEqual, copyBytes } from '../base/bytes.ts';
import { packedBytes, packedLength } from '../memory/packed.ts';
import { type PackedValue, writeUint32 } from '../memory/packed-entry.ts';

/** From this size on, unless told otherwise, an element has a node of its own. */
export const PLAIN_ELEMENT_BYTES = 2 ** 30;
/** Where the data of a plain node begins. */
export const PLAIN_HEADER_BYTES = 6;

// Node sizes by `list-max-listpack-size`: -1 is the first.
const NODE_BYTES: readonly number[] = [4096, 8192, 16384, 32768, 65536];
// A node that is limited by its count has a size all the same.
const COUNTED_NODE_BYTES = 8192;
// How much more than its own length an element is taken for before it is inserted.
const ELEMENT_OVERHEAD_BYTES = 8;

/** Whether a node of so many bytes and elements is beyond `limit`, a value of `list-max-listpack-size`. */
export function exceedsNodeLimit(limit: number, bytes: number, count: number): boolean {
  if (limit < 0) return bytes > NODE_BYTES[Math.min(-limit, NODE_BYTES.length) - 1]!;
  return bytes > COUNTED_NODE_BYTES || count > Math.max(1, limit);
}

/** Whether a node with an element of `length` bytes more would be beyond the limit: Redis's estimate. */
export function exceedsWithElement(limit: number, bytes: number, count: number, length: number): boolean {
  return exceedsNodeLimit(limit, bytes + length + ELEMENT_OVERHEAD_BYTES, count + 1);
}

/** Whether a single node is small enough to be the whole list: beyond the limit, or half of it when `shrinking`. */
export function fitsInEntry(limit: number, bytes: number, count: number, shrinking: boolean): boolean {
  const share = shrinking ? 2 : 1;
  if (limit < 0) return bytes <= NODE_BYTES[Math.min(-limit, NODE_BYTES.length) - 1]! / share;
  return count <= Math.floor(Math.max(1, limit) / share);
}

export function isPlainNode(bytes: Uint8Array, base: number): boolean {
  return (bytes[base + 4]! | bytes[base + 5]!) === 0;
}

/** The bytes of a node's elements as Redis counts them: a packed block's own, a plain one's data. */
export function nodeBytes(bytes: Uint8Array, base: number): number {
  return packedBytes(bytes, base);
}

/** The bytes that the node takes in its block. */
export function nodeBlockBytes(bytes: Uint8Array, base: number): number {
  return packedBytes(bytes, base) + (isPlainNode(bytes, base) ? PLAIN_HEADER_BYTES : 0);
}

export function nodeLength(bytes: Uint8Array, base: number): number {
  return isPlainNode(bytes, base) ? 1 : packedLength(bytes, base);
}

/** Writes a plain node; the block has room for its header and `length`. */
export function writePlainNode(
  bytes: Uint8Array,
  base: number,
  source: Uint8Array,
  start: number,
  length: number,
): void {
  writeUint32(bytes, base, length);
  bytes[base + 4] = 0;
  bytes[base + 5] = 0;
  copyBytes(source, start, bytes, base + PLAIN_HEADER_BYTES, length);
}

export function plainNodeEquals(bytes: Uint8Array, base: number, value: PackedValue): boolean {
  return (
    packedBytes(bytes, base) === value.length &&
    bytesEqual(bytes, base + PLAIN_HEADER_BYTES, value.source, value.start, value.length)
  );
}
