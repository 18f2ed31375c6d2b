import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/base/runtime.ts';
import { KIND } from '../../src/datatypes/kind.ts';
import type { Database } from '../../src/keyspace/database.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import type { KeyspaceObserver } from '../../src/keyspace/observer.ts';
import type { Ref } from '../../src/memory/heap.ts';
import { Arguments } from '../../src/resp/arguments.ts';

const NOW_MS = 1_767_225_600_000;

let keyspace: Keyspace;
let db: Database;
let told: string[];

beforeEach(() => {
  keyspace = newKeyspace();
  db = keyspace.database(0);
  told = [];
});

function newKeyspace(): Keyspace {
  const made = new Keyspace(3, new SeededRandom(Uint8Array.from([3])));
  made.setTime(NOW_MS);
  return made;
}

function observe(): void {
  const observer: KeyspaceObserver = {
    keyChanged: (at, key) => told.push(`changed ${at.id} ${key}`),
    keyEvent: (at, event, key) => told.push(`${event} ${at.id} ${key}`),
    keyExpired: (at, key) => told.push(`expired ${at.id} ${key}`),
    keyEvicted: (at, key) => told.push(`evicted ${at.id} ${key}`),
    databaseReplaced: (dbId, _from, by) =>
      told.push(`replaced ${dbId} by ${by === null ? 'nothing' : by.id}`),
  };
  keyspace.observer = observer;
}

function put(key: string, value: string, deadline: number | bigint = 0, at: Database = db): Ref {
  const args = Arguments.from([key]);
  const found = at.lookupWrite(args, 0);
  const ref =
    deadline === 0
      ? at.write(args, 0, found, KIND.STRING_RAW, value.length, false)
      : at.writeVolatile(args, 0, found, KIND.STRING_RAW, value.length, deadline);
  at.valueMemory(ref).write(value, at.valueOffset(ref), 'latin1');
  return ref;
}

function get(key: string, at: Database = db): string | null {
  const ref = at.lookupRead(Arguments.from([key]), 0);
  return ref === 0 ? null : at.valueText(ref);
}

describe('lookups', () => {
  test('a read counts hits and misses and tells of misses', () => {
    observe();
    put('a', '1');
    told = [];
    get('a');
    get('b');
    const args = Arguments.from(['a', 'b']);
    db.lookupReadUntouched(args, 0);
    db.lookupReadUntouched(args, 1);
    expect(keyspace.stats).toMatchObject({ hits: 2, misses: 2 });
    expect(told).toEqual(['keymiss 0 b', 'keymiss 0 b']);
  });

  test('a write and a peek count nothing', () => {
    put('a', '1');
    const args = Arguments.from(['a', 'b']);
    for (const i of [0, 1]) {
      db.lookupWrite(args, i);
      db.peek(args, i);
    }
    expect(keyspace.stats).toMatchObject({ hits: 0, misses: 0 });
  });

  test('reads and writes note the access, others do not', () => {
    const ref = put('a', '1');
    const args = Arguments.from(['a']);
    const idle = () => keyspace.access.idleSeconds(db.accessBits(ref));
    keyspace.setTime(NOW_MS + 5000);
    expect(idle()).toBe(5);
    db.peek(args, 0);
    db.lookupReadUntouched(args, 0);
    expect(idle()).toBe(5);
    keyspace.notesAccess = false;
    db.lookupRead(args, 0);
    expect(idle()).toBe(5);
    keyspace.notesAccess = true;
    db.lookupRead(args, 0);
    expect(idle()).toBe(0);
    keyspace.setTime(NOW_MS + 8000);
    db.lookupWrite(args, 0);
    expect(idle()).toBe(0);
  });

  test('kind, access bits and deadline do not disturb each other', () => {
    const args = Arguments.from(['a']);
    let ref = put('a', '1');
    db.setAccessBits(ref, 0xabcdef);
    db.setKind(ref, KIND.STRING_INT);
    ref = db.setDeadline(ref, NOW_MS + 5);
    expect(db.accessBits(ref)).toBe(0xabcdef);
    expect(db.kind(ref)).toBe(KIND.STRING_INT);
    ref = db.write(args, 0, ref, KIND.STRING_RAW, 100, true);
    expect(db.accessBits(ref)).toBe(0xabcdef);
    expect(db.kind(ref)).toBe(KIND.STRING_RAW);
    expect(db.deadline(ref)).toBe(NOW_MS + 5);
    expect(db.valueLength(ref)).toBe(100);
  });
});

describe('deadlines', () => {
  test('a key lives through the millisecond of its deadline', () => {
    put('a', '1', NOW_MS + 10);
    keyspace.setTime(NOW_MS + 10);
    expect(get('a')).toBe('1');
    keyspace.setTime(NOW_MS + 11);
    expect(get('a')).toBe(null);
    expect(db.size).toBe(0);
    expect(keyspace.stats.expired).toBe(1);
  });

  test('who finds an expired key removes it and says so', () => {
    observe();
    put('a', '1', NOW_MS + 10);
    keyspace.setTime(NOW_MS + 11);
    told = [];
    expect(db.lookupWrite(Arguments.from(['a']), 0)).toBe(0);
    expect(told).toEqual(['expired 0 a']);
    expect(db.volatile.size).toBe(0);
  });

  test('unless somebody else does: then it is hidden, and stays', () => {
    keyspace.removesExpired = false;
    put('a', '1', NOW_MS + 10);
    keyspace.setTime(NOW_MS + 11);
    expect(get('a')).toBe(null);
    expect(db.size).toBe(1);
    expect(db.has('a')).toBe(true);
    expect(keyspace.expireDue(1, () => 0)).toBe(Number.POSITIVE_INFINITY);
    expect(db.size).toBe(1);
  });

  test('a value without a deadline ends an old one, unless it is kept', () => {
    const args = Arguments.from(['a']);
    let ref = put('a', '1', NOW_MS + 10);
    ref = db.write(args, 0, ref, KIND.STRING_RAW, 1, true);
    expect(db.deadline(ref)).toBe(NOW_MS + 10);
    ref = db.write(args, 0, ref, KIND.STRING_RAW, 1, false);
    expect(db.deadline(ref)).toBe(0);
    expect(db.clearDeadline(ref)).toBe(false);
    expect(db.volatile.size).toBe(0);
  });

  test('any int64 is kept to the millisecond; only zero becomes the next one', () => {
    const ref = put('a', '1', 1);
    for (const deadline of [
      -1,
      -(2 ** 40),
      2 ** 53 - 1,
      2n ** 53n + 1n,
      2n ** 63n - 1n,
      -(2n ** 63n),
      2 ** 32,
      2 ** 32 - 1,
    ]) {
      expect(db.setDeadline(ref, deadline)).toBe(ref);
      expect(db.exactDeadline(ref)).toBe(deadline);
      expect(db.isExpired(ref)).toBe(deadline < NOW_MS);
      expect(db.volatile.nextDeadline).toBe(Number(deadline));
    }
    db.setDeadline(ref, 0);
    expect(db.deadline(ref)).toBe(1);
  });

  test('the mean of the remaining lives', () => {
    expect(db.averageTtlMs(NOW_MS)).toBe(0);
    for (let i = 0; i < 100; i++) put(`k${i}`, 'v', NOW_MS + 5000);
    expect(db.averageTtlMs(NOW_MS)).toBe(5000);
    expect(db.averageTtlMs(NOW_MS + 9000)).toBe(0);
  });
});

describe('copies', () => {
  test('a copy has value, encoding and deadline, and a life of its own', () => {
    const other = keyspace.database(2);
    for (const [value, deadline] of [
      ['short', 0],
      ['x'.repeat(50_000), NOW_MS + 10],
      ['far', 2n ** 60n + 1n],
    ] as const) {
      const ref = put('a', value, deadline);
      const copy = other.addCopy(Arguments.from(['b']), 0, db, ref);
      expect(other.valueText(copy)).toBe(value);
      expect(other.kind(copy)).toBe(KIND.STRING_RAW);
      expect(other.exactDeadline(copy)).toBe(deadline);
      db.remove(ref);
      expect(get('b', other)).toBe(value);
      other.remove(copy);
    }
    expect(keyspace.heap.usedBytes).toBe(0);
  });

  test('a moved entry is gone where it was', () => {
    observe();
    const ref = put('a', 'value', NOW_MS + 10);
    told = [];
    const moved = db.addMoved(Arguments.from(['a longer name']), 0, db, ref);
    expect(db.keyText(moved)).toBe('a longer name');
    expect(db.deadline(moved)).toBe(NOW_MS + 10);
    expect(db.size).toBe(1);
    expect(db.volatile.size).toBe(1);
    expect(told).toEqual(['new 0 a longer name']);
  });
});

describe('random keys', () => {
  test('expired ones are removed when they are drawn', () => {
    for (let i = 0; i < 50; i++) put(`old${i}`, '', NOW_MS + 1);
    put('live', '');
    keyspace.setTime(NOW_MS + 2);
    expect(db.keyText(db.random())).toBe('live');
    db.remove(db.peekText('live'));
    expect(db.random()).toBe(0);
    expect(db.size).toBe(0);
  });

  test('where they must stay, a live one is found if any key lives for ever', () => {
    keyspace.removesExpired = false;
    for (let i = 0; i < 1000; i++) put(`old${i}`, '', NOW_MS + 1);
    keyspace.setTime(NOW_MS + 2);
    expect(db.keyText(db.random())).toMatch(/^old/);
    put('live', '');
    for (let i = 0; i < 20; i++) expect(db.keyText(db.random())).toBe('live');
    expect(db.size).toBe(1001);
  });
});

describe('model', () => {
  const key = fc.integer({ min: 0, max: 12 }).map((n) => `key:${n}`);
  const value = fc.oneof(
    { weight: 5, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 60 }) },
    { weight: 1, arbitrary: fc.constant('x'.repeat(20_000)) },
  );
  const ttl = fc.integer({ min: -2, max: 30 });
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('put' as const), key, value }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('putFor' as const), key, value, ttl }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('expire' as const), key, ttl }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('persist' as const), key }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), key }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('rename' as const), key, to: key }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('resize' as const),
        key,
        length: fc.integer({ min: 0, max: 300 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 12 }) }),
    },
    { weight: 1, arbitrary: fc.constant({ do: 'cycle' as const }) },
  );

  test('a database is a map whose entries have deadlines', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (script) => {
        keyspace = newKeyspace();
        db = keyspace.database(1);
        let nowMs = NOW_MS;
        const model = new Map<string, { value: string; deadline: number }>();
        const live = (name: string) => {
          const entry = model.get(name);
          if (entry === undefined || (entry.deadline !== 0 && nowMs > entry.deadline)) {
            model.delete(name);
            return undefined;
          }
          return entry;
        };
        for (const one of script) {
          const ref = 'key' in one ? db.lookupWrite(Arguments.from([one.key]), 0) : 0;
          const entry = 'key' in one ? live(one.key) : undefined;
          expect(ref !== 0).toBe(entry !== undefined);
          switch (one.do) {
            case 'put':
              put(one.key, one.value);
              model.set(one.key, { value: one.value, deadline: 0 });
              break;
            case 'putFor':
              put(one.key, one.value, nowMs + one.ttl);
              model.set(one.key, { value: one.value, deadline: nowMs + one.ttl });
              break;
            case 'expire':
              if (entry === undefined) break;
              db.setDeadline(ref, nowMs + one.ttl);
              entry.deadline = nowMs + one.ttl;
              break;
            case 'persist':
              if (entry === undefined) break;
              expect(db.clearDeadline(ref)).toBe(entry.deadline !== 0);
              entry.deadline = 0;
              break;
            case 'remove':
              if (entry === undefined) break;
              db.remove(ref);
              model.delete(one.key);
              break;
            case 'rename': {
              if (entry === undefined || one.key === one.to) break;
              const args = Arguments.from([one.to]);
              const target = db.lookupWrite(args, 0);
              if (target !== 0) db.remove(target);
              db.addMoved(args, 0, db, ref);
              model.delete(one.key);
              model.set(one.to, entry);
              break;
            }
            case 'resize': {
              if (entry === undefined) break;
              const kept = entry.value.slice(0, one.length);
              const resized = db.resize(ref, one.length);
              entry.value = kept.padEnd(one.length, '+');
              db.valueMemory(resized).write(
                entry.value.slice(kept.length),
                db.valueOffset(resized) + kept.length,
                'latin1',
              );
              break;
            }
            case 'pass':
              nowMs += one.ms;
              keyspace.setTime(nowMs);
              break;
            case 'cycle':
              keyspace.expireDue(1000, () => 0);
              for (const name of [...model.keys()]) live(name);
              expect(db.size).toBe(model.size);
              break;
          }
        }
        for (const name of [...model.keys()]) live(name);
        const seen = new Map<string, string>();
        db.forEach((ref) => {
          seen.set(db.keyText(ref), db.valueText(ref));
        });
        expect(seen).toEqual(new Map([...model].map(([name, { value: held }]) => [name, held])));
        for (const [name, { value: held, deadline }] of model) {
          expect(get(name)).toBe(held);
          expect(db.deadline(db.peekText(name))).toBe(deadline);
        }
        keyspace.expireDue(1000, () => 0);
        expect(db.volatile.size).toBe([...model.values()].filter(({ deadline }) => deadline !== 0).length);
        for (const name of model.keys()) db.remove(db.peekText(name));
        expect(keyspace.heap.usedBytes).toBe(0);
      }),
      { numRuns: 150 },
    );
  });
});
