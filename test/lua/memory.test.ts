// The bound on what programs hold: what is made is counted, what is in use decides, garbage is collected before.

import { describe, expect, test } from 'vitest';
import { LuaError } from '../../src/lua/errors.ts';
import { newWorld, runScript } from './world.ts';

const MIB = 1 << 20;
const NOT_ENOUGH = expect.objectContaining({ value: 'not enough memory' });

describe('memory', () => {
  test('a string that doubles for ever ends', () => {
    const state = newWorld({ memory: { limitBytes: 64 * MIB } });
    expect(() => runScript(state, "local s='x' while true do s=s..s end")).toThrow(NOT_ENOUGH);
  });

  test('the end can be caught, and the next program has all of it again', () => {
    const state = newWorld({ memory: { limitBytes: 64 * MIB } });
    const script = "return pcall(function() local s='x' while true do s=s..s end end)";
    for (let i = 0; i < 3; i++) expect(runScript(state, script)).toEqual([false, 'not enough memory']);
  });

  test('what was let go does not count', () => {
    let held = 0;
    let collected = 0;
    const state = newWorld({
      memory: {
        limitBytes: 100 * MIB,
        measure: () => held,
        collect: () => {
          collected++;
          held = 10 * MIB;
        },
      },
    });
    held = 200 * MIB;
    expect(runScript(state, "local n=0 for i=1,2000 do n=n+#(('x'):rep(50000)..i) end return n > 0")).toBe(
      true,
    );
    expect(collected).toBe(1);
  });

  test('what is still held after that does', () => {
    const limits = { limitBytes: 100 * MIB, measure: () => 90 * MIB, collect: () => {} };
    const state = newWorld({ memory: { ...limits, measure: () => 101 * MIB } });
    expect(() => runScript(state, 'local t={} for i=1,1e7 do t[i%100]={} end')).toThrow(NOT_ENOUGH);
    // With too little free it would be collected again and again.
    let asked = 0;
    const tight = newWorld({ memory: { ...limits, measure: () => (asked++ === 0 ? 101 : 90) * MIB } });
    expect(() => runScript(tight, 'local t={} for i=1,1e7 do t[i%100]={} end')).toThrow(NOT_ENOUGH);
  });

  test('a native is refused before it makes what would not fit', () => {
    const state = newWorld({ memory: { limitBytes: 64 * MIB } });
    expect(() => runScript(state, "return #string.rep('x', 1.5e9)")).toThrow(LuaError);
  });
});
