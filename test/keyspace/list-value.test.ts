// What other groups do with lists: store them, read them as texts, ask for their length, whichever form they have.

import { beforeEach, describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/base/runtime.ts';
import { KIND } from '../../src/datatypes/kind.ts';
import type { Database } from '../../src/keyspace/database.ts';
import { DEFAULT_LIMITS } from '../../src/keyspace/encoding-limits.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import {
  deleteElements,
  dropEdge,
  listLength,
  listTexts,
  nodeListOf,
  settle,
  storeList,
} from '../../src/keyspace/list-value.ts';
import type { Ref } from '../../src/memory/heap.ts';
import { Arguments } from '../../src/resp/arguments.ts';

const NOW_MS = 1_767_225_600_000;
const args = Arguments.from(['k']);

let keyspace: Keyspace;
let db: Database;

beforeEach(() => {
  keyspace = new Keyspace(1, new SeededRandom(Uint8Array.from([3])));
  keyspace.setTime(NOW_MS);
  keyspace.limits = { ...DEFAULT_LIMITS, 'list-max-listpack-size': 4 };
  db = keyspace.database(0);
});

const store = (elements: readonly string[]): Ref => storeList(db, args, 0, db.lookupWrite(args, 0), elements);

describe('storeList and listTexts', () => {
  test.each([
    ['in the entry', ['a', '12', 'b'.repeat(100)], KIND.LIST_PACKED],
    ['at the limit', ['1', '2', '3', '4'], KIND.LIST_PACKED],
    ['in nodes', ['a', '', '-5', 'c', 'd', '9007199254740993'], KIND.LIST_NODES],
  ])('%s', (_name, elements, kind) => {
    const ref = store(elements);
    expect(db.kind(ref)).toBe(kind);
    expect(listLength(db, ref)).toBe(elements.length);
    expect(listTexts(db, ref, 0, elements.length - 1)).toEqual(elements);
    expect(listTexts(db, ref, 1, 2)).toEqual(elements.slice(1, 3));
    expect(listTexts(db, ref, 2, 1)).toEqual([]);
    expect(nodeListOf(db, ref) !== null).toBe(kind === KIND.LIST_NODES);
  });

  test('an element above the threshold has a node of its own and keeps the list from its entry', () => {
    keyspace.plainElementBytes = 10;
    const ref = store(['x'.repeat(10)]);
    expect(db.kind(ref)).toBe(KIND.LIST_NODES);
    expect(nodeListOf(db, ref)!.isPlain(0)).toBe(true);
    expect(listTexts(db, ref, 0, 0)).toEqual(['x'.repeat(10)]);
  });

  test('what the key held goes, its deadline too, and no memory is lost', () => {
    const many = Array.from({ length: 50 }, (_, i) => `e${i}`);
    // The index of deadlines keeps its room.
    db.clearDeadline(db.setDeadline(store(['a']), NOW_MS));
    const before = keyspace.usedBytes;
    for (let round = 0; round < 3; round++) {
      const ref = db.setDeadline(store(many), NOW_MS + 1000);
      expect(keyspace.usedBytes).toBeGreaterThan(before);
      expect(db.deadline(ref)).toBe(NOW_MS + 1000);
      expect(db.deadline(store(many))).toBe(0);
      expect(db.deadline(store(['a']))).toBe(0);
      expect(keyspace.usedBytes).toBe(before);
    }
  });
});

describe('settle', () => {
  test('an emptied list goes, in either form', () => {
    for (const elements of [['a'], ['a', 'b', 'c', 'd', 'e']]) {
      const ref = store(elements);
      expect(settle(db, deleteElements(db, ref, 0, elements.length))).toBe(true);
      expect(db.lookupWrite(args, 0)).toBe(0);
    }
  });

  test('a list of one node goes back into its entry at half of the limit', () => {
    const ref = store(['a', 'b', 'c', 'd', 'e']);
    expect(settle(db, dropEdge(db, ref, true))).toBe(false);
    expect(db.kind(db.lookupWrite(args, 0))).toBe(KIND.LIST_NODES);
    dropEdge(db, ref, false);
    expect(settle(db, dropEdge(db, ref, false))).toBe(false);
    const packed = db.lookupWrite(args, 0);
    expect(db.kind(packed)).toBe(KIND.LIST_PACKED);
    expect(listTexts(db, packed, 0, 1)).toEqual(['c', 'd']);
  });
});
