// Sorted sets member by member: adding, scores, ranks, removal, random members, ZSCAN. Popping from the ends is in
// sorted-set-pop.ts, parts are in sorted-set-range.ts, several sets together in sorted-set-operations.ts.

import { toBytes } from '../base/bytes.ts';
import { parseDoubleBytes } from '../base/numbers.ts';
import { preciseDouble } from '../base/precise-double.ts';
import { TYPE, typeOf } from '../datatypes/kind.ts';
import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import { OUTCOME } from '../keyspace/sorted-set-scratch.ts';
import {
  ADD,
  addScore,
  createSortedSet,
  forEachStored,
  prepareForMembers,
  rankOf,
  removeMember,
  scoreOf,
  sortedSetSize,
  sortedSetTable,
} from '../keyspace/sorted-set-value.ts';
import type { Ref } from '../memory/heap.ts';
import type { Arguments } from '../resp/arguments.ts';
import {
  NOT_FLOAT,
  SYNTAX,
  WRONG_TYPE,
  wrongArity,
  ZADD_GT_LT_NX,
  ZADD_INCR_PAIRS,
  ZADD_XX_AND_NX,
} from '../resp/errors.ts';
import { beginScanReply, SCAN_ARGUMENTS, scanCursor, scanOptions, scanTable } from './scan-options.ts';

/** An option of ZADD that is none of the conditions: members with another score count too. */
export const CHANGED_COUNT = 32;

export const zadd = command({
  name: 'zadd',
  since: '1.2.0',
  group: 'sorted-set',
  complexity: 'O(log(N)) for each member added, with N members in the sorted set',
  summary: 'Adds members to a sorted set, or gives them other scores.',
  history: [
    ['2.4.0', 'Several members at once.'],
    ['3.0.2', 'The options `XX`, `NX`, `CH` and `INCR`.'],
    ['6.2.0', 'The options `GT` and `LT`.'],
  ],
  arity: -4,
  flags: ['write', 'denyoom', 'fast'],
  keys: [keyAt(1, 'RW', 'update')],
  args: [
    arg.key('key'),
    arg.oneOf('condition', [arg.token('nx', 'NX'), arg.token('xx', 'XX')], {
      optional: true,
      since: '3.0.2',
    }),
    arg.oneOf('comparison', [arg.token('gt', 'GT'), arg.token('lt', 'LT')], {
      optional: true,
      since: '6.2.0',
    }),
    arg.token('change', 'CH', { optional: true, since: '3.0.2' }),
    arg.token('increment', 'INCR', { optional: true, since: '3.0.2' }),
    arg.block('data', [arg.double('score'), arg.string('member')], { multiple: true }),
  ],
  run: (ctx) => addMembers(ctx, 0),
});

export const zincrby = command({
  name: 'zincrby',
  since: '1.2.0',
  group: 'sorted-set',
  complexity: 'O(log(N)) for N members in the sorted set',
  summary: 'Adds to the score of a member of a sorted set.',
  arity: 4,
  flags: ['write', 'denyoom', 'fast'],
  keys: [keyAt(1, 'RW', 'access', 'update')],
  args: [arg.key('key'), arg.integer('increment'), arg.string('member')],
  run: (ctx) => addMembers(ctx, ADD.INCR),
});

export const zrem = command({
  name: 'zrem',
  since: '1.2.0',
  group: 'sorted-set',
  complexity: 'O(M*log(N)) for M members removed, with N members in the sorted set',
  summary: 'Removes members from a sorted set.',
  history: [['2.4.0', 'Several members at once.']],
  arity: -3,
  flags: ['write', 'fast'],
  keys: [keyAt(1, 'RW', 'delete')],
  args: [arg.key('key'), arg.string('member', { multiple: true })],
  run(ctx) {
    const { args, db, reply } = ctx;
    let ref = db.lookupWrite(args, 1);
    if (ref !== 0) mustBeSortedSet(ctx, ref);
    let removed = 0;
    let isEmpty = false;
    for (let i = 2; i < args.count && ref !== 0 && !isEmpty; i++) {
      const rest = removeMember(db, ref, args.bytes, args.start(i), args.length(i));
      if (rest === 0) continue;
      ref = rest;
      removed++;
      isEmpty = sortedSetSize(db, ref) === 0;
    }
    if (isEmpty) db.remove(ref);
    if (removed > 0) ctx.changed('zrem', 1, removed);
    if (isEmpty) ctx.event('del', 1);
    reply.integer(removed);
  },
});

export const zcard = command({
  name: 'zcard',
  since: '1.2.0',
  group: 'sorted-set',
  complexity: 'O(1)',
  summary: 'Returns how many members a sorted set has.',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: [keyAt(1, 'RO')],
  args: [arg.key('key')],
  run(ctx) {
    const ref = lookup(ctx);
    ctx.reply.integer(ref === 0 ? 0 : sortedSetSize(ctx.db, ref));
  },
});

export const zscore = command({
  name: 'zscore',
  since: '1.2.0',
  group: 'sorted-set',
  complexity: 'O(1)',
  summary: 'Returns the score of a member of a sorted set.',
  arity: 3,
  flags: ['readonly', 'fast'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key'), arg.string('member')],
  run(ctx) {
    replyScore(ctx, lookup(ctx), 2);
  },
});

export const zmscore = command({
  name: 'zmscore',
  since: '6.2.0',
  group: 'sorted-set',
  complexity: 'O(N) for N members asked for',
  summary: 'Returns the scores of several members of a sorted set.',
  arity: -3,
  flags: ['readonly', 'fast'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key'), arg.string('member', { multiple: true })],
  run(ctx) {
    const { args, reply } = ctx;
    const ref = lookup(ctx);
    reply.array(args.count - 2);
    for (let i = 2; i < args.count; i++) replyScore(ctx, ref, i);
  },
});

export const zrank = command({
  name: 'zrank',
  since: '2.0.0',
  group: 'sorted-set',
  complexity: 'O(log(N)) for N members in the sorted set',
  summary: 'Returns how many members of a sorted set come before one, by ascending scores.',
  history: [['7.2.0', 'The option `WITHSCORE`.']],
  arity: -3,
  flags: ['readonly', 'fast'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key'), arg.string('member'), arg.token('withscore', 'WITHSCORE', { optional: true })],
  run: (ctx) => replyRank(ctx, false),
});

export const zrevrank = command({
  name: 'zrevrank',
  since: '2.0.0',
  group: 'sorted-set',
  complexity: 'O(log(N)) for N members in the sorted set',
  summary: 'Returns how many members of a sorted set come before one, by descending scores.',
  history: [['7.2.0', 'The option `WITHSCORE`.']],
  arity: -3,
  flags: ['readonly', 'fast'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key'), arg.string('member'), arg.token('withscore', 'WITHSCORE', { optional: true })],
  run: (ctx) => replyRank(ctx, true),
});

export const zscan = command({
  name: 'zscan',
  since: '2.8.0',
  group: 'sorted-set',
  complexity: 'O(1) for a call, O(N) for all calls until the cursor is 0 again, with N members.',
  summary: 'Returns some of the members of a sorted set with their scores, and a cursor to go on with.',
  arity: -3,
  flags: ['readonly'],
  tips: ['nondeterministic_output'],
  keys: [keyAt(1, 'RO', 'access')],
  args: SCAN_ARGUMENTS,
  run(ctx) {
    const { args, db, reply } = ctx;
    const from = scanCursor(args, 2);
    const ref = lookup(ctx);
    const found: string[] = [];
    let next = 0;
    if (ref !== 0) {
      const { count, pattern } = scanOptions(args, 3, false);
      const visit = (member: string, score: string) => {
        if (pattern === null || pattern.matches(toBytes(member), 0, member.length)) found.push(member, score);
      };
      const table = sortedSetTable(db, ref);
      if (table === null) {
        forEachStored(db, ref, visit);
      } else {
        // Observed 7.2.4: here, and only here, scores have 17 digits.
        next = scanTable(table.members, from, count, (entry) => {
          visit(table.members.keyText(entry), preciseDouble(table.score(entry)));
        });
      }
    }
    beginScanReply(reply, next, found.length);
    for (const text of found) reply.bulkText(text);
  },
});

/** ZADD and ZINCRBY: the former's options are the latter's, too. */
function addMembers(ctx: CommandContext, conditions: number): void {
  const { args } = ctx;
  let first = 2;
  for (let bit = optionAt(args, first); bit !== 0; bit = optionAt(args, first)) {
    conditions |= bit;
    first++;
  }
  checkOptions(conditions, (args.count - first) / 2);
  addScored(ctx, conditions, first, 2, scoreAt);
}

/**
 * Adds the members that the arguments from `first` on name, the last of every `step`, under `conditions` (the bits of
 * ADD, and CHANGED_COUNT); `readScore` reads the score that the others make and throws where they are none. Replies.
 */
export function addScored(
  ctx: CommandContext,
  conditions: number,
  first: number,
  step: number,
  readScore: (args: Arguments, i: number) => number,
): void {
  const { args, db, keyspace, reply } = ctx;
  const members = (args.count - first) / step;
  const toMember = step - 1;
  // Nothing is added before every score is known to be one.
  let score = readScore(args, first);
  for (let i = first + step; i < args.count; i += step) readScore(args, i);
  let ref = db.lookupWrite(args, 1);
  if (ref !== 0) {
    mustBeSortedSet(ctx, ref);
    ref = prepareForMembers(db, ref, members);
  } else if ((conditions & ADD.XX) === 0) {
    ref = createSortedSet(db, args, 1, members, args.length(first + toMember));
  }
  const { sortedSets } = keyspace;
  let added = 0;
  let updated = 0;
  let isNothing = true;
  for (let i = first; i < args.count && ref !== 0; i += step) {
    if (i > first) score = readScore(args, i);
    const member = i + toMember;
    ref = addScore(db, ref, conditions, score, args.bytes, args.start(member), args.length(member));
    const { outcome } = sortedSets;
    if (outcome === OUTCOME.ADDED) added++;
    else if (outcome === OUTCOME.UPDATED) updated++;
    if (outcome !== OUTCOME.NOTHING) isNothing = false;
  }
  const isIncrement = (conditions & ADD.INCR) !== 0;
  if (added + updated > 0) ctx.changed(isIncrement ? 'zincr' : 'zadd', 1, added + updated);
  if (!isIncrement) reply.integer((conditions & CHANGED_COUNT) === 0 ? added : added + updated);
  else if (isNothing) reply.null();
  else reply.double(sortedSets.score);
}

/** The bit of the option that the argument is, or 0. */
function optionAt(args: Arguments, i: number): number {
  // No number that is not a word of its own begins with these letters.
  if (i >= args.count || args.bytes[args.start(i)]! < 0x41) return 0;
  if (args.is(i, 'nx')) return ADD.NX;
  if (args.is(i, 'xx')) return ADD.XX;
  if (args.is(i, 'ch')) return CHANGED_COUNT;
  if (args.is(i, 'incr')) return ADD.INCR;
  if (args.is(i, 'gt')) return ADD.GT;
  return args.is(i, 'lt') ? ADD.LT : 0;
}

function checkOptions(conditions: number, pairs: number): void {
  if (pairs === 0 || !Number.isInteger(pairs)) throw SYNTAX;
  if (conditions !== 0) checkConditions(conditions, pairs);
}

function checkConditions(conditions: number, pairs: number): void {
  const has = (bits: number) => (conditions & bits) === bits;
  if (has(ADD.NX | ADD.XX)) throw ZADD_XX_AND_NX;
  if (has(ADD.GT | ADD.NX) || has(ADD.LT | ADD.NX) || has(ADD.GT | ADD.LT)) throw ZADD_GT_LT_NX;
  if (has(ADD.INCR) && pairs > 1) throw ZADD_INCR_PAIRS;
}

function scoreAt(args: Arguments, i: number): number {
  const score = parseDoubleBytes(args.bytes, args.start(i), args.length(i));
  if (Number.isNaN(score)) throw NOT_FLOAT;
  return score;
}

/** The sorted set that argument 1 names, to read; 0 when there is none. */
function lookup(ctx: CommandContext): Ref {
  const ref = ctx.db.lookupRead(ctx.args, 1);
  if (ref !== 0) mustBeSortedSet(ctx, ref);
  return ref;
}

function mustBeSortedSet({ db }: CommandContext, ref: Ref): void {
  if (typeOf(db.kind(ref)) !== TYPE.SORTED_SET) throw WRONG_TYPE;
}

/** The score of the member in argument `i`, or null. */
function replyScore({ args, db, reply }: CommandContext, ref: Ref, i: number): void {
  const score = ref === 0 ? Number.NaN : scoreOf(db, ref, args.bytes, args.start(i), args.length(i));
  if (Number.isNaN(score)) reply.null();
  else reply.double(score);
}

function replyRank(ctx: CommandContext, reverse: boolean): void {
  const { args, db, keyspace, reply } = ctx;
  if (args.count > 4) throw wrongArity(ctx.command.fullName);
  const withScore = args.count === 4;
  if (withScore && !args.is(3, 'withscore')) throw SYNTAX;
  const ref = lookup(ctx);
  const rank = ref === 0 ? -1 : rankOf(db, ref, args.bytes, args.start(2), args.length(2));
  if (rank < 0) {
    if (withScore) reply.nullArray();
    else reply.null();
    return;
  }
  if (withScore) reply.array(2);
  reply.integer(reverse ? sortedSetSize(db, ref) - 1 - rank : rank);
  if (withScore) reply.double(keyspace.sortedSets.score);
}
