// What the set operations of sorted sets read: a sorted set or a plain set, whose members all have the score 1, or a key
// that does not exist. A source answers whether it has a member; a `ScoredWalk` goes over all members of one source.
// Members go from one to the other as a `SetMember`, which is hashed at most once.

import { KIND, TYPE, typeOf } from '../datatypes/kind.ts';
import type { SortedSetTable } from '../datatypes/sorted-set-table.ts';
import type { Dict } from '../memory/dict.ts';
import type { Ref } from '../memory/heap.ts';
import { NO_ENTRY, packedEnd, packedFind, packedFirst, packedLength, packedNext } from '../memory/packed.ts';
import { PackedEntry } from '../memory/packed-entry.ts';
import { WRONG_TYPE } from '../resp/errors.ts';
import type { Database } from './database.ts';
import type { Keyspace } from './keyspace.ts';
import { SetCursor, type Touched } from './set-cursor.ts';
import { SetMember } from './set-member.ts';
import { packedScore } from './sorted-set-cursor.ts';
import { StoredSet } from './stored-set.ts';

const SET_SCORE = 1;
// How many members are looked for in other tables at once.
const AHEAD = 512;

const FORM = { ABSENT: 0, SET: 1, PACKED: 2, TABLE: 3 } as const;

export class ScoredSource {
  /** The entry, or 0 where the key does not exist: the same key twice has the same. */
  ref: Ref = 0;
  size = 0;
  weight = 1;
  form: (typeof FORM)[keyof typeof FORM] = FORM.ABSENT;
  /** Only where the form says so. */
  table!: SortedSetTable;
  readonly set: StoredSet;
  memory!: Uint8Array;
  base = 0;

  private readonly keyspace: Keyspace;

  constructor(keyspace: Keyspace) {
    this.keyspace = keyspace;
    this.set = new StoredSet(keyspace);
  }

  /** Opens what an entry holds (0: nothing); throws WRONG_TYPE. Holds until something is written to the key. */
  open(db: Database, ref: Ref): void {
    this.ref = ref;
    this.weight = 1;
    this.size = 0;
    this.form = FORM.ABSENT;
    if (ref === 0) return;
    const kind = db.kind(ref);
    if (kind === KIND.SORTED_SET_TABLE) {
      this.form = FORM.TABLE;
      this.table = db.large(ref) as SortedSetTable;
      this.size = this.table.size;
    } else if (typeOf(kind) === TYPE.SORTED_SET) {
      this.form = FORM.PACKED;
      this.memory = db.valueMemory(ref);
      this.base = db.valueOffset(ref);
      this.size = packedLength(this.memory, this.base) >> 1;
    } else if (typeOf(kind) === TYPE.SET) {
      this.form = FORM.SET;
      this.size = this.set.open(db, ref).size;
    } else {
      throw WRONG_TYPE;
    }
  }

  /** The score of a member, or NaN. O(1), in small sets O(n). */
  scoreOf(member: SetMember): number {
    if (this.form === FORM.TABLE) {
      const { table } = this;
      const { bytes, start, length } = member;
      const ref = table.members.find(bytes, start, length, member.hash(this.keyspace.seed));
      return ref === 0 ? Number.NaN : table.score(ref);
    }
    if (this.form === FORM.PACKED) return this.packedScoreOf(member);
    return this.form === FORM.SET && this.set.has(member) ? SET_SCORE : Number.NaN;
  }

  /** The table that `scoreOf` looks into, if it is one. */
  get lookedInto(): Touched | null {
    if (this.form === FORM.TABLE) return this.table.members;
    return this.form === FORM.SET && this.set.kind === KIND.SET_TABLE ? this.set.table : null;
  }

  private packedScoreOf(member: SetMember): number {
    const { memory, base } = this;
    const { entry } = this.keyspace.scratch;
    const at = packedFind(memory, base, packedFirst(memory, base), member.packed, 1);
    if (at === NO_ENTRY) return Number.NaN;
    entry.read(memory, base, packedNext(memory, base, at));
    return packedScore(entry);
  }
}

export class ScoredWalk {
  /** The element that `next` came to. */
  member = new SetMember();
  score = SET_SCORE;

  private readonly ownMember = this.member;
  private readonly setCursor = new SetCursor();
  private readonly entry = new PackedEntry();
  private source!: ScoredSource;
  private at = 0;

  private readonly near: Ref[] = [0];
  private nearAt = 0;
  private isLast = false;
  private touched: readonly Touched[] = [];
  private readonly hashes = new Int32Array(AHEAD);
  private readonly heads = new Int32Array(AHEAD);
  // Without a use of what was read, the compiler would leave the reads out.
  private seen = 0;

  /** Starts before the first element, in no order. `touched`: tables in which each member will be looked for. */
  begin(source: ScoredSource, touched: readonly Touched[]): void {
    this.source = source;
    this.touched = touched;
    this.at = 0;
    this.score = SET_SCORE;
    this.member = this.ownMember;
    if (source.form === FORM.SET) {
      this.setCursor.begin(source.set, touched);
      this.member = this.setCursor.member;
    } else if (source.form === FORM.PACKED) {
      this.at = packedFirst(source.memory, source.base);
    } else {
      this.near[0] = 0;
      this.nearAt = 0;
      this.isLast = source.form === FORM.ABSENT;
    }
  }

  /** Goes to the next element; false at the end. */
  next(): boolean {
    const { source } = this;
    if (source.form === FORM.TABLE) return this.nextOfTable(source.table);
    if (source.form === FORM.PACKED) return this.nextPacked(source.memory, source.base);
    return source.form === FORM.SET && this.setCursor.next();
  }

  private nextPacked(memory: Uint8Array, base: number): boolean {
    const { at, entry } = this;
    if (at === NO_ENTRY || at === packedEnd(memory, base)) return false;
    const scoreAt = entry.read(memory, base, at);
    this.member.setEntry(entry);
    this.at = entry.read(memory, base, scoreAt);
    this.score = packedScore(entry);
    return true;
  }

  private nextOfTable(table: SortedSetTable): boolean {
    const { members } = table;
    const { near } = this;
    while (near[this.nearAt] === 0) {
      if (this.isLast) return false;
      this.at = members.gather(this.at, near);
      this.isLast = this.at === 0;
      this.nearAt = 0;
      if (this.touched.length > 0) this.touchAhead(members);
    }
    const ref = near[this.nearAt++]!;
    this.member.setHashed(
      members.keyMemory(ref),
      members.keyOffset(ref),
      members.keyLength(ref),
      members.entryHash(ref),
    );
    this.score = table.score(ref);
    return true;
  }

  // A look into a large table waits for memory twice, for the slot and for the entry; done for many members in one go,
  // the waits overlap.
  private touchAhead(members: Dict): void {
    const { near, hashes, touched } = this;
    let count = 0;
    for (; count < AHEAD && near[count] !== 0; count++) hashes[count] = members.entryHash(near[count]!);
    for (const table of touched) this.seen ^= table.touch(hashes, this.heads, count);
  }
}

/** The sources and the walk of one operation at a time, made once and used by all. */
export class ScoredSources {
  readonly walk = new ScoredWalk();

  private readonly keyspace: Keyspace;
  private readonly made: ScoredSource[] = [];

  constructor(keyspace: Keyspace) {
    this.keyspace = keyspace;
  }

  /** As many sources as an operation has, to be opened and put into any order. */
  take(count: number): ScoredSource[] {
    while (this.made.length < count) this.made.push(new ScoredSource(this.keyspace));
    return this.made.slice(0, count);
  }
}
