// What the keyspace tells those who watch it. The keyspace declares the interface; WATCH, key events, propagation and
// snapshots stand behind it. A keyspace without an observer pays one null check.

import type { Database } from './database.ts';

export interface KeyspaceObserver {
  /** It does nothing with `keyChanged` and `keyEvent` at present: nobody need make the text of a key for it. */
  readonly ignoresKeys?: boolean;
  /** A key's value or deadline has changed, or the key has come or gone. */
  keyChanged(db: Database, key: string): void;
  /** Something that `notify-keyspace-events` can report has happened to a key. */
  keyEvent(db: Database, event: string, key: string): void;
  /** A key has been removed because its deadline passed: replicas and the AOF must hear of it. */
  keyExpired(db: Database, key: string): void;
  /** A key has been removed because memory was short; `lazily`: its value may be freed later, elsewhere too. */
  keyEvicted(db: Database, key: string, lazily: boolean): void;
  /** The keys of database `dbId` are about to become those of `by`; null: none. */
  databaseReplaced(dbId: number, from: Database, by: Database | null): void;
}
