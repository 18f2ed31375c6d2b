// HyperLogLogs: PFADD, PFCOUNT, PFMERGE. A value is a string that is edited where it lies; its bytes are Redis's (see
// datatypes/hyperloglog.ts).

import {
  countElements,
  countOfRegisters,
  DENSE_BYTES,
  EMPTY_BYTES,
  hasCount,
  invalidateCount,
  isHyperLogLog,
  isSparse,
  mergeRegisters,
  REGISTERS,
  raiseDense,
  readCount,
  writeCount,
  writeDense,
  writeEmptyHyperLogLog,
} from '../datatypes/hyperloglog.ts';
import { hashElement, registerOf, registerValueOf } from '../datatypes/hyperloglog-hash.ts';
import {
  growthOfRaise,
  locatedValue,
  locateRun,
  raiseSparse,
  SPARSE_VALUE_MAX,
} from '../datatypes/hyperloglog-sparse.ts';
import { isString, KIND } from '../datatypes/kind.ts';
import { arg, command, keyAt, keysFrom } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import type { Database } from '../keyspace/database.ts';
import type { Ref } from '../memory/heap.ts';
import { CORRUPTED_HYPERLOGLOG, NOT_A_HYPERLOGLOG, WRONG_TYPE } from '../resp/errors.ts';

/** A sparse value that grows gets so much more room at most. */
const RESERVE_BYTES = 300;

export const pfadd = command({
  name: 'pfadd',
  since: '2.8.9',
  group: 'hyperloglog',
  complexity: 'O(1) for each element',
  summary: 'Adds elements to a HyperLogLog, which is made if the key is missing.',
  arity: -2,
  flags: ['write', 'denyoom', 'fast'],
  keys: [keyAt(1, 'RW', 'insert')],
  args: [arg.key('key'), arg.string('element', { optional: true, multiple: true })],
  run(ctx) {
    const { args, db } = ctx;
    let ref = db.lookupWrite(args, 1);
    let changes = 0;
    if (ref === 0) {
      ref = addHyperLogLog(ctx);
      changes = 1;
    } else {
      requireHyperLogLog(db, ref);
      makeRaw(db, ref);
    }
    for (let i = 2; i < args.count; i++) {
      const hashed = hashElement(args.bytes, args.start(i), args.length(i));
      const raised = raiseRegister(ctx, ref, registerOf(hashed), registerValueOf(hashed));
      if (raised === 0) continue;
      ref = raised;
      changes++;
    }
    if (changes > 0) {
      invalidateCount(db.valueMemory(ref), db.valueOffset(ref));
      ctx.changed('pfadd', 1, changes);
    }
    ctx.reply.integer(changes > 0 ? 1 : 0);
  },
});

export const pfcount = command({
  name: 'pfcount',
  since: '2.8.9',
  group: 'hyperloglog',
  complexity: 'O(1) for one key, whose last count is kept; O(N) for N keys, with a large constant',
  summary: 'Estimates how many different elements one or several HyperLogLogs have seen.',
  arity: -2,
  flags: ['readonly', 'may_replicate'],
  keys: [
    {
      ...keysFrom(1, -1, 1, 'RW', 'access'),
      notes: 'RW because the count is kept in the value, and replicas hear of it',
    },
  ],
  args: [arg.key('key', { multiple: true })],
  run(ctx) {
    if (ctx.args.count === 2) countOne(ctx);
    else countAll(ctx);
  },
});

export const pfmerge = command({
  name: 'pfmerge',
  since: '2.8.9',
  group: 'hyperloglog',
  complexity: 'O(N) for N HyperLogLogs, with a large constant',
  summary: 'Merges HyperLogLogs into one, which takes part itself if it exists.',
  arity: -2,
  flags: ['write', 'denyoom'],
  keys: [keyAt(1, 'RW', 'access', 'insert'), keysFrom(2, -1, 1, 'RO', 'access')],
  args: [arg.key('destkey'), arg.key('sourcekey', { keySpec: 1, optional: true, multiple: true })],
  run(ctx) {
    const { args, db } = ctx;
    const { registers } = ctx.keyspace.stringScratch;
    const isDense = mergeAll(ctx, registers);
    let ref = db.lookupWrite(args, 1);
    if (ref === 0) ref = addHyperLogLog(ctx);
    else makeRaw(db, ref);
    ref = isDense ? storeDense(db, ref, registers) : raiseAll(ctx, ref, registers);
    invalidateCount(db.valueMemory(ref), db.valueOffset(ref));
    ctx.changed('pfadd', 1);
    ctx.reply.ok();
  },
});

/** Throws unless the entry is a HyperLogLog. */
export function requireHyperLogLog(db: Database, ref: Ref): void {
  const kind = db.kind(ref);
  if (!isString(kind)) throw WRONG_TYPE;
  const isOne =
    kind !== KIND.STRING_INT && isHyperLogLog(db.valueMemory(ref), db.valueOffset(ref), db.valueLength(ref));
  if (!isOne) throw NOT_A_HYPERLOGLOG;
}

/** Notes that the value is one that is edited in place. */
export function makeRaw(db: Database, ref: Ref): void {
  if (db.kind(ref) !== KIND.STRING_RAW) db.setKind(ref, KIND.STRING_RAW);
}

/** Gives a sparse value the dense form and returns its entry. Throws CORRUPTED_HYPERLOGLOG. */
export function makeDense(db: Database, ref: Ref): Ref {
  // Of its own: PFMERGE may be on its way through the ones of the scratch.
  const registers = new Uint8Array(REGISTERS);
  mergeEntry(registers, db, ref);
  return storeDense(db, ref, registers);
}

function addHyperLogLog({ args, db }: CommandContext): Ref {
  const ref = db.write(args, 1, 0, KIND.STRING_RAW, EMPTY_BYTES, false);
  writeEmptyHyperLogLog(db.valueMemory(ref), db.valueOffset(ref));
  return ref;
}

// Raises a register and returns the entry, or 0 when the register is that high already.
function raiseRegister(ctx: CommandContext, ref: Ref, index: number, value: number): Ref {
  const { db } = ctx;
  const memory = db.valueMemory(ref);
  const at = db.valueOffset(ref);
  if (!isSparse(memory, at)) return raiseDense(memory, at, index, value) ? ref : 0;
  if (value > SPARSE_VALUE_MAX) return raiseInDense(db, ref, index, value);
  const length = db.valueLength(ref);
  const location = locateRun(memory, at, length, index);
  if (location < 0) throw CORRUPTED_HYPERLOGLOG;
  if (locatedValue(memory, at, location) >= value) return 0;
  const growth = growthOfRaise(memory, at, length, location, index);
  const grown = length + growth;
  let to = ref;
  if (growth > 0) {
    if (grown > ctx.server.config.values['hll-sparse-max-bytes']) return raiseInDense(db, ref, index, value);
    to = db.resize(ref, grown, grown + Math.min(grown, RESERVE_BYTES));
  }
  const left = raiseSparse(db.valueMemory(to), db.valueOffset(to), length, location, index, value, growth);
  return left === db.valueLength(to) ? to : db.resize(to, left);
}

function raiseInDense(db: Database, ref: Ref, index: number, value: number): Ref {
  const dense = makeDense(db, ref);
  raiseDense(db.valueMemory(dense), db.valueOffset(dense), index, value);
  return dense;
}

function raiseAll(ctx: CommandContext, ref: Ref, registers: Uint8Array): Ref {
  let at = ref;
  for (let i = 0; i < REGISTERS; i++) {
    if (registers[i] === 0) continue;
    const raised = raiseRegister(ctx, at, i, registers[i]!);
    if (raised !== 0) at = raised;
  }
  return at;
}

function storeDense(db: Database, ref: Ref, registers: Uint8Array): Ref {
  const dense = db.resize(ref, DENSE_BYTES);
  writeDense(db.valueMemory(dense), db.valueOffset(dense), registers);
  return dense;
}

function countOne(ctx: CommandContext): void {
  const { args, db, reply } = ctx;
  const ref = db.lookupRead(args, 1);
  if (ref === 0) {
    reply.integer(0);
    return;
  }
  requireHyperLogLog(db, ref);
  makeRaw(db, ref);
  const memory = db.valueMemory(ref);
  const at = db.valueOffset(ref);
  if (hasCount(memory, at)) {
    reply.integer(readCount(memory, at));
    return;
  }
  const count = countElements(memory, at, db.valueLength(ref), ctx.keyspace.stringScratch.histogram);
  if (count < 0) throw CORRUPTED_HYPERLOGLOG;
  writeCount(memory, at, count);
  // A change without an event: the value's bytes are other ones now, and replicas must have the same.
  ctx.dirty++;
  ctx.keyspace.observer?.keyChanged(db, args.string(1));
  reply.integer(asReply(count));
}

function countAll(ctx: CommandContext): void {
  const { registers, histogram } = ctx.keyspace.stringScratch;
  mergeAll(ctx, registers);
  ctx.reply.integer(asReply(countOfRegisters(registers, histogram)));
}

// Gathers the highest of each register of all keys named, missing ones aside; returns whether one of them is dense.
function mergeAll(ctx: CommandContext, registers: Uint8Array): boolean {
  const { args, db } = ctx;
  let isDense = false;
  registers.fill(0);
  for (let i = 1; i < args.count; i++) {
    const ref = db.lookupRead(args, i);
    if (ref === 0) continue;
    requireHyperLogLog(db, ref);
    mergeEntry(registers, db, ref);
    if (!isSparse(db.valueMemory(ref), db.valueOffset(ref))) isDense = true;
  }
  return isDense;
}

function mergeEntry(registers: Uint8Array, db: Database, ref: Ref): void {
  const isWhole = mergeRegisters(registers, db.valueMemory(ref), db.valueOffset(ref), db.valueLength(ref));
  if (!isWhole) throw CORRUPTED_HYPERLOGLOG;
}

// Only a value that no elements have made counts so much that the reply turns negative.
function asReply(count: number): number | bigint {
  return Number.isSafeInteger(count) ? count : BigInt.asIntN(64, BigInt(count));
}
