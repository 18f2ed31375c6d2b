// Numbers as arguments of commands: not as `tostring` prints them, which would lose digits, but so that the same double is
// read back.

import { writeText } from '../base/bytes.ts';
import { writeShortDouble } from '../base/double-digits.ts';
import { writeSafeInteger } from '../base/numbers.ts';
import { infiniteText } from '../lua/number-text.ts';

/** The most bytes that a number takes. */
export const NUMBER_BYTES = 32;
// Whole numbers that end with so many zeros are written with an exponent.
const WITH_EXPONENT = 1e8;

/** Writes a number at `at` and returns the offset after it. */
export function writeNumberArgument(target: Uint8Array, at: number, value: number): number {
  if (Number.isSafeInteger(value)) {
    if (value === 0) return writeText(target, at, 1 / value < 0 ? '-0' : '0');
    if (value % WITH_EXPONENT !== 0) return writeSafeInteger(target, at, value);
  }
  if (!Number.isFinite(value)) return writeText(target, at, infiniteText(value));
  return writeShortDouble(target, at, value);
}
