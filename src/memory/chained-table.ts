// What all hash tables in a Heap have in common: chains of entries, a table that grows and shrinks a few buckets at a
// time, scans that miss nothing meanwhile, fair draws, emptying in slices. It knows of an entry only where its next one
// stands (the first word of its block) and how to ask for its hash; the layout of the rest is the subclass's.

import { type HashSeed, hashBytes } from '../base/hash.ts';
import type { RandomSource } from '../base/runtime.ts';
import type { BlockMover } from './block-mover.ts';
import type { Heap, Ref } from './heap.ts';
import { nextCursor, SLOT_BYTES, SlotTable } from './slot-table.ts';
import type { TablePass } from './table-pass.ts';

// A table begins with one slot; from the first growth on it has as many at least.
const MIN_SLOTS = 16;
// How many buckets a pass over all entries looks ahead.
const READ_AHEAD = 256;
// How many buckets share their further places in a random draw: their slots are one cache line.
const GROUP_SLOTS = 16;
// From so many slots on a draw of what is going to be removed is followed by so many around it, from among so many entries
// at least in the mean.
const FAR_SLOTS = 1 << 14;
const DRAWS_AROUND = 7;
const AROUND_ENTRIES = 16;
const MAX_AROUND_SLOTS = 512;
// A sample of so many entries looks at this many times as many buckets, and goes on elsewhere after about so many empty ones.
const SAMPLE_STEPS = 10;
// Where memory is short, a table of its own size would break the limit, and so it grows only when it is filled so far.
const CROWDED_LOAD = 1.618;
// While a table changes size each insertion and removal is to move some buckets. They are moved so many at a time: their
// entries are waited for together.
const MOVED_AT_ONCE = 32;
const MOVED_PER_STEP = 2;
// How many buckets `touchAhead` looks at, and `moveSome` after it.
export const TOUCHED_AHEAD = 32;

/** What a table looks like inside, for DEBUG HTSTATS. */
export interface TableStats {
  slots: number;
  entries: number;
  usedSlots: number;
  longestChain: number;
  /** `chains[n]`: how many buckets hold n entries; the last counts all longer ones too. */
  chains: number[];
}

interface Draws {
  /** The most further entries that a draw has met in a group, where these were more than likely (see `random`). */
  mostFurther: number;
  /** Where the last draw found its entry. */
  slot: number;
  /** How many more are to be drawn around there, and room for those to draw from (see `randomToRemove`). */
  leftAround: number;
  readonly around: Ref[];
}

/** Told where entries are, by `moveEntries`. It must not change the table. */
export interface MoveVisitor {
  /** An entry, and where it was before. */
  entry(ref: Ref, before: Ref): void;
}

export abstract class ChainedTable {
  size = 0;
  /** The pass that is under way: it is to be told before an entry is changed in place (see `TablePass`). */
  pass: TablePass | null = null;

  protected readonly heap: Heap;
  protected readonly seed: HashSeed;
  // While the table changes size, buckets of `table` below `moved` are empty and their entries are in `target`;
  // all others are in `table`. So an entry has exactly one place to be looked for.
  private table = new SlotTable(1);
  private target: SlotTable | null = null;
  private moved = 0;
  // Buckets that are due to be moved.
  private toMove = 0;
  // What random draws remember. Most tables are never drawn from, and small ones are many: they shall be light.
  private draws: Draws | null = null;

  constructor(heap: Heap, seed: HashSeed) {
    this.heap = heap;
    this.seed = seed;
    heap.tableBytes += this.table.bytes;
  }

  /** The hash under which entries are filed: the same in all tables with the same seed. */
  hash(bytes: Uint8Array, start: number, length: number): number {
    return hashBytes(bytes, start, length, this.seed);
  }

  /**
   * Reads where a lookup of these hashes will look, so that what it needs is near when it comes. `heads` is room for
   * `count` refs. Changes nothing; the number that it returns means nothing.
   */
  touch(hashes: Int32Array, heads: Int32Array, count: number): number {
    const { heap } = this;
    // Two passes: within each, no read waits for another.
    for (let i = 0; i < count; i++) heads[i] = this.head(hashes[i]!);
    let seen = 0;
    for (let i = 0; i < count; i++) {
      const ref = heads[i]!;
      if (ref !== 0) seen ^= heap.words(ref)[(heap.offset(ref) >> 2) + 1]!;
    }
    return seen;
  }

  /** Reads what the removal of an entry will look at. Changes nothing; the number means nothing. */
  touchEntry(ref: Ref): number {
    const head = this.head(this.entryHash(ref));
    return head === 0 ? 0 : this.heap.words(head)[this.heap.offset(head) >> 2]!;
  }

  protected abstract entryHash(ref: Ref): number;

  /** As `entryHash`, for an entry that is known to be in a bucket of a table with `mask`: what the bucket tells of it. */
  protected hashInBucket(ref: Ref, _bucket: number, _mask: number): number {
    return this.entryHash(ref);
  }

  /** Removes an entry and frees its block; a caller who knows its hash spares the table to ask for it. O(1). */
  delete(ref: Ref, hash = this.entryHash(ref)): void {
    this.detach(ref, hash);
    this.heap.free(ref);
  }

  /** Removes an entry whose block lives on: see `Dict.attach`. O(1). */
  detach(ref: Ref, hash = this.entryHash(ref)): void {
    if (this.pass !== null) this.pass.beforeChange(hash);
    this.replaceInChain(ref, this.next(ref), hash);
    this.size--;
    // What is removed need not move: a table that grows takes its time.
    if (this.target !== null) this.owe(this.target.mask > this.table.mask ? 1 : MOVED_PER_STEP);
    else if (this.size < this.table.slots >> 3 && this.table.slots > MIN_SLOTS) {
      // To half full: what is left shall not be moved at every further halving.
      this.resizeTo(Math.max(MIN_SLOTS, this.table.slots >> 2));
    }
  }

  /** The bytes that the tables take besides the entries. */
  get tableBytes(): number {
    return this.table.bytes + (this.target?.bytes ?? 0);
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

  /**
   * A step of a pass that moves blocks: those of the entries in one bucket (and in the buckets it splits into while the table
   * changes size). Returns the next cursor, 0 at the end; no entry is missed that is present all the time, as in a scan.
   */
  moveEntries(cursor: number, mover: BlockMover, visitor: MoveVisitor): number {
    if (this.target === null) {
      const { table } = this;
      this.moveChain(table, cursor & table.mask, mover, visitor);
      return nextCursor(cursor, table.mask);
    }
    const [small, large] =
      this.table.mask < this.target.mask ? [this.table, this.target] : [this.target, this.table];
    this.moveChain(small, cursor & small.mask, mover, visitor);
    let at = cursor;
    do {
      this.moveChain(large, at & large.mask, mover, visitor);
      at = nextCursor(at, large.mask);
    } while ((at & (small.mask ^ large.mask)) !== 0);
    return at;
  }

  /** As many steps of `moveEntries` as `touchAhead` prepares. */
  moveSome(cursor: number, mover: BlockMover, visitor: MoveVisitor): number {
    let steps = Math.min(TOUCHED_AHEAD, this.table.slots);
    if (steps > 1) this.touchAhead(cursor);
    do cursor = this.moveEntries(cursor, mover, visitor);
    while (cursor !== 0 && --steps > 0);
    return cursor;
  }

  private moveChain(table: SlotTable, bucket: number, mover: BlockMover, visitor: MoveVisitor): void {
    let previous = 0;
    for (let ref = table.get(bucket); ref !== 0; ref = this.next(ref)) {
      const before = ref;
      ref = mover.move(before);
      if (ref !== before) {
        if (previous === 0) table.set(bucket, ref);
        else this.setNext(previous, ref);
      }
      visitor.entry(ref, before);
      previous = ref;
    }
  }

  /** Reads what the next steps of a scan will look at first, so that memory is waited for once. Changes nothing; the number means nothing. */
  touchAhead(cursor: number): number {
    const { table, heap } = this;
    let seen = 0;
    let at = cursor;
    for (let i = 0; i < TOUCHED_AHEAD; i++) {
      seen ^= table.get(at & table.mask);
      at = nextCursor(at, table.mask);
    }
    at = cursor;
    for (let i = 0; i < TOUCHED_AHEAD; i++) {
      const ref = table.get(at & table.mask);
      if (ref !== 0) seen ^= heap.words(ref)[heap.offset(ref) >> 2]!;
      at = nextCursor(at, table.mask);
    }
    return seen;
  }

  /** An entry's block, which was at `before`, is at `ref` now: its bucket is told. */
  entryMoved(ref: Ref, before: Ref): void {
    this.replaceInChain(before, ref, this.entryHash(ref));
  }

  /** Calls `visit`, which must not change the dict, for every entry. O(n), at a fraction of what a scan costs. */
  visitAll(visit: (ref: Ref) => void): void {
    const near: Ref[] = [];
    let from = 0;
    do {
      from = this.gather(from, near);
      for (let i = 0; near[i] !== 0; i++) visit(near[i]!);
    } while (from !== 0);
  }

  /**
   * A step of a pass over all entries: puts those of the next buckets, at `from` (0 to begin with), into `near`, with a 0
   * behind the last, and returns where to go on, 0 at the end. The table must not change between the steps.
   */
  gather(from: number, near: Ref[]): number {
    // A pass over a large table is a row of cache misses. Entries are gathered by their links alone, a loop so short that
    // the processor waits for many of them at once, and visited when they are near.
    const { heap, table, target } = this;
    let at = Math.max(from, this.moved);
    const [part, first] = at < table.slots ? [table, 0] : [target!, table.slots];
    const end = first + part.slots;
    let count = 0;
    for (const stop = Math.min(end, at + READ_AHEAD); at < stop; at++) {
      const ref = part.get(at - first);
      if (ref !== 0) near[count++] = ref;
    }
    for (let i = 0; i < count; i++) {
      const ref = near[i]!;
      const next = heap.words(ref)[heap.offset(ref) >> 2]!;
      if (next !== 0) near[count++] = next;
    }
    near[count] = 0;
    return at === end && (part === target || target === null) ? 0 : at;
  }

  /**
   * An entry drawn with equal chance for all, or 0 when empty. What is drawn is a place: the first or the second of a
   * bucket, or one of the further places that a group of buckets has together, whoever takes them; the draw is repeated
   * when the place is free. So company in a bucket makes no entry rarer, and most draws read one slot and little else.
   * Expected O(1) as long as the table is filled to an eighth, which shrinking sees to.
   */
  random(random: RandomSource): Ref {
    if (this.size === 0) return 0;
    const { table, target } = this;
    const draws = (this.draws ??= newDraws());
    const total = table.slots + (target?.slots ?? 0);
    const smaller = Math.min(table.slots, target?.slots ?? table.slots);
    const group = Math.min(GROUP_SLOTS, smaller);
    const load = this.size / smaller;
    const emptied = this.moved & -group;
    // How many entries of a group come behind two others: by the mean and far above it.
    const mean = (group * load * load * load) / 6;
    const likelyMost = Math.ceil(mean + 4 * Math.sqrt(mean)) + 1;
    for (;;) {
      const further = Math.max(likelyMost, draws.mostFurther);
      const slot = emptied + random.below(total - emptied);
      const place = random.below(2 * group + further) - 2 * group;
      const part = slot < table.slots ? table : target!;
      const at = slot < table.slots ? slot : slot - table.slots;
      let ref = place < 0 ? part.get(at) : this.furtherEntry(draws, part, at & -group, group, place, further);
      if (ref !== 0 && place < -group) ref = this.next(ref);
      if (ref === 0) continue;
      draws.slot = slot;
      return ref;
    }
  }

  /**
   * As `random`, for an entry that is going to be removed. In a large table, where every look at another place is a wait
   * for memory, an entry that was drawn is followed by a few from around it: as nobody is drawn twice and the hash is
   * secret, it cannot be seen who is near whom, and every entry has the same chance to be the first as to be the next.
   */
  randomToRemove(random: RandomSource): Ref {
    if (this.table.slots < FAR_SLOTS) return this.random(random);
    const draws = (this.draws ??= newDraws());
    if (draws.leftAround > 0) {
      draws.leftAround--;
      const found = this.randomAround(random, draws);
      if (found !== 0) return found;
    }
    draws.leftAround = DRAWS_AROUND;
    return this.random(random);
  }

  /**
   * Puts up to `count` entries that lie together, at a place drawn at random, into `into`, and returns how many; at least
   * one unless the table is empty. As the hash is secret, neighbours have nothing in common, and memory is waited for once.
   */
  sample(random: RandomSource, count: number, into: Int32Array): number {
    const wanted = Math.min(count, this.size);
    if (wanted === 0) return 0;
    const total = this.bucketCount;
    const emptied = this.moved;
    let found = 0;
    let slot = 0;
    // How many more buckets are looked at before another place is drawn: a part may be nearly empty while the table grows.
    let near = 0;
    for (let steps = wanted * SAMPLE_STEPS; found === 0 || (found < wanted && steps > 0); steps--) {
      if (near === 0) {
        slot = emptied + random.below(total - emptied);
        near = wanted + SAMPLE_STEPS;
      }
      for (let ref = this.bucketHead(slot); ref !== 0 && found < wanted; ref = this.next(ref)) {
        into[found++] = ref;
        near = wanted + SAMPLE_STEPS;
      }
      near--;
      if (++slot === total) slot = emptied;
    }
    return found;
  }

  /** Whether `ref` is an entry, still, and has been filed under `hash`. O(1). */
  holds(ref: Ref, hash: number): boolean {
    for (let at = this.head(hash); at !== 0; at = this.next(at)) {
      if (at === ref) return this.entryHash(ref) === hash;
    }
    return false;
  }

  /** One of the entries around a slot, all of these with equal chance, or 0: so far around that there are some as a rule. */
  private randomAround(random: RandomSource, { slot, around }: Draws): Ref {
    const { table, target } = this;
    const part = slot < table.slots ? table : target!;
    let width = GROUP_SLOTS;
    while (width * this.size < AROUND_ENTRIES * part.slots && width < MAX_AROUND_SLOTS) width *= 2;
    const first = (slot < table.slots ? slot : slot - table.slots) & -width;
    let count = 0;
    for (let at = first; at < first + width; at++) {
      const ref = part.get(at);
      if (ref !== 0) around[count++] = ref;
    }
    for (let i = 0; i < count; i++) {
      const ref = this.next(around[i]!);
      if (ref !== 0) around[count++] = ref;
    }
    return count === 0 ? 0 : around[random.below(count)]!;
  }

  /** The entry that has a further place in the group of buckets from `first` on; 0 when free, or when `places` are too few. */
  private furtherEntry(
    draws: Draws,
    part: SlotTable,
    first: number,
    group: number,
    place: number,
    places: number,
  ): Ref {
    let found = 0;
    let count = 0;
    for (let at = first; at < first + group; at++) {
      let ref = part.get(at);
      if (ref !== 0) ref = this.next(ref);
      if (ref === 0) continue;
      for (ref = this.next(ref); ref !== 0; ref = this.next(ref)) {
        if (count === place) found = ref;
        count++;
      }
    }
    if (count <= places) return found;
    draws.mostFurther = count;
    return 0;
  }

  /** Moves up to `buckets` buckets of a table that is changing size; returns whether there is more to do. */
  rehash(buckets: number): boolean {
    const target = this.target;
    if (target === null || this.pass !== null) return false;
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
        const bucket = this.hashInBucket(ref, this.moved, table.mask) & target.mask;
        this.setNext(ref, target.get(bucket));
        target.set(bucket, ref);
        ref = next;
      }
      table.set(this.moved, 0);
      this.moved++;
      buckets--;
    }
    if (this.moved < table.slots) return true;
    this.heap.tableBytes -= table.bytes;
    table.release(this.heap.returned);
    this.table = target;
    this.target = null;
    this.moved = 0;
    if (this.draws !== null) this.draws.leftAround = 0;
    return false;
  }

  /** More buckets of a table that is changing size are due to be moved. */
  protected owe(buckets: number): void {
    const { slots } = this.table;
    const due = (this.toMove += buckets);
    if (due < MOVED_AT_ONCE && due < slots) return;
    this.toMove = 0;
    if (this.pass !== null) return;
    this.touchBuckets(this.moved, Math.min(this.moved + due, slots));
    this.rehash(due);
  }

  /** Grows the table for `entries` in one go (loading, DEBUG POPULATE); no effect when it is large enough. */
  reserve(entries: number): void {
    if (entries <= this.table.roomFor || this.target !== null) return;
    let slots = MIN_SLOTS;
    while (entries > (slots >> 2) * 3) slots *= 2;
    this.resizeTo(slots);
  }

  /** Begins to shrink a table to the size that its entries need, when that is far less. */
  fit(): void {
    if (this.target !== null) return;
    let { slots } = this.table;
    while (slots > MIN_SLOTS && this.size <= slots >> 2) slots >>= 1;
    if (slots < this.table.slots) this.resizeTo(slots);
  }

  /** Forgets all entries without freeing their blocks: for when the whole heap goes. */
  forget(): void {
    this.heap.tableBytes -= this.tableBytes;
    this.table = new SlotTable(1);
    this.heap.tableBytes += this.table.bytes;
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
  stats(): TableStats[] {
    return [this.table, this.target].filter((table) => table !== null).map((table) => this.statsOf(table));
  }

  private statsOf(table: SlotTable): TableStats {
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

  protected head(hash: number): Ref {
    const bucket = hash & this.table.mask;
    if (bucket >= this.moved) return this.table.get(bucket);
    return this.target!.get(hash & this.target!.mask);
  }

  private setHead(hash: number, ref: Ref): void {
    const bucket = hash & this.table.mask;
    if (bucket >= this.moved) this.table.set(bucket, ref);
    else this.target!.set(hash & this.target!.mask, ref);
  }

  protected add(ref: Ref, hash: number): void {
    if (this.pass !== null) this.pass.beforeChange(hash);
    this.setNext(ref, this.head(hash));
    this.setHead(hash, ref);
    this.size++;
    if (this.target !== null) this.owe(MOVED_PER_STEP);
    else if (this.size > this.table.roomFor) this.grow();
  }

  // Without a memory limit a table doubles when it is full; a larger one may have to wait until it is crowded.
  private grow(): void {
    const slots = Math.max(MIN_SLOTS, this.table.slots * 2);
    if (this.size <= this.table.slots * CROWDED_LOAD && !this.heap.hasRoomFor(slots * SLOT_BYTES)) return;
    this.resizeTo(slots);
  }

  protected replaceInChain(ref: Ref, by: Ref, hash = this.entryHash(ref)): void {
    let at = this.head(hash);
    if (at === ref) {
      this.setHead(hash, by);
      return;
    }
    for (let next = this.next(at); next !== ref; next = this.next(at)) at = next;
    this.setNext(at, by);
  }

  // The old table is empty: what is left to free lies in the one that it was changing into.
  private continueWithTarget(): void {
    this.heap.tableBytes -= this.table.bytes;
    this.table = this.target!;
    this.target = null;
    this.moved = 0;
  }

  private resizeTo(slots: number): void {
    // A table under a pass is too small or too large for a while.
    if (this.pass !== null) return;
    this.target = new SlotTable(slots);
    this.heap.tableBytes += this.target.bytes;
    this.draws = null;
    this.moved = 0;
    this.rehash(1);
  }

  /** How many buckets there are, those of the table that is changed into counted behind the others. */
  get bucketCount(): number {
    return this.table.slots + (this.target?.slots ?? 0);
  }

  /** The bucket, among `bucketCount`, that an entry with this hash is in. */
  bucketOf(hash: number): number {
    const bucket = hash & this.table.mask;
    return bucket >= this.moved ? bucket : this.table.slots + (hash & this.target!.mask);
  }

  /** Reads what a visit of these buckets will look at first, so that memory is waited for once. Changes nothing. */
  touchBuckets(first: number, end: number): number {
    const { heap } = this;
    let seen = 0;
    for (let bucket = first; bucket < end; bucket++) {
      const ref = this.bucketHead(bucket);
      if (ref !== 0) seen ^= heap.words(ref)[heap.offset(ref) >> 2]!;
    }
    return seen;
  }

  /** The first entry of a bucket; 0: there is none. */
  bucketHead(bucket: number): Ref {
    const { slots } = this.table;
    return bucket < slots ? this.table.get(bucket) : this.target!.get(bucket - slots);
  }

  private visitChain(ref: Ref, visit: (ref: Ref) => void): void {
    while (ref !== 0) {
      const next = this.next(ref);
      visit(ref);
      ref = next;
    }
  }

  /** The entry behind one in its bucket; 0: there is none. */
  next(ref: Ref): Ref {
    return this.heap.words(ref)[this.heap.offset(ref) >> 2]!;
  }

  protected setNext(ref: Ref, next: Ref): void {
    this.heap.words(ref)[this.heap.offset(ref) >> 2] = next;
  }
}

function newDraws(): Draws {
  return { mostFurther: 0, slot: 0, leftAround: 0, around: [] };
}
