// The table of request workloads: what redis-benchmark is asked to send, and what the server holds when it does. The
// default tests keep redis-benchmark's own keys and arguments; those that take things out (LPOP, SPOP, ...) are given
// enough to take, because popping from nothing measures nothing. Running them is requests.ts's business.

import { NUMBER } from './loader.ts';

/** Data that a server is given before a run. */
export interface Fill {
  readonly command: readonly string[];
  readonly count: number;
}

export interface Workload {
  /** Unique; what `--only` matches. */
  readonly name: string;
  /** The command that is measured, in upper case. */
  readonly command: string;
  readonly pipeline: number;
  readonly requests: number;
  /** redis-benchmark's arguments that select the test. */
  readonly args: readonly string[];
  readonly fill: Fill | null;
  /** The runs change how much data there is: start each one, not only the first, from the filled state. */
  readonly refill: boolean;
}

const RANDOM_KEYS = 1_000_000;
const RANDOM_LARGE_KEYS = 100_000;
const LARGE_VALUE_BYTES = 1024;
const LRANGE_ELEMENTS = 1000;

interface DefaultTest {
  readonly name: string;
  readonly command: string;
  /** The command to send where redis-benchmark's `-t` would first fill a list of its own within the measured time. */
  readonly send?: readonly string[];
  readonly fill?: (requests: number) => Fill;
  readonly refill?: boolean;
  /** Share of the ordinary number of requests, for replies that are long. */
  readonly share?: number;
}

const fillList = (count: number): Fill => ({ command: ['RPUSH', 'mylist', 'xxx'], count });
const fillSet = (count: number): Fill => ({ command: ['SADD', 'myset', `element:${NUMBER}`], count });
const fillSortedSet = (count: number): Fill => ({
  command: ['ZADD', 'myzset', NUMBER, `element:${NUMBER}`],
  count,
});

const lrange = (elements: number, share: number): DefaultTest => ({
  name: `LRANGE_${elements}`,
  command: 'LRANGE',
  send: ['LRANGE', 'mylist', '0', String(elements - 1)],
  fill: () => fillList(LRANGE_ELEMENTS),
  share,
});

const DEFAULT_TESTS: readonly DefaultTest[] = [
  { name: 'PING_INLINE', command: 'PING' },
  { name: 'PING_MBULK', command: 'PING' },
  { name: 'SET', command: 'SET' },
  { name: 'GET', command: 'GET', fill: () => ({ command: ['SET', 'key:__rand_int__', 'xxx'], count: 1 }) },
  { name: 'INCR', command: 'INCR' },
  { name: 'LPUSH', command: 'LPUSH', refill: true },
  { name: 'RPUSH', command: 'RPUSH', refill: true },
  { name: 'LPOP', command: 'LPOP', fill: fillList, refill: true },
  { name: 'RPOP', command: 'RPOP', fill: fillList, refill: true },
  { name: 'SADD', command: 'SADD' },
  { name: 'HSET', command: 'HSET' },
  { name: 'SPOP', command: 'SPOP', fill: fillSet, refill: true },
  { name: 'ZADD', command: 'ZADD' },
  { name: 'ZPOPMIN', command: 'ZPOPMIN', fill: fillSortedSet, refill: true },
  lrange(100, 0.5),
  lrange(300, 0.25),
  lrange(500, 0.15),
  lrange(600, 0.15),
  { name: 'MSET', command: 'MSET', share: 0.5 },
  { name: 'XADD', command: 'XADD', refill: true },
];

/** The whole table. `scale` multiplies every number of requests (1 is half a second or more of server time per run). */
export function workloads(scale: number): Workload[] {
  return [...defaultWorkloads(scale), ...randomKeyWorkloads(scale), ...largeValueWorkloads(scale)];
}

function defaultWorkloads(scale: number): Workload[] {
  return [1, 16].flatMap((pipeline) =>
    DEFAULT_TESTS.map((test): Workload => {
      const requests = scaled(requestsAt(pipeline) * (test.share ?? 1), scale);
      return {
        name: `${test.name} P${pipeline}`,
        command: test.command,
        pipeline,
        requests,
        args: test.send ?? ['-t', test.name.toLowerCase()],
        fill: test.fill?.(requests) ?? null,
        refill: test.refill ?? false,
      };
    }),
  );
}

function randomKeyWorkloads(scale: number): Workload[] {
  return [1, 16, 100].flatMap((pipeline) =>
    ['SET', 'GET', 'INCR', 'MSET'].map((command): Workload => {
      // A full keyspace from the first run on: the rounds are alike, and GET never misses.
      const key = command === 'INCR' ? `counter:${NUMBER}` : `key:${NUMBER}`;
      const value = command === 'INCR' ? '1' : 'xxx';
      return {
        name: `${command} P${pipeline} r1M`,
        command,
        pipeline,
        requests: scaled(requestsAt(pipeline) * (command === 'MSET' ? 0.2 : 1), scale),
        args: ['-r', String(RANDOM_KEYS), '-t', command.toLowerCase()],
        fill: { command: ['SET', key, value], count: RANDOM_KEYS },
        refill: false,
      };
    }),
  );
}

function largeValueWorkloads(scale: number): Workload[] {
  return ['SET', 'GET'].map(
    (command): Workload => ({
      name: `${command} P16 1KB`,
      command,
      pipeline: 16,
      requests: scaled(300_000, scale),
      args: ['-r', String(RANDOM_LARGE_KEYS), '-d', String(LARGE_VALUE_BYTES), '-t', command.toLowerCase()],
      fill: { command: ['SET', `key:${NUMBER}`, 'x'.repeat(LARGE_VALUE_BYTES)], count: RANDOM_LARGE_KEYS },
      refill: false,
    }),
  );
}

// About half a second of server time: one tick of the process clock (10 ms) is two per cent of a run.
function requestsAt(pipeline: number): number {
  if (pipeline === 1) return 100_000;
  return pipeline === 16 ? 1_000_000 : 2_000_000;
}

function scaled(requests: number, scale: number): number {
  return Math.max(1000, Math.round(requests * scale));
}
