// Reads an RDB file from beginning to end, as loading it would, and says what it finds: the fields of the file, its
// databases, how many keys there are, and where and in the middle of what it is damaged. Values are built, looked through
// and freed one by one; the words are those of redis-check-rdb, which other tools look for.

import type { Logger } from '../base/logger.ts';
import { errorCode } from '../config/file-text.ts';
import { Keyspace } from '../keyspace/keyspace.ts';
import { MODULE_PART, moduleTypeName, skipModuleValue } from '../persistence/rdb/module-value.ts';
import { RdbFileReader } from '../persistence/rdb/rdb-file.ts';
import {
  isFileType,
  isRdbType,
  type LaterType,
  RDB_CHECKSUM_SINCE,
  RDB_HEADER_BYTES,
  RDB_MAGIC,
  RDB_OPCODE,
  RDB_TYPE,
  RDB_VERSION,
  RDB_VERSION_READ,
  type RdbType,
} from '../persistence/rdb/rdb-format.ts';
import { RdbError } from '../persistence/rdb/rdb-reader.ts';
import { ValueDecoder } from '../persistence/rdb/value-decoder.ts';
import { cText, GaveUp, logOf, type Tool } from './tool.ts';

// A message is cut to so many characters.
const MESSAGE_CHARACTERS = 1023;
const PROGRESS_BYTES = 256 * 1024;
// A slot, how many keys it has, how many of them expire.
const SLOT_INFO_NUMBERS = 3;

/** What was being done when an error was found. */
type Doing =
  | 'start'
  | 'read-type'
  | 'read-expire'
  | 'read-key'
  | 'read-object-value'
  | 'check-sum'
  | 'read-len'
  | 'read-aux'
  | 'read-module-aux'
  | 'read-functions';

// Names of value types, by number. The streams' later forms have none.
const TYPE_NAMES: readonly string[] = [
  'string',
  'list-linked',
  'set-hashtable',
  'zset-v1',
  'hash-hashtable',
  'zset-v2',
  'module-pre-release',
  'module-value',
  '',
  'hash-zipmap',
  'list-ziplist',
  'set-intset',
  'zset-ziplist',
  'hash-ziplist',
  'quicklist',
  'stream',
  'hash-listpack',
  'zset-listpack',
  'quicklist-v2',
  'set-listpack',
];

/** Damage that the check itself finds, in words that stand on their own. */
class Finding extends Error {}

export class RdbCheck {
  private readonly tool: Tool;
  private readonly log: Logger;
  private readonly reader: RdbFileReader;
  private readonly values: ValueDecoder;
  private readonly nowMs: number;
  private readonly sizeBytes: number;
  private shownBytes = 0;
  private version = 0;

  private doing: Doing = 'start';
  private key: string | null = null;
  // Redis names type 0 as long as no key has been read.
  private type = 0;
  private keys = 0;
  private expires = 0;
  private expired = 0;
  private deadline: number | bigint = -1;

  /** Checks the file that is open as `fd`, from its beginning. */
  constructor(tool: Tool, fd: number) {
    const { clock, files, random } = tool.runtime;
    this.tool = tool;
    this.log = logOf(tool);
    this.reader = new RdbFileReader(files, fd);
    this.values = new ValueDecoder(new Keyspace(1, random), this.reader, true);
    this.nowMs = this.values.expiredBeforeMs = clock.nowMs();
    this.sizeBytes = files.fstatSync(fd).size;
  }

  /** Where in the file the check has ended. */
  get offset(): number {
    return this.reader.offset;
  }

  /**
   * Reads the file and prints what is found; returns whether it is sound. Throws GaveUp for damage within a value, after
   * which Redis ends at once, also where the file is only the first part of an AOF.
   */
  run(): boolean {
    try {
      this.readAll();
    } catch (error) {
      this.explain(error);
      return false;
    }
    this.info('\\o/ RDB looks OK! \\o/');
    this.printFigures();
    return true;
  }

  private readAll(): void {
    const { reader } = this;
    this.readHeader();
    for (;;) {
      this.doing = 'read-type';
      const opcode = reader.byte();
      if (opcode === RDB_OPCODE.EOF) break;
      if (isRdbType(opcode) || (this.isLater && isFileType(opcode))) this.readEntry(opcode);
      else this.readOpcode(opcode);
      this.showProgress();
    }
    if (this.version >= RDB_CHECKSUM_SINCE) this.compareChecksum();
  }

  private readHeader(): void {
    const header = this.reader.rawText(RDB_HEADER_BYTES);
    if (!header.startsWith(RDB_MAGIC)) throw new Finding('Wrong signature trying to load DB from file');
    this.version = Number.parseInt(header.slice(RDB_MAGIC.length), 10) || 0;
    if (this.version < 1 || this.version > RDB_VERSION_READ) {
      throw new Finding(`Can't handle RDB format version ${this.version}`);
    }
  }

  /** Whether the file is of a version that Redis 7.2 does not read, but the server here does. */
  private get isLater(): boolean {
    return this.version > RDB_VERSION;
  }

  private readOpcode(opcode: number): void {
    const { reader } = this;
    if (opcode === RDB_OPCODE.SLOT_INFO && this.isLater) {
      for (let i = 0; i < SLOT_INFO_NUMBERS; i++) reader.number();
      return;
    }
    switch (opcode) {
      case RDB_OPCODE.EXPIRE_TIME:
        this.doing = 'read-expire';
        this.deadline = reader.int32() * 1000;
        return;
      case RDB_OPCODE.EXPIRE_TIME_MS:
        this.doing = 'read-expire';
        this.deadline = reader.int64();
        return;
      case RDB_OPCODE.FREQ:
        reader.byte();
        return;
      case RDB_OPCODE.IDLE:
        reader.number();
        return;
      case RDB_OPCODE.SELECT_DB:
        this.doing = 'read-len';
        this.info(`Selecting DB ID ${reader.number()}`);
        return;
      case RDB_OPCODE.RESIZE_DB:
        this.doing = 'read-len';
        reader.number();
        reader.number();
        return;
      case RDB_OPCODE.AUX: {
        this.doing = 'read-aux';
        const name = reader.text();
        this.info(`AUX FIELD ${cText(name)} = '${cText(reader.text())}'`);
        return;
      }
      case RDB_OPCODE.MODULE_AUX:
        this.doing = 'read-module-aux';
        this.readModuleField();
        return;
      case RDB_OPCODE.FUNCTION_PRE_GA:
        throw new Finding(`Pre-release function format not supported ${this.version}`);
      case RDB_OPCODE.FUNCTION:
        this.doing = 'read-functions';
        this.readLibrary();
        return;
      default:
        throw new Finding(`Invalid object type: ${opcode}`);
    }
  }

  private readModuleField(): void {
    const { reader } = this;
    const id = reader.number();
    const kindOfWhen = reader.number();
    reader.number();
    if (kindOfWhen !== MODULE_PART.UNSIGNED) throw new Finding('bad when_opcode');
    const name = moduleTypeName(id);
    this.info(`MODULE AUX for: ${name}`);
    skipModuleValue(reader, name);
  }

  private readLibrary(): void {
    try {
      this.reader.string();
    } catch (error) {
      if (!(error instanceof RdbError && error.isShort)) throw error;
      throw new Finding('Failed loading library, Failed loading library payload');
    }
  }

  private readEntry(type: RdbType | LaterType): void {
    const { reader } = this;
    this.type = type;
    this.doing = 'read-key';
    this.key = reader.text();
    this.keys++;
    this.doing = 'read-object-value';
    if (type === RDB_TYPE.MODULE) skipModuleValue(reader, moduleTypeName(this.readModuleId()));
    else this.readValue(type);
    if (this.deadline !== -1) {
      this.expires++;
      if (this.deadline < this.nowMs) this.expired++;
    }
    this.key = null;
    this.type = -1;
    this.deadline = -1;
  }

  private readValue(type: RdbType | LaterType): void {
    const value = this.values.read(type);
    if (value !== null) value.discard();
    // Redis takes a value without elements for the end of the file. One of a later version may have lost all its fields.
    else if (isRdbType(type)) throw this.reader.short();
  }

  private readModuleId(): number | bigint {
    try {
      return this.reader.number();
    } catch (error) {
      if (!(error instanceof RdbError && error.isShort)) throw error;
      throw this.reader.error('Short read module id');
    }
  }

  private compareChecksum(): void {
    this.doing = 'check-sum';
    const { checksum } = this.reader;
    const stored = BigInt.asUintN(64, BigInt(this.reader.int64()));
    if (stored === 0n) this.info('RDB file was saved with checksum disabled: no check performed.');
    else if (stored === checksum) this.info('Checksum OK');
    else throw new Finding('RDB CRC error');
  }

  private explain(error: unknown): void {
    if (error instanceof Finding) this.printDamage(error.message);
    else if (error instanceof RdbError && !error.isShort) this.endAt(error);
    // A file that cannot be read any further ends there.
    else if (error instanceof RdbError || errorCode(error) !== '')
      this.printDamage('Unexpected EOF reading RDB file');
    else {
      this.printDamage('Server crash checking the specified RDB file!');
      throw error;
    }
  }

  // Redis reports such damage from within, and its process ends there.
  private endAt(error: RdbError): never {
    this.printDamage(`Internal error in RDB reading offset 0 -> ${cText(error.reason)}`);
    this.log.warning('Terminating server after rdb file reading failure.');
    throw new GaveUp(error.reason);
  }

  private printDamage(message: string): void {
    const { key, type } = this;
    const lines = [
      '--- RDB ERROR DETECTED ---',
      `[offset ${this.offset}] ${message.slice(0, MESSAGE_CHARACTERS)}`,
    ];
    lines.push(`[additional info] While doing: ${this.doing}`);
    if (key !== null) lines.push(`[additional info] Reading key '${cText(key)}'`);
    if (type !== -1) lines.push(`[additional info] Reading type ${type} (${TYPE_NAMES[type] ?? 'unknown'})`);
    this.tool.print(`${lines.join('\n')}\n`);
    this.printFigures();
  }

  private printFigures(): void {
    this.tool.print(
      `[info] ${this.keys} keys read\n[info] ${this.expires} expires\n[info] ${this.expired} already expired\n`,
    );
  }

  private info(message: string): void {
    this.tool.print(`[offset ${this.offset}] ${message.slice(0, MESSAGE_CHARACTERS)}\n`);
  }

  private showProgress(): void {
    if (this.offset - this.shownBytes < PROGRESS_BYTES) return;
    this.shownBytes = this.offset;
    this.tool.progress(this.offset, this.sizeBytes);
  }
}

/** The line that comes before a check, whether or not the file can be opened. */
export function announceRdbCheck(tool: Tool, path: string): void {
  tool.print(`[offset 0] ${`Checking RDB file ${path}`.slice(0, MESSAGE_CHARACTERS)}\n`);
}
