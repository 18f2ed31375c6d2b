// Lists: pushing, reading and editing. Popping is in list-pop.ts, moving from list to list in list-move.ts, what waits
// in list-blocking.ts, LPOS in list-position.ts.

import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import {
  addList,
  deleteElements,
  deleteEqual,
  expectList,
  insertBeside,
  listLength,
  pushArguments,
  replyElements,
  setElement,
  settle,
} from '../keyspace/list-value.ts';
import { INDEX_OUT_OF_RANGE, NO_SUCH_KEY, SYNTAX } from '../resp/errors.ts';
import { indexArgument } from './list-arguments.ts';

const SEVERAL_ELEMENTS = 'Several `element` arguments.';

export const lpush = command({
  name: 'lpush',
  since: '1.0.0',
  group: 'list',
  complexity: 'O(1) for each element pushed.',
  summary: 'Puts elements before the first of a list, which comes into being if need be.',
  history: [['2.4.0', SEVERAL_ELEMENTS]],
  arity: -3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [keyAt(1, 'RW', 'insert')],
  args: [arg.key('key'), arg.string('element', { multiple: true })],
  run: (ctx) => push(ctx, false, false),
});

export const rpush = command({
  name: 'rpush',
  since: '1.0.0',
  group: 'list',
  complexity: 'O(1) for each element pushed.',
  summary: 'Puts elements behind the last of a list, which comes into being if need be.',
  history: [['2.4.0', SEVERAL_ELEMENTS]],
  arity: -3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [keyAt(1, 'RW', 'insert')],
  args: [arg.key('key'), arg.string('element', { multiple: true })],
  run: (ctx) => push(ctx, true, false),
});

export const lpushx = command({
  name: 'lpushx',
  since: '2.2.0',
  group: 'list',
  complexity: 'O(1) for each element pushed.',
  summary: 'Puts elements before the first of a list that exists.',
  history: [['4.0.0', SEVERAL_ELEMENTS]],
  arity: -3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [keyAt(1, 'RW', 'insert')],
  args: [arg.key('key'), arg.string('element', { multiple: true })],
  run: (ctx) => push(ctx, false, true),
});

export const rpushx = command({
  name: 'rpushx',
  since: '2.2.0',
  group: 'list',
  complexity: 'O(1) for each element pushed.',
  summary: 'Puts elements behind the last of a list that exists.',
  history: [['4.0.0', SEVERAL_ELEMENTS]],
  arity: -3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [keyAt(1, 'RW', 'insert')],
  args: [arg.key('key'), arg.string('element', { multiple: true })],
  run: (ctx) => push(ctx, true, true),
});

export const llen = command({
  name: 'llen',
  since: '1.0.0',
  group: 'list',
  complexity: 'O(1)',
  summary: 'Returns how many elements a list has.',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: [keyAt(1, 'RO')],
  args: [arg.key('key')],
  run({ args, db, reply }) {
    const ref = db.lookupRead(args, 1);
    if (ref !== 0) expectList(db, ref);
    reply.integer(ref === 0 ? 0 : listLength(db, ref));
  },
});

export const lindex = command({
  name: 'lindex',
  since: '1.0.0',
  group: 'list',
  complexity:
    'O(N) for N elements between the index and the nearer end; those of whole nodes are skipped at once.',
  summary: 'Returns the element of a list with an index.',
  arity: 3,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key'), arg.integer('index')],
  run({ args, db, keyspace, reply }) {
    const ref = db.lookupRead(args, 1);
    if (ref === 0) {
      reply.null();
      return;
    }
    expectList(db, ref);
    const { listCursor } = keyspace;
    if (listCursor.toIndex(db, ref, indexArgument(args, 2))) listCursor.reply(reply);
    else reply.null();
  },
});

export const lrange = command({
  name: 'lrange',
  since: '1.0.0',
  group: 'list',
  complexity: 'O(S+N) for N elements returned, S elements behind the nearer end of the list.',
  summary: 'Returns a range of the elements of a list.',
  arity: 4,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key'), arg.integer('start'), arg.integer('stop')],
  run({ args, db, reply }) {
    let start = indexArgument(args, 2);
    let stop = indexArgument(args, 3);
    const ref = db.lookupRead(args, 1);
    if (ref === 0) {
      reply.array(0);
      return;
    }
    expectList(db, ref);
    const length = listLength(db, ref);
    if (start < 0) start = Math.max(0, start + length);
    if (stop < 0) stop += length;
    if (stop >= length) stop = length - 1;
    if (start > stop) {
      reply.array(0);
      return;
    }
    reply.array(stop - start + 1);
    replyElements(db, ref, reply, start, stop - start + 1);
  },
});

export const lset = command({
  name: 'lset',
  since: '1.0.0',
  group: 'list',
  complexity: 'O(N) for N elements between the index and the nearer end.',
  summary: 'Puts another element in the place of the one with an index.',
  arity: 4,
  flags: ['write', 'denyoom'],
  keys: [keyAt(1, 'RW', 'update')],
  args: [arg.key('key'), arg.integer('index'), arg.string('element')],
  run(ctx) {
    const { args, db, keyspace, reply } = ctx;
    const ref = db.lookupWrite(args, 1);
    if (ref === 0) throw NO_SUCH_KEY;
    expectList(db, ref);
    // Observed 7.2.4: of the index only the lower 32 bits count.
    const index = Number(BigInt.asIntN(32, BigInt(args.int64(2))));
    const value = keyspace.scratch.first.setBytes(args.bytes, args.start(3), args.length(3));
    if (!setElement(db, ref, index, value)) throw INDEX_OUT_OF_RANGE;
    reply.ok();
    ctx.changed('lset', 1);
  },
});

export const linsert = command({
  name: 'linsert',
  since: '2.2.0',
  group: 'list',
  complexity: 'O(N) for N elements before the pivot.',
  summary: 'Inserts an element before or after another.',
  arity: 5,
  flags: ['write', 'denyoom'],
  keys: [keyAt(1, 'RW', 'insert')],
  args: [
    arg.key('key'),
    arg.oneOf('where', [arg.token('before', 'BEFORE'), arg.token('after', 'AFTER')]),
    arg.string('pivot'),
    arg.string('element'),
  ],
  run(ctx) {
    const { args, db, reply } = ctx;
    const after = args.is(2, 'after');
    if (!after && !args.is(2, 'before')) throw SYNTAX;
    const ref = db.lookupWrite(args, 1);
    if (ref === 0) {
      reply.integer(0);
      return;
    }
    expectList(db, ref);
    const { first, second } = ctx.keyspace.scratch;
    const pivot = first.setBytes(args.bytes, args.start(3), args.length(3));
    const value = second.setBytes(args.bytes, args.start(4), args.length(4));
    const length = insertBeside(db, ref, pivot, value, after);
    if (length >= 0) ctx.changed('linsert', 1);
    reply.integer(length);
  },
});

export const lrem = command({
  name: 'lrem',
  since: '1.0.0',
  group: 'list',
  complexity: 'O(N+M) for N elements of the list and M that are deleted.',
  summary: 'Deletes elements of a list by their value.',
  arity: 4,
  flags: ['write'],
  keys: [keyAt(1, 'RW', 'delete')],
  args: [arg.key('key'), arg.integer('count'), arg.string('element')],
  run(ctx) {
    const { args, db, reply } = ctx;
    const count = indexArgument(args, 2);
    const ref = db.lookupWrite(args, 1);
    if (ref === 0) {
      reply.integer(0);
      return;
    }
    expectList(db, ref);
    const value = ctx.keyspace.scratch.first.setBytes(args.bytes, args.start(3), args.length(3));
    const most = count === 0 ? Number.POSITIVE_INFINITY : Math.abs(count);
    const deleted = deleteEqual(db, ref, value, most, count < 0);
    if (deleted > 0) {
      const isGone = settle(db, ref);
      ctx.changed('lrem', 1, deleted);
      if (isGone) ctx.event('del', 1);
    }
    reply.integer(deleted);
  },
});

export const ltrim = command({
  name: 'ltrim',
  since: '1.0.0',
  group: 'list',
  complexity: 'O(N) for N elements deleted.',
  summary: 'Deletes all elements of a list but those of a range.',
  arity: 4,
  flags: ['write'],
  keys: [keyAt(1, 'RW', 'delete')],
  args: [arg.key('key'), arg.integer('start'), arg.integer('stop')],
  run(ctx) {
    const { args, db, reply } = ctx;
    let start = indexArgument(args, 2);
    let stop = indexArgument(args, 3);
    let ref = db.lookupWrite(args, 1);
    if (ref === 0) {
      reply.ok();
      return;
    }
    expectList(db, ref);
    const length = listLength(db, ref);
    if (start < 0) start = Math.max(0, start + length);
    if (stop < 0) stop += length;
    if (stop >= length) stop = length - 1;
    if (start > stop) {
      start = length;
      stop = length - 1;
    }
    const behind = length - 1 - stop;
    ref = deleteElements(db, ref, stop + 1, behind);
    ref = deleteElements(db, ref, 0, start);
    const isGone = settle(db, ref);
    ctx.changed('ltrim', 1, start + behind);
    if (isGone) ctx.event('del', 1);
    reply.ok();
  },
});

function push(ctx: CommandContext, atTail: boolean, mustExist: boolean): void {
  const { args, db } = ctx;
  let ref = db.lookupWrite(args, 1);
  if (ref === 0) {
    if (mustExist) {
      ctx.reply.integer(0);
      return;
    }
    ref = addList(db, args, 1);
  } else {
    expectList(db, ref);
  }
  ctx.reply.integer(pushArguments(db, args, 2, ref, atTail));
  ctx.changed(atTail ? 'rpush' : 'lpush', 1, args.count - 2);
}
