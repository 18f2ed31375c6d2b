// DEBUG.

import type { CommandCase } from '../support/case.ts';
import {
  anything,
  big,
  boolean,
  double,
  error,
  map,
  matching,
  OK,
  set,
  simple,
  verbatim,
} from '../support/expected.ts';

const config = { 'enable-debug-command': 'yes' };
const NOTHING = simple('0'.repeat(40));
const NOT_INTEGER = error('ERR value is not an integer or out of range');
const NOT_POSITIVE = error('ERR value is out of range, must be positive');
const wrongUse = (name: string) =>
  error(`ERR unknown subcommand or wrong number of arguments for '${name}'. Try DEBUG HELP.`);
const THRESHOLD = error('ERR argument must be a memory value bigger than 1 and smaller than 4gb');
const saved = (bytes: number) => matching(new RegExp(` serializedlength:${bytes} `));

export const cases: CommandCase[] = [
  {
    name: 'DEBUG is closed unless the configuration opens it',
    steps: [
      [
        'DEBUG DIGEST',
        error(
          'ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.',
        ),
      ],
    ],
    // The reference is started with the directive set when it is its own server.
    config: { 'enable-debug-command': 'no' },
  },
  {
    name: 'DEBUG DIGEST of nothing, and independent of the order of keys',
    config,
    steps: [
      ['DEBUG DIGEST', NOTHING],
      ['SET a 1', OK],
      ['SET b two', OK],
      ['DEBUG DIGEST', simple('aee16f808fe8d4687ee30488c22193d44b345216')],
      ['FLUSHALL', OK],
      ['SET b two', OK],
      ['SET a 1', OK],
      ['DEBUG DIGEST', simple('aee16f808fe8d4687ee30488c22193d44b345216')],
    ],
  },
  {
    name: 'DEBUG DIGEST counts the database and the deadline',
    config,
    steps: [
      ['SET a 1', OK],
      ['DEBUG DIGEST', simple('943d800368fb9c0e951138f1bc0e313ac769d91f')],
      ['EXPIRE a 1000', 1],
      ['DEBUG DIGEST', simple('0c68bbcf4ad5c984f8ca839729889d52ec025271')],
      ['FLUSHALL', OK],
      ['SELECT 3', OK],
      ['SET a 1', OK],
      ['DEBUG DIGEST', simple('bc8f01911f375369cc100f32d768813c62974af0')],
      ['SELECT 0', OK],
      ['SET a 1', OK],
      ['SET b 2 EX 1000', OK],
      ['DEBUG DIGEST', simple('b54635437f18144bede091ca09252182c50eebb6')],
    ],
  },
  {
    name: 'DEBUG DIGEST-VALUE shows values, not keys',
    config,
    steps: [
      ['DEBUG DIGEST-VALUE', []],
      ['DEBUG DIGEST-VALUE nosuch', [NOTHING]],
      ['SET a text', OK],
      ['SET b text EX 100', OK],
      ['SET c 12345', OK],
      [['SET', 'd', ''], OK],
      [
        'DEBUG DIGEST-VALUE a b c d nosuch',
        [
          simple('2ce3f57ae020966eb041fa6a47e5221ee0d42d6b'),
          simple('ca660b853c197c3a71571192028fed85fa7a6ce8'),
          simple('e1cf90774e995ae03de66e8109dc5cb9d9c2dc83'),
          simple('8b3447c33a834b810e3e181b6fd6a2ee1020921c'),
          NOTHING,
        ],
      ],
      [['SET', 'e', '\x00\xff\r\n'], OK],
      ['DEBUG DIGEST-VALUE e', [simple('0be8cedfeef041d42343f84d3f6672142a3b9692')]],
    ],
  },
  {
    name: 'DEBUG OBJECT tells what a value takes in an RDB file',
    config,
    steps: [
      ['DEBUG OBJECT a', error('ERR no such key')],
      ['SET a text', OK],
      [
        'DEBUG OBJECT a',
        matching(
          /^Value at:0x[0-9a-f]+ refcount:1 encoding:embstr serializedlength:5 lru:[0-9]+ lru_seconds_idle:0$/,
        ),
      ],
      ['SET a 1', OK],
      ['DEBUG OBJECT a', matching(/ refcount:2147483647 encoding:int serializedlength:2 /)],
      ['SET a -128', OK],
      ['DEBUG OBJECT a', saved(2)],
      ['SET a 128', OK],
      ['DEBUG OBJECT a', saved(3)],
      ['SET a 32768', OK],
      ['DEBUG OBJECT a', saved(5)],
      ['SET a 2147483647', OK],
      ['DEBUG OBJECT a', saved(5)],
      ['SET a -2147483648', OK],
      ['DEBUG OBJECT a', saved(5)],
      ['SET a 2147483648', OK],
      ['DEBUG OBJECT a', saved(11)],
      ['SET a 007', OK],
      ['DEBUG OBJECT a', saved(4)],
      [['SET', 'a', ''], OK],
      ['DEBUG OBJECT a', saved(1)],
      [['SET', 'a', 'x'.repeat(20)], OK],
      ['DEBUG OBJECT a', saved(21)],
      [['SET', 'a', 'x'.repeat(21)], OK],
      ['DEBUG OBJECT a', saved(9)],
      [['SET', 'a', 'abcdefghij'.repeat(100)], OK],
      ['DEBUG OBJECT a', saved(31)],
      ['CONFIG SET rdbcompression no', OK],
      ['DEBUG OBJECT a', saved(1002)],
      ['SET b 1', OK],
      ['APPEND b 23', 3],
      ['DEBUG OBJECT b', matching(/ refcount:1 encoding:raw serializedlength:2 /)],
      ['DEBUG OBJECT', wrongUse('OBJECT')],
    ],
  },
  {
    name: 'DEBUG POPULATE makes keys that are not there yet',
    config,
    steps: [
      ['SET key:1 mine', OK],
      ['DEBUG POPULATE 3', OK],
      ['MGET key:0 key:1 key:2 key:3', ['value:0', 'mine', 'value:2', null]],
      ['DEBUG POPULATE 2 pre 10', OK],
      ['MGET pre:0 pre:1', ['value:0\0\0\0', 'value:1\0\0\0']],
      ['DEBUG POPULATE 1 cut 3', OK],
      ['GET cut:0', 'val'],
      ['DEBUG POPULATE 1 plain 0', OK],
      ['GET plain:0', 'value:0'],
      [['DEBUG', 'POPULATE', '1', 'k'.repeat(200)], OK],
      ['DBSIZE', 8],
      [['EXISTS', 'k'.repeat(127)], 1],
      ['OBJECT ENCODING key:0', 'embstr'],
      ['DEBUG POPULATE x', NOT_POSITIVE],
      ['DEBUG POPULATE -1', NOT_POSITIVE],
      ['DEBUG POPULATE 1 a -1', NOT_POSITIVE],
      ['DEBUG POPULATE 0', OK],
      ['DEBUG POPULATE', wrongUse('POPULATE')],
      ['DEBUG POPULATE 1 a 1 1', wrongUse('POPULATE')],
    ],
  },
  {
    name: 'DEBUG PROTOCOL answers every type',
    config,
    steps: [
      ['DEBUG PROTOCOL string', 'Hello World'],
      ['DEBUG PROTOCOL integer', 12345],
      // biome-ignore lint/suspicious/noApproximativeNumericConstant: the number that Redis answers
      ['DEBUG PROTOCOL double', double(3.141)],
      ['DEBUG PROTOCOL bignum', big('1234567999999999999999999999999999999')],
      ['DEBUG PROTOCOL null', null],
      ['DEBUG PROTOCOL array', [0, 1, 2]],
      ['DEBUG PROTOCOL set', set(0, 1, 2)],
      ['DEBUG PROTOCOL map', map([0, boolean(false)], [1, boolean(true)], [2, boolean(false)])],
      ['DEBUG PROTOCOL attrib', anything],
      ['DEBUG PROTOCOL verbatim', verbatim('This is a verbatim\nstring')],
      ['DEBUG PROTOCOL true', boolean(true)],
      ['debug protocol FALSE', boolean(false)],
      [
        'DEBUG PROTOCOL nosuch',
        error(
          'ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false',
        ),
      ],
      ['DEBUG PROTOCOL', wrongUse('PROTOCOL')],
    ],
  },
  {
    name: 'DEBUG PROTOCOL push needs RESP3',
    config,
    steps: [['DEBUG PROTOCOL push', error('ERR RESP2 is not supported by this command')]],
    not: { resp3: 'it answers a message and a string there' },
  },
  {
    name: 'DEBUG switches',
    config,
    steps: [
      ['DEBUG SET-ACTIVE-EXPIRE 0', OK],
      ['DEBUG SET-ACTIVE-EXPIRE x', OK],
      ['DEBUG SET-ACTIVE-EXPIRE 1', OK],
      ['DEBUG PAUSE-CRON 1', OK],
      ['DEBUG PAUSE-CRON 0', OK],
      ['DEBUG SET-DISABLE-DENY-SCRIPTS 0', OK],
      ['DEBUG QUICKLIST-PACKED-THRESHOLD 100b', OK],
      ['DEBUG QUICKLIST-PACKED-THRESHOLD 0', OK],
      ['DEBUG QUICKLIST-PACKED-THRESHOLD 5gb', THRESHOLD],
      ['DEBUG QUICKLIST-PACKED-THRESHOLD -1', THRESHOLD],
      ['DEBUG QUICKLIST-PACKED-THRESHOLD x', THRESHOLD],
      ['DEBUG QUICKLIST-PACKED-THRESHOLD 200mb', OK],
      ['DEBUG REPLYBUFFER PEAK-RESET-TIME never', OK],
      ['DEBUG REPLYBUFFER PEAK-RESET-TIME RESET', OK],
      ['DEBUG REPLYBUFFER PEAK-RESET-TIME 100', OK],
      ['DEBUG REPLYBUFFER PEAK-RESET-TIME x', NOT_INTEGER],
      ['DEBUG REPLYBUFFER RESIZING 0', OK],
      ['DEBUG REPLYBUFFER nosuch 0', wrongUse('REPLYBUFFER')],
      ['DEBUG REPLYBUFFER RESIZING', wrongUse('REPLYBUFFER')],
      ['DEBUG CHANGE-REPL-ID', OK],
      ['DEBUG LOG hello', OK],
      ['DEBUG SLEEP 0', OK],
      ['DEBUG SLEEP x', OK],
      ['DEBUG SLEEP 0.001', OK],
      [['DEBUG', 'ERROR', 'FOO bar\r\nbaz'], error('FOO bar  baz')],
      [['DEBUG', 'ERROR', ''], anything],
    ],
  },
  {
    name: 'an error that was asked for is not counted',
    config,
    steps: [
      ['DEBUG ERROR nothing', error('nothing')],
      ['INFO errorstats', verbatim('# Errorstats\r\n')],
    ],
  },
  {
    name: 'DEBUG HTSTATS describes the tables of a database',
    referenceSince: '7.2',
    config,
    steps: [
      [
        'DEBUG HTSTATS 0',
        verbatim(
          '[Dictionary HT]\nHash table 0 stats (main hash table):\nNo stats available for empty dictionaries\n[Expires HT]\nHash table 0 stats (main hash table):\nNo stats available for empty dictionaries\n',
        ),
      ],
      ['SET a 1', OK],
      [
        'DEBUG HTSTATS 0',
        matching(
          /^\[Dictionary HT\]\nHash table 0 stats \(main hash table\):\n table size: [0-9]+\n number of elements: 1\n\[Expires HT\]\n/,
        ),
      ],
      [
        'DEBUG HTSTATS 0 full',
        matching(
          /\n different slots: 1\n max chain length: 1\n avg chain length \(counted\): 1\.00\n avg chain length \(computed\): 1\.00\n Chain length distribution:\n( {3}0: [0-9]+ \([0-9.]+%\)\n)? {3}1: 1 \([0-9.]+%\)\n\[Expires/,
        ),
      ],
      ['DEBUG HTSTATS 16', error('ERR Out of range database')],
      ['DEBUG HTSTATS -1', error('ERR Out of range database')],
      ['DEBUG HTSTATS x', NOT_INTEGER],
      ['DEBUG HTSTATS', wrongUse('HTSTATS')],
      ['DEBUG HTSTATS-KEY nosuch', error('ERR no such key')],
      [
        'DEBUG HTSTATS-KEY a',
        error('ERR The value stored at the specified key is not represented using an hash table'),
      ],
    ],
  },
  {
    name: 'DEBUG refuses what it does not know',
    config,
    steps: [
      ['DEBUG', error("ERR wrong number of arguments for 'debug' command")],
      ['DEBUG nosuch', wrongUse('nosuch')],
      ['DEBUG JMAP', wrongUse('JMAP')],
      ['DEBUG DIGEST x', wrongUse('DIGEST')],
      ['DEBUG SLEEP', wrongUse('SLEEP')],
      ['DEBUG HELP x', wrongUse('HELP')],
      [['DEBUG', 'n'.repeat(200)], wrongUse('n'.repeat(128))],
    ],
  },
];
