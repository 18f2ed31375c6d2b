// A short run of the frame fuzzer with fixed seeds against a server in this process: whatever arrives, and however it is
// cut, the server answers in RESP, answers the same, goes on serving others and holds no more memory than it was sent.
// The long run, beside the real server, is run.ts.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/index.ts';
import { heldBytes } from '../support/memory.ts';
import { referenceIsRequired } from '../support/reference.ts';
import { readFrames } from '../support/resp.ts';
import { TestServer } from '../support/test-server.ts';
import { readCorpus } from './corpus.ts';
import { FrameFuzzer } from './frames.ts';

// The quick suite takes fewer.
const SEEDS = referenceIsRequired() ? [1, 2, 3, 4, 5, 6] : [1, 2];
const INPUTS_PER_SEED = 1500;
const WARM_UP_INPUTS = 300;
const MAX_GROWTH_BYTES = 16 * 1024 * 1024;

let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start();
});

afterAll(() => server.close());

interface Outcome {
  output: string;
  closed: boolean;
}

async function outcomeOf(input: string, cuts: readonly number[]): Promise<Outcome> {
  const { stream } = server.connect();
  const outcome: Outcome = { output: '', closed: false };
  stream.on('data', (chunk: Buffer) => (outcome.output += chunk.toString('latin1')));
  stream.on('close', () => (outcome.closed = true));
  stream.on('end', () => (outcome.closed = true));
  let from = 0;
  for (const to of cuts) {
    if (outcome.closed || stream.destroyed) break;
    stream.write(Buffer.from(input.slice(from, to), 'latin1'));
    from = to;
  }
  // Streams hand bytes on in ticks; a turn's replies leave with the event loop's turn.
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
  const seen = { ...outcome };
  stream.destroy();
  return seen;
}

async function check(input: string, cuts: readonly number[]): Promise<void> {
  const told = JSON.stringify(input);
  const other = server.connect();
  await other.call(['FLUSHALL']);
  const whole = await outcomeOf(input, [input.length]);
  expect(() => readFrames(whole.output, 2), told).not.toThrow();
  const endsInProtocolError = /(^|\n)-ERR Protocol error: [^\r\n]*\r\n$/.test(whole.output);
  expect(whole.closed, `${told} -> ${whole.output}`).toBe(endsInProtocolError);
  await other.call(['FLUSHALL']);
  expect(await outcomeOf(input, cuts), `${told} cut at ${cuts}`).toEqual(whole);
  expect(await other.value('PING'), told).toBe('PONG');
  other.close();
}

describe('the frame fuzzer', () => {
  test.each(SEEDS)('seed %i', async (seed) => {
    const random = new SeededRandom(Uint8Array.of(seed, 0, 0, 1));
    const fuzzer = new FrameFuzzer(random);
    const seeds = readCorpus();
    let before = 0;
    for (let i = 0; i < INPUTS_PER_SEED; i++) {
      // What the first inputs leave behind is compiled code and pools.
      if (i === WARM_UP_INPUTS) before = await heldBytes();
      const input = fuzzer.input(seeds);
      await check(input, fuzzer.cuts(input.length));
    }
    expect((await heldBytes()) - before).toBeLessThan(MAX_GROWTH_BYTES);
  });
});

test('the kept inputs', async () => {
  const fuzzer = new FrameFuzzer(new SeededRandom(Uint8Array.of(9)));
  for (const input of readCorpus()) await check(input, fuzzer.cuts(input.length));
});

test('an announced length costs nothing before its bytes arrive', async () => {
  const before = await heldBytes();
  const clients = Array.from({ length: 50 }, () => server.connect());
  for (const client of clients) client.write('*1048576\r\n$536870912\r\nabc');
  for (const client of clients) client.write('*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\nabc');
  await server.connect().call('PING');
  expect((await heldBytes()) - before).toBeLessThan(MAX_GROWTH_BYTES);
  for (const client of clients) client.close();
});
