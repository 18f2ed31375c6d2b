// HyperLogLogs beside an array of registers: both forms hold the same, and the hash is MurmurHash64A as bigints compute
// it. That the bytes are Redis's is what hyperloglog.interop.test.ts asks a real server.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  countElements,
  countOfRegisters,
  DENSE_BYTES,
  denseRegister,
  EMPTY_BYTES,
  HistogramLanes,
  hasCount,
  isHyperLogLog,
  mergeRegisters,
  REGISTERS,
  raiseDense,
  readCount,
  runBytes,
  runLength,
  runValue,
  writeCount,
  writeDense,
  writeEmptyHyperLogLog,
} from '../../src/datatypes/hyperloglog.ts';
import { hashElement, registerOf, registerValueOf } from '../../src/datatypes/hyperloglog-hash.ts';
import {
  growthOfRaise,
  locatedValue,
  locateRun,
  raiseSparse,
} from '../../src/datatypes/hyperloglog-sparse.ts';

const SEED = 20240503;
const MASK = 2n ** 64n - 1n;
const M = 0xc6a4a7935bd1e995n;
const histogram = new HistogramLanes();

/** The hash as its author wrote it down. */
function murmurHash64A(bytes: Uint8Array): bigint {
  const length = BigInt(bytes.length);
  let hash = 0xadc83b19n ^ ((length * M) & MASK);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  for (; at + 8 <= bytes.length; at += 8) {
    let block = (view.getBigUint64(at, true) * M) & MASK;
    block = ((block ^ (block >> 47n)) * M) & MASK;
    hash = ((hash ^ block) * M) & MASK;
  }
  if (at < bytes.length) {
    let rest = 0n;
    for (let i = bytes.length - 1; i >= at; i--) rest = (rest << 8n) | BigInt(bytes[i]!);
    hash = ((hash ^ rest) * M) & MASK;
  }
  hash = ((hash ^ (hash >> 47n)) * M) & MASK;
  return hash ^ (hash >> 47n);
}

/** A sparse value at an odd place of some memory, beside its registers. */
class SparseModel {
  readonly at = 5;
  readonly bytes = new Uint8Array(70_000).fill(0xee);
  readonly registers = new Uint8Array(REGISTERS);
  length = EMPTY_BYTES;

  constructor() {
    writeEmptyHyperLogLog(this.bytes, this.at);
  }

  raise(index: number, value: number): void {
    const { bytes, at, length } = this;
    const location = locateRun(bytes, at, length, index);
    expect(locatedValue(bytes, at, location)).toBe(this.registers[index]);
    if (value <= this.registers[index]!) return;
    const growth = growthOfRaise(bytes, at, length, location, index);
    this.length = raiseSparse(bytes, at, length, location, index, value, growth);
    expect(this.length).toBeLessThanOrEqual(length + growth);
    this.registers[index] = value;
    expect(hasCount(bytes, at)).toBe(false);
  }

  check(): void {
    const { bytes, at, length, registers } = this;
    expect(isHyperLogLog(bytes, at, length)).toBe(true);
    const end = at + length;
    let index = 0;
    for (let run = at + 16; run < end; run += runBytes(bytes[run]!)) {
      for (let left = runLength(bytes, run, end); left > 0; left--) {
        if (registers[index++] !== runValue(bytes[run]!)) throw new Error(`register ${index - 1} is wrong`);
      }
    }
    expect(index).toBe(REGISTERS);
    const merged = new Uint8Array(REGISTERS);
    expect(mergeRegisters(merged, bytes, at, length)).toBe(true);
    expect(Buffer.compare(merged, registers)).toBe(0);
    expect(countElements(bytes, at, length, histogram)).toBe(countOfRegisters(registers, histogram));
  }
}

/** Registers near each other and at the ends, so that runs are split and joined. */
const raises = fc.array(
  fc.tuple(
    fc.oneof(fc.integer({ min: 100, max: 140 }), fc.constantFrom(0, 1, 16382, 16383), fc.nat(REGISTERS - 1)),
    fc.oneof(fc.integer({ min: 1, max: 3 }), fc.constant(32)),
  ),
  { maxLength: 200 },
);

describe('HyperLogLogs', () => {
  test('place elements as MurmurHash64A says', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(3), (element, start) => {
        const memory = new Uint8Array(element.length + start + 1).fill(0x99);
        memory.set(element, start);
        const hash = murmurHash64A(element);
        const rest = (hash >> 14n) | (1n << 50n);
        let value = 1;
        while (((rest >> BigInt(value - 1)) & 1n) === 0n) value++;
        const hashed = hashElement(memory, start, element.length);
        expect(registerOf(hashed)).toBe(Number(hash & 16383n));
        expect(registerValueOf(hashed)).toBe(value);
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });

  test('in the sparse form hold the registers that they were given', () => {
    fc.assert(
      fc.property(raises, (all) => {
        const model = new SparseModel();
        for (const [index, value] of all) model.raise(index, value);
        model.check();
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  test('may have every register different in the sparse form', () => {
    const model = new SparseModel();
    for (let index = 0; index < REGISTERS; index += 7) model.raise(index, 1 + (index % 32));
    model.check();
    for (let index = REGISTERS - 1; index >= 0; index--) model.raise(index, 1 + ((index * 5) % 32));
    model.check();
  });

  test('in the dense form hold the registers that they were given', () => {
    fc.assert(
      fc.property(raises, raises, (first, second) => {
        const at = 3;
        const bytes = new Uint8Array(DENSE_BYTES + 9).fill(0xee);
        writeEmptyHyperLogLog(bytes, at);
        const registers = new Uint8Array(REGISTERS);
        for (const [index, value] of first) registers[index] = value;
        writeDense(bytes, at, registers);
        for (const [index, value] of second) {
          const higher = value * 2 - 1;
          expect(raiseDense(bytes, at, index, higher)).toBe(higher > registers[index]!);
          registers[index] = Math.max(registers[index]!, higher);
        }
        for (let i = 0; i < REGISTERS; i++) {
          if (denseRegister(bytes, at, i) !== registers[i]) throw new Error(`register ${i} is wrong`);
        }
        expect(bytes.subarray(at + DENSE_BYTES).every((byte) => byte === 0xee)).toBe(true);
        expect(countElements(bytes, at, DENSE_BYTES, histogram)).toBe(countOfRegisters(registers, histogram));
      }),
      { seed: SEED, numRuns: 100 },
    );
  });

  test('keep their count in the header', () => {
    const bytes = new Uint8Array(EMPTY_BYTES);
    writeEmptyHyperLogLog(bytes, 0);
    for (const count of [0, 1, 255, 256, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]) {
      writeCount(bytes, 0, count);
      expect(readCount(bytes, 0)).toBe(count);
    }
    writeCount(bytes, 0, 2 ** 63);
    expect(hasCount(bytes, 0)).toBe(false);
    expect(readCount(bytes, 0)).toBe(-(2n ** 63n));
  });

  test('count within a few standard errors', () => {
    const registers = new Uint8Array(REGISTERS);
    const element = new Uint32Array(1);
    const bytes = new Uint8Array(element.buffer);
    for (let n = 1; n <= 300_000; n++) {
      element[0] = n;
      const hashed = hashElement(bytes, 0, bytes.length);
      const index = registerOf(hashed);
      registers[index] = Math.max(registers[index]!, registerValueOf(hashed));
      if (![10, 100, 1000, 10_000, 100_000, 300_000].includes(n)) continue;
      const off = Math.abs(countOfRegisters(registers, histogram) - n) / n;
      expect(off, `of ${n}`).toBeLessThan((4 * 1.04) / Math.sqrt(REGISTERS));
    }
  });

  test('are corrupted when their runs are too short, too long, or are none', () => {
    const registers = new Uint8Array(REGISTERS);
    const withRuns = (...runs: number[]) => {
      const bytes = new Uint8Array(16 + runs.length);
      writeEmptyHyperLogLog(bytes.subarray(0, 16), 0);
      bytes[4] = 1;
      bytes.set(runs, 16);
      return bytes;
    };
    for (const runs of [[], [0x05], [0x7f, 0xfe], [0x7f, 0xff, 0x00], [0x7f]]) {
      const bytes = withRuns(...runs);
      expect(mergeRegisters(registers, bytes, 0, bytes.length), String(runs)).toBe(false);
      expect(countElements(bytes, 0, bytes.length, histogram)).toBe(-1);
    }
    expect(locateRun(withRuns(0x05), 0, 17, 6)).toBe(-1);
    expect(locateRun(withRuns(0x05), 0, 17, 5)).toBeGreaterThan(0);
  });
});
