import { beforeEach, describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/base/runtime.ts';
import { KIND } from '../../src/datatypes/kind.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import { Arguments } from '../../src/resp/arguments.ts';

const NOW_MS = 1_767_225_600_000;
const NO_TIME = () => 0;

let keyspace: Keyspace;

beforeEach(() => {
  keyspace = new Keyspace(4, new SeededRandom(Uint8Array.from([9])));
  keyspace.setTime(NOW_MS);
});

function put(dbId: number, key: string, deadline = 0, value = 'v'): void {
  const db = keyspace.database(dbId);
  const args = Arguments.from([key]);
  const found = db.lookupWrite(args, 0);
  const ref =
    deadline === 0
      ? db.write(args, 0, found, KIND.STRING_RAW, value.length, false)
      : db.writeVolatile(args, 0, found, KIND.STRING_RAW, value.length, deadline);
  db.valueMemory(ref).write(value, db.valueOffset(ref), 'latin1');
}

function fill(dbId: number, count: number, deadline = 0): void {
  for (let i = 0; i < count; i++) put(dbId, `key:${i}`, deadline);
}

function sizes(): number[] {
  return keyspace.databases.map((db) => db.size);
}

function watchExpiry(): string[] {
  const expired: string[] = [];
  keyspace.observer = {
    keyChanged() {},
    keyEvent() {},
    keyExpired: (db, key) => expired.push(`${db.id} ${key}`),
    keyEvicted() {},
    databaseReplaced() {},
  };
  return expired;
}

describe('active expiry', () => {
  test('what is due goes, the longest due first, and the next deadline is told', () => {
    const expired = watchExpiry();
    put(0, 'c', NOW_MS + 30);
    put(0, 'a', NOW_MS + 10);
    put(0, 'b', NOW_MS + 20);
    put(2, 'd', NOW_MS + 15);
    put(2, 'e', NOW_MS + 100);
    put(0, 'for ever');
    expect(keyspace.expireDue(1, NO_TIME)).toBe(NOW_MS + 10);
    keyspace.setTime(NOW_MS + 20);
    expect(keyspace.expireDue(1, NO_TIME)).toBe(NOW_MS + 20);
    expect(expired).toEqual(['0 a', '2 d']);
    keyspace.setTime(NOW_MS + 31);
    expect(keyspace.expireDue(1, NO_TIME)).toBe(NOW_MS + 100);
    expect(expired).toEqual(['0 a', '2 d', '0 b', '0 c']);
    keyspace.setTime(NOW_MS + 1000);
    expect(keyspace.expireDue(1, NO_TIME)).toBe(Number.POSITIVE_INFINITY);
    expect(sizes()).toEqual([1, 0, 0, 0]);
    expect(keyspace.stats).toMatchObject({ expired: 5, expireLagMs: 900, expireLagMaxMs: 900 });
  });

  test('when its time is over it stops, with the rest for the next time', () => {
    fill(0, 1000, NOW_MS + 1);
    keyspace.setTime(NOW_MS + 2);
    let calls = 0;
    expect(keyspace.expireDue(5, () => ++calls)).toBe(0);
    expect(keyspace.stats.expiredTimeCapReached).toBe(1);
    expect(keyspace.database(0).size).toBeGreaterThan(0);
    expect(keyspace.database(0).size).toBeLessThan(1000);
    let rounds = 0;
    while (keyspace.expireDue(5, () => (rounds & 1) * 10) === 0) rounds++;
    expect(keyspace.database(0).size).toBe(0);
  });

  test('it can be switched off', () => {
    put(0, 'a', NOW_MS + 1);
    keyspace.setTime(NOW_MS + 10);
    keyspace.activeExpiry = false;
    expect(keyspace.expireDue(1, NO_TIME)).toBe(Number.POSITIVE_INFINITY);
    expect(sizes()).toEqual([1, 0, 0, 0]);
    keyspace.activeExpiry = true;
    keyspace.expireDue(1, NO_TIME);
    expect(sizes()).toEqual([0, 0, 0, 0]);
  });

  test('a deadline is told when it is earlier than all that were told', () => {
    const told: number[] = [];
    keyspace.onEarlierDeadline = (deadlineMs) => told.push(deadlineMs - NOW_MS);
    put(0, 'a', NOW_MS + 100);
    put(1, 'b', NOW_MS + 200);
    put(2, 'c', NOW_MS + 50);
    put(2, 'd', NOW_MS + 50);
    expect(told).toEqual([100, 50]);
    keyspace.setTime(NOW_MS + 60);
    keyspace.expireDue(1, NO_TIME);
    put(0, 'e', NOW_MS + 150);
    put(0, 'f', NOW_MS + 90);
    expect(told).toEqual([100, 50, 90]);
  });
});

describe('flushing', () => {
  test('the only database with keys goes with the whole heap', () => {
    fill(1, 5000, NOW_MS + 1000);
    const { heap } = keyspace;
    expect(keyspace.flush(keyspace.database(1), true)).toBe(5000);
    expect(keyspace.heap).not.toBe(heap);
    expect(sizes()).toEqual([0, 0, 0, 0]);
    expect(keyspace.heap.usedBytes).toBe(0);
    expect(keyspace.pendingFrees).toBe(0);
    put(1, 'a');
    expect(keyspace.database(1).has('a')).toBe(true);
  });

  test('beside others, at once: its blocks are free and theirs are whole', () => {
    put(0, 'stays', NOW_MS + 5, 'precious');
    const before = keyspace.heap.usedBytes;
    fill(1, 5000, NOW_MS + 1000);
    expect(keyspace.flush(keyspace.database(1), true)).toBe(5000);
    expect(keyspace.heap.usedBytes).toBe(before);
    expect(keyspace.pendingFrees).toBe(0);
    const db = keyspace.database(0);
    expect(db.valueText(db.peekText('stays'))).toBe('precious');
    expect(keyspace.stats.lazyFreed).toBe(0);
    expect(keyspace.expireDue(1, NO_TIME)).toBe(NOW_MS + 5);
  });

  test('beside others, later: in slices', () => {
    put(0, 'stays');
    fill(1, 5000, NOW_MS + 1000);
    const used = keyspace.heap.usedBytes;
    expect(keyspace.flush(keyspace.database(1), false)).toBe(5000);
    expect(sizes()).toEqual([1, 0, 0, 0]);
    expect(keyspace.pendingFrees).toBe(5000);
    expect(keyspace.heap.usedBytes).toBe(used);
    let slices = 0;
    while (keyspace.tidy(1, () => 1, true)) slices++;
    expect(slices).toBeGreaterThan(5);
    expect(keyspace.pendingFrees).toBe(0);
    expect(keyspace.stats.lazyFreed).toBe(5000);
    expect(keyspace.heap.usedBytes).toBeLessThan(100);
  });

  test('what dies may be in the middle of growing, and dies together with others', () => {
    put(0, 'stays');
    fill(1, 800);
    expect(keyspace.database(1).dict.isRehashing).toBe(true);
    fill(2, 300);
    keyspace.flush(keyspace.database(1), false);
    keyspace.flush(keyspace.database(2), false);
    fill(1, 10);
    expect(keyspace.pendingFrees).toBe(1100);
    while (keyspace.tidy(1, () => 1, true));
    expect(sizes()).toEqual([1, 10, 0, 0]);
    expect(keyspace.stats.lazyFreed).toBe(1100);
  });

  test('all: at once, whatever there is', () => {
    fill(0, 100, NOW_MS + 1);
    fill(3, 100);
    put(1, 'x');
    keyspace.flush(keyspace.database(3), false);
    expect(keyspace.flushAll(true)).toBe(101);
    expect(sizes()).toEqual([0, 0, 0, 0]);
    expect(keyspace.pendingFrees).toBe(0);
    expect(keyspace.heap.usedBytes).toBe(0);
    expect(keyspace.stats.lazyFreed).toBe(100);
    keyspace.setTime(NOW_MS + 100);
    expect(keyspace.expireDue(1, NO_TIME)).toBe(Number.POSITIVE_INFINITY);
    expect(keyspace.stats.expired).toBe(0);
  });

  test('in the background, keys count as freed so', () => {
    fill(0, 10);
    expect(keyspace.flush(keyspace.database(0), false)).toBe(10);
    fill(0, 10);
    fill(1, 5);
    expect(keyspace.flushAll(false)).toBe(15);
    expect(keyspace.stats.lazyFreed).toBe(25);
  });

  test('nothing is nothing', () => {
    expect(keyspace.flush(keyspace.database(0), true)).toBe(0);
    expect(keyspace.flushAll(true)).toBe(0);
  });
});

describe('exchange', () => {
  test('databases change their numbers, their keys their deadlines not', () => {
    put(0, 'a', NOW_MS + 10);
    put(1, 'b');
    keyspace.swap(0, 1);
    expect(keyspace.database(0).has('b')).toBe(true);
    expect(keyspace.database(1).has('a')).toBe(true);
    expect(keyspace.databases.map((db) => db.id)).toEqual([0, 1, 2, 3]);
    const expired = watchExpiry();
    keyspace.setTime(NOW_MS + 11);
    keyspace.expireDue(1, NO_TIME);
    expect(expired).toEqual(['1 a']);
  });
});

describe('memory', () => {
  test('every byte of entries, tables and indexes is counted', () => {
    const empty = keyspace.usedBytes;
    fill(0, 1000, NOW_MS + 1000);
    const db = keyspace.database(0);
    let entries = 0;
    db.forEach((ref) => {
      entries += keyspace.heap.capacity(ref);
    });
    expect(keyspace.usedBytes - empty).toBe(entries + db.overheadBytes - keyspace.database(1).overheadBytes);
    expect(db.overheadBytes).toBeGreaterThanOrEqual(1000 * (4 + 12));
  });

  test('growing tables are moved along in idle time', () => {
    fill(0, 13);
    fill(1, 3100);
    expect(keyspace.database(1).dict.isRehashing).toBe(true);
    while (keyspace.tidy(1, NO_TIME, true));
    expect(keyspace.database(1).dict.isRehashing).toBe(false);
    fill(2, 3100);
    expect(keyspace.tidy(1, NO_TIME, false)).toBe(false);
    expect(keyspace.database(2).dict.isRehashing).toBe(true);
  });
});
