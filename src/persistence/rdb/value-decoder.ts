// Reads a value of any type that RDB versions 1 to 12 know and makes it one of ours: small forms are taken as they are
// when they are sound and within the present limits, everything else is built anew in the heap. Which form a value gets
// is what Redis 7.2.4 would choose for the same bytes.
//
// Redis checks blocks only where sanitize-dump-payload asks for it. Here their bounds are always checked, since damage
// must not reach other values in the heap; `deep` adds what costs more.

import { HashTable } from '../../datatypes/hash-table.ts';
import { intsetLength, intsetValidate } from '../../datatypes/intset.ts';
import { KIND } from '../../datatypes/kind.ts';
import { fitsInEntry } from '../../datatypes/list-node.ts';
import { SetTable } from '../../datatypes/set-table.ts';
import { SortedSetTable } from '../../datatypes/sorted-set-table.ts';
import { MAX_STRING_BYTES, stringKind } from '../../datatypes/string.ts';
import type { Keyspace } from '../../keyspace/keyspace.ts';
import {
  PACKED_HEADER_BYTES,
  PackedBuffer,
  packedBytes,
  packedEnd,
  packedLength,
  packedValidate,
} from '../../memory/packed.ts';
import { PackedEntry, PackedValue } from '../../memory/packed-entry.ts';
import {
  BuiltValue,
  building,
  CountedReading,
  type DecodedValue,
  freeLarge,
  isReading,
  type Reading,
  SmallValue,
  textOf,
} from './decoded-value.ts';
import { fillHashTable, HashBuilder } from './hash-builder.ts';
import { ListBuilder } from './list-builder.ts';
import { moduleTypeName } from './module-value.ts';
import { type VisitEntry, visitZiplist, visitZipmap } from './old-encodings.ts';
import { isPackedHash, isPackedSet, isPackedSortedSet } from './packed-checks.ts';
import { LATER_TYPE, type LaterType, LIST_NODE, RDB_TYPE, type RdbType } from './rdb-format.ts';
import { DataAwaited, type RdbError, type RdbReader } from './rdb-reader.ts';
import { fillSetTable, fillSetTableFromIntset, SetBuilder } from './set-builder.ts';
import { fillSortedSetTable, SortedSetBuilder } from './sorted-set-builder.ts';
import { StreamDecoder } from './stream-decoder.ts';

// A table of so many entries has no place in any machine's memory.
const MAX_TABLE_ENTRIES = 2 ** 40;
const OUT_OF_MEMORY = 'OOM';
const PARTS_OF_EXPIRING_FIELD = 3;
const NO_BYTES = new Uint8Array(0);

export class ValueDecoder {
  /** How many blocks were looked into. */
  blocks = 0;
  /** What was read when `begin` or `proceed` return true: null for a value without elements. */
  value: DecodedValue | null = null;
  /** Fields of hashes that expired before this are left out, as a master does it. Any other that expires is refused. */
  expiredBeforeMs = Number.NEGATIVE_INFINITY;

  private readonly keyspace: Keyspace;
  private readonly reader: RdbReader;
  private readonly deep: boolean;
  private readonly first = new PackedValue();
  private readonly second = new PackedValue();
  private readonly small = new SmallValue();
  // The node of a list that was just read.
  private nodeBytes: Uint8Array = NO_BYTES;
  private nodeStart = 0;
  // The value of many elements that is being read.
  private reading: Reading | null = null;

  /** Reads values of this reader; `deep`: whether they are searched for duplicates. */
  constructor(keyspace: Keyspace, reader: RdbReader, deep: boolean) {
    this.keyspace = keyspace;
    this.reader = reader;
    this.deep = deep;
  }

  /**
   * Reads a value, whose type was read before. Null for one without elements, which Redis once wrote by mistake and
   * skips. It must be added to a key or discarded before another is read. Throws RdbError.
   */
  read(type: RdbType | LaterType): DecodedValue | null {
    if (!this.begin(type)) while (!this.proceed(Number.POSITIVE_INFINITY));
    return this.value;
  }

  /**
   * As `read`, but of a value of many elements only the beginning is read: then the answer is false, and `proceed` reads
   * the rest.
   */
  begin(type: RdbType | LaterType): boolean {
    const begun = this.open(type);
    if (isReading(begun)) {
      this.reading = begun;
      return false;
    }
    this.value = begun;
    return true;
  }

  /**
   * Reads on until the reader is at `offset` or further; returns whether the value is complete. Throws RdbError; and
   * DataAwaited, after which `isReading` says whether to go on by this, or to read the value from its type on.
   */
  proceed(offset: number): boolean {
    const reading = this.reading!;
    try {
      do {
        if (reading.readSome()) continue;
        this.reading = null;
        this.value = reading.finish();
        return true;
      } while (this.reader.offset < offset);
      return false;
    } catch (error) {
      if (error instanceof DataAwaited && reading.goesOn) throw error;
      this.reading = null;
      reading.discard();
      throw error;
    }
  }

  /** Whether a value has been begun and not completed. */
  get isReading(): boolean {
    return this.reading !== null;
  }

  private open(type: RdbType | LaterType): DecodedValue | Reading | null {
    switch (type) {
      case RDB_TYPE.STRING:
        return this.readString();
      case RDB_TYPE.LIST:
        return this.readList();
      case RDB_TYPE.LIST_ZIPLIST:
        return this.readListZiplist();
      case RDB_TYPE.LIST_ZIPLISTS:
      case RDB_TYPE.LIST_NODES:
        return this.readListNodes(type);
      case RDB_TYPE.SET:
        return this.readSet();
      case RDB_TYPE.SET_INTSET:
        return this.readIntset();
      case RDB_TYPE.SET_PACKED:
        return this.readPackedSet();
      case RDB_TYPE.HASH:
        return this.readHash();
      case RDB_TYPE.HASH_ZIPMAP:
        return this.readOldHash('Zipmap', visitZipmap, false);
      case RDB_TYPE.HASH_ZIPLIST:
        return this.readOldHash('Hash ziplist', visitZiplist, true);
      case RDB_TYPE.HASH_PACKED:
        return this.readPackedHash();
      case RDB_TYPE.SORTED_SET_TEXT:
      case RDB_TYPE.SORTED_SET:
        return this.readSortedSet(type);
      case RDB_TYPE.SORTED_SET_ZIPLIST:
        return this.readSortedSetZiplist();
      case RDB_TYPE.SORTED_SET_PACKED: {
        this.reader.string();
        const { stringBytes, stringLength, stringStart } = this.reader;
        return this.packedSortedSet('Zset listpack', stringBytes, stringStart, stringLength);
      }
      case RDB_TYPE.STREAM:
      case RDB_TYPE.STREAM_2:
      case RDB_TYPE.STREAM_3:
        return new StreamDecoder(this.keyspace, this.reader, type, () => this.blocks++);
      case LATER_TYPE.HASH_EXPIRES_PRE_GA:
      case LATER_TYPE.HASH_EXPIRES:
        return this.readExpiringHash(type === LATER_TYPE.HASH_EXPIRES);
      case LATER_TYPE.HASH_PACKED_EXPIRES_PRE_GA:
      case LATER_TYPE.HASH_PACKED_EXPIRES:
        return this.readPackedExpiringHash(type === LATER_TYPE.HASH_PACKED_EXPIRES);
      case RDB_TYPE.MODULE_PRE_GA:
        throw this.reader.error('Pre-release module format not supported');
      case RDB_TYPE.MODULE:
        throw this.reader.error(
          `The RDB file contains module data I can't load: no matching module type '${moduleTypeName(this.reader.number())}'`,
        );
    }
  }

  private readString(): DecodedValue {
    const { reader } = this;
    reader.string();
    const { stringBytes, stringLength, stringStart } = reader;
    if (stringLength > MAX_STRING_BYTES) throw reader.error('string too long');
    const kind = stringKind(stringBytes, stringStart, stringLength);
    return this.small.set(kind, stringBytes, stringStart, stringLength);
  }

  private readList(): Reading | null {
    const count = this.readCount();
    if (count === 0) return null;
    const list = new ListBuilder(this.keyspace);
    return new CountedReading(this.reader, count, list, () => list.push(this.readElement(this.first)));
  }

  private readListZiplist(): DecodedValue | null {
    this.reader.string();
    // Observed 7.2.4: of all forms of a list only this one stays a list of nodes, however small it is.
    return building(new ListBuilder(this.keyspace, false), (list) => {
      this.visitString('List ziplist', visitZiplist, (element) => {
        list.push(element);
        return true;
      });
    });
  }

  private readListNodes(type: RdbType): DecodedValue | Reading | null {
    const count = this.readCount();
    if (count === 0) return null;
    if (count === 1) return this.readOnlyNode(type);
    const list = new ListBuilder(this.keyspace);
    return new CountedReading(this.reader, count, list, () => this.addNode(list, this.readNode(type)));
  }

  // Most lists are one small node, which goes into the entry as it is.
  private readOnlyNode(type: RdbType): DecodedValue | null {
    const isPlain = this.readNode(type);
    const { keyspace, nodeBytes: bytes, nodeStart: start } = this;
    if (!isPlain) {
      const length = packedLength(bytes, start);
      if (length === 0) return null;
      const size = packedBytes(bytes, start);
      if (fitsInEntry(keyspace.limits['list-max-listpack-size'], size, length, false)) {
        return this.small.set(KIND.LIST_PACKED, bytes, start, size);
      }
    }
    return building(new ListBuilder(keyspace), (list) => this.addNode(list, isPlain));
  }

  /** Reads a node of a list, a packed block or (then the answer is true) an element by itself; see `nodeBytes`. */
  private readNode(type: RdbType): boolean {
    const { reader } = this;
    const container = type === RDB_TYPE.LIST_NODES ? reader.number() : LIST_NODE.PACKED;
    if (container !== LIST_NODE.PACKED && container !== LIST_NODE.PLAIN) {
      throw reader.error('Quicklist integrity check failed.');
    }
    reader.string();
    if (reader.stringLength === 0) throw reader.short();
    this.nodeBytes = reader.stringBytes;
    this.nodeStart = reader.stringStart;
    if (container === LIST_NODE.PLAIN) return true;
    if (type === RDB_TYPE.LIST_ZIPLISTS) {
      this.nodeBytes = this.packedOf('Ziplist');
      this.nodeStart = 0;
    } else {
      const { stringBytes, stringLength, stringStart } = reader;
      this.checkBlock('Listpack', packedValidate(stringBytes, stringStart, stringLength, true));
    }
    return false;
  }

  private addNode(list: ListBuilder, isPlain: boolean): void {
    const { nodeBytes, nodeStart, reader } = this;
    if (isPlain) list.addPlainNode(nodeBytes, nodeStart, reader.stringLength);
    else list.addPackedNode(nodeBytes, nodeStart);
  }

  private readSet(): Reading | null {
    const count = this.readTableCount();
    if (count === 0) return null;
    const set = new SetBuilder(this.keyspace, this.expected(count));
    return new CountedReading(this.reader, count, set, () => {
      if (!set.add(this.readElement(this.first))) throw this.reader.error('Duplicate set members detected');
    });
  }

  private readIntset(): DecodedValue {
    this.reader.string();
    const { stringBytes: bytes, stringLength: length, stringStart: start } = this.reader;
    this.checkBlock('Intset', intsetValidate(bytes, start, length, true));
    const count = intsetLength(bytes, start);
    if (count <= this.keyspace.limits['set-max-intset-entries']) {
      return this.small.set(KIND.SET_INTSET, bytes, start, length);
    }
    const table = SetTable.create(this.keyspace.heap, this.keyspace.seed, count);
    fillSetTableFromIntset(table, bytes, start);
    return new BuiltValue(KIND.SET_TABLE, table);
  }

  private readPackedSet(): DecodedValue | null {
    const { keyspace, reader } = this;
    reader.string();
    const { stringBytes: bytes, stringLength: length, stringStart: start } = this.reader;
    this.checkBlock('Set listpack', isPackedSet(bytes, start, length, this.deep));
    const count = packedLength(bytes, start);
    if (count === 0) return null;
    if (count <= keyspace.limits['set-max-listpack-entries']) {
      return this.small.set(KIND.SET_PACKED, bytes, start, length);
    }
    const table = SetTable.create(keyspace.heap, keyspace.seed, count);
    return this.filled('Set', KIND.SET_TABLE, table, fillSetTable(table, bytes, start));
  }

  private readHash(): Reading | null {
    const count = this.readTableCount();
    if (count === 0) return null;
    const hash = new HashBuilder(this.keyspace, this.expected(count), false);
    return new CountedReading(this.reader, count, hash, () => {
      const field = this.readElement(this.first).own();
      const { isPacked } = hash;
      if (hash.add(field, this.readElement(this.second))) return;
      throw isPacked && this.deep ? this.reader.error('Hash with dup elements') : this.duplicateField();
    });
  }

  private readOldHash(
    what: string,
    visitBlock: typeof visitZiplist,
    anyLength: boolean,
  ): DecodedValue | null {
    this.reader.string();
    let isField = true;
    let duplicateBytes = -1;
    return building(new HashBuilder(this.keyspace, 0, anyLength), (hash) => {
      this.visitString(what, visitBlock, (entry) => {
        isField = !isField;
        if (isField) {
          if (hash.add(this.first, entry) || duplicateBytes >= 0) return true;
          duplicateBytes = this.first.length;
          // A zipmap has words of its own for it, after those for any other damage.
          return visitBlock === visitZipmap;
        }
        this.first.setBytes(entry.source, entry.start, entry.length).own();
        return true;
      });
      if (!isField) throw this.damaged(what);
      if (duplicateBytes >= 0) {
        throw this.reader.error(`Hash zipmap with dup elements, or big length (${duplicateBytes})`);
      }
    });
  }

  private readPackedHash(): DecodedValue | null {
    const { keyspace, reader } = this;
    reader.string();
    const { stringBytes: bytes, stringLength: length, stringStart: start } = this.reader;
    this.checkBlock('Hash listpack', isPackedHash(bytes, start, length, this.deep));
    const count = packedLength(bytes, start) / 2;
    if (count === 0) return null;
    if (count <= keyspace.limits['hash-max-listpack-entries']) {
      return this.small.set(KIND.HASH_PACKED, bytes, start, length);
    }
    const table = new HashTable(keyspace.heap, keyspace.seed);
    table.dict.reserve(count);
    return this.filled('Hash', KIND.HASH_TABLE, table, fillHashTable(table, bytes, start));
  }

  /** A hash whose fields may expire. Where `isRelative`, their times count from the earliest, which stands before them. */
  private readExpiringHash(isRelative: boolean): Reading | null {
    const { reader } = this;
    // Times begin at 1: 0 is none.
    const origin = isRelative ? BigInt(reader.int64()) - 1n : 0n;
    const count = this.readTableCount();
    if (count === 0) return null;
    const hash = new HashBuilder(this.keyspace, this.expected(count), false);
    return new CountedReading(this.reader, count, hash, () => {
      const time = reader.number();
      const field = this.readElement(this.first).own();
      const value = this.readElement(this.second);
      const deadlineMs = time === 0 ? 0 : Number(origin + BigInt(time));
      if (this.isLiveField(field, deadlineMs) && !hash.add(field, value)) throw this.duplicateField();
    });
  }

  /** As `readExpiringHash`, in one block: field, value, time, which is 0 for none. */
  private readPackedExpiringHash(hasEarliest: boolean): DecodedValue | null {
    const { first, reader, second } = this;
    if (hasEarliest) reader.int64();
    reader.string();
    const { stringBytes: bytes, stringLength: length, stringStart: start } = reader;
    const isSound =
      packedValidate(bytes, start, length, true) &&
      packedLength(bytes, start) % PARTS_OF_EXPIRING_FIELD === 0;
    this.checkBlock('Hash listpackex', isSound);
    const entry = new PackedEntry();
    const end = packedEnd(bytes, start);
    return building(new HashBuilder(this.keyspace, 0, true), (hash) => {
      for (let at = PACKED_HEADER_BYTES; at < end; ) {
        at = entry.read(bytes, start, at);
        first.setEntry(entry);
        at = entry.read(bytes, start, at);
        second.setEntry(entry);
        at = entry.read(bytes, start, at);
        if (!entry.isInteger) throw this.damaged('Hash listpackex');
        if (this.isLiveField(first, entry.number) && !hash.add(first, second)) throw this.duplicateField();
      }
    });
  }

  /** Whether a field is to be kept; throws for one that is to expire later, which no hash here can. */
  private isLiveField(field: PackedValue, deadlineMs: number): boolean {
    if (deadlineMs === 0) return true;
    if (deadlineMs < this.expiredBeforeMs) return false;
    throw this.reader.error(
      `The RDB file contains a hash whose field '${textOf(field)}' expires at ${deadlineMs}: fields with a TTL are not supported`,
    );
  }

  private readSortedSet(type: RdbType): Reading | null {
    const { reader } = this;
    const count = this.readTableCount();
    if (count === 0) return null;
    const set = new SortedSetBuilder(this.keyspace, this.expected(count));
    return new CountedReading(this.reader, count, set, () => {
      const member = this.readElement(this.first).own();
      const score = type === RDB_TYPE.SORTED_SET ? reader.double() : reader.textDouble();
      if (Number.isNaN(score)) throw reader.error('Zset with NAN score detected');
      if (!set.add(member, score)) throw reader.error('Duplicate zset fields detected');
    });
  }

  private readSortedSetZiplist(): DecodedValue | null {
    this.reader.string();
    const packed = this.packedOf('Zset ziplist');
    return this.packedSortedSet('Zset ziplist', packed, 0, packed.length);
  }

  private packedSortedSet(
    what: string,
    bytes: Uint8Array,
    start: number,
    length: number,
  ): DecodedValue | null {
    const { keyspace } = this;
    this.checkBlock(what, isPackedSortedSet(bytes, start, length, this.deep));
    const count = packedLength(bytes, start) / 2;
    if (count === 0) return null;
    if (count <= keyspace.limits['zset-max-listpack-entries']) {
      return this.small.set(KIND.SORTED_SET_PACKED, bytes, start, length);
    }
    const table = new SortedSetTable(keyspace.heap, keyspace.seed);
    table.reserve(count);
    return this.filled('Zset', KIND.SORTED_SET_TABLE, table, fillSortedSetTable(table, bytes, start));
  }

  /** A table that was filled from a block, unless that held something twice. */
  private filled(
    what: string,
    kind: BuiltValue['kind'],
    table: ConstructorParameters<typeof BuiltValue>[1],
    isSound: boolean,
  ) {
    if (isSound) return new BuiltValue(kind, table);
    freeLarge(table);
    throw this.reader.error(`${what} listpack with dup elements`);
  }

  /** How many elements follow, as the data says. What comes of a wrong one is that the data ends too early. */
  private readCount(): number {
    return Number(this.reader.number());
  }

  /** As `readCount` for elements that go into a table, which cannot be of any size. */
  private readTableCount(): number {
    const count = this.readCount();
    if (count > MAX_TABLE_ENTRIES)
      throw this.reader.error(`${OUT_OF_MEMORY} in dictTryExpand ${BigInt(count)}`);
    return count;
  }

  /** How many elements to make room for: each takes a byte at least, so no more than there are bytes. */
  private expected(count: number): number {
    return Math.min(count, this.reader.left);
  }

  private readElement(value: PackedValue): PackedValue {
    const { reader } = this;
    reader.string();
    return value.setBytes(reader.stringBytes, reader.stringStart, reader.stringLength);
  }

  private checkBlock(what: string, isSound: boolean): void {
    this.blocks++;
    if (!isSound) throw this.damaged(what);
  }

  private duplicateField(): RdbError {
    return this.reader.error('Duplicate hash fields detected');
  }

  private damaged(what: string): RdbError {
    return this.reader.error(`${what} integrity check failed.`);
  }

  private visitString(what: string, visitBlock: typeof visitZiplist, visit: VisitEntry): void {
    const { stringBytes, stringLength, stringStart } = this.reader;
    if (!visitBlock(stringBytes, stringStart, stringLength, this.second, visit)) throw this.damaged(what);
  }

  /** The ziplist that was just read as a packed block. */
  private packedOf(what: string): Uint8Array {
    const packed = new PackedBuffer(this.reader.stringLength);
    this.visitString(what, visitZiplist, (value) => {
      packed.append(value);
      return true;
    });
    return packed.bytes;
  }
}
