import { beforeEach, describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/base/runtime.ts';
import { KIND } from '../../src/datatypes/kind.ts';
import type { LargeValue } from '../../src/datatypes/large-value.ts';
import type { Database } from '../../src/keyspace/database.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import type { Heap, Ref } from '../../src/memory/heap.ts';
import { Arguments } from '../../src/resp/arguments.ts';

const NO_TIME = () => 0;

/** A value of so many blocks, which it takes from the heap and gives back. */
class Blocks implements LargeValue {
  private readonly heap: Heap;
  private readonly refs: Ref[];

  constructor(heap: Heap, count: number) {
    this.heap = heap;
    this.refs = Array.from({ length: count }, () => heap.alloc(64));
  }

  get pieces(): number {
    return this.refs.length;
  }

  get usedBytes(): number {
    return this.refs.length * 64;
  }

  copy(): Blocks {
    return new Blocks(this.heap, this.refs.length);
  }

  moveSome(): number {
    return 0;
  }

  freeSome(pieces: number): boolean {
    for (const ref of this.refs.splice(0, pieces)) this.heap.free(ref);
    return this.refs.length > 0;
  }
}

let keyspace: Keyspace;
let db: Database;

beforeEach(() => {
  keyspace = new Keyspace(4, new SeededRandom(Uint8Array.from([3])));
  db = keyspace.database(0);
});

const key = (name: string) => Arguments.from([name]);

function put(name: string, count: number, to = db): Blocks {
  const args = key(name);
  const value = new Blocks(keyspace.heap, count);
  to.writeLarge(args, 0, to.lookupWrite(args, 0), KIND.LIST_NODES, value);
  return value;
}

function setString(name: string, text: string): void {
  const args = key(name);
  const ref = db.write(args, 0, db.lookupWrite(args, 0), KIND.STRING_RAW, text.length, false);
  db.valueMemory(ref).write(text, db.valueOffset(ref), 'latin1');
}

const largeOf = (name: string, of = db) => of.large(of.peekText(name));

/** Frees what waits, in slices, and returns how many slices it took. */
function tidy(): number {
  let slices = 0;
  do slices++;
  while (keyspace.tidy(0, NO_TIME, false));
  return slices;
}

describe('a large value', () => {
  test('is found by its entry, and its bytes are the entry’s', () => {
    const value = put('a', 10);
    expect(largeOf('a')).toBe(value);
    expect(db.entryBytes(db.peekText('a'))).toBeGreaterThanOrEqual(640);
  });

  test('removed at once leaves the heap as it was', () => {
    const before = keyspace.heap.usedBytes;
    put('a', 1000);
    db.remove(db.peekText('a'));
    expect(keyspace.heap.usedBytes).toBe(before);
    expect(keyspace.pendingFrees).toBe(0);
    expect(keyspace.stats.lazyFreed).toBe(0);
  });

  test('of many pieces removed lazily is freed in slices and counted', () => {
    const before = keyspace.heap.usedBytes;
    let asked = 0;
    keyspace.onWork = () => asked++;
    put('a', 1000);
    db.remove(db.peekText('a'), true);
    expect(db.size).toBe(0);
    expect(keyspace.pendingFrees).toBe(1);
    expect(asked).toBe(1);
    expect(tidy()).toBeGreaterThan(3);
    expect(keyspace.heap.usedBytes).toBe(before);
    expect(keyspace.stats.lazyFreed).toBe(1);
  });

  test('of few pieces is freed at once, lazily or not', () => {
    const before = keyspace.heap.usedBytes;
    put('a', 64);
    db.remove(db.peekText('a'), true);
    expect(keyspace.heap.usedBytes).toBe(before);
    expect(keyspace.pendingFrees).toBe(0);
  });

  test('that another value takes the place of is freed', () => {
    setString('a', 'text');
    const before = keyspace.heap.usedBytes;
    put('a', 1000);
    setString('a', 'text');
    expect(db.valueText(db.peekText('a'))).toBe('text');
    tidy();
    expect(keyspace.heap.usedBytes).toBe(before);
    put('a', 30);
    put('a', 40);
    expect(largeOf('a').pieces).toBe(40);
  });

  test('made of a small one, and turned into one again, keeps the key and its deadline', () => {
    setString('a', 'x'.repeat(100));
    db.setDeadline(db.peekText('a'), 5000);
    const value = new Blocks(keyspace.heap, 3);
    db.enlarge(db.peekText('a'), KIND.SET_TABLE, value);
    expect([db.kind(db.peekText('a')), largeOf('a')]).toEqual([KIND.SET_TABLE, value]);
    expect(db.deadline(db.peekText('a'))).toBe(5000);
    db.shrink(db.peekText('a'), KIND.SET_PACKED, 7);
    expect([db.kind(db.peekText('a')), db.valueLength(db.peekText('a'))]).toEqual([KIND.SET_PACKED, 7]);
    expect(db.deadline(db.peekText('a'))).toBe(5000);
    expect(value.pieces).toBe(0);
  });

  test('is copied with the key, and goes with it when it is renamed or moved', () => {
    const value = put('a', 100);
    db.addCopy(key('b'), 0, db, db.peekText('a'));
    expect(largeOf('b')).not.toBe(value);
    expect(largeOf('b').pieces).toBe(100);
    db.addMoved(key('a longer name'), 0, db, db.peekText('a'));
    expect(largeOf('a longer name')).toBe(value);
    const other = keyspace.database(1);
    other.addMoved(key('a longer name'), 0, db, db.peekText('a longer name'));
    expect(largeOf('a longer name', other)).toBe(value);
    expect(value.pieces).toBe(100);
    expect([db.size, other.size]).toEqual([1, 1]);
  });

  test.each([true, false])('goes with its database (at once: %s) while others stay', (now) => {
    put('other', 5, keyspace.database(1));
    const before = keyspace.heap.usedBytes;
    for (let i = 0; i < 20; i++) put(`key:${i}`, 200);
    setString('string', 'x');
    expect(keyspace.flush(db, now)).toBe(21);
    if (now) expect(keyspace.pendingFrees).toBe(0);
    tidy();
    expect(keyspace.heap.usedBytes).toBe(before);
    expect(keyspace.stats.lazyFreed).toBe(now ? 0 : 21);
    expect(largeOf('other', keyspace.database(1)).pieces).toBe(5);
  });

  test('goes with all databases, and what waited to be freed with it', () => {
    put('a', 1000);
    put('b', 1000);
    db.remove(db.peekText('a'), true);
    keyspace.flushAll(true);
    expect(keyspace.pendingFrees).toBe(0);
    expect(keyspace.heap.usedBytes).toBe(0);
    expect(tidy()).toBe(1);
  });
});
