// The persistence of one server as handlers see it: payloads of single values, and the file of the whole data set. What
// it keeps are the buffers that are used again and the figures for INFO.

import { resolve } from 'node:path';
import { bytesEqual } from '../base/bytes.ts';
import { Crc64 } from '../base/checksums.ts';
import type { Logger } from '../base/logger.ts';
import type { Runtime } from '../base/runtime.ts';
import { REDIS_VERSION } from '../base/version.ts';
import type { Config } from '../config/config.ts';
import { errorCode, pathFromBytes, reasonOf } from '../config/file-text.ts';
import type { DebugSettings } from '../engine/debug-settings.ts';
import type { DetachedValue, LoadOptions, Persistence } from '../engine/persistence.ts';
import type { Database } from '../keyspace/database.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Ref } from '../memory/heap.ts';
import { RdbDecoder } from './rdb/rdb-decoder.ts';
import { RdbEncoder, type TakeBytes, useUnder } from './rdb/rdb-encoder.ts';
import { RdbFileReader, replaceFile } from './rdb/rdb-file.ts';
import { CHECKSUM_BYTES, DUMP_FOOTER_BYTES, isRdbType, RDB_VERSION } from './rdb/rdb-format.ts';
import { RdbError, RdbReader } from './rdb/rdb-reader.ts';
import { RdbWriter } from './rdb/rdb-writer.ts';
import { ValueDecoder } from './rdb/value-decoder.ts';
import { rdbTypeOf, writeValue } from './rdb/value-encoder.ts';

export interface DataSetParts {
  readonly runtime: Runtime;
  readonly config: Config;
  readonly log: Logger;
  readonly keyspace: Keyspace;
  readonly debug: DebugSettings;
}

// So much comes together before it is written to the file.
const WRITE_BYTES = 64 * 1024;

export class DataSet implements Persistence {
  lastSaveSeconds: number;
  saves = 0;
  keysLoaded = 0;
  keysExpired = 0;
  sanitizations = 0;

  private readonly parts: DataSetParts;
  private readonly writer = new RdbWriter();

  constructor(parts: DataSetParts) {
    this.parts = parts;
    this.lastSaveSeconds = this.nowSeconds;
  }

  dump(db: Database, ref: Ref): Uint8Array {
    const writer = this.freshWriter();
    writer.byte(rdbTypeOf(db, ref));
    writeValue(writer, db, ref);
    writer.footer(RDB_VERSION);
    return writer.bytes.subarray(0, writer.at);
  }

  savedBytes(db: Database, ref: Ref): number {
    const writer = this.freshWriter();
    writeValue(writer, db, ref);
    return writer.at;
  }

  isPayload(bytes: Buffer, start: number, length: number): boolean {
    if (length < DUMP_FOOTER_BYTES) return false;
    const footer = start + length - DUMP_FOOTER_BYTES;
    if (bytes.readUInt16LE(footer) > RDB_VERSION) return false;
    if (this.parts.debug.skipsChecksums) return true;
    const checksumAt = start + length - CHECKSUM_BYTES;
    const checksum = new Uint8Array(CHECKSUM_BYTES);
    new Crc64().update(bytes, start, checksumAt).write(checksum, 0);
    return bytesEqual(checksum, 0, bytes, checksumAt, CHECKSUM_BYTES);
  }

  undump(bytes: Buffer, start: number, length: number): DetachedValue | null {
    const { config, keyspace, log } = this.parts;
    const reader = new RdbReader(bytes, start, start + length);
    // A client's bytes are always looked through: what Redis calls sanitizing only decides whether that is counted.
    const decoder = new ValueDecoder(keyspace, reader, true);
    try {
      const type = reader.byte();
      return isRdbType(type) ? decoder.read(type) : null;
    } catch (error) {
      if (!(error instanceof RdbError)) throw error;
      log.verbose(`Internal error in RDB reading offset ${error.offset - start} -> ${error.reason}`);
      return null;
    } finally {
      if (config.values['sanitize-dump-payload'] !== 'no') this.sanitizations += decoder.blocks;
    }
  }

  save(): boolean {
    const { keyspace, log, runtime } = this.parts;
    try {
      replaceFile(runtime.files, this.path, `temp-${runtime.pid}.rdb`, (take) =>
        this.encode(keyspace.databases, take),
      );
    } catch (error) {
      log.warning(`Write error while saving DB to the disk: ${reasonOf(error)}`);
      return false;
    } finally {
      this.writer.clear();
    }
    log.notice('DB saved on disk');
    this.lastSaveSeconds = this.nowSeconds;
    this.saves++;
    return true;
  }

  snapshot(withKeys: boolean): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    this.encode(withKeys ? this.parts.keyspace.databases : [], (bytes, length) =>
      pieces.push(Buffer.from(bytes.subarray(0, length))),
    );
    this.writer.clear();
    return pieces;
  }

  load({ replaces }: LoadOptions): boolean {
    const { config, debug, keyspace, log, runtime } = this.parts;
    const { files } = runtime;
    const { observer } = keyspace;
    let fd = -1;
    let decoder: RdbDecoder | null = null;
    // Nobody is told of keys that were there before.
    keyspace.observer = null;
    try {
      fd = files.openSync(this.path, 'r');
      decoder = new RdbDecoder(keyspace, new RdbFileReader(files, fd), log, {
        checksChecksum: config.values.rdbchecksum && !debug.skipsChecksums,
        deep: config.values['sanitize-dump-payload'] === 'yes',
        replaces,
        dropsExpired: true,
        nowMs: runtime.clock.nowMs(),
      });
      decoder.run();
      return true;
    } catch (error) {
      if (error instanceof RdbError) {
        log.warning(`Internal error in RDB reading offset ${error.offset} -> ${error.reason}`);
      } else {
        if (errorCode(error) === '') throw error;
        log.warning(`Fatal error: can't open the RDB file ${this.path} for reading: ${reasonOf(error)}`);
      }
      return false;
    } finally {
      if (fd >= 0) files.closeSync(fd);
      keyspace.observer = observer;
      if (decoder !== null) this.noteLoaded(decoder);
    }
  }

  /** Whether there is a file to load. */
  get hasFile(): boolean {
    return this.parts.runtime.files.existsSync(this.path);
  }

  private encode(databases: readonly Database[], take: TakeBytes): void {
    const { config, keyspace } = this.parts;
    const encoder = new RdbEncoder(this.freshWriter(), keyspace.access, {
      version: RDB_VERSION,
      hasChecksum: config.values.rdbchecksum,
      use: useUnder(config.values['maxmemory-policy']),
    });
    encoder.begin(this.fileFields());
    for (const db of databases) {
      if (db.size === 0) continue;
      encoder.database(db.id, db.size, db.volatile.size);
      db.dict.visitAll((ref) => {
        encoder.entry(db, ref);
        if (encoder.pendingBytes >= WRITE_BYTES) encoder.handOver(take);
      });
    }
    encoder.end(take);
  }

  private noteLoaded(decoder: RdbDecoder): void {
    this.keysLoaded = decoder.keysLoaded;
    this.keysExpired = decoder.keysExpired;
    if (this.parts.config.values['sanitize-dump-payload'] === 'yes') this.sanitizations += decoder.blocks;
  }

  private get path(): string {
    const { dir, dbfilename } = this.parts.config.values;
    return pathFromBytes(resolve(dir, dbfilename));
  }

  private get nowSeconds(): number {
    return Math.floor(this.parts.runtime.clock.nowMs() / 1000);
  }

  private fileFields(): (readonly [string, string])[] {
    return [
      ['redis-ver', REDIS_VERSION],
      ['redis-bits', '64'],
      ['ctime', String(this.nowSeconds)],
      ['used-mem', String(this.parts.keyspace.usedBytes)],
      ['aof-base', '0'],
    ];
  }

  private freshWriter(): RdbWriter {
    this.writer.clear();
    this.writer.compresses = this.parts.config.values.rdbcompression;
    return this.writer;
  }
}
