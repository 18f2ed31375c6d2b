// The language, as Redis 7.2.4 answered when it was recorded: operators, metatables, closures, coroutines, errors and
// their lines, syntax errors, limits. Every script runs straight through, and again with a pause at every chance.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LuaTable } from '../../src/lua/table.ts';
import { evalReply, newWorld } from './world.ts';

interface Recorded {
  readonly script: string;
  readonly reply: string;
}

const { cases } = JSON.parse(
  readFileSync(new URL('../golden/lua-language.json', import.meta.url), 'latin1'),
) as { cases: Recorded[] };

/** What is different, and why. */
const DIFFERENT: ReadonlyMap<string, string> = new Map([
  [
    "local t={} for i=1,20 do t['x'..i]=1 end for k in pairs(t) do t[k]=nil end t.y=1 t.z=1 t.w=1 local r={} for k in pairs(t) do r[#r+1]=k end return r",
    'a table forgets many keys that have gone at once, and with them what they did to the order',
  ],
  ['return math.huge', "a number that no 64 bits hold is the reply conversion's, not the language's"],
]);

function reply(script: string, options: { pauses: boolean }): string {
  const state = newWorld(options.pauses ? { shouldPause: () => true, edgesPerQuestion: 0 } : {});
  state.globals.setString('KEYS', new LuaTable(['key']));
  state.globals.setString('ARGV', new LuaTable(['a1', 'a2']));
  return evalReply(state, script);
}

describe.each([false, true])('with pauses: %s', (pauses) => {
  test.each(cases.filter(({ script }) => !DIFFERENT.has(script)))('$script', (recorded) => {
    expect(reply(recorded.script, { pauses })).toBe(recorded.reply);
  });
});

test('what is different still is', () => {
  for (const [script, why] of DIFFERENT) {
    const recorded = cases.find((one) => one.script === script);
    expect(reply(script, { pauses: false }), why).not.toBe(recorded?.reply);
  }
});
