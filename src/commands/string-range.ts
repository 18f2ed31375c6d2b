// Parts of strings: STRLEN, GETRANGE, APPEND, SETRANGE. A value is edited where it lies; what is appended to gets room
// to grow, so that appending again seldom moves it.

import { copyBytes } from '../base/bytes.ts';
import { KIND } from '../datatypes/kind.ts';
import { grownBytes, MAX_STRING_BYTES } from '../datatypes/string.ts';
import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import { OFFSET_OUT_OF_RANGE, STRING_TOO_LONG } from '../resp/errors.ts';
import { requireString, storeArgument } from './string.ts';

export const strlen = command({
  name: 'strlen',
  since: '2.2.0',
  group: 'string',
  complexity: 'O(1)',
  summary: 'Returns the length in bytes of the string that a key holds.',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: [keyAt(1, 'RO')],
  args: [arg.key('key')],
  run({ args, db, reply }) {
    const ref = db.lookupRead(args, 1);
    if (ref === 0) {
      reply.integer(0);
      return;
    }
    requireString(db, ref);
    reply.integer(db.valueLength(ref));
  },
});

export const getrange = command({
  name: 'getrange',
  since: '2.4.0',
  group: 'string',
  complexity: 'O(N) for N bytes returned',
  summary: 'Returns the part of a string between two offsets, both included.',
  arity: 4,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key'), arg.integer('start'), arg.integer('end')],
  run: replyRange,
});

export const substr = command({
  name: 'substr',
  since: '1.0.0',
  group: 'string',
  complexity: 'O(N) for N bytes returned',
  summary: 'Returns the part of a string between two offsets, both included.',
  docFlags: ['deprecated'],
  deprecatedSince: '2.0.0',
  replacedBy: '`GETRANGE`',
  arity: 4,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key'), arg.integer('start'), arg.integer('end')],
  run: replyRange,
});

export const append = command({
  name: 'append',
  since: '2.0.0',
  group: 'string',
  complexity: 'O(N) for N bytes appended, in the mean: the room for a growing value grows with it',
  summary: 'Appends to the string that a key holds; a missing key counts as empty.',
  arity: 3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [keyAt(1, 'RW', 'insert')],
  args: [arg.key('key'), arg.string('value')],
  run(ctx) {
    const { args, db } = ctx;
    const added = args.length(2);
    const ref = db.lookupWrite(args, 1);
    let total = added;
    if (ref === 0) {
      storeArgument(ctx, 1, 2, 0, false);
    } else {
      requireString(db, ref);
      const length = db.valueLength(ref);
      checkLength(ctx, length, added);
      total = length + added;
      const at = db.resize(ref, total, grownBytes(total));
      copyBytes(args.bytes, args.start(2), db.valueMemory(at), db.valueOffset(at) + length, added);
      db.setKind(at, KIND.STRING_RAW);
    }
    ctx.changed('append', 1);
    ctx.reply.integer(total);
  },
});

export const setrange = command({
  name: 'setrange',
  since: '2.2.0',
  group: 'string',
  complexity: 'O(N) for N bytes written, those included that fill a gap',
  summary:
    'Overwrites a part of a string from an offset on; what lies between its end and the offset becomes zeros.',
  arity: 4,
  flags: ['write', 'denyoom'],
  keys: [keyAt(1, 'RW', 'update')],
  args: [arg.key('key'), arg.integer('offset'), arg.string('value')],
  run(ctx) {
    const { args, db, reply } = ctx;
    const offset = Number(args.int64(2));
    if (offset < 0) throw OFFSET_OUT_OF_RANGE;
    const ref = db.lookupWrite(args, 1);
    if (ref !== 0) requireString(db, ref);
    const length = ref === 0 ? 0 : db.valueLength(ref);
    const written = args.length(3);
    if (written === 0) {
      reply.integer(length);
      return;
    }
    checkLength(ctx, offset, written);
    const end = offset + written;
    const total = Math.max(length, end);
    const at =
      ref === 0
        ? db.write(args, 1, 0, KIND.STRING_RAW, total, false)
        : db.resize(ref, total, total === length ? total : grownBytes(total));
    const memory = db.valueMemory(at);
    const value = db.valueOffset(at);
    if (offset > length) memory.fill(0, value + length, value + offset);
    copyBytes(args.bytes, args.start(3), memory, value + offset, written);
    if (ref !== 0) db.setKind(at, KIND.STRING_RAW);
    ctx.changed('setrange', 1);
    reply.integer(total);
  },
});

function replyRange({ args, db, reply }: CommandContext): void {
  const start = args.int64(2);
  const end = args.int64(3);
  const ref = db.lookupRead(args, 1);
  if (ref === 0) {
    reply.bulkText('');
    return;
  }
  requireString(db, ref);
  const length = db.valueLength(ref);
  // Offsets beyond the safe integers lie outside any value: rounding them changes nothing after this comparison.
  const isReversed = start < 0 && end < 0 && start > end;
  const first = Math.max(0, fromEnd(Number(start), length));
  const last = Math.min(length - 1, Math.max(0, fromEnd(Number(end), length)));
  if (isReversed || first > last) reply.bulkText('');
  else reply.bulk(db.valueMemory(ref), db.valueOffset(ref) + first, last - first + 1);
}

function fromEnd(offset: number, length: number): number {
  return offset < 0 ? length + offset : offset;
}

// What a master or the AOF says was within its limit there, and must be done here too.
function checkLength(ctx: CommandContext, length: number, added: number): void {
  const total = length + added;
  const limit = ctx.server.config.values['proto-max-bulk-len'];
  if (total > MAX_STRING_BYTES || (total > limit && ctx.client.type !== 'master')) throw STRING_TOO_LONG;
}
