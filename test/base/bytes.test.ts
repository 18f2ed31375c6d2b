// Conversions and comparisons of byte strings, against Node's Buffer.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bytesAreWord,
  bytesEqual,
  bytesEqualText,
  compareBytes,
  compareText,
  lowerCaseLatin1,
  toBytes,
  toText,
  upperCaseLatin1,
  writeText,
} from '../../src/base/bytes.ts';

const byteArray = fc.uint8Array({ maxLength: 80 });

describe('bytes', () => {
  it.each(Array.from({ length: 20 }, (_, length) => length))(
    '%i of them are as many characters',
    (length) => {
      const bytes = Uint8Array.from({ length: 40 }, (_, i) => 255 - 7 * i);
      expect(toText(bytes, 3, 3 + length)).toBe(Buffer.from(bytes).toString('latin1', 3, 3 + length));
    },
  );

  it('go to text and back', () => {
    fc.assert(
      fc.property(byteArray, fc.nat({ max: 80 }), (bytes, cut) => {
        const start = Math.min(cut, bytes.length);
        const text = toText(bytes, start);
        expect(text).toBe(Buffer.from(bytes).toString('latin1', start));
        expect(toBytes(text)).toEqual(bytes.slice(start));
        const target = new Uint8Array(bytes.length + 4);
        expect(writeText(target, 2, text)).toBe(2 + text.length);
        expect(target.slice(2, 2 + text.length)).toEqual(bytes.slice(start));
        expect(bytesEqualText(bytes, start, text.length, text)).toBe(true);
        expect(bytesEqualText(bytes, start, text.length, `${text}a`)).toBe(false);
      }),
    );
  });

  it('compare as memcmp does', () => {
    const short = fc.uint8Array({ maxLength: 4, max: 255, min: 250 });
    fc.assert(
      fc.property(short, short, (a, b) => {
        const order = Buffer.compare(a, b);
        expect(Math.sign(compareBytes(a, 0, a.length, b, 0, b.length))).toBe(order);
        expect(compareText(toText(a), toText(b))).toBe(order);
        const common = Math.min(a.length, b.length);
        expect(bytesEqual(a, 0, b, 0, common)).toBe(
          Buffer.compare(a.slice(0, common), b.slice(0, common)) === 0,
        );
      }),
    );
  });

  it('fold ASCII letters only', () => {
    expect(lowerCaseLatin1('AbZ[\xc0\xdf')).toBe('abz[\xc0\xdf');
    expect(upperCaseLatin1('aBz{\xe0\xff')).toBe('ABZ{\xe0\xff');
    expect(lowerCaseLatin1('\xc0')).toBe('\xc0');
    expect(bytesAreWord(toBytes('xMaTchy'), 1, 5, 'match')).toBe(true);
    expect(bytesAreWord(toBytes('matcH'), 0, 5, 'matcg')).toBe(false);
    expect(bytesAreWord(toBytes('match'), 0, 5, 'matc')).toBe(false);
    expect(bytesAreWord(toBytes('\x60'), 0, 1, '@')).toBe(false);
  });
});
