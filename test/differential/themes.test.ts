// Random sequences about one type of value at a time, to our server and to the real one: each reply, and in the end each
// key's value, encoding and digest must be the same. RESPITE_SEED starts at another seed, RESPITE_RUNS tells how many.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/index.ts';
import { findReference, isVersionAtLeast, ReferenceServer } from '../support/reference.ts';
import { TestServer } from '../support/test-server.ts';
import { CommandFuzzer } from './commands.ts';
import { type Side, shrink, tellBoth } from './compare.ts';
import { THEMES } from './themes.ts';

const REQUESTS = 1000;
const firstSeed = Number(process.env.RESPITE_SEED ?? 1);
const runs = Number(process.env.RESPITE_RUNS ?? 5);
const program = findReference()!;

describe.each(THEMES)('$name', ({ name, commands, poolOf, config, without }) => {
  let ours: TestServer;
  let reference: ReferenceServer;
  let sides: [Side, Side];

  beforeAll(async () => {
    const directives = { ...config, 'enable-debug-command': 'yes' };
    ours = await TestServer.start({ realTime: true, config: directives });
    reference = await ReferenceServer.start(program, directives);
    sides = [
      { name: 'ours', connect: async () => ours.connect() },
      { name: 'reference', connect: () => reference.connect() },
    ];
  });

  afterAll(async () => {
    await ours.close();
    await reference.stop();
  });

  const cases = [2, 3].flatMap((protocol) =>
    Array.from({ length: runs }, (_, i) => ({ seed: firstSeed + i, protocol: protocol as 2 | 3 })),
  );
  test.each(cases)('seed $seed, RESP$protocol', async ({ seed, protocol }) => {
    const random = new SeededRandom(Buffer.from(`theme ${name} ${seed} ${protocol}`));
    const known = commands.filter(({ spec }) => isVersionAtLeast(program.version, spec.since));
    const requests = new CommandFuzzer(random, known, poolOf)
      .sequence(REQUESTS)
      .filter((request) => !request.some((word) => word.toLowerCase() in without));
    const found = await tellBoth(sides, requests, protocol);
    if (found === null) return;
    const small = await shrink(requests, async (some) => (await tellBoth(sides, some, protocol)) !== null);
    const shown = small.map((request) => `  ${request.map((arg) => JSON.stringify(arg)).join(' ')}`);
    const again = (await tellBoth(sides, small, protocol)) ?? found;
    expect.fail(`seed ${seed}, RESP${protocol}:\n${shown.join('\n')}\n${again}`);
  });
});
