// A pass over the blocks that a value lies in, in their order and as they are when it begins, in steps, while the value
// goes on being changed: a snapshot of a list or a stream. Whoever is about to change, move or free a block says so, and
// its bytes are kept aside until their turn comes.

import type { Ref } from './heap.ts';

/** What lies in blocks, one after another. */
export interface BlockRow {
  readonly blockCount: number;
  blockRef(i: number): Ref;
  /** The memory of a block, from `blockBase(i)` on for `blockBytes(i)` bytes. */
  blockMemory(i: number): Uint8Array;
  blockBase(i: number): number;
  blockBytes(i: number): number;
  /** The pass that is under way: it is to be told before a block is changed, moved or freed. */
  blockPass: BlockPass | null;
}

/** Takes block `i` of those that there were: `memory` from `base` on. */
export type VisitBlock = (i: number, memory: Uint8Array, base: number) => void;

export class BlockPass {
  private readonly row: BlockRow;
  private readonly visit: VisitBlock;
  // The blocks that are not visited yet and were not changed, with their places then; what was kept of the others.
  private readonly untouched = new Map<Ref, number>();
  private readonly kept = new Map<number, Uint8Array>();
  // Where each one lies.
  private readonly refs: Int32Array;
  private readonly memories: Uint8Array[] = [];
  private readonly bases: Int32Array;
  private at = 0;

  /** Begins; the row has one pass at a time. O(blocks). */
  constructor(row: BlockRow, visit: VisitBlock) {
    this.row = row;
    this.visit = visit;
    const count = row.blockCount;
    this.refs = new Int32Array(count);
    this.bases = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      const ref = row.blockRef(i);
      this.refs[i] = ref;
      this.bases[i] = row.blockBase(i);
      this.memories.push(row.blockMemory(i));
      this.untouched.set(ref, i);
    }
    row.blockPass = this;
  }

  /** Visits the next block; returns whether more may be left. When none are, the pass has ended. */
  step(): boolean {
    const i = this.at;
    if (i < this.refs.length) {
      this.at++;
      const kept = this.kept.get(i);
      if (kept === undefined) {
        this.untouched.delete(this.refs[i]!);
        this.visit(i, this.memories[i]!, this.bases[i]!);
      } else {
        this.kept.delete(i);
        this.visit(i, kept, 0);
      }
    }
    if (this.at < this.refs.length) return true;
    this.end();
    return false;
  }

  /** To be called before block `place` of the row, as it is now, is changed, moved or freed. O(size of the block). */
  beforeChange(place: number): void {
    const { row, untouched } = this;
    const ref = row.blockRef(place);
    const i = untouched.get(ref);
    if (i === undefined) return;
    untouched.delete(ref);
    const base = row.blockBase(place);
    // Not the slice of Buffer, which would be a view.
    const bytes = Uint8Array.prototype.slice.call(row.blockMemory(place), base, base + row.blockBytes(place));
    this.kept.set(i, bytes);
  }

  /** Ends it, whatever is left. */
  end(): void {
    if (this.row.blockPass === this) this.row.blockPass = null;
    this.kept.clear();
  }
}
