// cjson.encode: Lua values to JSON text, as lua-cjson 2.1 writes it. What is open stands on a stack of the writer's own,
// so that depth costs none of JavaScript's. The text is put together from small strings, which V8 does faster than it
// copies through a buffer.

import { throwError } from './errors.ts';
import { LONG, LongText } from './long-text.ts';
import { generalText, infiniteText, numberToText } from './number-text.ts';
import type { LuaState } from './state.ts';
import { LuaTable } from './table.ts';
import { type LuaValue, NULL, typeName } from './value.ts';

/** What becomes of numbers that JSON has not: infinities and NaN. */
export const NUMBERS_REFUSED = 0;
export const NUMBERS_SHOWN = 1;
export const NUMBERS_NULL = 2;

/** What a script has chosen for writing. */
export interface EncodeSettings {
  maxDepth: number;
  /** Significant digits, 1 to 14. */
  precision: number;
  numbers: number;
  /** Whether arrays with more holes than allowed become objects; else they are refused. */
  sparseConvert: boolean;
  /** An array may be so many times longer than it has elements; 0 for any length. */
  sparseRatio: number;
  /** Up to this length holes are not counted. */
  sparseSafe: number;
}

export class JsonEncoder {
  private readonly settings: EncodeSettings;
  // The end of the text; what came before it, once it is long.
  private text = '';
  private readonly before: LongText;
  // Whether the quote that ends a string is still to come: it is written with what follows, to save steps.
  private quote = CLOSED;
  // The tables that are open, from the outside in. For each: the length of an array, OBJECT for an object; how many indexes
  // of the array, or places in the order of traversal, have been passed. The lists do not get shorter, which would cost more
  // than the rest.
  private depth = 0;
  private readonly tables: (LuaTable | null)[] = [];
  private readonly lengths: number[] = [];
  private readonly places: number[] = [];
  // Slots of the C function's stack in use: what limits depth once a script has raised the maximum.
  private slots = 0;

  constructor(state: LuaState, settings: EncodeSettings) {
    this.settings = settings;
    this.before = new LongText(state);
  }

  /** The text of a value (latin1). Throws a LuaError for what has none. */
  encode(value: LuaValue): string {
    const { tables, lengths, places } = this;
    this.text = '';
    this.before.clear();
    this.quote = CLOSED;
    this.slots = 1;
    this.closeAll();
    this.write(NOTHING, value);
    while (this.depth > 0) {
      if (this.text.length > LONG) {
        this.before.add(this.text);
        this.text = '';
      }
      const top = this.depth - 1;
      const table = tables[top]!;
      const length = lengths[top]!;
      if (length === OBJECT) {
        if (this.writeField(table, top)) continue;
        this.writePlain(BRACE, '');
        this.slots -= OBJECT_SLOTS;
      } else {
        const index = ++places[top]!;
        if (index <= length) {
          this.write(index === 1 ? NOTHING : COMMA, table.getInteger(index));
          continue;
        }
        this.writePlain(BRACKET, '');
        this.slots -= ARRAY_SLOTS;
      }
      tables[top] = null;
      this.depth = top;
    }
    this.writePlain(NOTHING, '');
    const text = this.before.finish(this.text);
    this.text = '';
    return text;
  }

  // What an error has left open.
  private closeAll(): void {
    if (this.depth > 0) this.tables.fill(null);
    this.depth = 0;
  }

  /** Writes the next field of the innermost table, or how its value begins; false when there is none. */
  private writeField(table: LuaTable, top: number): boolean {
    const { array, keys, values } = table;
    let place = this.places[top]!;
    const mark = place === 0 ? NOTHING : COMMA;
    for (; place < array.length; place++) {
      const value = array[place];
      if (value === undefined) continue;
      this.places[top] = place + 1;
      this.writeText(mark, this.numberText(place + 1));
      this.write(COLON, value);
      return true;
    }
    if (keys.length === 0) return false;
    const order = table.slotsInOrder();
    for (; place - array.length < order.length; place++) {
      const slot = order[place - array.length]!;
      const value = values[slot];
      if (value === undefined) continue;
      this.places[top] = place + 1;
      this.writeText(mark, this.keyText(keys[slot]));
      this.write(COLON, value);
      return true;
    }
    return false;
  }

  /** Writes a value behind a mark; of a table only how it begins. */
  private write(mark: Mark, value: LuaValue): void {
    switch (typeof value) {
      case 'string':
        this.writeText(mark, value);
        return;
      case 'number':
        this.writePlain(mark, this.numberText(value));
        return;
      case 'boolean':
        this.writePlain(mark, value ? 'true' : 'false');
        return;
      case 'undefined':
        this.writePlain(mark, 'null');
        return;
      default:
        if (value instanceof LuaTable) this.open(mark, value);
        else if (value === NULL) this.writePlain(mark, 'null');
        else cannotSerialise(value, 'type not supported');
    }
  }

  private writeText(mark: Mark, value: string): void {
    this.text += mark[this.quote + 1];
    if (value.length > LONG) this.writeInParts(value);
    else this.text += escaped(value);
    this.quote = OPEN;
  }

  // Escapes make a text up to six times as long, and take a list of pieces that is longer still.
  private writeInParts(value: string): void {
    for (let at = 0; at < value.length; at += LONG) {
      this.before.add(this.text + escaped(value.slice(at, at + LONG)));
      this.text = '';
    }
  }

  private writePlain(mark: Mark, value: string): void {
    this.text += mark[this.quote] + value;
    this.quote = CLOSED;
  }

  private open(mark: Mark, table: LuaTable): void {
    const { depth } = this;
    if (depth >= this.settings.maxDepth || this.slots + ROOM > MAX_C_STACK)
      throwError(`Cannot serialise, excessive nesting (${depth + 1})`);
    const length = this.arrayLength(table);
    if (length > 0) {
      this.writePlain(mark, '[');
      this.slots += ARRAY_SLOTS;
      this.lengths[depth] = length;
    } else {
      this.writePlain(mark, '{');
      this.slots += OBJECT_SLOTS;
      this.lengths[depth] = OBJECT;
    }
    this.places[depth] = 0;
    this.tables[depth] = table;
    this.depth = depth + 1;
  }

  /** The largest index of a table whose keys are all positive whole numbers, else 0 or less. */
  private arrayLength(table: LuaTable): number {
    const { array, keys, values } = table;
    let largest = array.length;
    let count = 0;
    for (let i = 0; i < array.length; i++) if (array[i] !== undefined) count++;
    for (let slot = 0; slot < keys.length; slot++)
      if (values[slot] !== undefined && !isIndex(keys[slot])) return OBJECT;
    // A largest index that does not fit an int is the least of them; then a smaller one that comes later counts.
    for (const slot of keys.length === 0 ? NO_SLOTS : table.slotsInOrder()) {
      if (values[slot] === undefined) continue;
      const index = keys[slot] as number;
      if (index > largest) largest = index <= INT_MAX ? index : INT_MIN;
      count++;
    }
    const { sparseRatio, sparseSafe, sparseConvert } = this.settings;
    if (sparseRatio === 0 || largest <= Math.imul(count, sparseRatio) || largest <= sparseSafe)
      return largest;
    return sparseConvert ? OBJECT : cannotSerialise(table, 'excessively sparse array');
  }

  private keyText(key: LuaValue): string {
    if (typeof key === 'string') return key;
    if (typeof key === 'number') return this.numberText(key);
    return cannotSerialise(key, 'table key must be a number or string');
  }

  private numberText(value: number): string {
    if (value - value === 0) {
      return this.settings.precision === MAX_PRECISION
        ? numberToText(value)
        : generalText(value, this.settings.precision, false);
    }
    if (this.settings.numbers === NUMBERS_REFUSED) cannotSerialise(value, 'must not be NaN or Inf');
    if (this.settings.numbers === NUMBERS_NULL) return 'null';
    return Number.isNaN(value) ? 'nan' : infiniteText(value);
  }
}

const OBJECT = -1;
const NO_SLOTS: readonly number[] = [];

/**
 * What stands in front of a value: for one without quotes and for a string, and once more for both where the string before
 * has to be ended first.
 */
type Mark = readonly [string, string, string, string];
const CLOSED = 0;
const OPEN = 2;
const NOTHING: Mark = ['', '"', '"', '""'];
const COMMA: Mark = [',', ',"', '",', '","'];
const COLON: Mark = [':', ':"', '":', '":"'];
const BRACE: Mark = ['}', '}"', '"}', '"}"'];
const BRACKET: Mark = [']', ']"', '"]', '"]"'];

const INT_MAX = 0x7fffffff;
const INT_MIN = -0x80000000;
const MAX_PRECISION = 14;
// As many slots as a C function may use of Lua's stack, how many one level takes, and how many are to be left.
const MAX_C_STACK = 8000;
const ARRAY_SLOTS = 1;
const OBJECT_SLOTS = 2;
const ROOM = 3;

const SHORT = 32;
const SPACE = 0x20;
const QUOTE = 0x22;
const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const DELETE = 0x7f;
const TO_ESCAPE = /["\\/\x00-\x1f\x7f]/g;
const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['/', '\\/'],
  ['\b', '\\b'],
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\f', '\\f'],
  ['\r', '\\r'],
]);

function escaped(text: string): string {
  return isPlain(text) ? text : text.replace(TO_ESCAPE, escapeOf);
}

// Short texts are looked through sooner than an expression is set up.
function isPlain(text: string): boolean {
  const { length } = text;
  if (length > SHORT) return text.search(TO_ESCAPE) < 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code < SPACE || code === QUOTE || code === SLASH || code === BACKSLASH || code === DELETE)
      return false;
  }
  return true;
}

function escapeOf(char: string): string {
  return SHORT_ESCAPES.get(char) ?? `\\u00${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

function isIndex(key: LuaValue): boolean {
  return typeof key === 'number' && key >= 1 && Math.floor(key) === key;
}

function cannotSerialise(value: LuaValue, reason: string): never {
  throwError(`Cannot serialise ${typeName(value)}: ${reason}`);
}
