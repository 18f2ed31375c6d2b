// Numbers to text and back, as Lua 5.1 has them on x86-64 Linux: tostring is C's `%.14g`, tonumber is strtod with what
// the C library takes beyond decimals (hexadecimal with fractions, infinities, nan). Text is latin1.

import { parseDoubleLeniently, UINT64_MAX } from '../base/numbers.ts';

const SIGNIFICANT_DIGITS = 14;

/**
 * What `tostring` makes of a number.
 *
 * Observed 7.2.4: 0/0 is `-nan`, as the processor makes it, and -(0/0) is `nan`. JavaScript does not show the sign of a NaN,
 * and a compiler of its own may choose it; so one that has none is made by `positiveNan` and known by a mark.
 */
export function numberToText(value: number): string {
  if (value === (value | 0)) return value === 0 && 1 / value < 0 ? '-0' : `${value}`;
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e13) {
    if (Number.isInteger(value)) return `${value}`;
    // Plain digits, and rounded as C does it but for ties. In a tie there is one digit more behind the point, so at most as
    // many binary ones.
    const text = value.toPrecision(SIGNIFICANT_DIGITS);
    const digitsBehindPoint = text.length - text.indexOf('.');
    if (!Number.isInteger(value * 2 ** digitsBehindPoint)) return withoutZeros(text);
  }
  if (!Number.isFinite(value)) return infiniteText(value);
  return generalText(value, SIGNIFICANT_DIGITS, false);
}

/** `inf`, `-inf`, `nan`, `-nan`. */
export function infiniteText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return 'inf';
  if (value === Number.NEGATIVE_INFINITY) return '-inf';
  return isPositiveNan(value) ? 'nan' : '-nan';
}

/** The number with the other sign, a NaN too. */
export function negate(value: number): number {
  if (!Number.isNaN(value)) return -value;
  return isPositiveNan(value) ? Number.NaN : positiveNan();
}

/** Whether a NaN is one that `positiveNan` made, or what arithmetic made of it. */
export function isPositiveNan(value: number): boolean {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  return bits.getUint32(0) === POSITIVE_NAN_HIGH && bits.getUint32(4) === NAN_MARK;
}

/** A NaN without a sign. Processors hand its mark on from operand to result. */
export function positiveNan(): number {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setUint32(0, POSITIVE_NAN_HIGH);
  bits.setUint32(4, NAN_MARK);
  return bits.getFloat64(0);
}

/**
 * A finite double with `digits` significant digits (1 to 100) as C's `%g` writes it: plain or with an exponent,
 * whichever the size asks for; zeros at the end stay only with `keepZeros` (the flag `#`).
 */
export function generalText(value: number, digits: number, keepZeros: boolean): string {
  const size = Math.abs(value);
  if (digits <= MAX_SURE_DIGITS && !keepZeros && size >= 1e-4 && size < 1e15) {
    // Where the shortest text that reads back has no more digits than are asked for, it is the one.
    const shortest = `${value}`;
    const length = value < 0 ? shortest.length - 1 : shortest.length;
    if (length <= (size < 1 ? digits + 2 : Number.isInteger(value) ? digits : digits + 1)) return shortest;
  }
  const text = exponentText(value, digits - 1);
  const mark = text.lastIndexOf('e');
  const exponent = Number(text.slice(mark + 1));
  let mantissa = text.slice(0, mark);
  if (exponent < -4 || exponent >= digits) {
    if (!keepZeros) mantissa = withoutZeros(mantissa);
    else if (digits === 1) mantissa += '.';
    return mantissa + text.slice(mark);
  }
  const sign = mantissa.charCodeAt(0) === MINUS ? '-' : '';
  const significant = mantissa.slice(sign.length).replace('.', '');
  if (exponent < 0) {
    const small = `${sign}0.${'0'.repeat(-exponent - 1)}${significant}`;
    return keepZeros ? small : withoutZeros(small);
  }
  const plain = `${sign}${significant.slice(0, exponent + 1)}.${significant.slice(exponent + 1)}`;
  return keepZeros ? plain : withoutZeros(plain);
}

/** A finite double as C's `%e` writes it, with `fraction` digits (0 to 100) after the point: the exact value, half to even. */
export function exponentText(value: number, fraction: number): string {
  let text = value.toExponential(fraction);
  if (fraction < 100 && isTie(value, fraction)) {
    // JavaScript rounds a tie away from zero; one digit more is exact here, and cutting it off rounds toward zero.
    const exact = value.toExponential(fraction + 1);
    const mark = exact.lastIndexOf('e');
    const before = exact.charCodeAt(mark - 2) === POINT ? mark - 3 : mark - 2;
    const isEven = (exact.charCodeAt(before) & 1) === 0;
    if (isEven) text = exact.slice(0, before + 1) + exact.slice(mark);
  }
  const mark = text.lastIndexOf('e') + 2;
  const sign = value === 0 && 1 / value < 0 ? '-' : '';
  return text.length - mark < 2 ? `${sign}${text.slice(0, mark)}0${text.slice(mark)}` : text;
}

/**
 * The number that a text spells, or undefined: decimal, hexadecimal, `inf`, `infinity`, `nan`; space may stand around it,
 * and a zero byte ends it.
 */
export function textToNumber(text: string): number | undefined {
  const length = text.length;
  if (length > 0 && length <= MAX_PLAIN_LENGTH) {
    const isNegative = text.charCodeAt(0) === MINUS;
    let value = 0;
    let point = -1;
    let i = isNegative ? 1 : 0;
    const first = i;
    for (; i < length; i++) {
      const digit = text.charCodeAt(i) - ZERO;
      if (digit >= 0 && digit <= 9) value = value * 10 + digit;
      else if (digit === POINT - ZERO && point < 0) point = i;
      else break;
    }
    const digits = length - first - (point < 0 ? 0 : 1);
    // So few digits and a power of ten are exact, and one division rounds correctly.
    if (i === length && digits > 0 && digits <= MAX_SURE_DIGITS) {
      if (point >= 0) value /= POWERS_OF_TEN[length - point - 1]!;
      return isNegative ? -value : value;
    }
  }
  return scanNumber(text);
}

/**
 * The number that a text spells in a base from 2 to 36, or undefined. As strtoul reads it: a minus wraps around 2^64, what
 * is larger becomes 2^64 - 1, and base 16 may begin with `0x`.
 */
export function textToNumberInBase(text: string, base: number): number | undefined {
  const found = /^([+-]?)(.+)$/s.exec(trimmed(text));
  if (found === null) return undefined;
  let digits = found[2]!;
  if (base === 16 && /^0[xX]./s.test(digits)) digits = digits.slice(2);
  let value = 0;
  let exact = 0n;
  for (let i = 0; i < digits.length; i++) {
    const digit = digitOf(digits.charCodeAt(i));
    if (digit >= base) return undefined;
    if (value <= MAX_BEFORE_DIGIT) {
      value = value * base + digit;
    } else if (exact <= UINT64_MAX) {
      exact = (exact === 0n ? BigInt(value) : exact) * BigInt(base) + BigInt(digit);
    }
  }
  if (exact > UINT64_MAX) return Number(UINT64_MAX);
  if (found[1] !== '-') return exact === 0n ? value : Number(exact);
  return Number(BigInt.asUintN(64, -(exact === 0n ? BigInt(value) : exact)));
}

const ZERO = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;
// A sign, a point and as many digits as survive.
const MAX_PLAIN_LENGTH = 17;
// So many digits of a decimal survive in a double.
const MAX_SURE_DIGITS = 15;
const POWERS_OF_TEN: readonly number[] = Array.from({ length: 16 }, (_, power) => 10 ** power);
const MAX_BEFORE_DIGIT = (Number.MAX_SAFE_INTEGER - 35) / 36;

const POSITIVE_NAN_HIGH = 0x7ff80000;
const NAN_MARK = 1;
const NAN = /^[+-]?nan(?:\([0-9A-Za-z_]*\))?$/i;

function scanNumber(text: string): number | undefined {
  const body = trimmed(text);
  if (body === '') return undefined;
  const value = parseDoubleLeniently(body);
  if (value !== null) return value;
  if (!NAN.test(body)) return undefined;
  return body.charCodeAt(0) === MINUS ? Number.NaN : positiveNan();
}

/** Up to the first zero byte, without the space around. */
function trimmed(text: string): string {
  const zero = text.indexOf('\0');
  let end = zero < 0 ? text.length : zero;
  let start = 0;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

/** The value of a digit or letter; 36 for anything else. */
function digitOf(code: number): number {
  if (code >= ZERO && code <= ZERO + 9) return code - ZERO;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a ? lower - 0x61 + 10 : 36;
}

/** Drops zeros behind the point, and the point if nothing is left behind it. */
function withoutZeros(text: string): string {
  if (text.indexOf('.') < 0) return text;
  let end = text.length;
  while (text.charCodeAt(end - 1) === ZERO) end--;
  if (text.charCodeAt(end - 1) === POINT) end--;
  return end === text.length ? text : text.slice(0, end);
}

/** Whether a value lies exactly between two neighbours of `fraction` digits after the point of its exponent form. */
function isTie(value: number, fraction: number): boolean {
  // Only a text of one digit more that ends in 5 and reads back as the value can be one; few get further. Up to 15 digits
  // that is the shortest text, which is quickly made.
  if (fraction <= 13 && !/5(?:0*|e.*)$/.test(`${value}`)) return false;
  const longer = value.toExponential(fraction + 1);
  const mark = longer.lastIndexOf('e');
  if (longer.charCodeAt(mark - 1) !== ZERO + 5 || Number(longer) !== value) return false;
  // The mantissa and the exponent of the longer text as integers, against those of the value.
  const decimal = BigInt(longer.slice(0, mark).replace('.', ''));
  const power = Number(longer.slice(mark + 1)) - fraction - 1;
  let binary = value;
  let shift = 0;
  while (!Number.isInteger(binary)) {
    binary *= 2;
    shift++;
  }
  const left = decimal * 10n ** BigInt(Math.max(power, 0)) * (1n << BigInt(shift));
  return left === BigInt(binary) * 10n ** BigInt(Math.max(-power, 0));
}
