// Commands for keys of any type: their removal, whether they are there, their number.

import type { CommandCase } from '../support/case.ts';
import { error, matching, OK, simple } from '../support/expected.ts';

const arity = (name: string) => error(`ERR wrong number of arguments for '${name}' command`);
const BINARY = '\x00\r\n\xff key';

export const cases: CommandCase[] = [
  {
    name: 'DEL removes keys and counts those that were there',
    steps: [
      ['DEL a', 0],
      ['MSET a 1 b 2 c 3', OK],
      ['DEL a', 1],
      ['GET a', null],
      ['del b nope c b', 2],
      ['DBSIZE', 0],
      ['DEL', arity('del')],
    ],
  },
  {
    name: 'UNLINK does what DEL does',
    steps: [
      ['UNLINK a', 0],
      ['MSET a 1 b 2 c 3', OK],
      ['UNLINK a', 1],
      ['unlink b nope c b', 2],
      ['DBSIZE', 0],
      ['UNLINK', arity('unlink')],
    ],
  },
  {
    name: 'DEL under lazyfree-lazy-user-del answers the same',
    config: { 'lazyfree-lazy-user-del': 'yes' },
    steps: [
      ['MSET a 1 b 2', OK],
      ['DEL a b c', 2],
      ['EXISTS a b', 0],
    ],
  },
  {
    name: 'EXISTS counts a key as often as it is named',
    steps: [
      ['EXISTS a', 0],
      ['MSET a 1 b 2', OK],
      ['EXISTS a', 1],
      ['EXISTS a b nope', 2],
      ['EXISTS a a a', 3],
      [['SET', '', 'empty'], OK],
      [['EXISTS', ''], 1],
      ['EXISTS', arity('exists')],
    ],
  },
  {
    name: 'TYPE names the type, or none',
    steps: [
      ['TYPE a', simple('none')],
      ['SET a text', OK],
      ['TYPE a', simple('string')],
      ['SET a 12', OK],
      ['TYPE a', simple('string')],
      ['TYPE', arity('type')],
      ['TYPE a b', arity('type')],
    ],
  },
  {
    name: 'TOUCH counts the keys that are there',
    steps: [
      ['TOUCH a', 0],
      ['MSET a 1 b 2', OK],
      ['TOUCH a b a nope', 3],
      ['TOUCH', arity('touch')],
    ],
  },
  {
    name: 'DBSIZE counts the keys of the selected database',
    steps: [
      ['DBSIZE', 0],
      ['MSET a 1 b 2', OK],
      ['DBSIZE', 2],
      ['SELECT 1', OK],
      ['DBSIZE', 0],
      ['SET a 1', OK],
      ['DBSIZE', 1],
      ['DBSIZE x', arity('dbsize')],
    ],
  },
  {
    name: 'RANDOMKEY returns a key, or nothing',
    steps: [
      ['RANDOMKEY', null],
      ['SET a 1', OK],
      ['RANDOMKEY', 'a'],
      ['SET b 1', OK],
      ['RANDOMKEY', matching(/^[ab]$/)],
      ['RANDOMKEY', matching(/^[ab]$/)],
      ['DEL a', 1],
      ['RANDOMKEY', 'b'],
      ['RANDOMKEY x', arity('randomkey')],
    ],
  },
  {
    name: 'keys are binary',
    steps: [
      [['SET', BINARY, 'v'], OK],
      [['EXISTS', BINARY], 1],
      [['TYPE', BINARY], simple('string')],
      ['RANDOMKEY', BINARY],
      [['TOUCH', BINARY], 1],
      [['DEL', BINARY], 1],
    ],
  },
  {
    name: 'expired keys are not there for any of them',
    steps: [
      ['SET a 1 PX 20', OK],
      ['SET b 1 PX 20', OK],
      ['SET c 1 PX 20', OK],
      ['SET d 1 PX 20', OK],
      ['SET e 1 PX 20', OK],
      ['SET f 1', OK],
      { waitMs: 60 },
      ['EXISTS a', 0],
      ['TYPE b', simple('none')],
      ['TOUCH c', 0],
      ['DEL d', 0],
      ['UNLINK e', 0],
      ['RANDOMKEY', 'f'],
      ['DBSIZE', 1],
    ],
  },
  {
    name: 'large keys and values come and go',
    steps: [
      [['SET', 'k'.repeat(20_000), 'v'], OK],
      [['SET', 'v', 'x'.repeat(100_000)], OK],
      [['EXISTS', 'k'.repeat(20_000), 'v', 'k'.repeat(19_999)], 2],
      [['DEL', 'k'.repeat(20_000)], 1],
      ['STRLEN v', 100_000],
      ['UNLINK v', 1],
      ['DBSIZE', 0],
    ],
  },
  {
    name: 'hits and misses are counted where Redis counts them',
    steps: [
      ['SET a 1', OK],
      ['CONFIG RESETSTAT', OK],
      ['EXISTS a nope', 1],
      ['INFO stats', matching(/keyspace_hits:1\r\nkeyspace_misses:1\r\n/)],
      ['TYPE a', simple('string')],
      ['TTL a', -1],
      ['TOUCH a', 1],
      ['OBJECT ENCODING a', 'int'],
      ['INFO stats', matching(/keyspace_hits:5\r\nkeyspace_misses:1\r\n/)],
      ['TYPE nope', simple('none')],
      ['PTTL nope', -2],
      ['TOUCH nope', 0],
      ['OBJECT FREQ nope', null],
      ['COPY nope b', 0],
      ['INFO stats', matching(/keyspace_hits:5\r\nkeyspace_misses:6\r\n/)],
      ['COPY a b', 1],
      ['INFO stats', matching(/keyspace_hits:6\r\nkeyspace_misses:6\r\n/)],
      // None of these reads.
      ['DEL nope', 0],
      ['RENAME a c', OK],
      ['EXPIRE nope 1', 0],
      ['PERSIST nope', 0],
      ['MOVE nope 1', 0],
      ['SCAN 0 MATCH b', ['0', ['b']]],
      ['INFO stats', matching(/keyspace_hits:6\r\nkeyspace_misses:6\r\n/)],
      ['SCAN 0 MATCH b TYPE string', ['0', ['b']]],
      ['SCAN 0 MATCH b TYPE list', ['0', []]],
      ['INFO stats', matching(/keyspace_hits:8\r\nkeyspace_misses:6\r\n/)],
    ],
  },
];
