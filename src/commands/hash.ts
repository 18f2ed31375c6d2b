// Hashes: setting, reading and deleting fields. Which form a hash has is keyspace/hash-value.ts's business. Numbers in
// hashes are in hash-counter.ts, random fields and scans in hash-random.ts and hash-scan.ts.

import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import {
  deleteFields,
  findField,
  hashLength,
  NO_PLACE,
  type Place,
  readValue,
  replyAll,
  replyValue,
  requireHash,
  setField,
  setFields,
} from '../keyspace/hash-value.ts';
import type { Ref } from '../memory/heap.ts';
import { wrongArity } from '../resp/errors.ts';

const PAIRS = arg.block('data', [arg.string('field'), arg.string('value')], { multiple: true });

export const hset = command({
  name: 'hset',
  since: '2.0.0',
  group: 'hash',
  complexity: 'O(N) for N fields',
  summary: 'Gives fields of a hash their values and returns how many of the fields are new.',
  history: [['4.0.0', 'Any number of fields.']],
  arity: -4,
  flags: ['write', 'denyoom', 'fast'],
  keys: [keyAt(1, 'RW', 'update')],
  args: [arg.key('key'), PAIRS],
  run(ctx) {
    ctx.reply.integer(setPairs(ctx));
  },
});

export const hmset = command({
  name: 'hmset',
  since: '2.0.0',
  group: 'hash',
  complexity: 'O(N) for N fields',
  summary: 'Gives fields of a hash their values.',
  docFlags: ['deprecated'],
  deprecatedSince: '4.0.0',
  replacedBy: '`HSET` with several fields',
  arity: -4,
  flags: ['write', 'denyoom', 'fast'],
  keys: [keyAt(1, 'RW', 'update')],
  args: [arg.key('key'), PAIRS],
  run(ctx) {
    setPairs(ctx);
    ctx.reply.ok();
  },
});

export const hsetnx = command({
  name: 'hsetnx',
  since: '2.0.0',
  group: 'hash',
  complexity: 'O(1)',
  summary: 'Gives a field of a hash a value unless the field exists.',
  arity: 4,
  flags: ['write', 'denyoom', 'fast'],
  keys: [keyAt(1, 'RW', 'insert')],
  args: [arg.key('key'), arg.string('field'), arg.string('value')],
  run(ctx) {
    const { args, db, reply } = ctx;
    const ref = lookupToWrite(ctx);
    if (ref !== 0 && findField(db, ref, args, 2) !== NO_PLACE) {
      reply.integer(0);
      return;
    }
    const value = db.keyspace.scratch.second.setBytes(args.bytes, args.start(3), args.length(3));
    setField(db, args, 1, ref, 2, NO_PLACE, value);
    ctx.changed('hset', 1);
    reply.integer(1);
  },
});

export const hget = command({
  name: 'hget',
  since: '2.0.0',
  group: 'hash',
  complexity: 'O(1)',
  summary: 'Returns the value of a field of a hash.',
  arity: 3,
  flags: ['readonly', 'fast'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key'), arg.string('field')],
  run(ctx) {
    const ref = lookupToRead(ctx);
    const place = ref === 0 ? NO_PLACE : findField(ctx.db, ref, ctx.args, 2);
    if (place === NO_PLACE) ctx.reply.null();
    else replyValue(ctx.reply, ctx.db, ref, place);
  },
});

export const hmget = command({
  name: 'hmget',
  since: '2.0.0',
  group: 'hash',
  complexity: 'O(N) for N fields',
  summary: 'Returns the values of several fields of a hash.',
  arity: -3,
  flags: ['readonly', 'fast'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key'), arg.string('field', { multiple: true })],
  run(ctx) {
    const { args, db, reply } = ctx;
    const ref = lookupToRead(ctx);
    reply.array(args.count - 2);
    for (let i = 2; i < args.count; i++) {
      const place = ref === 0 ? NO_PLACE : findField(db, ref, args, i);
      if (place === NO_PLACE) reply.null();
      else replyValue(reply, db, ref, place);
    }
  },
});

export const hgetall = command({
  name: 'hgetall',
  since: '2.0.0',
  group: 'hash',
  complexity: 'O(N) for N fields in the hash',
  summary: 'Returns all fields of a hash with their values.',
  arity: 2,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  tips: ['nondeterministic_output_order'],
  args: [arg.key('key')],
  run(ctx) {
    const ref = lookupToRead(ctx);
    ctx.reply.map(ref === 0 ? 0 : hashLength(ctx.db, ref));
    if (ref !== 0) replyAll(ctx.reply, ctx.db, ref, true, true);
  },
});

export const hkeys = command({
  name: 'hkeys',
  since: '2.0.0',
  group: 'hash',
  complexity: 'O(N) for N fields in the hash',
  summary: 'Returns all fields of a hash.',
  arity: 2,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  tips: ['nondeterministic_output_order'],
  args: [arg.key('key')],
  run(ctx) {
    replyHalf(ctx, true);
  },
});

export const hvals = command({
  name: 'hvals',
  since: '2.0.0',
  group: 'hash',
  complexity: 'O(N) for N fields in the hash',
  summary: 'Returns all values of a hash.',
  arity: 2,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  tips: ['nondeterministic_output_order'],
  args: [arg.key('key')],
  run(ctx) {
    replyHalf(ctx, false);
  },
});

export const hdel = command({
  name: 'hdel',
  since: '2.0.0',
  group: 'hash',
  complexity: 'O(N) for N fields',
  summary: 'Deletes fields of a hash, and the hash with the last of them.',
  history: [['2.4.0', 'Any number of fields.']],
  arity: -3,
  flags: ['write', 'fast'],
  keys: [keyAt(1, 'RW', 'delete')],
  args: [arg.key('key'), arg.string('field', { multiple: true })],
  run(ctx) {
    const { args, db, reply } = ctx;
    const ref = lookupToWrite(ctx);
    if (ref === 0) {
      reply.integer(0);
      return;
    }
    const length = hashLength(db, ref);
    const deleted = deleteFields(db, args, ref, 2);
    if (deleted > 0) ctx.changed('hdel', 1, deleted);
    if (deleted === length) ctx.event('del', 1);
    reply.integer(deleted);
  },
});

export const hexists = command({
  name: 'hexists',
  since: '2.0.0',
  group: 'hash',
  complexity: 'O(1)',
  summary: 'Tells whether a field of a hash exists.',
  arity: 3,
  flags: ['readonly', 'fast'],
  keys: [keyAt(1, 'RO')],
  args: [arg.key('key'), arg.string('field')],
  run(ctx) {
    const ref = lookupToRead(ctx);
    const place = ref === 0 ? NO_PLACE : findField(ctx.db, ref, ctx.args, 2);
    ctx.reply.integer(place === NO_PLACE ? 0 : 1);
  },
});

export const hlen = command({
  name: 'hlen',
  since: '2.0.0',
  group: 'hash',
  complexity: 'O(1)',
  summary: 'Returns the number of fields of a hash.',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: [keyAt(1, 'RO')],
  args: [arg.key('key')],
  run(ctx) {
    const ref = lookupToRead(ctx);
    ctx.reply.integer(ref === 0 ? 0 : hashLength(ctx.db, ref));
  },
});

export const hstrlen = command({
  name: 'hstrlen',
  since: '3.2.0',
  group: 'hash',
  complexity: 'O(1)',
  summary: 'Returns the length of the value of a field of a hash.',
  arity: 3,
  flags: ['readonly', 'fast'],
  keys: [keyAt(1, 'RO')],
  args: [arg.key('key'), arg.string('field')],
  run(ctx) {
    const ref = lookupToRead(ctx);
    const place: Place = ref === 0 ? NO_PLACE : findField(ctx.db, ref, ctx.args, 2);
    ctx.reply.integer(place === NO_PLACE ? 0 : readValue(ctx.db, ref, place).textLength);
  },
});

/** The hash of the first argument, to be read, or 0. Throws WRONG_TYPE. */
export function lookupToRead({ args, db }: CommandContext): Ref {
  const ref = db.lookupRead(args, 1);
  if (ref !== 0) requireHash(db, ref);
  return ref;
}

/** As `lookupToRead`, to be written. */
export function lookupToWrite({ args, db }: CommandContext): Ref {
  const ref = db.lookupWrite(args, 1);
  if (ref !== 0) requireHash(db, ref);
  return ref;
}

function setPairs(ctx: CommandContext): number {
  const { args } = ctx;
  if (args.count % 2 !== 0) throw wrongArity(ctx.command.fullName);
  const added = setFields(ctx.db, args, 1, lookupToWrite(ctx), 2);
  ctx.changed('hset', 1, (args.count - 2) / 2);
  return added;
}

function replyHalf(ctx: CommandContext, fields: boolean): void {
  const ref = lookupToRead(ctx);
  ctx.reply.array(ref === 0 ? 0 : hashLength(ctx.db, ref));
  if (ref !== 0) replyAll(ctx.reply, ctx.db, ref, fields, !fields);
}
