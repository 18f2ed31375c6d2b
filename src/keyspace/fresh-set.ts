// A set that belongs to no key yet: the result of a set operation, which becomes a key's value or goes into a reply. It
// chooses its form as the commands that add to keys do.

import { copyBytes } from '../base/bytes.ts';
import { intsetBytes, intsetCreate } from '../datatypes/intset.ts';
import { KIND } from '../datatypes/kind.ts';
import type { SetTable } from '../datatypes/set-table.ts';
import type { Ref } from '../memory/heap.ts';
import { packedBytes, packedCreate } from '../memory/packed.ts';
import type { Arguments } from '../resp/arguments.ts';
import type { Database } from './database.ts';
import { FREEING } from './freeing.ts';
import type { Keyspace } from './keyspace.ts';
import { MemberSet, type SetKind } from './member-set.ts';
import type { SetCursor } from './set-cursor.ts';
import type { SetMember } from './set-member.ts';

const INITIAL_BYTES = 64;

export class FreshSet extends MemberSet {
  private large: SetTable | null = null;

  /** An empty set; `kind` is the form it begins with. */
  constructor(keyspace: Keyspace, kind: typeof KIND.SET_INTSET | typeof KIND.SET_PACKED) {
    super(keyspace);
    this.memory = new Uint8Array(INITIAL_BYTES);
    this.begin(kind);
  }

  /** An empty set in the form that suits `count` members of which `first` is the first. */
  static suiting(keyspace: Keyspace, first: SetMember, count: number): FreshSet {
    const set = new FreshSet(keyspace, KIND.SET_INTSET);
    const kind = set.initialKind(first, count);
    if (kind === KIND.SET_TABLE) set.adopt(set.newTable(count));
    else set.begin(kind);
    return set;
  }

  /**
   * Makes the key of argument `i` hold this set, which is used up by that and not empty; `ref` is what a lookup of the key
   * gave. Returns the entry.
   */
  store(db: Database, args: Arguments, i: number, ref: Ref, keepDeadline: boolean): Ref {
    const { kind, large, memory } = this;
    if (large !== null) return db.writeLarge(args, i, ref, kind, large, keepDeadline);
    const length = kind === KIND.SET_PACKED ? packedBytes(memory, 0) : intsetBytes(memory, 0);
    const stored = db.write(args, i, ref, kind, length, keepDeadline);
    copyBytes(memory, 0, db.valueMemory(stored), db.valueOffset(stored), length);
    return stored;
  }

  /** Frees the set, which no key has taken. */
  drop(): void {
    const { largeValues } = this.keyspace;
    if (this.large !== null) this.keyspace.dropLarge(largeValues.add(this.large), FREEING.SOON);
  }

  /** Gives a set of nothing but integers the form of one, when they are not too many. `cursor` is free to use. */
  becomeIntset(cursor: SetCursor): void {
    if (this.kind === KIND.SET_INTSET || this.size > this.intsetMaxEntries) return;
    const intset = new FreshSet(this.keyspace, KIND.SET_INTSET);
    for (cursor.begin(this); cursor.next(); ) intset.add(cursor.member);
    this.drop();
    this.large = null;
    this.kind = KIND.SET_INTSET;
    this.memory = intset.memory;
  }

  protected resize(length: number): void {
    if (length <= this.memory.length) return;
    const larger = new Uint8Array(Math.max(length, 2 * this.memory.length));
    larger.set(this.memory);
    this.memory = larger;
  }

  protected changeKind(kind: SetKind): void {
    this.kind = kind;
  }

  protected takeTable(table: SetTable): void {
    this.large = table;
    this.memory = NO_BYTES;
  }

  private begin(kind: SetKind): void {
    this.kind = kind;
    if (kind === KIND.SET_PACKED) packedCreate(this.memory, 0);
    else intsetCreate(this.memory, 0);
  }

  private adopt(table: SetTable): void {
    this.takeTable(table);
    this.kind = KIND.SET_TABLE;
    this.table = table.members;
  }
}

const NO_BYTES = new Uint8Array(0);
