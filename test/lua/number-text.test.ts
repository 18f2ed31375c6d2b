import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  exponentText,
  generalText,
  negate,
  numberToText,
  textToNumber,
  textToNumberInBase,
} from '../../src/lua/number-text.ts';

const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, '../golden/lua-numbers-7.2.4.json'), 'utf8'),
) as {
  tostring: [number, string][];
  tonumber: [string, string][];
  tonumberInBase: [string, number, string][];
};

describe('as Redis 7.2.4', () => {
  test('tostring', () => {
    for (const [value, text] of recorded.tostring) expect(numberToText(value), text).toBe(text);
  });

  test('tonumber', () => {
    for (const [text, value] of recorded.tonumber)
      expect(shown(textToNumber(text)), text).toBe(shownText(value));
  });

  test('tonumber with a base', () => {
    for (const [text, base, value] of recorded.tonumberInBase) {
      expect(shown(textToNumberInBase(text, base)), `${text} in ${base}`).toBe(shownText(value));
    }
  });

  test.each([
    [0, '0'],
    [-0, '-0'],
    [Number.POSITIVE_INFINITY, 'inf'],
    [Number.NEGATIVE_INFINITY, '-inf'],
    [Number.NaN, '-nan'],
    [2 ** 31, '2147483648'],
    [-(2 ** 31) - 1, '-2147483649'],
  ])('%d is %s', (value, text) => {
    expect(numberToText(value)).toBe(text);
  });
});

test('a NaN without a sign keeps it through arithmetic', () => {
  const nan = textToNumber('nan')!;
  expect([nan, nan + 1, 2 * nan, negate(nan), negate(negate(nan))].map(numberToText)).toEqual([
    'nan',
    'nan',
    'nan',
    '-nan',
    'nan',
  ]);
  expect(numberToText(negate(Number.NaN))).toBe('nan');
  expect(numberToText(textToNumber('-nan')!)).toBe('-nan');
  expect([1, -0.5, Number.POSITIVE_INFINITY].map(negate)).toEqual([-1, 0.5, Number.NEGATIVE_INFINITY]);
});

describe('rounding', () => {
  const double = fc.double({ noNaN: true, noDefaultInfinity: true });
  const decimal = fc
    .tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: 0, max: 12 }))
    .map(([mantissa, power]) => mantissa / 2 ** power);

  test('is to the nearest, and of two to the even digit', () => {
    fc.assert(
      fc.property(fc.oneof(double, decimal), fc.integer({ min: 0, max: 40 }), (value, fraction) => {
        expect(exponentText(value, fraction)).toBe(exactExponentText(value, fraction));
      }),
      { numRuns: 2000 },
    );
  });

  test('a plain form means the same as the form with an exponent', () => {
    fc.assert(
      fc.property(fc.oneof(double, decimal), fc.integer({ min: 1, max: 20 }), (value, digits) => {
        const text = generalText(value, digits, false);
        expect(Number(text)).toBe(Number(exponentText(value, digits - 1)));
        expect(text).not.toMatch(/\.\d*0$|\.$|\.e|0e/);
      }),
      { numRuns: 2000 },
    );
  });

  test('whole numbers below 10^14 come back', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e14 + 1, max: 1e14 - 1 }), (value) => {
        expect(numberToText(value)).toBe(String(value));
        expect(textToNumber(numberToText(value))).toBe(value);
      }),
    );
  });

  test('every double comes back from 17 digits', () => {
    fc.assert(fc.property(double, (value) => Object.is(textToNumber(exponentText(value, 16)), value)));
  });
});

function shown(value: number | undefined): string {
  return value === undefined ? 'nil' : Object.is(value, -0) ? '-0' : String(value);
}

function shownText(text: string): string {
  if (text === 'nil' || text === '-0') return text;
  if (text.endsWith('nan')) return 'NaN';
  return String(Number(text.replace('inf', 'Infinity')));
}

/** By the exact value of the double as a fraction. */
function exactExponentText(value: number, fraction: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  if (value === 0) return `${sign}0${fraction === 0 ? '' : `.${'0'.repeat(fraction)}`}e+00`;
  let numerator = 0n;
  let denominator = 1n;
  let size = Math.abs(value);
  while (!Number.isInteger(size)) {
    size *= 2;
    denominator *= 2n;
  }
  numerator = BigInt(size);
  let exponent = 0;
  while (numerator >= denominator * 10n) {
    denominator *= 10n;
    exponent++;
  }
  while (numerator < denominator) {
    numerator *= 10n;
    exponent--;
  }
  const scaled = numerator * 10n ** BigInt(fraction);
  let digits = scaled / denominator;
  const rest = (scaled % denominator) * 2n;
  if (rest > denominator || (rest === denominator && digits % 2n === 1n)) digits++;
  if (digits === 10n ** BigInt(fraction + 1)) {
    digits /= 10n;
    exponent++;
  }
  const text = String(digits);
  const power = String(Math.abs(exponent)).padStart(2, '0');
  return `${sign}${text[0]}${fraction === 0 ? '' : '.'}${text.slice(1)}e${exponent < 0 ? '-' : '+'}${power}`;
}
