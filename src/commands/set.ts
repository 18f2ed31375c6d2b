// Commands on the members of one set, or two: adding, removing, asking, moving, scanning. Operations on whole sets are in
// set-operations.ts, random members in set-random.ts.

import { KIND } from '../datatypes/kind.ts';
import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import type { MemberSet } from '../keyspace/member-set.ts';
import { beginScanReply, SCAN_ARGUMENTS, scanCursor, scanOptions, scanTable } from './scan-options.ts';
import { replyPlaces } from './set-reply.ts';

export const sadd = command({
  name: 'sadd',
  since: '1.0.0',
  group: 'set',
  complexity: 'O(1) for each member.',
  summary: 'Adds members to a set, which is created when there is none.',
  arity: -3,
  flags: ['write', 'denyoom', 'fast'],
  history: [['2.4.0', 'More than one member can be given.']],
  keys: [keyAt(1, 'RW', 'insert')],
  args: [arg.key('key'), arg.string('member', { multiple: true })],
  run(ctx) {
    const { args, db, reply } = ctx;
    const { set, member } = ctx.keyspace.sets;
    const { count, bytes } = args;
    const ref = db.lookupWrite(args, 1);
    let added = 0;
    let i = 2;
    if (ref === 0) {
      set.create(db, args, 1, member.setBytes(bytes, args.start(2), args.length(2)), count - 2);
      added = 1;
      i = 3;
    } else {
      set.open(db, ref).prepareFor(count - 2);
    }
    for (; i < count; i++) {
      if (set.add(member.setBytes(bytes, args.start(i), args.length(i)))) added++;
    }
    if (added > 0) ctx.changed('sadd', 1, added);
    reply.integer(added);
  },
});

export const srem = command({
  name: 'srem',
  since: '1.0.0',
  group: 'set',
  complexity: 'O(N) for N members.',
  summary: 'Removes members from a set, and the set with its last member.',
  arity: -3,
  flags: ['write', 'fast'],
  history: [['2.4.0', 'More than one member can be given.']],
  keys: [keyAt(1, 'RW', 'delete')],
  args: [arg.key('key'), arg.string('member', { multiple: true })],
  run(ctx) {
    const { args, db, reply } = ctx;
    const { set, member } = ctx.keyspace.sets;
    const ref = db.lookupWrite(args, 1);
    if (ref === 0) {
      reply.integer(0);
      return;
    }
    set.open(db, ref);
    let removed = 0;
    let isEmpty = false;
    for (let i = 2; i < args.count && !isEmpty; i++) {
      if (!set.remove(member.setBytes(args.bytes, args.start(i), args.length(i)))) continue;
      removed++;
      isEmpty = set.size === 0;
    }
    if (removed > 0) {
      if (isEmpty) set.removeKey();
      ctx.changed('srem', 1, removed);
      if (isEmpty) ctx.event('del', 1);
    }
    reply.integer(removed);
  },
});

export const smove = command({
  name: 'smove',
  since: '1.0.0',
  group: 'set',
  complexity: 'O(1)',
  summary: 'Moves a member from a set to another.',
  arity: 4,
  flags: ['write', 'fast'],
  keys: [keyAt(1, 'RW', 'access', 'delete'), keyAt(2, 'RW', 'insert')],
  args: [arg.key('source'), arg.key('destination', { keySpec: 1 }), arg.string('member')],
  run(ctx) {
    const { args, db, keyspace, reply } = ctx;
    const { set: source, member } = keyspace.sets;
    const sourceRef = db.lookupWrite(args, 1);
    const targetRef = db.lookupWrite(args, 2);
    if (sourceRef === 0) {
      reply.integer(0);
      return;
    }
    const target = keyspace.sets.another(0);
    source.open(db, sourceRef);
    if (targetRef !== 0) target.open(db, targetRef);
    member.setBytes(args.bytes, args.start(3), args.length(3));
    if (sourceRef === targetRef) {
      reply.integer(source.has(member) ? 1 : 0);
      return;
    }
    if (!source.remove(member)) {
      reply.integer(0);
      return;
    }
    const isEmpty = source.size === 0;
    if (isEmpty) source.removeKey();
    ctx.changed('srem', 1);
    if (isEmpty) ctx.event('del', 1);
    if (targetRef === 0) target.create(db, args, 2, member, 1);
    if (targetRef === 0 || target.add(member)) ctx.changed('sadd', 2);
    reply.integer(1);
  },
});

export const sismember = command({
  name: 'sismember',
  since: '1.0.0',
  group: 'set',
  complexity: 'O(1)',
  summary: 'Tells whether a member is in a set.',
  arity: 3,
  flags: ['readonly', 'fast'],
  keys: [keyAt(1, 'RO')],
  args: [arg.key('key'), arg.string('member')],
  run(ctx) {
    const set = openRead(ctx);
    ctx.reply.integer(set?.has(argumentMember(ctx, 2)) ? 1 : 0);
  },
});

export const smismember = command({
  name: 'smismember',
  since: '6.2.0',
  group: 'set',
  complexity: 'O(N) for N members.',
  summary: 'Tells of several members whether they are in a set.',
  arity: -3,
  flags: ['readonly', 'fast'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key'), arg.string('member', { multiple: true })],
  run(ctx) {
    const { args, reply } = ctx;
    const set = openRead(ctx);
    reply.array(args.count - 2);
    for (let i = 2; i < args.count; i++) reply.integer(set?.has(argumentMember(ctx, i)) ? 1 : 0);
  },
});

export const scard = command({
  name: 'scard',
  since: '1.0.0',
  group: 'set',
  complexity: 'O(1)',
  summary: 'Returns how many members a set has.',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: [keyAt(1, 'RO')],
  args: [arg.key('key')],
  run(ctx) {
    ctx.reply.integer(openRead(ctx)?.size ?? 0);
  },
});

export const sscan = command({
  name: 'sscan',
  since: '2.8.0',
  group: 'set',
  complexity: 'O(1) for a call, O(N) for all calls until the cursor is 0 again, with N members in the set.',
  summary: 'Returns some of the members of a set and a cursor to go on with.',
  arity: -3,
  flags: ['readonly'],
  tips: ['nondeterministic_output'],
  keys: [keyAt(1, 'RO', 'access')],
  args: SCAN_ARGUMENTS,
  run(ctx) {
    const { args, keyspace, reply } = ctx;
    const from = scanCursor(args, 2);
    const set = openRead(ctx);
    if (set === null) {
      beginScanReply(reply, 0, 0);
      return;
    }
    const { count, pattern } = scanOptions(args, 3, false);
    const { member, cursor } = keyspace.sets;
    const places: number[] = [];
    let next = 0;
    if (set.kind === KIND.SET_TABLE) {
      const { table } = set;
      next = scanTable(table, from, count, (ref) => {
        const isWanted =
          pattern === null ||
          pattern.matches(table.keyMemory(ref), table.keyOffset(ref), table.keyLength(ref));
        if (isWanted) places.push(ref);
      });
    } else {
      for (cursor.begin(set); cursor.next(); ) {
        const { bytes, start, length } = cursor.member;
        if (pattern === null || pattern.matches(bytes, start, length)) places.push(cursor.place);
      }
    }
    beginScanReply(reply, next, places.length);
    replyPlaces(reply, set, places, member);
  },
});

/** The set that the key of argument 1 holds, to read; null when there is none. */
function openRead({ args, db, keyspace }: CommandContext): MemberSet | null {
  const ref = db.lookupRead(args, 1);
  return ref === 0 ? null : keyspace.sets.set.open(db, ref);
}

function argumentMember({ args, keyspace }: CommandContext, i: number) {
  return keyspace.sets.member.setBytes(args.bytes, args.start(i), args.length(i));
}
