// CLIENT KILL: the old form that names one address, and the filters of the new one. A client that kills itself is still
// told how many went; the others lose what was not sent yet.

import { CLIENT_TYPES, type Client, type ClientType } from '../engine/client.ts';
import { arg, command } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import {
  CLIENT_ID_NOT_POSITIVE,
  NO_SUCH_CLIENT,
  noSuchUser,
  SYNTAX,
  unknownClientType,
} from '../resp/errors.ts';

type Filter = (client: Client) => boolean;

export const clientKill = command({
  name: 'kill',
  since: '2.4.0',
  group: 'connection',
  complexity: 'O(N) where N is the number of client connections',
  summary: 'Ends connections.',
  history: [
    ['2.8.12', 'Takes filters.'],
    ['2.8.12', 'The filter `ID`.'],
    ['3.2.0', 'The type `master`.'],
    ['5.0.0', 'The type `replica`; its old name `slave` goes on working.'],
    ['6.2.0', 'The filter `LADDR`.'],
  ],
  arity: -3,
  flags: ['admin', 'noscript', 'loading', 'stale'],
  args: [
    arg.oneOf('filter', [
      arg.string('old-format', { displayText: 'ip:port', deprecatedSince: '2.8.12' }),
      arg.oneOf(
        'new-format',
        [
          arg.integer('client-id', { token: 'ID', optional: true, since: '2.8.12' }),
          arg.oneOf(
            'client-type',
            [
              arg.token('normal', 'NORMAL'),
              arg.token('master', 'MASTER', { since: '3.2.0' }),
              arg.token('slave', 'SLAVE'),
              arg.token('replica', 'REPLICA', { since: '5.0.0' }),
              arg.token('pubsub', 'PUBSUB'),
            ],
            { token: 'TYPE', optional: true, since: '2.8.12' },
          ),
          arg.string('username', { token: 'USER', optional: true }),
          arg.string('addr', { displayText: 'ip:port', token: 'ADDR', optional: true }),
          arg.string('laddr', { displayText: 'ip:port', token: 'LADDR', optional: true, since: '6.2.0' }),
          arg.oneOf('skipme', [arg.token('yes', 'YES'), arg.token('no', 'NO')], {
            token: 'SKIPME',
            optional: true,
          }),
        ],
        { multiple: true },
      ),
    ]),
  ],
  run(ctx) {
    const { args, reply } = ctx;
    if (args.count > 3) {
      const filters = readFilters(ctx);
      const { killed, killsItself } = kill(ctx, (client) => filters.every((accepts) => accepts(client)));
      reply.integer(killed);
      if (killsItself) ctx.client.connection.closeAfterReplies();
      return;
    }
    const address = args.string(2);
    const { killed, killsItself } = kill(ctx, (client) => client.connection.address === address);
    if (killed === 0) throw NO_SUCH_CLIENT;
    reply.ok();
    if (killsItself) ctx.client.connection.closeAfterReplies();
  },
});

/** The type of client that a word names; throws when it names none. */
export function requireClientType(word: string): ClientType {
  const lowered = word.toLowerCase();
  const type = lowered === 'slave' ? 'replica' : CLIENT_TYPES.find((known) => known === lowered);
  if (type === undefined) throw unknownClientType(word);
  return type;
}

function kill(ctx: CommandContext, accepts: Filter): { killed: number; killsItself: boolean } {
  let killed = 0;
  let killsItself = false;
  for (const client of ctx.server.clients) {
    if (!accepts(client)) continue;
    if (client === ctx.client) killsItself = true;
    else client.connection.close();
    killed++;
  }
  return { killed, killsItself };
}

// The last of several filters of a kind counts.
function readFilters(ctx: CommandContext): Filter[] {
  const { args, client: self } = ctx;
  const filters = new Map<string, Filter>([['skipme', (client) => client !== self]]);
  for (let i = 2; i < args.count; i += 2) {
    if (i + 1 === args.count) throw SYNTAX;
    if (args.is(i, 'id')) {
      const id = args.int64(i + 1, CLIENT_ID_NOT_POSITIVE);
      if (id < 1) throw CLIENT_ID_NOT_POSITIVE;
      filters.set('id', (client) => client.id === id);
    } else if (args.is(i, 'type')) {
      const type = requireClientType(args.string(i + 1));
      filters.set('type', (client) => client.type === type);
    } else if (args.is(i, 'addr')) {
      const address = args.string(i + 1);
      filters.set('addr', (client) => client.connection.address === address);
    } else if (args.is(i, 'laddr')) {
      const address = args.string(i + 1);
      filters.set('laddr', (client) => client.connection.localAddress === address);
    } else if (args.is(i, 'user')) {
      const user = ctx.server.acl.get(args.string(i + 1));
      if (user === null) throw noSuchUser(args.string(i + 1));
      filters.set('user', (client) => client.user === user);
    } else if (args.is(i, 'skipme')) {
      if (args.is(i + 1, 'yes')) filters.set('skipme', (client) => client !== self);
      else if (args.is(i + 1, 'no')) filters.delete('skipme');
      else throw SYNTAX;
    } else {
      throw SYNTAX;
    }
  }
  return [...filters.values()];
}
