// Streams in replies: IDs and entries, written straight from the heap.

import { replyFields } from '../datatypes/packed-reply.ts';
import type { Stream, StreamScratch } from '../datatypes/stream.ts';
import { ID_TEXT_BYTES, type StreamId } from '../datatypes/stream-id.ts';
import type { StreamReader } from '../datatypes/stream-reader.ts';
import type { PackedEntry } from '../memory/packed-entry.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';

// `$nn`, and twice CRLF.
const FRAME_BYTES = 7;

/** An ID as a bulk string. */
export function replyId(reply: ReplyWriter, id: StreamId): void {
  reply.ensure(ID_TEXT_BYTES + FRAME_BYTES);
  const { bytes, at } = reply;
  let text = at + 5;
  let end = id.write(bytes, text);
  const length = end - text;
  bytes[at] = 36;
  if (length < 10) {
    bytes.copyWithin(--text, text + 1, end--);
    bytes[at + 1] = 48 + length;
  } else {
    const tens = (length / 10) | 0;
    bytes[at + 1] = 48 + tens;
    bytes[at + 2] = 48 + length - tens * 10;
  }
  bytes[text - 2] = bytes[end] = 13;
  bytes[text - 1] = bytes[end + 1] = 10;
  reply.at = end + 2;
}

/** The entry that a reader stands on: its ID, then an array of fields and values in turn. */
export function replyEntry(reply: ReplyWriter, reader: StreamReader, entry: PackedEntry): void {
  reply.array(2);
  replyId(reply, reader.id);
  reply.array(2 * reader.fields);
  replyFields(reply, reader, entry);
}

/** An array of up to `limit` entries between two IDs. */
export function replyRange(
  reply: ReplyWriter,
  scratch: StreamScratch,
  stream: Stream,
  first: StreamId,
  last: StreamId,
  limit: number,
): void {
  const { entry, reader } = scratch;
  reader.open(stream, first, last);
  let count = reader.count(limit);
  reply.array(count);
  for (; count > 0 && reader.next(); count--) replyEntry(reply, reader, entry);
}

/** As `replyRange`, from the last entry backwards. */
export function replyReverseRange(
  reply: ReplyWriter,
  scratch: StreamScratch,
  stream: Stream,
  first: StreamId,
  last: StreamId,
  limit: number,
): void {
  const { entry, reader } = scratch;
  reader.open(stream, first, last);
  let count = reader.count(limit);
  reply.array(count);
  if (count === 0) return;
  reader.openReverse(stream, first, last);
  for (; count > 0 && reader.previous(); count--) replyEntry(reply, reader, entry);
}
