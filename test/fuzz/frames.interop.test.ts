// The frame fuzzer beside the real server, for some seconds: the same bytes back, and the same decision to close.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { SeededRandom } from '../../src/index.ts';
import { findReference, ReferenceServer } from '../support/reference.ts';
import { TestServer } from '../support/test-server.ts';
import { readCorpus } from './corpus.ts';
import { FrameFuzzer } from './frames.ts';
import { agree, Probe } from './probe.ts';

const INPUTS_PER_SEED = 500;

let ours: TestServer;
let reference: ReferenceServer;
let ourProbe: Probe;
let theirProbe: Probe;

beforeAll(async () => {
  ours = await TestServer.start({ port: 0, realTime: true });
  reference = await ReferenceServer.start(findReference()!);
  ourProbe = await Probe.open(ours.port);
  theirProbe = await Probe.open(reference.port);
});

afterAll(async () => {
  ourProbe.close();
  theirProbe.close();
  await ours.close();
  await reference.stop();
});

async function check(input: string, cuts: readonly number[]): Promise<void> {
  const theirs = await theirProbe.outcome(input, cuts);
  const answer = await ourProbe.outcome(input, cuts, theirs);
  if (!agree(answer, theirs)) expect(answer, `${JSON.stringify(input)} cut at ${cuts}`).toEqual(theirs);
}

test('the kept inputs', async () => {
  for (const input of readCorpus()) await check(input, [input.length]);
});

test.each([11, 12, 13])('seed %i', async (seed) => {
  const fuzzer = new FrameFuzzer(new SeededRandom(Uint8Array.of(seed)));
  const seeds = readCorpus();
  for (let i = 0; i < INPUTS_PER_SEED; i++) {
    const input = fuzzer.input(seeds);
    await check(input, fuzzer.cuts(input.length));
  }
});
