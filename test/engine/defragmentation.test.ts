// Moving blocks changes nothing that anyone can see: before every command blocks are moved at random, and what the server
// answers and holds is what an undisturbed one answers and holds. RESPITE_SEED starts at another seed, RESPITE_RUNS tells how
// many there are.

import { describe, expect, onTestFinished, test } from 'vitest';
import { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/parser.ts';
import { SeededRandom } from '../../src/index.ts';
import { DefragmentationPass } from '../../src/keyspace/defragmentation-pass.ts';
import { heapFigures } from '../../src/keyspace/leak-check.ts';
import type { Heap } from '../../src/memory/heap.ts';
import { Server } from '../../src/server.ts';
import { type Side, tell } from '../differential/compare.ts';
import { SERIES } from '../differential/programs.ts';
import { TestClient } from '../support/test-client.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

const firstSeed = Number(process.env.RESPITE_SEED ?? 1);
const runs = Number(process.env.RESPITE_RUNS ?? 1);

interface Ours extends Side {
  readonly server: Server;
  readonly virtual: VirtualRuntime;
}

function start(config: Readonly<Record<string, string>> = {}): Ours {
  const virtual = new VirtualRuntime();
  const settings = new Config(virtual, '/');
  loadConfig(settings, virtual.files, {});
  for (const [name, value] of Object.entries({
    'enable-debug-command': 'yes',
    dir: '/',
    save: '',
    ...config,
  })) {
    const error = settings.assign(name, value === '' ? [] : [value]);
    if (error !== null) throw new Error(`${name}: ${error}`);
  }
  const server = new Server({
    runtime: virtual,
    config: settings,
    executable: '',
    isEmbedded: true,
    logSink: () => {},
    onShutdown: () => {},
  });
  server.start();
  onTestFinished(() => server.close());
  return {
    name: 'ours',
    server,
    virtual,
    connect: async () => new TestClient(server.connect()),
    nowMs: () => virtual.clock.nowMs(),
  };
}

/** Lets a server move blocks before every command: a few steps of a pass, out of pages that are drawn. Returns its counts. */
function disturb({ server }: Ours, random: SeededRandom) {
  const { executor, keyspace } = server.parts;
  const counts = { hits: 0, misses: 0, keyHits: 0, keyMisses: 0 };
  let pass: DefragmentationPass | null = null;
  let heap: Heap | null = null;
  const call = executor.call.bind(executor);
  executor.call = (client, command, args) => {
    if (executor.depth === 0 && !executor.isSuspended) {
      if (pass === null || heap !== keyspace.heap) {
        ({ heap } = keyspace);
        evacuateSome(heap, random);
        pass = new DefragmentationPass(keyspace, counts);
        pass.maxScanFields = random.below(2) * 5;
      }
      for (let steps = random.below(4); steps > 0 && pass !== null; steps--) if (!pass.step()) pass = null;
      if (pass === null && random.below(2) === 0) heap!.endEvacuation();
    }
    call(client, command, args);
  };
  return counts;
}

function evacuateSome(heap: Heap, random: SeededRandom): void {
  const { segmentPages, segmentFreshPage, pagesPerSegment, pageState } = heap.pages;
  const pages: number[] = [];
  const partial: number[] = [];
  for (let segment = 0; segment < segmentPages.length; segment++) {
    for (let i = 0; i < segmentFreshPage[segment]!; i++) {
      const page = segment * pagesPerSegment + i;
      if (pageState[page] !== 0) (random.below(3) === 0 ? partial : pages).push(page);
    }
  }
  heap.evacuate({ segments: [], pages, partial });
}

function expectNothingLost({ server }: Ours): void {
  const { keyspace } = server.parts;
  keyspace.tidy(Number.POSITIVE_INFINITY, () => 0, true);
  const { usedBytes, reachableBytes } = heapFigures(keyspace);
  expect(reachableBytes).toBe(usedBytes);
}

describe.each(SERIES)('$name', (series) => {
  test.each(Array.from({ length: runs }, (_, i) => firstSeed + i))('seed %i', async (seed) => {
    const still = start(series.config);
    const moving = start(series.config);
    const counts = disturb(moving, new SeededRandom(Buffer.from(`moving ${series.name} ${seed}`)));
    const program = series.program(seed, 2);
    const some = { ...program, requests: program.requests.slice(0, 100) };
    const [expected, answered] = [await tell(still, some, 2, series), await tell(moving, some, 2, series)];
    expect(answered).toEqual(expected);
    expect(counts.hits).toBeGreaterThan(10);
    expectNothingLost(moving);
  });
});

const BIG_STEPS = 2500;
const SETTINGS = [
  [
    'CONFIG',
    'SET',
    'list-max-listpack-size',
    '5',
    'stream-node-max-entries',
    '5',
    'set-max-intset-entries',
    '0',
  ],
  ['XGROUP', 'CREATE', 'stream', 'group', '0', 'MKSTREAM'],
];

/** Requests about a few large values, which grow at first and shrink towards the end. */
function bigProgram(random: SeededRandom): string[][] {
  const requests: string[][] = [];
  let id = 0;
  for (let i = 0; i < BIG_STEPS; i++) {
    const member = `member:${random.below(1500)}`;
    const text = 'x'.repeat(random.below(random.below(10) === 0 ? 900 : 60));
    const shrinks = random.below(BIG_STEPS) < i;
    const score = String(random.below(400));
    switch (random.below(8)) {
      case 0:
        requests.push(shrinks ? ['HDEL', 'hash', member] : ['HSET', 'hash', member, text]);
        break;
      case 1:
        requests.push([shrinks ? 'SREM' : 'SADD', 'set', member]);
        break;
      case 2:
        requests.push(shrinks ? ['ZREM', 'zset', member] : ['ZADD', 'zset', score, member]);
        break;
      case 3:
        requests.push(shrinks ? ['ZPOPMIN', 'same'] : ['ZADD', 'same', '0', member]);
        break;
      case 4:
        requests.push(shrinks ? [random.below(2) === 0 ? 'LPOP' : 'RPOP', 'list'] : ['LPUSH', 'list', text]);
        break;
      case 5:
        requests.push(
          shrinks
            ? ['XDEL', 'stream', `${random.below(id + 1)}-1`]
            : ['XADD', 'stream', `${++id}-1`, member, text],
        );
        break;
      case 6:
        requests.push(
          shrinks
            ? ['XACK', 'stream', 'group', `${random.below(id + 1)}-1`]
            : ['XREADGROUP', 'GROUP', 'group', `c${random.below(3)}`, 'COUNT', '9', 'STREAMS', 'stream', '>'],
        );
        break;
      default:
        requests.push(shrinks ? ['DEL', member] : ['SET', member, text, 'PX', String(1e9 + i)]);
    }
    if (i % 16 === 0)
      requests.push(['ZRANK', 'zset', member], ['ZRANGEBYSCORE', 'zset', score, '+inf', 'LIMIT', '0', '3']);
  }
  return requests;
}

test.each(Array.from({ length: runs }, (_, i) => firstSeed + i))('large values, seed %i', async (seed) => {
  const random = new SeededRandom(Buffer.from(`big ${seed}`));
  const program = { setUp: SETTINGS, requests: bigProgram(random) };
  const still = start();
  const moving = start();
  const counts = disturb(moving, random);
  const manner = {
    blockSteps: 500,
    answer: (_: unknown, { raw }: { raw: string }) => raw,
    state: async (client: TestClient) => [
      (await client.call('DEBUG DIGEST')).raw,
      (await client.call('ZRANGE zset 0 -1 WITHSCORES')).raw,
      (await client.call('ZRANGE same 0 -1 REV')).raw,
      (await client.call('XPENDING stream group - + 9999')).raw,
      (await client.call('LRANGE list 0 -1')).raw,
    ],
  };
  const [expected, answered] = [
    await tell(still, program, 2, manner),
    await tell(moving, program, 2, manner),
  ];
  for (const [i, block] of answered.entries()) expect(block).toEqual(expected[i]);
  expect(counts.hits).toBeGreaterThan(1000);
  expectNothingLost(moving);
});
