// Encodes entries to nowhere, for some fiftieth of the processor and for two seconds in the life of a server. The first
// moments of a snapshot are its dearest: nearly every write is to an entry that has to be encoded first. Code that has
// not run before is an order of magnitude slower than compiled code, and would hold up a busy server for a tenth of a
// second just then.

import type { Clock } from '../base/runtime.ts';
import { isLarge } from '../datatypes/kind.ts';
import type { CronTask } from '../engine/cron.ts';
import type { Database } from '../keyspace/database.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Ref } from '../memory/heap.ts';
import type { SnapshotEncoder } from './snapshot-encoder.ts';

export interface RehearsalParts {
  readonly clock: Clock;
  readonly keyspace: Keyspace;
  newEncoder(): SnapshotEncoder;
  /** Whether a snapshot runs, which is the thing itself. */
  isBusy(): boolean;
}

// A smaller data set is saved before anyone notices.
const LEAST_KEYS = 50_000;
const ENTRIES = 50_000;
const LONGEST_VALUE = 4096;
const SLICE_US = 2000;
const BUCKETS_PER_CLOCK = 16;
const TO_NOWHERE = () => {};

export class Rehearsal implements CronTask {
  private readonly parts: RehearsalParts;
  private encoder: SnapshotEncoder | null = null;
  private cursor = 0;
  private left = ENTRIES;

  constructor(parts: RehearsalParts) {
    this.parts = parts;
  }

  run(): void {
    if (this.left <= 0 || this.parts.isBusy()) return;
    const { databases } = this.parts.keyspace;
    const db = databases.reduce((largest, other) => (other.size > largest.size ? other : largest));
    if (db.size >= LEAST_KEYS) this.slice(db);
  }

  private slice(db: Database): void {
    const { clock } = this.parts;
    this.encoder ??= this.parts.newEncoder();
    const { encoder } = this;
    const visit = (ref: Ref) => {
      this.left--;
      // Other values could take long.
      if (!isLarge(db.kind(ref)) && db.dict.valueLength(ref) <= LONGEST_VALUE) encoder.entry(db, ref);
    };
    const endUs = clock.monotonicUs() + SLICE_US;
    do {
      for (let i = 0; i < BUCKETS_PER_CLOCK; i++) this.cursor = db.dict.scan(this.cursor, visit);
      encoder.handOver(TO_NOWHERE);
    } while (this.left > 0 && clock.monotonicUs() < endUs);
    if (this.left <= 0) this.encoder = null;
  }
}
