// What is refused where memory is short and nothing may be evicted: a limit of one byte. More is in
// test/engine/memory-limit.test.ts.

import type { CommandCase } from '../support/case.ts';
import { error, nullArray, OK, simple } from '../support/expected.ts';

const OOM = error("OOM command not allowed when used memory > 'maxmemory'.");
const QUEUED = simple('QUEUED');
const config = { maxmemory: '1' };
const not = {
  multi: 'queueing is refused already',
  script: 'the error of a script names it',
} as const;

export const cases: CommandCase[] = [
  {
    name: 'at the memory limit commands that may take memory are refused, whatever they would do',
    config,
    not,
    steps: [
      ['SET a 1', OOM],
      ['SETRANGE a 0 x', OOM],
      ['INCR a', OOM],
      ['LPUSH a 1', OOM],
      ['LPUSHX a 1', OOM],
      ['HSET a f v', OOM],
      ['SADD a m', OOM],
      ['ZADD a 1 m', OOM],
      ['XADD a * f v', OOM],
      ['PFADD a x', OOM],
      ['COPY a b', OOM],
      ['SUNIONSTORE a b', OOM],
      ['BLMOVE a b LEFT LEFT 0', OOM],
      ['SORT a', OOM],
      ['FUNCTION LOAD x', OOM],
      ['SET a', error("ERR wrong number of arguments for 'set' command")],
    ],
  },
  {
    name: 'at the memory limit other commands run',
    config,
    not,
    steps: [
      ['GET a', null],
      ['DEL a', 0],
      ['EXPIRE a 10', 0],
      ['RENAME a b', error('ERR no such key')],
      ['SPOP a', null],
      ['SREM a m', 0],
      ['LPOP a', null],
      ['LMPOP 1 a LEFT', nullArray],
      ['SORT_RO a', []],
      ['PUBLISH c m', 0],
      ['SCRIPT EXISTS x', [0]],
      ['FLUSHALL', OK],
    ],
  },
  {
    name: 'at the memory limit a transaction queues nothing, not even what would run, but can be ended',
    config,
    not,
    steps: [
      ['WATCH a', OK],
      ['MULTI', OK],
      ['GET a', OOM],
      ['EXEC', error('EXECABORT Transaction discarded because of previous errors.')],
      ['MULTI', OK],
      ['MULTI', OOM],
      ['DISCARD', OK],
      ['MULTI', OK],
      ['EXEC', []],
    ],
  },
  {
    name: 'what is queued before memory is short runs unless it may take memory',
    not: { ...not, reload: 'the limit is set on the way', aof: 'the limit is set on the way' },
    steps: [
      ['MULTI', OK],
      ['GET a', QUEUED],
      ['CONFIG SET maxmemory 1', QUEUED],
      ['SET a 1', QUEUED],
      ['GET a', QUEUED],
      ['EXEC', [null, OK, OK, '1']],
      ['SET a 2', OOM],
      ['CONFIG SET maxmemory 0', OK],
    ],
  },
  {
    name: 'scripts at the memory limit go by their flags, or by their first write',
    config,
    not,
    steps: [
      [['EVAL', "return redis.pcall('SET', KEYS[1], 1)", '1', 'a'], OOM],
      [['EVAL', "redis.call('DEL', KEYS[1]) return redis.call('SET', KEYS[1], 1)", '1', 'a'], OK],
      [['EVAL', "return redis.call('GET', KEYS[1])", '1', 'a'], '1'],
      [['EVAL', '#!lua\nreturn 1', '0'], OOM],
      [['EVAL', '#!lua flags=no-writes\nreturn 1', '0'], 1],
      [['EVAL', "#!lua flags=allow-oom\nreturn redis.call('SET', KEYS[1], 2)", '1', 'a'], OK],
    ],
  },
];
