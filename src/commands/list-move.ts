// Moving an element from the end of one list to the end of another, or of the same.

import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import { addList, dropEdge, expectList, pushValue, takeEdge } from '../keyspace/list-value.ts';
import { isRight } from './list-arguments.ts';
import { elementsPopped } from './list-pop.ts';

/** What all commands that move have in common: two keys, and two ends. */
export const MOVE_KEYS = [keyAt(1, 'RW', 'access', 'delete'), keyAt(2, 'RW', 'insert')];
export const MOVE_KEY_ARGUMENTS = [arg.key('source'), arg.key('destination', { keySpec: 1 })];
export const MOVE_ENDS = [
  arg.oneOf('wherefrom', [arg.token('left', 'LEFT'), arg.token('right', 'RIGHT')]),
  arg.oneOf('whereto', [arg.token('left', 'LEFT'), arg.token('right', 'RIGHT')]),
];

export const lmove = command({
  name: 'lmove',
  since: '6.2.0',
  group: 'list',
  complexity: 'O(1)',
  summary: 'Takes an element off an end of a list, puts it at an end of another and returns it.',
  arity: 5,
  flags: ['write', 'denyoom'],
  keys: MOVE_KEYS,
  args: [...MOVE_KEY_ARGUMENTS, ...MOVE_ENDS],
  run(ctx) {
    const fromTail = isRight(ctx.args, 3);
    const toTail = isRight(ctx.args, 4);
    if (!moveElement(ctx, fromTail, toTail)) ctx.reply.null();
  },
});

export const rpoplpush = command({
  name: 'rpoplpush',
  since: '1.2.0',
  group: 'list',
  complexity: 'O(1)',
  summary: 'Takes the last element off a list, puts it before the first of another and returns it.',
  docFlags: ['deprecated'],
  deprecatedSince: '6.2.0',
  replacedBy: '`LMOVE` with the `RIGHT` and `LEFT` arguments',
  arity: 3,
  flags: ['write', 'denyoom'],
  keys: MOVE_KEYS,
  args: MOVE_KEY_ARGUMENTS,
  run(ctx) {
    if (!moveElement(ctx, true, false)) ctx.reply.null();
  },
});

/** Moves an element from the list of key 1 to that of key 2 and answers with it; false when there is none. */
export function moveElement(ctx: CommandContext, fromTail: boolean, toTail: boolean): boolean {
  const { args, db, reply } = ctx;
  const source = db.lookupWrite(args, 1);
  if (source === 0) return false;
  expectList(db, source);
  const target = db.lookupWrite(args, 2);
  if (target !== 0) expectList(db, target);
  const value = ctx.keyspace.scratch.first;
  const countedBytes = takeEdge(db, source, fromTail, value);
  const left = dropEdge(db, source, fromTail);
  const isSame = target === source;
  const before = isSame ? left : target === 0 ? addList(db, args, 2) : target;
  const after = pushValue(db, before, value, countedBytes, toTail);
  reply.bulk(value.source, value.start, value.length);
  value.trim();
  ctx.changed(toTail ? 'rpush' : 'lpush', 2, 0);
  elementsPopped(ctx, isSame ? after : left, 1, fromTail, 1);
  return true;
}
