// The key events that random programs of every theme cause, received by a subscriber of our server and of the real one: the
// same messages, in the same order. RESPITE_SEED starts at another seed, RESPITE_RUNS tells how many.

import { describe, test } from 'vitest';
import { expectAlike } from './compare.ts';
import { KEY_EVENTS } from './programs.ts';
import { firstSeed, sidesOf } from './sides.ts';
import { THEMES } from './themes.ts';

const runs = Number(process.env.RESPITE_RUNS ?? 2 * THEMES.length);

describe('key events', () => {
  const sides = sidesOf(KEY_EVENTS.config);

  const cases = ([2, 3] as const).flatMap((protocol) =>
    Array.from({ length: runs }, (_, i) => ({ seed: firstSeed + i, protocol })),
  );
  test.each(cases)('seed $seed, RESP$protocol', async ({ seed, protocol }) => {
    await expectAlike(sides(), KEY_EVENTS.program(seed, protocol), protocol, KEY_EVENTS);
  });
});
