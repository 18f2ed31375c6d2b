// A large sorted set: a Dict from members to scores behind the handle of an entry, and an OrderedIndex over the Dict's
// entries. A member's bytes are stored once, its score twice: where a lookup by member ends, and where a search by score
// goes along.

import { toBytes } from '../base/bytes.ts';
import type { HashSeed } from '../base/hash.ts';
import type { BlockMover } from '../memory/block-mover.ts';
import type { TableStats } from '../memory/chained-table.ts';
import { Dict } from '../memory/dict.ts';
import type { Heap, Ref } from '../memory/heap.ts';
import { OrderedIndex } from '../memory/ordered-index.ts';
import { OrderedWalk, TOUCHED_AHEAD } from '../memory/ordered-walk.ts';
import type { LargeValue } from './large-value.ts';

const SCORE_BYTES = 8;

export class SortedSetTable implements LargeValue {
  readonly members: Dict;
  readonly index: OrderedIndex;

  private readonly heap: Heap;
  private readonly seed: HashSeed;
  private readonly forget: (ref: Ref) => void;
  // Without a use of what was read ahead, the compiler would leave the reads out.
  private seen = 0;

  /** `members`: with a score in each, and to be appended to the index in order. */
  constructor(heap: Heap, seed: HashSeed, members = new Dict(heap, seed)) {
    this.heap = heap;
    this.seed = seed;
    this.members = members;
    this.index = new OrderedIndex(heap, this.members);
    this.forget = (ref) => this.members.delete(ref);
  }

  get size(): number {
    return this.index.size;
  }

  /** The entry of a member, or 0. */
  find(bytes: Uint8Array, start: number, length: number): Ref {
    return this.members.find(bytes, start, length, this.members.hash(bytes, start, length));
  }

  score(ref: Ref): number {
    return readScore(this.heap, this.members, ref);
  }

  /** Adds a member that is not present; `hash` is the one it was looked for with. O(log n). */
  add(
    score: number,
    bytes: Uint8Array,
    start: number,
    length: number,
    hash = this.members.hash(bytes, start, length),
  ): void {
    this.index.insert(score, this.addMember(score, bytes, start, length, hash));
  }

  /** Adds a member that is not present and comes after all others. O(1) in the mean. */
  append(score: number, bytes: Uint8Array, start: number, length: number): void {
    const hash = this.members.hash(bytes, start, length);
    this.index.append(score, this.addMember(score, bytes, start, length, hash));
  }

  /** Gives a member a score, whether it is present or not: for building a set from anything. O(log n). */
  put(score: number, bytes: Uint8Array, start: number, length: number): void {
    const hash = this.members.hash(bytes, start, length);
    const ref = this.members.find(bytes, start, length, hash);
    if (ref === 0) this.add(score, bytes, start, length, hash);
    else this.update(ref, score);
  }

  /** As `put`, with a latin1 text. */
  putText(score: number, member: string): void {
    this.put(score, toBytes(member), 0, member.length);
  }

  /** Gives an entry another score. O(log n). */
  update(ref: Ref, score: number): void {
    const { members } = this;
    if (members.pass !== null) members.pass.beforeChange(members.entryHash(ref));
    this.index.update(this.score(ref), ref, score);
    this.setScore(ref, score);
  }

  /** Removes an entry. O(log n). */
  remove(ref: Ref): void {
    this.index.delete(this.score(ref), ref);
    this.members.delete(ref);
  }

  /** Removes `count` members from a rank on. O(log n + count). */
  removeRanks(first: number, count: number): void {
    const { index, members } = this;
    if (count > 1) {
      index.deleteRange(first, count, this.forget);
    } else if (first > 0) {
      members.delete(index.deleteAt(first));
    } else {
      // Somebody is popping: those who are next are looked at together.
      if (index.size % TOUCHED_AHEAD === 0) this.seen ^= index.touchFirst();
      members.delete(index.shift());
    }
  }

  /** How many members come before this entry's. O(log n). */
  rank(ref: Ref): number {
    return this.index.rank(this.score(ref), ref);
  }

  /** Room for so many members at once. */
  reserve(members: number): void {
    this.members.reserve(members);
  }

  get table(): Dict {
    return this.members;
  }

  get pieces(): number {
    return this.index.size;
  }

  copy(): SortedSetTable {
    const copy = new SortedSetTable(this.heap, this.seed);
    copy.reserve(this.size);
    this.forEach((memory, start, length, score) => {
      copy.append(score, memory, start, length);
    });
    return copy;
  }

  /** Calls `visit` with every member, `length` bytes of `memory`, and its score, ascending. O(n). */
  forEach(visit: (memory: Buffer, start: number, length: number, score: number) => void): void {
    const { heap, members } = this;
    const walk = new OrderedWalk();
    this.index.beginWalk(walk, 0, false);
    while (walk.next()) {
      const { ref } = walk;
      visit(heap.bytes(ref), members.keyOffset(ref), members.keyLength(ref), walk.score);
    }
  }

  freeSome(pieces: number): boolean {
    if (this.members.size > 0) {
      this.members.freeSome(pieces, freeNothing);
      return true;
    }
    if (this.index.freeSome(pieces)) return true;
    this.heap.tableBytes -= this.members.tableBytes;
    return false;
  }

  moveSome(from: number, mover: BlockMover): number {
    if (from >= this.index.size) return 0;
    const next = this.index.moveLeaf(from, mover);
    return next < this.index.size ? next : 0;
  }

  get usedBytes(): number {
    let total = this.members.tableBytes + this.index.usedBytes;
    this.members.visitAll((ref) => {
      total += this.heap.capacity(ref);
    });
    return total;
  }

  /** Figures of the table of members, for DEBUG HTSTATS-KEY. */
  tables(): TableStats[] {
    return this.members.stats();
  }

  private addMember(score: number, bytes: Uint8Array, start: number, length: number, hash: number): Ref {
    return insertScored(this.heap, this.members, score, bytes, start, length, hash);
  }

  private setScore(ref: Ref, score: number): void {
    writeScore(this.heap, this.members, ref, score);
  }
}

/** Adds a member that is not present, and its score, to a dict of scores. */
export function insertScored(
  heap: Heap,
  members: Dict,
  score: number,
  bytes: Uint8Array,
  start: number,
  length: number,
  hash: number,
): Ref {
  const ref = members.insert(bytes, start, length, hash, SCORE_BYTES, false);
  writeScore(heap, members, ref, score);
  return ref;
}

export function readScore(heap: Heap, members: Dict, ref: Ref): number {
  return heap.bytes(ref).readDoubleLE(members.valueOffset(ref));
}

export function writeScore(heap: Heap, members: Dict, ref: Ref, score: number): void {
  heap.bytes(ref).writeDoubleLE(score, members.valueOffset(ref));
}

// A member owns nothing beside its block.
function freeNothing(): void {}
