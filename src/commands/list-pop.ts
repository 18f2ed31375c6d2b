// Popping from lists: LPOP and RPOP, and LMPOP, which takes from the first of several lists that is not empty.

import { arg, command, keyAt, keysCounted } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import {
  deleteElements,
  dropEdge,
  expectList,
  listLength,
  replyEdge,
  replyElements,
  replyFromTail,
  settle,
} from '../keyspace/list-value.ts';
import type { Ref } from '../memory/heap.ts';
import type { Arguments } from '../resp/arguments.ts';
import {
  NOT_POSITIVE,
  NUMKEYS_NOT_POSITIVE,
  POP_COUNT_NOT_POSITIVE,
  SYNTAX,
  wrongArity,
} from '../resp/errors.ts';
import { isRight } from './list-arguments.ts';

export const lpop = command({
  name: 'lpop',
  since: '1.0.0',
  group: 'list',
  complexity: 'O(N) for N elements returned.',
  summary: 'Takes the first elements off a list and returns them.',
  history: [['6.2.0', 'The `count` argument.']],
  arity: -2,
  flags: ['write', 'fast'],
  keys: [keyAt(1, 'RW', 'access', 'delete')],
  args: [arg.key('key'), arg.integer('count', { since: '6.2.0', optional: true })],
  run: (ctx) => pop(ctx, false),
});

export const rpop = command({
  name: 'rpop',
  since: '1.0.0',
  group: 'list',
  complexity: 'O(N) for N elements returned.',
  summary: 'Takes the last elements off a list and returns them.',
  history: [['6.2.0', 'The `count` argument.']],
  arity: -2,
  flags: ['write', 'fast'],
  keys: [keyAt(1, 'RW', 'access', 'delete')],
  args: [arg.key('key'), arg.integer('count', { since: '6.2.0', optional: true })],
  run: (ctx) => pop(ctx, true),
});

/** LEFT or RIGHT, and how many: what LMPOP and BLMPOP take behind their keys. */
export const POP_ARGUMENTS = [
  arg.oneOf('where', [arg.token('left', 'LEFT'), arg.token('right', 'RIGHT')]),
  arg.integer('count', { token: 'COUNT', optional: true }),
];

export const lmpop = command({
  name: 'lmpop',
  since: '7.0.0',
  group: 'list',
  complexity: 'O(N+M) for N keys and M elements returned.',
  summary: 'Takes elements off the first list among several keys and returns them.',
  arity: -4,
  flags: ['write'],
  keys: [keysCounted(1, 'RW', 'access', 'delete')],
  args: [arg.integer('numkeys'), arg.key('key', { multiple: true }), ...POP_ARGUMENTS],
  run(ctx) {
    const where = whereArgument(ctx.args, 1);
    const fromTail = isRight(ctx.args, where);
    const count = countArgument(ctx.args, where + 1);
    if (!popFromFirst(ctx, 2, where, fromTail, count)) ctx.reply.nullArray();
  },
});

function pop(ctx: CommandContext, fromTail: boolean): void {
  const { args, db, reply } = ctx;
  if (args.count > 3) throw wrongArity(ctx.command.fullName);
  if (args.count === 3) {
    popSeveral(ctx, fromTail);
    return;
  }
  const ref = db.lookupWrite(args, 1);
  if (ref === 0) {
    reply.null();
    return;
  }
  expectList(db, ref);
  replyEdge(db, ref, reply, fromTail);
  elementsPopped(ctx, dropEdge(db, ref, fromTail), 1, fromTail, 1);
}

function popSeveral(ctx: CommandContext, fromTail: boolean): void {
  const { args, db, reply } = ctx;
  const count = Number(args.int64(2, NOT_POSITIVE));
  if (count < 0) throw NOT_POSITIVE;
  const ref = db.lookupWrite(args, 1);
  if (ref === 0) {
    reply.nullArray();
    return;
  }
  expectList(db, ref);
  if (count === 0) reply.array(0);
  else popElements(ctx, ref, 1, fromTail, count);
}

/** Where LEFT or RIGHT stands, by the number of keys in argument `i`. */
export function whereArgument(args: Arguments, i: number): number {
  const keys = args.int64(i, NUMKEYS_NOT_POSITIVE);
  if (keys < 1) throw NUMKEYS_NOT_POSITIVE;
  const where = i + Number(keys) + 1;
  if (where >= args.count) throw SYNTAX;
  return where;
}

/** The COUNT that may stand from argument `i` on, 1 without it. */
export function countArgument(args: Arguments, i: number): number {
  if (i === args.count) return 1;
  if (!args.is(i, 'count') || i + 1 === args.count) throw SYNTAX;
  const count = args.int64(i + 1, POP_COUNT_NOT_POSITIVE);
  if (count < 1) throw POP_COUNT_NOT_POSITIVE;
  if (i + 2 < args.count) throw SYNTAX;
  return Number(count);
}

/**
 * Pops `count` elements from the first list among the keys of the arguments `[first, end)` and answers with its key and
 * them; false when there is none.
 */
export function popFromFirst(
  ctx: CommandContext,
  first: number,
  end: number,
  fromTail: boolean,
  count: number,
): boolean {
  const { args, db, reply } = ctx;
  for (let i = first; i < end; i++) {
    const ref = db.lookupWrite(args, i);
    if (ref === 0) continue;
    expectList(db, ref);
    reply.array(2);
    reply.bulk(args.bytes, args.start(i), args.length(i));
    const popped = popElements(ctx, ref, i, fromTail, count);
    if (ctx.propagates) ctx.propagateAs(fromTail ? 'RPOP' : 'LPOP', i, String(popped));
    return true;
  }
  return false;
}

/** `count` elements were taken off an end of the list of key `keyIndex`, which may have become empty: ends that. */
export function elementsPopped(
  ctx: CommandContext,
  ref: Ref,
  keyIndex: number,
  fromTail: boolean,
  count: number,
): void {
  const isGone = settle(ctx.db, ref);
  ctx.changed(fromTail ? 'rpop' : 'lpop', keyIndex, count);
  if (isGone) ctx.event('del', keyIndex);
}

// Answers with the first or last elements of a list, `count` at most, and takes them off. Returns how many.
function popElements(
  ctx: CommandContext,
  ref: Ref,
  keyIndex: number,
  fromTail: boolean,
  count: number,
): number {
  const { db, reply } = ctx;
  const length = listLength(db, ref);
  const popped = Math.min(count, length);
  reply.array(popped);
  if (fromTail) replyFromTail(db, ref, reply, popped);
  else replyElements(db, ref, reply, 0, popped);
  const left = deleteElements(db, ref, fromTail ? length - popped : 0, popped);
  elementsPopped(ctx, left, keyIndex, fromTail, popped);
  return popped;
}
