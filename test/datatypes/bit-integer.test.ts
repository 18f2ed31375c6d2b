// Integers within strings beside a model that does everything in bigints.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normalizeInteger } from '../../src/base/numbers.ts';
import {
  addInteger,
  fitInteger,
  OVERFLOW_RULE,
  type OverflowRule,
  readInteger,
  writeInteger,
} from '../../src/datatypes/bit-integer.ts';

const SEED = 20240502;
const LENGTH = 24;
const types = fc.oneof(fc.integer({ min: 1, max: 63 }), fc.integer({ min: -64, max: -1 }));
const rules = fc.constantFrom(...Object.values(OVERFLOW_RULE));
const int64s = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -300n, max: 300n }),
  fc.integer({ min: 0, max: 62 }).map((bits) => 2n ** BigInt(bits)),
  fc.integer({ min: 0, max: 63 }).map((bits) => -(2n ** BigInt(bits))),
);

const bitsOf = (type: number) => BigInt(Math.abs(type));
const least = (type: number) => (type < 0 ? -(2n ** (bitsOf(type) - 1n)) : 0n);
const greatest = (type: number) => 2n ** (type < 0 ? bitsOf(type) - 1n : bitsOf(type)) - 1n;
const wrap = (value: bigint, type: number) =>
  type < 0 ? BigInt.asIntN(-type, value) : BigInt.asUintN(type, value);

function fitted(value: bigint, type: number, rule: OverflowRule): bigint | null {
  if (value >= least(type) && value <= greatest(type)) return value;
  if (rule === OVERFLOW_RULE.FAIL) return null;
  if (rule === OVERFLOW_RULE.WRAP) return wrap(value, type);
  return value > greatest(type) ? greatest(type) : least(type);
}

const asBigInt = (value: number | bigint | null) => (value === null ? null : BigInt(value));

describe('integers within a string', () => {
  test('are read as they were written, and nothing else changes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: LENGTH, maxLength: LENGTH }),
        types,
        fc.nat(LENGTH * 8 - 64),
        int64s,
        fc.integer({ min: 0, max: 5 }),
        (content, type, offset, any, start) => {
          const value = wrap(any, type);
          const bytes = new Uint8Array(LENGTH + 9).fill(0xa5);
          bytes.set(content, start);
          const before = binary(bytes);
          writeInteger(bytes, start, offset, type, normalizeInteger(value));
          expect(asBigInt(readInteger(bytes, start, LENGTH, offset, type))).toBe(value);
          const bits = Math.abs(type);
          const at = start * 8 + offset;
          const written = BigInt.asUintN(bits, value).toString(2).padStart(bits, '0');
          expect(binary(bytes)).toBe(before.slice(0, at) + written + before.slice(at + bits));
        },
      ),
      { seed: SEED, numRuns: 500 },
    );
  });

  test('are followed by zeros beyond the end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 10 }), types, fc.nat(120), (content, type, offset) => {
        const bytes = new Uint8Array(40).fill(0xff);
        bytes.set(content);
        const bits = `${binary(content)}${'0'.repeat(300)}`.slice(offset, offset + Math.abs(type));
        const expected = wrap(BigInt(`0b${bits}`), type);
        expect(asBigInt(readInteger(bytes, 0, content.length, offset, type))).toBe(expected);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  test('are added as 64-bit integers are, and overflow by rule', () => {
    fc.assert(
      fc.property(types, int64s, int64s, rules, (type, any, increment, rule) => {
        const value = wrap(any, type);
        const sum = addInteger(normalizeInteger(value), normalizeInteger(increment), type, rule);
        expect(asBigInt(sum)).toBe(fitted(value + increment, type, rule));
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });

  test('are set by rule; an unsigned type takes a negative value for a large one', () => {
    fc.assert(
      fc.property(types, int64s, rules, (type, value, rule) => {
        // Observed 7.2.4: below this a value for a signed type counts as too large.
        fc.pre(type > 0 || value > greatest(type) - 2n ** 63n);
        const unsigned = type > 0 ? BigInt.asUintN(64, value) : value;
        expect(asBigInt(fitInteger(normalizeInteger(value), type, rule))).toBe(fitted(unsigned, type, rule));
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });
});

function binary(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
}
