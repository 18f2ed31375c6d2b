// Elements of sorted sets as replies: members, or members with their scores, which RESP3 answers as arrays of two.

import type { SortedSetBuilder } from '../datatypes/sorted-set-builder.ts';
import type { SortedSetCursor } from '../keyspace/sorted-set-cursor.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';

// The header of a reply of `count` elements.
function replyElementCount(reply: ReplyWriter, count: number, withScores: boolean): void {
  reply.array(withScores && reply.protocol === 2 ? 2 * count : count);
}

/** The next `count` elements of a cursor, which has as many. */
export function replyElements(
  reply: ReplyWriter,
  cursor: SortedSetCursor,
  count: number,
  withScores: boolean,
): void {
  replyElementCount(reply, count, withScores);
  if (!withScores) {
    cursor.replyMembers(reply, count);
    return;
  }
  for (let i = 0; i < count; i++) {
    cursor.next();
    if (reply.protocol === 3) reply.array(2);
    reply.bulk(cursor.memory, cursor.start, cursor.length);
    reply.double(cursor.score);
  }
}

/** All members of a builder, in order. */
export function replyBuilt(reply: ReplyWriter, builder: SortedSetBuilder, withScores: boolean): void {
  const { members } = builder;
  const { refs, scores, size } = builder.inOrder();
  replyElementCount(reply, size, withScores);
  for (let i = 0; i < size; i++) {
    const ref = refs[i]!;
    if (withScores && reply.protocol === 3) reply.array(2);
    reply.bulk(members.keyMemory(ref), members.keyOffset(ref), members.keyLength(ref));
    if (withScores) reply.double(scores[i]!);
  }
}
