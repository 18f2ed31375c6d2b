// MULTI's queue of one client and the keys it WATCHes. Commands are queued by the dispatcher and run by EXEC; here is
// only the state and its rules.

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
  /** Bytes held by the queue. */
  bytes = 0;

  add(command: Command, args: Arguments): void {
    const copy = args.detach();
    this.queue.push({ command, args: copy });
    this.flags |= command.flags;
    this.bytes += copy.bytes.length + copy.count * 8;
  }
}

export interface WatchedKey {
  readonly dbId: number;
  readonly key: string;
  /** The key's deadline had passed already when WATCH saw it: its removal is no change. */
  wasExpired: boolean;
}

/** Which clients watch which keys. `isEmpty` is what the hot path asks. */
export class Watches {
  /** Called when the first client begins to watch, and when the last one stops. */
  onChange: () => void = () => {};

  private readonly byKey = new Map<string, Set<Client>>();
  private readonly byClient = new Map<Client, WatchedKey[]>();

  get isEmpty(): boolean {
    return this.byClient.size === 0;
  }

  /** How many clients watch something. */
  get clientCount(): number {
    return this.byClient.size;
  }

  watch(client: Client, dbId: number, key: string, wasExpired: boolean): void {
    let keys = this.byClient.get(client);
    if (keys === undefined) {
      this.byClient.set(client, (keys = []));
      if (this.byClient.size === 1) this.onChange();
    }
    if (keys.some((watched) => watched.dbId === dbId && watched.key === key)) return;
    keys.push({ dbId, key, wasExpired });
    client.watchCount = keys.length;
    const name = watchName(dbId, key);
    const clients = this.byKey.get(name);
    if (clients === undefined) this.byKey.set(name, new Set([client]));
    else clients.add(client);
  }

  /** Forgets all that a client watches, and that it was broken. */
  unwatch(client: Client): void {
    client.watchBroken = false;
    client.watchCount = 0;
    const keys = this.byClient.get(client);
    if (keys === undefined) return;
    this.byClient.delete(client);
    for (const { dbId, key } of keys) {
      const name = watchName(dbId, key);
      const clients = this.byKey.get(name)!;
      clients.delete(client);
      if (clients.size === 0) this.byKey.delete(name);
    }
    if (this.byClient.size === 0) this.onChange();
  }

  /** A key has changed. One that had expired when it was watched may go without breaking the watch. */
  touch(dbId: number, key: string, isGone: boolean): void {
    const clients = this.byKey.get(watchName(dbId, key));
    if (clients === undefined) return;
    for (const client of clients) {
      const watched = this.byClient.get(client)!.find((one) => one.dbId === dbId && one.key === key)!;
      if (isGone && watched.wasExpired) watched.wasExpired = false;
      else client.watchBroken = true;
    }
  }

  /** Calls `visit` for each watched key of a database; a returned true breaks the watch. */
  touchDatabase(dbId: number, isChanged: (watched: Readonly<WatchedKey>) => boolean): void {
    for (const [client, keys] of this.byClient) {
      if (keys.some((watched) => watched.dbId === dbId && isChanged(watched))) client.watchBroken = true;
    }
  }

  /** Whether a watched key has expired since, though nobody has removed it yet. */
  hasExpired(client: Client, isExpired: (dbId: number, key: string) => boolean): boolean {
    const keys = this.byClient.get(client);
    return keys?.some(({ dbId, key, wasExpired }) => !wasExpired && isExpired(dbId, key)) ?? false;
  }
}

function watchName(dbId: number, key: string): string {
  return `${dbId}:${key}`;
}
