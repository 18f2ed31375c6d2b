// Moves blocks out of pages that a heap wants empty. Whoever knows who points to a block asks for it with `move`, and writes
// down where it is from now on.

import type { Heap, Ref } from './heap.ts';

export class BlockMover {
  /** Blocks that were moved, and that could stay. */
  hits = 0;
  misses = 0;

  private readonly heap: Heap;

  constructor(heap: Heap) {
    this.heap = heap;
  }

  /** Where a block is from now on: elsewhere, and the ref that it had is free, or where it was. O(its size). */
  move(ref: Ref): Ref {
    const { heap } = this;
    if (!heap.leaves(ref)) {
      this.misses++;
      return ref;
    }
    this.hits++;
    const to = heap.copyOf(ref);
    heap.free(ref);
    return to;
  }
}
