// Strings as numbers: INCR, DECR, INCRBY, DECRBY on 64-bit integers, INCRBYFLOAT on floats.

import type { CommandCase } from '../support/case.ts';
import { error, integerBetween, OK } from '../support/expected.ts';

const WRONG_TYPE = error('WRONGTYPE Operation against a key holding the wrong kind of value');
const NOT_INTEGER = error('ERR value is not an integer or out of range');
const NOT_FLOAT = error('ERR value is not a valid float');
const OVERFLOW = error('ERR increment or decrement would overflow');
const NAN_OR_INFINITY = error('ERR increment would produce NaN or Infinity');
const wrongArity = (name: string) => error(`ERR wrong number of arguments for '${name}' command`);

/** What INCRBYFLOAT makes of a value and an increment. */
const float = (value: string, increment: string, sum: string) =>
  [
    [['SET', 'f', value], OK],
    [['INCRBYFLOAT', 'f', increment], sum],
    ['GET f', sum],
  ] as const;

export const cases: CommandCase[] = [
  {
    name: 'a missing key counts as 0',
    steps: [
      ['INCR a', 1],
      ['DECR b', -1],
      ['INCRBY c 5', 5],
      ['DECRBY d 5', -5],
      ['INCRBY e 0', 0],
      ['DECRBY f 0', 0],
      ['MGET a b c d e f', ['1', '-1', '5', '-5', '0', '0']],
      ['OBJECT ENCODING a', 'int'],
      ['OBJECT ENCODING e', 'int'],
    ],
  },
  {
    name: 'numbers change their length and sign',
    steps: [
      ['SET k 9', OK],
      ['INCR k', 10],
      ['DECR k', 9],
      ['SET k 99999999999999', OK],
      ['INCR k', 100000000000000],
      ['DECR k', 99999999999999],
      ['SET k -9', OK],
      ['DECR k', -10],
      ['INCR k', -9],
      ['INCRBY k 9', 0],
      ['DECR k', -1],
      ['INCR k', 0],
      ['GET k', '0'],
      ['INCRBY k 1000000', 1000000],
      ['DECRBY k 2000000', -1000000],
      ['GET k', '-1000000'],
      ['INCRBY k 1000007', 7],
      ['GET k', '7'],
    ],
  },
  {
    name: 'counting on carries from digit to digit',
    steps: [
      ['SET k -2', OK],
      ['INCR k', -1],
      ['INCR k', 0],
      ['SET k 8', OK],
      ['INCR k', 9],
      ['INCR k', 10],
      ['INCR k', 11],
      ['SET k 999999999999999998', OK],
      ['INCR k', 999999999999999999n],
      ['INCR k', 1000000000000000000n],
      ['INCR k', 1000000000000000001n],
      ['GET k', '1000000000000000001'],
      ['SETRANGE k 18 2', 19],
      ['OBJECT ENCODING k', 'raw'],
      ['INCR k', 1000000000000000003n],
      ['OBJECT ENCODING k', 'int'],
    ],
  },
  {
    name: 'beyond 32 bits',
    steps: [
      ['SET k 17179869184', OK],
      ['INCR k', 17179869185],
      ['INCRBY k 17179869184', 34359738369],
      ['DECRBY k 34359738370', -1],
    ],
  },
  {
    name: 'beyond 2^53 every digit counts',
    steps: [
      ['SET k 9007199254740991', OK],
      ['INCR k', 9007199254740992n],
      ['INCR k', 9007199254740993n],
      ['GET k', '9007199254740993'],
      ['OBJECT ENCODING k', 'int'],
      ['DECRBY k 2', 9007199254740991],
      ['SET k -9007199254740991', OK],
      ['DECR k', -9007199254740992n],
      ['DECR k', -9007199254740993n],
      ['INCRBY k 9007199254740993', 0],
      ['INCRBY k 9223372036854775806', 9223372036854775806n],
      ['INCR k', 9223372036854775807n],
      ['DECRBY k 9223372036854775807', 0],
      ['DECRBY k 9223372036854775807', -9223372036854775807n],
      ['DECR k', -9223372036854775808n],
      ['INCRBY k 9223372036854775807', -1],
      ['GET k', '-1'],
      ['INCRBY k -9223372036854775807', -9223372036854775808n],
    ],
  },
  {
    name: 'an overflow leaves the value as it was',
    steps: [
      ['SET k 9223372036854775807', OK],
      ['INCR k', OVERFLOW],
      ['INCRBY k 1', OVERFLOW],
      ['INCRBY k 9223372036854775807', OVERFLOW],
      ['DECRBY k -1', OVERFLOW],
      ['GET k', '9223372036854775807'],
      ['SET k -9223372036854775808', OK],
      ['DECR k', OVERFLOW],
      ['INCRBY k -1', OVERFLOW],
      ['INCRBY k -9223372036854775808', OVERFLOW],
      ['DECRBY k 1', OVERFLOW],
      ['GET k', '-9223372036854775808'],
      ['SET k 2', OK],
      ['INCRBY k 9223372036854775806', OVERFLOW],
    ],
  },
  {
    name: 'DECRBY cannot negate the smallest integer',
    steps: [
      ['SET k 0', OK],
      ['DECRBY k -9223372036854775808', error('ERR decrement would overflow')],
      ['DECRBY missing -9223372036854775808', error('ERR decrement would overflow')],
      ['DECRBY k -9223372036854775807', 9223372036854775807n],
      ['EXISTS missing', 0],
    ],
  },
  {
    name: 'only canonical integers can be counted on',
    steps: [
      ...['', ' 11', '11 ', ' 11 ', '1.5', '+1', '01', '-0', 'x', '1x', '9223372036854775808', '1'.repeat(50)]
        .map((value) => [['SET', 'k', value], OK] as const)
        .flatMap(
          (store) =>
            [
              store,
              ['INCR k', NOT_INTEGER],
              ['DECR k', NOT_INTEGER],
              ['INCRBY k 1', NOT_INTEGER],
              ['DECRBY k 9223372036854775807', NOT_INTEGER],
              ['GET k', store[0][2]!],
            ] as const,
        ),
    ],
  },
  {
    name: 'increments must be canonical integers',
    steps: [
      ['SET k 1', OK],
      ...['x', '1.5', '+1', '01', '-0', '9223372036854775808', '-9223372036854775809'].flatMap(
        (by) =>
          [
            [`INCRBY k ${by}`, NOT_INTEGER],
            [`DECRBY k ${by}`, NOT_INTEGER],
          ] as const,
      ),
      [['INCRBY', 'k', ''], NOT_INTEGER],
      [['INCRBY', 'k', ' 1'], NOT_INTEGER],
      ['GET k', '1'],
    ],
  },
  {
    name: 'counting wants a string, but looks at the increment first',
    steps: [
      ['RPUSH list 1', 1],
      ['INCR list', WRONG_TYPE],
      ['DECR list', WRONG_TYPE],
      ['INCRBY list 1', WRONG_TYPE],
      ['DECRBY list 1', WRONG_TYPE],
      ['INCRBY list x', NOT_INTEGER],
      ['DECRBY list x', NOT_INTEGER],
      ['INCRBYFLOAT list 1', WRONG_TYPE],
      ['INCRBYFLOAT list x', WRONG_TYPE],
    ],
  },
  {
    name: 'the number of arguments',
    steps: [
      ['INCR', wrongArity('incr')],
      ['INCR k 1', wrongArity('incr')],
      ['DECR', wrongArity('decr')],
      ['INCRBY k', wrongArity('incrby')],
      ['DECRBY k 1 2', wrongArity('decrby')],
      ['INCRBYFLOAT k', wrongArity('incrbyfloat')],
    ],
  },
  {
    name: 'counting makes the encoding int, whatever it was',
    steps: [
      ['SET k 1', OK],
      ['APPEND k 2', 2],
      ['OBJECT ENCODING k', 'raw'],
      ['INCR k', 13],
      ['OBJECT ENCODING k', 'int'],
      ['APPEND k 2', 3],
      ['DECR k', 131],
      ['OBJECT ENCODING k', 'int'],
      ['SETRANGE k 0 2', 3],
      ['INCRBY k 1', 232],
      ['OBJECT ENCODING k', 'int'],
      ['APPEND k 2', 4],
      ['DECRBY k 22', 2300],
      ['OBJECT ENCODING k', 'int'],
      ['INCRBYFLOAT k 0', '2300'],
      ['OBJECT ENCODING k', 'embstr'],
      ['INCR k', 2301],
      ['OBJECT ENCODING k', 'int'],
    ],
  },
  {
    name: 'counting keeps the deadline',
    steps: [
      ['SET k 9 EX 100', OK],
      ['INCR k', 10],
      ['DECRBY k 5', 5],
      ['INCRBY k 9007199254740991', 9007199254740996n],
      ['TTL k', integerBetween(99, 100)],
      ['INCRBYFLOAT k 1.5', '9007199254740997.5'],
      ['TTL k', integerBetween(99, 100)],
    ],
  },
  {
    name: 'INCRBYFLOAT on a missing key and on integers',
    steps: [
      ['INCRBYFLOAT f 1', '1'],
      ['INCRBYFLOAT f 0.25', '1.25'],
      ['INCRBYFLOAT f -1.25', '0'],
      ['OBJECT ENCODING f', 'embstr'],
      ['SET f 1.5', OK],
      ['INCRBYFLOAT f 1.5', '3'],
      ['OBJECT ENCODING f', 'embstr'],
      ['SET f 17179869184', OK],
      ['INCRBYFLOAT f 1.5', '17179869185.5'],
      ['SET f 9223372036854775807', OK],
      ['INCRBYFLOAT f 1', '9223372036854775808'],
      ['INCR f', NOT_INTEGER],
    ],
  },
  {
    name: 'INCRBYFLOAT reckons with 64 bits of mantissa and shows 17 digits',
    steps: [
      ...float('0.1', '0.2', '0.3'),
      ...float('3.0', '1.0005e4', '10008'),
      ...float('1.5', '-1.1', '0.4'),
      ...float('0', '3.0e3', '3000'),
      ...float('1', '1e-17', '1.00000000000000001'),
      ...float('1', '1e-18', '1'),
      ...float('1', '1e-20', '1'),
      ...float('-0.5', '0.5', '0'),
      ...float('0', '-0.0', '0'),
      ...float('1e30', '0', '1000000000000000000024696061952'),
      ...float('0x10', '1', '17'),
      ...float('1', '0x1p-2', '1.25'),
      ...float('.5', '5.', '5.5'),
      ...float('+1', '+1', '2'),
      ...float('1E2', '1', '101'),
    ],
  },
  {
    name: 'a long result of INCRBYFLOAT is raw',
    steps: [
      ['INCRBYFLOAT f 1e50', '100000000000000000003583830118858923890798487404544'],
      ['OBJECT ENCODING f', 'raw'],
    ],
  },
  {
    name: 'INCRBYFLOAT wants numbers',
    steps: [
      ...['', ' 1', '1 ', ' 1 ', 'x', '1x', 'nan', '1,5', '--1', '1e', 'e1', '.', '1e99999', '1\0'].flatMap(
        (text) =>
          [
            [['SET', 'f', text], OK],
            [['INCRBYFLOAT', 'f', '1'], NOT_FLOAT],
            [['INCRBYFLOAT', 'other', text], NOT_FLOAT],
          ] as const,
      ),
      ['EXISTS other', 0],
      ['SET f x', OK],
      ['INCRBYFLOAT f 1', NOT_FLOAT],
      ['GET f', 'x'],
    ],
  },
  {
    name: 'INCRBYFLOAT never stores NaN or infinity',
    steps: [
      ['SET f 0', OK],
      ['INCRBYFLOAT f +inf', NAN_OR_INFINITY],
      ['INCRBYFLOAT f -inf', NAN_OR_INFINITY],
      ['INCRBYFLOAT f Infinity', NAN_OR_INFINITY],
      ['INCRBYFLOAT missing inf', NAN_OR_INFINITY],
      ['SET f inf', OK],
      ['INCRBYFLOAT f -inf', NAN_OR_INFINITY],
      ['INCRBYFLOAT f 1', NAN_OR_INFINITY],
      ['GET f', 'inf'],
      ['EXISTS missing', 0],
    ],
  },
];
