// The volatile entries of one database in order of their deadlines: a heap of four children a node, so that the next
// key to expire is always known and a key is gone on time however many others wait. It knows entries by their refs and
// keeps its own place in each of them, which makes removal and a new deadline O(log n).

import type { Dict } from '../memory/dict.ts';
import type { Heap, Ref } from '../memory/heap.ts';

// Chunks, not one array that doubles: only the first grows, so that a few deadlines take little memory and many are
// never copied.
const FIRST_CHUNK_LENGTH = 64;
const CHUNK_SHIFT = 14;
const CHUNK_LENGTH = 1 << CHUNK_SHIFT;
const CHUNK_MASK = CHUNK_LENGTH - 1;
const CHILDREN = 4;
/** Bytes per volatile entry, beyond its own deadline slot. */
const NODE_BYTES = 12;

export class ExpiryIndex {
  size = 0;

  private readonly dict: Dict;
  private readonly heap: Heap;
  private readonly deadlines: Float64Array[] = [];
  private readonly refs: Int32Array[] = [];

  /** The index counts its memory among the tables of `heap`. */
  constructor(dict: Dict, heap: Heap) {
    this.dict = dict;
    this.heap = heap;
  }

  get bytes(): number {
    const chunks = this.refs.length;
    return chunks === 0 ? 0 : (this.refs[0]!.length + (chunks - 1) * CHUNK_LENGTH) * NODE_BYTES;
  }

  /** The earliest deadline, or Infinity. O(1). */
  get nextDeadline(): number {
    return this.size === 0 ? Number.POSITIVE_INFINITY : this.deadlines[0]![0]!;
  }

  /** The entry with the earliest deadline; there must be one. */
  get nextRef(): Ref {
    return this.refs[0]![0]!;
  }

  /** The entry at a place in `[0, size)`: a way to draw one at random. */
  refAt(position: number): Ref {
    return this.refs[position >>> CHUNK_SHIFT]![position & CHUNK_MASK]!;
  }

  /** Files an entry that has a deadline slot and is not filed yet. */
  add(ref: Ref, deadline: number): void {
    const position = this.size++;
    if (position >>> CHUNK_SHIFT === this.refs.length) this.addChunk();
    else if (position === this.refs[0]!.length && position < CHUNK_LENGTH) this.growFirstChunk();
    this.dict.setDeadline(ref, deadline);
    this.siftUp(position, ref, deadline);
  }

  /** Gives a filed entry another deadline. */
  update(ref: Ref, deadline: number): void {
    this.dict.setDeadline(ref, deadline);
    this.settle(this.dict.deadlinePosition(ref), ref, deadline);
  }

  /** Takes a filed entry out; its slot stays, with the deadline 0. */
  remove(ref: Ref): void {
    const position = this.dict.deadlinePosition(ref);
    this.dict.setDeadline(ref, 0);
    const last = --this.size;
    if (position !== last) this.settle(position, this.refAt(last), this.deadlineAt(last));
    // One spare chunk is kept, so that a size around a boundary does not allocate again and again.
    if (this.refs.length > (last >>> CHUNK_SHIFT) + 2) {
      this.refs.pop();
      this.deadlines.pop();
      this.heap.tableBytes -= CHUNK_LENGTH * NODE_BYTES;
    }
  }

  /** A filed entry's block has moved to `ref`. */
  moved(ref: Ref): void {
    const position = this.dict.deadlinePosition(ref);
    this.refs[position >>> CHUNK_SHIFT]![position & CHUNK_MASK] = ref;
  }

  clear(): void {
    this.heap.tableBytes -= this.bytes;
    this.size = 0;
    this.deadlines.length = 0;
    this.refs.length = 0;
  }

  private addChunk(): void {
    const length = this.refs.length === 0 ? FIRST_CHUNK_LENGTH : CHUNK_LENGTH;
    this.deadlines.push(new Float64Array(length));
    this.refs.push(new Int32Array(length));
    this.heap.tableBytes += length * NODE_BYTES;
  }

  private growFirstChunk(): void {
    const length = this.refs[0]!.length * 2;
    const deadlines = new Float64Array(length);
    const refs = new Int32Array(length);
    deadlines.set(this.deadlines[0]!);
    refs.set(this.refs[0]!);
    this.deadlines[0] = deadlines;
    this.refs[0] = refs;
    this.heap.tableBytes += (length / 2) * NODE_BYTES;
  }

  private deadlineAt(position: number): number {
    return this.deadlines[position >>> CHUNK_SHIFT]![position & CHUNK_MASK]!;
  }

  private place(position: number, ref: Ref, deadline: number): void {
    this.deadlines[position >>> CHUNK_SHIFT]![position & CHUNK_MASK] = deadline;
    this.refs[position >>> CHUNK_SHIFT]![position & CHUNK_MASK] = ref;
    this.dict.setDeadlinePosition(ref, position);
  }

  private settle(position: number, ref: Ref, deadline: number): void {
    const parent = (position - 1) >> 2;
    if (position > 0 && this.deadlineAt(parent) > deadline) this.siftUp(position, ref, deadline);
    else this.siftDown(position, ref, deadline);
  }

  private siftUp(position: number, ref: Ref, deadline: number): void {
    while (position > 0) {
      const parent = (position - 1) >> 2;
      const parentDeadline = this.deadlineAt(parent);
      if (parentDeadline <= deadline) break;
      this.place(position, this.refAt(parent), parentDeadline);
      position = parent;
    }
    this.place(position, ref, deadline);
  }

  private siftDown(position: number, ref: Ref, deadline: number): void {
    for (;;) {
      const first = position * CHILDREN + 1;
      const end = Math.min(first + CHILDREN, this.size);
      let earliest = deadline;
      let child = -1;
      for (let at = first; at < end; at++) {
        const candidate = this.deadlineAt(at);
        if (candidate < earliest) {
          earliest = candidate;
          child = at;
        }
      }
      if (child < 0) break;
      this.place(position, this.refAt(child), earliest);
      position = child;
    }
    this.place(position, ref, deadline);
  }
}
