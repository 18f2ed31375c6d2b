// Strings that count: INCR and its kin on 64-bit integers, INCRBYFLOAT on 80-bit floats. An integer is read from the
// digits in the entry and its new digits are written over them. Safe integers stay JS numbers all the way; the few
// beyond 2^53 take a path of their own through bigints.

import { copyBytes, toBytes, writeText } from '../base/bytes.ts';
import {
  checkedAddInt64,
  decimalDigits,
  INT64_MIN,
  parseInt64Bytes,
  parseSafeInteger,
  writeSafeInteger,
} from '../base/numbers.ts';
import { addDecimals } from '../base/short-decimal.ts';
import { KIND } from '../datatypes/kind.ts';
import { plainStringKind } from '../datatypes/string.ts';
import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import type { Ref } from '../memory/heap.ts';
import { DECREMENT_OVERFLOW, NOT_INTEGER, OVERFLOW } from '../resp/errors.ts';
import { floatOrThrow, floatSum } from './float-sum.ts';
import { requireString } from './string.ts';

const ZERO = toBytes('0');
const NINE = 0x39;
const MINUS = 0x2d;
// A number of no more digits is a 64-bit integer whatever they are.
const ALWAYS_INT64_DIGITS = 18;

export const incr = command({
  name: 'incr',
  since: '1.0.0',
  group: 'string',
  complexity: 'O(1)',
  summary: 'Adds one to the integer that a key holds; a missing key counts as 0.',
  arity: 2,
  flags: ['write', 'denyoom', 'fast'],
  keys: [keyAt(1, 'RW', 'access', 'update')],
  args: [arg.key('key')],
  run(ctx) {
    increment(ctx, 1);
  },
});

export const decr = command({
  name: 'decr',
  since: '1.0.0',
  group: 'string',
  complexity: 'O(1)',
  summary: 'Takes one from the integer that a key holds; a missing key counts as 0.',
  arity: 2,
  flags: ['write', 'denyoom', 'fast'],
  keys: [keyAt(1, 'RW', 'access', 'update')],
  args: [arg.key('key')],
  run(ctx) {
    increment(ctx, -1);
  },
});

export const incrby = command({
  name: 'incrby',
  since: '1.0.0',
  group: 'string',
  complexity: 'O(1)',
  summary: 'Adds to the integer that a key holds; a missing key counts as 0.',
  arity: 3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [keyAt(1, 'RW', 'access', 'update')],
  args: [arg.key('key'), arg.integer('increment')],
  run(ctx) {
    increment(ctx, ctx.args.int64(2));
  },
});

export const decrby = command({
  name: 'decrby',
  since: '1.0.0',
  group: 'string',
  complexity: 'O(1)',
  summary: 'Takes from the integer that a key holds; a missing key counts as 0.',
  arity: 3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [keyAt(1, 'RW', 'access', 'update')],
  args: [arg.key('key'), arg.integer('decrement')],
  run(ctx) {
    const by = ctx.args.int64(2);
    if (by === INT64_MIN) throw DECREMENT_OVERFLOW;
    increment(ctx, typeof by === 'number' ? 0 - by : -by);
  },
});

export const incrbyfloat = command({
  name: 'incrbyfloat',
  since: '2.6.0',
  group: 'string',
  complexity: 'O(1)',
  summary: 'Adds to the floating-point number that a key holds; a missing key counts as 0.',
  arity: 3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [keyAt(1, 'RW', 'access', 'update')],
  args: [arg.key('key'), arg.double('increment')],
  run(ctx) {
    const ref = ctx.db.lookupWrite(ctx.args, 1);
    if (ref !== 0) requireString(ctx.db, ref);
    if (!addShortDecimal(ctx, ref)) addFloat(ctx, ref);
  },
});

// The sum of short decimals, which needs neither strings nor bigints; false when these are none.
function addShortDecimal(ctx: CommandContext, ref: Ref): boolean {
  const { args, db, keyspace } = ctx;
  const { digits } = keyspace.scratch;
  const { bytes } = args;
  const start = args.start(2);
  const length =
    ref === 0
      ? addDecimals(digits, ZERO, 0, 1, bytes, start, args.length(2))
      : addDecimals(
          digits,
          db.valueMemory(ref),
          db.valueOffset(ref),
          db.valueLength(ref),
          bytes,
          start,
          args.length(2),
        );
  if (length === 0) return false;
  const at = db.write(args, 1, ref, plainStringKind(length), length, true);
  copyBytes(digits, 0, db.valueMemory(at), db.valueOffset(at), length);
  ctx.changed('incrbyfloat', 1);
  ctx.reply.bulk(digits, 0, length);
  if (ctx.propagates) propagateSum(ctx, db.valueText(at));
  return true;
}

function addFloat(ctx: CommandContext, ref: Ref): void {
  const { args, db } = ctx;
  const value = ref === 0 ? 0 : floatOrThrow(db.valueText(ref));
  const text = floatSum(value, floatOrThrow(args.string(2)));
  // Observed 7.2.4: the result is never encoded as an integer, even when it is one.
  const at = db.write(args, 1, ref, plainStringKind(text.length), text.length, true);
  writeText(db.valueMemory(at), db.valueOffset(at), text);
  ctx.changed('incrbyfloat', 1);
  ctx.reply.bulkText(text);
  if (ctx.propagates) propagateSum(ctx, text);
}

// As a value, so that no other machine's arithmetic can make another number of it.
function propagateSum(ctx: CommandContext, text: string): void {
  ctx.propagateAs('SET', 1, text, 'KEEPTTL');
}

function increment(ctx: CommandContext, by: number | bigint): void {
  const { args, db } = ctx;
  const ref = db.lookupWrite(args, 1);
  if (by === 1 && ref !== 0 && incrementLastDigit(ctx, ref)) return;
  let value = 0;
  let length = 0;
  if (ref !== 0) {
    requireString(db, ref);
    length = db.valueLength(ref);
    value = parseSafeInteger(db.valueMemory(ref), db.valueOffset(ref), length);
  }
  // NaN, and what is no safe integer any more, fail both comparisons.
  const sum = typeof by === 'number' ? value + by : Number.NaN;
  if (sum <= Number.MAX_SAFE_INTEGER && sum >= Number.MIN_SAFE_INTEGER) {
    const digits = sum < 0 ? decimalDigits(-sum) + 1 : decimalDigits(sum);
    let at = ref;
    if (digits !== length || db.kind(ref) !== KIND.STRING_INT) {
      at = db.write(args, 1, ref, KIND.STRING_INT, digits, true);
    }
    const memory = db.valueMemory(at);
    const start = db.valueOffset(at);
    writeSafeInteger(memory, start, sum);
    ctx.changed('incrby', 1);
    ctx.reply.integerText(memory, start, digits);
  } else {
    incrementLarge(ctx, ref, by);
  }
}

// Nine times out of ten counting on changes one digit, and the rest need not be read. False when it changes more.
function incrementLastDigit(ctx: CommandContext, ref: Ref): boolean {
  const { db } = ctx;
  if (db.kind(ref) !== KIND.STRING_INT) return false;
  const memory = db.valueMemory(ref);
  const start = db.valueOffset(ref);
  const length = db.valueLength(ref);
  const last = start + length - 1;
  if (memory[last]! >= NINE || memory[start] === MINUS || length > ALWAYS_INT64_DIGITS) return false;
  memory[last]!++;
  ctx.changed('incrby', 1);
  ctx.reply.integerText(memory, start, length);
  return true;
}

function incrementLarge(ctx: CommandContext, ref: Ref, by: number | bigint): void {
  const { args, db } = ctx;
  let value: number | bigint = 0;
  if (ref !== 0) {
    const length = db.valueLength(ref);
    const parsed = parseInt64Bytes(db.valueMemory(ref), db.valueOffset(ref), length);
    if (parsed === null) throw NOT_INTEGER;
    value = parsed;
  }
  const sum = checkedAddInt64(value, by);
  if (sum === null) throw OVERFLOW;
  const text = sum.toString();
  const at = db.write(args, 1, ref, KIND.STRING_INT, text.length, true);
  writeText(db.valueMemory(at), db.valueOffset(at), text);
  ctx.changed('incrby', 1);
  ctx.reply.integer(sum);
}
