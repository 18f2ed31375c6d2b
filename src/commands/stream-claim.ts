// Pending entries that go from one consumer to another: the given ones (XCLAIM), or those that have waited long enough
// (XAUTOCLAIM).

import type { Stream } from '../datatypes/stream.ts';
import type { StreamConsumer, StreamGroup } from '../datatypes/stream-group.ts';
import { StreamId } from '../datatypes/stream-id.ts';
import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import { streamOf } from '../keyspace/stream-value.ts';
import {
  CLAIM_IDLE_INVALID,
  CLAIM_RETRYCOUNT_INVALID,
  CLAIM_TIME_INVALID,
  COUNT_NOT_POSITIVE,
  COUNT_TOO_HIGH,
  minIdleTimeInvalid,
  noKeyOrGroup,
  SYNTAX,
  unknownClaimOption,
} from '../resp/errors.ts';
import { isId, readId, readRangeStart } from './stream-arguments.ts';
import { foundConsumer, propagateClaim, propagateGroupId } from './stream-effects.ts';
import { replyEntry, replyId } from './stream-reply.ts';

const DEFAULT_COUNT = 100;
const ATTEMPTS_PER_CLAIM = 10;
// The largest COUNT that is no error, 2^59 - 1, and from where on Redis would find no memory for so many IDs.
const MAX_COUNT = 2n ** 59n - 1n;
const COUNT_WITHOUT_MEMORY = 2 ** 40;

/** What XCLAIM does with an entry besides giving it to a consumer. */
interface Claim {
  minIdleMs: number | bigint;
  timeMs: number;
  /** -1: one more than before, unless only IDs are asked for. */
  retryCount: number | bigint;
  force: boolean;
  justId: boolean;
}

export const xclaim = command({
  name: 'xclaim',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(log N) for each ID, with N pending entries',
  summary: 'Gives pending entries of a group to a consumer, as if they had been delivered to it.',
  arity: -6,
  flags: ['write', 'fast'],
  tips: ['nondeterministic_output'],
  keys: [keyAt(1, 'RW', 'update')],
  args: [
    arg.key('key'),
    arg.string('group'),
    arg.string('consumer'),
    arg.string('min-idle-time'),
    arg.string('id', { multiple: true }),
    arg.integer('ms', { token: 'IDLE', optional: true }),
    arg.unixTime('unix-time-milliseconds', { token: 'TIME', optional: true }),
    arg.integer('count', { token: 'RETRYCOUNT', optional: true }),
    arg.token('force', 'FORCE', { optional: true }),
    arg.token('justid', 'JUSTID', { optional: true }),
    arg.string('lastid', { token: 'LASTID', optional: true }),
  ],
  run(ctx) {
    const { args, db, keyspace } = ctx;
    const { given, to: lastId } = keyspace.streamScratch;
    const ref = db.lookupRead(args, 1);
    const stream = ref === 0 ? null : streamOf(db, ref);
    const group = stream === null ? null : stream.group(args, 2);
    if (stream === null || group === null) throw noKeyOrGroup(args.string(1), args.string(2));
    const minIdleMs = minIdleOf(ctx);
    let idsEnd = 5;
    while (idsEnd < args.count && isId(args, idsEnd, given)) idsEnd++;
    const claim = { minIdleMs, timeMs: ctx.nowMs, retryCount: -1, force: false, justId: false };
    readClaimOptions(ctx, idsEnd, claim, lastId.setZero());
    ctx.propagateNothing();
    const movesGroup = lastId.compare(group.lastId) > 0;
    if (movesGroup) group.setLastId(lastId);
    const consumer = foundConsumer(ctx, group, 3, 1);
    claimGiven(ctx, stream, group, consumer, idsEnd, claim, movesGroup);
  },
});

export const xautoclaim = command({
  name: 'xautoclaim',
  since: '6.2.0',
  group: 'stream',
  complexity: 'O(1) as long as COUNT is small',
  summary: 'Gives those pending entries of a group to a consumer that have waited long enough.',
  history: [['7.0.0', 'Returns the IDs of entries that have been deleted, and takes them off the list.']],
  arity: -6,
  flags: ['write', 'fast'],
  tips: ['nondeterministic_output'],
  keys: [keyAt(1, 'RW', 'delete')],
  args: [
    arg.key('key'),
    arg.string('group'),
    arg.string('consumer'),
    arg.string('min-idle-time'),
    arg.string('start'),
    arg.integer('count', { token: 'COUNT', optional: true }),
    arg.token('justid', 'JUSTID', { optional: true }),
  ],
  run(ctx) {
    const { args, db, keyspace } = ctx;
    const { from } = keyspace.streamScratch;
    const ref = db.lookupRead(args, 1);
    const minIdleMs = minIdleOf(ctx);
    readRangeStart(args, 5, from);
    let count = DEFAULT_COUNT;
    let justId = false;
    for (let i = 6; i < args.count; i++) {
      if (i + 1 < args.count && args.is(i, 'count')) {
        const given = args.int64(++i, COUNT_NOT_POSITIVE);
        if (given < 1 || given > MAX_COUNT) throw COUNT_NOT_POSITIVE;
        count = Number(given);
      } else if (args.is(i, 'justid')) {
        justId = true;
      } else {
        throw SYNTAX;
      }
    }
    const stream = ref === 0 ? null : streamOf(db, ref);
    const group = stream === null ? null : stream.group(args, 2);
    if (stream === null || group === null) throw noKeyOrGroup(args.string(1), args.string(2));
    if (count >= COUNT_WITHOUT_MEMORY) throw COUNT_TOO_HIGH;
    ctx.propagateNothing();
    const consumer = foundConsumer(ctx, group, 3, 1);
    claimIdle(ctx, stream, group, consumer, minIdleMs, count, justId);
  },
});

function minIdleOf({ args, command: { name } }: CommandContext): number | bigint {
  const minIdleMs = args.int64(4, minIdleTimeInvalid(name));
  if (minIdleMs < 0) return 0;
  return minIdleMs;
}

function readClaimOptions(ctx: CommandContext, first: number, claim: Claim, lastId: StreamId): void {
  const { args, nowMs } = ctx;
  // -1 stands for no time given, also where a client gives it.
  let timeMs: number | bigint = -1;
  for (let i = first; i < args.count; i++) {
    const hasValue = i + 1 < args.count;
    if (args.is(i, 'force')) claim.force = true;
    else if (args.is(i, 'justid')) claim.justId = true;
    else if (hasValue && args.is(i, 'idle')) {
      const idleMs = args.int64(++i, CLAIM_IDLE_INVALID);
      if (typeof idleMs === 'number') timeMs = nowMs - idleMs;
      else timeMs = BigInt.asIntN(64, BigInt(nowMs) - idleMs);
    } else if (hasValue && args.is(i, 'time')) timeMs = args.int64(++i, CLAIM_TIME_INVALID);
    else if (hasValue && args.is(i, 'retrycount')) {
      claim.retryCount = args.int64(++i, CLAIM_RETRYCOUNT_INVALID);
    } else if (hasValue && args.is(i, 'lastid')) readId(args, ++i, lastId);
    else throw unknownClaimOption(args.string(i));
  }
  // A client's clock may be wrong, which is no reason to refuse what it asks for.
  claim.timeMs = timeMs < 0 || timeMs > nowMs ? nowMs : Number(timeMs);
}

// Claims the entries whose IDs are the arguments from 5 to `idsEnd`, and answers those that were there to be claimed.
function claimGiven(
  ctx: CommandContext,
  stream: Stream,
  group: StreamGroup,
  consumer: StreamConsumer,
  idsEnd: number,
  claim: Claim,
  movesGroup: boolean,
): void {
  const { args, keyspace, nowMs, reply } = ctx;
  const { entry, given: id, reader } = keyspace.streamScratch;
  // Which are answered is known before anything changes; an ID that is named twice is claimed twice.
  const claimed: number[] = [];
  const seen = idsEnd > 6 ? new Set<string>() : null;
  const deleted: number[] = [];
  for (let i = 5; i < idsEnd; i++) {
    readId(args, i, id);
    if (!stream.has(id)) {
      if (group.find(id)) deleted.push(i);
      continue;
    }
    const wasClaimed = seen?.has(id.text()) ?? false;
    const isPending = wasClaimed || group.find(id);
    if (!isPending && !claim.force) continue;
    if (isPending && claim.minIdleMs !== 0) {
      const idleMs = wasClaimed ? nowMs - claim.timeMs : group.idleMs(nowMs);
      if (idleMs < claim.minIdleMs) continue;
    }
    seen?.add(id.text());
    claimed.push(i);
  }
  let tellsGroup = movesGroup;
  reply.array(claimed.length);
  let next = 0;
  let nextDeleted = 0;
  for (let i = 5; i < idsEnd; i++) {
    readId(args, i, id);
    if (deleted[nextDeleted] === i) {
      nextDeleted++;
      if (!group.find(id)) continue;
      if (ctx.propagates) propagateClaim(ctx, 1, 2, group, args.string(i));
      group.acknowledge(id);
    } else if (claimed[next] === i) {
      next++;
      claimOne(group, id, consumer, claim);
      consumer.activeTimeMs = nowMs;
      if (ctx.propagates) propagateClaim(ctx, 1, 2, group, args.string(i));
      if (claim.justId) {
        replyId(reply, id);
      } else {
        reader.open(stream, id, id);
        reader.next();
        replyEntry(reply, reader, entry);
      }
    } else {
      continue;
    }
    tellsGroup = false;
    ctx.dirty++;
  }
  if (!tellsGroup) return;
  if (ctx.propagates) propagateGroupId(ctx, 1, 2, group);
  ctx.dirty++;
}

function claimOne(group: StreamGroup, id: StreamId, consumer: StreamConsumer, claim: Claim): void {
  // A new entry begins as delivered once.
  if (!group.find(id)) group.addPending(id, claim.timeMs, 1);
  group.deliveryTimeMs = claim.timeMs;
  if (claim.retryCount >= 0) group.deliveryCount = claim.retryCount;
  else if (!claim.justId) group.countDelivery();
  group.assignFound(consumer);
}

// Claims what has waited long enough from `from` of the scratch on; answers where to go on, what was claimed, and what
// is deleted from the stream and was taken off the list.
function claimIdle(
  ctx: CommandContext,
  stream: Stream,
  group: StreamGroup,
  consumer: StreamConsumer,
  minIdleMs: number | bigint,
  count: number,
  justId: boolean,
): void {
  const { keyspace, nowMs, reply } = ctx;
  const { entry, from, given: id, reader } = keyspace.streamScratch;
  const claimed: StreamId[] = [];
  const deleted: StreamId[] = [];
  let attempts = count * ATTEMPTS_PER_CLAIM;
  let left = count;
  let found = group.seek(from);
  for (; found && attempts > 0 && left > 0; attempts--, found = group.next()) {
    group.readId(id);
    if (!stream.has(id)) deleted.push(new StreamId().set(id));
    else if (minIdleMs !== 0 && group.idleMs(nowMs) < minIdleMs) continue;
    else claimed.push(new StreamId().set(id));
    left--;
  }
  reply.array(3);
  replyId(reply, found ? group.readId(id) : id.setZero());
  reply.array(claimed.length);
  const claim = { minIdleMs, timeMs: nowMs, retryCount: -1, force: false, justId };
  // Effects are told in the order of IDs.
  let nextDeleted = 0;
  for (const claimedId of claimed) {
    while (nextDeleted < deleted.length && deleted[nextDeleted]!.compare(claimedId) < 0) {
      dropDeleted(ctx, group, deleted[nextDeleted++]!);
    }
    claimOne(group, claimedId, consumer, claim);
    consumer.activeTimeMs = nowMs;
    ctx.dirty++;
    if (ctx.propagates) propagateClaim(ctx, 1, 2, group, claimedId.text());
    if (justId) {
      replyId(reply, claimedId);
    } else {
      reader.open(stream, claimedId, claimedId);
      reader.next();
      replyEntry(reply, reader, entry);
    }
  }
  while (nextDeleted < deleted.length) dropDeleted(ctx, group, deleted[nextDeleted++]!);
  reply.array(deleted.length);
  for (const deletedId of deleted) replyId(reply, deletedId);
}

function dropDeleted(ctx: CommandContext, group: StreamGroup, id: StreamId): void {
  if (ctx.propagates && group.find(id)) propagateClaim(ctx, 1, 2, group, id.text());
  group.acknowledge(id);
  ctx.dirty++;
}
