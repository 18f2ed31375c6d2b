// SortedSetBuilder: members added in any order, with scores that change, come out as Redis orders them, and what it took
// is given back.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareText, toBytes, toText } from '../../src/base/bytes.ts';
import { hashSeed } from '../../src/base/hash.ts';
import { SortedSetBuilder } from '../../src/datatypes/sorted-set-builder.ts';
import { Heap } from '../../src/memory/heap.ts';

const SEED = hashSeed(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
const score = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true }));
const change = fc.tuple(fc.string({ maxLength: 6, unit: 'binary-ascii' }), score, fc.boolean());

function put(builder: SortedSetBuilder, member: string, value: number, stays: boolean): void {
  const bytes = toBytes(member);
  const hash = builder.members.hash(bytes, 0, bytes.length);
  const found = builder.find(bytes, 0, bytes.length, hash);
  if (found !== 0 && !stays) builder.remove(found, hash);
  else if (found !== 0) builder.setScore(found, value);
  else if (stays) builder.add(value, bytes, 0, bytes.length, hash);
}

function ordered(model: ReadonlyMap<string, number>): [string, number][] {
  return [...model].sort(([a, p], [b, q]) => (p === q ? compareText(a, b) : p < q ? -1 : 1));
}

describe('SortedSetBuilder', () => {
  it('orders by score, then by member', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 400 }), (changes) => {
        const heap = new Heap();
        const builder = new SortedSetBuilder(heap, SEED);
        const model = new Map<string, number>();
        for (const [member, value, stays] of changes) {
          put(builder, member, value, stays);
          if (stays) model.set(member, value);
          else model.delete(member);
        }
        expect(builder.size).toBe(model.size);
        const { refs, scores, size } = builder.inOrder();
        const got = Array.from({ length: size }, (_, i) => [builder.members.keyText(refs[i]!), scores[i]!]);
        expect(got).toEqual(ordered(model));
        builder.free();
        expect([heap.usedBytes, heap.tableBytes]).toEqual([0, 0]);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('becomes a table that finds, ranks and gives everything back', () => {
    const heap = new Heap();
    const builder = new SortedSetBuilder(heap, SEED);
    const model = new Map<string, number>();
    for (let i = 0; i < 5000; i++) {
      const member = `m${(i * 7919) % 5003}`;
      model.set(member, i % 17);
      put(builder, member, i % 17, true);
    }
    const table = builder.toTable(builder.inOrder());
    const got: [string, number][] = [];
    table.forEach((memory, start, length, value) => {
      got.push([toText(memory, start, start + length), value]);
    });
    expect(got).toEqual(ordered(model));
    for (const rank of [0, 1, 83, 84, 2500, 4999]) {
      const bytes = toBytes(got[rank]![0]);
      expect(table.rank(table.find(bytes, 0, bytes.length))).toBe(rank);
    }
    while (table.freeSome(100));
    expect([heap.usedBytes, heap.tableBytes]).toEqual([0, 0]);
  });
});
