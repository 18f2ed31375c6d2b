// The table of request workloads: what redis-benchmark is asked to send, and what the server holds when it does. The
// default tests keep redis-benchmark's own keys and arguments; those that take things out (LPOP, SPOP, ...) are given
// enough to take, because popping from nothing measures nothing. Running them is requests.ts's business.

import { NUMBER } from './loader.ts';
import { ADD_JOB, MANY_CALLS, MOVE_TO_ACTIVE, ONE_CALL } from './scripts.ts';
import type { Subscribers } from './subscribers.ts';

/** Data that a server is given before a run. */
export interface Fill {
  readonly command: readonly string[];
  readonly count: number;
  /** The number of the first command; 0 when absent. */
  readonly first?: number;
  /** How many lines the reply to each command has; 1 when absent. */
  readonly replyLines?: number;
}

/** Commands that belong together, and that redis-benchmark cannot send: one request of a workload is all of them. */
export interface Group {
  readonly commands: readonly (readonly string[])[];
  /** How many lines the replies to all of them have. */
  readonly replyLines: number;
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
  /** What group-load.ts sends in redis-benchmark's place. */
  readonly group?: Group;
  /** Who receives what is published. */
  readonly subscribers?: Subscribers;
  readonly fill: readonly Fill[];
  /** How many connections redis-benchmark opens. */
  readonly clients: number;
  /** The CPU ratio that the project has set itself for this workload; null: none. */
  readonly limit: number | null;
  /** Counts in the geometric mean of the data types' tests. */
  readonly inMean: boolean;
  /** The runs change how much data there is: start each one, not only the first, from the filled state. */
  readonly refill: boolean;
}

const CLIENTS = 50;
const UNPIPELINED_LIMIT = 1.1;
const PIPELINED_LIMIT = 1.0;
const TYPE_LIMIT = 1.1;
const COLLECTION_LIMIT = 1.25;
/** The default tests of the data types. */
const TYPE_TESTS: ReadonlySet<string> = new Set([
  'LPUSH',
  'RPUSH',
  'LPOP',
  'RPOP',
  'SADD',
  'HSET',
  'SPOP',
  'ZADD',
  'ZPOPMIN',
  'LRANGE',
  'MSET',
]);
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
  return [
    ...defaultWorkloads(scale),
    ...randomKeyWorkloads(scale),
    ...largeValueWorkloads(scale),
    ...collectionWorkloads(scale),
    ...programWorkloads(scale),
  ];
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
        fill: test.fill === undefined ? [] : [test.fill(requests)],
        clients: CLIENTS,
        limit: pipeline === 16 && TYPE_TESTS.has(test.command) ? TYPE_LIMIT : null,
        inMean: pipeline === 16 && TYPE_TESTS.has(test.command),
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
        fill: [{ command: ['SET', key, value], count: RANDOM_KEYS }],
        clients: CLIENTS,
        limit: pipeline === 1 ? UNPIPELINED_LIMIT : PIPELINED_LIMIT,
        inMean: false,
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
      fill: [{ command: ['SET', `key:${NUMBER}`, 'x'.repeat(LARGE_VALUE_BYTES)], count: RANDOM_LARGE_KEYS }],
      clients: CLIENTS,
      limit: null,
      inMean: false,
      refill: false,
    }),
  );
}

const MILLION = 1_000_000;
const ELEMENT = `element:${NUMBER}`;
const RANDOM_ELEMENT = 'element:__rand_int__';

interface CollectionTest {
  readonly name: string;
  readonly send: readonly string[];
  readonly fill: readonly Fill[];
  readonly requests: number;
  /** For replies of a million elements, of which nobody asks for many at once: one client, no pipeline. */
  readonly isLong?: boolean;
}

const fillMillion = (command: readonly string[], first = 0): Fill => ({ command, count: MILLION, first });
const sortedSetOfMillion = [fillMillion(['ZADD', 'big', NUMBER, ELEMENT])];
const streamOfMillion: Fill = { ...fillMillion(['XADD', 'big', '*', 'field', 'value']), replyLines: 2 };

const COLLECTION_TESTS: readonly CollectionTest[] = [
  {
    name: 'ZADD',
    send: ['ZADD', 'big', '__rand_int__', RANDOM_ELEMENT],
    fill: sortedSetOfMillion,
    requests: 500_000,
  },
  {
    name: 'ZRANGE',
    send: ['ZRANGE', 'big', '500000', '500099'],
    fill: sortedSetOfMillion,
    requests: 200_000,
  },
  { name: 'ZRANK', send: ['ZRANK', 'big', RANDOM_ELEMENT], fill: sortedSetOfMillion, requests: 500_000 },
  {
    name: 'HGETALL',
    send: ['HGETALL', 'big'],
    fill: [fillMillion(['HSET', 'big', `field:${NUMBER}`, 'value'])],
    requests: 10,
    isLong: true,
  },
  {
    name: 'SINTER',
    send: ['SINTER', 'big', 'other'],
    fill: [fillMillion(['SADD', 'big', ELEMENT]), fillMillion(['SADD', 'other', ELEMENT], MILLION / 2)],
    requests: 10,
    isLong: true,
  },
  { name: 'XADD', send: ['XADD', 'big', '*', 'field', 'value'], fill: [streamOfMillion], requests: 500_000 },
  {
    name: 'XREADGROUP',
    send: ['XREADGROUP', 'GROUP', 'group', 'consumer', 'COUNT', '1', 'STREAMS', 'big', '>'],
    fill: [streamOfMillion, { command: ['XGROUP', 'CREATE', 'big', 'group', '0'], count: 1 }],
    requests: 300_000,
  },
];

function collectionWorkloads(scale: number): Workload[] {
  return COLLECTION_TESTS.map(
    (test): Workload => ({
      name: `${test.name} of 1M${test.isLong ? '' : ' P16'}`,
      command: test.name,
      pipeline: test.isLong ? 1 : 16,
      requests: test.isLong ? test.requests : scaled(test.requests, scale),
      args: ['-r', String(MILLION), ...test.send],
      fill: test.fill,
      clients: test.isLong ? 1 : CLIENTS,
      limit: COLLECTION_LIMIT,
      inMean: false,
      refill: test.name.startsWith('X'),
    }),
  );
}

const TRANSACTION_SETS = 10;

// What programs on the server are made of.
function programWorkloads(scale: number): Workload[] {
  const common = { pipeline: 16, clients: CLIENTS, limit: TYPE_LIMIT, inMean: false, refill: false };
  const sets = Array.from({ length: TRANSACTION_SETS }, (_, i) => ['SET', `key:${i}`, 'xxx']);
  return [
    {
      ...common,
      name: 'GET P16 with tracking',
      command: 'GET',
      requests: scaled(requestsAt(16), scale),
      args: ['--enable-tracking', '-t', 'get'],
      fill: [{ command: ['SET', 'key:__rand_int__', 'xxx'], count: 1 }],
    },
    {
      ...common,
      name: 'GET P16 r100K with tracking',
      command: 'GET',
      requests: scaled(requestsAt(16), scale),
      args: ['--enable-tracking', '-r', String(RANDOM_LARGE_KEYS), '-t', 'get'],
      fill: [{ command: ['SET', `key:${NUMBER}`, 'xxx'], count: RANDOM_LARGE_KEYS }],
    },
    {
      ...common,
      name: 'MULTI, 10 SET, EXEC P16',
      command: 'MULTI',
      requests: scaled(150_000, scale),
      args: [],
      group: {
        commands: [['MULTI'], ...sets, ['EXEC']],
        replyLines: 2 + 2 * TRANSACTION_SETS,
      },
      fill: [],
    },
    ...scriptWorkloads(scale),
    ...publishWorkloads(scale),
  ];
}

const SUBSCRIBERS = 100;
const OTHER_CHANNELS = 100_000;

function publishWorkloads(scale: number): Workload[] {
  const name = `PUBLISH to ${SUBSCRIBERS} subscribers`;
  return [
    { name: `${name} P1`, pipeline: 1, requests: 30_000, otherChannels: 0 },
    { name: `${name} P16`, pipeline: 16, requests: 100_000, otherChannels: 0 },
    {
      name: `${name} beside ${OTHER_CHANNELS / 1000}K channels P16`,
      pipeline: 16,
      requests: 100_000,
      otherChannels: OTHER_CHANNELS,
    },
  ].map(
    ({ name, pipeline, requests, otherChannels }): Workload => ({
      name,
      command: 'PUBLISH',
      pipeline,
      requests: scaled(requests, scale),
      args: ['PUBLISH', 'channel', 'xxx'],
      subscribers: { channel: 'channel', count: SUBSCRIBERS, otherChannels },
      fill: [],
      clients: CLIENTS,
      limit: TYPE_LIMIT,
      inMean: false,
      refill: false,
    }),
  );
}

const JOB_KEYS = {
  add: ['id', 'job', 'wait', 'delayed', 'events', 'meta'],
  move: ['job', 'wait', 'active', 'delayed', 'events', 'meta'],
};

// The limits are those that the project has set itself for scripts.
function scriptWorkloads(scale: number): Workload[] {
  const common = { command: 'EVAL', pipeline: 1, clients: CLIENTS, inMean: false, refill: false };
  const addJob = [
    'EVAL',
    ADD_JOB,
    '6',
    ...JOB_KEYS.add,
    'name',
    'to somebody, three times',
    '0',
    '0',
    '1700000000000',
  ];
  return [
    {
      ...common,
      name: 'EVAL of one command',
      requests: scaled(100_000, scale),
      args: ['EVAL', ONE_CALL, '1', 'key'],
      fill: [{ command: ['SET', 'key', 'xxx'], count: 1 }],
      limit: 1.2,
    },
    {
      ...common,
      name: 'EVAL of 100,000 INCR',
      clients: 1,
      requests: 20,
      args: ['EVAL', MANY_CALLS, '1', 'counter'],
      fill: [],
      limit: 0.8,
    },
    {
      ...common,
      name: 'EVAL that adds a job',
      requests: scaled(100_000, scale),
      args: addJob,
      fill: [],
      limit: 1.0,
      refill: true,
    },
    {
      ...common,
      name: 'EVAL that moves a job',
      requests: scaled(100_000, scale),
      args: ['EVAL', MOVE_TO_ACTIVE, '6', ...JOB_KEYS.move, 'token', '30000', '1700000000000'],
      fill: [{ command: addJob, count: 1000, replyLines: 2 }],
      limit: 1.0,
    },
  ];
}

// About half a second of server time: so long that opening the connections does not count for much.
function requestsAt(pipeline: number): number {
  if (pipeline === 1) return 100_000;
  return pipeline === 16 ? 1_000_000 : 2_000_000;
}

function scaled(requests: number, scale: number): number {
  return Math.max(1000, Math.round(requests * scale));
}
