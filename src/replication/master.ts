// The master's side of replication: clients that have asked for it (SYNC) get all data as they are at that moment, and
// from then on every effect. Which effects there are is decided by engine/propagation; here is only who gets them, and
// when: together with the replies of the turn.

import { toBytes } from '../base/bytes.ts';
import type { Logger } from '../base/logger.ts';
import type { Clock } from '../base/runtime.ts';
import type { Config } from '../config/config.ts';
import type { Client, ClientConnection } from '../engine/client.ts';
import type { CronTask } from '../engine/cron.ts';
import { EffectStream } from '../engine/effect-stream.ts';
import type { Persistence } from '../engine/persistence.ts';
import type { Propagation, PropagationSink } from '../engine/propagation.ts';
import type { ReplicaAnnouncement, ReplicaFigures, Replication } from '../engine/replication.ts';
import type { ServerStats } from '../engine/stats.ts';
import type { Turn } from '../engine/turn.ts';

const BEAT_MS = 1000;
// Observed 7.2.4: in small letters, unlike all other effects.
const PING = ['ping'];

export interface MasterParts {
  readonly clock: Clock;
  readonly config: Config;
  readonly log: Logger;
  readonly persistence: Persistence;
  readonly propagation: Propagation;
  readonly stats: ServerStats;
  readonly turn: Turn;
}

interface Replica {
  readonly client: Client;
  readonly announcement: ReplicaAnnouncement;
  isOnline: boolean;
  acknowledgedOffset: number;
  acknowledgedMs: number;
}

export class Master implements Replication, PropagationSink, CronTask {
  private readonly parts: MasterParts;
  private readonly stream = new EffectStream();
  private readonly replicas = new Map<Client, Replica>();
  private readonly announcements = new Map<Client, ReplicaAnnouncement>();
  // Those that take effects: replicas that want more than the snapshot.
  private followers: Replica[] = [];
  private beats = 0;
  private lastBeatMs = Number.NEGATIVE_INFINITY;

  constructor(parts: MasterParts) {
    this.parts = parts;
    parts.turn.beforeReplies.push(() => this.handOver());
  }

  get offset(): number {
    return this.stream.offset;
  }

  get replicaCount(): number {
    return this.replicas.size;
  }

  figures(): readonly ReplicaFigures[] {
    const nowMs = this.parts.clock.nowMs();
    return Array.from(this.replicas.values(), (replica) => ({
      host: hostOf(replica),
      port: replica.announcement.listeningPort,
      state: replica.isOnline ? 'online' : 'send_bulk',
      acknowledgedOffset: replica.acknowledgedOffset,
      lagSeconds: replica.isOnline ? Math.floor(nowMs / 1000) - Math.floor(replica.acknowledgedMs / 1000) : 0,
    }));
  }

  announcementOf(client: Client): ReplicaAnnouncement {
    let announcement = this.announcements.get(client);
    if (announcement === undefined) {
      announcement = {
        listeningPort: 0,
        address: '',
        readsMarkedEnd: false,
        wantsSnapshotOnly: false,
        skipsKeys: false,
      };
      this.announcements.set(client, announcement);
    }
    return announcement;
  }

  attach(client: Client): void {
    const { log, persistence, stats } = this.parts;
    const announcement = { ...this.announcementOf(client) };
    const replica: Replica = {
      client,
      announcement,
      isOnline: false,
      acknowledgedOffset: 0,
      acknowledgedMs: 0,
    };
    log.notice(`Replica ${nameOf(replica)} asks for synchronization`);
    stats.fullSyncs++;
    client.isReplica = true;
    client.connection.mute();
    this.replicas.set(client, replica);
    // What came before is in the snapshot, so it is for the others alone.
    this.handOver();
    this.stream.forgetDatabase();
    const pieces = persistence.snapshot(!announcement.skipsKeys);
    client.connection.sendBulk(bulkOf(pieces), () => this.snapshotSent(replica));
    if (!announcement.wantsSnapshotOnly) this.follow(replica);
  }

  acknowledge(client: Client, offset: number): void {
    const replica = this.replicas.get(client);
    if (replica === undefined) return;
    replica.acknowledgedOffset = Math.max(replica.acknowledgedOffset, offset);
    replica.acknowledgedMs = this.parts.clock.nowMs();
  }

  /** A client has gone. */
  left(client: Client): void {
    this.announcements.delete(client);
    const replica = this.replicas.get(client);
    if (replica === undefined) return;
    this.replicas.delete(client);
    this.parts.log.notice(`Connection with replica ${nameOf(replica)} lost.`);
    this.unfollow(replica);
  }

  effect(dbId: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.stream.isEmpty) this.parts.turn.expect();
    this.stream.add(dbId, bytes, start, end);
  }

  run(nowMs: number): void {
    if (nowMs - this.lastBeatMs < BEAT_MS) return;
    this.lastBeatMs = nowMs;
    const isDue = this.beats % this.parts.config.values['repl-ping-replica-period'] === 0;
    this.beats++;
    if (!isDue || this.followers.length === 0) return;
    if (this.stream.isEmpty) this.parts.turn.expect();
    this.stream.addTexts(PING);
  }

  private handOver(): void {
    if (this.stream.isEmpty) return;
    const bytes = this.stream.take();
    // One that is too far behind is disconnected by this.
    for (const { client } of [...this.followers]) client.connection.send(bytes);
  }

  private follow(replica: Replica): void {
    this.followers.push(replica);
    if (this.followers.length === 1) this.parts.propagation.addSink(this);
  }

  private unfollow(replica: Replica): void {
    if (!this.followers.includes(replica)) return;
    this.followers = this.followers.filter((one) => one !== replica);
    if (this.followers.length === 0) this.parts.propagation.removeSink(this);
  }

  private snapshotSent(replica: Replica): void {
    const { clock, log } = this.parts;
    if (replica.announcement.wantsSnapshotOnly) {
      log.notice(`Replica ${nameOf(replica)} has the snapshot that it asked for, and is disconnected`);
      replica.client.connection.closeAfterReplies();
      return;
    }
    replica.isOnline = true;
    replica.acknowledgedMs = clock.nowMs();
    log.notice(`Synchronization with replica ${nameOf(replica)} succeeded`);
  }
}

// Lets go of each piece when it is sent.
function* bulkOf(pieces: readonly Uint8Array[]): Generator<Uint8Array> {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  yield toBytes(`$${length}\r\n`);
  const left = [...pieces].reverse();
  while (left.length > 0) yield left.pop()!;
}

function hostOf({ announcement, client }: Replica): string {
  return announcement.address === '' ? peerHost(client.connection) : announcement.address;
}

function peerHost({ address, isUnixSocket }: ClientConnection): string {
  if (isUnixSocket) return '/unixsocket';
  return address.slice(0, address.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1');
}

/** As the log names a replica. */
function nameOf(replica: Replica): string {
  const host = hostOf(replica);
  const { listeningPort } = replica.announcement;
  if (listeningPort === 0) return `${host}:<unknown-replica-port>`;
  return `${host.includes(':') ? `[${host}]` : host}:${listeningPort}`;
}
