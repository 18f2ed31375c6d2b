// PING, ECHO, QUIT, RESET, SELECT, AUTH and HELLO. What concerns two clients, or bytes that are no replies, is in
// test/net and test/engine.

import type { CommandCase } from '../support/case.ts';
import { anything, type Expected, error, map, matching, OK, simple } from '../support/expected.ts';

const NOT_INTEGER = error('ERR value is not an integer or out of range');
const OUT_OF_INT = error('ERR value is out of range, value must between -2147483648 and 2147483647');
const WRONG_PASS = error('WRONGPASS invalid username-password pair or user is disabled.');
const NO_AUTH = error('NOAUTH Authentication required.');
const BAD_NAME = error('ERR Client names cannot contain spaces, newlines or special characters.');
const ALREADY_RESP3 = 'the story is about the protocol';
const CUT_ELSEWHERE = 'HELLO 3 in pieces is in test/net/requests.test.ts';
const PLAIN_ONLY = 'HELLO and AUTH are told outside of MULTI, which would change the story';
const EXPLAINED_NO_AUTH = error(
  'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time',
);
const NEEDS_PASSWORD =
  'the modes begin with HELLO 3 or MULTI, which a client that has not logged in is refused';

const helloReply = (protocol: number): Expected =>
  map(
    ['server', 'redis'],
    ['version', '7.2.4'],
    ['proto', protocol],
    ['id', anything],
    ['mode', 'standalone'],
    ['role', 'master'],
    ['modules', []],
  );

export const cases: CommandCase[] = [
  {
    name: 'PING answers PONG or its argument',
    steps: [
      ['PING', simple('PONG')],
      ['ping hello', 'hello'],
      [['PING', ''], ''],
      [['PING', 'a\r\nb\x00\xff'], 'a\r\nb\x00\xff'],
      ['PING a b', error("ERR wrong number of arguments for 'ping' command")],
    ],
  },
  {
    name: 'ECHO answers its argument',
    steps: [
      ['ECHO hello', 'hello'],
      [['ECHO', ''], ''],
      [['ECHO', '\x00\r\n\xfe'], '\x00\r\n\xfe'],
      ['ECHO', error("ERR wrong number of arguments for 'echo' command")],
      ['ECHO a b', error("ERR wrong number of arguments for 'echo' command")],
    ],
  },
  {
    name: 'a long ECHO',
    steps: [[['ECHO', 'x'.repeat(200_000)], 'x'.repeat(200_000)]],
  },
  {
    name: 'QUIT answers before it closes, whatever else it is given',
    steps: [['QUIT a b', OK]],
  },
  {
    name: 'SELECT separates the databases',
    steps: [
      ['SET k zero', OK],
      ['SELECT 1', OK],
      ['GET k', null],
      ['SET k one', OK],
      ['SELECT 15', OK],
      ['GET k', null],
      ['SELECT 0', OK],
      ['GET k', 'zero'],
    ],
  },
  {
    name: 'SELECT refuses what is no database and stays where it is',
    steps: [
      ['SELECT 3', OK],
      ['SET k three', OK],
      ['SELECT 16', error('ERR DB index is out of range')],
      ['SELECT -1', error('ERR DB index is out of range')],
      ['SELECT 2147483647', error('ERR DB index is out of range')],
      ['SELECT 2147483648', OUT_OF_INT],
      ['SELECT -2147483649', OUT_OF_INT],
      ['SELECT 9223372036854775807', OUT_OF_INT],
      ['SELECT 9223372036854775808', NOT_INTEGER],
      ['SELECT one', NOT_INTEGER],
      [['SELECT', ''], NOT_INTEGER],
      [['SELECT', ' 1'], NOT_INTEGER],
      ['SELECT', error("ERR wrong number of arguments for 'select' command")],
      ['GET k', 'three'],
    ],
  },
  {
    name: 'SELECT knows as many databases as there are',
    config: { databases: '2' },
    steps: [
      ['SELECT 1', OK],
      ['SELECT 2', error('ERR DB index is out of range')],
    ],
  },
  {
    name: 'AUTH without a password configured',
    steps: [
      [
        'AUTH secret',
        error(
          'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
        ),
      ],
      ['AUTH default anything', OK],
      ['AUTH nobody anything', WRONG_PASS],
      ['AUTH a b c', error('ERR syntax error')],
      ['AUTH', error("ERR wrong number of arguments for 'auth' command")],
    ],
  },
  {
    name: 'AUTH with a password configured',
    referenceSince: '7.2',
    config: { requirepass: 'secret' },
    not: { resp3: NEEDS_PASSWORD, multi: NEEDS_PASSWORD },
    steps: [
      ['PING', NO_AUTH],
      ['GET k', NO_AUTH],
      ['NOSUCH', error("ERR unknown command 'NOSUCH', with args beginning with: ")],
      ['GET', error("ERR wrong number of arguments for 'get' command")],
      ['AUTH wrong', WRONG_PASS],
      ['AUTH default wrong', WRONG_PASS],
      ['AUTH nobody secret', WRONG_PASS],
      [['AUTH', ''], WRONG_PASS],
      ['PING', NO_AUTH],
      ['AUTH secret', OK],
      ['PING', simple('PONG')],
      ['AUTH wrong', WRONG_PASS],
      ['INFO stats', matching(/\r\nacl_access_denied_auth:5\r\n/)],
      ['PING', simple('PONG')],
      ['AUTH default secret', OK],
      ['RESET', simple('RESET')],
      ['PING', NO_AUTH],
      ['QUIT', OK],
    ],
  },
  {
    name: 'EXEC of a client that is not logged in any more',
    config: { requirepass: 'secret' },
    not: { resp3: NEEDS_PASSWORD, multi: NEEDS_PASSWORD },
    steps: [
      ['EXEC', error('EXECABORT Transaction discarded because of: NOAUTH Authentication required.')],
      ['MULTI', NO_AUTH],
    ],
  },
  {
    name: 'a password of any bytes',
    steps: [
      [['CONFIG', 'SET', 'requirepass', 'abc\x00d\xe9f'], OK],
      ['AUTH abc', WRONG_PASS],
      [['AUTH', 'abc\x00d\xe9f'], OK],
      [['AUTH', 'default', 'abc\x00d\xe9f'], OK],
      [['AUTH', 'default', 'abc\x00d\xe9g'], WRONG_PASS],
    ],
  },
  {
    name: 'a client stays logged in when a password is set, and is let in when it is taken away',
    config: { requirepass: 'secret' },
    not: { resp3: NEEDS_PASSWORD, multi: NEEDS_PASSWORD },
    steps: [
      ['AUTH secret', OK],
      ['CONFIG SET requirepass other', OK],
      ['PING', simple('PONG')],
      ['RESET', simple('RESET')],
      ['PING', NO_AUTH],
      ['AUTH secret', WRONG_PASS],
      ['AUTH other', OK],
      ['CONFIG SET requirepass ""', OK],
      ['RESET', simple('RESET')],
      ['PING', simple('PONG')],
    ],
  },
  {
    name: 'HELLO tells about the server',
    referenceSince: '7.2',
    not: { cut: CUT_ELSEWHERE, resp3: ALREADY_RESP3, multi: PLAIN_ONLY },
    steps: [
      ['HELLO', helloReply(2)],
      ['HELLO 3', helloReply(3)],
      ['HELLO', helloReply(3)],
      ['GET nosuch', null],
      ['HELLO 2', helloReply(2)],
      ['GET nosuch', null],
    ],
  },
  {
    name: 'HELLO refuses what it does not know, and changes nothing then',
    referenceSince: '7.2',
    not: { resp3: ALREADY_RESP3, multi: PLAIN_ONLY },
    steps: [
      ['HELLO 1', error('NOPROTO unsupported protocol version')],
      ['HELLO 4', error('NOPROTO unsupported protocol version')],
      ['HELLO -3', error('NOPROTO unsupported protocol version')],
      ['HELLO 9223372036854775807', error('NOPROTO unsupported protocol version')],
      ['HELLO three', error('ERR Protocol version is not an integer or out of range')],
      ['HELLO 9223372036854775808', error('ERR Protocol version is not an integer or out of range')],
      ['HELLO SETNAME', error('ERR Protocol version is not an integer or out of range')],
      ['HELLO 3 nonsense', error("ERR Syntax error in HELLO option 'nonsense'")],
      ['HELLO 3 AUTH default', error("ERR Syntax error in HELLO option 'AUTH'")],
      ['HELLO 3 SETNAME', error("ERR Syntax error in HELLO option 'SETNAME'")],
      ['HELLO 3 AUTH nobody x SETNAME me', WRONG_PASS],
      [['HELLO', '3', 'SETNAME', 'two words'], BAD_NAME],
      [['HELLO', '3', 'AUTH', 'nobody', 'x', 'SETNAME', 'a\n'], BAD_NAME],
      ['CLIENT GETNAME', null],
      ['CLIENT INFO', matching(/ resp=2 /)],
    ],
  },
  {
    name: 'HELLO names the client',
    referenceSince: '7.2',
    not: { cut: CUT_ELSEWHERE, multi: PLAIN_ONLY },
    steps: [
      ['HELLO 3 setname first', helloReply(3)],
      ['CLIENT GETNAME', 'first'],
      ['HELLO 3 SETNAME second AUTH default x SETNAME third', helloReply(3)],
      ['CLIENT GETNAME', 'third'],
      [['HELLO', '3', 'SETNAME', ''], helloReply(3)],
      ['CLIENT GETNAME', null],
    ],
  },
  {
    name: 'HELLO logs in',
    referenceSince: '7.2',
    config: { requirepass: 'secret' },
    not: { cut: CUT_ELSEWHERE, resp3: NEEDS_PASSWORD, multi: NEEDS_PASSWORD },
    steps: [
      ['HELLO', EXPLAINED_NO_AUTH],
      ['HELLO 3', EXPLAINED_NO_AUTH],
      ['HELLO 3 SETNAME me', EXPLAINED_NO_AUTH],
      ['HELLO 3 AUTH default wrong', WRONG_PASS],
      ['HELLO 2 AUTH default secret SETNAME me', helloReply(2)],
      ['CLIENT GETNAME', 'me'],
      ['HELLO 3', helloReply(3)],
    ],
  },
  {
    name: 'HELLO takes effect within a transaction',
    referenceSince: '7.2',
    not: { resp3: ALREADY_RESP3 },
    steps: [
      ['MULTI', OK],
      ['GET nosuch', simple('QUEUED')],
      ['HELLO 2', simple('QUEUED')],
      ['EXEC', [null, helloReply(2)]],
    ],
  },
  {
    name: 'RESET puts everything back but the library',
    referenceSince: '7.2',
    not: { cut: CUT_ELSEWHERE, resp3: ALREADY_RESP3 },
    steps: [
      ['SET k zero', OK],
      ['HELLO 3 SETNAME me', helloReply(3)],
      ['CLIENT SETINFO lib-name lib', OK],
      ['CLIENT NO-EVICT on', OK],
      ['CLIENT NO-TOUCH on', OK],
      ['SELECT 3', OK],
      ['WATCH k', OK],
      ['MULTI', OK],
      ['SET k three', simple('QUEUED')],
      ['RESET', simple('RESET')],
      ['EXEC', error('ERR EXEC without MULTI')],
      ['CLIENT GETNAME', null],
      ['GET k', 'zero'],
      ['CLIENT INFO', matching(/ name= .* flags=N db=0 .* multi=-1 .* resp=2 lib-name=lib lib-ver=\n$/)],
      ['RESET now', error("ERR wrong number of arguments for 'reset' command")],
    ],
  },
  {
    name: 'unknown commands are named as they came, cut short, with their arguments',
    steps: [
      ['nosuch', error("ERR unknown command 'nosuch', with args beginning with: ")],
      ['NoSuch a b', error("ERR unknown command 'NoSuch', with args beginning with: 'a' 'b' ")],
      [['a\r\nb', 'c\nd'], error("ERR unknown command 'a  b', with args beginning with: 'c d' ")],
      [[''], error("ERR unknown command '', with args beginning with: ")],
      [
        ['n'.repeat(200), 'a'.repeat(200), 'b'],
        error(`ERR unknown command '${'n'.repeat(128)}', with args beginning with: '${'a'.repeat(128)}' `),
      ],
      [
        ['x', 'a'.repeat(100), 'b'.repeat(100), 'c'],
        error(`ERR unknown command 'x', with args beginning with: '${'a'.repeat(100)}' '${'b'.repeat(25)}' `),
      ],
    ],
  },
];
