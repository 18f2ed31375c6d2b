// A snapshot that goes nowhere, once in the life of a server and not far. The first moments of a snapshot are its dearest:
// nearly every write is to an entry that has to be encoded first. Code that has not run before is an order of magnitude
// slower than compiled code, and would hold up a busy server for a tenth of a second just then.

import type { CronTask } from '../engine/cron.ts';
import type { Database } from '../keyspace/database.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Ref } from '../memory/heap.ts';
import type { SnapshotEncoder } from './snapshot-encoder.ts';
import type { Snapshots } from './snapshots.ts';

export interface RehearsalParts {
  readonly keyspace: Keyspace;
  readonly snapshots: Pick<Snapshots, 'isRehearsing' | 'rehearse'>;
  newEncoder(): SnapshotEncoder;
  /** Whether a snapshot runs, which is the thing itself. */
  isBusy(): boolean;
}

// A smaller data set is saved before anyone notices.
const LEAST_KEYS = 50_000;
// What runs once a snapshot, at its start and end, is known to the compiler when it has run a few times.
const ROUNDS = 3;
const ENTRIES_PER_ROUND = 10_000;
const CHANGES_PER_TICK = 1000;

export class Rehearsal implements CronTask {
  private readonly parts: RehearsalParts;
  private rounds = 0;
  private cursor = 0;

  constructor(parts: RehearsalParts) {
    this.parts = parts;
  }

  run(): void {
    const { keyspace, snapshots } = this.parts;
    if (this.parts.isBusy()) return;
    if (snapshots.isRehearsing) {
      for (const db of keyspace.databases) if (db.size >= LEAST_KEYS) this.announceChanges(db);
      return;
    }
    if (this.rounds === ROUNDS || !keyspace.databases.some(({ size }) => size >= LEAST_KEYS)) return;
    this.rounds++;
    snapshots.rehearse(this.parts.newEncoder(), ENTRIES_PER_ROUND);
  }

  // As if entries were about to be written to.
  private announceChanges(db: Database): void {
    let left = CHANGES_PER_TICK;
    const announce = (ref: Ref) => {
      db.beforeChange(ref);
      left--;
    };
    while (left > 0) this.cursor = db.dict.scan(this.cursor, announce);
  }
}
