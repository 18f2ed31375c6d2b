// The master's side of replication: who our replicas are and what becomes of their requests (SYNC, PSYNC, REPLCONF), by the
// clock and when they go. What they are sent is master-stream's and master-sync's affair. As a replica we have replicas
// of our own in the same way; only the stream is our master's then.

import type { Logger } from '../base/logger.ts';
import type { Runtime } from '../base/runtime.ts';
import { secondsBetween } from '../base/seconds.ts';
import type { Config } from '../config/config.ts';
import type { Blocking } from '../engine/blocking.ts';
import type { Client } from '../engine/client.ts';
import { describeClient } from '../engine/client-info.ts';
import type { CronTask } from '../engine/cron.ts';
import type { Persistence, SavedHistory } from '../engine/persistence.ts';
import { NO_DATABASE, type Propagation } from '../engine/propagation.ts';
import type {
  BacklogFigures,
  MasterLink,
  ReplicaAnnouncement,
  ReplicaFigures,
  Replication,
  ReplicationMemory,
  WaitGoal,
} from '../engine/replication.ts';
import type { ServerParts } from '../engine/server-parts.ts';
import type { ServerStats } from '../engine/stats.ts';
import type { Turn } from '../engine/turn.ts';
import type { Arguments } from '../resp/arguments.ts';
import * as errors from '../resp/errors.ts';
import type { Backlog } from './backlog.ts';
import { ReplicationHistory } from './history.ts';
import { Replica, replicaName } from './master-replica.ts';
import { MasterStream } from './master-stream.ts';
import { MasterSync } from './master-sync.ts';
import { MasterWaits } from './master-waits.ts';

const BEAT_MS = 1000;
// Observed 7.2.4: in small letters, unlike all other effects.
const PING = ['ping'];
const GETACK = ['REPLCONF', 'GETACK', '*'];
// Instead of an ID: the replica wants a full synchronization.
const NO_HISTORY = '?';

export interface MasterParts {
  readonly runtime: Runtime;
  readonly config: Config;
  readonly log: Logger;
  readonly blocking: Blocking;
  readonly persistence: Persistence;
  readonly propagation: Propagation;
  readonly stats: ServerStats;
  readonly turn: Turn;
}

export class Master implements Replication, CronTask {
  readonly history: ReplicationHistory;
  onAcknowledged: () => void = () => {};
  writeRefusal: errors.ReplyError | null = null;
  goodReplicaCount = 0;

  private readonly parts: MasterParts;
  private readonly stream: MasterStream;
  private readonly sync: MasterSync;
  private readonly waits: MasterWaits;
  private readonly replicas = new Map<Client, Replica>();
  private readonly announcements = new Map<Client, ReplicaAnnouncement>();
  private server!: ServerParts;
  // Effects of ours are added to the stream.
  private isListening = false;
  private asksForAcknowledgements = false;
  private isWaitServed = true;
  private aloneSinceMs: number;
  // The first was at the start, when nobody was there to be pinged.
  private beats = 1;
  private lastBeatMs = Number.NEGATIVE_INFINITY;

  constructor(parts: MasterParts) {
    this.parts = parts;
    const { blocking, config, persistence, runtime, turn } = parts;
    this.history = new ReplicationHistory(runtime.random);
    this.stream = new MasterStream(this.history, turn);
    this.stream.onGrowth = () => this.checkLimits();
    this.waits = new MasterWaits(blocking, (goal) => this.isReached(goal));
    this.sync = new MasterSync({
      ...parts,
      files: runtime.files,
      pid: runtime.pid,
      random: runtime.random,
      replicas: () => this.replicas.values(),
      nowMs: () => this.nowMs,
      begin: (replica, like) => this.beginSnapshot(replica, like),
      arrived: (replica) => this.snapshotArrived(replica),
      refuse: (replica, line) => this.refuseSnapshot(replica, line),
    });
    this.aloneSinceMs = this.nowMs;
    turn.beforeReplies.push(() => this.endTurn());
    config.onChange('repl-backlog-size', (size) => {
      this.stream.backlog?.resize(leastBacklog(size));
      return null;
    });
    config.onChangeOfAny(['min-replicas-to-write', 'min-replicas-max-lag'], () => {
      this.refreshGood();
      return null;
    });
    config.onChange('appendonly', () => {
      this.listen();
      this.refuseDiskWaits();
      return null;
    });
    persistence.aof.onSynced = () => this.serveWaits();
    this.refreshGood();
    this.listen();
  }

  /** Closes the circle: the replica's side and commands are reached through all parts of the server. */
  attach(server: ServerParts): void {
    this.server = server;
    this.listen();
  }

  get replicaCount(): number {
    return this.replicas.size;
  }

  get streamDb(): number {
    return this.stream.dbId;
  }

  get diskOffset(): number {
    const { aof } = this.parts.persistence;
    return aof.state === 'off' ? -1 : aof.state === 'waiting' ? 0 : aof.syncedOffset;
  }

  get backlog(): BacklogFigures {
    const { backlog } = this.stream;
    return {
      isActive: backlog !== null,
      size: this.backlogSize,
      firstByte: backlog === null ? 0 : backlog.firstByte,
      length: backlog === null ? 0 : backlog.length,
    };
  }

  get memory(): ReplicationMemory {
    const buffers = this.stream.backlog?.memory ?? 0;
    // As Redis shares it out: what exceeds the size of the backlog is there because of replicas.
    const replicas = this.replicas.size > 0 ? Math.max(0, buffers - this.backlogSize) : 0;
    return { buffers, backlog: buffers - replicas, replicas };
  }

  figures(): readonly ReplicaFigures[] {
    const { nowMs } = this;
    return Array.from(this.replicas.values(), (replica) => replica.figures(nowMs));
  }

  announcementOf(client: Client): ReplicaAnnouncement {
    let announcement = this.announcements.get(client);
    if (announcement === undefined) {
      announcement = {
        listeningPort: 0,
        address: '',
        readsMarkedEnd: false,
        readsNewIds: false,
        wantsSnapshotOnly: false,
        skipsKeys: false,
        skipsFunctions: false,
      };
      this.announcements.set(client, announcement);
    }
    return announcement;
  }

  synchronize(client: Client, args: Arguments): void {
    const { log } = this.parts;
    const isOld = args.count === 1;
    if (args.count > 3 && args.is(3, 'failover')) this.takeOver(client, args.string(1));
    this.checkRequest(client);
    const announcement = this.announcementOf(client);
    const name = replicaName(client, announcement);
    log.notice(`Replica ${name} asks for synchronization`);
    if (!isOld) {
      const offset = this.offsetAsked(args, name);
      const id = args.string(1);
      if (this.tryPartial(client, announcement, id, offset)) return;
      if (!id.startsWith(NO_HISTORY)) this.parts.stats.partialSyncsRefused++;
    }
    this.parts.stats.fullSyncs++;
    const backlog = this.backlogFor();
    const replica = this.add(client, new Replica(client, announcement, backlog, isOld, this.nowMs));
    if (this.parts.config.values['repl-disable-tcp-nodelay']) client.connection.delaySmallWrites();
    this.sync.request(replica);
  }

  acknowledge(client: Client, offset: number, diskOffset: number): void {
    const replica = this.replicas.get(client);
    if (replica === undefined) return;
    replica.acknowledgedOffset = Math.max(replica.acknowledgedOffset, offset);
    replica.acknowledgedDiskOffset = Math.max(replica.acknowledgedDiskOffset, diskOffset);
    replica.acknowledgedMs = this.nowMs;
    if (replica.state === 'saving') replica.hasFoundEnd = true;
    if (replica.startsOnAcknowledgement && replica.state === 'online') this.startStream(replica);
    this.serveWaits();
    this.onAcknowledged();
  }

  askForAcknowledgements(): void {
    this.asksForAcknowledgements = true;
    this.parts.turn.expect();
  }

  countAt(offset: number, onDisk: boolean): number {
    let count = 0;
    for (const { acknowledgedDiskOffset, acknowledgedOffset, state } of this.replicas.values()) {
      if (state === 'online' && (onDisk ? acknowledgedDiskOffset : acknowledgedOffset) >= offset) count++;
    }
    return count;
  }

  goalOf(client: Client): WaitGoal | null {
    return this.waits.goalOf(client);
  }

  waitFor(client: Client, goal: WaitGoal): void {
    this.waits.add(client, goal);
    this.askForAcknowledgements();
  }

  feed(bytes: Uint8Array, start: number, end: number): void {
    this.stream.append(bytes, start, end);
  }

  openBacklog(): void {
    if (this.stream.backlog === null) this.stream.open(this.backlogSize);
    this.listen();
  }

  closeBacklog(): void {
    this.stream.close();
    this.listen();
  }

  disconnectReplicas(): void {
    for (const { client } of [...this.replicas.values()]) client.connection.close();
  }

  promoted(): void {
    this.shiftId();
    this.disconnectReplicas();
    this.stream.dbId = NO_DATABASE;
    this.aloneSinceMs = this.nowMs;
    this.listen();
    this.refreshGood();
  }

  demoted(): void {
    this.listen();
    this.refreshGood();
  }

  abortSnapshot(): void {
    this.sync.abort();
  }

  /** A client has gone. */
  left(client: Client): void {
    this.announcements.delete(client);
    this.waits.left(client);
    const replica = this.replicas.get(client);
    if (replica === undefined) return;
    this.replicas.delete(client);
    replica.output.close();
    this.parts.log.notice(`Connection with replica ${replica.name} lost.`);
    if (this.replicas.size === 0) this.aloneSinceMs = this.nowMs;
    this.sync.left(replica);
    this.refreshGood();
  }

  /** What an RDB file says of the stream, for whoever loads it. */
  savedFields(): readonly (readonly [name: string, value: string])[] {
    const { history, stream } = this;
    const link = this.server.masterLink;
    let dbId = link.streamDb;
    if (!link.isReplica && stream.backlog !== null) dbId = Math.max(0, stream.dbId);
    if (dbId < 0) return [];
    return [
      ['repl-stream-db', String(dbId)],
      ['repl-id', history.id],
      ['repl-offset', String(history.offset)],
    ];
  }

  /** The file of a server that starts is about to be read: what expires while it is read is an effect already. */
  loading(): void {
    if (!this.link.isReplica) this.openBacklog();
  }

  /** A key (latin1) of that file has expired. */
  expired(dbId: number, key: string): void {
    if (!this.link.isReplica) this.stream.say(dbId, ['DEL', key]);
  }

  /** It was read, and said that its data are those of a stream; null when it said nothing. */
  loaded(saved: SavedHistory | null): void {
    const { history, stream } = this;
    if (saved === null || saved.streamDb === -1) {
      if (this.replicas.size === 0) this.closeBacklog();
    } else if (this.link.isReplica) {
      history.adopt(saved.id, saved.offset);
      this.link.cacheHistory(saved.streamDb);
    } else {
      history.continueFrom(saved.id, saved.offset);
      stream.backlog?.shift(saved.offset);
      this.aloneSinceMs = this.nowMs;
    }
  }

  run(nowMs: number): void {
    this.stream.backlog?.tidy();
    if (nowMs - this.lastBeatMs < BEAT_MS) return;
    this.lastBeatMs = nowMs;
    this.ping();
    for (const replica of [...this.replicas.values()]) this.look(replica, nowMs);
    this.forgetBacklog(nowMs);
    this.startSnapshots();
    this.sync.removeFile();
    this.refreshGood();
    this.beats++;
  }

  /** Begins snapshots that replicas wait for, where nothing else is written in the background any more. */
  startSnapshots(): void {
    this.sync.startPending(this.nowMs);
  }

  private get link(): MasterLink {
    return this.server.masterLink;
  }

  private get nowMs(): number {
    return this.parts.runtime.clock.nowMs();
  }

  private get backlogSize(): number {
    return leastBacklog(this.parts.config.values['repl-backlog-size']);
  }

  // PSYNC … FAILOVER: our master wants us in its place.
  private takeOver(client: Client, id: string): void {
    const { log } = this.parts;
    log.notice(`Failover request received for replid ${id}.`);
    if (!this.link.isReplica) throw errors.FAILOVER_TO_MASTER;
    if (id.toLowerCase() !== this.history.id) throw errors.FAILOVER_OTHER_ID;
    this.link.promote();
    log.notice(`MASTER MODE enabled (failover request from '${describeClient(client, this.server)}')`);
  }

  private checkRequest(client: Client): void {
    if (this.link.failoverState !== 'no-failover') throw errors.SYNC_DURING_FAILOVER;
    if (this.link.isReplica && this.link.state !== 'connected') throw errors.SYNC_WITHOUT_MASTER;
    // The synchronization must be the first that the replica reads.
    if (client.connection.replyBytes + client.connection.outputBytes > 0)
      throw errors.SYNC_WITH_PENDING_OUTPUT;
    const { readsMarkedEnd, skipsFunctions, skipsKeys } = this.announcementOf(client);
    if ((skipsKeys || skipsFunctions) && !readsMarkedEnd) throw errors.FILTER_NEEDS_MARKED_END;
  }

  private offsetAsked(args: Arguments, name: string): number {
    try {
      return Number(args.int64(2));
    } catch (error) {
      this.parts.log.warning(`Replica ${name} asks for synchronization but with a wrong offset`);
      throw error;
    }
  }

  // Returns whether the replica gets what it is behind by, and no snapshot.
  private tryPartial(client: Client, announcement: ReplicaAnnouncement, id: string, offset: number): boolean {
    const { log, stats } = this.parts;
    const { history } = this;
    const { backlog } = this.stream;
    const name = replicaName(client, announcement);
    if (!history.continues(id, offset)) {
      log.notice(this.whyOtherHistory(id, offset, name));
      return false;
    }
    if (backlog === null || !backlog.has(offset)) {
      log.notice(
        `Unable to partial resync with replica ${name} for lack of backlog (Replica request was: ${offset}).`,
      );
      if (offset > history.offset) {
        log.warning(
          `Warning: replica ${name} tried to PSYNC with an offset that is greater than the master replication offset.`,
        );
      }
      return false;
    }
    stats.partialSyncs++;
    const replica = this.add(client, new Replica(client, announcement, backlog, false, this.nowMs));
    replica.state = 'online';
    replica.acknowledgedMs = this.nowMs;
    replica.output.streams = true;
    backlog.seek(replica.output.cursor, offset);
    replica.say(announcement.readsNewIds ? `+CONTINUE ${history.id}\r\n` : '+CONTINUE\r\n');
    const length = backlog.length === 0 ? 0 : history.offset + 1 - offset;
    log.notice(
      `Partial resynchronization request from ${name} accepted. Sending ${length} bytes of backlog starting from offset ${offset}.`,
    );
    this.refreshGood();
    return true;
  }

  private whyOtherHistory(id: string, offset: number, name: string): string {
    const { history } = this;
    if (id.startsWith(NO_HISTORY)) return `Full resync requested by replica ${name}`;
    if (id.toLowerCase() !== history.secondId)
      return `Partial resynchronization not accepted: Replication ID mismatch (Replica asked for '${id}', my replication IDs are '${history.id}' and '${history.secondId}')`;
    return `Partial resynchronization not accepted: Requested offset for second ID was ${offset}, but I can reply up to ${history.secondOffset}`;
  }

  private add(client: Client, replica: Replica): Replica {
    client.isReplica = true;
    client.connection.mute();
    this.replicas.set(client, replica);
    return replica;
  }

  // What was not kept cannot be continued: a backlog that begins has an ID of its own.
  private backlogFor(): Backlog {
    const { backlog } = this.stream;
    if (backlog !== null) return backlog;
    this.history.newId();
    this.openBacklog();
    this.parts.log.notice(
      `Replication backlog created, my new replication IDs are '${this.history.id}' and '${this.history.secondId}'`,
    );
    return this.stream.backlog!;
  }

  private beginSnapshot(replica: Replica, like: Replica | null): void {
    const { history, stream } = this;
    const backlog = stream.backlog!;
    replica.state = 'saving';
    replica.startOffset = like === null ? history.offset : like.startOffset;
    if (replica.follows) {
      if (like === null) backlog.seekEnd(replica.output.cursor);
      else backlog.copy(replica.output.cursor, like.output.cursor);
    }
    stream.dbId = NO_DATABASE;
    if (!replica.isOld) replica.say(`+FULLRESYNC ${history.id} ${replica.startOffset}\r\n`);
  }

  private snapshotArrived(replica: Replica): void {
    const { log } = this.parts;
    replica.output.endPayload();
    if (replica.announcement.wantsSnapshotOnly) {
      replica.state = 'done';
      log.notice(`RDB transfer completed, rdb only replica (${replica.name}) should be disconnected asap`);
      replica.client.connection.closeAfterReplies();
      return;
    }
    replica.state = 'online';
    replica.acknowledgedMs = this.nowMs;
    this.refreshGood();
    log.notice(`Synchronization with replica ${replica.name} succeeded`);
    if (!replica.startsOnAcknowledgement || replica.hasFoundEnd) this.startStream(replica);
  }

  private startStream(replica: Replica): void {
    replica.startsOnAcknowledgement = false;
    replica.output.streams = true;
    replica.client.connection.sendFeed();
  }

  private refuseSnapshot(replica: Replica, line: string): void {
    const { client } = replica;
    replica.output.close();
    replica.output.line(`-${line}\r\n`);
    this.replicas.delete(client);
    client.connection.sendFeed();
    client.isReplica = false;
    client.connection.closeAfterReplies();
  }

  // Together with the replies of the turn: what was added, and the question how far everybody is.
  private endTurn(): void {
    // In a pause nothing may be added: who pauses waits for replicas to have all that there is.
    if (this.asksForAcknowledgements && !this.server.clients.isPaused) {
      this.asksForAcknowledgements = false;
      this.say(GETACK);
    }
    if (!this.isWaitServed) {
      this.isWaitServed = true;
      this.waits.serve();
    }
    this.stream.backlog?.tidy();
    // More at once costs less: its writes wake the replicas up.
    if (!this.stream.isDue || this.parts.turn.isEarly) return;
    this.stream.isDue = false;
    // One that is too far behind is disconnected by this.
    for (const { client, output } of this.replicas.values()) if (output.streams) client.connection.sendFeed();
  }

  private say(texts: readonly string[]): void {
    if (!this.link.isReplica) this.stream.say(NO_DATABASE, texts);
  }

  private checkLimits(): void {
    for (const { client, follows } of [...this.replicas.values()]) if (follows) client.connection.feedGrew();
  }

  private ping(): void {
    const isDue = this.beats % this.parts.config.values['repl-ping-replica-period'] === 0;
    // While a failover waits for its replica, nothing may be added.
    if (isDue && this.replicas.size > 0 && this.link.failoverState === 'no-failover') this.say(PING);
  }

  // One that waits for its snapshot hears that we are there; one that we do not hear of is disconnected.
  private look(replica: Replica, nowMs: number): void {
    const { config, log } = this.parts;
    const { client, name, state } = replica;
    const timeout = config.values['repl-timeout'];
    if (state === 'waiting' || (state === 'saving' && !this.sync.isStreaming)) replica.keepAlive();
    if (state === 'online' && !replica.isOld) {
      if (secondsBetween(replica.acknowledgedMs, nowMs) <= timeout) return;
      log.warning(`Disconnecting timedout replica (streaming sync): ${name}`);
      client.connection.close();
    } else if (state === 'saving' && this.sync.isStreaming) {
      if (secondsBetween(replica.movedSinceMs(nowMs), nowMs) <= timeout) return;
      log.warning(`Disconnecting timedout replica (full sync): ${name}`);
      client.connection.close();
    }
  }

  private forgetBacklog(nowMs: number): void {
    const { config, log } = this.parts;
    const ttl = config.values['repl-backlog-ttl'];
    const isAlone = this.replicas.size === 0 && !this.link.isReplica;
    if (!isAlone || ttl === 0 || this.stream.backlog === null) return;
    if (secondsBetween(this.aloneSinceMs, nowMs) <= ttl) return;
    // What comes now is counted no more, so nobody may continue under the same ID.
    this.history.newId();
    this.closeBacklog();
    log.notice(`Replication backlog freed after ${ttl} seconds without connected replicas.`);
  }

  private shiftId(): void {
    const { history } = this;
    history.shift();
    this.parts.log.notice(
      `Setting secondary replication ID to ${history.secondId}, valid up to offset: ${history.secondOffset}. New replication ID is ${history.id}`,
    );
  }

  // Our effects are the stream while we are a master, and somebody keeps it or goes by its offset.
  private listen(): void {
    const { config, propagation } = this.parts;
    const isMaster = this.server === undefined || !this.link.isReplica;
    const wanted = isMaster && (this.stream.backlog !== null || config.values.appendonly);
    // What it takes may be other than before, so it is announced anew.
    if (this.isListening) propagation.removeSink(this.stream);
    this.isListening = wanted;
    if (wanted) propagation.addSink(this.stream);
  }

  private refreshGood(): void {
    const { values } = this.parts.config;
    const wanted = values['min-replicas-to-write'];
    const maxLag = values['min-replicas-max-lag'];
    this.writeRefusal = null;
    if (wanted === 0 || maxLag === 0) return;
    const { nowMs } = this;
    this.goodReplicaCount = 0;
    for (const { acknowledgedMs, state } of this.replicas.values())
      if (state === 'online' && secondsBetween(acknowledgedMs, nowMs) <= maxLag) this.goodReplicaCount++;
    if (this.goodReplicaCount < wanted && (this.server === undefined || !this.link.isReplica))
      this.writeRefusal = errors.TOO_FEW_REPLICAS;
  }

  private isReached({ local, offset, onDisk, replicas }: WaitGoal): boolean {
    return this.countAt(offset, onDisk) >= replicas && (local === 0 || this.diskOffset >= offset);
  }

  private serveWaits(): void {
    if (this.waits.isEmpty) return;
    this.isWaitServed = false;
    this.parts.turn.expect();
  }

  private refuseDiskWaits(): void {
    const { blocking, config } = this.parts;
    if (config.values.appendonly) return;
    for (const client of [...this.waits.waitingForDisk()]) blocking.end(client, errors.WAITAOF_WITHOUT_AOF);
  }
}

function leastBacklog(size: number): number {
  return Math.max(size, 16 * 1024);
}
