// FAILOVER: the master gives its role to one of its replicas without losing a write. Writes rest until a replica has all of
// the stream; then the master turns into its replica and, with its first PSYNC, asks it to be the master.

import type { Logger } from '../base/logger.ts';
import type { Config } from '../config/config.ts';
import { PAUSE } from '../engine/client-registry.ts';
import type { FailoverRequest, MasterLink, ReplicaFigures, Replication } from '../engine/replication.ts';
import type { ServerParts } from '../engine/server-parts.ts';
import { FAILOVER_TARGET_NOT_ONLINE, FAILOVER_TARGET_UNKNOWN } from '../resp/errors.ts';

export interface FailoverParts {
  readonly config: Config;
  readonly log: Logger;
  readonly server: ServerParts;
  readonly replication: Replication;
}

/** Who turns from master to replica and back. */
export interface FailoverOwner {
  follow(host: string, port: number): void;
  promote(): void;
}

export class Failover {
  state: MasterLink['failoverState'] = 'no-failover';

  private readonly parts: FailoverParts;
  private readonly owner: FailoverOwner;
  private target: { readonly host: string; readonly port: number } | null = null;
  private forces = false;
  // Infinity: without one.
  private deadlineMs = Number.POSITIVE_INFINITY;

  constructor(parts: FailoverParts, owner: FailoverOwner) {
    this.parts = parts;
    this.owner = owner;
  }

  /** Begins; throws when the target is no replica that could take over. */
  begin({ target, forces, timeoutMs }: FailoverRequest): void {
    const { log, server } = this.parts;
    if (target !== null) {
      const replica = this.find(target.host, target.port);
      if (replica === undefined) throw FAILOVER_TARGET_UNKNOWN;
      if (replica.state !== 'online') throw FAILOVER_TARGET_NOT_ONLINE;
    }
    this.target = target;
    log.notice(
      target === null
        ? 'FAILOVER requested to any replica.'
        : `FAILOVER requested to ${target.host}:${target.port}.`,
    );
    this.forces = forces;
    this.deadlineMs = timeoutMs === 0 ? Number.POSITIVE_INFINITY : server.keyspace.nowMs + timeoutMs;
    this.state = 'waiting-for-sync';
    server.clients.startPause(PAUSE.WRITE, Number.POSITIVE_INFINITY, 'failover');
  }

  abort(reason: string): void {
    if (this.state === 'no-failover') return;
    const { target } = this;
    const whom = target === null ? 'any replica' : `${target.host}:${target.port}`;
    this.parts.log.notice(`FAILOVER to ${whom} aborted: ${reason}`);
    if (this.state === 'failover-in-progress') this.owner.promote();
    this.succeeded();
  }

  /** It is over: writes go on. */
  succeeded(): void {
    this.forget();
    this.parts.server.clients.endPause('failover');
  }

  /** Once a second. */
  tick(nowMs: number): void {
    if (this.state !== 'waiting-for-sync') return;
    const { log } = this.parts;
    if (this.deadlineMs <= nowMs) {
      if (!this.forces) {
        this.abort('Replica never caught up before timeout');
        return;
      }
      const { host, port } = this.target!;
      log.notice(`FAILOVER to ${host}:${port} time out exceeded, failing over.`);
      this.failOverTo(host, port);
      return;
    }
    this.goOn();
  }

  /** Turns to a replica that has all, if there is one. */
  goOn(): void {
    if (this.state !== 'waiting-for-sync') return;
    const replica = this.synchronizedReplica();
    if (replica === undefined) return;
    const { host, port } = replica;
    this.parts.log.notice(`Failover target ${host}:${port} is synced, failing over.`);
    this.failOverTo(host, port);
  }

  forget(): void {
    this.state = 'no-failover';
    this.target = null;
    this.forces = false;
    this.deadlineMs = Number.POSITIVE_INFINITY;
  }

  private failOverTo(host: string, port: number): void {
    this.target = { host, port };
    this.state = 'failover-in-progress';
    this.owner.follow(host, port);
  }

  private synchronizedReplica(): ReplicaFigures | undefined {
    const { replication } = this.parts;
    const { offset } = replication.history;
    const { target } = this;
    if (target === null) {
      return replication.figures().find(({ acknowledgedOffset }) => acknowledgedOffset === offset);
    }
    const replica = this.find(target.host, target.port);
    return replica?.acknowledgedOffset === offset ? replica : undefined;
  }

  private find(host: string, port: number): ReplicaFigures | undefined {
    return this.parts.replication
      .figures()
      .find((replica) => replica.host.toLowerCase() === host.toLowerCase() && replica.port === port);
  }
}
