// A look inside HyperLogLogs, for tests: PFDEBUG and PFSELFTEST.

import type { RandomSource } from '../base/runtime.ts';
import {
  countElements,
  DENSE_BYTES,
  denseRegister,
  EMPTY_BYTES,
  HEADER_BYTES,
  invalidateCount,
  isLongZeroRun,
  isSparse,
  isValueRun,
  mergeRegisters,
  REGISTERS,
  raiseDense,
  runBytes,
  runLength,
  runValue,
  setDense,
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
import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import type { Database } from '../keyspace/database.ts';
import type { Ref } from '../memory/heap.ts';
import {
  HYPERLOGLOG_NOT_SPARSE,
  hyperLogLogTestFailed,
  KEY_DOES_NOT_EXIST,
  type ReplyError,
  unknownPfdebugSubcommand,
} from '../resp/errors.ts';
import { makeDense, makeRaw, requireHyperLogLog } from './hyperloglog.ts';

const TEST_ROUNDS = 1000;
const TEST_ELEMENTS = 10_000_000;

export const pfdebug = command({
  name: 'pfdebug',
  since: '2.8.9',
  group: 'hyperloglog',
  complexity: 'N/A',
  summary: 'Shows the registers, the runs or the form of a HyperLogLog, or makes it dense.',
  docFlags: ['syscmd'],
  arity: 3,
  flags: ['write', 'denyoom', 'admin'],
  keys: [keyAt(2, 'RW', 'access')],
  args: [arg.string('subcommand'), arg.key('key')],
  run(ctx) {
    const { args, db, reply } = ctx;
    const ref = db.lookupWrite(args, 2);
    if (ref === 0) throw KEY_DOES_NOT_EXIST;
    requireHyperLogLog(db, ref);
    makeRaw(db, ref);
    if (args.is(1, 'getreg')) replyRegisters(ctx, ref);
    else if (args.is(1, 'decode')) reply.bulkText(runsOf(db, ref));
    else if (args.is(1, 'encoding')) reply.simple(isSparseEntry(db, ref) ? 'sparse' : 'dense');
    else if (args.is(1, 'todense')) reply.integer(convert(ctx, ref) === 0 ? 0 : 1);
    else throw unknownPfdebugSubcommand(args.string(1));
  },
});

export const pfselftest = command({
  name: 'pfselftest',
  since: '2.8.9',
  group: 'hyperloglog',
  complexity: 'N/A',
  summary: 'Tests the implementation of HyperLogLogs.',
  docFlags: ['syscmd'],
  arity: 1,
  flags: ['admin'],
  run(ctx) {
    const failure = testRegisters(ctx.keyspace.random) ?? testCounts(ctx);
    if (failure !== null) throw failure;
    ctx.reply.ok();
  },
});

function isSparseEntry(db: Database, ref: Ref): boolean {
  return isSparse(db.valueMemory(ref), db.valueOffset(ref));
}

// Makes a sparse value dense and returns its entry; 0 when it is dense. Counted, so that replicas do the same.
function convert(ctx: CommandContext, ref: Ref): Ref {
  if (!isSparseEntry(ctx.db, ref)) return 0;
  const dense = makeDense(ctx.db, ref);
  ctx.dirty++;
  return dense;
}

function replyRegisters(ctx: CommandContext, ref: Ref): void {
  const { db, reply } = ctx;
  const dense = convert(ctx, ref) || ref;
  reply.array(REGISTERS);
  for (let i = 0; i < REGISTERS; i++) {
    reply.integer(denseRegister(db.valueMemory(dense), db.valueOffset(dense), i));
  }
}

// The runs of a sparse value: `z:` a short one of zeros, `Z:` a long one, `v:` its value and how many.
function runsOf(db: Database, ref: Ref): string {
  const memory = db.valueMemory(ref);
  const at = db.valueOffset(ref);
  if (!isSparse(memory, at)) throw HYPERLOGLOG_NOT_SPARSE;
  const end = at + db.valueLength(ref);
  const runs: string[] = [];
  for (let run = at + HEADER_BYTES; run < end; run += runBytes(memory[run]!)) {
    const byte = memory[run]!;
    const registers = runLength(memory, run, end);
    if (isValueRun(byte)) runs.push(`v:${runValue(byte)},${registers}`);
    else runs.push(`${isLongZeroRun(byte) ? 'Z' : 'z'}:${registers}`);
  }
  return runs.join(' ');
}

// Registers keep what they are given and do not touch their neighbours.
function testRegisters(random: RandomSource): ReplyError | null {
  const value = new Uint8Array(DENSE_BYTES);
  const expected = new Uint8Array(REGISTERS);
  for (let round = 0; round < TEST_ROUNDS; round++) {
    for (let i = 0; i < REGISTERS; i++) {
      expected[i] = random.uint32() & 63;
      setDense(value, 0, i, expected[i]!);
    }
    for (let i = 0; i < REGISTERS; i++) {
      const found = denseRegister(value, 0, i);
      if (found !== expected[i]) {
        return hyperLogLogTestFailed(`Register ${i} should be ${expected[i]} but is ${found}`);
      }
    }
  }
  return null;
}

// Both forms count the same, and not too far off.
function testCounts({ keyspace, server }: CommandContext): ReplyError | null {
  const maxBytes = server.config.values['hll-sparse-max-bytes'];
  const { histogram } = keyspace.stringScratch;
  const dense = new Uint8Array(DENSE_BYTES);
  const grown = new GrowingHyperLogLog(maxBytes);
  const seedLow = keyspace.random.uint32();
  const element = new Uint8Array(8);
  const words = new Uint32Array(element.buffer);
  words[1] = keyspace.random.uint32();
  const standardError = 1.04 / Math.sqrt(REGISTERS);
  let checkpoint = 1;
  for (let n = 1; n <= TEST_ELEMENTS; n++) {
    words[0] = n ^ seedLow;
    const hashed = hashElement(element, 0, element.length);
    raiseDense(dense, 0, registerOf(hashed), registerValueOf(hashed));
    grown.raise(registerOf(hashed), registerValueOf(hashed));
    if (n !== checkpoint) continue;
    if (n < maxBytes / 2 && !isSparse(grown.bytes, 0))
      return hyperLogLogTestFailed('sparse encoding not used');
    const count = countElements(dense, 0, DENSE_BYTES, histogram);
    if (count !== countElements(grown.bytes, 0, grown.length, histogram)) {
      return hyperLogLogTestFailed('dense/sparse disagree');
    }
    const off = Math.abs(n - count);
    if (off > (n === 10 ? 1 : Math.ceil(standardError * 6 * n))) {
      return hyperLogLogTestFailed(`Too big error. card:${n} abserr:${off}`);
    }
    checkpoint *= 10;
  }
  return null;
}

/** A value outside the keyspace that begins sparse. */
class GrowingHyperLogLog {
  bytes: Uint8Array;
  length = EMPTY_BYTES;

  private readonly maxBytes: number;

  constructor(maxBytes: number) {
    // Every register takes one byte in the sparse form, or two where zeros lie between.
    this.maxBytes = Math.min(maxBytes, REGISTERS * 2);
    this.bytes = new Uint8Array(Math.max(DENSE_BYTES, this.maxBytes) + EMPTY_BYTES);
    writeEmptyHyperLogLog(this.bytes, 0);
  }

  raise(index: number, value: number): void {
    const { bytes, length } = this;
    if (isSparse(bytes, 0)) {
      const location = locateRun(bytes, 0, length, index);
      if (value <= SPARSE_VALUE_MAX) {
        if (locatedValue(bytes, 0, location) >= value) return;
        const growth = growthOfRaise(bytes, 0, length, location, index);
        if (growth <= 0 || length + growth <= this.maxBytes) {
          this.length = raiseSparse(bytes, 0, length, location, index, value, growth);
          return;
        }
      }
      this.becomeDense();
    }
    if (raiseDense(bytes, 0, index, value)) invalidateCount(bytes, 0);
  }

  private becomeDense(): void {
    const registers = new Uint8Array(REGISTERS);
    mergeRegisters(registers, this.bytes, 0, this.length);
    this.length = DENSE_BYTES;
    writeDense(this.bytes, 0, registers);
  }
}
