import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/base/runtime.ts';
import type { HashTable } from '../../src/datatypes/hash-table.ts';
import { encodingName, KIND, type Kind } from '../../src/datatypes/kind.ts';
import type { Database } from '../../src/keyspace/database.ts';
import { DEFAULT_LIMITS } from '../../src/keyspace/encoding-limits.ts';
import {
  deleteFields,
  findField,
  forEachField,
  hashFieldText,
  hashLength,
  LONG_MAX_BYTES,
  LONG_MAX_FIELDS,
  NO_PLACE,
  readField,
  readValue,
  setField,
  setFields,
  storeHash,
} from '../../src/keyspace/hash-value.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import type { Ref } from '../../src/memory/heap.ts';
import { packedValidate } from '../../src/memory/packed.ts';
import { PackedValue } from '../../src/memory/packed-entry.ts';
import { Arguments } from '../../src/resp/arguments.ts';

const MAX_ENTRIES = 6;
const MAX_BYTES = 12;

/** A hash beside a model of it, under limits so low that both forms are met. */
class CheckedHash {
  readonly keyspace: Keyspace;
  readonly db: Database;
  readonly model = new Map<string, string>();
  isTable = false;
  private readonly emptyBytes: number;
  private readonly maxEntries: number;

  constructor(maxEntries = MAX_ENTRIES) {
    this.maxEntries = maxEntries;
    this.keyspace = new Keyspace(1, new SeededRandom(Uint8Array.from([7])));
    this.keyspace.limits = {
      ...DEFAULT_LIMITS,
      'hash-max-listpack-entries': maxEntries,
      'hash-max-listpack-value': MAX_BYTES,
    };
    this.db = this.keyspace.database(0);
    this.emptyBytes = this.keyspace.heap.usedBytes;
  }

  get ref(): Ref {
    return this.db.peekText('key');
  }

  setMany(pairs: readonly [string, string][]): void {
    const args = Arguments.from(['HSET', 'key', ...pairs.flat()]);
    const isLong = pairs.flat().some((text) => text.length > MAX_BYTES);
    const before = this.model.size;
    for (const [field, value] of pairs) this.model.set(field, value);
    this.isTable ||= pairs.length > this.maxEntries || isLong || this.model.size > this.maxEntries;
    expect(setFields(this.db, args, 1, this.ref, 2)).toBe(this.model.size - before);
  }

  setOne(field: string, value: string): void {
    const args = Arguments.from(['HSETNX', 'key', field]);
    const { ref } = this;
    const place = ref === 0 ? NO_PLACE : findField(this.db, ref, args, 2);
    expect(place !== NO_PLACE).toBe(this.model.has(field));
    setField(this.db, args, 1, ref, 2, place, this.keyspace.scratch.second.setText(value));
    this.model.set(field, value);
    this.isTable ||=
      field.length > MAX_BYTES || value.length > MAX_BYTES || this.model.size > this.maxEntries;
  }

  delete(fields: readonly string[]): void {
    if (this.model.size === 0) return;
    const args = Arguments.from(['HDEL', 'key', ...fields]);
    const deleted = fields.filter((field) => this.model.delete(field)).length;
    expect(deleteFields(this.db, args, this.ref, 2)).toBe(deleted);
    if (this.model.size === 0) this.isTable = false;
  }

  store(pairs: ReadonlyMap<string, string>): void {
    if (pairs.size === 0) return;
    storeHash(this.db, Arguments.from(['key']), 0, this.ref, [...pairs].flat());
    this.model.clear();
    for (const [field, value] of pairs) this.model.set(field, value);
    this.isTable = pairs.size > this.maxEntries || [...pairs].flat().some((text) => text.length > MAX_BYTES);
  }

  check(): void {
    const { db, keyspace, model, ref } = this;
    expect(ref !== 0).toBe(model.size > 0);
    if (ref === 0) {
      expect(keyspace.heap.usedBytes).toBe(this.emptyBytes);
      return;
    }
    const kind = db.kind(ref);
    expect(encodingName(kind)).toBe(this.isTable ? 'hashtable' : 'listpack');
    expect(hashLength(db, ref)).toBe(model.size);
    const found: [string, string][] = [];
    forEachField(db, ref, (field, value) => found.push([field, value]));
    if (kind === KIND.HASH_TABLE) {
      expect(new Map(found)).toEqual(model);
    } else {
      expect(found).toEqual([...model]);
      expect(hashLength(db, ref)).toBeLessThanOrEqual(LONG_MAX_FIELDS);
      expect(db.valueLength(ref)).toBeLessThanOrEqual(LONG_MAX_BYTES);
      expect(packedValidate(db.valueMemory(ref), db.valueOffset(ref), db.valueLength(ref), true)).toBe(true);
    }
    expect(found.length).toBe(model.size);
    for (const [field, value] of model) {
      expect(hashFieldText(db, ref, field)).toBe(value);
      const place = findField(db, ref, Arguments.from([field]), 0);
      expect(readField(db, ref, place).text()).toBe(field);
      const read = readValue(db, ref, place);
      expect(read.text()).toBe(value);
      expect(read.textLength).toBe(value.length);
    }
    expect(hashFieldText(db, ref, 'no such field')).toBeNull();
  }
}

const field = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom('a', 'b', 'c', '1', '2', '-3', '300', '01', '', '9223372036854775807'),
  },
  { weight: 1, arbitrary: fc.constantFrom('\xff\0', 'x'.repeat(MAX_BYTES), 'y'.repeat(MAX_BYTES + 1)) },
);
const value = fc.oneof(
  { weight: 4, arbitrary: fc.integer().map(String) },
  { weight: 4, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: MAX_BYTES }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'z'.repeat(MAX_BYTES + 1),
      'z'.repeat(700),
      'z'.repeat(20_000),
      '-9223372036854775808',
    ),
  },
);
const pair = fc.tuple(field, value);
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(pair, { minLength: 1, maxLength: 8 }).map((pairs) => ['setMany', pairs] as const),
  },
  { weight: 4, arbitrary: pair.map((one) => ['setOne', one] as const) },
  {
    weight: 4,
    arbitrary: fc.array(field, { minLength: 1, maxLength: 10 }).map((fields) => ['delete', fields] as const),
  },
  {
    weight: 1,
    arbitrary: fc.array(pair, { maxLength: 8 }).map((pairs) => ['store', new Map(pairs)] as const),
  },
);

describe('a few long fields', () => {
  function kindsOf(steps: readonly (readonly [string, string][])[]): Kind[] {
    const hash = new CheckedHash(DEFAULT_LIMITS['hash-max-listpack-entries']);
    return steps.map((pairs) => {
      hash.setMany(pairs);
      hash.check();
      return hash.db.kind(hash.ref);
    });
  }

  const long = 'v'.repeat(MAX_BYTES + 1);
  const fields = (first: number, count: number) =>
    Array.from({ length: count }, (_, i): [string, string] => [`f${first + i}`, 'v']);

  test('stay packed while they are few', () => {
    const { HASH_LONG, HASH_PACKED, HASH_TABLE } = KIND;
    expect(kindsOf([fields(0, 9), [['long', long]], fields(9, 22), fields(31, 1)])).toEqual([
      HASH_PACKED,
      HASH_LONG,
      HASH_LONG,
      HASH_TABLE,
    ]);
    expect(kindsOf([[...fields(0, 40), ['long', long]]])).toEqual([HASH_TABLE]);
  });

  test('stay packed while they are not too long together', () => {
    const { HASH_LONG, HASH_TABLE } = KIND;
    const text = 'w'.repeat(900);
    expect(kindsOf([[['a', text]], [['b', text]], [['a', long]], [['a', text]], [['c', text]]])).toEqual([
      HASH_LONG,
      HASH_LONG,
      HASH_LONG,
      HASH_LONG,
      HASH_TABLE,
    ]);
    expect(kindsOf([[['a', 'w'.repeat(LONG_MAX_BYTES)]]])).toEqual([HASH_TABLE]);
  });
});

test('a hash is a map, in the form that the limits ask for', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const hash = new CheckedHash();
      for (const one of steps) {
        if (one[0] === 'setMany') hash.setMany(one[1]);
        else if (one[0] === 'setOne') hash.setOne(...one[1]);
        else if (one[0] === 'delete') hash.delete(one[1]);
        else hash.store(one[1]);
        hash.check();
      }
      hash.delete([...hash.model.keys()]);
      hash.check();
    }),
    { seed: 20240601, numRuns: 600 },
  );
});

describe('a large hash', () => {
  function largeHash(count: number): { hash: CheckedHash; table: HashTable } {
    const hash = new CheckedHash();
    hash.setMany(Array.from({ length: count }, (_, i) => [`field:${i}`, 'v'.repeat(i % 200)]));
    return { hash, table: hash.db.large(hash.ref) as HashTable };
  }

  test('is copied with all that it holds, and the copy is its own', () => {
    const { hash, table } = largeHash(500);
    const copy = table.copy();
    table.set(Buffer.from('field:7'), 0, 7, Buffer.from('new'), 0, 3);
    const ref = copy.find(Buffer.from('field:7'), 0, 7);
    expect(copy.dict.valueText(ref)).toBe('v'.repeat(7));
    expect(copy.size).toBe(500);
    while (table.freeSome(10));
    expect(copy.dict.valueText(copy.find(Buffer.from('field:199'), 0, 9))).toBe('v'.repeat(199));
    expect(hash.keyspace.heap.usedBytes).toBeGreaterThan(0);
  });

  test('counts its bytes, and gives every one of them back', () => {
    const { hash, table } = largeHash(1000);
    const { heap } = hash.keyspace;
    const others = hash.db.dict.entryBytes(hash.ref) - 4 + hash.db.dict.tableBytes;
    expect(table.usedBytes).toBe(heap.usedBytes + heap.tableBytes - others);
    expect(table.pieces).toBe(1000);
    hash.db.remove(hash.ref, true);
    const before = heap.tableBytes;
    while (hash.keyspace.tidy(1000, () => 0, false));
    expect(heap.usedBytes).toBe(0);
    expect(heap.tableBytes).toBe(hash.db.dict.tableBytes);
    expect(before).toBeGreaterThan(heap.tableBytes);
  });

  test('values of scratch space survive the change of form', () => {
    const hash = new CheckedHash();
    for (let i = 0; i < MAX_ENTRIES; i++) hash.setOne(`f${i}`, `v${i}`);
    const args = Arguments.from(['k', 'long field name']);
    setField(hash.db, args, 0, hash.ref, 1, NO_PLACE, hash.keyspace.scratch.second.setInteger(42));
    expect(hashFieldText(hash.db, hash.ref, 'long field name')).toBe('42');
    expect(hashFieldText(hash.db, hash.ref, 'f5')).toBe('v5');
    const value = new PackedValue().setText('w');
    setField(
      hash.db,
      Arguments.from(['k', 'f5']),
      0,
      hash.ref,
      1,
      findField(hash.db, hash.ref, Arguments.from(['f5']), 0),
      value,
    );
    expect(hashFieldText(hash.db, hash.ref, 'f5')).toBe('w');
  });
});
