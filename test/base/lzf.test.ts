// LZF: round trips, the exact bytes for a few inputs as DUMP of 7.2.4 gives them, and damaged input.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBytes } from '../../src/base/bytes.ts';
import { LzfCompressor, lzfDecompress, lzfMayHold } from '../../src/base/lzf.ts';

const repetitive = fc
  .array(fc.tuple(fc.uint8Array({ maxLength: 12, max: 3 }), fc.nat({ max: 40 })), { maxLength: 30 })
  .map((pieces) =>
    Uint8Array.from(
      pieces.flatMap(([piece, times]) =>
        Array(times)
          .fill([...piece])
          .flat(),
      ),
    ),
  );

/** What a slice decompresses to; null when it is damaged. Not a byte beyond is written. */
function plainOf(source: Uint8Array, start: number, length: number, outLength: number): Uint8Array | null {
  if (!lzfMayHold(length, outLength)) return null;
  const target = new Uint8Array(outLength + 4).fill(0xee);
  const isSound = lzfDecompress(source, start, length, target, outLength);
  expect(target.subarray(outLength)).toEqual(new Uint8Array(4).fill(0xee));
  return isSound ? target.slice(0, outLength) : null;
}

describe('lzf', () => {
  it('gives back what was compressed', () => {
    const compressor = new LzfCompressor();
    let compressed = 0;
    fc.assert(
      fc.property(repetitive, fc.nat({ max: 3 }), (input, start) => {
        const length = Math.max(input.length - start, 0);
        const target = new Uint8Array(length + 8).fill(0xee);
        const room = Math.max(length - 4, 0);
        const size = compressor.compress(input, start, length, target, 2, room);
        expect(size).toBeLessThanOrEqual(room);
        expect(target.subarray(room + 2).every((byte) => byte === 0xee)).toBe(true);
        if (size === 0) return;
        compressed++;
        expect(plainOf(target, 2, size, length)).toEqual(input.slice(start));
        for (const wrong of [length - 1, length + 1]) expect(plainOf(target, 2, size, wrong)).toBeNull();
        expect(plainOf(target, 2, size - 1, length)).toBeNull();
      }),
      { numRuns: 300 },
    );
    expect(compressed).toBeGreaterThan(50);
  });

  it.each([
    ['a'.repeat(100), '016161e05700016161'],
    [
      'the quick brown fox jumps over the lazy dog; '.repeat(3),
      '1f74686520717569636b2062726f776e20666f78206a756d7073206f7665722074201e086c617a7920646f673b600de04b2c013b20',
    ],
    ['abcabcabcabcabcabcabcabcabcabc', '0361626361e00f02016263'],
    [
      `${'x'.repeat(33)}0123456789abcdefghijklmnopqrstuvwxyz${'x'.repeat(300)}`,
      '017878e016001f303132333435363738396162636465666768696a6b6c6d6e6f70717273747576037778797ae01642e0ff002000017878',
    ],
    [
      Array.from({ length: 60 }, (_, i) => `field:${i}`).join(','),
      '086669656c643a302c6660070031a0070032a0070033a0070034a0070035a0070036a0070037a0070038a0070039a0070031e00050c0510031c0520031c0530031c0540031c0550031c0560031c0570031c0580031c0590032c0590032c0590032c0590032c0590032c0590032c0590032c0590032c0590032c0590032c0590033c0590033c0590033c0590033c0590033c0590033c0590033c0590033c0590033c0590033c0590034c0590034c0590034c0590034c0590034c0590034c0590034c0590034c0590034c0590034c0590035c0590035c0590035c0590035c0590035c0590035c0590035c0590035c0590035c059013539',
    ],
  ])('writes the bytes that Redis writes: %#', (input, hex) => {
    const bytes = toBytes(input);
    const target = new Uint8Array(bytes.length);
    const size = new LzfCompressor().compress(bytes, 0, bytes.length, target, 0, bytes.length - 4);
    expect(Buffer.from(target.subarray(0, size)).toString('hex')).toBe(hex);
  });

  it.each([1, 2, 3, 7, 47, 48, 100, 300])('repeats what overlaps itself from %d bytes back', (distance) => {
    const input = Uint8Array.from({ length: 1000 }, (_, i) => ((i % distance) * 37) & 0xff);
    const target = new Uint8Array(1000);
    const size = new LzfCompressor().compress(input, 0, 1000, target, 0, 1000);
    expect(size).toBeGreaterThan(0);
    expect(plainOf(target, 0, size, 1000)).toEqual(input);
  });

  it('leaves alone what does not become smaller', () => {
    const target = new Uint8Array(64);
    expect(new LzfCompressor().compress(toBytes('abcdefghijklmnop'), 0, 16, target, 0, 12)).toBe(0);
    expect(new LzfCompressor().compress(new Uint8Array(0), 0, 0, target, 0, 10)).toBe(0);
  });

  it('finds damage and never throws', () => {
    expect(plainOf(Uint8Array.of(0x20, 0x00), 0, 2, 3)).toBeNull();
    expect(plainOf(Uint8Array.of(0x00), 0, 1, 1)).toBeNull();
    expect(plainOf(Uint8Array.of(0x00, 0x41, 0xe0), 0, 3, 20)).toBeNull();
    expect(plainOf(Uint8Array.of(0x00, 0x41, 0xe0, 0xff), 0, 4, 20)).toBeNull();
    expect(plainOf(new Uint8Array(4), 0, 4, 2 ** 40)).toBeNull();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat({ max: 300 }), (bytes, outLength) => {
        const result = plainOf(bytes, 0, bytes.length, outLength);
        if (result !== null) expect(result.length).toBe(outLength);
      }),
      { numRuns: 500 },
    );
  });
});
