// TIME, ROLE, LASTSAVE, LOLWUT and SHUTDOWN.

import type { CommandCase } from '../support/case.ts';
import { error, integerBetween, matching, OK } from '../support/expected.ts';

const SYNTAX = error('ERR syntax error');
const arity = (name: string) => error(`ERR wrong number of arguments for '${name}' command`);

export const cases: CommandCase[] = [
  {
    name: 'TIME is seconds and microseconds',
    steps: [
      ['TIME', [matching(/^[0-9]{10}$/), matching(/^[0-9]{1,6}$/)]],
      ['TIME x', arity('time')],
    ],
  },
  {
    name: 'ROLE of a master without replicas',
    steps: [
      ['ROLE', ['master', 0, []]],
      ['ROLE x', arity('role')],
    ],
  },
  {
    name: 'LASTSAVE is the start until there is a save',
    steps: [
      ['LASTSAVE', integerBetween(1_700_000_000, 9_999_999_999)],
      ['LASTSAVE x', arity('lastsave')],
    ],
  },
  {
    name: 'LOLWUT ends with the version',
    steps: [
      ['LOLWUT', matching(/^Redis ver\. [0-9.]+\n$/)],
      ['LOLWUT anything', matching(/^Redis ver\. [0-9.]+\n$/)],
      ['LOLWUT VERSION', matching(/^Redis ver\. [0-9.]+\n$/)],
      ['LOLWUT VERSION 7 x', matching(/^Redis ver\. [0-9.]+\n$/)],
      ['LOLWUT VERSION x', error('ERR value is not an integer or out of range')],
      ['LOLWUT VERSION 5', matching(/Redis ver\. [0-9.]+\n$/)],
      ['LOLWUT VERSION 5 20 2 3', matching(/Redis ver\. [0-9.]+\n$/)],
      ['LOLWUT VERSION 5 x', error('ERR value is not an integer or out of range')],
      ['LOLWUT VERSION 5 20 2 x', error('ERR value is not an integer or out of range')],
      ['LOLWUT VERSION 6', matching(/Redis ver\. [0-9.]+\n$/)],
      ['LOLWUT VERSION 6 -1 2', matching(/Redis ver\. [0-9.]+\n$/)],
      ['LOLWUT VERSION 6 20 x', error('ERR value is not an integer or out of range')],
    ],
  },
  {
    name: 'SHUTDOWN refuses what makes no sense',
    steps: [
      ['SHUTDOWN nosuch', SYNTAX],
      ['SHUTDOWN SAVE NOSAVE', SYNTAX],
      ['SHUTDOWN ABORT NOW', SYNTAX],
      ['SHUTDOWN NOSAVE ABORT', SYNTAX],
      ['SHUTDOWN NOSAVE nosuch', SYNTAX],
      ['SHUTDOWN ABORT', error('ERR No shutdown in progress.')],
      ['shutdown abort ABORT', error('ERR No shutdown in progress.')],
    ],
    not: { multi: 'SHUTDOWN is not allowed in a transaction' },
  },
  {
    name: 'SHUTDOWN is not allowed in a transaction',
    steps: [
      ['MULTI', OK],
      ['SHUTDOWN ABORT', error('ERR Command not allowed inside a transaction')],
      ['EXEC', error('EXECABORT Transaction discarded because of previous errors.')],
    ],
  },
];
