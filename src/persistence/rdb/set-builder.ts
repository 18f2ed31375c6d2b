// A set that is being read: integers in order as long as nothing else comes, then packed, then a table, as Redis chooses
// while it loads.

import {
  INTSET_HEADER_BYTES,
  intsetBytes,
  intsetBytesWith,
  intsetCreate,
  intsetFind,
  intsetHigh,
  intsetInsert,
  intsetLength,
  intsetLow,
} from '../../datatypes/intset.ts';
import { KIND } from '../../datatypes/kind.ts';
import { SetTable } from '../../datatypes/set-table.ts';
import type { Keyspace } from '../../keyspace/keyspace.ts';
import { PACKED_HEADER_BYTES, PACKED_MAX_BYTES, PackedBuffer, packedEnd } from '../../memory/packed.ts';
import { PackedEntry, PackedValue } from '../../memory/packed-entry.ts';
import {
  type Builder,
  BuiltValue,
  type DecodedValue,
  freeLarge,
  SmallValue,
  textOf,
} from './decoded-value.ts';

const INTSET_MAX_ENTRIES = 2 ** 30;

export class SetBuilder implements Builder {
  private readonly keyspace: Keyspace;
  private readonly count: number;
  private readonly maxEntries: number;
  private readonly maxLength: number;
  // The form it has is the first of these that is there.
  private table: SetTable | null = null;
  private packed: PackedBuffer | null = null;
  private intset = new Uint8Array(INTSET_HEADER_BYTES * 2);
  private readonly members = new Set<string>();
  private longest = 0;
  private textBytes = 0;

  /** For `count` members. */
  constructor(keyspace: Keyspace, count: number) {
    const { limits } = keyspace;
    this.keyspace = keyspace;
    this.count = count;
    this.maxEntries = limits['set-max-listpack-entries'];
    this.maxLength = limits['set-max-listpack-value'];
    intsetCreate(this.intset, 0);
    if (count > Math.min(limits['set-max-intset-entries'], INTSET_MAX_ENTRIES)) this.table = this.newTable();
  }

  /** Adds a member; returns false when it is there already. */
  add(member: PackedValue): boolean {
    if (this.table !== null) return addToTable(this.table, member);
    const size = this.members.size;
    if (this.members.add(textOf(member)).size === size) return false;
    this.longest = Math.max(this.longest, member.length);
    this.textBytes += member.length;
    if (this.packed === null) {
      if (member.isInteger) {
        this.addToIntset(member.low, member.high);
        return true;
      }
      if (this.fitsPacked(size, this.longest, this.textBytes)) this.packed = this.packIntset();
    }
    if (
      this.packed !== null &&
      this.fitsPacked(size, member.length, this.packed.bytes.length + member.length)
    ) {
      this.packed.append(member);
      return true;
    }
    this.table = this.newTable();
    if (this.packed !== null) fillSetTable(this.table, this.packed.bytes, 0);
    else fillSetTableFromIntset(this.table, this.intset, 0);
    return addToTable(this.table, member);
  }

  finish(): DecodedValue {
    if (this.table !== null) return new BuiltValue(KIND.SET_TABLE, this.table);
    if (this.packed !== null) return new SmallValue().set(KIND.SET_PACKED, this.packed.bytes);
    return new SmallValue().set(KIND.SET_INTSET, this.intset, 0, intsetBytes(this.intset, 0));
  }

  discard(): void {
    if (this.table !== null) freeLarge(this.table);
  }

  private newTable(): SetTable {
    return SetTable.create(this.keyspace.heap, this.keyspace.seed, this.count);
  }

  private fitsPacked(size: number, length: number, bytes: number): boolean {
    return size < this.maxEntries && length <= this.maxLength && bytes <= PACKED_MAX_BYTES;
  }

  private addToIntset(low: number, high: number): void {
    const needed = intsetBytesWith(this.intset, 0, low, high);
    if (needed > this.intset.length) {
      const larger = new Uint8Array(2 * needed);
      larger.set(this.intset);
      this.intset = larger;
    }
    intsetInsert(this.intset, 0, ~intsetFind(this.intset, 0, low, high), low, high);
  }

  private packIntset(): PackedBuffer {
    const packed = new PackedBuffer();
    const value = new PackedValue();
    const count = intsetLength(this.intset, 0);
    for (let i = 0; i < count; i++) packed.append(setIntsetValue(value, this.intset, 0, i));
    return packed;
  }
}

/** Gives a table the elements of a packed block; returns false when one comes twice. */
export function fillSetTable(table: SetTable, bytes: Uint8Array, base: number): boolean {
  const entry = new PackedEntry();
  const value = new PackedValue();
  const end = packedEnd(bytes, base);
  let isSound = true;
  for (let at = PACKED_HEADER_BYTES; at < end; ) {
    at = entry.read(bytes, base, at);
    isSound = addToTable(table, value.setEntry(entry)) && isSound;
  }
  return isSound;
}

/** Gives a table the integers of an intset. */
export function fillSetTableFromIntset(table: SetTable, bytes: Uint8Array, base: number): void {
  const value = new PackedValue();
  const count = intsetLength(bytes, base);
  for (let i = 0; i < count; i++) addToTable(table, setIntsetValue(value, bytes, base, i));
}

function setIntsetValue(value: PackedValue, bytes: Uint8Array, base: number, index: number): PackedValue {
  const integer = intsetHigh(bytes, base, index) * 0x100000000 + (intsetLow(bytes, base, index) >>> 0);
  if (Number.isSafeInteger(integer)) return value.setInteger(integer);
  const high = BigInt(intsetHigh(bytes, base, index));
  return value.setInteger((high << 32n) | BigInt(intsetLow(bytes, base, index) >>> 0));
}

function addToTable({ members }: SetTable, { source, start, length }: PackedValue): boolean {
  const hash = members.hash(source, start, length);
  if (members.find(source, start, length, hash) !== 0) return false;
  members.insert(source, start, length, hash);
  return true;
}
