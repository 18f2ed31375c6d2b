// A hash table from byte strings to small payloads that lives in a Heap: no JavaScript object per entry. Header, key
// and value of an entry share one block, because a lookup costs what its cache misses cost: one for the slot, one for
// the entry. Chained, with a table that grows and shrinks a few buckets at a time; the same class is the keyspace,
// a large hash and a large set.
//
// An entry's block, in 32-bit words, then bytes:
//   0 next entry of the bucket · 1 hash · 2 meta · 3 key length << 16 | value length
//   (with a deadline slot) deadline, low and high half · position in the index of deadlines
//   key bytes · value bytes
// Large blocks always have the slot, and room for a longer key, so that neither a deadline nor another name ever moves a
// large value: 3 room for the key · 4 key length · 5 value length · slot · key bytes and room · value bytes

import { copyBytes, toText } from '../base/bytes.ts';
import { type HashSeed, hashBytes } from '../base/hash.ts';
import type { RandomSource } from '../base/runtime.ts';
import { blockBytes, type Heap, MAX_SMALL_BYTES, type Ref } from './heap.ts';
import { nextCursor, SlotTable } from './slot-table.ts';

const HEADER_BYTES = 16;
const LARGE_HEADER_BYTES = 24;
const DEADLINE_BYTES = 12;
const LARGE_KEY_ROOM = 128;

/** The bit of an entry's meta word that the dict keeps for itself; the other 31 belong to the owner of the entries. */
export const META_DEADLINE = 0x10;

const MIN_SLOTS = 16;
const AHEAD_MASK = 31;
// How many buckets a pass over all entries looks ahead.
const READ_AHEAD = 256;

/** What a table looks like inside, for DEBUG HTSTATS. */
export interface DictStats {
  slots: number;
  entries: number;
  usedSlots: number;
  longestChain: number;
  /** `chains[n]`: how many buckets hold n entries; the last counts all longer ones too. */
  chains: number[];
}

export class Dict {
  size = 0;

  private readonly heap: Heap;
  private readonly seed: HashSeed;
  // While the table changes size, buckets of `table` below `moved` are empty and their entries are in `target`;
  // all others are in `table`. So an entry has exactly one place to be looked for.
  private table = new SlotTable(MIN_SLOTS);
  private target: SlotTable | null = null;
  private moved = 0;
  private readonly ahead = new Int32Array(AHEAD_MASK + 2);
  // The longest chain that a random draw has met: it is what makes the draw fair (see `random`).
  private drawDepth = 4;

  constructor(heap: Heap, seed: HashSeed) {
    this.heap = heap;
    this.seed = seed;
  }

  /** The hash under which `find` and `insert` file a key. */
  hash(bytes: Uint8Array, start: number, length: number): number {
    return hashBytes(bytes, start, length, this.seed);
  }

  /** The entry of a key, or 0. O(1). */
  find(bytes: Uint8Array, start: number, length: number, hash: number): Ref {
    const heap = this.heap;
    let ref = this.head(hash);
    while (ref !== 0) {
      const words = heap.words(ref);
      const at = heap.offset(ref) >> 2;
      if (words[at + 1] === hash && this.keyLength(ref) === length) {
        const memory = heap.bytes(ref);
        const key = this.keyOffset(ref);
        let i = 0;
        while (i < length && memory[key + i] === bytes[start + i]) i++;
        if (i === length) return ref;
      }
      ref = words[at]!;
    }
    return 0;
  }

  /** Reads where `find` will look for these hashes, so that what it needs is near when it comes. Changes nothing. */
  touch(hashes: Int32Array, count: number): void {
    const { heap, ahead } = this;
    // Two passes: within each, no read waits for another.
    for (let i = 0; i < count; i++) ahead[i & AHEAD_MASK] = this.head(hashes[i]!);
    let seen = 0;
    for (let i = 0; i < count; i++) {
      const ref = ahead[i & AHEAD_MASK]!;
      if (ref !== 0) seen ^= heap.words(ref)[(heap.offset(ref) >> 2) + 1]!;
    }
    // Without a use of what was read, the compiler would leave the reads out.
    ahead[AHEAD_MASK + 1] = seen;
  }

  /**
   * A new entry for a key that is not present. The value's bytes are undefined until the caller writes them at
   * `valueOffset`; meta is 0 but for the deadline bit. O(1).
   */
  insert(
    bytes: Uint8Array,
    start: number,
    length: number,
    hash: number,
    valueLength: number,
    withDeadline: boolean,
  ): Ref {
    const ref = this.newBlock(bytes, start, length, hash, valueLength, 0, withDeadline);
    this.add(ref, hash);
    return ref;
  }

  /** Removes an entry and frees its block. O(1). */
  delete(ref: Ref): void {
    this.detach(ref);
    this.heap.free(ref);
  }

  /** Removes an entry whose block lives on: for `attach`, here or in another dict of the same heap and seed. O(1). */
  detach(ref: Ref): void {
    this.replaceInChain(ref, this.next(ref));
    this.size--;
    if (this.target !== null) this.rehash(2);
    else if (this.size < this.table.slots >> 3 && this.table.slots > MIN_SLOTS) {
      this.resizeTo(this.table.slots >> 1);
    }
  }

  /** Whether an entry's block can take a key of another length without moving the value. */
  keyFits(ref: Ref, length: number): boolean {
    return ref > 0 ? length === this.keyLength(ref) : length <= this.keyRoom(ref);
  }

  /** Adds a detached entry under a key that fits (see `keyFits`) and is not present. O(1). */
  attach(ref: Ref, bytes: Uint8Array, start: number, length: number, hash: number): void {
    const words = this.heap.words(ref);
    words[(this.heap.offset(ref) >> 2) + 1] = hash;
    if (ref < 0) words[4] = length;
    copyBytes(bytes, start, this.heap.bytes(ref), this.keyOffset(ref), length);
    this.add(ref, hash);
  }

  /**
   * Gives the value another length, keeping its first bytes, and returns the entry, which may have moved. `reserve` is
   * the length to allocate when it has to move (for values that will grow again). O(1) when the block fits, else O(n).
   */
  resizeValue(ref: Ref, valueLength: number, reserve = valueLength): Ref {
    const prefix = this.valueOffset(ref) - this.heap.offset(ref);
    const needed = prefix + valueLength;
    const capacity = this.heap.capacity(ref);
    if (needed <= capacity) {
      // A value that grows uses what was reserved for it, however much that is.
      const keeps =
        valueLength >= this.valueLength(ref) ||
        (ref > 0 === needed <= MAX_SMALL_BYTES && isWellFilled(needed, capacity));
      if (keeps) {
        this.setValueLength(ref, valueLength);
        return ref;
      }
    }
    return this.move(ref, valueLength, Math.max(reserve, valueLength), this.hasDeadline(ref));
  }

  /** Makes room for a deadline in an entry that has none, and returns the entry, which has moved. */
  addDeadlineSlot(ref: Ref): Ref {
    const length = this.valueLength(ref);
    return this.move(ref, length, length, true);
  }

  keyLength(ref: Ref): number {
    const at = this.heap.offset(ref) >> 2;
    return ref > 0 ? this.heap.words(ref)[at + 3]! >>> 16 : this.heap.words(ref)[4]!;
  }

  valueLength(ref: Ref): number {
    const at = this.heap.offset(ref) >> 2;
    return ref > 0 ? this.heap.words(ref)[at + 3]! & 0xffff : this.heap.words(ref)[5]!;
  }

  /** Where the key begins in `heap.bytes(ref)`. */
  keyOffset(ref: Ref): number {
    return this.slotOffset(ref) + (this.hasDeadlineSlot(ref) ? DEADLINE_BYTES : 0);
  }

  /** Where the value begins in `heap.bytes(ref)`. */
  valueOffset(ref: Ref): number {
    return this.keyOffset(ref) + this.keyRoom(ref);
  }

  /** The owner's 32 bits, among them META_DEADLINE. */
  meta(ref: Ref): number {
    return this.heap.words(ref)[(this.heap.offset(ref) >> 2) + 2]!;
  }

  /** Sets the owner's bits; the caller carries META_DEADLINE over unchanged. */
  setMeta(ref: Ref, meta: number): void {
    this.heap.words(ref)[(this.heap.offset(ref) >> 2) + 2] = meta;
  }

  hasDeadlineSlot(ref: Ref): boolean {
    return ref < 0 || (this.meta(ref) & META_DEADLINE) !== 0;
  }

  /** The deadline of an entry that has the slot; beyond 2^53 the nearest number to it. */
  deadline(ref: Ref): number {
    const words = this.heap.words(ref);
    const at = this.slotOffset(ref) >> 2;
    return words[at + 1]! * 0x100000000 + (words[at]! >>> 0);
  }

  /** As `deadline`, with a bigint for what no number is equal to. */
  exactDeadline(ref: Ref): number | bigint {
    const deadline = this.deadline(ref);
    if (Number.isSafeInteger(deadline)) return deadline;
    const words = this.heap.words(ref);
    const at = this.slotOffset(ref) >> 2;
    return (BigInt(words[at + 1]!) << 32n) | BigInt(words[at]! >>> 0);
  }

  /** Writes the deadline: an integer, a bigint up to an int64. */
  setDeadline(ref: Ref, deadline: number | bigint): void {
    const words = this.heap.words(ref);
    const at = this.slotOffset(ref) >> 2;
    if (typeof deadline === 'bigint') {
      words[at] = Number(BigInt.asIntN(32, deadline));
      words[at + 1] = Number(deadline >> 32n);
      return;
    }
    const high = Math.floor(deadline / 0x100000000);
    words[at] = deadline - high * 0x100000000;
    words[at + 1] = high;
  }

  /** The entry's place in the index of deadlines, kept here for that index. */
  deadlinePosition(ref: Ref): number {
    return this.heap.words(ref)[(this.slotOffset(ref) + 8) >> 2]!;
  }

  setDeadlinePosition(ref: Ref, position: number): void {
    this.heap.words(ref)[(this.slotOffset(ref) + 8) >> 2] = position;
  }

  keyText(ref: Ref): string {
    const start = this.keyOffset(ref);
    return toText(this.heap.bytes(ref), start, start + this.keyLength(ref));
  }

  valueText(ref: Ref): string {
    const start = this.valueOffset(ref);
    return toText(this.heap.bytes(ref), start, start + this.valueLength(ref));
  }

  /** The bytes that the entry takes in the heap, with its slot in the table. */
  entryBytes(ref: Ref): number {
    return this.heap.capacity(ref) + 4;
  }

  /** The bytes that the tables take besides the entries. */
  get tableBytes(): number {
    return (this.table.slots + (this.target?.slots ?? 0)) * 4;
  }

  get isRehashing(): boolean {
    return this.target !== null;
  }

  /**
   * One step of a scan: calls `visit` for the entries of one bucket (and of the buckets it splits into while the table
   * changes size) and returns the next cursor, 0 at the end. The cursor counts with its bits reversed, so every entry
   * that is present from the first step to the last is visited at least once, however the table grows or shrinks.
   * `visit` must not change the dict.
   */
  scan(cursor: number, visit: (ref: Ref) => void): number {
    if (this.target === null) {
      const mask = this.table.mask;
      this.visitChain(this.table.get(cursor & mask), visit);
      return nextCursor(cursor, mask);
    }
    const [small, large] =
      this.table.mask < this.target.mask ? [this.table, this.target] : [this.target, this.table];
    this.visitChain(small.get(cursor & small.mask), visit);
    let at = cursor;
    do {
      this.visitChain(large.get(at & large.mask), visit);
      at = nextCursor(at, large.mask);
    } while ((at & (small.mask ^ large.mask)) !== 0);
    return at;
  }

  /**
   * As many steps of a scan as visit `count` entries, but no more than `maxSteps`: what `scan` would do step by step, but
   * faster, since the entries are fetched ahead (see `visitTable`). `count` and `maxSteps` are positive.
   */
  scanMany(cursor: number, count: number, maxSteps: number, visit: (ref: Ref) => void): number {
    const { table } = this;
    const heads: Ref[] = [];
    const seconds: Ref[] = [];
    const cursors: number[] = [];
    let visited = 0;
    const visitCounted = (ref: Ref) => {
      visited++;
      visit(ref);
    };
    for (;;) {
      let steps = 0;
      const limit = this.target === null ? Math.min(READ_AHEAD, count - visited, maxSteps) : 0;
      for (; steps < limit && (steps === 0 || cursor !== 0); steps++) {
        heads[steps] = table.get(cursor & table.mask);
        cursor = cursors[steps] = nextCursor(cursor, table.mask);
      }
      for (let i = 0; i < steps; i++) seconds[i] = heads[i] === 0 ? 0 : this.next(heads[i]!);
      for (let i = 0; i < steps; i++) {
        if (heads[i] === 0) continue;
        visitCounted(heads[i]!);
        this.visitChain(seconds[i]!, visitCounted);
        if (visited >= count) return cursors[i]!;
      }
      if (limit === 0) cursor = this.scan(cursor, visitCounted);
      maxSteps -= Math.max(1, steps);
      if (cursor === 0 || maxSteps <= 0 || visited >= count) return cursor;
    }
  }

  /** Calls `visit`, which must not change the dict, for every entry. O(n), at a fraction of what a scan costs. */
  visitAll(visit: (ref: Ref) => void): void {
    this.visitTable(this.table, this.moved, visit);
    if (this.target !== null) this.visitTable(this.target, 0, visit);
  }

  /**
   * An entry drawn with equal chance for all, or 0 when empty. A bucket and a depth are drawn and the draw is repeated
   * when the bucket has no entry that deep, so a long chain does not make its members rarer. Expected O(1) as long as
   * the table is filled to an eighth, which shrinking sees to.
   */
  random(random: RandomSource): Ref {
    if (this.size === 0) return 0;
    const total = this.table.slots + (this.target?.slots ?? 0);
    for (;;) {
      const bucket = random.below(total);
      let ref =
        bucket < this.table.slots ? this.table.get(bucket) : this.target!.get(bucket - this.table.slots);
      if (ref === 0) continue;
      const depth = random.below(this.drawDepth);
      let found = 0;
      let length = 0;
      while (ref !== 0) {
        if (length === depth) found = ref;
        length++;
        ref = this.next(ref);
      }
      if (length > this.drawDepth) this.drawDepth = length;
      else if (found !== 0) return found;
    }
  }

  /** Moves up to `buckets` buckets of a table that is changing size; returns whether there is more to do. */
  rehash(buckets: number): boolean {
    const target = this.target;
    if (target === null) return false;
    const table = this.table;
    let emptyVisits = buckets * 10;
    while (buckets > 0 && this.moved < table.slots) {
      let ref = table.get(this.moved);
      if (ref === 0) {
        this.moved++;
        if (--emptyVisits === 0) return true;
        continue;
      }
      while (ref !== 0) {
        const next = this.next(ref);
        const bucket = this.entryHash(ref) & target.mask;
        this.setNext(ref, target.get(bucket));
        target.set(bucket, ref);
        ref = next;
      }
      table.set(this.moved, 0);
      this.moved++;
      buckets--;
    }
    if (this.moved < table.slots) return true;
    this.table = target;
    this.target = null;
    this.moved = 0;
    return false;
  }

  /** Grows the table for `entries` in one go (loading, DEBUG POPULATE); no effect when it is large enough. */
  reserve(entries: number): void {
    let slots = this.table.slots;
    while (entries > (slots >> 2) * 3) slots *= 2;
    if (slots > this.table.slots && this.target === null) this.resizeTo(slots);
  }

  /** Forgets all entries without freeing their blocks: for when the whole heap goes. */
  forget(): void {
    this.table = new SlotTable(MIN_SLOTS);
    this.target = null;
    this.moved = 0;
    this.size = 0;
  }

  /**
   * Frees the entries of up to `buckets` buckets, for emptying a table in slices; returns whether entries are left.
   * From the first slice on nothing else may be done with the dict until it is empty.
   */
  freeSome(buckets: number, beforeFree: (ref: Ref) => void): boolean {
    for (; buckets > 0 && this.size > 0; buckets--) {
      if (this.moved === this.table.slots) this.continueWithTarget();
      const table = this.table;
      let ref = table.get(this.moved);
      while (ref !== 0) {
        const next = this.next(ref);
        beforeFree(ref);
        this.heap.free(ref);
        this.size--;
        ref = next;
      }
      table.set(this.moved, 0);
      this.moved++;
    }
    if (this.size > 0) return true;
    this.forget();
    return false;
  }

  /** Figures of the table and of the one it is changing into. O(n). */
  stats(): DictStats[] {
    return [this.table, this.target].filter((table) => table !== null).map((table) => this.statsOf(table));
  }

  private statsOf(table: SlotTable): DictStats {
    const chains = new Array<number>(50).fill(0);
    let entries = 0;
    let usedSlots = 0;
    let longestChain = 0;
    for (let bucket = 0; bucket < table.slots; bucket++) {
      let length = 0;
      this.visitChain(table.get(bucket), () => length++);
      entries += length;
      if (length > 0) usedSlots++;
      if (length > longestChain) longestChain = length;
      chains[Math.min(length, chains.length - 1)]!++;
    }
    return { slots: table.slots, entries, usedSlots, longestChain, chains };
  }

  private head(hash: number): Ref {
    const bucket = hash & this.table.mask;
    if (bucket >= this.moved) return this.table.get(bucket);
    return this.target!.get(hash & this.target!.mask);
  }

  private setHead(hash: number, ref: Ref): void {
    const bucket = hash & this.table.mask;
    if (bucket >= this.moved) this.table.set(bucket, ref);
    else this.target!.set(hash & this.target!.mask, ref);
  }

  private add(ref: Ref, hash: number): void {
    this.setNext(ref, this.head(hash));
    this.setHead(hash, ref);
    this.size++;
    if (this.target !== null) this.rehash(2);
    else if (this.size > (this.table.slots >> 2) * 3) this.resizeTo(this.table.slots * 2);
  }

  private replaceInChain(ref: Ref, by: Ref): void {
    const hash = this.entryHash(ref);
    let at = this.head(hash);
    if (at === ref) {
      this.setHead(hash, by);
      return;
    }
    for (let next = this.next(at); next !== ref; next = this.next(at)) at = next;
    this.setNext(at, by);
  }

  // The new block is complete before the old one is touched: a failed allocation leaves the entry as it was.
  private move(ref: Ref, valueLength: number, reserve: number, withDeadline: boolean): Ref {
    const heap = this.heap;
    const memory = heap.bytes(ref);
    const keyLength = this.keyLength(ref);
    const hash = this.entryHash(ref);
    const to = this.newBlock(
      memory,
      this.keyOffset(ref),
      keyLength,
      hash,
      valueLength,
      reserve - valueLength,
      withDeadline,
    );
    this.setMeta(to, (this.meta(ref) & ~META_DEADLINE) | (this.meta(to) & META_DEADLINE));
    if (this.hasDeadline(ref)) {
      this.setDeadline(to, this.exactDeadline(ref));
      this.setDeadlinePosition(to, this.deadlinePosition(ref));
    }
    const kept = Math.min(valueLength, this.valueLength(ref));
    copyBytes(memory, this.valueOffset(ref), heap.bytes(to), this.valueOffset(to), kept);
    this.setNext(to, this.next(ref));
    this.replaceInChain(ref, to);
    heap.free(ref);
    return to;
  }

  private newBlock(
    bytes: Uint8Array,
    start: number,
    length: number,
    hash: number,
    valueLength: number,
    slack: number,
    withDeadline: boolean,
  ): Ref {
    const heap = this.heap;
    const exact = HEADER_BYTES + (withDeadline ? DEADLINE_BYTES : 0) + length + valueLength;
    if (exact > MAX_SMALL_BYTES) return this.newLargeBlock(bytes, start, length, hash, valueLength, slack);
    // Slack must not make a small block large: the next resize would find it misplaced and move it again.
    const ref = heap.alloc(Math.min(exact + slack, MAX_SMALL_BYTES));
    const words = heap.words(ref);
    const at = heap.offset(ref) >> 2;
    words[at + 1] = hash;
    words[at + 2] = withDeadline ? META_DEADLINE : 0;
    words[at + 3] = (length << 16) | valueLength;
    let key = (at << 2) + HEADER_BYTES;
    if (withDeadline) {
      this.setDeadline(ref, 0);
      key += DEADLINE_BYTES;
    }
    copyBytes(bytes, start, heap.bytes(ref), key, length);
    return ref;
  }

  private newLargeBlock(
    bytes: Uint8Array,
    start: number,
    length: number,
    hash: number,
    valueLength: number,
    slack: number,
  ): Ref {
    const heap = this.heap;
    const room = Math.max(length, LARGE_KEY_ROOM);
    const ref = heap.alloc(LARGE_HEADER_BYTES + DEADLINE_BYTES + room + valueLength + slack);
    const words = heap.words(ref);
    words[1] = hash;
    words[2] = 0;
    words[3] = room;
    words[4] = length;
    words[5] = valueLength;
    this.setDeadline(ref, 0);
    copyBytes(bytes, start, heap.bytes(ref), this.keyOffset(ref), length);
    return ref;
  }

  // The old table is empty: what is left to free lies in the one that it was changing into.
  private continueWithTarget(): void {
    this.table = this.target!;
    this.target = null;
    this.moved = 0;
  }

  private resizeTo(slots: number): void {
    this.target = new SlotTable(slots);
    this.moved = 0;
    this.rehash(1);
  }

  // A pass over a large table is a row of cache misses. Entries are gathered by their links alone, a loop so short that
  // the processor waits for many of them at once, and visited when they are near.
  private visitTable(table: SlotTable, from: number, visit: (ref: Ref) => void): void {
    const { heap } = this;
    const near: Ref[] = [];
    for (let bucket = from; bucket < table.slots; ) {
      let count = 0;
      for (const end = Math.min(table.slots, bucket + READ_AHEAD); bucket < end; bucket++) {
        const ref = table.get(bucket);
        if (ref !== 0) near[count++] = ref;
      }
      for (let i = 0; i < count; i++) {
        const ref = near[i]!;
        const next = heap.words(ref)[heap.offset(ref) >> 2]!;
        if (next !== 0) near[count++] = next;
      }
      for (let i = 0; i < count; i++) visit(near[i]!);
    }
  }

  private visitChain(ref: Ref, visit: (ref: Ref) => void): void {
    while (ref !== 0) {
      const next = this.next(ref);
      visit(ref);
      ref = next;
    }
  }

  private setValueLength(ref: Ref, length: number): void {
    const words = this.heap.words(ref);
    const at = this.heap.offset(ref) >> 2;
    if (ref > 0) words[at + 3] = (words[at + 3]! & ~0xffff) | length;
    else words[5] = length;
  }

  private keyRoom(ref: Ref): number {
    return ref > 0 ? this.keyLength(ref) : this.heap.words(ref)[3]!;
  }

  private hasDeadline(ref: Ref): boolean {
    return this.hasDeadlineSlot(ref) && this.deadline(ref) !== 0;
  }

  private slotOffset(ref: Ref): number {
    return ref > 0 ? this.heap.offset(ref) + HEADER_BYTES : LARGE_HEADER_BYTES;
  }

  private entryHash(ref: Ref): number {
    return this.heap.words(ref)[(this.heap.offset(ref) >> 2) + 1]!;
  }

  private next(ref: Ref): Ref {
    return this.heap.words(ref)[this.heap.offset(ref) >> 2]!;
  }

  private setNext(ref: Ref, next: Ref): void {
    this.heap.words(ref)[this.heap.offset(ref) >> 2] = next;
  }
}

// A block is kept when a fresh one would be no smaller, or when at least half of it stays in use: values that grow and
// shrink around a size do not move at every step.
function isWellFilled(needed: number, capacity: number): boolean {
  return blockBytes(needed) === capacity || needed * 2 > capacity;
}
