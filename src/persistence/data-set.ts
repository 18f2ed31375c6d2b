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
  LOAD_RESULT,
  type LoadResult,
  type Persistence,
  type RdbLoadOptions,
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
import { encodeNow, RdbFileSaves } from './rdb-saves.ts';
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
}

export class DataSet implements Persistence {
  readonly rdb: RdbFileSaves;
  readonly aof: AppendOnly;
  readonly rehearsal: Rehearsal;
  writeRefusal: ReplyError | null = null;

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
      isBusy: () => this.job !== null,
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

  undump(bytes: Buffer, start: number, length: number): DetachedValue | null {
    return this.payloads.undump(bytes, start, length);
  }

  dumpLibraries(): Uint8Array {
    return this.payloads.dumpLibraries(this.parts.libraries.values());
  }

  undumpLibraries(bytes: Buffer, start: number, length: number): string[] {
    return readLibraries(bytes, start, length);
  }

  snapshot(withKeys: boolean): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    encodeNow(this.newEncoder(), withKeys ? this.parts.keyspace.databases : [], (bytes, length) =>
      pieces.push(Buffer.from(bytes.subarray(0, length))),
    );
    return pieces;
  }

  loadRdb({ replaces }: RdbLoadOptions): Loader<LoadResult> {
    const { dir, dbfilename } = this.parts.config.values;
    return loadRdbFile(this.parts, pathFromBytes(resolve(dir, dbfilename)), {
      replaces,
      dropsExpired: true,
      noteSanitized: this.noteSanitized,
    });
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
    const result = yield* this.loadRdb({ replaces: false });
    if (result === LOAD_RESULT.OK) log.notice(`DB loaded from disk: ${seconds()} seconds`);
    if (result === LOAD_RESULT.FAILED) log.warning('Fatal error loading the DB, check server logs. Exiting.');
    if (result === LOAD_RESULT.DAMAGED) log.warning('Terminating server after rdb file reading failure.');
    return result;
  }

  /** An encoder for an RDB file, or for the base of the append-only files. */
  newEncoder(isAofBase = false): SnapshotEncoder {
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
        ['aof-base', isAofBase ? '1' : '0'],
      ],
      libraries: this.parts.libraries.values(),
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
