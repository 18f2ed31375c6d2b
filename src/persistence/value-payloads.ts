// Single values as DUMP and RESTORE exchange them: type, body, version, checksum.

import { bytesEqual } from '../base/bytes.ts';
import { Crc64 } from '../base/checksums.ts';
import type { Logger } from '../base/logger.ts';
import type { Config } from '../config/config.ts';
import type { DebugSettings } from '../engine/debug-settings.ts';
import type { DetachedValue } from '../engine/persistence.ts';
import type { Database } from '../keyspace/database.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Ref } from '../memory/heap.ts';
import { writeLibraries } from './library-payloads.ts';
import { CHECKSUM_BYTES, DUMP_FOOTER_BYTES, isRdbType, RDB_VERSION } from './rdb/rdb-format.ts';
import { RdbError, RdbReader } from './rdb/rdb-reader.ts';
import { RdbWriter } from './rdb/rdb-writer.ts';
import { ValueDecoder } from './rdb/value-decoder.ts';
import { rdbTypeOf, writeValue } from './rdb/value-encoder.ts';

export interface ValuePayloadParts {
  readonly config: Config;
  readonly log: Logger;
  readonly keyspace: Keyspace;
  readonly debug: DebugSettings;
}

export class ValuePayloads {
  sanitizations = 0;

  private readonly parts: ValuePayloadParts;
  private readonly writer = new RdbWriter();

  constructor(parts: ValuePayloadParts) {
    this.parts = parts;
  }

  dump(db: Database, ref: Ref): Uint8Array {
    const writer = this.freshWriter();
    writer.byte(rdbTypeOf(db, ref, writer.version));
    writeValue(writer, db, ref);
    writer.footer();
    return writer.bytes.subarray(0, writer.at);
  }

  dumpLibraries(texts: Iterable<string>): Uint8Array {
    const writer = this.freshWriter();
    writeLibraries(writer, texts);
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

  undump(bytes: Buffer, start: number, length: number, isTrusted: boolean): DetachedValue | null {
    const { config, keyspace, log } = this.parts;
    const reader = new RdbReader(bytes, start, start + length);
    const { 'sanitize-dump-payload': whose } = config.values;
    const sanitizes = whose === 'yes' || (whose === 'clients' && !isTrusted);
    const decoder = new ValueDecoder(keyspace, reader, sanitizes);
    try {
      const type = reader.byte();
      return isRdbType(type) ? decoder.read(type) : null;
    } catch (error) {
      if (!(error instanceof RdbError)) throw error;
      log.verbose(`Internal error in RDB reading offset ${error.offset - start} -> ${error.reason}`);
      return null;
    } finally {
      if (sanitizes) this.sanitizations += decoder.blocks;
    }
  }

  private freshWriter(): RdbWriter {
    this.writer.clear();
    const { values } = this.parts.config;
    this.writer.compresses = values.rdbcompression;
    this.writer.version = values['rdb-version'];
    return this.writer;
  }
}
