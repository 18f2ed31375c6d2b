// A hash table from byte strings to small payloads that lives in a Heap: no JavaScript object per entry. Header, key
// and value of an entry share one block, because a lookup costs what its cache misses cost: one for the slot, one for
// the entry. The same class is the keyspace, a large hash and the members of a large sorted set; a large set, which has
// no values, is a `MemberTable`.
//
// An entry's block, in 32-bit words, then bytes:
//   0 next entry of the bucket · 1 hash · 2 meta · 3 key length << 16 | value length
//   (with a deadline slot) deadline, low and high half · position in the index of deadlines
//   key bytes · value bytes
// Large blocks always have the slot, and room for a longer key, so that neither a deadline nor another name ever moves a
// large value: 3 room for the key · 4 key length · 5 value length · slot · key bytes and room · value bytes

import { compareBytes, copyBytes, IS_LITTLE_ENDIAN, toText } from '../base/bytes.ts';
import { ChainedTable } from './chained-table.ts';
import { blockBytes, MAX_SMALL_BYTES, type Ref } from './heap.ts';

const HEADER_BYTES = 16;
const LARGE_HEADER_BYTES = 24;
const DEADLINE_BYTES = 12;
const LARGE_KEY_OFFSET = LARGE_HEADER_BYTES + DEADLINE_BYTES;
const LARGE_KEY_ROOM = 128;

/** The bit of an entry's meta word that the dict keeps for itself; the other 31 belong to the owner of the entries. */
export const META_DEADLINE = 0x10;

/** Takes a key that lies in the heap; see `Dict.keyInto`. */
export interface KeySlice {
  memory: Uint8Array;
  start: number;
  length: number;
}

export class Dict extends ChainedTable {
  /** The entry of a key, or 0. O(1). */
  find(bytes: Uint8Array, start: number, length: number, hash: number): Ref {
    const heap = this.heap;
    let ref = this.head(hash);
    while (ref !== 0) {
      const words = heap.words(ref);
      const at = heap.offset(ref) >> 2;
      if (words[at + 1] === hash && (ref > 0 ? words[at + 3]! >>> 16 : words[4]!) === length) {
        const memory = heap.bytes(ref);
        const key = ref > 0 ? this.smallKeyOffset(at, words[at + 2]!) : LARGE_KEY_OFFSET;
        let i = 0;
        // A stored key begins at a word: it is compared word by word where words are made of bytes in that order.
        if (IS_LITTLE_ENDIAN)
          while (i < length - 3 && wordAt(bytes, start + i) === words[(key + i) >> 2]) i += 4;
        while (i < length && memory[key + i] === bytes[start + i]) i++;
        if (i === length) return ref;
      }
      ref = words[at]!;
    }
    return 0;
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

  /**
   * Overwrites the value and the meta word of a small entry without a deadline slot; false, and nothing done, where the
   * entry is another or the value has another length.
   */
  overwrite(ref: Ref, meta: number, bytes: Uint8Array, start: number, length: number): boolean {
    if (ref < 0) return false;
    const { heap } = this;
    const words = heap.words(ref);
    const at = heap.offset(ref) >> 2;
    const lengths = words[at + 3]!;
    const before = words[at + 2]!;
    if ((lengths & 0xffff) !== length || (before & META_DEADLINE) !== 0) return false;
    // Mostly it is the same kind in the same second: leaving the word alone keeps it cheap.
    if (before !== meta) words[at + 2] = meta;
    copyBytes(bytes, start, heap.bytes(ref), (at << 2) + HEADER_BYTES + (lengths >>> 16), length);
    return true;
  }

  /** Makes room for a deadline in an entry that has none, and returns the entry, which has moved. */
  addDeadlineSlot(ref: Ref): Ref {
    const length = this.valueLength(ref);
    return this.move(ref, length, length, true);
  }

  keyLength(ref: Ref): number {
    return this.keyLengthIn(this.heap.words(ref), this.heap.offset(ref) >> 2, ref);
  }

  /** As `keyLength`, for who has the entry's `keyWords` and `keyBlock` at hand. */
  keyLengthIn(words: Int32Array, block: number, ref: Ref): number {
    return ref > 0 ? words[block + 3]! >>> 16 : words[4]!;
  }

  valueLength(ref: Ref): number {
    const at = this.heap.offset(ref) >> 2;
    return ref > 0 ? this.heap.words(ref)[at + 3]! & 0xffff : this.heap.words(ref)[5]!;
  }

  /** The memory that a key lies in, from `keyOffset(ref)` on for `keyLength(ref)` bytes. */
  keyMemory(ref: Ref): Buffer {
    return this.heap.bytes(ref);
  }

  /** The entry's first word in `keyWords`. */
  keyBlock(ref: Ref): number {
    return this.heap.offset(ref) >> 2;
  }

  /** Where the key begins in `heap.bytes(ref)`. */
  keyOffset(ref: Ref): number {
    return this.keyOffsetIn(this.heap.words(ref), this.heap.offset(ref) >> 2, ref);
  }

  /** As `keyOffset`, for who has the entry's `keyWords` and `keyBlock` at hand. */
  keyOffsetIn(words: Int32Array, block: number, ref: Ref): number {
    return ref > 0 ? this.smallKeyOffset(block, words[block + 2]!) : LARGE_KEY_OFFSET;
  }

  /** Where the value begins in `heap.bytes(ref)`. */
  valueOffset(ref: Ref): number {
    const words = this.heap.words(ref);
    if (ref < 0) return LARGE_KEY_OFFSET + words[3]!;
    const at = this.heap.offset(ref) >> 2;
    return this.smallKeyOffset(at, words[at + 2]!) + (words[at + 3]! >>> 16);
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

  /** Orders the keys of two entries as memcmp does, the shorter first when one begins the other. */
  compareKeys(a: Ref, b: Ref): number {
    if (a === b) return 0;
    const { heap } = this;
    const aLength = this.keyLength(a);
    const bLength = this.keyLength(b);
    const common = Math.min(aLength, bLength);
    const aStart = this.keyOffset(a);
    const bStart = this.keyOffset(b);
    // Keys begin at whole words: those that are equal are passed over as such.
    const aWords = heap.words(a);
    const bWords = heap.words(b);
    let i = aStart >> 2;
    let j = bStart >> 2;
    const end = i + (common >> 2);
    while (i < end && aWords[i] === bWords[j]) {
      i++;
      j++;
    }
    const same = (i << 2) - aStart;
    const rest = common - same;
    const aBytes = heap.bytes(a);
    const bBytes = heap.bytes(b);
    for (let k = 0; k < rest; k++) {
      const difference = aBytes[aStart + same + k]! - bBytes[bStart + same + k]!;
      if (difference !== 0) return difference;
    }
    return aLength - bLength;
  }

  /** Orders an entry's key and a slice as `compareKeys` does. */
  compareKey(ref: Ref, bytes: Uint8Array, start: number, length: number): number {
    return compareBytes(this.heap.bytes(ref), this.keyOffset(ref), this.keyLength(ref), bytes, start, length);
  }

  /** The memory of a key as words: it begins with one, and its last one may be read to the end. */
  keyWords(ref: Ref): Int32Array {
    return this.heap.words(ref);
  }

  /** Says where the key lies: as `keyMemory`, `keyOffset` and `keyLength`, at the cost of one of them. */
  keyInto(ref: Ref, slice: KeySlice): void {
    const { heap } = this;
    const words = heap.words(ref);
    slice.memory = heap.bytes(ref);
    if (ref < 0) {
      slice.start = LARGE_KEY_OFFSET;
      slice.length = words[4]!;
      return;
    }
    const at = heap.offset(ref) >> 2;
    slice.start = this.smallKeyOffset(at, words[at + 2]!);
    slice.length = words[at + 3]! >>> 16;
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

  /** The hash under which an entry is filed: the same in all tables with the same seed. */
  entryHash(ref: Ref): number {
    return this.heap.words(ref)[(this.heap.offset(ref) >> 2) + 1]!;
  }

  // `at` is where the block begins, in words.
  private smallKeyOffset(at: number, meta: number): number {
    return (at << 2) + HEADER_BYTES + ((meta & META_DEADLINE) === 0 ? 0 : DEADLINE_BYTES);
  }

  private slotOffset(ref: Ref): number {
    return ref > 0 ? this.heap.offset(ref) + HEADER_BYTES : LARGE_HEADER_BYTES;
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

// A block is kept when a fresh one would be no smaller, or when at least half of it stays in use: values that grow and
// shrink around a size do not move at every step.
function isWellFilled(needed: number, capacity: number): boolean {
  return blockBytes(needed) === capacity || needed * 2 > capacity;
}
