// Those who want to know what happens to keys, behind the one observer that the keyspace has: WATCH, waiting clients,
// client-side caches, migrations, key events and propagation. While none of them is active the keyspace has no observer at all, and a write
// makes no string of its key.

import type { Database } from '../keyspace/database.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { KeyspaceObserver } from '../keyspace/observer.ts';
import type { Blocking } from './blocking.ts';
import type { KeyEvents } from './key-events.ts';
import type { Migrations } from './migrations.ts';
import type { Propagation } from './propagation.ts';
import type { Tracking } from './tracking.ts';
import type { Watches } from './transaction.ts';

export class Observers implements KeyspaceObserver {
  ignoresKeys = true;

  /** How the removal of an expired key is repeated elsewhere: UNLINK under `lazyfree-lazy-expire`. */
  removal: 'DEL' | 'UNLINK' = 'DEL';

  private readonly keyspace: Keyspace;
  private readonly watches: Watches;
  private readonly blocking: Blocking;
  private readonly keyEvents: KeyEvents;
  private readonly propagation: Propagation;
  private readonly migrations: Migrations;
  private readonly tracking: Tracking;

  constructor(
    keyspace: Keyspace,
    watches: Watches,
    blocking: Blocking,
    keyEvents: KeyEvents,
    propagation: Propagation,
    migrations: Migrations,
    tracking: Tracking,
  ) {
    this.keyspace = keyspace;
    this.watches = watches;
    this.blocking = blocking;
    this.keyEvents = keyEvents;
    this.propagation = propagation;
    this.migrations = migrations;
    this.tracking = tracking;
    watches.onChange = () => this.refresh();
    blocking.onChange = () => this.refresh();
    propagation.onChange = () => this.refresh();
    migrations.onChange = () => this.refresh();
    tracking.onChange = () => this.refresh();
  }

  /** To be called when one of them may have become active or idle. */
  refresh(): void {
    this.ignoresKeys =
      this.watches.isEmpty &&
      this.blocking.isEmpty &&
      this.migrations.isEmpty &&
      !this.tracking.isActive &&
      !this.keyEvents.isActive;
    this.keyspace.observer = this.ignoresKeys && !this.propagation.isActive ? null : this;
  }

  keyChanged(db: Database, key: string): void {
    if (!this.blocking.isEmpty) this.blocking.keyChanged(db, key);
    if (!this.watches.isEmpty) this.watches.touch(db.id, key, !db.has(key));
    if (!this.migrations.isEmpty) this.migrations.keyChanged(db, key);
    if (this.tracking.isActive) this.tracking.keyChanged(key, true);
  }

  keyEvent(db: Database, event: string, key: string): void {
    if (this.keyEvents.isActive) this.keyEvents.emit(db.id, event, key);
  }

  keyExpired(db: Database, key: string): void {
    if (!this.watches.isEmpty) this.watches.touch(db.id, key, true);
    if (!this.blocking.isEmpty) this.blocking.keyChanged(db, key);
    if (this.tracking.isActive) this.tracking.keyChanged(key, false);
    this.keyEvent(db, 'expired', key);
    this.propagation.also(db.id, [this.removal, key]);
  }

  keyEvicted(db: Database, key: string, lazily: boolean): void {
    if (!this.watches.isEmpty) this.watches.touch(db.id, key, true);
    if (!this.blocking.isEmpty) this.blocking.keyChanged(db, key);
    if (!this.migrations.isEmpty) this.migrations.keyChanged(db, key);
    if (this.tracking.isActive) this.tracking.keyChanged(key, false);
    this.keyEvent(db, 'evicted', key);
    this.propagation.also(db.id, [lazily ? 'UNLINK' : 'DEL', key]);
  }

  databaseReplaced(dbId: number, from: Database, by: Database | null): void {
    if (!this.watches.isEmpty) this.watches.replaced(dbId, from, by);
    if (!this.blocking.isEmpty) this.blocking.databaseReplaced(dbId);
    if (!this.migrations.isEmpty) this.migrations.databaseReplaced(dbId);
  }
}
