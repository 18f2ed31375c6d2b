// The 80-bit sums of INCRBYFLOAT. In the golden rows the first text was the stored value and the second the increment:
// the result is what 7.2.4 on x86-64 replied, null where either is no float, and 'overflow' for infinity or NaN.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addLongDouble,
  formatLongDouble,
  isFiniteLongDouble,
  type LongDouble,
  longDoubleFromInteger,
  parseLongDouble,
} from '../../src/base/long-double.ts';
import golden from '../golden/long-doubles-7.2.4.json' with { type: 'json' };

function parsed(text: string): LongDouble {
  const value = parseLongDouble(text);
  if (value === null) throw new Error(`not a number: ${text}`);
  return value;
}

describe('long double', () => {
  it.each(golden as [string, string, string | null][])('%j + %j', (a, b, expected) => {
    const left = parseLongDouble(a);
    const right = parseLongDouble(b);
    if (left === null || right === null) {
      expect(expected).toBeNull();
      return;
    }
    const sum = addLongDouble(left, right);
    expect(isFiniteLongDouble(sum) ? formatLongDouble(sum) : 'overflow').toBe(expected);
  });

  it('is exact for integers of up to 64 bits', () => {
    const integer = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(integer, integer, (a, b) => {
        const sum = addLongDouble(parsed(a.toString()), longDoubleFromInteger(b));
        if (a + b < 2n ** 64n && a + b > -(2n ** 64n)) expect(formatLongDouble(sum)).toBe((a + b).toString());
      }),
    );
  });

  it('takes the fast path and the slow one to the same result', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), (a, b) => {
        const slow = addLongDouble(parsed(`${a}.5`), parsed(`${b}.5`));
        const half = Math.sign(a) === Math.sign(b) ? Math.sign(a) || 1 : 0;
        if (a !== 0 && b !== 0)
          expect(formatLongDouble(slow)).toBe((BigInt(a) + BigInt(b) + BigInt(half)).toString());
        expect(formatLongDouble(addLongDouble(a, b))).toBe((BigInt(a) + BigInt(b)).toString());
      }),
    );
  });

  it('reads its own text back unchanged where 17 digits suffice', () => {
    fc.assert(
      fc.property(fc.integer({ min: -99_999, max: 99_999 }), fc.nat({ max: 9999 }), (whole, fraction) => {
        const text = formatLongDouble(parsed(`${whole}.${fraction}`));
        expect(formatLongDouble(parsed(text))).toBe(text);
      }),
    );
  });

  it('knows infinities and NaN', () => {
    expect(formatLongDouble(parsed('-INF'))).toBe('-inf');
    expect(formatLongDouble(addLongDouble(parsed('inf'), parsed('1.5')))).toBe('inf');
    expect(formatLongDouble(addLongDouble(parsed('1.5'), parsed('-inf')))).toBe('-inf');
    expect(formatLongDouble(addLongDouble(parsed('inf'), parsed('-inf')))).toBe('nan');
    expect(parseLongDouble('1'.repeat(5120))).toBeNull();
    expect(parseLongDouble('0'.repeat(5118) + 1)).toBe(1);
  });
});
