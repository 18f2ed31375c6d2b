// Random programs of clients with transactions and watches, on few keys, that write, flush, swap and wait beside each other.

import type { RandomSource } from '../../src/base/runtime.ts';
import { CLIENTS, compareClients, pick, type Step } from './several-clients.ts';

const STEPS = 150;
const KEYS = ['k1', 'k2', 'l1', 'l2', 's'];
const WRONG = ['NOSUCH', 'GET', 'SET <k>', 'EXEC x', 'MULTI x', 'WATCH', 'CLIENT nosuch'];
const TRANSACTION = [
  'MULTI',
  'MULTI',
  'MULTI',
  'EXEC',
  'EXEC',
  'EXEC',
  'DISCARD',
  'WATCH <k>',
  'WATCH <k> <k>',
  'WATCH <k>',
  'UNWATCH',
];
const STATE = [
  'SELECT 0',
  'SELECT 1',
  'HELLO 2',
  'HELLO 3',
  'RESET',
  'CLIENT REPLY SKIP',
  'CLIENT REPLY ON',
  'SWAPDB 0 1',
  'FLUSHDB',
  'FLUSHALL',
];
const READS = [
  'GET <k>',
  'LRANGE <k> 0 -1',
  'EXISTS <k> <k>',
  'OBJECT ENCODING <k>',
  'TTL <k>',
  'PUBLISH ch x',
];
const WRITES = [
  'SET <k> 1',
  'SET <k> 1',
  'INCR <k>',
  'DEL <k>',
  'RENAME <k> <k>',
  'COPY <k> <k> REPLACE',
  'RPUSH <l> a b',
  'RPUSH <l> c',
  'LPOP <k>',
  'LREM <l> 0 x',
  'LSET <l> 0 y',
  'LTRIM <l> 0 -1',
  'EXPIRE <k> -1',
  'EXPIRE <k> 100',
  'PERSIST <k>',
  'SORT <l> ALPHA STORE l2',
  'SUNIONSTORE <k> nosuch',
  'GETDEL <k>',
  'SETRANGE <k> 0 ""',
  'MOVE <k> 1',
  'SPOP s',
  'SADD s a',
  'SREM s nosuch',
  `EVAL "return redis.call('set', KEYS[1], 'x')" 1 <k>`,
  `EVAL "redis.call('exists', KEYS[1]); return redis.pcall('incr', KEYS[1])" 1 <k>`,
];
// Who waits for a key is served here, too, when SORT stores a list in the place of a string, and in Redis is not: none does so.
// They wait only outside of a transaction, and then for one of the others, for ever if need be; all for the same key, for it is
// open in which order several keys are served that SWAPDB has brought.
const WAITS = ['BLPOP l1 0', 'BLMOVE l1 l2 LEFT RIGHT 0', 'BRPOP l1 l1 0'];

function programOf(random: RandomSource): Step[] {
  const steps: Step[] = [];
  while (steps.length < STEPS) {
    const chance = random.below(100);
    const choice =
      chance < 4
        ? WRONG
        : chance < 34
          ? TRANSACTION
          : chance < 40
            ? STATE
            : chance < 60
              ? READS
              : chance < 61
                ? WAITS
                : WRITES;
    const request = pick(random, choice)
      .replaceAll('<k>', () => pick(random, KEYS))
      .replaceAll('<l>', () => pick(random, ['l1', 'l2']));
    steps.push({ client: random.below(CLIENTS), request });
  }
  return steps;
}

compareClients('transactions', programOf);
