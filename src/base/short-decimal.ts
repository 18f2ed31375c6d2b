// Sums of short decimals such as 10.5 and 0.1, for INCRBYFLOAT and HINCRBYFLOAT: as scaled integers in JS numbers, made
// without a string or a bigint. They are answered only where 80-bit arithmetic and 17 digits after the point would
// show exactly the same; everything else is long-double.ts's.
//
// A decimal is a mantissa and the number of its digits after the point: 10.5 is 105 with 1.

import { decimalDigits, writeSafeInteger } from './numbers.ts';

const ZERO = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;
const MAX_DIGITS = 15;
const POWERS_OF_TEN = Float64Array.from({ length: MAX_DIGITS + 1 }, (_, power) => 10 ** power);
const POWERS_OF_FIVE = Float64Array.from({ length: MAX_DIGITS + 1 }, (_, power) => 5 ** power);
// Three roundings to 64 bits, of numbers that together stay below this, are off by less than half of 10^-17.
const EXACT_BELOW = 64;

/**
 * Writes the sum of the decimals that two slices spell at the start of `target` (at most 20 bytes) and returns its length; 0 when they do
 * not spell short ones, or when a long double might show another number.
 */
export function addDecimals(
  target: Uint8Array,
  a: Uint8Array,
  aStart: number,
  aLength: number,
  b: Uint8Array,
  bStart: number,
  bLength: number,
): number {
  const left = mantissaOf(a, aStart, aLength);
  const right = mantissaOf(b, bStart, bLength);
  if (Number.isNaN(left) || Number.isNaN(right)) return 0;
  const leftDigits = fractionDigitsOf(a, aStart, aLength);
  const rightDigits = fractionDigitsOf(b, bStart, bLength);
  let sum = sumOfDecimals(left, leftDigits, right, rightDigits);
  if (Number.isNaN(sum)) return 0;
  const sumDigits = Math.max(leftDigits, rightDigits);
  const digits = significantDigits(sum, sumDigits);
  for (let i = sumDigits; i > digits; i--) sum /= 10;
  return writeDecimal(target, 0, sum, digits);
}

/** The mantissa of the decimal that a slice spells: `-`, up to 15 digits, a point among them. NaN for anything else. */
export function mantissaOf(bytes: Uint8Array, start: number, length: number): number {
  if (length > MAX_DIGITS + 2) return Number.NaN;
  const end = start + length;
  const negative = bytes[start] === MINUS;
  let mantissa = 0;
  let digits = 0;
  let points = 0;
  for (let i = negative ? start + 1 : start; i < end; i++) {
    const digit = bytes[i]! - ZERO;
    if (digit >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit;
      digits++;
    } else if (digit !== POINT - ZERO || ++points > 1) {
      return Number.NaN;
    }
  }
  if (digits === 0 || digits > MAX_DIGITS) return Number.NaN;
  return negative ? 0 - mantissa : mantissa;
}

/** How many digits stand after the point in a slice that has a mantissa. */
export function fractionDigitsOf(bytes: Uint8Array, start: number, length: number): number {
  for (let after = 0; after < length; after++) {
    if (bytes[start + length - 1 - after] === POINT) return after;
  }
  return 0;
}

/**
 * The mantissa of the sum, with as many digits after the point as the longer of the two has; NaN where a long double
 * might show another number.
 */
export function sumOfDecimals(a: number, aDigits: number, b: number, bDigits: number): number {
  const digits = Math.max(aDigits, bDigits);
  const left = a * POWERS_OF_TEN[digits - aDigits]!;
  const right = b * POWERS_OF_TEN[digits - bDigits]!;
  const sum = left + right;
  const size = Math.abs(left) + Math.abs(right) + Math.abs(sum);
  if (!(size <= Number.MAX_SAFE_INTEGER)) return Number.NaN;
  if (size < EXACT_BELOW * POWERS_OF_TEN[digits]!) return sum;
  // Multiples of a power of two are no larger than a mantissa, so nothing is rounded at all.
  const five = POWERS_OF_FIVE[digits]!;
  return left % five === 0 && right % five === 0 ? sum : Number.NaN;
}

/** How many of the digits after the point are left when zeros at the end are dropped. */
export function significantDigits(mantissa: number, digits: number): number {
  while (digits > 0 && mantissa % 10 === 0) {
    mantissa /= 10;
    digits--;
  }
  return digits;
}

/** The bytes that `writeDecimal` writes. */
export function decimalLength(mantissa: number, digits: number): number {
  const size = Math.abs(mantissa);
  const sign = mantissa < 0 ? 1 : 0;
  if (digits === 0) return sign + decimalDigits(size);
  return sign + decimalDigits(Math.floor(size / POWERS_OF_TEN[digits]!)) + 1 + digits;
}

/** Writes a decimal with `digits` digits after the point at `at` and returns the offset after it. */
export function writeDecimal(target: Uint8Array, at: number, mantissa: number, digits: number): number {
  if (digits === 0) return writeSafeInteger(target, at, mantissa);
  if (mantissa < 0) target[at++] = MINUS;
  const size = Math.abs(mantissa);
  const scale = POWERS_OF_TEN[digits]!;
  const whole = Math.floor(size / scale);
  let rest = size - whole * scale;
  at = writeSafeInteger(target, at, whole);
  target[at] = POINT;
  for (let i = at + digits; i > at; i--) {
    const quotient = Math.floor(rest / 10);
    target[i] = ZERO + (rest - quotient * 10);
    rest = quotient;
  }
  return at + 1 + digits;
}
