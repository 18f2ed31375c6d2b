import { describe, expect, test } from 'vitest';
import { toBytes, toText } from '../../src/base/bytes.ts';
import { hashSeed } from '../../src/base/hash.ts';
import { SeededRandom } from '../../src/base/runtime.ts';
import { SortedSetTable } from '../../src/datatypes/sorted-set-table.ts';
import { Heap } from '../../src/memory/heap.ts';

const SEED = hashSeed(Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]));

function filled(heap: Heap, count: number): SortedSetTable {
  const table = new SortedSetTable(heap, SEED);
  for (let i = 0; i < count; i++) table.putText((i * 7919) % count, `member:${i}`);
  return table;
}

function elements(table: SortedSetTable): [string, number][] {
  const all: [string, number][] = [];
  table.forEach((memory, start, length, score) => {
    all.push([toText(memory, start, start + length), score]);
  });
  return all;
}

describe('SortedSetTable', () => {
  test('members know their scores and ranks', () => {
    const table = filled(new Heap(), 1000);
    const bytes = toBytes('member:3');
    const ref = table.find(bytes, 0, bytes.length);
    expect(table.score(ref)).toBe((3 * 7919) % 1000);
    expect(table.rank(ref)).toBe((3 * 7919) % 1000);
    table.update(ref, -1.5);
    expect([table.score(ref), table.rank(ref)]).toEqual([-1.5, 0]);
    table.remove(ref);
    expect(table.find(bytes, 0, bytes.length)).toBe(0);
    expect(table.size).toBe(999);
    table.removeRanks(0, 1);
    table.removeRanks(10, 500);
    expect(table.size).toBe(498);
    expect(table.members.size).toBe(498);
  });

  test('a copy is equal, and independent', () => {
    const heap = new Heap();
    const table = filled(heap, 500);
    table.putText(3.25, 'x'.repeat(20_000));
    table.putText(-0, 'minus zero');
    const copy = table.copy();
    const before = elements(table);
    expect(elements(copy)).toEqual(before);
    table.removeRanks(0, 501);
    table.putText(1, 'left');
    expect(elements(copy)).toEqual(before);
  });

  test('it frees all that it has taken, in slices', () => {
    const heap = new Heap();
    const table = filled(heap, 5000);
    expect(table.pieces).toBe(5000);
    expect(table.usedBytes).toBe(heap.usedBytes + heap.tableBytes);
    let slices = 1;
    while (table.freeSome(256)) slices++;
    expect(slices).toBeGreaterThan(20);
    expect(heap.usedBytes).toBe(0);
    expect(heap.tableBytes).toBe(0);
  });

  test('a member of a large set costs about 72 bytes', () => {
    const heap = new Heap();
    const random = new SeededRandom(Uint8Array.from([9]));
    const table = new SortedSetTable(heap, SEED);
    for (let i = 0; i < 90_000; i++) {
      table.putText(random.below(1e6), `element:${String(i).padStart(12, '0')}`);
    }
    expect(table.usedBytes / table.size).toBeLessThan(75);
  });
});
