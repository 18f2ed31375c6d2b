// Integers of any width within strings: BITFIELD, BITFIELD_RO.

import type { CommandCase } from '../support/case.ts';
import { error, OK } from '../support/expected.ts';

const SYNTAX = error('ERR syntax error');
const NOT_INTEGER = error('ERR value is not an integer or out of range');
const BIT_OFFSET = error('ERR bit offset is not an integer or out of range');
const wrongArity = (name: string) => error(`ERR wrong number of arguments for '${name}' command`);

export const cases: CommandCase[] = [
  {
    name: 'BITFIELD reads, writes and adds',
    steps: [
      ['BITFIELD k SET i8 0 -100 GET i8 0 GET u8 0', [0, -100, 156]],
      ['BITFIELD k INCRBY i5 100 1 GET u4 0', [1, 9]],
      ['GET k', '\x9c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80'],
      ['BITFIELD k SET u4 6 15 GET u16 0', [0, 40896]],
      ['BITFIELD k GET i64 3 GET u63 1', [-144115188075855872n, 2287828610704211968n]],
      ['BITFIELD k', []],
      ['BITFIELD missing', []],
      ['BITFIELD missing GET u8 0 GET i64 100', [0, 0]],
      ['EXISTS missing', 0],
      ['OBJECT ENCODING k', 'raw'],
      ['bitfield k get u8 0', [159]],
    ],
  },
  {
    name: 'offsets with # count integers',
    steps: [
      ['BITFIELD k SET u8 #0 65 SET u8 #1 66 SET u8 #2 67', [0, 0, 0]],
      ['GET k', 'ABC'],
      ['BITFIELD k GET u16 #1 GET u8 #2 GET i3 #5', [17152, 67, 1]],
      ['BITFIELD k SET i64 #1 -2', [0]],
      ['STRLEN k', 16],
      ['BITFIELD k GET i64 #1', [-2]],
    ],
  },
  {
    name: 'integers of all bits',
    steps: [
      [
        'BITFIELD k SET i64 0 9223372036854775807 GET i64 0 GET u63 1',
        [0, 9223372036854775807n, 9223372036854775807n],
      ],
      [
        'BITFIELD k SET i64 0 -9223372036854775808 GET i64 0 GET u63 0 GET u63 1',
        [9223372036854775807n, -9223372036854775808n, 4611686018427387904n, 0],
      ],
      ['BITFIELD k SET u63 1 9223372036854775807 GET i64 0', [0, -1]],
      [
        'BITFIELD k SET i53 3 -4503599627370496 GET i53 3 GET u53 3 GET i54 3',
        [-1, -4503599627370496, 4503599627370496, -9007199254740991],
      ],
      ['BITFIELD k SET u54 5 18014398509481983 GET u54 5 GET i54 5', [7, 18014398509481983n, -1]],
      ['BITFIELD k SET u1 0 1 GET i1 0 GET u1 0', [1, -1, 1]],
      ['BITFIELD k INCRBY u32 32 4294967295', [4294967294]],
      ['GET k', '\xf7\xff\xff\xff\xff\xff\xff\xfe'],
    ],
  },
  {
    name: 'what overflows wraps around',
    steps: [
      ['BITFIELD k SET u8 0 255 INCRBY u8 0 1 INCRBY u8 0 -1 INCRBY u8 0 -300', [0, 0, 255, 211]],
      ['BITFIELD k SET i8 0 127 INCRBY i8 0 1 INCRBY i8 0 -1 INCRBY i8 0 1000', [-45, -128, 127, 103]],
      [
        'BITFIELD k SET u8 0 -1 GET u8 0 SET u8 0 256 GET u8 0 SET i8 0 200 GET i8 0',
        [103, 255, 255, 0, 0, -56],
      ],
      [
        'BITFIELD k SET i64 0 9223372036854775807 INCRBY i64 0 1 INCRBY i64 0 -1',
        [-4035225266123964416n, -9223372036854775808n, 9223372036854775807n],
      ],
      [
        'BITFIELD k SET u63 0 9223372036854775807 INCRBY u63 0 1 INCRBY u63 0 -9223372036854775808',
        [4611686018427387903n, 0, 0],
      ],
      ['BITFIELD k INCRBY u8 0 9223372036854775807', [255]],
      ['BITFIELD k INCRBY i8 0 -9223372036854775808', [-1]],
    ],
  },
  {
    name: 'OVERFLOW SAT stops at the bounds',
    steps: [
      ['BITFIELD k OVERFLOW SAT SET u8 0 250 INCRBY u8 0 10 INCRBY u8 0 -300 GET u8 0', [0, 255, 0, 0]],
      ['BITFIELD k OVERFLOW SAT SET i8 0 120 INCRBY i8 0 10 INCRBY i8 0 -300 GET i8 0', [0, 127, -128, -128]],
      [
        'BITFIELD k OVERFLOW SAT SET u8 0 -1 GET u8 0 SET i8 0 -200 GET i8 0 SET i8 0 200 GET i8 0',
        [128, 255, -1, -128, -128, 127],
      ],
      [
        'BITFIELD k OVERFLOW SAT SET i64 0 9223372036854775807 INCRBY i64 0 1 SET i64 0 -9223372036854775808 INCRBY i64 0 -1',
        [9151314442816847872n, 9223372036854775807n, 9223372036854775807n, -9223372036854775808n],
      ],
      [
        'BITFIELD k OVERFLOW SAT SET i8 0 -9223372036854775808 GET i8 0 SET i8 0 -9223372036854775681 GET i8 0 SET i8 0 -9223372036854775680 GET i8 0',
        [-128, 127, 127, 127, 127, -128],
      ],
      [
        'BITFIELD k OVERFLOW SAT SET u63 0 -1 GET u63 0 INCRBY u63 0 -9223372036854775808 GET u63 0',
        [4611686018427387904n, 9223372036854775807n, 0, 0],
      ],
    ],
  },
  {
    name: 'OVERFLOW FAIL answers null and changes nothing',
    steps: [
      [
        'BITFIELD k OVERFLOW FAIL SET u8 0 250 INCRBY u8 0 10 GET u8 0 INCRBY u8 0 -251 GET u8 0 INCRBY u8 0 5',
        [0, null, 250, null, 250, 255],
      ],
      [
        'BITFIELD k OVERFLOW FAIL SET u8 0 256 SET u8 0 -1 SET i4 0 8 SET i4 0 -9 GET u8 0',
        [null, null, null, null, 255],
      ],
      ['BITFIELD new OVERFLOW FAIL SET u8 0 256', [null]],
      ['STRLEN new', 1],
      [
        'BITFIELD k OVERFLOW FAIL INCRBY i64 0 9223372036854775807 INCRBY i64 0 9223372036854775807',
        [9151314442816847871n, null],
      ],
    ],
  },
  {
    name: 'OVERFLOW holds for what follows it',
    steps: [
      ['BITFIELD k INCRBY u2 100 1 OVERFLOW SAT INCRBY u2 102 1', [1, 1]],
      ['BITFIELD k INCRBY u2 100 1 OVERFLOW SAT INCRBY u2 102 1', [2, 2]],
      ['BITFIELD k INCRBY u2 100 1 OVERFLOW SAT INCRBY u2 102 1', [3, 3]],
      ['BITFIELD k INCRBY u2 100 1 OVERFLOW SAT INCRBY u2 102 1', [0, 3]],
      ['BITFIELD k INCRBY u2 100 1 OVERFLOW SAT INCRBY u2 102 1', [1, 3]],
      ['BITFIELD k OVERFLOW fail INCRBY u2 102 1 OVERFLOW wrap INCRBY u2 102 1', [null, 0]],
      ['BITFIELD k OVERFLOW SAT', []],
      ['BITFIELD k OVERFLOW SAT OVERFLOW FAIL GET u8 0', [0]],
    ],
  },
  {
    name: 'types that are none',
    steps: [
      [
        'BITFIELD k GET u64 0',
        error(
          'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.',
        ),
      ],
      [
        'BITFIELD k GET i65 0',
        error(
          'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.',
        ),
      ],
      [
        'BITFIELD k GET u0 0',
        error(
          'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.',
        ),
      ],
      [
        'BITFIELD k GET i0 0',
        error(
          'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.',
        ),
      ],
      [
        'BITFIELD k GET x8 0',
        error(
          'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.',
        ),
      ],
      [
        'BITFIELD k GET U8 0',
        error(
          'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.',
        ),
      ],
      [
        'BITFIELD k GET u 0',
        error(
          'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.',
        ),
      ],
      [
        'BITFIELD k GET u08 0',
        error(
          'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.',
        ),
      ],
      [
        'BITFIELD k GET i-8 0',
        error(
          'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.',
        ),
      ],
      [
        'BITFIELD k GET 8 0',
        error(
          'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.',
        ),
      ],
      [
        ['BITFIELD', 'k', 'GET', '', '0'],
        error(
          'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.',
        ),
      ],
      [['BITFIELD', 'k', 'GET', 'u8\x00x', '0'], [0]],
      [
        'BITFIELD_RO k GET u64 0',
        error(
          'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.',
        ),
      ],
    ],
  },
  {
    name: 'offsets and values that are none',
    steps: [
      ['BITFIELD k GET u8 -1', BIT_OFFSET],
      ['BITFIELD k GET u8 x', BIT_OFFSET],
      ['BITFIELD k GET u8 #', BIT_OFFSET],
      ['BITFIELD k GET u8 #-1', BIT_OFFSET],
      ['BITFIELD k GET u8 #x', BIT_OFFSET],
      ['BITFIELD k GET u8 ##1', BIT_OFFSET],
      ['BITFIELD k GET u8 4294967296', BIT_OFFSET],
      ['BITFIELD k GET u8 4294967295', [0]],
      ['BITFIELD k GET u8 #536870912', BIT_OFFSET],
      ['BITFIELD k GET u8 #9223372036854775807', BIT_OFFSET],
      ['BITFIELD k GET u2 #9223372036854775807', BIT_OFFSET],
      ['BITFIELD k GET i64 #288230376151711744', [0]],
      ['BITFIELD k SET u8 0 x', NOT_INTEGER],
      ['BITFIELD k SET u8 0 9223372036854775808', NOT_INTEGER],
      ['BITFIELD k INCRBY u8 0 1.5', NOT_INTEGER],
      ['EXISTS k', 0],
    ],
  },
  {
    name: 'operations that are none',
    steps: [
      ['BITFIELD k GET', SYNTAX],
      ['BITFIELD k GET u8', SYNTAX],
      ['BITFIELD k SET u8 0', SYNTAX],
      ['BITFIELD k INCRBY u8 0', SYNTAX],
      ['BITFIELD k OVERFLOW', SYNTAX],
      ['BITFIELD k OVERFLOW NONE', error('ERR Invalid OVERFLOW type specified')],
      ['BITFIELD k FOO u8 0', SYNTAX],
      ['BITFIELD k SET u8 0 1 GET u8', SYNTAX],
      ['BITFIELD k GET u8 0 x', SYNTAX],
      ['EXISTS k', 0],
      ['BITFIELD', wrongArity('bitfield')],
      ['BITFIELD_RO', wrongArity('bitfield_ro')],
    ],
  },
  {
    name: 'BITFIELD_RO reads only',
    steps: [
      ['SET k ab', OK],
      ['BITFIELD_RO k GET u8 0 GET i5 3', [97, 1]],
      ['BITFIELD_RO k', []],
      ['BITFIELD_RO missing GET u8 0', [0]],
      ['BITFIELD_RO k SET u8 0 1', error('ERR BITFIELD_RO only supports the GET subcommand')],
      ['BITFIELD_RO k GET u8 0 INCRBY u8 0 1', error('ERR BITFIELD_RO only supports the GET subcommand')],
      ['BITFIELD_RO k OVERFLOW SAT', []],
      ['BITFIELD_RO k SET u8 0 x', NOT_INTEGER],
      ['GET k', 'ab'],
      ['OBJECT ENCODING k', 'embstr'],
      ['SET n 12', OK],
      ['BITFIELD_RO n GET u16 0', [12594]],
      ['OBJECT ENCODING n', 'int'],
      ['BITFIELD n GET u16 0', [12594]],
      ['OBJECT ENCODING n', 'int'],
      ['BITFIELD n SET u16 0 1', [12594]],
      ['OBJECT ENCODING n', 'raw'],
    ],
  },
];
