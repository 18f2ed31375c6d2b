// Adds what an RDB file holds to the data set: databases, deadlines, notes of use, the file's own fields, to the
// checksum. Whatever is wrong is thrown as RdbError; what was added before stays.

import type { Logger } from '../../base/logger.ts';
import type { Database } from '../../keyspace/database.ts';
import type { Keyspace } from '../../keyspace/keyspace.ts';
import { Arguments } from '../../resp/arguments.ts';
import {
  isRdbType,
  RDB_CHECKSUM_SINCE,
  RDB_HEADER_BYTES,
  RDB_MAGIC,
  RDB_OPCODE,
  RDB_VERSION,
  type RdbType,
} from './rdb-format.ts';
import type { RdbReader } from './rdb-reader.ts';
import { ValueDecoder } from './value-decoder.ts';

export interface RdbDecoderOptions {
  /** Whether a wrong checksum is an error. */
  readonly checksChecksum: boolean;
  /** Whether values are searched for more damage than what could reach beyond them. */
  readonly deep: boolean;
  /** A key takes the place of one that is there; else that is an error. */
  readonly replaces: boolean;
  /** Keys that have expired are left out, as a master does it. */
  readonly dropsExpired: boolean;
  /** The time of loading. */
  readonly nowMs: number;
}

/** A reader that knows the checksum of what it has read. */
export interface ChecksumReader extends RdbReader {
  readonly checksum: bigint;
}

const SHOWN_EMPTY_KEYS = 10;
// A key takes at least so many bytes in a file: what tells more keys is damaged, and no table is made for them.
const LEAST_KEY_BYTES = 3;

export class RdbDecoder {
  keysLoaded = 0;
  keysExpired = 0;
  emptyKeys = 0;

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

  constructor(keyspace: Keyspace, reader: ChecksumReader, log: Logger, options: RdbDecoderOptions) {
    this.keyspace = keyspace;
    this.reader = reader;
    this.log = log;
    this.options = options;
    this.values = new ValueDecoder(keyspace, reader, options.deep);
    this.db = keyspace.database(0);
  }

  /** How many blocks of values were looked into. */
  get blocks(): number {
    return this.values.blocks;
  }

  /** Reads all of it. */
  run(): void {
    const version = this.readVersion();
    for (;;) {
      const opcode = this.reader.byte();
      if (opcode === RDB_OPCODE.EOF) break;
      if (isRdbType(opcode)) this.readEntry(opcode);
      else this.readOpcode(opcode);
    }
    if (version >= RDB_CHECKSUM_SINCE) this.checkChecksum();
    this.logResult();
  }

  private readVersion(): number {
    const header = this.reader.rawText(RDB_HEADER_BYTES);
    if (!header.startsWith(RDB_MAGIC)) throw this.reader.error('wrong signature');
    const version = Number.parseInt(header.slice(RDB_MAGIC.length), 10);
    if (!(version >= 1 && version <= RDB_VERSION)) {
      throw this.reader.error(`format version ${header.slice(RDB_MAGIC.length)} is not known`);
    }
    return version;
  }

  private readOpcode(opcode: number): void {
    const { reader } = this;
    switch (opcode) {
      case RDB_OPCODE.EXPIRE_TIME:
        this.deadline = reader.int32() * 1000;
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
        this.selectDatabase(reader.length());
        return;
      case RDB_OPCODE.RESIZE_DB: {
        const size = reader.length();
        reader.length();
        if (size * LEAST_KEY_BYTES <= reader.left) this.db.dict.reserve(this.db.size + size);
        return;
      }
      case RDB_OPCODE.AUX:
        this.noteField(reader.text(), reader.text());
        return;
      case RDB_OPCODE.FUNCTION:
        reader.string();
        this.log.warning('A function library of the RDB file was left out: functions are not known here.');
        return;
      case RDB_OPCODE.MODULE_AUX:
        throw reader.error(`data of the module ${moduleName(BigInt(reader.number()))}`);
      case RDB_OPCODE.FUNCTION_PRE_GA:
        throw reader.error('a function library of a version before the first release');
      default:
        throw reader.error(`unknown opcode ${opcode}`);
    }
  }

  private selectDatabase(id: number): void {
    const { databases } = this.keyspace;
    if (id >= databases.length) throw this.reader.error(`database ${id} of ${databases.length}`);
    this.db = databases[id]!;
  }

  private noteField(name: string, value: string): void {
    const { log } = this;
    if (name.startsWith('%')) log.notice(`RDB '${name}': ${value}`);
    else if (name === 'redis-ver') log.notice(`Loading RDB produced by version ${value}`);
    else if (name === 'ctime') {
      const age = Math.floor(this.options.nowMs / 1000) - Number.parseInt(value, 10);
      log.notice(`RDB age ${Math.max(0, age)} seconds`);
    } else if (name === 'used-mem') {
      const megabytes = Number.parseInt(value, 10) / (1024 * 1024);
      log.notice(`RDB memory usage when created ${megabytes.toFixed(2)} Mb`);
    }
  }

  private readEntry(type: RdbType): void {
    this.readKey();
    const value = this.values.read(type);
    const { deadline } = this;
    if (value === null) {
      if (this.emptyKeys++ < SHOWN_EMPTY_KEYS)
        this.log.notice(`rdbLoadObject skipping empty key: ${this.key.string(0)}`);
    } else if (this.options.dropsExpired && deadline !== -1 && deadline < this.options.nowMs) {
      value.discard();
      this.keysExpired++;
    } else {
      this.makeWay(() => value.discard());
      let ref = value.addTo(this.db, this.key, 0);
      if (deadline !== -1) ref = this.db.setDeadline(ref, deadline);
      this.setAccess(ref);
      this.keysLoaded++;
    }
    this.deadline = this.idleSeconds = this.frequency = -1;
  }

  private readKey(): void {
    const { key, reader } = this;
    reader.string();
    const { stringBytes, stringStart, stringLength } = reader;
    if (stringLength > this.keyBytes.length) this.keyBytes = Buffer.allocUnsafeSlow(2 * stringLength);
    this.keyBytes.set(stringBytes.subarray(stringStart, stringStart + stringLength));
    key.begin(this.keyBytes);
    key.add(0, stringLength);
  }

  /** Sees to it that the key does not exist, or throws after `giveUp`. */
  private makeWay(giveUp: () => void): void {
    const { db, key } = this;
    const { dict } = db;
    const existing = dict.find(key.bytes, 0, key.length(0), key.keyHash(0, this.keyspace.seed));
    if (existing === 0) return;
    if (!this.options.replaces) {
      giveUp();
      throw this.reader.error(`duplicated key '${key.string(0)}' in database ${db.id}`);
    }
    db.remove(existing);
  }

  private setAccess(ref: number): void {
    const { access } = this.keyspace;
    if (access.policy.isLfu) {
      if (this.frequency >= 0) this.db.setAccessBits(ref, access.bitsForFrequency(this.frequency));
    } else if (this.idleSeconds >= 0) {
      this.db.setAccessBits(ref, access.bitsForIdle(Number(this.idleSeconds)));
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

const MODULE_NAME_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The name in the ID of a module's type: nine letters of six bits, then ten bits of version. */
function moduleName(id: bigint): string {
  let name = '';
  for (let bits = id >> 10n, i = 0; i < 9; i++, bits >>= 6n)
    name = MODULE_NAME_LETTERS[Number(bits & 63n)] + name;
  return name;
}
