import { beforeEach, describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/base/runtime.ts';
import { KIND } from '../../src/datatypes/kind.ts';
import { EvictionCandidates, evictionPolicy } from '../../src/keyspace/eviction-candidates.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import { Arguments } from '../../src/resp/arguments.ts';

const NOW_MS = 1_700_000_000_000;

let keyspace: Keyspace;
let candidates: EvictionCandidates;

beforeEach(() => {
  keyspace = new Keyspace(3, new SeededRandom(Uint8Array.from([7])));
  keyspace.setTime(NOW_MS);
  candidates = new EvictionCandidates(keyspace);
  candidates.setSamples(5);
});

function put(key: string, deadline = 0, dbId = 0): void {
  const db = keyspace.database(dbId);
  const args = Arguments.from([key]);
  if (deadline === 0) db.write(args, 0, 0, KIND.STRING_RAW, 1, false);
  else db.writeVolatile(args, 0, 0, KIND.STRING_RAW, 1, deadline);
}

/** Evicts a key and returns it, with its database where that is not 0. */
function evict(policy: string): string | null {
  const ref = candidates.next(evictionPolicy(policy)!);
  if (ref === 0) return null;
  const { db } = candidates;
  const key = db.keyText(ref);
  keyspace.evict(db, ref, false);
  return db.id === 0 ? key : `${db.id}:${key}`;
}

function evictAll(policy: string): string[] {
  const keys: string[] = [];
  for (let key = evict(policy); key !== null; key = evict(policy)) keys.push(key);
  return keys;
}

describe('policies', () => {
  test('are their names taken apart; noeviction is none', () => {
    expect(evictionPolicy('noeviction')).toBeNull();
    expect(evictionPolicy('allkeys-lru')).toEqual({ order: 'lru', volatileOnly: false });
    expect(evictionPolicy('volatile-ttl')).toEqual({ order: 'ttl', volatileOnly: true });
  });

  for (const policy of ['allkeys-lru', 'allkeys-lfu', 'allkeys-random']) {
    test(`${policy} takes every key of every database, each once`, () => {
      for (let i = 0; i < 200; i++) put(`k${i}`, i % 2 === 0 ? NOW_MS + i + 1 : 0, i % 3);
      const keys = evictAll(policy);
      expect(keys.length).toBe(200);
      expect(new Set(keys).size).toBe(200);
      expect(keyspace.stats.evicted).toBe(200);
    });
  }

  for (const policy of ['volatile-lru', 'volatile-lfu', 'volatile-random', 'volatile-ttl']) {
    test(`${policy} takes keys with a deadline and no others`, () => {
      for (let i = 0; i < 200; i++) put(`k${i}`, i % 2 === 0 ? NOW_MS + i + 1 : 0, i % 3);
      expect(evictAll(policy).length).toBe(100);
      expect(keyspace.databases.map((db) => db.size).reduce((a, b) => a + b)).toBe(100);
    });
  }
});

test('TTL takes what expires first, whatever the database', () => {
  for (let i = 0; i < 50; i++) put(`k${i}`, NOW_MS + 1000 - i, i % 3);
  expect(evict('volatile-ttl')).toBe('1:k49');
  expect(evictAll('volatile-ttl').map((key) => Number(key.split('k')[1]))).toEqual(
    Array.from({ length: 49 }, (_, i) => 48 - i),
  );
});

/** An eighth of the keys is evicted: how much of it comes from the quarter that was put and touched first. */
function shareOfOldest(policy: string, count: number, touch: (i: number) => void): number {
  for (let i = 0; i < count; i++) {
    put(`k${i}`);
    touch(i);
  }
  let oldest = 0;
  for (let n = 0; n < count / 8; n++) if (Number(evict(policy)!.slice(1)) < count / 4) oldest++;
  return oldest / (count / 8);
}

test('LRU mostly takes what was not used for longest', () => {
  const share = shareOfOldest('allkeys-lru', 2000, (i) => keyspace.setTime(NOW_MS + (i + 1) * 1000));
  // A random choice would be right in a quarter of the cases.
  expect(share).toBeGreaterThan(0.85);
});

test('LFU mostly takes what was used least', () => {
  keyspace.access.policy = { isLfu: true, lfuLogFactor: 1, lfuDecayTimeMinutes: 1 };
  const db = keyspace.database(0);
  const share = shareOfOldest('allkeys-lfu', 2000, (i) => {
    if (i < 500) return;
    for (let n = 0; n < 20; n++) db.lookupRead(Arguments.from([`k${i}`]), 0);
  });
  expect(share).toBeGreaterThan(0.85);
});

test('more samples choose better', () => {
  const touch = (i: number) => keyspace.setTime(NOW_MS + (i + 1) * 1000);
  candidates.setSamples(1);
  const few = shareOfOldest('allkeys-lru', 2000, touch);
  keyspace.flushAll(true);
  candidates.clear();
  candidates.setSamples(10);
  expect(shareOfOldest('allkeys-lru', 2000, touch)).toBeGreaterThan(few);
});

test('what the pool remembers may have gone, moved or been replaced', () => {
  for (let i = 0; i < 100; i++) put(`k${i}`);
  expect(evict('allkeys-lru')).not.toBeNull();
  const db = keyspace.database(0);
  for (let i = 0; i < 100; i++) {
    const ref = db.peekText(`k${i}`);
    if (ref !== 0 && i % 2 === 0) db.remove(ref);
    else if (ref !== 0) db.resize(ref, 300);
  }
  const left = db.size;
  expect(evictAll('allkeys-lru').length).toBe(left);
  put('new');
  keyspace.flushAll(true);
  put('other');
  expect(evictAll('allkeys-lru')).toEqual(['other']);
});

test('random keys come evenly', () => {
  const counts = new Map<string, number>();
  for (let round = 0; round < 300; round++) {
    for (let i = 0; i < 20; i++) put(`k${i}`, NOW_MS + 1 + i);
    const key = evict(round % 2 === 0 ? 'allkeys-random' : 'volatile-random')!;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    keyspace.flushAll(true);
  }
  // 15 each in the mean.
  expect(counts.size).toBe(20);
  expect(Math.max(...counts.values())).toBeLessThan(40);
});

test('random keys come from each database in turn', () => {
  for (let i = 0; i < 30; i++) put(`k${i}`, 0, i < 28 ? 0 : i - 27);
  const dbs = Array.from({ length: 6 }, () => evict('allkeys-random')!.includes(':'));
  expect(dbs.filter((isOther) => isOther).length).toBe(2);
});
