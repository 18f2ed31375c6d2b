// Integers and doubles as text. The golden doubles were stored and read back through ZADD and ZSCORE of 7.2.4.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBytes, toText } from '../../src/base/bytes.ts';
import {
  checkedAddInt64,
  DOUBLE_TEXT_BYTES,
  formatDouble,
  INT64_MAX,
  INT64_MIN,
  parseDouble,
  parseDoubleBytes,
  parseDoubleLeniently,
  parseInt64,
  parseInt64Bytes,
  parseInt64Slow,
  parseSafeInteger,
  parseScanCursor,
  parseUint64,
  writeDouble,
  writeSafeInteger,
} from '../../src/base/numbers.ts';
import goldenDoubles from '../golden/doubles-7.2.4.json' with { type: 'json' };

/** The slice stands between digits, which a parser that looks beyond its bounds would take. */
function slice<T>(text: string, parse: (bytes: Uint8Array, start: number, length: number) => T): T {
  return parse(toBytes(`9${text}0`), 1, text.length);
}

const int64 = fc.oneof(
  fc.bigInt({ min: INT64_MIN, max: INT64_MAX }),
  fc.maxSafeInteger().map(BigInt),
  fc.integer({ min: -2000, max: 2000 }).map((n) => BigInt(n)),
);

function normal(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

describe('int64', () => {
  it('reads every canonical text', () => {
    fc.assert(
      fc.property(int64, (value) => {
        const text = value.toString();
        const expected = normal(value);
        expect(parseInt64(text)).toBe(expected);
        expect(slice(text, parseInt64Bytes)).toBe(expected);
        expect(parseInt64Slow(text)).toBe(value);
        expect(slice(text, parseSafeInteger)).toBe(typeof expected === 'number' ? expected : Number.NaN);
      }),
    );
  });

  it.each([
    '',
    '-',
    '-0',
    '+1',
    '00',
    '01',
    '-01',
    ' 1',
    '1 ',
    '1.0',
    '1e3',
    '0x1',
    'a',
    '1a',
    '--1',
    '1\0',
    '9223372036854775808',
    '-9223372036854775809',
    '99999999999999999999',
    '-99999999999999999999',
    '100000000000000000000',
  ])('refuses %j', (text) => {
    expect(parseInt64(text)).toBeNull();
    expect(parseInt64Slow(text)).toBeNull();
    expect(slice(text, parseInt64Bytes)).toBeNull();
    expect(slice(text, parseSafeInteger)).toBeNaN();
  });

  it('adds within int64 only', () => {
    fc.assert(
      fc.property(int64, int64, (a, b) => {
        const sum = a + b;
        const expected = sum > INT64_MAX || sum < INT64_MIN ? null : normal(sum);
        expect(checkedAddInt64(normal(a), normal(b))).toBe(expected);
      }),
    );
    expect(checkedAddInt64(INT64_MAX, 1)).toBeNull();
    expect(checkedAddInt64(INT64_MIN, -1)).toBeNull();
    expect(checkedAddInt64(INT64_MAX, INT64_MIN)).toBe(-1);
  });

  it('writes safe integers', () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer()), (value) => {
        const target = new Uint8Array(24);
        expect(toText(target, 3, writeSafeInteger(target, 3, value))).toBe(String(value));
      }),
    );
  });
});

describe('uint64', () => {
  it.each<[string, number | bigint | null, number | bigint | null]>([
    // text, as a stream ID part, as a scan cursor
    ['0', 0, 0],
    ['17', 17, 17],
    ['007', 7, 7],
    ['18446744073709551615', 18446744073709551615n, 18446744073709551615n],
    ['18446744073709551616', null, null],
    ['9007199254740992', 9007199254740992n, 9007199254740992n],
    ['', null, 0],
    ['-', null, null],
    ['-1', null, 18446744073709551615n],
    ['-01', 18446744073709551615n, 18446744073709551615n],
    ['+5', 5, 5],
    [' 5', 5, null],
    ['5 ', null, null],
    ['5x', null, null],
    ['5\0x', 5, 5],
    ['\0', null, 0],
    ['99999999999999999999999', null, null],
  ])('%j', (text, part, cursor) => {
    expect(parseUint64(text)).toBe(part);
    expect(parseScanCursor(text)).toBe(cursor);
  });
});

describe('doubles', () => {
  it.each(goldenDoubles as [string, string | null][])('%j is %j', (text, expected) => {
    const value = parseDouble(text);
    expect(value === null ? null : formatDouble(value)).toBe(expected);
    expect(slice(text, parseDoubleBytes)).toBe(value ?? Number.NaN);
  });

  it('formats so that the same double is read back', () => {
    const target = new Uint8Array(DOUBLE_TEXT_BYTES);
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        const text = formatDouble(value);
        expect(parseDouble(text)).toBe(value);
        expect(toText(target, 0, writeDouble(target, 0, value))).toBe(text);
      }),
      { numRuns: 1000 },
    );
    expect(formatDouble(Number.NaN)).toBe('nan');
  });

  it('reads short decimals from bytes as from text', () => {
    const decimal = fc
      .tuple(fc.integer({ min: -999_999, max: 999_999 }), fc.nat({ max: 9_999_999 }))
      .map(([whole, fraction]) => `${whole}.${fraction}`);
    fc.assert(
      fc.property(decimal, (text) => {
        expect(slice(text, parseDoubleBytes)).toBe(Number(text));
      }),
    );
  });

  it('reads whole numbers up to the last that is exact, and beyond', () => {
    const near = fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n }).map(String);
    fc.assert(
      fc.property(near, (text) => {
        expect(slice(text, parseDoubleBytes)).toBe(Number(text));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['', 0],
    [' 1', 1],
    ['\n\t-1.5', -1.5],
    ['1\0x', 1],
    ['\0', 0],
    ['1e400', Number.POSITIVE_INFINITY],
    ['-1e400', Number.NEGATIVE_INFINITY],
    ['1e-400', 0],
    ['-1e-400', -0],
    ['0x1p5000', Number.POSITIVE_INFINITY],
    ['-0x1p-5000', -0],
    [' -inf', Number.NEGATIVE_INFINITY],
    ['infinity', Number.POSITIVE_INFINITY],
    ['+3.', 3],
    [' ', null],
    ['1 ', null],
    ['nan', null],
    ['0x', null],
    ['1e', null],
    ['--1', null],
  ])('reads %j leniently as %d', (text, value) => {
    expect(parseDoubleLeniently(text)).toBe(value);
  });

  it('rounds hexadecimal half to even', () => {
    expect(parseDouble('0x1.00000000000008p0')).toBe(1);
    expect(parseDouble('0x1.00000000000018p0')).toBe(1 + 2 * Number.EPSILON);
    expect(parseDouble('0x1.000000000000081p0')).toBe(1 + Number.EPSILON);
    expect(parseDouble('0x1.8p-1074')).toBe(2 * 5e-324);
  });
});
