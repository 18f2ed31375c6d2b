// Numbers in hashes: HINCRBY on 64-bit integers, HINCRBYFLOAT on floats.

import type { CommandCase, Step } from '../support/case.ts';
import { error, map } from '../support/expected.ts';

const NOT_INTEGER = error('ERR value is not an integer or out of range');
const NOT_FLOAT = error('ERR value is not a valid float');
const HASH_NOT_INTEGER = error('ERR hash value is not an integer');
const HASH_NOT_FLOAT = error('ERR hash value is not a float');
const OVERFLOW = error('ERR increment or decrement would overflow');
const NAN_OR_INFINITY = error('ERR increment would produce NaN or Infinity');
const INCREMENT_INFINITE = error('ERR value is NaN or Infinity');
const X65 = 'x'.repeat(65);

/** The same steps on a small hash and on a table. */
const inBothForms = (name: string, steps: readonly Step[]): CommandCase[] => [
  { name: `${name} (listpack)`, steps: [...steps, ['OBJECT ENCODING h', 'listpack']] },
  {
    name: `${name} (hashtable)`,
    steps: [[['HSET', 'h', 'long', X65], 1], ...steps, ['OBJECT ENCODING h', 'hashtable']],
  },
];

/** What HINCRBYFLOAT makes of a value and an increment. */
const float = (value: string, increment: string, sum: string): Step[] => [
  [['HSET', 'h', 'f', value], 0],
  [['HINCRBYFLOAT', 'h', 'f', increment], sum],
  ['HGET h f', sum],
];

export const cases: CommandCase[] = [
  {
    name: 'a missing key and a missing field count as 0',
    steps: [
      ['HINCRBY h a 5', 5],
      ['HINCRBY h b -5', -5],
      ['HINCRBY h c 0', 0],
      ['HINCRBYFLOAT h d 1.5', '1.5'],
      ['HINCRBYFLOAT h2 a -2.25', '-2.25'],
      ['HINCRBYFLOAT h3 a 1e2', '100'],
      ['HGETALL h', map(['a', '5'], ['b', '-5'], ['c', '0'], ['d', '1.5'])],
    ],
  },
  ...inBothForms('numbers change their length and sign', [
    ['HSET h n 9', 1],
    ['HINCRBY h n 1', 10],
    ['HINCRBY h n 90', 100],
    ['HINCRBY h n 99999900', 100000000],
    ['HINCRBY h n -100000001', -1],
    ['HGET h n', '-1'],
    ['HINCRBY h n 17179869185', 17179869184],
    ['HINCRBY h n -17179869184', 0],
    ['HGET h n', '0'],
  ]),
  ...inBothForms('beyond 2^53 every digit counts', [
    ['HSET h n 9007199254740991', 1],
    ['HINCRBY h n 1', 9007199254740992n],
    ['HINCRBY h n 1', 9007199254740993n],
    ['HGET h n', '9007199254740993'],
    ['HINCRBY h n -2', 9007199254740991],
    ['HINCRBY h n 9214364837600034816', 9223372036854775807n],
    ['HINCRBY h n 1', OVERFLOW],
    ['HINCRBY h n -9223372036854775807', 0],
    ['HINCRBY h n -9223372036854775808', -9223372036854775808n],
    ['HINCRBY h n -1', OVERFLOW],
    ['HINCRBY h n 9223372036854775807', -1],
    ['HGET h n', '-1'],
  ]),
  ...inBothForms('an overflow leaves the value as it was', [
    ['HSET h max 9223372036854775807 min -9223372036854775808', 2],
    ['HINCRBY h max 1', OVERFLOW],
    ['HINCRBY h max 9223372036854775807', OVERFLOW],
    ['HINCRBY h min -1', OVERFLOW],
    ['HINCRBY h min -9223372036854775808', OVERFLOW],
    ['HMGET h max min', ['9223372036854775807', '-9223372036854775808']],
  ]),
  ...inBothForms('what is no integer is refused', [
    ['HSET h a abc e 1.5 s x p +1 z 01 u 9223372036854775808', 6],
    [['HSET', 'h', 's', ' 1', 'e', ''], 0],
    ['HINCRBY h a 1', HASH_NOT_INTEGER],
    ['HINCRBY h e 1', HASH_NOT_INTEGER],
    ['HINCRBY h s 1', HASH_NOT_INTEGER],
    ['HINCRBY h p 1', HASH_NOT_INTEGER],
    ['HINCRBY h z 1', HASH_NOT_INTEGER],
    ['HINCRBY h u 1', HASH_NOT_INTEGER],
    ['HINCRBY h n abc', NOT_INTEGER],
    ['HINCRBY h n 1.5', NOT_INTEGER],
    ['HINCRBY h n 9223372036854775808', NOT_INTEGER],
    [['HINCRBY', 'h', 'n', ''], NOT_INTEGER],
    ['HEXISTS h n', 0],
    ['HGET h a', 'abc'],
  ]),
  ...inBothForms('HINCRBYFLOAT adds as a long double does', [
    ['HSET h f 0', 1],
    ...float('10.5', '0.1', '10.6'),
    ...float('5.0e3', '2.0e2', '5200'),
    ...float('1', '1', '2'),
    ...float('3', '-1.1', '1.9'),
    ...float('0.1', '0.2', '0.3'),
    ...float('-1.5', '1.5', '0'),
    ...float('17179869184', '1.5', '17179869185.5'),
    ...float('9007199254740993', '0', '9007199254740993'),
    ...float('1.23', '0.0000000000000001', '1.2300000000000001'),
    ...float('0x10', '1', '17'),
    ...float('1e17', '1', '100000000000000001'),
    ...float('-0', '0', '0'),
    ...float('+1.5', '+1', '2.5'),
  ]),
  ...inBothForms('what is no float is refused', [
    ['HSET h a abc i inf n nan t 1x', 4],
    [['HSET', 'h', 'e', '', 's', ' 1', 'b', '1 '], 3],
    ['HINCRBYFLOAT h a 1', HASH_NOT_FLOAT],
    ['HINCRBYFLOAT h n 1', HASH_NOT_FLOAT],
    ['HINCRBYFLOAT h t 1', HASH_NOT_FLOAT],
    ['HINCRBYFLOAT h e 1', HASH_NOT_FLOAT],
    ['HINCRBYFLOAT h s 1', HASH_NOT_FLOAT],
    ['HINCRBYFLOAT h b 1', HASH_NOT_FLOAT],
    ['HINCRBYFLOAT h i 1', NAN_OR_INFINITY],
    ['HINCRBYFLOAT h x abc', NOT_FLOAT],
    ['HINCRBYFLOAT h a abc', NOT_FLOAT],
    [['HINCRBYFLOAT', 'h', 'x', ''], NOT_FLOAT],
    [['HINCRBYFLOAT', 'h', 'x', ' 1'], NOT_FLOAT],
    ['HINCRBYFLOAT h x nan', NOT_FLOAT],
    ['HINCRBYFLOAT h x inf', INCREMENT_INFINITE],
    ['HINCRBYFLOAT h x -inf', INCREMENT_INFINITE],
    ['HINCRBYFLOAT h a +inf', INCREMENT_INFINITE],
    ['HINCRBYFLOAT h x 1e5000', NOT_FLOAT],
    ['HEXISTS h x', 0],
  ]),
  {
    name: 'a wrong increment is refused before the type is looked at',
    steps: [
      ['SET s v', { kind: 'simple', text: 'OK' }],
      ['HINCRBY s f x', NOT_INTEGER],
      ['HINCRBYFLOAT s f x', NOT_FLOAT],
      ['HINCRBYFLOAT s f inf', INCREMENT_INFINITE],
      ['HINCRBYFLOAT s f 1', error('WRONGTYPE Operation against a key holding the wrong kind of value')],
    ],
  },
  {
    name: 'a sum that overflows a long double is refused',
    steps: [
      ['HINCRBYFLOAT h f 1e4932', { kind: 'matching', pattern: /^\d{4933}$/ }],
      ['HINCRBYFLOAT h f 1e4932', NAN_OR_INFINITY],
      ['OBJECT ENCODING h', 'hashtable'],
      ['HSTRLEN h f', 4933],
    ],
  },
  {
    name: 'a long field makes a table when it is counted',
    steps: [
      [['HINCRBY', 'h', X65, '1'], 1],
      ['OBJECT ENCODING h', 'hashtable'],
      ['HINCRBY h2 a 1', 1],
      [['HINCRBYFLOAT', 'h2', X65, '1.5'], '1.5'],
      ['OBJECT ENCODING h2', 'hashtable'],
      ['HGET h2 a', '1'],
    ],
  },
];
