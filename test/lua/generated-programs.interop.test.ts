// Made-up programs beside the real server: the same values, the same errors.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LuaTable } from '../../src/lua/table.ts';
import { firstValue } from '../../src/lua/value.ts';
import { findReference, ReferenceServer } from '../support/reference.ts';
import type { TestClient } from '../support/test-client.ts';
import { programOf } from './generated-programs.ts';
import { newWorld, runScript } from './world.ts';

const program = findReference();
const PROGRAMS = 200;
const MAX_RESULTS = 1000;

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
      const ours = firstValue(runScript(newWorld(), script));
      // How deep calls may be nested before they overflow the stack depends on what ran before.
      if (ours instanceof LuaTable && ours.array.length > MAX_RESULTS) continue;
      const theirs = await client.value('EVAL', script, '0');
      if (!Array.isArray(theirs) || !(ours instanceof LuaTable)) throw new Error(`seed ${seed}`);
      expect(ours.array.map(withoutAddress), `seed ${seed}`).toEqual(theirs.map(withoutAddress));
    }
  });
});

function withoutAddress(value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/0x[0-9a-f]+/g, '0x') : value;
}
