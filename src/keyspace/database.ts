// One numbered database: lookups that honour deadlines, the writing of values, deadlines, scans. It is what handlers
// work with; it replies to nobody and knows no command. An entry is a `Ref`, valid until something is written to its
// key; whatever may move an entry returns where it is now.

import { copyBytes, toBytes } from '../base/bytes.ts';
import { isLarge, type Kind } from '../datatypes/kind.ts';
import { HANDLE_BYTES, type Handle, type LargeValue, type LargeValues } from '../datatypes/large-value.ts';
import { Dict, META_DEADLINE } from '../memory/dict.ts';
import type { Heap, Ref } from '../memory/heap.ts';
import { readInt32, writeUint32 } from '../memory/packed-entry.ts';
import type { Arguments } from '../resp/arguments.ts';
import { ExpiryIndex } from './expiry-index.ts';
import { FREEING, type Freeing } from './freeing.ts';
import type { Keyspace } from './keyspace.ts';

const KIND_MASK = 0xf;
const ACCESS_SHIFT = 8;

export class Database {
  /** The number that SELECT knows it by. */
  id: number;
  readonly dict: Dict;
  readonly volatile: ExpiryIndex;
  /** The keyspace that it belongs to; see `Keyspace.adopt`. */
  keyspace: Keyspace;
  /** What the entries and their large values lie in: the keyspace's, until that is emptied. */
  readonly heap: Heap;
  readonly largeValues: LargeValues;

  constructor(id: number, keyspace: Keyspace) {
    this.id = id;
    this.keyspace = keyspace;
    this.heap = keyspace.heap;
    this.largeValues = keyspace.largeValues;
    this.dict = new Dict(keyspace.heap, keyspace.seed);
    this.volatile = new ExpiryIndex(this.dict, keyspace.heap);
  }

  /** How many keys there are, those included that have expired but are not removed yet. */
  get size(): number {
    return this.dict.size;
  }

  /** The entry of a key to read, or 0. Counts a hit or a miss and notes the access. O(1). */
  lookupRead(args: Arguments, i: number): Ref {
    const ref = this.find(args, i);
    if (ref === 0) {
      this.keyspace.noteMiss(this, args, i);
      return 0;
    }
    this.keyspace.stats.hits++;
    this.noteAccess(ref);
    return ref;
  }

  /** As `lookupRead`, but the access leaves no trace in the entry (TTL, TYPE, EXISTS). O(1). */
  lookupReadUntouched(args: Arguments, i: number): Ref {
    const ref = this.find(args, i);
    if (ref === 0) this.keyspace.noteMiss(this, args, i);
    else this.keyspace.stats.hits++;
    return ref;
  }

  /** The entry of a key that is about to be written, or 0. Notes the access, counts nothing. O(1). */
  lookupWrite(args: Arguments, i: number): Ref {
    const ref = this.find(args, i);
    if (ref === 0) {
      if (this.keyspace.removesOnWrite) this.removeExpired(args, i);
      return 0;
    }
    this.beforeChange(ref);
    this.noteAccess(ref);
    return ref;
  }

  /** The entry of a key, or 0, as if nobody had looked (WATCH, DEL). O(1). */
  peek(args: Arguments, i: number): Ref {
    return this.find(args, i);
  }

  /** As `peek`, for whoever removes the entry: also one that has expired and that nobody may remove for that reason. O(1). */
  peekToRemove(args: Arguments, i: number): Ref {
    const ref = this.find(args, i);
    return ref !== 0 || this.keyspace.removesExpired ? ref : this.findExpired(args, i);
  }

  /** Whether there is an entry for a key (latin1), expired or not. For the rare cases where a key is not an argument. */
  has(key: string): boolean {
    return this.peekText(key) !== 0;
  }

  /** The entry of a key given as latin1 text, expired or not; 0 when there is none. */
  peekText(key: string): Ref {
    const bytes = toBytes(key);
    return this.dict.find(bytes, 0, bytes.length, this.dict.hash(bytes, 0, bytes.length));
  }

  /** Whether the entry's deadline has passed; such an entry is still there only because nobody looked. */
  isExpired(ref: Ref): boolean {
    if (!this.dict.hasDeadlineSlot(ref)) return false;
    const deadline = this.dict.deadline(ref);
    return deadline !== 0 && this.keyspace.isPast(deadline);
  }

  /**
   * Makes the key of argument `i` hold a value of `length` bytes, which the caller writes at `valueOffset` of the entry
   * that is returned. `ref` is what a lookup of the same key gave. Any deadline goes unless `keepDeadline`. O(1).
   */
  write(
    args: Arguments,
    i: number,
    ref: Ref,
    kind: Kind,
    length: number,
    keepDeadline: boolean,
    reserve = length,
  ): Ref {
    const { dict, keyspace } = this;
    if (ref === 0) {
      const hash = args.keyHash(i, keyspace.seed);
      const added = dict.insert(args.bytes, args.start(i), args.length(i), hash, length, false);
      dict.setMeta(added, kind | (keyspace.access.initial() << ACCESS_SHIFT));
      keyspace.noteAdded(this, args, i);
      return added;
    }
    this.beforeChange(ref);
    if (!keepDeadline) this.clearDeadline(ref);
    if (isLarge(this.kind(ref))) this.dropLarge(ref, this.keyspace.whenReplaced);
    const written = dict.valueLength(ref) === length ? ref : this.resize(ref, length, reserve);
    const meta = dict.meta(written);
    if ((meta & KIND_MASK) !== kind) dict.setMeta(written, (meta & ~KIND_MASK) | kind);
    return written;
  }

  /** As `write`, and writes the bytes, too: the whole way of SET, with a short one for a value of the same length. O(1). */
  writeString(
    args: Arguments,
    i: number,
    ref: Ref,
    kind: Kind,
    bytes: Uint8Array,
    start: number,
    length: number,
    keepDeadline: boolean,
  ): void {
    const { dict } = this;
    if (ref > 0) {
      this.beforeChange(ref);
      const meta = dict.meta(ref);
      if (!isLarge((meta & KIND_MASK) as Kind)) {
        if (dict.overwrite(ref, (meta & ~KIND_MASK) | kind, bytes, start, length)) return;
      }
    }
    const at = this.write(args, i, ref, kind, length, keepDeadline);
    copyBytes(bytes, start, this.valueMemory(at), this.valueOffset(at), length);
  }

  /** As `write`, for a value that expires at `deadline`: a new entry has room for that from the start. O(log n). */
  writeVolatile(
    args: Arguments,
    i: number,
    ref: Ref,
    kind: Kind,
    length: number,
    deadline: number | bigint,
  ): Ref {
    const { dict, keyspace } = this;
    if (ref !== 0) return this.setDeadline(this.write(args, i, ref, kind, length, true), deadline);
    const hash = args.keyHash(i, keyspace.seed);
    const added = dict.insert(args.bytes, args.start(i), args.length(i), hash, length, true);
    dict.setMeta(added, kind | META_DEADLINE | (keyspace.access.initial() << ACCESS_SHIFT));
    keyspace.noteAdded(this, args, i);
    return this.setDeadline(added, deadline);
  }

  /** Makes the key of argument `i` hold a large value; otherwise as `write`. O(1). */
  writeLarge(args: Arguments, i: number, ref: Ref, kind: Kind, value: LargeValue, keepDeadline = false): Ref {
    const written = this.write(args, i, ref, kind, HANDLE_BYTES, keepDeadline);
    this.setHandle(written, this.largeValues.add(value));
    return written;
  }

  /** Puts a large value in the place of an entry's small one, which it was made from. Returns the entry. O(1). */
  enlarge(ref: Ref, kind: Kind, value: LargeValue): Ref {
    this.beforeChange(ref);
    const enlarged = this.resize(ref, HANDLE_BYTES);
    this.setHandle(enlarged, this.largeValues.add(value));
    this.setKind(enlarged, kind);
    return enlarged;
  }

  /** Gives a small value another kind that has the same form. */
  relabel(ref: Ref, kind: Kind): void {
    this.beforeChange(ref);
    this.setKind(ref, kind);
  }

  /**
   * Puts a small value of `length` bytes, which the caller writes, in the place of an entry's large one, and frees that.
   * Returns the entry.
   */
  shrink(ref: Ref, kind: Kind, length: number): Ref {
    this.beforeChange(ref);
    this.dropLarge(ref, FREEING.SOON);
    const shrunk = this.resize(ref, length);
    this.setKind(shrunk, kind);
    return shrunk;
  }

  /** The large value of an entry; which class it has follows from the kind. */
  large(ref: Ref): LargeValue {
    return this.largeValues.get(this.handle(ref));
  }

  /** The handle of an entry's large value. */
  handle(ref: Ref): Handle {
    return readInt32(this.heap.bytes(ref), this.dict.valueOffset(ref));
  }

  /** Gives an entry's value another length, keeping its first bytes; see `Dict.resizeValue`. */
  resize(ref: Ref, length: number, reserve = length): Ref {
    const resized = this.dict.resizeValue(ref, length, reserve);
    if (resized !== ref && this.deadline(resized) !== 0) this.volatile.moved(resized);
    return resized;
  }

  /** Removes an entry and frees it; `lazily`: a value of many pieces later, in slices. */
  remove(ref: Ref, lazily = false): void {
    this.removeAs(ref, lazily ? FREEING.LAZILY : FREEING.NOW);
  }

  /** Removes an entry and frees it; see `Freeing`. */
  removeAs(ref: Ref, freeing: Freeing): void {
    this.beforeChange(ref);
    if (isLarge(this.kind(ref))) this.dropLarge(ref, freeing);
    this.discard(ref);
  }

  /**
   * Copies an entry (value, encoding, deadline) to the key of argument `i` in this database, which must not exist, and
   * returns the copy. `ref` may belong to another database, `from`.
   */
  addCopy(args: Arguments, i: number, from: Database, ref: Ref): Ref {
    const added = this.addShallowCopy(args, i, from, ref);
    const { largeValues } = this.keyspace;
    if (isLarge(from.kind(ref))) this.setHandle(added, largeValues.add(from.large(ref).copy()));
    return added;
  }

  /**
   * Moves an entry (value, encoding, deadline) of the database `from` to the key of argument `i` here, which must not
   * exist, and returns where it is now. O(log n); where a small block cannot take the key, it costs a copy of the value.
   */
  addMoved(args: Arguments, i: number, from: Database, ref: Ref): Ref {
    const { dict, keyspace } = this;
    from.beforeChange(ref);
    if (!from.dict.keyFits(ref, args.length(i))) {
      const added = this.addShallowCopy(args, i, from, ref);
      from.discard(ref);
      return added;
    }
    const deadline = from.exactDeadline(ref);
    if (deadline !== 0) from.volatile.remove(ref);
    from.dict.detach(ref);
    dict.attach(ref, args.bytes, args.start(i), args.length(i), args.keyHash(i, keyspace.seed));
    this.setAccessBits(ref, keyspace.access.initial());
    keyspace.noteAdded(this, args, i);
    return deadline === 0 ? ref : this.setDeadline(ref, deadline);
  }

  kind(ref: Ref): Kind {
    return (this.dict.meta(ref) & KIND_MASK) as Kind;
  }

  setKind(ref: Ref, kind: Kind): void {
    this.dict.setMeta(ref, (this.dict.meta(ref) & ~KIND_MASK) | kind);
  }

  /** The memory that the value lies in, from `valueOffset(ref)` on for `valueLength(ref)` bytes. */
  valueMemory(ref: Ref): Buffer {
    return this.heap.bytes(ref);
  }

  valueOffset(ref: Ref): number {
    return this.dict.valueOffset(ref);
  }

  valueLength(ref: Ref): number {
    return this.dict.valueLength(ref);
  }

  valueText(ref: Ref): string {
    return this.dict.valueText(ref);
  }

  /** The memory that the key lies in, from `keyOffset(ref)` on for `keyLength(ref)` bytes. */
  keyMemory(ref: Ref): Buffer {
    return this.heap.bytes(ref);
  }

  keyOffset(ref: Ref): number {
    return this.dict.keyOffset(ref);
  }

  keyLength(ref: Ref): number {
    return this.dict.keyLength(ref);
  }

  keyText(ref: Ref): string {
    return this.dict.keyText(ref);
  }

  /** When the entry expires, in milliseconds since the epoch; 0 when it does not. */
  deadline(ref: Ref): number {
    return this.dict.hasDeadlineSlot(ref) ? this.dict.deadline(ref) : 0;
  }

  /** As `deadline`, with a bigint where a number would not be exact: for replies and for whoever writes it down. */
  exactDeadline(ref: Ref): number | bigint {
    return this.dict.hasDeadlineSlot(ref) ? this.dict.exactDeadline(ref) : 0;
  }

  /** Lets an entry expire at `deadline` (ms since the epoch), and returns the entry, which may have moved. O(log n). */
  setDeadline(ref: Ref, deadline: number | bigint): Ref {
    this.beforeChange(ref);
    // Redis may be told of a time before the epoch; 0 is "none" here, and just as past as any of them.
    const due = deadline === 0 ? 1 : Number(deadline);
    let at = ref;
    if (!this.dict.hasDeadlineSlot(at)) at = this.dict.addDeadlineSlot(at);
    if (this.dict.deadline(at) !== 0) this.volatile.update(at, due);
    else this.volatile.add(at, due);
    if (typeof deadline === 'bigint') this.dict.setDeadline(at, deadline);
    this.keyspace.noteDeadline(due);
    if (this.keyspace.ownDeadlines !== null) this.keyspace.ownDeadlines(this, at);
    return at;
  }

  /** Lets an entry live on; returns whether it had a deadline. O(log n). */
  clearDeadline(ref: Ref): boolean {
    if (this.deadline(ref) === 0) return false;
    this.beforeChange(ref);
    this.volatile.remove(ref);
    return true;
  }

  /** The 24 access bits (see AccessClock). */
  accessBits(ref: Ref): number {
    return this.dict.meta(ref) >>> ACCESS_SHIFT;
  }

  setAccessBits(ref: Ref, bits: number): void {
    this.dict.setMeta(ref, (this.dict.meta(ref) & 0xff) | (bits << ACCESS_SHIFT));
  }

  /** Notes an access, as a lookup to read or write does. */
  noteAccess(ref: Ref): void {
    const keyspace = this.keyspace;
    if (!keyspace.notesAccess) return;
    const meta = this.dict.meta(ref);
    const touched = (meta & 0xff) | (keyspace.access.touched(meta >>> ACCESS_SHIFT) << ACCESS_SHIFT);
    // Most accesses fall into the same second: leaving the word alone keeps its cache line clean.
    if (touched !== meta) this.dict.setMeta(ref, touched);
  }

  /** One step of a scan; entries that have expired are skipped. Returns the next cursor. */
  scan(cursor: number, visit: (ref: Ref) => void): number {
    return this.dict.scan(cursor, (ref) => {
      if (!this.isExpired(ref)) visit(ref);
    });
  }

  /** Calls `visit` for every live entry. It must not change the database. O(n). */
  forEach(visit: (ref: Ref) => void): void {
    if (this.volatile.size === 0) {
      this.dict.visitAll(visit);
      return;
    }
    this.dict.visitAll((ref) => {
      if (!this.isExpired(ref)) visit(ref);
    });
  }

  /**
   * An entry is about to be changed: a snapshot that has not come to it takes it as it is now. Every way to change an entry
   * passes here; who changes a value in place has it from `lookupWrite`.
   */
  beforeChange(ref: Ref): void {
    const { pass } = this.dict;
    if (pass !== null) pass.beforeChange(this.dict.entryHash(ref));
  }

  /** A live entry, all with the same chance, or 0; entries met that have expired are removed. */
  random(): Ref {
    for (;;) {
      const ref = this.dict.random(this.keyspace.random);
      if (ref === 0 || !this.isExpired(ref)) return ref;
      if (!this.keyspace.removesExpired) return this.randomAmongExpired(ref);
      this.keyspace.expire(this, ref);
    }
  }

  /** The bytes that the entry takes, its value included: exact, but O(n) for a large one. */
  entryBytes(ref: Ref): number {
    const own = this.dict.entryBytes(ref);
    return isLarge(this.kind(ref)) ? own + this.large(ref).usedBytes : own;
  }

  /** Bytes of tables and indexes beside the entries. */
  get overheadBytes(): number {
    return this.dict.tableBytes + this.volatile.bytes;
  }

  /** The mean of the volatile keys' remaining lives in ms, by a sample of them. */
  averageTtlMs(nowMs: number): number {
    const { volatile } = this;
    if (volatile.size === 0) return 0;
    const step = Math.max(1, Math.floor(volatile.size / 32));
    let sum = 0;
    let count = 0;
    for (let at = 0; at < volatile.size; at += step) {
      sum += Math.max(0, this.dict.deadline(volatile.refAt(at)) - nowMs);
      count++;
    }
    return Math.floor(sum / count);
  }

  // A copy that shares a large value with its original, which must not outlive this.
  private addShallowCopy(args: Arguments, i: number, from: Database, ref: Ref): Ref {
    const length = from.valueLength(ref);
    const kind = from.kind(ref);
    const deadline = from.exactDeadline(ref);
    const added =
      deadline === 0
        ? this.write(args, i, 0, kind, length, false)
        : this.writeVolatile(args, i, 0, kind, length, deadline);
    const value = from.valueOffset(ref);
    copyBytes(from.valueMemory(ref), value, this.valueMemory(added), this.valueOffset(added), length);
    return added;
  }

  // Removes an entry whose large value, if it has one, lives on elsewhere.
  private discard(ref: Ref): void {
    if (this.deadline(ref) !== 0) this.volatile.remove(ref);
    this.dict.delete(ref);
  }

  private setHandle(ref: Ref, handle: number): void {
    writeUint32(this.heap.bytes(ref), this.dict.valueOffset(ref), handle);
  }

  private dropLarge(ref: Ref, freeing: Freeing): void {
    this.keyspace.dropLarge(this.handle(ref), freeing);
  }

  private find(args: Arguments, i: number): Ref {
    const start = args.start(i);
    const ref = this.dict.find(args.bytes, start, args.length(i), args.keyHash(i, this.keyspace.seed));
    if (ref === 0 || !this.isExpired(ref)) return ref;
    if (this.keyspace.removesExpired) this.keyspace.expire(this, ref);
    return 0;
  }

  private removeExpired(args: Arguments, i: number): void {
    const ref = this.findExpired(args, i);
    if (ref !== 0) this.keyspace.expire(this, ref);
  }

  private findExpired(args: Arguments, i: number): Ref {
    const { dict, keyspace } = this;
    const start = args.start(i);
    const ref = dict.find(args.bytes, start, args.length(i), args.keyHash(i, keyspace.seed));
    return ref !== 0 && this.isExpired(ref) ? ref : 0;
  }

  // A replica may not remove what has expired: where every key is volatile, and so may have, it looks a few times for a
  // live one and else answers a dead one.
  private randomAmongExpired(ref: Ref): Ref {
    const allVolatile = this.volatile.size === this.size;
    for (let tries = 0; tries < 100 || !allVolatile; tries++) {
      const other = this.dict.random(this.keyspace.random);
      if (!this.isExpired(other)) return other;
    }
    return ref;
  }
}
