// The order of a large sorted set: a B+ tree in a Heap over entries of a Dict, ascending by score, then by the bytes of
// the member. Every inner node knows how many entries lie below each child, so ranks cost as little as lookups. A tree
// and not a skip list: an entry takes 12 bytes and the slack of its node, and a lookup stays within a few nodes.
//
// What a leaf's block holds is described in ordered-walk.ts, what an inner node's in ordered-node.ts.

import type { BlockMover } from './block-mover.ts';
import type { Dict } from './dict.ts';
import type { Heap, Ref } from './heap.ts';
import { CHILDREN, COUNTS, FIRST_REFS, INNER_CHILDREN, moveChildren, moveEntries } from './ordered-node.ts';
import {
  HEADER_FLOATS,
  LEAF_ENTRIES,
  LEAF_REFS,
  NEXT,
  type OrderedWalk,
  PREVIOUS,
  TOUCHED_AHEAD,
} from './ordered-walk.ts';

const NODE_BYTES = 1024;

// A node that falls below a third looks for a neighbour to merge with, unless both together would be nearly full: then
// the next insertion would split them again.
const LEAF_UNDERFULL = 28;
const LEAF_MERGED_MAX = 70;
const INNER_UNDERFULL = 16;
const INNER_MERGED_MAX = 42;

// A level takes at least 25 times the insertions of the one below.
const MAX_HEIGHT = 16;

export class OrderedIndex {
  /** How many entries there are. */
  size = 0;

  private readonly heap: Heap;
  private readonly members: Dict;
  private root: Ref;
  /** Levels of inner nodes above the leaves. */
  private height = 0;
  private firstLeaf: Ref;
  private lastLeaf: Ref;
  private nodes = 0;

  // What the last descent has passed: at each level from `height` down to 1 a node and a child of it, at the end a leaf
  // and a place in it.
  private readonly pathNodes = new Int32Array(MAX_HEIGHT + 1);
  private readonly pathSlots = new Int32Array(MAX_HEIGHT + 1);
  private leaf: Ref = 0;
  private slot = 0;
  // How many entries at the head of the first leaf are gone already: `size` does not count them, the nodes do.
  private gone = 0;

  constructor(heap: Heap, members: Dict) {
    this.heap = heap;
    this.members = members;
    this.root = this.newLeaf(0, 0);
    this.firstLeaf = this.root;
    this.lastLeaf = this.root;
  }

  /** The bytes of its blocks. */
  get usedBytes(): number {
    return this.nodes * NODE_BYTES;
  }

  /** How many blocks it has. */
  get blocks(): number {
    return this.nodes;
  }

  /** Adds an entry, which must not be present. O(log n). */
  insert(score: number, ref: Ref): void {
    this.findEntry(score, ref);
    this.insertHere(score, ref);
  }

  /** Adds an entry that is known to come after all others, without comparing. O(log n). */
  append(score: number, ref: Ref): void {
    this.settle();
    let node = this.root;
    for (let level = this.height; level > 0; level--) {
      const words = this.heap.words(node);
      const at = this.heap.offset(node) >> 2;
      const last = words[at]! - 1;
      this.pathNodes[level] = node;
      this.pathSlots[level] = last;
      node = words[at + CHILDREN + last]!;
    }
    this.leaf = node;
    this.slot = this.heap.words(node)[this.heap.offset(node) >> 2]!;
    this.insertHere(score, ref);
  }

  /** Removes an entry, which must be present and still have its member. O(log n). */
  delete(score: number, ref: Ref): void {
    this.findEntry(score, ref);
    this.removeHere(1);
  }

  /** Gives an entry another score. O(log n). */
  update(score: number, ref: Ref, newScore: number): void {
    this.findEntry(score, ref);
    if (this.staysHere(newScore, ref)) {
      const { leaf } = this;
      this.heap.floats(leaf)[(this.heap.offset(leaf) >> 3) + HEADER_FLOATS + this.slot] = newScore;
      return;
    }
    this.removeHere(1);
    this.findEntry(newScore, ref);
    this.insertHere(newScore, ref);
  }

  /** Removes `count` entries from a rank on and calls `removed` for each, in order. O(log n + count). */
  deleteRange(rank: number, count: number, removed: (ref: Ref) => void): void {
    while (count > 0) {
      this.findRank(rank);
      const words = this.heap.words(this.leaf);
      const at = this.heap.offset(this.leaf) >> 2;
      const here = Math.min(count, words[at]! - this.slot);
      const first = at + LEAF_REFS + this.slot;
      for (let i = first; i < first + here; i++) removed(words[i]!);
      this.removeHere(here);
      count -= here;
    }
  }

  /** Removes the entry at a rank that exists and returns it. O(log n). */
  deleteAt(rank: number): Ref {
    this.findRank(rank);
    const ref = this.heap.words(this.leaf)[(this.heap.offset(this.leaf) >> 2) + LEAF_REFS + this.slot]!;
    this.removeHere(1);
    return ref;
  }

  /**
   * Removes the first entry and returns it; there must be one. O(1) in the mean: what a queue takes one after another leaves
   * the tree together, a leaf at a time or as soon as anything else is asked.
   */
  shift(): Ref {
    const { heap, firstLeaf } = this;
    const words = heap.words(firstLeaf);
    const at = heap.offset(firstLeaf) >> 2;
    const ref = words[at + LEAF_REFS + this.gone]!;
    this.gone++;
    this.size--;
    if (this.gone === words[at]) this.settle();
    return ref;
  }

  /**
   * Reads what the removal of the first entries, up to 16 of a leaf, will look at. Changes nothing; the number means nothing.
   */
  touchFirst(): number {
    const { heap, members, firstLeaf, gone } = this;
    const words = heap.words(firstLeaf);
    const at = heap.offset(firstLeaf) >> 2;
    const first = at + LEAF_REFS + gone;
    const end = first + Math.min(words[at]! - gone, TOUCHED_AHEAD);
    let seen = 0;
    for (let i = first; i < end; i++) seen ^= members.touchEntry(words[i]!);
    return seen;
  }

  /** How many entries come before this one. O(log n). */
  rank(score: number, ref: Ref): number {
    this.findEntry(score, ref);
    return this.rankHere();
  }

  /** How many entries have a score below `score`; with `orEqual` also those that have it. O(log n). */
  rankOfScore(score: number, orEqual: boolean): number {
    this.findScore(score, orEqual);
    return this.rankHere();
  }

  /**
   * How many entries have a member before the one given; with `orEqual` also the one that has it. Means something only
   * where all scores are equal. O(log n).
   */
  rankOfMember(bytes: Uint8Array, start: number, length: number, orEqual: boolean): number {
    this.settle();
    const { heap, members } = this;
    const limit = orEqual ? 1 : 0;
    let node = this.root;
    for (let level = this.height; level > 0; level--) {
      const words = heap.words(node);
      const at = heap.offset(node) >> 2;
      let low = 0;
      let high = words[at]! - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (members.compareKey(words[at + FIRST_REFS + middle]!, bytes, start, length) < limit) low = middle;
        else high = middle - 1;
      }
      node = this.step(level, node, low);
    }
    const words = heap.words(node);
    const at = heap.offset(node) >> 2;
    let low = 0;
    let high = words[at]!;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (members.compareKey(words[at + LEAF_REFS + middle]!, bytes, start, length) < limit) low = middle + 1;
      else high = middle;
    }
    this.slot = low;
    return this.rankHere();
  }

  /** Sets a walk on the way from a rank on. O(log n). */
  beginWalk(walk: OrderedWalk, rank: number, reverse: boolean): void {
    if (rank < 0 || rank >= this.size) {
      walk.begin(this.heap, 0, 0, reverse);
      return;
    }
    if (reverse) this.settle();
    if (rank === 0) this.goTo(this.firstLeaf, this.gone);
    else if (rank === this.size - 1) this.goTo(this.lastLeaf, this.leafCount(this.lastLeaf) - 1);
    else this.findRank(rank);
    walk.begin(this.heap, this.leaf, this.slot, reverse);
  }

  /** Sets a walk on the way upwards from the first entry whose score is not below `score`. O(log n). */
  beginWalkAtScore(walk: OrderedWalk, score: number): void {
    this.findScore(score, false);
    walk.begin(this.heap, this.leaf, this.slot, false);
  }

  /**
   * A step of a pass that moves blocks: the leaf with the entry at a rank, which must exist, the nodes above it, and the
   * blocks of its entries. Returns the first rank behind that leaf.
   */
  moveLeaf(rank: number, mover: BlockMover): number {
    const { heap } = this;
    this.findRank(rank);
    const first = rank - this.slot;
    for (let level = this.height; level > 0; level--) {
      // A node is met with each of its children: most often it has been looked at.
      const node = this.pathNodes[level]!;
      if (!heap.leaves(node)) continue;
      const to = mover.move(node);
      this.pathNodes[level] = to;
      this.setChild(level + 1, to);
    }
    const leaf = mover.move(this.leaf);
    if (leaf !== this.leaf) this.linkLeaf(leaf);
    const words = heap.words(leaf);
    const at = heap.offset(leaf) >> 2;
    const count = words[at]!;
    for (let slot = 0; slot < count; slot++) {
      const before = words[at + LEAF_REFS + slot]!;
      const ref = mover.move(before);
      if (ref === before) continue;
      this.members.entryMoved(ref, before);
      words[at + LEAF_REFS + slot] = ref;
      if (slot === 0) this.setFirst(1, heap.floats(leaf)[(at >> 1) + HEADER_FLOATS]!, ref);
    }
    return first + count;
  }

  // The path leads to another block from this level on: that of a node which has moved.
  private setChild(level: number, child: Ref): void {
    if (level > this.height) {
      this.root = child;
      return;
    }
    const parent = this.pathNodes[level]!;
    this.heap.words(parent)[(this.heap.offset(parent) >> 2) + CHILDREN + this.pathSlots[level]!] = child;
  }

  // The leaf at the end of the path has moved.
  private linkLeaf(leaf: Ref): void {
    const { heap } = this;
    const words = heap.words(leaf);
    const at = heap.offset(leaf) >> 2;
    const next = words[at + NEXT]!;
    const previous = words[at + PREVIOUS]!;
    if (next === 0) this.lastLeaf = leaf;
    else heap.words(next)[(heap.offset(next) >> 2) + PREVIOUS] = leaf;
    if (previous === 0) this.firstLeaf = leaf;
    else heap.words(previous)[(heap.offset(previous) >> 2) + NEXT] = leaf;
    this.setChild(1, leaf);
    this.leaf = leaf;
  }

  /** Frees up to `count` blocks; returns whether any are left. The entries themselves are not touched. */
  freeSome(count: number): boolean {
    const { heap } = this;
    for (; count > 0 && this.nodes > 0; count--) {
      let node = this.root;
      let parentAt = -1;
      let parent = 0;
      for (let level = this.height; level > 0; level--) {
        const at = heap.offset(node) >> 2;
        const children = heap.words(node)[at]!;
        if (children === 0) break;
        parent = node;
        parentAt = at;
        node = heap.words(node)[at + CHILDREN + children - 1]!;
      }
      if (parentAt >= 0) heap.words(parent)[parentAt]!--;
      this.freeNode(node);
    }
    return this.nodes > 0;
  }

  // Takes what has gone out of the tree.
  private settle(): void {
    const { gone } = this;
    if (gone === 0) return;
    this.gone = 0;
    this.size += gone;
    this.findRank(0);
    this.removeHere(gone);
  }

  // Finds an entry, or where it belongs.
  private findEntry(score: number, ref: Ref): void {
    this.settle();
    const { heap, members } = this;
    let node = this.root;
    for (let level = this.height; level > 0; level--) {
      const words = heap.words(node);
      const at = heap.offset(node) >> 2;
      const firsts = heap.floats(node);
      const base = (at >> 1) + HEADER_FLOATS;
      let low = 0;
      let high = words[at]! - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        const first = firsts[base + middle]!;
        if (
          first < score ||
          (first === score && members.compareKeys(words[at + FIRST_REFS + middle]!, ref) <= 0)
        ) {
          low = middle;
        } else {
          high = middle - 1;
        }
      }
      node = this.step(level, node, low);
    }
    const words = heap.words(node);
    const at = heap.offset(node) >> 2;
    const scores = heap.floats(node);
    const base = (at >> 1) + HEADER_FLOATS;
    let low = 0;
    let high = words[at]!;
    while (low < high) {
      const middle = (low + high) >> 1;
      const here = scores[base + middle]!;
      if (here < score || (here === score && members.compareKeys(words[at + LEAF_REFS + middle]!, ref) < 0)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    this.leaf = node;
    this.slot = low;
  }

  // Finds the place behind all entries with a score below `score`; with `orEqual` also behind those that have it.
  private findScore(score: number, orEqual: boolean): void {
    this.settle();
    const { heap } = this;
    let node = this.root;
    for (let level = this.height; level > 0; level--) {
      const words = heap.words(node);
      const at = heap.offset(node) >> 2;
      const firsts = heap.floats(node);
      const base = (at >> 1) + HEADER_FLOATS;
      let low = 0;
      let high = words[at]! - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        const first = firsts[base + middle]!;
        if (first < score || (orEqual && first === score)) low = middle;
        else high = middle - 1;
      }
      node = this.step(level, node, low);
    }
    const scores = heap.floats(node);
    const base = (heap.offset(node) >> 3) + HEADER_FLOATS;
    let low = 0;
    let high = heap.words(node)[heap.offset(node) >> 2]!;
    while (low < high) {
      const middle = (low + high) >> 1;
      const here = scores[base + middle]!;
      if (here < score || (orEqual && here === score)) low = middle + 1;
      else high = middle;
    }
    this.goTo(node, low);
  }

  // Finds the entry at a rank that exists.
  private findRank(rank: number): void {
    this.settle();
    const { heap } = this;
    let node = this.root;
    let total = this.size;
    for (let level = this.height; level > 0; level--) {
      const words = heap.words(node);
      const at = heap.offset(node) >> 2;
      const counts = at + COUNTS;
      let slot: number;
      let below: number;
      // From the nearer end.
      if (rank < total >> 1) {
        slot = 0;
        below = words[counts]!;
        while (rank >= below) {
          rank -= below;
          below = words[counts + ++slot]!;
        }
      } else {
        slot = words[at]! - 1;
        below = words[counts + slot]!;
        let before = total - below;
        while (rank < before) {
          below = words[counts + --slot]!;
          before -= below;
        }
        rank -= before;
      }
      total = below;
      node = this.step(level, node, slot);
    }
    this.leaf = node;
    this.slot = rank;
  }

  // Notes a step of the path and returns the child.
  private step(level: number, node: Ref, slot: number): Ref {
    this.pathNodes[level] = node;
    this.pathSlots[level] = slot;
    return this.heap.words(node)[(this.heap.offset(node) >> 2) + CHILDREN + slot]!;
  }

  private goTo(leaf: Ref, slot: number): void {
    this.leaf = leaf;
    this.slot = slot;
  }

  // The rank of the place that the path leads to.
  private rankHere(): number {
    const { heap } = this;
    let rank = this.slot;
    for (let level = this.height; level > 0; level--) {
      const node = this.pathNodes[level]!;
      const counts = (heap.offset(node) >> 2) + COUNTS;
      const words = heap.words(node);
      for (let i = counts, end = counts + this.pathSlots[level]!; i < end; i++) rank += words[i]!;
    }
    return rank;
  }

  // Whether an entry keeps its place with another score, as its neighbours within the leaf tell.
  private staysHere(score: number, ref: Ref): boolean {
    const { heap, leaf, slot, members } = this;
    const words = heap.words(leaf);
    const at = heap.offset(leaf) >> 2;
    const place = (at >> 1) + HEADER_FLOATS + slot;
    if (slot === 0 || slot === words[at]! - 1) return false;
    const scores = heap.floats(leaf);
    const before = scores[place - 1]!;
    const after = scores[place + 1]!;
    if (before > score || after < score) return false;
    const refs = at + LEAF_REFS + slot;
    return (
      (before < score || members.compareKeys(words[refs - 1]!, ref) < 0) &&
      (after > score || members.compareKeys(ref, words[refs + 1]!) < 0)
    );
  }

  private insertHere(score: number, ref: Ref): void {
    const { heap, leaf, slot } = this;
    const at = heap.offset(leaf) >> 2;
    const count = heap.words(leaf)[at]!;
    const right = count === LEAF_ENTRIES ? this.splitLeaf() : 0;
    this.size++;
    this.addToCounts(1);
    if (right === 0) {
      this.putInLeaf(leaf, slot, score, ref);
      return;
    }
    const left = heap.words(leaf)[at]!;
    if (slot < left || left === 0) this.putInLeaf(leaf, slot, score, ref);
    else this.putInLeaf(right, slot - left, score, ref);
    const rightAt = heap.offset(right) >> 2;
    const words = heap.words(right);
    const first = heap.floats(right)[(rightAt >> 1) + HEADER_FLOATS]!;
    this.insertChild(1, right, words[rightAt]!, first, words[rightAt + LEAF_REFS]!);
  }

  // Moves the upper part of the full leaf to a new one. What comes at either end of all begins a leaf of its own, so
  // that sets which grow in order are filled to the brim.
  private splitLeaf(): Ref {
    const { heap, leaf, slot } = this;
    const words = heap.words(leaf);
    const at = heap.offset(leaf) >> 2;
    const next = words[at + NEXT]!;
    let keep = LEAF_ENTRIES >> 1;
    if (slot === LEAF_ENTRIES && next === 0) keep = LEAF_ENTRIES;
    else if (slot === 0 && words[at + PREVIOUS] === 0) keep = 0;
    const right = this.newLeaf(leaf, next);
    words[at + NEXT] = right;
    if (next === 0) this.lastLeaf = right;
    else heap.words(next)[(heap.offset(next) >> 2) + PREVIOUS] = right;
    moveEntries(heap, leaf, keep, right, 0, LEAF_ENTRIES - keep);
    words[at] = keep;
    heap.words(right)[heap.offset(right) >> 2] = LEAF_ENTRIES - keep;
    return right;
  }

  private putInLeaf(leaf: Ref, slot: number, score: number, ref: Ref): void {
    const { heap } = this;
    const words = heap.words(leaf);
    const at = heap.offset(leaf) >> 2;
    const count = words[at]!;
    const scores = heap.floats(leaf);
    const base = (at >> 1) + HEADER_FLOATS;
    const refs = at + LEAF_REFS;
    for (let i = count; i > slot; i--) {
      scores[base + i] = scores[base + i - 1]!;
      words[refs + i] = words[refs + i - 1]!;
    }
    scores[base + slot] = score;
    words[refs + slot] = ref;
    words[at] = count + 1;
  }

  // Puts a new node, the right part of the child that the path leads through, into the node of that level.
  private insertChild(level: number, child: Ref, count: number, score: number, ref: Ref): void {
    const { heap } = this;
    if (level > this.height) {
      this.growRoot(child, count, score, ref);
      return;
    }
    const node = this.pathNodes[level]!;
    const slot = this.pathSlots[level]!;
    const words = heap.words(node);
    const at = heap.offset(node) >> 2;
    const children = words[at]!;
    words[at + COUNTS + slot]! -= count;
    if (children < INNER_CHILDREN) {
      this.putChild(node, slot + 1, child, count, score, ref);
      return;
    }
    const atEnd = slot === INNER_CHILDREN - 1 && this.endsAt(level);
    const keep = atEnd ? INNER_CHILDREN : INNER_CHILDREN >> 1;
    const right = this.newNode();
    const rightWords = heap.words(right);
    const rightAt = heap.offset(right) >> 2;
    moveChildren(heap, node, keep, right, 0, INNER_CHILDREN - keep);
    words[at] = keep;
    rightWords[rightAt] = INNER_CHILDREN - keep;
    if (slot + 1 <= keep && !atEnd) this.putChild(node, slot + 1, child, count, score, ref);
    else this.putChild(right, slot + 1 - keep, child, count, score, ref);
    let moved = 0;
    for (let i = 0; i < rightWords[rightAt]!; i++) moved += rightWords[rightAt + COUNTS + i]!;
    const first = heap.floats(right)[(rightAt >> 1) + HEADER_FLOATS]!;
    this.insertChild(level + 1, right, moved, first, rightWords[rightAt + FIRST_REFS]!);
  }

  // Whether the node of the path at that level is the last of its level.
  private endsAt(level: number): boolean {
    for (let above = level + 1; above <= this.height; above++) {
      const node = this.pathNodes[above]!;
      if (this.pathSlots[above] !== this.heap.words(node)[this.heap.offset(node) >> 2]! - 1) return false;
    }
    return true;
  }

  private growRoot(child: Ref, count: number, score: number, ref: Ref): void {
    const left = this.root;
    this.root = this.newNode();
    this.height++;
    this.putChild(this.root, 0, left, this.size - count, score, ref);
    this.putChild(this.root, 1, child, count, score, ref);
  }

  private putChild(node: Ref, slot: number, child: Ref, count: number, score: number, ref: Ref): void {
    const { heap } = this;
    const words = heap.words(node);
    const at = heap.offset(node) >> 2;
    const children = words[at]!;
    moveChildren(heap, node, slot, node, slot + 1, children - slot);
    heap.floats(node)[(at >> 1) + HEADER_FLOATS + slot] = score;
    words[at + FIRST_REFS + slot] = ref;
    words[at + CHILDREN + slot] = child;
    words[at + COUNTS + slot] = count;
    words[at] = children + 1;
  }

  private addToCounts(count: number): void {
    const { heap } = this;
    for (let level = this.height; level > 0; level--) {
      const node = this.pathNodes[level]!;
      heap.words(node)[(heap.offset(node) >> 2) + COUNTS + this.pathSlots[level]!]! += count;
    }
  }

  // Removes entries of the leaf that the path leads to, from its place on.
  private removeHere(count: number): void {
    const { heap, leaf, slot } = this;
    const words = heap.words(leaf);
    const at = heap.offset(leaf) >> 2;
    const left = words[at]! - count;
    this.size -= count;
    this.addToCounts(-count);
    if (left === 0 && this.height > 0) {
      this.removeLeaf(leaf);
      return;
    }
    moveEntries(heap, leaf, slot + count, leaf, slot, left - slot);
    words[at] = left;
    if (this.height === 0) return;
    if (slot === 0) {
      this.setFirst(1, heap.floats(leaf)[(at >> 1) + HEADER_FLOATS]!, words[at + LEAF_REFS]!);
    }
    if (left < LEAF_UNDERFULL) this.mergeLeaf();
  }

  // From this level up: what lies below the path begins with another entry now.
  private setFirst(level: number, score: number, ref: Ref): void {
    const { heap } = this;
    for (; level <= this.height; level++) {
      const slot = this.pathSlots[level]!;
      if (slot === 0) continue;
      const node = this.pathNodes[level]!;
      const at = heap.offset(node) >> 2;
      heap.floats(node)[(at >> 1) + HEADER_FLOATS + slot] = score;
      heap.words(node)[at + FIRST_REFS + slot] = ref;
      return;
    }
  }

  private removeLeaf(leaf: Ref): void {
    const { heap } = this;
    const words = heap.words(leaf);
    const at = heap.offset(leaf) >> 2;
    const next = words[at + NEXT]!;
    const previous = words[at + PREVIOUS]!;
    if (next === 0) this.lastLeaf = previous;
    else heap.words(next)[(heap.offset(next) >> 2) + PREVIOUS] = previous;
    if (previous === 0) this.firstLeaf = next;
    else heap.words(previous)[(heap.offset(previous) >> 2) + NEXT] = next;
    this.freeNode(leaf);
    this.removeChild(1);
  }

  // Takes the child that the path leads through, which is freed already, out of the node of that level.
  private removeChild(level: number): void {
    const { heap } = this;
    const node = this.pathNodes[level]!;
    const slot = this.pathSlots[level]!;
    const words = heap.words(node);
    const at = heap.offset(node) >> 2;
    const left = words[at]! - 1;
    if (left === 0) {
      this.freeNode(node);
      this.removeChild(level + 1);
      return;
    }
    moveChildren(heap, node, slot + 1, node, slot, left - slot);
    words[at] = left;
    if (slot === 0) {
      this.setFirst(level + 1, heap.floats(node)[(at >> 1) + HEADER_FLOATS]!, words[at + FIRST_REFS]!);
    }
    if (level < this.height) {
      if (left < INNER_UNDERFULL) this.mergeInner(level);
    } else {
      this.shrinkRoot();
    }
  }

  private shrinkRoot(): void {
    const { heap } = this;
    while (this.height > 0) {
      const { root } = this;
      const at = heap.offset(root) >> 2;
      if (heap.words(root)[at]! > 1) return;
      this.root = heap.words(root)[at + CHILDREN]!;
      this.height--;
      this.freeNode(root);
    }
  }

  private mergeLeaf(): void {
    const left = this.mergeable(1, LEAF_MERGED_MAX);
    if (left < 0) return;
    const { heap } = this;
    const parent = this.pathNodes[1]!;
    const parentWords = heap.words(parent);
    const parentAt = heap.offset(parent) >> 2;
    const to = parentWords[parentAt + CHILDREN + left]!;
    const from = parentWords[parentAt + CHILDREN + left + 1]!;
    const count = this.leafCount(from);
    const toAt = heap.offset(to) >> 2;
    moveEntries(heap, from, 0, to, heap.words(to)[toAt]!, count);
    heap.words(to)[toAt]! += count;
    parentWords[parentAt + COUNTS + left]! += count;
    this.pathSlots[1] = left + 1;
    this.removeLeaf(from);
  }

  private mergeInner(level: number): void {
    const left = this.mergeable(level + 1, INNER_MERGED_MAX);
    if (left < 0) return;
    const { heap } = this;
    const parent = this.pathNodes[level + 1]!;
    const parentWords = heap.words(parent);
    const parentAt = heap.offset(parent) >> 2;
    const to = parentWords[parentAt + CHILDREN + left]!;
    const from = parentWords[parentAt + CHILDREN + left + 1]!;
    const fromAt = heap.offset(from) >> 2;
    // In a node of its own nobody needed to know what its first child begins with.
    heap.floats(from)[(fromAt >> 1) + HEADER_FLOATS] =
      heap.floats(parent)[(parentAt >> 1) + HEADER_FLOATS + left + 1]!;
    heap.words(from)[fromAt + FIRST_REFS] = parentWords[parentAt + FIRST_REFS + left + 1]!;
    const children = heap.words(from)[fromAt]!;
    const toAt = heap.offset(to) >> 2;
    moveChildren(heap, from, 0, to, heap.words(to)[toAt]!, children);
    heap.words(to)[toAt]! += children;
    parentWords[parentAt + COUNTS + left]! += parentWords[parentAt + COUNTS + left + 1]!;
    this.pathSlots[level + 1] = left + 1;
    this.freeNode(from);
    this.removeChild(level + 1);
  }

  // Of the child that the path leads through at that level and its neighbours: the left one of two that fit into one, or
  // -1.
  private mergeable(level: number, max: number): number {
    const { heap } = this;
    const parent = this.pathNodes[level]!;
    const slot = this.pathSlots[level]!;
    const words = heap.words(parent);
    const at = heap.offset(parent) >> 2;
    const children = at + CHILDREN + slot;
    const own = this.leafCount(words[children]!);
    if (slot + 1 < words[at]! && own + this.leafCount(words[children + 1]!) <= max) return slot;
    return slot > 0 && own + this.leafCount(words[children - 1]!) <= max ? slot - 1 : -1;
  }

  /** The entries of a leaf, or the children of an inner node. */
  private leafCount(node: Ref): number {
    return this.heap.words(node)[this.heap.offset(node) >> 2]!;
  }

  private newLeaf(previous: Ref, next: Ref): Ref {
    const leaf = this.newNode();
    const at = this.heap.offset(leaf) >> 2;
    const words = this.heap.words(leaf);
    words[at + NEXT] = next;
    words[at + PREVIOUS] = previous;
    return leaf;
  }

  private newNode(): Ref {
    const node = this.heap.alloc(NODE_BYTES);
    this.heap.words(node)[this.heap.offset(node) >> 2] = 0;
    this.nodes++;
    return node;
  }

  private freeNode(node: Ref): void {
    this.nodes--;
    this.heap.free(node);
  }
}
