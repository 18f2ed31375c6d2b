import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newStrings } from './string-support.ts';

const strings = newStrings();
const format = (...args: (string | number)[]) => strings.call('format', ...args)[0] as string;
const double = fc.double({ noNaN: true, noDefaultInfinity: true });
const short = fc.integer({ min: -1e9, max: 1e9 }).map((n) => n / 2 ** 10);

test('%f shows the exact value, rounded half to even', () => {
  fc.assert(
    fc.property(fc.oneof(double, short), fc.integer({ min: 0, max: 99 }), (value, digits) => {
      expect(format(`%.${digits}f`, value)).toBe(exactFixed(value, digits));
    }),
    { numRuns: 1000 },
  );
});

test('%d and %x show 64 bits', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (integer) => {
      const value = Number(integer);
      const exact = BigInt(value) === 2n ** 63n ? -(2n ** 63n) : BigInt(value);
      expect(format('%d', value)).toBe(String(exact));
      expect(format('%x', value)).toBe(BigInt.asUintN(64, BigInt(value)).toString(16));
    }),
  );
});

test('a width is filled, never cut', () => {
  const flags = fc.constantFrom('', '-', '0', '+', ' ', '-+', '+0');
  fc.assert(
    fc.property(fc.integer(), flags, fc.integer({ min: 1, max: 99 }), (value, flag, width) => {
      const text = format(`%${flag}${width}d`, value);
      expect(text.length).toBe(Math.max(width, format(`%${flag.replace('0', '')}d`, value).length));
      expect(Number(text)).toBe(value);
    }),
  );
});

describe('templates', () => {
  test('more different ones than are kept', () => {
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 600; i++) expect(format(`${i}:%d%%`, i)).toBe(`${i}:${i}%`);
    }
  });

  test('a long one with more conversions than there are values', () => {
    expect(() => format('%d'.repeat(5_000_000), 1)).toThrow(
      expect.objectContaining({ value: "bad argument #3 to '?' (no value)" }),
    );
  });

  test('a result that no string can hold', () => {
    const half = 'x'.repeat(2 ** 28);
    expect(() => format('%s%s', half, half)).toThrow(expect.objectContaining({ value: 'not enough memory' }));
  });
});

function exactFixed(value: number, digits: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  let size = Math.abs(value);
  let denominator = 1n;
  while (!Number.isInteger(size)) {
    size *= 2;
    denominator *= 2n;
  }
  const scaled = BigInt(size) * 10n ** BigInt(digits);
  let rounded = scaled / denominator;
  const rest = (scaled % denominator) * 2n;
  if (rest > denominator || (rest === denominator && rounded % 2n === 1n)) rounded++;
  const text = String(rounded).padStart(digits + 1, '0');
  if (digits === 0) return sign + text;
  return `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}
