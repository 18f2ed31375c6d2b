// A row of refs that grows and shrinks at both ends in O(1), with every place open to reading and writing: the nodes of
// a large list. It lies beside the heap (four bytes a place) and is counted in `heap.tableBytes`; the blocks behind the
// refs are the owner's.

import type { Heap, Ref } from './heap.ts';

const MIN_SLOTS = 4;

export class RefDeque {
  length = 0;

  private readonly heap: Heap;
  // A ring whose size is a power of two.
  private slots = new Int32Array(MIN_SLOTS);
  private first = 0;

  constructor(heap: Heap) {
    this.heap = heap;
    heap.tableBytes += this.bytes;
  }

  /** The bytes that the places take. */
  get bytes(): number {
    return this.slots.length * 4;
  }

  get(i: number): Ref {
    return this.slots[(this.first + i) & (this.slots.length - 1)]!;
  }

  set(i: number, ref: Ref): void {
    this.slots[(this.first + i) & (this.slots.length - 1)] = ref;
  }

  /** Puts a ref before the place `i`; `length` appends. O(1) at the ends, else O(distance to the nearer one). */
  insert(i: number, ref: Ref): void {
    if (this.length === this.slots.length) this.resize(this.slots.length * 2);
    this.length++;
    if (i * 2 < this.length) {
      this.first = (this.first - 1) & (this.slots.length - 1);
      for (let at = 0; at < i; at++) this.set(at, this.get(at + 1));
    } else {
      for (let at = this.length - 1; at > i; at--) this.set(at, this.get(at - 1));
    }
    this.set(i, ref);
  }

  /** Takes `count` refs out from the place `i` on. O(1) at the ends, else O(distance to the nearer one). */
  remove(i: number, count: number): void {
    const behind = this.length - i - count;
    if (i < behind) {
      for (let at = i - 1; at >= 0; at--) this.set(at + count, this.get(at));
      this.first = (this.first + count) & (this.slots.length - 1);
    } else {
      for (let at = i; at < i + behind; at++) this.set(at, this.get(at + count));
    }
    this.length -= count;
    this.fit();
  }

  /** Takes all refs out that are 0. O(n). */
  removeZeros(): void {
    let kept = 0;
    for (let i = 0; i < this.length; i++) {
      const ref = this.get(i);
      if (ref !== 0) this.set(kept++, ref);
    }
    this.length = kept;
    this.fit();
  }

  /** Ends its life: the memory is counted no longer. */
  release(): void {
    this.heap.tableBytes -= this.bytes;
    this.slots = NO_SLOTS;
    this.length = 0;
  }

  private fit(): void {
    let slots = this.slots.length;
    while (slots > MIN_SLOTS && this.length * 4 <= slots) slots /= 2;
    if (slots < this.slots.length) this.resize(slots);
  }

  private resize(slots: number): void {
    const resized = new Int32Array(slots);
    for (let i = 0; i < this.length; i++) resized[i] = this.get(i);
    this.heap.tableBytes += (slots - this.slots.length) * 4;
    this.slots = resized;
    this.first = 0;
  }
}

const NO_SLOTS = new Int32Array(0);
