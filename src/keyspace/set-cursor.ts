// A pass over the members of a set, in the order in which Redis shows those of a small one. Made once and used again and
// again; the set must not change meanwhile.

import { KIND } from '../datatypes/kind.ts';
import type { Ref } from '../memory/heap.ts';
import type { MemberTable } from '../memory/member-table.ts';
import { type MemberSet, NO_PLACE } from './member-set.ts';
import { SetMember } from './set-member.ts';

// How many members are looked for in other tables at once.
const AHEAD = 512;

/** A table in which many members are going to be looked for. */
export type Touched = Pick<MemberTable, 'touch'>;

export class SetCursor {
  /** The member that `next` came to, and its place. */
  readonly member = new SetMember();
  place = NO_PLACE;

  private set!: MemberSet;
  private following = NO_PLACE;

  private readonly near: Ref[] = [0];
  private nearAt = 0;
  private from = 0;
  private isLast = false;

  private others: readonly Touched[] = NO_TABLES;
  private readonly hashes = new Int32Array(AHEAD);
  private readonly heads = new Int32Array(AHEAD);
  private hashed = 0;
  // Without a use of what was read, the compiler would leave the reads out.
  private seen = 0;

  /** Starts before the first member. `others`: tables in which each member will be looked for. */
  begin(set: MemberSet, others = NO_TABLES): void {
    this.set = set;
    this.others = others;
    this.from = 0;
    this.near[0] = 0;
    this.nearAt = 0;
    this.hashed = 0;
    this.isLast = false;
    if (set.kind !== KIND.SET_TABLE) this.following = set.firstPlace();
  }

  /** Goes to the next member; false at the end. */
  next(): boolean {
    const { set, member } = this;
    if (set.kind === KIND.SET_TABLE) return this.nextOfTable(set.table);
    this.place = this.following;
    if (this.place === NO_PLACE) return false;
    this.following = set.readAndStep(this.place, member);
    return true;
  }

  private nextOfTable(table: MemberTable): boolean {
    while (this.near[this.nearAt] === 0) {
      if (this.isLast) return false;
      this.from = table.gather(this.from, this.near);
      this.isLast = this.from === 0;
      this.nearAt = 0;
      if (this.others.length > 0) this.lookAhead(table);
    }
    const at = this.nearAt++;
    const ref = this.near[at]!;
    const start = table.keyOffset(ref);
    const length = table.keyLength(ref);
    this.place = ref;
    if (at < this.hashed) this.member.setHashed(table.keyMemory(ref), start, length, this.hashes[at]!);
    else this.member.setBytes(table.keyMemory(ref), start, length);
    return true;
  }

  // A look into a large table waits for memory twice, for the slot and for the entry; done for many members in one go,
  // the waits overlap.
  private lookAhead(table: MemberTable): void {
    const { near, hashes } = this;
    let count = 0;
    for (; count < AHEAD && near[count] !== 0; count++) {
      const ref = near[count]!;
      hashes[count] = table.hash(table.keyMemory(ref), table.keyOffset(ref), table.keyLength(ref));
    }
    this.hashed = count;
    for (const other of this.others) this.seen ^= other.touch(hashes, this.heads, count);
  }
}

const NO_TABLES: readonly Touched[] = [];
