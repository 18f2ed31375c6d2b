// XINFO: what there is to know of a stream, its groups and their consumers.

import { radixTreeNodes } from '../datatypes/radix-tree-size.ts';
import type { Stream } from '../datatypes/stream.ts';
import { ENTRIES_READ_UNKNOWN, type StreamConsumer, type StreamGroup } from '../datatypes/stream-group.ts';
import { lagOf } from '../datatypes/stream-progress.ts';
import { arg, command, keyAt } from '../engine/command-spec.ts';
import { helpSubcommand } from '../engine/container-help.ts';
import type { CommandContext } from '../engine/context.ts';
import { streamOf } from '../keyspace/stream-value.ts';
import { NO_SUCH_KEY, noGroupForKey, syntaxOfSubcommand } from '../resp/errors.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import { replyEntry, replyId, replyRange } from './stream-reply.ts';

const DEFAULT_COUNT = 10;

const consumers = command({
  name: 'consumers',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(1)',
  summary: 'Returns what is known of the consumers of a group.',
  history: [['7.2.0', 'The field `inactive`.']],
  arity: 4,
  flags: ['readonly'],
  tips: ['nondeterministic_output'],
  keys: [keyAt(2, 'RO', 'access')],
  args: [arg.key('key'), arg.string('group')],
  run(ctx) {
    const { args, nowMs, reply } = ctx;
    const group = streamOfRequest(ctx).group(args, 3);
    if (group === null) throw noGroupForKey(args.string(3), args.string(2));
    const { list } = group.consumers;
    reply.array(list.length);
    for (const { activeTimeMs, name, pending, seenTimeMs } of list) {
      reply.map(4);
      reply.bulkText('name');
      reply.bulk(name, 0, name.length);
      replyNumber(reply, 'pending', pending.size);
      replyNumber(reply, 'idle', Math.max(0, nowMs - seenTimeMs));
      replyNumber(reply, 'inactive', activeTimeMs === -1 ? -1 : nowMs - activeTimeMs);
    }
  },
});

const groups = command({
  name: 'groups',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(1)',
  summary: 'Returns what is known of the groups of a stream.',
  history: [['7.0.0', 'The fields `entries-read` and `lag`.']],
  arity: 3,
  flags: ['readonly'],
  keys: [keyAt(2, 'RO', 'access')],
  args: [arg.key('key')],
  run(ctx) {
    const { reply } = ctx;
    const stream = streamOfRequest(ctx);
    const list = stream.groups?.list ?? [];
    reply.array(list.length);
    for (const group of list) {
      reply.map(6);
      reply.bulkText('name');
      reply.bulk(group.name, 0, group.name.length);
      replyNumber(reply, 'consumers', group.consumers.list.length);
      replyNumber(reply, 'pending', group.pendingCount);
      replyProgress(reply, stream, group);
    }
  },
});

const help = helpSubcommand({ since: '5.0.0', group: 'stream', acl: ['stream'] });

const streamInfo = command({
  name: 'stream',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(1)',
  summary: 'Returns what is known of a stream.',
  history: [
    ['6.0.0', 'The option `FULL`.'],
    [
      '7.0.0',
      'The fields `max-deleted-entry-id`, `entries-added`, `recorded-first-entry-id`, and of groups `entries-read` and `lag`.',
    ],
    ['7.2.0', 'The field `active-time` of consumers; `seen-time` is of every attempt.'],
  ],
  arity: -3,
  flags: ['readonly'],
  keys: [keyAt(2, 'RO', 'access')],
  args: [
    arg.key('key'),
    arg.block(
      'full-block',
      [arg.token('full', 'FULL'), arg.integer('count', { token: 'COUNT', optional: true })],
      { optional: true },
    ),
  ],
  run(ctx) {
    const { args, reply } = ctx;
    const stream = streamOfRequest(ctx);
    const isFull = args.count > 3;
    const limit = isFull ? limitOf(ctx) : 0;
    reply.map(isFull ? 9 : 10);
    replyNumber(reply, 'length', stream.length);
    replyNumber(reply, 'radix-tree-keys', stream.nodes.count);
    replyNumber(reply, 'radix-tree-nodes', radixTreeNodes(stream.nodes));
    reply.bulkText('last-generated-id');
    replyId(reply, stream.lastId);
    reply.bulkText('max-deleted-entry-id');
    replyId(reply, stream.maxDeletedId);
    replyNumber(reply, 'entries-added', BigInt.asIntN(64, BigInt(stream.entriesAdded)));
    reply.bulkText('recorded-first-entry-id');
    replyId(reply, stream.firstId);
    if (isFull) replyFull(ctx, stream, limit);
    else replyEnds(ctx, stream);
  },
});

export const xinfo = command({
  name: 'xinfo',
  since: '5.0.0',
  group: 'stream',
  complexity: 'Depends on the subcommand.',
  summary: 'A container for commands that look into streams.',
  arity: -2,
  flags: [],
  subcommands: [consumers, groups, help, streamInfo],
  help: [
    'CONSUMERS <key> <groupname>',
    '    What is known of the consumers of the group.',
    'GROUPS <key>',
    '    What is known of the groups of the stream.',
    'STREAM <key> [FULL [COUNT <count>]',
    '    What is known of the stream.',
  ],
});

function streamOfRequest({ args, db }: CommandContext): Stream {
  const ref = db.lookupRead(args, 2);
  if (ref === 0) throw NO_SUCH_KEY;
  return streamOf(db, ref);
}

// How much of each list FULL shows.
function limitOf({ args }: CommandContext): number {
  const isWrong =
    (args.count !== 4 && args.count !== 6) ||
    !args.is(3, 'full') ||
    (args.count === 6 && !args.is(4, 'count'));
  if (isWrong) throw syntaxOfSubcommand(args.string(1), args.string(0));
  const count = args.count === 6 ? Number(args.int64(5)) : DEFAULT_COUNT;
  if (count < 0) return DEFAULT_COUNT;
  return count === 0 ? Number.POSITIVE_INFINITY : count;
}

function replyEnds({ keyspace, reply }: CommandContext, stream: Stream): void {
  const { entry, from, reader, to } = keyspace.streamScratch;
  replyNumber(reply, 'groups', stream.groups?.list.length ?? 0);
  reply.bulkText('first-entry');
  reader.open(stream, from.setZero(), to.setMax());
  if (reader.next()) replyEntry(reply, reader, entry);
  else reply.null();
  reply.bulkText('last-entry');
  reader.openReverse(stream, from, to);
  if (reader.previous()) replyEntry(reply, reader, entry);
  else reply.null();
}

function replyFull({ keyspace, reply }: CommandContext, stream: Stream, limit: number): void {
  const { from, to } = keyspace.streamScratch;
  reply.bulkText('entries');
  replyRange(reply, keyspace.streamScratch, stream, from.setZero(), to.setMax(), limit);
  const list = stream.groups?.list ?? [];
  reply.bulkText('groups');
  reply.array(list.length);
  for (const group of list) {
    reply.map(7);
    reply.bulkText('name');
    reply.bulk(group.name, 0, group.name.length);
    replyProgress(reply, stream, group);
    replyNumber(reply, 'pel-count', group.pendingCount);
    reply.bulkText('pending');
    replyPending(keyspace.streamScratch.given, reply, group, limit);
    reply.bulkText('consumers');
    reply.array(group.consumers.list.length);
    for (const consumer of group.consumers.list) {
      replyConsumer(keyspace.streamScratch.given, reply, group, consumer, limit);
    }
  }
}

function replyPending(id: Stream['lastId'], reply: ReplyWriter, group: StreamGroup, limit: number): void {
  let left = Math.min(limit, group.pendingCount);
  reply.array(left);
  for (let more = group.seekFirst(); more && left > 0; left--, more = group.next()) {
    const { name } = group.consumer;
    reply.array(4);
    replyId(reply, group.readId(id));
    reply.bulk(name, 0, name.length);
    replyDelivery(reply, group);
  }
}

function replyConsumer(
  id: Stream['lastId'],
  reply: ReplyWriter,
  group: StreamGroup,
  consumer: StreamConsumer,
  limit: number,
): void {
  const { activeTimeMs, name, pending, seenTimeMs } = consumer;
  reply.map(5);
  reply.bulkText('name');
  reply.bulk(name, 0, name.length);
  replyNumber(reply, 'seen-time', seenTimeMs);
  replyNumber(reply, 'active-time', activeTimeMs);
  replyNumber(reply, 'pel-count', pending.size);
  reply.bulkText('pending');
  let left = Math.min(limit, pending.size);
  reply.array(left);
  for (let more = pending.seekFirst(); more && left > 0; left--, more = pending.next()) {
    reply.array(3);
    replyId(reply, pending.readId(id));
    group.find(id);
    replyDelivery(reply, group);
  }
}

// When and how often the group's present pending entry was delivered.
function replyDelivery(reply: ReplyWriter, group: StreamGroup): void {
  reply.integer(group.deliveryTimeMs);
  reply.integer(BigInt.asIntN(64, BigInt(group.deliveryCount)));
}

function replyProgress(reply: ReplyWriter, stream: Stream, group: StreamGroup): void {
  reply.bulkText('last-delivered-id');
  replyId(reply, group.lastId);
  reply.bulkText('entries-read');
  if (group.entriesRead === ENTRIES_READ_UNKNOWN) reply.null();
  else reply.integer(group.entriesRead);
  reply.bulkText('lag');
  const lag = lagOf(stream, group);
  if (lag === null) reply.null();
  else reply.integer(lag);
}

function replyNumber(reply: ReplyWriter, name: string, value: number | bigint): void {
  reply.bulkText(name);
  reply.integer(value);
}
