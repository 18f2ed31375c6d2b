// Union, intersection and difference of sorted sets (and plain sets): answered, stored or counted.

import { parseDoubleBytes } from '../base/numbers.ts';
import type { SortedSetBuilder } from '../datatypes/sorted-set-builder.ts';
import { type ArgumentSpec, arg, command, keyAt, keysCounted } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import {
  AGGREGATE,
  type Aggregate,
  countCommon,
  intersect,
  storeBuilt,
  subtract,
  unite,
} from '../keyspace/scored-operations.ts';
import type { ScoredSource } from '../keyspace/scored-source.ts';
import type { Arguments } from '../resp/arguments.ts';
import { inputKeyNeeded, LIMIT_NEGATIVE, SYNTAX, WEIGHT_NOT_FLOAT } from '../resp/errors.ts';
import { removeResult } from './sorted-set-range-store.ts';
import { replyBuilt } from './sorted-set-reply.ts';

const OPERATION = { UNION: 0, INTERSECTION: 1, DIFFERENCE: 2 } as const;
type Operation = (typeof OPERATION)[keyof typeof OPERATION];

const WEIGHTS_AND_AGGREGATE: readonly ArgumentSpec[] = [
  arg.integer('weight', { token: 'WEIGHTS', optional: true, multiple: true }),
  arg.oneOf('aggregate', [arg.token('sum', 'SUM'), arg.token('min', 'MIN'), arg.token('max', 'MAX')], {
    token: 'AGGREGATE',
    optional: true,
  }),
];
const WITH_SCORES = arg.token('withscores', 'WITHSCORES', { optional: true });
const KEYS = [arg.integer('numkeys'), arg.key('key', { multiple: true })];
const STORED_KEYS = [
  arg.key('destination'),
  arg.integer('numkeys'),
  arg.key('key', { keySpec: 1, multiple: true }),
];

export const zunion = command({
  name: 'zunion',
  since: '6.2.0',
  group: 'sorted-set',
  complexity: 'O(N+M*log(M)) for N members in all and M in the result',
  summary: 'Returns the members that any of several sorted sets has, with their scores put together.',
  arity: -3,
  flags: ['readonly'],
  keys: [keysCounted(1, 'RO', 'access')],
  args: [...KEYS, ...WEIGHTS_AND_AGGREGATE, WITH_SCORES],
  run: (ctx) => replyResult(ctx, OPERATION.UNION),
});

export const zinter = command({
  name: 'zinter',
  since: '6.2.0',
  group: 'sorted-set',
  complexity: 'O(N*K+M*log(M)) for K sorted sets, N members in the smallest and M in the result',
  summary: 'Returns the members that all of several sorted sets have, with their scores put together.',
  arity: -3,
  flags: ['readonly'],
  keys: [keysCounted(1, 'RO', 'access')],
  args: [...KEYS, ...WEIGHTS_AND_AGGREGATE, WITH_SCORES],
  run: (ctx) => replyResult(ctx, OPERATION.INTERSECTION),
});

export const zdiff = command({
  name: 'zdiff',
  since: '6.2.0',
  group: 'sorted-set',
  complexity:
    'O(min(L,N*K)+M*log(M)) for K sorted sets, L members in all, N in the first and M in the result',
  summary: 'Returns the members of a sorted set that none of the others has.',
  arity: -3,
  flags: ['readonly'],
  keys: [keysCounted(1, 'RO', 'access')],
  args: [...KEYS, WITH_SCORES],
  run: (ctx) => replyResult(ctx, OPERATION.DIFFERENCE),
});

export const zunionstore = command({
  name: 'zunionstore',
  since: '2.0.0',
  group: 'sorted-set',
  complexity: 'O(N+M*log(M)) for N members in all and M in the result',
  summary: 'Stores the members that any of several sorted sets has, with their scores put together.',
  arity: -4,
  flags: ['write', 'denyoom'],
  keys: [keyAt(1, 'OW', 'update'), keysCounted(2, 'RO', 'access')],
  args: [...STORED_KEYS, ...WEIGHTS_AND_AGGREGATE],
  run: (ctx) => storeResult(ctx, OPERATION.UNION, 'zunionstore'),
});

export const zinterstore = command({
  name: 'zinterstore',
  since: '2.0.0',
  group: 'sorted-set',
  complexity: 'O(N*K+M*log(M)) for K sorted sets, N members in the smallest and M in the result',
  summary: 'Stores the members that all of several sorted sets have, with their scores put together.',
  arity: -4,
  flags: ['write', 'denyoom'],
  keys: [keyAt(1, 'OW', 'update'), keysCounted(2, 'RO', 'access')],
  args: [...STORED_KEYS, ...WEIGHTS_AND_AGGREGATE],
  run: (ctx) => storeResult(ctx, OPERATION.INTERSECTION, 'zinterstore'),
});

export const zdiffstore = command({
  name: 'zdiffstore',
  since: '6.2.0',
  group: 'sorted-set',
  complexity:
    'O(min(L,N*K)+M*log(M)) for K sorted sets, L members in all, N in the first and M in the result',
  summary: 'Stores the members of a sorted set that none of the others has.',
  arity: -4,
  flags: ['write', 'denyoom'],
  keys: [keyAt(1, 'OW', 'update'), keysCounted(2, 'RO', 'access')],
  args: STORED_KEYS,
  run: (ctx) => storeResult(ctx, OPERATION.DIFFERENCE, 'zdiffstore'),
});

export const zintercard = command({
  name: 'zintercard',
  since: '7.0.0',
  group: 'sorted-set',
  complexity: 'O(N*K) for K sorted sets and N members in the smallest',
  summary: 'Returns how many members all of several sorted sets have, counting no further than a limit.',
  arity: -3,
  flags: ['readonly'],
  keys: [keysCounted(1, 'RO', 'access')],
  args: [...KEYS, arg.integer('limit', { token: 'LIMIT', optional: true })],
  run(ctx) {
    const { args, keyspace, reply } = ctx;
    const sources = openSources(ctx, 1);
    let limit = 0;
    for (let i = 2 + sources.length; i < args.count; i += 2) {
      if (i + 1 >= args.count || !args.is(i, 'limit')) throw SYNTAX;
      limit = Number(args.int64(i + 1, LIMIT_NEGATIVE));
      if (limit < 0) throw LIMIT_NEGATIVE;
    }
    reply.integer(countCommon(keyspace, sources, limit));
  },
});

function replyResult(ctx: CommandContext, operation: Operation): void {
  const { reply } = ctx;
  const sources = openSources(ctx, 1);
  const options = readOptions(ctx, sources, 2, operation, true);
  const builder = resultOf(ctx, operation, sources, aggregateIn(options));
  replyBuilt(reply, builder, (options & WITHSCORES) !== 0);
  builder.free();
}

function storeResult(ctx: CommandContext, operation: Operation, event: string): void {
  const { args, db, reply } = ctx;
  const sources = openSources(ctx, 2);
  const options = readOptions(ctx, sources, 3, operation, false);
  const builder = resultOf(ctx, operation, sources, aggregateIn(options));
  const { size } = builder;
  if (size === 0) {
    builder.free();
    removeResult(ctx);
  } else {
    storeBuilt(db, args, 1, db.lookupWrite(args, 1), builder);
    ctx.changed(event, 1);
  }
  reply.integer(size);
}

function resultOf(
  { keyspace }: CommandContext,
  operation: Operation,
  sources: ScoredSource[],
  aggregate: Aggregate,
): SortedSetBuilder {
  if (operation === OPERATION.UNION) return unite(keyspace, sources, aggregate);
  if (operation === OPERATION.INTERSECTION) return intersect(keyspace, sources, aggregate);
  return subtract(keyspace, sources);
}

// The sources that the arguments from a number of keys on name.
function openSources({ args, command, db, keyspace }: CommandContext, numkeysIndex: number): ScoredSource[] {
  const count = Number(args.int64(numkeysIndex));
  if (count < 1) throw inputKeyNeeded(command.fullName);
  if (count > args.count - numkeysIndex - 1) throw SYNTAX;
  const sources = keyspace.scoredSources.take(count);
  for (let i = 0; i < count; i++) sources[i]!.open(db, db.lookupRead(args, numkeysIndex + 1 + i));
  return sources;
}

// Options are an Aggregate and this bit.
const WITHSCORES = 4;

function aggregateIn(options: number): Aggregate {
  return (options & ~WITHSCORES) as Aggregate;
}

// Reads the options behind the keys, of which the first is argument `firstKey`, and gives the sources their weights.
function readOptions(
  { args }: CommandContext,
  sources: readonly ScoredSource[],
  firstKey: number,
  operation: Operation,
  takesWithScores: boolean,
): number {
  let aggregate: Aggregate = AGGREGATE.SUM;
  let withScores = 0;
  for (let i = firstKey + sources.length; i < args.count; i++) {
    const left = args.count - i;
    if (operation !== OPERATION.DIFFERENCE && left > sources.length && args.is(i, 'weights')) {
      for (const source of sources) source.weight = weightAt(args, ++i);
    } else if (operation !== OPERATION.DIFFERENCE && left >= 2 && args.is(i, 'aggregate')) {
      i++;
      if (args.is(i, 'sum')) aggregate = AGGREGATE.SUM;
      else if (args.is(i, 'min')) aggregate = AGGREGATE.MIN;
      else if (args.is(i, 'max')) aggregate = AGGREGATE.MAX;
      else throw SYNTAX;
    } else if (takesWithScores && args.is(i, 'withscores')) {
      withScores = WITHSCORES;
    } else {
      throw SYNTAX;
    }
  }
  return aggregate | withScores;
}

function weightAt(args: Arguments, i: number): number {
  const weight = parseDoubleBytes(args.bytes, args.start(i), args.length(i));
  if (Number.isNaN(weight)) throw WEIGHT_NOT_FLOAT;
  return weight;
}
