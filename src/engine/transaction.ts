// MULTI's queue of one client and the keys it WATCHes. Commands are queued by the dispatcher and run by EXEC; here is
// only the state and its rules.

import type { Database } from '../keyspace/database.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Arguments } from '../resp/arguments.ts';
import type { Client } from './client.ts';
import type { Command } from './command-spec.ts';

export interface QueuedCommand {
  readonly command: Command;
  readonly args: Arguments;
}

/** What a client has queued since MULTI. */
export class Transaction {
  readonly queue: QueuedCommand[] = [];
  /** A command was refused while queueing: EXEC answers EXECABORT. */
  aborted = false;
  /** The flags of all queued commands together, for gates that EXEC stands behind. */
  flags = 0;
  /** The flags that at least one queued command lacks, for gates that let only flagged commands pass. */
  lackedFlags = 0;
  /** Bytes held by the queue. */
  bytes = 0;

  add(command: Command, args: Arguments): void {
    const copy = args.detach();
    this.queue.push({ command, args: copy });
    this.flags |= command.flags;
    this.lackedFlags |= ~command.flags;
    this.bytes += copy.bytes.length + copy.count * 8;
  }
}

interface WatchedKey {
  readonly dbId: number;
  readonly key: string;
  /** The key's deadline had passed already when WATCH saw it: its removal is no change. */
  wasExpired: boolean;
}

/** Which clients watch which keys. `isEmpty` is what the hot path asks. */
export class Watches {
  /** Called when the first client begins to watch, and when the last one stops. */
  onChange: () => void = () => {};

  private readonly byName = new Map<string, Set<Client>>();
  private readonly byClient = new Map<Client, Map<string, WatchedKey>>();

  get isEmpty(): boolean {
    return this.byClient.size === 0;
  }

  /** How many clients watch something. */
  get clientCount(): number {
    return this.byClient.size;
  }

  /** A key is watched by a client; one that it watches already stays as it was. O(1). */
  watch(client: Client, dbId: number, key: string, wasExpired: boolean): void {
    let keys = this.byClient.get(client);
    if (keys === undefined) {
      this.byClient.set(client, (keys = new Map()));
      if (this.byClient.size === 1) this.onChange();
    }
    const name = watchName(dbId, key);
    if (keys.has(name)) return;
    keys.set(name, { dbId, key, wasExpired });
    client.watchCount = keys.size;
    const clients = this.byName.get(name);
    if (clients === undefined) this.byName.set(name, new Set([client]));
    else clients.add(client);
  }

  /** Forgets all that a client watches, and that its watch was broken. */
  unwatch(client: Client): void {
    client.watchBroken = false;
    this.forget(client);
  }

  /** A key has changed; `isGone`: it does not exist any more. One that had expired when it was watched may go. */
  touch(dbId: number, key: string, isGone: boolean): void {
    const name = watchName(dbId, key);
    const clients = this.byName.get(name);
    if (clients === undefined) return;
    for (const client of clients) {
      const watched = this.byClient.get(client)!.get(name)!;
      if (!watched.wasExpired) this.breakWatch(client);
      else if (isGone) watched.wasExpired = false;
    }
  }

  /** The keys of database `dbId`, so far in `from`, are about to become those of `by` (null: none). O(watched keys). */
  replaced(dbId: number, from: Database, by: Database | null): void {
    for (const [client, keys] of this.byClient) {
      for (const watched of keys.values()) {
        if (watched.dbId === dbId && isChanged(watched, from, by)) {
          this.breakWatch(client);
          break;
        }
      }
    }
  }

  /** Whether a key that the client watches has expired since, though nobody has removed it yet. */
  hasExpired(client: Client, keyspace: Keyspace): boolean {
    const keys = this.byClient.get(client);
    if (keys === undefined) return false;
    for (const { dbId, key, wasExpired } of keys.values()) {
      if (!wasExpired && isExpiredKey(keyspace.database(dbId), key)) return true;
    }
    return false;
  }

  // Nothing can mend a broken watch but its end, so what else the client watches need not be followed any more.
  private breakWatch(client: Client): void {
    client.watchBroken = true;
    this.forget(client);
  }

  private forget(client: Client): void {
    client.watchCount = 0;
    const keys = this.byClient.get(client);
    if (keys === undefined) return;
    this.byClient.delete(client);
    for (const name of keys.keys()) {
      const clients = this.byName.get(name)!;
      clients.delete(client);
      if (clients.size === 0) this.byName.delete(name);
    }
    if (this.byClient.size === 0) this.onChange();
  }
}

/** Ends what MULTI and WATCH have begun for a client (EXEC, DISCARD, RESET). */
export function endTransaction(client: Client, watches: Watches): void {
  client.transaction = null;
  watches.unwatch(client);
}

/** Whether an entry is there for a key (latin1) whose deadline has passed. Removes nothing. */
export function isExpiredKey(db: Database, key: string): boolean {
  const ref = db.peekText(key);
  return ref !== 0 && db.isExpired(ref);
}

// Observed 7.2.4: FLUSHALL and SWAPDB break the watch of a key that exists before or after, but an entry that has expired
// counts as none on either side.
function isChanged(watched: WatchedKey, from: Database, by: Database | null): boolean {
  const wasThere = from.has(watched.key);
  const willBeThere = by?.has(watched.key) ?? false;
  const willBeExpired = by !== null && willBeThere && isExpiredKey(by, watched.key);
  if (watched.wasExpired) {
    watched.wasExpired = willBeExpired;
    return willBeThere && !willBeExpired;
  }
  if (!wasThere) watched.wasExpired = willBeExpired;
  return wasThere || (willBeThere && !willBeExpired);
}

function watchName(dbId: number, key: string): string {
  return `${dbId}:${key}`;
}
