// The table of tracked keys against a model, and its cost in memory.

import { expect, test } from 'vitest';
import { hashSeed } from '../../src/base/hash.ts';
import { TrackingTable } from '../../src/engine/tracking-table.ts';
import { Heap } from '../../src/memory/heap.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

const newTable = () => new TrackingTable(new Heap(), hashSeed(new Uint8Array(8)));

function track(table: TrackingTable, key: string, slot: number): boolean {
  const bytes = Buffer.from(`..${key}`, 'latin1');
  return table.track(bytes, 2, key.length, table.hash(bytes, 2, key.length), slot);
}

function take(table: TrackingTable, key: string): number[] {
  const bytes = Buffer.from(key, 'latin1');
  const slots: number[] = [];
  const count = table.take(bytes, 0, bytes.length, table.hash(bytes, 0, bytes.length), slots);
  return slots.slice(0, count);
}

test('remembers as a map of sets does', () => {
  const { random } = new VirtualRuntime({ seed: 7 });
  const table = newTable();
  const model = new Map<string, Set<number>>();
  const keys = Array.from({ length: 300 }, (_, i) => `${'k'.repeat(i % 40)}:${i}`);
  keys.push('', '\0\xff', 'long'.repeat(10_000));
  for (let i = 0; i < 40_000; i++) {
    const key = keys[random.below(keys.length)]!;
    if (random.below(20) > 0) {
      const slot = random.below(60);
      const slots = model.get(key) ?? new Set();
      expect(track(table, key, slot)).toBe(!slots.has(slot));
      model.set(key, slots.add(slot));
    } else {
      expect(take(table, key)).toEqual([...(model.get(key) ?? [])].sort((a, b) => a - b));
      model.delete(key);
    }
    expect(table.size).toBe(model.size);
  }
  expect(table.items).toBe([...model.values()].reduce((sum, slots) => sum + slots.size, 0));
  for (const [key, slots] of model) expect(take(table, key)).toEqual([...slots].sort((a, b) => a - b));
  expect(table.items).toBe(0);
});

test('thousands of clients of one key', () => {
  const table = newTable();
  for (let slot = 0; slot < 20_000; slot += 2) track(table, 'hot', slot);
  for (let slot = 19_999; slot > 0; slot -= 2) track(table, 'hot', slot);
  expect(track(table, 'hot', 12_345)).toBe(false);
  expect(take(table, 'hot')).toEqual(Array.from({ length: 20_000 }, (_, slot) => slot));
  expect(table.size).toBe(0);
});

test('draws entries to evict, and gives all memory back', () => {
  const { random } = new VirtualRuntime({ seed: 7 });
  const heap = new Heap();
  const table = new TrackingTable(heap, hashSeed(new Uint8Array(8)));
  for (let i = 0; i < 5000; i++) for (let slot = 0; slot <= i % 3; slot++) track(table, `key:${i}`, slot);
  const taken = new Set<string>();
  while (table.size > 0) {
    const ref = table.random(random);
    taken.add(table.keyText(ref));
    table.takeEntry(ref, []);
  }
  expect(taken.size).toBe(5000);
  expect(heap.usedBytes).toBe(0);
});

test('a key of 16 bytes that one client has read costs less than 60 bytes', () => {
  const table = newTable();
  for (let i = 0; i < 100_000; i++) track(table, `key:${String(i).padStart(12, '0')}`, 3);
  expect(table.usedBytes / table.size).toBeLessThan(60);
});
