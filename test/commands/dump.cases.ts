// DUMP, RESTORE, and what MIGRATE answers before it sends anything. Payloads are of the real 7.2.4; those of every type and
// encoding are in test/persistence.

import type { CommandCase } from '../support/case.ts';
import { error, integerBetween, matching, OK, simple } from '../support/expected.ts';

const bytes = (base64: string) => Buffer.from(base64, 'base64').toString('latin1');

/** Older servers neither write nor read payloads of RDB version 11. */
const VERSION_11 = '7.2.0';

/** The string `bar`. */
const BAR = bytes('AANiYXILAI9h9BMT+RSe');
/** The list a. */
const LIST = bytes('EgECCgoAAAABAIFhAv8LAGBmUIZpQTAc');
const DAMAGED = `${BAR.slice(0, -1)}x`;
/** An unknown type with a sound checksum is made from a payload by DEBUG's switch. */
const UNKNOWN_TYPE = `\x1f${BAR.slice(1)}`;
const LATER_VERSION = `${BAR.slice(0, -10)}\x0c${BAR.slice(-9)}`;
const MODULE = `\x07${BAR.slice(1)}`;

export const cases: readonly CommandCase[] = [
  {
    name: 'dump',
    referenceSince: VERSION_11,
    steps: [
      ['SET foo bar', OK],
      ['DUMP foo', BAR],
      ['DUMP none', null],
      ['DUMP', error("ERR wrong number of arguments for 'dump' command")],
    ],
  },
  {
    name: 'restore',
    referenceSince: VERSION_11,
    steps: [
      [['RESTORE', 'foo', '0', BAR], OK],
      ['GET foo', 'bar'],
      ['TTL foo', -1],
      [['RESTORE', 'list', '0', LIST], OK],
      ['LRANGE list 0 -1', ['a']],
      [['RESTORE-ASKING', 'other', '0', BAR], OK],
      ['GET other', 'bar'],
    ],
  },
  {
    name: 'restore: a key that is there',
    referenceSince: VERSION_11,
    steps: [
      ['SET foo x', OK],
      [['RESTORE', 'foo', '0', '...'], error('BUSYKEY Target key name already exists.')],
      [['RESTORE', 'foo', 'x', BAR], error('BUSYKEY Target key name already exists.')],
      [['RESTORE', 'foo', '0', BAR, 'REPLACE'], OK],
      ['GET foo', 'bar'],
      [['RESTORE', 'foo', '0', LIST, 'replace'], OK],
      ['TYPE foo', simple('list')],
      // What is wrong leaves the old value alone.
      [['RESTORE', 'foo', '0', DAMAGED, 'replace'], error('ERR DUMP payload version or checksum are wrong')],
      ['TYPE foo', simple('list')],
    ],
  },
  {
    name: 'restore: time to live',
    referenceSince: VERSION_11,
    steps: [
      [['RESTORE', 'a', '10000', BAR], OK],
      ['PTTL a', integerBetween(9000, 10000)],
      [['RESTORE', 'b', '99999999999999', BAR, 'ABSTTL'], OK],
      ['PEXPIRETIME b', 99999999999999],
      [['RESTORE', 'c', '0', BAR, 'ABSTTL'], OK],
      ['TTL c', -1],
      [['RESTORE', 'd', '1', BAR, 'ABSTTL'], OK],
      ['EXISTS d', 0],
      [['RESTORE', 'a', '1', BAR, 'ABSTTL', 'REPLACE'], OK],
      ['EXISTS a', 0],
      [['RESTORE', 'e', '-1', BAR], error('ERR Invalid TTL value, must be >= 0')],
      [['RESTORE', 'e', 'x', BAR], error('ERR value is not an integer or out of range')],
      [['RESTORE', 'e', '9223372036854775807', BAR], OK],
      ['EXISTS e', 0],
      [['RESTORE', 'f', '9223372036854775807', BAR, 'ABSTTL'], OK],
      ['PEXPIRETIME f', 9223372036854775807n],
    ],
  },
  {
    name: 'restore: an old value that is to be replaced has expired',
    referenceSince: VERSION_11,
    steps: [['SET foo x PX 10', OK], { waitMs: 30 }, [['RESTORE', 'foo', '0', BAR], OK], ['GET foo', 'bar']],
  },
  {
    name: 'restore: options',
    referenceSince: VERSION_11,
    steps: [
      [['RESTORE', 'k', '0', BAR, 'NO'], error('ERR syntax error')],
      [['RESTORE', 'k', '0', BAR, 'IDLETIME'], error('ERR syntax error')],
      [['RESTORE', 'k', '0', BAR, 'FREQ'], error('ERR syntax error')],
      [['RESTORE', 'k', '0', BAR, 'IDLETIME', 'x'], error('ERR value is not an integer or out of range')],
      [['RESTORE', 'k', '0', BAR, 'IDLETIME', '-1'], error('ERR Invalid IDLETIME value, must be >= 0')],
      [['RESTORE', 'k', '0', BAR, 'FREQ', '-1'], error('ERR Invalid FREQ value, must be >= 0 and <= 255')],
      [['RESTORE', 'k', '0', BAR, 'FREQ', '256'], error('ERR Invalid FREQ value, must be >= 0 and <= 255')],
      [['RESTORE', 'k', '0', BAR, 'FREQ', '1', 'IDLETIME', '1'], error('ERR syntax error')],
      [['RESTORE', 'k', '0', BAR, 'IDLETIME', '1', 'FREQ', '1'], error('ERR syntax error')],
      [['RESTORE', 'k', '0', BAR, 'FREQ', '1'], OK],
      ['RESTORE k 0', error("ERR wrong number of arguments for 'restore' command")],
    ],
  },
  {
    name: 'restore: idle time',
    referenceSince: VERSION_11,
    steps: [
      [['RESTORE', 'k', '0', BAR, 'IDLETIME', '1000'], OK],
      ['OBJECT IDLETIME k', integerBetween(1000, 1001)],
      [['RESTORE', 'k', '0', BAR, 'IDLETIME', '999999999999', 'REPLACE'], OK],
      ['OBJECT IDLETIME k', integerBetween(10817534, 10817537)],
    ],
  },
  {
    name: 'restore: frequency',
    referenceSince: VERSION_11,
    config: { 'maxmemory-policy': 'allkeys-lfu' },
    steps: [
      [['RESTORE', 'k', '0', BAR, 'FREQ', '100'], OK],
      ['OBJECT FREQ k', 100],
      [['RESTORE', 'k', '0', BAR, 'IDLETIME', '100', 'REPLACE'], OK],
      ['OBJECT FREQ k', 5],
    ],
  },
  {
    name: 'restore: damaged payloads',
    referenceSince: VERSION_11,
    config: { 'enable-debug-command': 'yes' },
    steps: [
      [['RESTORE', 'k', '0', ''], error('ERR DUMP payload version or checksum are wrong')],
      [['RESTORE', 'k', '0', 'short'], error('ERR DUMP payload version or checksum are wrong')],
      [['RESTORE', 'k', '0', DAMAGED], error('ERR DUMP payload version or checksum are wrong')],
      [['RESTORE', 'k', '0', LATER_VERSION], error('ERR DUMP payload version or checksum are wrong')],
      ['DEBUG SET-SKIP-CHECKSUM-VALIDATION 1', OK],
      [['RESTORE', 'k', '0', LATER_VERSION], error('ERR DUMP payload version or checksum are wrong')],
      [['RESTORE', 'k', '0', UNKNOWN_TYPE], error('ERR Bad data format')],
      [['RESTORE', 'k', '0', MODULE], error('ERR Bad data format')],
      ['EXISTS k', 0],
      [['RESTORE', 'k', '0', DAMAGED], OK],
      ['GET k', 'bar'],
    ],
  },
  {
    name: 'migrate: arguments',
    steps: [
      ['MIGRATE 127.0.0.1 1 none 0 1000', simple('NOKEY')],
      [['MIGRATE', '127.0.0.1', '1', '', '0', '1000', 'KEYS', 'a', 'b'], simple('NOKEY')],
      [
        ['MIGRATE', '127.0.0.1', '1', '', '0', '1000', 'COPY', 'REPLACE', 'AUTH', 'x', 'KEYS'],
        simple('NOKEY'),
      ],
      ['MIGRATE 127.0.0.1 1 a 0 1000 NO', error('ERR syntax error')],
      ['MIGRATE 127.0.0.1 1 a 0 1000 AUTH', error('ERR syntax error')],
      ['MIGRATE 127.0.0.1 1 a 0 1000 AUTH2 x', error('ERR syntax error')],
      [
        'MIGRATE 127.0.0.1 1 a 0 1000 KEYS a b',
        error('ERR When using MIGRATE KEYS option, the key argument must be set to the empty string'),
      ],
      ['MIGRATE 127.0.0.1 1 a x 1000', error('ERR value is not an integer or out of range')],
      ['MIGRATE 127.0.0.1 1 a 0 x', error('ERR value is not an integer or out of range')],
      ['MIGRATE 127.0.0.1 1 a 0', error("ERR wrong number of arguments for 'migrate' command")],
    ],
  },
  {
    name: 'save and lastsave',
    not: { multi: 'SAVE is not allowed there', script: 'nor there' },
    steps: [
      ['SET a 1', OK],
      ['SAVE', OK],
      ['LASTSAVE', integerBetween(1_600_000_000, 4_000_000_000)],
      ['INFO persistence', matching(/rdb_changes_since_last_save:0/)],
    ],
  },
  {
    name: 'save within a transaction',
    not: { multi: 'the story is about it', script: 'the same' },
    steps: [
      ['MULTI', OK],
      ['SAVE', error('ERR Command not allowed inside a transaction')],
      ['DISCARD', OK],
    ],
  },
  {
    name: 'debug reload',
    config: { 'enable-debug-command': 'yes' },
    steps: [
      ['SET a 1', OK],
      ['SET b 2 PXAT 99999999999999', OK],
      ['RPUSH l x y z', 3],
      ['DEBUG RELOAD', OK],
      ['GET a', '1'],
      ['PEXPIRETIME b', 99999999999999],
      ['LRANGE l 0 -1', ['x', 'y', 'z']],
      ['DBSIZE', 3],
      ['SET a 2', OK],
      ['SET c 3', OK],
      ['DEBUG RELOAD NOSAVE', OK],
      ['GET a', '1'],
      ['EXISTS c', 0],
      ['SET a 2', OK],
      ['SET c 3', OK],
      ['DEBUG RELOAD NOSAVE NOFLUSH MERGE', OK],
      ['GET a', '1'],
      ['GET c', '3'],
      ['DEBUG RELOAD NO', error('ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.')],
    ],
  },
];
