// Values that are too large for their entry: an entry then holds a handle, four bytes, and the value is an object here.
// The object owns blocks of the heap and is dropped with it; what it costs on the JavaScript heap does not grow with
// the number of its elements.

import type { BlockMover } from '../memory/block-mover.ts';
import type { BlockRow } from '../memory/block-pass.ts';
import type { ChainedTable, TableStats } from '../memory/chained-table.ts';

/** What every large value can do, whatever its type. */
export interface LargeValue {
  /** How many pieces there are to free, about: what decides whether freeing can wait. O(1). */
  readonly pieces: number;
  /** A deep copy. O(n). */
  copy(): LargeValue;
  /**
   * Frees up to about `pieces` pieces; returns whether any are left. From the first call on nothing else may be done
   * with the value.
   */
  freeSome(pieces: number): boolean;
  /**
   * A step of a pass that moves blocks: some of the value's blocks, those at `from` (a number of the value's own, 0 to begin
   * with). Returns where to go on, 0 at the end. What changes between two steps may leave a few blocks where they were.
   */
  moveSome(from: number, mover: BlockMover): number;
  /** The bytes in the heap and in tables. O(n) at most. */
  readonly usedBytes: number;
  /**
   * The table whose entries are the elements; absent where there is none. While it has a pass, the value may not be freed.
   */
  readonly table?: ChainedTable;
  /** The blocks that the elements lie in, in order; absent where there is a table. As for a table: not freed under a pass. */
  readonly blocks?: BlockRow;
  /** Figures of the hash table that the elements are in and of the one it is changing into; absent where there is none. */
  tables?(): TableStats[];
}

/** The number by which an entry knows its large value. */
export type Handle = number;

export const HANDLE_BYTES = 4;

/** All large values of a heap, by handle. */
export class LargeValues {
  private readonly values: (LargeValue | null)[] = [];
  private readonly free: Handle[] = [];

  get(handle: Handle): LargeValue {
    return this.values[handle]!;
  }

  add(value: LargeValue): Handle {
    const handle = this.free.pop() ?? this.values.length;
    this.values[handle] = value;
    return handle;
  }

  /** Forgets a handle; the value is its taker's to free. */
  take(handle: Handle): LargeValue {
    const value = this.values[handle]!;
    this.values[handle] = null;
    this.free.push(handle);
    return value;
  }
}
