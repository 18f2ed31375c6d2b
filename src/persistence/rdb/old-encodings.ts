// The compact forms that older versions of Redis kept values in and wrote to RDB files: ziplists and zipmaps. They are
// checked to the last byte while they are read, and told entry by entry; nobody writes them any more.

import { type PackedValue, readInt32, readUint32 } from '../../memory/packed-entry.ts';

/** Takes an entry; it returns false to refuse it. */
export type VisitEntry = (value: PackedValue) => boolean;

const LIST_HEADER_BYTES = 10;
const LIST_END = 0xff;
const LARGE_PREVIOUS = 254;
const COUNT_UNKNOWN = 0xffff;

const STRING_6_BITS = 0x00;
const STRING_14_BITS = 0x40;
const STRING_32_BITS = 0x80;
const INTEGER_16 = 0xc0;
const INTEGER_32 = 0xd0;
const INTEGER_64 = 0xe0;
const INTEGER_24 = 0xf0;
const INTEGER_8 = 0xfe;
const FIRST_SMALL_INTEGER = 0xf1;
const LAST_SMALL_INTEGER = 0xfd;

/**
 * Calls `visit` with each entry of the ziplist in `bytes[start, start + size)`, through `value`, and returns whether the
 * ziplist is sound and no entry was refused. Layout: total bytes (u32), place of the last entry (u32), count (u16),
 * entries, end mark. An entry begins with the size of the one before it.
 */
export function visitZiplist(
  bytes: Uint8Array,
  start: number,
  size: number,
  value: PackedValue,
  visit: VisitEntry,
): boolean {
  if (size < LIST_HEADER_BYTES + 1 || readUint32(bytes, start) !== size) return false;
  const end = start + size - 1;
  if (bytes[end] !== LIST_END) return false;
  let at = start + LIST_HEADER_BYTES;
  let previous = 0;
  let count = 0;
  let last = -1;
  // An end mark before the end is not skipped over: the place is compared below.
  while (bytes[at] !== LIST_END) {
    const next = readZiplistEntry(bytes, at, end, previous, value);
    if (next < 0 || !visit(value)) return false;
    last = at;
    previous = next - at;
    at = next;
    count++;
  }
  if (at !== end) return false;
  if (last >= 0 && last !== start + readUint32(bytes, start + 4)) return false;
  if (readUint32(bytes, start + 4) > size - 1) return false;
  const stored = readUint16(bytes, start + 8);
  return stored === COUNT_UNKNOWN || stored === count;
}

/** Reads the entry at `at` and returns where the next one begins, or -1. Nothing of it may reach beyond `end`. */
function readZiplistEntry(
  bytes: Uint8Array,
  at: number,
  end: number,
  previous: number,
  value: PackedValue,
): number {
  const isLarge = bytes[at]! >= LARGE_PREVIOUS;
  const head = at + (isLarge ? 5 : 1);
  if (head > end) return -1;
  if ((isLarge ? readUint32(bytes, at + 1) : bytes[at]!) !== previous) return -1;
  const encoding = bytes[head]!;
  if (encoding >= INTEGER_16) return readZiplistInteger(bytes, head, end, value);
  const form = encoding & 0xc0;
  const headBytes = form === STRING_6_BITS ? 1 : form === STRING_14_BITS ? 2 : 5;
  const data = head + headBytes;
  if (data > end) return -1;
  let length = encoding & 0x3f;
  if (form === STRING_14_BITS) length = (length << 8) | bytes[head + 1]!;
  else if (form === STRING_32_BITS) length = readUint32BigEndian(bytes, head + 1);
  if (data + length > end) return -1;
  value.setBytes(bytes, data, length);
  return data + length;
}

function readZiplistInteger(bytes: Uint8Array, head: number, end: number, value: PackedValue): number {
  const encoding = bytes[head]!;
  const data = head + 1;
  const size = integerBytes(encoding);
  if (size < 0 || data + size > end) return -1;
  if (size === 0) value.setInteger((encoding & 0x0f) - 1);
  else if (size === 1) value.setInteger((bytes[data]! << 24) >> 24);
  else if (size === 2) value.setInteger((readUint16(bytes, data) << 16) >> 16);
  else if (size === 3) value.setInteger(((readUint16(bytes, data) << 8) | (bytes[data + 2]! << 24)) >> 8);
  else if (size === 4) value.setInteger(readInt32(bytes, data));
  else value.setInteger((BigInt(readInt32(bytes, data + 4)) << 32n) | BigInt(readUint32(bytes, data)));
  return data + size;
}

function integerBytes(encoding: number): number {
  switch (encoding) {
    case INTEGER_8:
      return 1;
    case INTEGER_16:
      return 2;
    case INTEGER_24:
      return 3;
    case INTEGER_32:
      return 4;
    case INTEGER_64:
      return 8;
    default:
      return encoding >= FIRST_SMALL_INTEGER && encoding <= LAST_SMALL_INTEGER ? 0 : -1;
  }
}

const MAP_LARGE = 254;
const MAP_END = 0xff;

/**
 * As `visitZiplist` for a zipmap: fields and values in turn. Layout: count (u8, 254: unknown), then length and
 * bytes of a field, length, spare bytes and bytes of its value, and so on; end mark. An empty one is not sound.
 */
export function visitZipmap(
  bytes: Uint8Array,
  start: number,
  size: number,
  value: PackedValue,
  visit: VisitEntry,
): boolean {
  if (size < 2) return false;
  const end = start + size - 1;
  if (bytes[end] !== MAP_END) return false;
  let at = start + 1;
  let count = 0;
  while (bytes[at] !== MAP_END) {
    const field = mapLengthBytes(bytes, at);
    if (at + field > end) return false;
    const fieldLength = mapLength(bytes, at);
    const fieldStart = at + field;
    at = fieldStart + fieldLength;
    if (at > end) return false;
    if (!visit(value.setBytes(bytes, fieldStart, fieldLength))) return false;
    const head = mapLengthBytes(bytes, at);
    if (at + head > end) return false;
    const length = mapLength(bytes, at);
    const spare = bytes[at + head]!;
    const valueStart = at + head + 1;
    at = valueStart + length + spare;
    if (at > end) return false;
    if (!visit(value.setBytes(bytes, valueStart, length))) return false;
    count++;
  }
  if (at !== end || count === 0) return false;
  return bytes[start] === MAP_LARGE || bytes[start] === count;
}

function mapLengthBytes(bytes: Uint8Array, at: number): number {
  return bytes[at]! < MAP_LARGE ? 1 : 5;
}

function mapLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  return first < MAP_LARGE ? first : readUint32(bytes, at + 1);
}

function readUint16(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}

function readUint32BigEndian(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
