// All databases of a server and what they share: the heap, the clock of accesses, the counters, the removal of what
// has expired and of what was flushed. Time comes in through `setTime`: within one command it stands still.

import { type HashSeed, hashSeed } from '../base/hash.ts';
import type { RandomSource } from '../base/runtime.ts';
import { isLarge } from '../datatypes/kind.ts';
import { type Handle, type LargeValue, LargeValues } from '../datatypes/large-value.ts';
import { PLAIN_ELEMENT_BYTES } from '../datatypes/list-node.ts';
import { StreamScratch } from '../datatypes/stream.ts';
import { Heap, type Ref } from '../memory/heap.ts';
import { ReturnedMemory } from '../memory/returned-memory.ts';
import type { Arguments } from '../resp/arguments.ts';
import { AccessClock } from './access-clock.ts';
import { Database } from './database.ts';
import { DEFAULT_LIMITS, type EncodingLimits } from './encoding-limits.ts';
import { FREEING, type Freeing } from './freeing.ts';
import { GeoSearch } from './geo-search.ts';
import { ListCursor } from './list-cursor.ts';
import type { KeyspaceObserver } from './observer.ts';
import { PackedScratch } from './packed-scratch.ts';
import { ScoredSources } from './scored-source.ts';
import { SetTools } from './set-tools.ts';
import { SortedSetRange } from './sorted-set-range.ts';
import { SortedSetScratch } from './sorted-set-scratch.ts';
import { StringScratch } from './string-scratch.ts';

// A value of fewer pieces is freed faster than it is put off.
const LAZY_PIECES = 64;
const SLICE_PIECES = 256;
const ESTIMATE_SAMPLES = 64;

/** Counters since the start or CONFIG RESETSTAT. */
export interface KeyspaceStats {
  hits: number;
  misses: number;
  expired: number;
  evicted: number;
  /** How often a cycle of active expiry ran out of its time with keys left to expire. */
  expiredTimeCapReached: number;
  /** The time that cycles of active expiry took. */
  expireCycleMicroseconds: number;
  /** How long after its deadline a key was removed actively: the last cycle's worst and the worst ever, in ms. */
  expireLagMs: number;
  expireLagMaxMs: number;
  lazyFreed: number;
}

interface HeldValue {
  readonly value: LargeValue;
  /** What it is taken to take, and how it goes when nothing holds it any more. */
  readonly bytes: number;
  readonly freeing: Freeing;
}

export class Keyspace {
  /** Memory that was given up and that the system does not have back yet. */
  readonly returnedMemory = new ReturnedMemory();
  heap = new Heap(this.returnedMemory);
  largeValues = new LargeValues();
  readonly databases: Database[] = [];
  readonly access: AccessClock;
  readonly random: RandomSource;
  readonly seed: HashSeed;
  readonly stats: KeyspaceStats = newStats();
  readonly scratch = new PackedScratch();
  readonly streamScratch = new StreamScratch();
  sortedSets = new SortedSetScratch();
  sets = new SetTools(this);
  scoredSources = new ScoredSources(this);
  readonly sortedSetRange = new SortedSetRange();
  readonly geoSearch = new GeoSearch();
  readonly stringScratch = new StringScratch();
  readonly listCursor = new ListCursor();

  /** The configuration's values, where there is one. */
  limits: EncodingLimits = DEFAULT_LIMITS;
  /** List elements of so many bytes and more have a node of their own. */
  plainElementBytes = PLAIN_ELEMENT_BYTES;
  /** False while a replica leaves the removal of expired keys to its master. */
  removesExpired = true;
  /** DEBUG SET-ACTIVE-EXPIRE. */
  activeExpiry = true;
  /** While a data set is loaded, or a master's stream applied, nothing expires: what was removed then says so itself. */
  isLoading = false;
  /** On a replica that takes writes: whoever is about to write a key that has expired removes it. */
  removesOnWrite = false;
  /** On a replica that takes writes: told of the deadlines that its own clients set. */
  ownDeadlines: ((db: Database, ref: Ref) => void) | null = null;
  /** A twin that is being filled to take the place of this. */
  successor: Keyspace | null = null;
  /** `lazyfree-lazy-server-del` and `lazyfree-lazy-expire`: how the values of keys go that are written over, or expire. */
  whenReplaced: Freeing = FREEING.SOON;
  whenExpired: Freeing = FREEING.SOON;
  /** False while a client with NO-TOUCH runs. */
  notesAccess = true;
  observer: KeyspaceObserver | null = null;
  /** Called when something has been removed whose memory is yet to be freed, by `tidy`. */
  onWork: (() => void) | null = null;
  /** Called when a deadline is set that is earlier than all others. */
  onEarlierDeadline: ((deadlineMs: number) => void) | null = null;

  private timeMs = 0;
  private earliestMs = Number.POSITIVE_INFINITY;
  // Databases that were flushed while others hold keys: their blocks are freed in slices.
  private readonly dying: Database[] = [];
  // Large values that were removed and are freed in slices.
  private readonly dyingValues: LargeValue[] = [];
  // Those of them that nobody has asked to free lazily: they do not count as such.
  private readonly quietValues: LargeValue[] = [];
  // Large values that were removed while a snapshot reads them.
  private held: HeldValue[] = [];

  constructor(databaseCount: number, random: RandomSource, seed = hashSeed(random.bytes(8))) {
    this.random = random;
    this.seed = seed;
    this.access = new AccessClock(random);
    for (let id = 0; id < databaseCount; id++) this.databases.push(new Database(id, this));
  }

  get nowMs(): number {
    return this.timeMs;
  }

  /** Sets the time that deadlines are held against. */
  setTime(nowMs: number): void {
    this.timeMs = nowMs;
    this.access.setTime(nowMs);
  }

  isPast(deadlineMs: number): boolean {
    return this.timeMs > deadlineMs && !this.isLoading;
  }

  database(id: number): Database {
    return this.databases[id]!;
  }

  /** Bytes of user data: entries, tables and indexes. Exact. O(1). */
  get usedBytes(): number {
    const bytes = this.heap.usedBytes + this.heap.tableBytes;
    return this.successor === null ? bytes : bytes + this.successor.usedBytes;
  }

  /** `usedBytes` without what is only there until a snapshot has passed. O(1). */
  get lastingBytes(): number {
    return this.usedBytes - this.heap.snapshotBytes;
  }

  /** Whether anything waits to be freed, be it counted as lazily freed or not. */
  get hasPendingFrees(): boolean {
    const values = this.quietValues.length + this.dyingValues.length + this.held.length;
    return values + this.dying.length > 0;
  }

  /** Keys that were removed or flushed and wait to be freed. */
  get pendingFrees(): number {
    return this.dying.reduce((sum, db) => sum + db.size, this.dyingValues.length + this.held.length);
  }

  /**
   * Frees the large value behind a handle: at once, or, unless that is to be done `NOW` and when it has many pieces, in
   * slices.
   */
  dropLarge(handle: Handle, freeing: Freeing): void {
    const value = this.largeValues.take(handle);
    if (isHeld(value)) {
      this.hold(value, freeing);
    } else if (freeing !== FREEING.NOW && value.pieces > LAZY_PIECES) {
      (freeing === FREEING.LAZILY ? this.dyingValues : this.quietValues).push(value);
      this.onWork?.();
    } else {
      while (value.freeSome(SLICE_PIECES));
    }
  }

  noteMiss(db: Database, args: Arguments, i: number): void {
    this.stats.misses++;
    const { observer } = this;
    if (observer !== null && observer.ignoresKeys !== true) observer.keyEvent(db, 'keymiss', args.string(i));
  }

  noteAdded(db: Database, args: Arguments, i: number): void {
    const { observer } = this;
    if (observer !== null && observer.ignoresKeys !== true) observer.keyEvent(db, 'new', args.string(i));
  }

  noteDeadline(deadlineMs: number): void {
    if (deadlineMs >= this.earliestMs) return;
    this.earliestMs = deadlineMs;
    this.onEarlierDeadline?.(deadlineMs);
  }

  /** Removes an entry whose deadline has passed and tells the observer. */
  expire(db: Database, ref: Ref): void {
    const observer = this.observer;
    this.stats.expired++;
    if (observer === null) {
      db.removeAs(ref, this.whenExpired);
      return;
    }
    const key = db.keyText(ref);
    db.removeAs(ref, this.whenExpired);
    observer.keyExpired(db, key);
  }

  /** Removes an entry because memory is short and tells the observer. `lazily`: as `Database.remove`. */
  evict(db: Database, ref: Ref, lazily: boolean): void {
    const { observer } = this;
    const key = observer === null ? '' : db.keyText(ref);
    this.stats.evicted++;
    db.remove(ref, lazily);
    observer?.keyEvicted(db, key, lazily);
  }

  /**
   * Removes expired keys, the longest due first, for at most `budgetMs` by `elapsedMs` (time since the call began).
   * Returns when it should run again: the next deadline, 0 when keys are left that have expired, or Infinity.
   */
  expireDue(budgetMs: number, elapsedMs: () => number): number {
    this.earliestMs = Number.POSITIVE_INFINITY;
    if (!this.activeExpiry || !this.removesExpired) return this.earliestMs;
    let removed = 0;
    let lagMs = 0;
    for (const db of this.databases) {
      const { volatile } = db;
      while (this.isPast(volatile.nextDeadline)) {
        lagMs = Math.max(lagMs, this.timeMs - volatile.nextDeadline);
        this.expire(db, volatile.nextRef);
        if ((++removed & 31) === 0 && elapsedMs() >= budgetMs) {
          this.stats.expiredTimeCapReached++;
          this.noteLag(lagMs);
          this.earliestMs = 0;
          return 0;
        }
      }
      this.earliestMs = Math.min(this.earliestMs, volatile.nextDeadline);
    }
    if (removed > 0) this.noteLag(lagMs);
    return this.earliestMs;
  }

  /** Empties a database. `now`: free every block before returning; else in slices. Returns how many keys went. */
  flush(db: Database, now: boolean): number {
    const count = db.size;
    this.observer?.databaseReplaced(db.id, db, null);
    if (count === 0) return 0;
    if (this.databases.every((other) => other === db || other.size === 0)) {
      this.dropHeap();
      if (!now) this.stats.lazyFreed += count;
      return count;
    }
    this.databases[db.id] = new Database(db.id, this);
    // What a snapshot still reads cannot be freed yet.
    if (now && db.dict.pass === null) {
      db.volatile.clear();
      while (
        db.dict.freeSome(
          SLICE_PIECES,
          (ref) => isLarge(db.kind(ref)) && this.dropLarge(db.handle(ref), FREEING.NOW),
        )
      );
    } else {
      this.dying.push(db);
      this.onWork?.();
    }
    return count;
  }

  /**
   * Empties all databases in O(1), since the heap goes as a whole; `now` only decides how the keys are counted. Returns
   * how many keys went.
   */
  flushAll(now: boolean): number {
    let count = 0;
    for (const db of this.databases) {
      count += db.size;
      this.observer?.databaseReplaced(db.id, db, null);
    }
    this.dropHeap();
    if (!now) this.stats.lazyFreed += count;
    return count;
  }

  /** Exchanges the contents of two databases. O(1). */
  swap(first: number, second: number): void {
    const a = this.databases[first]!;
    const b = this.databases[second]!;
    this.observer?.databaseReplaced(first, a, b);
    this.observer?.databaseReplaced(second, b, a);
    this.databases[first] = b;
    this.databases[second] = a;
    a.id = second;
    b.id = first;
  }

  /** An empty keyspace like this one, for a data set that shall take the place of the one here (`adopt`). */
  twin(): Keyspace {
    const twin = new Keyspace(this.databases.length, this.random, this.seed);
    twin.limits = this.limits;
    twin.plainElementBytes = this.plainElementBytes;
    twin.access.policy = this.access.policy;
    twin.setTime(this.timeMs);
    twin.isLoading = true;
    return twin;
  }

  /** Takes the databases of a twin, which must not be used any more. What was here goes as a whole. O(databases). */
  adopt(twin: Keyspace): void {
    twin.databases.forEach((db, id) => {
      this.observer?.databaseReplaced(id, this.databases[id]!, db);
    });
    this.stats.lazyFreed += this.databases.reduce((sum, db) => sum + db.size, 0);
    this.replaceHeap(twin.heap, twin.largeValues);
    this.earliestMs = Number.POSITIVE_INFINITY;
    for (const db of twin.databases) {
      db.keyspace = this;
      this.databases[db.id] = db;
      if (db.volatile.size > 0) this.noteDeadline(db.volatile.nextDeadline);
    }
  }

  /** A slice of background work: frees what was flushed, moves buckets of growing tables. True when work is left. */
  tidy(budgetMs: number, elapsedMs: () => number, rehashes: boolean): boolean {
    if (this.freeDying(budgetMs, elapsedMs)) return true;
    if (!rehashes) return false;
    for (const db of this.databases) {
      while (db.dict.rehash(100)) if (elapsedMs() >= budgetMs) return true;
    }
    return false;
  }

  /** So many things beside the heap were let go of lazily (scripts, functions); few are not worth counting, as in Redis. */
  noteFreedLazily(count: number): void {
    if (count > LAZY_PIECES) this.stats.lazyFreed += count;
  }

  /** MEMORY PURGE: frees what waits to be freed, and keeps no memory for later that could go back to the system. */
  purge(): void {
    this.freeDying(Number.POSITIVE_INFINITY, () => 0);
    this.heap.purge();
  }

  resetStats(): void {
    Object.assign(this.stats, newStats());
  }

  // Frees what was removed until the time is up; returns whether anything is left.
  private freeDying(budgetMs: number, elapsedMs: () => number): boolean {
    if (this.held.length > 0) this.letGo();
    for (;;) {
      const isQuiet = this.quietValues.length > 0;
      const values = isQuiet ? this.quietValues : this.dyingValues;
      const value = values[values.length - 1];
      const db = this.dying.find(({ dict }) => dict.pass === null);
      if (value !== undefined) {
        if (!value.freeSome(SLICE_PIECES)) {
          values.pop();
          if (!isQuiet) this.stats.lazyFreed++;
        }
      } else if (db !== undefined) {
        db.volatile.clear();
        const before = db.size + this.dyingValues.length;
        if (!db.dict.freeSome(SLICE_PIECES, (ref) => this.beforeFree(db, ref)))
          this.dying.splice(this.dying.indexOf(db), 1);
        this.stats.lazyFreed += before - db.size - this.dyingValues.length;
      } else {
        return false;
      }
      if (elapsedMs() >= budgetMs) return this.hasPendingFrees;
    }
  }

  private beforeFree(db: Database, ref: Ref): void {
    if (!isLarge(db.kind(ref))) return;
    const value = this.largeValues.take(db.handle(ref));
    if (isHeld(value)) this.hold(value, FREEING.LAZILY);
    else this.dyingValues.push(value);
  }

  // It was removed, but a snapshot reads it.
  private hold(value: LargeValue, freeing: Freeing): void {
    const bytes = estimatedBytes(value, this.heap, this.random);
    this.heap.snapshotBytes += bytes;
    this.held.push({ value, bytes, freeing });
  }

  private letGo(): void {
    const held: HeldValue[] = [];
    for (const one of this.held) {
      const { value, bytes, freeing } = one;
      if (isHeld(value)) {
        held.push(one);
        continue;
      }
      this.heap.snapshotBytes -= bytes;
      (freeing === FREEING.LAZILY ? this.dyingValues : this.quietValues).push(value);
    }
    this.held = held;
  }

  // Databases keep their identity by number only: clients look theirs up by it.
  private dropHeap(): void {
    this.replaceHeap(new Heap(this.returnedMemory), new LargeValues());
    for (let id = 0; id < this.databases.length; id++) this.databases[id] = new Database(id, this);
  }

  private replaceHeap(heap: Heap, largeValues: LargeValues): void {
    this.stats.lazyFreed += this.pendingFrees;
    this.dying.length = 0;
    this.dyingValues.length = 0;
    this.quietValues.length = 0;
    this.held.length = 0;
    this.largeValues = largeValues;
    heap.limitBytes = this.heap.limitBytes;
    heap.returned = this.returnedMemory;
    this.heap.abandon();
    this.heap = heap;
    // What was opened last would keep the old heap alive.
    this.sets = new SetTools(this);
    this.sortedSets = new SortedSetScratch();
    this.scoredSources = new ScoredSources(this);
  }

  private noteLag(lagMs: number): void {
    this.stats.expireLagMs = lagMs;
    this.stats.expireLagMaxMs = Math.max(this.stats.expireLagMaxMs, lagMs);
  }
}

// What the elements of a value take, by the mean of a few of them.
function estimatedBytes({ blocks, table }: LargeValue, heap: Heap, random: RandomSource): number {
  const refs = new Int32Array(ESTIMATE_SAMPLES);
  let count = 0;
  if (table !== undefined) count = table.sample(random, ESTIMATE_SAMPLES, refs);
  else if (blocks !== undefined) {
    count = Math.min(ESTIMATE_SAMPLES, blocks.blockCount);
    for (let i = 0; i < count; i++) refs[i] = blocks.blockRef(random.below(blocks.blockCount));
  }
  if (count === 0) return 0;
  let bytes = 0;
  for (let i = 0; i < count; i++) bytes += heap.capacity(refs[i]!);
  const pieces = table === undefined ? blocks!.blockCount : table.size;
  return Math.floor((bytes / count) * pieces) + (table?.tableBytes ?? 0);
}

function isHeld({ blocks, table }: LargeValue): boolean {
  return (table !== undefined && table.pass !== null) || (blocks !== undefined && blocks.blockPass !== null);
}

function newStats(): KeyspaceStats {
  return {
    hits: 0,
    misses: 0,
    expired: 0,
    evicted: 0,
    expiredTimeCapReached: 0,
    expireCycleMicroseconds: 0,
    expireLagMs: 0,
    expireLagMaxMs: 0,
    lazyFreed: 0,
  };
}
