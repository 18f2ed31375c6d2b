// cjson.decode: JSON text to Lua values. A superset of JSON, as lua-cjson 2.1 reads it: control characters may stand raw
// in strings, numbers may be whatever strtod takes, a zero byte ends the text. What is open stands on a stack of the
// reader's own, so that depth costs none of JavaScript's.

import { parseDoubleLeniently } from '../base/numbers.ts';
import { throwError } from './errors.ts';
import { positiveNan } from './number-text.ts';
import { LuaTable } from './table.ts';
import { type LuaValue, NULL } from './value.ts';

/** What a script has chosen for reading. */
export interface DecodeSettings {
  maxDepth: number;
  /** Whether inf, nan, hexadecimals, leading zeros and a plus are numbers. */
  invalidNumbers: boolean;
}

export class JsonDecoder {
  private text = '';
  private at = 0;
  private settings: DecodeSettings;
  // The first backslash at or after the string being read: most texts have none, and are then never searched again.
  private backslash = 0;
  // The tables that are open, from the outside in, and where the value to come belongs in each: an index makes an array.
  private readonly tables: LuaTable[] = [];
  private readonly places: (string | number)[] = [];
  // Slots of the C function's stack in use: what limits depth once a script has raised the maximum.
  private slots = 0;
  private readonly numberForm =
    /[+-]?(?:0x(?=\.?[0-9a-f])[0-9a-f]*\.?[0-9a-f]*(?:p[+-]?[0-9]+)?|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf(?:inity)?|nan(?:\([0-9a-z_]*\))?)/iy;

  constructor(settings: DecodeSettings) {
    this.settings = settings;
  }

  /** The value of a text (latin1). Throws a LuaError that says what was expected where. */
  decode(text: string): LuaValue {
    if (text.length >= 2 && (text.charCodeAt(0) === 0 || text.charCodeAt(1) === 0))
      throwError('JSON parser does not support UTF-16 or UTF-32');
    const zero = text.indexOf('\0');
    this.text = zero < 0 ? text : text.slice(0, zero);
    this.at = 0;
    this.backslash = -1;
    this.slots = 1;
    this.tables.length = 0;
    this.places.length = 0;
    const value = this.readDocument();
    this.text = '';
    return value;
  }

  private readDocument(): LuaValue {
    const { tables, places } = this;
    for (;;) {
      let value = this.readValue();
      if (value === OPENED) continue;
      // The value is whole: it goes where it belongs, and so does every table that it completes.
      for (;;) {
        const depth = tables.length;
        if (depth === 0) {
          if (!Number.isNaN(this.nextCode())) this.refuse('the end');
          return value;
        }
        const table = tables[depth - 1]!;
        const place = places[depth - 1]!;
        if (typeof place === 'number') {
          table.setInteger(place, value);
          const code = this.nextCode();
          if (code === COMMA) {
            this.at++;
            places[depth - 1] = place + 1;
            break;
          }
          if (code !== BRACKET_CLOSE) this.refuse('comma or array end');
          this.slots--;
        } else {
          table.setString(place, value);
          const code = this.nextCode();
          if (code === COMMA) {
            this.at++;
            this.nextCode();
            places[depth - 1] = this.readKey();
            break;
          }
          if (code !== BRACE_CLOSE) this.refuse('comma or object end');
          this.slots -= 2;
        }
        this.at++;
        value = table;
        tables.pop();
        places.pop();
      }
    }
  }

  /** A value, or OPENED when it is a table that has something in it. */
  private readValue(): LuaValue | typeof OPENED {
    const code = this.nextCode();
    if (code === QUOTE) return this.readString('value');
    if (code === MINUS || isDigit(code)) return this.readNumber('value');
    if (code === BRACE_OPEN) return this.openObject();
    if (code === BRACKET_OPEN) return this.openArray();
    const word = this.readWord('value');
    return word === undefined ? this.refuse('value') : word;
  }

  private openObject(): LuaValue | typeof OPENED {
    this.descend(OBJECT_SLOTS);
    const table = new LuaTable();
    if (this.nextCode() === BRACE_CLOSE) {
      this.at++;
      return table;
    }
    const key = this.readKey();
    this.slots += 2;
    this.tables.push(table);
    this.places.push(key);
    return OPENED;
  }

  private openArray(): LuaValue | typeof OPENED {
    this.descend(ARRAY_SLOTS);
    const table = new LuaTable();
    if (this.nextCode() === BRACKET_CLOSE) {
      this.at++;
      return table;
    }
    this.slots++;
    this.tables.push(table);
    this.places.push(1);
    return OPENED;
  }

  private descend(slots: number): void {
    const depth = this.tables.length + 1;
    this.at++;
    if (depth > this.settings.maxDepth || this.slots + slots > MAX_C_STACK)
      throwError(`Found too many nested data structures (${depth}) at character ${this.at}`);
  }

  /** A key with its colon. */
  private readKey(): string {
    if (this.text.charCodeAt(this.at) !== QUOTE) this.refuse('object key string');
    const key = this.readString('object key string');
    if (this.nextCode() !== COLON) this.refuse('colon');
    this.at++;
    return key;
  }

  /** Passes over space; the code that follows, NaN at the end. */
  private nextCode(): number {
    const { text } = this;
    let { at } = this;
    let code = text.charCodeAt(at);
    while (code === SPACE || code === TAB || code === LINE_FEED || code === CARRIAGE_RETURN)
      code = text.charCodeAt(++at);
    this.at = at;
    return code;
  }

  private readString(expected: string): string {
    const start = this.at + 1;
    const end = this.text.indexOf('"', start);
    if (end < 0 || end > this.nextBackslash(start)) return this.readEscapedString(start, end, expected);
    this.at = end + 1;
    return this.text.slice(start, end);
  }

  private readEscapedString(start: number, quote: number, expected: string): string {
    const { text } = this;
    let end = quote < 0 ? text.length : quote;
    let from = start;
    let value = '';
    for (;;) {
      // Each search goes on where the one before it ended, so that a long text is passed over once.
      if (end < from) end = this.find('"', from);
      if (end <= this.nextBackslash(from)) break;
      value += text.slice(from, this.backslash);
      const letter = text.charCodeAt(this.backslash + 1);
      if (letter === LETTER_U) {
        const codePoint = this.readCodePoint(this.backslash);
        if (codePoint < 0) this.refuseAt(expected, 'invalid unicode escape code', this.backslash);
        value += utf8(codePoint);
        from = this.backslash + (codePoint > 0xffff ? 12 : 6);
      } else {
        const meant = ESCAPES.indexOf(String.fromCharCode(letter));
        if (meant < 0 || Number.isNaN(letter)) this.refuseAt(expected, 'invalid escape code', this.backslash);
        value += MEANINGS[meant];
        from = this.backslash + 2;
      }
    }
    if (end >= text.length) this.refuseAt(expected, 'unexpected end of string', text.length);
    this.at = end + 1;
    return value + text.slice(from, end);
  }

  /** The code point of the escape (of the pair of escapes) at `at`, or -1. */
  private readCodePoint(at: number): number {
    const first = this.readHex(at + 2);
    if ((first & 0xf800) !== 0xd800 || first < 0) return first;
    if (first >= 0xdc00 || !this.text.startsWith('\\u', at + 6)) return -1;
    const second = this.readHex(at + 8);
    return (second & 0xfc00) === 0xdc00 && second >= 0
      ? 0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff)
      : -1;
  }

  /** Four hexadecimal digits, or -1. */
  private readHex(at: number): number {
    let value = 0;
    for (let i = at; i < at + 4; i++) {
      const code = this.text.charCodeAt(i);
      const digit = isDigit(code) ? code - ZERO : (code | 0x20) - LETTER_A + 10;
      if (digit > 15 || (digit < 10 && !isDigit(code))) return -1;
      value = value * 16 + digit;
    }
    return value;
  }

  /** true, false, null, or a number that no JSON has; undefined for anything else. */
  private readWord(expected: string): LuaValue {
    const { text, at } = this;
    if (text.startsWith('true', at)) {
      this.at += 4;
      return true;
    }
    if (text.startsWith('false', at)) {
      this.at += 5;
      return false;
    }
    if (text.startsWith('null', at)) {
      this.at += 4;
      return NULL;
    }
    if (this.settings.invalidNumbers && this.mayBeInvalidNumber(at)) return this.readNumber(expected);
    return undefined;
  }

  /** Whether a number stands at `at` that begins as none of JSON does. */
  private mayBeInvalidNumber(at: number): boolean {
    const code = this.text.charCodeAt(at);
    if (code === PLUS) return true;
    const head = this.text.slice(at, at + 3).toLowerCase();
    return head === 'inf' || head === 'nan';
  }

  private readNumber(expected: string): number {
    const { text, at: start } = this;
    const negative = text.charCodeAt(start) === MINUS;
    const first = negative ? start + 1 : start;
    let at = first;
    let value = 0;
    let code = text.charCodeAt(at);
    for (; isDigit(code); code = text.charCodeAt(++at)) value = value * 10 + (code - ZERO);
    let digits = at - first;
    let isPlain = digits > 0 && (digits === 1 || text.charCodeAt(first) !== ZERO);
    if (code === POINT) {
      const point = at;
      for (code = text.charCodeAt(++at); isDigit(code); code = text.charCodeAt(++at))
        value = value * 10 + (code - ZERO);
      const fraction = at - point - 1;
      digits += fraction;
      // Both are exact below 2^53, so their quotient is the nearest double.
      if (digits <= MAX_EXACT_DIGITS) value /= POWERS_OF_TEN[fraction]!;
    }
    isPlain &&= digits <= MAX_EXACT_DIGITS && (code | 0x20) !== LETTER_E && (code | 0x20) !== LETTER_X;
    if (!isPlain) return this.readRareNumber(expected);
    this.at = at;
    return negative ? -value : value;
  }

  /** Numbers with an exponent, with many digits, and those that only strtod takes. */
  private readRareNumber(expected: string): number {
    const { text, at, numberForm } = this;
    const unsigned = text.charCodeAt(at) === MINUS ? at + 1 : at;
    numberForm.lastIndex = at;
    const found = numberForm.exec(text)?.[0];
    const isRefused =
      !this.settings.invalidNumbers &&
      (/^0[0-9x]/i.test(text.slice(unsigned, unsigned + 2)) || this.mayBeInvalidNumber(unsigned));
    if (found === undefined || isRefused) this.refuseAt(expected, 'invalid number', at);
    this.at = at + found.length;
    return parseDoubleLeniently(found) ?? (found.startsWith('-') ? Number.NaN : positiveNan());
  }

  private refuse(expected: string): never {
    const { at } = this;
    this.refuseAt(expected, this.describeToken(expected), at);
  }

  private refuseAt(expected: string, found: string, at: number): never {
    throwError(`Expected ${expected} but found ${found} at character ${at + 1}`);
  }

  /** The name of the token here. One that is damaged is refused for that, at the place of the damage. */
  private describeToken(expected: string): string {
    const code = this.text.charCodeAt(this.at);
    if (Number.isNaN(code)) return 'T_END';
    const single = SINGLE_TOKENS.get(code);
    if (single !== undefined) return single;
    if (code === QUOTE) {
      this.readString(expected);
      return 'T_STRING';
    }
    if (code === MINUS || isDigit(code)) {
      this.readNumber(expected);
      return 'T_NUMBER';
    }
    const word = this.readWord(expected);
    if (word === undefined) return 'invalid token';
    return word === NULL ? 'T_NULL' : typeof word === 'number' ? 'T_NUMBER' : 'T_BOOLEAN';
  }

  /** Where the first backslash from `from` on is, the length of the text without one. */
  private nextBackslash(from: number): number {
    if (this.backslash < from) this.backslash = this.find('\\', from);
    return this.backslash;
  }

  /** Where `mark` comes next, the length of the text if it does not. */
  private find(mark: string, from: number): number {
    const found = this.text.indexOf(mark, from);
    return found < 0 ? this.text.length : found;
  }
}

const OPENED = Symbol('opened');

// As many slots as a C function may use of Lua's stack, and what one level of nesting asks for at least.
const MAX_C_STACK = 8000;
const OBJECT_SLOTS = 3;
const ARRAY_SLOTS = 2;

const MAX_EXACT_DIGITS = 15;
const POWERS_OF_TEN = Float64Array.from({ length: MAX_EXACT_DIGITS + 1 }, (_, power) => Number(`1e${power}`));

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const BRACKET_OPEN = 0x5b;
const BRACKET_CLOSE = 0x5d;
const LETTER_A = 0x61;
const LETTER_E = 0x65;
const LETTER_U = 0x75;
const LETTER_X = 0x78;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;

const ESCAPES = '"\\/btnfr';
const MEANINGS = '"\\/\b\t\n\f\r';

const SINGLE_TOKENS: ReadonlyMap<number, string> = new Map([
  [BRACE_OPEN, 'T_OBJ_BEGIN'],
  [BRACE_CLOSE, 'T_OBJ_END'],
  [BRACKET_OPEN, 'T_ARR_BEGIN'],
  [BRACKET_CLOSE, 'T_ARR_END'],
  [COMMA, 'T_COMMA'],
  [COLON, 'T_COLON'],
]);

function isDigit(code: number): boolean {
  return code >= ZERO && code <= 0x39;
}

/** The UTF-8 form of a code point, one character a byte. */
function utf8(codePoint: number): string {
  if (codePoint < 0x80) return String.fromCharCode(codePoint);
  const last = 0x80 | (codePoint & 0x3f);
  if (codePoint < 0x800) return String.fromCharCode(0xc0 | (codePoint >> 6), last);
  const third = 0x80 | ((codePoint >> 6) & 0x3f);
  if (codePoint < 0x10000) return String.fromCharCode(0xe0 | (codePoint >> 12), third, last);
  return String.fromCharCode(0xf0 | (codePoint >> 18), 0x80 | ((codePoint >> 12) & 0x3f), third, last);
}
