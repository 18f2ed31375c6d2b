// What INCRBYFLOAT and HINCRBYFLOAT have in common: the sum of a stored number and an argument, as text. Short decimals,
// the usual case, are added without a string or a bigint (base/short-decimal.ts), all others as 80-bit floats.

import {
  addLongDouble,
  formatLongDouble,
  isFiniteLongDouble,
  type LongDouble,
  parseLongDouble,
} from '../base/long-double.ts';
import { NAN_OR_INFINITY, NOT_FLOAT, type ReplyError } from '../resp/errors.ts';

/** The number that a text spells; throws `error` when it is none. */
export function floatOrThrow(text: string, error: ReplyError = NOT_FLOAT): LongDouble {
  const value = parseLongDouble(text);
  if (value === null) throw error;
  return value;
}

/** The text of the sum; throws NAN_OR_INFINITY when it is neither finite nor a number. */
export function floatSum(a: LongDouble, b: LongDouble): string {
  const sum = addLongDouble(a, b);
  if (!isFiniteLongDouble(sum)) throw NAN_OR_INFINITY;
  return formatLongDouble(sum);
}
