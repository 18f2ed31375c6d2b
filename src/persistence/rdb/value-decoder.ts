// Reads a value of any type that RDB versions 1 to 11 know and makes it one of ours: small forms are taken as they are
// when they are sound and within the present limits, everything else is built anew in the heap. Which form a value gets
// is what Redis 7.2.4 would choose for the same bytes.
//
// Redis checks blocks only where sanitize-dump-payload asks for it. Here their bounds are always checked, since damage
// must not reach other values in the heap; `deep` adds what costs more.

import { HashTable } from '../../datatypes/hash-table.ts';
import { intsetLength, intsetValidate } from '../../datatypes/intset.ts';
import { KIND } from '../../datatypes/kind.ts';
import { SetTable } from '../../datatypes/set-table.ts';
import { SortedSetTable } from '../../datatypes/sorted-set-table.ts';
import { MAX_STRING_BYTES, stringKind } from '../../datatypes/string.ts';
import type { Keyspace } from '../../keyspace/keyspace.ts';
import { PackedBuffer, packedLength, packedValidate } from '../../memory/packed.ts';
import { PackedValue } from '../../memory/packed-entry.ts';
import { BuiltValue, building, type DecodedValue, freeLarge, SmallValue } from './decoded-value.ts';
import { fillHashTable, HashBuilder } from './hash-builder.ts';
import { ListBuilder } from './list-builder.ts';
import { type VisitEntry, visitZiplist, visitZipmap } from './old-encodings.ts';
import { isPackedHash, isPackedSet, isPackedSortedSet } from './packed-checks.ts';
import { LIST_NODE, RDB_TYPE, type RdbType } from './rdb-format.ts';
import type { RdbError, RdbReader } from './rdb-reader.ts';
import { fillSetTable, fillSetTableFromIntset, SetBuilder } from './set-builder.ts';
import { fillSortedSetTable, SortedSetBuilder } from './sorted-set-builder.ts';
import { StreamDecoder, type StreamType } from './stream-decoder.ts';

export class ValueDecoder {
  /** How many blocks were looked into. */
  blocks = 0;

  private readonly keyspace: Keyspace;
  private readonly reader: RdbReader;
  private readonly deep: boolean;
  private readonly first = new PackedValue();
  private readonly second = new PackedValue();

  /** Reads values of this reader; `deep`: whether they are searched for duplicates. */
  constructor(keyspace: Keyspace, reader: RdbReader, deep: boolean) {
    this.keyspace = keyspace;
    this.reader = reader;
    this.deep = deep;
  }

  /**
   * Reads a value, whose type was read before. Null for one without elements, which Redis once wrote by mistake and
   * skips. Throws RdbError.
   */
  read(type: RdbType): DecodedValue | null {
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
      case RDB_TYPE.SORTED_SET_PACKED:
        this.reader.string();
        return this.packedSortedSet(
          'Zset listpack',
          this.reader.stringBytes,
          this.reader.stringStart,
          this.reader.stringLength,
        );
      case RDB_TYPE.STREAM:
      case RDB_TYPE.STREAM_2:
      case RDB_TYPE.STREAM_3:
        return this.readStream(type);
      case RDB_TYPE.MODULE_PRE_GA:
      case RDB_TYPE.MODULE:
        throw this.reader.error('the value of a module');
    }
  }

  private readString(): DecodedValue {
    const { reader } = this;
    reader.string();
    const { stringBytes, stringStart, stringLength } = reader;
    if (stringLength > MAX_STRING_BYTES) throw reader.error('string too long');
    return new SmallValue(
      stringKind(stringBytes, stringStart, stringLength),
      stringBytes,
      stringStart,
      stringLength,
    );
  }

  private readList(): DecodedValue | null {
    const count = this.readCount();
    if (count === 0) return null;
    return building(new ListBuilder(this.keyspace), (list) => {
      for (let i = 0; i < count; i++) list.push(this.readElement(this.first));
      list.fitInEntry();
    });
  }

  private readListZiplist(): DecodedValue | null {
    const { reader } = this;
    reader.string();
    const list = new ListBuilder(this.keyspace);
    const value = building(list, () => {
      this.visitString('List ziplist', visitZiplist, (element) => {
        list.push(element);
        return true;
      });
    });
    if (!list.isEmpty) return value;
    value.discard();
    return null;
  }

  private readListNodes(type: RdbType): DecodedValue | null {
    const { reader } = this;
    const count = this.readCount();
    if (count === 0) return null;
    const list = new ListBuilder(this.keyspace);
    const value = building(list, () => {
      for (let i = 0; i < count; i++) {
        const container = type === RDB_TYPE.LIST_NODES ? reader.length() : LIST_NODE.PACKED;
        if (container !== LIST_NODE.PACKED && container !== LIST_NODE.PLAIN) {
          throw reader.error('Quicklist integrity check failed.');
        }
        reader.string();
        if (reader.stringLength === 0) throw reader.error('empty list node');
        if (container === LIST_NODE.PLAIN) {
          list.addPlainNode(reader.stringBytes, reader.stringStart, reader.stringLength);
        } else if (type === RDB_TYPE.LIST_ZIPLISTS) {
          list.addPackedNode(this.packedOf('Ziplist'), 0);
        } else {
          this.checkBlock('Listpack', packedValidate(...this.string(), true));
          list.addPackedNode(reader.stringBytes, reader.stringStart);
        }
      }
      list.fitInEntry();
    });
    if (!list.isEmpty) return value;
    value.discard();
    return null;
  }

  private readSet(): DecodedValue | null {
    const count = this.readCount();
    if (count === 0) return null;
    return building(new SetBuilder(this.keyspace, count), (set) => {
      for (let i = 0; i < count; i++) {
        if (!set.add(this.readElement(this.first))) throw this.reader.error('Duplicate set members detected');
      }
    });
  }

  private readIntset(): DecodedValue {
    this.reader.string();
    const [bytes, start, length] = this.string();
    this.checkBlock('Intset', intsetValidate(bytes, start, length, true));
    const count = intsetLength(bytes, start);
    if (count <= this.keyspace.limits['set-max-intset-entries']) {
      return new SmallValue(KIND.SET_INTSET, bytes, start, length);
    }
    const table = SetTable.create(this.keyspace.heap, this.keyspace.seed, count);
    fillSetTableFromIntset(table, bytes, start);
    return new BuiltValue(KIND.SET_TABLE, table);
  }

  private readPackedSet(): DecodedValue | null {
    const { keyspace, reader } = this;
    reader.string();
    const [bytes, start, length] = this.string();
    this.checkBlock('Set listpack', isPackedSet(bytes, start, length, this.deep));
    const count = packedLength(bytes, start);
    if (count === 0) return null;
    if (count <= keyspace.limits['set-max-listpack-entries']) {
      return new SmallValue(KIND.SET_PACKED, bytes, start, length);
    }
    const table = SetTable.create(keyspace.heap, keyspace.seed, count);
    return this.filled(KIND.SET_TABLE, table, fillSetTable(table, bytes, start));
  }

  private readHash(): DecodedValue | null {
    const count = this.readCount();
    if (count === 0) return null;
    return building(new HashBuilder(this.keyspace, count, false), (hash) => {
      for (let i = 0; i < count; i++) {
        const field = this.readElement(this.first).own();
        if (!hash.add(field, this.readElement(this.second)))
          throw this.reader.error('Duplicate hash fields detected');
      }
    });
  }

  private readOldHash(
    what: string,
    visitBlock: typeof visitZiplist,
    anyLength: boolean,
  ): DecodedValue | null {
    this.reader.string();
    const hash = new HashBuilder(this.keyspace, 0, anyLength);
    let isField = true;
    const value = building(hash, () => {
      this.visitString(what, visitBlock, (entry) => {
        isField = !isField;
        if (isField) return hash.add(this.first, entry);
        this.first.setBytes(entry.source, entry.start, entry.length).own();
        return true;
      });
      if (!isField) throw this.damaged(what);
    });
    if (hash.size > 0) return value;
    value.discard();
    return null;
  }

  private readPackedHash(): DecodedValue | null {
    const { keyspace, reader } = this;
    reader.string();
    const [bytes, start, length] = this.string();
    this.checkBlock('Hash listpack', isPackedHash(bytes, start, length, this.deep));
    const count = packedLength(bytes, start) / 2;
    if (count === 0) return null;
    if (count <= keyspace.limits['hash-max-listpack-entries']) {
      return new SmallValue(KIND.HASH_PACKED, bytes, start, length);
    }
    const table = new HashTable(keyspace.heap, keyspace.seed);
    table.dict.reserve(count);
    return this.filled(KIND.HASH_TABLE, table, fillHashTable(table, bytes, start));
  }

  private readSortedSet(type: RdbType): DecodedValue | null {
    const { reader } = this;
    const count = this.readCount();
    if (count === 0) return null;
    return building(new SortedSetBuilder(this.keyspace, count), (set) => {
      for (let i = 0; i < count; i++) {
        const member = this.readElement(this.first).own();
        const score = type === RDB_TYPE.SORTED_SET ? reader.double() : reader.textDouble();
        if (Number.isNaN(score)) throw reader.error('Zset with NAN score detected');
        if (!set.add(member, score)) throw reader.error('Duplicate zset fields detected');
      }
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
      return new SmallValue(KIND.SORTED_SET_PACKED, bytes, start, length);
    }
    const table = new SortedSetTable(keyspace.heap, keyspace.seed);
    table.reserve(count);
    return this.filled(KIND.SORTED_SET_TABLE, table, fillSortedSetTable(table, bytes, start));
  }

  private readStream(type: StreamType): DecodedValue {
    const decoder = new StreamDecoder(this.keyspace, this.reader, this.deep);
    try {
      return decoder.read(type);
    } finally {
      this.blocks += decoder.blocks;
    }
  }

  /** A table that was filled from a block, unless that held something twice. */
  private filled(
    kind: BuiltValue['kind'],
    table: ConstructorParameters<typeof BuiltValue>[1],
    isSound: boolean,
  ) {
    if (isSound) return new BuiltValue(kind, table);
    freeLarge(table);
    throw this.reader.error('duplicate in a packed block');
  }

  /** How many elements follow; each takes a byte at least, so more than there are bytes is wrong. */
  private readCount(): number {
    const count = this.reader.length();
    if (count > this.reader.left) throw this.reader.error('more elements than data');
    return count;
  }

  private readElement(value: PackedValue): PackedValue {
    const { reader } = this;
    reader.string();
    return value.setBytes(reader.stringBytes, reader.stringStart, reader.stringLength);
  }

  /** The string that was just read. */
  private string(): [bytes: Uint8Array, start: number, length: number] {
    const { stringBytes, stringStart, stringLength } = this.reader;
    return [stringBytes, stringStart, stringLength];
  }

  private checkBlock(what: string, isSound: boolean): void {
    this.blocks++;
    if (!isSound) throw this.damaged(what);
  }

  private damaged(what: string): RdbError {
    return this.reader.error(`${what} integrity check failed.`);
  }

  private visitString(what: string, visitBlock: typeof visitZiplist, visit: VisitEntry): void {
    if (!visitBlock(...this.string(), this.second, visit)) throw this.damaged(what);
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
