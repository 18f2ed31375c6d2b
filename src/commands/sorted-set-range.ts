// Reading a part of a sorted set: ZRANGE with its options, the older commands that it replaces, ZCOUNT and ZLEXCOUNT. The
// elements go straight from memory into the reply.

import { TYPE, typeOf } from '../datatypes/kind.ts';
import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import { RANGE_BY, type RangeBy } from '../keyspace/sorted-set-range.ts';
import { WRONG_TYPE } from '../resp/errors.ts';
import { type RangeForm, readPlainRange, readRange } from './sorted-set-bounds.ts';
import { replyElements } from './sorted-set-reply.ts';

const LIMIT = arg.block('limit', [arg.integer('offset'), arg.integer('count')], {
  token: 'LIMIT',
  optional: true,
});
const WITH_SCORES = arg.token('withscores', 'WITHSCORES', { optional: true });

export const zrange = command({
  name: 'zrange',
  since: '1.2.0',
  group: 'sorted-set',
  complexity: 'O(log(N)+M) for M elements returned out of N',
  summary: 'Returns the elements of a sorted set between two ranks, scores or members.',
  history: [['6.2.0', 'The options `REV`, `BYSCORE`, `BYLEX` and `LIMIT`.']],
  arity: -4,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [
    arg.key('key'),
    arg.string('start'),
    arg.string('stop'),
    arg.oneOf('sortby', [arg.token('byscore', 'BYSCORE'), arg.token('bylex', 'BYLEX')], {
      optional: true,
      since: '6.2.0',
    }),
    arg.token('rev', 'REV', { optional: true, since: '6.2.0' }),
    { ...LIMIT, since: '6.2.0' },
    WITH_SCORES,
  ],
  run: (ctx) => replyRange(ctx, ANY_RANGE),
});

export const zrevrange = command({
  name: 'zrevrange',
  since: '1.2.0',
  group: 'sorted-set',
  complexity: 'O(log(N)+M) for M elements returned out of N',
  summary: 'Returns the elements of a sorted set between two ranks, the highest score first.',
  docFlags: ['deprecated'],
  deprecatedSince: '6.2.0',
  replacedBy: '`ZRANGE` with the `REV` argument',
  arity: -4,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key'), arg.integer('start'), arg.integer('stop'), WITH_SCORES],
  run: (ctx) => replyRange(ctx, REVERSED_RANKS),
});

export const zrangebyscore = command({
  name: 'zrangebyscore',
  since: '1.0.5',
  group: 'sorted-set',
  complexity: 'O(log(N)+M) for M elements returned out of N; with LIMIT it does not grow with the offset',
  summary: 'Returns the elements of a sorted set between two scores.',
  docFlags: ['deprecated'],
  deprecatedSince: '6.2.0',
  replacedBy: '`ZRANGE` with the `BYSCORE` argument',
  history: [['2.0.0', 'The option `WITHSCORES`.']],
  arity: -4,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [
    arg.key('key'),
    arg.double('min'),
    arg.double('max'),
    arg.token('withscores', 'WITHSCORES', { optional: true, since: '2.0.0' }),
    LIMIT,
  ],
  run: (ctx) => replyRange(ctx, SCORES),
});

export const zrevrangebyscore = command({
  name: 'zrevrangebyscore',
  since: '2.2.0',
  group: 'sorted-set',
  complexity: 'O(log(N)+M) for M elements returned out of N; with LIMIT it does not grow with the offset',
  summary: 'Returns the elements of a sorted set between two scores, the highest score first.',
  docFlags: ['deprecated'],
  deprecatedSince: '6.2.0',
  replacedBy: '`ZRANGE` with the `REV` and `BYSCORE` arguments',
  history: [['2.1.6', 'The scores may be excluded.']],
  arity: -4,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key'), arg.double('max'), arg.double('min'), WITH_SCORES, LIMIT],
  run: (ctx) => replyRange(ctx, REVERSED_SCORES),
});

export const zrangebylex = command({
  name: 'zrangebylex',
  since: '2.8.9',
  group: 'sorted-set',
  complexity: 'O(log(N)+M) for M elements returned out of N; with LIMIT it does not grow with the offset',
  summary: 'Returns the elements between two members of a sorted set whose scores are all equal.',
  docFlags: ['deprecated'],
  deprecatedSince: '6.2.0',
  replacedBy: '`ZRANGE` with the `BYLEX` argument',
  arity: -4,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key'), arg.string('min'), arg.string('max'), LIMIT],
  run: (ctx) => replyRange(ctx, MEMBERS),
});

export const zrevrangebylex = command({
  name: 'zrevrangebylex',
  since: '2.8.9',
  group: 'sorted-set',
  complexity: 'O(log(N)+M) for M elements returned out of N; with LIMIT it does not grow with the offset',
  summary:
    'Returns the elements between two members of a sorted set whose scores are all equal, the last first.',
  docFlags: ['deprecated'],
  deprecatedSince: '6.2.0',
  replacedBy: '`ZRANGE` with the `REV` and `BYLEX` arguments',
  arity: -4,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key'), arg.string('max'), arg.string('min'), LIMIT],
  run: (ctx) => replyRange(ctx, REVERSED_MEMBERS),
});

export const zcount = command({
  name: 'zcount',
  since: '2.0.0',
  group: 'sorted-set',
  complexity: 'O(log(N)) for N elements',
  summary: 'Returns how many elements of a sorted set lie between two scores.',
  arity: 4,
  flags: ['readonly', 'fast'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key'), arg.double('min'), arg.double('max')],
  run: (ctx) => replyCount(ctx, RANGE_BY.SCORE),
});

export const zlexcount = command({
  name: 'zlexcount',
  since: '2.8.9',
  group: 'sorted-set',
  complexity: 'O(log(N)) for N elements',
  summary: 'Returns how many elements lie between two members of a sorted set whose scores are all equal.',
  arity: 4,
  flags: ['readonly', 'fast'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key'), arg.string('min'), arg.string('max')],
  run: (ctx) => replyCount(ctx, RANGE_BY.LEX),
});

const ANY_RANGE: RangeForm = { firstBound: 2, by: null, reversed: null, takesWithScores: true };
const REVERSED_RANKS: RangeForm = { ...ANY_RANGE, by: RANGE_BY.RANK, reversed: true };
const SCORES: RangeForm = { ...ANY_RANGE, by: RANGE_BY.SCORE, reversed: false };
const REVERSED_SCORES: RangeForm = { ...SCORES, reversed: true };
const MEMBERS: RangeForm = { ...ANY_RANGE, by: RANGE_BY.LEX, reversed: false };
const REVERSED_MEMBERS: RangeForm = { ...MEMBERS, reversed: true };

function replyRange({ args, db, keyspace, reply }: CommandContext, form: RangeForm): void {
  const range = keyspace.sortedSetRange;
  const withScores = readRange(range, args, form);
  const ref = db.lookupRead(args, 1);
  if (ref === 0) {
    reply.array(0);
    return;
  }
  if (typeOf(db.kind(ref)) !== TYPE.SORTED_SET) throw WRONG_TYPE;
  range.resolve(db, ref);
  const { cursor } = keyspace.sortedSets;
  cursor.seek(db, ref, range.first, range.reversed);
  replyElements(reply, cursor, range.count, withScores);
}

function replyCount({ args, db, keyspace, reply }: CommandContext, by: RangeBy): void {
  const range = keyspace.sortedSetRange;
  readPlainRange(range, args, 2, by);
  const ref = db.lookupRead(args, 1);
  if (ref === 0) {
    reply.integer(0);
    return;
  }
  if (typeOf(db.kind(ref)) !== TYPE.SORTED_SET) throw WRONG_TYPE;
  range.resolve(db, ref);
  reply.integer(range.count);
}
