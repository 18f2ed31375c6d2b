// MULTI's queue of one client and the keys it WATCHes. Commands are queued by the dispatcher and run by EXEC; here is
// only the state and its rules. A transaction makes nothing for a command that it queues, and is used again.

import { copyBytes } from '../base/bytes.ts';
import type { Database } from '../keyspace/database.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { Arguments } from '../resp/arguments.ts';
import type { Client } from './client.ts';
import type { Command } from './command-spec.ts';

const INITIAL_BYTES = 1024;
const INITIAL_SLICES = 64;
/** A request of more bytes is kept beside the others: it need not move when their buffer grows. */
const MAX_SHARED_BYTES = 16 * 1024;
// What a transaction may hold on to when it is put aside, and how many are put aside.
const KEPT_BYTES = 64 * 1024;
const KEPT_COMMANDS = 1024;
const SPARE_TRANSACTIONS = 256;
/** What an argument counts for beside its bytes in CLIENT LIST, in Redis and so here: about what its slice takes. */
const ARGUMENT_BYTES = 8;

/** What a client has queued since MULTI: the commands, and all their arguments in one buffer. */
export class Transaction {
  /** How many commands are queued. */
  count = 0;
  /** A command was refused while queueing: EXEC answers EXECABORT. */
  aborted = false;
  /** The flags of all queued commands together, for gates that EXEC stands behind. */
  flags = 0;
  /** The flags that at least one queued command lacks, for gates that let only flagged commands pass. */
  lackedFlags = 0;
  /** Bytes of all arguments, as CLIENT LIST shows them (`multi-mem`). */
  bytes = 0;

  private readonly commands: Command[] = [];
  // Where the arguments of command i begin among the slices; those of a long request are kept in `long` instead.
  private readonly firstSlices: number[] = [];
  private long: Map<number, Arguments> | null = null;
  private memory = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  private at = 0;
  // Start and length of each argument.
  private slices = new Int32Array(INITIAL_SLICES);
  private sliceCount = 0;
  private readonly args = new Arguments();

  /** Queues a request; its bytes are copied. */
  add(command: Command, args: Arguments, flags = command.flags): void {
    const at = this.count++;
    this.commands[at] = command;
    this.firstSlices[at] = this.sliceCount;
    this.flags |= flags;
    this.lackedFlags |= ~flags;
    const { count, totalBytes } = args;
    this.bytes += count * ARGUMENT_BYTES + totalBytes;
    if (totalBytes > MAX_SHARED_BYTES) {
      this.long ??= new Map();
      this.long.set(at, args.detach());
      return;
    }
    if (this.at + totalBytes > this.memory.length) this.growMemory(totalBytes);
    if (this.sliceCount + 2 * count > this.slices.length) this.growSlices(2 * count);
    const { memory, slices } = this;
    for (let i = 0; i < count; i++) {
      const length = args.length(i);
      copyBytes(args.bytes, args.start(i), memory, this.at, length);
      slices[this.sliceCount++] = this.at;
      slices[this.sliceCount++] = length;
      this.at += length;
    }
  }

  /** The command that was queued as number `i`. */
  command(i: number): Command {
    return this.commands[i]!;
  }

  /** Its arguments, good until those of another one are asked for. */
  arguments(i: number): Arguments {
    const long = this.long?.get(i);
    if (long !== undefined) return long;
    const { args, slices } = this;
    const end = i + 1 < this.count ? this.firstSlices[i + 1]! : this.sliceCount;
    args.begin(this.memory);
    for (let at = this.firstSlices[i]!; at < end; at += 2) args.add(slices[at]!, slices[at + 1]!);
    return args;
  }

  /** Empties the queue for the next MULTI; returns whether it is worth keeping. */
  clear(): boolean {
    const isKept = this.memory.length <= KEPT_BYTES && this.commands.length <= KEPT_COMMANDS;
    this.count = 0;
    this.aborted = false;
    this.flags = 0;
    this.lackedFlags = 0;
    this.bytes = 0;
    this.long = null;
    this.at = 0;
    this.sliceCount = 0;
    return isKept;
  }

  private growMemory(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.memory.length, this.at + needed));
    this.memory.copy(larger, 0, 0, this.at);
    this.memory = larger;
  }

  private growSlices(needed: number): void {
    const larger = new Int32Array(Math.max(2 * this.slices.length, this.sliceCount + needed));
    larger.set(this.slices);
    this.slices = larger;
  }
}

/** Begins and ends the transactions of clients. Those that are over serve again. */
export class Transactions {
  private readonly watches: Watches;
  private readonly spare: Transaction[] = [];

  constructor(watches: Watches) {
    this.watches = watches;
  }

  /** MULTI. */
  begin(client: Client): void {
    client.transaction = this.spare.pop() ?? new Transaction();
  }

  /** Ends what MULTI and WATCH have begun for a client (EXEC, DISCARD, RESET). Its queue must not be used any more. */
  end(client: Client): void {
    const { transaction } = client;
    client.transaction = null;
    this.watches.unwatch(client);
    if (transaction?.clear() && this.spare.length < SPARE_TRANSACTIONS) this.spare.push(transaction);
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
    if (client.watchCount > 0) this.forget(client);
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
    if (client.watchCount === 0) return false;
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
