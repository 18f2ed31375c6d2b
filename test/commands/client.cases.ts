// CLIENT, as far as one client can see it. What one client does to another is in test/engine/client.test.ts.

import type { CommandCase } from '../support/case.ts';
import { error, integerBetween, map, matching, OK, set, simple } from '../support/expected.ts';

const SYNTAX = error('ERR syntax error');
const NOT_INTEGER = error('ERR value is not an integer or out of range');
const BAD_NAME = error('ERR Client names cannot contain spaces, newlines or special characters.');
const arity = (name: string) => error(`ERR wrong number of arguments for 'client|${name}' command`);
const QUEUES = 'the story depends on what the client is doing';

// All fields of 7.2.4 in their order.
const LINE =
  /^id=\d+ addr=\S+:\d+ laddr=\S+:\d+ fd=-?\d+ name= age=\d+ idle=0 flags=\w+ db=0 sub=0 psub=0 ssub=0 multi=-?\d+ qbuf=\d+ qbuf-free=\d+ argv-mem=\d+ multi-mem=\d+ rbs=\d+ rbp=\d+ obl=\d+ oll=0 omem=0 tot-mem=\d+ events=r cmd=\S+ user=default redir=-1 resp=[23] lib-name= lib-ver=\n$/;

export const cases: CommandCase[] = [
  {
    name: 'CLIENT without or with an unknown subcommand',
    steps: [
      ['CLIENT', error("ERR wrong number of arguments for 'client' command")],
      ['CLIENT nosuch', error("ERR unknown subcommand 'nosuch'. Try CLIENT HELP.")],
      ['client NoSuch a b', error("ERR unknown subcommand 'NoSuch'. Try CLIENT HELP.")],
      [['CLIENT', 'a\r\nb'], error("ERR unknown subcommand 'a  b'. Try CLIENT HELP.")],
      [['CLIENT', 'x'.repeat(200)], error(`ERR unknown subcommand '${'x'.repeat(128)}'. Try CLIENT HELP.`)],
    ],
  },
  {
    name: 'CLIENT ID is the same every time',
    steps: [
      ['CLIENT ID', integerBetween(1, 1_000_000)],
      ['client id', integerBetween(1, 1_000_000)],
      ['CLIENT ID x', arity('id')],
    ],
  },
  {
    name: 'CLIENT INFO and LIST show all fields in order',
    referenceSince: '7.2',
    steps: [
      ['CLIENT INFO', matching(LINE)],
      ['CLIENT LIST', matching(LINE)],
      ['CLIENT LIST TYPE normal', matching(LINE)],
      ['CLIENT INFO x', arity('info')],
    ],
  },
  {
    name: 'CLIENT INFO tells what the request takes',
    not: { multi: QUEUES, cut: 'a request in pieces waits in memory of the connection' },
    steps: [
      [
        'CLIENT INFO',
        matching(/ multi=-1 qbuf=26 qbuf-free=\d+ argv-mem=10 multi-mem=0 .* obl=0 oll=0 omem=0 /),
      ],
      ['CLIENT LIST TYPE normal', matching(/ qbuf=\d+ qbuf-free=\d+ argv-mem=20 .* cmd=client\|list /)],
    ],
  },
  {
    name: 'CLIENT INFO of a transaction',
    steps: [
      ['WATCH k', OK],
      ['SET k v', OK],
      ['CLIENT INFO', matching(/ flags=d .* multi=-1 .* multi-mem=0 .* cmd=client\|info /)],
      ['UNWATCH', OK],
      ['MULTI', OK],
      ['SET k v', simple('QUEUED')],
      ['CLIENT INFO', simple('QUEUED')],
      ['EXEC', [OK, matching(/ flags=x .* multi=2 qbuf=\d+ .* argv-mem=4 multi-mem=55 .* cmd=exec /)]],
      ['CLIENT INFO', matching(/ flags=N .* multi=-1 .* multi-mem=0 /)],
    ],
  },
  {
    name: 'CLIENT LIST refuses what it cannot filter by',
    steps: [
      ['CLIENT LIST TYPE', SYNTAX],
      ['CLIENT LIST ID', SYNTAX],
      ['CLIENT LIST nonsense', SYNTAX],
      ['CLIENT LIST TYPE normal x', SYNTAX],
      ['CLIENT LIST TYPE nosuch', error("ERR Unknown client type 'nosuch'")],
      ['CLIENT LIST ID 1 x', error('ERR Invalid client ID')],
      ['CLIENT LIST ID 1.0', error('ERR Invalid client ID')],
      ['CLIENT LIST TYPE master', matching(/^$/)],
      ['CLIENT LIST TYPE slave', matching(/^$/)],
      ['CLIENT LIST TYPE REPLICA', matching(/^$/)],
      ['CLIENT LIST TYPE PubSub', matching(/^$/)],
      ['CLIENT LIST ID 9223372036854775807 999999', matching(/^$/)],
    ],
  },
  {
    name: 'a client name is looked at up to its first zero byte',
    referenceSince: '7.2',
    steps: [
      [['CLIENT', 'SETNAME', 'me\0 not\n'], OK],
      ['CLIENT GETNAME', 'me\0 not\n'],
      ['CLIENT LIST', matching(/^[^\n]* name=me age=[^\n]*\n$/)],
      [['CLIENT', 'SETNAME', 'm e\0'], BAD_NAME],
    ],
  },
  {
    name: 'CLIENT SETNAME and GETNAME',
    steps: [
      ['CLIENT GETNAME', null],
      ['CLIENT SETNAME me', OK],
      ['CLIENT GETNAME', 'me'],
      ['CLIENT LIST', matching(/ name=me /)],
      [['CLIENT', 'SETNAME', 'two words'], BAD_NAME],
      [['CLIENT', 'SETNAME', 'line\n'], BAD_NAME],
      [['CLIENT', 'SETNAME', 'caf\xe9'], BAD_NAME],
      ['CLIENT GETNAME', 'me'],
    ],
  },
  {
    name: 'an empty name is none',
    steps: [
      [['CLIENT', 'SETNAME', '!"#~'], OK],
      ['CLIENT GETNAME', '!"#~'],
      [['CLIENT', 'SETNAME', ''], OK],
      ['CLIENT GETNAME', null],
      ['CLIENT SETNAME', arity('setname')],
      ['CLIENT GETNAME x', arity('getname')],
    ],
  },
  {
    name: 'CLIENT SETINFO',
    referenceSince: '7.2',
    steps: [
      ['CLIENT SETINFO lib-name redis.py', OK],
      ['CLIENT SETINFO LIB-VER 1.2.3', OK],
      ['CLIENT INFO', matching(/ lib-name=redis\.py lib-ver=1\.2\.3\n$/)],
      [
        ['CLIENT', 'SETINFO', 'LIB-name', 'redis py'],
        error('ERR LIB-name cannot contain spaces, newlines or special characters.'),
      ],
      [
        ['CLIENT', 'SETINFO', 'lib-ver', '1\n'],
        error('ERR lib-ver cannot contain spaces, newlines or special characters.'),
      ],
      ['CLIENT SETINFO badger hamster', error("ERR Unrecognized option 'badger'")],
      ['CLIENT SETINFO lib-name', arity('setinfo')],
      [['CLIENT', 'SETINFO', 'lib-name', ''], OK],
      ['CLIENT INFO', matching(/ lib-name= lib-ver=1\.2\.3\n$/)],
    ],
  },
  {
    name: 'CLIENT NO-EVICT and NO-TOUCH',
    referenceSince: '7.2',
    not: { multi: QUEUES },
    steps: [
      ['CLIENT NO-EVICT on', OK],
      ['CLIENT INFO', matching(/ flags=e /)],
      ['CLIENT NO-TOUCH ON', OK],
      ['CLIENT INFO', matching(/ flags=eT /)],
      ['CLIENT NO-EVICT OFF', OK],
      ['CLIENT NO-TOUCH off', OK],
      ['CLIENT INFO', matching(/ flags=N /)],
      ['CLIENT NO-EVICT maybe', SYNTAX],
      ['CLIENT NO-TOUCH maybe', SYNTAX],
      ['CLIENT NO-EVICT', arity('no-evict')],
      ['CLIENT NO-TOUCH on off', arity('no-touch')],
    ],
  },
  {
    name: 'CLIENT NO-TOUCH leaves no trace in a key',
    referenceSince: '7.2',
    steps: [
      ['SET k v', OK],
      { waitMs: 2100 },
      ['OBJECT IDLETIME k', integerBetween(2, 3)],
      ['CLIENT NO-TOUCH on', OK],
      ['GET k', 'v'],
      ['OBJECT IDLETIME k', integerBetween(2, 4)],
      ['CLIENT NO-TOUCH off', OK],
      ['GET k', 'v'],
      ['OBJECT IDLETIME k', integerBetween(0, 1)],
    ],
  },
  {
    name: 'CLIENT KILL refuses what it cannot filter by',
    steps: [
      ['CLIENT KILL', arity('kill')],
      ['CLIENT KILL 127.0.0.1:1', error('ERR No such client')],
      ['CLIENT KILL ID', error('ERR No such client')],
      ['CLIENT KILL ID 0', error('ERR client-id should be greater than 0')],
      ['CLIENT KILL ID -1', error('ERR client-id should be greater than 0')],
      ['CLIENT KILL ID x', error('ERR client-id should be greater than 0')],
      ['CLIENT KILL ID 999999', 0],
      ['CLIENT KILL ID 9223372036854775807', 0],
      ['CLIENT KILL ID 1 ADDR', SYNTAX],
      ['CLIENT KILL TYPE nosuch', error("ERR Unknown client type 'nosuch'")],
      ['CLIENT KILL TYPE master', 0],
      ['CLIENT KILL TYPE slave', 0],
      ['CLIENT KILL TYPE Replica', 0],
      ['CLIENT KILL TYPE pubsub', 0],
      ['CLIENT KILL TYPE normal', 0],
      ['CLIENT KILL USER nosuch', error("ERR No such user 'nosuch'")],
      ['CLIENT KILL USER default', 0],
      ['CLIENT KILL ADDR 127.0.0.1:1', 0],
      ['CLIENT KILL LADDR 127.0.0.1:1 SKIPME no', 0],
      ['CLIENT KILL SKIPME maybe', SYNTAX],
      ['CLIENT KILL SKIPME yes', 0],
      ['CLIENT KILL nonsense 1', SYNTAX],
    ],
  },
  {
    name: 'CLIENT KILL of the client itself answers first',
    steps: [['CLIENT KILL TYPE normal SKIPME no', 1]],
  },
  {
    name: 'CLIENT PAUSE refuses what is no time',
    referenceSince: '7.2',
    steps: [
      ['CLIENT PAUSE', arity('pause')],
      ['CLIENT PAUSE x', error('ERR timeout is not an integer or out of range')],
      ['CLIENT PAUSE 1.5', error('ERR timeout is not an integer or out of range')],
      ['CLIENT PAUSE 9223372036854775808', error('ERR timeout is not an integer or out of range')],
      ['CLIENT PAUSE 9223372036854775807', error('ERR timeout is out of range')],
      ['CLIENT PAUSE -1', error('ERR timeout is negative')],
      ['CLIENT PAUSE x nonsense', error('ERR CLIENT PAUSE mode must be WRITE or ALL')],
      [
        'CLIENT PAUSE 1 WRITE x',
        error("ERR unknown subcommand or wrong number of arguments for 'PAUSE'. Try CLIENT HELP."),
      ],
      ['CLIENT PAUSE 0', OK],
      ['CLIENT PAUSE 0 write', OK],
      ['CLIENT UNPAUSE', OK],
      ['CLIENT UNPAUSE x', arity('unpause')],
    ],
  },
  {
    name: 'a pause of writes lets reads through and can be ended',
    not: { script: 'a script may write, so it waits' },
    steps: [
      ['SET k v', OK],
      ['CLIENT PAUSE 100000 WRITE', OK],
      ['GET k', 'v'],
      ['SET k', error("ERR wrong number of arguments for 'set' command")],
      ['CLIENT UNPAUSE', OK],
      ['SET k w', OK],
    ],
  },
  {
    name: 'CLIENT UNBLOCK of a client that does not wait',
    steps: [
      ['CLIENT UNBLOCK 999999', 0],
      ['CLIENT UNBLOCK 999999 TIMEOUT', 0],
      ['CLIENT UNBLOCK 999999 error', 0],
      ['CLIENT UNBLOCK -1', 0],
      ['CLIENT UNBLOCK x', NOT_INTEGER],
      ['CLIENT UNBLOCK x nonsense', error('ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR')],
      [
        'client unblock 1 ERROR x',
        error("ERR unknown subcommand or wrong number of arguments for 'unblock'. Try CLIENT HELP."),
      ],
      ['CLIENT UNBLOCK', arity('unblock')],
    ],
  },
  {
    name: 'tracking is off',
    steps: [
      ['CLIENT GETREDIR', -1],
      ['CLIENT TRACKINGINFO', map(['flags', set('off')], ['redirect', -1], ['prefixes', []])],
    ],
  },
  {
    name: 'CLIENT REPLY ON answers, and refuses what is no mode',
    steps: [
      ['CLIENT REPLY ON', OK],
      ['CLIENT REPLY nonsense', SYNTAX],
      ['CLIENT REPLY', arity('reply')],
      ['CLIENT HELP x', arity('help')],
    ],
  },
  {
    name: 'what a request came to is counted for its command',
    not: { multi: QUEUES },
    steps: [
      ['CONFIG RESETSTAT', OK],
      ['GET', error("ERR wrong number of arguments for 'get' command")],
      ['SET s x', OK],
      ['INCR s', NOT_INTEGER],
      ['CLIENT nosuch', error("ERR unknown subcommand 'nosuch'. Try CLIENT HELP.")],
      ['NOSUCH', error("ERR unknown command 'NOSUCH', with args beginning with: ")],
      ['CLIENT KILL nonsense 1', SYNTAX],
      ['CLIENT ID x', arity('id')],
      ['MULTI', OK],
      ['INCR s', simple('QUEUED')],
      ['EXEC', [NOT_INTEGER]],
      ['MULTI', OK],
      ['GET', error("ERR wrong number of arguments for 'get' command")],
      ['EXEC', error('EXECABORT Transaction discarded because of previous errors.')],
      [
        'EXEC x',
        error("EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command"),
      ],
      [
        'INFO commandstats',
        matching(/cmdstat_get:calls=0,usec=0,usec_per_call=0.00,rejected_calls=2,failed_calls=0/),
      ],
      ['INFO commandstats', matching(/cmdstat_incr:calls=2,.*,rejected_calls=0,failed_calls=2/)],
      ['INFO commandstats', matching(/cmdstat_client\|kill:calls=1,.*,rejected_calls=0,failed_calls=1/)],
      ['INFO commandstats', matching(/cmdstat_client\|id:calls=0,.*,rejected_calls=1,failed_calls=0/)],
      ['INFO commandstats', matching(/cmdstat_exec:calls=2,.*,rejected_calls=1,failed_calls=1/)],
      ['INFO commandstats', matching(/cmdstat_multi:calls=2,.*,rejected_calls=0,failed_calls=0/)],
      ['INFO errorstats', matching(/errorstat_ERR:count=8\r\nerrorstat_EXECABORT:count=2\r\n/)],
    ],
  },
];
