// ZRANDMEMBER. A member is drawn by its rank, so that every one has the same chance whatever the form of the set.

import { TYPE, typeOf } from '../datatypes/kind.ts';
import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import { sortedSetSize } from '../keyspace/sorted-set-value.ts';
import type { Ref } from '../memory/heap.ts';
import { OUT_OF_RANGE, rangeError, SYNTAX, WRONG_TYPE } from '../resp/errors.ts';

const LONG_MAX = 2n ** 63n - 1n;
const COUNT_OUT_OF_RANGE = rangeError(-LONG_MAX, LONG_MAX);
// From this share of the set on, distinct members are chosen in one pass instead of drawn.
const PASS_SHARE = 3;

export const zrandmember = command({
  name: 'zrandmember',
  since: '6.2.0',
  group: 'sorted-set',
  complexity: 'O(N*log(M)) for N members returned out of M',
  summary: 'Returns random members of a sorted set.',
  arity: -2,
  flags: ['readonly'],
  tips: ['nondeterministic_output'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [
    arg.key('key'),
    arg.block('options', [arg.integer('count'), arg.token('withscores', 'WITHSCORES', { optional: true })], {
      optional: true,
    }),
  ],
  run(ctx) {
    const { args, reply } = ctx;
    const count = args.count > 2 ? countArgument(ctx) : 0;
    const withScores = args.count > 3;
    const ref = ctx.db.lookupRead(args, 1);
    if (ref !== 0 && typeOf(ctx.db.kind(ref)) !== TYPE.SORTED_SET) throw WRONG_TYPE;
    if (args.count > 2) {
      if (ref === 0 || count === 0) reply.array(0);
      else if (count < 0) drawAny(ctx, ref, -count, withScores);
      else drawDistinct(ctx, ref, count, withScores);
    } else if (ref === 0) {
      reply.null();
    } else {
      drawOne(ctx, ref, false);
    }
  },
});

function countArgument({ args }: CommandContext): number {
  const count = args.int64(2);
  if (count < -LONG_MAX) throw COUNT_OUT_OF_RANGE;
  if (args.count > 4 || (args.count === 4 && !args.is(3, 'withscores'))) throw SYNTAX;
  // With scores the length of the reply is twice the count, and has to be a long.
  if (args.count === 4 && (count < -LONG_MAX / 2n || count > LONG_MAX / 2n)) throw OUT_OF_RANGE;
  return Number(count);
}

/** Members that may come more than once, in random order. */
function drawAny(ctx: CommandContext, ref: Ref, count: number, withScores: boolean): void {
  replyCount(ctx, count, withScores);
  for (let i = 0; i < count && !ctx.isCutOff; i++) drawOne(ctx, ref, withScores);
}

function drawDistinct(ctx: CommandContext, ref: Ref, count: number, withScores: boolean): void {
  const size = sortedSetSize(ctx.db, ref);
  replyCount(ctx, Math.min(count, size), withScores);
  if (count >= size) replyAll(ctx, ref, withScores);
  else if (count * PASS_SHARE > size) choose(ctx, ref, size, count, withScores);
  else drawUntilDistinct(ctx, ref, size, count, withScores);
}

// Observed 7.2.4: in descending order.
function replyAll(ctx: CommandContext, ref: Ref, withScores: boolean): void {
  const { cursor } = ctx.keyspace.sortedSets;
  cursor.seek(ctx.db, ref, sortedSetSize(ctx.db, ref) - 1, true);
  while (cursor.next()) replyElement(ctx, withScores);
}

/** One pass, in which each element has the chance that is left for it. */
function choose(ctx: CommandContext, ref: Ref, size: number, count: number, withScores: boolean): void {
  const { random, sortedSets } = ctx.keyspace;
  sortedSets.cursor.seek(ctx.db, ref, 0, false);
  for (let left = size; count > 0; left--) {
    sortedSets.cursor.next();
    if (random.below(left) >= count) continue;
    replyElement(ctx, withScores);
    count--;
  }
}

function drawUntilDistinct(
  ctx: CommandContext,
  ref: Ref,
  size: number,
  count: number,
  withScores: boolean,
): void {
  const { random, sortedSets } = ctx.keyspace;
  const drawn = new Set<number>();
  while (drawn.size < count) {
    const rank = random.below(size);
    if (drawn.has(rank)) continue;
    drawn.add(rank);
    sortedSets.cursor.seek(ctx.db, ref, rank, false);
    sortedSets.cursor.next();
    replyElement(ctx, withScores);
  }
}

function drawOne(ctx: CommandContext, ref: Ref, withScores: boolean): void {
  const { random, sortedSets } = ctx.keyspace;
  sortedSets.cursor.seek(ctx.db, ref, random.below(sortedSetSize(ctx.db, ref)), false);
  sortedSets.cursor.next();
  replyElement(ctx, withScores);
}

function replyCount({ reply }: CommandContext, count: number, withScores: boolean): void {
  reply.array(withScores && reply.protocol === 2 ? count * 2 : count);
}

function replyElement({ keyspace, reply }: CommandContext, withScores: boolean): void {
  const { cursor } = keyspace.sortedSets;
  if (withScores && reply.protocol > 2) reply.array(2);
  reply.bulk(cursor.memory, cursor.start, cursor.length);
  if (withScores) reply.double(cursor.score);
}
