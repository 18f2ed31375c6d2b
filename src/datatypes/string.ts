// The encodings of a string value and how much room it is given to grow. All three encodings are stored as the bytes
// themselves: `int` only says that they are the canonical decimal form of a 64-bit integer, so that GET is a copy
// whatever the encoding. Reading and writing values is the commands' business.

import { parseInt64Bytes } from '../base/numbers.ts';
import { KIND, type Kind } from './kind.ts';

/** The longest string that Redis keeps in one allocation with its header. */
const EMBSTR_MAX_BYTES = 44;
/** The longest value there can be, whatever proto-max-bulk-len allows: offsets into a value are int32. */
export const MAX_STRING_BYTES = 0x7fffffff;
const INT64_MAX_DIGITS = 20;
const MB = 1024 * 1024;
// Up to this size values lie in blocks of fixed sizes, up to a quarter apart.
const STEPPED_BYTES = 16 * 1024;

/** The encoding that SET gives to a value. */
export function stringKind(bytes: Uint8Array, start: number, length: number): Kind {
  if (length <= INT64_MAX_DIGITS && length > 0) {
    const first = bytes[start]!;
    const mayBeNumber = (first >= 48 && first <= 57) || first === 45;
    if (mayBeNumber && parseInt64Bytes(bytes, start, length) !== null) return KIND.STRING_INT;
  }
  return plainStringKind(length);
}

/** The encoding of a value that is known not to be an integer, or that Redis does not try to make one. */
export function plainStringKind(length: number): Kind {
  return length <= EMBSTR_MAX_BYTES ? KIND.STRING_EMBSTR : KIND.STRING_RAW;
}

/**
 * The bytes to allocate for a value that has just grown to `length` and is likely to grow on: at most the double, as
 * Redis does, so that appending is O(1) a byte in the mean. Small values get half as much again, because the block
 * sizes add their own slack; beyond 8 MB an eighth instead of Redis's flat megabyte, which would copy a long value for
 * every megabyte appended.
 */
export function grownBytes(length: number): number {
  if (length < STEPPED_BYTES) return length + (length >> 1);
  const slack = length < MB ? length : Math.max(MB, length >> 3);
  return Math.min(MAX_STRING_BYTES, length + slack);
}
