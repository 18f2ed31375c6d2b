// Strings as rows of bits: SETBIT, GETBIT, BITCOUNT, BITPOS. A bit is written where it lies; only a value that must grow
// is resized. BITOP is in bitop.ts, integers of any width in bitfield.ts.

import { countBits, countBitsBetween, findBit } from '../datatypes/bitmap.ts';
import { KIND } from '../datatypes/kind.ts';
import { grownBytes, MAX_STRING_BYTES } from '../datatypes/string.ts';
import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import type { Ref } from '../memory/heap.ts';
import type { Arguments } from '../resp/arguments.ts';
import { BIT_NOT_0_OR_1, BIT_OFFSET, BITPOS_BIT, STRING_TOO_LONG, SYNTAX } from '../resp/errors.ts';
import { requireString } from './string.ts';

export const setbit = command({
  name: 'setbit',
  since: '2.2.0',
  group: 'bitmap',
  complexity: 'O(1)',
  summary: 'Sets or clears one bit of a string and returns what it was; the string grows as far as it must.',
  arity: 4,
  flags: ['write', 'denyoom'],
  keys: [keyAt(1, 'RW', 'access', 'update')],
  args: [arg.key('key'), arg.integer('offset'), arg.integer('value')],
  run(ctx) {
    const { args, db } = ctx;
    const offset = bitOffset(ctx, 2);
    const bit = args.intBetween(3, 0, 1, BIT_NOT_0_OR_1);
    const found = db.lookupWrite(args, 1);
    const byte = Math.floor(offset / 8);
    const grows = found === 0 || byte >= db.valueLength(found);
    const ref = growToByte(ctx, found, byte);
    const memory = db.valueMemory(ref);
    const at = db.valueOffset(ref) + byte;
    const mask = 0x80 >> (offset % 8);
    const value = memory[at]!;
    const before = (value & mask) === 0 ? 0 : 1;
    if (grows || before !== bit) {
      memory[at] = bit === 1 ? value | mask : value & ~mask;
      ctx.changed('setbit', 1);
    }
    ctx.reply.integer(before);
  },
});

export const getbit = command({
  name: 'getbit',
  since: '2.2.0',
  group: 'bitmap',
  complexity: 'O(1)',
  summary: 'Returns one bit of a string; beyond its end all are 0.',
  arity: 3,
  flags: ['readonly', 'fast'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key'), arg.integer('offset')],
  run(ctx) {
    const { args, db, reply } = ctx;
    const offset = bitOffset(ctx, 2);
    const ref = db.lookupRead(args, 1);
    if (ref === 0) {
      reply.integer(0);
      return;
    }
    requireString(db, ref);
    const byte = Math.floor(offset / 8);
    const isSet =
      byte < db.valueLength(ref) &&
      (db.valueMemory(ref)[db.valueOffset(ref) + byte]! & (0x80 >> (offset % 8))) !== 0;
    reply.integer(isSet ? 1 : 0);
  },
});

const UNIT = arg.oneOf('unit', [arg.token('byte', 'BYTE'), arg.token('bit', 'BIT')], {
  optional: true,
  since: '7.0.0',
});

export const bitcount = command({
  name: 'bitcount',
  since: '2.6.0',
  group: 'bitmap',
  complexity: 'O(N) for N bytes looked at',
  summary: 'Counts the bits that are set in a string or a part of it.',
  history: [['7.0.0', 'The range may be given in bits, with `BIT`.']],
  arity: -2,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [
    arg.key('key'),
    arg.block('range', [arg.integer('start'), arg.integer('end'), UNIT], { optional: true }),
  ],
  run({ args, db, reply }) {
    // Observed 7.2.4: of a missing key nothing is asked, not even whether the other arguments make sense.
    const ref = db.lookupRead(args, 1);
    if (ref === 0) {
      reply.integer(0);
      return;
    }
    requireString(db, ref);
    const memory = db.valueMemory(ref);
    const value = db.valueOffset(ref);
    const length = db.valueLength(ref);
    if (args.count === 2) {
      reply.integer(countBits(memory, value, length));
      return;
    }
    if (args.count !== 4 && args.count !== 5) throw SYNTAX;
    const start = args.int64(2);
    const end = args.int64(3);
    if (start < 0 && end < 0 && start > end) {
      reply.integer(0);
      return;
    }
    const inBits = args.count === 5 && isBitUnit(args, 4);
    const total = inBits ? length * 8 : length;
    const first = fromEnd(start, total);
    const last = Math.min(total - 1, fromEnd(end, total));
    if (first > last) reply.integer(0);
    else if (inBits) reply.integer(countBitsBetween(memory, value, first, last));
    else reply.integer(countBits(memory, value + first, last - first + 1));
  },
});

export const bitpos = command({
  name: 'bitpos',
  since: '2.8.7',
  group: 'bitmap',
  complexity: 'O(N) for N bytes looked at',
  summary: 'Finds the first bit that is set, or clear, in a string or a part of it.',
  history: [['7.0.0', 'The range may be given in bits, with `BIT`.']],
  arity: -3,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [
    arg.key('key'),
    arg.integer('bit'),
    arg.block(
      'range',
      [arg.integer('start'), arg.block('end-unit-block', [arg.integer('end'), UNIT], { optional: true })],
      { optional: true },
    ),
  ],
  run({ args, db, reply }) {
    const bit = args.int64(2);
    if (bit !== 0 && bit !== 1) throw BITPOS_BIT;
    const ref = db.lookupRead(args, 1);
    if (ref === 0) {
      reply.integer(bit === 1 ? -1 : 0);
      return;
    }
    requireString(db, ref);
    if (args.count > 6) throw SYNTAX;
    const length = db.valueLength(ref);
    const start = args.count > 3 ? args.int64(3) : 0;
    const inBits = args.count === 6 && isBitUnit(args, 5);
    const unitBits = inBits ? 1 : 8;
    const total = inBits ? length * 8 : length;
    const hasEnd = args.count > 4;
    const first = fromEnd(start, total);
    const last = Math.min(total - 1, hasEnd ? fromEnd(args.int64(4), total) : total - 1);
    if (first > last) {
      reply.integer(-1);
      return;
    }
    const lastBit = last * unitBits + unitBits - 1;
    const found = findBit(db.valueMemory(ref), db.valueOffset(ref), first * unitBits, lastBit, bit);
    // A string without an end named goes on in zeros.
    reply.integer(found < 0 && bit === 0 && !hasEnd ? length * 8 : found);
  },
});

/**
 * The argument as the offset of a bit that a string may have; throws BIT_OFFSET. What a master or the AOF says was
 * within the limit there.
 */
function bitOffset(ctx: CommandContext, i: number): number {
  return checkBitOffset(ctx, ctx.args.int64(i, BIT_OFFSET));
}

/** The offset if a string may have a bit there; throws BIT_OFFSET. Beyond 2^53 it is the nearest number. */
export function checkBitOffset(ctx: CommandContext, offset: number | bigint): number {
  const limit = ctx.server.config.values['proto-max-bulk-len'];
  const at = Number(offset);
  if (at < 0 || (Math.floor(at / 8) >= limit && ctx.client.type !== 'master')) throw BIT_OFFSET;
  return at;
}

/**
 * Makes the value of key 1 so long that it has a byte `byte`, adding zeros, and returns its entry; `ref` is what
 * `lookupWrite` found. Throws WRONG_TYPE. The encoding is `raw` from now on, as for everything that is edited in place.
 */
export function growToByte(ctx: CommandContext, ref: Ref, byte: number): Ref {
  const { args, db } = ctx;
  const total = byte + 1;
  if (ref !== 0) {
    requireString(db, ref);
    const length = db.valueLength(ref);
    if (total <= length) {
      if (db.kind(ref) !== KIND.STRING_RAW) db.setKind(ref, KIND.STRING_RAW);
      return ref;
    }
    if (total > MAX_STRING_BYTES) throw STRING_TOO_LONG;
    const grown = db.resize(ref, total, grownBytes(total));
    const value = db.valueOffset(grown);
    db.valueMemory(grown).fill(0, value + length, value + total);
    db.setKind(grown, KIND.STRING_RAW);
    return grown;
  }
  if (total > MAX_STRING_BYTES) throw STRING_TOO_LONG;
  const added = db.write(args, 1, 0, KIND.STRING_RAW, total, false);
  const value = db.valueOffset(added);
  db.valueMemory(added).fill(0, value, value + total);
  return added;
}

// Offsets beyond the safe integers lie outside any value: rounding them changes nothing.
function fromEnd(offset: number | bigint, total: number): number {
  const at = Number(offset);
  return Math.max(0, at < 0 ? total + at : at);
}

function isBitUnit(args: Arguments, i: number): boolean {
  if (args.is(i, 'bit')) return true;
  if (args.is(i, 'byte')) return false;
  throw SYNTAX;
}
