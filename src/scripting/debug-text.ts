// What the debugger shows: values of Lua and replies of commands, for people.

import { quote } from '../base/quote.ts';
import { generalText, infiniteText } from '../lua/number-text.ts';
import type { LuaState } from '../lua/state.ts';
import { LuaTable } from '../lua/table.ts';
import { type LuaValue, typeName, Userdata } from '../lua/value.ts';

const MAX_DEPTH = 10;
const TOO_DEEP = '<max recursion level reached! Nested table?>';
// C's `%g`.
const DIGITS = 6;

/** A value of Lua; `state` knows where objects are. */
export function shownValue(state: LuaState, value: LuaValue, depth = 0): string {
  if (depth === MAX_DEPTH) return TOO_DEEP;
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      return Number.isFinite(value) ? generalText(value, DIGITS, false) : infiniteText(value);
    case 'undefined':
      return 'nil';
  }
  if (value instanceof LuaTable) return shownTable(state, value, depth + 1);
  const type = value instanceof Userdata && value.isLight ? 'light-userdata' : typeName(value);
  return `"${type}@${state.addressOf(value)}"`;
}

function shownTable(state: LuaState, table: LuaTable, depth: number): string {
  const keys: LuaValue[] = [];
  for (let key = table.next(undefined); key !== undefined; key = table.next(key)) keys.push(key);
  const isList = keys.every((key, i) => key === i + 1);
  const parts = keys.map((key) => {
    const value = shownValue(state, table.get(key), depth);
    return isList ? value : `[${shownValue(state, key, depth)}]=${value}`;
  });
  return `{${parts.join('; ')}}`;
}

/** A reply (latin1) in either protocol. */
export function shownReply(reply: string): string {
  return new ReplyReader(reply).read();
}

class ReplyReader {
  private readonly reply: string;
  private at = 0;

  constructor(reply: string) {
    this.reply = reply;
  }

  read(): string {
    const marker = this.reply[this.at];
    const line = this.line();
    switch (marker) {
      case ':':
        return line;
      case '$': {
        const length = Number(line);
        if (length < 0) return 'NULL';
        const text = this.reply.slice(this.at, this.at + length);
        this.at += length + 2;
        return quote(text);
      }
      case '+':
      case '-':
        return quote(`${marker}${line}`);
      case '*':
        return Number(line) < 0 ? 'NULL' : `[${this.items(Number(line))}]`;
      case '~':
        return `~(${this.items(Number(line))})`;
      case '%': {
        const pairs = Array.from({ length: Number(line) }, () => `${this.read()} => ${this.read()}`);
        return `{${pairs.join(',')}}`;
      }
      case '_':
        return '(null)';
      case '#':
        return line === 't' ? '#true' : '#false';
      case ',':
        return `(double) ${line}`;
    }
    return '';
  }

  private items(count: number): string {
    return Array.from({ length: count }, () => this.read()).join(',');
  }

  // What follows the marker up to the end of the line.
  private line(): string {
    const end = this.reply.indexOf('\r\n', this.at);
    const line = this.reply.slice(this.at + 1, end);
    this.at = end + 2;
    return line;
  }
}
