// How far a group has come in a stream: how many entries it has read and how many are ahead of it. Both are known as long
// as no entry has been deleted in between, else only at the ends of the stream. The rules are Redis's, since XINFO shows
// what comes out, and effects carry it.

import type { Stream } from './stream.ts';
import { ENTRIES_READ_UNKNOWN, type StreamGroup } from './stream-group.ts';
import type { StreamId } from './stream-id.ts';

/** The group has been delivered the entry that follows its `lastId`. Only the count is kept up to date here. */
export function noteRead(stream: Stream, group: StreamGroup, id: StreamId): void {
  if (group.entriesRead !== ENTRIES_READ_UNKNOWN && !hasDeletedFrom(stream, id)) {
    group.entriesRead = sum(group.entriesRead, 1);
  } else if (stream.entriesAdded !== 0) {
    group.entriesRead = entriesUpTo(stream, id);
  }
}

/** How many entries are still to be delivered to the group; null when nobody knows. */
export function lagOf(stream: Stream, group: StreamGroup): number | bigint | null {
  if (stream.entriesAdded === 0) return 0;
  let { entriesRead } = group;
  if (entriesRead === ENTRIES_READ_UNKNOWN || hasDeletedFrom(stream, group.lastId)) {
    entriesRead = entriesUpTo(stream, group.lastId);
  }
  return entriesRead === ENTRIES_READ_UNKNOWN ? null : sum(stream.entriesAdded, entriesRead, -1);
}

// Whether XDEL may have deleted an entry at or behind `id`.
function hasDeletedFrom(stream: Stream, id: StreamId): boolean {
  const { maxDeletedId } = stream;
  if (stream.length === 0 || maxDeletedId.isZero) return false;
  if (stream.firstId.compare(maxDeletedId) > 0) return false;
  return id.compare(maxDeletedId) <= 0;
}

/** How many entries were ever added up to `id`, where that can be told; else ENTRIES_READ_UNKNOWN. */
export function entriesUpTo(stream: Stream, id: StreamId): number | bigint {
  const { entriesAdded, firstId, lastId, length, maxDeletedId } = stream;
  if (entriesAdded === 0) return 0;
  const toLast = id.compare(lastId);
  if (toLast === 0 || (length === 0 && toLast < 0)) return sum(entriesAdded, 0);
  if (toLast > 0) return ENTRIES_READ_UNKNOWN;
  if (maxDeletedId.isZero || maxDeletedId.compare(firstId) < 0) {
    const toFirst = id.compare(firstId);
    if (toFirst < 0) return sum(entriesAdded, -length);
    if (toFirst === 0) return sum(entriesAdded, 1 - length);
  }
  return ENTRIES_READ_UNKNOWN;
}

// `a + sign * b` as an int64 has it.
function sum(a: number | bigint, b: number | bigint, sign: 1 | -1 = 1): number | bigint {
  if (typeof a === 'number' && typeof b === 'number') {
    const total = a + sign * b;
    if (Number.isSafeInteger(total)) return total;
  }
  const total = BigInt.asIntN(64, BigInt(a) + BigInt(sign) * BigInt(b));
  const asNumber = Number(total);
  return Number.isSafeInteger(asNumber) ? asNumber : total;
}
