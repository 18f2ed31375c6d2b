// Operations on whole sets: all members, intersection, union, difference, and their forms that store the result. Observed
// 7.2.4: a small result is shown in the order in which it would be stored, and stored in the form that adding its members
// one by one would give it; only an intersection of integers alone finds its way back to an intset.

import { KIND } from '../datatypes/kind.ts';
import { arg, command, keyAt, keysCounted, keysFrom } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import { FreshSet } from '../keyspace/fresh-set.ts';
import type { SetMember } from '../keyspace/set-member.ts';
import type { StoredSet } from '../keyspace/stored-set.ts';
import type { MemberTable } from '../memory/member-table.ts';
import { LIMIT_NEGATIVE, NUMKEYS_NOT_POSITIVE, SYNTAX, TOO_MANY_KEYS } from '../resp/errors.ts';
import { replyMembers, replyPlaces } from './set-reply.ts';

// Smaller tables are near anyway.
const FAR_TABLE_MEMBERS = 4096;

const SOURCES = arg.key('key', { multiple: true });
const STORE_KEYS = [keyAt(1, 'OW', 'update'), keysFrom(2, -1, 1, 'RO', 'access')];
const STORE_ARGS = [arg.key('destination'), arg.key('key', { keySpec: 1, multiple: true })];

export const smembers = command({
  name: 'smembers',
  since: '1.0.0',
  group: 'set',
  complexity: 'O(N) for N members.',
  summary: 'Returns all members of a set.',
  arity: 2,
  flags: ['readonly'],
  tips: ['nondeterministic_output_order'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key')],
  run({ args, db, keyspace, reply }) {
    const ref = db.lookupRead(args, 1);
    if (ref === 0) {
      reply.set(0);
      return;
    }
    const set = keyspace.sets.set.open(db, ref);
    reply.set(set.size);
    replyMembers(reply, set, keyspace.sets.cursor);
  },
});

export const sinter = command({
  name: 'sinter',
  since: '1.0.0',
  group: 'set',
  complexity: 'O(N*M) in the worst case, for M sets of which the smallest has N members.',
  summary: 'Returns the members that all of some sets have.',
  arity: -2,
  flags: ['readonly'],
  tips: ['nondeterministic_output_order'],
  keys: [keysFrom(1, -1, 1, 'RO', 'access')],
  args: [SOURCES],
  run(ctx) {
    const { keyspace, reply } = ctx;
    const { cursor, member } = keyspace.sets;
    const sets = openBySize(ctx, 1, ctx.args.count);
    if (sets === null) {
      reply.set(0);
      return;
    }
    const smallest = sets[0]!;
    const places: number[] = [];
    for (cursor.begin(smallest, farTables(sets)); cursor.next(); ) {
      if (isInOthers(sets, cursor.member)) places.push(cursor.place);
    }
    reply.set(places.length);
    replyPlaces(reply, smallest, places, member);
  },
});

export const sintercard = command({
  name: 'sintercard',
  since: '7.0.0',
  group: 'set',
  complexity: 'O(N*M) in the worst case, for M sets of which the smallest has N members.',
  summary: 'Returns how many members all of some sets have.',
  arity: -3,
  flags: ['readonly'],
  keys: [keysCounted(1, 'RO', 'access')],
  args: [arg.integer('numkeys'), SOURCES, arg.integer('limit', { token: 'LIMIT', optional: true })],
  run(ctx) {
    const { args, keyspace, reply } = ctx;
    const { cursor } = keyspace.sets;
    const count = args.int64(1, NUMKEYS_NOT_POSITIVE);
    if (count < 1) throw NUMKEYS_NOT_POSITIVE;
    if (count > args.count - 2) throw TOO_MANY_KEYS;
    const end = 2 + Number(count);
    let limit = 0;
    for (let i = end; i < args.count; i += 2) {
      if (i + 1 === args.count || !args.is(i, 'limit')) throw SYNTAX;
      limit = Number(args.int64(i + 1, LIMIT_NEGATIVE));
      if (limit < 0) throw LIMIT_NEGATIVE;
    }
    if (limit === 0) limit = Number.POSITIVE_INFINITY;
    const sets = openBySize(ctx, 2, end);
    let found = 0;
    if (sets !== null) {
      cursor.begin(sets[0]!, farTables(sets));
      while (found < limit && cursor.next()) if (isInOthers(sets, cursor.member)) found++;
    }
    reply.integer(found);
  },
});

export const sinterstore = command({
  name: 'sinterstore',
  since: '1.0.0',
  group: 'set',
  complexity: 'O(N*M) in the worst case, for M sets of which the smallest has N members.',
  summary: 'Stores the members that all of some sets have.',
  arity: -3,
  flags: ['write', 'denyoom'],
  keys: [keyAt(1, 'RW', 'update'), keysFrom(2, -1, 1, 'RO', 'access')],
  args: STORE_ARGS,
  run(ctx) {
    const { keyspace } = ctx;
    const { cursor } = keyspace.sets;
    const sets = openBySize(ctx, 2, ctx.args.count);
    if (sets === null) {
      storeNothing(ctx);
      return;
    }
    const smallest = sets[0]!;
    const result = new FreshSet(
      keyspace,
      smallest.kind === KIND.SET_INTSET ? smallest.kind : KIND.SET_PACKED,
    );
    let areIntegers = true;
    for (cursor.begin(smallest, farTables(sets)); cursor.next(); ) {
      if (!isInOthers(sets, cursor.member)) continue;
      areIntegers &&= cursor.member.packed.isInteger;
      result.add(cursor.member);
    }
    if (areIntegers) result.becomeIntset(cursor);
    store(ctx, result, 'sinterstore');
  },
});

export const sunion = command({
  name: 'sunion',
  since: '1.0.0',
  group: 'set',
  complexity: 'O(N) for N members in all sets together.',
  summary: 'Returns the members that any of some sets has.',
  arity: -2,
  flags: ['readonly'],
  tips: ['nondeterministic_output_order'],
  keys: [keysFrom(1, -1, 1, 'RO', 'access')],
  args: [SOURCES],
  run(ctx) {
    answer(ctx, union(ctx, 1));
  },
});

export const sunionstore = command({
  name: 'sunionstore',
  since: '1.0.0',
  group: 'set',
  complexity: 'O(N) for N members in all sets together.',
  summary: 'Stores the members that any of some sets has.',
  arity: -3,
  flags: ['write', 'denyoom'],
  keys: STORE_KEYS,
  args: STORE_ARGS,
  run(ctx) {
    store(ctx, union(ctx, 2), 'sunionstore');
  },
});

export const sdiff = command({
  name: 'sdiff',
  since: '1.0.0',
  group: 'set',
  complexity: 'O(N) for N members in all sets together.',
  summary: 'Returns the members that only the first of some sets has.',
  arity: -2,
  flags: ['readonly'],
  tips: ['nondeterministic_output_order'],
  keys: [keysFrom(1, -1, 1, 'RO', 'access')],
  args: [SOURCES],
  run(ctx) {
    answer(ctx, difference(ctx, 1));
  },
});

export const sdiffstore = command({
  name: 'sdiffstore',
  since: '1.0.0',
  group: 'set',
  complexity: 'O(N) for N members in all sets together.',
  summary: 'Stores the members that only the first of some sets has.',
  arity: -3,
  flags: ['write', 'denyoom'],
  keys: STORE_KEYS,
  args: STORE_ARGS,
  run(ctx) {
    store(ctx, difference(ctx, 2), 'sdiffstore');
  },
});

/** The sets of the keys from argument `first` to before `end`, null where there is none. */
function open({ args, db, keyspace }: CommandContext, first: number, end: number): (StoredSet | null)[] {
  const sets: (StoredSet | null)[] = [];
  for (let i = first; i < end; i++) {
    const ref = db.lookupRead(args, i);
    sets.push(ref === 0 ? null : keyspace.sets.another(i - first).open(db, ref));
  }
  return sets;
}

/** As `open`, the smallest first; null when any is missing, for then they have nothing in common. */
function openBySize(ctx: CommandContext, first: number, end: number): StoredSet[] | null {
  const sets = open(ctx, first, end).filter((set) => set !== null);
  return sets.length < end - first ? null : sets.sort((a, b) => a.size - b.size);
}

/** Whether all sets but the first, which the member is from, have it. */
function isInOthers(sets: readonly StoredSet[], member: SetMember): boolean {
  for (let i = 1; i < sets.length; i++) {
    if (!sets[i]!.isSame(sets[0]!) && !sets[i]!.has(member)) return false;
  }
  return true;
}

/** The tables of all sets but the first that are worth a look ahead. */
function farTables(sets: readonly (StoredSet | null)[]): MemberTable[] {
  const tables: MemberTable[] = [];
  for (let i = 1; i < sets.length; i++) {
    const set = sets[i];
    if (set?.kind === KIND.SET_TABLE && set.table.size > FAR_TABLE_MEMBERS) tables.push(set.table);
  }
  return tables;
}

function union(ctx: CommandContext, first: number): FreshSet {
  const result = new FreshSet(ctx.keyspace, KIND.SET_INTSET);
  for (const set of open(ctx, first, ctx.args.count)) if (set !== null) addAll(ctx, result, set);
  return result;
}

function addAll({ keyspace }: CommandContext, result: FreshSet, set: StoredSet): void {
  const { cursor } = keyspace.sets;
  for (cursor.begin(set); cursor.next(); ) result.add(cursor.member);
}

function difference(ctx: CommandContext, first: number): FreshSet {
  const { keyspace } = ctx;
  const result = new FreshSet(keyspace, KIND.SET_INTSET);
  const [from, ...others] = open(ctx, first, ctx.args.count);
  if (from == null || others.some((set) => set?.isSame(from))) return result;
  const taken = others.filter((set) => set !== null);
  const lookups = from.size * (1 + taken.length);
  const members = taken.reduce((sum, set) => sum + set.size, from.size);
  if (lookups / 2 <= members) {
    keepMissing(ctx, result, from, taken);
  } else {
    addAll(ctx, result, from);
    removeAll(ctx, result, taken);
  }
  return result;
}

/** Looks every member of `from` up in all others, in the largest first: O(N*M). */
function keepMissing(
  { keyspace }: CommandContext,
  result: FreshSet,
  from: StoredSet,
  others: StoredSet[],
): void {
  const { cursor } = keyspace.sets;
  others.sort((a, b) => b.size - a.size);
  for (cursor.begin(from, farTables([from, ...others])); cursor.next(); ) {
    if (!isInAny(others, cursor.member)) result.add(cursor.member);
  }
}

function isInAny(sets: readonly StoredSet[], member: SetMember): boolean {
  for (let i = 0; i < sets.length; i++) if (sets[i]!.has(member)) return true;
  return false;
}

/** Takes every member of all others out of the result: O(N) for all members together. */
function removeAll({ keyspace }: CommandContext, result: FreshSet, others: readonly StoredSet[]): void {
  const { cursor } = keyspace.sets;
  for (const set of others) {
    for (cursor.begin(set); cursor.next(); ) result.remove(cursor.member);
    if (result.size === 0) return;
  }
}

function answer({ keyspace, reply }: CommandContext, result: FreshSet): void {
  reply.set(result.size);
  replyMembers(reply, result, keyspace.sets.cursor);
  result.drop();
}

/** Makes the key of argument 1 hold the result; of an empty one nothing remains. */
function store(ctx: CommandContext, result: FreshSet, event: string): void {
  const { args, db, reply } = ctx;
  const { size } = result;
  if (size === 0) {
    result.drop();
    storeNothing(ctx);
    return;
  }
  result.store(db, args, 1, db.lookupWrite(args, 1), false);
  ctx.changed(event, 1);
  reply.integer(size);
}

// Observed 7.2.4: a destination that has expired, but is not removed yet, is removed as if it had not.
function storeNothing(ctx: CommandContext): void {
  const { args, db, reply } = ctx;
  const ref = db.peekText(args.string(1));
  if (ref !== 0) {
    db.removeAs(ref, db.keyspace.whenReplaced);
    ctx.changed('del', 1);
  }
  reply.integer(0);
}
