// HRANDFIELD: what it must answer whatever the dice say; fairness is in hash-random.test.ts.

import type { CommandCase, Step } from '../support/case.ts';
import { error, OK, unordered } from '../support/expected.ts';

const SYNTAX = error('ERR syntax error');
const NOT_INTEGER = error('ERR value is not an integer or out of range');
const OUT_OF_RANGE = error('ERR value is out of range');
const RANGE = error(
  'ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807',
);
const X65 = 'x'.repeat(65);

const inBothForms = (name: string, steps: readonly Step[], resp2Only = false): CommandCase[] =>
  ['listpack', 'hashtable'].map((form) => ({
    name: `${name} (${form})`,
    ...(resp2Only ? { not: { resp3: 'the reply is nested there' } } : {}),
    steps: [
      ...(form === 'listpack' ? [] : ([[['HSET', 'h', 'long', X65], 1]] as Step[])),
      ['HSET h a 1 b 2 c 3', 3],
      ...(form === 'listpack' ? [] : ([['HDEL h long', 1]] as Step[])),
      ['OBJECT ENCODING h', form],
      ...steps,
    ],
  }));

const anyField = { kind: 'matching', pattern: /^[abc]$/ } as const;

export const cases: CommandCase[] = [
  ...inBothForms('one field and several', [
    ['HRANDFIELD h', anyField],
    ['HRANDFIELD h 1', [anyField]],
    ['HRANDFIELD h 0', []],
    ['HRANDFIELD h -1', [anyField]],
    ['HRANDFIELD h 2', [anyField, anyField]],
    ['HRANDFIELD h 3', unordered('a', 'b', 'c')],
    ['HRANDFIELD h 4', unordered('a', 'b', 'c')],
    ['HRANDFIELD h 9223372036854775807', unordered('a', 'b', 'c')],
    ['HRANDFIELD h -5', [anyField, anyField, anyField, anyField, anyField]],
    ['HRANDFIELD h 0 WITHVALUES', []],
    ['HDEL h a b', 2],
    ['HRANDFIELD h', 'c'],
    ['HRANDFIELD h 1', ['c']],
    ['HRANDFIELD h 9', ['c']],
    ['HRANDFIELD h -3', ['c', 'c', 'c']],
  ]),
  ...inBothForms(
    'with values',
    [
      ['HRANDFIELD h 3 WITHVALUES', unordered('a', '1', 'b', '2', 'c', '3')],
      ['HDEL h a b', 2],
      ['HRANDFIELD h 1 withvalues', ['c', '3']],
      ['HRANDFIELD h 5 WITHVALUES', ['c', '3']],
      ['HRANDFIELD h -2 WITHVALUES', ['c', '3', 'c', '3']],
      ['HRANDFIELD h 4611686018427387903 WITHVALUES', ['c', '3']],
    ],
    true,
  ),
  {
    name: 'with values, in pairs',
    not: { cut: 'the reply to HELLO 3 is another protocol than the story began with' },
    steps: [
      ['HELLO 3', { kind: 'anything' }],
      ['HSET h c 3', 1],
      ['HRANDFIELD h 1 WITHVALUES', [['c', '3']]],
      ['HRANDFIELD h 5 WITHVALUES', [['c', '3']]],
      [
        'HRANDFIELD h -2 WITHVALUES',
        [
          ['c', '3'],
          ['c', '3'],
        ],
      ],
    ],
  },
  {
    name: 'a missing key has no fields',
    steps: [
      ['HRANDFIELD missing', null],
      ['HRANDFIELD missing 0', []],
      ['HRANDFIELD missing 5', []],
      ['HRANDFIELD missing -5', []],
      ['HRANDFIELD missing 5 WITHVALUES', []],
    ],
  },
  {
    name: 'wrong counts and options, in the order in which they are seen',
    steps: [
      ['HSET h a 1', 1],
      ['SET s v', OK],
      ['HRANDFIELD h x', NOT_INTEGER],
      ['HRANDFIELD h 1.5', NOT_INTEGER],
      ['HRANDFIELD h x WITHVALUES more', NOT_INTEGER],
      ['HRANDFIELD h -9223372036854775808', RANGE],
      ['HRANDFIELD h 9223372036854775808', NOT_INTEGER],
      ['HRANDFIELD h 1 VALUES', SYNTAX],
      ['HRANDFIELD h 1 WITHVALUES x', SYNTAX],
      ['HRANDFIELD h -9223372036854775807 WITHVALUES', OUT_OF_RANGE],
      ['HRANDFIELD h 9223372036854775807 WITHVALUES', OUT_OF_RANGE],
      ['HRANDFIELD h -4611686018427387904 WITHVALUES', OUT_OF_RANGE],
      ['HRANDFIELD h 4611686018427387904 WITHVALUES', OUT_OF_RANGE],
      ['HRANDFIELD s x', NOT_INTEGER],
      ['HRANDFIELD s 1 x', SYNTAX],
    ],
  },
];
