// A sorted set that is being read. Members come in any order, so those that may fit a packed block are kept aside until
// all are there; more go straight into a table.

import { compareText } from '../../base/bytes.ts';
import { formatDouble, parseDoubleBytes } from '../../base/numbers.ts';
import { KIND } from '../../datatypes/kind.ts';
import { SortedSetTable } from '../../datatypes/sorted-set-table.ts';
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

export class SortedSetBuilder implements Builder {
  private readonly keyspace: Keyspace;
  private readonly maxLength: number;
  private readonly scores = new Map<string, number>();
  private table: SortedSetTable | null = null;
  private longest = 0;
  private textBytes = 0;

  /** For `count` members. */
  constructor(keyspace: Keyspace, count: number) {
    this.keyspace = keyspace;
    this.maxLength = keyspace.limits['zset-max-listpack-value'];
    if (count > keyspace.limits['zset-max-listpack-entries']) {
      this.table = this.newTable();
      this.table.reserve(count);
    }
  }

  /** Adds a member, which must hold until the call returns; returns false when it is there already. */
  add(member: PackedValue, score: number): boolean {
    if (this.table !== null) return addToTable(this.table, member, score);
    const { scores } = this;
    const before = scores.size;
    this.longest = Math.max(this.longest, member.length);
    this.textBytes += member.length;
    return scores.set(textOf(member), score).size > before;
  }

  finish(): DecodedValue {
    const isPacked =
      this.table === null && this.longest <= this.maxLength && this.textBytes <= PACKED_MAX_BYTES;
    if (isPacked) return new SmallValue().set(KIND.SORTED_SET_PACKED, this.pack());
    if (this.table === null) {
      this.table = this.newTable();
      for (const [member, score] of this.scores) this.table.putText(score, member);
    }
    return new BuiltValue(KIND.SORTED_SET_TABLE, this.table);
  }

  discard(): void {
    if (this.table !== null) freeLarge(this.table);
  }

  private newTable(): SortedSetTable {
    return new SortedSetTable(this.keyspace.heap, this.keyspace.seed);
  }

  private pack(): Uint8Array {
    const packed = new PackedBuffer();
    const value = new PackedValue();
    const inOrder = [...this.scores].sort(([a, x], [b, y]) => (x < y ? -1 : x > y ? 1 : compareText(a, b)));
    for (const [member, score] of inOrder) {
      packed.append(value.setText(member));
      // A zero loses its sign in a packed block.
      packed.append(value.setText(formatDouble(score === 0 ? 0 : score)));
    }
    return packed.bytes;
  }
}

/** Gives a table the members of a sound packed block; returns false when one comes twice. */
export function fillSortedSetTable(table: SortedSetTable, bytes: Uint8Array, base: number): boolean {
  const entry = new PackedEntry();
  const value = new PackedValue();
  const end = packedEnd(bytes, base);
  let isSound = true;
  for (let at = PACKED_HEADER_BYTES; at < end; ) {
    at = entry.read(bytes, base, at);
    value.setEntry(entry);
    at = entry.read(bytes, base, at);
    isSound = addToTable(table, value, scoreOf(entry)) && isSound;
  }
  return isSound;
}

/** The score that an entry holds; NaN when it is none. */
export function scoreOf(entry: PackedEntry): number {
  return entry.isInteger ? entry.number : parseDoubleBytes(entry.bytes, entry.start, entry.length);
}

function addToTable(table: SortedSetTable, { source, start, length }: PackedValue, score: number): boolean {
  if (table.find(source, start, length) !== 0) return false;
  table.add(score, source, start, length);
  return true;
}
