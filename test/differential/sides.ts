// Our server and the real one for the suites that run programs live.

import { afterAll, beforeAll } from 'vitest';
import { findReference, ReferenceServer } from '../support/reference.ts';
import { TestServer } from '../support/test-server.ts';
import type { Side } from './compare.ts';

/** RESPITE_SEED, the seed of the first program. */
export const firstSeed = Number(process.env.RESPITE_SEED ?? 1);

/** Starts both servers before the tests of the suite that calls this, and stops them afterwards. */
export function sidesOf(config: Readonly<Record<string, string>> = {}): () => [Side, Side] {
  let ours: TestServer;
  let reference: ReferenceServer;

  beforeAll(async () => {
    ours = await TestServer.start({ realTime: true, config });
    reference = await ReferenceServer.start(findReference()!, config);
  });

  afterAll(async () => {
    await ours.close();
    await reference.stop();
  });

  return () => [
    { name: 'ours', connect: async () => ours.connect(), nowMs: Date.now },
    { name: 'reference', connect: () => reference.connect(), nowMs: Date.now },
  ];
}
