// The commands that wait, where they need not: something is there, they may not wait, or their request is wrong. Waiting
// itself, which takes several clients, is in test/engine/blocking.test.ts.

import type { CommandCase } from '../support/case.ts';
import { error, nullArray, OK } from '../support/expected.ts';

const WRONG_TYPE = error('WRONGTYPE Operation against a key holding the wrong kind of value');
const SYNTAX = error('ERR syntax error');
const NOT_FLOAT = error('ERR timeout is not a float or out of range');
const OUT_OF_RANGE = error('ERR timeout is out of range');
const NEGATIVE = error('ERR timeout is negative');
const wrongArity = (name: string) => error(`ERR wrong number of arguments for '${name}' command`);

export const cases: CommandCase[] = [
  {
    name: 'BLPOP and BRPOP take from the first list that is there',
    steps: [
      ['RPUSH b b1 b2 b3', 3],
      ['RPUSH c c1', 1],
      ['BLPOP a b c 0', ['b', 'b1']],
      ['BRPOP a c b 1', ['c', 'c1']],
      ['BRPOP a b c 0.5', ['b', 'b3']],
      ['BLPOP b b 0', ['b', 'b2']],
      ['DBSIZE', 0],
    ],
  },
  {
    name: 'BLMPOP, BLMOVE and BRPOPLPUSH do what their relatives do',
    steps: [
      ['RPUSH b b1 b2 b3 b4 b5', 5],
      ['BLMPOP 0 2 a b LEFT', ['b', ['b1']]],
      ['BLMPOP 1 1 b RIGHT COUNT 2', ['b', ['b5', 'b4']]],
      ['BLMOVE b c RIGHT LEFT 0', 'b3'],
      ['BRPOPLPUSH b c 0', 'b2'],
      ['LRANGE c 0 -1', ['b2', 'b3']],
      ['EXISTS b', 0],
      ['BLMOVE c c LEFT RIGHT 0', 'b2'],
      ['LRANGE c 0 -1', ['b3', 'b2']],
    ],
  },
  {
    name: 'within a transaction nobody waits',
    steps: [
      ['MULTI', OK],
      ['BLPOP a 0', { kind: 'simple', text: 'QUEUED' }],
      ['BRPOP a b 0', { kind: 'simple', text: 'QUEUED' }],
      ['BLMPOP 0 1 a LEFT', { kind: 'simple', text: 'QUEUED' }],
      ['BLMOVE a b LEFT LEFT 0', { kind: 'simple', text: 'QUEUED' }],
      ['BRPOPLPUSH a b 0', { kind: 'simple', text: 'QUEUED' }],
      ['RPUSH a x', { kind: 'simple', text: 'QUEUED' }],
      ['BLPOP a 0', { kind: 'simple', text: 'QUEUED' }],
      ['EXEC', [nullArray, nullArray, nullArray, null, null, 1, ['a', 'x']]],
    ],
  },
  {
    name: 'timeouts that are none',
    referenceSince: '7.2.0',
    steps: [
      ...['BLPOP a', 'BRPOP a b', 'BRPOPLPUSH a b', 'BLMOVE a b LEFT RIGHT'].flatMap(
        (request) =>
          [
            [`${request} x`, NOT_FLOAT],
            [`${request} nan`, NOT_FLOAT],
            [`${request} ''`, NOT_FLOAT],
            [`${request} ' 1'`, NOT_FLOAT],
            [`${request} 1e5000`, NOT_FLOAT],
            [`${request} -1`, NEGATIVE],
            [`${request} -0.01`, NEGATIVE],
            [`${request} -inf`, NEGATIVE],
            [`${request} inf`, OUT_OF_RANGE],
            [`${request} 1e400`, OUT_OF_RANGE],
            [`${request} 9223372036854775807`, OUT_OF_RANGE],
            [`${request} 9223372036854775.807`, OUT_OF_RANGE],
          ] as const,
      ),
      ['BLMPOP x 1 a LEFT', NOT_FLOAT],
      ['BLMPOP -1 1 a LEFT', NEGATIVE],
      ['BLMPOP inf 1 a LEFT', OUT_OF_RANGE],
    ],
  },
  {
    name: 'timeouts that are some',
    steps: [
      ...['0', '-0', '0x10', '+1', '1e-400', '-0.0001', '5e-324', '9000000000000000', '.5'].flatMap(
        (timeout) =>
          [
            ['RPUSH a x', 1],
            [`BLPOP a ${timeout}`, ['a', 'x']],
          ] as const,
      ),
    ],
  },
  {
    name: 'other types and words are refused',
    steps: [
      ['SET s v', OK],
      ['RPUSH k a', 1],
      ['BLPOP s 0', WRONG_TYPE],
      ['BRPOP missing s k 0', WRONG_TYPE],
      ['BRPOP s x', NOT_FLOAT],
      ['BLMPOP 0 2 s k LEFT', WRONG_TYPE],
      ['BLMOVE s k LEFT LEFT 0', WRONG_TYPE],
      ['BLMOVE k s LEFT LEFT 0', WRONG_TYPE],
      ['BRPOPLPUSH s k 0', WRONG_TYPE],
      ['BRPOPLPUSH k s 0', WRONG_TYPE],
      ['BLMOVE k k UP LEFT x', SYNTAX],
      ['BLMOVE k k LEFT UP x', SYNTAX],
      ['BLMPOP x 0 k LEFT', error('ERR numkeys should be greater than 0')],
      ['BLMPOP x 1 k UP', SYNTAX],
      ['BLMPOP x 2 k LEFT', SYNTAX],
      ['BLMPOP x 1 k LEFT COUNT 0', error('ERR count should be greater than 0')],
      ['BLMPOP x 1 k LEFT COUNT 1 2', SYNTAX],
      ['BLPOP k', wrongArity('blpop')],
      ['BRPOP k', wrongArity('brpop')],
      ['BLMPOP 0 1 k', wrongArity('blmpop')],
      ['BLMOVE k k LEFT LEFT', wrongArity('blmove')],
      ['BRPOPLPUSH k k', wrongArity('brpoplpush')],
      ['LRANGE k 0 -1', ['a']],
    ],
  },
];
