// Members of sets as replies: bulk strings, written from where they lie straight into the output.

import type { MemberSet } from '../keyspace/member-set.ts';
import type { SetCursor } from '../keyspace/set-cursor.ts';
import type { SetMember } from '../keyspace/set-member.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';

export function replyMember(reply: ReplyWriter, member: SetMember): void {
  reply.bulk(member.bytes, member.start, member.length);
}

/** All members of a set, without a header. */
export function replyMembers(reply: ReplyWriter, set: MemberSet, cursor: SetCursor): void {
  for (cursor.begin(set); cursor.next(); ) replyMember(reply, cursor.member);
}

/** The members at some places of a set, without a header; `member` is scratch space. */
export function replyPlaces(
  reply: ReplyWriter,
  set: MemberSet,
  places: readonly number[],
  member: SetMember,
): void {
  for (let i = 0; i < places.length; i++) {
    set.read(places[i]!, member);
    replyMember(reply, member);
  }
}
