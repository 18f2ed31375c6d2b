// Words and numbers that several list commands take.

import type { Arguments } from '../resp/arguments.ts';
import { SYNTAX } from '../resp/errors.ts';

/** Whether the argument is RIGHT; throws SYNTAX when it is not LEFT either. */
export function isRight(args: Arguments, i: number): boolean {
  if (args.is(i, 'right')) return true;
  if (args.is(i, 'left')) return false;
  throw SYNTAX;
}

/** The argument as an integer; one beyond the safe ones is rounded, as no list is that long. */
export function indexArgument(args: Arguments, i: number): number {
  return Number(args.int64(i));
}
