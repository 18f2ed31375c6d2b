// A few seconds of the soak (test/soak), always the same. RESPITE_SOAK_SECONDS makes it longer, RESPITE_SEED another one.

import { expect, test } from 'vitest';
import { expectSound } from '../soak/expectations.ts';
import { LONG_SECONDS, soak } from '../soak/soak.ts';

const seconds = Number(process.env.RESPITE_SOAK_SECONDS ?? 10);
const seed = Number(process.env.RESPITE_SEED ?? 1);

test('a server under everything at once keeps its size and loses nothing', {
  timeout: (seconds + 60) * 1000,
}, async () => {
  const result = await soak({ seconds, seed });
  expect(expectSound(result, { isLong: seconds >= LONG_SECONDS })).toEqual([]);
  expect(result.requests).toBeGreaterThan(1000);
});
