// Bits of strings beside a model of one character a bit, at every alignment and across the lengths at which the way
// of working changes.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BIT_OPERATION,
  BitChunks,
  type BitOperation,
  combineBits,
  countBits,
  countBitsBetween,
  findBit,
} from '../../src/datatypes/bitmap.ts';

const SEED = 20240501;
const BORDERS = [0, 1, 7, 127, 128, 129, 255, 256, 300, 2047, 2048, 2600, 16383, 16384, 16385, 40_000];
const lengths = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(...BORDERS));
/** Bytes that are mostly alike, as in bitmaps: a background with some others here and there. */
const contents = fc.record({
  length: lengths,
  background: fc.constantFrom(0, 0xff, 0x5a),
  others: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
  start: fc.integer({ min: 0, max: 9 }),
});
type Content = { length: number; background: number; others: [number, number][]; start: number };

/** Memory in which the value lies between bytes that must not be counted or found. */
function place({ length, background, others, start }: Content): Buffer {
  const memory = Buffer.alloc(start + length + 9, background ^ 0xff);
  memory.fill(background, start, start + length);
  for (const [at, byte] of others) if (length > 0) memory[start + (at % length)] = byte;
  return memory;
}

function bitsOf(memory: Buffer, start: number, length: number): string {
  return Array.from(memory.subarray(start, start + length), (byte) => byte.toString(2).padStart(8, '0')).join(
    '',
  );
}

const ones = (bits: string) => bits.replaceAll('0', '').length;

describe('bits of a string', () => {
  test('are counted, all or between two of them', () => {
    fc.assert(
      fc.property(contents, fc.nat(), fc.nat(), (content, a, b) => {
        const memory = place(content);
        const { start, length } = content;
        const bits = bitsOf(memory, start, length);
        expect(countBits(memory, start, length)).toBe(ones(bits));
        if (length === 0) return;
        const [first, last] = [a % bits.length, b % bits.length].sort((x, y) => x - y) as [number, number];
        expect(countBitsBetween(memory, start, first, last)).toBe(ones(bits.slice(first, last + 1)));
      }),
      { seed: SEED, numRuns: 400 },
    );
  });

  test('are found between two of them', () => {
    fc.assert(
      fc.property(contents, fc.nat(), fc.nat(), fc.constantFrom(0, 1), (content, a, b, bit) => {
        fc.pre(content.length > 0);
        const memory = place(content);
        const { start, length } = content;
        const bits = bitsOf(memory, start, length);
        for (const [x, y] of [
          [0, bits.length - 1],
          [a % bits.length, b % bits.length],
        ] as const) {
          const [first, last] = [Math.min(x, y), Math.max(x, y)];
          const found = bits.slice(0, last + 1).indexOf(String(bit), first);
          expect(findBit(memory, start, first, last, bit), `${first} to ${last}`).toBe(found);
        }
      }),
      { seed: SEED, numRuns: 400 },
    );
  });

  test('are combined, the shorter values followed by zeros, also where the target is a source', () => {
    const chunks = new BitChunks();
    fc.assert(
      fc.property(
        fc.array(contents, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(...Object.values(BIT_OPERATION)),
        fc.option(fc.nat()),
        (all, operation, alias) => {
          const taken = operation === BIT_OPERATION.NOT ? all.slice(0, 1) : all;
          const sources = taken.map((content) => ({
            bytes: place(content),
            start: content.start,
            length: content.length,
          }));
          const length = Math.max(...taken.map((content) => content.length));
          const expected = combined(operation, sources, length);
          const target = Buffer.alloc(length + 20, 0x77);
          if (alias !== null) {
            const aliased = sources[alias % sources.length]!;
            aliased.bytes.copy(target, 3, aliased.start, aliased.start + aliased.length);
            aliased.bytes = target;
            aliased.start = 3;
          }
          combineBits(operation, sources, target, 3, length, chunks);
          expect(target.subarray(3, 3 + length).equals(expected)).toBe(true);
          expect(target.subarray(0, 3).equals(Buffer.alloc(3, 0x77))).toBe(true);
          expect(target.subarray(3 + length).equals(Buffer.alloc(17, 0x77))).toBe(true);
        },
      ),
      { seed: SEED, numRuns: 200 },
    );
  });
});

function combined(
  operation: BitOperation,
  sources: readonly { bytes: Buffer; start: number; length: number }[],
  length: number,
): Buffer {
  const result = Buffer.alloc(length);
  for (let i = 0; i < length; i++) {
    const bytes = sources.map((source) => (i < source.length ? source.bytes[source.start + i]! : 0));
    if (operation === BIT_OPERATION.NOT) result[i] = ~bytes[0]!;
    else if (operation === BIT_OPERATION.AND) result[i] = bytes.reduce((a, b) => a & b);
    else if (operation === BIT_OPERATION.OR) result[i] = bytes.reduce((a, b) => a | b);
    else result[i] = bytes.reduce((a, b) => a ^ b);
  }
  return result;
}
