// A full synchronization as the replica sees it: the snapshot arrives, as a file or straight into memory
// (repl-diskless-load), and takes the place of the data that are here. Its length is told before it, or its end is marked
// by 40 bytes that were announced. What comes behind it is the stream, for its owner.

import { toText } from '../base/bytes.ts';
import type { Logger } from '../base/logger.ts';
import type { Clock } from '../base/runtime.ts';
import type { Config } from '../config/config.ts';
import { reasonOf } from '../config/file-text.ts';
import type { Executor } from '../engine/call.ts';
import type { FunctionLibraries } from '../engine/function-libraries.ts';
import type { Loading } from '../engine/loading.ts';
import type { OutgoingConnection } from '../engine/peer-door.ts';
import {
  type IncomingFile,
  type IncomingSnapshot,
  LOAD_RESULT,
  type LoadResult,
  type Persistence,
} from '../engine/persistence.ts';
import type { Tracking } from '../engine/tracking.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';

const LF = 10;
const MARK_LENGTH = 40;
const MARK_PREFIX = '$EOF:';
const MAX_HEADER_BYTES = 1024;

export interface FullSyncParts {
  readonly clock: Clock;
  readonly config: Config;
  readonly log: Logger;
  readonly executor: Executor;
  readonly keyspace: Keyspace;
  readonly libraries: FunctionLibraries;
  readonly loading: Loading;
  readonly persistence: Persistence;
  readonly tracking: Tracking;
  /** The data are about to become others: what our replicas have, and what the cached master stands for, is void. */
  readonly attachToNewMaster: () => void;
  /** The server cannot go on. */
  readonly giveUp: () => void;
}

/** What a full synchronization has ended with. */
export interface FullSyncResult {
  /** The database that the stream has selected, -1 when the snapshot does not say. */
  readonly streamDb: number;
  /** The end was marked: the master waits for a word before it sends the stream. */
  readonly wasMarked: boolean;
  /** What has come behind the snapshot; good until this returns. */
  readonly rest: Uint8Array;
}

export interface FullSyncOwner {
  heard(): void;
  done(result: FullSyncResult): void;
  /** It has come to nothing; the log says why. */
  failed(): void;
}

export class FullSync {
  /** -1 until the master has said it, 0 when it only marks the end. */
  totalBytes = -1;
  readBytes = 0;
  /** All has arrived, and is being loaded. */
  isLoading = false;

  private readonly parts: FullSyncParts;
  private readonly link: OutgoingConnection;
  private readonly owner: FullSyncOwner;
  // The stream is that of the data which are here, at another moment.
  private readonly isSameHistory: boolean;
  private readonly usesParser: boolean;
  private readonly isAside: boolean;
  private header = '';
  private endMark: string | null = null;
  private file: IncomingFile | null = null;
  private snapshot: IncomingSnapshot | null = null;
  // Of a snapshot with a marked end: its last bytes, which may be the mark.
  private tail = Buffer.alloc(0);
  private rest: Uint8Array = NOTHING;
  private isPaused = false;
  private isOver = false;
  private linkIsOver = false;

  constructor(parts: FullSyncParts, link: OutgoingConnection, isSameHistory: boolean, owner: FullSyncOwner) {
    this.parts = parts;
    this.link = link;
    this.owner = owner;
    this.isSameHistory = isSameHistory;
    const mode = parts.config.values['repl-diskless-load'];
    this.isAside = mode === 'swapdb';
    this.usesParser = this.isAside || (mode === 'on-empty-db' && isEmpty(parts.keyspace));
  }

  /** Makes what the snapshot is kept in, before the first byte. Returns whether that worked; the log says why not. */
  open(): boolean {
    if (this.usesParser) return true;
    const { log, persistence } = this.parts;
    try {
      this.file = persistence.receiveFile({
        room: () => this.resume(),
        ready: () => this.loadFile(),
        failed: () => this.fail(),
      });
      return true;
    } catch (error) {
      log.warning(`Opening the temp file needed for MASTER <-> REPLICA synchronization: ${reasonOf(error)}`);
      return false;
    }
  }

  receive(bytes: Uint8Array): void {
    if (this.isOver) return;
    this.owner.heard();
    if (this.totalBytes < 0) this.receiveHeader(bytes);
    else this.receiveBody(bytes);
  }

  /** The link is over. */
  ended(reason: string): void {
    this.linkIsOver = true;
    if (this.isOver) return;
    if (this.snapshot !== null) {
      this.snapshot.close();
      return;
    }
    // What is complete is loaded all the same.
    if (this.isLoading) return;
    const { log } = this.parts;
    if (this.totalBytes < 0) {
      log.warning(`I/O error reading bulk count from MASTER: ${reason === '' ? 'Success' : reason}`);
    } else {
      log.warning(`I/O error trying to sync with MASTER: ${reason === '' ? 'connection lost' : reason}`);
    }
    this.fail();
  }

  /** Whether more of it must come. */
  get isReceiving(): boolean {
    return this.file === null || !this.isLoading;
  }

  /** By the clock, several times a second. */
  tick(): void {
    this.snapshot?.settle();
  }

  /** Gives it up; the owner hears nothing. */
  abort(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.file?.abandon();
    if (this.snapshot !== null || this.isLoading) this.parts.loading.stop();
  }

  private receiveHeader(bytes: Uint8Array): void {
    const end = bytes.indexOf(LF);
    this.header += toText(bytes, 0, end < 0 ? bytes.length : end);
    if (end < 0) {
      if (this.header.length > MAX_HEADER_BYTES) this.badHeader(this.header);
      return;
    }
    const line = this.header.replace(/\r$/, '');
    this.header = '';
    // An empty line says only that the master is alive.
    if (line !== '' && !this.begin(line)) return;
    if (end + 1 < bytes.length) this.receive(bytes.subarray(end + 1));
  }

  // Returns whether to go on.
  private begin(line: string): boolean {
    const { log } = this.parts;
    if (line.startsWith('-')) {
      log.warning(`MASTER aborted replication with an error: ${line.slice(1)}`);
      this.fail();
      return false;
    }
    if (!line.startsWith('$')) {
      this.badHeader(line);
      return false;
    }
    const where = this.usesParser ? 'to parser' : 'to disk';
    if (line.startsWith(MARK_PREFIX) && line.length >= MARK_PREFIX.length + MARK_LENGTH) {
      this.endMark = line.slice(MARK_PREFIX.length, MARK_PREFIX.length + MARK_LENGTH);
      this.totalBytes = 0;
      log.notice(`MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF ${where}`);
    } else {
      this.totalBytes = Number.parseInt(line.slice(1), 10) || 0;
      log.notice(`MASTER <-> REPLICA sync: receiving ${this.totalBytes} bytes from master ${where}`);
    }
    if (this.usesParser) this.loadWhileItComes();
    return !this.isOver;
  }

  private badHeader(line: string): void {
    this.parts.log.warning(
      `Bad protocol from MASTER, the first byte is not '$' (we received '${line}'), are you sure the host and port are right?`,
    );
    this.fail();
  }

  private receiveBody(bytes: Uint8Array): void {
    if (this.snapshot !== null) {
      this.snapshot.push(bytes);
      if (!this.isOver && this.snapshot.isFull) this.pause();
    } else if (this.isLoading) {
      // Nobody has stopped it in time.
      this.rest = Buffer.concat([this.rest, bytes]);
    } else if (this.endMark === null) {
      this.receiveCounted(bytes);
    } else {
      this.receiveMarked(bytes);
    }
  }

  private receiveCounted(bytes: Uint8Array): void {
    const count = Math.min(bytes.length, this.totalBytes - this.readBytes);
    this.readBytes += count;
    this.file!.write(bytes.subarray(0, count));
    if (this.readBytes === this.totalBytes) this.complete(bytes.subarray(count));
    else if (this.file!.isFull) this.pause();
  }

  // The last bytes are kept back: they may be the mark, which is none of the file's.
  private receiveMarked(bytes: Uint8Array): void {
    const file = this.file!;
    this.readBytes += bytes.length;
    if (bytes.length >= MARK_LENGTH) {
      file.write(this.tail);
      file.write(bytes.subarray(0, bytes.length - MARK_LENGTH));
      this.tail = Buffer.from(bytes.subarray(bytes.length - MARK_LENGTH));
    } else {
      const both = Buffer.concat([this.tail, bytes]);
      const from = Math.max(0, both.length - MARK_LENGTH);
      file.write(both.subarray(0, from));
      this.tail = both.subarray(from);
    }
    if (toText(this.tail) === this.endMark) this.complete(NOTHING);
    else if (file.isFull) this.pause();
  }

  private complete(rest: Uint8Array): void {
    this.rest = Buffer.from(rest);
    this.isLoading = true;
    this.pause();
    this.file!.finish();
  }

  private loadFile(): void {
    const { log, loading, persistence } = this.parts;
    this.stopWriting();
    this.emptyForNewData();
    log.notice('MASTER <-> REPLICA sync: Loading DB in memory');
    let streamDb = -1;
    const loader = persistence.loadReceivedFile((dbId) => {
      streamDb = dbId;
    });
    loading.runInSlices(loader, (result) => {
      if (result !== LOAD_RESULT.OK) {
        log.warning('Failed trying to load the MASTER synchronization DB from disk, check server logs.');
      }
      this.removeFileOfMaster();
      if (result === LOAD_RESULT.OK) this.succeed(streamDb, this.rest);
      else this.failToLoad(result);
    });
  }

  private loadWhileItComes(): void {
    const { log, loading, persistence } = this.parts;
    const isAsync = this.isAside && this.isSameHistory;
    this.isLoading = true;
    this.stopWriting();
    if (!this.isAside) this.emptyForNewData();
    log.notice('MASTER <-> REPLICA sync: Loading DB in memory');
    const snapshot = persistence.receive({
      totalBytes: this.endMark === null ? this.totalBytes : Number.POSITIVE_INFINITY,
      endMark: this.endMark,
      isAside: this.isAside,
      isAsync,
      onRoom: () => this.resume(),
    });
    this.snapshot = snapshot;
    loading.runInSlices(snapshot.load(), (result) => this.loadedFromLink(snapshot, result));
  }

  private loadedFromLink(snapshot: IncomingSnapshot, result: LoadResult): void {
    const { log } = this.parts;
    if (result !== LOAD_RESULT.OK) {
      log.warning('Failed trying to load the MASTER synchronization DB from socket, check server logs.');
      if (this.isAside) log.notice('MASTER <-> REPLICA sync: Discarding temporary DB in background');
      else this.empty();
      this.failToLoad(result);
      return;
    }
    if (this.isAside) {
      this.parts.attachToNewMaster();
      log.notice('MASTER <-> REPLICA sync: Swapping active DB with loaded DB');
      snapshot.takePlace();
      this.parts.tracking.flushed();
      log.notice('MASTER <-> REPLICA sync: Discarding old DB in background');
    }
    // There is no file that has these data.
    this.parts.executor.context.dirty++;
    this.succeed(snapshot.streamDb, snapshot.rest());
  }

  // What is written of the old data is of no use, and must not take the place of the new.
  private stopWriting(): void {
    const { log, persistence } = this.parts;
    persistence.aof.stop();
    if (!persistence.rdb.isRunning) return;
    if (!this.usesParser) {
      log.notice(
        'Replica is about to load the RDB file received from the master, but there is a pending RDB child running. It is killed and its temp file removed to avoid any race',
      );
    }
    persistence.rdb.abort();
  }

  private emptyForNewData(): void {
    this.parts.attachToNewMaster();
    this.parts.log.notice('MASTER <-> REPLICA sync: Flushing old data');
    this.empty();
  }

  private empty(): void {
    const { config, keyspace, libraries, tracking } = this.parts;
    keyspace.flushAll(!config.values['replica-lazy-flush']);
    libraries.clear();
    tracking.flushed();
  }

  private removeFileOfMaster(): void {
    const { config, log, persistence } = this.parts;
    const { appendonly, save, 'rdb-del-sync-files': removes } = config.values;
    if (!removes || appendonly || save.length > 0) return;
    log.notice('Removing the RDB file obtained from the master. This replica has persistence disabled');
    persistence.removeReceivedFile();
  }

  private failToLoad(result: LoadResult): void {
    if (result === LOAD_RESULT.DAMAGED) this.parts.giveUp();
    this.fail();
  }

  private succeed(streamDb: number, rest: Uint8Array): void {
    this.isOver = true;
    this.resume();
    this.owner.done({ streamDb, wasMarked: this.endMark !== null, rest });
  }

  private fail(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.file?.abandon();
    this.owner.failed();
  }

  private pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.link.pause();
  }

  private resume(): void {
    if (!this.isPaused || this.linkIsOver || (this.isLoading && this.snapshot === null && !this.isOver))
      return;
    this.isPaused = false;
    this.link.resume();
  }
}

function isEmpty(keyspace: Keyspace): boolean {
  return keyspace.databases.every(({ size }) => size === 0);
}

const NOTHING = new Uint8Array(0);
