// A hash table of byte strings alone, in a Heap: the members of a large set. It is a Dict without what a member has no
// use for – value, meta, deadline, most of the hash – because the size of a large set is the size of its headers: a
// member of 20 bytes fits a block of 32, one of 8 bytes a block of 16.
//
// A member's block, in 32-bit words, then bytes:
//   0 next member of the bucket · 1 upper half of the hash << 16 | length · bytes
// Blocks too long for that (large ones) have: 1 hash · 2 length · bytes
// The bits that are kept are not those that choose the bucket: these are the same for all members of a chain. The whole
// hash is computed again where it is needed, which only moving a member to another bucket is.

import { copyBytes, toText } from '../base/bytes.ts';
import { hashBytes } from '../base/hash.ts';
import { ChainedTable } from './chained-table.ts';
import { MAX_SMALL_BYTES, type Ref } from './heap.ts';

const HEADER_BYTES = 8;
const LARGE_HEADER_BYTES = 12;
const LENGTH_MASK = 0xffff;
// While a table grows there are two of them, which for members as small as these is a good part of the whole: it is done
// with sooner than others are, though not at once.
const FURTHER_BUCKETS = 6;
const KEPT_HASH_MASK = ~LENGTH_MASK;

export class MemberTable extends ChainedTable {
  /** The entry of a member, or 0. O(1). */
  find(bytes: Uint8Array, start: number, length: number, hash: number): Ref {
    const { heap } = this;
    if (length > MAX_SMALL_BYTES - HEADER_BYTES) return this.findLarge(bytes, start, length, hash);
    const header = (hash & KEPT_HASH_MASK) | length;
    let ref = this.head(hash);
    while (ref !== 0) {
      const words = heap.words(ref);
      const at = heap.offset(ref) >> 2;
      if (words[at + 1] === header && ref > 0) {
        const memory = heap.bytes(ref);
        const member = (at << 2) + HEADER_BYTES;
        let i = 0;
        while (i < length && memory[member + i] === bytes[start + i]) i++;
        if (i === length) return ref;
      }
      ref = words[at]!;
    }
    return 0;
  }

  /** Adds a member that is not present. `bytes` may lie in the heap. O(1). */
  insert(bytes: Uint8Array, start: number, length: number, hash: number): Ref {
    const { heap } = this;
    const isLarge = HEADER_BYTES + length > MAX_SMALL_BYTES;
    const headerBytes = isLarge ? LARGE_HEADER_BYTES : HEADER_BYTES;
    const ref = heap.alloc(headerBytes + length);
    const words = heap.words(ref);
    const at = heap.offset(ref) >> 2;
    if (isLarge) {
      words[at + 1] = hash;
      words[at + 2] = length;
    } else {
      words[at + 1] = (hash & KEPT_HASH_MASK) | length;
    }
    copyBytes(bytes, start, heap.bytes(ref), (at << 2) + headerBytes, length);
    this.add(ref, hash);
    if (this.isRehashing) this.owe(FURTHER_BUCKETS);
    return ref;
  }

  /** The memory that a member lies in, from `keyOffset(ref)` on for `keyLength(ref)` bytes. */
  keyMemory(ref: Ref): Buffer {
    return this.heap.bytes(ref);
  }

  keyOffset(ref: Ref): number {
    return ref > 0 ? this.heap.offset(ref) + HEADER_BYTES : LARGE_HEADER_BYTES;
  }

  keyLength(ref: Ref): number {
    const words = this.heap.words(ref);
    return ref > 0 ? words[(this.heap.offset(ref) >> 2) + 1]! & LENGTH_MASK : words[2]!;
  }

  keyText(ref: Ref): string {
    const start = this.keyOffset(ref);
    return toText(this.heap.bytes(ref), start, start + this.keyLength(ref));
  }

  /** A table of its own with the same members. O(n). */
  copy(): MemberTable {
    const copy = new MemberTable(this.heap, this.seed);
    copy.reserve(this.size);
    this.visitAll((ref) => {
      copy.insert(this.keyMemory(ref), this.keyOffset(ref), this.keyLength(ref), this.entryHash(ref));
    });
    return copy;
  }

  /** The bytes of all entries and of the tables. O(n). */
  get usedBytes(): number {
    let total = this.tableBytes;
    this.visitAll((ref) => {
      total += this.heap.capacity(ref);
    });
    return total;
  }

  protected entryHash(ref: Ref): number {
    const { heap } = this;
    if (ref < 0) return heap.words(ref)[1]!;
    const at = heap.offset(ref);
    const length = heap.words(ref)[(at >> 2) + 1]! & LENGTH_MASK;
    return hashBytes(heap.bytes(ref), at + HEADER_BYTES, length, this.seed);
  }

  // The bucket has the bits that are not kept, once there are as many buckets as they can tell apart.
  protected override hashInBucket(ref: Ref, bucket: number, mask: number): number {
    if (ref < 0 || mask < LENGTH_MASK) return this.entryHash(ref);
    const { heap } = this;
    const kept = heap.words(ref)[(heap.offset(ref) >> 2) + 1]! & KEPT_HASH_MASK;
    return kept | (bucket & LENGTH_MASK);
  }

  private findLarge(bytes: Uint8Array, start: number, length: number, hash: number): Ref {
    const { heap } = this;
    for (let ref = this.head(hash); ref !== 0; ref = this.next(ref)) {
      if (ref > 0) continue;
      const words = heap.words(ref);
      if (words[1] !== hash || words[2] !== length) continue;
      const memory = heap.bytes(ref);
      const member = memory.subarray(LARGE_HEADER_BYTES, LARGE_HEADER_BYTES + length);
      if (member.equals(bytes.subarray(start, start + length))) return ref;
    }
    return 0;
  }
}
