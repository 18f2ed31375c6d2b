// How requests say which part of a sorted set they mean: by rank (`0 -1`), by score (`(1 +inf`) or by member (`[a (c`),
// and the options that follow. Everything goes straight into the keyspace's `SortedSetRange`; no string is made.

import { parseDoubleBytes, parseDoubleLeniently } from '../base/numbers.ts';
import { type LexBound, RANGE_BY, type RangeBy, type SortedSetRange } from '../keyspace/sorted-set-range.ts';
import type { Arguments } from '../resp/arguments.ts';
import {
  LEX_BOUND_INVALID,
  LIMIT_WITHOUT_SORTBY,
  SCORE_BOUND_NOT_FLOAT,
  SYNTAX,
  WITHSCORES_WITH_BYLEX,
} from '../resp/errors.ts';

const PLUS = 0x2b;
const MINUS = 0x2d;
const PARENTHESIS = 0x28;
const BRACKET = 0x5b;

/** How a command lets its range be said: `by` and `reversed` are null where options say them. */
export interface RangeForm {
  /** The argument with the first bound; the options begin two further on. */
  readonly firstBound: number;
  readonly by: RangeBy | null;
  readonly reversed: boolean | null;
  readonly takesWithScores: boolean;
}

/**
 * Reads the bounds and options of ZRANGE and its relatives into `range` and returns whether scores are asked for. Throws
 * what Redis answers to wrong ones: options come before bounds.
 */
export function readRange(range: SortedSetRange, args: Arguments, form: RangeForm): boolean {
  const { firstBound } = form;
  let by: RangeBy = form.by ?? RANGE_BY.RANK;
  let mayChooseBy = form.by === null;
  let reversed = form.reversed ?? false;
  let mayReverse = form.reversed === null;
  let withScores = false;
  range.offset = 0;
  range.limit = -1;
  for (let i = firstBound + 2; i < args.count; i++) {
    if (form.takesWithScores && args.is(i, 'withscores')) {
      withScores = true;
    } else if (i + 2 < args.count && args.is(i, 'limit')) {
      range.offset = Number(args.int64(i + 1));
      range.limit = Number(args.int64(i + 2));
      i += 2;
    } else if (mayReverse && args.is(i, 'rev')) {
      reversed = true;
      mayReverse = false;
    } else if (mayChooseBy && args.is(i, 'bylex')) {
      by = RANGE_BY.LEX;
      mayChooseBy = false;
    } else if (mayChooseBy && args.is(i, 'byscore')) {
      by = RANGE_BY.SCORE;
      mayChooseBy = false;
    } else {
      throw SYNTAX;
    }
  }
  // Observed 7.2.4: LIMIT with -1 is the default, and so allowed where LIMIT is not.
  if (by === RANGE_BY.RANK && range.limit !== -1) throw LIMIT_WITHOUT_SORTBY;
  if (by === RANGE_BY.LEX && withScores) throw WITHSCORES_WITH_BYLEX;
  range.reversed = reversed;
  if (by === RANGE_BY.RANK) readRanks(range, args, firstBound);
  else if (by === RANGE_BY.SCORE) readScores(range, args, firstBound, reversed);
  else readLex(range, args, firstBound, reversed);
  return withScores;
}

/** The whole of a range of which nothing is left out: for ZCOUNT, ZLEXCOUNT and ZREMRANGEBY…. */
export function readPlainRange(
  range: SortedSetRange,
  args: Arguments,
  firstBound: number,
  by: RangeBy,
): void {
  range.reversed = false;
  range.offset = 0;
  range.limit = -1;
  if (by === RANGE_BY.RANK) readRanks(range, args, firstBound);
  else if (by === RANGE_BY.SCORE) readScores(range, args, firstBound, false);
  else readLex(range, args, firstBound, false);
}

function readRanks(range: SortedSetRange, args: Arguments, i: number): void {
  range.by = RANGE_BY.RANK;
  // Beyond the safe integers lies no rank: rounding changes nothing.
  range.start = Number(args.int64(i));
  range.stop = Number(args.int64(i + 1));
}

function readScores(range: SortedSetRange, args: Arguments, i: number, isMaxFirst: boolean): void {
  const min = isMaxFirst ? i + 1 : i;
  const max = isMaxFirst ? i : i + 1;
  range.by = RANGE_BY.SCORE;
  range.min = scoreBound(args, min);
  range.max = scoreBound(args, max);
  range.minExcluded = isParenthesis(args, min);
  range.maxExcluded = isParenthesis(args, max);
}

function readLex(range: SortedSetRange, args: Arguments, i: number, isMaxFirst: boolean): void {
  range.by = RANGE_BY.LEX;
  readLexBound(range.lexMin, args, isMaxFirst ? i + 1 : i);
  readLexBound(range.lexMax, args, isMaxFirst ? i : i + 1);
}

function scoreBound(args: Arguments, i: number): number {
  const skipped = isParenthesis(args, i) ? 1 : 0;
  const start = args.start(i) + skipped;
  const plain = parseDoubleBytes(args.bytes, start, args.length(i) - skipped);
  if (!Number.isNaN(plain)) return plain;
  const value = parseDoubleLeniently(args.string(i).slice(skipped));
  if (value === null) throw SCORE_BOUND_NOT_FLOAT;
  return value;
}

function isParenthesis(args: Arguments, i: number): boolean {
  return args.length(i) > 0 && args.bytes[args.start(i)] === PARENTHESIS;
}

function readLexBound(bound: LexBound, args: Arguments, i: number): void {
  const start = args.start(i);
  const length = args.length(i);
  const first = length === 0 ? 0 : args.bytes[start];
  // Observed 7.2.4: a zero byte after the sign ends it, whatever follows.
  const isSign = length === 1 || (length > 1 && args.bytes[start + 1] === 0);
  if (first === BRACKET) bound.setIncluded(args.bytes, start + 1, length - 1);
  else if (first === PARENTHESIS) bound.setExcluded(args.bytes, start + 1, length - 1);
  else if (first === PLUS && isSign) bound.setAbove();
  else if (first === MINUS && isSign) bound.setBelow();
  else throw LEX_BOUND_INVALID;
}
