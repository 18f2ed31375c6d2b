// ZRANDMEMBER: what does not depend on chance. That the chances are fair is in sorted-set-random.test.ts.

import type { CommandCase } from '../support/case.ts';
import { double, error, matching, OK, pairs, unordered, unorderedPairs } from '../support/expected.ts';

const SYNTAX = error('ERR syntax error');
const WRONG_TYPE = error('WRONGTYPE Operation against a key holding the wrong kind of value');
const COUNT_RANGE = error(
  'ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807',
);

function inBothForms(name: string, steps: CommandCase['steps']): CommandCase[] {
  return [
    { name: `${name} (listpack)`, steps },
    { name: `${name} (skiplist)`, steps, config: { 'zset-max-listpack-entries': '0' } },
  ];
}

export const cases: CommandCase[] = [
  ...inBothForms('ZRANDMEMBER', [
    ['ZRANDMEMBER z', null],
    ['ZRANDMEMBER z 5', []],
    ['ZRANDMEMBER z -5 WITHSCORES', []],
    ['ZADD z 1 a', 1],
    ['ZRANDMEMBER z', 'a'],
    ['ZRANDMEMBER z 1', ['a']],
    ['ZRANDMEMBER z 0', []],
    ['ZRANDMEMBER z -3', ['a', 'a', 'a']],
    ['ZRANDMEMBER z -2 WITHSCORES', pairs(['a', double(1)], ['a', double(1)])],
    ['ZRANDMEMBER z 1 withscores', pairs(['a', double(1)])],
    ['ZADD z 2 b 3 7', 2],
    ['ZRANDMEMBER z', matching(/^[ab7]$/)],
    ['ZRANDMEMBER z 3', ['7', 'b', 'a']],
    ['ZRANDMEMBER z 10 WITHSCORES', pairs(['7', double(3)], ['b', double(2)], ['a', double(1)])],
    ['ZRANDMEMBER z 3 WITHSCORES', unorderedPairs(['a', double(1)], ['b', double(2)], ['7', double(3)])],
    ['ZRANDMEMBER z 9223372036854775807', unordered('a', 'b', '7')],
  ]),
  {
    name: 'errors of ZRANDMEMBER',
    steps: [
      ['SET s v', OK],
      ['ZRANDMEMBER s', WRONG_TYPE],
      ['ZRANDMEMBER s 1', WRONG_TYPE],
      ['ZRANDMEMBER z x', error('ERR value is not an integer or out of range')],
      ['ZRANDMEMBER z 1 WITHSCORE', SYNTAX],
      ['ZRANDMEMBER z 1 WITHSCORES x', SYNTAX],
      ['ZRANDMEMBER z -9223372036854775808', COUNT_RANGE],
      ['ZRANDMEMBER z -9223372036854775807 WITHSCORES', error('ERR value is out of range')],
      ['ZRANDMEMBER z 4611686018427387904 WITHSCORES', error('ERR value is out of range')],
      ['ZRANDMEMBER z 4611686018427387903 WITHSCORES', []],
      ['ZRANDMEMBER', error("ERR wrong number of arguments for 'zrandmember' command")],
    ],
  },
];
