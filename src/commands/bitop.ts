// BITOP: strings combined bit by bit into another.

import { BIT_OPERATION, type BitOperation, type BitSource, combineBits } from '../datatypes/bitmap.ts';
import { KIND } from '../datatypes/kind.ts';
import { arg, command, keyAt, keysFrom } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import type { Ref } from '../memory/heap.ts';
import type { Arguments } from '../resp/arguments.ts';
import { BITOP_NOT_KEYS, SYNTAX } from '../resp/errors.ts';
import { requireString } from './string.ts';

const { AND, OR, XOR, NOT } = BIT_OPERATION;
const TARGET = 2;
const FIRST_SOURCE = 3;

export const bitop = command({
  name: 'bitop',
  since: '2.6.0',
  group: 'bitmap',
  complexity: 'O(N) for N bytes in all strings together',
  summary: 'Combines strings bit by bit, or inverts one, and stores the result.',
  arity: -4,
  flags: ['write', 'denyoom'],
  keys: [keyAt(TARGET, 'OW', 'update'), keysFrom(FIRST_SOURCE, -1, 1, 'RO', 'access')],
  args: [
    arg.oneOf('operation', [
      arg.token('and', 'AND'),
      arg.token('or', 'OR'),
      arg.token('xor', 'XOR'),
      arg.token('not', 'NOT'),
    ]),
    arg.key('destkey'),
    arg.key('key', { keySpec: 1, multiple: true }),
  ],
  run(ctx) {
    const { args, db } = ctx;
    const operation = operationOf(args);
    if (operation === NOT && args.count !== FIRST_SOURCE + 1) throw BITOP_NOT_KEYS;
    const refs: Ref[] = [];
    let longest = 0;
    for (let i = FIRST_SOURCE; i < args.count; i++) {
      const ref = db.lookupRead(args, i);
      if (ref !== 0) {
        requireString(db, ref);
        longest = Math.max(longest, db.valueLength(ref));
      }
      refs.push(ref);
    }
    if (longest === 0) removeTarget(ctx);
    else storeCombined(ctx, operation, refs, longest);
    ctx.reply.integer(longest);
  },
});

function operationOf(args: Arguments): BitOperation {
  if (args.is(1, 'and')) return AND;
  if (args.is(1, 'or')) return OR;
  if (args.is(1, 'xor')) return XOR;
  if (args.is(1, 'not')) return NOT;
  throw SYNTAX;
}

function storeCombined(ctx: CommandContext, operation: BitOperation, refs: Ref[], length: number): void {
  const { args, db } = ctx;
  const target = db.lookupWrite(args, TARGET);
  const targetLength = target === 0 ? 0 : db.valueLength(target);
  // A target that is a source too keeps its bytes while it gets its new length, which is no shorter.
  const written = db.write(args, TARGET, target, KIND.STRING_RAW, length, false);
  const sources: BitSource[] = refs.map((ref) => {
    if (ref === 0) return { bytes: db.valueMemory(written), start: 0, length: 0 };
    if (ref === target) {
      return { bytes: db.valueMemory(written), start: db.valueOffset(written), length: targetLength };
    }
    return { bytes: db.valueMemory(ref), start: db.valueOffset(ref), length: db.valueLength(ref) };
  });
  const { bitChunks } = ctx.keyspace.stringScratch;
  combineBits(operation, sources, db.valueMemory(written), db.valueOffset(written), length, bitChunks);
  ctx.changed('set', TARGET);
}

// Observed 7.2.4: a target that has expired counts as deleted here, not as expired.
function removeTarget(ctx: CommandContext): void {
  const { args, db } = ctx;
  const target = db.peekText(args.string(TARGET));
  if (target === 0) return;
  db.removeAs(target, db.keyspace.whenReplaced);
  ctx.changed('del', TARGET);
}
