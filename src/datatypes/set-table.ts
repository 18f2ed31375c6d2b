// A large set: a table of members behind the handle of an entry.

import type { HashSeed } from '../base/hash.ts';
import type { BlockMover } from '../memory/block-mover.ts';
import type { MoveVisitor, TableStats } from '../memory/chained-table.ts';
import type { Heap } from '../memory/heap.ts';
import { MemberTable } from '../memory/member-table.ts';
import type { LargeValue } from './large-value.ts';

export class SetTable implements LargeValue {
  readonly members: MemberTable;

  private readonly heap: Heap;

  private constructor(heap: Heap, members: MemberTable) {
    this.heap = heap;
    this.members = members;
  }

  /** An empty set with room for `capacity` members. */
  static create(heap: Heap, seed: HashSeed, capacity: number): SetTable {
    const members = new MemberTable(heap, seed);
    members.reserve(capacity);
    return new SetTable(heap, members);
  }

  get table(): MemberTable {
    return this.members;
  }

  get pieces(): number {
    return this.members.size;
  }

  copy(): SetTable {
    return new SetTable(this.heap, this.members.copy());
  }

  freeSome(pieces: number): boolean {
    if (this.members.freeSome(pieces, freeNothing)) return true;
    this.heap.tableBytes -= this.members.tableBytes;
    return false;
  }

  moveSome(from: number, mover: BlockMover): number {
    return this.members.moveSome(from, mover, NOBODY);
  }

  get usedBytes(): number {
    return this.members.usedBytes;
  }

  tables(): TableStats[] {
    return this.members.stats();
  }
}

// A member owns nothing beside its block.
function freeNothing(): void {}

// Nobody but the table points to a member.
const NOBODY: MoveVisitor = { entry() {} };
