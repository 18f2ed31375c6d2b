// Made-up programs come to the same whether they are left at every chance, never, or followed by a debugger.

import { expect, test } from 'vitest';
import { LuaTable } from '../../src/lua/table.ts';
import { firstValue } from '../../src/lua/value.ts';
import { programOf } from './generated-programs.ts';
import { newWorld, runScript } from './world.ts';

const PROGRAMS = 150;

function outcome(script: string, pauses: boolean): unknown[] {
  const state = newWorld(pauses ? { shouldPause: () => true, edgesPerQuestion: 0 } : {});
  const list = firstValue(runScript(state, script));
  expect(list).toBeInstanceOf(LuaTable);
  return (list as LuaTable).array;
}

function outcomeInDebugger(script: string): unknown[] {
  const state = newWorld();
  state.debugger = {
    onLine(frames) {
      for (const frame of frames) frame.locals();
      return true;
    },
  };
  const execution = state.start(state.load(script, '@user_script', { debug: true }), []);
  while (execution.run() === 'paused');
  expect(execution.error).toBeUndefined();
  return (firstValue(execution.result) as LuaTable).array;
}

test.each(Array.from({ length: PROGRAMS }, (_, i) => i + 1))('program %i', (seed) => {
  const script = programOf(seed);
  const straight = outcome(script, false);
  expect(straight.length).toBeGreaterThan(2);
  expect(outcome(script, true)).toEqual(straight);
  expect(outcomeInDebugger(script)).toEqual(straight);
});
