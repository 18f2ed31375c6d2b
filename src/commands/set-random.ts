// Random members of a set, removed (SPOP) or not (SRANDMEMBER). All draws are fair, whatever the form of the set. What was
// popped is told to AOF and replicas as the removal of just these members.

import { KIND } from '../datatypes/kind.ts';
import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import { FreshSet } from '../keyspace/fresh-set.ts';
import type { MemberSet } from '../keyspace/member-set.ts';
import type { SetMember } from '../keyspace/set-member.ts';
import type { StoredSet } from '../keyspace/stored-set.ts';
import type { Ref } from '../memory/heap.ts';
import { NOT_POSITIVE, rangeError, SYNTAX } from '../resp/errors.ts';
import { EffectInParts } from './effect-in-parts.ts';
import { replyMember, replyMembers } from './set-reply.ts';

// With so many times more popped than left, Redis moves what is left to a new set.
const MOVE_REST_FACTOR = 5;
// From this share of the set on, distinct members are chosen in one pass instead of drawn.
const PASS_SHARE = 3;

const INT64_MAX = 2n ** 63n - 1n;
const COUNT_OUT_OF_RANGE = rangeError(-INT64_MAX, INT64_MAX);

export const spop = command({
  name: 'spop',
  since: '1.0.0',
  group: 'set',
  complexity: 'O(1) without a count, else O(N) for N members popped.',
  summary: 'Removes random members from a set and returns them.',
  arity: -2,
  flags: ['write', 'fast'],
  tips: ['nondeterministic_output'],
  history: [['3.2.0', 'A count can be given.']],
  keys: [keyAt(1, 'RW', 'access', 'delete')],
  args: [arg.key('key'), arg.integer('count', { optional: true, since: '3.2.0' })],
  run(ctx) {
    const { args, db, keyspace, reply } = ctx;
    if (args.count > 2) {
      popMany(ctx);
      return;
    }
    const ref = db.lookupWrite(args, 1);
    if (ref === 0) {
      reply.null();
      return;
    }
    const { set, member } = keyspace.sets;
    const place = set.open(db, ref).randomPlaceToRemove();
    set.read(place, member);
    if (ctx.propagates) ctx.propagateAs('SREM', 1, member.text());
    replyMember(reply, member);
    set.removeAt(place);
    const isEmpty = set.size === 0;
    if (isEmpty) set.removeKey();
    ctx.changed('spop', 1);
    if (isEmpty) ctx.event('del', 1);
  },
});

export const srandmember = command({
  name: 'srandmember',
  since: '1.0.0',
  group: 'set',
  complexity: 'O(1) without a count, else O(N) for N members returned.',
  summary: 'Returns random members of a set.',
  arity: -2,
  flags: ['readonly'],
  tips: ['nondeterministic_output'],
  history: [['2.6.0', 'A count can be given.']],
  keys: [keyAt(1, 'RO', 'access')],
  args: [arg.key('key'), arg.integer('count', { optional: true, since: '2.6.0' })],
  run(ctx) {
    const { args, db, keyspace, reply } = ctx;
    if (args.count > 2) {
      drawMany(ctx);
      return;
    }
    const ref = db.lookupRead(args, 1);
    if (ref === 0) {
      reply.null();
      return;
    }
    const { set, member } = keyspace.sets;
    set.open(db, ref);
    set.read(set.randomPlace(), member);
    replyMember(reply, member);
  },
});

function popMany(ctx: CommandContext): void {
  const { args, db, keyspace, reply } = ctx;
  if (args.count > 3) throw SYNTAX;
  const count = Number(args.int64(2, NOT_POSITIVE));
  if (count < 0) throw NOT_POSITIVE;
  const ref = db.lookupWrite(args, 1);
  const set = ref === 0 ? null : keyspace.sets.set.open(db, ref);
  if (set === null || count === 0) {
    reply.set(0);
    return;
  }
  const { size } = set;
  if (count >= size) {
    popAll(ctx, set);
    return;
  }
  ctx.changed('spop', 1, count);
  reply.set(count);
  const popped = new EffectInParts(ctx, 'SREM', 1);
  if ((size - count) * MOVE_REST_FACTOR <= count) popAllBut(ctx, ref, set, size - count, popped);
  else if (set.kind === KIND.SET_PACKED) popFromPacked(ctx, set, count, popped);
  else popOneByOne(ctx, set, count, popped);
  popped.finish();
}

// Observed 7.2.4: it counts as a read of the key, too, and integers in front of the first text come in order.
function popAll(ctx: CommandContext, set: StoredSet): void {
  const { keyspace, reply, server } = ctx;
  const { cursor } = keyspace.sets;
  keyspace.stats.hits++;
  ctx.changed('spop', 1, set.size);
  reply.set(set.size);
  if (set.kind === KIND.SET_PACKED) {
    const ordered = new FreshSet(keyspace, KIND.SET_INTSET);
    for (cursor.begin(set); cursor.next(); ) ordered.add(cursor.member);
    replyMembers(reply, ordered, cursor);
    ordered.drop();
  } else {
    replyMembers(reply, set, cursor);
  }
  if (ctx.propagates) {
    const isLazy = server.config.values['lazyfree-lazy-server-del'];
    ctx.propagateAs(isLazy ? 'UNLINK' : 'DEL', 1);
  }
  set.removeKey();
  ctx.event('del', 1);
}

/** Pops all but `rest` members, which become the key's set anew: the form follows from what is left. */
function popAllBut(ctx: CommandContext, ref: Ref, set: StoredSet, rest: number, popped: EffectInParts): void {
  const { args, db, keyspace, reply } = ctx;
  const { cursor, member } = keyspace.sets;
  const kept = new FreshSet(keyspace, set.kind === KIND.SET_INTSET ? set.kind : KIND.SET_PACKED);
  if (set.kind === KIND.SET_TABLE) {
    for (let left = rest; left > 0; left--) {
      const place = set.randomPlaceToRemove();
      set.read(place, member);
      kept.add(member);
      set.removeAt(place);
    }
    for (cursor.begin(set); cursor.next(); ) tellPopped(popped, cursor.member);
    replyMembers(reply, set, cursor);
  } else {
    const choice = new Choice(ctx, rest, set.size);
    for (cursor.begin(set); cursor.next(); ) {
      if (choice.takesNext()) {
        kept.add(cursor.member);
      } else {
        tellPopped(popped, cursor.member);
        replyMember(reply, cursor.member);
      }
    }
  }
  kept.store(db, args, 1, ref, true);
}

function popFromPacked(ctx: CommandContext, set: StoredSet, count: number, popped: EffectInParts): void {
  const { cursor } = ctx.keyspace.sets;
  const places: number[] = [];
  const choice = new Choice(ctx, count, set.size);
  for (cursor.begin(set); cursor.next(); ) {
    if (!choice.takesNext()) continue;
    tellPopped(popped, cursor.member);
    replyMember(ctx.reply, cursor.member);
    places.push(cursor.place);
  }
  set.removeFromPacked(places);
}

function popOneByOne(ctx: CommandContext, set: StoredSet, count: number, popped: EffectInParts): void {
  const { member } = ctx.keyspace.sets;
  for (let left = count; left > 0; left--) {
    const place = set.randomPlaceToRemove();
    set.read(place, member);
    tellPopped(popped, member);
    replyMember(ctx.reply, member);
    set.removeAt(place);
  }
}

function drawMany(ctx: CommandContext): void {
  const { args, db, keyspace, reply } = ctx;
  if (args.count > 3) throw SYNTAX;
  const given = args.int64(2);
  if (given < -INT64_MAX) throw COUNT_OUT_OF_RANGE;
  const count = Math.abs(Number(given));
  const ref = db.lookupRead(args, 1);
  const set = ref === 0 ? null : keyspace.sets.set.open(db, ref);
  if (set === null || count === 0) {
    reply.array(0);
    return;
  }
  if (given < 0 || count === 1) {
    reply.array(count);
    drawRepeatedly(ctx, set, count);
  } else if (count >= set.size) {
    reply.array(set.size);
    replyMembers(reply, set, keyspace.sets.cursor);
  } else {
    reply.array(count);
    drawDistinct(ctx, set, count);
  }
}

/** Draws from the whole set every time. */
function drawRepeatedly(ctx: CommandContext, set: MemberSet, count: number): void {
  const { keyspace, reply } = ctx;
  const { cursor, member } = keyspace.sets;
  const places: number[] = [];
  // The places in a packed block are found by a walk: one for all draws.
  if (set.kind === KIND.SET_PACKED && count > 1) {
    for (cursor.begin(set); cursor.next(); ) places.push(cursor.place);
  }
  for (let left = count; left > 0 && !ctx.isCutOff; left--) {
    const place = places.length > 0 ? places[keyspace.random.below(places.length)]! : set.randomPlace();
    set.read(place, member);
    replyMember(reply, member);
  }
}

/** Draws members that are all different, fewer than there are. */
function drawDistinct(ctx: CommandContext, set: MemberSet, count: number): void {
  const { keyspace, reply } = ctx;
  const { cursor, member } = keyspace.sets;
  if (set.kind === KIND.SET_PACKED || count * PASS_SHARE > set.size) {
    const choice = new Choice(ctx, count, set.size);
    for (cursor.begin(set); cursor.next(); ) if (choice.takesNext()) replyMember(reply, cursor.member);
    return;
  }
  const drawn = new Set<number>();
  while (drawn.size < count) {
    const place = set.randomPlace();
    if (drawn.has(place)) continue;
    drawn.add(place);
    set.read(place, member);
    replyMember(reply, member);
  }
}

/** Chooses `wanted` out of `total` in one pass, every selection with the same chance. */
class Choice {
  private readonly ctx: CommandContext;
  private wanted: number;
  private total: number;

  constructor(ctx: CommandContext, wanted: number, total: number) {
    this.ctx = ctx;
    this.wanted = wanted;
    this.total = total;
  }

  takesNext(): boolean {
    const takes = this.ctx.keyspace.random.below(this.total) < this.wanted;
    this.total--;
    if (takes) this.wanted--;
    return takes;
  }
}

function tellPopped(popped: EffectInParts, member: SetMember): void {
  if (popped.isHeard) popped.add(member.text());
}
