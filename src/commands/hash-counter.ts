// Numbers in hashes: HINCRBY on 64-bit integers, HINCRBYFLOAT on 80-bit floats, as INCRBY and INCRBYFLOAT treat keys.

import { toText } from '../base/bytes.ts';
import { isFiniteLongDouble } from '../base/long-double.ts';
import { checkedAddInt64, parseInt64Bytes } from '../base/numbers.ts';
import { addDecimals, mantissaOf } from '../base/short-decimal.ts';
import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import { findField, NO_PLACE, type Place, readValue, setField } from '../keyspace/hash-value.ts';
import type { Ref } from '../memory/heap.ts';
import type { Arguments } from '../resp/arguments.ts';
import {
  HASH_VALUE_NOT_FLOAT,
  HASH_VALUE_NOT_INTEGER,
  INCREMENT_NAN_OR_INFINITY,
  OVERFLOW,
} from '../resp/errors.ts';
import { floatOrThrow, floatSum } from './float-sum.ts';
import { lookupToWrite } from './hash.ts';

export const hincrby = command({
  name: 'hincrby',
  since: '2.0.0',
  group: 'hash',
  complexity: 'O(1)',
  summary: 'Adds to the integer in a field of a hash; a missing field counts as 0.',
  arity: 4,
  flags: ['write', 'denyoom', 'fast'],
  keys: [keyAt(1, 'RW', 'access', 'update')],
  args: [arg.key('key'), arg.string('field'), arg.integer('increment')],
  run(ctx) {
    const { args, db, reply } = ctx;
    const by = args.int64(3);
    const ref = lookupToWrite(ctx);
    const place = ref === 0 ? NO_PLACE : findField(db, ref, args, 2);
    const sum = checkedAddInt64(place === NO_PLACE ? 0 : integerAt(ctx, ref, place), by);
    if (sum === null) throw OVERFLOW;
    setField(db, args, 1, ref, 2, place, db.keyspace.scratch.second.setInteger(sum));
    ctx.changed('hincrby', 1);
    reply.integer(sum);
  },
});

export const hincrbyfloat = command({
  name: 'hincrbyfloat',
  since: '2.6.0',
  group: 'hash',
  complexity: 'O(1)',
  summary: 'Adds to the floating-point number in a field of a hash; a missing field counts as 0.',
  arity: 4,
  flags: ['write', 'denyoom', 'fast'],
  keys: [keyAt(1, 'RW', 'access', 'update')],
  args: [arg.key('key'), arg.string('field'), arg.double('increment')],
  run(ctx) {
    const { args, db } = ctx;
    checkIncrement(args);
    const ref = lookupToWrite(ctx);
    const place = ref === 0 ? NO_PLACE : findField(db, ref, args, 2);
    const { digits, second: value } = db.keyspace.scratch;
    if (place === NO_PLACE) value.setInteger(0);
    else value.setEntry(readValue(db, ref, place));
    const { bytes } = args;
    const { source, start, length } = value;
    const sumLength = addDecimals(digits, source, start, length, bytes, args.start(3), args.length(3));
    if (sumLength > 0) {
      value.setBytes(digits, 0, sumLength);
    } else {
      const stored = floatOrThrow(toText(source, start, start + length), HASH_VALUE_NOT_FLOAT);
      value.setText(floatSum(stored, floatOrThrow(args.string(3))));
    }
    setField(db, args, 1, ref, 2, place, value);
    ctx.changed('hincrbyfloat', 1);
    ctx.reply.bulk(value.source, value.start, value.length);
    // As a value, so that no other machine's arithmetic can make another number of it.
    if (!ctx.propagates) return;
    const sum = toText(value.source, value.start, value.start + value.length);
    ctx.propagateAs('HSET', 1, 2, sum);
  },
});

// Observed 7.2.4: a wrong increment is refused before the key is looked at, and an infinite one with words of its own.
function checkIncrement(args: Arguments): void {
  if (!Number.isNaN(mantissaOf(args.bytes, args.start(3), args.length(3)))) return;
  if (!isFiniteLongDouble(floatOrThrow(args.string(3)))) throw INCREMENT_NAN_OR_INFINITY;
}

function integerAt({ db }: CommandContext, ref: Ref, place: Place): number | bigint {
  const value = readValue(db, ref, place);
  if (value.isInteger) return value.integer;
  const integer = parseInt64Bytes(value.bytes, value.start, value.length);
  if (integer === null) throw HASH_VALUE_NOT_INTEGER;
  return integer;
}
