// Which clients may have which keys in a cache of their own: keys, whatever their database, with the clients that have
// read them. It lives in a heap of its own, so that a flush drops it as a whole, and costs 16 bytes beside the key as long
// as one client has read it; clients are small numbers here ("slots"), which `engine/tracking` gives out.
//
// An entry's block, in 32-bit words, then bytes:
//   0 next entry of the bucket · 1 hash · 2 key length << 1 | whether it has a group · 3 slot, or the group's block · key
// A group's block: 0 how many · their slots, ascending

import { copyBytes, toText } from '../base/bytes.ts';
import type { BlockMover } from '../memory/block-mover.ts';
import { ChainedTable } from '../memory/chained-table.ts';
import type { Heap, Ref } from '../memory/heap.ts';

const HEADER_BYTES = 16;
const HAS_GROUP = 1;
const FIRST_GROUP_SLOTS = 7;

export class TrackingTable extends ChainedTable {
  /** Pairs of a key and a client. */
  items = 0;

  /** The bytes of entries, groups and tables. */
  get usedBytes(): number {
    return this.heap.usedBytes + this.heap.tableBytes;
  }

  /** Notes that the client of a slot has read a key; returns whether that is new. O(log clients), O(clients) when new. */
  track(bytes: Uint8Array, start: number, length: number, hash: number, slot: number): boolean {
    const { heap } = this;
    const ref = this.find(bytes, start, length, hash);
    if (ref === 0) {
      this.insert(bytes, start, length, hash, slot);
      this.items++;
      return true;
    }
    const words = heap.words(ref);
    const at = heap.offset(ref) >> 2;
    const holder = words[at + 3]!;
    if ((words[at + 2]! & HAS_GROUP) === 0) {
      if (holder === slot) return false;
      words[at + 3] = this.newGroup(Math.min(holder, slot), Math.max(holder, slot));
      words[at + 2]! |= HAS_GROUP;
    } else {
      const grown = this.addToGroup(holder, slot);
      if (grown === 0) return false;
      words[at + 3] = grown;
    }
    this.items++;
    return true;
  }

  /** Forgets a key; puts the slots of those who had read it into `slots` and returns how many they are. O(clients). */
  take(bytes: Uint8Array, start: number, length: number, hash: number, slots: number[]): number {
    const ref = this.find(bytes, start, length, hash);
    return ref === 0 ? 0 : this.takeEntry(ref, slots);
  }

  /** As `take`, for an entry of the table. */
  takeEntry(ref: Ref, slots: number[]): number {
    const { heap } = this;
    const words = heap.words(ref);
    const at = heap.offset(ref) >> 2;
    const holder = words[at + 3]!;
    let count = 1;
    if ((words[at + 2]! & HAS_GROUP) === 0) {
      slots[0] = holder;
    } else {
      const group = heap.words(holder);
      const first = heap.offset(holder) >> 2;
      count = group[first]!;
      for (let i = 0; i < count; i++) slots[i] = group[first + 1 + i]!;
      heap.free(holder);
    }
    this.items -= count;
    this.delete(ref);
    return count;
  }

  /** A step of a pass that moves blocks, from a cursor on (0 to begin with). Returns the next one, 0 at the end. */
  moveBlocks(cursor: number, mover: BlockMover): number {
    return this.moveSome(cursor, mover, {
      entry: (ref) => {
        const { heap } = this;
        const words = heap.words(ref);
        const at = heap.offset(ref) >> 2;
        if ((words[at + 2]! & HAS_GROUP) !== 0) words[at + 3] = mover.move(words[at + 3]!);
      },
    });
  }

  /** The heap that it has for itself. */
  get ownHeap(): Heap {
    return this.heap;
  }

  keyText(ref: Ref): string {
    const { heap } = this;
    const at = heap.offset(ref);
    const start = at + HEADER_BYTES;
    return toText(heap.bytes(ref), start, start + (heap.words(ref)[(at >> 2) + 2]! >>> 1));
  }

  protected entryHash(ref: Ref): number {
    return this.heap.words(ref)[(this.heap.offset(ref) >> 2) + 1]!;
  }

  private find(bytes: Uint8Array, start: number, length: number, hash: number): Ref {
    const { heap } = this;
    let ref = this.head(hash);
    while (ref !== 0) {
      const words = heap.words(ref);
      const at = heap.offset(ref) >> 2;
      if (words[at + 1] === hash && words[at + 2]! >>> 1 === length) {
        const memory = heap.bytes(ref);
        const key = (at << 2) + HEADER_BYTES;
        let i = 0;
        while (i < length && memory[key + i] === bytes[start + i]) i++;
        if (i === length) return ref;
      }
      ref = words[at]!;
    }
    return 0;
  }

  private insert(bytes: Uint8Array, start: number, length: number, hash: number, slot: number): void {
    const { heap } = this;
    const ref = heap.alloc(HEADER_BYTES + length);
    const words = heap.words(ref);
    const at = heap.offset(ref) >> 2;
    words[at + 1] = hash;
    words[at + 2] = length << 1;
    words[at + 3] = slot;
    copyBytes(bytes, start, heap.bytes(ref), (at << 2) + HEADER_BYTES, length);
    this.add(ref, hash);
  }

  private newGroup(lower: number, higher: number): Ref {
    const { heap } = this;
    const group = heap.alloc((1 + FIRST_GROUP_SLOTS) * 4);
    const words = heap.words(group);
    const at = heap.offset(group) >> 2;
    words[at] = 2;
    words[at + 1] = lower;
    words[at + 2] = higher;
    return group;
  }

  /** Returns the group, which may have moved; 0 when the slot is in it already. */
  private addToGroup(group: Ref, slot: number): Ref {
    const { heap } = this;
    const words = heap.words(group);
    const first = (heap.offset(group) >> 2) + 1;
    const count = words[first - 1]!;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (words[first + middle]! < slot) low = middle + 1;
      else high = middle;
    }
    if (low < count && words[first + low] === slot) return 0;
    const to = (count + 2) * 4 <= heap.capacity(group) ? group : this.enlarged(group, count);
    const target = heap.words(to);
    const at = heap.offset(to) >> 2;
    target.copyWithin(at + 2 + low, at + 1 + low, at + 1 + count);
    target[at + 1 + low] = slot;
    target[at] = count + 1;
    return to;
  }

  private enlarged(group: Ref, count: number): Ref {
    const { heap } = this;
    const larger = heap.alloc(heap.capacity(group) * 2);
    const from = heap.offset(group) >> 2;
    heap.words(larger).set(heap.words(group).subarray(from, from + 1 + count), heap.offset(larger) >> 2);
    heap.free(group);
    return larger;
  }
}
