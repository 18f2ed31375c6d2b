// CLIENT: what clients tell of themselves, what one asks of others, and how one holds them. CLIENT KILL, which has a
// grammar of its own, is in client-kill.ts; what concerns client-side caching is in client-tracking.ts.

import { REPLY_MODE } from '../engine/client.ts';
import { describeClient } from '../engine/client-info.ts';
import { PAUSE, type Pause } from '../engine/client-registry.ts';
import { arg, type Command, type CommandFlag, type CommandSpec, command } from '../engine/command-spec.ts';
import { helpSubcommand } from '../engine/container-help.ts';
import type { CommandContext } from '../engine/context.ts';
import type { Arguments } from '../resp/arguments.ts';
import {
  clientAttributeCharacters,
  INVALID_CLIENT_ID,
  PAUSE_MODE,
  SYNTAX,
  syntaxOfSubcommand,
  TIMEOUT_NEGATIVE,
  TIMEOUT_NOT_INTEGER,
  TIMEOUT_OUT_OF_RANGE,
  UNBLOCK_REASON,
  UNBLOCKED,
  unrecognizedOption,
} from '../resp/errors.ts';
import { isClientAttribute, requireClientName } from './client-attributes.ts';
import { clientKill, requireClientType } from './client-kill.ts';
import { caching, getRedir, tracking, trackingInfo } from './client-tracking.ts';

const INT64_MAX = 0x7fff_ffff_ffff_ffffn;
const EVERYBODY: readonly CommandFlag[] = ['noscript', 'loading', 'stale'];
const ADMIN: readonly CommandFlag[] = ['admin', ...EVERYBODY];
const ON_OR_OFF = arg.oneOf('enabled', [arg.token('on', 'ON'), arg.token('off', 'OFF')]);

// What the subcommands have in common.
const subcommand = (spec: Omit<CommandSpec, 'group' | 'complexity'> & { complexity?: string }): Command =>
  command({ group: 'connection', complexity: 'O(1)', ...spec });

const getName = subcommand({
  name: 'getname',
  since: '2.6.9',
  summary: 'Returns the name of the connection.',
  arity: 2,
  flags: EVERYBODY,
  run({ client, reply }) {
    if (client.name === '') reply.null();
    else reply.bulkText(client.name);
  },
});

const setName = subcommand({
  name: 'setname',
  since: '2.6.9',
  summary: 'Names the connection.',
  arity: 3,
  flags: EVERYBODY,
  tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
  args: [arg.string('connection-name')],
  run({ args, client, reply }) {
    client.name = requireClientName(args.string(2));
    reply.ok();
  },
});

const setInfo = subcommand({
  name: 'setinfo',
  since: '7.2.0',
  summary: 'Tells which client library the connection belongs to.',
  arity: 4,
  flags: EVERYBODY,
  tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
  args: [
    arg.oneOf('attr', [
      arg.string('libname', { token: 'LIB-NAME' }),
      arg.string('libver', { token: 'LIB-VER' }),
    ]),
  ],
  run({ args, client, reply }) {
    const attribute = args.string(2);
    const isName = args.is(2, 'lib-name');
    if (!isName && !args.is(2, 'lib-ver')) throw unrecognizedOption(attribute);
    const value = args.string(3);
    if (!isClientAttribute(value)) throw clientAttributeCharacters(attribute);
    if (isName) client.libName = value;
    else client.libVersion = value;
    reply.ok();
  },
});

const id = subcommand({
  name: 'id',
  since: '5.0.0',
  summary: 'Returns the number of the connection, which no other one ever has.',
  arity: 2,
  flags: EVERYBODY,
  run({ client, reply }) {
    reply.integer(client.id);
  },
});

const info = subcommand({
  name: 'info',
  since: '6.2.0',
  summary: 'Describes the connection.',
  arity: 2,
  flags: EVERYBODY,
  tips: ['nondeterministic_output'],
  run({ client, reply, server }) {
    reply.verbatim(`${describeClient(client, server)}\n`, 'txt');
  },
});

const list = subcommand({
  name: 'list',
  since: '2.4.0',
  complexity: 'O(N) where N is the number of client connections',
  summary: 'Describes connections.',
  history: [
    ['2.8.12', 'The field `id`.'],
    ['5.0.0', 'Can be filtered by `TYPE`.'],
    ['6.0.0', 'The field `user`.'],
    ['6.2.0', 'The fields `argv-mem`, `tot-mem`, `laddr` and `redir`; can be filtered by `ID`.'],
    ['7.0.0', 'The fields `resp`, `multi-mem`, `rbs` and `rbp`.'],
    ['7.0.3', 'The field `ssub`.'],
  ],
  arity: -2,
  flags: ADMIN,
  tips: ['nondeterministic_output'],
  args: [
    arg.oneOf(
      'client-type',
      [
        arg.token('normal', 'NORMAL'),
        arg.token('master', 'MASTER'),
        arg.token('replica', 'REPLICA'),
        arg.token('pubsub', 'PUBSUB'),
      ],
      { token: 'TYPE', optional: true, since: '5.0.0' },
    ),
    arg.integer('client-id', { token: 'ID', optional: true, multiple: true, since: '6.2.0' }),
  ],
  run({ args, reply, server }) {
    const { clients } = server;
    let text = '';
    if (args.count === 4 && args.is(2, 'type')) {
      const type = requireClientType(args.string(3));
      for (const client of clients) if (client.type === type) text += `${describeClient(client, server)}\n`;
    } else if (args.count > 3 && args.is(2, 'id')) {
      for (let i = 3; i < args.count; i++) {
        const client = clients.get(Number(args.int64(i, INVALID_CLIENT_ID)));
        if (client !== undefined) text += `${describeClient(client, server)}\n`;
      }
    } else if (args.count === 2) {
      for (const client of clients) text += `${describeClient(client, server)}\n`;
    } else {
      throw SYNTAX;
    }
    reply.verbatim(text, 'txt');
  },
});

const replySubcommand = subcommand({
  name: 'reply',
  since: '3.2.0',
  summary: 'Turns the replies to the connection off and on.',
  arity: 3,
  flags: EVERYBODY,
  args: [arg.oneOf('action', [arg.token('on', 'ON'), arg.token('off', 'OFF'), arg.token('skip', 'SKIP')])],
  run({ args, client, reply }) {
    if (args.is(2, 'on')) {
      // Observed 7.2.4: a SKIP of the same transaction still holds for what follows it.
      if (client.replyMode !== REPLY_MODE.SKIP_NEXT) client.replyMode = REPLY_MODE.ON;
      client.connection.unmute();
      reply.ok();
    } else if (args.is(2, 'off')) {
      client.replyMode = REPLY_MODE.OFF;
      client.connection.mute();
    } else if (args.is(2, 'skip')) {
      if (client.replyMode !== REPLY_MODE.OFF) client.replyMode = REPLY_MODE.SKIP_NEXT;
    } else {
      throw SYNTAX;
    }
  },
});

const noEvict = subcommand({
  name: 'no-evict',
  since: '7.0.0',
  summary: 'Saves the connection from being ended when clients take too much memory.',
  arity: 3,
  flags: ADMIN,
  args: [ON_OR_OFF],
  run({ args, client, reply }) {
    client.noEvict = isOn(args);
    reply.ok();
  },
});

const noTouch = subcommand({
  name: 'no-touch',
  since: '7.2.0',
  summary: 'Lets the connection look at keys without counting as their use.',
  arity: 3,
  flags: EVERYBODY,
  args: [ON_OR_OFF],
  run({ args, client, reply }) {
    client.noTouch = isOn(args);
    reply.ok();
  },
});

const pause = subcommand({
  name: 'pause',
  since: '3.0.0',
  summary: 'Holds commands back for a while.',
  history: [['6.2.0', 'The mode `WRITE`, and the argument for it.']],
  arity: -3,
  flags: ADMIN,
  args: [
    arg.integer('timeout'),
    arg.oneOf('mode', [arg.token('write', 'WRITE'), arg.token('all', 'ALL')], {
      optional: true,
      since: '6.2.0',
    }),
  ],
  run({ args, reply, server, nowMs }) {
    if (args.count > 4) throw syntaxOfSubcommand(args.string(1), args.string(0));
    const kind = args.count === 4 ? pauseKind(args) : PAUSE.ALL;
    server.clients.startPause(kind, pauseEnd(args.int64(2, TIMEOUT_NOT_INTEGER), nowMs));
    reply.ok();
  },
});

const unpause = subcommand({
  name: 'unpause',
  since: '6.2.0',
  complexity: 'O(N) Where N is the number of paused clients',
  summary: 'Ends a pause.',
  arity: 2,
  flags: ADMIN,
  run({ reply, server }) {
    server.clients.endPause();
    reply.ok();
  },
});

const unblock = subcommand({
  name: 'unblock',
  since: '5.0.0',
  complexity: 'O(log N) where N is the number of client connections',
  summary: 'Ends the waiting of a client that is in a blocking command.',
  arity: -3,
  flags: ADMIN,
  args: [
    arg.integer('client-id'),
    arg.oneOf('unblock-type', [arg.token('timeout', 'TIMEOUT'), arg.token('error', 'ERROR')], {
      optional: true,
    }),
  ],
  run({ args, reply, server }) {
    if (args.count > 4) throw syntaxOfSubcommand(args.string(1), args.string(0));
    if (args.count === 4 && !args.is(3, 'timeout') && !args.is(3, 'error')) throw UNBLOCK_REASON;
    // A client that a pause holds back waits for nothing: its command has not begun.
    const client = server.clients.get(Number(args.int64(2)));
    const error = args.count === 4 && args.is(3, 'error') ? UNBLOCKED : null;
    const isUnblocked = client !== undefined && server.blocking.end(client, error);
    reply.integer(isUnblocked ? 1 : 0);
  },
});

const help = helpSubcommand({ since: '5.0.0', group: 'connection' });

export const client = command({
  name: 'client',
  since: '2.4.0',
  group: 'connection',
  complexity: 'Depends on subcommand.',
  summary: 'Contains the commands about connections.',
  arity: -2,
  flags: [],
  keepsCaching: true,
  subcommands: [
    caching,
    getName,
    getRedir,
    help,
    id,
    info,
    clientKill,
    list,
    noEvict,
    noTouch,
    pause,
    replySubcommand,
    setInfo,
    setName,
    tracking,
    trackingInfo,
    unblock,
    unpause,
  ],
  help: [
    'CACHING (YES|NO)',
    '    Whether the keys that the next command reads are tracked, in the modes OPTIN and OPTOUT.',
    'GETREDIR',
    '    The ID of the connection that tracking messages go to.',
    'GETNAME',
    '    The name of this connection.',
    'ID',
    '    The ID of this connection.',
    'INFO',
    '    What CLIENT LIST shows of this connection.',
    'KILL <ip:port>',
    '    End the connection that comes from <ip:port>.',
    'KILL <option> <value> [<option> <value> [...]]',
    '    End all connections that every option fits:',
    '    * ADDR (<ip:port>|<unixsocket>:0)',
    '      the address that they come from.',
    '    * ID <client-id>',
    '      their ID.',
    '    * LADDR (<ip:port>|<unixsocket>:0)',
    '      the address of this server that they have connected to.',
    '    * SKIPME (YES|NO)',
    '      YES, the default, spares this connection.',
    '    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)',
    '      what they are used for.',
    '    * USER <username>',
    '      the user who is logged in.',
    'LIST [options ...]',
    '    One line for every connection, or for those that the option names:',
    '    * ID <client-id> [<client-id> ...]',
    '      by their IDs.',
    '    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)',
    '      by what they are used for.',
    'NO-EVICT (ON|OFF)',
    '    Whether this connection stays when clients take too much memory.',
    'NO-TOUCH (ON|OFF)',
    '    Whether keys that this connection looks at do not count as used.',
    'PAUSE <timeout> [WRITE|ALL]',
    '    Hold back all commands, or those that write, for <timeout> milliseconds.',
    'REPLY (ON|OFF|SKIP)',
    '    Whether this connection is answered; SKIP leaves out one reply.',
    'SETINFO <option> <value>',
    '    Tell what speaks on this connection:',
    '    * LIB-NAME: the name of the client library.',
    '    * LIB-VER: its version.',
    'SETNAME <name>',
    '    Name this connection.',
    'TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]',
    '         [OPTIN] [OPTOUT] [NOLOOP]',
    '    Whether this connection is told when keys change that it has read.',
    'TRACKINGINFO',
    '    How this connection tracks keys.',
    'UNBLOCK <clientid> [TIMEOUT|ERROR]',
    '    End the waiting of a client in a blocking command.',
    'UNPAUSE',
    '    End the pause now.',
  ],
});

function isOn(args: Arguments): boolean {
  if (args.is(2, 'on')) return true;
  if (args.is(2, 'off')) return false;
  throw SYNTAX;
}

function pauseKind(args: Arguments): Pause {
  if (args.is(3, 'write')) return PAUSE.WRITE;
  if (args.is(3, 'all')) return PAUSE.ALL;
  throw PAUSE_MODE;
}

function pauseEnd(timeoutMs: number | bigint, nowMs: CommandContext['nowMs']): number {
  if (timeoutMs < 0) throw TIMEOUT_NEGATIVE;
  if (BigInt(timeoutMs) > INT64_MAX - BigInt(nowMs)) throw TIMEOUT_OUT_OF_RANGE;
  return Number(timeoutMs) + nowMs;
}
