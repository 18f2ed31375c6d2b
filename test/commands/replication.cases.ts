// REPLCONF as far as it answers, and SYNC where it is refused. What comes after SYNC is in test/replication.

import type { CommandCase } from '../support/case.ts';
import { error, OK } from '../support/expected.ts';

const NOT_INTEGER = error('ERR value is not an integer or out of range');
const ONLY_HERE = { multi: 'SYNC is about MULTI itself', script: 'SYNC is about MULTI itself' };

export const cases: CommandCase[] = [
  {
    name: 'REPLCONF takes pairs of option and value',
    steps: [
      ['REPLCONF', OK],
      ['REPLCONF listening-port', error('ERR syntax error')],
      ['REPLCONF nosuch x', error('ERR Unrecognized REPLCONF option: nosuch')],
      ['REPLCONF LISTENING-PORT 7000 Ip-Address 10.0.0.1 capa eof', OK],
      ['REPLCONF listening-port 7000 nosuch x', error('ERR Unrecognized REPLCONF option: nosuch')],
    ],
  },
  {
    name: 'REPLCONF listening-port is an integer',
    steps: [
      ['REPLCONF listening-port x', NOT_INTEGER],
      ['REPLCONF listening-port 99999999999', OK],
      ['REPLCONF listening-port 9223372036854775808', NOT_INTEGER],
    ],
  },
  {
    name: 'REPLCONF ip-address has a length',
    steps: [
      [['REPLCONF', 'ip-address', 'x'.repeat(255)], OK],
      [
        ['REPLCONF', 'ip-address', 'x'.repeat(256)],
        error('ERR REPLCONF ip-address provided by replica instance is too long: 256 bytes'),
      ],
    ],
  },
  {
    name: 'REPLCONF capa: what is not known is ignored',
    steps: [['REPLCONF capa eof capa psync2 capa nosuch', OK]],
  },
  {
    name: 'REPLCONF rdb-only is 0 or 1',
    steps: [
      ['REPLCONF rdb-only 1', OK],
      ['REPLCONF rdb-only 0', OK],
      ['REPLCONF rdb-only 2', error('ERR value is out of range, value must between 0 and 1')],
      ['REPLCONF rdb-only x', NOT_INTEGER],
    ],
  },
  {
    name: 'REPLCONF rdb-filter-only names what shall be in the snapshot',
    steps: [
      [['REPLCONF', 'rdb-filter-only', ''], OK],
      [['REPLCONF', 'rdb-filter-only', 'functions FUNCTIONS'], OK],
      [
        ['REPLCONF', 'rdb-filter-only', 'functions keys'],
        error('ERR Unsupported rdb-filter-only option: keys'),
      ],
      [['REPLCONF', 'rdb-filter-only', '"functions'], error('ERR Missing rdb-filter-only values')],
    ],
  },
  {
    name: 'SYNC takes no arguments, and no part in a transaction',
    not: ONLY_HERE,
    steps: [
      ['SYNC x', error("ERR wrong number of arguments for 'sync' command")],
      ['MULTI', OK],
      ['SYNC', error('ERR Command not allowed inside a transaction')],
      ['EXEC', error('EXECABORT Transaction discarded because of previous errors.')],
    ],
  },
  {
    name: 'PSYNC wants an ID and an offset, and no part in a transaction',
    not: ONLY_HERE,
    steps: [
      ['PSYNC ?', error("ERR wrong number of arguments for 'psync' command")],
      ['PSYNC ? x', NOT_INTEGER],
      ['PSYNC ? -1 FAILOVER', error("ERR PSYNC FAILOVER can't be sent to a master.")],
      ['MULTI', OK],
      ['PSYNC ? -1', error('ERR Command not allowed inside a transaction')],
      ['EXEC', error('EXECABORT Transaction discarded because of previous errors.')],
    ],
  },
  {
    name: 'WAIT where there are no replicas',
    steps: [
      ['WAIT 0 0', 0],
      ['WAIT -1 0', 0],
      ['WAIT x 0', NOT_INTEGER],
      ['WAIT 1 x', error('ERR timeout is not an integer or out of range')],
      ['WAIT 1 -1', error('ERR timeout is negative')],
      ['WAIT 1', error("ERR wrong number of arguments for 'wait' command")],
    ],
  },
  {
    name: 'WAITAOF where there are no files and no replicas',
    referenceSince: '7.2.0',
    not: { script: 'not from scripts' },
    steps: [
      ['WAITAOF 0 0 0', [0, 0]],
      ['WAITAOF 2 0 0', error('ERR value is out of range, value must between 0 and 1')],
      ['WAITAOF x 0 0', NOT_INTEGER],
      ['WAITAOF 0 -1 0', error('ERR value is out of range, must be positive')],
      ['WAITAOF 0 0 -1', error('ERR timeout is negative')],
      ['WAITAOF 1 0 0', error('ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.')],
    ],
  },
];
