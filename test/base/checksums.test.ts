// CRC-64/Jones and CRC-16/XMODEM: the published check values, and that a sum does not depend on how data is cut.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBytes } from '../../src/base/bytes.ts';
import { Crc64, crc16, crc64 } from '../../src/base/checksums.ts';

describe('crc64', () => {
  it('gives the check values', () => {
    expect(crc64(0n, toBytes('123456789'))).toBe(0xe9c6d914c4b8d9can);
    expect(crc64(0n, new Uint8Array(0))).toBe(0n);
    expect(crc64(0x123456789abcdef0n, new Uint8Array(0))).toBe(0x123456789abcdef0n);
  });

  it('is the plain bitwise definition', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: 7 }), (all, start) => {
        // Words are read from wherever the bytes lie.
        const bytes = all.subarray(start);
        let crc = 0n;
        for (const byte of bytes) {
          crc ^= BigInt(byte);
          for (let bit = 0; bit < 8; bit++) crc = (crc >> 1n) ^ (crc & 1n ? 0x95ac9329ac4bc9b5n : 0n);
        }
        expect(crc64(0n, bytes)).toBe(crc);
      }),
    );
  });

  it('can be continued at any byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 300 }), (bytes, at) => {
        const cut = Math.min(at, bytes.length);
        const whole = crc64(0n, bytes);
        expect(crc64(crc64(0n, bytes, 0, cut), bytes, cut)).toBe(whole);
        const running = new Crc64().update(bytes, 0, cut).update(bytes, cut);
        expect(running.value).toBe(whole);
        const written = new Uint8Array(8);
        running.write(written, 0);
        expect(new DataView(written.buffer).getBigUint64(0, true)).toBe(whole);
      }),
    );
  });
});

describe('crc16', () => {
  it('gives the check values', () => {
    expect(crc16(toBytes('123456789'))).toBe(0x31c3);
    expect(crc16(toBytes('xfooy'), 1, 4) % 16384).toBe(12182);
  });
});
