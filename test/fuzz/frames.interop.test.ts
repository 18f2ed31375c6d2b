// The frame fuzzer beside the real server, for some seconds: the same bytes back, and the same decision to close.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/index.ts';
import { findReference, ReferenceServer } from '../support/reference.ts';
import { TestServer } from '../support/test-server.ts';
import { readCorpus } from './corpus.ts';
import { FrameFuzzer } from './frames.ts';
import { agree, Probe } from './probe.ts';

const INPUTS_PER_SEED = 400;

// Before AUTH a client may send only small requests.
describe.each([
  ['a server that is open', ''],
  ['a server that wants a password', 'secret'],
])('%s', (_name, password) => {
  let ours: TestServer;
  let reference: ReferenceServer;
  let ourProbe: Probe;
  let theirProbe: Probe;

  beforeAll(async () => {
    ours = await TestServer.start({ port: 0, realTime: true, config: { requirepass: password } });
    reference = await ReferenceServer.start(findReference()!, { requirepass: password });
    ourProbe = await Probe.open(ours.port, password);
    theirProbe = await Probe.open(reference.port, password);
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
    const shown = JSON.stringify(input.slice(0, 2000));
    if (!agree(answer, theirs)) expect(answer, `${shown} cut at ${cuts}`).toEqual(theirs);
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

  test('what is too long', async () => {
    const lines = ['*', '$', '*1\r\n$', 'ping ', '"'];
    for (const start of lines) {
      for (const length of [60_000, 65_000, 100_000, 200_000]) {
        const input = `${start}${'1'.repeat(length)}`;
        await check(input, [input.length]);
        await check(input, [1, 30_000, input.length]);
      }
    }
    for (const length of [10_000, 16_384, 16_385, 100_000]) {
      await check(`*2\r\n$4\r\nPING\r\n$${length}\r\n${'x'.repeat(length)}\r\n`, [40, length, length + 33]);
    }
    for (const count of [9, 10, 11, 12, 1000]) {
      const input = `*${count}\r\n${'$4\r\nPING\r\n'.repeat(count)}`;
      await check(input, [input.length]);
    }
  });
});
