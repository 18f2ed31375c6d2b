// GEORADIUS and its variants, the older form of GEOSEARCH: the center and the radius stand in front, and options of
// the two commands that write name a key to store in. The work is done in geo-search.ts.

import { type ArgumentSpec, arg, command, keyAfter, keyAt } from '../engine/command-spec.ts';
import { unitArgument } from './geo-arguments.ts';
import { type GeoForm, searchPositions } from './geo-search.ts';

const BY_POSITION: GeoForm = {
  source: 1,
  firstOption: 6,
  center: 'position',
  target: null,
  takesStore: true,
  event: 'georadiusstore',
};
const BY_MEMBER: GeoForm = { ...BY_POSITION, firstOption: 5, center: 'member' };
const BY_POSITION_READONLY: GeoForm = { ...BY_POSITION, takesStore: false };
const BY_MEMBER_READONLY: GeoForm = { ...BY_MEMBER, takesStore: false };

const COMPLEXITY =
  'O(N+log(M)) for N members in the cells of the grid around the circle, with M members in the sorted set';
const ANY_SINCE = { since: '6.2.0' };
const UPPER_CASE = ['7.0.0', 'Upper-case units.'] as const;
const ANY_OPTION = ['6.2.0', 'The option `ANY` of `COUNT`.'] as const;

const replyOptions = (any: Partial<ArgumentSpec>): readonly ArgumentSpec[] => [
  arg.token('withcoord', 'WITHCOORD', { optional: true }),
  arg.token('withdist', 'WITHDIST', { optional: true }),
  arg.token('withhash', 'WITHHASH', { optional: true }),
  arg.block(
    'count-block',
    [arg.integer('count', { token: 'COUNT' }), arg.token('any', 'ANY', { optional: true, ...any })],
    { optional: true },
  ),
  arg.oneOf('order', [arg.token('asc', 'ASC'), arg.token('desc', 'DESC')], { optional: true }),
];
const STORE = arg.oneOf(
  'store',
  [
    arg.key('storekey', { keySpec: 1, displayText: 'key', token: 'STORE' }),
    arg.key('storedistkey', { keySpec: 2, displayText: 'key', token: 'STOREDIST' }),
  ],
  { optional: true },
);
const CIRCLE = [arg.double('longitude'), arg.double('latitude'), arg.double('radius'), unitArgument()];
const MEMBER_CIRCLE = [arg.string('member'), arg.double('radius'), unitArgument()];

export const georadius = command({
  name: 'georadius',
  since: '3.2.0',
  group: 'geo',
  complexity: COMPLEXITY,
  summary: 'Returns or stores the members within a circle around a position.',
  docFlags: ['deprecated'],
  deprecatedSince: '6.2.0',
  replacedBy: '`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument',
  history: [ANY_OPTION, UPPER_CASE],
  arity: -6,
  flags: ['write', 'denyoom'],
  keys: [
    keyAt(1, 'RO', 'access'),
    keyAfter('STORE', 6, 'OW', 'update'),
    keyAfter('STOREDIST', 6, 'OW', 'update'),
  ],
  args: [arg.key('key'), ...CIRCLE, ...replyOptions(ANY_SINCE), STORE],
  run: (ctx) => searchPositions(ctx, BY_POSITION),
});

export const georadiusRo = command({
  name: 'georadius_ro',
  since: '3.2.10',
  group: 'geo',
  complexity: COMPLEXITY,
  summary: 'Returns the members within a circle around a position.',
  docFlags: ['deprecated'],
  deprecatedSince: '6.2.0',
  replacedBy: '`GEOSEARCH` with the `BYRADIUS` argument',
  history: [ANY_OPTION],
  arity: -6,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key'), ...CIRCLE, ...replyOptions(ANY_SINCE)],
  run: (ctx) => searchPositions(ctx, BY_POSITION_READONLY),
});

export const georadiusbymember = command({
  name: 'georadiusbymember',
  since: '3.2.0',
  group: 'geo',
  complexity: COMPLEXITY,
  summary: 'Returns or stores the members within a circle around a member.',
  docFlags: ['deprecated'],
  deprecatedSince: '6.2.0',
  replacedBy: '`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments',
  history: [UPPER_CASE],
  arity: -5,
  flags: ['write', 'denyoom'],
  keys: [
    keyAt(1, 'RO', 'access'),
    keyAfter('STORE', 5, 'OW', 'update'),
    keyAfter('STOREDIST', 5, 'OW', 'update'),
  ],
  args: [arg.key('key'), ...MEMBER_CIRCLE, ...replyOptions({}), STORE],
  run: (ctx) => searchPositions(ctx, BY_MEMBER),
});

export const georadiusbymemberRo = command({
  name: 'georadiusbymember_ro',
  since: '3.2.10',
  group: 'geo',
  complexity: COMPLEXITY,
  summary: 'Returns the members within a circle around a member.',
  docFlags: ['deprecated'],
  deprecatedSince: '6.2.0',
  replacedBy: '`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments',
  arity: -5,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key'), ...MEMBER_CIRCLE, ...replyOptions({})],
  run: (ctx) => searchPositions(ctx, BY_MEMBER_READONLY),
});
