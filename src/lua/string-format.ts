// string.format: C's printf as Lua 5.1 hands it on. A template is cut into pieces once and kept by the library; a mistake
// in it is a piece as well, since Lua raises it only after the values before it are written.

import { fixedDecimal } from '../base/fixed-decimal.ts';
import { exponentText, generalText, infiniteText } from './number-text.ts';

/** What a conversion wants of its value. */
export const WANTS_TEXT = 0;
export const WANTS_NUMBER = 1;
/** It raises `message`. */
export const WANTS_NOTHING = 2;

export interface FormatPiece {
  /** What stands before the conversion. */
  readonly before: string;
  /** The letter, '' for the end of the template. */
  readonly conversion: string;
  readonly wants: number;
  readonly message: string;
  /** Neither flags nor width nor precision. */
  readonly isBare: boolean;
  readonly width: number;
  /** -1 without one. */
  readonly precision: number;
  readonly isLeft: boolean;
  readonly plus: string;
  readonly isAlternative: boolean;
  readonly isZeroed: boolean;
}

/** The pieces of a template up to the conversion number `most`; behind all of them is one without a conversion. */
export function parseFormat(template: string, most: number): readonly FormatPiece[] {
  const pieces: FormatPiece[] = [];
  let before = '';
  let at = 0;
  while (pieces.length < most) {
    const percent = template.indexOf('%', at);
    if (percent < 0) break;
    before += template.slice(at, percent);
    if (template.charCodeAt(percent + 1) === PERCENT) {
      before += '%';
      at = percent + 2;
      continue;
    }
    SPECIFICATION.lastIndex = percent + 1;
    const [whole, flags, width, point, precision] = SPECIFICATION.exec(template) as unknown as Specification;
    at = percent + 1 + whole.length;
    const letter = template.charAt(at++);
    const message = problemOf(flags, letter);
    pieces.push({
      before,
      conversion: letter === 'i' ? 'd' : letter,
      wants: message !== '' ? WANTS_NOTHING : letter === 's' || letter === 'q' ? WANTS_TEXT : WANTS_NUMBER,
      message,
      isBare: whole === '',
      width: width === '' ? 0 : Number(width),
      precision: point === undefined ? -1 : Number(precision),
      isLeft: flags.includes('-'),
      plus: flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '',
      isAlternative: flags.includes('#'),
      isZeroed: flags.includes('0'),
    });
    before = '';
  }
  pieces.push({ ...LAST, before: before + template.slice(at) });
  return pieces;
}

/** What a piece makes of a number. */
export function formatNumber(piece: FormatPiece, value: number): string {
  switch (piece.conversion) {
    case 'd':
      return formatSigned(piece, value);
    case 'c':
      return formatCharacter(piece, value);
    case 'o':
    case 'u':
    case 'x':
    case 'X':
      return formatUnsigned(piece, value);
    default:
      return formatDouble(piece, value);
  }
}

/** What a piece makes of a text. */
export function formatText(piece: FormatPiece, text: string): string {
  if (piece.conversion === 'q') return quoted(text);
  // Observed 7.2.4: what goes through printf ends at a zero byte; a long text without a precision does not.
  if (piece.precision < 0 && text.length >= UNFORMATTED_FROM) return text;
  const shown = upToZero(text);
  if (piece.isBare) return shown;
  return pad(piece, piece.precision < 0 ? shown : shown.slice(0, piece.precision));
}

type Specification = [
  whole: string,
  flags: string,
  width: string,
  point: string | undefined,
  precision: string,
];

const PERCENT = 0x25;
const UNFORMATTED_FROM = 100;
const MAX_FLAGS = 5;
const SPECIFICATION = /([-+ #0]*)([0-9]{0,2})(?:(\.)([0-9]{0,2}))?/y;
const LAST: FormatPiece = {
  before: '',
  conversion: '',
  wants: WANTS_NOTHING,
  message: '',
  isBare: true,
  width: 0,
  precision: -1,
  isLeft: false,
  plus: '',
  isAlternative: false,
  isZeroed: false,
};

function problemOf(flags: string, letter: string): string {
  if (flags.length > MAX_FLAGS) return 'invalid format (repeated flags)';
  if (letter >= '0' && letter <= '9') return 'invalid format (width or precision too long)';
  if (letter !== '' && 'cdiouxXeEfgGqs'.includes(letter)) return '';
  return `invalid option '%${letter === '\0' ? '' : letter}' to 'format'`;
}

function formatSigned(piece: FormatPiece, value: number): string {
  const integer = toInt64(value);
  if (piece.isBare) return `${integer}`;
  const isNegative = integer < 0;
  const digits = withPrecision(piece, `${isNegative ? -integer : integer}`);
  return padNumber(piece, isNegative ? '-' : piece.plus, digits, piece.precision < 0);
}

function formatUnsigned(piece: FormatPiece, value: number): string {
  const { conversion } = piece;
  const integer = toUint64(value);
  let digits = integer.toString(conversion === 'o' ? 8 : conversion === 'u' ? 10 : 16);
  if (conversion === 'X') digits = digits.toUpperCase();
  if (piece.isBare) return digits;
  digits = withPrecision(piece, digits);
  let prefix = '';
  if (piece.isAlternative) {
    if (conversion === 'o' && digits.charAt(0) !== '0') digits = `0${digits}`;
    else if ((conversion === 'x' || conversion === 'X') && integer > 0) prefix = `0${conversion}`;
  }
  return padNumber(piece, prefix, digits, piece.precision < 0);
}

/** Digits filled up to the precision; a zero with the precision 0 has none. */
function withPrecision(piece: FormatPiece, digits: string): string {
  if (piece.precision === 0 && digits === '0') return '';
  return digits.padStart(piece.precision, '0');
}

function formatDouble(piece: FormatPiece, value: number): string {
  const upper = piece.conversion === 'E' || piece.conversion === 'G';
  const hasDigits = Number.isFinite(value);
  let text = hasDigits ? finiteText(piece, value) : infiniteText(value);
  if (upper) text = text.toUpperCase();
  if (piece.width === 0 && piece.plus === '') return text;
  const isNegative = text.charAt(0) === '-';
  return padNumber(piece, isNegative ? '-' : piece.plus, isNegative ? text.slice(1) : text, hasDigits);
}

function finiteText(piece: FormatPiece, value: number): string {
  const precision = piece.precision < 0 ? 6 : piece.precision;
  switch (piece.conversion) {
    case 'f':
      if (precision > 0) return fixedDecimal(value, precision);
      return wholeText(value) + (piece.isAlternative ? '.' : '');
    case 'g':
    case 'G':
      return generalText(value, precision === 0 ? 1 : precision, piece.isAlternative);
    default: {
      const text = exponentText(value, precision);
      return piece.isAlternative && precision === 0 ? text.replace('e', '.e') : text;
    }
  }
}

/** A double without digits after the point, half to even. */
function wholeText(value: number): string {
  if (Number.isInteger(value)) return fixedDecimal(value, 1).slice(0, -2);
  // With a fraction it is below 2^52, so that whole numbers around it are exact.
  const floor = Math.floor(value);
  const rest = value - floor;
  const isUp = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0);
  const whole = Math.abs(isUp ? floor + 1 : floor);
  return value < 0 ? `-${whole}` : `${whole}`;
}

function formatCharacter(piece: FormatPiece, value: number): string {
  const code = Math.abs(value) < 2 ** 31 ? Math.trunc(value) & 0xff : 0;
  // A zero byte ends what printf has written.
  return upToZero(pad(piece, String.fromCharCode(code)));
}

function pad(piece: FormatPiece, text: string): string {
  return piece.isLeft ? text.padEnd(piece.width) : text.padStart(piece.width);
}

/** With zeros between the prefix and the digits where the flags say so. */
function padNumber(piece: FormatPiece, prefix: string, digits: string, mayZero: boolean): string {
  if (piece.isZeroed && mayZero && !piece.isLeft) {
    return prefix + digits.padStart(piece.width - prefix.length, '0');
  }
  return pad(piece, prefix + digits);
}

/** A double cut to a signed 64-bit integer as the processor does it: what does not fit is the lowest one. */
function toInt64(value: number): number | bigint {
  const integer = Math.trunc(value);
  if (Number.isSafeInteger(integer)) return integer + 0;
  return integer >= -(2 ** 63) && integer < 2 ** 63 ? BigInt(integer) : -(2n ** 63n);
}

/** A double cut to an unsigned one: negative ones wrap, what is too large is 0, what is too small or no number is 2^63. */
function toUint64(value: number): number | bigint {
  const integer = Math.trunc(value);
  if (integer >= 0 && integer <= Number.MAX_SAFE_INTEGER) return integer + 0;
  if (integer >= 2 ** 64) return 0;
  return integer >= -(2 ** 63) ? BigInt.asUintN(64, BigInt(integer)) : 2n ** 63n;
}

function upToZero(text: string): string {
  const zero = text.indexOf('\0');
  return zero < 0 ? text : text.slice(0, zero);
}

/** Observed 7.2.4: `%q` escapes these five bytes and no other. */
function quoted(text: string): string {
  return `"${text.replace(/["\\\n\r\0]/g, escaped)}"`;
}

function escaped(character: string): string {
  if (character === '\r') return '\\r';
  return character === '\0' ? '\\000' : `\\${character}`;
}
