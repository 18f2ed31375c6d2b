// A hash that is being read: packed until it is too large for that, then a table, as Redis chooses while it loads.

import { HashTable } from '../../datatypes/hash-table.ts';
import { KIND } from '../../datatypes/kind.ts';
import { LONG_MAX_BYTES, LONG_MAX_FIELDS } from '../../keyspace/hash-value.ts';
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

export class HashBuilder implements Builder {
  private readonly keyspace: Keyspace;
  private readonly maxEntries: number;
  private readonly maxLength: number;
  private readonly packed = new PackedBuffer();
  private readonly fields = new Set<string>();
  private table: HashTable | null = null;
  // A field or value is longer than Redis packs.
  private isLong = false;

  /**
   * For about `count` fields. Where `anyLength`, only their number makes it a table: so it is for blocks that were packed
   * already.
   */
  constructor(keyspace: Keyspace, count: number, anyLength: boolean) {
    const { limits } = keyspace;
    this.keyspace = keyspace;
    this.maxEntries = limits['hash-max-listpack-entries'];
    this.maxLength = anyLength ? Number.POSITIVE_INFINITY : limits['hash-max-listpack-value'];
    if (count > this.maxEntries) this.becomeTable(count);
  }

  private get size(): number {
    return this.table?.size ?? this.fields.size;
  }

  /** Whether it is packed by Redis's names. */
  get isPacked(): boolean {
    return this.table === null && !this.isLong;
  }

  /** Adds a pair; returns false when the field is there already. */
  add(field: PackedValue, value: PackedValue): boolean {
    if (this.table === null) {
      const before = this.fields.size;
      if (this.fields.add(textOf(field)).size === before) return false;
      if (this.fits(field, value)) {
        this.packed.append(field);
        this.packed.append(value);
        return true;
      }
      this.becomeTable(before + 1);
    }
    return this.table!.set(field.source, field.start, field.length, value.source, value.start, value.length);
  }

  finish(): DecodedValue | null {
    if (this.size === 0) {
      this.discard();
      return null;
    }
    if (this.table !== null) return new BuiltValue(KIND.HASH_TABLE, this.table);
    return new SmallValue().set(this.isLong ? KIND.HASH_LONG : KIND.HASH_PACKED, this.packed.bytes);
  }

  discard(): void {
    if (this.table !== null) freeLarge(this.table);
  }

  private fits(field: PackedValue, value: PackedValue): boolean {
    if (Math.max(field.length, value.length) > this.maxLength) this.isLong = true;
    const bytes = this.packed.bytes.length + field.length + value.length;
    if (this.fields.size > this.maxEntries) return false;
    if (this.isLong) return this.fields.size <= LONG_MAX_FIELDS && bytes <= LONG_MAX_BYTES;
    return bytes <= PACKED_MAX_BYTES;
  }

  private becomeTable(capacity: number): void {
    const table = new HashTable(this.keyspace.heap, this.keyspace.seed);
    this.table = table;
    table.dict.reserve(capacity);
    fillHashTable(table, this.packed.bytes, 0);
  }
}

/** Gives a table the pairs of a packed block; returns false when a field comes twice. */
export function fillHashTable(table: HashTable, bytes: Uint8Array, base: number): boolean {
  const entry = new PackedEntry();
  const field = new PackedValue();
  const value = new PackedValue();
  const end = packedEnd(bytes, base);
  let isSound = true;
  for (let at = PACKED_HEADER_BYTES; at < end; ) {
    at = entry.read(bytes, base, at);
    field.setEntry(entry);
    at = entry.read(bytes, base, at);
    value.setEntry(entry);
    isSound =
      table.set(field.source, field.start, field.length, value.source, value.start, value.length) && isSound;
  }
  return isSound;
}
