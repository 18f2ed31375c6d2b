// The groups of a stream: what each has delivered, to whom, and what is not acknowledged yet. A group and a consumer are
// objects here, a pending entry is a record in the heap: one in the group's list, with all that is known of it, and one in
// its consumer's list, which is the ID alone. Both lists are in the order of IDs.

import { compareBytes } from '../base/bytes.ts';
import type { BlockMover } from '../memory/block-mover.ts';
import type { Heap } from '../memory/heap.ts';
import { IdRecords } from './id-records.ts';
import { highHalf, lowHalf, StreamId, uint64Of } from './stream-id.ts';

const ID_WORDS = 4;
// Words of a record in a group's list: ID, time and count in halves, number of the consumer.
const TIME = 4;
const COUNT = 6;
const CONSUMER = 8;
const PENDING_WORDS = 9;
// Blocks that a step of `moveSome` looks at.
const MOVED_AT_ONCE = 16;

/** What `entriesRead` is when nobody knows how many entries a group has read. */
export const ENTRIES_READ_UNKNOWN = -1;

interface Named {
  readonly name: Uint8Array;
}

/** Groups or consumers by name, in the order of names. Found by a slice of a request, without a string. */
export class NameTable<T extends Named> {
  /** In the order of names. */
  readonly list: T[] = [];

  /** O(log n). */
  find(bytes: Uint8Array, start: number, length: number): T | null {
    const item = this.list[this.placeOf(bytes, start, length)];
    return item !== undefined && compareBytes(item.name, 0, item.name.length, bytes, start, length) === 0
      ? item
      : null;
  }

  /** Adds one whose name is not there yet. */
  add(item: T): void {
    this.list.splice(this.placeOf(item.name, 0, item.name.length), 0, item);
  }

  remove(item: T): void {
    this.list.splice(this.placeOf(item.name, 0, item.name.length), 1);
  }

  // The first whose name is not below.
  private placeOf(bytes: Uint8Array, start: number, length: number): number {
    let low = 0;
    let high = this.list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { name } = this.list[middle]!;
      if (compareBytes(name, 0, name.length, bytes, start, length) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export class StreamConsumer {
  readonly name: Uint8Array;
  /** By which the records of the group know it. */
  readonly number: number;
  /** When it last tried to read or claim something. */
  seenTimeMs: number;
  /** When it last got something; -1: never. */
  activeTimeMs: number;
  /** The IDs of its pending entries. */
  readonly pending: IdRecords;

  constructor(
    name: Uint8Array,
    number: number,
    pending: IdRecords,
    seenTimeMs: number,
    activeTimeMs: number,
  ) {
    this.name = name;
    this.number = number;
    this.pending = pending;
    this.seenTimeMs = seenTimeMs;
    this.activeTimeMs = activeTimeMs;
  }
}

export class StreamGroup {
  readonly name: Uint8Array;
  /** The last entry that was delivered. */
  readonly lastId: StreamId;
  /** How many entries of the stream were read up to `lastId`, or ENTRIES_READ_UNKNOWN. */
  entriesRead: number | bigint;
  readonly consumers = new NameTable<StreamConsumer>();

  // Where the entry after `lastId` stands: a place of a stream whose layout has this version (see Stream).
  resumeVersion = -1;
  resumeNode = 0;
  resumeOffset = 0;

  private readonly heap: Heap;
  private pending: IdRecords;
  private readonly byNumber: (StreamConsumer | null)[] = [];
  private readonly freeNumbers: number[] = [];

  constructor(heap: Heap, name: Uint8Array, lastId: StreamId, entriesRead: number | bigint) {
    this.heap = heap;
    this.name = name;
    this.lastId = new StreamId().set(lastId);
    this.entriesRead = entriesRead;
    this.pending = new IdRecords(heap, PENDING_WORDS);
  }

  /** How many entries are pending. */
  get pendingCount(): number {
    return this.pending.size;
  }

  /** Delivery goes on behind `id`. */
  setLastId(id: StreamId): void {
    this.lastId.set(id);
    this.resumeVersion = -1;
  }

  /** Adds a consumer whose name is not there yet. */
  addConsumer(name: Uint8Array, seenTimeMs: number, activeTimeMs = -1): StreamConsumer {
    const number = this.freeNumbers.pop() ?? this.byNumber.length;
    const list = new IdRecords(this.heap, ID_WORDS);
    const consumer = new StreamConsumer(name, number, list, seenTimeMs, activeTimeMs);
    this.byNumber[number] = consumer;
    this.consumers.add(consumer);
    return consumer;
  }

  /** Removes a consumer and its pending entries. O(pending entries of it, each log n). */
  removeConsumer(consumer: StreamConsumer): void {
    const id = new StreamId();
    const { pending } = consumer;
    for (let found = pending.seekFirst(); found; found = pending.next()) {
      if (this.pending.find(pending.readId(id))) this.pending.remove();
    }
    while (pending.freeSome(Number.MAX_SAFE_INTEGER) > 0);
    this.consumers.remove(consumer);
    this.byNumber[consumer.number] = null;
    this.freeNumbers.push(consumer.number);
  }

  /**
   * Makes an entry pending with a consumer as if it were delivered to it for the first time, whoever had it before. The
   * entry is the present one then. O(log n), O(1) for what comes behind all others.
   */
  deliver(id: StreamId, consumer: StreamConsumer, timeMs: number): void {
    if (!this.pending.insert(id) && this.consumer.pending.find(id)) this.consumer.pending.remove();
    this.setPending(consumer, timeMs, 1);
    consumer.pending.insert(id);
  }

  /**
   * Adds a pending entry that has no consumer yet (RDB files list the entries of a group before its consumers); false when
   * it is there already. `assign` must follow.
   */
  addPending(id: StreamId, timeMs: number | bigint, count: number | bigint): boolean {
    if (!this.pending.insert(id)) return false;
    this.setPending(null, timeMs, count);
    return true;
  }

  /** Gives a pending entry to a consumer; false when the entry is not there. */
  assign(id: StreamId, consumer: StreamConsumer): boolean {
    if (!this.find(id)) return false;
    this.assignFound(consumer);
    return true;
  }

  /** Goes to a pending entry, which is the present one then; false when there is none. O(log n). */
  find(id: StreamId): boolean {
    return this.pending.find(id);
  }

  /** Goes to the first pending entry from `id` on; false when there is none. O(log n). */
  seek(id: StreamId): boolean {
    return this.pending.seek(id);
  }

  seekFirst(): boolean {
    return this.pending.seekFirst();
  }

  seekLast(): boolean {
    return this.pending.seekLast();
  }

  /** Goes to the next pending entry; false at the end. Nothing may have been added or removed since the last step. */
  next(): boolean {
    return this.pending.next();
  }

  /** How many pending entries there are from the present one on, up to `limit`. */
  countFrom(limit: number): number {
    return this.pending.countFrom(limit);
  }

  /** The present entry's ID. */
  readId(id: StreamId): StreamId {
    return this.pending.readId(id);
  }

  /** The present entry's consumer. */
  get consumer(): StreamConsumer {
    return this.byNumber[this.pending.words[this.pending.at + CONSUMER]!]!;
  }

  /** Whether the present entry has a consumer: one that `addPending` has added has not. */
  get hasConsumer(): boolean {
    return this.pending.words[this.pending.at + CONSUMER]! >= 0;
  }

  /** When the present entry was last delivered, in ms since the epoch. */
  get deliveryTimeMs(): number | bigint {
    const { words, at } = this.pending;
    const high = words[at + TIME + 1]!;
    const time = uint64Of(high, words[at + TIME]!);
    return high < 0 ? BigInt.asIntN(64, BigInt(time)) : time;
  }

  /** How long ago that was. */
  idleMs(nowMs: number): number | bigint {
    const timeMs = this.deliveryTimeMs;
    return typeof timeMs === 'number' ? nowMs - timeMs : BigInt(nowMs) - timeMs;
  }

  /** How often the present entry was delivered. */
  get deliveryCount(): number | bigint {
    const { words, at } = this.pending;
    return uint64Of(words[at + COUNT + 1]!, words[at + COUNT]!);
  }

  set deliveryCount(count: number | bigint) {
    const { words, at } = this.pending;
    words[at + COUNT] = lowHalf(count);
    words[at + COUNT + 1] = highHalf(count);
  }

  set deliveryTimeMs(timeMs: number | bigint) {
    const { words, at } = this.pending;
    words[at + TIME] = lowHalf(timeMs);
    words[at + TIME + 1] = highHalf(timeMs);
  }

  /** One more delivery of the present entry. */
  countDelivery(): void {
    const { words, at } = this.pending;
    words[at + COUNT] = (words[at + COUNT]! + 1) | 0;
    if (words[at + COUNT] === 0) words[at + COUNT + 1] = (words[at + COUNT + 1]! + 1) | 0;
  }

  /** Gives the present entry to a consumer, taking it from the one that has it. */
  assignFound(consumer: StreamConsumer): void {
    const { words, at } = this.pending;
    if (words[at + CONSUMER] === consumer.number) return;
    const id = this.pending.readId(new StreamId());
    if (this.hasConsumer && this.consumer.pending.find(id)) this.consumer.pending.remove();
    words[at + CONSUMER] = consumer.number;
    consumer.pending.insert(id);
  }

  /** Removes a pending entry; false when there is none. O(log n). */
  acknowledge(id: StreamId): boolean {
    if (!this.pending.find(id)) return false;
    if (this.hasConsumer && this.consumer.pending.find(id)) this.consumer.pending.remove();
    this.pending.remove();
    return true;
  }

  /** A deep copy, in the same heap. */
  copy(): StreamGroup {
    const copy = new StreamGroup(this.heap, this.name, this.lastId, this.entriesRead);
    copy.pending = this.pending.copy();
    for (const consumer of this.byNumber) {
      if (consumer === null) {
        copy.freeNumbers.push(copy.byNumber.length);
        copy.byNumber.push(null);
        continue;
      }
      const { name, number, pending, seenTimeMs, activeTimeMs } = consumer;
      const copied = new StreamConsumer(name, number, pending.copy(), seenTimeMs, activeTimeMs);
      copy.byNumber.push(copied);
      copy.consumers.add(copied);
    }
    return copy;
  }

  /** How many blocks there are to free, about. */
  get pieces(): number {
    return 2 * this.pending.leaves + this.consumers.list.length;
  }

  get usedBytes(): number {
    return this.consumers.list.reduce((sum, { pending }) => sum + pending.usedBytes, this.pending.usedBytes);
  }

  /**
   * Moves some of the blocks of the pending entries, from number `from` on (the group's first, then those of one consumer
   * after another). Returns where to go on, 0 at the end.
   */
  moveSome(from: number, mover: BlockMover): number {
    const { list } = this.consumers;
    let first = 0;
    let left = MOVED_AT_ONCE;
    for (let i = -1; i < list.length; i++) {
      const records = i < 0 ? this.pending : list[i]!.pending;
      const at = Math.max(0, from - first);
      const count = Math.min(left, records.leaves - at);
      if (count > 0) {
        records.moveLeaves(at, count, mover);
        left -= count;
        if (left === 0) return first + at + count;
      }
      first += records.leaves;
    }
    return 0;
  }

  /** Frees up to about `pieces` blocks; returns whether any are left. Nothing else may be done with the group then. */
  freeSome(pieces: number): boolean {
    if (this.pending.freeSome(pieces) > 0) return true;
    const { list } = this.consumers;
    while (pieces > 0 && list.length > 0) {
      const { pending } = list[list.length - 1]!;
      const { leaves } = pending;
      if (pending.freeSome(pieces) === 0) list.pop();
      pieces -= leaves + 1;
    }
    return list.length > 0;
  }

  private setPending(consumer: StreamConsumer | null, timeMs: number | bigint, count: number | bigint): void {
    this.pending.words[this.pending.at + CONSUMER] = consumer === null ? -1 : consumer.number;
    this.deliveryTimeMs = timeMs;
    this.deliveryCount = count;
  }
}
