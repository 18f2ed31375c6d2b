// String values as a whole: GET, SET and their variants. The bytes of a value go straight from the request into the
// entry and from the entry into the reply; nothing on the way is a JavaScript string. Parts of values are in
// string-range.ts, numbers in string-counter.ts.

import { copyBytes } from '../base/bytes.ts';
import { isString } from '../datatypes/kind.ts';
import { stringKind } from '../datatypes/string.ts';
import { arg, command, type FoundKey, keyAt, keysFrom } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import type { Database } from '../keyspace/database.ts';
import type { Ref } from '../memory/heap.ts';
import type { Arguments } from '../resp/arguments.ts';
import { SYNTAX, WRONG_TYPE, wrongArity } from '../resp/errors.ts';
import { deadlineOf, EXPIRE_WORD, type ExpireWord, expireWord, isOverdue } from './expire-argument.ts';

export const get = command({
  name: 'get',
  since: '1.0.0',
  group: 'string',
  complexity: 'O(1)',
  summary: 'Returns the string that a key holds.',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key')],
  run(ctx) {
    const ref = ctx.db.lookupRead(ctx.args, 1);
    if (ref === 0) ctx.reply.null();
    else replyValue(ctx, ref);
  },
});

export const mget = command({
  name: 'mget',
  since: '1.0.0',
  group: 'string',
  complexity: 'O(N) for N keys',
  summary: 'Returns the strings that several keys hold.',
  arity: -2,
  flags: ['readonly', 'fast'],
  keys: [keysFrom(1, -1, 1, 'RO', 'access')],
  tips: ['request_policy:multi_shard'],
  args: [arg.key('key', { multiple: true })],
  run({ args, db, reply }) {
    reply.array(args.count - 1);
    for (let i = 1; i < args.count; i++) {
      const ref = db.lookupRead(args, i);
      if (ref === 0 || !isString(db.kind(ref))) reply.null();
      else reply.bulk(db.valueMemory(ref), db.valueOffset(ref), db.valueLength(ref));
    }
  },
});

export const getset = command({
  name: 'getset',
  since: '1.0.0',
  group: 'string',
  complexity: 'O(1)',
  summary: 'Makes a key hold a string and returns the one it held before.',
  docFlags: ['deprecated'],
  deprecatedSince: '6.2.0',
  replacedBy: '`SET` with the `!GET` argument',
  arity: 3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [keyAt(1, 'RW', 'access', 'update')],
  args: [arg.key('key'), arg.string('value')],
  run(ctx) {
    const { args } = ctx;
    const ref = ctx.db.lookupRead(args, 1);
    if (ref === 0) ctx.reply.null();
    else replyValue(ctx, ref);
    storeArgument(ctx, 1, 2, ref, false);
    ctx.changed('set', 1);
    if (ctx.propagates) ctx.propagateAs('SET', 1, 2);
  },
});

export const getdel = command({
  name: 'getdel',
  since: '6.2.0',
  group: 'string',
  complexity: 'O(1)',
  summary: 'Returns the string that a key holds and deletes the key.',
  arity: 2,
  flags: ['write', 'fast'],
  keys: [keyAt(1, 'RW', 'access', 'delete')],
  args: [arg.key('key')],
  run(ctx) {
    const { args, db } = ctx;
    const ref = db.lookupRead(args, 1);
    if (ref === 0) {
      ctx.reply.null();
      return;
    }
    replyValue(ctx, ref);
    db.remove(ref);
    ctx.changed('del', 1);
    if (ctx.propagates) ctx.propagateAs('DEL', 1);
  },
});

export const getex = command({
  name: 'getex',
  since: '6.2.0',
  group: 'string',
  complexity: 'O(1)',
  summary: 'Returns the string that a key holds, and gives the key another deadline or none.',
  arity: -2,
  flags: ['write', 'fast'],
  keys: [{ ...keyAt(1, 'RW', 'access', 'update'), notes: 'RW and UPDATE since the deadline may change' }],
  args: [
    arg.key('key'),
    arg.oneOf(
      'expiration',
      [
        arg.integer('seconds', { token: 'EX' }),
        arg.integer('milliseconds', { token: 'PX' }),
        arg.unixTime('unix-time-seconds', { token: 'EXAT' }),
        arg.unixTime('unix-time-milliseconds', { token: 'PXAT' }),
        arg.token('persist', 'PERSIST'),
      ],
      { optional: true },
    ),
  ],
  run(ctx) {
    const { args, db } = ctx;
    const options = getexOptions(args);
    const ref = db.lookupRead(args, 1);
    if (ref === 0) {
      ctx.reply.null();
      return;
    }
    if (!isString(db.kind(ref))) throw WRONG_TYPE;
    const word = wordOf(options);
    const deadline = word === EXPIRE_WORD.NONE ? 0 : deadlineOf(ctx, wordArgument(options), word);
    replyValue(ctx, ref);
    if (word !== EXPIRE_WORD.NONE) expireAfterRead(ctx, ref, word, deadline);
    else if ((options & OPTION.PERSIST) !== 0 && db.clearDeadline(ref)) {
      ctx.changed('persist', 1);
      if (ctx.propagates) ctx.propagateAs('PERSIST', 1);
    }
  },
});

export const set = command({
  name: 'set',
  since: '1.0.0',
  group: 'string',
  complexity: 'O(1)',
  summary: 'Makes a key hold a string, whatever it held before.',
  history: [
    ['2.6.12', 'The options `EX`, `PX`, `NX` and `XX`.'],
    ['6.0.0', 'The option `KEEPTTL`.'],
    ['6.2.0', 'The options `GET`, `EXAT` and `PXAT`.'],
    ['7.0.0', '`NX` and `GET` may stand together.'],
  ],
  arity: -3,
  flags: ['write', 'denyoom'],
  keys: [
    {
      ...keyAt(1, 'RW', 'access', 'update', 'variable_flags'),
      notes: 'RW and ACCESS only with the option `GET`',
    },
  ],
  args: [
    arg.key('key'),
    arg.string('value'),
    arg.oneOf('condition', [arg.token('nx', 'NX'), arg.token('xx', 'XX')], {
      optional: true,
      since: '2.6.12',
    }),
    arg.token('get', 'GET', { optional: true, since: '6.2.0' }),
    arg.oneOf(
      'expiration',
      [
        arg.integer('seconds', { token: 'EX', since: '2.6.12' }),
        arg.integer('milliseconds', { token: 'PX', since: '2.6.12' }),
        arg.unixTime('unix-time-seconds', { token: 'EXAT', since: '6.2.0' }),
        arg.unixTime('unix-time-milliseconds', { token: 'PXAT', since: '6.2.0' }),
        arg.token('keepttl', 'KEEPTTL', { since: '6.0.0' }),
      ],
      { optional: true },
    ),
  ],
  findKeys: keyOfSet,
  run(ctx) {
    if (ctx.args.count > 3) {
      setWithOptions(ctx);
      return;
    }
    storeArgument(ctx, 1, 2, ctx.db.lookupWrite(ctx.args, 1), false);
    ctx.changed('set', 1);
    ctx.reply.ok();
  },
});

export const setnx = command({
  name: 'setnx',
  since: '1.0.0',
  group: 'string',
  complexity: 'O(1)',
  summary: 'Makes a key hold a string unless the key exists.',
  docFlags: ['deprecated'],
  deprecatedSince: '2.6.12',
  replacedBy: '`SET` with the `NX` argument',
  arity: 3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [keyAt(1, 'OW', 'insert')],
  args: [arg.key('key'), arg.string('value')],
  run(ctx) {
    if (ctx.db.lookupWrite(ctx.args, 1) !== 0) {
      ctx.reply.integer(0);
      return;
    }
    storeArgument(ctx, 1, 2, 0, false);
    ctx.changed('set', 1);
    ctx.reply.integer(1);
  },
});

export const setex = command({
  name: 'setex',
  since: '2.0.0',
  group: 'string',
  complexity: 'O(1)',
  summary: 'Makes a key hold a string for so many seconds.',
  docFlags: ['deprecated'],
  deprecatedSince: '2.6.12',
  replacedBy: '`SET` with the `EX` argument',
  arity: 4,
  flags: ['write', 'denyoom'],
  keys: [keyAt(1, 'OW', 'update')],
  args: [arg.key('key'), arg.integer('seconds'), arg.string('value')],
  run(ctx) {
    setForTime(ctx, EXPIRE_WORD.EX);
  },
});

export const psetex = command({
  name: 'psetex',
  since: '2.6.0',
  group: 'string',
  complexity: 'O(1)',
  summary: 'Makes a key hold a string for so many milliseconds.',
  docFlags: ['deprecated'],
  deprecatedSince: '2.6.12',
  replacedBy: '`SET` with the `PX` argument',
  arity: 4,
  flags: ['write', 'denyoom'],
  keys: [keyAt(1, 'OW', 'update')],
  args: [arg.key('key'), arg.integer('milliseconds'), arg.string('value')],
  run(ctx) {
    setForTime(ctx, EXPIRE_WORD.PX);
  },
});

const PAIRS = [arg.block('data', [arg.key('key'), arg.string('value')], { multiple: true })];

export const mset = command({
  name: 'mset',
  since: '1.0.1',
  group: 'string',
  complexity: 'O(N) for N keys',
  summary: 'Makes several keys hold a string each.',
  arity: -3,
  flags: ['write', 'denyoom'],
  keys: [keysFrom(1, -1, 2, 'OW', 'update')],
  tips: ['request_policy:multi_shard', 'response_policy:all_succeeded'],
  args: PAIRS,
  run(ctx) {
    if (ctx.args.count % 2 === 0) throw wrongArity(ctx.command.fullName);
    storePairs(ctx);
    ctx.reply.ok();
  },
});

export const msetnx = command({
  name: 'msetnx',
  since: '1.0.1',
  group: 'string',
  complexity: 'O(N) for N keys',
  summary: 'Makes several keys hold a string each, unless one of the keys exists.',
  arity: -3,
  flags: ['write', 'denyoom'],
  keys: [keysFrom(1, -1, 2, 'OW', 'insert')],
  args: PAIRS,
  run(ctx) {
    const { args, db } = ctx;
    if (args.count % 2 === 0) throw wrongArity(ctx.command.fullName);
    for (let i = 1; i < args.count; i += 2) {
      if (db.lookupWrite(args, i) !== 0) {
        ctx.reply.integer(0);
        return;
      }
    }
    storePairs(ctx);
    ctx.reply.integer(1);
  },
});

/** Throws unless the entry is a string. */
export function requireString(db: Database, ref: Ref): void {
  if (!isString(db.kind(ref))) throw WRONG_TYPE;
}

/**
 * Makes the key of argument `key` hold the bytes of argument `value`; `ref` is what a lookup of the key gave. Tells
 * nobody: `ctx.changed` is the caller's.
 */
export function storeArgument(
  ctx: CommandContext,
  key: number,
  value: number,
  ref: Ref,
  keepDeadline: boolean,
): void {
  const { args, db } = ctx;
  const { bytes } = args;
  const start = args.start(value);
  const length = args.length(value);
  db.writeString(args, key, ref, stringKind(bytes, start, length), bytes, start, length, keepDeadline);
}

// As storeArgument, with a deadline.
function storeVolatile(
  ctx: CommandContext,
  key: number,
  value: number,
  ref: Ref,
  deadline: number | bigint,
): void {
  const { args, db } = ctx;
  const { bytes } = args;
  const start = args.start(value);
  const length = args.length(value);
  const kind = stringKind(bytes, start, length);
  const at = db.writeVolatile(args, key, ref, kind, length, deadline);
  copyBytes(bytes, start, db.valueMemory(at), db.valueOffset(at), length);
}

function storePairs(ctx: CommandContext): void {
  const { args, db } = ctx;
  for (let i = 1; i < args.count; i += 2) {
    storeArgument(ctx, i, i + 1, db.lookupWrite(args, i), false);
    ctx.changed('set', i);
  }
}

function replyValue({ db, reply }: CommandContext, ref: Ref): void {
  requireString(db, ref);
  reply.bulk(db.valueMemory(ref), db.valueOffset(ref), db.valueLength(ref));
}

function setForTime(ctx: CommandContext, word: ExpireWord): void {
  const deadline = deadlineOf(ctx, 2, word);
  storeVolatile(ctx, 1, 3, ctx.db.lookupWrite(ctx.args, 1), deadline);
  ctx.changed('set', 1);
  ctx.event('expire', 1);
  ctx.reply.ok();
  if (ctx.propagates) propagateVolatile(ctx, 3, deadline);
}

function keyOfSet(args: Arguments): readonly FoundKey[] {
  for (let i = 3; i < args.count; i++) {
    if (args.is(i, 'get')) return [{ index: 1, flags: ['RW', 'access', 'update'] }];
  }
  return [{ index: 1, flags: ['OW', 'update'] }];
}

function setWithOptions(ctx: CommandContext): void {
  const { args, db, reply } = ctx;
  const options = setOptions(args);
  const word = wordOf(options);
  const deadline = word === EXPIRE_WORD.NONE ? 0 : deadlineOf(ctx, wordArgument(options), word);
  const returnsOld = (options & OPTION.GET) !== 0;
  const ref = returnsOld ? db.lookupRead(args, 1) : db.lookupWrite(args, 1);
  if (returnsOld) {
    if (ref === 0) reply.null();
    else replyValue(ctx, ref);
  }
  if ((options & (ref === 0 ? OPTION.XX : OPTION.NX)) !== 0) {
    if (!returnsOld) reply.null();
    return;
  }
  if (word === EXPIRE_WORD.NONE) storeArgument(ctx, 1, 2, ref, (options & OPTION.KEEPTTL) !== 0);
  else storeVolatile(ctx, 1, 2, ref, deadline);
  ctx.changed('set', 1);
  if (word !== EXPIRE_WORD.NONE) ctx.event('expire', 1);
  if (!returnsOld) reply.ok();
  if (!ctx.propagates) return;
  // Observed 7.2.4: with PXAT the request is propagated as it came, GET and conditions included; with another time
  // only the effect is; without one only GET is left out.
  if (word === EXPIRE_WORD.NONE) {
    if (returnsOld) ctx.propagateAs(...args.indexes(0).filter((i) => i < 3 || !args.is(i, 'get')));
  } else if (word !== EXPIRE_WORD.PXAT) {
    propagateVolatile(ctx, 2, deadline);
  }
}

function propagateVolatile(ctx: CommandContext, value: number, deadline: number | bigint): void {
  ctx.propagateAs('SET', 1, value, 'PXAT', deadline.toString());
}

function expireAfterRead(ctx: CommandContext, ref: Ref, word: ExpireWord, deadline: number | bigint): void {
  const { db } = ctx;
  const isAbsolute = word === EXPIRE_WORD.EXAT || word === EXPIRE_WORD.PXAT;
  if (isAbsolute && isOverdue(ctx, deadline)) {
    db.remove(ref);
    ctx.changed('del', 1);
    const removal = ctx.server.config.values['lazyfree-lazy-expire'] ? 'UNLINK' : 'DEL';
    if (ctx.propagates) ctx.propagateAs(removal, 1);
    return;
  }
  db.setDeadline(ref, deadline);
  ctx.changed('expire', 1);
  if (ctx.propagates) ctx.propagateAs('PEXPIREAT', 1, deadline.toString());
}

// The options of SET and GETEX as one number, so that reading them makes no object: flags, above them which of EX, PX,
// EXAT and PXAT was given (3 bits), above that the index of its time.
const OPTION = { NX: 1, XX: 2, GET: 4, KEEPTTL: 8, PERSIST: 16 } as const;
const WORD_SHIFT = 5;
const ARGUMENT_SHIFT = 8;

function wordOf(options: number): ExpireWord {
  return ((options >> WORD_SHIFT) & 7) as ExpireWord;
}

function wordArgument(options: number): number {
  return options >> ARGUMENT_SHIFT;
}

// Observed 7.2.4: the same option may be repeated, and of repeated times the last one counts.
function setOptions(args: Arguments): number {
  let options = 0;
  let word: ExpireWord = EXPIRE_WORD.NONE;
  let at = 0;
  for (let i = 3; i < args.count; i++) {
    if (args.is(i, 'nx') && (options & OPTION.XX) === 0) options |= OPTION.NX;
    else if (args.is(i, 'xx') && (options & OPTION.NX) === 0) options |= OPTION.XX;
    else if (args.is(i, 'get')) options |= OPTION.GET;
    else if (args.is(i, 'keepttl') && word === EXPIRE_WORD.NONE) options |= OPTION.KEEPTTL;
    else {
      word = nextWord(args, i, word, (options & OPTION.KEEPTTL) === 0);
      at = ++i;
    }
  }
  return options | (word << WORD_SHIFT) | (at << ARGUMENT_SHIFT);
}

function getexOptions(args: Arguments): number {
  let options = 0;
  let word: ExpireWord = EXPIRE_WORD.NONE;
  let at = 0;
  for (let i = 2; i < args.count; i++) {
    if (args.is(i, 'persist') && word === EXPIRE_WORD.NONE) options |= OPTION.PERSIST;
    else {
      word = nextWord(args, i, word, options === 0);
      at = ++i;
    }
  }
  return options | (word << WORD_SHIFT) | (at << ARGUMENT_SHIFT);
}

// What announces a time at `i`: it must agree with what was given before, and a time must follow.
function nextWord(args: Arguments, i: number, before: ExpireWord, allowed: boolean): ExpireWord {
  const word = expireWord(args, i);
  const agrees = before === EXPIRE_WORD.NONE || before === word;
  if (word === EXPIRE_WORD.NONE || !agrees || !allowed || i + 1 === args.count) throw SYNTAX;
  return word;
}
