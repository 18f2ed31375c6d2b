// Nobody waits for a large value to go: however it is removed or overwritten, between two looks at the clock no more than
// some hundred blocks are freed, which takes some ten microseconds.

import { expect, onTestFinished, test } from 'vitest';
import { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/parser.ts';
import type { Ref } from '../../src/memory/heap.ts';
import { Server } from '../../src/server.ts';
import { TestClient } from '../support/test-client.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

const ELEMENTS = 3000;
const BATCH = 500;
const READING_US = 100;
const MOST_AT_ONCE = 1000;

async function start() {
  const virtual = new VirtualRuntime();
  let readings = 0;
  let sinceReading = 0;
  let mostAtOnce = 0;
  const clock = {
    ...virtual.clock,
    monotonicUs: () => {
      mostAtOnce = Math.max(mostAtOnce, sinceReading);
      sinceReading = 0;
      return virtual.clock.monotonicUs() + READING_US * readings++;
    },
  };
  const runtime = Object.create(virtual, { clock: { value: clock } }) as VirtualRuntime;
  const config = new Config(runtime, '/');
  loadConfig(config, virtual.files, {});
  for (const [name, value] of [
    ['save', ''],
    ['list-max-listpack-size', '2'],
    ['stream-node-max-entries', '2'],
  ]) {
    expect(config.assign(name!, value === '' ? [] : [value!])).toBe(null);
  }
  const server = new Server({
    runtime,
    config,
    executable: '',
    isEmbedded: true,
    logSink: () => {},
    onShutdown: () => {},
  });
  server.start();
  onTestFinished(() => server.close());
  const { keyspace } = server.parts;
  const { heap } = keyspace;
  const free = heap.free.bind(heap);
  let freed = 0;
  heap.free = (ref: Ref) => {
    freed++;
    sinceReading++;
    free(ref);
  };
  const client = new TestClient(server.connect());
  // As long as another database holds something, nothing goes as a whole.
  await client.pipeline(['SELECT 1', 'SET keep it', 'SELECT 0']);
  const idleBytes = keyspace.usedBytes;
  return {
    client,
    begin() {
      freed = sinceReading = mostAtOnce = 0;
    },
    /** Lets time pass until all is freed; returns how many blocks went, and how many of them at once at the most. */
    async end() {
      for (let i = 0; i < 5000 && (i < 3 || keyspace.hasPendingFrees); i++) await virtual.advance(5);
      return { freed, mostAtOnce };
    },
    get leftBytes() {
      return keyspace.usedBytes - idleBytes;
    },
    advance: (ms: number) => virtual.advance(ms),
  };
}

/** The requests that add the elements from `first` to before `end`. */
const TYPES: Readonly<Record<string, (first: number, end: number) => string[][]>> = {
  list: (first, end) => [['RPUSH', 'big', ...each(first, end, (i) => [`element:${i}`])]],
  set: (first, end) => [['SADD', 'big', ...each(first, end, (i) => [`member:${i}`])]],
  hash: (first, end) => [['HSET', 'big', ...each(first, end, (i) => [`field:${i}`, 'value'])]],
  zset: (first, end) => [['ZADD', 'big', ...each(first, end, (i) => [String(i), `member:${i}`])]],
  stream: (first, end) => numbers(first, end).map((i) => ['XADD', 'big', `${i + 1}-1`, 'field', 'value']),
};

function numbers(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, k) => first + k);
}

function each(first: number, end: number, words: (i: number) => string[]): string[] {
  return numbers(first, end).flatMap(words);
}

type Started = Awaited<ReturnType<typeof start>>;

async function fill({ client }: Started, type: string): Promise<void> {
  for (let i = 0; i < ELEMENTS; i += BATCH) {
    await client.pipeline(TYPES[type]!(i, i + BATCH));
  }
  if (type !== 'stream') return;
  await client.call('XGROUP CREATE big group 0');
  for (let i = 0; i < ELEMENTS; i += BATCH) {
    await client.call(`XREADGROUP GROUP group consumer COUNT ${BATCH} STREAMS big >`);
  }
}

const WAYS: readonly (readonly [string, ...string[]])[] = [
  ['UNLINK big'],
  ['SET big small'],
  ['RENAME small big', 'SET small it'],
  ['COPY small big REPLACE', 'SET small it'],
  ['SORT small STORE big', 'RPUSH small 2 1'],
  ['SUNIONSTORE big small', 'SADD small 2 1'],
  ['ZUNIONSTORE big 1 small', 'SADD small 2 1'],
  ['SINTERSTORE big nothing', 'SADD small 2 1'],
  ['BITOP NOT big small', 'SET small it'],
  ['GEORADIUS small 0 0 1 km STORE big', 'GEOADD small 0 0 here'],
  ['FLUSHDB ASYNC'],
  ['PEXPIRE big 10'],
];

test.each(Object.keys(TYPES))('%s', async (type) => {
  const started = await start();
  const { client } = started;
  for (const [request, ...before] of WAYS) {
    await fill(started, type);
    await client.pipeline([...before, 'PING']);
    started.begin();
    const { reply } = await client.call(request);
    expect(reply.type, request).not.toBe('error');
    if (request.startsWith('PEXPIRE')) await started.advance(50);
    const { freed, mostAtOnce } = await started.end();
    expect(freed, request).toBeGreaterThan(ELEMENTS / 20);
    expect(mostAtOnce, request).toBeLessThan(MOST_AT_ONCE);
    await client.call('UNLINK big small');
    await started.end();
    expect(started.leftBytes, request).toBeLessThan(1000);
  }
});

test('many keys, and many large values', async () => {
  const started = await start();
  const { client } = started;
  for (const request of [
    (i: number) => ['SET', `key:${i}`, 'value', 'PX', '100000'],
    (i: number) => setOf(`set:${i}`),
  ]) {
    for (let i = 0; i < ELEMENTS; i += BATCH) {
      await client.pipeline(numbers(i, i + BATCH).map(request));
    }
    started.begin();
    await client.call('FLUSHDB ASYNC');
    const { freed, mostAtOnce } = await started.end();
    expect(freed).toBeGreaterThanOrEqual(ELEMENTS);
    expect(mostAtOnce).toBeLessThan(MOST_AT_ONCE);
  }
});

function setOf(key: string): string[] {
  return ['SADD', key, ...'abcdefgh', 'x'.repeat(65)];
}
