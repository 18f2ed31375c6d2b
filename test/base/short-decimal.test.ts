// Short decimals must show what 80-bit arithmetic shows, or refuse.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBytes, toText } from '../../src/base/bytes.ts';
import { addLongDouble, formatLongDouble, parseLongDouble } from '../../src/base/long-double.ts';
import {
  decimalLength,
  fractionDigitsOf,
  mantissaOf,
  significantDigits,
  sumOfDecimals,
  writeDecimal,
} from '../../src/base/short-decimal.ts';

function mantissa(text: string): number {
  return mantissaOf(toBytes(`<${text}>`), 1, text.length);
}

function sum(a: string, b: string): string | null {
  const aDigits = fractionDigitsOf(toBytes(a), 0, a.length);
  const bDigits = fractionDigitsOf(toBytes(b), 0, b.length);
  let value = sumOfDecimals(mantissa(a), aDigits, mantissa(b), bDigits);
  if (Number.isNaN(value)) return null;
  const all = Math.max(aDigits, bDigits);
  const digits = significantDigits(value, all);
  for (let i = all; i > digits; i--) value /= 10;
  const target = new Uint8Array(64);
  const end = writeDecimal(target, 3, value, digits);
  expect(end - 3).toBe(decimalLength(value, digits));
  return toText(target, 3, end);
}

function longSum(a: string, b: string): string {
  return formatLongDouble(addLongDouble(parseLongDouble(a)!, parseLongDouble(b)!));
}

describe('short decimals', () => {
  it('reads a sign, digits and a point', () => {
    expect(['0', '-0', '10.5', '-10.50', '.5', '5.', '007', '-.25'].map(mantissa)).toEqual([
      0, 0, 105, -1050, 5, 5, 7, -25,
    ]);
    expect(
      ['10.5', '5', '5.', '.123', '-0.00'].map((text) => fractionDigitsOf(toBytes(text), 0, text.length)),
    )
      // As many as stand there, zeros included.
      .toEqual([1, 0, 0, 3, 2]);
  });

  it('reads nothing else', () => {
    for (const text of ['', '-', '.', '-.', '+1', '--1', '1-', '1.2.3', '1e5', 'inf', ' 1', '1 ', '0x1']) {
      expect(mantissa(text), text).toBeNaN();
    }
    expect(mantissa('123456789012345')).toBe(123456789012345);
    expect(mantissa('1234567890123456')).toBeNaN();
  });

  it('adds and drops zeros at the end', () => {
    expect(sum('1.5', '1.5')).toBe('3');
    expect(sum('0.1', '0.2')).toBe('0.3');
    expect(sum('-1.25', '1.25')).toBe('0');
    expect(sum('-0.5', '0.25')).toBe('-0.25');
    expect(sum('0.001', '0.0009')).toBe('0.0019');
    expect(sum('1000000', '0.5')).toBe('1000000.5');
  });

  it('leaves to long doubles what they would round', () => {
    expect(sum('3000', '0.1')).toBeNull();
    expect(sum('999999999999999', '0.000000000000001')).toBeNull();
  });

  it('shows what a long double shows, or refuses', () => {
    const digits = (max: number) => fc.stringMatching(new RegExp(`^[0-9]{0,${max}}$`));
    const decimal = fc
      .tuple(fc.constantFrom('', '-'), digits(8), fc.constantFrom('', '.'), digits(9))
      .map((parts) => parts.join(''))
      .filter((text) => !Number.isNaN(mantissa(text)));
    const small = fc
      .tuple(fc.integer({ min: -640, max: 640 }), digits(12))
      .map(([tenths, rest]) => `${(tenths / 10).toFixed(1)}${rest}`);
    let answered = 0;
    for (const kind of [decimal, small]) {
      fc.assert(
        fc.property(kind, kind, (a, b) => {
          const text = sum(a, b);
          if (text === null) return;
          answered++;
          expect(text).toBe(longSum(a, b));
        }),
        { numRuns: 3000 },
      );
    }
    expect(answered).toBeGreaterThan(1000);
  });
});
