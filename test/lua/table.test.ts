// Tables: the array and the hash part against a model, borders, and traversal while values go.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LuaTable } from '../../src/lua/table.ts';
import type { LuaValue } from '../../src/lua/value.ts';

const KEY = fc.oneof(
  fc.integer({ min: -2, max: 14 }),
  fc.constantFrom<LuaValue>('a', 'b', 'c', 'dd', 'x1', 'x2', 'x3', 'x4', 'x5', true, false, 1.5, 2 ** 40),
);
const VALUE = fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined, freq: 3 });

function keysOf(table: LuaTable): LuaValue[] {
  const keys: LuaValue[] = [];
  for (let key = table.next(undefined); key !== undefined; key = table.next(key)) keys.push(key);
  return keys;
}

describe('a table', () => {
  test('holds what a map would, and each key once', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(KEY, VALUE), { maxLength: 80 }), (steps) => {
        const table = new LuaTable();
        const model = new Map<LuaValue, LuaValue>();
        for (const [key, value] of steps) {
          table.set(key, value);
          if (value === undefined) model.delete(key);
          else model.set(key, value);
          const border = table.length();
          expect(border === 0 || model.has(border)).toBe(true);
          expect(model.has(border + 1)).toBe(false);
        }
        for (const [key, value] of model) expect(table.get(key)).toBe(value);
        const keys = keysOf(table);
        expect(keys.length).toBe(model.size);
        expect(new Set(keys)).toEqual(new Set(model.keys()));
      }),
    );
  });

  test('can be emptied while it is gone through', () => {
    fc.assert(
      fc.property(fc.array(KEY, { maxLength: 60 }), (keys) => {
        const table = new LuaTable();
        for (const key of keys) table.set(key, 1);
        let count = 0;
        for (let key = table.next(undefined); key !== undefined; key = table.next(key)) {
          table.set(key, undefined);
          count++;
        }
        expect(count).toBe(new Set(keys).size);
        expect(table.next(undefined)).toBeUndefined();
        expect(table.length()).toBe(0);
      }),
    );
  });

  test('forgets the slots of keys that went', () => {
    const table = new LuaTable();
    for (let i = 0; i < 10_000; i++) {
      table.setString(`k${i}`, i);
      table.setString(`k${i}`, undefined);
    }
    expect(table.keys.length).toBeLessThan(100);
  });

  test('refuses nil and NaN as keys, and to go on from a key that it never had', () => {
    const table = new LuaTable();
    expect(() => table.set(undefined, 1)).toThrow(expect.objectContaining({ value: 'table index is nil' }));
    expect(() => table.set(Number.NaN, 1)).toThrow(expect.objectContaining({ value: 'table index is NaN' }));
    expect(() => table.next('no')).toThrow(expect.objectContaining({ value: "invalid key to 'next'" }));
    expect(table.get(undefined)).toBeUndefined();
    expect(table.get(Number.NaN)).toBeUndefined();
  });
});
