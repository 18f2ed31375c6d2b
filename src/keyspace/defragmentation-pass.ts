// A pass over all databases that moves blocks out of pages which the heap wants empty (memory/evacuation-plan.ts), a step at a
// time, while the databases go on being changed between the steps. Whoever holds a `Ref` from one turn to the next must not
// let a step come in between.

import { isLarge } from '../datatypes/kind.ts';
import type { Handle, LargeValue, LargeValues } from '../datatypes/large-value.ts';
import { BlockMover } from '../memory/block-mover.ts';
import { type MoveVisitor, TOUCHED_AHEAD } from '../memory/chained-table.ts';
import type { Heap, Ref } from '../memory/heap.ts';
import type { Database } from './database.ts';
import type { Keyspace } from './keyspace.ts';

// A step looks at so many blocks, about, and at no more buckets or pieces of values than this.
const STEP_BLOCKS = 128;
const STEP_PIECES = 64;

/** Counters of all passes. */
export interface DefragmentationCounts {
  /** Blocks that were moved, and those that were looked at and could stay. */
  hits: number;
  misses: number;
  /** Keys with a block that was moved, and those with none. */
  keyHits: number;
  keyMisses: number;
}

export class DefragmentationPass implements MoveVisitor {
  /** Values of more pieces are gone through in steps of their own: `active-defrag-max-scan-fields`. */
  maxScanFields = 1000;

  private readonly keyspace: Keyspace;
  private readonly counts: DefragmentationCounts;
  private readonly heap: Heap;
  private readonly largeValues: LargeValues;
  private readonly mover: BlockMover;
  private id = 0;
  private db: Database;
  private cursor = 0;
  private bucketsTouched = 0;
  // Large values whose turn comes before the next bucket, and how far the last of them is.
  private readonly waiting: { readonly handle: Handle; readonly value: LargeValue }[] = [];
  private place = 0;
  private isDatabaseDone = false;

  /** Begins at the first database. */
  constructor(keyspace: Keyspace, counts: DefragmentationCounts) {
    this.keyspace = keyspace;
    this.counts = counts;
    this.heap = keyspace.heap;
    this.largeValues = keyspace.largeValues;
    this.mover = new BlockMover(keyspace.heap);
    this.db = keyspace.database(0);
  }

  /**
   * A step, of some ten microseconds as a rule. Returns whether anything is left. No snapshot may be under way, no command,
   * no script.
   */
  step(): boolean {
    const { keyspace, mover, counts } = this;
    // All data went at once.
    if (keyspace.heap !== this.heap) return false;
    const goesOn = this.waiting.length > 0 ? this.continueValue() : this.continueDatabase();
    counts.hits += mover.hits;
    counts.misses += mover.misses;
    mover.hits = mover.misses = 0;
    return goesOn;
  }

  entry(ref: Ref, before: Ref): void {
    const { db, mover, counts } = this;
    if (ref !== before && db.deadline(ref) !== 0) db.volatile.moved(ref);
    const hits = mover.hits - (ref === before ? 0 : 1);
    if (isLarge(db.kind(ref))) {
      const handle = db.handle(ref);
      const value = this.largeValues.get(handle);
      if (value.pieces > this.maxScanFields) this.waiting.push({ handle, value });
      else moveAll(value, mover);
    }
    if (mover.hits === hits) counts.keyMisses++;
    else counts.keyHits++;
  }

  private continueDatabase(): boolean {
    const { keyspace, mover } = this;
    let db = keyspace.database(this.id);
    // It was flushed or exchanged for another.
    if (db !== this.db) this.cursor = this.bucketsTouched = 0;
    if (this.isDatabaseDone) db.dict.fit();
    while (db.size === 0 || this.isDatabaseDone) {
      this.isDatabaseDone = false;
      this.cursor = this.bucketsTouched = 0;
      if (++this.id === keyspace.databases.length) return false;
      db = keyspace.database(this.id);
    }
    this.db = db;
    const { dict } = db;
    const looked = mover.hits + mover.misses;
    for (let i = 0; i < STEP_PIECES; i++) {
      if (this.bucketsTouched === 0) {
        dict.touchAhead(this.cursor);
        this.bucketsTouched = TOUCHED_AHEAD;
      }
      this.bucketsTouched--;
      this.cursor = dict.moveEntries(this.cursor, mover, this);
      if (this.cursor === 0) {
        this.isDatabaseDone = true;
        break;
      }
      if (this.waiting.length > 0 || mover.hits + mover.misses - looked >= STEP_BLOCKS) break;
    }
    return true;
  }

  private continueValue(): boolean {
    const { waiting, mover } = this;
    const { handle, value } = waiting[waiting.length - 1]!;
    const looked = mover.hits + mover.misses;
    // It may be gone since the step before.
    let isDone = this.largeValues.get(handle) !== value;
    for (let i = 0; i < STEP_PIECES && !isDone && mover.hits + mover.misses - looked < STEP_BLOCKS; i++) {
      this.place = value.moveSome(this.place, mover);
      isDone = this.place === 0;
    }
    if (isDone) {
      this.place = 0;
      waiting.pop();
    }
    return true;
  }
}

function moveAll(value: LargeValue, mover: BlockMover): void {
  let at = 0;
  do at = value.moveSome(at, mover);
  while (at !== 0);
}
