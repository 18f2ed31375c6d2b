import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toBytes } from '../../src/base/bytes.ts';
import { hashSeed } from '../../src/base/hash.ts';
import { SeededRandom } from '../../src/base/runtime.ts';
import { Dict, META_DEADLINE } from '../../src/memory/dict.ts';
import { Heap, type Ref } from '../../src/memory/heap.ts';

interface Entry {
  value: string;
  meta: number;
  /** Null when nobody has set one; 0 where a new entry asked for room for it. */
  deadline: number | bigint | null;
  /** Null when nobody has set it. */
  position: number | null;
}

/** A dict beside a model of it. Hashes can be made poor, so that chains are long. */
class CheckedDict {
  readonly heap = new Heap();
  readonly dict: Dict;
  readonly model = new Map<string, Entry>();
  private readonly hashMask: number;

  constructor(hashMask = -1) {
    this.dict = new Dict(this.heap, hashSeed(Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8])));
    this.hashMask = hashMask;
  }

  find(key: string): Ref {
    const bytes = toBytes(`..${key}.`);
    return this.dict.find(bytes, 2, key.length, this.hash(key));
  }

  insert(key: string, value: string, withDeadline = false): void {
    if (this.model.has(key)) return;
    const bytes = toBytes(`-${key}`);
    const ref = this.dict.insert(bytes, 1, key.length, this.hash(key), value.length, withDeadline);
    this.writeValue(ref, value, 0);
    this.model.set(key, { value, meta: 0, deadline: withDeadline ? 0 : null, position: null });
  }

  delete(key: string): void {
    if (this.model.delete(key)) this.dict.delete(this.find(key));
  }

  resize(key: string, length: number, reserve?: number): void {
    const entry = this.model.get(key);
    if (entry === undefined) return;
    const ref = this.dict.resizeValue(this.find(key), length, reserve);
    expect(this.find(key)).toBe(ref);
    const kept = entry.value.slice(0, length);
    const added = 'z'.repeat(length - kept.length);
    this.writeValue(ref, added, kept.length);
    entry.value = kept + added;
  }

  setMeta(key: string, meta: number): void {
    const entry = this.model.get(key);
    if (entry === undefined) return;
    const ref = this.find(key);
    entry.meta = meta & ~META_DEADLINE;
    this.dict.setMeta(ref, entry.meta | (this.dict.meta(ref) & META_DEADLINE));
  }

  setDeadline(key: string, deadline: number | bigint, position: number): void {
    const entry = this.model.get(key);
    if (entry === undefined) return;
    let ref = this.find(key);
    if (!this.dict.hasDeadlineSlot(ref)) {
      ref = this.dict.addDeadlineSlot(ref);
      expect(this.dict.deadline(ref)).toBe(0);
    }
    this.dict.setDeadline(ref, deadline);
    this.dict.setDeadlinePosition(ref, position);
    entry.deadline = deadline;
    entry.position = position;
  }

  /** Gives an entry another key where it is, when its block can take it. */
  rename(key: string, to: string): void {
    const entry = this.model.get(key);
    if (entry === undefined || this.model.has(to)) return;
    const ref = this.find(key);
    if (!this.dict.keyFits(ref, to.length)) return;
    this.dict.detach(ref);
    expect(this.find(key)).toBe(0);
    this.dict.attach(ref, toBytes(`=${to}`), 1, to.length, this.hash(to));
    this.model.delete(key);
    this.model.set(to, entry);
    expect(this.find(to)).toBe(ref);
  }

  scanAll(): string[] {
    const keys: string[] = [];
    let cursor = 0;
    do {
      cursor = this.dict.scan(cursor, (ref) => keys.push(this.dict.keyText(ref)));
    } while (cursor !== 0);
    return keys;
  }

  check(): void {
    const { dict, model } = this;
    expect(dict.size).toBe(model.size);
    for (const [key, entry] of model) {
      const ref = this.find(key);
      expect(ref).not.toBe(0);
      expect(dict.keyText(ref)).toBe(key);
      expect(dict.valueText(ref)).toBe(entry.value);
      expect(dict.meta(ref) & ~META_DEADLINE).toBe(entry.meta);
      if (entry.deadline === null) {
        if (dict.hasDeadlineSlot(ref)) expect(dict.deadline(ref)).toBe(0);
        continue;
      }
      if (entry.deadline === 0 && !dict.hasDeadlineSlot(ref)) continue;
      expect(dict.exactDeadline(ref)).toBe(entry.deadline);
      expect(dict.deadline(ref)).toBe(Number(entry.deadline));
      if (entry.position !== null) expect(dict.deadlinePosition(ref)).toBe(entry.position);
    }
    const scanned = this.scanAll();
    expect(scanned.length).toBe(model.size);
    expect(new Set(scanned)).toEqual(new Set(model.keys()));
    const used = [...model.keys()].reduce((sum, key) => sum + this.heap.capacity(this.find(key)), 0);
    expect(this.heap.usedBytes).toBe(used);
  }

  private hash(key: string): number {
    const bytes = toBytes(key);
    return this.dict.hash(bytes, 0, bytes.length) & this.hashMask;
  }

  private writeValue(ref: Ref, value: string, at: number): void {
    this.heap.bytes(ref).write(value, this.dict.valueOffset(ref) + at, 'latin1');
  }
}

const someKey = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 60 }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom('', '\0', '\xff\xfe', 'k'.repeat(300), 'k'.repeat(20_000)) },
);
const someLength = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 200 }) },
  { weight: 1, arbitrary: fc.constantFrom(16_300, 16_360, 16_384, 17_000, 40_000) },
);
const someDeadline = fc.oneof(
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  fc.integer({ min: -1000, max: -1 }),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
);
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('insert' as const), key: someKey, n: someLength }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), key: someKey }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('resize' as const), key: someKey, n: someLength }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('deadline' as const), key: someKey, at: someDeadline }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('meta' as const), key: someKey, n: fc.integer() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rename' as const), key: someKey, to: someKey }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rehash' as const), n: fc.nat({ max: 5 }) }) },
);

describe('entries', () => {
  test.each([
    ['of good hashes', -1],
    ['of hashes that collide', 0b101],
    ['of one hash', 0],
  ])('a dict %s holds what its model holds', (_name, hashMask) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (script) => {
        const checked = new CheckedDict(hashMask);
        for (const one of script) {
          if (one.do === 'insert') checked.insert(one.key, 'v'.repeat(one.n), one.n % 3 === 0);
          else if (one.do === 'delete') checked.delete(one.key);
          else if (one.do === 'resize') checked.resize(one.key, one.n, one.n % 2 === 0 ? one.n * 2 : one.n);
          else if (one.do === 'deadline') checked.setDeadline(one.key, one.at, script.length);
          else if (one.do === 'meta') checked.setMeta(one.key, one.n);
          else if (one.do === 'rename') checked.rename(one.key, one.to);
          else checked.dict.rehash(one.n);
        }
        checked.check();
        for (const key of [...checked.model.keys()]) checked.delete(key);
        checked.check();
        expect(checked.heap.usedBytes).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test('tens of thousands come and go, and the table with them', () => {
    const checked = new CheckedDict();
    const { dict } = checked;
    for (let i = 0; i < 30_000; i++) checked.insert(`key:${i}`, String(i));
    checked.check();
    expect(dict.tableBytes).toBeGreaterThan(30_000 * 4);
    for (let i = 0; i < 30_000; i++) if (i % 500 !== 0) checked.delete(`key:${i}`);
    checked.check();
    while (dict.rehash(100));
    checked.check();
    // Shrinking goes by halves; an eighth is what it leaves filled at least, or soon after.
    expect(dict.tableBytes).toBeLessThan(60 * 16 * 4 * 2);
    for (let i = 0; i < 30_000; i += 500) checked.delete(`key:${i}`);
    checked.check();
    expect(dict.tableBytes).toBeLessThanOrEqual(16 * 4 * 16);
  });

  test('no insertion moves a large table as a whole', () => {
    const checked = new CheckedDict();
    let rehashing = 0;
    for (let i = 0; i < 50_000; i++) {
      checked.insert(String(i), '');
      if (checked.dict.isRehashing) rehashing++;
    }
    // Each growth is spread over a number of insertions that grows with the table.
    expect(rehashing).toBeGreaterThan(10_000);
  });

  test('a table that is reserved does not grow', () => {
    const checked = new CheckedDict();
    checked.dict.reserve(10_000);
    while (checked.dict.rehash(1000));
    const bytes = checked.dict.tableBytes;
    for (let i = 0; i < 10_000; i++) checked.insert(String(i), 'v');
    expect(checked.dict.tableBytes).toBe(bytes);
    checked.check();
  });
});

describe('values that change their length', () => {
  test('one that grows with a reserve of its own length seldom moves until it is twice as long', () => {
    for (const start of [50, 400, 3000, 9000, 30_000]) {
      const checked = new CheckedDict();
      checked.insert('k', 'v'.repeat(start));
      let moves = 0;
      let ref = checked.find('k');
      for (let length = start + 1; length <= start * 2; length += Math.ceil(start / 40)) {
        checked.resize('k', length, length * 2);
        if (checked.find('k') !== ref) moves++;
        ref = checked.find('k');
      }
      // Once for the reserve, and once more where a small block becomes a large one.
      expect(moves).toBe(start === 9000 ? 2 : 1);
      checked.check();
    }
  });

  test('one that shrinks a lot gives memory back', () => {
    const checked = new CheckedDict();
    for (const length of [100_000, 20_000, 8000, 500]) {
      checked.insert('k', 'v'.repeat(length));
      const used = checked.heap.usedBytes;
      checked.resize('k', Math.floor(length / 3));
      expect(checked.heap.usedBytes).toBeLessThan(used * 0.6);
      checked.check();
      checked.delete('k');
    }
  });

  test('a block becomes large and small again with all that it holds', () => {
    const checked = new CheckedDict();
    checked.insert('key', 'value');
    checked.setMeta('key', 0x12345607);
    checked.setDeadline('key', 1_767_225_600_123, 77);
    checked.resize('key', 20_000);
    expect(checked.find('key')).toBeLessThan(0);
    checked.check();
    checked.resize('key', 3);
    expect(checked.find('key')).toBeGreaterThan(0);
    checked.check();
  });
});

describe('deadline slots', () => {
  test('a new slot says 0, whatever its memory held before', () => {
    const checked = new CheckedDict();
    for (let i = 0; i < 200; i++) checked.insert(`a${i}`, '\xff'.repeat(40));
    for (let i = 0; i < 200; i++) checked.delete(`a${i}`);
    for (let i = 0; i < 100; i++) checked.insert(`b${i}`, 'v'.repeat(30), true);
    checked.check();
    for (let i = 0; i < 100; i++) checked.insert(`c${i}`, 'v'.repeat(30));
    // Looks that a slot made later is 0 before it is set.
    for (let i = 0; i < 100; i++) checked.setDeadline(`c${i}`, i + 1, i);
    checked.check();
  });
});

describe('large blocks', () => {
  test('neither a deadline nor another name moves one', () => {
    const checked = new CheckedDict();
    checked.insert('key', 'x'.repeat(100_000));
    const ref = checked.find('key');
    checked.setDeadline('key', 1_767_225_600_123, 5);
    checked.rename('key', 'a longer name, but not too long');
    checked.rename('a longer name, but not too long', '');
    checked.rename('', 'n'.repeat(128));
    expect(checked.find('n'.repeat(128))).toBe(ref);
    checked.check();
    expect(checked.dict.keyFits(ref, 129)).toBe(false);
  });

  test('the room for the name is at least the name', () => {
    const checked = new CheckedDict();
    checked.insert('k'.repeat(20_000), 'v');
    checked.rename('k'.repeat(20_000), 'short');
    checked.check();
    checked.rename('short', 'l'.repeat(20_000));
    checked.check();
    expect(checked.dict.keyFits(checked.find('l'.repeat(20_000)), 20_001)).toBe(false);
  });
});

describe('scan', () => {
  test('what is there from the first step to the last is returned, through growth and shrinking', () => {
    const phase = fc.record({
      steps: fc.nat({ max: 40 }),
      // Positive: so many more keys; negative: so many fewer; the rest of the table is rehashed or left as it is.
      change: fc.integer({ min: -1500, max: 1500 }),
      rehash: fc.constantFrom(0, 1, 10_000),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 400 }),
        fc.integer({ min: 0, max: 1500 }),
        fc.array(phase, { maxLength: 12 }),
        (lasting, passing, phases) => {
          const checked = new CheckedDict();
          for (let i = 0; i < lasting; i++) checked.insert(`lasting:${i}`, '');
          let next = 0;
          let oldest = 0;
          const add = () => checked.insert(`passing:${next++}`, '');
          while (next < passing) add();
          const seen = new Set<string>();
          let cursor = 0;
          let done = false;
          const scanStep = () => {
            cursor = checked.dict.scan(cursor, (ref) => seen.add(checked.dict.keyText(ref)));
            done = cursor === 0;
          };
          for (const { steps, change, rehash } of phases) {
            for (let i = 0; i < steps && !done; i++) scanStep();
            for (let i = 0; i < change; i++) add();
            for (let i = 0; i > change && oldest < next; i--) checked.delete(`passing:${oldest++}`);
            checked.dict.rehash(rehash);
          }
          while (!done) scanStep();
          for (let i = 0; i < lasting; i++) expect(seen.has(`lasting:${i}`)).toBe(true);
        },
      ),
      { numRuns: 80 },
    );
  });

  test('an undisturbed scan returns each entry once, also while the table changes size', () => {
    for (const count of [0, 1, 12, 13, 100, 3000]) {
      const checked = new CheckedDict();
      for (let i = 0; i < count; i++) checked.insert(String(i), '');
      checked.check();
      for (let i = 0; i < count * 0.9; i++) checked.delete(String(i));
      checked.check();
    }
  });

  test('many steps at once are the same steps', () => {
    for (const [inserted, deleted] of [
      [0, 0],
      [20, 0],
      [1000, 0],
      [3100, 0],
      [1200, 1050],
    ] as const) {
      const checked = new CheckedDict(inserted === 20 ? 0b11 : -1);
      for (let i = 0; i < inserted; i++) checked.insert(String(i), '');
      for (let i = 0; i < deleted; i++) checked.delete(String(i));
      fc.assert(
        fc.property(
          fc.integer({ min: 0, max: 0xffffffff }),
          fc.integer({ min: 1, max: 1000 }),
          fc.integer({ min: 1, max: 3000 }),
          (start, count, maxSteps) => {
            const expected: Ref[] = [];
            let cursor = start;
            let steps = 0;
            do {
              cursor = checked.dict.scan(cursor, (ref) => expected.push(ref));
            } while (cursor !== 0 && ++steps < maxSteps && expected.length < count);
            const found: Ref[] = [];
            expect(checked.dict.scanMany(start, count, maxSteps, (ref) => found.push(ref))).toBe(cursor);
            expect(found).toEqual(expected);
          },
        ),
        { numRuns: 50 },
      );
    }
  });

  test('a pass over all entries meets each once', () => {
    for (const [inserted, deleted, hashMask] of [
      [0, 0, -1],
      [1000, 0, -1],
      [100, 0, 0b1],
      [3100, 0, -1],
      [1200, 1050, -1],
    ] as const) {
      const checked = new CheckedDict(hashMask);
      for (let i = 0; i < inserted; i++) checked.insert(String(i), '');
      for (let i = 0; i < deleted; i++) checked.delete(String(i));
      checked.insert('large', 'x'.repeat(20_000));
      const seen: string[] = [];
      checked.dict.visitAll((ref) => seen.push(checked.dict.keyText(ref)));
      expect(seen.sort()).toEqual([...checked.model.keys()].sort());
    }
  });

  test('any 32-bit cursor is taken, and leads to the end', () => {
    const checked = new CheckedDict();
    for (let i = 0; i < 1000; i++) checked.insert(String(i), '');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (start) => {
        let cursor = start;
        let steps = 0;
        do {
          cursor = checked.dict.scan(cursor, () => {});
          expect(cursor).toBeGreaterThanOrEqual(0);
          expect(++steps).toBeLessThanOrEqual(4096);
        } while (cursor !== 0);
      }),
      { numRuns: 50 },
    );
  });
});

describe('random entries', () => {
  const random = new SeededRandom(Uint8Array.from([42]));

  /** Pearson's statistic of `draws` draws: near the number of keys when all have the same chance. */
  function chiSquare(checked: CheckedDict, draws: number): number {
    const counts = new Map<string, number>([...checked.model.keys()].map((key) => [key, 0]));
    // What the dict learns of its chains while it draws is no part of the question.
    for (let i = 0; i < draws; i++) checked.dict.random(random);
    for (let i = 0; i < draws; i++) {
      const key = checked.dict.keyText(checked.dict.random(random));
      counts.set(key, counts.get(key)! + 1);
    }
    const expected = draws / counts.size;
    return [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  }

  test.each([
    ['a steady table', 200, 0, -1, false],
    ['a table that grows', 200, 0, -1, true],
    ['a table that shrinks', 1200, 1050, -1, true],
    ['chains of uneven length', 150, 0, 0b10011, false],
  ])('are drawn with equal chances from %s', (_name, inserted, deleted, hashMask, rehashing) => {
    const checked = new CheckedDict(hashMask);
    for (let i = 0; i < inserted; i++) checked.insert(String(i), '');
    for (let i = 0; i < deleted; i++) checked.delete(String(i));
    if (!rehashing) while (checked.dict.rehash(100));
    else expect(checked.dict.isRehashing).toBe(true);
    // Three standard deviations above the mean of the distribution.
    const freedom = checked.model.size - 1;
    expect(chiSquare(checked, checked.model.size * 200)).toBeLessThan(freedom + 3 * Math.sqrt(2 * freedom));
  });

  test('there is none in an empty table', () => {
    const checked = new CheckedDict();
    expect(checked.dict.random(random)).toBe(0);
    checked.insert('a', '');
    expect(checked.dict.random(random)).toBe(checked.find('a'));
    checked.delete('a');
    expect(checked.dict.random(random)).toBe(0);
  });
});

describe('emptying', () => {
  test.each([
    ['a steady table', 3000, 0],
    ['a table that grows', 3100, 0],
    ['a table that shrinks', 3000, 2700],
    ['an empty one', 0, 0],
  ])('slices free every block of %s once', (_name, inserted, deleted) => {
    const checked = new CheckedDict();
    for (let i = 0; i < inserted; i++) checked.insert(`key:${i}`, 'v'.repeat(i % 50));
    for (let i = 0; i < deleted; i++) checked.delete(`key:${i}`);
    checked.insert('large', 'x'.repeat(50_000));
    const { dict, heap, model } = checked;
    const freed: string[] = [];
    let slices = 0;
    let left = true;
    while (left) {
      const before = freed.length;
      left = dict.freeSome(16, (ref) => freed.push(dict.keyText(ref)));
      expect(dict.size).toBe(model.size - freed.length);
      expect(freed.length - before).toBeLessThan(200);
      slices++;
    }
    expect(freed.sort()).toEqual([...model.keys()].sort());
    expect(heap.usedBytes).toBe(0);
    expect(slices).toBeGreaterThanOrEqual(inserted === 0 ? 1 : 20);
    model.clear();
    checked.insert('again', 'v');
    checked.check();
  });

  test('entries that are forgotten leave an empty table', () => {
    const checked = new CheckedDict();
    for (let i = 0; i < 5000; i++) checked.insert(String(i), '');
    checked.dict.forget();
    expect(checked.dict.size).toBe(0);
    expect(checked.scanAll()).toEqual([]);
    expect(checked.find('1')).toBe(0);
  });
});

test('the figures of a table add up', () => {
  const checked = new CheckedDict(0b11111);
  for (let i = 0; i < 40; i++) checked.insert(String(i), '');
  while (checked.dict.rehash(100));
  const [stats, ...rest] = checked.dict.stats();
  expect(rest).toEqual([]);
  expect(stats!.entries).toBe(40);
  expect(stats!.chains.reduce((sum, buckets) => sum + buckets, 0)).toBe(stats!.slots);
  expect(stats!.slots - stats!.chains[0]!).toBe(stats!.usedSlots);
  expect(stats!.chains.reduce((sum, buckets, length) => sum + buckets * length, 0)).toBe(40);
  expect(stats!.chains[stats!.longestChain]).toBeGreaterThan(0);
});
