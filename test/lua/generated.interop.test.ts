// Lua's libraries beside the real server on thousands of made-up calls: the same values, the same errors.

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LuaTable } from '../../src/lua/table.ts';
import { firstValue } from '../../src/lua/value.ts';
import { findReference, ReferenceServer } from '../support/reference.ts';
import type { TestClient } from '../support/test-client.ts';
import { bitCall, json, messagePack, structCall, value } from './generated.ts';
import { SHOW } from './show.ts';
import { newWorld, runScript } from './world.ts';

const program = findReference();
const BATCHES = 20;

describe.skipIf(program?.version !== '7.2.4')('as the real server', () => {
  const state = newWorld();
  const seed = Date.now() % 2 ** 31;
  let reference: ReferenceServer;
  let client: TestClient;

  beforeAll(async () => {
    reference = await ReferenceServer.start(program!);
    client = await reference.connect();
  });

  afterAll(() => reference.stop());

  /** What a script makes of each of its arguments. */
  async function compare(script: string, inputs: string[]) {
    const theirs = await client.value('EVAL', script, '0', ...inputs);
    state.globals.setString('ARGV', LuaTable.ofList(inputs));
    const answers = firstValue(runScript(state, script));
    expect(answers).toBeInstanceOf(LuaTable);
    const ours = inputs.map((_, i) => (answers as LuaTable).getInteger(i + 1));
    if (!Array.isArray(theirs)) throw new Error(JSON.stringify(theirs));
    for (const [i, input] of inputs.entries()) expect(ours[i], `${input} (seed ${seed})`).toBe(theirs[i]);
  }

  // Calls are compiled where they are compared, so that they need no decoder.
  const CALLING = `${SHOW} local r = {} for i, v in ipairs(ARGV) do r[i] = run(loadstring(v)) end return r`;

  test.each([
    ['cjson.decode', json, 200],
    ['cmsgpack.unpack', messagePack, 200],
    // Fields come out in the order that the decoder's tables have.
    ['cjson.encode', json, 200, 'cjson.decode'],
    ['cmsgpack.pack', json, 200, 'cjson.decode'],
    ['cjson.encode', messagePack, 200, 'cmsgpack.unpack'],
  ])('%s of %s', async (name, input, count, decode = '') => {
    const script = `${SHOW} local r = {} for i, v in ipairs(ARGV) do r[i] = run(function() return ${name}(${decode}(v)) end) end return r`;
    for (let i = 0; i < BATCHES; i++) {
      await compare(script, fc.sample(input, { numRuns: count, seed: seed + i }));
    }
  });

  test.each([
    ['cjson.encode', value(true).map((spelled) => `return cjson.encode(${spelled})`)],
    ['cmsgpack.pack', value(true).map((spelled) => `return cmsgpack.pack(${spelled})`)],
    ['cjson both ways', value(false).map((spelled) => `return cjson.decode(cjson.encode(${spelled}))`)],
    [
      'cmsgpack both ways',
      value(false).map((spelled) => `return cmsgpack.unpack(cmsgpack.pack(${spelled}, 1))`),
    ],
    ['struct', structCall.map((call) => `return ${call}`)],
    ['bit', bitCall.map((call) => `return ${call}`)],
  ])('%s', async (_name, chunk) => {
    for (let i = 0; i < BATCHES; i++) {
      await compare(CALLING, fc.sample(chunk, { numRuns: 100, seed: seed + i }));
    }
  });
});
