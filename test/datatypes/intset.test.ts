// Intsets: the bytes of 7.2.4 (from DUMP payloads), every edit against an array model, and damaged blocks.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  INTSET_HEADER_BYTES,
  intsetBytes,
  intsetBytesWith,
  intsetCreate,
  intsetDelete,
  intsetFind,
  intsetHigh,
  intsetInsert,
  intsetLength,
  intsetLow,
  intsetValidate,
} from '../../src/datatypes/intset.ts';

const BASE = 5;

/** An intset in memory of its own, whose room is exactly what the functions ask for. */
class Intset {
  memory = Buffer.alloc(BASE + INTSET_HEADER_BYTES);

  constructor(...integers: bigint[]) {
    intsetCreate(this.memory, BASE);
    for (const integer of integers) this.add(integer);
  }

  find(integer: bigint): number {
    return intsetFind(this.memory, BASE, lowOf(integer), highOf(integer));
  }

  add(integer: bigint): boolean {
    const at = this.find(integer);
    if (at >= 0) return false;
    const size = intsetBytesWith(this.memory, BASE, lowOf(integer), highOf(integer));
    const room = Buffer.alloc(BASE + size, 0xee);
    this.memory.copy(room);
    this.memory = room;
    intsetInsert(this.memory, BASE, ~at, lowOf(integer), highOf(integer));
    expect(intsetBytes(this.memory, BASE)).toBe(size);
    return true;
  }

  remove(integer: bigint): boolean {
    const at = this.find(integer);
    if (at < 0) return false;
    intsetDelete(this.memory, BASE, at);
    this.memory = this.memory.subarray(0, BASE + intsetBytes(this.memory, BASE));
    return true;
  }

  get integers(): bigint[] {
    return Array.from({ length: intsetLength(this.memory, BASE) }, (_, i) => {
      const high = BigInt(intsetHigh(this.memory, BASE, i));
      return (high << 32n) | BigInt(intsetLow(this.memory, BASE, i) >>> 0);
    });
  }

  get hex(): string {
    return this.memory.toString('hex', BASE);
  }
}

const lowOf = (integer: bigint) => Number(BigInt.asIntN(32, integer));
const highOf = (integer: bigint) => Number(integer >> 32n);
const ascending = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0);

describe('intset', () => {
  it.each([
    [[1n], '02000000 01000000 0100'],
    [[3n, 1n, 2n], '02000000 03000000 0100 0200 0300'],
    [[1n, -1n, 40000n], '04000000 03000000 ffffffff 01000000 409c0000'],
    [[1n, -5n, 5000000000n], '08000000 03000000 fbffffffffffffff 0100000000000000 00f2052a01000000'],
    [[-32768n, 32767n], '02000000 02000000 0080 ff7f'],
    [[-32769n, 5n], '04000000 02000000 ff7fffff 05000000'],
    [[2147483648n, -2147483648n], '08000000 02000000 00000080ffffffff 0000008000000000'],
    [
      [9223372036854775807n, -9223372036854775808n, 9007199254740993n, 9007199254740992n],
      '08000000 04000000 0000000000000080 0000000000002000 0100000000002000 ffffffffffffff7f',
    ],
  ])('holds %s as 7.2.4 does', (integers, hex) => {
    expect(new Intset(...integers).hex).toBe(hex.replaceAll(' ', ''));
  });

  it('does what a sorted array does', () => {
    const integer = fc.oneof(
      { weight: 4, arbitrary: fc.bigInt(-20n, 20n) },
      { weight: 1, arbitrary: fc.bigInt(-40000n, 40000n) },
      { weight: 1, arbitrary: fc.bigInt(-(2n ** 33n), 2n ** 33n) },
      { weight: 1, arbitrary: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(2n ** 53n, 2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n, 0xffffffffn),
      },
    );
    const step = fc.tuple(fc.constantFrom('add', 'add', 'remove', 'find'), integer);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const set = new Intset();
        const model = new Set<bigint>();
        for (const [action, value] of steps) {
          if (action === 'add') expect(set.add(value)).toBe(!model.has(value));
          else if (action === 'remove') expect(set.remove(value)).toBe(model.has(value));
          const sorted = [...(action === 'add' ? model.add(value) : model)].sort(ascending);
          if (action === 'remove') model.delete(value);
          const expected = action === 'remove' ? sorted.filter((one) => one !== value) : sorted;
          expect(set.integers).toEqual(expected);
          const at = set.find(value);
          const place = expected.filter((one) => one < value).length;
          expect(at).toBe(model.has(value) ? place : ~place);
        }
        if (model.size > 0) {
          expect(intsetValidate(set.memory, BASE, set.memory.length - BASE, true)).toBe(true);
        }
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  it('refuses blocks that are not sound', () => {
    const sound = () => new Intset(1n, 2n, 300n).memory;
    const size = sound().length - BASE;
    expect(intsetValidate(sound(), BASE, size, true)).toBe(true);
    expect(intsetValidate(sound(), BASE, size - 1, false)).toBe(false);
    expect(intsetValidate(sound(), BASE, size + 1, false)).toBe(false);
    expect(intsetValidate(sound(), BASE, 7, false)).toBe(false);
    const width = sound();
    width[BASE] = 3;
    expect(intsetValidate(width, BASE, size, false)).toBe(false);
    const empty = new Intset().memory;
    expect(intsetValidate(empty, BASE, INTSET_HEADER_BYTES, false)).toBe(false);
    const unordered = sound();
    unordered[BASE + INTSET_HEADER_BYTES] = 2;
    expect(intsetValidate(unordered, BASE, size, false)).toBe(true);
    expect(intsetValidate(unordered, BASE, size, true)).toBe(false);
  });
});
