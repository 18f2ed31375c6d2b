// Keys that get another name or another database, and databases that change places.

import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import type { Database } from '../keyspace/database.ts';
import type { Arguments } from '../resp/arguments.ts';
import {
  DB_OUT_OF_RANGE,
  INVALID_FIRST_DB_INDEX,
  INVALID_SECOND_DB_INDEX,
  NO_SUCH_KEY,
  type ReplyError,
  SAME_OBJECT,
  SYNTAX,
} from '../resp/errors.ts';

export const rename = command({
  name: 'rename',
  since: '1.0.0',
  group: 'generic',
  complexity: 'O(1), and a copy of the bytes of a string.',
  summary: 'Gives a key another name; a key that had that name is lost.',
  arity: 3,
  flags: ['write'],
  acl: ['keyspace'],
  keys: [keyAt(1, 'RW', 'access', 'delete'), keyAt(2, 'OW', 'update')],
  args: [arg.key('key'), arg.key('newkey', { keySpec: 1 })],
  run(ctx) {
    renameKey(ctx, true);
    ctx.reply.ok();
  },
});

export const renamenx = command({
  name: 'renamenx',
  since: '1.0.0',
  group: 'generic',
  complexity: 'O(1), and a copy of the bytes of a string.',
  summary: 'Gives a key another name unless a key has that name.',
  arity: 3,
  flags: ['write', 'fast'],
  acl: ['keyspace'],
  history: [['3.2.0', 'A key may be renamed to itself.']],
  keys: [keyAt(1, 'RW', 'access', 'delete'), keyAt(2, 'OW', 'insert')],
  args: [arg.key('key'), arg.key('newkey', { keySpec: 1 })],
  run(ctx) {
    ctx.reply.integer(renameKey(ctx, false) ? 1 : 0);
  },
});

export const move = command({
  name: 'move',
  since: '1.0.0',
  group: 'generic',
  complexity: 'O(1), and a copy of the bytes of a string.',
  summary: 'Moves a key to another database.',
  arity: 3,
  flags: ['write', 'fast'],
  acl: ['keyspace'],
  keys: [keyAt(1, 'RW', 'access', 'update')],
  args: [arg.key('key'), arg.integer('db')],
  run(ctx) {
    const { args, db, reply } = ctx;
    const target = databaseAt(ctx, 2);
    if (target === db) throw SAME_OBJECT;
    const ref = db.lookupWrite(args, 1);
    if (ref === 0 || target.lookupWrite(args, 1) !== 0) {
      reply.integer(0);
      return;
    }
    target.addMoved(args, 1, db, ref);
    ctx.changed('move_from', 1);
    ctx.changedKey('move_to', args.string(1), target, 0);
    reply.integer(1);
  },
});

export const copy = command({
  name: 'copy',
  since: '6.2.0',
  group: 'generic',
  complexity: 'O(N) for a value of N elements, O(1) for a string.',
  summary: 'Copies the value of a key to another key.',
  arity: -3,
  flags: ['write', 'denyoom'],
  acl: ['keyspace'],
  keys: [keyAt(1, 'RO', 'access'), keyAt(2, 'OW', 'update')],
  args: [
    arg.key('source'),
    arg.key('destination', { keySpec: 1 }),
    arg.integer('destination-db', { token: 'DB', optional: true }),
    arg.token('replace', 'REPLACE', { optional: true }),
  ],
  run(ctx) {
    const { args, db, reply } = ctx;
    let target = db;
    let replaces = false;
    for (let i = 3; i < args.count; i++) {
      if (args.is(i, 'replace')) replaces = true;
      else if (args.is(i, 'db') && i + 1 < args.count) target = databaseAt(ctx, ++i);
      else throw SYNTAX;
    }
    if (target === db && isSameKey(args)) throw SAME_OBJECT;
    const ref = db.lookupRead(args, 1);
    const existing = ref === 0 ? 0 : target.lookupWrite(args, 2);
    if (ref === 0 || (existing !== 0 && !replaces)) {
      reply.integer(0);
      return;
    }
    if (existing !== 0) target.removeAs(existing, ctx.keyspace.whenReplaced);
    target.addCopy(args, 2, db, ref);
    ctx.changedKey('copy_to', args.string(2), target);
    reply.integer(1);
  },
});

export const swapdb = command({
  name: 'swapdb',
  since: '4.0.0',
  group: 'server',
  complexity: 'O(N) for N clients that watch keys of either database or are blocked on them.',
  summary: 'Exchanges two databases under the feet of their clients.',
  arity: 3,
  flags: ['write', 'fast'],
  acl: ['keyspace', 'dangerous'],
  args: [arg.integer('index1'), arg.integer('index2')],
  run(ctx) {
    const { args, keyspace, reply } = ctx;
    const first = databaseNumber(args, 1, INVALID_FIRST_DB_INDEX);
    const second = databaseNumber(args, 2, INVALID_SECOND_DB_INDEX);
    if (!isDatabase(ctx, first) || !isDatabase(ctx, second)) throw DB_OUT_OF_RANGE;
    if (first !== second) keyspace.swap(first, second);
    ctx.dirty++;
    reply.ok();
  },
});

/** Renames key 1 to key 2 and returns whether it did; false only when that exists and must not be overwritten. */
function renameKey(ctx: CommandContext, overwrites: boolean): boolean {
  const { args, db } = ctx;
  const ref = db.lookupWrite(args, 1);
  if (ref === 0) throw NO_SUCH_KEY;
  if (isSameKey(args)) return false;
  const existing = db.lookupWrite(args, 2);
  if (existing !== 0) {
    if (!overwrites) return false;
    db.removeAs(existing, db.keyspace.whenReplaced);
  }
  db.addMoved(args, 2, db, ref);
  ctx.changed('rename_from', 1);
  ctx.changed('rename_to', 2, 0);
  return true;
}

function isSameKey(args: Arguments): boolean {
  return args.length(1) === args.length(2) && args.string(1) === args.string(2);
}

function databaseAt(ctx: CommandContext, i: number): Database {
  const id = databaseNumber(ctx.args, i);
  if (!isDatabase(ctx, id)) throw DB_OUT_OF_RANGE;
  return ctx.keyspace.database(id);
}

function databaseNumber(args: Arguments, i: number, error?: ReplyError): number {
  return args.intBetween(i, -0x80000000, 0x7fffffff, error);
}

function isDatabase({ keyspace }: CommandContext, id: number): boolean {
  return id >= 0 && id < keyspace.databases.length;
}
