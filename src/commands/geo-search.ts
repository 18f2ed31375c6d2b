// GEOSEARCH and GEOSEARCHSTORE, and the run that they share with the older GEORADIUS commands in geo-radius.ts.

import { scoreLatitude, scoreLongitude } from '../datatypes/geohash.ts';
import { SortedSetBuilder } from '../datatypes/sorted-set-builder.ts';
import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import type { GeoSearch } from '../keyspace/geo-search.ts';
import { storeBuilt } from '../keyspace/scored-operations.ts';
import type { Ref } from '../memory/heap.ts';
import type { Arguments } from '../resp/arguments.ts';
import {
  BOX_NEGATIVE,
  COUNT_ABOVE_ZERO,
  GEO_ANY_NEEDS_COUNT,
  GEO_MEMBER,
  geoAreaNeeded,
  geoCenterNeeded,
  geoStoreAndWith,
  HEIGHT_NOT_NUMERIC,
  RADIUS_NEGATIVE,
  RADIUS_NOT_NUMERIC,
  SYNTAX,
  WIDTH_NOT_NUMERIC,
} from '../resp/errors.ts';
import { memberScore } from './geo.ts';
import {
  checkPosition,
  doubleArgument,
  lookupPositions,
  metersPerUnit,
  replyPosition,
  unitArgument,
} from './geo-arguments.ts';

/** How a command says what it searches for. */
export interface GeoForm {
  /** The argument that names the sorted set. */
  readonly source: number;
  readonly firstOption: number;
  /** Whether the center is a position or a member in argument 2, with a radius behind it, or said by options. */
  readonly center: 'position' | 'member' | 'options';
  /** The argument that names the key to store in, where it is fixed. */
  readonly target: number | null;
  readonly takesStore: boolean;
  readonly event: string;
}

const ORDER = { NONE: 0, ASCENDING: 1, DESCENDING: 2 } as const;
type Order = (typeof ORDER)[keyof typeof ORDER];

class GeoOptions {
  withDistance = false;
  withHash = false;
  withPosition = false;
  order: Order = ORDER.NONE;
  count = 0;
  any = false;
  /** The argument that names the key to store in, or 0. */
  target = 0;
  storesDistance = false;
  hasMember = false;
  hasPosition = false;
  hasRadius = false;
  hasBox = false;
}

const FROM = arg.oneOf('from', [
  arg.string('member', { token: 'FROMMEMBER' }),
  arg.block('fromlonlat', [arg.double('longitude'), arg.double('latitude')], { token: 'FROMLONLAT' }),
]);
const BY = arg.oneOf('by', [
  arg.block('circle', [arg.double('radius', { token: 'BYRADIUS' }), unitArgument()]),
  arg.block('box', [arg.double('width', { token: 'BYBOX' }), arg.double('height'), unitArgument()]),
]);
const ORDER_ARGUMENT = arg.oneOf('order', [arg.token('asc', 'ASC'), arg.token('desc', 'DESC')], {
  optional: true,
});
const COUNT_ARGUMENT = arg.block(
  'count-block',
  [arg.integer('count', { token: 'COUNT' }), arg.token('any', 'ANY', { optional: true })],
  { optional: true },
);
const COMPLEXITY =
  'O(N+log(M)) for N members in the cells of the grid around the area, with M members in the sorted set';

export const geosearch = command({
  name: 'geosearch',
  since: '6.2.0',
  group: 'geo',
  complexity: COMPLEXITY,
  summary: 'Returns the members within a circle or a box.',
  history: [['7.0.0', 'Upper-case units.']],
  arity: -7,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [
    arg.key('key'),
    FROM,
    BY,
    ORDER_ARGUMENT,
    COUNT_ARGUMENT,
    arg.token('withcoord', 'WITHCOORD', { optional: true }),
    arg.token('withdist', 'WITHDIST', { optional: true }),
    arg.token('withhash', 'WITHHASH', { optional: true }),
  ],
  run: (ctx) => searchPositions(ctx, SEARCH),
});

export const geosearchstore = command({
  name: 'geosearchstore',
  since: '6.2.0',
  group: 'geo',
  complexity: COMPLEXITY,
  summary: 'Stores the members within a circle or a box in another key.',
  history: [['7.0.0', 'Upper-case units.']],
  arity: -8,
  flags: ['write', 'denyoom'],
  keys: [keyAt(1, 'OW', 'update'), keyAt(2, 'RO', 'access')],
  args: [
    arg.key('destination'),
    arg.key('source', { keySpec: 1 }),
    FROM,
    BY,
    ORDER_ARGUMENT,
    COUNT_ARGUMENT,
    arg.token('storedist', 'STOREDIST', { optional: true }),
  ],
  run: (ctx) => searchPositions(ctx, SEARCH_STORE),
});

const SEARCH: GeoForm = {
  source: 1,
  firstOption: 2,
  center: 'options',
  target: null,
  takesStore: false,
  event: 'geosearchstore',
};
const SEARCH_STORE: GeoForm = { ...SEARCH, source: 2, firstOption: 3, target: 1 };

/** Searches as the request says, and replies what was found or stores it. */
export function searchPositions(ctx: CommandContext, form: GeoForm): void {
  const { args, db, keyspace, reply } = ctx;
  const search = keyspace.geoSearch;
  const ref = lookupPositions(ctx, form.source);
  if (form.center === 'position') {
    readCenter(search, args, 2);
    readCircle(search, args, 4);
  } else if (form.center === 'member' && ref !== 0) {
    readMember(search, ctx, ref, 2);
    readCircle(search, args, 3);
  }
  const options = readOptions(ctx, ref, form);
  checkOptions(args, options, form);
  if (ref === 0) {
    if (options.target === 0) reply.array(0);
    else storeNothing(ctx, options.target);
    return;
  }
  // Of the nearest so many are wanted, so that they must be sorted, unless any will do.
  if (options.count !== 0 && options.order === ORDER.NONE && !options.any) options.order = ORDER.ASCENDING;
  search.run(db, ref, options.any ? options.count : 0);
  const wanted = options.count === 0 ? search.count : Math.min(search.count, options.count);
  if (options.order !== ORDER.NONE) search.sort(options.order === ORDER.DESCENDING, wanted);
  if (options.target === 0) replyFound(ctx, options, wanted);
  else if (wanted === 0) storeNothing(ctx, options.target);
  else storeFound(ctx, options, wanted, form.event);
  search.clear();
}

function readOptions(ctx: CommandContext, ref: Ref, form: GeoForm): GeoOptions {
  const { args, keyspace } = ctx;
  const search = keyspace.geoSearch;
  const options = new GeoOptions();
  const choosesArea = form.center === 'options';
  options.target = form.target ?? 0;
  for (let i = form.firstOption; i < args.count; i++) {
    const following = args.count - i - 1;
    if (args.is(i, 'withdist')) options.withDistance = true;
    else if (args.is(i, 'withhash')) options.withHash = true;
    else if (args.is(i, 'withcoord')) options.withPosition = true;
    else if (args.is(i, 'any')) options.any = true;
    else if (args.is(i, 'asc')) options.order = ORDER.ASCENDING;
    else if (args.is(i, 'desc')) options.order = ORDER.DESCENDING;
    else if (following >= 1 && args.is(i, 'count')) options.count = countAt(args, ++i);
    else if (form.takesStore && following >= 1 && (args.is(i, 'store') || args.is(i, 'storedist'))) {
      options.storesDistance = args.is(i, 'storedist');
      options.target = ++i;
    } else if (form.target !== null && args.is(i, 'storedist')) {
      options.storesDistance = true;
    } else if (choosesArea && following >= 1 && !options.hasPosition && args.is(i, 'frommember')) {
      options.hasMember = true;
      i++;
      if (ref !== 0) readMember(search, ctx, ref, i);
    } else if (choosesArea && following >= 2 && !options.hasMember && args.is(i, 'fromlonlat')) {
      options.hasPosition = true;
      readCenter(search, args, i + 1);
      i += 2;
    } else if (choosesArea && following >= 2 && !options.hasBox && args.is(i, 'byradius')) {
      options.hasRadius = true;
      readCircle(search, args, i + 1);
      i += 2;
    } else if (choosesArea && following >= 3 && !options.hasRadius && args.is(i, 'bybox')) {
      options.hasBox = true;
      readBox(search, args, i + 1);
      i += 3;
    } else {
      throw SYNTAX;
    }
  }
  return options;
}

function checkOptions(args: Arguments, options: GeoOptions, form: GeoForm): void {
  if (options.target !== 0 && (options.withDistance || options.withHash || options.withPosition)) {
    throw geoStoreAndWith(form.target === null ? 'STORE option in GEORADIUS' : 'GEOSEARCHSTORE');
  }
  if (form.center === 'options') {
    if (!options.hasMember && !options.hasPosition) throw geoCenterNeeded(args.string(0));
    if (!options.hasRadius && !options.hasBox) throw geoAreaNeeded(args.string(0));
  }
  if (options.any && options.count === 0) throw GEO_ANY_NEEDS_COUNT;
}

function countAt(args: Arguments, i: number): number {
  const count = args.int64(i);
  if (count <= 0) throw COUNT_ABOVE_ZERO;
  return Number(count);
}

function readCenter(search: GeoSearch, args: Arguments, i: number): void {
  checkPosition(args, i);
  search.longitude = doubleArgument(args, i);
  search.latitude = doubleArgument(args, i + 1);
}

function readMember(search: GeoSearch, ctx: CommandContext, ref: Ref, i: number): void {
  const score = memberScore(ctx, ref, i);
  if (Number.isNaN(score)) throw GEO_MEMBER;
  search.longitude = scoreLongitude(score);
  search.latitude = scoreLatitude(score);
}

function readCircle(search: GeoSearch, args: Arguments, i: number): void {
  const radius = doubleArgument(args, i, RADIUS_NOT_NUMERIC);
  if (radius < 0) throw RADIUS_NEGATIVE;
  search.metersPerUnit = metersPerUnit(args, i + 1);
  search.isBox = false;
  search.radius = radius;
}

function readBox(search: GeoSearch, args: Arguments, i: number): void {
  const width = doubleArgument(args, i, WIDTH_NOT_NUMERIC);
  const height = doubleArgument(args, i + 1, HEIGHT_NOT_NUMERIC);
  if (height < 0 || width < 0) throw BOX_NEGATIVE;
  search.metersPerUnit = metersPerUnit(args, i + 2);
  search.isBox = true;
  search.width = width;
  search.height = height;
}

function replyFound({ keyspace, reply }: CommandContext, options: GeoOptions, wanted: number): void {
  const search = keyspace.geoSearch;
  const { withDistance, withHash, withPosition } = options;
  const parts = 1 + Number(withDistance) + Number(withHash) + Number(withPosition);
  reply.array(wanted);
  for (let i = 0; i < wanted; i++) {
    const found = search.order[i]!;
    if (parts > 1) reply.array(parts);
    reply.bulk(search.memory(found), search.start(found), search.length(found));
    const score = search.score(found);
    if (withDistance) reply.bulkText(search.distanceText(found));
    if (withHash) reply.integer(integerOf(score));
    if (withPosition) replyPosition(reply, scoreLongitude(score), scoreLatitude(score));
  }
}

// A score as an integer of 64 bits.
function integerOf(score: number): number | bigint {
  const whole = Math.trunc(score);
  if (Number.isSafeInteger(whole)) return whole;
  return whole >= -(2 ** 63) && whole < 2 ** 63 ? BigInt(whole) : -(2n ** 63n);
}

function storeFound(ctx: CommandContext, options: GeoOptions, wanted: number, event: string): void {
  const { args, db, keyspace, reply } = ctx;
  const search = keyspace.geoSearch;
  const built = new SortedSetBuilder(keyspace.heap, keyspace.seed);
  built.reserve(wanted);
  for (let i = 0; i < wanted; i++) {
    const found = search.order[i]!;
    const score = options.storesDistance ? search.exactDistance(found) : search.score(found);
    const memory = search.memory(found);
    const start = search.start(found);
    const length = search.length(found);
    built.add(score, memory, start, length, built.members.hash(memory, start, length));
  }
  storeBuilt(db, args, options.target, db.lookupWrite(args, options.target), built);
  ctx.changed(event, options.target, wanted);
  reply.integer(wanted);
}

// Observed 7.2.4: a target that has expired counts as deleted here, not as expired.
function storeNothing(ctx: CommandContext, target: number): void {
  const { args, db, reply } = ctx;
  const existing = db.peekText(args.string(target));
  if (existing !== 0) {
    db.removeAs(existing, db.keyspace.whenReplaced);
    ctx.changed('del', target);
  }
  reply.integer(0);
}
