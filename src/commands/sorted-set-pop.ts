// Popping members from the ends of sorted sets: ZPOPMIN, ZPOPMAX, ZMPOP and the commands that wait for a member. What was
// popped is told to AOF and replicas as ZPOPMIN or ZPOPMAX of the one key.

import { TYPE, typeOf } from '../datatypes/kind.ts';
import { arg, command, keyAt, keysCounted, keysFrom } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import { removeRanks, sortedSetSize } from '../keyspace/sorted-set-value.ts';
import type { Ref } from '../memory/heap.ts';
import {
  NOT_POSITIVE,
  NUMKEYS_NOT_POSITIVE,
  POP_COUNT_NOT_POSITIVE,
  type ReplyError,
  SYNTAX,
  WRONG_TYPE,
} from '../resp/errors.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import { timeoutOfSeconds } from './block-timeout.ts';

/** How elements are answered: a flat list of members and scores, or an array for each. */
const SHAPE = { FLAT: 0, PAIRS: 1 } as const;
type Shape = (typeof SHAPE)[keyof typeof SHAPE];

const WHERE_ARGUMENT = arg.oneOf('where', [arg.token('min', 'MIN'), arg.token('max', 'MAX')]);
const COUNT_ARGUMENT = arg.integer('count', { token: 'COUNT', optional: true });

export const zpopmin = command({
  name: 'zpopmin',
  since: '5.0.0',
  group: 'sorted-set',
  complexity: 'O(M*log(N)) for M members popped, with N members in the sorted set',
  summary: 'Removes the members with the lowest scores from a sorted set and returns them.',
  arity: -2,
  flags: ['write', 'fast'],
  keys: [keyAt(1, 'RW', 'access', 'delete')],
  args: [arg.key('key'), arg.integer('count', { optional: true })],
  run: (ctx) => popOfKey(ctx, false),
});

export const zpopmax = command({
  name: 'zpopmax',
  since: '5.0.0',
  group: 'sorted-set',
  complexity: 'O(M*log(N)) for M members popped, with N members in the sorted set',
  summary: 'Removes the members with the highest scores from a sorted set and returns them.',
  arity: -2,
  flags: ['write', 'fast'],
  keys: [keyAt(1, 'RW', 'access', 'delete')],
  args: [arg.key('key'), arg.integer('count', { optional: true })],
  run: (ctx) => popOfKey(ctx, true),
});

export const zmpop = command({
  name: 'zmpop',
  since: '7.0.0',
  group: 'sorted-set',
  complexity: 'O(K) + O(M*log(N)) for K keys and M members popped, with N members in the sorted set',
  summary: 'Removes the members with the lowest or highest scores from the first sorted set that exists.',
  arity: -4,
  flags: ['write'],
  keys: [keysCounted(1, 'RW', 'access', 'delete')],
  args: [arg.integer('numkeys'), arg.key('key', { multiple: true }), WHERE_ARGUMENT, COUNT_ARGUMENT],
  run(ctx) {
    const request = manyRequest(ctx, 1);
    if (!popOfFirst(ctx, request)) ctx.reply.nullArray();
  },
});

export const bzpopmin = command({
  name: 'bzpopmin',
  since: '5.0.0',
  group: 'sorted-set',
  complexity: 'O(log(N)) for N members in the sorted set',
  summary: 'Removes the member with the lowest score from one of several sorted sets, or waits for one.',
  history: [['6.0.0', 'The timeout is a double.']],
  arity: -3,
  flags: ['write', 'blocking', 'fast'],
  keys: [keysFrom(1, -2, 1, 'RW', 'access', 'delete')],
  args: [arg.key('key', { multiple: true }), arg.double('timeout')],
  run: (ctx) => popOneOrWait(ctx, false),
});

export const bzpopmax = command({
  name: 'bzpopmax',
  since: '5.0.0',
  group: 'sorted-set',
  complexity: 'O(log(N)) for N members in the sorted set',
  summary: 'Removes the member with the highest score from one of several sorted sets, or waits for one.',
  history: [['6.0.0', 'The timeout is a double.']],
  arity: -3,
  flags: ['write', 'blocking', 'fast'],
  keys: [keysFrom(1, -2, 1, 'RW', 'access', 'delete')],
  args: [arg.key('key', { multiple: true }), arg.double('timeout')],
  run: (ctx) => popOneOrWait(ctx, true),
});

export const bzmpop = command({
  name: 'bzmpop',
  since: '7.0.0',
  group: 'sorted-set',
  complexity: 'O(K) + O(M*log(N)) for K keys and M members popped, with N members in the sorted set',
  summary: 'Removes members from the first sorted set that exists, or waits for one.',
  arity: -5,
  flags: ['write', 'blocking'],
  keys: [keysCounted(2, 'RW', 'access', 'delete')],
  args: [
    arg.double('timeout'),
    arg.integer('numkeys'),
    arg.key('key', { multiple: true }),
    WHERE_ARGUMENT,
    COUNT_ARGUMENT,
  ],
  run(ctx) {
    const request = manyRequest(ctx, 2);
    const timeoutMs = timeoutOfSeconds(ctx, 1);
    if (!popOfFirst(ctx, request)) wait(ctx, request.firstKey, request.keys, timeoutMs);
  },
});

/** What ZMPOP and BZMPOP are asked for. */
interface ManyRequest {
  readonly firstKey: number;
  readonly keys: number;
  readonly isMax: boolean;
  readonly count: number;
}

function popOfKey(ctx: CommandContext, isMax: boolean): void {
  const { args, reply } = ctx;
  if (args.count > 3) throw SYNTAX;
  const hasCount = args.count === 3;
  const count = hasCount ? positive(ctx, 2, 0, NOT_POSITIVE) : 1;
  const ref = lookup(ctx, 1);
  if (ref === 0 || count === 0) {
    reply.array(0);
    return;
  }
  const size = sortedSetSize(ctx.db, ref);
  const popped = Math.min(count, size);
  const shape = hasCount && reply.protocol > 2 ? SHAPE.PAIRS : SHAPE.FLAT;
  reply.array(shape === SHAPE.PAIRS ? popped : popped * 2);
  pop(ctx, 1, ref, size, popped, isMax, shape);
}

function popOneOrWait(ctx: CommandContext, isMax: boolean): void {
  const { args, reply } = ctx;
  const last = args.count - 1;
  const timeoutMs = timeoutOfSeconds(ctx, last);
  for (let i = 1; i < last; i++) {
    const ref = lookup(ctx, i);
    if (ref === 0) continue;
    reply.array(3);
    reply.bulk(args.bytes, args.start(i), args.length(i));
    pop(ctx, i, ref, sortedSetSize(ctx.db, ref), 1, isMax, SHAPE.FLAT);
    if (ctx.propagates) ctx.propagateAs(isMax ? 'ZPOPMAX' : 'ZPOPMIN', i);
    return;
  }
  wait(ctx, 1, last - 1, timeoutMs);
}

/** Reads `numkeys key … MIN|MAX [COUNT n]`. */
function manyRequest(ctx: CommandContext, numkeysAt: number): ManyRequest {
  const { args } = ctx;
  const keys = positive(ctx, numkeysAt, 1, NUMKEYS_NOT_POSITIVE);
  const where = numkeysAt + keys + 1;
  if (where >= args.count) throw SYNTAX;
  const isMax = args.is(where, 'max');
  if (!isMax && !args.is(where, 'min')) throw SYNTAX;
  let count = 0;
  for (let i = where + 1; i < args.count; i += 2) {
    if (count !== 0 || !args.is(i, 'count') || i + 1 === args.count) throw SYNTAX;
    count = positive(ctx, i + 1, 1, POP_COUNT_NOT_POSITIVE);
  }
  return { firstKey: numkeysAt + 1, keys, isMax, count: count === 0 ? 1 : count };
}

/** Pops from the first key that exists; returns false when none does. */
function popOfFirst(ctx: CommandContext, { firstKey, keys, isMax, count }: ManyRequest): boolean {
  const { args, reply } = ctx;
  for (let i = firstKey; i < firstKey + keys; i++) {
    const ref = lookup(ctx, i);
    if (ref === 0) continue;
    const size = sortedSetSize(ctx.db, ref);
    const popped = Math.min(count, size);
    reply.array(2);
    reply.bulk(args.bytes, args.start(i), args.length(i));
    reply.array(popped);
    pop(ctx, i, ref, size, popped, isMax, SHAPE.PAIRS);
    if (ctx.propagates) ctx.propagateAs(isMax ? 'ZPOPMAX' : 'ZPOPMIN', i, String(popped));
    return true;
  }
  return false;
}

/** Pops `count` elements, at most all, writes them, and removes a key that has become empty. */
function pop(
  ctx: CommandContext,
  keyIndex: number,
  ref: Ref,
  size: number,
  count: number,
  isMax: boolean,
  shape: Shape,
): void {
  const { db, keyspace, reply } = ctx;
  const { cursor } = keyspace.sortedSets;
  cursor.seek(db, ref, isMax ? size - 1 : 0, isMax);
  for (let i = 0; i < count; i++) {
    cursor.next();
    if (shape === SHAPE.PAIRS) reply.array(2);
    reply.bulk(cursor.memory, cursor.start, cursor.length);
    reply.double(cursor.score);
  }
  if (count === size) db.remove(ref);
  else removeRanks(db, ref, isMax ? size - count : 0, count);
  ctx.changed(isMax ? 'zpopmax' : 'zpopmin', keyIndex, count);
  if (count === size) ctx.event('del', keyIndex);
}

function wait(ctx: CommandContext, firstKey: number, count: number, timeoutMs: number): void {
  const keys = Array.from({ length: count }, (_, i) => firstKey + i);
  ctx.server.blocking.wait(ctx, { keys, type: TYPE.SORTED_SET, timeoutMs, nothing });
}

function nothing(reply: ReplyWriter): void {
  reply.nullArray();
}

/** The sorted set that an argument names, to change; 0 when there is none. */
function lookup({ args, db }: CommandContext, i: number): Ref {
  const ref = db.lookupWrite(args, i);
  if (ref !== 0 && typeOf(db.kind(ref)) !== TYPE.SORTED_SET) throw WRONG_TYPE;
  return ref;
}

function positive({ args }: CommandContext, i: number, least: number, error: ReplyError): number {
  const value = args.int64(i, error);
  if (value < least) throw error;
  return Number(value);
}
