// Talks about channels, patterns and key events: what each of several clients receives, and in which order. As Redis 7.2.4 holds
// them; pubsub.test.ts holds them with our server, and with a real one where there is one.

import type { Talk } from '../support/talk.ts';

export const TALKS: readonly Talk[] = [
  {
    name: 'messages of channels',
    steps: [
      ['a', ['SUBSCRIBE x', 'SUBSCRIBE y'], { a: ['["subscribe", "x", 1]', '["subscribe", "y", 2]'] }],
      [
        'b',
        ['PUBLISH x hello', 'PUBLISH z nobody', 'PUBLISH y 2', 'PUBLISH x ""'],
        {
          a: ['["message", "x", "hello"]', '["message", "y", "2"]', '["message", "x", ""]'],
          b: ['1', '0', '1', '1'],
        },
      ],
      ['a', ['UNSUBSCRIBE x'], { a: ['["unsubscribe", "x", 1]'] }],
      ['b', ['PUBLISH x gone'], { b: ['0'] }],
    ],
  },
  {
    name: 'each subscriber in its protocol, in the order of subscription',
    steps: [
      ['a', ['SUBSCRIBE x'], { a: ['["subscribe", "x", 1]'] }],
      ['b3', ['SUBSCRIBE x'], { b3: ['push("subscribe", "x", 1)'] }],
      [
        'c',
        ['PUBLISH x 1', 'PING', 'PUBLISH x 2'],
        {
          a: ['["message", "x", "1"]', '["message", "x", "2"]'],
          b3: ['push("message", "x", "1")', 'push("message", "x", "2")'],
          c: ['2', 'simple("PONG")', '2'],
        },
      ],
    ],
  },
  {
    name: 'patterns',
    steps: [
      [
        'a',
        ['PSUBSCRIBE n?w*', 'SUBSCRIBE news'],
        { a: ['["psubscribe", "n?w*", 1]', '["subscribe", "news", 2]'] },
      ],
      [
        'b',
        ['PUBLISH news 1', 'PUBLISH now 2', 'PUBLISH none 3', 'PUBLISH new 4'],
        {
          a: [
            '["message", "news", "1"]',
            '["pmessage", "n?w*", "news", "1"]',
            '["pmessage", "n?w*", "now", "2"]',
            '["pmessage", "n?w*", "new", "4"]',
          ],
          b: ['2', '1', '0', '1'],
        },
      ],
      ['a', ['PUNSUBSCRIBE n?w*'], { a: ['["punsubscribe", "n?w*", 1]'] }],
      ['b', ['PUBLISH news 5'], { a: ['["message", "news", "5"]'], b: ['1'] }],
    ],
  },
  {
    name: 'several names in one request, and some of them twice',
    steps: [
      [
        'a',
        [
          'SUBSCRIBE x y x',
          'PSUBSCRIBE p q',
          'SSUBSCRIBE s s t',
          'UNSUBSCRIBE x x nosuch',
          'SUNSUBSCRIBE t nosuch',
          'PUNSUBSCRIBE nosuch',
        ],
        {
          a: [
            '["subscribe", "x", 1]',
            '["subscribe", "y", 2]',
            '["subscribe", "x", 2]',
            '["psubscribe", "p", 3]',
            '["psubscribe", "q", 4]',
            '["ssubscribe", "s", 1]',
            '["ssubscribe", "s", 1]',
            '["ssubscribe", "t", 2]',
            '["unsubscribe", "x", 3]',
            '["unsubscribe", "x", 3]',
            '["unsubscribe", "nosuch", 3]',
            '["sunsubscribe", "t", 1]',
            '["sunsubscribe", "nosuch", 1]',
            '["punsubscribe", "nosuch", 3]',
          ],
        },
      ],
    ],
  },
  {
    name: 'unsubscribing from everything',
    steps: [
      [
        'a',
        ['SUBSCRIBE x', 'PSUBSCRIBE p', 'SSUBSCRIBE s'],
        { a: ['["subscribe", "x", 1]', '["psubscribe", "p", 2]', '["ssubscribe", "s", 1]'] },
      ],
      [
        'a',
        ['UNSUBSCRIBE', 'PUNSUBSCRIBE', 'GET k', 'SUNSUBSCRIBE', 'GET k'],
        {
          a: [
            '["unsubscribe", "x", 1]',
            '["punsubscribe", "p", 0]',
            "error(\"ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context\")",
            '["sunsubscribe", "s", 0]',
            'nullBulk',
          ],
        },
      ],
      ['b', ['PUBLISH x 1', 'SPUBLISH s 1'], { b: ['0', '0'] }],
    ],
  },
  {
    name: 'unsubscribing from nothing',
    steps: [
      [
        'a',
        ['UNSUBSCRIBE', 'PUNSUBSCRIBE', 'SUNSUBSCRIBE'],
        {
          a: [
            '["unsubscribe", nullBulk, 0]',
            '["punsubscribe", nullBulk, 0]',
            '["sunsubscribe", nullBulk, 0]',
          ],
        },
      ],
      [
        'a3',
        ['UNSUBSCRIBE', 'PUNSUBSCRIBE', 'SUNSUBSCRIBE', 'UNSUBSCRIBE a b'],
        {
          a3: [
            'push("unsubscribe", null, 0)',
            'push("punsubscribe", null, 0)',
            'push("sunsubscribe", null, 0)',
            'push("unsubscribe", "a", 0)',
            'push("unsubscribe", "b", 0)',
          ],
        },
      ],
    ],
  },
  {
    name: 'shard channels are a world of their own',
    steps: [
      [
        'a',
        ['SSUBSCRIBE x', 'SUBSCRIBE x', 'PSUBSCRIBE *'],
        { a: ['["ssubscribe", "x", 1]', '["subscribe", "x", 1]', '["psubscribe", "*", 2]'] },
      ],
      [
        'b',
        [
          'SPUBLISH x shard',
          'PUBLISH x plain',
          'PUBSUB SHARDNUMSUB x y',
          'PUBSUB NUMSUB x y',
          'PUBSUB SHARDCHANNELS',
          'PUBSUB NUMPAT',
        ],
        {
          a: ['["smessage", "x", "shard"]', '["message", "x", "plain"]', '["pmessage", "*", "x", "plain"]'],
          b: ['1', '2', '["x", 1, "y", 0]', '["x", 1, "y", 0]', '["x"]', '1'],
        },
      ],
    ],
  },
  {
    name: 'what a subscriber may do under RESP2',
    steps: [
      [
        'a',
        [
          'SUBSCRIBE x',
          'PING',
          'PING hello',
          'PING a b',
          'GET k',
          'get',
          'CLIENT LIST',
          'CLIENT NOSUCH',
          'NOSUCH',
          'HELLO 3',
          'MULTI',
          'EXEC',
          'PUBLISH x 1',
          'SPUBLISH x 1',
          'RESET',
          'GET k',
          'PING',
        ],
        {
          a: [
            '["subscribe", "x", 1]',
            '["pong", ""]',
            '["pong", "hello"]',
            'error("ERR wrong number of arguments for \'ping\' command")',
            "error(\"ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context\")",
            'error("ERR wrong number of arguments for \'get\' command")',
            "error(\"ERR Can't execute 'client|list': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context\")",
            'error("ERR unknown subcommand \'NOSUCH\'. Try CLIENT HELP.")',
            'error("ERR unknown command \'NOSUCH\', with args beginning with: ")',
            "error(\"ERR Can't execute 'hello': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context\")",
            "error(\"ERR Can't execute 'multi': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context\")",
            "error(\"EXECABORT Transaction discarded because of: Can't execute 'exec': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context\")",
            "error(\"ERR Can't execute 'publish': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context\")",
            "error(\"ERR Can't execute 'spublish': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context\")",
            'simple("RESET")',
            'nullBulk',
            'simple("PONG")',
          ],
        },
      ],
    ],
  },
  {
    name: 'a subscriber under RESP3 may do everything',
    steps: [
      [
        'a3',
        ['SUBSCRIBE x', 'PING', 'GET k', 'MULTI', 'PING', 'EXEC', 'HELLO 3 nosuch'],
        {
          a3: [
            'push("subscribe", "x", 1)',
            'simple("PONG")',
            'null',
            'simple("OK")',
            'simple("QUEUED")',
            '[simple("PONG")]',
            'error("ERR Syntax error in HELLO option \'nosuch\'")',
          ],
        },
      ],
    ],
  },
  {
    name: 'a message to oneself comes behind the reply',
    steps: [
      [
        'a3',
        ['SUBSCRIBE x', 'PUBLISH x 1', 'GET k', 'PUBLISH x 2', 'PSUBSCRIBE *', 'PUBLISH x 3'],
        {
          a3: [
            'push("subscribe", "x", 1)',
            '1',
            'push("message", "x", "1")',
            'null',
            '1',
            'push("message", "x", "2")',
            'push("psubscribe", "*", 2)',
            '2',
            'push("message", "x", "3")',
            'push("pmessage", "*", "x", "3")',
          ],
        },
      ],
    ],
  },
  {
    name: 'a message to oneself in a transaction comes behind all of it',
    steps: [
      [
        'a3',
        ['SUBSCRIBE x', 'MULTI', 'PUBLISH x 1', 'GET k', 'PUBLISH x 2', 'EXEC', 'PING'],
        {
          a3: [
            'push("subscribe", "x", 1)',
            'simple("OK")',
            'simple("QUEUED")',
            'simple("QUEUED")',
            'simple("QUEUED")',
            '[1, null, 1]',
            'push("message", "x", "1")',
            'push("message", "x", "2")',
            'simple("PONG")',
          ],
        },
      ],
    ],
  },
  {
    name: 'an error takes no message back',
    steps: [
      [
        'a3',
        ['SUBSCRIBE x', 'SET s text', 'MULTI', 'PUBLISH x 1', 'LPUSH s 1', 'EXEC', 'LPUSH s 1'],
        {
          a3: [
            'push("subscribe", "x", 1)',
            'simple("OK")',
            'simple("OK")',
            'simple("QUEUED")',
            'simple("QUEUED")',
            '[1, error("WRONGTYPE Operation against a key holding the wrong kind of value")]',
            'push("message", "x", "1")',
            'error("WRONGTYPE Operation against a key holding the wrong kind of value")',
          ],
        },
      ],
    ],
  },
  {
    name: 'subscribing within a transaction',
    steps: [
      [
        'a',
        ['MULTI', 'SUBSCRIBE x', 'PUBLISH x 1', 'GET k', 'PING', 'EXEC', 'PING'],
        {
          a: [
            'simple("OK")',
            'simple("QUEUED")',
            'simple("QUEUED")',
            'simple("QUEUED")',
            'simple("QUEUED")',
            '[["subscribe", "x", 1], 1, nullBulk, ["pong", ""]]',
            '["message", "x", "1"]',
            '["pong", ""]',
          ],
        },
      ],
    ],
  },
  {
    name: 'subscribing within a transaction under RESP3',
    steps: [
      [
        'a3',
        ['MULTI', 'PING', 'UNSUBSCRIBE x', 'SSUBSCRIBE s', 'PING', 'EXEC'],
        {
          a3: [
            'simple("OK")',
            'simple("QUEUED")',
            'simple("QUEUED")',
            'simple("QUEUED")',
            'simple("QUEUED")',
            '[simple("PONG"), push("unsubscribe", "x", 0), error("ERR SSUBSCRIBE isn\'t allowed for a DENY BLOCKING client"), simple("PONG")]',
          ],
        },
      ],
    ],
  },
  {
    name: 'messages come through CLIENT REPLY OFF, and so do confirmations',
    steps: [
      [
        'a',
        ['CLIENT REPLY OFF', 'GET k', 'SUBSCRIBE x', 'PING', 'GET k', 'NOSUCH'],
        { a: ['["subscribe", "x", 1]'] },
      ],
      ['b', ['PUBLISH x 1'], { a: ['["message", "x", "1"]'], b: ['1'] }],
      [
        'a',
        ['UNSUBSCRIBE', 'CLIENT REPLY ON', 'PING'],
        { a: ['["unsubscribe", "x", 0]', 'simple("OK")', 'simple("PONG")'] },
      ],
    ],
  },
  {
    name: 'a message to oneself comes through CLIENT REPLY OFF and SKIP',
    steps: [
      [
        'a3',
        [
          'SUBSCRIBE x',
          'CLIENT REPLY OFF',
          'PUBLISH x 1',
          'MULTI',
          'PUBLISH x 2',
          'SUBSCRIBE y',
          'EXEC',
          'CLIENT REPLY ON',
          'CLIENT REPLY SKIP',
          'PUBLISH x 3',
          'CLIENT REPLY SKIP',
          'UNSUBSCRIBE y',
          'PING',
        ],
        {
          a3: [
            'push("subscribe", "x", 1)',
            'push("message", "x", "1")',
            'push("subscribe", "y", 2)',
            'push("message", "x", "2")',
            'simple("OK")',
            'push("message", "x", "3")',
            'push("unsubscribe", "y", 1)',
            'simple("PONG")',
          ],
        },
      ],
    ],
  },
  {
    name: 'RESET ends all subscriptions',
    steps: [
      [
        'a',
        ['SUBSCRIBE x', 'PSUBSCRIBE y', 'SSUBSCRIBE z', 'RESET'],
        {
          a: ['["subscribe", "x", 1]', '["psubscribe", "y", 2]', '["ssubscribe", "z", 1]', 'simple("RESET")'],
        },
      ],
      [
        'b',
        [
          'PUBLISH x 1',
          'PUBLISH y 1',
          'SPUBLISH z 1',
          'PUBSUB CHANNELS',
          'PUBSUB NUMPAT',
          'PUBSUB SHARDCHANNELS',
        ],
        { b: ['0', '0', '0', '[]', '0', '[]'] },
      ],
    ],
  },
  {
    name: 'names and messages are bytes',
    steps: [
      [
        'a',
        ['SUBSCRIBE "\\x00\\xff\\r\\n"', 'PSUBSCRIBE "[\\xe9-\\xff]"'],
        { a: ['["subscribe", "\\u0000ÿ\\r\\n", 1]', '["psubscribe", "[é-ÿ]", 2]'] },
      ],
      [
        'b',
        [
          'PUBLISH "\\x00\\xff\\r\\n" "\\x00\\xfe"',
          'PUBLISH "\\xe9" "\\r\\n"',
          'PUBSUB NUMSUB "\\x00\\xff\\r\\n"',
        ],
        {
          a: ['["message", "\\u0000ÿ\\r\\n", "\\u0000þ"]', '["pmessage", "[é-ÿ]", "é", "\\r\\n"]'],
          b: ['1', '1', '["\\u0000ÿ\\r\\n", 1]'],
        },
      ],
    ],
  },
  {
    name: 'the empty name',
    steps: [
      [
        'a',
        ['SUBSCRIBE ""', 'PSUBSCRIBE ""', 'PSUBSCRIBE *'],
        { a: ['["subscribe", "", 1]', '["psubscribe", "", 2]', '["psubscribe", "*", 3]'] },
      ],
      [
        'b',
        ['PUBLISH "" 1', 'PUBLISH x 2', 'PUBSUB CHANNELS ""', 'PUBSUB CHANNELS *'],
        {
          a: ['["message", "", "1"]', '["pmessage", "", "", "1"]', '["pmessage", "*", "x", "2"]'],
          b: ['2', '1', '[""]', '[]'],
        },
      ],
    ],
  },
  {
    name: 'key events',
    steps: [
      ['a', ['PSUBSCRIBE __key*__:*'], { a: ['["psubscribe", "__key*__:*", 1]'] }],
      [
        'b',
        [
          'CONFIG SET notify-keyspace-events KEA',
          'SET k v',
          'SELECT 3',
          'SET k v EX 100',
          'DEL k',
          'CONFIG SET notify-keyspace-events Kl',
          'SET k v',
          'RPUSH l 1',
          'CONFIG SET notify-keyspace-events ""',
          'RPUSH l 1',
        ],
        {
          a: [
            '["pmessage", "__key*__:*", "__keyspace@0__:k", "set"]',
            '["pmessage", "__key*__:*", "__keyevent@0__:set", "k"]',
            '["pmessage", "__key*__:*", "__keyspace@3__:k", "set"]',
            '["pmessage", "__key*__:*", "__keyevent@3__:set", "k"]',
            '["pmessage", "__key*__:*", "__keyspace@3__:k", "expire"]',
            '["pmessage", "__key*__:*", "__keyevent@3__:expire", "k"]',
            '["pmessage", "__key*__:*", "__keyspace@3__:k", "del"]',
            '["pmessage", "__key*__:*", "__keyevent@3__:del", "k"]',
            '["pmessage", "__key*__:*", "__keyspace@3__:l", "rpush"]',
          ],
          b: [
            'simple("OK")',
            'simple("OK")',
            'simple("OK")',
            'simple("OK")',
            '1',
            'simple("OK")',
            'simple("OK")',
            '1',
            'simple("OK")',
            '2',
          ],
        },
      ],
    ],
  },
  {
    name: 'events of one’s own commands come behind the replies',
    steps: [
      [
        'a3',
        [
          'CONFIG SET notify-keyspace-events KEA',
          'PSUBSCRIBE __keyevent@0__:*',
          'SET k v',
          'MULTI',
          'RPUSH l 1',
          'LPOP l',
          'EXEC',
          'PING',
        ],
        {
          a3: [
            'simple("OK")',
            'push("psubscribe", "__keyevent@0__:*", 1)',
            'simple("OK")',
            'push("pmessage", "__keyevent@0__:*", "__keyevent@0__:set", "k")',
            'simple("OK")',
            'simple("QUEUED")',
            'simple("QUEUED")',
            '[1, "1"]',
            'push("pmessage", "__keyevent@0__:*", "__keyevent@0__:rpush", "l")',
            'push("pmessage", "__keyevent@0__:*", "__keyevent@0__:lpop", "l")',
            'push("pmessage", "__keyevent@0__:*", "__keyevent@0__:del", "l")',
            'simple("PONG")',
          ],
        },
      ],
      ['b', ['BLPOP l 0'], {}],
      [
        'a3',
        ['RPUSH l 1 2', 'PING', 'CONFIG SET notify-keyspace-events ""'],
        {
          a3: [
            '2',
            'push("pmessage", "__keyevent@0__:*", "__keyevent@0__:rpush", "l")',
            'push("pmessage", "__keyevent@0__:*", "__keyevent@0__:lpop", "l")',
            'simple("PONG")',
            'simple("OK")',
          ],
          b: ['["l", "1"]'],
        },
      ],
    ],
  },
  {
    name: 'a subscriber that waits for a key',
    steps: [
      [
        'a3',
        [
          'CONFIG SET notify-keyspace-events KEA',
          'PSUBSCRIBE __keyevent@0__:*',
          'SUBSCRIBE x',
          'BLPOP l 0',
          'PING',
        ],
        { a3: ['simple("OK")', 'push("psubscribe", "__keyevent@0__:*", 1)', 'push("subscribe", "x", 2)'] },
      ],
      [
        'b',
        ['PUBLISH x 1', 'RPUSH l 1', 'CONFIG SET notify-keyspace-events ""'],
        {
          a3: [
            'push("message", "x", "1")',
            'push("pmessage", "__keyevent@0__:*", "__keyevent@0__:rpush", "l")',
            '["l", "1"]',
            'push("pmessage", "__keyevent@0__:*", "__keyevent@0__:lpop", "l")',
            'push("pmessage", "__keyevent@0__:*", "__keyevent@0__:del", "l")',
            'simple("PONG")',
          ],
          b: ['1', '1', 'simple("OK")'],
        },
      ],
    ],
  },
  {
    name: 'a client that was killed receives nothing',
    steps: [
      [
        'a',
        ['SUBSCRIBE x y', 'PSUBSCRIBE p', 'SSUBSCRIBE s t u'],
        {
          a: [
            '["subscribe", "x", 1]',
            '["subscribe", "y", 2]',
            '["psubscribe", "p", 3]',
            '["ssubscribe", "s", 1]',
            '["ssubscribe", "t", 2]',
            '["ssubscribe", "u", 3]',
          ],
        },
      ],
      [
        'b',
        [
          'CLIENT KILL TYPE pubsub',
          'PUBSUB CHANNELS',
          'PUBSUB NUMPAT',
          'PUBSUB SHARDCHANNELS',
          'PUBLISH x 1',
        ],
        { b: ['1', '[]', '0', '[]', '0'] },
      ],
    ],
  },
];
