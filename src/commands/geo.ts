// Positions of members: GEOADD, GEODIST, GEOHASH, GEOPOS. A position is the score of a member of a sorted set, whose
// commands work on it too. Searching is in geo-search.ts and geo-radius.ts.

import {
  geohashText,
  positionScore,
  positionScoreText,
  scoreLatitude,
  scoreLongitude,
} from '../datatypes/geohash.ts';
import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import { ADD, scoreOf } from '../keyspace/sorted-set-value.ts';
import type { Ref } from '../memory/heap.ts';
import type { Arguments } from '../resp/arguments.ts';
import { SYNTAX } from '../resp/errors.ts';
import {
  checkPosition,
  doubleArgument,
  lookupPositions,
  metersPerUnit,
  replyPosition,
  unitArgument,
} from './geo-arguments.ts';
import { addScored, CHANGED_COUNT } from './sorted-set.ts';

const POSITION_ARGUMENTS = 3;

export const geoadd = command({
  name: 'geoadd',
  since: '3.2.0',
  group: 'geo',
  complexity: 'O(log(N)) for each member added, with N members in the sorted set',
  summary: 'Adds members to a sorted set by their positions, or moves them.',
  history: [['6.2.0', 'The options `CH`, `NX` and `XX`.']],
  arity: -5,
  flags: ['write', 'denyoom'],
  keys: [keyAt(1, 'RW', 'update')],
  args: [
    arg.key('key'),
    arg.oneOf('condition', [arg.token('nx', 'NX'), arg.token('xx', 'XX')], {
      optional: true,
      since: '6.2.0',
    }),
    arg.token('change', 'CH', { optional: true, since: '6.2.0' }),
    arg.block('data', [arg.double('longitude'), arg.double('latitude'), arg.string('member')], {
      multiple: true,
    }),
  ],
  run(ctx) {
    const { args } = ctx;
    let conditions = 0;
    let first = 2;
    for (let bit = optionAt(args, first); bit !== 0; bit = optionAt(args, first)) {
      conditions |= bit;
      first++;
    }
    const isBoth = (conditions & ADD.NX) !== 0 && (conditions & ADD.XX) !== 0;
    if (first === args.count || (args.count - first) % POSITION_ARGUMENTS !== 0 || isBoth) throw SYNTAX;
    for (let i = first; i < args.count; i += POSITION_ARGUMENTS) checkPosition(args, i);
    const { dirty } = ctx;
    addScored(ctx, conditions, first, POSITION_ARGUMENTS, scoreAt);
    if (ctx.propagates && ctx.dirty > dirty) propagateScores(ctx, first);
  },
});

export const geodist = command({
  name: 'geodist',
  since: '3.2.0',
  group: 'geo',
  complexity: 'O(1)',
  summary: 'Returns the distance between two members.',
  arity: -4,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key'), arg.string('member1'), arg.string('member2'), unitArgument({ optional: true })],
  run(ctx) {
    const { args, keyspace, reply } = ctx;
    if (args.count > 5) throw SYNTAX;
    const unit = args.count === 5 ? metersPerUnit(args, 4) : 1;
    const ref = lookupPositions(ctx, 1);
    const from = memberScore(ctx, ref, 2);
    const to = Number.isNaN(from) ? Number.NaN : memberScore(ctx, ref, 3);
    if (Number.isNaN(to)) {
      reply.null();
      return;
    }
    const { distance } = keyspace.geoSearch;
    const longitude1 = scoreLongitude(from);
    const latitude1 = scoreLatitude(from);
    const longitude2 = scoreLongitude(to);
    const latitude2 = scoreLatitude(to);
    const near = distance.near(longitude1, latitude1, longitude2, latitude2);
    reply.bulkText(distance.text(near, unit, longitude1, latitude1, longitude2, latitude2));
  },
});

export const geohash = command({
  name: 'geohash',
  since: '3.2.0',
  group: 'geo',
  complexity: 'O(1) for each member',
  summary: 'Returns the positions of members as standard geohashes.',
  arity: -2,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key'), arg.string('member', { optional: true, multiple: true })],
  run(ctx) {
    const { args, reply } = ctx;
    const ref = lookupPositions(ctx, 1);
    reply.array(args.count - 2);
    for (let i = 2; i < args.count; i++) {
      const score = memberScore(ctx, ref, i);
      if (Number.isNaN(score)) reply.null();
      else reply.bulkText(geohashText(scoreLongitude(score), scoreLatitude(score)));
    }
  },
});

export const geopos = command({
  name: 'geopos',
  since: '3.2.0',
  group: 'geo',
  complexity: 'O(1) for each member',
  summary: 'Returns the longitudes and latitudes of members.',
  arity: -2,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key'), arg.string('member', { optional: true, multiple: true })],
  run(ctx) {
    const { args, reply } = ctx;
    const ref = lookupPositions(ctx, 1);
    reply.array(args.count - 2);
    for (let i = 2; i < args.count; i++) {
      const score = memberScore(ctx, ref, i);
      if (Number.isNaN(score)) reply.nullArray();
      else replyPosition(reply, scoreLongitude(score), scoreLatitude(score));
    }
  },
});

/** The score of the member that argument `i` names, or NaN. */
export function memberScore({ args, db }: CommandContext, ref: Ref, i: number): number {
  return ref === 0 ? Number.NaN : scoreOf(db, ref, args.bytes, args.start(i), args.length(i));
}

function optionAt(args: Arguments, i: number): number {
  if (i >= args.count) return 0;
  if (args.is(i, 'nx')) return ADD.NX;
  if (args.is(i, 'xx')) return ADD.XX;
  return args.is(i, 'ch') ? CHANGED_COUNT : 0;
}

function scoreAt(args: Arguments, i: number): number {
  return positionScore(doubleArgument(args, i), doubleArgument(args, i + 1));
}

// To others it is a ZADD.
function propagateScores(ctx: CommandContext, first: number): void {
  const { args } = ctx;
  const effect = ['zadd'];
  for (let i = 1; i < first; i++) effect.push(args.string(i));
  for (let i = first; i < args.count; i += POSITION_ARGUMENTS) {
    effect.push(positionScoreText(doubleArgument(args, i), doubleArgument(args, i + 1)), args.string(i + 2));
  }
  ctx.propagateAs(...effect);
}
