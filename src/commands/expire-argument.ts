// The ways in which SET, SETEX, GETEX and their kin are told when a key expires: EX, PX, EXAT and PXAT. Found without
// making a string, and turned into milliseconds since the epoch. EXPIRE and its kin take negative times, and so have
// their own rules.

import { INT64_MAX, normalizeInteger } from '../base/numbers.ts';
import type { CommandContext } from '../engine/context.ts';
import type { Arguments } from '../resp/arguments.ts';
import { invalidExpire } from '../resp/errors.ts';

/** The words that announce a time; NONE for any other word. */
export const EXPIRE_WORD = { NONE: 0, EX: 1, PX: 2, EXAT: 3, PXAT: 4 } as const;
export type ExpireWord = (typeof EXPIRE_WORD)[keyof typeof EXPIRE_WORD];

// Thousand times this and the time of now still make a safe integer.
const EXACT_LIMIT = 2 ** 42;

/** Which of the words argument `i` is, in any case. */
export function expireWord(args: Arguments, i: number): ExpireWord {
  const length = args.length(i);
  if (length === 2) {
    if (args.is(i, 'ex')) return EXPIRE_WORD.EX;
    if (args.is(i, 'px')) return EXPIRE_WORD.PX;
  } else if (length === 4) {
    if (args.is(i, 'exat')) return EXPIRE_WORD.EXAT;
    if (args.is(i, 'pxat')) return EXPIRE_WORD.PXAT;
  }
  return EXPIRE_WORD.NONE;
}

/**
 * The deadline that argument `i` gives behind `word`, in ms since the epoch; a bigint when that is no safe integer.
 * Throws when it is no integer, not positive, or beyond an int64 of milliseconds.
 */
export function deadlineOf(ctx: CommandContext, i: number, word: ExpireWord): number | bigint {
  const value = ctx.args.int64(i);
  const isSeconds = word === EXPIRE_WORD.EX || word === EXPIRE_WORD.EXAT;
  const isRelative = word === EXPIRE_WORD.EX || word === EXPIRE_WORD.PX;
  if (value <= 0) throw invalidExpire(ctx.command.fullName);
  if (value < EXACT_LIMIT) {
    const givenMs = isSeconds ? (value as number) * 1000 : (value as number);
    return isRelative ? givenMs + ctx.nowMs : givenMs;
  }
  const deadline = BigInt(value) * (isSeconds ? 1000n : 1n) + (isRelative ? BigInt(ctx.nowMs) : 0n);
  if (deadline > INT64_MAX) throw invalidExpire(ctx.command.fullName);
  return normalizeInteger(deadline);
}

/** Whether a deadline that a client gives is so late that the key goes at once. A replica leaves that to its master. */
export function isOverdue(ctx: CommandContext, deadline: number | bigint): boolean {
  return deadline <= ctx.nowMs && ctx.keyspace.removesExpired;
}
