// LCS: the subsequence itself, its length, its ranges.

import type { CommandCase } from '../support/case.ts';
import { type Expected, error, map, OK } from '../support/expected.ts';

const SYNTAX = error('ERR syntax error');
const NOT_STRINGS = error('ERR The specified keys must contain string values');
const NOT_INTEGER = error('ERR value is not an integer or out of range');
const LEN_AND_IDX = error('ERR If you want both the length and indexes, please just use IDX.');
const TOO_LARGE = error('ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len');

const matches = (length: number, ...ranges: Expected[]) => map(['matches', ranges], ['len', length]);

export const cases: CommandCase[] = [
  {
    name: 'the bytes, their number, their ranges',
    steps: [
      ['MSET a ohmytext b mynewtext', OK],
      ['LCS a b', 'mytext'],
      ['LCS a b LEN', 6],
      [
        'LCS a b IDX',
        matches(
          6,
          [
            [4, 7],
            [5, 8],
          ],
          [
            [2, 3],
            [0, 1],
          ],
        ),
      ],
      ['LCS a b IDX WITHMATCHLEN', matches(6, [[4, 7], [5, 8], 4], [[2, 3], [0, 1], 2])],
      ['LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN', matches(6, [[4, 7], [5, 8], 4])],
      ['lcs a b minmatchlen 5 idx withmatchlen', matches(6)],
      ['LCS a b IDX MINMATCHLEN 0 WITHMATCHLEN', matches(6, [[4, 7], [5, 8], 4], [[2, 3], [0, 1], 2])],
      ['LCS a b IDX MINMATCHLEN -3 WITHMATCHLEN', matches(6, [[4, 7], [5, 8], 4], [[2, 3], [0, 1], 2])],
      ['LCS a b IDX MINMATCHLEN 9223372036854775807', matches(6)],
    ],
  },
  {
    name: 'a choice among equally long subsequences',
    steps: [
      ['MSET a abcbdab b bdcaba', OK],
      ['LCS a b', 'bdab'],
      ['LCS b a', 'bcba'],
      ['LCS a b IDX WITHMATCHLEN', matches(4, [[5, 6], [3, 4], 2], [[3, 4], [0, 1], 2])],
      [
        'LCS b a IDX WITHMATCHLEN',
        matches(4, [[5, 5], [5, 5], 1], [[4, 4], [3, 3], 1], [[2, 2], [2, 2], 1], [[0, 0], [1, 1], 1]),
      ],
      ['MSET a aaaa b aa', OK],
      ['LCS a b IDX WITHMATCHLEN', matches(2, [[2, 3], [0, 1], 2])],
      ['LCS b a IDX WITHMATCHLEN', matches(2, [[0, 1], [2, 3], 2])],
    ],
  },
  {
    name: 'nothing in common',
    steps: [
      ['MSET a abc b xyz', OK],
      ['LCS a b', ''],
      ['LCS a b LEN', 0],
      ['LCS a b IDX', matches(0)],
    ],
  },
  {
    name: 'a missing key counts as empty',
    steps: [
      ['SET a abc', OK],
      ['LCS a missing', ''],
      ['LCS missing a LEN', 0],
      ['LCS missing missing IDX', matches(0)],
      [['SET', 'empty', ''], OK],
      ['LCS a empty', ''],
    ],
  },
  {
    name: 'a key with itself, and integers',
    steps: [
      ['MSET a 12345 b 234', OK],
      ['LCS a a', '12345'],
      ['LCS a a IDX WITHMATCHLEN', matches(5, [[0, 4], [0, 4], 5])],
      ['LCS a b', '234'],
      ['LCS a b IDX WITHMATCHLEN', matches(3, [[1, 3], [0, 2], 3])],
    ],
  },
  {
    name: 'long strings with many bytes per row',
    steps: [
      [['SET', 'a', `${'ab'.repeat(100)}x${'cd'.repeat(50)}`], OK],
      [['SET', 'b', `${'ab'.repeat(100)}yy${'cd'.repeat(50)}`], OK],
      ['LCS a b', `${'ab'.repeat(100)}${'cd'.repeat(50)}`],
      ['LCS a b LEN', 300],
      ['LCS a b IDX WITHMATCHLEN', matches(300, [[201, 300], [202, 301], 100], [[0, 199], [0, 199], 200])],
    ],
  },
  {
    name: 'WITHMATCHLEN and MINMATCHLEN mean nothing without IDX, and options may be repeated',
    steps: [
      ['MSET a ohmytext b mynewtext', OK],
      ['LCS a b WITHMATCHLEN', 'mytext'],
      ['LCS a b MINMATCHLEN 5', 'mytext'],
      ['LCS a b LEN MINMATCHLEN 5 WITHMATCHLEN LEN', 6],
      ['LCS a b IDX IDX MINMATCHLEN 1 MINMATCHLEN 5', matches(6)],
    ],
  },
  {
    name: 'options that are wrong',
    steps: [
      ['MSET a abc b abd', OK],
      ['LCS a', error("ERR wrong number of arguments for 'lcs' command")],
      ['LCS a b LEN IDX', LEN_AND_IDX],
      ['LCS a b IDX LEN', LEN_AND_IDX],
      ['LCS a b unknown', SYNTAX],
      ['LCS a b LEN IDX unknown', SYNTAX],
      ['LCS a b MINMATCHLEN', SYNTAX],
      ['LCS a b IDX MINMATCHLEN x', NOT_INTEGER],
      ['LCS a b IDX MINMATCHLEN 1.5', NOT_INTEGER],
      ['LCS a b MINMATCHLEN x unknown', NOT_INTEGER],
    ],
  },
  {
    name: 'keys that are no strings, before anything else',
    steps: [
      ['RPUSH list a', 1],
      ['SET a abc', OK],
      ['LCS list a', NOT_STRINGS],
      ['LCS a list', NOT_STRINGS],
      ['LCS list missing', NOT_STRINGS],
      ['LCS list list unknown', NOT_STRINGS],
      ['LCS a list LEN IDX', NOT_STRINGS],
    ],
  },
  {
    name: 'the table must fit into proto-max-bulk-len, four bytes a cell',
    config: { 'proto-max-bulk-len': '1mb' },
    steps: [
      [['SET', 'a', 'x'.repeat(511)], OK],
      [['SET', 'b', 'x'.repeat(511)], OK],
      ['LCS a b LEN', 511],
      ['APPEND b x', 512],
      ['LCS a b LEN', TOO_LARGE],
      ['LCS a b', TOO_LARGE],
      ['LCS a b LEN IDX', LEN_AND_IDX],
      ['LCS b missing', ''],
    ],
  },
];
