// A set in whichever form it has: sorted integers, a packed block, or a table. When a form gives way to another, and to
// which, is decided here and nowhere else. Where the block lies and how it grows is the subclasses' business: a
// `StoredSet` is the value of a key, a `FreshSet` a result that is being put together.
//
// Members are addressed by their place: an index, a position or a ref, whichever the form has, and never 0. Places hold
// until the set changes.

import {
  intsetBytes,
  intsetBytesWith,
  intsetDelete,
  intsetFind,
  intsetHigh,
  intsetInsert,
  intsetLength,
  intsetLow,
} from '../datatypes/intset.ts';
import { KIND } from '../datatypes/kind.ts';
import { SetTable } from '../datatypes/set-table.ts';
import type { MemberTable } from '../memory/member-table.ts';
import {
  NO_ENTRY,
  PACKED_EMPTY_BYTES,
  PACKED_HEADER_BYTES,
  PACKED_MAX_BYTES,
  packedAppend,
  packedBytes,
  packedCreate,
  packedDeleteMany,
  packedDeleteRange,
  packedEnd,
  packedFind,
  packedFirst,
  packedLength,
  packedSeek,
} from '../memory/packed.ts';
import { PackedEntry } from '../memory/packed-entry.ts';
import type { Keyspace } from './keyspace.ts';
import { SetMember } from './set-member.ts';

/** What `find` returns when there is no such member. */
export const NO_PLACE = 0;

// More integers an intset cannot count, whatever the configuration allows.
const INTSET_MAX_ENTRIES = 2 ** 30;

export type SetKind = typeof KIND.SET_INTSET | typeof KIND.SET_PACKED | typeof KIND.SET_TABLE;

export abstract class MemberSet {
  kind: SetKind = KIND.SET_INTSET;
  /** The members of a large set; only where the kind says so. */
  table!: MemberTable;

  protected readonly keyspace: Keyspace;
  /** The block of a small set begins at `base` of `memory`. */
  protected memory: Uint8Array = NO_BYTES;
  protected base = 0;

  private readonly entry = new PackedEntry();
  private readonly converted = new SetMember();

  constructor(keyspace: Keyspace) {
    this.keyspace = keyspace;
  }

  /** Gives the block another length, keeping its first bytes. */
  protected abstract resize(length: number): void;
  /** The block is about to have another form. */
  protected abstract changeKind(kind: SetKind): void;
  /** Puts a table in the place of the block. */
  protected abstract takeTable(table: SetTable): void;

  get size(): number {
    if (this.kind === KIND.SET_TABLE) return this.table.size;
    return this.kind === KIND.SET_PACKED
      ? packedLength(this.memory, this.base)
      : intsetLength(this.memory, this.base);
  }

  has(member: SetMember): boolean {
    return this.find(member) !== NO_PLACE;
  }

  /** The place of a member, or NO_PLACE. O(1) in a table, else O(log n) among integers, O(n) in a packed block. */
  find(member: SetMember): number {
    if (this.kind === KIND.SET_TABLE) {
      return this.table.find(member.bytes, member.start, member.length, member.hash(this.keyspace.seed));
    }
    const { packed } = member;
    if (this.kind === KIND.SET_PACKED) {
      const at = packedFind(this.memory, this.base, packedFirst(this.memory, this.base), packed, 0);
      return at === NO_ENTRY ? NO_PLACE : at;
    }
    if (!packed.isInteger) return NO_PLACE;
    const index = intsetFind(this.memory, this.base, packed.low, packed.high);
    return index < 0 ? NO_PLACE : index + 1;
  }

  /** Adds a member, whose bytes must not lie in this set; returns false when it was there. */
  add(member: SetMember): boolean {
    if (this.kind === KIND.SET_TABLE) return this.addToTable(member);
    return this.kind === KIND.SET_PACKED ? this.addToPacked(member) : this.addToIntset(member);
  }

  /** Removes a member; returns false when it was not there. A set that is empty then is the caller's to remove. */
  remove(member: SetMember): boolean {
    const place = this.find(member);
    if (place === NO_PLACE) return false;
    if (this.kind === KIND.SET_TABLE) this.table.delete(place, member.hash(this.keyspace.seed));
    else this.removeAt(place);
    return true;
  }

  removeAt(place: number): void {
    if (this.kind === KIND.SET_TABLE) {
      this.table.delete(place);
    } else if (this.kind === KIND.SET_PACKED) {
      packedDeleteRange(this.memory, this.base, place, 1);
      this.resize(packedBytes(this.memory, this.base));
    } else {
      intsetDelete(this.memory, this.base, place - 1);
      this.resize(intsetBytes(this.memory, this.base));
    }
  }

  /** Removes the members at these places of a packed set, which ascend. O(n). */
  removeFromPacked(places: readonly number[]): void {
    packedDeleteMany(this.memory, this.base, places);
    this.resize(packedBytes(this.memory, this.base));
  }

  /** Fills `member` with the one at `place`. */
  read(place: number, member: SetMember): void {
    const { table, memory, base } = this;
    if (this.kind === KIND.SET_TABLE) {
      member.setBytes(table.keyMemory(place), table.keyOffset(place), table.keyLength(place));
    } else if (this.kind === KIND.SET_PACKED) {
      this.entry.read(memory, base, place);
      member.setEntry(this.entry);
    } else {
      member.setInteger(intsetLow(memory, base, place - 1), intsetHigh(memory, base, place - 1));
    }
  }

  /** The place of the first member of a small set, or NO_PLACE. */
  firstPlace(): number {
    if (this.kind === KIND.SET_INTSET) return this.size === 0 ? NO_PLACE : 1;
    return packedFirst(this.memory, this.base) === NO_ENTRY ? NO_PLACE : PACKED_HEADER_BYTES;
  }

  /** Fills `member` with the one at `place` of a small set, and returns the place after it, or NO_PLACE. */
  readAndStep(place: number, member: SetMember): number {
    const { memory, base } = this;
    if (this.kind === KIND.SET_INTSET) {
      member.setInteger(intsetLow(memory, base, place - 1), intsetHigh(memory, base, place - 1));
      return place < intsetLength(memory, base) ? place + 1 : NO_PLACE;
    }
    const next = this.entry.read(memory, base, place);
    member.setEntry(this.entry);
    return next === packedEnd(memory, base) ? NO_PLACE : next;
  }

  /** The place of a member, all with the same chance. The set is not empty. */
  randomPlace(): number {
    if (this.kind !== KIND.SET_TABLE) return this.randomPlaceOfSmall();
    // A set that is only drawn from must come to the end of growing or shrinking, too.
    this.table.rehash(1);
    return this.table.random(this.keyspace.random);
  }

  /** As `randomPlace`, for a member that is going to be removed: cheaper in a large set. */
  randomPlaceToRemove(): number {
    if (this.kind !== KIND.SET_TABLE) return this.randomPlaceOfSmall();
    return this.table.randomToRemove(this.keyspace.random);
  }

  /** Before `count` members are added: more than a small form may ever hold make it a table at once. */
  prepareFor(count: number): void {
    const { limits } = this.keyspace;
    const isTooMany =
      (this.kind === KIND.SET_PACKED && count > limits['set-max-listpack-entries']) ||
      (this.kind === KIND.SET_INTSET && count > limits['set-max-intset-entries']);
    if (isTooMany) this.becomeTable(count);
  }

  /** The form for a new set that begins with `member` and gets about `count` of them. */
  protected initialKind(member: SetMember, count: number): SetKind {
    const { limits } = this.keyspace;
    if (count <= limits['set-max-intset-entries'] && member.packed.isInteger) return KIND.SET_INTSET;
    return count <= limits['set-max-listpack-entries'] ? KIND.SET_PACKED : KIND.SET_TABLE;
  }

  /** How many integers may be an intset. */
  protected get intsetMaxEntries(): number {
    return Math.min(this.keyspace.limits['set-max-intset-entries'], INTSET_MAX_ENTRIES);
  }

  /** A new table for `capacity` members. */
  protected newTable(capacity: number): SetTable {
    return SetTable.create(this.keyspace.heap, this.keyspace.seed, capacity);
  }

  private randomPlaceOfSmall(): number {
    const index = this.keyspace.random.below(this.size);
    return this.kind === KIND.SET_INTSET ? index + 1 : packedSeek(this.memory, this.base, index);
  }

  private addToTable(member: SetMember): boolean {
    const { table } = this;
    const { bytes, start, length } = member;
    const hash = member.hash(this.keyspace.seed);
    if (table.find(bytes, start, length, hash) !== 0) return false;
    table.insert(bytes, start, length, hash);
    return true;
  }

  private addToPacked(member: SetMember): boolean {
    const { memory, base } = this;
    const { packed } = member;
    if (packedFind(memory, base, packedFirst(memory, base), packed, 0) !== NO_ENTRY) return false;
    const bytes = packedBytes(memory, base);
    const count = packedLength(memory, base);
    if (!this.fitsPacked(count, member.length, bytes + member.length)) {
      this.becomeTable(count + 1);
      return this.addToTable(member);
    }
    this.resize(bytes + packed.entryBytes);
    packedAppend(this.memory, this.base, packed);
    return true;
  }

  private addToIntset(member: SetMember): boolean {
    const { memory, base } = this;
    const { packed } = member;
    if (!packed.isInteger) return this.addTextToIntset(member);
    const { low, high } = packed;
    const found = intsetFind(memory, base, low, high);
    if (found >= 0) return false;
    this.resize(intsetBytesWith(memory, base, low, high));
    intsetInsert(this.memory, this.base, ~found, low, high);
    if (this.size > this.intsetMaxEntries) this.becomeTable(this.size);
    return true;
  }

  private addTextToIntset(member: SetMember): boolean {
    const count = this.size;
    let longest = 0;
    let bytes = 0;
    if (count > 0) {
      // No integer between the ends takes more than the longer of the two.
      const { converted } = this;
      for (const place of [1, count]) {
        this.read(place, converted);
        longest = Math.max(longest, converted.length);
        bytes = Math.max(bytes, PACKED_EMPTY_BYTES + converted.packed.entryBytes * count);
      }
    }
    if (this.fitsPacked(count, Math.max(longest, member.length), bytes + member.length)) this.becomePacked();
    else this.becomeTable(count + 1);
    if (this.kind === KIND.SET_TABLE) return this.addToTable(member);
    const { packed } = member;
    this.resize(packedBytes(this.memory, this.base) + packed.entryBytes);
    packedAppend(this.memory, this.base, packed);
    return true;
  }

  /** Whether a packed block that has `count` members may get one more; `longest` and `bytes` are with it. */
  private fitsPacked(count: number, longest: number, bytes: number): boolean {
    const { limits } = this.keyspace;
    return (
      count < limits['set-max-listpack-entries'] &&
      longest <= limits['set-max-listpack-value'] &&
      bytes <= PACKED_MAX_BYTES
    );
  }

  private becomeTable(capacity: number): void {
    const { converted } = this;
    const table = this.newTable(capacity);
    for (let place = this.firstPlace(); place !== NO_PLACE; ) {
      place = this.readAndStep(place, converted);
      const { bytes, start, length } = converted;
      table.members.insert(bytes, start, length, converted.hash(this.keyspace.seed));
    }
    this.takeTable(table);
    this.kind = KIND.SET_TABLE;
    this.table = table.members;
  }

  private becomePacked(): void {
    const { converted } = this;
    const end = this.base + intsetBytes(this.memory, this.base);
    const integers = new Uint8Array(this.memory.subarray(this.base, end));
    const count = intsetLength(integers, 0);
    let bytes = PACKED_EMPTY_BYTES;
    for (let i = 0; i < count; i++) {
      converted.setInteger(intsetLow(integers, 0, i), intsetHigh(integers, 0, i));
      bytes += converted.packed.entryBytes;
    }
    this.changeKind(KIND.SET_PACKED);
    this.resize(bytes);
    packedCreate(this.memory, this.base);
    for (let i = 0; i < count; i++) {
      converted.setInteger(intsetLow(integers, 0, i), intsetHigh(integers, 0, i));
      packedAppend(this.memory, this.base, converted.packed);
    }
  }
}

const NO_BYTES = new Uint8Array(0);
