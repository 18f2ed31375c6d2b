// The list commands that wait: each is its plain relative, which is tried first and tried again when a key has changed.
// Elsewhere they are repeated as those relatives, since there is nothing to wait for any more.

import { TYPE } from '../datatypes/kind.ts';
import { arg, command, keysCounted, keysFrom } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import { dropEdge, expectList, replyEdge } from '../keyspace/list-value.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import { timeoutOfSeconds } from './block-timeout.ts';
import { isRight } from './list-arguments.ts';
import { MOVE_ENDS, MOVE_KEY_ARGUMENTS, MOVE_KEYS, moveElement } from './list-move.ts';
import { countArgument, elementsPopped, POP_ARGUMENTS, popFromFirst, whereArgument } from './list-pop.ts';

const DECIMAL_TIMEOUT = 'The `timeout` may have decimals.';

export const blpop = command({
  name: 'blpop',
  since: '2.0.0',
  group: 'list',
  complexity: 'O(N) for N keys.',
  summary:
    'Takes the first element off the first list among several keys and returns it; waits for one to come.',
  history: [['6.0.0', DECIMAL_TIMEOUT]],
  arity: -3,
  flags: ['write', 'blocking'],
  keys: [keysFrom(1, -2, 1, 'RW', 'access', 'delete')],
  args: [arg.key('key', { multiple: true }), arg.double('timeout')],
  run: (ctx) => popOrWait(ctx, false),
});

export const brpop = command({
  name: 'brpop',
  since: '2.0.0',
  group: 'list',
  complexity: 'O(N) for N keys.',
  summary:
    'Takes the last element off the first list among several keys and returns it; waits for one to come.',
  history: [['6.0.0', DECIMAL_TIMEOUT]],
  arity: -3,
  flags: ['write', 'blocking'],
  keys: [keysFrom(1, -2, 1, 'RW', 'access', 'delete')],
  args: [arg.key('key', { multiple: true }), arg.double('timeout')],
  run: (ctx) => popOrWait(ctx, true),
});

export const blmpop = command({
  name: 'blmpop',
  since: '7.0.0',
  group: 'list',
  complexity: 'O(N+M) for N keys and M elements returned.',
  summary: 'Takes elements off the first list among several keys and returns them; waits for one to come.',
  arity: -5,
  flags: ['write', 'blocking'],
  keys: [keysCounted(2, 'RW', 'access', 'delete')],
  args: [arg.double('timeout'), arg.integer('numkeys'), arg.key('key', { multiple: true }), ...POP_ARGUMENTS],
  run(ctx) {
    const where = whereArgument(ctx.args, 2);
    const fromTail = isRight(ctx.args, where);
    const count = countArgument(ctx.args, where + 1);
    const timeoutMs = timeoutOfSeconds(ctx, 1);
    if (!popFromFirst(ctx, 3, where, fromTail, count)) waitForLists(ctx, 3, where, timeoutMs, nullArray);
  },
});

export const blmove = command({
  name: 'blmove',
  since: '6.2.0',
  group: 'list',
  complexity: 'O(1)',
  summary:
    'Takes an element off an end of a list, puts it at an end of another and returns it; waits for one to come.',
  arity: 6,
  flags: ['write', 'denyoom', 'blocking'],
  keys: MOVE_KEYS,
  args: [...MOVE_KEY_ARGUMENTS, ...MOVE_ENDS, arg.double('timeout')],
  run(ctx) {
    const { args } = ctx;
    const fromTail = isRight(args, 3);
    const toTail = isRight(args, 4);
    const timeoutMs = timeoutOfSeconds(ctx, 5);
    if (!moveElement(ctx, fromTail, toTail)) waitForLists(ctx, 1, 2, timeoutMs, nullBulk);
    else if (ctx.propagates) {
      ctx.propagateAs('LMOVE', 1, 2, 3, 4);
    }
  },
});

export const brpoplpush = command({
  name: 'brpoplpush',
  since: '2.2.0',
  group: 'list',
  complexity: 'O(1)',
  summary:
    'Takes the last element off a list, puts it before the first of another and returns it; waits for one to come.',
  docFlags: ['deprecated'],
  deprecatedSince: '6.2.0',
  replacedBy: '`BLMOVE` with the `RIGHT` and `LEFT` arguments',
  history: [['6.0.0', DECIMAL_TIMEOUT]],
  arity: 4,
  flags: ['write', 'denyoom', 'blocking'],
  keys: MOVE_KEYS,
  args: [...MOVE_KEY_ARGUMENTS, arg.double('timeout')],
  run(ctx) {
    const timeoutMs = timeoutOfSeconds(ctx, 3);
    if (!moveElement(ctx, true, false)) waitForLists(ctx, 1, 2, timeoutMs, nullBulk);
    else if (ctx.propagates) ctx.propagateAs('RPOPLPUSH', 1, 2);
  },
});

function popOrWait(ctx: CommandContext, fromTail: boolean): void {
  const { args, db, reply } = ctx;
  const end = args.count - 1;
  const timeoutMs = timeoutOfSeconds(ctx, end);
  for (let i = 1; i < end; i++) {
    const ref = db.lookupWrite(args, i);
    if (ref === 0) continue;
    expectList(db, ref);
    reply.array(2);
    reply.bulk(args.bytes, args.start(i), args.length(i));
    replyEdge(db, ref, reply, fromTail);
    elementsPopped(ctx, dropEdge(db, ref, fromTail), i, fromTail, 1);
    if (ctx.propagates) ctx.propagateAs(fromTail ? 'RPOP' : 'LPOP', i);
    return;
  }
  waitForLists(ctx, 1, end, timeoutMs, nullArray);
}

// Waits for a list at one of the keys of the arguments `[first, end)`.
//
// Observed 7.2.4: who has waited in vain is answered the absent array, also by commands that are answered the absent value
// where they may not wait.
function waitForLists(
  ctx: CommandContext,
  first: number,
  end: number,
  timeoutMs: number,
  refused: (reply: ReplyWriter) => void,
): void {
  const keys: number[] = [];
  for (let i = first; i < end; i++) keys.push(i);
  ctx.server.blocking.wait(ctx, { keys, type: TYPE.LIST, timeoutMs, nothing: nullArray, refused });
}

function nullArray(reply: ReplyWriter): void {
  reply.nullArray();
}

function nullBulk(reply: ReplyWriter): void {
  reply.null();
}
