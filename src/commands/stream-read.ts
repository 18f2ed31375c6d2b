// XREAD and XREADGROUP: what is new in streams, for whoever asks or within a group, and a consumer's own history.

import { TYPE } from '../datatypes/kind.ts';
import type { Stream } from '../datatypes/stream.ts';
import type { StreamConsumer, StreamGroup } from '../datatypes/stream-group.ts';
import type { StreamId } from '../datatypes/stream-id.ts';
import { noteRead } from '../datatypes/stream-progress.ts';
import { arg, command, keysAfter } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import { streamOf } from '../keyspace/stream-value.ts';
import { Arguments } from '../resp/arguments.ts';
import {
  blockInScript,
  DOLLAR_IN_XREADGROUP,
  GREATER_NEEDS_XREADGROUP,
  GROUP_MISSING,
  GROUP_NEEDS_XREADGROUP,
  NOACK_NEEDS_XREADGROUP,
  noKeyOrGroup,
  SYNTAX,
  unbalancedStreams,
} from '../resp/errors.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import { timeoutOfMilliseconds } from './block-timeout.ts';
import { readId } from './stream-arguments.ts';
import { foundConsumer, propagateClaim, propagateGroupId } from './stream-effects.ts';
import { replyEntry, replyId, replyRange } from './stream-reply.ts';

const DOLLAR = 0x24;
const GREATER = 0x3e;
const NOT_BLOCKING = -1;

const streamsArgument = arg.block(
  'streams',
  [arg.key('key', { multiple: true }), arg.string('id', { multiple: true })],
  { token: 'STREAMS' },
);

export const xread = command({
  name: 'xread',
  since: '5.0.0',
  group: 'stream',
  complexity: '',
  summary: 'Returns the entries of streams that follow given IDs, and waits for some when there are none.',
  arity: -4,
  flags: ['readonly', 'blocking'],
  keys: [keysAfter('STREAMS', 1, 2, 'RO', 'access')],
  args: [
    arg.integer('count', { token: 'COUNT', optional: true }),
    arg.integer('milliseconds', { token: 'BLOCK', optional: true }),
    streamsArgument,
  ],
  run(ctx) {
    readStreams(ctx, false);
  },
});

export const xreadgroup = command({
  name: 'xreadgroup',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(N) for N entries that are returned',
  summary:
    'Returns entries of streams that no consumer of a group has got yet, or those that a consumer has got and not acknowledged.',
  arity: -7,
  flags: ['write', 'blocking'],
  keys: [keysAfter('STREAMS', 4, 2, 'RO', 'access')],
  args: [
    arg.block('group-block', [arg.string('group'), arg.string('consumer')], { token: 'GROUP' }),
    arg.integer('count', { token: 'COUNT', optional: true }),
    arg.integer('milliseconds', { token: 'BLOCK', optional: true }),
    arg.token('noack', 'NOACK', { optional: true }),
    streamsArgument,
  ],
  run(ctx) {
    readStreams(ctx, true);
  },
});

function readStreams(ctx: CommandContext, inGroup: boolean): void {
  const { args, reply } = ctx;
  let limit = Number.POSITIVE_INFINITY;
  let timeoutMs = NOT_BLOCKING;
  let groupAt = 0;
  let noAck = false;
  let keysAt = 0;
  for (let i = 1; i < args.count && keysAt === 0; i++) {
    const left = args.count - i - 1;
    if (left > 0 && args.is(i, 'block')) {
      if (ctx.client.isScript) throw blockInScript(args.string(0));
      timeoutMs = timeoutOfMilliseconds(ctx, ++i);
    } else if (left > 0 && args.is(i, 'count')) {
      limit = Math.max(0, Number(args.int64(++i)));
      if (limit === 0) limit = Number.POSITIVE_INFINITY;
    } else if (left > 0 && args.is(i, 'streams')) {
      keysAt = i + 1;
      if (left % 2 !== 0) throw unbalancedStreams(ctx.command.fullName, inGroup ? '>' : '$');
    } else if (left > 1 && args.is(i, 'group')) {
      if (!inGroup) throw GROUP_NEEDS_XREADGROUP;
      groupAt = i + 1;
      i += 2;
    } else if (args.is(i, 'noack')) {
      if (!inGroup) throw NOACK_NEEDS_XREADGROUP;
      noAck = true;
    } else {
      throw SYNTAX;
    }
  }
  if (keysAt === 0) throw SYNTAX;
  if (inGroup && groupAt === 0) throw GROUP_MISSING;
  const count = (args.count - keysAt) / 2;
  for (let i = 0; i < count; i++) checkStream(ctx, keysAt + i, keysAt + count + i, groupAt);
  // What is repeated elsewhere is what was delivered, not the request.
  if (inGroup) ctx.propagateNothing();
  let served = 0;
  for (let i = 0; i < count; i++) {
    const key = keysAt + i;
    const isServed = inGroup
      ? readGroup(ctx, key, keysAt, count, groupAt, limit, noAck, served === 0)
      : readNew(ctx, key, keysAt, count, limit, served === 0);
    if (isServed) served++;
  }
  if (served > 0) return;
  if (timeoutMs === NOT_BLOCKING) reply.nullArray();
  else waitForEntries(ctx, keysAt, count, timeoutMs, inGroup);
}

// Throws what Redis answers when a stream cannot be read so: before anything is written.
function checkStream(ctx: CommandContext, key: number, idAt: number, groupAt: number): void {
  const { args, db, keyspace } = ctx;
  const ref = db.lookupRead(args, key);
  const stream = ref === 0 ? null : streamOf(db, ref);
  const inGroup = groupAt > 0;
  if (inGroup && (stream === null || stream.group(args, groupAt) === null)) {
    const where = ' in XREADGROUP with GROUP option';
    throw noKeyOrGroup(args.string(key), args.string(groupAt), where);
  }
  if (isSign(args, idAt, DOLLAR)) {
    if (inGroup) throw DOLLAR_IN_XREADGROUP;
  } else if (isSign(args, idAt, GREATER)) {
    if (!inGroup) throw GREATER_NEEDS_XREADGROUP;
  } else {
    readId(args, idAt, keyspace.streamScratch.given);
  }
}

// Answers what follows an ID in one stream, if there is anything.
function readNew(
  ctx: CommandContext,
  key: number,
  keysAt: number,
  count: number,
  limit: number,
  isFirst: boolean,
): boolean {
  const { args, db, keyspace, reply } = ctx;
  const ref = db.lookupRead(args, key);
  if (ref === 0) return false;
  const stream = streamOf(db, ref);
  if (!hasNew(ctx, stream, key + count)) return false;
  if (isFirst) beginReply(reply, 1 + countServed(ctx, key + 1, keysAt, count));
  nameStream(reply, args, key);
  const scratch = keyspace.streamScratch;
  const { from, to } = scratch;
  readId(args, key + count, from).increment();
  replyRange(reply, scratch, stream, from, to.setMax(), limit);
  return true;
}

// Answers what is new for a group in one stream, if there is anything, or the history of a consumer.
function readGroup(
  ctx: CommandContext,
  key: number,
  keysAt: number,
  count: number,
  groupAt: number,
  limit: number,
  noAck: boolean,
  isFirst: boolean,
): boolean {
  const { args, db, keyspace, reply } = ctx;
  const ref = db.lookupRead(args, key);
  if (ref === 0) return false;
  const stream = streamOf(db, ref);
  const group = stream.group(args, groupAt)!;
  const isHistory = !wantsNew(ctx, key + count);
  const isServed = isHistory || hasNewFor(stream, group);
  const consumer = foundConsumer(ctx, group, groupAt + 1, key, noAck ? groupAt : 0);
  if (!isServed) return false;
  if (isFirst) beginReply(reply, 1 + countServedInGroup(ctx, key, keysAt, count, groupAt, limit));
  nameStream(reply, args, key);
  if (isHistory) {
    const { from } = keyspace.streamScratch;
    readId(args, key + count, from).increment();
    replyHistory(ctx, stream, group, consumer, from, limit);
  } else {
    deliver(ctx, stream, group, consumer, limit, key, groupAt, noAck);
  }
  ctx.dirty++;
  return true;
}

// Delivers what follows the group's last ID, of which there is something, and answers it.
function deliver(
  ctx: CommandContext,
  stream: Stream,
  group: StreamGroup,
  consumer: StreamConsumer,
  limit: number,
  key: number,
  groupAt: number,
  noAck: boolean,
): void {
  const { nowMs, reply } = ctx;
  const { entry, reader, from, to } = ctx.keyspace.streamScratch;
  to.setMax();
  if (group.resumeVersion === stream.layoutVersion) {
    reader.resume(stream, group.resumeNode, group.resumeOffset, to);
  } else {
    from.set(group.lastId).increment();
    reader.open(stream, from, to);
  }
  let left = limit === 1 ? 1 : reader.count(limit);
  reply.array(left);
  for (; left > 0 && reader.next(); left--) {
    noteRead(stream, group, reader.id);
    group.lastId.set(reader.id);
    replyEntry(reply, reader, entry);
    if (noAck) continue;
    group.deliver(reader.id, consumer, nowMs);
    consumer.activeTimeMs = nowMs;
    if (ctx.propagates) propagateClaim(ctx, key, groupAt, group, reader.id.text());
  }
  group.resumeVersion = stream.layoutVersion;
  group.resumeNode = reader.node;
  group.resumeOffset = reader.offset;
  if (noAck && ctx.propagates) propagateGroupId(ctx, key, groupAt, group);
}

// Answers the pending entries of a consumer from an ID on; those that are deleted have no fields.
function replyHistory(
  ctx: CommandContext,
  stream: Stream,
  group: StreamGroup,
  consumer: StreamConsumer,
  from: StreamId,
  limit: number,
): void {
  const { reply, keyspace, nowMs } = ctx;
  const { entry, given: id, reader } = keyspace.streamScratch;
  const { pending } = consumer;
  let found = pending.seek(from);
  let left = found ? pending.countFrom(limit) : 0;
  reply.array(left);
  for (; found && left > 0; left--, found = pending.next()) {
    pending.readId(id);
    reader.open(stream, id, id);
    if (!reader.next()) {
      reply.array(2);
      replyId(reply, id);
      reply.nullArray();
      continue;
    }
    replyEntry(reply, reader, entry);
    if (!group.find(id)) continue;
    group.deliveryTimeMs = nowMs;
    group.countDelivery();
  }
}

function waitForEntries(
  ctx: CommandContext,
  keysAt: number,
  count: number,
  timeoutMs: number,
  inGroup: boolean,
): void {
  const { args, db } = ctx;
  const keys: number[] = [];
  const resolved = new Map<number, string>();
  for (let key = keysAt; key < keysAt + count; key++) {
    keys.push(key);
    if (!isSign(args, key + count, DOLLAR)) continue;
    // `$` is the last ID of now, not of when it is asked for again.
    const ref = db.peek(args, key);
    resolved.set(key + count, ref === 0 ? '0-0' : streamOf(db, ref).lastId.text());
  }
  const request = { keys, type: TYPE.STREAM, timeoutMs, nothing: replyNothing, wakesOnLoss: inGroup };
  if (resolved.size === 0) ctx.server.blocking.wait(ctx, request);
  else {
    const rerun = Arguments.from(args.strings(0).map((text, i) => resolved.get(i) ?? text));
    ctx.server.blocking.wait(ctx, { ...request, args: rerun });
  }
}

function replyNothing(reply: ReplyWriter): void {
  reply.nullArray();
}

function beginReply(reply: ReplyWriter, streams: number): void {
  if (reply.protocol === 2) reply.array(streams);
  else reply.map(streams);
}

function nameStream(reply: ReplyWriter, args: Arguments, key: number): void {
  if (reply.protocol === 2) reply.array(2);
  reply.bulk(args.bytes, args.start(key), args.length(key));
}

// How many of the streams from argument `first` on will be answered.
function countServed(ctx: CommandContext, first: number, keysAt: number, count: number): number {
  let served = 0;
  for (let key = first; key < keysAt + count; key++) {
    const ref = ctx.db.peek(ctx.args, key);
    if (ref !== 0 && hasNew(ctx, streamOf(ctx.db, ref), key + count)) served++;
  }
  return served;
}

// As `countServed`, in a group: `key` is the first that is answered. A stream that is named twice is answered twice only
// if the first time leaves something.
function countServedInGroup(
  ctx: CommandContext,
  key: number,
  keysAt: number,
  count: number,
  groupAt: number,
  limit: number,
): number {
  const { args, db, keyspace } = ctx;
  const { from, reader, to } = keyspace.streamScratch;
  let served = 0;
  for (let other = key + 1; other < keysAt + count; other++) {
    const ref = db.peek(args, other);
    if (ref === 0) continue;
    if (!wantsNew(ctx, other + count)) {
      served++;
      continue;
    }
    const stream = streamOf(db, ref);
    const group = stream.group(args, groupAt)!;
    let before = 0;
    for (let i = key; i < other; i++) {
      if (wantsNew(ctx, i + count) && args.string(i) === args.string(other)) before++;
    }
    if (!hasNewFor(stream, group)) continue;
    if (before > 0) {
      from.set(group.lastId).increment();
      reader.open(stream, from, to.setMax());
      if (reader.count(before * limit + 1) <= before * limit) continue;
    }
    served++;
  }
  return served;
}

// Whether there is an entry behind the ID of argument `idAt`. None is behind `$`.
function hasNew(ctx: CommandContext, stream: Stream, idAt: number): boolean {
  if (stream.length === 0 || isSign(ctx.args, idAt, DOLLAR)) return false;
  return stream.lastEntryId().compare(readId(ctx.args, idAt, ctx.keyspace.streamScratch.given)) > 0;
}

function hasNewFor(stream: Stream, group: StreamGroup): boolean {
  return stream.length > 0 && stream.lastEntryId().compare(group.lastId) > 0;
}

// Whether the ID is `>`. Observed 7.2.4: so is the last ID there is.
function wantsNew({ args, keyspace }: CommandContext, idAt: number): boolean {
  return isSign(args, idAt, GREATER) || readId(args, idAt, keyspace.streamScratch.given).isMax;
}

function isSign(args: Arguments, i: number, sign: number): boolean {
  return args.length(i) === 1 && args.bytes[args.start(i)] === sign;
}
