// Sorted sets in both forms beside a model: a Map from members to scores.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareText, toBytes } from '../../src/base/bytes.ts';
import { SeededRandom } from '../../src/base/runtime.ts';
import { KIND } from '../../src/datatypes/kind.ts';
import { DEFAULT_LIMITS } from '../../src/keyspace/encoding-limits.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import { OUTCOME } from '../../src/keyspace/sorted-set-scratch.ts';
import {
  ADD,
  addScore,
  createSortedSet,
  forEachScored,
  forEachStored,
  rankOf,
  removeMember,
  removeRanks,
  scoreOfText,
  sortedSetSize,
  storeSortedSet,
} from '../../src/keyspace/sorted-set-value.ts';
import type { Ref } from '../../src/memory/heap.ts';
import { packedValidate } from '../../src/memory/packed.ts';
import { Arguments } from '../../src/resp/arguments.ts';

const KEY = Arguments.from(['key']);

function newKeyspace(maxEntries: number, maxBytes = 64): Keyspace {
  const keyspace = new Keyspace(1, new SeededRandom(Uint8Array.from([1])));
  keyspace.limits = {
    ...DEFAULT_LIMITS,
    'zset-max-listpack-entries': maxEntries,
    'zset-max-listpack-value': maxBytes,
  };
  return keyspace;
}

const byScore = (a: [string, number], b: [string, number]) => a[1] - b[1] || compareText(a[0], b[0]);

class CheckedSet {
  readonly keyspace: Keyspace;
  readonly model = new Map<string, number>();
  ref: Ref;

  constructor(maxEntries: number) {
    this.keyspace = newKeyspace(maxEntries, 12);
    this.ref = createSortedSet(this.db, KEY, 0, 1, 1);
  }

  get db() {
    return this.keyspace.database(0);
  }

  add(conditions: number, score: number, member: string): void {
    const bytes = toBytes(`(${member})`);
    const before = this.model.get(member);
    const expected = outcomeOf(conditions, before, score);
    this.ref = addScore(this.db, this.ref, conditions, score, bytes, 1, member.length);
    const { sortedSets } = this.keyspace;
    expect(sortedSets.outcome).toBe(expected.outcome);
    if (expected.outcome === OUTCOME.NOTHING) return;
    expect(sortedSets.score).toBe(expected.score);
    this.model.set(member, expected.score);
  }

  remove(member: string): void {
    const bytes = toBytes(`(${member})`);
    const ref = removeMember(this.db, this.ref, bytes, 1, member.length);
    expect(ref !== 0).toBe(this.model.delete(member));
    if (ref !== 0) this.ref = ref;
  }

  removeRanks(first: number, count: number): void {
    const all = this.elements();
    const start = Math.min(first, all.length);
    const gone = all.slice(start, start + count);
    this.ref = removeRanks(this.db, this.ref, start, gone.length);
    for (const [member] of gone) this.model.delete(member);
  }

  elements(): [string, number][] {
    return [...this.model].sort(byScore);
  }

  check(): void {
    const { db, ref } = this;
    const all = this.elements();
    expect(sortedSetSize(db, ref)).toBe(all.length);
    const walked: [string, number][] = [];
    forEachScored(db, ref, (member, score) => walked.push([member, score + 0]));
    expect(walked).toEqual(all.map(([member, score]) => [member, score + 0]));
    all.forEach(([member, score], rank) => {
      const bytes = toBytes(member);
      expect(scoreOfText(db, ref, member) === score).toBe(true);
      expect(rankOf(db, ref, bytes, 0, bytes.length)).toBe(rank);
      expect(this.keyspace.sortedSets.score === score).toBe(true);
    });
    expect(scoreOfText(db, ref, 'not there')).toBeNaN();
    if (db.kind(ref) === KIND.SORTED_SET_TABLE) return;
    expect(packedValidate(db.valueMemory(ref), db.valueOffset(ref), db.valueLength(ref), true)).toBe(true);
  }

  checkReverse(): void {
    const { cursor } = this.keyspace.sortedSets;
    cursor.seek(this.db, this.ref, this.model.size - 1, true);
    const walked: string[] = [];
    while (cursor.next()) walked.push(cursor.memberText());
    expect(walked).toEqual(
      this.elements()
        .reverse()
        .map(([member]) => member),
    );
  }
}

function outcomeOf(conditions: number, before: number | undefined, score: number) {
  const nothing = { outcome: OUTCOME.NOTHING, score: Number.NaN };
  const has = (bit: number) => (conditions & bit) !== 0;
  if (before === undefined) return has(ADD.XX) ? nothing : { outcome: OUTCOME.ADDED, score };
  const after = has(ADD.INCR) ? before + score : score;
  if (has(ADD.NX) || (has(ADD.GT) && after <= before) || (has(ADD.LT) && after >= before)) return nothing;
  return { outcome: after === before ? OUTCOME.KEPT : OUTCOME.UPDATED, score: after };
}

const member = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom('a', 'b', 'c', 'aa', 'ab', '', '5', '10', '-7', '007', '123456789'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('9223372036854775807', '99999999999', 'a member that is long', '\xff\0'),
  },
  { weight: 2, arbitrary: fc.nat(40).map((i) => `m${i}`) },
);
const score = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -5, max: 5 }) },
  fc.constantFrom(4096, -4097, 70_000, 2 ** 31, 2 ** 40, 2 ** 53, 2 ** 62, 2 ** 63, 1e30, 0.1, -1e-7),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }),
);
const conditions = fc.constantFrom(0, 0, 0, ADD.NX, ADD.XX, ADD.GT, ADD.LT, ADD.INCR, ADD.XX | ADD.GT);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant('add'), conditions, score, member) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('remove'), fc.nat(0), fc.constant(0), member) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('ranks'), fc.nat(20), fc.nat(5), fc.constant('')) },
);

describe.each([
  ['packed', 1000],
  ['packed at first', 12],
  ['a table', 0],
])('%s', (_name, maxEntries) => {
  test('does what a map with an order does', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const checked = new CheckedSet(maxEntries);
        for (const [op, first, second, text] of steps) {
          if (op === 'add') checked.add(first, second, text);
          else if (op === 'remove') checked.remove(text);
          else checked.removeRanks(first, second);
        }
        checked.check();
        checked.checkReverse();
      }),
      { numRuns: 150, seed: 5 },
    );
  });
});

describe('storing a set as a whole', () => {
  const members = ['b', 'a', 'long member', '10', 'a'];
  const scores = [1.5, 1.5, -0, Number.POSITIVE_INFINITY, 2];

  test.each([
    ['small', 4, 64, KIND.SORTED_SET_PACKED],
    ['too many members', 3, 64, KIND.SORTED_SET_TABLE],
    ['too long a member', 4, 10, KIND.SORTED_SET_TABLE],
  ])('%s', (_name, maxEntries, maxBytes, kind) => {
    const keyspace = newKeyspace(maxEntries, maxBytes);
    const db = keyspace.database(0);
    const old = db.writeVolatile(KEY, 0, 0, KIND.STRING_RAW, 3, 9e12);
    const ref = storeSortedSet(db, KEY, 0, old, members, scores);
    expect(db.kind(ref)).toBe(kind);
    expect(db.deadline(ref)).toBe(0);
    const stored: [string, number][] = [];
    forEachScored(db, ref, (text, value) => stored.push([text, value]));
    expect(stored).toEqual([
      ['long member', kind === KIND.SORTED_SET_PACKED ? 0 : -0],
      ['b', 1.5],
      ['a', 2],
      ['10', Number.POSITIVE_INFINITY],
    ]);
    db.remove(ref);
    expect(keyspace.heap.usedBytes).toBe(0);
  });
});

test('packed scores are integers where they are whole, and else what replies show', () => {
  const keyspace = newKeyspace(100);
  const db = keyspace.database(0);
  const scores = [
    -(2 ** 62) - 1024,
    -(2 ** 62),
    -1,
    -0,
    0.1,
    1,
    3.5,
    1e17,
    2 ** 62,
    2 ** 62 + 1024,
    2 ** 64,
    1e30,
  ];
  const members = scores.map((_, i) => `m${i}`);
  const ref = storeSortedSet(db, KEY, 0, 0, members, scores);
  const texts: string[] = [];
  forEachStored(db, ref, (_member, text) => texts.push(text));
  expect(texts).toEqual([
    '-4611686018427389000',
    '-4611686018427387904',
    '-1',
    '0',
    '0.1',
    '1',
    '3.5',
    '100000000000000000',
    '4611686018427387904',
    '4611686018427389000',
    '18446744073709552000',
    '1e+30',
  ]);
});
