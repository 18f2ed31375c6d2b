import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sortPart } from '../../src/base/partial-sort.ts';

const SEED = 20240504;
const ascending = (a: number, b: number) => a - b;

describe('sorting a part of an array', () => {
  test('puts there what a whole sort would, and loses nothing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 300 }),
        fc.nat(),
        fc.nat(),
        (items, a, b) => {
          const [first, last] = [a % items.length, b % items.length].sort(ascending) as [number, number];
          const expected = items.toSorted(ascending);
          const sorted = items.slice();
          sortPart(sorted, ascending, first, last);
          expect(sorted.slice(first, last + 1)).toEqual(expected.slice(first, last + 1));
          expect(sorted.toSorted(ascending)).toEqual(expected);
        },
      ),
      { seed: SEED, numRuns: 1000 },
    );
  });

  test('stays fast where all are equal, in order or in reverse', () => {
    for (const valueAt of [() => 7, (i: number) => i, (i: number) => -i]) {
      const items = Array.from({ length: 20_000 }, (_, i) => valueAt(i));
      let compared = 0;
      const counting = (a: number, b: number) => {
        compared++;
        return a - b;
      };
      sortPart(items, counting, 0, 9);
      expect(items.slice(0, 10)).toEqual(items.toSorted(ascending).slice(0, 10));
      expect(compared).toBeLessThan(200_000);
    }
  });
});
