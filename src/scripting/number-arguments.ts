// Numbers as arguments of commands: not as `tostring` prints them, which would lose digits, but so that the same double is
// read back.

import { writeText } from '../base/bytes.ts';
import { writeShortDouble } from '../base/double-digits.ts';
import { writeSafeInteger } from '../base/numbers.ts';
import { infiniteText } from '../lua/number-text.ts';

/** The most bytes that a number takes. */
export const NUMBER_BYTES = 32;
// From here on, some whole numbers are written with an exponent.
const PLAIN_INTEGERS_BELOW = 1e8;

/** Writes a number at `at` and returns the offset after it. */
export function writeNumberArgument(target: Uint8Array, at: number, value: number): number {
  if (value === (value | 0) && value < PLAIN_INTEGERS_BELOW && value > -PLAIN_INTEGERS_BELOW) {
    if (value === 0 && 1 / value < 0) return writeText(target, at, '-0');
    return writeSafeInteger(target, at, value);
  }
  if (!Number.isFinite(value)) return writeText(target, at, infiniteText(value));
  return writeShortDouble(target, at, value);
}
