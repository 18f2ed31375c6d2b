import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toBytes } from '../../src/base/bytes.ts';
import { hashSeed } from '../../src/base/hash.ts';
import { ExpiryIndex } from '../../src/keyspace/expiry-index.ts';
import { Dict } from '../../src/memory/dict.ts';
import { Heap, type Ref } from '../../src/memory/heap.ts';

/** An index beside a model: the deadlines by key. */
class CheckedIndex {
  readonly heap = new Heap();
  readonly dict = new Dict(this.heap, hashSeed(new Uint8Array(8)));
  readonly index = new ExpiryIndex(this.dict, this.heap);
  readonly model = new Map<string, number>();

  set(key: string, deadline: number): void {
    const ref = this.find(key) || this.insert(key);
    if (this.model.has(key)) this.index.update(ref, deadline);
    else this.index.add(ref, deadline);
    this.model.set(key, deadline);
  }

  remove(key: string): void {
    if (!this.model.delete(key)) return;
    const ref = this.find(key);
    this.index.remove(ref);
    expect(this.dict.deadline(ref)).toBe(0);
  }

  /** Makes the entry's block move. */
  move(key: string, length: number): void {
    if (!this.model.has(key)) return;
    const moved = this.dict.resizeValue(this.find(key), length);
    this.index.moved(moved);
  }

  /** Takes the earliest out and returns its deadline. */
  takeNext(): number {
    const deadline = this.index.nextDeadline;
    const key = this.dict.keyText(this.index.nextRef);
    expect(this.model.get(key)).toBe(deadline);
    this.remove(key);
    return deadline;
  }

  check(): void {
    const { index, dict, model } = this;
    expect(index.size).toBe(model.size);
    expect(index.nextDeadline).toBe(Math.min(Number.POSITIVE_INFINITY, ...model.values()));
    for (const [key, deadline] of model) {
      const ref = this.find(key);
      expect(dict.deadline(ref)).toBe(deadline);
      expect(index.refAt(dict.deadlinePosition(ref))).toBe(ref);
    }
  }

  private find(key: string): Ref {
    const bytes = toBytes(key);
    return this.dict.find(bytes, 0, bytes.length, this.dict.hash(bytes, 0, bytes.length));
  }

  private insert(key: string): Ref {
    const bytes = toBytes(key);
    return this.dict.insert(bytes, 0, bytes.length, this.dict.hash(bytes, 0, bytes.length), 0, true);
  }
}

const key = fc.integer({ min: 0, max: 40 }).map(String);
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('set' as const), key, n: fc.integer({ min: 1, max: 50 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), key }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('move' as const), key, n: fc.integer({ min: 0, max: 500 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('take' as const) }) },
);

describe('order', () => {
  test('the earliest deadline is always first', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (script) => {
        const checked = new CheckedIndex();
        for (const one of script) {
          if (one.do === 'set') checked.set(one.key, one.n);
          else if (one.do === 'remove') checked.remove(one.key);
          else if (one.do === 'move') checked.move(one.key, one.n);
          else if (checked.index.size > 0) checked.takeNext();
        }
        checked.check();
        let last = 0;
        while (checked.index.size > 0) {
          const deadline = checked.takeNext();
          expect(deadline).toBeGreaterThanOrEqual(last);
          last = deadline;
        }
        checked.check();
      }),
      { numRuns: 100 },
    );
  });

  test('tens of thousands of deadlines come out in order', () => {
    const checked = new CheckedIndex();
    for (let i = 0; i < 40_000; i++) checked.set(String(i), 1 + ((i * 7919) % 40_000));
    for (let i = 0; i < 40_000; i += 3) checked.set(String(i), 1 + ((i * 104_729) % 40_000));
    for (let i = 0; i < 40_000; i += 7) checked.remove(String(i));
    let last = 0;
    while (checked.index.size > 0) {
      const deadline = checked.index.nextDeadline;
      checked.index.remove(checked.index.nextRef);
      expect(deadline).toBeGreaterThanOrEqual(last);
      last = deadline;
    }
  });

  test('deadlines before the epoch are earlier than all others', () => {
    const checked = new CheckedIndex();
    checked.set('a', 5);
    checked.set('b', -5);
    checked.set('c', -(2 ** 40));
    expect(checked.takeNext()).toBe(-(2 ** 40));
    expect(checked.takeNext()).toBe(-5);
    expect(checked.takeNext()).toBe(5);
    expect(checked.index.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('memory', () => {
  test('a few deadlines take little, many take 12 bytes each, and they are given back', () => {
    const checked = new CheckedIndex();
    expect(checked.index.bytes).toBe(0);
    checked.set('0', 1);
    expect(checked.index.bytes).toBeLessThan(1000);
    for (let i = 1; i < 100_000; i++) checked.set(String(i), i);
    expect(checked.index.bytes).toBeGreaterThanOrEqual(100_000 * 12);
    expect(checked.index.bytes).toBeLessThan((100_000 + 16_384) * 12);
    for (let i = 99_999; i >= 100; i--) checked.remove(String(i));
    expect(checked.index.bytes).toBeLessThanOrEqual(2 * 16_384 * 12);
    checked.check();
    checked.index.clear();
    expect(checked.index.bytes).toBe(0);
  });
});
