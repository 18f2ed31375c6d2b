// What a script returns, as a reply: a table with a field of a certain name is that kind of reply, any other table an
// array up to its first nil.

import { untilZero } from '../base/bytes.ts';
import type { ServerStats } from '../engine/stats.ts';
import { LuaTable } from '../lua/table.ts';
import type { LuaValue } from '../lua/value.ts';
import { SCRIPT_RESULT_TOO_DEEP } from '../resp/errors.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import { ERROR_FIELD, IS_COUNTED_FIELD } from './reply-to-lua.ts';

// Observed 7.2.4: tables within tables may take so many places of Lua's stack, an array one, a map or a set three.
const MAX_PLACES = 7995;
const PLACES = { ARRAY: 1, PAIRS: 3 } as const;
const INT64_MIN_TEXT = '-9223372036854775808';
const TWO_63 = 2 ** 63;
const LONGEST_CODE = 32;

export class LuaToReply {
  private readonly stats: ServerStats;
  private reply!: ReplyWriter;
  // A script that has asked for RESP3 returns booleans as such.
  private booleans = false;
  // The tables whose elements are being written, the innermost last.
  private readonly open: { readonly values: readonly LuaValue[]; readonly places: number; at: number }[] = [];
  private places = 0;

  constructor(stats: ServerStats) {
    this.stats = stats;
  }

  /** Writes a value. `protocol` is the script's, that of the client is the writer's. */
  write(reply: ReplyWriter, value: LuaValue, protocol: 2 | 3): void {
    this.reply = reply;
    this.booleans = protocol === 3;
    this.value(value);
    // Tables within tables: how deep they go must not depend on the stack.
    const { open } = this;
    while (open.length > 0) {
      const items = open[open.length - 1]!;
      if (items.at === items.values.length) {
        open.pop();
        this.places -= items.places;
      } else this.value(items.values[items.at++]);
    }
  }

  /** Writes an error reply, `line` without the `-`, which `isCounted` in the statistics already. */
  error(reply: ReplyWriter, line: string, isCounted: boolean): void {
    // What C reads as text ends at a zero byte.
    const text = withoutLineBreaks(untilZero(line));
    reply.error(text);
    if (!isCounted) this.stats.noteError(codeOf(text));
  }

  private value(value: LuaValue): void {
    const { reply } = this;
    if (this.places >= MAX_PLACES) {
      this.error(reply, SCRIPT_RESULT_TOO_DEEP.line, false);
      return;
    }
    switch (typeof value) {
      case 'string':
        reply.bulkText(value);
        return;
      case 'number':
        this.integer(value);
        return;
      case 'boolean':
        if (this.booleans) reply.boolean(value);
        else if (value) reply.integer(1);
        else reply.null();
        return;
      case 'object':
        if (value instanceof LuaTable) {
          this.table(value);
          return;
        }
    }
    reply.null();
  }

  // As C casts a double: towards zero, and whatever does not fit is the lowest integer.
  private integer(value: number): void {
    const { reply } = this;
    if (value === (value | 0)) reply.integer(value | 0);
    else if (value >= -TWO_63 && value < TWO_63) this.reply.integer(wholeOf(value));
    else reply.raw(`:${INT64_MIN_TEXT}\r\n`);
  }

  private table(table: LuaTable): void {
    if (table.keys.length > 0 && this.special(table)) return;
    const values: LuaValue[] = [];
    for (let i = 1; ; i++) {
      const value = table.getInteger(i);
      if (value === undefined) break;
      values.push(value);
    }
    this.reply.array(values.length);
    if (values.length > 0) this.enter(values, PLACES.ARRAY);
  }

  private enter(values: readonly LuaValue[], places: number): void {
    this.open.push({ values, at: 0, places });
    this.places += places;
  }

  private special(table: LuaTable): boolean {
    const { reply } = this;
    const error = table.getString(ERROR_FIELD);
    if (typeof error === 'string') {
      this.error(reply, error, table.getString(IS_COUNTED_FIELD) === true);
      return true;
    }
    const status = table.getString('ok');
    if (typeof status === 'string') {
      reply.simple(withoutLineBreaks(untilZero(status)));
      return true;
    }
    const double = table.getString('double');
    if (typeof double === 'number') {
      reply.double(double);
      return true;
    }
    const digits = table.getString('big_number');
    if (typeof digits === 'string') {
      reply.bigNumber(withoutLineBreaks(digits));
      return true;
    }
    const verbatim = table.getString('verbatim_string');
    if (verbatim instanceof LuaTable) {
      const format = verbatim.getString('format');
      const text = verbatim.getString('string');
      if (typeof format === 'string' && typeof text === 'string') {
        reply.verbatim(text, format.slice(0, 3).padEnd(3, ' '));
        return true;
      }
    }
    const map = table.getString('map');
    if (map instanceof LuaTable) {
      this.pairs(map, true);
      return true;
    }
    const set = table.getString('set');
    if (!(set instanceof LuaTable)) return false;
    this.pairs(set, false);
    return true;
  }

  private pairs(table: LuaTable, isMap: boolean): void {
    const values: LuaValue[] = [];
    for (let key = table.next(undefined); key !== undefined; key = table.next(key)) {
      values.push(key);
      if (isMap) values.push(table.get(key));
    }
    if (isMap) this.reply.map(values.length / 2);
    else this.reply.set(values.length);
    if (values.length > 0) this.enter(values, PLACES.PAIRS);
  }
}

function wholeOf(value: number): number | bigint {
  const whole = Math.trunc(value);
  return Number.isSafeInteger(whole) ? whole + 0 : BigInt(whole);
}

function withoutLineBreaks(text: string): string {
  return /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, ' ') : text;
}

// As Redis finds it: a first word that is too long, or the only one, is no code.
function codeOf(line: string): string {
  const end = line.slice(0, LONGEST_CODE).indexOf(' ');
  return end < 0 ? 'ERR' : line.slice(0, end);
}
