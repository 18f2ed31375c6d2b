// A large sorted set that is being put together from members in no order (ZUNION and its relatives): scores may change
// until all are known, and only then do the members get their places, in one go. That takes a tenth of what it takes to
// insert them one by one, since nothing is looked for in the index.

import type { HashSeed } from '../base/hash.ts';
import { Dict } from '../memory/dict.ts';
import type { Heap, Ref } from '../memory/heap.ts';
import { insertScored, readScore, SortedSetTable, writeScore } from './sorted-set-table.ts';

const SLICE_PIECES = 256;
// Runs of this length are sorted by insertion before they are merged.
const RUN = 12;

export class SortedSetBuilder {
  readonly members: Dict;

  private readonly heap: Heap;
  private readonly seed: HashSeed;

  constructor(heap: Heap, seed: HashSeed) {
    this.heap = heap;
    this.seed = seed;
    this.members = new Dict(heap, seed);
  }

  get size(): number {
    return this.members.size;
  }

  /** Room for so many members at once. */
  reserve(members: number): void {
    this.members.reserve(members);
  }

  /** The entry of a member, or 0. O(1). */
  find(bytes: Uint8Array, start: number, length: number, hash: number): Ref {
    return this.members.find(bytes, start, length, hash);
  }

  /** Adds a member that is not present. `bytes` may lie in the heap. O(1). */
  add(score: number, bytes: Uint8Array, start: number, length: number, hash: number): void {
    insertScored(this.heap, this.members, score, bytes, start, length, hash);
  }

  score(ref: Ref): number {
    return readScore(this.heap, this.members, ref);
  }

  setScore(ref: Ref, score: number): void {
    writeScore(this.heap, this.members, ref, score);
  }

  remove(ref: Ref, hash: number): void {
    this.members.delete(ref, hash);
  }

  /** The members in the order that their scores give them now. O(n log n). */
  inOrder(): ScoredRefs {
    const order = new ScoredRefs(this.members);
    this.members.visitAll((ref) => order.add(this.score(ref), ref));
    order.sort();
    return order;
  }

  /** A sorted set of the members, of which `order` is all; the builder is spent. O(n). */
  toTable(order: ScoredRefs): SortedSetTable {
    const table = new SortedSetTable(this.heap, this.seed, this.members);
    for (let i = 0; i < order.size; i++) table.index.append(order.scores[i]!, order.refs[i]!);
    return table;
  }

  /** Frees the members; the builder is spent. O(n). */
  free(): void {
    while (this.members.freeSome(SLICE_PIECES, freeNothing));
    this.heap.tableBytes -= this.members.tableBytes;
  }
}

/** Entries with their scores, to be put in the order of a sorted set: a merge sort of two parallel arrays. */
export class ScoredRefs {
  readonly size: number;
  scores: Float64Array;
  refs: Int32Array;

  private readonly members: Dict;
  private count = 0;

  /** Room for all entries of `members`. */
  constructor(members: Dict) {
    this.members = members;
    this.size = members.size;
    this.scores = new Float64Array(this.size);
    this.refs = new Int32Array(this.size);
  }

  add(score: number, ref: Ref): void {
    this.scores[this.count] = score;
    this.refs[this.count] = ref;
    this.count++;
  }

  sort(): void {
    const { size } = this;
    for (let start = 0; start < size; start += RUN) this.sortRun(start, Math.min(size, start + RUN));
    if (size <= RUN) return;
    let scores: Float64Array = new Float64Array(size);
    let refs: Int32Array = new Int32Array(size);
    for (let width = RUN; width < size; width *= 2) {
      for (let start = 0; start < size; start += 2 * width) {
        this.merge(start, Math.min(size, start + width), Math.min(size, start + 2 * width), scores, refs);
      }
      [this.scores, scores] = [scores, this.scores];
      [this.refs, refs] = [refs, this.refs];
    }
  }

  private sortRun(start: number, end: number): void {
    const { scores, refs, members } = this;
    for (let i = start + 1; i < end; i++) {
      const score = scores[i]!;
      const ref = refs[i]!;
      let at = i;
      for (; at > start; at--) {
        const before = scores[at - 1]!;
        if (before < score || (before === score && members.compareKeys(refs[at - 1]!, ref) < 0)) break;
        scores[at] = before;
        refs[at] = refs[at - 1]!;
      }
      scores[at] = score;
      refs[at] = ref;
    }
  }

  // Merges the runs [start, middle) and [middle, end) into the same places of other arrays.
  private merge(
    start: number,
    middle: number,
    end: number,
    toScores: Float64Array,
    toRefs: Int32Array,
  ): void {
    const { scores, refs, members } = this;
    let left = start;
    let right = middle;
    for (let at = start; at < end; at++) {
      let takesLeft = right === end;
      if (!takesLeft && left < middle) {
        const a = scores[left]!;
        const b = scores[right]!;
        takesLeft = a < b || (a === b && members.compareKeys(refs[left]!, refs[right]!) < 0);
      }
      const from = takesLeft ? left++ : right++;
      toScores[at] = scores[from]!;
      toRefs[at] = refs[from]!;
    }
  }
}

// A member owns nothing beside its block.
function freeNothing(): void {}
