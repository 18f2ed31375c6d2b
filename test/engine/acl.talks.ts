// Users with several clients: who is cut off, refused or let go on when rules change. Each talk is what 7.2.4 answered.

import type { Talk } from '../support/talk.ts';

const simple = (text: string) => `simple("${text}")`;
const error = (text: string) => `error(${JSON.stringify(text)})`;
const OK = simple('OK');
const QUEUED = simple('QUEUED');
const NO_KEY = error('NOPERM No permissions to access a key');
const NO_CHANNEL = error('NOPERM No permissions to access a channel');
const NO_AUTH = error('NOAUTH Authentication required.');
const WRONG_PASS = error('WRONGPASS invalid username-password pair or user is disabled.');
const CHANGED = (reason: string) =>
  error(
    `NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no longer allowed for the following reason: ${reason}`,
  );

/** `u` may do everything, and the client is logged in as it. */
const asUser = (client: string): Talk['steps'] => [
  ['admin', ['ACL SETUSER u on nopass ~* &* +@all'], { admin: [OK] }],
  [client, ['AUTH u x'], { [client]: [OK] }],
];

export const TALKS: Talk[] = [
  {
    name: 'rules that change between MULTI and EXEC hold at EXEC',
    steps: [
      ...asUser('a'),
      [
        'a',
        ['MULTI', 'SET k 1', 'PUBLISH c 1', 'KEYS *', 'SET k2 1'],
        { a: [OK, QUEUED, QUEUED, QUEUED, QUEUED] },
      ],
      ['admin', ['ACL SETUSER u resetkeys ~k2 resetchannels -keys'], { admin: [OK] }],
      [
        'a',
        ['EXEC'],
        {
          a: [
            `[${CHANGED('no permission to touch the specified keys')}, ${CHANGED('no permission to access one of the channels used as arguments')}, ${CHANGED('no permission to execute the command or subcommand')}, ${OK}]`,
          ],
        },
      ],
    ],
  },
  {
    name: 'who waits for a key is refused it when the rules have changed meanwhile',
    steps: [
      ...asUser('a'),
      ['a', ['BLPOP k 0'], {}],
      ['b', ['BLPOP k 0'], {}],
      [
        'admin',
        ['ACL SETUSER u -blpop', 'RPUSH k 1'],
        {
          admin: [OK, '1'],
          a: [error("NOPERM User u has no permissions to run the 'blpop' command")],
          b: ['["k", "1"]'],
        },
      ],
      ['admin', ['ACL SETUSER u +blpop'], { admin: [OK] }],
      ['a', ['BLPOP k 0'], {}],
      ['admin', ['ACL SETUSER u resetkeys', 'RPUSH k 1'], { admin: [OK, '1'], a: [NO_KEY] }],
    ],
  },
  {
    name: 'who has subscribed to what it may have still stays',
    steps: [
      ...asUser('a'),
      ['a', ['SUBSCRIBE c1'], { a: ['["subscribe", "c1", 1]'] }],
      [
        'admin',
        ['ACL SETUSER u resetchannels &c*', 'PUBLISH c1 x'],
        { admin: [OK, '1'], a: ['["message", "c1", "x"]'] },
      ],
      ['admin', ['ACL SETUSER u resetchannels &d', 'PUBLISH c1 x'], { admin: [OK, '0'] }],
    ],
  },
  {
    name: 'a pattern that was subscribed to must be allowed to the letter',
    steps: [
      ...asUser('a'),
      ['a', ['PSUBSCRIBE c1*'], { a: ['["psubscribe", "c1*", 1]'] }],
      ['admin', ['ACL SETUSER u resetchannels &c* &c1*', 'PUBSUB NUMPAT'], { admin: [OK, '1'] }],
      ['admin', ['ACL SETUSER u resetchannels &c*', 'PUBSUB NUMPAT'], { admin: [OK, '0'] }],
    ],
  },
  {
    name: 'rules that can only have gained cut nobody off',
    steps: [
      ['admin', ['ACL SETUSER u on nopass &c +@all'], { admin: [OK] }],
      ['a', ['AUTH u x', 'SSUBSCRIBE c', 'PSUBSCRIBE d'], { a: [OK, '["ssubscribe", "c", 1]', NO_CHANNEL] }],
      [
        'admin',
        ['ACL SETUSER u (&d)', 'ACL SETUSER u &*', 'PUBSUB SHARDNUMSUB c'],
        { admin: [OK, OK, '["c", 1]'] },
      ],
      ['admin', ['ACL SETUSER u resetchannels', 'PUBSUB SHARDNUMSUB c'], { admin: [OK, '["c", 0]'] }],
    ],
  },
  {
    name: 'what was subscribed to as somebody else counts when the rules of the present user change',
    steps: [
      ['admin', ['ACL SETUSER u on nopass &c +@all', 'ACL SETUSER v on nopass +@all'], { admin: [OK, OK] }],
      ['a3', ['SUBSCRIBE x', 'AUTH u x'], { a3: ['push("subscribe", "x", 1)', OK] }],
      ['b3', ['SUBSCRIBE x', 'AUTH v x'], { b3: ['push("subscribe", "x", 1)', OK] }],
      ['admin', ['PUBSUB NUMSUB x', 'ACL SETUSER v -get'], { admin: ['["x", 2]', OK] }],
      ['admin', ['PUBSUB NUMSUB x', 'ACL SETUSER u -get'], { admin: ['["x", 2]', OK] }],
      ['admin', ['PUBSUB NUMSUB x', 'ACL DELUSER v'], { admin: ['["x", 1]', '1'] }],
    ],
  },
  {
    name: 'the clients of a user that is removed go with it',
    steps: [
      ...asUser('a'),
      ['b', ['AUTH u x', 'SUBSCRIBE c'], { b: [OK, '["subscribe", "c", 1]'] }],
      ['w', ['AUTH u x', 'BLPOP k 0'], { w: [OK] }],
      ['admin', ['CLIENT KILL USER u SKIPME no TYPE master', 'ACL DELUSER u'], { admin: ['0', '1'] }],
      ['admin', ['PUBLISH c 1', 'RPUSH k 1', 'LLEN k'], { admin: ['0', '1', '1'] }],
      ['admin', ['CLIENT KILL USER u'], { admin: [error("ERR No such user 'u'")] }],
    ],
  },
  {
    name: 'who removes itself is still told so',
    steps: [...asUser('a'), ['a', ['ACL DELUSER u'], { a: ['1'] }]],
  },
  {
    name: 'a user that is switched off stays logged in, and cannot log in again',
    steps: [
      ...asUser('a'),
      ['admin', ['ACL SETUSER u off'], { admin: [OK] }],
      ['a', ['ACL WHOAMI'], { a: ['"u"'] }],
      ['a', ['AUTH u x', 'ACL WHOAMI'], { a: [WRONG_PASS, '"u"'] }],
    ],
  },
  {
    name: 'a default user that is switched off lets nobody in',
    steps: [
      ['admin', ['ACL SETUSER u on nopass +@all', 'ACL SETUSER default off'], { admin: [OK, OK] }],
      [
        'a',
        ['PING', 'AUTH x'],
        {
          a: [
            NO_AUTH,
            error(
              'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
            ),
          ],
        },
      ],
      ['a', ['AUTH default x'], { a: [WRONG_PASS] }],
      ['a', ['AUTH u x', 'PING'], { a: [OK, simple('PONG')] }],
      ['admin', ['PING', 'RESET', 'PING'], { admin: [simple('PONG'), simple('RESET'), NO_AUTH] }],
    ],
  },
];
