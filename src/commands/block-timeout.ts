// The timeout of blocking commands: seconds with a fraction (BLPOP), or milliseconds (XREAD). 0 is for ever.

import { multiplyAndCeil, parseLongDouble } from '../base/long-double.ts';
import { INT64_MAX } from '../base/numbers.ts';
import type { CommandContext } from '../engine/context.ts';
import {
  TIMEOUT_NEGATIVE,
  TIMEOUT_NOT_FLOAT,
  TIMEOUT_NOT_INTEGER,
  TIMEOUT_OUT_OF_RANGE,
} from '../resp/errors.ts';

const MS_PER_SECOND = 1000;
const LATEST_MS = 2 ** 63;

/**
 * The timeout in argument `i`, given in seconds, in ms, rounded up; throws what Redis answers to a wrong one.
 *
 * Observed 7.2.4: what is less than a millisecond below zero is rounded up to 0, and so is for ever.
 */
export function timeoutOfSeconds({ args, nowMs }: CommandContext, i: number): number {
  const seconds = parseLongDouble(args.string(i));
  if (seconds === null) throw TIMEOUT_NOT_FLOAT;
  const timeoutMs = multiplyAndCeil(seconds, MS_PER_SECOND);
  if (timeoutMs > INT64_MAX) throw TIMEOUT_OUT_OF_RANGE;
  if (timeoutMs < 0) throw TIMEOUT_NEGATIVE;
  if (timeoutMs > INT64_MAX - BigInt(nowMs)) throw TIMEOUT_OUT_OF_RANGE;
  return Number(timeoutMs);
}

/** The timeout in argument `i`, given in ms. */
export function timeoutOfMilliseconds({ args, nowMs }: CommandContext, i: number): number {
  const timeoutMs = Number(args.int64(i, TIMEOUT_NOT_INTEGER));
  if (timeoutMs < 0) throw TIMEOUT_NEGATIVE;
  if (timeoutMs + nowMs >= LATEST_MS) throw TIMEOUT_OUT_OF_RANGE;
  return timeoutMs;
}
