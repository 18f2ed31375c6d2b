// Commands about the connection itself: who one is, which protocol one speaks, which database one looks at.

import { REDIS_VERSION } from '../base/version.ts';
import { DEFAULT_USER } from '../engine/acl.ts';
import { REPLY_MODE } from '../engine/client.ts';
import { arg, command } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import type { Arguments } from '../resp/arguments.ts';
import {
  DB_OUT_OF_RANGE,
  HELLO_NO_AUTH,
  helloOption,
  NO_PASSWORD_SET,
  NO_PROTO,
  PROTOCOL_NOT_INTEGER,
  RESET_NOT_NORMAL,
  rangeError,
  SYNTAX,
  WRONG_PASS,
  wrongArity,
} from '../resp/errors.ts';
import { requireClientName } from './client-attributes.ts';

const INT32_MIN = -0x80000000;
const INT32_MAX = 0x7fffffff;

export const ping = command({
  name: 'ping',
  since: '1.0.0',
  group: 'connection',
  complexity: 'O(1)',
  summary: 'Answers that the server is there.',
  arity: -1,
  flags: ['fast'],
  tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
  args: [arg.string('message', { optional: true })],
  forSubscribers: true,
  run({ args, client, reply, command: { fullName } }) {
    if (args.count > 2) throw wrongArity(fullName);
    // Under RESP2 its readers expect nothing but messages.
    if (client.isSubscriber && client.protocol === 2) {
      reply.array(2);
      reply.bulkText('pong');
      if (args.count === 1) reply.bulkText('');
      else reply.bulk(args.bytes, args.start(1), args.length(1));
      return;
    }
    if (args.count === 1) reply.simple('PONG');
    else reply.bulk(args.bytes, args.start(1), args.length(1));
  },
});

export const echo = command({
  name: 'echo',
  since: '1.0.0',
  group: 'connection',
  complexity: 'O(1)',
  summary: 'Returns its argument.',
  arity: 2,
  flags: ['loading', 'stale', 'fast'],
  args: [arg.string('message')],
  run({ args, reply }) {
    reply.bulk(args.bytes, args.start(1), args.length(1));
  },
});

export const quit = command({
  name: 'quit',
  since: '1.0.0',
  group: 'connection',
  complexity: 'O(1)',
  summary: 'Ends the connection.',
  deprecatedSince: '7.2.0',
  replacedBy: 'just closing the connection',
  docFlags: ['deprecated'],
  arity: -1,
  flags: ['allow_busy', 'noscript', 'loading', 'stale', 'fast', 'no_auth'],
  runsInMulti: true,
  endsQueue: true,
  forSubscribers: true,
  run({ client, reply }) {
    reply.ok();
    client.connection.closeAfterReplies();
  },
});

export const select = command({
  name: 'select',
  since: '1.0.0',
  group: 'connection',
  complexity: 'O(1)',
  summary: 'Chooses the database that the connection works with.',
  arity: 2,
  flags: ['loading', 'stale', 'fast'],
  args: [arg.integer('index')],
  run(ctx) {
    const index = ctx.args.int64(1);
    if (index < INT32_MIN || index > INT32_MAX) throw rangeError(INT32_MIN, INT32_MAX);
    if (index < 0 || index >= ctx.keyspace.databases.length) throw DB_OUT_OF_RANGE;
    ctx.select(Number(index));
    ctx.reply.ok();
  },
});

export const auth = command({
  name: 'auth',
  since: '1.0.0',
  group: 'connection',
  complexity: 'O(N) where N is the number of passwords defined for the user',
  summary: 'Logs a user in.',
  history: [['6.0.0', 'A user name may be given beside the password.']],
  arity: -2,
  flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
  args: [arg.string('username', { optional: true, since: '6.0.0' }), arg.string('password')],
  secrets: ({ count }) => (count === 2 ? [1] : count === 3 ? [1, 2] : []),
  run(ctx) {
    const { args } = ctx;
    if (args.count > 3) throw SYNTAX;
    if (args.count === 3) {
      logIn(ctx, args.string(1), args.string(2));
    } else {
      if (ctx.server.acl.isOpen) throw NO_PASSWORD_SET;
      logIn(ctx, DEFAULT_USER, args.string(1));
    }
    ctx.reply.ok();
  },
});

export const hello = command({
  name: 'hello',
  since: '6.0.0',
  group: 'connection',
  complexity: 'O(1)',
  summary: 'Agrees on the protocol, and tells about the server and the connection.',
  history: [['6.2.0', 'Without arguments it only tells, and leaves the protocol as it is.']],
  arity: -1,
  flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
  args: [
    arg.block(
      'arguments',
      [
        arg.integer('protover'),
        arg.block('auth', [arg.string('username'), arg.string('password')], {
          token: 'AUTH',
          optional: true,
        }),
        arg.string('clientname', { token: 'SETNAME', optional: true }),
      ],
      { optional: true },
    ),
  ],
  secrets: secretsOfHello,
  run(ctx) {
    const { args, client, reply } = ctx;
    const protocol = args.count === 1 ? client.protocol : args.int64(1, PROTOCOL_NOT_INTEGER);
    if (protocol !== 2 && protocol !== 3) throw NO_PROTO;
    let user: string | null = null;
    let password = '';
    let name: string | null = null;
    for (let i = 2; i < args.count; i++) {
      if (args.is(i, 'auth') && i + 2 < args.count) {
        user = args.string(i + 1);
        password = args.string(i + 2);
        i += 2;
      } else if (args.is(i, 'setname') && i + 1 < args.count) {
        name = requireClientName(args.string(i + 1));
        i++;
      } else {
        throw helloOption(args.string(i));
      }
    }
    if (user !== null) logIn(ctx, user, password);
    if (!client.authenticated) throw HELLO_NO_AUTH;
    if (name !== null) client.name = name;
    client.protocol = protocol;
    reply.protocol = protocol;
    replyHello(ctx);
  },
});

export const reset = command({
  name: 'reset',
  since: '6.2.0',
  group: 'connection',
  complexity: 'O(1)',
  summary: 'Puts the connection back into the state in which it began.',
  arity: 1,
  flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
  runsInMulti: true,
  endsQueue: true,
  forSubscribers: true,
  run(ctx) {
    const { client, server, reply } = ctx;
    if (client.type === 'master' || client.type === 'replica') throw RESET_NOT_NORMAL;
    server.clients.reset(client);
    server.transactions.end(client);
    ctx.select(0);
    client.protocol = 2;
    reply.protocol = 2;
    server.acl.logOut(client);
    client.name = '';
    client.noTouch = false;
    client.noEvict = false;
    if (client.replyMode === REPLY_MODE.OFF) {
      client.replyMode = REPLY_MODE.ON;
      client.connection.unmute();
    }
    reply.simple('RESET');
  },
});

function replyHello({ client, reply, server }: CommandContext): void {
  reply.map(7);
  reply.bulkText('server');
  reply.bulkText('redis');
  reply.bulkText('version');
  reply.bulkText(REDIS_VERSION);
  reply.bulkText('proto');
  reply.integer(client.protocol);
  reply.bulkText('id');
  reply.integer(client.id);
  reply.bulkText('mode');
  reply.bulkText('standalone');
  reply.bulkText('role');
  reply.bulkText(server.masterLink.isReplica ? 'replica' : 'master');
  reply.bulkText('modules');
  reply.array(0);
}

function secretsOfHello(args: Arguments): number[] {
  for (let i = 2; i + 2 < args.count; i++) if (args.is(i, 'auth')) return [i + 1, i + 2];
  return [];
}

function logIn({ args, client, server }: CommandContext, user: string, password: string): void {
  if (!server.acl.logIn(client, user, password, args.string(0))) throw WRONG_PASS;
}
