// The set that a key holds, opened for a while: it knows the entry, moves with it and gives it room. Made once and opened
// again and again; what it tells is true until something else writes to the key.

import { INTSET_HEADER_BYTES, intsetCreate } from '../datatypes/intset.ts';
import { KIND, TYPE, typeOf } from '../datatypes/kind.ts';
import type { SetTable } from '../datatypes/set-table.ts';
import type { Ref } from '../memory/heap.ts';
import { PACKED_EMPTY_BYTES, packedCreate } from '../memory/packed.ts';
import type { Arguments } from '../resp/arguments.ts';
import { WRONG_TYPE } from '../resp/errors.ts';
import type { Database } from './database.ts';
import { MemberSet, type SetKind } from './member-set.ts';
import type { SetMember } from './set-member.ts';

export class StoredSet extends MemberSet {
  private db!: Database;
  private ref: Ref = 0;

  /** Opens the set that an entry holds; throws WRONG_TYPE when it is none. */
  open(db: Database, ref: Ref): this {
    const kind = db.kind(ref);
    if (typeOf(kind) !== TYPE.SET) throw WRONG_TYPE;
    this.db = db;
    this.kind = kind as SetKind;
    this.attach(ref);
    if (kind === KIND.SET_TABLE) this.table = (db.large(ref) as SetTable).members;
    return this;
  }

  /** Makes the key of argument `i`, which must not exist, hold a set of `member`; about `count` will be added to it. */
  create(db: Database, args: Arguments, i: number, member: SetMember, count: number): this {
    const kind = this.initialKind(member, count);
    this.db = db;
    this.kind = kind;
    if (kind === KIND.SET_TABLE) {
      const table = this.newTable(count);
      this.table = table.members;
      this.ref = db.writeLarge(args, i, 0, kind, table);
    } else {
      const isPacked = kind === KIND.SET_PACKED;
      this.attach(db.write(args, i, 0, kind, isPacked ? PACKED_EMPTY_BYTES : INTSET_HEADER_BYTES, false));
      if (isPacked) packedCreate(this.memory, this.base);
      else intsetCreate(this.memory, this.base);
    }
    this.add(member);
    return this;
  }

  /** Whether both are open on the same key. */
  isSame(other: StoredSet): boolean {
    return this.ref === other.ref && this.db === other.db;
  }

  /** Removes the key; a large set is freed in slices. */
  removeKey(): void {
    this.db.removeAs(this.ref, this.db.keyspace.whenReplaced);
  }

  protected resize(length: number): void {
    this.attach(this.db.resize(this.ref, length));
  }

  protected changeKind(kind: SetKind): void {
    this.kind = kind;
    this.db.setKind(this.ref, kind);
  }

  protected takeTable(table: SetTable): void {
    this.ref = this.db.enlarge(this.ref, KIND.SET_TABLE, table);
  }

  private attach(ref: Ref): void {
    this.ref = ref;
    this.memory = this.db.valueMemory(ref);
    this.base = this.db.valueOffset(ref);
  }
}
