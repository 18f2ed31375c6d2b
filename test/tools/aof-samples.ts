// AOF files and manifests, good and damaged, and what is said of them. The real tool says the same: the interop test asks it.

import { bytes, olderRdbFile, string } from './rdb-samples.ts';

export interface AofSample {
  readonly name: string;
  /** Names and contents (latin1); the first one is checked. */
  readonly files: Readonly<Record<string, string>>;
  readonly options?: readonly string[];
  readonly answer?: string;
  /** What is printed, normalized; `@` stands for the folder. */
  readonly lines: readonly string[];
  readonly code: number;
  /** The files that are not as they were. */
  readonly after?: Readonly<Record<string, string>>;
}

/** A command as it is written to the AOF. */
export function command(...words: string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
}

/** 54 bytes and 12 lines; SELECT has 23 of them. */
export const SELECT_AND_SET = command('SELECT', '0') + command('SET', 'foo', 'bar');

const MULTI = command('MULTI');
const EXEC = command('EXEC');
const PREAMBLE = olderRdbFile(bytes(0xfa, string('aof-base'), 0xc0, 1)).toString('latin1');
const OLD_STYLE = 'Start checking Old-Style AOF';
const PARTS = 'Start checking Multi Part AOF';
const NOT_VALID = 'is not valid. Use the --fix option to try fixing it.';
const PREAMBLE_IS_FINE = [
  "[offset 21] AUX FIELD aof-base = '1'",
  '[offset 30] Checksum OK',
  '[offset 30] \\o/ RDB looks OK! \\o/',
  '[info] 0 keys read',
  '[info] 0 expires',
  '[info] 0 already expired',
  'RDB preamble is OK, proceeding with AOF tail...',
];

function analyzed(name: string, size: number, soundBytes: number, line: number): string {
  return `AOF analyzed: filename=${name}, size=${size}, ok_up_to=${soundBytes}, ok_up_to_line=${line}, diff=${size - soundBytes}`;
}

function place(offset: number): string {
  return `0x${offset.toString(16).padStart(16)}`;
}

/** One file of commands, sound. */
function sound(name: string, content: string, line: number): AofSample {
  const lines = [OLD_STYLE, analyzed('@a.aof', content.length, content.length, line), 'AOF @a.aof is valid'];
  return { name, files: { 'a.aof': content }, lines, code: 0 };
}

/** SELECT, SET and then what is wrong. */
function damaged(name: string, tail: string, line: number, ...problem: string[]): AofSample {
  const content = SELECT_AND_SET + tail;
  const lines = [
    OLD_STYLE,
    ...problem,
    analyzed('@a.aof', content.length, SELECT_AND_SET.length, line),
    `AOF @a.aof ${NOT_VALID}`,
  ];
  return { name, files: { 'a.aof': content }, lines, code: 1 };
}

function parts(
  name: string,
  manifest: string,
  files: Readonly<Record<string, string>>,
  code: number,
  lines: readonly string[],
): AofSample {
  return { name, files: { 'a.manifest': manifest, ...files }, lines: [PARTS, ...lines], code };
}

function badManifest(name: string, manifest: string, reason: string, line = 0): AofSample {
  const log = (text: string) => [`PID:C TIME # ${text}`, ''];
  const text = manifest.split(/\r?\n/)[line - 1];
  return parts(name, manifest, {}, 1, [
    'PID:C TIME # ',
    '*** FATAL AOF MANIFEST FILE ERROR ***',
    '',
    ...(line === 0 ? [] : [...log(`Reading the manifest file, at line ${line}`), ...log(`>>> '${text}'`)]),
    ...log(reason),
  ]);
}

const oneFile: readonly AofSample[] = [
  { name: 'empty', files: { 'a.aof': '' }, lines: [OLD_STYLE, 'AOF @a.aof is empty'], code: 0 },
  sound('commands', SELECT_AND_SET, 13),
  sound('a transaction', SELECT_AND_SET + MULTI + SELECT_AND_SET + EXEC, 31),
  sound('annotations', `#TS:100\r\n${SELECT_AND_SET}# anything\n${SELECT_AND_SET}#no end`, 25),
  sound('arguments with line ends in them', command('SET', '\r\n', '*1\r\n'), 8),
  sound('commands without words', '*0\r\n*-1\r\n*\r\n', 4),
  sound('numbers as C reads them', '*+1\r\n$ 4\r\nPING\r\n', 4),
  damaged('cut off in a count', '*3', 13, `${place(54)}: Expected \\r\\n, got: 00..`),
  damaged(
    'cut off between the characters of a line end',
    '*3\r',
    13,
    `${place(54)}: Expected \\r\\n, got: 0d00`,
  ),
  damaged('cut off behind a count', '*3\r\n', 14),
  damaged('cut off in a length', '*3\r\n$3', 14, `${place(58)}: Expected \\r\\n, got: 00..`),
  damaged('cut off in a word', '*1\r\n$4\r\nPI', 15, `${place(62)}: Expected to read 6 bytes, got 2 bytes`),
  damaged(
    'cut off in the end of a word',
    '*1\r\n$4\r\nPING\r',
    15,
    `${place(62)}: Expected to read 6 bytes, got 5 bytes`,
  ),
  damaged(
    'cut off in a transaction',
    MULTI + command('SET', 'a', 'b'),
    23,
    `${place(93)}: Reached EOF before reading EXEC for MULTI`,
  ),
  damaged('no line end behind a word', '*1\r\n$4\r\nPINGxy', 15, `${place(62)}: Expected \\r\\n, got: 7879`),
  damaged(
    'no line end behind a length',
    '*1\r\n$4x\r\nPING\r\n',
    14,
    `${place(58)}: Expected \\r\\n, got: 780d`,
  ),
  damaged(
    'characters of eight bits',
    '*1\r\n$4\xff\xfe\r\n',
    14,
    `${place(58)}: Expected \\r\\n, got: fffffffffffffffe`,
  ),
  damaged('another mark', '*1\r\n#4\r\nPING\r\n', 14, `${place(58)}: Expected prefix '$', got: '#'`),
  damaged(
    'a zero byte for a mark',
    '*1\r\n\x004\r\nPING\r\n',
    14,
    `${place(58)}: Expected prefix '$', got: '`,
  ),
  damaged(
    'a count of too many digits',
    `*${'1'.repeat(200)}\r\n`,
    13,
    `${place(54)}: Expected \\r\\n, got: 00..`,
  ),
  damaged(
    'a negative length',
    '*1\r\n$-4\r\nPING\r\n',
    15,
    `${place(58)}: Expected to read string of -4 bytes, which is not in the suitable range`,
  ),
  damaged(
    'a length beyond all numbers',
    '*1\r\n$99999999999999999999\r\nPING\r\n',
    15,
    `${place(58)}: Expected to read string of 9223372036854775807 bytes, which is not in the suitable range`,
  ),
  damaged('something else', 'SET foo bar\r\n', 13, 'AOF @a.aof format error'),
  damaged('something else in a transaction', `${MULTI}x`, 16, 'AOF @a.aof format error'),
  {
    name: 'what is too long for an annotation is no annotation',
    files: { 'a.aof': `#${'x'.repeat(1023)}\r\n` },
    lines: [
      OLD_STYLE,
      'AOF @a.aof format error',
      analyzed('@a.aof', 1026, 1023, 1),
      `AOF @a.aof ${NOT_VALID}`,
    ],
    code: 1,
  },
  damaged(
    'a transaction in another',
    MULTI + command('multi'),
    19,
    `${place(77)}: Unexpected MULTI in AOF @a.aof`,
  ),
  damaged('EXEC alone', command('exec'), 16, `${place(62)}: Unexpected EXEC in AOF @a.aof`),
];

const preambles: readonly AofSample[] = [
  {
    name: 'an RDB file, then commands',
    files: { 'a.aof': PREAMBLE + SELECT_AND_SET },
    lines: [
      OLD_STYLE,
      '[offset 0] Checking RDB file @a.aof',
      ...PREAMBLE_IS_FINE,
      analyzed('@a.aof', 84, 84, 13),
      'AOF @a.aof is valid',
    ],
    code: 0,
  },
  {
    name: 'an RDB file, then damage',
    files: { 'a.aof': `${PREAMBLE}x` },
    lines: [
      OLD_STYLE,
      '[offset 0] Checking RDB file @a.aof',
      ...PREAMBLE_IS_FINE,
      'AOF @a.aof format error',
      analyzed('@a.aof', 31, 30, 1),
      `AOF @a.aof ${NOT_VALID}`,
    ],
    code: 1,
  },
  {
    name: 'a damaged RDB file, then commands',
    files: { 'a.aof': `REDIS0009\x1e${SELECT_AND_SET}` },
    lines: [
      OLD_STYLE,
      '[offset 0] Checking RDB file @a.aof',
      '--- RDB ERROR DETECTED ---',
      '[offset 10] Invalid object type: 30',
      '[additional info] While doing: read-type',
      '[additional info] Reading type 0 (string)',
      '[info] 0 keys read',
      '[info] 0 expires',
      '[info] 0 already expired',
      'RDB preamble of AOF file is not sane, aborting.',
    ],
    code: 1,
  },
  {
    name: 'damage within a value of the RDB file ends it at once',
    files: { 'a.aof': `REDIS0009\xfa\x01a\xc7${SELECT_AND_SET}` },
    lines: [
      OLD_STYLE,
      '[offset 0] Checking RDB file @a.aof',
      '--- RDB ERROR DETECTED ---',
      '[offset 13] Internal error in RDB reading offset 0 -> Unknown RDB string encoding type 7',
      '[additional info] While doing: read-aux',
      '[additional info] Reading type 0 (string)',
      '[info] 0 keys read',
      '[info] 0 expires',
      '[info] 0 already expired',
      'PID:C TIME # Terminating server after rdb file reading failure.',
    ],
    code: 1,
  },
];

const CUT = `${SELECT_AND_SET}*1\r\n`;
const CUT_LINES = [OLD_STYLE, analyzed('@a.aof', 58, 54, 14)];
const SHRINK = 'This will shrink the AOF @a.aof from 58 bytes, with 4 bytes, to 54 bytes';

const fixes: readonly AofSample[] = [
  ...['y\n', 'Y\n', 'yes'].map((answer) => ({
    name: `--fix and the answer ${JSON.stringify(answer)}`,
    files: { 'a.aof': CUT },
    options: ['--fix'],
    answer,
    lines: [...CUT_LINES, SHRINK, 'Continue? [y/N]: Successfully truncated AOF @a.aof'],
    code: 0,
    after: { 'a.aof': SELECT_AND_SET },
  })),
  ...['n\n', '\n', ' y', ''].map((answer) => ({
    name: `--fix and the answer ${JSON.stringify(answer)}`,
    files: { 'a.aof': CUT },
    options: ['--fix'],
    answer,
    lines: [...CUT_LINES, SHRINK, 'Continue? [y/N]: Aborting...'],
    code: 1,
  })),
  { ...sound('--fix with nothing to fix', SELECT_AND_SET, 13), options: ['--fix'] },
  {
    name: '--fix of a transaction without its end cuts it off whole',
    files: { 'a.aof': SELECT_AND_SET + MULTI + SELECT_AND_SET },
    options: ['--fix'],
    answer: 'y',
    lines: [
      OLD_STYLE,
      `${place(118)}: Reached EOF before reading EXEC for MULTI`,
      analyzed('@a.aof', 123, 54, 28),
      'This will shrink the AOF @a.aof from 123 bytes, with 69 bytes, to 54 bytes',
      'Continue? [y/N]: Successfully truncated AOF @a.aof',
    ],
    code: 0,
    after: { 'a.aof': SELECT_AND_SET },
  },
  {
    name: '--fix of the last of several files',
    files: { 'a.manifest': 'file b seq 1 type b\nfile i seq 1 type i\n', b: SELECT_AND_SET, i: CUT },
    options: ['--fix'],
    answer: 'y',
    lines: [
      PARTS,
      'Start to check BASE AOF (RESP format).',
      analyzed('b', 54, 54, 13),
      'BASE AOF b is valid',
      'Start to check INCR files.',
      analyzed('i', 58, 54, 26),
      'This will shrink the AOF i from 58 bytes, with 4 bytes, to 54 bytes',
      'Continue? [y/N]: Successfully truncated AOF i',
      'All AOF files and manifest are valid',
    ],
    code: 0,
    after: { i: SELECT_AND_SET },
  },
  {
    name: '--fix of another than the last',
    files: { 'a.manifest': 'file b seq 1 type b\nfile i seq 1 type i\n', b: CUT, i: SELECT_AND_SET },
    options: ['--fix'],
    answer: 'y',
    lines: [
      PARTS,
      'Start to check BASE AOF (RESP format).',
      analyzed('b', 58, 54, 14),
      'Failed to truncate AOF b because it is not the last file',
    ],
    code: 1,
  },
];

const STAMPED = `#TS:100\r\n${SELECT_AND_SET}#TS:200\r\n${SELECT_AND_SET}`;

function until(timestamp: string): readonly string[] {
  return ['--truncate-to-timestamp', timestamp];
}

const timestamps: readonly AofSample[] = [
  {
    name: 'what is later than a timestamp goes',
    files: { 'a.aof': STAMPED },
    options: until('199'),
    lines: [OLD_STYLE, 'Successfully truncated AOF @a.aof to timestamp 199'],
    code: 0,
    after: { 'a.aof': STAMPED.slice(0, 63) },
  },
  {
    name: 'what is as late as a timestamp stays',
    files: { 'a.aof': STAMPED },
    options: until('200'),
    lines: [OLD_STYLE, 'Truncate nothing in AOF @a.aof to timestamp 200', 'AOF @a.aof is valid'],
    code: 0,
  },
  {
    name: 'nothing is left',
    files: { 'a.aof': STAMPED },
    options: until('99'),
    lines: [OLD_STYLE, 'AOF @a.aof has nothing before timestamp 99, aborting...'],
    code: 1,
  },
  {
    name: 'a transaction may be cut in two',
    files: { 'a.aof': `${MULTI}#TS:9\r\n${EXEC}` },
    options: until('5'),
    lines: [OLD_STYLE, 'Successfully truncated AOF @a.aof to timestamp 5'],
    code: 0,
    after: { 'a.aof': MULTI },
  },
  {
    name: 'a timestamp that is none',
    files: { 'a.aof': `${SELECT_AND_SET}#TS:1x\r\n` },
    options: until('5'),
    lines: [OLD_STYLE, 'Invalid timestamp annotation'],
    code: 1,
  },
  {
    name: 'a timestamp beyond all numbers',
    files: { 'a.aof': `${SELECT_AND_SET}#TS:9223372036854775808\r\n` },
    options: until('5'),
    lines: [OLD_STYLE, 'Invalid timestamp annotation'],
    code: 1,
  },
  {
    name: 'damage before the timestamp',
    files: { 'a.aof': `${SELECT_AND_SET}x#TS:9\r\n` },
    options: until('5'),
    lines: [OLD_STYLE, 'AOF @a.aof format error', analyzed('@a.aof', 62, 54, 13), `AOF @a.aof ${NOT_VALID}`],
    code: 1,
  },
  {
    name: 'a timestamp in another file than the last',
    files: { 'a.manifest': 'file i seq 1 type i\nfile j seq 2 type i\n', i: STAMPED, j: '' },
    options: until('150'),
    lines: [
      PARTS,
      'Start to check INCR files.',
      'Failed to truncate AOF @i to timestamp 150 to offset 63 because it is not the last file.',
      'If you insist, please delete all files after this file according to the manifest file and delete the corresponding records in manifest file manually. Then re-run redis-check-aof.',
    ],
    code: 1,
  },
  {
    name: 'a timestamp in the last file',
    files: { 'a.manifest': 'file i seq 1 type i\nfile j seq 2 type i\n', i: SELECT_AND_SET, j: STAMPED },
    options: until('150'),
    lines: [
      PARTS,
      'Start to check INCR files.',
      'Truncate nothing in AOF i to timestamp 150',
      'INCR AOF i is valid',
      'Successfully truncated AOF j to timestamp 150',
      'All AOF files and manifest are valid',
    ],
    code: 0,
    after: { j: STAMPED.slice(0, 63) },
  },
];

const manifests: readonly AofSample[] = [
  parts(
    'a base of RDB form, increments, history that is not looked at',
    '# a comment\nfile b seq 3 type b\nfile gone seq 2 type h\nfile i seq 4 type i\nfile "j\\x21" seq 5 type i startoffset 0\n',
    { b: PREAMBLE, i: SELECT_AND_SET, 'j!': '' },
    0,
    [
      'Start to check BASE AOF (RDB format).',
      '[offset 0] Checking RDB file @b',
      ...PREAMBLE_IS_FINE,
      analyzed('b', 30, 30, 1),
      'BASE AOF b is valid',
      'Start to check INCR files.',
      analyzed('i', 54, 54, 13),
      'INCR AOF i is valid',
      'INCR AOF j! is empty',
      'All AOF files and manifest are valid',
    ],
  ),
  parts('a base that is not there', 'file b seq 1 type b\n', {}, 1, [
    'Cannot open file @b: No such file or directory',
  ]),
  parts('an increment that is not there', 'file i seq 1 type i\n', {}, 1, [
    'Start to check INCR files.',
    'Cannot open file @i: No such file or directory, aborting...',
  ]),
  parts('only history', 'file h seq 1 type h\n', {}, 0, ['All AOF files and manifest are valid']),
  badManifest('too few words', 'file b seq 1 type\n', 'Invalid AOF manifest file format', 1),
  badManifest('a path', 'file a/b seq 1 type b\n', "File can't be a path, just a filename", 1),
  badManifest(
    'two bases',
    'file b seq 1 type b\nfile c seq 2 type b\n',
    'Found duplicate base file information',
    2,
  ),
  badManifest(
    'increments out of order',
    'file i seq 2 type i\nfile j seq 2 type i\n',
    'Found a non-monotonic sequence number',
    2,
  ),
  badManifest('an unknown type', 'file b seq 1 type x\n', 'Unknown AOF file type', 1),
  badManifest(
    'a last line without an end',
    'file b seq 1 type b',
    'The AOF manifest file contains too long line',
  ),
  badManifest(
    'commands that look like a manifest',
    command('SET', 'file', 'x'),
    'Invalid AOF manifest file format',
    1,
  ),
  {
    name: 'a file that is not there',
    files: {},
    lines: ['Cannot open file @undefined: No such file or directory'],
    code: 1,
  },
];

export const AOF_SAMPLES: readonly AofSample[] = [
  ...oneFile,
  ...preambles,
  ...fixes,
  ...timestamps,
  ...manifests,
];
