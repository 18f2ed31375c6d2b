// KEYS and SCAN.

import type { CommandCase, Step } from '../support/case.ts';
import { error, matching, OK, unordered } from '../support/expected.ts';

const SYNTAX = error('ERR syntax error');
const NOT_INTEGER = error('ERR value is not an integer or out of range');
const INVALID_CURSOR = error('ERR invalid cursor');
const ALL = 'COUNT 1000';
const fruit: Step = ['MSET apple 1 apricot 2 banana 3 cherry 4 pineapple 5', OK];

export const cases: CommandCase[] = [
  {
    name: 'KEYS returns what matches',
    steps: [
      ['KEYS *', []],
      fruit,
      ['KEYS *', unordered('apple', 'apricot', 'banana', 'cherry', 'pineapple')],
      ['KEYS ap*', unordered('apple', 'apricot')],
      ['KEYS *apple', unordered('apple', 'pineapple')],
      ['KEYS *an*n*', ['banana']],
      ['KEYS banana', ['banana']],
      ['KEYS banan', []],
      ['KEYS b?n?n?', ['banana']],
      ['KEYS [ab]*', unordered('apple', 'apricot', 'banana')],
      ['KEYS [^ab]*', unordered('cherry', 'pineapple')],
      ['KEYS [b-c]*', unordered('banana', 'cherry')],
      ['KEYS APPLE', []],
      [['KEYS', ''], []],
      ['KEYS', error("ERR wrong number of arguments for 'keys' command")],
      ['KEYS a b', error("ERR wrong number of arguments for 'keys' command")],
    ],
  },
  {
    name: 'KEYS takes special characters literally behind a backslash',
    steps: [
      [['MSET', 'a*b', '1', 'axb', '2', 'a\\b', '3', 'a[b', '4'], OK],
      [['KEYS', 'a\\*b'], ['a*b']],
      [['KEYS', 'a\\\\b'], ['a\\b']],
      [['KEYS', 'a\\[b'], ['a[b']],
      [['KEYS', 'a[*]b'], ['a*b']],
      [['KEYS', 'a?b'], unordered('a*b', 'axb', 'a\\b', 'a[b')],
    ],
  },
  {
    name: 'the empty key is found by a lone star and by the empty pattern',
    steps: [
      [['SET', '', 'v'], OK],
      ['KEYS *', ['']],
      [['KEYS', ''], ['']],
      ['KEYS **', []],
      ['KEYS ?*', []],
      ['SCAN 0 MATCH *', ['0', ['']]],
      [
        ['SCAN', '0', 'MATCH', ''],
        ['0', ['']],
      ],
      ['SCAN 0 MATCH **', ['0', []]],
    ],
  },
  {
    name: 'binary keys are matched byte by byte',
    steps: [
      [['MSET', '\x00a', '1', '\xffa', '2', '\r\n', '3'], OK],
      [['KEYS', '\x00*'], ['\x00a']],
      [['KEYS', '\xff*'], ['\xffa']],
      [['KEYS', '?a'], unordered('\x00a', '\xffa')],
      [['KEYS', '\r\n'], ['\r\n']],
    ],
  },
  {
    name: 'KEYS looks at the selected database only',
    steps: [
      ['SET zero 1', OK],
      ['SELECT 1', OK],
      ['KEYS *', []],
      ['SET one 1', OK],
      ['KEYS *', ['one']],
      ['KEYS zero', []],
    ],
  },
  {
    name: 'KEYS shows nothing that has expired',
    steps: [
      ['SET a 1 PX 20', OK],
      ['SET ab 1', OK],
      ['SET b 1 PX 20', OK],
      { waitMs: 60 },
      ['KEYS *', ['ab']],
      ['KEYS a*', ['ab']],
      ['KEYS b', []],
    ],
  },
  {
    name: 'KEYS passes over expired keys and leaves them where they are, SCAN removes those that match',
    not: {
      reload: 'an expired key does not come back from a file',
      aof: 'an expired key does not come back from a file',
    },
    config: { 'enable-debug-command': 'yes' },
    steps: [
      ['DEBUG SET-ACTIVE-EXPIRE 0', OK],
      ['SET a 1 PX 1', OK],
      ['SET b 1 PX 1', OK],
      { waitMs: 20 },
      ['KEYS *', []],
      ['KEYS a', []],
      ['DBSIZE', 2],
      ['SCAN 0 MATCH b*', ['0', []]],
      ['DBSIZE', 1],
      ['SCAN 0 TYPE list', ['0', []]],
      ['DBSIZE', 0],
      ['SET c 1 PX 1', OK],
      { waitMs: 20 },
      ['RANDOMKEY', null],
      ['DBSIZE', 0],
      ['DEBUG SET-ACTIVE-EXPIRE 1', OK],
    ],
  },
  {
    name: 'SCAN returns a cursor and keys',
    steps: [
      ['SCAN 0', ['0', []]],
      fruit,
      [`SCAN 0 ${ALL}`, ['0', unordered('apple', 'apricot', 'banana', 'cherry', 'pineapple')]],
      [`SCAN 0 ${ALL} MATCH ap*`, ['0', unordered('apple', 'apricot')]],
      [`SCAN 0 MATCH *apple ${ALL}`, ['0', unordered('apple', 'pineapple')]],
      [`scan 0 match banana ${ALL} type string`, ['0', ['banana']]],
      [`SCAN 0 ${ALL} TYPE STRING MATCH c*`, ['0', ['cherry']]],
      [`SCAN 0 ${ALL} TYPE list`, ['0', []]],
      [`SCAN 0 ${ALL} TYPE nonsense`, ['0', []]],
      [`SCAN 0 MATCH x* ${ALL} MATCH cherry`, ['0', ['cherry']]],
      ['SCAN 0 COUNT 1 COUNT 1000 MATCH cherry', ['0', ['cherry']]],
    ],
  },
  {
    name: 'SCAN takes any unsigned 64-bit number for a cursor',
    steps: [
      ['SCAN 18446744073709551615', [matching(/^\d+$/), []]],
      ['SCAN 18446744073709551616', INVALID_CURSOR],
      ['SCAN 4294967296', [matching(/^\d+$/), []]],
      ['SCAN -1', [matching(/^\d+$/), []]],
      ['SCAN +0', ['0', []]],
      ['SCAN 00', ['0', []]],
      [
        ['SCAN', ''],
        ['0', []],
      ],
      [['SCAN', ' 0'], INVALID_CURSOR],
      [['SCAN', '0 '], INVALID_CURSOR],
      ['SCAN x', INVALID_CURSOR],
      ['SCAN 0x', INVALID_CURSOR],
      ['SCAN 1.5', INVALID_CURSOR],
      ['SCAN x COUNT 0', INVALID_CURSOR],
    ],
  },
  {
    name: 'SCAN refuses options that it does not know',
    steps: [
      ['SCAN', error("ERR wrong number of arguments for 'scan' command")],
      ['SCAN 0 COUNT', SYNTAX],
      ['SCAN 0 COUNT 0', SYNTAX],
      ['SCAN 0 COUNT -5', SYNTAX],
      ['SCAN 0 COUNT x', NOT_INTEGER],
      ['SCAN 0 COUNT 9223372036854775807', ['0', []]],
      ['SCAN 0 COUNT 9223372036854775808', NOT_INTEGER],
      ['SCAN 0 MATCH', SYNTAX],
      ['SCAN 0 TYPE', SYNTAX],
      ['SCAN 0 NONSENSE', SYNTAX],
      ['SCAN 0 NONSENSE 1', SYNTAX],
      ['SCAN 0 MATCH a COUNT', SYNTAX],
      ['SCAN 0 COUNT x NONSENSE', NOT_INTEGER],
      ['SCAN 0 NOVALUES', SYNTAX],
    ],
  },
];
