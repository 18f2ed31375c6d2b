// MULTI, EXEC, DISCARD, WATCH and UNWATCH. Queueing is the dispatcher's; the state and its rules are in
// engine/transaction.

import { DENIED, type Denied } from '../engine/acl-selector.ts';
import { arg, command, keysFrom } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import { isExpiredKey, type Transaction } from '../engine/transaction.ts';
import {
  DISCARD_WITHOUT_MULTI,
  EXEC_ABORTED,
  EXEC_WITHOUT_MULTI,
  NESTED_MULTI,
  noLongerPermitted,
  WATCH_IN_MULTI,
} from '../resp/errors.ts';

// What EXEC says of why it may not run a command.
const DENIAL: Readonly<Record<Denied, string>> = {
  [DENIED.NOT]: 'no permission',
  [DENIED.AUTH]: 'no permission',
  [DENIED.COMMAND]: 'no permission to execute the command or subcommand',
  [DENIED.KEY]: 'no permission to touch the specified keys',
  [DENIED.CHANNEL]: 'no permission to access one of the channels used as arguments',
};

export const multi = command({
  name: 'multi',
  since: '1.2.0',
  group: 'transactions',
  complexity: 'O(1)',
  summary: 'Begins a transaction: what follows is queued until EXEC.',
  arity: 1,
  flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
  runsInMulti: true,
  run({ client, reply, server }) {
    if (client.transaction !== null) throw NESTED_MULTI;
    server.transactions.begin(client);
    reply.ok();
  },
});

export const exec = command({
  name: 'exec',
  since: '1.2.0',
  group: 'transactions',
  complexity: 'Depends on commands in the transaction',
  summary: 'Runs the commands of a transaction, one after another and nothing between them.',
  arity: 1,
  flags: ['noscript', 'loading', 'stale', 'skip_slowlog'],
  runsInMulti: true,
  runsQueue: true,
  endsQueue: true,
  run(ctx) {
    const { client, reply, server, keyspace } = ctx;
    const { transaction } = client;
    const { transactions, watches } = server;
    if (transaction === null) throw EXEC_WITHOUT_MULTI;
    const { aborted } = transaction;
    if (aborted || client.watchBroken || watches.hasExpired(client, keyspace)) {
      transactions.end(client);
      if (aborted) throw EXEC_ABORTED;
      reply.nullArray();
      return;
    }
    // What the transaction itself changes is nobody's concern any more.
    watches.unwatch(client);
    reply.array(transaction.count);
    runQueue(ctx, transaction, 0);
  },
});

// Runs what is queued from `first` on. A script that takes long is not waited for: the rest is run behind it.
function runQueue(ctx: CommandContext, transaction: Transaction, first: number): void {
  const { client, server } = ctx;
  const { executor } = server;
  for (let i = first; i < transaction.count; i++) {
    const command = transaction.command(i);
    const args = transaction.arguments(i);
    const denied = client.user.allowsAll ? DENIED.NOT : server.acl.check(client, command, args, 'multi');
    if (denied !== DENIED.NOT) {
      refuse(ctx, denied);
      continue;
    }
    executor.call(client, command, args);
    if (executor.isSuspended) {
      executor.suspend(() => runQueue(ctx, transaction, i + 1));
      return;
    }
  }
  server.transactions.end(client);
  // The effects are those of the commands; EXEC has none of its own.
  ctx.propagateNothing();
}

// Rules hold as they are when a command runs, not when it was queued.
function refuse({ reply, server }: CommandContext, denied: Denied): void {
  const error = noLongerPermitted(DENIAL[denied]);
  server.stats.noteError(error.code);
  reply.error(error.line);
}

export const discard = command({
  name: 'discard',
  since: '2.0.0',
  group: 'transactions',
  complexity: 'O(N), when N is the number of queued commands',
  summary: 'Drops a transaction.',
  arity: 1,
  flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
  runsInMulti: true,
  endsQueue: true,
  run({ client, reply, server }) {
    if (client.transaction === null) throw DISCARD_WITHOUT_MULTI;
    server.transactions.end(client);
    reply.ok();
  },
});

export const watch = command({
  name: 'watch',
  since: '2.2.0',
  group: 'transactions',
  complexity: 'O(1) for every key.',
  summary: 'Lets the next transaction run only if these keys do not change before.',
  arity: -2,
  flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
  keys: [keysFrom(1, -1, 1, 'RO')],
  args: [arg.key('key', { multiple: true })],
  runsInMulti: true,
  run({ args, client, db, reply, server }) {
    if (client.transaction !== null) throw WATCH_IN_MULTI;
    for (let i = 1; i < args.count && !client.watchBroken; i++) {
      const key = args.string(i);
      server.watches.watch(client, db.id, key, isExpiredKey(db, key));
    }
    reply.ok();
  },
});

export const unwatch = command({
  name: 'unwatch',
  since: '2.2.0',
  group: 'transactions',
  complexity: 'O(1)',
  summary: 'Forgets all keys that are watched.',
  arity: 1,
  flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
  run({ client, reply, server }) {
    server.watches.unwatch(client);
    reply.ok();
  },
});
