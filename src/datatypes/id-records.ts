// Records in the order of stream IDs, in a Heap: the nodes of a stream (ID of the first entry, block), the pending
// entries of a group or consumer. Two layers, both without a JavaScript object per record: `IdIndex` is one sorted run,
// `IdRecords` cuts a long one into leaves, which an IdIndex knows by their first IDs.

import type { BlockMover } from '../memory/block-mover.ts';
import type { Heap, Ref } from '../memory/heap.ts';
import type { StreamId } from './stream-id.ts';

const INDEX_WORDS = 5;
const REF = 4;
const LEAF_BYTES = 2048;
const LEAF_HEADER_WORDS = 1;

/** A sorted run of IDs, each with a ref: cheap at both ends, O(n) within, though with a native move. */
export class IdIndex {
  count = 0;

  private readonly heap: Heap;
  private block: Ref = 0;
  // The block's view and the word at which the first record stands in it.
  private words: Int32Array = NO_WORDS;
  private first = 0;
  private end = 0;

  constructor(heap: Heap) {
    this.heap = heap;
  }

  /** Bytes in the heap. */
  get usedBytes(): number {
    return this.block === 0 ? 0 : this.heap.capacity(this.block);
  }

  ref(i: number): Ref {
    return this.words[this.first + i * INDEX_WORDS + REF]!;
  }

  setRef(i: number, ref: Ref): void {
    this.words[this.first + i * INDEX_WORDS + REF] = ref;
  }

  readId(i: number, id: StreamId): StreamId {
    return id.setWords(this.words, this.first + i * INDEX_WORDS);
  }

  setId(i: number, id: StreamId): void {
    id.writeWords(this.words, this.first + i * INDEX_WORDS);
  }

  /** As `setId`, with the ID whose halves stand at `at` in `words`. */
  setWords(i: number, words: Int32Array, at: number): void {
    const to = this.first + i * INDEX_WORDS;
    for (let half = 0; half < REF; half++) this.words[to + half] = words[at + half]!;
  }

  /** Negative, 0 or positive as `id` comes before the record's ID, is the same or comes after it. */
  compare(id: StreamId, i: number): number {
    return id.compareWords(this.words, this.first + i * INDEX_WORDS);
  }

  /** The last record whose ID is not above `id`, or -1. O(log n). */
  findLast(id: StreamId): number {
    let high = this.count - 1;
    // What is sought is most often at the end.
    if (high < 0 || this.compare(id, high) >= 0) return high;
    let low = 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.compare(id, middle) >= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Adds a record at place `i`; `count` adds at the end. */
  insert(i: number, id: StreamId, ref: Ref): void {
    if (this.first + (this.count + 1) * INDEX_WORDS > this.end) this.makeRoom();
    const at = this.first + i * INDEX_WORDS;
    if (i < this.count) {
      this.words.copyWithin(at + INDEX_WORDS, at, this.first + this.count * INDEX_WORDS);
    }
    id.writeWords(this.words, at);
    this.words[at + REF] = ref;
    this.count++;
  }

  /** Removes the record at place `i`, moving the shorter side. */
  remove(i: number): void {
    const { first, words } = this;
    const at = first + i * INDEX_WORDS;
    if (i < this.count >> 1) {
      if (i > 0) words.copyWithin(first + INDEX_WORDS, first, at);
      this.first += INDEX_WORDS;
    } else if (i < this.count - 1) {
      words.copyWithin(at, at + INDEX_WORDS, first + this.count * INDEX_WORDS);
    }
    if (--this.count === 0) this.free();
  }

  /** A copy with the same refs. */
  copy(): IdIndex {
    const copy = new IdIndex(this.heap);
    if (this.count === 0) return copy;
    copy.moveTo(this.words, this.first, this.count, this.count);
    return copy;
  }

  /** Moves the blocks that the refs of up to `count` records from `i` on stand for. */
  moveBlocks(i: number, count: number, mover: BlockMover): void {
    for (const end = Math.min(this.count, i + count); i < end; i++) {
      const before = this.ref(i);
      const ref = mover.move(before);
      if (ref !== before) this.setRef(i, ref);
    }
  }

  /** Moves the run itself. */
  moveOwnBlock(mover: BlockMover): void {
    if (this.block === 0) return;
    const from = this.heap.offset(this.block) >> 2;
    const block = mover.move(this.block);
    if (block === this.block) return;
    const by = (this.heap.offset(block) >> 2) - from;
    this.block = block;
    this.words = this.heap.words(block);
    this.first += by;
    this.end += by;
  }

  /** Gives the memory back; what the refs stand for is the owner's to free. */
  free(): void {
    if (this.block !== 0) this.heap.free(this.block);
    this.block = 0;
    this.words = NO_WORDS;
    this.first = this.end = this.count = 0;
  }

  // Records that have gone in front leave room there; when it is half of all, moving up is enough.
  private makeRoom(): void {
    const { block } = this;
    const base = block === 0 ? 0 : this.heap.offset(block) >> 2;
    if (block !== 0 && this.first - base > (this.end - base) >> 1) {
      this.words.copyWithin(base, this.first, this.first + this.count * INDEX_WORDS);
      this.first = base;
      return;
    }
    // Long runs grow by a quarter only: they are what a large stream costs besides its nodes.
    const more = this.count < 64 ? this.count + 1 : this.count >> 2;
    this.moveTo(this.words, this.first, this.count, this.count + more);
    if (block !== 0) this.heap.free(block);
  }

  private moveTo(words: Int32Array, from: number, count: number, room: number): void {
    const block = this.heap.alloc(room * INDEX_WORDS * 4);
    const first = this.heap.offset(block) >> 2;
    const view = this.heap.words(block);
    view.set(words.subarray(from, from + count * INDEX_WORDS), first);
    this.block = block;
    this.words = view;
    this.first = first;
    this.end = first + (this.heap.capacity(block) >> 2);
    this.count = count;
  }
}

/**
 * Records of a fixed number of words, the first four an ID, in the order of their IDs. A record is found by `find`,
 * `seek` or `next` and then read and written at `at` of `words`, until the next change.
 */
export class IdRecords {
  /** How many records there are. */
  size = 0;
  /** Where the present record stands. */
  words: Int32Array = NO_WORDS;
  at = 0;

  private readonly heap: Heap;
  private readonly width: number;
  private readonly leafRecords: number;
  private index: IdIndex;
  // The place of the present record.
  private leaf = 0;
  private slot = 0;

  constructor(heap: Heap, width: number) {
    this.heap = heap;
    this.width = width;
    this.leafRecords = Math.floor((LEAF_BYTES / 4 - LEAF_HEADER_WORDS) / width);
    this.index = new IdIndex(heap);
  }

  /** Bytes in the heap. O(n / records of a leaf). */
  get usedBytes(): number {
    let total = this.index.usedBytes;
    for (let i = 0; i < this.index.count; i++) total += this.heap.capacity(this.index.ref(i));
    return total;
  }

  /** How many blocks there are to free. */
  get leaves(): number {
    return this.index.count;
  }

  /** Goes to the record of an ID; false when there is none. O(log n). */
  find(id: StreamId): boolean {
    return this.seek(id) && id.compareWords(this.words, this.at) === 0;
  }

  /** Goes to the first record whose ID is not below `id`; false when there is none. O(log n). */
  seek(id: StreamId): boolean {
    const { index } = this;
    if (index.count === 0) return false;
    this.leaf = Math.max(0, index.findLast(id));
    const count = this.openLeaf();
    this.slot = this.slotFor(id, count);
    this.at += this.slot * this.width;
    return this.slot < count || this.nextLeaf();
  }

  seekFirst(): boolean {
    this.leaf = this.slot = 0;
    if (this.size === 0) return false;
    this.openLeaf();
    return true;
  }

  seekLast(): boolean {
    if (this.size === 0) return false;
    this.leaf = this.index.count - 1;
    this.slot = this.openLeaf() - 1;
    this.at += this.slot * this.width;
    return true;
  }

  /** Goes to the next record; false at the end. O(1). Nothing may have changed since the present one was found. */
  next(): boolean {
    const count = this.words[this.at - this.slot * this.width - LEAF_HEADER_WORDS]!;
    this.at += this.width;
    return ++this.slot < count || this.nextLeaf();
  }

  /** The present record's ID. */
  readId(id: StreamId): StreamId {
    return id.setWords(this.words, this.at);
  }

  /** How many records there are from the present one on, up to `limit`. */
  countFrom(limit: number): number {
    const { index } = this;
    let count = this.countOf(this.leaf) - this.slot;
    for (let leaf = this.leaf + 1; leaf < index.count && count < limit; leaf++) count += this.countOf(leaf);
    return Math.min(count, limit);
  }

  /** Goes to the record of an ID, which is added when there is none; returns whether it was. Its words are undefined. */
  insert(id: StreamId): boolean {
    const { index, width } = this;
    if (index.count === 0) index.insert(0, id, this.newLeaf(1));
    this.leaf = index.findLast(id);
    if (this.leaf < 0) {
      this.leaf = 0;
      index.setId(0, id);
    }
    let count = this.openLeaf();
    let slot = this.slotFor(id, count);
    if (slot < count && id.compareWords(this.words, this.at + slot * width) === 0) {
      this.slot = slot;
      this.at += slot * width;
      return false;
    }
    if (count === this.leafRecords) {
      this.makeRoomIn(id, slot);
      count = this.openLeaf();
      slot = this.slotFor(id, count);
    } else if (LEAF_HEADER_WORDS + (count + 1) * width > this.heap.capacity(index.ref(this.leaf)) >> 2) {
      this.resizeLeaf(Math.min(this.leafRecords, count * 2), count);
    }
    const { at, words } = this;
    const place = at + slot * width;
    if (slot < count) words.copyWithin(place + width, place, at + count * width);
    words[at - LEAF_HEADER_WORDS] = count + 1;
    id.writeWords(words, place);
    this.slot = slot;
    this.at = place;
    this.size++;
    return true;
  }

  /** Removes the present record. O(log n) but for the index. */
  remove(): void {
    const { index, slot, width, words } = this;
    const start = this.at - slot * width;
    const count = words[start - LEAF_HEADER_WORDS]! - 1;
    this.size--;
    if (count === 0) {
      this.heap.free(index.ref(this.leaf));
      index.remove(this.leaf);
      return;
    }
    if (slot < count) words.copyWithin(this.at, this.at + width, start + (count + 1) * width);
    words[start - LEAF_HEADER_WORDS] = count;
    if (count * 4 < this.leafRecords) this.mergeOrShrink(count);
  }

  /** A deep copy. */
  copy(): IdRecords {
    const { heap } = this;
    const copy = new IdRecords(heap, this.width);
    copy.size = this.size;
    copy.index = this.index.copy();
    for (let i = 0; i < copy.index.count; i++) {
      const ref = this.index.ref(i);
      const to = heap.alloc(heap.capacity(ref));
      const from = heap.offset(ref) >> 2;
      heap
        .words(to)
        .set(heap.words(ref).subarray(from, from + (heap.capacity(ref) >> 2)), heap.offset(to) >> 2);
      copy.index.setRef(i, to);
    }
    return copy;
  }

  /** Moves up to `count` leaves from `i` on, and with the first of them the index. */
  moveLeaves(i: number, count: number, mover: BlockMover): void {
    if (i === 0) this.index.moveOwnBlock(mover);
    this.index.moveBlocks(i, count, mover);
    // What is left of the present record would be read where it was.
    this.words = NO_WORDS;
  }

  /** Frees up to `leaves` blocks from the end; returns how many are left. */
  freeSome(leaves: number): number {
    const { index } = this;
    while (leaves-- > 0 && index.count > 0) {
      this.heap.free(index.ref(index.count - 1));
      index.remove(index.count - 1);
    }
    this.size = 0;
    return index.count;
  }

  // Goes to the first record of the present leaf and returns how many it has.
  private openLeaf(): number {
    const ref = this.index.ref(this.leaf);
    this.words = this.heap.words(ref);
    this.at = (this.heap.offset(ref) >> 2) + LEAF_HEADER_WORDS;
    return this.words[this.at - LEAF_HEADER_WORDS]!;
  }

  private nextLeaf(): boolean {
    this.slot = 0;
    if (++this.leaf >= this.index.count) return false;
    this.openLeaf();
    return true;
  }

  // The first slot of the open leaf whose ID is not below `id`.
  private slotFor(id: StreamId, count: number): number {
    const { words, width, at } = this;
    if (count === 0 || id.compareWords(words, at + (count - 1) * width) > 0) return count;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (id.compareWords(words, at + middle * width) > 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private countOf(leaf: number): number {
    const ref = this.index.ref(leaf);
    return this.heap.words(ref)[this.heap.offset(ref) >> 2]!;
  }

  private newLeaf(records: number): Ref {
    const ref = this.heap.alloc((LEAF_HEADER_WORDS + records * this.width) * 4);
    this.heap.words(ref)[this.heap.offset(ref) >> 2] = 0;
    return ref;
  }

  // The present leaf is full: what comes behind all others begins a new one, lest leaves that are filled in order stay
  // half empty; else the leaf is cut in two. The leaf for `id` is the present one then.
  private makeRoomIn(id: StreamId, slot: number): void {
    const { index, leafRecords, width } = this;
    const ref = this.newLeaf(leafRecords);
    this.leaf++;
    if (slot === leafRecords && this.leaf === index.count) {
      index.insert(this.leaf, id, ref);
      return;
    }
    const kept = leafRecords >> 1;
    const moved = leafRecords - kept;
    const middle = this.at + kept * width;
    const to = this.heap.offset(ref) >> 2;
    const target = this.heap.words(ref);
    target.set(this.words.subarray(middle, middle + moved * width), to + LEAF_HEADER_WORDS);
    target[to] = moved;
    this.words[this.at - LEAF_HEADER_WORDS] = kept;
    const isAbove = id.compareWords(this.words, middle) > 0;
    index.insert(this.leaf, id, ref);
    index.setWords(this.leaf, this.words, middle);
    if (!isAbove) this.leaf--;
  }

  // Gives the present leaf, which is open at its first record, another block.
  private resizeLeaf(records: number, count: number): void {
    const { heap, index } = this;
    const ref = this.newLeaf(records);
    const to = heap.offset(ref) >> 2;
    const from = this.at - LEAF_HEADER_WORDS;
    heap.words(ref).set(this.words.subarray(from, this.at + count * this.width), to);
    heap.free(index.ref(this.leaf));
    index.setRef(this.leaf, ref);
    this.openLeaf();
  }

  // A leaf that has become less than a quarter full joins a neighbour with room to spare, or is given a smaller block.
  private mergeOrShrink(count: number): void {
    const { heap, index, leafRecords, width } = this;
    const most = (leafRecords >> 2) * 3;
    let left = -1;
    if (this.leaf + 1 < index.count && count + this.countOf(this.leaf + 1) <= most) left = this.leaf;
    else if (this.leaf > 0 && count + this.countOf(this.leaf - 1) <= most) left = this.leaf - 1;
    if (left < 0) {
      this.openLeaf();
      const words = heap.capacity(index.ref(this.leaf)) >> 2;
      if ((LEAF_HEADER_WORDS + count * width) * 4 <= words) this.resizeLeaf(count * 2, count);
      return;
    }
    this.leaf = left;
    const ref = index.ref(left + 1);
    const from = (heap.offset(ref) >> 2) + LEAF_HEADER_WORDS;
    const added = this.countOf(left + 1);
    let kept = this.openLeaf();
    if (LEAF_HEADER_WORDS + (kept + added) * width > heap.capacity(index.ref(left)) >> 2) {
      this.resizeLeaf(leafRecords, kept);
      kept = this.openLeaf();
    }
    this.words.set(heap.words(ref).subarray(from, from + added * width), this.at + kept * width);
    this.words[this.at - LEAF_HEADER_WORDS] = kept + added;
    heap.free(ref);
    index.remove(left + 1);
  }
}

const NO_WORDS = new Int32Array(0);
