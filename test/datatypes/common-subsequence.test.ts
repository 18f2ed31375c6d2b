// The longest common subsequence against the textbook's table, in length and in the choice among equals.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBytes } from '../../src/base/bytes.ts';
import { commonSubsequence } from '../../src/datatypes/common-subsequence.ts';

type Pair = [a: number, b: number];

function found(a: string, b: string): { length: number; pairs: Pair[] } {
  const slices = {
    a: toBytes(`-${a}-`),
    aStart: 1,
    aLength: a.length,
    b: toBytes(`==${b}=`),
    bStart: 2,
    bLength: b.length,
  };
  const path = commonSubsequence(slices, true);
  expect(commonSubsequence(slices, false).length).toBe(path.length);
  const pairs: Pair[] = [];
  path.walkBack((i, j) => pairs.push([i, j]));
  return { length: path.length, pairs };
}

function byTable(a: string, b: string): { length: number; pairs: Pair[] } {
  const table = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      table[i]![j] =
        a[i - 1] === b[j - 1] ? table[i - 1]![j - 1]! + 1 : Math.max(table[i - 1]![j]!, table[i]![j - 1]!);
    }
  }
  const pairs: Pair[] = [];
  let i = a.length;
  let j = b.length;
  while (i > 0 && j > 0) {
    if (a[i - 1] === b[j - 1]) pairs.push([--i, --j]);
    else if (table[i - 1]![j]! > table[i]![j - 1]!) i--;
    else j--;
  }
  return { length: table[a.length]![b.length]!, pairs };
}

describe('commonSubsequence', () => {
  it('of nothing is nothing', () => {
    expect(found('', '')).toEqual({ length: 0, pairs: [] });
    expect(found('abc', '')).toEqual({ length: 0, pairs: [] });
    expect(found('abc', 'xyz')).toEqual({ length: 0, pairs: [] });
  });

  it('walks from the last pair to the first', () => {
    expect(found('axc', 'abc')).toEqual({
      length: 2,
      pairs: [
        [2, 2],
        [0, 0],
      ],
    });
  });

  it('agrees with the table, rows longer than a word included', () => {
    const text = (max: number) =>
      fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: max }).map((letters) => letters.join(''));
    fc.assert(
      fc.property(text(40), text(100), (a, b) => {
        expect(found(a, b)).toEqual(byTable(a, b));
      }),
      { numRuns: 300 },
    );
  });
});
