// A walk over the elements of a sorted set, whichever form it has: one object that is set on its way and asked for the
// next element again and again, so that neither an element nor its member becomes an object or a string.

import { toText } from '../base/bytes.ts';
import { parseDoubleBytes } from '../base/numbers.ts';
import { KIND } from '../datatypes/kind.ts';
import type { SortedSetTable } from '../datatypes/sorted-set-table.ts';
import type { Dict } from '../memory/dict.ts';
import type { Ref } from '../memory/heap.ts';
import { OrderedWalk } from '../memory/ordered-walk.ts';
import { NO_ENTRY, packedNext, packedPrevious, packedSeek } from '../memory/packed.ts';
import { PACKED_END, PackedEntry } from '../memory/packed-entry.ts';
import { type ReplyWriter, SHORT_BULK_BYTES } from '../resp/reply-writer.ts';
import type { Database } from './database.ts';

const INTEGER_TEXT_BYTES = 20;

export class SortedSetCursor {
  /** The element's member: `length` bytes of `memory` from `start` on, whatever way it is stored. */
  memory: Uint8Array;
  start = 0;
  length = 0;
  score = 0;

  private reverse = false;
  // In a table; else null.
  private members: Dict | null = null;
  private readonly walk = new OrderedWalk();
  // In a packed block: where the element to come stands.
  private block!: Buffer;
  private base = 0;
  private at = NO_ENTRY;
  private readonly entry = new PackedEntry();
  private readonly digits = new Uint8Array(INTEGER_TEXT_BYTES);

  constructor() {
    this.memory = this.digits;
  }

  /**
   * Sets out for the element at a rank, counted from the lowest score, and from there upwards or, in `reverse`,
   * downwards. The sorted set must not change before the walk ends. O(log n), O(n) in a packed one.
   */
  seek(db: Database, ref: Ref, rank: number, reverse: boolean): void {
    if (db.kind(ref) === KIND.SORTED_SET_TABLE) {
      this.seekTable(db.large(ref) as SortedSetTable, rank, reverse);
      return;
    }
    this.members = null;
    this.reverse = reverse;
    this.block = db.valueMemory(ref);
    this.base = db.valueOffset(ref);
    this.at = rank < 0 ? NO_ENTRY : packedSeek(this.block, this.base, rank * 2);
  }

  /** As `seek`, for the first element whose score is not below `score`, and upwards. O(log n), O(n) in a packed one. */
  seekScore(db: Database, ref: Ref, score: number): void {
    if (db.kind(ref) === KIND.SORTED_SET_TABLE) {
      const { members, index } = db.large(ref) as SortedSetTable;
      this.members = members;
      index.beginWalkAtScore(this.walk, score);
      return;
    }
    this.seek(db, ref, 0, false);
    const { entry, block, base } = this;
    for (let { at } = this; at !== NO_ENTRY && block[base + at] !== PACKED_END; ) {
      const next = entry.read(block, base, packedNext(block, base, at));
      if (packedScore(entry) >= score) break;
      at = next;
      this.at = at;
    }
  }

  /** As `seek`, in a table that no key holds. */
  seekTable(table: SortedSetTable, rank: number, reverse: boolean): void {
    this.members = table.members;
    table.index.beginWalk(this.walk, rank, reverse);
  }

  /** Goes on to the next element, the first at first, and returns whether there is one. */
  next(): boolean {
    const { members } = this;
    if (members === null) return this.nextPacked();
    const { walk } = this;
    if (!walk.next()) return false;
    const { ref } = walk;
    this.score = walk.score;
    members.keyInto(ref, this);
    return true;
  }

  /** Answers the next `count` members; there are as many. The cursor's own fields are as before. */
  replyMembers(reply: ReplyWriter, count: number): void {
    const { members, walk } = this;
    if (members === null) {
      for (; count > 0 && this.nextPacked(); count--) reply.bulk(this.memory, this.start, this.length);
      return;
    }
    while (count > 0) {
      const taken = walk.nextRun(count);
      if (taken === 0) return;
      const { runRefs, runStep } = walk;
      let at = walk.runAt;
      reply.roomForShortBulks(taken);
      for (let i = taken - 1; i >= 0; i--, at += runStep) {
        const ref = runRefs[at]!;
        const words = members.keyWords(ref);
        const block = members.keyBlock(ref);
        const length = members.keyLengthIn(words, block, ref);
        const start = members.keyOffsetIn(words, block, ref);
        if (length < SHORT_BULK_BYTES) {
          reply.shortBulk(words, start, length);
        } else {
          reply.bulk(members.keyMemory(ref), start, length);
          reply.roomForShortBulks(i);
        }
      }
      count -= taken;
    }
  }

  /** The member as a latin1 string. */
  memberText(): string {
    return toText(this.memory, this.start, this.start + this.length);
  }

  private nextPacked(): boolean {
    const { entry, block, base, at } = this;
    if (at === NO_ENTRY || block[base + at] === PACKED_END) return false;
    const scoreAt = entry.read(block, base, at);
    if (entry.isInteger) {
      this.memory = this.digits;
      this.start = 0;
      this.length = entry.writeText(this.digits, 0);
    } else {
      this.memory = block;
      this.start = entry.start;
      this.length = entry.length;
    }
    const end = entry.read(block, base, scoreAt);
    this.score = packedScore(entry);
    if (this.reverse) {
      const before = packedPrevious(block, base, at);
      this.at = before === NO_ENTRY ? NO_ENTRY : packedPrevious(block, base, before);
    } else {
      this.at = end;
    }
    return true;
  }
}

/** The score that a packed entry holds. */
export function packedScore(entry: PackedEntry): number {
  return entry.isInteger ? entry.number : parseDoubleBytes(entry.bytes, entry.start, entry.length);
}
