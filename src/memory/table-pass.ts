// A pass over all entries of a table as they are when it begins, in steps, while the table goes on being changed: a
// snapshot. Whoever is about to change an entry says so, and the entries of its bucket are visited first. Meanwhile the
// table keeps its buckets: it neither grows nor shrinks, so that a bucket is either behind the pass or before it.

import type { ChainedTable } from './chained-table.ts';
import type { Ref } from './heap.ts';

// How many buckets are looked at ahead of their visit.
const READ_AHEAD = 256;

/** Takes the entries. An object and no function: calls of closures that are made anew for each pass stay slow for long. */
export interface EntryVisitor {
  visit(ref: Ref): void;
}

export class TablePass {
  private readonly table: ChainedTable;
  private readonly visitor: EntryVisitor;
  private readonly buckets: number;
  // Buckets at and behind `at` that were visited before their turn, a bit each.
  private readonly early: Uint8Array;
  private at = 0;

  /** Begins; the visitor must not change the table. The table has one pass at a time. */
  constructor(table: ChainedTable, visitor: EntryVisitor) {
    this.table = table;
    this.visitor = visitor;
    this.buckets = table.bucketCount;
    this.early = new Uint8Array((this.buckets + 7) >> 3);
    table.pass = this;
  }

  /**
   * Visits the entries of some of the next buckets; stops sooner when `enough`, which is asked after every bucket that has
   * any. Returns whether entries may be left; when none are, the pass has ended.
   */
  step(enough: () => boolean): boolean {
    const stop = Math.min(this.buckets, this.at + READ_AHEAD);
    this.table.touchBuckets(this.at, stop);
    while (this.at < stop) {
      const bucket = this.at++;
      if ((this.early[bucket >> 3]! & (1 << (bucket & 7))) !== 0) continue;
      if (this.visitBucket(bucket) && enough()) break;
    }
    if (this.at < this.buckets) return true;
    this.end();
    return false;
  }

  /** To be called before an entry with this hash is added, changed or removed: visits those of its bucket. O(1). */
  beforeChange(hash: number): void {
    const bucket = this.table.bucketOf(hash);
    if (bucket < this.at) return;
    const bit = 1 << (bucket & 7);
    if ((this.early[bucket >> 3]! & bit) !== 0) return;
    this.early[bucket >> 3]! |= bit;
    this.visitBucket(bucket);
  }

  // Returns whether the bucket has any entries.
  private visitBucket(bucket: number): boolean {
    const { table, visitor } = this;
    const first = table.bucketHead(bucket);
    for (let ref = first; ref !== 0; ) {
      const next = table.next(ref);
      visitor.visit(ref);
      ref = next;
    }
    return first !== 0;
  }

  /** Ends it, whatever is left; the table may change its size again. */
  end(): void {
    if (this.table.pass === this) this.table.pass = null;
  }
}
