// Lists under many settings, told to our server and to the real one: the answers must be the same, and so must be the nodes
// that a list has become, after every request. RESPITE_SEED starts at another seed, RESPITE_RUNS tells how many.

import { describe, test } from 'vitest';
import { expectAlike } from './compare.ts';
import { LIST_NODES } from './programs.ts';
import { firstSeed, sidesOf } from './sides.ts';

const runs = Number(process.env.RESPITE_RUNS ?? 20);

describe(LIST_NODES.name, () => {
  const sides = sidesOf(LIST_NODES.config);

  test.each(Array.from({ length: runs }, (_, i) => firstSeed + i))('seed %i', async (seed) => {
    const program = LIST_NODES.program(seed, 2);
    await expectAlike(sides(), program, 2, { ...LIST_NODES, blockSteps: 1 });
  });
});
