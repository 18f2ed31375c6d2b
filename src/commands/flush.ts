// Emptying of databases.

import { arg, command } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import { SYNTAX } from '../resp/errors.ts';

const flushType = arg.oneOf(
  'flush-type',
  [arg.token('async', 'ASYNC', { since: '4.0.0' }), arg.token('sync', 'SYNC', { since: '6.2.0' })],
  { optional: true },
);

export const flushdb = command({
  name: 'flushdb',
  since: '1.0.0',
  group: 'server',
  complexity: 'O(N) for N keys in the database; O(1) when no other database has keys.',
  summary: 'Removes all keys of the database.',
  arity: -1,
  flags: ['write'],
  acl: ['keyspace', 'dangerous'],
  tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
  history: [
    ['4.0.0', 'The option ASYNC is accepted.'],
    ['6.2.0', 'The option SYNC is accepted.'],
  ],
  args: [flushType],
  run(ctx) {
    const now = flushesNow(ctx);
    flushed(ctx, ctx.keyspace.flush(ctx.db, now));
  },
});

export const flushall = command({
  name: 'flushall',
  since: '1.0.0',
  group: 'server',
  complexity: 'O(1), whatever the number of keys.',
  summary: 'Removes all keys of all databases.',
  arity: -1,
  flags: ['write'],
  acl: ['keyspace', 'dangerous'],
  tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
  history: [
    ['4.0.0', 'The option ASYNC is accepted.'],
    ['6.2.0', 'The option SYNC is accepted.'],
  ],
  args: [flushType],
  run(ctx) {
    const now = flushesNow(ctx);
    const { rdb } = ctx.server.persistence;
    // It would bring the keys back.
    rdb.abort();
    ctx.server.persistence.abortStreamedSnapshot();
    flushed(ctx, ctx.keyspace.flushAll(now));
    rdb.dataFlushed();
  },
});

/** Whether memory is to be free when the reply is sent; throws SYNTAX. */
function flushesNow({ args, server }: CommandContext): boolean {
  if (args.count === 1) return !server.config.values['lazyfree-lazy-user-flush'];
  if (args.count > 2) throw SYNTAX;
  if (args.is(1, 'sync')) return true;
  if (args.is(1, 'async')) return false;
  throw SYNTAX;
}

// Observed 7.2.4: a flush is propagated even when there was nothing to remove.
function flushed(ctx: CommandContext, removed: number): void {
  ctx.server.tracking.flushed();
  ctx.dirty += removed;
  if (ctx.propagates) ctx.propagateAs(...ctx.args.indexes(0));
  ctx.reply.ok();
}
