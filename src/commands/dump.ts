// DUMP and RESTORE: the value of a key as a string of bytes, in the format of RDB files, and back.

import { normalizeInteger } from '../base/numbers.ts';
import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import type { Arguments } from '../resp/arguments.ts';
import {
  BAD_DATA_FORMAT,
  BUSY_KEY,
  DUMP_PAYLOAD_WRONG,
  INVALID_FREQ,
  INVALID_IDLE_TIME,
  INVALID_TTL,
  SYNTAX,
} from '../resp/errors.ts';
import { isOverdue } from './expire-argument.ts';

export const dump = command({
  name: 'dump',
  since: '2.6.0',
  group: 'generic',
  complexity: 'O(N*M) for a value of N elements of M bytes; O(M) for a string.',
  summary: 'Returns the value of a key in a form that RESTORE takes.',
  arity: 2,
  flags: ['readonly'],
  acl: ['keyspace'],
  tips: ['nondeterministic_output'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key')],
  run({ args, db, reply, server }) {
    const ref = db.lookupRead(args, 1);
    if (ref === 0) {
      reply.null();
      return;
    }
    const payload = server.persistence.dump(db, ref);
    reply.bulk(payload, 0, payload.length);
  },
});

const RESTORE_SPEC = {
  complexity:
    'O(N*M) for a value of N elements of M bytes, O(N*M*log(N)) for a sorted set; O(M) for a string.',
  arity: -4,
  acl: ['keyspace', 'dangerous'],
  history: [
    ['3.0.0', 'Takes `REPLACE`.'],
    ['5.0.0', 'Takes `ABSTTL`.'],
    ['5.0.0', 'Takes `IDLETIME` and `FREQ`.'],
  ],
  keys: [keyAt(1, 'OW', 'update')],
  args: [
    arg.key('key'),
    arg.integer('ttl'),
    arg.string('serialized-value'),
    arg.token('replace', 'REPLACE', { optional: true, since: '3.0.0' }),
    arg.token('absttl', 'ABSTTL', { optional: true, since: '5.0.0' }),
    arg.integer('seconds', { token: 'IDLETIME', optional: true, since: '5.0.0' }),
    arg.integer('frequency', { token: 'FREQ', optional: true, since: '5.0.0' }),
  ],
  run: restoreKey,
} as const;

export const restore = command({
  ...RESTORE_SPEC,
  name: 'restore',
  since: '2.6.0',
  group: 'generic',
  summary: 'Makes a key of what DUMP returned.',
  flags: ['write', 'denyoom'],
});

export const restoreAsking = command({
  ...RESTORE_SPEC,
  name: 'restore-asking',
  since: '3.0.0',
  group: 'server',
  summary: 'As RESTORE, for a node of a cluster that moves a key here.',
  flags: ['write', 'denyoom', 'asking'],
  docFlags: ['syscmd'],
});

interface RestoreOptions {
  replaces: boolean;
  isAbsolute: boolean;
  /** -1: not given. At most one of the two is. */
  idleSeconds: number;
  frequency: number;
}

function restoreKey(ctx: CommandContext): void {
  const { args, client, db, reply, server } = ctx;
  const options = readOptions(args);
  if (!options.replaces && db.lookupWrite(args, 1) !== 0) throw BUSY_KEY;
  const ttl = args.int64(2);
  if (ttl < 0) throw INVALID_TTL;
  const { persistence } = server;
  if (!persistence.isPayload(args.bytes, args.start(3), args.length(3))) throw DUMP_PAYLOAD_WRONG;
  const isTrusted = client.isMaster || client.user.skipsSanitizing;
  const value = persistence.undump(args.bytes, args.start(3), args.length(3), isTrusted);
  if (value === null) throw BAD_DATA_FORMAT;
  // What has expired is replaced without a word, as if it were still alive.
  const old = options.replaces ? db.peekText(args.string(1)) : 0;
  if (old !== 0) db.removeAs(old, db.keyspace.whenReplaced);
  const deadline = ttl === 0 || options.isAbsolute ? ttl : sum64(ttl, ctx.nowMs);
  if (deadline !== 0 && isOverdue(ctx, deadline)) {
    value.discard();
    if (old !== 0) removedInstead(ctx);
    reply.ok();
    return;
  }
  let ref = value.addTo(db, args, 1);
  if (deadline !== 0) ref = db.setDeadline(ref, deadline);
  setAccess(ctx, ref, options);
  if (ctx.propagates && deadline !== 0 && !options.isAbsolute) propagateAbsolute(ctx, deadline);
  ctx.changed('restore', 1);
  reply.ok();
}

function readOptions(args: Arguments): RestoreOptions {
  const options: RestoreOptions = { replaces: false, isAbsolute: false, idleSeconds: -1, frequency: -1 };
  for (let i = 4; i < args.count; i++) {
    const hasMore = i + 1 < args.count;
    if (args.is(i, 'replace')) {
      options.replaces = true;
    } else if (args.is(i, 'absttl')) {
      options.isAbsolute = true;
    } else if (args.is(i, 'idletime') && hasMore && options.frequency === -1) {
      options.idleSeconds = Number(args.int64(++i));
      if (options.idleSeconds < 0) throw INVALID_IDLE_TIME;
    } else if (args.is(i, 'freq') && hasMore && options.idleSeconds === -1) {
      options.frequency = Number(args.int64(++i));
      if (options.frequency < 0 || options.frequency > 255) throw INVALID_FREQ;
    } else {
      throw SYNTAX;
    }
  }
  return options;
}

// Redis adds without a look, and so what is too late for 64 bits has been due since long.
function sum64(ttlMs: number | bigint, nowMs: number): number | bigint {
  const sum = typeof ttlMs === 'number' ? ttlMs + nowMs : Number.NaN;
  return Number.isSafeInteger(sum) ? sum : normalizeInteger(BigInt.asIntN(64, BigInt(ttlMs) + BigInt(nowMs)));
}

/** The key was replaced by a value that has expired: nothing is left. */
function removedInstead(ctx: CommandContext): void {
  const isLazy = ctx.server.config.values['lazyfree-lazy-server-del'];
  if (ctx.propagates) ctx.propagateAs(isLazy ? 'UNLINK' : 'DEL', 1);
  ctx.changed('del', 1);
}

function setAccess({ db, keyspace }: CommandContext, ref: number, options: RestoreOptions): void {
  const { access } = keyspace;
  if (access.policy.isLfu) {
    if (options.frequency >= 0) db.setAccessBits(ref, access.bitsForFrequency(options.frequency));
  } else if (options.idleSeconds >= 0) {
    db.setAccessBits(ref, access.bitsForIdle(options.idleSeconds));
  }
}

function propagateAbsolute(ctx: CommandContext, deadline: number | bigint): void {
  ctx.propagateAs(0, 1, deadline.toString(), ...ctx.args.indexes(3), 'ABSTTL');
}
