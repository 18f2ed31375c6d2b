// Full synchronization: which snapshot a replica gets, and when. One is made for all that wait for the same; whoever asks
// while a file is being written that others wait for gets that one and the effects since. How it gets there is in
// master-payloads.

import type { Logger } from '../base/logger.ts';
import type { FileDoor, RandomSource } from '../base/runtime.ts';
import { secondsBetween } from '../base/seconds.ts';
import type { Config } from '../config/config.ts';
import { reasonOf } from '../config/file-text.ts';
import { type Persistence, SnapshotAborted } from '../engine/persistence.ts';
import { BGSAVE_FAILED } from '../resp/errors.ts';
import { FilePayload, StreamedPayload } from './master-payloads.ts';
import type { Replica } from './master-replica.ts';

export interface MasterSyncParts {
  readonly config: Config;
  readonly files: FileDoor;
  readonly log: Logger;
  readonly pid: number;
  readonly persistence: Persistence;
  readonly random: RandomSource;
  /** All replicas, in order of arrival. */
  readonly replicas: () => Iterable<Replica>;
  readonly nowMs: () => number;
  /** A snapshot begins for a replica: it is told, and effects are kept for it, from now on or from where `like` stands. */
  begin(replica: Replica, like: Replica | null): void;
  /** A replica has the snapshot. */
  arrived(replica: Replica): void;
  /** A replica gets no snapshot, and is one no longer. */
  refuse(replica: Replica, line: string): void;
}

// What Redis ends its child process with, as its log says it.
const KILL_SIGNAL = 10;

/** What replicas must have in common to share a snapshot. */
interface Demand {
  readonly skipsKeys: boolean;
  readonly skipsFunctions: boolean;
}

export class MasterSync {
  private readonly parts: MasterSyncParts;
  // The snapshot that is sent while it is made.
  private streamed: StreamedPayload | null = null;
  // The background save that is under way was begun for replicas.
  private isSavingForReplicas = false;
  // The RDB file is there because of replicas alone.
  private hasLeftFile = false;

  constructor(parts: MasterSyncParts) {
    this.parts = parts;
    parts.persistence.rdb.onBackgroundEnd = (succeeded) => this.fileEnded(succeeded);
  }

  /** A replica needs a snapshot. */
  request(replica: Replica): void {
    const { config, log, persistence } = this.parts;
    const { announcement } = replica;
    if (persistence.job === 'rdb') {
      this.join(replica);
    } else if (persistence.job === 'replica') {
      log.notice('Current BGSAVE has socket target. Waiting for next BGSAVE for SYNC');
    } else if (
      config.values['repl-diskless-sync'] &&
      announcement.readsMarkedEnd &&
      config.values['repl-diskless-sync-delay'] > 0
    ) {
      log.notice('Delay next BGSAVE for diskless SYNC');
    } else if (persistence.job !== null) {
      log.notice('No BGSAVE in progress, but another BG operation is active. BGSAVE for replication delayed');
    } else {
      this.start([replica, ...this.waiting().filter((other) => other !== replica)]);
    }
  }

  /** Begins what replicas have waited for long enough. */
  startPending(nowMs: number): void {
    const { config, persistence } = this.parts;
    if (persistence.job !== null) return;
    const waiting = this.waiting();
    if (waiting.length === 0) return;
    const { values } = config;
    const most = values['repl-diskless-sync-max-replicas'];
    const longest = Math.max(...waiting.map(({ requestedMs }) => secondsBetween(requestedMs, nowMs)));
    const isDue =
      !values['repl-diskless-sync'] ||
      (most > 0 && waiting.length >= most) ||
      longest >= values['repl-diskless-sync-delay'];
    if (isDue) this.start(waiting);
  }

  /** A replica has gone, or its connection has; `state` as it was. */
  left(replica: Replica): void {
    const { config, log, persistence } = this.parts;
    if (replica.state !== 'saving' || this.saving().length > 0) return;
    if (this.streamed !== null) {
      log.warning('Diskless rdb transfer, last replica dropped, killing fork child.');
      persistence.abortStreamedSnapshot();
    } else if (config.values.save.length === 0 && this.isSavingForReplicas) {
      // Nobody else wants the file.
      persistence.rdb.abort();
    }
  }

  /** The snapshot that is under way is given up, and those with it that wait for it. */
  abort(): void {
    this.parts.persistence.abortStreamedSnapshot();
  }

  /** Whether a replica gets the snapshot while it is made. */
  get isStreaming(): boolean {
    return this.streamed !== null;
  }

  /** `rdb-del-sync-files`: a server that shall keep nothing on the disk keeps no files for replicas either. */
  removeFile(): void {
    const { config, files, log, persistence } = this.parts;
    const { values } = config;
    if (!values['rdb-del-sync-files']) {
      this.hasLeftFile = false;
      return;
    }
    if (!this.hasLeftFile || values.save.length > 0 || persistence.aof.state !== 'off') return;
    for (const { state } of this.parts.replicas()) {
      if (state !== 'online' && state !== 'done') return;
    }
    const { path } = persistence.rdb;
    if (!files.existsSync(path)) return;
    this.hasLeftFile = false;
    log.notice('Removing the RDB file used to feed replicas in a persistence-less instance');
    files.unlink(path, () => {});
  }

  private waiting(): Replica[] {
    return Array.from(this.parts.replicas()).filter(({ state }) => state === 'waiting');
  }

  private saving(): Replica[] {
    return Array.from(this.parts.replicas()).filter(({ state }) => state === 'saving');
  }

  // A file is being written: it will do when effects are kept for another replica since it was begun.
  private join(replica: Replica): void {
    const { log } = this.parts;
    const { announcement } = replica;
    const other = this.saving().find(
      (one) => announcement.wantsSnapshotOnly || !one.announcement.wantsSnapshotOnly,
    );
    if (other === undefined || !canDoAll(replica, other) || !wantsSame(announcement, other.announcement)) {
      log.notice("Can't attach the replica to the current BGSAVE. Waiting for next BGSAVE for SYNC");
      return;
    }
    this.parts.begin(replica, other);
    log.notice('Waiting for end of BGSAVE for SYNC');
  }

  // One snapshot for those who want the same as the first.
  private start(waiting: readonly Replica[]): void {
    const { config, log } = this.parts;
    const demand = waiting[0]!.announcement;
    const sharing = waiting.filter(({ announcement }) => wantsSame(announcement, demand));
    const isFiltered = demand.skipsKeys || demand.skipsFunctions;
    const isStreamed =
      (config.values['repl-diskless-sync'] || isFiltered) &&
      sharing.every(({ announcement }) => announcement.readsMarkedEnd);
    log.notice(`Starting BGSAVE for SYNC with target: ${isStreamed ? 'replicas sockets' : 'disk'}`);
    if (isStreamed) this.stream(sharing, demand);
    else this.save(sharing);
  }

  private save(sharing: readonly Replica[]): void {
    const { config, log, persistence } = this.parts;
    if (!persistence.rdb.startInBackground()) {
      log.warning('BGSAVE for replication failed');
      for (const replica of this.waiting()) this.parts.refuse(replica, BGSAVE_FAILED.line);
      return;
    }
    this.isSavingForReplicas = true;
    if (config.values['rdb-del-sync-files']) this.hasLeftFile = true;
    for (const replica of sharing) this.parts.begin(replica, null);
  }

  private fileEnded(succeeded: boolean): void {
    const { files, log, persistence } = this.parts;
    this.isSavingForReplicas = false;
    for (const replica of this.saving()) {
      if (!succeeded) {
        log.warning('SYNC failed. BGSAVE child returned an error');
        replica.client.connection.close();
        continue;
      }
      try {
        const payload = new FilePayload(files, persistence.rdb.path, (problem) =>
          this.fileSent(replica, problem),
        );
        replica.state = 'sending';
        replica.output.send(payload);
      } catch (error) {
        log.warning(`SYNC failed. Can't open/stat DB after BGSAVE: ${reasonOf(error)}`);
        replica.client.connection.close();
        continue;
      }
      replica.client.connection.sendFeed();
    }
    this.startPending(this.parts.nowMs());
  }

  private fileSent(replica: Replica, problem: string | null): void {
    if (problem === null) {
      this.parts.arrived(replica);
      return;
    }
    this.parts.log.warning(`Read error sending DB to replica: ${problem}`);
    replica.client.connection.close();
  }

  private stream(sharing: readonly Replica[], { skipsKeys, skipsFunctions }: Demand): void {
    const { log, persistence, pid, random } = this.parts;
    for (const replica of sharing) this.parts.begin(replica, null);
    persistence.streamSnapshot({
      skipsKeys,
      skipsFunctions,
      open: (onRoom, onEnd) => {
        const onMore = () => this.sendAll();
        const payload = new StreamedPayload({ random, onRoom, onEnd, onMore });
        this.streamed = payload;
        for (const { output } of sharing) output.send(payload.reader());
        return payload;
      },
      done: (error) => this.streamEnded(error),
    });
    log.notice(`Background RDB transfer started by pid ${pid}`);
  }

  private sendAll(): void {
    for (const { client } of this.saving()) client.connection.sendFeed();
  }

  private streamEnded(error: Error | null): void {
    const { log } = this.parts;
    const replicas = this.saving();
    if (error === null) {
      log.notice(`Diskless rdb transfer, done reading from pipe, ${replicas.length} replicas still up.`);
      log.notice('Background RDB transfer terminated with success');
    } else if (error instanceof SnapshotAborted) {
      log.warning(`Background transfer terminated by signal ${KILL_SIGNAL}`);
    } else {
      log.warning('Background transfer error');
    }
    this.streamed = null;
    for (const replica of replicas) {
      if (error !== null) {
        log.warning('SYNC failed. BGSAVE child returned an error');
        replica.client.connection.close();
        continue;
      }
      log.notice(
        `Streamed RDB transfer with replica ${replica.name} succeeded (socket). Waiting for REPLCONF ACK from replica to enable streaming`,
      );
      replica.startsOnAcknowledgement = true;
      this.parts.arrived(replica);
    }
    this.startPending(this.parts.nowMs());
  }
}

function wantsSame(one: Demand, other: Demand): boolean {
  return one.skipsKeys === other.skipsKeys && one.skipsFunctions === other.skipsFunctions;
}

// Whether a replica can read whatever was chosen for the other one.
function canDoAll({ announcement }: Replica, { announcement: other }: Replica): boolean {
  return (
    (announcement.readsMarkedEnd || !other.readsMarkedEnd) && (announcement.readsNewIds || !other.readsNewIds)
  );
}
