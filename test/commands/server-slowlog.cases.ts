// SLOWLOG and LATENCY.

import type { CommandCase } from '../support/case.ts';
import { anything, error, integerBetween, map, matching, OK, simple } from '../support/expected.ts';

const everything = { 'slowlog-log-slower-than': '0' };
const COUNT = error('ERR count should be greater than or equal to -1');
const entry = (id: number, ...args: string[]) => [
  id,
  integerBetween(1_000_000_000, 9_999_999_999),
  integerBetween(0, 10_000_000),
  args,
  matching(/./),
  '',
];
const COUNTS_ALL_REQUESTS = 'the requests that the mode adds are logged too';

export const cases: CommandCase[] = [
  {
    name: 'SLOWLOG keeps the last requests, the newest first',
    config: everything,
    not: {
      script: 'the log would have EVAL beside each',
      resp3: COUNTS_ALL_REQUESTS,
      multi: COUNTS_ALL_REQUESTS,
    },
    steps: [
      ['SLOWLOG LEN', 0],
      ['SET a 1', OK],
      ['SLOWLOG GET', [entry(1, 'SET', 'a', '1'), entry(0, 'SLOWLOG', 'LEN')]],
      ['SLOWLOG GET 1', [entry(2, 'SLOWLOG', 'GET')]],
      ['SLOWLOG GET 0', []],
      ['slowlog reset', OK],
      ['SLOWLOG GET -1', [entry(5, 'slowlog', 'reset')]],
      ['SLOWLOG LEN', 2],
      ['CONFIG SET slowlog-max-len 1', OK],
      ['SLOWLOG LEN', 1],
      ['CONFIG SET slowlog-log-slower-than -1', OK],
      ['SET a 1', OK],
      ['SLOWLOG GET', [entry(9, 'SLOWLOG', 'LEN')]],
    ],
  },
  {
    name: 'SLOWLOG cuts long requests short',
    config: everything,
    not: {
      script: 'the log would have EVAL beside each',
      resp3: COUNTS_ALL_REQUESTS,
      multi: COUNTS_ALL_REQUESTS,
    },
    steps: [
      [['SET', 'a', 'x'.repeat(130)], OK],
      ['SLOWLOG GET 1', [entry(0, 'SET', 'a', `${'x'.repeat(128)}... (2 more bytes)`)]],
      [['DEL', ...Array.from({ length: 40 }, (_, i) => `k${i}`)], 0],
      [
        'SLOWLOG GET 1',
        [entry(2, 'DEL', ...Array.from({ length: 30 }, (_, i) => `k${i}`), '... (10 more arguments)')],
      ],
      [['DEL', ...Array.from({ length: 31 }, (_, i) => `k${i}`)], 0],
      ['SLOWLOG GET 1', [entry(4, 'DEL', ...Array.from({ length: 31 }, (_, i) => `k${i}`))]],
    ],
  },
  {
    name: 'SLOWLOG keeps no passwords',
    config: everything,
    not: {
      script: 'the log would have EVAL beside each',
      resp3: COUNTS_ALL_REQUESTS,
      multi: COUNTS_ALL_REQUESTS,
    },
    steps: [
      ['CONFIG SET masterauth secret', OK],
      ['SLOWLOG GET 1', [entry(0, 'CONFIG', 'SET', 'masterauth', '(redacted)')]],
      ['CONFIG SET hz 10 masterauth secret', OK],
      ['SLOWLOG GET 1', [entry(2, 'CONFIG', 'SET', 'hz', '10', 'masterauth', '(redacted)')]],
      ['AUTH default secret', anything],
      ['SLOWLOG GET 1', [entry(4, 'AUTH', '(redacted)', '(redacted)')]],
      ['CONFIG SET masterauth', error("ERR wrong number of arguments for 'config|set' command")],
      ['HELLO 2 AUTH default secret', anything],
      ['SLOWLOG GET 1', [entry(6, 'HELLO', '2', 'AUTH', '(redacted)', '(redacted)')]],
    ],
  },
  {
    name: 'SLOWLOG refuses what makes no sense',
    steps: [
      ['SLOWLOG GET x', COUNT],
      ['SLOWLOG GET -2', COUNT],
      ['SLOWLOG GET 9223372036854775808', COUNT],
      ['SLOWLOG GET 9223372036854775807', []],
      [
        'SLOWLOG GET 1 2',
        error("ERR unknown subcommand or wrong number of arguments for 'GET'. Try SLOWLOG HELP."),
      ],
      ['SLOWLOG nosuch', error("ERR unknown subcommand 'nosuch'. Try SLOWLOG HELP.")],
      ['SLOWLOG LEN x', error("ERR wrong number of arguments for 'slowlog|len' command")],
    ],
  },
  {
    name: 'SLOWLOG keeps what a transaction and a script run, and no EXEC',
    referenceSince: '7.2',
    config: everything,
    not: {
      script: 'the log would have EVAL beside each',
      resp3: COUNTS_ALL_REQUESTS,
      multi: COUNTS_ALL_REQUESTS,
    },
    steps: [
      ['MULTI', OK],
      ['SET a 1', simple('QUEUED')],
      ['EXEC', [OK]],
      [['EVAL', "return redis.call('get', 'a')", '0'], '1'],
      [
        'SLOWLOG GET',
        [
          entry(3, 'EVAL', "return redis.call('get', 'a')", '0'),
          [2, anything, anything, ['get', 'a'], '', ''],
          entry(1, 'SET', 'a', '1'),
          entry(0, 'MULTI'),
        ],
      ],
    ],
  },
  {
    name: 'LATENCY HISTOGRAM counts commands that were run',
    not: { multi: COUNTS_ALL_REQUESTS },
    steps: [
      ['CONFIG RESETSTAT', OK],
      ['LATENCY HISTOGRAM nosuch get', map()],
      ['CONFIG SET latency-tracking no', OK],
      ['GET a', null],
      ['CONFIG SET latency-tracking yes', OK],
      ['LATENCY HISTOGRAM get', map()],
      ['GET a', null],
      ['LATENCY HISTOGRAM get', map(['get', map(['calls', 1], ['histogram_usec', anything])])],
      [
        'LATENCY HISTOGRAM latency',
        map(['latency|histogram', map(['calls', integerBetween(2, 3)], ['histogram_usec', anything])]),
      ],
      ['LATENCY RESET', 0],
      ['LATENCY RESET event', 0],
      ['LATENCY LATEST', []],
      ['LATENCY HISTORY nosuch', []],
      ['LATENCY GRAPH nosuch', error("ERR No samples available for event 'nosuch'")],
      ['LATENCY GRAPH', error("ERR wrong number of arguments for 'latency|graph' command")],
      ['LATENCY DOCTOR x', error("ERR wrong number of arguments for 'latency|doctor' command")],
      ['LATENCY nosuch', error("ERR unknown subcommand 'nosuch'. Try LATENCY HELP.")],
    ],
  },
];
