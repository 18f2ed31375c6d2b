// The node of a stream: a packed block that is, to the byte, one of Redis's stream listpacks, so that RDB files and DUMP
// carry nodes as they are.
//
//   live entries · deleted entries · number of master fields · master fields · 0
//   then for each entry: flags · ms · seq · [number of fields · field · value …, or values alone] · elements of the entry
//
// ms and seq are differences to the ID by which the stream knows the node; with SAME_FIELDS an entry has the master
// fields and only its values stand here. Deleting an entry sets a flag. The functions take absolute offsets.

import { PACKED_HEADER_BYTES, packedValidate } from '../memory/packed.ts';
import {
  backLengthBytes,
  encodedBytesAt,
  PACKED_END,
  readBackLength,
  readInt32,
  readSmallInteger,
  readUint32,
  writeUint32,
} from '../memory/packed-entry.ts';

export const ENTRY_FLAG = { DELETED: 1, SAME_FIELDS: 2 } as const;
/** Elements of an entry besides fields and values: flags, ms, seq. */
export const FIXED_ELEMENTS = 3;

const TWO_32 = 0x100000000;
const INTEGER_16 = 0xf1;
const INTEGER_64 = 0xf4;
const COUNT_UNKNOWN = 65535;

/** The offset after the element at `p`. */
export function after(bytes: Uint8Array, p: number): number {
  const first = bytes[p]!;
  if (first < 0x80) return p + 2;
  if (first < 0xc0) return p + 2 + (first & 0x3f);
  const encoded = encodedBytesAt(bytes, p);
  return p + encoded + backLengthBytes(encoded);
}

/** The offset after `count` elements from `p` on. */
export function afterAll(bytes: Uint8Array, p: number, count: number): number {
  for (; count > 0; count--) p = after(bytes, p);
  return p;
}

/** The offset of the element that ends at `p`. */
export function before(bytes: Uint8Array, p: number): number {
  const length = readBackLength(bytes, p - 1);
  return p - length - backLengthBytes(length);
}

/** The integer of the element at `p`: the nearest number for the largest. */
export function integerAt(bytes: Uint8Array, p: number): number {
  const first = bytes[p]!;
  if (first < 0x80) return first;
  if (first === INTEGER_64) return readInt32(bytes, p + 5) * TWO_32 + (readInt32(bytes, p + 1) >>> 0);
  return readSmallInteger(bytes, p, first);
}

/** The lower 32 bits of the integer at `p`, signed. */
export function lowHalfAt(bytes: Uint8Array, p: number): number {
  const first = bytes[p]!;
  if (first < 0x80) return first;
  return first === INTEGER_64 ? readInt32(bytes, p + 1) : readSmallInteger(bytes, p, first);
}

/** The upper 32 bits of the integer at `p`, whose lower ones are `low`. */
export function highHalfAt(bytes: Uint8Array, p: number, low: number): number {
  return bytes[p]! === INTEGER_64 ? readInt32(bytes, p + 5) : low >> 31;
}

/** The most bytes that `writeInteger` writes. */
export const INTEGER_BYTES = 10;

/** Writes an element for the 64-bit integer of these halves at `at` and returns the offset after it. */
export function writeInteger(target: Uint8Array, at: number, high: number, low: number): number {
  if (high !== low >> 31) {
    target[at] = INTEGER_64;
    writeUint32(target, at + 1, low);
    writeUint32(target, at + 5, high);
    target[at + 9] = 9;
    return at + 10;
  }
  if (low >= 0 && low <= 127) {
    target[at] = low;
    target[at + 1] = 1;
    return at + 2;
  }
  if (low >= -0x1000 && low <= 0xfff) {
    target[at] = 0xc0 | ((low >> 8) & 0x1f);
    target[at + 1] = low;
    target[at + 2] = 2;
    return at + 3;
  }
  const bytes = low >= -0x8000 && low <= 0x7fff ? 2 : low >= -0x800000 && low <= 0x7fffff ? 3 : 4;
  target[at] = INTEGER_16 + bytes - 2;
  for (let i = 1; i <= bytes; i++) target[at + i] = low >> (8 * (i - 1));
  target[at + bytes + 1] = bytes + 1;
  return at + bytes + 2;
}

/** How many entries of the node that begins at `base` are not deleted. */
export function liveEntries(bytes: Uint8Array, base: number): number {
  return integerAt(bytes, base + PACKED_HEADER_BYTES);
}

/** How many are deleted. */
export function deletedEntries(bytes: Uint8Array, base: number): number {
  return integerAt(bytes, after(bytes, base + PACKED_HEADER_BYTES));
}

/** The end mark of a block has moved to `end`, and `elements` more stand before it. */
export function closeNode(bytes: Uint8Array, base: number, end: number, elements: number): void {
  bytes[end] = PACKED_END;
  writeUint32(bytes, base, end + 1 - base);
  const count = Math.min(COUNT_UNKNOWN, (bytes[base + 4]! | (bytes[base + 5]! << 8)) + elements);
  bytes[base + 4] = count;
  bytes[base + 5] = count >> 8;
}

/**
 * Whether `size` bytes at `base` are a sound node, as what comes from outside must prove; without `deep` only the frame
 * of the block is looked at.
 */
export function isSoundNode(bytes: Uint8Array, base: number, size: number, deep: boolean): boolean {
  if (!packedValidate(bytes, base, size, deep)) return false;
  if (!deep) return true;
  const end = base + readUint32(bytes, base) - 1;
  let p = base + PACKED_HEADER_BYTES;
  let isSound = true;
  const skip = () => {
    if (p >= end) isSound = false;
    else p = after(bytes, p);
  };
  const integer = () => {
    const at = p;
    if (p < end && !isInteger(bytes[p]!)) isSound = false;
    skip();
    return isSound ? integerAt(bytes, at) : 0;
  };
  const skipAll = (count: number) => {
    if (count < 0) isSound = false;
    for (; isSound && count > 0; count--) skip();
  };
  let entries = integer() + integer();
  const masterFields = integer();
  skipAll(masterFields);
  if (integer() !== 0) return false;
  for (; isSound && entries > 0; entries--) {
    const flags = integer();
    integer();
    integer();
    let elements = FIXED_ELEMENTS + masterFields;
    if ((flags & ENTRY_FLAG.SAME_FIELDS) !== 0) {
      skipAll(masterFields);
    } else {
      const fields = integer();
      skipAll(fields * 2);
      elements = FIXED_ELEMENTS + 1 + fields * 2;
    }
    if (integer() !== elements) return false;
  }
  return isSound && p === end;
}

function isInteger(first: number): boolean {
  return first < 0x80 || (first >= 0xc0 && first < 0xe0) || (first >= INTEGER_16 && first <= INTEGER_64);
}
