// The persistence of one server as its handlers see it: which part does what, what is loaded at start, and why writes may
// be refused.

import { resolve } from 'node:path';
import type { Logger } from '../base/logger.ts';
import type { Runtime } from '../base/runtime.ts';
import { REDIS_VERSION } from '../base/version.ts';
import type { Config } from '../config/config.ts';
import { pathFromBytes } from '../config/file-text.ts';
import type { DebugSettings } from '../engine/debug-settings.ts';
import type { FunctionLibraries } from '../engine/function-libraries.ts';
import type { Loader, Loading } from '../engine/loading.ts';
import {
  type AppendOnly,
  type BackgroundJob,
  type DetachedValue,
  type IncomingFile,
  type IncomingFileOwner,
  type IncomingRequest,
  type IncomingSnapshot,
  LOAD_RESULT,
  type LoadResult,
  type Persistence,
  type RdbLoadOptions,
  type SavedHistory,
  type StreamedSnapshot,
} from '../engine/persistence.ts';
import type { Database } from '../keyspace/database.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Ref } from '../memory/heap.ts';
import { aofWritesRefused, RDB_WRITES_REFUSED, type ReplyError } from '../resp/errors.ts';
import { readLibraries } from './library-payloads.ts';
import { RdbEncoder, useUnder } from './rdb/rdb-encoder.ts';
import type { RdbFileReader } from './rdb/rdb-file.ts';
import { RdbWriter } from './rdb/rdb-writer.ts';
import { loadRdb, loadRdbFile } from './rdb-loading.ts';
import { RdbFileSaves } from './rdb-saves.ts';
import { ReceivedFile } from './received-file.ts';
import { ReceivedSnapshot } from './received-snapshot.ts';
import { Rehearsal } from './rehearsal.ts';
import type { SnapshotEncoder } from './snapshot-encoder.ts';
import type { SnapshotProgress, Snapshots } from './snapshots.ts';
import { ValuePayloads } from './value-payloads.ts';

export interface DataSetParts {
  readonly runtime: Runtime;
  readonly config: Config;
  readonly log: Logger;
  readonly keyspace: Keyspace;
  readonly libraries: FunctionLibraries;
  readonly debug: DebugSettings;
  readonly loading: Loading;
  readonly snapshots: Snapshots;
  readonly aof: AppendOnly;
  /** Whether a master decides which keys have expired. */
  readonly hasMaster: () => boolean;
}

/** What replication does with the history in the file that a server starts with. */
export interface StartHistory {
  loading(): void;
  /** A key (latin1) was left out, because it has expired. */
  expired(dbId: number, key: string): void;
  /** Null: the file said nothing of the kind, or could not be read. */
  loaded(saved: SavedHistory | null): void;
}

export class DataSet implements Persistence {
  readonly rdb: RdbFileSaves;
  readonly aof: AppendOnly;
  readonly rehearsal: Rehearsal;
  writeRefusal: ReplyError | null = null;
  /** What a saved file says of the stream of effects: replication's. */
  historyFields: () => readonly (readonly [name: string, value: string])[] = () => [];
  /** Called before the file of a server that starts is read, with each key of it that has expired, and with what it said. */
  history: StartHistory = { loading: () => {}, expired: () => {}, loaded: () => {} };

  private readonly parts: DataSetParts;
  private readonly payloads: ValuePayloads;
  private sanitizedByLoading = 0;
  private readonly noteSanitized = (blocks: number) => {
    this.sanitizedByLoading += blocks;
  };

  constructor(parts: DataSetParts) {
    this.parts = parts;
    this.payloads = new ValuePayloads(parts);
    this.aof = parts.aof;
    this.rdb = new RdbFileSaves({
      ...parts,
      newEncoder: () => this.newEncoder(),
      isBusy: () => this.job !== null || parts.loading.isActive,
    });
    this.rehearsal = new Rehearsal({
      keyspace: parts.keyspace,
      snapshots: parts.snapshots,
      newEncoder: () => this.newEncoder(),
      isBusy: () => this.job !== null || parts.loading.isActive,
    });
    const refresh = () => {
      this.writeRefusal = this.refusal();
      return null;
    };
    this.rdb.onStatus = refresh;
    this.aof.onChange = refresh;
    parts.config.onChangeOfAny(['save', 'stop-writes-on-bgsave-error'], refresh);
  }

  get job(): BackgroundJob | null {
    if (this.rdb.isRunning) return 'rdb';
    if (this.aof.isRewriting) return 'aof';
    return this.progress === null ? null : 'replica';
  }

  get progress(): SnapshotProgress | null {
    return this.parts.snapshots.current;
  }

  get sanitizations(): number {
    return this.payloads.sanitizations + this.sanitizedByLoading;
  }

  resetStats(): void {
    this.rdb.saves = 0;
    this.aof.resetStats();
    this.payloads.sanitizations = this.sanitizedByLoading = 0;
  }

  dump(db: Database, ref: Ref): Uint8Array {
    return this.payloads.dump(db, ref);
  }

  savedBytes(db: Database, ref: Ref): number {
    return this.payloads.savedBytes(db, ref);
  }

  isPayload(bytes: Buffer, start: number, length: number): boolean {
    return this.payloads.isPayload(bytes, start, length);
  }

  undump(bytes: Buffer, start: number, length: number, isTrusted: boolean): DetachedValue | null {
    return this.payloads.undump(bytes, start, length, isTrusted);
  }

  dumpLibraries(): Uint8Array {
    return this.payloads.dumpLibraries(this.parts.libraries.values());
  }

  undumpLibraries(bytes: Buffer, start: number, length: number): string[] {
    return readLibraries(bytes, start, length);
  }

  streamSnapshot({ skipsKeys, skipsFunctions, open, done }: StreamedSnapshot): void {
    this.parts.snapshots.stream({ encoder: this.newEncoder(false, skipsFunctions), skipsKeys, open, done });
  }

  abortStreamedSnapshot(): void {
    if (this.job === 'replica') this.parts.snapshots.abort();
  }

  loadRdb({ replaces }: RdbLoadOptions): Loader<LoadResult> {
    const { dir, dbfilename } = this.parts.config.values;
    return loadRdbFile(this.parts, pathFromBytes(resolve(dir, dbfilename)), {
      replaces,
      dropsExpired: !this.parts.hasMaster(),
      noteSanitized: this.noteSanitized,
    });
  }

  loadReceivedFile(noteStreamDb: (dbId: number) => void): Loader<LoadResult> {
    const { dir, dbfilename } = this.parts.config.values;
    return loadRdbFile(this.parts, pathFromBytes(resolve(dir, dbfilename)), {
      replaces: false,
      dropsExpired: false,
      noteSanitized: this.noteSanitized,
      noteFields: ({ streamDatabase }) => noteStreamDb(streamDatabase),
    });
  }

  receiveFile(owner: IncomingFileOwner): IncomingFile {
    return new ReceivedFile(this.parts, owner);
  }

  removeReceivedFile(): void {
    const { dir, dbfilename } = this.parts.config.values;
    this.parts.runtime.files.unlink(pathFromBytes(resolve(dir, dbfilename)), () => {});
  }

  receive(request: IncomingRequest): IncomingSnapshot {
    return new ReceivedSnapshot({ ...this.parts, noteSanitized: this.noteSanitized }, request);
  }

  /** Loads the RDB data at the beginning of an append-only file: commands that follow may concern keys that have expired. */
  loadAofBase(reader: RdbFileReader): Loader<LoadResult> {
    return loadRdb(this.parts, reader, {
      replaces: false,
      dropsExpired: false,
      noteSanitized: this.noteSanitized,
    });
  }

  *loadAll(): Loader<LoadResult> {
    const { config, log, runtime } = this.parts;
    const { clock } = runtime;
    const startedUs = clock.monotonicUs();
    const seconds = () => ((clock.monotonicUs() - startedUs) / 1_000_000).toFixed(3);
    if (config.values.appendonly) {
      const result = yield* this.aof.load();
      if (result === LOAD_RESULT.OK || result === LOAD_RESULT.EMPTY || result === LOAD_RESULT.TRUNCATED)
        log.notice(`DB loaded from append only file: ${seconds()} seconds`);
      return result;
    }
    const result = yield* this.loadAtStart();
    if (result === LOAD_RESULT.OK) log.notice(`DB loaded from disk: ${seconds()} seconds`);
    if (result === LOAD_RESULT.FAILED) log.warning('Fatal error loading the DB, check server logs. Exiting.');
    if (result === LOAD_RESULT.DAMAGED) log.warning('Terminating server after rdb file reading failure.');
    return result;
  }

  // The stream of effects goes on where the file says that it was left.
  private *loadAtStart(): Loader<LoadResult> {
    const { dir, dbfilename } = this.parts.config.values;
    const { history } = this;
    let saved: SavedHistory | null = null;
    history.loading();
    const result = yield* loadRdbFile(this.parts, pathFromBytes(resolve(dir, dbfilename)), {
      replaces: false,
      dropsExpired: !this.parts.hasMaster(),
      noteSanitized: this.noteSanitized,
      noteExpired: (dbId, key) => history.expired(dbId, key),
      noteFields: ({ replicationId, replicationOffset, streamDatabase }) => {
        const offset = Number(replicationOffset);
        if (replicationId !== '' && offset !== -1)
          saved = { id: replicationId, offset, streamDb: streamDatabase };
      },
    });
    history.loaded(result === LOAD_RESULT.OK ? saved : null);
    return result;
  }

  /** An encoder for an RDB file, or for the base of the append-only files. */
  newEncoder(isAofBase = false, skipsFunctions = false): SnapshotEncoder {
    const { config, keyspace } = this.parts;
    const writer = new RdbWriter();
    writer.compresses = config.values.rdbcompression;
    writer.version = config.values['rdb-version'];
    return new RdbEncoder(writer, keyspace.access, {
      hasChecksum: config.values.rdbchecksum,
      use: useUnder(config.values['maxmemory-policy']),
      fields: [
        ['redis-ver', REDIS_VERSION],
        ['redis-bits', '64'],
        ['ctime', String(Math.floor(this.parts.runtime.clock.nowMs() / 1000))],
        ['used-mem', String(keyspace.usedBytes)],
        ...(isAofBase ? [] : this.historyFields()),
        ['aof-base', isAofBase ? '1' : '0'],
      ],
      libraries: skipsFunctions ? [] : this.parts.libraries.values(),
    });
  }

  private refusal(): ReplyError | null {
    const { values } = this.parts.config;
    if (values['stop-writes-on-bgsave-error'] && values.save.length > 0 && !this.rdb.lastSucceeded)
      return RDB_WRITES_REFUSED;
    const { aof } = this;
    return aof.state === 'off' || aof.lastWriteSucceeded ? null : aofWritesRefused(aof.lastWriteError);
  }
}
