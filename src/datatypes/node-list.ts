// A large list: a row of nodes in the heap, each a packed block of several elements or, for elements that are too large,
// a plain one. Which node an element goes to, when nodes are split and when merged follow Redis, so that a list takes as
// many nodes, of the same bytes, as there: DEBUG OBJECT, DUMP and RDB files show them.
//
// Elements are added and taken at the head without moving the others: the block of the first node (and only that) may
// begin some way into its memory.

import type { BlockMover } from '../memory/block-mover.ts';
import type { BlockPass, BlockRow } from '../memory/block-pass.ts';
import { blockBytes, type Heap, MAX_SMALL_BYTES, type Ref } from '../memory/heap.ts';
import {
  PACKED_EMPTY_BYTES,
  PACKED_HEADER_BYTES,
  packedAppend,
  packedAppendAll,
  packedCreate,
  packedDeleteEqual,
  packedDeleteRange,
  packedDropFirst,
  packedEnd,
  packedEntryBytes,
  packedInsert,
  packedLast,
  packedLength,
  packedPrepend,
  packedReplace,
  packedReplaceGrowth,
  packedSeek,
  packedSplit,
} from '../memory/packed.ts';
import type { PackedEntry, PackedValue } from '../memory/packed-entry.ts';
import { RefDeque } from '../memory/ref-deque.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import type { LargeValue } from './large-value.ts';
import {
  exceedsNodeLimit,
  exceedsWithElement,
  isPlainNode,
  nodeBlockBytes,
  nodeBytes,
  nodeLength,
  PLAIN_HEADER_BYTES,
  plainNodeEquals,
  writePlainNode,
} from './list-node.ts';
import { replyEntries } from './packed-reply.ts';

// What the objects of a list take on the JavaScript heap, about.
const OBJECT_BYTES = 240;
const MIN_NODE_LIMIT = -5;
const MAX_NODE_LIMIT = 32767;
const MAX_COMPRESS_DEPTH = 65535;
// A node above a small block grows in larger steps, up to the largest that a limit in bytes allows.
const LARGEST_STEPPED_BYTES = 65536;
// Nodes that a step of `moveSome` looks at.
const MOVED_AT_ONCE = 16;

export class NodeList implements LargeValue, BlockRow {
  /** How many elements there are. */
  length = 0;
  /** `list-max-listpack-size` and `list-compress-depth` when the list was made, which it keeps. */
  readonly nodeLimit: number;
  readonly compressDepth: number;
  blockPass: BlockPass | null = null;

  private readonly heap: Heap;
  private readonly nodes: RefDeque;
  // How far into its memory the first node begins.
  private headGap = 0;
  // What `locate` has found within the node.
  private foundIndex = 0;

  constructor(heap: Heap, nodeLimit: number, compressDepth: number) {
    this.heap = heap;
    this.nodeLimit = Math.max(MIN_NODE_LIMIT, Math.min(nodeLimit, MAX_NODE_LIMIT));
    this.compressDepth = Math.min(compressDepth, MAX_COMPRESS_DEPTH);
    this.nodes = new RefDeque(heap);
    heap.tableBytes += OBJECT_BYTES;
  }

  get blocks(): BlockRow {
    return this;
  }

  get blockCount(): number {
    return this.nodes.length;
  }

  blockRef(i: number): Ref {
    return this.nodes.get(i);
  }

  blockMemory(i: number): Buffer {
    return this.memory(i);
  }

  blockBase(i: number): number {
    return this.base(i);
  }

  blockBytes(i: number): number {
    return nodeBlockBytes(this.memory(i), this.base(i));
  }

  get nodeCount(): number {
    return this.nodes.length;
  }

  get pieces(): number {
    return this.nodes.length;
  }

  /** O(nodes). */
  get usedBytes(): number {
    let total = OBJECT_BYTES + this.nodes.bytes;
    for (let i = 0; i < this.nodes.length; i++) total += this.heap.capacity(this.nodes.get(i));
    return total;
  }

  copy(): NodeList {
    const copy = new NodeList(this.heap, this.nodeLimit, this.compressDepth);
    for (let i = 0; i < this.nodes.length; i++) copy.appendBlock(this.memory(i), this.base(i));
    copy.length = this.length;
    return copy;
  }

  freeSome(pieces: number): boolean {
    for (; pieces > 0 && this.nodes.length > 0; pieces--) {
      const last = this.nodes.length - 1;
      this.heap.free(this.nodes.get(last));
      this.nodes.remove(last, 1);
    }
    if (this.nodes.length > 0) return true;
    this.nodes.release();
    this.heap.tableBytes -= OBJECT_BYTES;
    return false;
  }

  moveSome(from: number, mover: BlockMover): number {
    const { nodes } = this;
    const end = Math.min(nodes.length, from + MOVED_AT_ONCE);
    for (let i = from; i < end; i++) {
      const before = nodes.get(i);
      const ref = mover.move(before);
      if (ref !== before) nodes.set(i, ref);
    }
    return end < nodes.length ? end : 0;
  }

  /** The memory that a node lies in, from `base` on (see list-node.ts for what is there). */
  memory(node: number): Buffer {
    return this.heap.bytes(this.nodes.get(node));
  }

  base(node: number): number {
    const offset = this.heap.offset(this.nodes.get(node));
    return node === 0 ? offset + this.headGap : offset;
  }

  isPlain(node: number): boolean {
    return isPlainNode(this.memory(node), this.base(node));
  }

  /** Finds the node of the element with that index (below `length`): returns it and leaves the rest in `indexInNode`. */
  locate(index: number): number {
    const { nodes } = this;
    if (index * 2 < this.length) {
      let node = 0;
      for (; node < nodes.length; node++) {
        const count = this.lengthOf(node);
        if (index < count) break;
        index -= count;
      }
      this.foundIndex = index;
      return node;
    }
    let node = nodes.length - 1;
    let behind = this.length - index;
    for (; node >= 0; node--) {
      const count = this.lengthOf(node);
      if (behind <= count) {
        this.foundIndex = count - behind;
        break;
      }
      behind -= count;
    }
    return node;
  }

  /** Which element of its node `locate` has found. */
  get indexInNode(): number {
    return this.foundIndex;
  }

  /** Adds an element at the head; one of `plainFrom` bytes and more gets a node of its own. O(1). */
  pushHead(value: PackedValue, plainFrom: number): void {
    if (value.length >= plainFrom) this.insertPlain(0, value);
    else if (this.takes(0, value)) this.prepend(value);
    else this.insertNode(0, value);
    this.length++;
  }

  /** Adds an element at the tail, as `pushHead`. O(1). */
  pushTail(value: PackedValue, plainFrom: number): void {
    const last = this.nodes.length - 1;
    if (value.length >= plainFrom) this.insertPlain(last + 1, value);
    else if (this.takes(last, value)) this.append(last, value);
    else this.insertNode(last + 1, value);
    this.length++;
  }

  /** Deletes the first element. O(1). */
  dropFirst(): void {
    this.length--;
    this.beforeChange(0);
    const memory = this.memory(0);
    const base = this.base(0);
    if (nodeLength(memory, base) === 1) {
      this.removeNode(0);
      return;
    }
    this.headGap += packedDropFirst(memory, base) - base;
    this.shrink(0, false);
  }

  /** Deletes the last element. O(1). */
  dropLast(): void {
    this.length--;
    const last = this.nodes.length - 1;
    this.beforeChange(last);
    const memory = this.memory(last);
    const base = this.base(last);
    if (nodeLength(memory, base) === 1) {
      this.removeNode(last);
      return;
    }
    packedDeleteRange(memory, base, packedLast(memory, base), 1);
    this.shrink(last, false);
  }

  /** Deletes `count` elements (1 at least) from the index on; all of them must exist. O(nodes). */
  deleteRange(index: number, count: number): void {
    let node = this.locate(index);
    this.length -= count;
    if (this.foundIndex > 0) count -= this.deleteWithin(node++, this.foundIndex, count);
    const from = node;
    for (; count > 0; node++) {
      const length = this.lengthOf(node);
      if (count < length) break;
      this.beforeChange(node);
      this.heap.free(this.nodes.get(node));
      count -= length;
    }
    if (node > from) {
      if (from === 0) this.headGap = 0;
      this.nodes.remove(from, node - from);
    }
    if (count > 0) this.deleteWithin(from, 0, count);
  }

  /** Deletes up to `max` elements that equal `value` and returns how many there were. O(n). */
  deleteEqual(value: PackedValue, max: number, fromTail: boolean): number {
    const { nodes } = this;
    this.closeHeadGap();
    let deleted = 0;
    let emptied = false;
    for (let i = 0; i < nodes.length && deleted < max; i++) {
      const node = fromTail ? nodes.length - 1 - i : i;
      this.beforeChange(node);
      const memory = this.memory(node);
      const base = this.base(node);
      const length = nodeLength(memory, base);
      const found = isPlainNode(memory, base)
        ? Number(plainNodeEquals(memory, base, value))
        : packedDeleteEqual(memory, base, value, max - deleted, fromTail);
      if (found === 0) continue;
      deleted += found;
      if (found < length) {
        this.shrink(node, true);
      } else {
        this.heap.free(nodes.get(node));
        nodes.set(node, 0);
        emptied = true;
      }
    }
    if (emptied) nodes.removeZeros();
    this.length -= deleted;
    return deleted;
  }

  /** Puts `value` in the place of the element at `at` of a node. */
  replace(node: number, at: number, value: PackedValue, plainFrom: number): void {
    const isLarge = value.length >= plainFrom;
    if (!this.isPlain(node)) {
      if (isLarge) this.replaceByPlain(node, at, value);
      else this.replaceWithin(node, at, value);
      return;
    }
    if (isLarge) this.insertPlain(node + 1, value);
    else if (this.takes(node + 1, value)) this.insertWithin(node + 1, PACKED_HEADER_BYTES, value);
    else this.insertNode(node + 1, value);
    this.removeNode(node);
  }

  /** Inserts `value` right before or `after` the element at `at` of a node. */
  insert(node: number, at: number, after: boolean, value: PackedValue, plainFrom: number): void {
    this.length++;
    const memory = this.memory(node);
    const base = this.base(node);
    const isPlain = isPlainNode(memory, base);
    const place = after && !isPlain ? at + packedEntryBytes(memory, base, at) : at;
    const isEdge = isPlain || (after ? place === packedEnd(memory, base) : place === PACKED_HEADER_BYTES);
    const beside = after ? node + 1 : node;
    const neighbour = after ? node + 1 : node - 1;
    if (value.length >= plainFrom) {
      if (!isEdge) this.split(node, place);
      this.insertPlain(isEdge ? beside : node + 1, value);
    } else if (this.takes(node, value)) {
      this.insertWithin(node, place, value);
    } else if (isEdge && this.takes(neighbour, value)) {
      if (after) this.insertWithin(neighbour, PACKED_HEADER_BYTES, value);
      else this.append(neighbour, value);
    } else if (isEdge) {
      this.insertNode(beside, value);
    } else {
      this.split(node, place);
      if (after) this.insertWithin(node + 1, PACKED_HEADER_BYTES, value);
      else this.append(node, value);
      this.mergeAround(after ? node : node + 1);
    }
  }

  /** Writes `count` elements from the index on, all of which must exist, as bulk strings. */
  reply(reply: ReplyWriter, index: number, count: number, reader: PackedEntry): void {
    let node = this.locate(index);
    let skipped = this.foundIndex;
    for (; count > 0; node++) {
      const memory = this.memory(node);
      const base = this.base(node);
      if (isPlainNode(memory, base)) {
        reply.bulk(memory, base + PLAIN_HEADER_BYTES, nodeBytes(memory, base));
        count--;
      } else {
        const at = base + packedSeek(memory, base, skipped);
        count -= replyEntries(reply, memory, at, count, reader);
      }
      skipped = 0;
    }
  }

  /** Appends a node with the entries of a packed block that is not empty. */
  appendPacked(bytes: Uint8Array, base: number): void {
    this.appendBlock(bytes, base);
    this.length += packedLength(bytes, base);
  }

  /** Appends an element with a node of its own, whatever its size. */
  appendPlain(bytes: Uint8Array, start: number, length: number): void {
    this.insertPlainBytes(this.nodes.length, bytes, start, length);
    this.length++;
  }

  private beforeChange(node: number): void {
    if (this.blockPass !== null) this.blockPass.beforeChange(node);
  }

  private lengthOf(node: number): number {
    return nodeLength(this.memory(node), this.base(node));
  }

  // Whether there is such a node and an element of that length may be added to it.
  private takes(node: number, value: PackedValue): boolean {
    if (node < 0 || node >= this.nodes.length) return false;
    const memory = this.memory(node);
    const base = this.base(node);
    if (isPlainNode(memory, base)) return false;
    const count = packedLength(memory, base);
    return !exceedsWithElement(this.nodeLimit, nodeBytes(memory, base), count, value.length);
  }

  private prepend(value: PackedValue): void {
    this.beforeChange(0);
    this.makeGap(value.entryBytes);
    packedPrepend(this.memory(0), this.base(0), value);
    this.headGap -= value.entryBytes;
  }

  private append(node: number, value: PackedValue): void {
    this.beforeChange(node);
    this.makeRoom(node, value.entryBytes);
    packedAppend(this.memory(node), this.base(node), value);
  }

  private insertWithin(node: number, at: number, value: PackedValue): void {
    this.beforeChange(node);
    this.makeRoom(node, value.entryBytes);
    packedInsert(this.memory(node), this.base(node), at, value);
  }

  private replaceWithin(node: number, at: number, value: PackedValue): void {
    this.beforeChange(node);
    const growth = packedReplaceGrowth(this.memory(node), this.base(node), at, value);
    if (growth > 0) this.makeRoom(node, growth);
    packedReplace(this.memory(node), this.base(node), at, value);
    if (growth < 0) this.shrink(node, true);
  }

  // The element goes behind the one that it replaces, which is then the last of its node.
  private replaceByPlain(node: number, at: number, value: PackedValue): void {
    const memory = this.memory(node);
    const base = this.base(node);
    const next = at + packedEntryBytes(memory, base, at);
    if (next !== packedEnd(memory, base)) this.split(node, next);
    this.insertPlain(node + 1, value);
    const length = this.lengthOf(node);
    if (length === 1) this.removeNode(node);
    else this.deleteWithin(node, length - 1, 1);
  }

  // Deletes up to `count` elements of a node, which keeps some, and returns how many.
  private deleteWithin(node: number, index: number, count: number): number {
    this.beforeChange(node);
    const memory = this.memory(node);
    const base = this.base(node);
    const deleted = packedDeleteRange(memory, base, packedSeek(memory, base, index), count);
    this.shrink(node, true);
    return deleted;
  }

  private insertNode(node: number, value: PackedValue): void {
    const ref = this.heap.alloc(PACKED_EMPTY_BYTES + value.entryBytes);
    const memory = this.heap.bytes(ref);
    const base = this.heap.offset(ref);
    packedCreate(memory, base);
    packedAppend(memory, base, value);
    this.insertRef(node, ref);
  }

  private insertPlain(node: number, value: PackedValue): void {
    this.insertPlainBytes(node, value.source, value.start, value.length);
  }

  private insertPlainBytes(node: number, bytes: Uint8Array, start: number, length: number): void {
    const ref = this.heap.alloc(PLAIN_HEADER_BYTES + length);
    writePlainNode(this.heap.bytes(ref), this.heap.offset(ref), bytes, start, length);
    this.insertRef(node, ref);
  }

  private appendBlock(bytes: Uint8Array, base: number): void {
    const size = nodeBlockBytes(bytes, base);
    const ref = this.heap.alloc(size);
    this.heap.bytes(ref).set(bytes.subarray(base, base + size), this.heap.offset(ref));
    this.insertRef(this.nodes.length, ref);
  }

  private insertRef(node: number, ref: Ref): void {
    if (node === 0) this.closeHeadGap();
    this.nodes.insert(node, ref);
  }

  private removeNode(node: number): void {
    this.beforeChange(node);
    this.heap.free(this.nodes.get(node));
    this.nodes.remove(node, 1);
    if (node === 0) this.headGap = 0;
  }

  // Makes two nodes of one: entries from `at` on go into a node behind it. Neither may become empty.
  private split(node: number, at: number): void {
    this.beforeChange(node);
    const memory = this.memory(node);
    const base = this.base(node);
    const ref = this.heap.alloc(PACKED_HEADER_BYTES + nodeBytes(memory, base) - at);
    packedSplit(memory, base, at, this.heap.bytes(ref), this.heap.offset(ref));
    this.shrink(node, true);
    this.nodes.insert(node + 1, ref);
  }

  // After a split: the two nodes before, the two behind, then the node with those beside it, wherever both fit into one.
  private mergeAround(node: number): void {
    if (this.mergeWithNext(node - 2)) node--;
    this.mergeWithNext(node + 1);
    if (this.mergeWithNext(node - 1)) node--;
    this.mergeWithNext(node);
  }

  private mergeWithNext(node: number): boolean {
    if (node < 0 || node + 1 >= this.nodes.length) return false;
    if (this.isPlain(node) || this.isPlain(node + 1)) return false;
    const next = this.memory(node + 1);
    const nextBase = this.base(node + 1);
    const more = nodeBytes(next, nextBase) - PACKED_EMPTY_BYTES;
    const bytes = nodeBytes(this.memory(node), this.base(node)) + more;
    if (exceedsNodeLimit(this.nodeLimit, bytes, this.lengthOf(node) + this.lengthOf(node + 1))) return false;
    this.beforeChange(node);
    this.makeRoom(node, more);
    packedAppendAll(this.memory(node), this.base(node), next, nextBase);
    this.removeNode(node + 1);
    return true;
  }

  // Makes room for a packed block to grow by `more` bytes at its end.
  private makeRoom(node: number, more: number): void {
    const ref = this.nodes.get(node);
    const gap = node === 0 ? this.headGap : 0;
    const needed = nodeBytes(this.heap.bytes(ref), this.heap.offset(ref) + gap) + more;
    const capacity = this.heap.capacity(ref);
    if (gap + needed <= capacity) return;
    if (needed > capacity) this.moveNode(node, needed, false);
    else this.closeHeadGap();
  }

  // Makes room for the first block to begin `more` bytes earlier: all the room that there is, so that it lasts.
  private makeGap(more: number): void {
    if (this.headGap >= more) return;
    const memory = this.memory(0);
    const base = this.base(0);
    const size = nodeBlockBytes(memory, base);
    const capacity = this.heap.capacity(this.nodes.get(0));
    if (size + more > capacity) {
      this.moveNode(0, size + more, true);
      return;
    }
    const gap = capacity - size;
    memory.copyWithin(base - this.headGap + gap, base, base + size);
    this.headGap = gap;
  }

  private closeHeadGap(): void {
    if (this.headGap === 0) return;
    this.beforeChange(0);
    const memory = this.memory(0);
    const base = this.base(0);
    memory.copyWithin(base - this.headGap, base, base + nodeBlockBytes(memory, base));
    this.headGap = 0;
  }

  // Moves a node into another block with room for `bytes`, to its beginning or (the first node only) to its end.
  private moveNode(node: number, bytes: number, toEnd: boolean): void {
    const { heap } = this;
    const ref = this.nodes.get(node);
    const memory = this.memory(node);
    const base = this.base(node);
    const size = nodeBlockBytes(memory, base);
    const to = heap.alloc(
      bytes <= MAX_SMALL_BYTES
        ? bytes
        : Math.max(bytes, Math.min(bytes + (bytes >> 2), LARGEST_STEPPED_BYTES)),
    );
    const gap = toEnd ? heap.capacity(to) - size : 0;
    heap.bytes(to).set(new Uint8Array(memory.buffer, memory.byteOffset + base, size), heap.offset(to) + gap);
    heap.free(ref);
    this.nodes.set(node, to);
    if (node === 0) this.headGap = gap;
  }

  // Gives back what a node needs no longer: at once when `exactly`, else when it is more than half of its block.
  private shrink(node: number, exactly: boolean): void {
    const size = nodeBlockBytes(this.memory(node), this.base(node));
    const capacity = this.heap.capacity(this.nodes.get(node));
    if (exactly ? roundedBytes(size) < capacity : size * 2 <= capacity && capacity > MIN_SHRUNK_BYTES) {
      this.moveNode(node, size, false);
    }
  }
}

// Blocks of so many bytes are not worth moving.
const MIN_SHRUNK_BYTES = 64;

function roundedBytes(size: number): number {
  return size > MAX_SMALL_BYTES ? Math.ceil(size / 8) * 8 : blockBytes(size);
}
