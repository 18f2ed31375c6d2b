// Deadlines of keys: setting them, asking for them, taking them away.

import { fitsInt64, INT64_MAX, normalizeInteger } from '../base/numbers.ts';
import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import type { Ref } from '../memory/heap.ts';
import type { Arguments } from '../resp/arguments.ts';
import { EXPIRE_GT_AND_LT, EXPIRE_NX_AND_OTHERS, invalidExpire, unsupportedOption } from '../resp/errors.ts';
import { isOverdue } from './expire-argument.ts';

const SECOND_MS = 1000;

const conditionArg = arg.oneOf(
  'condition',
  [arg.token('nx', 'NX'), arg.token('xx', 'XX'), arg.token('gt', 'GT'), arg.token('lt', 'LT')],
  { optional: true, since: '7.0.0' },
);

export const expire = command({
  name: 'expire',
  since: '1.0.0',
  group: 'generic',
  complexity: 'O(1)',
  summary: 'Lets a key expire after a number of seconds.',
  arity: -3,
  flags: ['write', 'fast'],
  acl: ['keyspace'],
  history: [['7.0.0', 'The options NX, XX, GT and LT are accepted.']],
  keys: [keyAt(1, 'RW', 'update')],
  args: [arg.key('key'), arg.integer('seconds'), conditionArg],
  run: (ctx) => setExpiry(ctx, ctx.nowMs, SECOND_MS),
});

export const pexpire = command({
  name: 'pexpire',
  since: '2.6.0',
  group: 'generic',
  complexity: 'O(1)',
  summary: 'Lets a key expire after a number of milliseconds.',
  arity: -3,
  flags: ['write', 'fast'],
  acl: ['keyspace'],
  history: [['7.0.0', 'The options NX, XX, GT and LT are accepted.']],
  keys: [keyAt(1, 'RW', 'update')],
  args: [arg.key('key'), arg.integer('milliseconds'), conditionArg],
  run: (ctx) => setExpiry(ctx, ctx.nowMs, 1),
});

export const expireat = command({
  name: 'expireat',
  since: '1.2.0',
  group: 'generic',
  complexity: 'O(1)',
  summary: 'Lets a key expire at a Unix time in seconds.',
  arity: -3,
  flags: ['write', 'fast'],
  acl: ['keyspace'],
  history: [['7.0.0', 'The options NX, XX, GT and LT are accepted.']],
  keys: [keyAt(1, 'RW', 'update')],
  args: [arg.key('key'), arg.unixTime('unix-time-seconds'), conditionArg],
  run: (ctx) => setExpiry(ctx, 0, SECOND_MS),
});

export const pexpireat = command({
  name: 'pexpireat',
  since: '2.6.0',
  group: 'generic',
  complexity: 'O(1)',
  summary: 'Lets a key expire at a Unix time in milliseconds.',
  arity: -3,
  flags: ['write', 'fast'],
  acl: ['keyspace'],
  history: [['7.0.0', 'The options NX, XX, GT and LT are accepted.']],
  keys: [keyAt(1, 'RW', 'update')],
  args: [arg.key('key'), arg.unixTime('unix-time-milliseconds'), conditionArg],
  run: (ctx) => setExpiry(ctx, 0, 1),
});

export const ttl = command({
  name: 'ttl',
  since: '1.0.0',
  group: 'generic',
  complexity: 'O(1)',
  summary: 'Returns the seconds until a key expires.',
  arity: 2,
  flags: ['readonly', 'fast'],
  acl: ['keyspace'],
  tips: ['nondeterministic_output'],
  history: [['2.8.0', 'The reply is -2 for a key that does not exist.']],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key')],
  run: (ctx) => replyExpiry(ctx, ctx.nowMs, SECOND_MS),
});

export const pttl = command({
  name: 'pttl',
  since: '2.6.0',
  group: 'generic',
  complexity: 'O(1)',
  summary: 'Returns the milliseconds until a key expires.',
  arity: 2,
  flags: ['readonly', 'fast'],
  acl: ['keyspace'],
  tips: ['nondeterministic_output'],
  history: [['2.8.0', 'The reply is -2 for a key that does not exist.']],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key')],
  run: (ctx) => replyExpiry(ctx, ctx.nowMs, 1),
});

export const expiretime = command({
  name: 'expiretime',
  since: '7.0.0',
  group: 'generic',
  complexity: 'O(1)',
  summary: 'Returns the Unix time in seconds at which a key expires.',
  arity: 2,
  flags: ['readonly', 'fast'],
  acl: ['keyspace'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key')],
  run: (ctx) => replyExpiry(ctx, 0, SECOND_MS),
});

export const pexpiretime = command({
  name: 'pexpiretime',
  since: '7.0.0',
  group: 'generic',
  complexity: 'O(1)',
  summary: 'Returns the Unix time in milliseconds at which a key expires.',
  arity: 2,
  flags: ['readonly', 'fast'],
  acl: ['keyspace'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key')],
  run: (ctx) => replyExpiry(ctx, 0, 1),
});

export const persist = command({
  name: 'persist',
  since: '2.2.0',
  group: 'generic',
  complexity: 'O(1)',
  summary: 'Lets a key live on that would have expired.',
  arity: 2,
  flags: ['write', 'fast'],
  acl: ['keyspace'],
  keys: [keyAt(1, 'RW', 'update')],
  args: [arg.key('key')],
  run(ctx) {
    const { args, db, reply } = ctx;
    const ref = db.lookupWrite(args, 1);
    if (ref === 0 || !db.clearDeadline(ref)) {
      reply.integer(0);
      return;
    }
    ctx.changed('persist', 1);
    reply.integer(1);
  },
});

/** The four commands that set a deadline: argument 2 counts in `unitMs` from `baseMs` on. */
function setExpiry(ctx: CommandContext, baseMs: number, unitMs: number): void {
  const { args, db, reply } = ctx;
  const condition = parseCondition(args);
  const deadline = deadlineOf(args.int64(2), unitMs, baseMs);
  if (deadline === null) throw invalidExpire(ctx.command.fullName);
  const ref = db.lookupWrite(args, 1);
  if (ref === 0 || !allows(condition, db.exactDeadline(ref), deadline)) {
    reply.integer(0);
    return;
  }
  if (isOverdue(ctx, deadline)) removeNow(ctx, ref);
  else expireLater(ctx, ref, deadline);
  reply.integer(1);
}

function removeNow(ctx: CommandContext, ref: Ref): void {
  ctx.db.removeAs(ref, ctx.keyspace.whenExpired);
  ctx.changed('del', 1);
  if (!ctx.propagates) return;
  const removal = ctx.server.config.values['lazyfree-lazy-expire'] ? 'UNLINK' : 'DEL';
  ctx.propagateAs(removal, 1);
}

function expireLater(ctx: CommandContext, ref: Ref, deadline: number | bigint): void {
  const { args } = ctx;
  ctx.db.setDeadline(ref, deadline);
  ctx.changed('expire', 1);
  if (!ctx.propagates || ctx.command === pexpireat) return;
  ctx.propagateAs('PEXPIREAT', 1, deadline.toString(), ...args.indexes(3));
}

interface Condition {
  nx: boolean;
  xx: boolean;
  gt: boolean;
  lt: boolean;
}

const NO_CONDITION: Readonly<Condition> = { nx: false, xx: false, gt: false, lt: false };

function parseCondition(args: Arguments): Readonly<Condition> {
  if (args.count === 3) return NO_CONDITION;
  const condition: Condition = { ...NO_CONDITION };
  for (let i = 3; i < args.count; i++) {
    if (args.is(i, 'nx')) condition.nx = true;
    else if (args.is(i, 'xx')) condition.xx = true;
    else if (args.is(i, 'gt')) condition.gt = true;
    else if (args.is(i, 'lt')) condition.lt = true;
    else throw unsupportedOption(args.string(i));
  }
  const { nx, xx, gt, lt } = condition;
  if (nx && (xx || gt || lt)) throw EXPIRE_NX_AND_OTHERS;
  if (gt && lt) throw EXPIRE_GT_AND_LT;
  return condition;
}

// A key without a deadline (0) counts as living for ever.
function allows(
  condition: Readonly<Condition>,
  current: number | bigint,
  deadline: number | bigint,
): boolean {
  const isVolatile = current !== 0;
  if (condition.nx && isVolatile) return false;
  if (condition.xx && !isVolatile) return false;
  if (condition.gt && (!isVolatile || deadline <= current)) return false;
  return !(condition.lt && isVolatile && deadline >= current);
}

/** `baseMs + value * unitMs`, or null when either step leaves the range of an int64. */
function deadlineOf(value: number | bigint, unitMs: number, baseMs: number): number | bigint | null {
  if (typeof value === 'number') {
    const deadline = baseMs + value * unitMs;
    if (Number.isSafeInteger(value * unitMs) && Number.isSafeInteger(deadline)) return deadline;
  }
  const offset = BigInt(value) * BigInt(unitMs);
  const deadline = offset + BigInt(baseMs);
  return fitsInt64(offset) && deadline <= INT64_MAX ? normalizeInteger(deadline) : null;
}

/** The four commands that ask for a deadline: the time from `fromMs` to it in units of `unitMs`, rounded. */
function replyExpiry({ args, db, reply }: CommandContext, fromMs: number, unitMs: number): void {
  const ref = db.lookupReadUntouched(args, 1);
  if (ref === 0) {
    reply.integer(-2);
    return;
  }
  const deadline = db.exactDeadline(ref);
  if (deadline === 0) {
    reply.integer(-1);
  } else if (typeof deadline === 'number') {
    const ms = Math.max(0, deadline - fromMs);
    reply.integer(unitMs === 1 ? ms : Math.floor((ms + unitMs / 2) / unitMs));
  } else {
    const ms = deadline > 0n ? deadline - BigInt(fromMs) : 0n;
    reply.integer(unitMs === 1 ? ms : (ms + BigInt(unitMs / 2)) / BigInt(unitMs));
  }
}
