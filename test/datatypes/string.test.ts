// Encodings of string values, and how seldom a growing value moves.

import { describe, expect, it } from 'vitest';
import { toBytes } from '../../src/base/bytes.ts';
import { hashSeed } from '../../src/base/hash.ts';
import { KIND } from '../../src/datatypes/kind.ts';
import { grownBytes, MAX_STRING_BYTES, plainStringKind, stringKind } from '../../src/datatypes/string.ts';
import { Dict } from '../../src/memory/dict.ts';
import { Heap } from '../../src/memory/heap.ts';

const MB = 1024 * 1024;

function kindOf(text: string) {
  return stringKind(toBytes(`9${text}9`), 1, text.length);
}

describe('the encoding of a string', () => {
  it('is int for the canonical form of a 64-bit integer', () => {
    for (const text of ['0', '7', '-7', '10000', '9223372036854775807', '-9223372036854775808']) {
      expect(kindOf(text), text).toBe(KIND.STRING_INT);
    }
  });

  it('is embstr for any other short value', () => {
    for (const text of [
      '',
      '-',
      '-0',
      '00',
      '+1',
      ' 1',
      '1 ',
      '1.0',
      '9223372036854775808',
      'x'.repeat(44),
    ]) {
      expect(kindOf(text), text).toBe(KIND.STRING_EMBSTR);
    }
    expect(plainStringKind(44)).toBe(KIND.STRING_EMBSTR);
  });

  it('is raw for any longer one', () => {
    expect(kindOf('x'.repeat(45))).toBe(KIND.STRING_RAW);
    expect(kindOf('1'.repeat(45))).toBe(KIND.STRING_RAW);
    expect(plainStringKind(45)).toBe(KIND.STRING_RAW);
  });
});

describe('room to grow', () => {
  it('is at most the double, and less for the very small and the very large', () => {
    expect(grownBytes(0)).toBe(0);
    expect(grownBytes(1)).toBe(1);
    expect(grownBytes(100)).toBe(150);
    expect(grownBytes(100_000)).toBe(200_000);
    expect(grownBytes(MB)).toBe(2 * MB);
    expect(grownBytes(4 * MB)).toBe(5 * MB);
    expect(grownBytes(80 * MB)).toBe(90 * MB);
    expect(grownBytes(MAX_STRING_BYTES - 5)).toBe(MAX_STRING_BYTES);
  });

  it.each([1, 7, 300])('lets a value that grows by %i bytes at a time move seldom', (step) => {
    const dict = new Dict(new Heap(), hashSeed(toBytes('12345678')));
    const key = toBytes('key');
    let ref = dict.insert(key, 0, key.length, dict.hash(key, 0, key.length), 0, false);
    let moves = 0;
    for (let length = step; length < 200_000; length += step) {
      const at = dict.resizeValue(ref, length, grownBytes(length));
      if (at !== ref) moves++;
      ref = at;
    }
    expect(moves).toBeLessThan(30);
  });
});
