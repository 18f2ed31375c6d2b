// What groups have delivered and nobody has acknowledged yet: looking at it (XPENDING) and settling it (XACK).

import type { StreamConsumer, StreamGroup } from '../datatypes/stream-group.ts';
import { StreamId } from '../datatypes/stream-id.ts';
import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import { streamOf } from '../keyspace/stream-value.ts';
import { noKeyOrGroup, SYNTAX } from '../resp/errors.ts';
import { readId, readRangeEnd, readRangeStart } from './stream-arguments.ts';
import { consumerOf } from './stream-effects.ts';
import { replyId } from './stream-reply.ts';

export const xack = command({
  name: 'xack',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(1) for each ID',
  summary: 'Takes entries that a consumer has dealt with off the pending entries list of a group.',
  arity: -4,
  flags: ['write', 'fast'],
  keys: [keyAt(1, 'RW', 'update')],
  args: [arg.key('key'), arg.string('group'), arg.string('id', { multiple: true })],
  run(ctx) {
    const { args, db, keyspace, reply } = ctx;
    const ref = db.lookupRead(args, 1);
    const group = ref === 0 ? null : streamOf(db, ref).group(args, 2);
    if (group === null) {
      reply.integer(0);
      return;
    }
    const { given } = keyspace.streamScratch;
    // All of them are looked at first, so that a wrong one leaves the list as it was.
    if (args.count > 4) for (let i = 3; i < args.count; i++) readId(args, i, given);
    let acknowledged = 0;
    for (let i = 3; i < args.count; i++) if (group.acknowledge(readId(args, i, given))) acknowledged++;
    ctx.dirty += acknowledged;
    reply.integer(acknowledged);
  },
});

export const xpending = command({
  name: 'xpending',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(N) for N entries that are returned, O(log M) for M pending ones to find the first',
  summary: 'Returns what is pending in a group: a summary, or entries between two IDs.',
  history: [['6.2.0', 'The option `IDLE`, and bounds that leave the ID itself out.']],
  arity: -3,
  flags: ['readonly'],
  tips: ['nondeterministic_output'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [
    arg.key('key'),
    arg.string('group'),
    arg.block(
      'filters',
      [
        arg.integer('min-idle-time', { token: 'IDLE', optional: true, since: '6.2.0' }),
        arg.string('start'),
        arg.string('end'),
        arg.integer('count'),
        arg.string('consumer', { optional: true }),
      ],
      { optional: true },
    ),
  ],
  run(ctx) {
    const { args, keyspace } = ctx;
    if (args.count === 3) {
      summarize(ctx, groupOfRequest(ctx));
      return;
    }
    if (args.count < 6 || args.count > 9) throw SYNTAX;
    let minIdleMs: number | bigint = 0;
    let at = 3;
    if (args.is(3, 'idle')) {
      minIdleMs = args.int64(4);
      if (args.count < 8) throw SYNTAX;
      at = 5;
    }
    const { from, to } = keyspace.streamScratch;
    const limit = Math.max(0, Number(args.int64(at + 2)));
    readRangeStart(args, at, from);
    readRangeEnd(args, at + 1, to);
    const group = groupOfRequest(ctx);
    const consumer = at + 3 < args.count ? consumerOf(args, at + 3, group) : null;
    if (consumer === null && at + 3 < args.count) ctx.reply.array(0);
    else listPending(ctx, group, consumer, minIdleMs, limit);
  },
});

function groupOfRequest({ args, db }: CommandContext): StreamGroup {
  const ref = db.lookupRead(args, 1);
  const group = ref === 0 ? null : streamOf(db, ref).group(args, 2);
  if (group === null) throw noKeyOrGroup(args.string(1), args.string(2));
  return group;
}

// How many, the first, the last, and how many each consumer has.
function summarize({ keyspace, reply }: CommandContext, group: StreamGroup): void {
  const { given } = keyspace.streamScratch;
  reply.array(4);
  reply.integer(group.pendingCount);
  if (group.pendingCount === 0) {
    reply.null();
    reply.null();
    reply.nullArray();
    return;
  }
  group.seekFirst();
  replyId(reply, group.readId(given));
  group.seekLast();
  replyId(reply, group.readId(given));
  const busy = group.consumers.list.filter(({ pending }) => pending.size > 0);
  reply.array(busy.length);
  for (const { name, pending } of busy) {
    reply.array(2);
    reply.bulk(name, 0, name.length);
    reply.bulkInteger(pending.size);
  }
}

// The entries between `from` and `to` of the scratch, of one consumer or of all.
function listPending(
  ctx: CommandContext,
  group: StreamGroup,
  consumer: StreamConsumer | null,
  minIdleMs: number | bigint,
  limit: number,
): void {
  const { keyspace, nowMs, reply } = ctx;
  const { from, given: id, to } = keyspace.streamScratch;
  const list = consumer === null ? group : consumer.pending;
  // What is at stake is found twice: how many there are has to be said first.
  const found = new StreamId().set(from);
  let count = 0;
  for (let more = limit > 0 && list.seek(from); more && count < limit; more = list.next()) {
    if (list.readId(id).compare(to) > 0) break;
    if (consumer !== null && minIdleMs !== 0) group.find(id);
    if (minIdleMs !== 0 && group.idleMs(nowMs) < minIdleMs) continue;
    count++;
  }
  reply.array(count);
  for (let more = count > 0 && list.seek(found); more && count > 0; more = list.next()) {
    list.readId(id);
    if (consumer !== null) group.find(id);
    const idleMs = group.idleMs(nowMs);
    if (minIdleMs !== 0 && idleMs < minIdleMs) continue;
    count--;
    const { name } = group.consumer;
    reply.array(4);
    replyId(reply, id);
    reply.bulk(name, 0, name.length);
    // By a clock that was ahead it may have been delivered in the future.
    if (idleMs < 0) reply.integer(0);
    else reply.integer(idleMs);
    reply.integer(BigInt.asIntN(64, BigInt(group.deliveryCount)));
  }
}
