// Adds what an RDB file holds to the data set: databases, deadlines, notes of use, function libraries, the file's own
// fields, to the checksum. It reads in steps, so that loading can give way to others in between. Whatever is wrong is
// thrown as RdbError; what was added before stays.

import { copyBytes } from '../../base/bytes.ts';
import type { Logger } from '../../base/logger.ts';
import { type FunctionLibraries, LibraryError } from '../../engine/function-libraries.ts';
import type { Database } from '../../keyspace/database.ts';
import type { Keyspace } from '../../keyspace/keyspace.ts';
import type { Ref } from '../../memory/heap.ts';
import { Arguments } from '../../resp/arguments.ts';
import { MODULE_PART, moduleTypeName } from './module-value.ts';
import { RdbFields } from './rdb-fields.ts';
import {
  isFileType,
  RDB_CHECKSUM_SINCE,
  RDB_HEADER_BYTES,
  RDB_MAGIC,
  RDB_OPCODE,
  RDB_VERSION_READ,
} from './rdb-format.ts';
import { DataAwaited, RdbError, type RdbReader } from './rdb-reader.ts';
import { ValueDecoder } from './value-decoder.ts';

export interface RdbDecoderOptions {
  /** Whether a wrong checksum is an error. */
  readonly checksChecksum: boolean;
  /** Whether values are searched for more damage than what could reach beyond them. */
  readonly deep: boolean;
  /** A key takes the place of one that is there; else that is an error. Function libraries likewise. */
  readonly replaces: boolean;
  /** Keys that have expired are left out, as a master does it. */
  readonly dropsExpired: boolean;
  /** Told of each of them, in latin1. */
  readonly noteExpired?: ((dbId: number, key: string) => void) | undefined;
  /** The time of loading. */
  readonly nowMs: number;
  /** Takes the function libraries of the file; without it they are left out. */
  readonly libraries?: FunctionLibraries;
}

/** A reader that knows the checksum of what it has read. */
export interface ChecksumReader extends RdbReader {
  readonly checksum: bigint;
}

const SHOWN_EMPTY_KEYS = 10;
// A key takes at least so many bytes in a file: what tells more keys is damaged, and no table is made for them.
const LEAST_KEY_BYTES = 3;
// Within a value of many elements reading pauses after so many bytes.
const VALUE_SLICE_BYTES = 256 * 1024;
const SECOND_MS = 1000;
// Instead of an opcode or a type: reading shall pause.
const PAUSED = -1;

// How far the reading is.
const HEADER = 0;
const ENTRIES = 1;
const END = 2;
const DONE = 3;

/** A library of the file is not taken: the file itself may be whole. */
export class RefusedLibrary extends RdbError {}

export class RdbDecoder {
  keysLoaded = 0;
  keysExpired = 0;
  emptyKeys = 0;
  /** What the file has said of itself so far. */
  readonly fields: RdbFields;

  private readonly keyspace: Keyspace;
  private readonly reader: ChecksumReader;
  private readonly log: Logger;
  private readonly options: RdbDecoderOptions;
  private readonly values: ValueDecoder;
  private readonly key = new Arguments();
  private keyBytes = Buffer.alloc(256);
  private db: Database;
  // What the next key has; -1: nothing.
  private deadline: number | bigint = -1;
  private idleSeconds: number | bigint = -1;
  private frequency = -1;
  private phase = HEADER;
  private version = 0;

  constructor(keyspace: Keyspace, reader: ChecksumReader, log: Logger, options: RdbDecoderOptions) {
    this.keyspace = keyspace;
    this.reader = reader;
    this.log = log;
    this.options = options;
    this.fields = new RdbFields(log, options.nowMs);
    this.values = new ValueDecoder(keyspace, reader, options.deep);
    if (options.dropsExpired) this.values.expiredBeforeMs = options.nowMs;
    this.db = keyspace.database(0);
  }

  /** How many blocks of values were looked into. */
  get blocks(): number {
    return this.values.blocks;
  }

  /**
   * Reads all of it, and nothing of what may follow. Yields after a key when `pauses`, told how far the reader is, says so,
   * and now and then within a value of many elements.
   */
  *steps(pauses: (offset: number) => boolean): Generator<void, void, void> {
    while (this.phase !== DONE) {
      try {
        if (!this.step(pauses)) continue;
      } catch (error) {
        // The reader is back at the beginning of what could not be read to its end, and says itself what it waits for.
        if (!(error instanceof DataAwaited)) throw error;
      }
      yield;
    }
    this.logResult();
  }

  // Returns whether reading shall pause.
  private step(pauses: (offset: number) => boolean): boolean {
    const { reader, values } = this;
    if (this.phase === ENTRIES) {
      if (!values.isReading) {
        const type = this.readEntries(pauses);
        if (type === PAUSED) return true;
        if (type === RDB_OPCODE.EOF) {
          this.phase = END;
          return false;
        }
      }
      if (!values.proceed(reader.offset + VALUE_SLICE_BYTES)) return true;
      this.addEntry();
      return pauses(reader.offset);
    }
    reader.keepFrom();
    if (this.phase === HEADER) {
      this.version = this.readVersion();
      this.phase = ENTRIES;
    } else {
      if (this.version >= RDB_CHECKSUM_SINCE) this.checkChecksum();
      this.phase = DONE;
    }
    return false;
  }

  /** Reads all of it at once. */
  run(): void {
    for (const _ of this.steps(() => false));
  }

  /**
   * Reads entries and what stands between them. Returns the end's opcode, the type of a value of many elements that was
   * begun, or PAUSED.
   */
  private readEntries(pauses: (offset: number) => boolean): number {
    const { reader, values } = this;
    for (;;) {
      reader.keepFrom();
      const type = reader.byte();
      if (!isFileType(type)) {
        if (type === RDB_OPCODE.EOF) return type;
        this.readOpcode(type);
        continue;
      }
      this.readKey();
      if (!values.begin(type)) return type;
      this.addEntry();
      if (pauses(reader.offset)) return PAUSED;
    }
  }

  private readVersion(): number {
    const header = this.reader.rawText(RDB_HEADER_BYTES);
    if (!header.startsWith(RDB_MAGIC)) {
      throw this.reader.error('Wrong signature trying to load DB from file');
    }
    const version = Number.parseInt(header.slice(RDB_MAGIC.length), 10) || 0;
    if (version < 1 || version > RDB_VERSION_READ) {
      throw this.reader.error(`Can't handle RDB format version ${version}`);
    }
    return version;
  }

  private readOpcode(opcode: number): void {
    const { reader } = this;
    switch (opcode) {
      case RDB_OPCODE.EXPIRE_TIME:
        this.deadline = reader.int32() * SECOND_MS;
        return;
      case RDB_OPCODE.EXPIRE_TIME_MS:
        this.deadline = reader.int64();
        return;
      case RDB_OPCODE.FREQ:
        this.frequency = reader.byte();
        return;
      case RDB_OPCODE.IDLE:
        this.idleSeconds = reader.number();
        return;
      case RDB_OPCODE.SELECT_DB:
        this.selectDatabase(reader.number());
        return;
      case RDB_OPCODE.RESIZE_DB: {
        const size = Number(reader.number());
        reader.number();
        if (size * LEAST_KEY_BYTES <= reader.left) this.db.dict.reserve(this.db.size + size);
        return;
      }
      case RDB_OPCODE.SLOT_INFO:
        // How many keys a slot of the cluster has, and how many of them are volatile: nothing depends on it.
        reader.number();
        reader.number();
        reader.number();
        return;
      case RDB_OPCODE.AUX:
        this.fields.note(reader.text(), reader.text());
        return;
      case RDB_OPCODE.FUNCTION:
        this.addLibrary(reader.text());
        return;
      case RDB_OPCODE.FUNCTION_PRE_GA:
        throw reader.error('Pre-release function format not supported.');
      case RDB_OPCODE.MODULE_AUX:
        this.refuseModuleField();
        return;
      default:
        throw reader.error(`Unknown RDB encoding type ${opcode}`);
    }
  }

  private selectDatabase(id: number | bigint): void {
    const { databases } = this.keyspace;
    if (id >= databases.length) {
      throw this.reader.error(
        `FATAL: Data file was created with a Redis server configured to handle more than ${databases.length} databases. Exiting`,
      );
    }
    this.db = databases[Number(id)]!;
  }

  private addLibrary(text: string): void {
    const { libraries, replaces } = this.options;
    try {
      libraries?.add(text, replaces);
    } catch (error) {
      if (!(error instanceof LibraryError)) throw error;
      throw new RefusedLibrary(this.reader.offset, `Failed loading library, ${error.message}`);
    }
  }

  private refuseModuleField(): void {
    const { reader } = this;
    const name = moduleTypeName(reader.number());
    if (reader.number() !== MODULE_PART.UNSIGNED) throw reader.error('bad when_opcode');
    reader.number();
    throw reader.error(`The RDB file contains AUX module data I can't load: no matching module '${name}'`);
  }

  /** Adds the value that was read, under the key that was read. */
  private addEntry(): void {
    const { value } = this.values;
    const { deadline, frequency, idleSeconds } = this;
    this.deadline = this.idleSeconds = this.frequency = -1;
    if (value === null) {
      if (this.emptyKeys++ < SHOWN_EMPTY_KEYS)
        this.log.notice(`rdbLoadObject skipping empty key: ${this.key.string(0)}`);
      return;
    }
    if (deadline !== -1 && deadline < this.options.nowMs && this.options.dropsExpired) {
      value.discard();
      this.keysExpired++;
      this.options.noteExpired?.(this.db.id, this.key.string(0));
      return;
    }
    const { db, key } = this;
    const existing = db.dict.find(key.bytes, 0, key.length(0), key.keyHash(0, this.keyspace.seed));
    if (existing !== 0) {
      if (!this.options.replaces) {
        value.discard();
        throw this.reader.error(`RDB has duplicated key '${key.string(0)}' in DB ${db.id}`);
      }
      db.remove(existing);
    }
    const ref = deadline === -1 ? value.addTo(db, key, 0) : value.addVolatileTo(db, key, 0, deadline);
    if (frequency >= 0 || idleSeconds >= 0) this.setAccess(ref, idleSeconds, frequency);
    this.keysLoaded++;
  }

  private readKey(): void {
    const { key, reader } = this;
    reader.string();
    const { stringLength } = reader;
    if (stringLength > this.keyBytes.length) this.keyBytes = Buffer.allocUnsafeSlow(2 * stringLength);
    copyBytes(reader.stringBytes, reader.stringStart, this.keyBytes, 0, stringLength);
    key.begin(this.keyBytes);
    key.add(0, stringLength);
  }

  private setAccess(ref: Ref, idleSeconds: number | bigint, frequency: number): void {
    const { access } = this.keyspace;
    if (access.policy.isLfu) {
      if (frequency >= 0) this.db.setAccessBits(ref, access.bitsForFrequency(frequency));
    } else if (idleSeconds >= 0) {
      this.db.setAccessBits(ref, access.bitsForIdle(Number(idleSeconds)));
    }
  }

  private checkChecksum(): void {
    const { checksum } = this.reader;
    const stored = BigInt.asUintN(64, BigInt(this.reader.int64()));
    if (!this.options.checksChecksum) return;
    if (stored === 0n) {
      this.log.notice('RDB file was saved with checksum disabled: no check performed.');
    } else if (stored !== checksum) {
      this.log.warning(
        `Wrong RDB checksum expected: (${checksum.toString(16)}) but got (${stored.toString(16)}). Aborting now.`,
      );
      throw this.reader.error('RDB CRC error');
    }
  }

  private logResult(): void {
    const { emptyKeys, keysExpired, keysLoaded, log } = this;
    const skipped = emptyKeys === 0 ? '' : `, empty keys skipped: ${emptyKeys}`;
    log.notice(`Done loading RDB, keys loaded: ${keysLoaded}, keys expired: ${keysExpired}${skipped}.`);
  }
}
