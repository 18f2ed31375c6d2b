// HRANDFIELD: random fields of a hash. All draws are fair, whatever the form of the hash.

import { INT64_MAX } from '../base/numbers.ts';
import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import {
  forEachPlace,
  hashDict,
  hashLength,
  type Place,
  replyField,
  replyValue,
} from '../keyspace/hash-value.ts';
import type { Ref } from '../memory/heap.ts';
import { OUT_OF_RANGE, rangeError, SYNTAX } from '../resp/errors.ts';
import { lookupToRead } from './hash.ts';

// From this share of the hash on, distinct fields are chosen in one pass instead of drawn.
const PASS_SHARE = 3;
const MAX_PAIRS = INT64_MAX / 2n;
const COUNT_OUT_OF_RANGE = rangeError(-INT64_MAX, INT64_MAX);

export const hrandfield = command({
  name: 'hrandfield',
  since: '6.2.0',
  group: 'hash',
  complexity: 'O(N) for N fields returned',
  summary: 'Returns random fields of a hash.',
  arity: -2,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  tips: ['nondeterministic_output'],
  args: [
    arg.key('key'),
    arg.block('options', [arg.integer('count'), arg.token('withvalues', 'WITHVALUES', { optional: true })], {
      optional: true,
    }),
  ],
  run(ctx) {
    if (ctx.args.count > 2) {
      drawMany(ctx);
      return;
    }
    const ref = lookupToRead(ctx);
    if (ref === 0) ctx.reply.null();
    else drawAny(ctx, ref, 1, false);
  },
});

function drawMany(ctx: CommandContext): void {
  const { args, db, reply } = ctx;
  const wanted = args.int64(2);
  if (wanted < -INT64_MAX) throw COUNT_OUT_OF_RANGE;
  const withValues = args.count > 3;
  if (args.count > 4 || (withValues && !args.is(3, 'withvalues'))) throw SYNTAX;
  if (withValues && (wanted < -MAX_PAIRS || wanted > MAX_PAIRS)) throw OUT_OF_RANGE;
  const ref = lookupToRead(ctx);
  if (ref === 0 || wanted === 0) {
    reply.array(0);
    return;
  }
  const isDistinct = wanted > 0;
  const size = hashLength(db, ref);
  const asked = Math.abs(Number(wanted));
  const count = isDistinct ? Math.min(asked, size) : asked;
  reply.array(withValues && reply.protocol === 2 ? 2 * count : count);
  if (isDistinct && count > 1) drawDistinct(ctx, ref, count, withValues);
  else drawAny(ctx, ref, count, withValues);
}

// Draws that may meet a field again. A packed hash is walked once, however many there are.
function drawAny(ctx: CommandContext, ref: Ref, count: number, withValues: boolean): void {
  const { random } = ctx.keyspace;
  const dict = hashDict(ctx.db, ref);
  if (dict !== null) {
    for (; count > 0 && !ctx.isCutOff; count--) replyPlace(ctx, ref, dict.random(random), withValues);
    return;
  }
  const places: Place[] = [];
  forEachPlace(ctx.db, ref, (place) => places.push(place));
  for (; count > 0 && !ctx.isCutOff; count--)
    replyPlace(ctx, ref, places[random.below(places.length)]!, withValues);
}

function drawDistinct(ctx: CommandContext, ref: Ref, count: number, withValues: boolean): void {
  const { db, keyspace } = ctx;
  const { random } = keyspace;
  const dict = hashDict(db, ref);
  let left = hashLength(db, ref);
  let needed = count;
  if (dict === null || count * PASS_SHARE > left) {
    // Each field in its turn is chosen with the chance that makes all choices of so many fields alike.
    forEachPlace(db, ref, (place) => {
      if (random.below(left--) >= needed) return;
      needed--;
      replyPlace(ctx, ref, place, withValues);
    });
    return;
  }
  const drawn = new Set<Place>();
  while (drawn.size < count) {
    const place = dict.random(random);
    if (drawn.has(place)) continue;
    drawn.add(place);
    replyPlace(ctx, ref, place, withValues);
  }
}

function replyPlace({ db, reply }: CommandContext, ref: Ref, place: Place, withValue: boolean): void {
  if (withValue && reply.protocol !== 2) reply.array(2);
  replyField(reply, db, ref, place);
  if (withValue) replyValue(reply, db, ref, place);
}
