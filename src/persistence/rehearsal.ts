// A snapshot that goes nowhere, once in the life of a server and not far. The first moments of a snapshot are its dearest:
// nearly every write is to an entry that has to be encoded first. Code that has not run before is an order of magnitude
// slower than compiled code, and would hold up a busy server for a tenth of a second just then.

import type { CronTask } from '../engine/cron.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { SnapshotEncoder } from './snapshot-encoder.ts';
import type { Snapshots } from './snapshots.ts';

export interface RehearsalParts {
  readonly keyspace: Keyspace;
  readonly snapshots: Pick<Snapshots, 'rehearse'>;
  newEncoder(): SnapshotEncoder;
  /** Whether a snapshot runs, which is the thing itself. */
  isBusy(): boolean;
}

// A smaller data set is saved before anyone notices.
const LEAST_KEYS = 50_000;
const ENTRIES = 30_000;

export class Rehearsal implements CronTask {
  private readonly parts: RehearsalParts;
  private isDone = false;

  constructor(parts: RehearsalParts) {
    this.parts = parts;
  }

  run(): void {
    const { keyspace, snapshots } = this.parts;
    if (this.isDone || this.parts.isBusy()) return;
    if (!keyspace.databases.some(({ size }) => size >= LEAST_KEYS)) return;
    this.isDone = true;
    snapshots.rehearse(this.parts.newEncoder(), ENTRIES);
  }
}
