// Random members: how many there are, that they are members, what is left. Which ones is left to member-set.test.ts and
// set-random.test.ts.

import type { CommandCase } from '../support/case.ts';
import { error, matching, set } from '../support/expected.ts';

const SYNTAX = error('ERR syntax error');
const NOT_INTEGER = error('ERR value is not an integer or out of range');
const NOT_POSITIVE = error('ERR value is out of range, must be positive');
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);
const AB = matching(/^[ab]$/);
const NUMBER = matching(/^\d+$/);

export const cases: CommandCase[] = [
  {
    name: 'SPOP takes a member out',
    steps: [
      ['SADD s a b', 2],
      ['SPOP s', AB],
      ['SCARD s', 1],
      ['SPOP s', AB],
      ['EXISTS s', 0],
      ['SPOP s', null],
      ['SADD i 7', 1],
      ['SPOP i', '7'],
      [['SADD', 't', 'x'.repeat(100)], 1],
      ['SPOP t', 'x'.repeat(100)],
      ['EXISTS i t', 0],
    ],
  },
  {
    name: 'SPOP with a count',
    referenceSince: '7.2.0',
    steps: [
      ['SADD s a b', 2],
      ['SPOP s 0', set()],
      ['SPOP s 1', set(AB)],
      ['SCARD s', 1],
      ['SPOP s 5', set(AB)],
      ['EXISTS s', 0],
      ['SADD p 5 x 3 y', 4],
      ['SPOP p 4', set('5', 'x', '3', 'y')],
      ['SADD q 5 3', 2],
      ['SADD q x', 1],
      ['SREM q x', 1],
      ['SADD q 1', 1],
      ['OBJECT ENCODING q', 'listpack'],
      ['SPOP q 9', set('1', '3', '5')],
    ],
  },
  {
    name: 'SPOP of nearly all leaves the rest in the smallest form',
    referenceSince: '7.2.0',
    steps: [
      [['SADD', 's', ...numbers(1, 600)], 600],
      ['OBJECT ENCODING s', 'hashtable'],
      ['SPOP s 450', set(...times(450, NUMBER))],
      ['SCARD s', 150],
      ['OBJECT ENCODING s', 'hashtable'],
      ['SPOP s 140', set(...times(140, NUMBER))],
      ['SCARD s', 10],
      ['OBJECT ENCODING s', 'listpack'],
      ['SPOP s 9', set(...times(9, NUMBER))],
      ['OBJECT ENCODING s', 'listpack'],
      [['SADD', 'i', ...numbers(1, 100)], 100],
      ['SPOP i 95', set(...times(95, NUMBER))],
      ['OBJECT ENCODING i', 'intset'],
      [['SADD', 'p', 'a', 'b', ...numbers(1, 98)], 100],
      ['SPOP p 50', set(...times(50, matching(/^(\d+|a|b)$/)))],
      ['SCARD p', 50],
      ['SPOP p 49', set(...times(49, matching(/^(\d+|a|b)$/)))],
      ['SCARD p', 1],
      ['OBJECT ENCODING p', 'listpack'],
    ],
  },
  {
    name: 'SPOP keeps the deadline',
    steps: [
      [['SADD', 's', ...numbers(1, 200)], 200],
      ['EXPIRE s 1000', 1],
      ['SPOP s 190', set(...times(190, NUMBER))],
      ['TTL s', 1000],
      ['SPOP s 3', set(...times(3, NUMBER))],
      ['TTL s', 1000],
    ],
  },
  {
    name: 'SPOP refuses wrong counts',
    steps: [
      ['SADD s a', 1],
      ['SPOP s x', NOT_POSITIVE],
      ['SPOP s -1', NOT_POSITIVE],
      ['SPOP s 9223372036854775808', NOT_POSITIVE],
      ['SPOP s 1 2', SYNTAX],
      ['SPOP none x', NOT_POSITIVE],
      ['SPOP s 9223372036854775807', set('a')],
    ],
  },
  {
    name: 'SRANDMEMBER leaves the set as it is',
    referenceSince: '7.2.0',
    steps: [
      ['SADD s a b', 2],
      ['SRANDMEMBER s', AB],
      ['SRANDMEMBER s 1', [AB]],
      ['SRANDMEMBER s 0', []],
      ['SRANDMEMBER s 2', ['a', 'b']],
      ['SRANDMEMBER s 100', ['a', 'b']],
      ['SRANDMEMBER s -1', [AB]],
      ['SRANDMEMBER s -5', times(5, AB)],
      ['SCARD s', 2],
      ['SADD i 3 2 1', 3],
      ['SRANDMEMBER i 3', ['1', '2', '3']],
      ['SRANDMEMBER i 2', times(2, NUMBER)],
      [['SADD', 't', ...numbers(1, 600)], 600],
      ['SRANDMEMBER t 10', times(10, NUMBER)],
      ['SRANDMEMBER t 500', times(500, NUMBER)],
      ['SRANDMEMBER t -700', times(700, NUMBER)],
      ['SRANDMEMBER t 600', times(600, NUMBER)],
      ['SCARD t', 600],
    ],
  },
  {
    name: 'SRANDMEMBER refuses wrong counts',
    steps: [
      ['SADD s a', 1],
      ['SRANDMEMBER s x', NOT_INTEGER],
      ['SRANDMEMBER s 9223372036854775808', NOT_INTEGER],
      [
        'SRANDMEMBER s -9223372036854775808',
        error('ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807'),
      ],
      ['SRANDMEMBER s 1 2', SYNTAX],
      ['SRANDMEMBER none x', NOT_INTEGER],
      ['SRANDMEMBER s 9223372036854775807', ['a']],
    ],
  },
];
