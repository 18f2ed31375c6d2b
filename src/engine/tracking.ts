// Client-side caching: who has read which keys (tracking-table), who listens to which prefixes (tracking-prefixes), and the
// messages that tell them what is no longer true. A client that has never asked for it costs one null check a command; a
// keyspace that nobody tracks has no observer for it.

import { writeText } from '../base/bytes.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { BlockMover } from '../memory/block-mover.ts';
import { Heap } from '../memory/heap.ts';
import type { Arguments } from '../resp/arguments.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import { NO_BYTES } from '../resp/request-parser.ts';
import type { Executor } from './call.ts';
import type { Client } from './client.ts';
import type { ClientRegistry } from './client-registry.ts';
import type { Command } from './command-spec.ts';
import { keysOf } from './key-extraction.ts';
import type { Pushes } from './pushes.ts';
import { TrackingPrefixes } from './tracking-prefixes.ts';
import { TrackingTable } from './tracking-table.ts';

const INVALIDATION_CHANNEL = '__redis__:invalidate';
/** How many keys are forgotten at a time when there are too many, and by how many more at every further time. */
const EVICTION_EFFORT = 100;
/** A longer key's bytes are not kept. */
const KEPT_KEY_BYTES = 16 * 1024;

/** What CLIENT TRACKING ON was told. */
export interface TrackingOptions {
  /** The client that the messages go to; 0: the client itself. */
  readonly redirectTo: number;
  readonly broadcasts: boolean;
  readonly optIn: boolean;
  readonly optOut: boolean;
  readonly noLoop: boolean;
  readonly prefixes: readonly string[];
}

/** A client that tracks, or has. What it has read stays in the table while it does not, and counts again when it does. */
export class ClientTracking {
  readonly client: Client;
  /** Its number in the table. */
  readonly slot: number;
  /** How many keys the table has for it. */
  items = 0;
  isOn = false;
  redirectTo = 0;
  broadcasts = false;
  optIn = false;
  optOut = false;
  noLoop = false;
  /** CLIENT CACHING was said for the next command: YES under `optIn`, NO under `optOut`. */
  caching = false;
  /** The client that messages shall go to has gone. */
  redirectionBroken = false;
  /** Ascending. */
  prefixes: readonly string[] = [];

  constructor(client: Client, slot: number) {
    this.client = client;
    this.slot = slot;
  }

  /** Whether the keys are remembered that are read now. */
  get remembers(): boolean {
    if (!this.isOn || this.broadcasts) return false;
    return this.optIn ? this.caching : !(this.optOut && this.caching);
  }
}

/** What is no longer true: a key, several of them, or (null) all. */
type Invalid = string | readonly string[] | null;

export class Tracking {
  /** Called when the keyspace has to be observed from now on, or no more. */
  onChange: () => void = () => {};
  /** Called when there is something to tell at the end of the turn (`broadcast`). */
  onBroadcast: () => void = () => {};
  /** How many clients track. */
  clientCount = 0;
  /** The table has more keys than it may: `evict` is due. */
  isOverLimit = false;

  private readonly keyspace: Keyspace;
  private readonly clients: ClientRegistry;
  private readonly pushes: Pushes;
  private executor!: Executor;
  private table: TrackingTable;
  private readonly prefixes = new TrackingPrefixes();
  private readonly bySlot: (ClientTracking | null)[] = [];
  private readonly freeSlots: number[] = [];
  // How many of `bySlot` have a client that is still there.
  private connectedCount = 0;
  private maxKeys = Number.POSITIVE_INFINITY;
  // How many goes of `evict` in a row have not been enough.
  private overruns = 0;
  // What the client whose command runs is to be told right after the reply.
  private pending: Invalid[] = [];
  // Whose request is about to run.
  private requesting: Client | null = null;
  private readonly slots: number[] = [];
  private keyBytes: Buffer = NO_BYTES;
  private isObserving = false;
  // What the next message says, and whether it is written for clients of a protocol: many who get the same share its bytes.
  private invalid: Invalid = null;
  private isWritten2 = false;
  private isWritten3 = false;

  constructor(keyspace: Keyspace, clients: ClientRegistry, pushes: Pushes) {
    this.keyspace = keyspace;
    this.clients = clients;
    this.pushes = pushes;
    this.table = new TrackingTable(new Heap(), keyspace.seed);
  }

  /** Closes the circle: whose command runs is known to the executor, which stands on this. */
  attach(executor: Executor): void {
    this.executor = executor;
  }

  /** Whether changes of keys concern anyone. */
  get isActive(): boolean {
    return this.clientCount > 0 || this.table.size > 0;
  }

  get keyCount(): number {
    return this.table.size;
  }

  /** The heap that the table is in; another one after a flush. */
  get heap(): Heap {
    return this.table.ownHeap;
  }

  /** See `TrackingTable.moveBlocks`. */
  moveBlocks(cursor: number, mover: BlockMover): number {
    return this.table.moveBlocks(cursor, mover);
  }

  get itemCount(): number {
    return this.table.items;
  }

  get prefixCount(): number {
    return this.prefixes.size;
  }

  /** The bytes that the table takes; 0 before anyone has tracked. */
  get usedBytes(): number {
    return this.table.usedBytes;
  }

  /** Sets `tracking-table-max-keys`; 0: no limit. */
  setMaxKeys(count: number): void {
    this.maxKeys = count === 0 ? Number.POSITIVE_INFINITY : count;
    this.isOverLimit = this.table.size > this.maxKeys;
  }

  /** CLIENT TRACKING ON. What was said before is forgotten, but for the prefixes, which add up. */
  enable(client: Client, options: TrackingOptions): void {
    client.tracking ??= this.newTracking(client);
    const { tracking } = client;
    if (!tracking.isOn) this.clientCount++;
    tracking.isOn = true;
    tracking.redirectionBroken = false;
    tracking.redirectTo = options.redirectTo;
    tracking.broadcasts = options.broadcasts;
    tracking.optIn = options.optIn;
    tracking.optOut = options.optOut;
    tracking.noLoop = options.noLoop;
    if (options.broadcasts) {
      const added = options.prefixes.length === 0 ? [''] : options.prefixes;
      for (const prefix of added) this.prefixes.add(tracking, prefix);
      tracking.prefixes = [...new Set([...tracking.prefixes, ...added])].sort();
    }
    this.refresh();
  }

  /** CLIENT TRACKING OFF, RESET. */
  disable(client: Client): void {
    const { tracking } = client;
    if (tracking === null || !tracking.isOn) return;
    for (const prefix of tracking.prefixes) this.prefixes.remove(tracking, prefix);
    tracking.prefixes = [];
    tracking.isOn = false;
    tracking.redirectionBroken = false;
    tracking.broadcasts = false;
    tracking.optIn = false;
    tracking.optOut = false;
    tracking.noLoop = false;
    tracking.caching = false;
    this.clientCount--;
    this.refresh();
  }

  /** The client has gone. What the table knows of it goes as its keys do; all of it when nobody is left. */
  left(client: Client): void {
    const { tracking } = client;
    if (tracking === null) return;
    this.disable(client);
    client.tracking = null;
    if (this.executor.context.client?.tracking === tracking) this.pending = [];
    if (--this.connectedCount === 0) this.dropTable();
    else if (tracking.items === 0) this.releaseSlot(tracking.slot);
    this.refresh();
  }

  /** A command of a client that tracks, or has, was run: remembers what it read, tells the client what it has changed. */
  commandEnded(tracking: ClientTracking, client: Client, command: Command, args: Arguments): void {
    if (command.isTracked && tracking.remembers) this.remember(tracking, command, args);
    if (this.executor.depth > 0) return;
    if (this.pending.length > 0) this.tellPending(tracking);
    if (client.wait === null) this.requestEnded(client, command);
  }

  /** A request is done, be it run or refused (null: it named no command): CLIENT CACHING held for this one. */
  requestEnded({ tracking, transaction }: Client, command: Command | null): void {
    if (tracking === null || !tracking.caching || transaction !== null) return;
    const { keepsCaching } = command?.parent?.spec ?? {};
    if (!keepsCaching) tracking.caching = false;
  }

  /** A key has changed, by the command that runs, or by nobody (it has expired). */
  keyChanged(key: string, byCommand: boolean): void {
    const { executor, table } = this;
    if (this.prefixes.size > 0) {
      // A script's client tracks what its caller does.
      const by = byCommand && executor.depth > 0 ? (executor.context.client.tracking?.client ?? null) : null;
      if (this.prefixes.noteChanged(key, by)) this.onBroadcast();
    }
    if (table.size === 0) return;
    const { length } = key;
    if (length > this.keyBytes.length) this.keyBytes = Buffer.allocUnsafeSlow(length);
    const bytes = this.keyBytes;
    writeText(bytes, 0, key);
    const count = table.take(bytes, 0, length, table.hash(bytes, 0, length), this.slots);
    if (length > KEPT_KEY_BYTES) this.keyBytes = NO_BYTES;
    if (count === 0) return;
    this.tellReaders(key, count);
    if (this.clientCount === 0) this.refresh();
  }

  /** A database, or all of them, has been emptied: as keys are tracked whatever their database, all are invalid. */
  flushed(): void {
    this.dropTable();
    if (this.clientCount > 0) {
      const { executor } = this;
      const running = executor.depth > 0 ? executor.context.client.tracking : null;
      this.begin(null);
      for (const { tracking } of this.clients) {
        if (tracking === null || !tracking.isOn) continue;
        if (tracking === running) this.pending.push(null);
        else this.tell(tracking);
      }
    }
    this.refresh();
  }

  /** Tells those who track by prefix what has changed in the turn. */
  broadcast(): void {
    this.prefixes.tellChanged((tracking, keys) => {
      if (this.invalid !== keys) this.begin(keys);
      this.tell(tracking);
    });
  }

  /**
   * Forgets keys, drawn at random, until there are no more than the limit, or as many as a go may take; whoever has read
   * them is told. `client`: whose request is about to run, if any.
   */
  evict(client: Client | null): void {
    if (this.clientCount === 0) return;
    const { table } = this;
    this.requesting = client;
    for (let left = EVICTION_EFFORT * (this.overruns + 1); left > 0 && table.size > this.maxKeys; left--) {
      const ref = table.random(this.keyspace.random);
      const key = table.keyText(ref);
      this.tellReaders(key, table.takeEntry(ref, this.slots));
    }
    this.requesting = null;
    this.isOverLimit = table.size > this.maxKeys;
    this.overruns = this.isOverLimit ? this.overruns + 1 : 0;
  }

  /** A request of this client is about to run (null: none is): what it is told from here on comes before the reply. */
  tellsBefore(client: Client | null): void {
    this.requesting = client;
  }

  private remember(tracking: ClientTracking, command: Command, args: Arguments): void {
    const { firstKey } = command;
    if (firstKey === 0) {
      for (const { index } of keysOf(command, args)) this.rememberKey(tracking, args, index);
      return;
    }
    const last = command.lastKey < 0 ? args.count + command.lastKey : command.lastKey;
    for (let i = firstKey; i <= last; i++) this.rememberKey(tracking, args, i);
  }

  private rememberKey(tracking: ClientTracking, args: Arguments, i: number): void {
    const { table } = this;
    const hash = args.keyHash(i, this.keyspace.seed);
    if (!table.track(args.bytes, args.start(i), args.length(i), hash, tracking.slot)) return;
    tracking.items++;
    if (table.size > this.maxKeys) this.isOverLimit = true;
  }

  // Tells the clients in `slots[0, count)`, whom the table has forgotten for this key. The one whose command runs is told
  // behind its reply; the one whose request is about to run, before it.
  private tellReaders(key: string, count: number): void {
    const { slots, bySlot, executor } = this;
    const running = executor.depth > 0 ? executor.context.client.tracking : null;
    const own = running ?? this.requesting?.tracking;
    this.begin(key);
    for (let i = 0; i < count; i++) {
      const tracking = bySlot[slots[i]!]!;
      tracking.items--;
      if (tracking.items === 0 && tracking.client.tracking === null) this.releaseSlot(tracking.slot);
      if (!tracking.isOn || tracking.broadcasts) continue;
      if (tracking === own && tracking.noLoop) continue;
      if (tracking === running) this.pending.push(key);
      else this.tell(tracking);
    }
  }

  private tellPending(tracking: ClientTracking): void {
    const { pending } = this;
    this.pending = [];
    for (const invalid of pending) {
      this.begin(invalid);
      this.tell(tracking);
    }
  }

  private begin(invalid: Invalid): void {
    this.invalid = invalid;
    this.isWritten2 = false;
    this.isWritten3 = false;
  }

  // Sends a client, or whom it has named, what `begin` was given. Under RESP2 only a connection that others have named, and
  // that is subscribed to something, can get it.
  private tell(tracking: ClientTracking): void {
    let { client } = tracking;
    const isRedirected = tracking.redirectTo !== 0;
    if (isRedirected) {
      const target = this.clients.get(tracking.redirectTo);
      if (target === undefined) {
        this.tellBroken(tracking);
        return;
      }
      client = target;
    }
    if (client.protocol === 3) {
      // Observed 7.2.4: "all" is a null of the protocol of the client that tracks, whoever is told.
      const isNull2 = this.invalid === null && tracking.client.protocol === 2;
      if (!this.isWritten3 || isNull2) writeInvalidation(this.pushes.begin(3), this.invalid, isNull2);
      this.isWritten3 = !isNull2;
      this.send(client);
    } else if (isRedirected && client.isSubscriber) {
      if (!this.isWritten2) writeInvalidation(this.pushes.begin(2), this.invalid, true);
      this.isWritten2 = true;
      this.send(client);
    }
  }

  private tellBroken(tracking: ClientTracking): void {
    tracking.redirectionBroken = true;
    if (tracking.client.protocol === 2) return;
    this.isWritten3 = false;
    const writer = this.pushes.begin(3);
    writer.push(2);
    writer.bulkText('tracking-redir-broken');
    writer.integer(tracking.redirectTo);
    this.send(tracking.client);
  }

  private send(client: Client): void {
    if (client === this.requesting) this.pushes.sendBefore(client);
    else this.pushes.send(client);
  }

  private dropTable(): void {
    if (this.table.size > 0) this.table = new TrackingTable(new Heap(), this.keyspace.seed);
    this.isOverLimit = false;
    for (const tracking of this.bySlot) {
      if (tracking === null) continue;
      tracking.items = 0;
      if (tracking.client.tracking === null) this.releaseSlot(tracking.slot);
    }
  }

  private newTracking(client: Client): ClientTracking {
    const slot = this.freeSlots.pop() ?? this.bySlot.length;
    const tracking = new ClientTracking(client, slot);
    this.bySlot[slot] = tracking;
    this.connectedCount++;
    return tracking;
  }

  private releaseSlot(slot: number): void {
    this.bySlot[slot] = null;
    this.freeSlots.push(slot);
  }

  private refresh(): void {
    if (this.isActive === this.isObserving) return;
    this.isObserving = this.isActive;
    this.onChange();
  }
}

function writeInvalidation(writer: ReplyWriter, invalid: Invalid, isNull2: boolean): void {
  if (writer.protocol === 2) {
    writer.array(3);
    writer.bulkText('message');
    writer.bulkText(INVALIDATION_CHANNEL);
  } else {
    writer.push(2);
    writer.bulkText('invalidate');
  }
  if (invalid === null) {
    writer.raw(isNull2 ? '$-1\r\n' : '_\r\n');
  } else if (typeof invalid === 'string') {
    writer.array(1);
    writer.bulkText(invalid);
  } else {
    writer.array(invalid.length);
    for (const key of invalid) writer.bulkText(key);
  }
}
