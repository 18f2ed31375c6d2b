// `maxmemory`: what counts towards it, and the gate that every command passes while there is one. Memory that grows
// because keys are evicted (effects on their way to the append-only file and to replicas) does not count: evicting would
// make more of it.

import type { Logger } from '../base/logger.ts';
import type { Config } from '../config/config.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { OUT_OF_MEMORY, type ReplyError } from '../resp/errors.ts';
import type { Client } from './client.ts';
import { ClientEviction } from './client-eviction.ts';
import { describeClient } from './client-info.ts';
import { ClientMemory } from './client-memory.ts';
import { COMMAND_FLAG, type Command } from './command-spec.ts';
import { EVICTED, type Evicted, Eviction } from './eviction.ts';
import type { ServerParts } from './server-parts.ts';

/** What the replies of the present turn take. */
export interface OpenReplies {
  readonly heldBytes: number;
}

const CLIENT_SETTINGS = ['maxmemory', 'maxmemory-clients'] as const;
const EVICTION_SETTINGS = [
  'maxmemory-policy',
  'maxmemory-samples',
  'maxmemory-eviction-tenacity',
  'lazyfree-lazy-eviction',
] as const;

export class MemoryLimit {
  /** Whether there is any limit: on all memory, or on that of clients. */
  isOn = false;
  /** `maxmemory`; 0: there is no limit. */
  maxBytes = 0;
  readonly clients = new ClientMemory();
  clientEviction!: ClientEviction;

  // Observed 7.2.4: a limit that is lifted and set again within a transaction finds this as it was left.
  private wasShort = false;
  private readonly replies: OpenReplies;
  private server!: ServerParts;
  private keyspace!: Keyspace;
  private config!: Config;
  private log!: Logger;
  private eviction!: Eviction;
  // What the stream for replicas takes, when it was last looked at.
  private streamBytes = 0;
  // What of it exceeds the backlog: it is there, or was, because replicas are behind.
  private lateBytes = 0;
  private exceededSinceUs = -1;
  private exceededUs = 0;

  constructor(replies: OpenReplies) {
    this.replies = replies;
  }

  /** Closes the circle, and begins to follow the configuration. */
  attach(server: ServerParts): void {
    const { clients: registry, config, executor, keyspace, latency, log, runtime, stats } = server;
    this.server = server;
    this.keyspace = keyspace;
    this.config = config;
    this.log = log;
    const { clock, timers } = runtime;
    this.eviction = new Eviction(
      {
        config,
        clock,
        timers,
        keyspace,
        latency,
        bytesToFree: () => this.countedBytes - this.maxBytes,
        onStep: { begin: () => executor.readClocks(), end: () => server.blocking.serve() },
      },
      () => this.evict(),
    );
    this.clientEviction = new ClientEviction({
      config,
      log,
      clients: registry,
      memory: this.clients,
      stats,
      describe: (client) => describeClient(client, server),
    });
    registry.whenLeaving((client) => this.clients.left(client));
    this.applyLimits();
    config.onChangeOfAny(CLIENT_SETTINGS, () => {
      const before = this.maxBytes;
      this.applyLimits();
      if (this.maxBytes !== before && this.maxBytes !== 0) this.limitSet();
      return null;
    });
    config.onChangeOfAny(EVICTION_SETTINGS, () => {
      this.eviction.settingsChanged();
      return null;
    });
  }

  /** When the last command began, memory was short and no key could be evicted. */
  get isShort(): boolean {
    return this.wasShort && this.maxBytes !== 0;
  }

  /** All memory that grows with what clients do. O(1); clients' buffers are sampled unless there is a limit. */
  get usedBytes(): number {
    const { persistence, tracking } = this.server;
    const { clients } = this;
    return (
      this.keyspace.usedBytes +
      clients.countedBytes +
      clients.of('replica') +
      (clients.isByClient ? 0 : this.replies.heldBytes) +
      tracking.usedBytes +
      persistence.aof.bufferLength +
      this.streamBytes
    );
  }

  /** What of it is not held against the limit. */
  get notCountedBytes(): number {
    const { keyspace, server, clients } = this;
    return (
      server.persistence.aof.bufferLength +
      this.lateBytes +
      clients.of('replica') +
      keyspace.heap.snapshotBytes
    );
  }

  /** Milliseconds for which memory was short: since the last time that it was not, and in all. */
  get currentExceededMs(): number {
    return Math.floor(this.currentExceededUs / 1000);
  }

  get totalExceededMs(): number {
    return Math.floor((this.exceededUs + this.currentExceededUs) / 1000);
  }

  /** A request is about to be looked at, or a turn has ended (null): evicts clients while they take too much. */
  evictClients(client: Client | null): void {
    const { clientEviction, clients } = this;
    if (!clientEviction.isOn) return;
    // As in Redis: what an exempt client asks for does not cost others their connections before it is run.
    if (client !== null && !client.noEvict) clients.update(client);
    clientEviction.evict();
  }

  /**
   * A command is about to run: evicts keys while memory is short. Afterwards `isShort` says whether commands that may take
   * memory are refused. To be called while there is a limit. O(1) while memory suffices.
   */
  beforeCommand(client: Client): void {
    if (this.countedBytes <= this.maxBytes && this.exceededSinceUs < 0) {
      this.wasShort = false;
      return;
    }
    const { tracking } = this.server;
    // Its caches are told before the reply: afterwards it would seem to be of the key that the command has made.
    tracking.tellsBefore(client);
    this.wasShort = this.evict() === EVICTED.FAILED;
    tracking.tellsBefore(null);
  }

  /** Why a command that has waited may not run now; null: it may. To be called while there is a limit. */
  refusalOf(client: Client, command: Command): ReplyError | null {
    if (this.maxBytes === 0) return null;
    this.beforeCommand(client);
    return this.isShort && command.has(COMMAND_FLAG.denyoom) ? OUT_OF_MEMORY : null;
  }

  /** Looks at memory that no command tells of; to be called by the clock. */
  tick(): void {
    const { backlog, memory } = this.server.replication;
    this.streamBytes = memory.buffers;
    this.lateBytes = Math.max(0, memory.buffers - backlog.size);
    this.keyspace.heap.limitBytes =
      this.maxBytes === 0
        ? Number.POSITIVE_INFINITY
        : this.maxBytes - (this.countedBytes - this.keyspace.usedBytes);
  }

  /** CONFIG RESETSTAT. */
  resetStats(): void {
    this.exceededUs = 0;
    this.exceededSinceUs = -1;
  }

  /** The server ends. */
  stop(): void {
    this.eviction.stop();
  }

  // What is held against the limit.
  private get countedBytes(): number {
    const { clients } = this;
    const bytes =
      this.keyspace.lastingBytes +
      clients.countedBytes +
      this.server.tracking.usedBytes +
      this.streamBytes -
      this.lateBytes;
    return clients.isByClient ? bytes : bytes + this.replies.heldBytes;
  }

  private get currentExceededUs(): number {
    if (this.exceededSinceUs < 0) return 0;
    return this.server.runtime.clock.monotonicUs() - this.exceededSinceUs;
  }

  private evict(): Evicted {
    if (!this.mayEvict) return EVICTED.ENOUGH;
    const bytes = this.countedBytes - this.maxBytes;
    if (bytes > 0) this.server.stats.notePeak(this.usedBytes);
    const result = bytes > 0 && this.maxBytes !== 0 ? this.eviction.run(bytes) : EVICTED.ENOUGH;
    if (result !== EVICTED.ENOUGH) {
      if (this.exceededSinceUs < 0) this.exceededSinceUs = this.server.runtime.clock.monotonicUs();
    } else if (this.exceededSinceUs >= 0) {
      this.exceededUs += this.currentExceededUs;
      this.exceededSinceUs = -1;
    }
    return result;
  }

  // A replica has the keys that its master has, unless it is told otherwise.
  private get mayEvict(): boolean {
    const { clients, executor, keyspace, loading, masterLink } = this.server;
    if (executor.isSuspended || loading.isActive) return false;
    if (masterLink.isReplica && this.config.values['replica-ignore-maxmemory']) return false;
    return !clients.isPaused || clients.pause(keyspace.nowMs) === 0;
  }

  private applyLimits(): void {
    const { values } = this.config;
    this.maxBytes = values.maxmemory;
    const { clients } = this;
    clients.isByClient = values['maxmemory-clients'] !== 0;
    clients.isExact = this.isOn = clients.isByClient || this.maxBytes !== 0;
    if (clients.isExact) clients.updateAll(this.server.clients);
    this.clientEviction.settingsChanged();
    this.tick();
  }

  private limitSet(): void {
    const used = this.usedBytes - this.notCountedBytes;
    if (this.maxBytes < used) {
      this.log.warning(
        `WARNING: the new maxmemory value set via CONFIG SET (${this.maxBytes}) is smaller than the current memory usage (${used}). This will result in key eviction and/or the inability to accept new write commands depending on the maxmemory-policy.`,
      );
    }
    this.eviction.goOn();
  }
}
