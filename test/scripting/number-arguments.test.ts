// Numbers that scripts give to commands: whole ones take a shorter way, to the same digits.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toText } from '../../src/base/bytes.ts';
import { shortDouble } from '../../src/base/double-digits.ts';
import { NUMBER_BYTES, writeNumberArgument } from '../../src/scripting/number-arguments.ts';

function written(value: number): string {
  const target = Buffer.alloc(NUMBER_BYTES);
  return toText(target, 0, writeNumberArgument(target, 0, value));
}

test.each([
  [0, '0'],
  [-0, '-0'],
  [10_000_000, '10000000'],
  [100_000_000, '1e+8'],
  [123_400_000_000, '1.234e+11'],
  [6_963_200_000_004_096, '6963200000004096'],
  [-9_007_199_254_740_991, '-9007199254740991'],
  [0.1, '0.1'],
])('%d', (value, text) => {
  expect(written(value)).toBe(text);
});

test('whole numbers are written with the digits of any double', () => {
  const whole = fc
    .tuple(fc.maxSafeInteger(), fc.integer({ min: 0, max: 15 }))
    .map(([value, zeros]) => Math.trunc(value / 10 ** zeros) * 10 ** zeros)
    .filter((value) => value !== 0);
  fc.assert(
    fc.property(whole, (value) => {
      expect(written(value)).toBe(shortDouble(value));
    }),
    { numRuns: 2000 },
  );
});
