// Made-up programs beside the real server: the same values, the same errors.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LuaTable } from '../../src/lua/table.ts';
import { firstValue, type LuaValue } from '../../src/lua/value.ts';
import { findReference, ReferenceServer } from '../support/reference.ts';
import type { TestClient } from '../support/test-client.ts';
import { programOf } from './generated-programs.ts';
import { newWorld } from './world.ts';

const program = findReference();
const PROGRAMS = 200;
const MAX_RESULTS = 1000;
const MAX_PAUSES = 1000;

describe.skipIf(program?.version !== '7.2.4')('as the real server', () => {
  const first = Date.now() % 2 ** 31;
  let reference: ReferenceServer;
  let client: TestClient;

  beforeAll(async () => {
    reference = await ReferenceServer.start(program!);
    client = await reference.connect();
  });

  afterAll(() => reference.stop());

  test('programs', async () => {
    for (let seed = first; seed < first + PROGRAMS; seed++) {
      const script = programOf(seed);
      const ours = outcome(script);
      // How deep calls may be nested before they overflow the stack depends on what ran before.
      if (ours === null || ours.length > MAX_RESULTS) continue;
      const theirs = await client.value('EVAL', script, '0');
      if (!Array.isArray(theirs)) throw new Error(`seed ${seed}`);
      expect(ours.map(withoutAddress), `seed ${seed}`).toEqual(theirs.map(withoutAddress));
    }
  });
});

/** What a program returns; null if that takes long. */
function outcome(script: string): LuaValue[] | null {
  const state = newWorld({ shouldPause: () => true });
  const execution = state.start(state.load(script, '@user_script'), []);
  for (let pauses = 0; execution.run() === 'paused'; pauses++) if (pauses > MAX_PAUSES) return null;
  expect(execution.error, script).toBeUndefined();
  return (firstValue(execution.result) as LuaTable).array;
}

function withoutAddress(value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/0x[0-9a-f]+/g, '0x') : value;
}
