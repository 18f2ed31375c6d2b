// RDB files put together by hand, good and damaged, and what is said of them. The real tool says the same: the interop test
// asks it.

import { Crc64 } from '../../src/base/checksums.ts';

type Part = string | number | Uint8Array;

export interface RdbSample {
  readonly name: string;
  readonly file: Buffer;
  /** What is printed behind the line "Checking RDB file", normalized. */
  readonly lines: readonly string[];
  readonly code: number;
}

/** Texts (latin1) and bytes, one after another. */
export function bytes(...parts: readonly Part[]): Buffer {
  return Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'number') return Buffer.from([part]);
      return typeof part === 'string' ? Buffer.from(part, 'latin1') : part;
    }),
  );
}

/** A text of less than 64 characters, behind its length. */
export function string(text: string): Buffer {
  return bytes(text.length, text);
}

/** A file of this content, with its checksum. */
export function rdbFile(...parts: readonly Part[]): Buffer {
  return withHeader(HEADER, parts);
}

/** As `rdbFile`, of a version that Redis 7.0 reads, too. */
export function olderRdbFile(...parts: readonly Part[]): Buffer {
  return withHeader('REDIS0009', parts);
}

function withHeader(header: string, parts: readonly Part[]): Buffer {
  const file = bytes(header, ...parts, END, NO_CHECKSUM);
  new Crc64().update(file, 0, file.length - 8).write(file, file.length - 8);
  return file;
}

const HEADER = 'REDIS0011';
const END = 0xff;
const NO_CHECKSUM = new Uint8Array(8);
const KEY = bytes(0, string('k'), string('v'));
const MODULE_ID = bytes(0x81, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
const STREAM_ID = new Uint8Array(16);
const SHORT = 'Unexpected EOF reading RDB file';
const NO_KEY_YET = '[additional info] Reading type 0 (string)';
const TERMINATING = 'PID:C TIME # Terminating server after rdb file reading failure.';

function figures(keys = 0, expires = 0, expired = 0): string[] {
  return [`[info] ${keys} keys read`, `[info] ${expires} expires`, `[info] ${expired} already expired`];
}

function fine(offset: number, ...counts: number[]): string[] {
  return [`[offset ${offset}] \\o/ RDB looks OK! \\o/`, ...figures(...counts)];
}

function damage(offset: number, message: string, doing: string, about: string[] = [NO_KEY_YET], keys = 0) {
  return [
    '--- RDB ERROR DETECTED ---',
    `[offset ${offset}] ${message}`,
    `[additional info] While doing: ${doing}`,
    ...about,
    ...figures(keys),
  ];
}

/** Damage in the value of the first key, `k`. */
function inValue(offset: number, message: string, type: string): string[] {
  const about = ["[additional info] Reading key 'k'", `[additional info] Reading type ${type}`];
  return damage(offset, message, 'read-object-value', about, 1);
}

/** The same where the reader of values finds it. */
function inside(offset: number, reason: string, type: string): string[] {
  return [...inValue(offset, `Internal error in RDB reading offset 0 -> ${reason}`, type), TERMINATING];
}

function sample(name: string, file: Buffer, code: number, lines: readonly string[]): RdbSample {
  return { name, file, code, lines };
}

const good: readonly RdbSample[] = [
  sample('nothing in it', rdbFile(), 0, ['[offset 18] Checksum OK', ...fine(18)]),
  sample('no checksum', bytes(HEADER, END, NO_CHECKSUM), 0, [
    '[offset 18] RDB file was saved with checksum disabled: no check performed.',
    ...fine(18),
  ]),
  sample('of a version before checksums', bytes('REDIS0004', KEY, END), 0, fine(15, 1)),
  sample(
    'fields, databases, sizes, notes of use, a library',
    rdbFile(
      bytes(0xfa, string('redis-ver'), string('7.2.4'), 0xfa, string('small'), 0xc0, 0xfb),
      bytes(0xf5, string('#!lua name=l')),
      bytes(0xfe, 0, 0xfb, 1, 0, 0xf8, 9, KEY),
      bytes(0xfe, 0x81, Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0), 0xf9, 5, KEY),
    ),
    0,
    [
      "[offset 26] AUX FIELD redis-ver = '7.2.4'",
      "[offset 35] AUX FIELD small = '-5'",
      '[offset 51] Selecting DB ID 0',
      '[offset 71] Selecting DB ID 9223372036854775808',
      '[offset 87] Checksum OK',
      ...fine(87, 2),
    ],
  ),
  sample('a zero byte in a field', rdbFile(0xfa, string('a\0b'), string('\0c')), 0, [
    "[offset 17] AUX FIELD a = ''",
    '[offset 26] Checksum OK',
    ...fine(26),
  ]),
  sample(
    'deadlines: passed, in seconds, in milliseconds, to come',
    rdbFile(
      bytes(0xfd, Uint8Array.of(1, 0, 0, 0), KEY, 0xfc, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0), KEY),
      bytes(0xfc, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x7f), KEY, KEY),
    ),
    0,
    ['[offset 61] Checksum OK', ...fine(61, 4, 3, 2)],
  ),
  sample(
    'a module: a field, and a value with every kind of part',
    rdbFile(
      bytes(0xf7, MODULE_ID, 2, 1, 2, 7, 0),
      bytes(7, string('k'), MODULE_ID, 1, 3, 2, 4, 3, 'ffff', 4, 'dddddddd', 5, string('text'), 9, 0),
    ),
    0,
    ['[offset 21] MODULE AUX for: AQIDBAUGB', '[offset 71] Checksum OK', ...fine(71, 1)],
  ),
];

const bad: readonly RdbSample[] = [
  sample('empty', bytes(), 1, damage(0, SHORT, 'start')),
  sample('shorter than the header', bytes('REDIS'), 1, damage(0, SHORT, 'start')),
  sample(
    'another signature',
    bytes('RODIS0011', END),
    1,
    damage(9, 'Wrong signature trying to load DB from file', 'start'),
  ),
  sample('a later version', bytes('REDIS0013'), 1, damage(9, "Can't handle RDB format version 13", 'start')),
  sample('no version', bytes('REDIS00x1'), 1, damage(9, "Can't handle RDB format version 0", 'start')),
  sample('no end', bytes(HEADER), 1, damage(9, SHORT, 'read-type')),
  sample('an unknown opcode', bytes(HEADER, 30), 1, damage(10, 'Invalid object type: 30', 'read-type')),
  sample(
    'behind a key',
    bytes(HEADER, KEY, 30),
    1,
    damage(15, 'Invalid object type: 30', 'read-type', [], 1),
  ),
  sample('cut off in a deadline', bytes(HEADER, 0xfc, 1, 2), 1, damage(10, SHORT, 'read-expire')),
  sample('cut off in a frequency', bytes(HEADER, 0xf9), 1, damage(10, SHORT, 'read-type')),
  sample('cut off in an idle time', bytes(HEADER, 0xf8, 0x40), 1, damage(11, SHORT, 'read-type')),
  sample('cut off in a database', bytes(HEADER, 0xfe, 0x80, 1), 1, damage(11, SHORT, 'read-len')),
  sample('cut off in the sizes', bytes(HEADER, 0xfb, 1), 1, damage(11, SHORT, 'read-len')),
  sample('cut off in a field', bytes(HEADER, 0xfa, string('a'), 9, 'b'), 1, damage(13, SHORT, 'read-aux')),
  sample('cut off in a key', bytes(HEADER, 2, 9, 'b'), 1, [
    ...damage(11, SHORT, 'read-key', ['[additional info] Reading type 2 (set-hashtable)']),
  ]),
  sample('cut off in a value', bytes(HEADER, KEY.subarray(0, 4)), 1, inValue(13, SHORT, '0 (string)')),
  sample('cut off in the checksum', rdbFile(KEY).subarray(0, -1), 1, damage(15, SHORT, 'check-sum', [], 1)),
  sample(
    'a wrong checksum',
    bytes(HEADER, KEY, END, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)),
    1,
    damage(23, 'RDB CRC error', 'check-sum', [], 1),
  ),
  sample(
    'a library of before the first release',
    bytes(HEADER, 0xf6),
    1,
    damage(10, 'Pre-release function format not supported 11', 'read-type'),
  ),
  sample(
    'cut off in a library',
    bytes(HEADER, 0xf5, 5, 'ab'),
    1,
    damage(11, 'Failed loading library, Failed loading library payload', 'read-functions'),
  ),
  sample(
    'a field of a module without its time',
    bytes(HEADER, 0xf7, 1, 1, 0, 0),
    1,
    damage(13, 'bad when_opcode', 'read-module-aux'),
  ),
  sample(
    'an unknown form of a length',
    bytes(HEADER, 0, string('k'), 0x82),
    1,
    inside(13, 'Unknown length encoding 2 in rdbLoadLen()', '0 (string)'),
  ),
  sample(
    'an unknown form of a string',
    bytes(HEADER, 0, string('k'), 0xc7),
    1,
    inside(13, 'Unknown RDB string encoding type 7', '0 (string)'),
  ),
  sample(
    'a string that does not unpack',
    bytes(HEADER, 0, string('k'), 0xc3, 3, 5, 0xff, 1, 2, END),
    1,
    inside(18, 'Invalid LZF compressed string', '0 (string)'),
  ),
  sample(
    'a string longer than all memory',
    bytes(HEADER, 0, string('k'), 0x81, Uint8Array.of(0x10, 0, 0, 0, 0, 0, 0, 0), 'abc'),
    1,
    inValue(21, SHORT, '0 (string)'),
  ),
  sample(
    'a set without members',
    bytes(HEADER, 2, string('k'), 0),
    1,
    inValue(13, SHORT, '2 (set-hashtable)'),
  ),
  sample(
    'a set of more members than there are',
    bytes(HEADER, 2, string('k'), 50, string('a'), string('b')),
    1,
    inValue(17, SHORT, '2 (set-hashtable)'),
  ),
  sample(
    'a member twice',
    bytes(HEADER, 2, string('k'), 2, string('a'), string('a')),
    1,
    inside(17, 'Duplicate set members detected', '2 (set-hashtable)'),
  ),
  sample(
    'a field twice',
    bytes(HEADER, 4, string('k'), 2, string('a'), string('1'), string('a'), string('2')),
    1,
    inside(21, 'Hash with dup elements', '4 (hash-hashtable)'),
  ),
  sample(
    'a field twice in a large hash',
    bytes(
      HEADER,
      4,
      string('k'),
      0x44,
      0,
      string('a'),
      string('1'),
      string('a'),
      string('2'),
      new Uint8Array(999),
    ),
    1,
    inside(22, 'Duplicate hash fields detected', '4 (hash-hashtable)'),
  ),
  sample(
    'a score that is no number',
    bytes(HEADER, 5, string('k'), 1, string('a'), Uint8Array.of(0, 0, 0, 0, 0, 0, 0xf8, 0x7f)),
    1,
    inside(23, 'Zset with NAN score detected', '5 (zset-v2)'),
  ),
  sample(
    'a score in letters',
    bytes(HEADER, 3, string('k'), 1, string('a'), string('xyz'), END),
    1,
    inValue(19, SHORT, '3 (zset-v1)'),
  ),
  sample(
    'a listpack of the wrong size',
    bytes(HEADER, 16, string('k'), string('\x09\0\0\0\0\0\xff')),
    1,
    inside(20, 'Hash listpack integrity check failed.', '16 (hash-listpack)'),
  ),
  sample(
    'an empty node of a list',
    bytes(HEADER, 18, string('k'), 1, 2, 0, END),
    1,
    inValue(15, SHORT, '18 (quicklist-v2)'),
  ),
  sample(
    'an unknown kind of node',
    bytes(HEADER, 18, string('k'), 1, 3, 0, END),
    1,
    inside(14, 'Quicklist integrity check failed.', '18 (quicklist-v2)'),
  ),
  sample(
    'a stream without its first node',
    bytes(HEADER, 21, string('k'), 1, 16),
    1,
    inside(14, 'Stream master ID loading failed: invalid encoding or I/O error.', '21 (unknown)'),
  ),
  sample(
    'a stream whose node has a short ID',
    bytes(HEADER, 21, string('k'), 1, string('abc')),
    1,
    inside(17, 'Stream node key entry is not the size of a stream ID', '21 (unknown)'),
  ),
  sample(
    'a stream cut off in its node',
    bytes(HEADER, 21, string('k'), 1, 16, STREAM_ID, 40),
    1,
    inside(31, 'Stream listpacks loading failed.', '21 (unknown)'),
  ),
  sample(
    'a stream cut off in its figures',
    bytes(HEADER, 21, string('k'), 0, 0, 0),
    1,
    inside(15, 'Stream object metadata loading failed.', '21 (unknown)'),
  ),
  sample(
    'a stream cut off before its groups',
    bytes(HEADER, 21, string('k'), 0, new Uint8Array(8)),
    1,
    inside(21, 'Stream cgroup count loading failed.', '21 (unknown)'),
  ),
  sample(
    'a value of a module of before the first release',
    bytes(HEADER, 6, string('k')),
    1,
    inside(12, 'Pre-release module format not supported', '6 (module-pre-release)'),
  ),
  sample(
    'a value of a module without its ID',
    bytes(HEADER, 7, string('k')),
    1,
    inside(12, 'Short read module id', '7 (module-value)'),
  ),
  sample(
    'a value of a module cut off in a number',
    bytes(HEADER, 7, string('k'), MODULE_ID, 1),
    1,
    inside(22, 'Error reading integer from module AQIDBAUGB value', '7 (module-value)'),
  ),
  sample(
    'a key with a zero byte and letters of eight bits',
    bytes(HEADER, 2, string('k\xe9\0y'), 0),
    1,
    damage(
      16,
      SHORT,
      'read-object-value',
      ["[additional info] Reading key 'k\xe9'", '[additional info] Reading type 2 (set-hashtable)'],
      1,
    ),
  ),
];

export const RDB_SAMPLES: readonly RdbSample[] = [...good, ...bad];
