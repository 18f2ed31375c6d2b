// Popping from sorted sets: ZPOPMIN, ZPOPMAX, ZMPOP and the commands that wait, where there is something to pop or where
// waiting is not allowed. Waiting itself is in sorted-set-blocking.test.ts.

import type { CommandCase } from '../support/case.ts';
import { double, error, nullArray, OK, pairs } from '../support/expected.ts';

const WRONG_TYPE = error('WRONGTYPE Operation against a key holding the wrong kind of value');
const SYNTAX = error('ERR syntax error');
const wrongArity = (name: string) => error(`ERR wrong number of arguments for '${name}' command`);
const members = (count: number) => Array.from({ length: count }, (_, i) => [String(i), `m${i}`]).flat();
const IN_MULTI_ONLY = 'waits';

function inBothForms(name: string, steps: CommandCase['steps']): CommandCase[] {
  return [
    { name: `${name} (listpack)`, steps },
    { name: `${name} (skiplist)`, steps, config: { 'zset-max-listpack-entries': '0' } },
  ];
}

export const cases: CommandCase[] = [
  ...inBothForms('ZPOPMIN and ZPOPMAX', [
    ['ZADD z 1 a 2 b 3 c 4 d 5 e 1.5 7', 6],
    ['ZPOPMIN z', ['a', double(1)]],
    ['ZPOPMAX z', ['e', double(5)]],
    ['ZPOPMIN z 1', pairs(['7', double(1.5)])],
    ['ZPOPMAX z 2', pairs(['d', double(4)], ['c', double(3)])],
    ['ZPOPMIN z 0', []],
    ['ZPOPMIN z 10', pairs(['b', double(2)])],
    ['EXISTS z', 0],
    ['ZPOPMIN z', []],
    ['ZPOPMAX z 3', []],
  ]),
  ...inBothForms('ZPOPMIN and ZPOPMAX of all that is there', [
    ['ZADD z 1 a 1 b', 2],
    ['ZPOPMAX z 2', pairs(['b', double(1)], ['a', double(1)])],
    ['EXISTS z', 0],
    ['ZADD z inf a -inf b', 2],
    [
      'ZPOPMIN z 9223372036854775807',
      pairs(['b', double(Number.NEGATIVE_INFINITY)], ['a', double(Number.POSITIVE_INFINITY)]),
    ],
  ]),
  {
    name: 'errors of ZPOPMIN and ZPOPMAX',
    steps: [
      ['SET s v', OK],
      ['ZPOPMIN s', WRONG_TYPE],
      ['ZPOPMAX s 0', WRONG_TYPE],
      ['ZPOPMIN z -1', error('ERR value is out of range, must be positive')],
      ['ZPOPMAX z x', error('ERR value is out of range, must be positive')],
      ['ZPOPMIN z 1 2', SYNTAX],
      ['ZPOPMIN', wrongArity('zpopmin')],
      ['ZPOPMAX', wrongArity('zpopmax')],
    ],
  },
  {
    name: 'popping thousands from both ends',
    steps: [
      [['ZADD', 'z', ...members(3000)], 3000],
      ['ZPOPMIN z 1000', pairs(...Array.from({ length: 1000 }, (_, i) => [`m${i}`, double(i)] as const))],
      [
        'ZPOPMAX z 999',
        pairs(...Array.from({ length: 999 }, (_, i) => [`m${2999 - i}`, double(2999 - i)] as const)),
      ],
      ['ZCARD z', 1001],
      ['ZRANK z m1000', 0],
      ['ZREVRANK z m2000', 0],
      ['ZPOPMIN z', ['m1000', double(1000)]],
      ['ZPOPMAX z', ['m2000', double(2000)]],
    ],
  },
  ...inBothForms('ZMPOP', [
    ['ZMPOP 1 z MIN', nullArray],
    ['ZADD z 1 a 2 b 3 c 4 d 5 e', 5],
    ['ZMPOP 1 z MIN', ['z', [['a', double(1)]]]],
    [
      'ZMPOP 2 none z max count 2',
      [
        'z',
        [
          ['e', double(5)],
          ['d', double(4)],
        ],
      ],
    ],
    ['ZADD y 1 m', 1],
    ['ZMPOP 2 y z MIN COUNT 10', ['y', [['m', double(1)]]]],
    [
      'ZMPOP 2 y z MIN COUNT 10',
      [
        'z',
        [
          ['b', double(2)],
          ['c', double(3)],
        ],
      ],
    ],
    ['EXISTS y z', 0],
    ['ZMPOP 2 y z MAX COUNT 10', nullArray],
  ]),
  {
    name: 'errors of ZMPOP and BZMPOP',
    steps: [
      ['SET s v', OK],
      ['ZADD z 1 a', 1],
      ['ZMPOP 1 s MIN', WRONG_TYPE],
      ['ZMPOP 2 none s MIN', WRONG_TYPE],
      ['ZMPOP 0 z MIN', error('ERR numkeys should be greater than 0')],
      ['ZMPOP x z MIN', error('ERR numkeys should be greater than 0')],
      ['ZMPOP -1 z MIN', error('ERR numkeys should be greater than 0')],
      ['ZMPOP 2 z MIN', SYNTAX],
      ['ZMPOP 9223372036854775807 z MIN', SYNTAX],
      ['ZMPOP 1 z MEAN', SYNTAX],
      ['ZMPOP 1 z MIN COUNT', SYNTAX],
      ['ZMPOP 1 z MIN COUNT 0', error('ERR count should be greater than 0')],
      ['ZMPOP 1 z MIN COUNT x', error('ERR count should be greater than 0')],
      ['ZMPOP 1 z MIN COUNT 1 COUNT 2', SYNTAX],
      ['ZMPOP 1 z MIN 1', SYNTAX],
      ['ZMPOP 1 z', wrongArity('zmpop')],
      ['BZMPOP 0 1 s MIN', WRONG_TYPE],
      ['BZMPOP 0 0 z MIN', error('ERR numkeys should be greater than 0')],
      ['BZMPOP x 1 z MIN', error('ERR timeout is not a float or out of range')],
      ['BZMPOP -1 1 z MIN', error('ERR timeout is negative')],
      ['BZMPOP x 0 z MIN', error('ERR numkeys should be greater than 0')],
      ['BZMPOP 0 1 z MIN COUNT 0', error('ERR count should be greater than 0')],
      ['BZMPOP 0 1 z MIN COUNT 1 COUNT 1', SYNTAX],
      ['BZMPOP 0 1 z', wrongArity('bzmpop')],
      ['ZCARD z', 1],
    ],
  },
  ...inBothForms('BZPOPMIN, BZPOPMAX and BZMPOP where there is something', [
    ['ZADD z 1 a 2 b 3 c 4 d 5 e', 5],
    ['ZADD y 1 m', 1],
    ['BZPOPMIN z 0', ['z', 'a', double(1)]],
    ['BZPOPMAX none z y 0.1', ['z', 'e', double(5)]],
    ['BZPOPMIN y z 0', ['y', 'm', double(1)]],
    ['EXISTS y', 0],
    ['BZMPOP 0 1 z MAX', ['z', [['d', double(4)]]]],
    [
      'BZMPOP 1.5 2 y z MIN COUNT 5',
      [
        'z',
        [
          ['b', double(2)],
          ['c', double(3)],
        ],
      ],
    ],
    ['EXISTS z', 0],
  ]),
  {
    name: 'BZPOPMIN, BZPOPMAX and BZMPOP do not wait within MULTI',
    steps: [
      ['MULTI', OK],
      ['BZPOPMIN z 0', { kind: 'simple', text: 'QUEUED' }],
      ['BZPOPMAX z y 0', { kind: 'simple', text: 'QUEUED' }],
      ['BZMPOP 0 1 z MIN', { kind: 'simple', text: 'QUEUED' }],
      ['EXEC', [nullArray, nullArray, nullArray]],
    ],
    not: { multi: IN_MULTI_ONLY },
  },
  {
    name: 'errors of BZPOPMIN and BZPOPMAX',
    steps: [
      ['SET s v', OK],
      ['BZPOPMIN s 0', WRONG_TYPE],
      ['BZPOPMAX none s 0', WRONG_TYPE],
      ['BZPOPMIN z x', error('ERR timeout is not a float or out of range')],
      ['BZPOPMAX z -1', error('ERR timeout is negative')],
      ['BZPOPMIN s -1', error('ERR timeout is negative')],
      ['BZPOPMIN z', wrongArity('bzpopmin')],
      ['BZPOPMAX z', wrongArity('bzpopmax')],
    ],
  },
];
