// A walk along the leaves of an OrderedIndex, and the layout of a leaf, which the two share: count · next leaf · previous
// leaf · (unused), then LEAF_ENTRIES scores, then as many refs.

import type { Heap, Ref } from './heap.ts';

export const HEADER_WORDS = 4;
export const HEADER_FLOATS = 2;
export const LEAF_ENTRIES = 84;
export const LEAF_REFS = HEADER_WORDS + 2 * LEAF_ENTRIES;
export const NEXT = 1;
export const PREVIOUS = 2;

/** Entries that are looked at ahead, together: read one after another, each would be waited for. */
export const TOUCHED_AHEAD = 16;
const NO_WORDS = new Int32Array(0);
const NO_FLOATS = new Float64Array(0);

/** A walk over an index from one entry to the next or the previous. The index must not change meanwhile. */
export class OrderedWalk {
  ref: Ref = 0;
  score = 0;
  /** What `nextRun` has found. */
  runRefs: Int32Array = NO_WORDS;
  runAt = 0;
  runStep = 1;

  private heap!: Heap;
  private leaf: Ref = 0;
  private slot = 0;
  private reverse = false;
  private words: Int32Array = NO_WORDS;
  private scores: Float64Array = NO_FLOATS;
  private at = 0;
  private count = 0;
  private seen = 0;
  // The first slot that has not been looked at ahead.
  private untouched = 0;

  /** For OrderedIndex: the next entry is the one at `slot` of `leaf`; 0: there is none. */
  begin(heap: Heap, leaf: Ref, slot: number, reverse: boolean): void {
    this.heap = heap;
    this.reverse = reverse;
    this.enter(leaf);
    this.slot = slot;
    // Who takes one entry may not want another.
    this.untouched = slot + 1;
  }

  /** Goes on to the next entry, the first at first, and returns whether there is one. */
  next(): boolean {
    if (this.reverse ? this.slot < 0 : this.slot >= this.count) this.enterNext();
    if (this.leaf === 0) return false;
    const { slot } = this;
    if (slot >= this.untouched && !this.reverse) this.touchAhead();
    this.ref = this.words[this.at + LEAF_REFS + slot]!;
    this.score = this.scores[(this.at >> 1) + HEADER_FLOATS + slot]!;
    this.slot = this.reverse ? slot - 1 : slot + 1;
    return true;
  }

  /**
   * Goes on over up to `limit` entries at once, which lie in `runRefs`, from `runAt` on, `runStep` apart; returns how many, 0 at
   * the end. Their scores are not told.
   */
  nextRun(limit: number): number {
    if (this.reverse ? this.slot < 0 : this.slot >= this.count) this.enterNext();
    if (this.leaf === 0) return 0;
    const { slot } = this;
    this.runRefs = this.words;
    this.runAt = this.at + LEAF_REFS + slot;
    if (this.reverse) {
      const taken = Math.min(limit, slot + 1);
      this.runStep = -1;
      this.slot = slot - taken;
      return taken;
    }
    const taken = Math.min(limit, this.count - slot, TOUCHED_AHEAD);
    this.touchAhead();
    this.runStep = 1;
    this.slot = slot + taken;
    return taken;
  }

  // Whoever walks will read the entries.
  private touchAhead(): void {
    const { heap, words } = this;
    const from = this.at + LEAF_REFS + this.slot;
    let seen = 0;
    for (let i = from + Math.min(TOUCHED_AHEAD, this.count - this.slot) - 1; i >= from; i--) {
      const ref = words[i]!;
      seen ^= heap.words(ref)[heap.offset(ref) >> 2]!;
    }
    // Without a use of what was read, the compiler would leave the reads out.
    this.seen ^= seen;
    this.untouched = this.slot + TOUCHED_AHEAD;
  }

  private enterNext(): void {
    const step = this.reverse ? PREVIOUS : NEXT;
    this.enter(this.leaf === 0 ? 0 : this.words[this.at + step]!);
    this.slot = this.reverse ? this.count - 1 : 0;
    this.untouched = 0;
  }

  private enter(leaf: Ref): void {
    this.leaf = leaf;
    if (leaf === 0) {
      this.count = 0;
      return;
    }
    this.words = this.heap.words(leaf);
    this.scores = this.heap.floats(leaf);
    this.at = this.heap.offset(leaf) >> 2;
    this.count = this.words[this.at]!;
  }
}
