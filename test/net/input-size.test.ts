// How much memory a connection takes for input. That it is the memory that CLIENT LIST shows is in engine/client.test.ts.

import { describe, expect, test } from 'vitest';
import { grownCapacity, isKept, trimmedCapacity } from '../../src/net/input-size.ts';

const KB = 1024;
const MB = 1024 * KB;

describe('growing', () => {
  test('has room for what is there', () => {
    for (const used of [0, 1, 16 * KB, 100 * KB, MB, 3 * MB, 600 * MB]) {
      for (const missing of [0, 1, MB, 512 * MB]) {
        const capacity = grownCapacity(used, missing);
        expect(capacity, `${used} + ${missing}`).toBeGreaterThanOrEqual(used);
        expect(capacity, `${used} + ${missing}`).toBeGreaterThanOrEqual(16 * KB);
      }
    }
  });

  test('believes no announcement before a good part of it has arrived', () => {
    expect(grownCapacity(100, 512 * MB)).toBe(16 * KB);
    expect(grownCapacity(500 * KB, 512 * MB)).toBe(1000 * KB);
    expect(grownCapacity(MB, 512 * MB)).toBe(64 * MB);
  });

  test('of a large value allocates the rest at once, and exactly', () => {
    expect(grownCapacity(64 * MB, 448 * MB + 2)).toBe(512 * MB + 2);
    expect(grownCapacity(2 * MB, 10)).toBe(2 * MB + 10);
  });

  test('costs a constant amount for each byte that arrives', () => {
    let capacity = 0;
    let copied = 0;
    for (let used = 0; used < 100 * MB; used += 32 * KB) {
      if (used <= capacity) continue;
      copied += used;
      capacity = grownCapacity(used, 0);
    }
    expect(copied).toBeLessThan(200 * MB);
  });
});

describe('trimming', () => {
  test('takes all from who is idle but what it uses', () => {
    expect(trimmedCapacity(16 * KB, 0, 0, 16 * KB, 2001)).toBe(0);
    expect(trimmedCapacity(MB, 1000, 500 * KB, MB, 2001)).toBe(1000);
    expect(trimmedCapacity(16 * KB, 0, 0, 16 * KB, 2000)).toBe(16 * KB);
  });

  test('leaves what is hardly more than used', () => {
    expect(trimmedCapacity(4 * KB, 0, 0, 0, 10_000)).toBe(4 * KB);
    expect(trimmedCapacity(20 * KB, 16 * KB, 0, 0, 10_000)).toBe(20 * KB);
  });

  test('leaves who is busy what it has needed lately', () => {
    expect(trimmedCapacity(MB, 0, 0, 600 * KB, 0)).toBe(MB);
    expect(trimmedCapacity(MB, 0, 0, 100 * KB, 0)).toBe(100 * KB);
    expect(trimmedCapacity(MB, 0, 0, 10, 0)).toBe(16 * KB);
    expect(trimmedCapacity(32 * KB, 0, 0, 10, 0)).toBe(32 * KB);
  });

  test('leaves room for the rest of a request', () => {
    expect(trimmedCapacity(MB, 100 * KB, 800 * KB, 100 * KB, 0)).toBe(MB);
    expect(trimmedCapacity(4 * MB, 100 * KB, 800 * KB, 100 * KB, 0)).toBe(900 * KB);
  });
});

test('what is very large is not kept', () => {
  expect([isKept(16 * KB), isKept(4 * MB), isKept(4 * MB + 1)]).toEqual([true, true, false]);
});
