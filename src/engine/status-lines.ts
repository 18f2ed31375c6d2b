// The lines that tell every few seconds how much there is, for who reads the log closely: databases at `verbose`, clients
// and memory at `debug`.

import type { Logger } from '../base/logger.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { ClientRegistry } from './client-registry.ts';
import type { CronTask } from './cron.ts';

const INTERVAL_MS = 5000;

export interface StatusLinesParts {
  readonly log: Logger;
  readonly keyspace: Keyspace;
  readonly clients: ClientRegistry;
  readonly replicaCount: () => number;
  readonly usedBytes: () => number;
}

export class StatusLines implements CronTask {
  private readonly parts: StatusLinesParts;
  private nextMs = 0;

  constructor(parts: StatusLinesParts) {
    this.parts = parts;
  }

  run(nowMs: number): void {
    const { clients, keyspace, log, replicaCount, usedBytes } = this.parts;
    // A clock that was set back is no reason to be silent until then.
    if (nowMs < this.nextMs && this.nextMs - nowMs <= INTERVAL_MS) return;
    this.nextMs = nowMs + INTERVAL_MS;
    if (!log.logs('verbose')) return;
    for (const { dict, id, size, volatile } of keyspace.databases) {
      if (size === 0) continue;
      log.verbose(`DB ${id}: ${size} keys (${volatile.size} volatile) in ${dict.bucketCount} slots HT.`);
    }
    if (!log.logs('debug')) return;
    const replicas = replicaCount();
    log.debug(
      `${clients.size - replicas} clients connected (${replicas} replicas), ${usedBytes()} bytes in use`,
    );
  }
}
