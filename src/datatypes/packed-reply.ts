// Entries of packed blocks as replies: bulk strings written straight from the block into the output, in one pass and
// without a call per entry where entries are short. It is what long replies (LRANGE) spend their time on.

import { decimalDigits, writeSafeInteger } from '../base/numbers.ts';
import { PACKED_END, type PackedEntry, readSmallInteger } from '../memory/packed-entry.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import { after } from './stream-node.ts';
import type { StreamReader } from './stream-reader.ts';

// The most that a short entry (a string below 64 bytes, an integer of up to 32 bits) takes in a reply.
const SHORT_REPLY_BYTES = 72;
const DOLLAR = 36;
const MINUS = 45;
const ZERO = 48;
const CR = 13;
const LF = 10;

/** Writes the entry at the absolute offset `p` and returns the offset after it. `reader` is scratch space. */
export function replyEntry(reply: ReplyWriter, bytes: Uint8Array, p: number, reader: PackedEntry): number {
  const next = reader.read(bytes, 0, p);
  if (!reader.isInteger) reply.bulk(bytes, reader.start, reader.length);
  else reply.bulkInteger(reader.integer);
  return next;
}

/**
 * Writes up to `count` entries from the absolute offset `p` on, and returns how many there were before the end mark.
 * `reader` is scratch space.
 */
export function replyEntries(
  reply: ReplyWriter,
  bytes: Uint8Array,
  p: number,
  count: number,
  reader: PackedEntry,
): number {
  let out = reply.bytes;
  let { at } = reply;
  for (let done = 0; done < count; done++) {
    const first = bytes[p]!;
    if (isLong(first)) {
      reply.at = at;
      if (first === PACKED_END) return done;
      p = replyEntry(reply, bytes, p, reader);
      out = reply.bytes;
      at = reply.at;
      continue;
    }
    if (at + SHORT_REPLY_BYTES > out.length) {
      reply.at = at;
      reply.ensure(SHORT_REPLY_BYTES);
      out = reply.bytes;
      at = reply.at;
    }
    out[at] = DOLLAR;
    if (first >= 0x80 && first < 0xc0) {
      const length = first & 0x3f;
      at = writeLength(out, at + 1, length);
      p++;
      for (let i = 0; i < length; i++) out[at + i] = bytes[p + i]!;
      at += length;
      p += length + 1;
    } else {
      const value = first < 0x80 ? first : readSmallInteger(bytes, p, first);
      at = writeInteger(out, at + 1, value);
      p += first < 0x80 ? 2 : first < 0xe0 ? 3 : first - 0xed;
    }
    out[at] = CR;
    out[at + 1] = LF;
    at += 2;
  }
  reply.at = at;
  return count;
}

/** The fields and values, in turn, of the entry of a stream that a reader stands on. `entry` is scratch space. */
export function replyFields(reply: ReplyWriter, reader: StreamReader, entry: PackedEntry): void {
  const { bytes, fields } = reader;
  if (!reader.hasMasterFields) {
    replyEntries(reply, bytes, reader.dataAt, 2 * fields, entry);
    return;
  }
  let field = reader.masterAt;
  let value = reader.dataAt;
  for (let i = 0; i < fields; i++) {
    replyEntries(reply, bytes, field, 1, entry);
    replyEntries(reply, bytes, value, 1, entry);
    field = after(bytes, field);
    value = after(bytes, value);
  }
}

// The end mark, long strings and 64-bit integers; by the entry's first byte.
function isLong(first: number): boolean {
  return first >= 0xe0 && (first <= 0xf0 || first >= 0xf4);
}

// A length of two digits at most, and the line break behind it.
function writeLength(out: Uint8Array, at: number, length: number): number {
  if (length > 9) {
    const tens = (length / 10) | 0;
    out[at++] = ZERO + tens;
    length -= tens * 10;
  }
  out[at] = ZERO + length;
  out[at + 1] = CR;
  out[at + 2] = LF;
  return at + 3;
}

function writeInteger(out: Uint8Array, at: number, value: number): number {
  if (value >= 0 && value <= 9) {
    at = writeLength(out, at, 1);
    out[at] = ZERO + value;
    return at + 1;
  }
  const isNegative = value < 0;
  const size = isNegative ? -value : value;
  at = writeLength(out, at, decimalDigits(size) + (isNegative ? 1 : 0));
  if (isNegative) out[at++] = MINUS;
  return writeSafeInteger(out, at, size);
}
