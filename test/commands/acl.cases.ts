// ACL with one client: rules and how they are shown, DRYRUN for what they allow, the log. What concerns several clients is in
// test/engine/acl.talks.ts and acl.test.ts.

import type { CommandCase, Step } from '../support/case.ts';
import { anything, type Expected, error, map, matching, OK, set, simple } from '../support/expected.ts';

const HASH_OF_PW = '30c952fab122c3f9759f02a6d95c3758b246b4fee239957b2d4fee46e26170c4';
const OTHER_HASH = 'c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714caef0c4f2';
// Before that, rules were shown and refusals told otherwise.
const SINCE = '7.2';
const IN_MULTI = 'the log tells where a request came from';

const refusedRule = (rule: string, reason: string): Expected =>
  error(`ERR Error in ACL SETUSER modifier '${rule}': ${reason}`);
const UNKNOWN = 'Unknown command or category name in ACL';
const SYNTAX = 'Syntax error';
const BAD_HASH =
  'The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters';
const KEY_AFTER_ALL =
  "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns";
const CHANNEL_AFTER_ALL =
  "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels";
const NO_FILE = error(
  'ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration.',
);
const noCommand = (user: string, name: string) =>
  `User ${user} has no permissions to run the '${name}' command`;
const noKey = (user: string, key: string) => `User ${user} has no permissions to access the '${key}' key`;
const noChannel = (user: string, name: string) =>
  `User ${user} has no permissions to access the '${name}' channel`;

const DEFAULT = 'user default on nopass sanitize-payload ~* &* +@all';

/** Sets rules of `u`, and how LIST shows `u` then. */
const shows = (rules: string, shown: string): Step[] => [
  [`ACL SETUSER u ${rules}`, OK],
  ['ACL LIST', [DEFAULT, `user u ${shown}`]],
];

const dryRuns = (user: string, rows: readonly (readonly [request: string, reply: Expected])[]): Step[] =>
  rows.map(([request, reply]) => [`ACL DRYRUN ${user} ${request}`, reply]);

const reasons = (...found: (readonly [reason: string, context: string, object: string, count: number])[]) =>
  found.map(([reason, context, object, count]) =>
    map(
      ['count', count],
      ['reason', reason],
      ['context', context],
      ['object', object],
      ['username', anything],
      ['age-seconds', anything],
      ['client-info', matching(/^id=\d+ addr=.* user=\S+ /)],
      ['entry-id', anything],
      ['timestamp-created', anything],
      ['timestamp-last-updated', anything],
    ),
  );

export const cases: CommandCase[] = [
  {
    name: 'at first there is one user, who may do everything',
    steps: [
      ['ACL WHOAMI', 'default'],
      ['ACL USERS', ['default']],
      ['ACL LIST', [DEFAULT]],
      [
        'ACL GETUSER default',
        map(
          ['flags', set('on', 'nopass', 'sanitize-payload')],
          ['passwords', []],
          ['commands', '+@all'],
          ['keys', '~*'],
          ['channels', '&*'],
          ['selectors', []],
        ),
      ],
      ['ACL GETUSER nobody', null],
      ['ACL DELUSER default', error("ERR The 'default' user cannot be removed")],
      ['ACL DELUSER nobody', 0],
    ],
    referenceSince: SINCE,
  },
  {
    name: 'a new user may do nothing',
    referenceSince: SINCE,
    steps: [
      ...shows('', 'off sanitize-payload resetchannels -@all'),
      ['ACL USERS', ['default', 'u']],
      [
        'ACL GETUSER u',
        map(
          ['flags', set('off', 'sanitize-payload')],
          ['passwords', []],
          ['commands', '-@all'],
          ['keys', ''],
          ['channels', ''],
          ['selectors', []],
        ),
      ],
      ['ACL DRYRUN u GET k', noCommand('u', 'get')],
      ['ACL DELUSER nobody u', 1],
      ['ACL USERS', ['default']],
    ],
  },
  {
    name: 'rules as they are shown',
    referenceSince: SINCE,
    steps: [
      ...shows(
        `on >pw #${OTHER_HASH} >pw ~a* %R~b* %W~c %RW~d %r~e %w~e &ch* &ch* +get +@list -llen +config|get`,
        `on sanitize-payload #${HASH_OF_PW} #${OTHER_HASH} ~a* %R~b* %W~c ~d ~e resetchannels &ch* -@all +get +@list -llen +config|get`,
      ),
      ...shows(
        'reset on nopass skip-sanitize-payload allkeys allchannels allcommands',
        'on nopass skip-sanitize-payload ~* &* +@all',
      ),
      ...shows(
        'reset +@ALL -@Dangerous +KEYS -@string +@string',
        'off sanitize-payload resetchannels +@all -@dangerous +keys +@string',
      ),
      ...shows('reset >pw nopass', 'off nopass sanitize-payload resetchannels -@all'),
      ...shows('resetpass', 'off sanitize-payload resetchannels -@all'),
      ...shows(`>pw <pw #${OTHER_HASH} !${OTHER_HASH}`, 'off sanitize-payload resetchannels -@all'),
      ...shows('resetkeys ~a allkeys resetkeys ~b', 'off sanitize-payload ~b resetchannels -@all'),
      [['ACL', 'SETUSER', 'u', '', 'on\x00off', 'off\x00'], OK],
      [['ACL', 'SETUSER', 'u', '%R'], OK],
      ['ACL LIST', [DEFAULT, 'user u off sanitize-payload ~b %R~ resetchannels -@all']],
    ],
  },
  {
    name: 'what is said again of commands takes the place of what was said before',
    referenceSince: SINCE,
    steps: [
      ...shows(
        '+select|0 +SELECT|1 +select|0',
        'off sanitize-payload resetchannels -@all +select|1 +select|0',
      ),
      ...shows('+select', 'off sanitize-payload resetchannels -@all +select'),
      ...shows(
        '+config -config|set -config|get',
        'off sanitize-payload resetchannels -@all +select +config -config|set -config|get',
      ),
      ...shows('-config', 'off sanitize-payload resetchannels -@all +select -config'),
      ...shows(
        '+@read -@read +get -get',
        'off sanitize-payload resetchannels -@all +select -config -@read -get',
      ),
      ...shows('nocommands', 'off sanitize-payload resetchannels -@all'),
    ],
  },
  {
    name: 'selectors',
    referenceSince: SINCE,
    steps: [
      ...shows(
        'on +@all (+get ~x) (+set %W~y &z )',
        'on sanitize-payload resetchannels +@all (~x resetchannels -@all +get) (%W~y resetchannels &z -@all +set)',
      ),
      [['ACL', 'SETUSER', 'u', '(%R~x +@read -@string)', '()'], OK],
      [
        'ACL GETUSER u',
        map(
          ['flags', set('on', 'sanitize-payload')],
          ['passwords', []],
          ['commands', '+@all'],
          ['keys', ''],
          ['channels', ''],
          [
            'selectors',
            [
              map(['commands', '-@all +get'], ['keys', '~x'], ['channels', '']),
              map(['commands', '-@all +set'], ['keys', '%W~y'], ['channels', '&z']),
              map(['commands', '-@all +@read -@string'], ['keys', '%R~x'], ['channels', '']),
              map(['commands', '-@all'], ['keys', ''], ['channels', '']),
            ],
          ],
        ),
      ],
      ...shows('clearselectors', 'on sanitize-payload resetchannels +@all'),
      ['ACL SETUSER u (+get', error("ERR Unmatched parenthesis in acl selector starting at '(+get'.")],
      ['ACL SETUSER u on (+get ~x', error("ERR Unmatched parenthesis in acl selector starting at '(+get'.")],
      [['ACL', 'SETUSER', 'u', '(on)'], refusedRule('(on)', SYNTAX)],
      [['ACL', 'SETUSER', 'u', '(+nosuch)'], refusedRule('(+nosuch)', UNKNOWN)],
      [['ACL', 'SETUSER', 'u', '(+get "x)'], OK],
    ],
  },
  {
    name: 'rules that are none change nothing',
    steps: [
      ['ACL SETUSER', error("ERR wrong number of arguments for 'acl|setuser' command")],
      [['ACL', 'SETUSER', 'a b'], error("ERR Usernames can't contain spaces or null characters")],
      [['ACL', 'SETUSER', 'a\x00'], error("ERR Usernames can't contain spaces or null characters")],
      ['ACL SETUSER u on bad', refusedRule('bad', SYNTAX)],
      ['ACL SETUSER u ON +nosuch', refusedRule('+nosuch', UNKNOWN)],
      ['ACL SETUSER u +', refusedRule('+', UNKNOWN)],
      ['ACL SETUSER u -@nosuch', refusedRule('-@nosuch', UNKNOWN)],
      ['ACL SETUSER u +config|nosuch', refusedRule('+config|nosuch', UNKNOWN)],
      [
        'ACL SETUSER u +config|get|x',
        refusedRule('+config|get|x', 'Allowing first-arg of a subcommand is not supported'),
      ],
      ['ACL SETUSER u +get|a|b', refusedRule('+get|a|b', UNKNOWN)],
      ['ACL SETUSER u -get|a', refusedRule('-get|a', UNKNOWN)],
      ['ACL SETUSER u +select|', refusedRule('+select|', SYNTAX)],
      [
        'ACL SETUSER u <pw',
        refusedRule('<pw', 'The password you are trying to remove from the user does not exist'),
      ],
      ['ACL SETUSER u #abc', refusedRule('#abc', BAD_HASH)],
      [`ACL SETUSER u !${OTHER_HASH.toUpperCase()}`, refusedRule(`!${OTHER_HASH.toUpperCase()}`, BAD_HASH)],
      [['ACL', 'SETUSER', 'u', '~a b'], refusedRule('~a b', SYNTAX)],
      [['ACL', 'SETUSER', 'u', '&a\tb'], refusedRule('&a\tb', SYNTAX)],
      ['ACL SETUSER u %X~a', refusedRule('%X~a', SYNTAX)],
      ['ACL SETUSER u %RR~a', refusedRule('%RR~a', SYNTAX)],
      ['ACL SETUSER u ~* ~a', refusedRule('~a', KEY_AFTER_ALL)],
      ['ACL SETUSER u allchannels &a', refusedRule('&a', CHANNEL_AFTER_ALL)],
      ['ACL USERS', ['default']],
    ],
  },
  {
    name: 'a limit of its own for each client of a user',
    not: { reference: 'Redis has no such rule' },
    steps: [
      ['ACL SETUSER u throttle=100:0', OK],
      ['ACL LIST', [DEFAULT, 'user u off sanitize-payload throttle=100:0 resetchannels -@all']],
      ['ACL SETUSER u THROTTLE=0:5000', OK],
      [
        'ACL GETUSER u',
        map(
          ['flags', set('off', 'sanitize-payload')],
          ['passwords', []],
          ['commands', '-@all'],
          ['keys', ''],
          ['channels', ''],
          ['selectors', []],
          ['throttle', '0:5000'],
        ),
      ],
      ['ACL SETUSER u throttle=0:0', OK],
      ['ACL LIST', [DEFAULT, 'user u off sanitize-payload resetchannels -@all']],
      ['ACL SETUSER u throttle=1', refusedRule('throttle=1', SYNTAX)],
      ['ACL SETUSER u throttle=-1:0', refusedRule('throttle=-1:0', SYNTAX)],
      ['ACL SETUSER u throttle=9007199254740993:0', refusedRule('throttle=9007199254740993:0', SYNTAX)],
    ],
  },
  {
    name: 'a pattern of keys that allows nothing is refused',
    not: { reference: 'Redis 7.2.4 takes it, and stops when it is to show it' },
    steps: [
      ['ACL SETUSER u %~a', refusedRule('%~a', SYNTAX)],
      [['ACL', 'SETUSER', 'u', '+select|a b'], refusedRule('+select|a b', SYNTAX)],
    ],
  },
  {
    name: 'CAT',
    steps: [
      [
        'ACL CAT',
        'keyspace read write set sortedset list hash string bitmap hyperloglog geo stream pubsub admin fast slow blocking dangerous connection transaction scripting'.split(
          ' ',
        ),
      ],
      ['ACL CAT nosuch', error("ERR Unknown category 'nosuch'")],
      ['ACL CAT a b', error("ERR unknown subcommand or wrong number of arguments for 'CAT'. Try ACL HELP.")],
    ],
  },
  {
    name: 'GENPASS',
    steps: [
      ['ACL GENPASS', matching(/^[0-9a-f]{64}$/)],
      ['ACL GENPASS 1', matching(/^[0-9a-f]$/)],
      ['ACL GENPASS 5', matching(/^[0-9a-f]{2}$/)],
      ['ACL GENPASS 12', matching(/^[0-9a-f]{3}$/)],
      ['ACL GENPASS 4096', matching(/^[0-9a-f]{1024}$/)],
      ...['0', '-1', '4097'].map(
        (bits): Step => [
          `ACL GENPASS ${bits}`,
          error(
            'ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096',
          ),
        ],
      ),
      ['ACL GENPASS x', error('ERR value is not an integer or out of range')],
      [
        'ACL GENPASS 1 2',
        error("ERR unknown subcommand or wrong number of arguments for 'GENPASS'. Try ACL HELP."),
      ],
    ],
  },
  {
    name: 'without a file there is nothing to load or save',
    steps: [
      ['ACL LOAD', NO_FILE],
      ['ACL SAVE', NO_FILE],
    ],
  },
  {
    name: 'DRYRUN refuses what is no request',
    steps: [
      ['ACL DRYRUN nobody GET a', error("ERR User 'nobody' not found")],
      ['ACL DRYRUN default nosuch', error("ERR Command 'nosuch' not found")],
      ['ACL DRYRUN default CONFIG nosuch', error("ERR Command 'CONFIG' not found")],
      ['ACL DRYRUN default CONFIG GET', error("ERR wrong number of arguments for 'config|get' command")],
      ['ACL DRYRUN default GET', error("ERR wrong number of arguments for 'get' command")],
      ['ACL DRYRUN default GET a', OK],
    ],
  },
  {
    name: 'keys are read and written as the commands do',
    referenceSince: SINCE,
    steps: [
      ['ACL SETUSER u on +@all ~k* %R~r* %W~w*', OK],
      ...dryRuns('u', [
        ['GET x', noKey('u', 'x')],
        ['GET k1', OK],
        ['GET r1', OK],
        ['GET w1', noKey('u', 'w1')],
        ['SET r1 x', noKey('u', 'r1')],
        ['SET w1 x', OK],
        ['SET w1 x GET', noKey('u', 'w1')],
        ['SET k1 x GET', OK],
        ['EXISTS w1', OK],
        ['TYPE q', noKey('u', 'q')],
        ['COPY r w', OK],
        ['COPY w r', noKey('u', 'w')],
        ['MSET k 1 w 2', OK],
        ['MSET k 1 r 2', noKey('u', 'r')],
        ['MGET k r w', noKey('u', 'w')],
        ['BITFIELD r GET u8 1', OK],
        ['BITFIELD r OVERFLOW SAT GET u8 1', OK],
        ['BITFIELD r GET u8 1 SET u8 1 1', noKey('u', 'r')],
        ['BITFIELD r nosuch', noKey('u', 'r')],
        ['BITFIELD_RO r GET u8 1', OK],
        ['ZUNIONSTORE w 2 r k', OK],
        ['ZUNIONSTORE r 2 r k', noKey('u', 'r')],
        ['XREAD COUNT 1 STREAMS k w 0 0', noKey('u', 'w')],
        ['SORT k BY nosort GET w*', OK],
        ['SORT k STORE r', noKey('u', 'r')],
        ['EVAL script 1 x', noKey('u', 'x')],
        ['EVAL script 1 k', OK],
        ['MIGRATE host 1 k 0 1', OK],
        ['MIGRATE host 1 "" 0 1 AUTH KEYS KEYS k w', noKey('u', 'w')],
        ['OBJECT ENCODING w', OK],
        ['WATCH w x', noKey('u', 'x')],
        ['FLUSHALL', OK],
        ['AUTH x', OK],
      ]),
      ['ACL SETUSER u resetkeys %RW~*', OK],
      ['ACL DRYRUN u GET ""', noKey('u', '')],
      ['ACL DRYRUN u GET a', OK],
    ],
  },
  {
    name: 'channels are matched by patterns, patterns of channels to the letter',
    referenceSince: SINCE,
    steps: [
      ['ACL SETUSER u on +@all &c* &d[ab]', OK],
      ...dryRuns('u', [
        ['PUBLISH c 1', OK],
        ['PUBLISH x 1', noChannel('u', 'x')],
        ['SPUBLISH da 1', OK],
        ['SUBSCRIBE c1 c2 dc', noChannel('u', 'dc')],
        ['SSUBSCRIBE c db', OK],
        ['PSUBSCRIBE c*', OK],
        ['PSUBSCRIBE c', noChannel('u', 'c')],
        ['PSUBSCRIBE c1*', noChannel('u', 'c1*')],
        ['UNSUBSCRIBE x', OK],
        ['PUNSUBSCRIBE', OK],
      ]),
    ],
  },
  {
    name: 'commands, subcommands, categories and first arguments',
    referenceSince: SINCE,
    steps: [
      ['ACL SETUSER u on ~* &* +@all -@dangerous +config|get -select +select|0 +select|aB', OK],
      ...dryRuns('u', [
        ['GET a', OK],
        ['KEYS *', noCommand('u', 'keys')],
        ['CONFIG GET a', OK],
        ['CONFIG SET a b', noCommand('u', 'config|set')],
        ['CONFIG HELP', OK],
        ['SELECT 0', OK],
        ['SELECT 1', noCommand('u', 'select')],
        ['SELECT Ab', OK],
        ['CLIENT LIST', noCommand('u', 'client|list')],
        ['CLIENT ID', OK],
        ['HELLO', OK],
      ]),
      ['ACL SETUSER u -@all +client -client|id', OK],
      ...dryRuns('u', [
        ['CLIENT LIST', OK],
        ['CLIENT ID', noCommand('u', 'client|id')],
        ['AUTH x', OK],
        ['RESET', OK],
        ['QUIT', OK],
      ]),
    ],
  },
  {
    name: 'one selector must allow all of a request',
    referenceSince: SINCE,
    steps: [
      ['ACL SETUSER u on +get (+set ~s*) (+mget ~a) (+mget ~b ~c) (&x +publish)', OK],
      ...dryRuns('u', [
        ['GET a', noKey('u', 'a')],
        ['SET s1 x', OK],
        ['SET x x', noKey('u', 'x')],
        ['MGET a b', noKey('u', 'b')],
        ['MGET b c', OK],
        ['MGET b c a', noKey('u', 'a')],
        ['PUBLISH x 1', OK],
        ['PUBLISH y 1', noChannel('u', 'y')],
        ['HGET s f', noCommand('u', 'hget')],
      ]),
    ],
  },
  {
    name: 'what a client is told of a refusal',
    not: { multi: IN_MULTI },
    steps: [
      ['ACL SETUSER u on nopass ~k* &c* +@all -@dangerous -select', OK],
      ['AUTH u x', OK],
      ['ACL WHOAMI', 'u'],
      ['GET x', error('NOPERM No permissions to access a key')],
      ['PUBLISH x 1', error('NOPERM No permissions to access a channel')],
      ['SELECT 1', error("NOPERM User u has no permissions to run the 'select' command")],
      ['CLIENT LIST', error("NOPERM User u has no permissions to run the 'client|list' command")],
      ['GET', error("ERR wrong number of arguments for 'get' command")],
      ['MULTI', OK],
      ['GET x', error('NOPERM No permissions to access a key')],
      ['EXEC', error('EXECABORT Transaction discarded because of previous errors.')],
      ['SET k1 v', OK],
      ['GET k1', 'v'],
      ['RESET', simple('RESET')],
      ['ACL WHOAMI', 'default'],
    ],
    referenceSince: SINCE,
  },
  {
    name: 'what a script is told of a refusal',
    not: { multi: IN_MULTI, script: 'it is about scripts' },
    referenceSince: SINCE,
    steps: [
      ['ACL SETUSER u on nopass ~k* &c* +@all -@dangerous', OK],
      ['AUTH u x', OK],
      [
        ['EVAL', "return redis.call('get', 'x')", '0'],
        matching(
          /^ERR ACL failure in script: No permissions to access a key script: [0-9a-f]{40}, on @user_script:1\.$/,
        ),
      ],
      [
        ['EVAL', "return redis.pcall('publish', 'x', '1')", '0'],
        error('ERR ACL failure in script: No permissions to access a channel'),
      ],
      [
        ['EVAL', "return redis.pcall('keys', '*')", '0'],
        error("ERR ACL failure in script: User u has no permissions to run the 'keys' command"),
      ],
      [['EVAL', 'return 1', '1', 'x'], error('NOPERM No permissions to access a key')],
      [['EVAL', "return redis.acl_check_cmd('get', 'k')", '0'], 1],
      [['EVAL', "return redis.acl_check_cmd('get', 'x')", '0'], null],
      [['EVAL', "return redis.acl_check_cmd('client', 'list')", '0'], null],
      [
        ['EVAL', "return redis.acl_check_cmd('nosuch')", '0'],
        matching(/^ERR Invalid command passed to redis\.acl_check_cmd\(\) /),
      ],
      ['AUTH default x', OK],
      [
        'ACL LOG',
        reasons(
          ['key', 'toplevel', 'x', 1],
          ['command', 'lua', 'keys', 1],
          ['channel', 'lua', 'x', 1],
          ['key', 'lua', 'x', 1],
        ),
      ],
    ],
  },
  {
    name: 'SORT with BY and GET needs all keys',
    referenceSince: SINCE,
    steps: [
      ['RPUSH k 2 1', 2],
      ['ACL SETUSER u on nopass ~k %R~w* +@all', OK],
      ['AUTH u x', OK],
      ['SORT k', ['1', '2']],
      ['SORT k BY nosort', ['2', '1']],
      ['SORT k BY w*', error('ERR BY option of SORT denied due to insufficient ACL permissions.')],
      ['SORT k GET #', error('ERR GET option of SORT denied due to insufficient ACL permissions.')],
      ['SORT_RO k GET w*', error('ERR GET option of SORT denied due to insufficient ACL permissions.')],
      ['ACL SETUSER u %R~*', OK],
      ['SORT k BY w* GET #', ['1', '2']],
    ],
  },
  {
    name: 'the log groups what is refused again',
    not: { multi: IN_MULTI, script: IN_MULTI },
    referenceSince: SINCE,
    steps: [
      ['ACL LOG', []],
      ['AUTH nobody x', error('WRONGPASS invalid username-password pair or user is disabled.')],
      ['ACL SETUSER u on nopass ~k +@all -keys', OK],
      ['AUTH u x', OK],
      ['GET x', anything],
      ['GET y', anything],
      ['GET x', anything],
      ['KEYS *', anything],
      ['AUTH default x', OK],
      [
        'ACL LOG',
        reasons(
          ['command', 'toplevel', 'keys', 1],
          ['key', 'toplevel', 'x', 2],
          ['key', 'toplevel', 'y', 1],
          ['auth', 'toplevel', 'AUTH', 1],
        ),
      ],
      ['ACL LOG 1', reasons(['command', 'toplevel', 'keys', 1])],
      ['ACL LOG 0', []],
      ['ACL LOG -1', []],
      ['ACL LOG x', error('ERR value is not an integer or out of range')],
      ['ACL LOG 1 2', error("ERR unknown subcommand or wrong number of arguments for 'LOG'. Try ACL HELP.")],
      [
        'INFO stats',
        matching(
          /acl_access_denied_auth:1\r\nacl_access_denied_cmd:1\r\nacl_access_denied_key:3\r\nacl_access_denied_channel:0\r\n/,
        ),
      ],
      ['ACL LOG RESET', OK],
      ['ACL LOG', []],
    ],
  },
  {
    name: 'the log keeps no more than it may',
    config: { 'acllog-max-len': '1' },
    steps: [
      ['AUTH a x', anything],
      ['AUTH b x', anything],
      ['ACL LOG', [anything]],
      ['CONFIG SET acllog-max-len 0', OK],
      ['AUTH c x', anything],
      ['ACL LOG', []],
    ],
  },
  {
    name: 'the channels of new users',
    config: { 'acl-pubsub-default': 'allchannels' },
    referenceSince: SINCE,
    steps: [
      ...shows('&* (+get)', 'off sanitize-payload &* -@all (&* -@all +get)'),
      ...shows('reset resetchannels', 'off sanitize-payload resetchannels -@all'),
      ...shows('reset', 'off sanitize-payload &* -@all'),
      ['CONFIG SET acl-pubsub-default resetchannels', OK],
      ...shows('reset', 'off sanitize-payload resetchannels -@all'),
    ],
  },
  {
    name: 'requirepass is the password of the default user',
    referenceSince: SINCE,
    steps: [
      ['CONFIG SET requirepass pw', OK],
      ['ACL LIST', [`user default on sanitize-payload #${HASH_OF_PW} ~* &* +@all`]],
      ['ACL SETUSER default >other', OK],
      ['AUTH other', OK],
      ['CONFIG GET requirepass', map(['requirepass', 'pw'])],
      ['CONFIG SET requirepass ""', OK],
      ['ACL LIST', [DEFAULT]],
    ],
  },
  {
    name: 'subcommands',
    steps: [
      ['ACL', error("ERR wrong number of arguments for 'acl' command")],
      ['ACL nosuch', error("ERR unknown subcommand 'nosuch'. Try ACL HELP.")],
      ['ACL HELP x', error("ERR wrong number of arguments for 'acl|help' command")],
      ['ACL DELUSER', error("ERR wrong number of arguments for 'acl|deluser' command")],
    ],
  },
];
