import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ExactExponential } from '../../src/base/exact-exponential.ts';

const exact = new ExactExponential();

describe('the double nearest to the true value', () => {
  // Made with 60 digits.
  const golden = JSON.parse(
    readFileSync(join(import.meta.dirname, '../golden/exponentials.json'), 'utf8'),
  ) as { exp: [number, number][]; log: [number, number][]; pow: [number, number, number][] };

  test('exp', () => {
    for (const [x, value] of golden.exp) expect(exact.exp(x), `e^${x}`).toBe(value);
  });

  test('log', () => {
    for (const [x, value] of golden.log) expect(exact.log(x), `ln ${x}`).toBe(value);
  });

  test('pow', () => {
    for (const [x, y, value] of golden.pow) expect(exact.pow(x, y), `${x}^${y}`).toBe(value);
  });
});

describe('at the edges', () => {
  const { NaN: nan, POSITIVE_INFINITY: inf, NEGATIVE_INFINITY: less } = Number;

  test.each([
    [0, 1],
    [-0, 1],
    [1e-300, 1],
    [710, inf],
    [-746, 0],
    [inf, inf],
    [less, 0],
    [nan, nan],
  ])('e^%d', (x, value) => {
    expect(exact.exp(x)).toBe(value);
  });

  test.each([
    [0, less],
    [1, 0],
    [-1, nan],
    [inf, inf],
    [nan, nan],
    [5e-324, -744.4400719213812],
    [1.7976931348623157e308, 709.782712893384],
  ])('ln %d', (x, value) => {
    expect(exact.log(x)).toBe(value);
  });

  test.each([
    [1, nan, 1],
    [-1, inf, 1],
    [-1, less, 1],
    [nan, 0, 1],
    [0, 0, 1],
    [0, -1, inf],
    [-0, -1, less],
    [-0, 3, -0],
    [-8, 1 / 3, nan],
    [-2, 3, -8],
    [-2, -3, -0.125],
    [2, 0.5, Math.SQRT2],
    [2, 1023, 2 ** 1023],
    [2, 1024, inf],
    [2, -1074, 5e-324],
    [10, 15, 1e15],
    [10, 22, 1e22],
    [3, 33, 5559060566555523],
    [0.5, inf, 0],
    [2, less, 0],
    [inf, -1, 0],
    [less, 3, less],
    [1.5, 1, 1.5],
  ])('%d ^ %d', (x, y, value) => {
    expect(exact.pow(x, y)).toBe(value);
  });
});
