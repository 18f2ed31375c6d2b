// MULTI, EXEC, DISCARD, WATCH and UNWATCH, as far as one client can see them (a client breaks its own watches, too). With
// several clients, and with time, they are in test/engine/transaction.test.ts.

import type { CommandCase } from '../support/case.ts';
import { error, map, nullArray, OK, simple } from '../support/expected.ts';

const QUEUED = simple('QUEUED');
const PONG = simple('PONG');
const ABORTED = error('EXECABORT Transaction discarded because of previous errors.');
const NOT_INTEGER = error('ERR value is not an integer or out of range');
const DEBUG = { 'enable-debug-command': 'yes' };
const ALREADY_EXPIRED: CommandCase['steps'] = [
  ['DEBUG SET-ACTIVE-EXPIRE 0', OK],
  ['SET k v PX 5', OK],
  { waitMs: 20 },
];
const pingWithin = (reply: CommandCase['steps'][number]): CommandCase['steps'] => [
  ['MULTI', OK],
  ['PING', QUEUED],
  reply,
];
const runs = pingWithin(['EXEC', [PONG]]);
const fails = pingWithin(['EXEC', nullArray]);

export const cases: CommandCase[] = [
  {
    name: 'EXEC runs what was queued',
    steps: [
      ['MULTI', OK],
      ['SET k 1', QUEUED],
      ['INCR k', QUEUED],
      ['GET k', QUEUED],
      ['get nosuch', QUEUED],
      ['PING hello', QUEUED],
      ['EXEC', [OK, 2, '2', null, 'hello']],
      ['GET k', '2'],
      ['EXEC', error('ERR EXEC without MULTI')],
    ],
  },
  {
    name: 'an empty transaction',
    steps: [
      ['MULTI', OK],
      ['EXEC', []],
    ],
  },
  {
    name: 'a long transaction',
    steps: [
      ['MULTI', OK],
      ...Array.from({ length: 500 }, () => ['INCR n', QUEUED] as const),
      ['EXEC', Array.from({ length: 500 }, (_, i) => i + 1)],
    ],
  },
  {
    name: 'queued arguments are kept byte for byte',
    steps: [
      ['MULTI', OK],
      [['SET', 'k\x00\r\n', '\xff\x00v'], QUEUED],
      [['SET', 'long', 'y'.repeat(100_000)], QUEUED],
      [['GET', 'k\x00\r\n'], QUEUED],
      [['STRLEN', 'long'], QUEUED],
      ['EXEC', [OK, OK, '\xff\x00v', 100_000]],
    ],
  },
  {
    name: 'an error while running stops nothing',
    steps: [
      ['MULTI', OK],
      ['SET s x', QUEUED],
      ['INCR s', QUEUED],
      ['CONFIG SET maxmemory nonsense', QUEUED],
      ['SET s y', QUEUED],
      [
        'EXEC',
        [
          OK,
          NOT_INTEGER,
          error(
            "ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must be a memory value",
          ),
          OK,
        ],
      ],
      ['GET s', 'y'],
    ],
  },
  {
    name: 'an unknown command while queueing aborts',
    steps: [
      ['MULTI', OK],
      ['SET k 1', QUEUED],
      ['NOSUCH', error("ERR unknown command 'NOSUCH', with args beginning with: ")],
      ['SET k 2', QUEUED],
      ['EXEC', ABORTED],
      ['EXISTS k', 0],
      ['PING', PONG],
    ],
  },
  {
    name: 'a wrong number of arguments and an unknown subcommand abort as well',
    steps: [
      ['MULTI', OK],
      ['SET k', error("ERR wrong number of arguments for 'set' command")],
      ['EXEC', ABORTED],
      ['MULTI', OK],
      ['CLIENT nosuch', error("ERR unknown subcommand 'nosuch'. Try CLIENT HELP.")],
      ['EXEC', ABORTED],
      ['MULTI', OK],
      ['CLIENT ID x', error("ERR wrong number of arguments for 'client|id' command")],
      ['EXEC', ABORTED],
      ['MULTI', OK],
      ['DISCARD x', error("ERR wrong number of arguments for 'discard' command")],
      ['EXEC', ABORTED],
    ],
  },
  {
    name: 'EXEC with arguments ends the transaction',
    steps: [
      ['MULTI', OK],
      ['SET k 1', QUEUED],
      [
        'EXEC now',
        error("EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command"),
      ],
      ['EXEC', error('ERR EXEC without MULTI')],
      [
        'EXEC now',
        error("EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command"),
      ],
      ['EXISTS k', 0],
    ],
  },
  {
    name: 'commands that cannot be queued',
    steps: [
      ['MULTI', OK],
      ['SHUTDOWN', error('ERR Command not allowed inside a transaction')],
      ['EXEC', ABORTED],
    ],
  },
  {
    name: 'MULTI and WATCH within MULTI are refused and change nothing',
    steps: [
      ['MULTI', OK],
      ['MULTI', error('ERR MULTI calls can not be nested')],
      ['WATCH k', error('ERR WATCH inside MULTI is not allowed')],
      ['SET k 1', QUEUED],
      ['EXEC', [OK]],
      ['MULTI x', error("ERR wrong number of arguments for 'multi' command")],
      ['WATCH', error("ERR wrong number of arguments for 'watch' command")],
      ['UNWATCH x', error("ERR wrong number of arguments for 'unwatch' command")],
    ],
  },
  {
    name: 'DISCARD drops the queue and the watches',
    steps: [
      ['DISCARD', error('ERR DISCARD without MULTI')],
      ['WATCH k', OK],
      ['SET k 1', OK],
      ['MULTI', OK],
      ['SET k 2', QUEUED],
      ['DISCARD', OK],
      ['GET k', '1'],
      ['SET k 3', OK],
      ...runs,
    ],
  },
  {
    name: 'DISCARD of an aborted transaction',
    steps: [
      ['MULTI', OK],
      ['NOSUCH', error("ERR unknown command 'NOSUCH', with args beginning with: ")],
      ['DISCARD', OK],
      ...runs,
    ],
  },
  {
    name: 'EXEC runs when no watched key has changed',
    steps: [['SET a 1', OK], ['WATCH a b', OK], ['WATCH a c', OK], ['GET a', '1'], ['DEL b', 0], ...runs],
  },
  {
    name: 'EXEC answers null when a watched key has changed',
    steps: [['SET a 1', OK], ['WATCH x a b', OK], ['SET a 1', OK], ...fails],
  },
  {
    name: 'a key that appears or goes has changed',
    steps: [['WATCH k', OK], ['SET k 1', OK], ...fails, ['WATCH k', OK], ['DEL k', 1], ...fails],
  },
  {
    name: 'a deadline that is set has changed the key',
    steps: [['SET k 1', OK], ['WATCH k', OK], ['EXPIRE k 100', 1], ...fails],
  },
  {
    name: 'EXEC ends the watches, whether it runs or not',
    steps: [
      ['SET k 1', OK],
      ['WATCH k', OK],
      ...runs,
      ['SET k 2', OK],
      ...runs,
      ['WATCH k', OK],
      ['SET k 3', OK],
      ...fails,
      ['SET k 4', OK],
      ...runs,
    ],
  },
  {
    name: 'UNWATCH forgets and forgives',
    steps: [['UNWATCH', OK], ['WATCH k', OK], ['SET k 1', OK], ['UNWATCH', OK], ...runs],
  },
  {
    name: 'UNWATCH within a transaction is only queued',
    steps: [
      ['WATCH k', OK],
      ['SET k 1', OK],
      ['MULTI', OK],
      ['UNWATCH', QUEUED],
      ['SET k 2', QUEUED],
      ['EXEC', nullArray],
      ['WATCH k', OK],
      ['MULTI', OK],
      ['UNWATCH', QUEUED],
      ['SET k 3', QUEUED],
      ['SET k 4', QUEUED],
      ['EXEC', [OK, OK, OK]],
    ],
  },
  {
    name: 'WATCH after a broken watch mends nothing',
    steps: [['WATCH k', OK], ['SET k 1', OK], ['WATCH other', OK], ...fails],
  },
  {
    name: 'an error while queueing comes before a broken watch',
    steps: [
      ['WATCH k', OK],
      ['SET k 1', OK],
      ['MULTI', OK],
      ['NOSUCH', error("ERR unknown command 'NOSUCH', with args beginning with: ")],
      ['EXEC', ABORTED],
      ...runs,
    ],
  },
  {
    name: 'a watch belongs to the database that was selected',
    steps: [
      ['SELECT 5', OK],
      ['SET k 1', OK],
      ['WATCH k', OK],
      ['SELECT 1', OK],
      ['SET k 1', OK],
      ...runs,
      ['SELECT 5', OK],
      ['WATCH k', OK],
      ['SELECT 1', OK],
      ['WATCH k', OK],
      ['SELECT 5', OK],
      ['SET k 2', OK],
      ['SELECT 1', OK],
      ...fails,
    ],
  },
  {
    name: 'SELECT within a transaction stays',
    steps: [
      ['MULTI', OK],
      ['SELECT 3', QUEUED],
      ['SET k three', QUEUED],
      ['SELECT 4', QUEUED],
      ['GET k', QUEUED],
      ['EXEC', [OK, OK, OK, null]],
      ['SELECT 3', OK],
      ['GET k', 'three'],
    ],
  },
  {
    name: 'QUIT within a transaction',
    steps: [
      ['MULTI', OK],
      ['SET k 1', QUEUED],
      ['QUIT', OK],
    ],
  },
  {
    name: 'a watched key that expires before EXEC',
    config: DEBUG,
    steps: [
      ['DEBUG SET-ACTIVE-EXPIRE 0', OK],
      ['SET k 1 PX 60', OK],
      ['WATCH k', OK],
      { waitMs: 100 },
      ...fails,
    ],
  },
  {
    name: 'a watched key that is expired by the clock',
    steps: [['SET k 1 PX 60', OK], ['WATCH k', OK], { waitMs: 400 }, ...fails],
  },
  {
    name: 'a key that had expired when it was watched',
    config: DEBUG,
    steps: [...ALREADY_EXPIRED, ['WATCH k', OK], ...runs],
  },
  {
    name: 'a key that had expired when it was watched, and is removed',
    config: DEBUG,
    steps: [...ALREADY_EXPIRED, ['WATCH k', OK], ['EXISTS k', 0], ...runs],
  },
  {
    name: 'a key that had expired when it was watched, and is written anew',
    config: DEBUG,
    steps: [...ALREADY_EXPIRED, ['WATCH k', OK], ['SET k w', OK], ...fails],
  },
  {
    name: 'a key that had expired when it was watched, and is flushed',
    config: DEBUG,
    steps: [...ALREADY_EXPIRED, ['WATCH k', OK], ['FLUSHDB', OK], ...runs],
  },
  {
    name: 'FLUSHDB and FLUSHALL break the watch of a key that is there',
    steps: [
      ['SET k 1', OK],
      ['WATCH k', OK],
      ['FLUSHDB', OK],
      ...fails,
      ['SET k 1', OK],
      ['WATCH k', OK],
      ['FLUSHALL', OK],
      ...fails,
      ['SET k 1', OK],
      ['WATCH k', OK],
      ['SELECT 1', OK],
      ['FLUSHALL ASYNC', OK],
      ...fails,
    ],
  },
  {
    name: 'FLUSHDB and FLUSHALL spare the watch of a key that is not there',
    steps: [
      ['SET other 1', OK],
      ['WATCH k', OK],
      ['FLUSHDB', OK],
      ...runs,
      ['WATCH k', OK],
      ['FLUSHALL', OK],
      ...runs,
      ['SET k 1', OK],
      ['WATCH k', OK],
      ['SELECT 1', OK],
      ['FLUSHDB', OK],
      ...runs,
    ],
  },
  {
    name: 'SWAPDB takes a watched key away',
    steps: [['SET k 1', OK], ['WATCH k', OK], ['SWAPDB 0 1', OK], ...fails],
  },
  {
    name: 'SWAPDB brings a watched key',
    steps: [
      ['SELECT 1', OK],
      ['SET k 1', OK],
      ['SELECT 0', OK],
      ['WATCH k', OK],
      ['SWAPDB 0 1', OK],
      ...fails,
    ],
  },
  {
    name: 'SWAPDB replaces a watched key',
    steps: [
      ['SET k 1', OK],
      ['SELECT 1', OK],
      ['SET k 1', OK],
      ['WATCH k', OK],
      ['SWAPDB 1 0', OK],
      ...fails,
    ],
  },
  {
    name: 'SWAPDB spares a watched key that is nowhere, and those of other databases',
    steps: [
      ['SET other 1', OK],
      ['WATCH k', OK],
      ['SWAPDB 0 1', OK],
      ...runs,
      ['SELECT 2', OK],
      ['SET k 1', OK],
      ['WATCH k', OK],
      ['SWAPDB 0 1', OK],
      ...runs,
    ],
  },
  {
    name: 'SWAPDB: an expired key for none, none for an expired key',
    config: DEBUG,
    steps: [
      ...ALREADY_EXPIRED,
      ['WATCH k', OK],
      ['SWAPDB 0 1', OK],
      ...runs,
      ['WATCH k', OK],
      ['SWAPDB 0 1', OK],
      ...runs,
    ],
  },
  {
    name: 'SWAPDB: an expired key for an expired key, and then for a live one',
    config: DEBUG,
    steps: [
      ...ALREADY_EXPIRED,
      ['SELECT 1', OK],
      ['SET k w PX 5', OK],
      ['SELECT 2', OK],
      ['SET k live', OK],
      { waitMs: 20 },
      ['SELECT 0', OK],
      ['WATCH k', OK],
      ['SWAPDB 0 1', OK],
      ...runs,
      ['WATCH k', OK],
      ['SWAPDB 0 2', OK],
      ...fails,
    ],
  },
  {
    name: 'SWAPDB: none for an expired key, which then is removed',
    config: DEBUG,
    steps: [
      ...ALREADY_EXPIRED,
      ['SELECT 1', OK],
      ['WATCH k', OK],
      ['SWAPDB 0 1', OK],
      ['EXISTS k', 0],
      ...runs,
    ],
  },
  {
    name: 'blocking commands do not wait within a transaction',
    steps: [
      ['MULTI', OK],
      ['BLPOP l 0', QUEUED],
      ['BLMOVE l m LEFT LEFT 0', QUEUED],
      ['BRPOPLPUSH l m 0', QUEUED],
      ['BZPOPMIN z 0', QUEUED],
      ['XREAD BLOCK 0 STREAMS s $', QUEUED],
      ['BLMPOP 0 1 l LEFT', QUEUED],
      ['BZMPOP 0 1 z MIN', QUEUED],
      ['RPUSH l a', QUEUED],
      ['BLPOP l 0', QUEUED],
      ['EXEC', [nullArray, null, null, nullArray, nullArray, nullArray, nullArray, 1, ['l', 'a']]],
    ],
  },
  {
    name: 'long and short arguments in one queue',
    steps: [
      ['MULTI', OK],
      ...Array.from({ length: 40 }, (_, i) => [['SET', `k${i}`, `${i}`.repeat(i * 50)], QUEUED] as const),
      [['SET', 'long', 'y'.repeat(40_000)], QUEUED],
      [['MSET', ...Array.from({ length: 200 }, (_, i) => `m${i}`)], QUEUED],
      [['APPEND', 'long', 'z'], QUEUED],
      ['EXEC', [...Array.from({ length: 42 }, () => OK), 40_001]],
      ['GET k39', '39'.repeat(39 * 50)],
      ['GET k1', '1'.repeat(50)],
      ['GET m198', 'm199'],
      ['STRLEN long', 40_001],
      ['MULTI', OK],
      ['GET k1', QUEUED],
      ['EXEC', ['1'.repeat(50)]],
    ],
  },
  {
    name: 'CLIENT REPLY within a transaction counts when it runs',
    steps: [
      ['MULTI', OK],
      ['SET k 1', QUEUED],
      ['CLIENT REPLY ON', QUEUED],
      ['GET k', QUEUED],
      ['EXEC', [OK, OK, '1']],
    ],
  },
  {
    name: 'CONFIG SET that fails stops nothing',
    steps: [
      ['MULTI', OK],
      ['SET k 1', QUEUED],
      ['CONFIG SET maxmemory 1mb nosuch 1', QUEUED],
      ['GET k', QUEUED],
      ['CONFIG GET maxmemory', QUEUED],
      [
        'EXEC',
        [
          OK,
          error("ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'"),
          '1',
          map(['maxmemory', '0']),
        ],
      ],
    ],
  },
  {
    name: 'RESET within a transaction ends it',
    not: { resp3: 'RESET goes back to RESP2' },
    steps: [
      ['WATCH k', OK],
      ['MULTI', OK],
      ['SET k 1', QUEUED],
      ['RESET', simple('RESET')],
      ['EXEC', error('ERR EXEC without MULTI')],
      ['SET k 2', OK],
      ...runs,
    ],
  },
];
