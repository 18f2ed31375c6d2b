// Random programs of clients with transactions, scripts and waiting, under a memory limit that comes and goes: of one byte,
// so that whatever may be evicted is, and it does not matter in which order.

import type { RandomSource } from '../../src/base/runtime.ts';
import { CLIENTS, compareClients, pick, type Step } from './several-clients.ts';

const STEPS = 120;
const KEYS = ['k1', 'k2', 'l1', 'l2', 's'];
const LIMIT = [
  'CONFIG SET maxmemory 1',
  'CONFIG SET maxmemory 1',
  'CONFIG SET maxmemory 0',
  'CONFIG SET maxmemory 0',
  'CONFIG SET maxmemory-policy noeviction',
  'CONFIG SET maxmemory-policy noeviction',
  'CONFIG SET maxmemory-policy allkeys-lru',
  'CONFIG SET maxmemory-policy volatile-lfu',
  'CONFIG SET maxmemory-policy volatile-ttl',
  'CONFIG SET maxmemory-policy allkeys-random',
  'CONFIG SET lazyfree-lazy-eviction yes',
];
const TRANSACTION = [
  'MULTI',
  'MULTI',
  'MULTI',
  'EXEC',
  'EXEC',
  'EXEC',
  'DISCARD',
  'WATCH <k>',
  'UNWATCH',
  'RESET',
];
const READS = [
  'GET <k>',
  'EXISTS <k> <k>',
  'LRANGE <k> 0 -1',
  'TYPE <k>',
  'PING',
  'DBSIZE',
  'OBJECT REFCOUNT <k>',
];
const WRITES = [
  'SET <k> 1',
  'SET <k> 1',
  'SET <k> 1 EX 100',
  'INCR <k>',
  'APPEND <k> x',
  'RPUSH l1 a b',
  'RPUSH l2 a',
  'LPUSHX <k> x',
  'LPOP <k>',
  'SADD s a b',
  'SUNIONSTORE <k> s',
  'DEL <k>',
  'RENAME <k> <k>',
  'EXPIRE <k> 100',
  'PERSIST <k>',
  'COPY <k> <k>',
  'FLUSHALL',
];
const SCRIPTS = [
  `EVAL "return redis.call('set', KEYS[1], 'x')" 1 <k>`,
  `EVAL "return redis.pcall('set', KEYS[1], 'x')" 1 <k>`,
  `EVAL "redis.call('del', KEYS[1]); return redis.call('set', KEYS[1], 'x')" 1 <k>`,
  `EVAL "return redis.call('exists', KEYS[1])" 1 <k>`,
  `EVAL "#!lua\nreturn redis.call('set', KEYS[1], 'x')" 1 <k>`,
  `EVAL "#!lua flags=allow-oom\nreturn redis.call('set', KEYS[1], 'x')" 1 <k>`,
  `EVAL "#!lua flags=no-writes\nreturn redis.call('exists', KEYS[1])" 1 <k>`,
  `EVAL_RO "return redis.call('exists', KEYS[1])" 1 <k>`,
];
const WAITS = ['BLPOP l1 0', 'BLMOVE l1 l2 LEFT RIGHT 0'];

function programOf(random: RandomSource): Step[] {
  const steps: Step[] = [
    'CONFIG SET maxmemory 0',
    'CONFIG SET maxmemory-policy noeviction lazyfree-lazy-eviction no',
  ].map((request) => ({ client: 0, request }));
  while (steps.length < STEPS) {
    const chance = random.below(100);
    const choice =
      chance < 12
        ? LIMIT
        : chance < 35
          ? TRANSACTION
          : chance < 50
            ? READS
            : chance < 62
              ? SCRIPTS
              : chance < 65
                ? WAITS
                : WRITES;
    const request = pick(random, choice).replaceAll('<k>', () => pick(random, KEYS));
    steps.push({ client: random.below(CLIENTS), request });
  }
  return steps;
}

compareClients('a memory limit', programOf);
