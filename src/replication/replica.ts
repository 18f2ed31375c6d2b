// The replica's side of replication: who our master is, and how far the link to it has come. A link begins with a handshake
// (replica-handshake.ts), goes on with a full synchronization where the master wants one (replica-sync.ts), and then carries the stream
// (replica-stream.ts). One that is lost is opened again at once, and every second after that; the stream goes on where it
// was left, if the master still knows that place.

import type { TimerService } from '../base/runtime.ts';
import { secondsBetween } from '../base/seconds.ts';
import type { Client } from '../engine/client.ts';
import type { CronTask } from '../engine/cron.ts';
import type { InfoField } from '../engine/info-section.ts';
import type { OutgoingConnection, OutgoingOwner, PeerDoor } from '../engine/peer-door.ts';
import type { FailoverRequest, History, MasterLink, MasterLinkState } from '../engine/replication.ts';
import { UNBLOCKED_BY_ROLE_CHANGE } from '../resp/errors.ts';
import { Failover } from './failover.ts';
import type { ReplicaExpiry } from './replica-expiry.ts';
import { Handshake, requestOf, type StreamPlace, type Verdict } from './replica-handshake.ts';
import { ReplicaStream, type ReplicaStreamParts } from './replica-stream.ts';
import { FullSync, type FullSyncParts, type FullSyncResult } from './replica-sync.ts';

const BEAT_MS = 1000;
const AOF_TRIES = 10;
const AOF_RETRY_MS = 1000;
const NEWLINE = new Uint8Array([10]);

export interface ReplicaParts extends ReplicaStreamParts, Omit<FullSyncParts, 'attachToNewMaster'> {
  readonly door: PeerDoor;
  readonly expiry: ReplicaExpiry;
  readonly timers: TimerService;
  readonly history: History;
  /** The port that this server listens on. */
  readonly port: () => number;
  /** We have a master from here on, or none any more; the link is up, or not any more. */
  readonly onChange: () => void;
}

interface Master {
  readonly host: string;
  readonly port: number;
}

/** A stream that was left, and may be gone on with. */
interface CachedStream extends StreamPlace {
  readonly dbId: number;
}

export class Replica implements MasterLink, CronTask, OutgoingOwner {
  state: MasterLinkState = 'none';

  private readonly parts: ReplicaParts;
  private readonly failover: Failover;
  private master: Master | null = null;
  private link: OutgoingConnection | null = null;
  private handshake: Handshake | null = null;
  private sync: FullSync | null = null;
  private stream: ReplicaStream | null = null;
  private cached: CachedStream | null = null;
  // Of the stream that a full synchronization leads to.
  private nextPlace: StreamPlace = { id: '', offset: -1 };
  // Why the link has ended while nobody could care: the snapshot was being loaded.
  private endReason: string | null = null;
  private lastHeardMs = 0;
  private downSinceMs = 0;
  private lastBeatMs = Number.NEGATIVE_INFINITY;
  private lastNewlineMs = 0;
  private closed = false;

  constructor(parts: ReplicaParts) {
    this.parts = parts;
    this.failover = new Failover(parts, this);
    // Not at once: who has acknowledged will be disconnected.
    parts.replication.onAcknowledged = () => {
      if (this.failover.state === 'waiting-for-sync') parts.timers.afterTurn(() => this.failover.goOn());
    };
    parts.turn.beforeReplies.push(() => this.stream?.goOnAfterScript());
    const { replicaof } = parts.config.values;
    if (replicaof === null) return;
    this.master = replicaof;
    this.state = 'connect';
  }

  get isReplica(): boolean {
    return this.master !== null;
  }

  get isReadOnly(): boolean {
    return this.master !== null && this.parts.config.values['replica-read-only'];
  }

  get isStale(): boolean {
    return (
      this.master !== null &&
      this.state !== 'connected' &&
      !this.parts.config.values['replica-serve-stale-data']
    );
  }

  get host(): string {
    return this.master?.host ?? '';
  }

  get port(): number {
    return this.master?.port ?? 0;
  }

  get appliedOffset(): number {
    return this.stream?.applied ?? -1;
  }

  get streamDb(): number {
    return this.stream?.client.dbId ?? this.cached?.dbId ?? -1;
  }

  get ownVolatileKeys(): number {
    return this.parts.expiry.size;
  }

  get failoverState(): MasterLink['failoverState'] {
    return this.failover.state;
  }

  acknowledgeNow(): void {
    const { stream } = this;
    if (stream === null || !stream.isCounted) return;
    const words = ['REPLCONF', 'ACK', String(stream.applied)];
    const { diskOffset } = this.parts.replication;
    if (diskOffset >= 0) words.push('FACK', String(diskOffset));
    this.link!.send(requestOf(words), () => {});
  }

  cacheHistory(streamDb: number): void {
    if (!this.isReplica) return;
    this.cacheOwnStream(streamDb);
  }

  requestFailover(request: FailoverRequest): void {
    this.failover.begin(request);
  }

  abortFailover(): boolean {
    if (this.failover.state === 'no-failover') return false;
    this.failover.abort('Failover manually aborted');
    return true;
  }

  /** REPLICAOF host port. */
  follow(host: string, port: number): void {
    const { config, log, replication } = this.parts;
    const wasMaster = this.master === null;
    // So that nobody connects again to the old one.
    this.master = null;
    this.dropStream();
    this.unblockClients();
    this.master = { host, port };
    config.assign('replicaof', [host, String(port)]);
    this.dropLink();
    if (wasMaster) {
      this.discardCached();
      this.cacheOwnStream(0);
      replication.demoted();
    }
    this.state = 'connect';
    this.parts.onChange();
    log.notice(`Connecting to MASTER ${host}:${port}`);
    this.connect();
  }

  promote(): void {
    if (this.master === null) return;
    const { config, replication } = this.parts;
    this.master = null;
    this.dropStream();
    this.discardCached();
    this.dropLink();
    config.assign('replicaof', ['no', 'one']);
    replication.promoted();
    this.state = 'none';
    this.downSinceMs = 0;
    this.parts.onChange();
    this.restartAppendOnly(AOF_TRIES);
  }

  /** The server ends: nothing is opened any more. */
  close(): void {
    this.closed = true;
    this.failover.forget();
    this.stream?.end();
    this.stream = null;
    this.dropLink();
  }

  run(nowMs: number): void {
    this.sync?.tick();
    if (this.parts.loading.isActive && this.sync !== null) this.sendNewline(nowMs);
    if (nowMs - this.lastBeatMs < BEAT_MS) return;
    this.lastBeatMs = nowMs;
    this.failover.tick(nowMs);
    if (this.master === null) return;
    this.checkTimeout(nowMs);
    if (this.state === 'connect') {
      this.parts.log.notice(`Connecting to MASTER ${this.host}:${this.port}`);
      this.connect();
    }
    this.acknowledgeNow();
  }

  fields(): readonly InfoField[] {
    if (this.master === null) return [];
    const { clock, config } = this.parts;
    const { host, port } = this.master;
    const nowMs = clock.nowMs();
    const { stream, cached, state } = this;
    const lastHeardMs = stream?.client.lastInteractionMs;
    const fields: InfoField[] = [
      ['master_host', host],
      ['master_port', port],
      ['master_link_status', state === 'connected' ? 'up' : 'down'],
      ['master_last_io_seconds_ago', lastHeardMs === undefined ? -1 : secondsBetween(lastHeardMs, nowMs)],
      ['master_sync_in_progress', state === 'sync' ? 1 : 0],
      ['slave_read_repl_offset', stream?.received ?? cached?.offset ?? 1],
      ['slave_repl_offset', stream?.applied ?? cached?.offset ?? 1],
    ];
    if (this.sync !== null) fields.push(...this.syncFields(this.sync, nowMs));
    if (state !== 'connected') {
      const { downSinceMs } = this;
      const seconds = downSinceMs === 0 ? -1 : secondsBetween(downSinceMs, nowMs);
      fields.push(['master_link_down_since_seconds', seconds]);
    }
    fields.push(
      ['slave_priority', config.values['replica-priority']],
      ['slave_read_only', config.values['replica-read-only'] ? 1 : 0],
      ['replica_announced', config.values['replica-announced'] ? 1 : 0],
    );
    return fields;
  }

  // What happens on the link.

  opened(): void {
    const { link, parts } = this;
    parts.log.notice('Non blocking connect for SYNC fired the event.');
    this.state = 'handshake';
    const takesOver = this.failover.state === 'failover-in-progress';
    this.handshake = new Handshake(parts, link!, this.cached, takesOver, {
      heard: () => this.heard(),
      decided: (verdict, rest) => this.decided(verdict, rest),
      failed: () => this.disconnect(),
    });
    this.handshake.begin();
  }

  received(bytes: Uint8Array): void {
    if (this.stream !== null) this.stream.receive(bytes);
    else if (this.sync !== null) this.receiveSync(bytes);
    else this.handshake?.receive(bytes);
  }

  ended(reason: string): void {
    const { log } = this.parts;
    if (this.stream !== null) {
      this.stream.close();
    } else if (this.sync !== null) {
      this.endReason = reason;
      this.sync.ended(reason);
    } else if (this.handshake !== null) {
      this.handshake.ended(reason);
    } else {
      log.warning(`Error condition on socket for SYNC: ${reason}`);
      this.disconnect();
    }
  }

  private connect(): void {
    if (this.closed) return;
    const { clock, door, log } = this.parts;
    this.state = 'connecting';
    this.endReason = null;
    this.lastHeardMs = clock.nowMs();
    this.link = door.open(this.host, this.port, this, 'replication');
    log.notice('MASTER <-> REPLICA sync started');
  }

  private heard(): void {
    this.lastHeardMs = this.parts.clock.nowMs();
  }

  private decided(verdict: Verdict, rest: Uint8Array): void {
    this.handshake = null;
    if (this.failover.state === 'failover-in-progress') {
      if (verdict.kind !== 'continue' && verdict.kind !== 'full') {
        this.failover.abort('Failover target rejected psync request');
        return;
      }
      this.failover.succeeded();
    }
    switch (verdict.kind) {
      case 'later':
        this.disconnect();
        return;
      case 'continue':
        this.goOn(verdict.id, rest);
        return;
      case 'full':
        this.nextPlace = verdict;
        this.beginSync(rest);
        return;
      default:
        this.nextPlace = { id: '', offset: -1 };
        this.parts.log.notice('Retrying with SYNC...');
        this.link!.send(requestOf(['SYNC']), () => {});
        this.beginSync(rest);
    }
  }

  private goOn(id: string, rest: Uint8Array): void {
    const { history, log, replication, server } = this.parts;
    const { cached } = this;
    if (cached === null) {
      // Nothing was asked that could be continued.
      this.disconnect();
      return;
    }
    if (id !== '' && id !== cached.id) {
      log.notice(`Master replication ID changed to ${id}`);
      history.rename(id);
      // They have to hear of it.
      replication.disconnectReplicas();
    }
    this.cached = null;
    replication.openBacklog();
    this.beginStream(cached.offset, cached.dbId);
    log.notice('MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.');
    server.supervisor.notifyBeside(
      'STATUS=MASTER <-> REPLICA sync: Partial Resynchronization accepted. Ready to accept connections in read-write mode.',
    );
    if (rest.length > 0) this.stream!.receive(rest);
  }

  private beginSync(rest: Uint8Array): void {
    const { history } = this.parts;
    const attachToNewMaster = () => this.attachToNewMaster();
    const isSameHistory = this.nextPlace.id === history.id;
    this.sync = new FullSync({ ...this.parts, attachToNewMaster }, this.link!, isSameHistory, {
      heard: () => this.heard(),
      done: (result) => this.synchronized(result),
      failed: () => this.reconnect(),
    });
    if (!this.sync.open()) {
      this.disconnect();
      return;
    }
    this.state = 'sync';
    this.heard();
    if (rest.length > 0) this.receiveSync(rest);
  }

  private receiveSync(bytes: Uint8Array): void {
    this.parts.stats.netInputBytes += bytes.length;
    this.parts.stats.netReplicationInputBytes += bytes.length;
    this.sync!.receive(bytes);
  }

  private attachToNewMaster(): void {
    const { replication } = this.parts;
    this.discardCached();
    replication.disconnectReplicas();
    replication.closeBacklog();
  }

  private synchronized({ rest, streamDb, wasMarked }: FullSyncResult): void {
    const { history, log, replication, server } = this.parts;
    const { id, offset } = this.nextPlace;
    this.sync = null;
    if (id === '') history.newId();
    else history.adopt(id, offset);
    replication.openBacklog();
    this.beginStream(id === '' ? -1 : offset, streamDb);
    log.notice('MASTER <-> REPLICA sync: Finished with success');
    server.supervisor.notifyBeside(
      'STATUS=MASTER <-> REPLICA sync: Finished with success. Ready to accept connections in read-write mode.',
    );
    // The master sends nothing before it hears this.
    if (wasMarked) this.acknowledgeNow();
    this.restartAppendOnly(AOF_TRIES);
    if (rest.length > 0) this.stream?.receive(rest);
    if (this.endReason !== null) this.stream?.close();
  }

  private beginStream(offset: number, dbId: number): void {
    this.stream = new ReplicaStream(this.parts, this.link!, { offset, dbId }, () => this.streamLost());
    this.state = 'connected';
    this.downSinceMs = 0;
    this.parts.onChange();
  }

  // Whoever has closed the stream: the other end, a timeout, CLIENT KILL.
  private streamLost(): void {
    this.leaveStream();
    this.downSinceMs = this.parts.clock.nowMs();
    if (this.master === null) return;
    this.parts.onChange();
    this.parts.log.notice(`Reconnecting to MASTER ${this.host}:${this.port}`);
    this.connect();
  }

  private leaveStream(): void {
    const { history, log } = this.parts;
    const { stream } = this;
    this.stream = this.link = null;
    this.state = 'connect';
    log.notice('Connection with master lost.');
    if (stream!.isBroken) return;
    log.notice('Caching the disconnected master state.');
    if (stream!.isCounted) {
      this.cached = { id: history.id, offset: stream!.applied, dbId: stream!.client.dbId };
    }
  }

  // Ends the stream because we turn to another master, or to none.
  private dropStream(): void {
    if (this.stream === null) return;
    this.stream.end();
    this.leaveStream();
    this.downSinceMs = this.parts.clock.nowMs();
  }

  /** Ends what there is of a link that carries no stream yet. */
  private dropLink(): void {
    this.handshake = null;
    const { sync } = this;
    this.sync = null;
    sync?.abort();
    this.link?.close();
    this.link = null;
  }

  // The next beat connects again.
  private disconnect(): void {
    this.dropLink();
    this.state = 'connect';
  }

  // As `disconnect`, but at once.
  private reconnect(): void {
    this.disconnect();
    if (this.master === null || this.closed) return;
    this.parts.log.notice(`Reconnecting to MASTER ${this.host}:${this.port} after failure`);
    this.connect();
  }

  private checkTimeout(nowMs: number): void {
    const { config, log } = this.parts;
    const timeoutSeconds = config.values['repl-timeout'];
    const { stream } = this;
    if (stream !== null) {
      if (secondsBetween(stream.client.lastInteractionMs, nowMs) <= timeoutSeconds) return;
      log.warning('MASTER timeout: no data nor PING received...');
      stream.close();
      return;
    }
    if (this.link === null || secondsBetween(this.lastHeardMs, nowMs) <= timeoutSeconds) return;
    if (this.sync === null) {
      log.warning('Timeout connecting to the MASTER...');
    } else {
      // What has arrived is being loaded.
      if (this.sync.isLoading && !this.sync.isReceiving) return;
      log.warning(
        "Timeout receiving bulk data from MASTER... If the problem persists try to set the 'repl-timeout' parameter in redis.conf to a larger value.",
      );
    }
    this.reconnect();
  }

  // While it loads, the master shall not take us for dead.
  private sendNewline(nowMs: number): void {
    if (secondsBetween(this.lastNewlineMs, nowMs) === 0 || this.endReason !== null) return;
    this.lastNewlineMs = nowMs;
    this.link?.send(NEWLINE, () => {});
  }

  private cacheOwnStream(dbId: number): void {
    const { history, log } = this.parts;
    log.notice(
      'Before turning into a replica, using my own master parameters to synthesize a cached master: I may be able to synchronize with the new master with just a partial transfer.',
    );
    this.cached = { id: history.id, offset: history.offset, dbId };
  }

  private discardCached(): void {
    if (this.cached === null) return;
    this.parts.log.notice('Discarding previously cached master state.');
    this.cached = null;
  }

  // They wait for what a replica does not do.
  private unblockClients(): void {
    const { clients, blocking } = this.parts.server;
    const waiting: Client[] = [...clients].filter(({ wait }) => wait !== null);
    for (const client of waiting) {
      blocking.end(client, UNBLOCKED_BY_ROLE_CHANGE);
      client.connection.closeAfterReplies();
    }
  }

  // With other data, the append-only files begin anew.
  private restartAppendOnly(triesLeft: number): void {
    const { config, giveUp, log, persistence, timers } = this.parts;
    if (!config.values.appendonly || this.closed || persistence.aof.restart()) return;
    if (triesLeft === 0) {
      log.warning(
        "FATAL: this replica instance finished the synchronization with its master, but the AOF can't be turned on. Exiting now.",
      );
      giveUp();
      return;
    }
    log.warning(
      'Failed enabling the AOF after successful master synchronization! Trying it again in one second.',
    );
    timers.after(AOF_RETRY_MS, () => this.restartAppendOnly(triesLeft - 1), { unref: true });
  }

  private syncFields({ readBytes, totalBytes }: FullSync, nowMs: number): InfoField[] {
    const percent = totalBytes === 0 ? 0 : (readBytes / totalBytes) * 100;
    return [
      ['master_sync_total_bytes', totalBytes],
      ['master_sync_read_bytes', readBytes],
      ['master_sync_left_bytes', totalBytes - readBytes],
      ['master_sync_perc', percent.toFixed(2)],
      ['master_sync_last_io_seconds_ago', secondsBetween(this.lastHeardMs, nowMs)],
    ];
  }
}
