// Random programs of clients that track, redirect, subscribe and write, on few keys.

import type { RandomSource } from '../../src/base/runtime.ts';
import { CLIENTS, compareClients, pick, type Step } from './several-clients.ts';

const STEPS = 120;
const KEYS = ['k1', 'k2', 'a:1', 'a:2', 'b:1'];

const TRACKING = [
  'ON',
  'ON',
  'ON NOLOOP',
  'ON OPTIN',
  'ON OPTOUT',
  'ON BCAST',
  'ON BCAST PREFIX a:',
  'ON BCAST PREFIX a: PREFIX b:',
  'ON BCAST NOLOOP',
  'ON REDIRECT <c>',
  'ON REDIRECT <c> NOLOOP',
  'ON BCAST REDIRECT <c>',
  'OFF',
  'OFF',
];
const STATE = ['HELLO 2', 'HELLO 3', 'HELLO 3', 'RESET', 'CLIENT REPLY SKIP', 'SELECT 0', 'SELECT 1'];
const OTHERS = [
  'CLIENT CACHING YES',
  'CLIENT CACHING NO',
  'SUBSCRIBE __redis__:invalidate',
  'UNSUBSCRIBE __redis__:invalidate',
  'PUBLISH ch hello',
  'SUBSCRIBE ch',
  'MULTI',
  'MULTI',
  'EXEC',
  'EXEC',
  'EXEC',
  'DISCARD',
  'FLUSHALL',
  'FLUSHDB',
  'SWAPDB 0 1',
];
const READS = [
  'GET <k>',
  'MGET <k> <k> <k>',
  'EXISTS <k> <k>',
  'STRLEN <k>',
  'LRANGE <k> 0 -1',
  'TTL <k>',
  `EVAL "return redis.pcall('get', KEYS[1]) and redis.call('exists', KEYS[2])" 2 <k> <k>`,
  `EVAL_RO "return redis.call('exists', KEYS[1])" 2 <k> <k>`,
];
const WRITES = [
  'SET <k> 1',
  'INCR <k>',
  'MSET <k> 1 <k> 2',
  'DEL <k> <k>',
  'RENAME <k> <k>',
  'COPY <k> <k>',
  'LPUSH <k> x',
  'EXPIRE <k> -1',
  'EXPIRE <k> 100',
  'GETDEL <k>',
  'APPEND <k> x',
  'LMOVE <k> <k> LEFT RIGHT',
  'SUNIONSTORE <k> nosuch',
  'SORT <k> ALPHA STORE <k>',
  'MOVE <k> 1',
  `EVAL "redis.call('exists', KEYS[1]); return redis.call('set', KEYS[2], 'x')" 2 <k> <k>`,
  `EVAL "redis.call('del', KEYS[1]); redis.call('flushdb'); return redis.call('set', KEYS[1], 'x')" 1 <k>`,
];

function programOf(random: RandomSource): Step[] {
  const steps: Step[] = Array.from({ length: CLIENTS }, (_, client) => ({ client, request: 'HELLO 3' }));
  while (steps.length < STEPS) {
    const chance = random.below(100);
    const choice =
      chance < 5
        ? STATE
        : chance < 15
          ? TRACKING.map((options) => `CLIENT TRACKING ${options}`)
          : chance < 35
            ? OTHERS
            : chance < 65
              ? READS
              : WRITES;
    const request = pick(random, choice)
      .replaceAll('<k>', () => pick(random, KEYS))
      .replaceAll('<c>', () => `<${random.below(CLIENTS)}>`);
    steps.push({ client: random.below(CLIENTS), request });
  }
  return steps;
}

compareClients('client-side caching', programOf);
