// Numbers in Redis's textual forms: 64-bit integers (a JS number while safe, a bigint beyond), scan cursors and
// doubles. Parsing is as strict or as lenient as the C server's, since it decides both errors and encodings. The
// 80-bit arithmetic of INCRBYFLOAT is in long-double.ts, the digits of a double in double-digits.ts.

import { toText, writeText } from './bytes.ts';
import { shortDouble, writeShortDouble } from './double-digits.ts';

export const INT64_MAX = 0x7fffffffffffffffn;
export const INT64_MIN = -0x8000000000000000n;
export const UINT64_MAX = 0xffffffffffffffffn;

/**
 * The integer that `bytes[start, start + length)` spells in canonical form (optional `-`, no leading zero, no `+`, no
 * space), or NaN when it is anything else or lies outside ±(2^53 - 1). Allocates nothing.
 */
export function parseSafeInteger(bytes: Uint8Array, start: number, length: number): number {
  if (length === 0 || length > 17) return Number.NaN;
  const end = start + length;
  let i = start;
  const negative = bytes[i] === MINUS;
  if (negative) i++;
  if (i === end) return Number.NaN;
  let digit = bytes[i]! - ZERO;
  if (!(digit >= 1 && digit <= 9)) return digit === 0 && length === 1 ? 0 : Number.NaN;
  let value = digit;
  for (i++; i < end; i++) {
    digit = bytes[i]! - ZERO;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  if (value > Number.MAX_SAFE_INTEGER) return Number.NaN;
  return negative ? -value : value;
}

/** What C's atoi makes of a text: the integer that it begins with, 0 without one, cut to 32 bits. */
export function leadingInt32(text: string): number {
  const digits = /^[\t-\r ]*([+-]?[0-9]+)/.exec(text)?.[1];
  return digits === undefined ? 0 : Number(BigInt.asIntN(32, BigInt(digits)));
}

/** The int64 that `text` spells in canonical form, or null. */
export function parseInt64Slow(text: string): bigint | null {
  if (text.length > 20 || !/^(?:0|-?[1-9][0-9]*)$/.test(text)) return null;
  const value = BigInt(text);
  return fitsInt64(value) ? value : null;
}

/** The int64 that `text` spells in canonical form: a number while safe, a bigint beyond, null when it is not one. */
export function parseInt64(text: string): number | bigint | null {
  const length = text.length;
  if (length === 0 || length > 20) return null;
  let i = text.charCodeAt(0) === MINUS ? 1 : 0;
  const negative = i === 1;
  let value = text.charCodeAt(i) - ZERO;
  if (!(value >= 1 && value <= 9)) return value === 0 && length === 1 ? 0 : null;
  for (i++; i < length; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (!(digit >= 0 && digit <= 9)) return null;
    value = value * 10 + digit;
  }
  // Rounding cannot bring an unsafe value below 2^53.
  if (value <= Number.MAX_SAFE_INTEGER) return negative ? -value : value;
  return parseInt64Slow(text);
}

/** As `parseInt64` on a slice. Makes a string only for integers beyond the safe ones. */
export function parseInt64Bytes(bytes: Uint8Array, start: number, length: number): number | bigint | null {
  const value = parseSafeInteger(bytes, start, length);
  if (!Number.isNaN(value)) return value;
  if (length < 16 || length > 20 || !endsInDigit(bytes, start, length)) return null;
  return parseInt64Slow(toText(bytes, start, start + length));
}

/**
 * The unsigned 64-bit integer that `text` spells, by the rules of stream IDs: canonical integers must not be negative,
 * everything else is what strtoull accepts (leading space, a sign, leading zeros; a minus wraps). Null when invalid or
 * out of range.
 */
export function parseUint64(text: string): number | bigint | null {
  const zero = text.indexOf('\0');
  if (zero >= 0) text = text.slice(0, zero);
  const strict = parseInt64(text);
  if (strict !== null) return strict < 0 ? null : strict;
  return text === '' ? null : scanUnsigned(text);
}

/**
 * A scan cursor, or null when it is invalid.
 *
 * Observed 7.2.4: as strtoul reads it, so an empty cursor is 0, signs are taken (a minus wraps), a zero byte ends it.
 */
export function parseScanCursor(text: string): number | bigint | null {
  const zero = text.indexOf('\0');
  if (zero >= 0) text = text.slice(0, zero);
  if (text === '') return 0;
  return isSpace(text.charCodeAt(0)) ? null : scanUnsigned(text);
}

/** The sum as a number while safe and a bigint beyond, or null when it overflows an int64. */
export function checkedAddInt64(a: number | bigint, b: number | bigint): number | bigint | null {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  const sum = BigInt(a) + BigInt(b);
  return fitsInt64(sum) ? normalizeInteger(sum) : null;
}

/** A number when the integer is safe, the same bigint otherwise. */
export function normalizeInteger(value: bigint): number | bigint {
  return value >= MIN_SAFE && value <= MAX_SAFE ? Number(value) : value;
}

export function fitsInt64(value: bigint): boolean {
  return value >= INT64_MIN && value <= INT64_MAX;
}

/** Writes a safe integer in decimal at `at` and returns the offset after it (at most 17 bytes on). */
export function writeSafeInteger(target: Uint8Array, at: number, value: number): number {
  if (value < 0) {
    target[at++] = MINUS;
    value = -value;
  }
  const end = at + decimalDigits(value);
  let i = end;
  while (value > 0x7fffffff) {
    const quotient = Math.floor(value / 10);
    target[--i] = ZERO + (value - quotient * 10);
    value = quotient;
  }
  let small = value | 0;
  do {
    const quotient = (small / 10) | 0;
    target[--i] = ZERO + (small - quotient * 10);
    small = quotient;
  } while (i > at);
  return end;
}

/** How many decimal digits a non-negative safe integer has. */
export function decimalDigits(value: number): number {
  let digits = 1;
  let bound = 10;
  while (value >= bound) {
    digits++;
    bound *= 10;
  }
  return digits;
}

/**
 * The double that `text` spells as strtod reads it in the C locale (decimal and hexadecimal, `inf` and `infinity` in any
 * case), or null: for an empty text, space around it, anything behind it, nan, overflow, or underflow to zero.
 */
export function parseDouble(text: string): number | null {
  if (DECIMAL.test(text)) {
    const value = Number(text);
    if (value === 0) return /[1-9]/.test(mantissaOf(text)) ? null : value;
    return value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY ? null : value;
  }
  const infinite = INFINITE.exec(text);
  if (infinite) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const hexadecimal = HEXADECIMAL.exec(text);
  if (!hexadecimal) return null;
  const value = doubleFromHexadecimal(hexadecimal);
  const isExact =
    Number.isFinite(value) && (value !== 0 || !/[1-9a-fA-F]/.test(hexadecimal[2]! + hexadecimal[3]!));
  return isExact ? value : null;
}

/**
 * The double that `text` spells where Redis asks strtod only whether it read all of it (the bounds of score ranges), or
 * null: as `parseDouble`, but an empty text is 0, space may stand in front, a zero byte ends it, and what is too large or
 * too small becomes an infinity or 0.
 */
export function parseDoubleLeniently(text: string): number | null {
  const zero = text.indexOf('\0');
  if (zero >= 0) text = text.slice(0, zero);
  if (text === '') return 0;
  text = text.replace(/^[\t-\r ]+/, '');
  if (DECIMAL.test(text)) return Number(text);
  const hexadecimal = HEXADECIMAL.exec(text);
  return hexadecimal ? doubleFromHexadecimal(hexadecimal) : parseDouble(text);
}

/** As `parseDouble` on a slice; NaN when it is not a double. Short plain decimals are read without making a string. */
export function parseDoubleBytes(bytes: Uint8Array, start: number, length: number): number {
  if (length > 0 && length <= 17) {
    const end = start + length;
    let i = start;
    const negative = bytes[i] === MINUS;
    if (negative) i++;
    let value = 0;
    let digits = 0;
    let point = -1;
    for (; i < end; i++) {
      const digit = bytes[i]! - ZERO;
      if (digit >= 0 && digit <= 9) {
        value = value * 10 + digit;
        digits++;
      } else if (digit === POINT - ZERO && point < 0) {
        point = i;
      } else {
        break;
      }
    }
    // At most 15 digits and a power of ten up to 10^15 are exact, so that one division rounds correctly. A whole number is exact
    // as long as it is safe.
    if (i === end && digits > 0 && (digits <= 15 || (point < 0 && value <= Number.MAX_SAFE_INTEGER))) {
      if (point >= 0) value /= POWERS_OF_TEN[end - point - 1]!;
      return negative ? -value : value;
    }
  }
  return parseDouble(toText(bytes, start, start + length)) ?? Number.NaN;
}

/**
 * A double as replies and scores show it: integers up to 2^62 in full, else the short form of the C server's
 * conversion, which is not always the shortest; `inf`, `-inf`, `nan`, `-0`.
 */
export function formatDouble(value: number): string {
  if (Number.isSafeInteger(value)) return value === 0 && 1 / value < 0 ? '-0' : String(value);
  if (Number.isNaN(value)) return 'nan';
  if (value === Number.POSITIVE_INFINITY) return 'inf';
  if (value === Number.NEGATIVE_INFINITY) return '-inf';
  if (value >= -(2 ** 62) && value <= 2 ** 62 && Number.isInteger(value)) return BigInt(value).toString();
  return shortDouble(value);
}

/** The most bytes that `writeDouble` writes. */
export const DOUBLE_TEXT_BYTES = 32;

/** Writes what `formatDouble` returns and returns the offset after it. */
export function writeDouble(target: Uint8Array, at: number, value: number): number {
  if (Number.isSafeInteger(value) && value !== 0) return writeSafeInteger(target, at, value);
  if (Number.isFinite(value) && !Number.isInteger(value)) return writeShortDouble(target, at, value);
  return writeText(target, at, formatDouble(value));
}

const ZERO = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;
const MIN_SAFE = BigInt(Number.MIN_SAFE_INTEGER);
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
const POWERS_OF_TEN: readonly number[] = Array.from({ length: 16 }, (_, power) => 10 ** power);

const DECIMAL = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;
const HEXADECIMAL = /^([+-]?)0[xX](?=\.?[0-9a-fA-F])([0-9a-fA-F]*)\.?([0-9a-fA-F]*)(?:[pP]([+-]?[0-9]+))?$/;

/** A cheap test before a string is made of a slice that may be a large integer. */
function endsInDigit(bytes: Uint8Array, start: number, length: number): boolean {
  const last = bytes[start + length - 1]!;
  return last >= ZERO && last <= ZERO + 9;
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

/** What strtoull makes of the whole text: space, a sign and digits; a minus negates modulo 2^64. */
function scanUnsigned(text: string): number | bigint | null {
  const found = /^[\t-\r ]*([+-]?)([0-9]+)$/.exec(text);
  if (!found) return null;
  const value = BigInt(found[2]!);
  if (value > UINT64_MAX) return null;
  return normalizeInteger(found[1] === '-' ? BigInt.asUintN(64, -value) : value);
}

function mantissaOf(text: string): string {
  const exponentAt = text.search(/[eE]/);
  return exponentAt < 0 ? text : text.slice(0, exponentAt);
}

/** Rounded; infinite where it overflows and 0 where it underflows. */
function doubleFromHexadecimal(found: RegExpExecArray): number {
  const negative = found[1] === '-';
  const mantissa = BigInt(`0x${found[2]}${found[3]}`);
  if (mantissa === 0n) return negative ? -0 : 0;
  const exponent = Number(found[4] ?? '0') - 4 * found[3]!.length;
  const magnitude = roundToDouble(mantissa, exponent);
  return negative ? -magnitude : magnitude;
}

/** `mantissa` x 2^`exponent` rounded once, half to even, also where doubles are denormal. */
function roundToDouble(mantissa: bigint, exponent: number): number {
  const bits = mantissa.toString(2).length;
  const top = exponent + bits;
  if (top > 1024) return Number.POSITIVE_INFINITY;
  if (top < -1074) return 0;
  const drop = Math.max(bits - 53, -1074 - exponent);
  if (drop > 0) {
    const shift = BigInt(drop);
    const half = 1n << (shift - 1n);
    const rest = mantissa & ((1n << shift) - 1n);
    mantissa >>= shift;
    if (rest > half || (rest === half && (mantissa & 1n) === 1n)) mantissa += 1n;
    exponent += drop;
  }
  // In two steps, since 2^exponent alone may be out of range while the product is not; both steps are exact.
  const half = Math.trunc(exponent / 2);
  return Number(mantissa) * 2 ** half * 2 ** (exponent - half);
}
