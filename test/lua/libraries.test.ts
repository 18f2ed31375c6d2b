// The libraries cjson, cmsgpack, struct, bit, math and table: what chunks return and throw, beside what they did on Redis
// 7.2.4. libraries.interop.test.ts asks the real server whether the recorded answers are its own.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LuaTable } from '../../src/lua/table.ts';
import { firstValue } from '../../src/lua/value.ts';
import { showing } from './show.ts';
import { newWorld, runScript } from './world.ts';

const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, '../golden/lua-libraries-7.2.4.json'), 'utf8'),
) as { cases: { chunk: string; answer: string }[] };

const state = newWorld();
state.globals.setString('KEYS', LuaTable.ofList(['key']));
state.globals.setString('ARGV', LuaTable.ofList(['arg']));

test.each(recorded.cases)('$chunk', ({ chunk, answer }) => {
  expect(firstValue(runScript(state, showing(chunk)))).toBe(answer);
});
