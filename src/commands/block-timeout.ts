// The timeout of blocking commands: seconds with a fraction (BLPOP), or milliseconds (XREAD). 0 is for ever.

import { parseDouble } from '../base/numbers.ts';
import type { CommandContext } from '../engine/context.ts';
import {
  TIMEOUT_NEGATIVE,
  TIMEOUT_NOT_FLOAT,
  TIMEOUT_NOT_INTEGER,
  TIMEOUT_OUT_OF_RANGE,
} from '../resp/errors.ts';

const LATEST_MS = 2 ** 63;

/** The timeout in argument `i`, given in seconds, in ms, rounded up; throws what Redis answers to a wrong one. */
export function timeoutOfSeconds({ args, nowMs }: CommandContext, i: number): number {
  const seconds = parseDouble(args.string(i));
  if (seconds === null || Number.isNaN(seconds)) throw TIMEOUT_NOT_FLOAT;
  const timeoutMs = Math.ceil(seconds * 1000);
  if (timeoutMs >= LATEST_MS) throw TIMEOUT_OUT_OF_RANGE;
  if (seconds < 0) throw TIMEOUT_NEGATIVE;
  if (timeoutMs + nowMs >= LATEST_MS) throw TIMEOUT_OUT_OF_RANGE;
  return timeoutMs;
}

/** The timeout in argument `i`, given in ms. */
export function timeoutOfMilliseconds({ args, nowMs }: CommandContext, i: number): number {
  const timeoutMs = Number(args.int64(i, TIMEOUT_NOT_INTEGER));
  if (timeoutMs < 0) throw TIMEOUT_NEGATIVE;
  if (timeoutMs + nowMs >= LATEST_MS) throw TIMEOUT_OUT_OF_RANGE;
  return timeoutMs;
}
