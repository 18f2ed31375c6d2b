// BITFIELD and BITFIELD_RO: integers of any width within a string. All operations are read first, so that an error
// changes nothing and a write grows the string only once; then they are read again and done, which is cheaper than
// keeping them.

import { parseInt64Bytes, parseSafeInteger } from '../base/numbers.ts';
import {
  addInteger,
  fitInteger,
  type IntegerType,
  OVERFLOW_RULE,
  type OverflowRule,
  readInteger,
  writeInteger,
} from '../datatypes/bit-integer.ts';
import { type ArgumentSpec, arg, command, type FoundKey, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import type { Ref } from '../memory/heap.ts';
import type { Arguments } from '../resp/arguments.ts';
import { BIT_OFFSET, BITFIELD_OVERFLOW, BITFIELD_READONLY, BITFIELD_TYPE, SYNTAX } from '../resp/errors.ts';
import { checkBitOffset, growToByte } from './bitmap.ts';
import { requireString } from './string.ts';

const LETTER_I = 0x69;
const LETTER_U = 0x75;
const HASH_SIGN = 0x23;

const getBlock = (options: Partial<ArgumentSpec>) =>
  arg.block('get-block', [arg.string('encoding'), arg.integer('offset')], { token: 'GET', ...options });

export const bitfield = command({
  name: 'bitfield',
  since: '3.2.0',
  group: 'bitmap',
  complexity: 'O(1) for each operation',
  summary: 'Reads, writes and increments integers of any width within a string.',
  arity: -2,
  flags: ['write', 'denyoom'],
  keys: [
    {
      ...keyAt(1, 'RW', 'access', 'update', 'variable_flags'),
      notes: 'Reads and writes, as its operations say',
    },
  ],
  args: [
    arg.key('key'),
    arg.oneOf(
      'operation',
      [
        getBlock({}),
        arg.block('write', [
          arg.oneOf(
            'overflow-block',
            [arg.token('wrap', 'WRAP'), arg.token('sat', 'SAT'), arg.token('fail', 'FAIL')],
            { token: 'OVERFLOW', optional: true },
          ),
          arg.oneOf('write-operation', [
            arg.block('set-block', [arg.string('encoding'), arg.integer('offset'), arg.integer('value')], {
              token: 'SET',
            }),
            arg.block(
              'incrby-block',
              [arg.string('encoding'), arg.integer('offset'), arg.integer('increment')],
              { token: 'INCRBY' },
            ),
          ]),
        ]),
      ],
      { optional: true, multiple: true },
    ),
  ],
  findKeys: keyOfBitfield,
  run(ctx) {
    const highest = highestWritten(ctx);
    if (highest < 0) readFields(ctx);
    else writeFields(ctx, highest);
  },
});

export const bitfieldRo = command({
  name: 'bitfield_ro',
  since: '6.0.0',
  group: 'bitmap',
  complexity: 'O(1) for each operation',
  summary: 'Reads integers of any width within a string.',
  arity: -2,
  flags: ['readonly', 'fast'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key'), getBlock({ optional: true, multiple: true, multipleToken: true })],
  run(ctx) {
    if (highestWritten(ctx) >= 0) throw BITFIELD_READONLY;
    readFields(ctx);
  },
});

const OPERATION = { GET: 0, SET: 1, INCRBY: 2, OVERFLOW: 3 } as const;
type Operation = (typeof OPERATION)[keyof typeof OPERATION];

/** Checks all operations and returns the highest bit that one of them writes, -1 when all only read. */
function highestWritten(ctx: CommandContext): number {
  const { args } = ctx;
  let highest = -1;
  for (let i = 2; i < args.count; ) {
    const operation = operationAt(args, i);
    if (operation === OPERATION.OVERFLOW) overflowRule(args, i + 1);
    else {
      const bits = Math.abs(integerType(args, i + 1));
      const offset = fieldOffset(ctx, i + 2, bits);
      if (operation !== OPERATION.GET) {
        highest = Math.max(highest, offset + bits - 1);
        args.int64(i + 3);
      }
    }
    i += argumentsOf(operation);
  }
  return highest;
}

function readFields(ctx: CommandContext): void {
  const { args, db, reply } = ctx;
  const ref = db.lookupRead(args, 1);
  if (ref !== 0) requireString(db, ref);
  reply.array(operationCount(args));
  for (let i = 2; i < args.count; ) {
    const operation = operationAt(args, i);
    if (operation !== OPERATION.OVERFLOW) replyField(ctx, ref, i);
    i += argumentsOf(operation);
  }
}

function writeFields(ctx: CommandContext, highest: number): void {
  const { args, db, reply } = ctx;
  const found = db.lookupWrite(args, 1);
  const byte = Math.floor(highest / 8);
  const grows = found === 0 || byte >= db.valueLength(found);
  const ref = growToByte(ctx, found, byte);
  let rule: OverflowRule = OVERFLOW_RULE.WRAP;
  let changes = 0;
  reply.array(operationCount(args));
  for (let i = 2; i < args.count; ) {
    const operation = operationAt(args, i);
    if (operation === OPERATION.OVERFLOW) rule = overflowRule(args, i + 1);
    else if (operation === OPERATION.GET) replyField(ctx, ref, i);
    else if (writeField(ctx, ref, i, operation, rule, grows)) changes++;
    i += argumentsOf(operation);
  }
  // A string that has grown has changed even when every operation failed: the replicas must have it too.
  if (changes > 0 || grows) ctx.changed('setbit', 1, Math.max(changes, 1));
}

function replyField(ctx: CommandContext, ref: Ref, i: number): void {
  const { args, db, reply } = ctx;
  if (ref === 0) {
    reply.integer(0);
    return;
  }
  const type = integerType(args, i + 1);
  const offset = fieldOffset(ctx, i + 2, Math.abs(type));
  const length = db.valueLength(ref);
  reply.integer(readInteger(db.valueMemory(ref), db.valueOffset(ref), length, offset, type));
}

// Returns whether the operation counts as a change: any does in a string that has grown.
function writeField(
  ctx: CommandContext,
  ref: Ref,
  i: number,
  operation: Operation,
  rule: OverflowRule,
  grows: boolean,
): boolean {
  const { args, db, reply } = ctx;
  const memory = db.valueMemory(ref);
  const value = db.valueOffset(ref);
  const type = integerType(args, i + 1);
  const offset = fieldOffset(ctx, i + 2, Math.abs(type));
  const operand = args.int64(i + 3);
  const before = readInteger(memory, value, db.valueLength(ref), offset, type);
  const isSet = operation === OPERATION.SET;
  const after = isSet ? fitInteger(operand, type, rule) : addInteger(before, operand, type, rule);
  if (after === null) {
    reply.null();
    return false;
  }
  reply.integer(isSet ? before : after);
  writeInteger(memory, value, offset, type, after);
  return grows || before !== after;
}

function operationCount(args: Arguments): number {
  let count = 0;
  for (let i = 2; i < args.count; ) {
    const operation = operationAt(args, i);
    if (operation !== OPERATION.OVERFLOW) count++;
    i += argumentsOf(operation);
  }
  return count;
}

function operationAt(args: Arguments, i: number): Operation {
  const following = args.count - i - 1;
  if (following >= 2 && args.is(i, 'get')) return OPERATION.GET;
  if (following >= 3 && args.is(i, 'set')) return OPERATION.SET;
  if (following >= 3 && args.is(i, 'incrby')) return OPERATION.INCRBY;
  if (following >= 1 && args.is(i, 'overflow')) return OPERATION.OVERFLOW;
  throw SYNTAX;
}

// How many arguments an operation takes, its word among them.
function argumentsOf(operation: Operation): number {
  return operation === OPERATION.OVERFLOW ? 2 : operation === OPERATION.GET ? 3 : 4;
}

function overflowRule(args: Arguments, i: number): OverflowRule {
  if (args.is(i, 'wrap')) return OVERFLOW_RULE.WRAP;
  if (args.is(i, 'sat')) return OVERFLOW_RULE.SAT;
  if (args.is(i, 'fail')) return OVERFLOW_RULE.FAIL;
  throw BITFIELD_OVERFLOW;
}

function integerType(args: Arguments, i: number): IntegerType {
  const { bytes } = args;
  const at = args.start(i);
  // Observed 7.2.4: the type ends at a zero byte, whatever follows.
  let length = 0;
  while (length < args.length(i) && bytes[at + length] !== 0) length++;
  const isSigned = length > 0 && bytes[at] === LETTER_I;
  if (!isSigned && (length === 0 || bytes[at] !== LETTER_U)) throw BITFIELD_TYPE;
  const bits = parseSafeInteger(bytes, at + 1, length - 1);
  if (!(bits >= 1 && bits <= (isSigned ? 64 : 63))) throw BITFIELD_TYPE;
  return isSigned ? -bits : bits;
}

// A number of bits, or with `#` in front a number of integers of `bits` bits.
function fieldOffset(ctx: CommandContext, i: number, bits: number): number {
  const { args } = ctx;
  if (args.length(i) === 0 || args.bytes[args.start(i)] !== HASH_SIGN) {
    return checkBitOffset(ctx, args.int64(i, BIT_OFFSET));
  }
  const index = parseInt64Bytes(args.bytes, args.start(i) + 1, args.length(i) - 1);
  if (index === null) throw BIT_OFFSET;
  const offset = Number(index) * bits;
  if (Number.isSafeInteger(offset)) return checkBitOffset(ctx, offset);
  return checkBitOffset(ctx, BigInt.asIntN(64, BigInt(index) * BigInt(bits)));
}

// What is no operation counts as one that writes; what follows the first that does is not looked at.
function keyOfBitfield(args: Arguments): readonly FoundKey[] {
  let at = 2;
  while (at < args.count) {
    const left = args.count - at - 1;
    if (args.is(at, 'get') && left >= 2) at += 3;
    else if (args.is(at, 'overflow') && left >= 1) at += 2;
    else return [{ index: 1, flags: ['RW', 'access', 'update'] }];
  }
  return [{ index: 1, flags: ['RO', 'access'] }];
}
