// Sets as texts, for whoever is not about sets: saving and loading, digests, SORT. Texts are latin1. Commands of sets open
// a `StoredSet` instead.

import type { Ref } from '../memory/heap.ts';
import type { Arguments } from '../resp/arguments.ts';
import type { Database } from './database.ts';
import { FreshSet } from './fresh-set.ts';
import { SetCursor } from './set-cursor.ts';
import { SetMember } from './set-member.ts';

/** How many members the set has. */
export function setSize(db: Database, ref: Ref): number {
  return db.keyspace.sets.set.open(db, ref).size;
}

export function setHasText(db: Database, ref: Ref, member: string): boolean {
  const { set, member: scratch } = db.keyspace.sets;
  return set.open(db, ref).has(scratch.setText(member));
}

/** Calls `visit`, which must not change the set, for every member. O(n). */
export function forEachMember(db: Database, ref: Ref, visit: (member: string) => void): void {
  const set = db.keyspace.sets.another(0).open(db, ref);
  const cursor = new SetCursor();
  for (cursor.begin(set); cursor.next(); ) visit(cursor.member.text());
}

/**
 * Makes the key of argument `i` hold a set of `members`, at least one; `ref` is what a lookup of the key gave. An old value
 * goes, with its deadline. Returns the entry. O(n).
 */
export function storeSet(
  db: Database,
  args: Arguments,
  i: number,
  ref: Ref,
  members: readonly string[],
): Ref {
  const { keyspace } = db;
  const member = new SetMember();
  const set = FreshSet.suiting(keyspace, member.setText(members[0]!), members.length);
  for (const text of members) set.add(member.setText(text));
  return set.store(db, args, i, ref, false);
}
