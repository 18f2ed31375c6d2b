// What a command has answered, as a Lua value: read from the bytes of the reply, in the protocol that the script has
// chosen. Strings come out as latin1 without any decoding, and nothing is made that the script does not get.

import { toText } from '../base/bytes.ts';
import { parseInt64Bytes } from '../base/numbers.ts';
import { LuaTable } from '../lua/table.ts';
import type { LuaValue } from '../lua/value.ts';

const STATUS = 0x2b;
const ERROR = 0x2d;
const INTEGER = 0x3a;
const BULK = 0x24;
const ARRAY = 0x2a;
const MAP = 0x25;
const SET = 0x7e;
const NULL = 0x5f;
const BOOLEAN = 0x23;
const DOUBLE = 0x2c;
const BIG_NUMBER = 0x28;
const VERBATIM = 0x3d;
const ATTRIBUTE = 0x7c;

const CR = 0x0d;
const MINUS = 0x2d;
const ZERO = 0x30;
const LETTER_T = 0x74;
// With fewer digits a number is exact whatever it is.
const SAFE_DIGITS = 15;
// `txt:` in front of the text itself.
const FORMAT_LENGTH = 3;

/** The field that makes a table an error reply, and the one that says that the error has been counted already. */
export const ERROR_FIELD = 'err';
export const IS_COUNTED_FIELD = 'ignore_error_stats_update';

export class ReplyToLua {
  private bytes: Uint8Array = new Uint8Array(0);
  private at = 0;

  /** The value of the reply that `bytes` begins with. */
  read(bytes: Uint8Array): LuaValue {
    this.bytes = bytes;
    this.at = 0;
    return this.value();
  }

  private value(): LuaValue {
    switch (this.bytes[this.at++]) {
      case INTEGER:
        return this.integer();
      case BULK: {
        const length = this.integer();
        if (length < 0) return false;
        const start = this.at;
        this.at = start + length + 2;
        return toText(this.bytes, start, start + length);
      }
      case STATUS:
        return single('ok', this.line());
      case ERROR:
        return errorTable(this.line());
      case ARRAY:
        return this.array();
      case MAP:
        return single('map', this.map());
      case SET:
        return single('set', this.set());
      case NULL:
        this.line();
        return undefined;
      case BOOLEAN:
        return this.line().charCodeAt(0) === LETTER_T;
      case DOUBLE:
        return single('double', doubleOf(this.line()));
      case BIG_NUMBER:
        return single('big_number', this.line());
      case VERBATIM:
        return this.verbatim();
      case ATTRIBUTE: {
        // Scripts do not see them.
        for (let left = 2 * this.integer(); left > 0; left--) this.value();
        return this.value();
      }
    }
    throw new Error('a command has answered something that is no reply');
  }

  private array(): LuaValue {
    const length = this.integer();
    if (length < 0) return false;
    const list: LuaValue[] = [];
    for (let i = 0; i < length; i++) {
      const value = this.value();
      if (value === undefined) return this.arrayWithNil(list, length);
      list.push(value);
    }
    return new LuaTable(list);
  }

  private arrayWithNil(list: LuaValue[], length: number): LuaTable {
    const table = new LuaTable(list);
    for (let i = list.length + 2; i <= length; i++) {
      const value = this.value();
      if (value !== undefined) table.setInteger(i, value);
    }
    return table;
  }

  private map(): LuaTable {
    const table = new LuaTable();
    for (let left = this.integer(); left > 0; left--) {
      const key = this.value();
      const value = this.value();
      if (key !== undefined) table.set(key, value);
    }
    return table;
  }

  private set(): LuaTable {
    const table = new LuaTable();
    for (let left = this.integer(); left > 0; left--) {
      const member = this.value();
      if (member !== undefined) table.set(member, true);
    }
    return table;
  }

  private verbatim(): LuaTable {
    const length = this.integer();
    const start = this.at;
    const textStart = start + FORMAT_LENGTH + 1;
    this.at = start + length + 2;
    const parts = new LuaTable();
    parts.setString('string', toText(this.bytes, textStart, start + length));
    parts.setString('format', toText(this.bytes, start, start + FORMAT_LENGTH));
    return single('verbatim_string', parts);
  }

  // The number up to the end of the line. Lua knows doubles only, so one beyond 2^53 comes out rounded, as in Redis.
  private integer(): number {
    const { bytes } = this;
    const start = this.at;
    let { at } = this;
    let value = 0;
    const isNegative = bytes[at] === MINUS;
    if (isNegative) at++;
    while (bytes[at] !== CR) value = value * 10 + bytes[at++]! - ZERO;
    this.at = at + 2;
    if (at - start > SAFE_DIGITS) return Number(parseInt64Bytes(bytes, start, at - start));
    return isNegative ? -value : value;
  }

  private line(): string {
    const { bytes } = this;
    const start = this.at;
    let { at } = this;
    while (bytes[at] !== CR) at++;
    this.at = at + 2;
    return toText(bytes, start, at);
  }
}

/** What `redis.pcall` gives for an error reply, `line` without the `-`. A command has answered it, so it was counted. */
export function errorTable(line: string): LuaTable {
  const table = single(ERROR_FIELD, line);
  table.setString(IS_COUNTED_FIELD, true);
  return table;
}

/** A table with one field. */
export function single(name: string, value: LuaValue): LuaTable {
  const table = new LuaTable();
  table.setString(name, value);
  return table;
}

function doubleOf(text: string): number {
  if (text === 'inf') return Number.POSITIVE_INFINITY;
  return text === '-inf' ? Number.NEGATIVE_INFINITY : Number(text);
}
