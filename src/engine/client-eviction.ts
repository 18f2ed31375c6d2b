// `maxmemory-clients`: when clients together take more than that, the largest are disconnected. They are filed by the
// magnitude of what they take, so that the largest are at hand; within one magnitude the one that has been there longest goes
// first, as in Redis.

import type { Logger } from '../base/logger.ts';
import type { Config } from '../config/config.ts';
import type { Client } from './client.ts';
import type { ClientMemory } from './client-memory.ts';
import type { ClientRegistry } from './client-registry.ts';
import type { ServerStats } from './stats.ts';

// Magnitudes are powers of two: up to 32 KB is the first, from 8 GB on the last.
const SMALLEST_LOG = 15;
const LARGEST_LOG = 33;
// With less than this nobody could talk to the server any more.
const LEAST_LIMIT_BYTES = 128 * 1024;
const NO_LIMIT = Number.POSITIVE_INFINITY;

export interface ClientEvictionParts {
  readonly config: Config;
  readonly log: Logger;
  readonly clients: ClientRegistry;
  readonly memory: ClientMemory;
  readonly stats: ServerStats;
  readonly describe: (client: Client) => string;
}

export class ClientEviction {
  /** Whether there is a limit. */
  isOn = false;

  private readonly parts: ClientEvictionParts;
  private limitBytes = NO_LIMIT;
  private readonly byMagnitude: Set<Client>[] = [];

  constructor(parts: ClientEvictionParts) {
    this.parts = parts;
    for (let log = SMALLEST_LOG; log <= LARGEST_LOG; log++) this.byMagnitude.push(new Set());
  }

  /** `maxmemory-clients` or `maxmemory` has changed. O(clients). */
  settingsChanged(): void {
    const { clients, config, memory } = this.parts;
    const { maxmemory } = config.values;
    // Negative: percent of `maxmemory`.
    const setting = config.values['maxmemory-clients'];
    const wasOn = this.isOn;
    this.isOn = setting !== 0;
    const limit = setting > 0 ? setting : maxmemory > 0 ? Math.floor((maxmemory * -setting) / 100) : NO_LIMIT;
    this.limitBytes = Math.max(LEAST_LIMIT_BYTES, limit);
    if (this.isOn === wasOn) return;
    memory.onChange = this.isOn ? (client, bytes) => this.changed(client, bytes) : null;
    if (this.isOn) memory.updateAll(clients);
    else for (const client of clients) this.takeOut(client);
  }

  /** Disconnects clients until the others keep within the limit. O(1) while they do. */
  evict(): void {
    const { log, memory, stats, describe } = this.parts;
    if (memory.evictableBytes < this.limitBytes) return;
    for (let i = this.byMagnitude.length - 1; i >= 0; i--) {
      for (const client of this.byMagnitude[i]!) {
        log.notice(`Evicting client: ${describe(client)}`);
        client.connection.close();
        this.takeOut(client);
        stats.evictedClients++;
        if (memory.evictableBytes < this.limitBytes) return;
      }
    }
    log.warning('Over client maxmemory after evicting all evictable clients');
  }

  private changed(client: Client, bytes: number): void {
    const { type } = client;
    const mayGo = bytes > 0 && !client.noEvict && (type === 'normal' || type === 'pubsub');
    const magnitude = mayGo ? magnitudeOf(bytes) : -1;
    if (magnitude === client.memoryMagnitude) return;
    this.takeOut(client);
    client.memoryMagnitude = magnitude;
    if (magnitude >= 0) this.byMagnitude[magnitude]!.add(client);
  }

  private takeOut(client: Client): void {
    if (client.memoryMagnitude >= 0) this.byMagnitude[client.memoryMagnitude]!.delete(client);
    client.memoryMagnitude = -1;
  }
}

function magnitudeOf(bytes: number): number {
  // The number of bits that the number takes.
  const log = bytes < 0x100000000 ? 32 - Math.clz32(bytes) : LARGEST_LOG;
  return Math.max(SMALLEST_LOG, Math.min(LARGEST_LOG, log)) - SMALLEST_LOG;
}
