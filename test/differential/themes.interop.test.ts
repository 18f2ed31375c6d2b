// Random programs about one type of value at a time, told to our server and to the real one: each reply, and after each
// block every key's value, encoding, deadline and digest must be the same. RESPITE_SEED starts at another seed,
// RESPITE_RUNS tells how many.

import { describe, test } from 'vitest';
import { expectAlike } from './compare.ts';
import { SERIES } from './programs.ts';
import { firstSeed, sidesOf } from './sides.ts';

const runs = Number(process.env.RESPITE_RUNS ?? 5);

describe.each(SERIES.filter(({ suite }) => suite === 'themes'))('$name', (series) => {
  const sides = sidesOf(series.config);

  const cases = ([2, 3] as const).flatMap((protocol) =>
    Array.from({ length: runs }, (_, i) => ({ seed: firstSeed + i, protocol })),
  );
  test.each(cases)('seed $seed, RESP$protocol', async ({ seed, protocol }) => {
    await expectAlike(sides(), series.program(seed, protocol), protocol, series);
  });
});
