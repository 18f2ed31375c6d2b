// A stream: entries in the order of their IDs, in packed nodes (stream-node.ts) that the stream knows by the ID of their
// first entry. Entries come at the end only; an entry that is deleted stays in its node until all of them are. Groups are
// in stream-group.ts, reading is StreamReader's.

import { copyBytes } from '../base/bytes.ts';
import type { BlockMover } from '../memory/block-mover.ts';
import type { BlockPass, BlockRow } from '../memory/block-pass.ts';
import { blockBytes, type Heap, MAX_SMALL_BYTES, type Ref } from '../memory/heap.ts';
import {
  PACKED_EMPTY_BYTES,
  PACKED_HEADER_BYTES,
  PACKED_MAX_BYTES,
  packedBytes,
  packedCreate,
  packedEnd,
  packedReplace,
  packedReplaceGrowth,
} from '../memory/packed.ts';
import { PackedEntry, PackedValue } from '../memory/packed-entry.ts';
import type { Arguments } from '../resp/arguments.ts';
import { IdIndex } from './id-records.ts';
import type { LargeValue } from './large-value.ts';
import { NameTable, StreamGroup } from './stream-group.ts';
import { StreamId } from './stream-id.ts';
import {
  after,
  closeNode,
  deletedEntries,
  ENTRY_FLAG,
  FIXED_ELEMENTS,
  INTEGER_BYTES,
  integerAt,
  liveEntries,
  writeInteger,
} from './stream-node.ts';
import { StreamReader } from './stream-reader.ts';

// Room that the last node may have ahead of what it holds.
const MAX_RESERVE_BYTES = 4096;
// Nodes that a step of `moveSome` looks at. Its places are those of the nodes, then so many for each group.
const MOVED_AT_ONCE = 16;
const GROUP_PLACES = 2 ** 32;

/** What the edits of streams need besides the streams, made once a keyspace. Nothing in it outlives the call. */
export class StreamScratch {
  readonly value = new PackedValue();
  readonly entry = new PackedEntry();
  readonly reader = new StreamReader();
  readonly first = new StreamId();
  readonly last = new StreamId();
  readonly id = new StreamId();
  /** For commands: the bounds of a range, an ID that a client has given, how to trim. Streams leave them alone. */
  readonly from = new StreamId();
  readonly to = new StreamId();
  readonly given = new StreamId();
  readonly trim = new Trim();
}

/** Up to which sizes entries join a node; 0 is no limit. */
export interface NodeLimits {
  readonly 'stream-node-max-bytes': number;
  readonly 'stream-node-max-entries': number;
}

/** What to cut off at the front of a stream. */
export class Trim {
  /** Leave so many entries; -1 where it is the IDs that count. */
  maxLength = -1;
  /** Leave no entry below this ID. */
  readonly minId = new StreamId();
  /** Whole nodes only. */
  isApproximate = false;
  /** The most entries to remove; 0 is no limit. */
  limit = 0;
}

export class Stream implements LargeValue, BlockRow {
  readonly heap: Heap;
  /** Entries that are not deleted. */
  length = 0;
  /** All that were ever added: an unsigned 64-bit integer. */
  entriesAdded: number | bigint = 0;
  readonly lastId = new StreamId();
  /** The first entry's; 0-0 when there is none. */
  readonly firstId = new StreamId();
  /** The greatest that XDEL has deleted. */
  readonly maxDeletedId = new StreamId();
  nodes: IdIndex;
  /** Null: there never was one. */
  groups: NameTable<StreamGroup> | null = null;
  /** Grows when anything changes its place within nodes, or nodes among each other. */
  layoutVersion = 0;
  blockPass: BlockPass | null = null;

  private readonly scratch: StreamScratch;
  // The last entry's ID, while it is known.
  private readonly lastEntry = new StreamId();
  private lastEntryIsKnown = true;
  // Up to this offset of the first node all entries are deleted, as long as the layout has this version.
  private headVersion = -1;
  private headOffset = 0;

  constructor(heap: Heap, scratch: StreamScratch) {
    this.heap = heap;
    this.scratch = scratch;
    this.nodes = new IdIndex(heap);
  }

  /**
   * Adds an entry of `count` pairs of field and value, the arguments from `first` on; false when they are too large for a
   * node. Its ID must be above `lastId`. O(1).
   */
  append(id: StreamId, args: Arguments, first: number, count: number, limits: NodeLimits): boolean {
    let texts = 0;
    let room = (FIXED_ELEMENTS + 2) * INTEGER_BYTES;
    for (let i = first, end = first + 2 * count; i < end; i++) {
      const length = args.length(i);
      texts += length;
      // The most that an element takes besides its text.
      room += length + (length < 64 ? 2 : 10);
    }
    if (texts > PACKED_MAX_BYTES) return false;
    if (this.nodes.count === 0 || this.isTailFull(texts, limits))
      this.beginNode(id, args, first, count, room);
    else this.reserve(this.nodes.count - 1, room, limits['stream-node-max-bytes']);
    this.writeEntry(id, args, first, count);
    this.length++;
    this.entriesAdded = plusOne(this.entriesAdded);
    this.lastId.set(id);
    this.lastEntry.set(id);
    this.lastEntryIsKnown = true;
    if (this.length === 1) this.firstId.set(id);
    return true;
  }

  /** The ID of the last entry; 0-0 when there is none. O(1) but for deleted entries. */
  lastEntryId(): StreamId {
    if (!this.lastEntryIsKnown) {
      const { reader, first, last } = this.scratch;
      reader.openReverse(this, first.setZero(), last.setMax());
      if (reader.previous()) this.lastEntry.set(reader.id);
      else this.lastEntry.setZero();
      this.lastEntryIsKnown = true;
    }
    return this.lastEntry;
  }

  /** Whether there is an entry with this ID. O(log n). */
  has(id: StreamId): boolean {
    const { reader } = this.scratch;
    reader.open(this, id, id);
    return reader.next();
  }

  /** Deletes an entry; false when there is none. O(log n). */
  delete(id: StreamId): boolean {
    const { reader } = this.scratch;
    reader.open(this, id, id);
    if (!reader.next()) return false;
    const { bytes, base, node } = reader;
    this.beforeChange(node);
    const live = liveEntries(bytes, base);
    if (live === 1) {
      this.removeNode(node);
    } else {
      bytes[reader.at]! |= ENTRY_FLAG.DELETED;
      this.setCounts(node, live - 1, deletedEntries(bytes, base) + 1);
    }
    this.length--;
    if (id.compare(this.maxDeletedId) > 0) this.maxDeletedId.set(id);
    if (id.equals(this.lastEntry)) this.lastEntryIsKnown = false;
    if (id.equals(this.firstId)) this.findFirstId();
    return true;
  }

  /** Cuts entries off at the front; returns how many. O(1) for each that goes. */
  trim(trim: Trim): number {
    const { maxLength, minId, limit } = trim;
    const byLength = maxLength >= 0;
    let removed = 0;
    while (this.nodes.count > 0 && this.length > maxLength) {
      const ref = this.nodes.ref(0);
      const live = liveEntries(this.heap.bytes(ref), this.heap.offset(ref));
      if (limit !== 0 && removed + live > limit) break;
      const isWhole = byLength
        ? this.length - live >= maxLength
        : this.lastIdOfFirstNode().compare(minId) < 0;
      if (!isWhole) {
        if (!trim.isApproximate) removed += this.trimFirstNode(trim);
        break;
      }
      this.removeNode(0);
      this.length -= live;
      removed += live;
    }
    if (removed > 0 || this.length === 0) this.findFirstId();
    if (this.length === 0) this.lastEntryIsKnown = false;
    return removed;
  }

  /** The ID of the first entry, deleted or not; the last ID there is when there is none. For effects. */
  firstStoredId(id: StreamId): StreamId {
    // A node is known by its first entry.
    return this.nodes.count === 0 ? id.setMax() : this.nodes.readId(0, id);
  }

  group(args: Arguments, i: number): StreamGroup | null {
    return this.groups === null ? null : this.groups.find(args.bytes, args.start(i), args.length(i));
  }

  /** Adds a group whose name is not there yet. */
  addGroup(name: Uint8Array, lastId: StreamId, entriesRead: number | bigint): StreamGroup {
    this.groups ??= new NameTable();
    const group = new StreamGroup(this.heap, name, lastId, entriesRead);
    this.groups.add(group);
    return group;
  }

  removeGroup(group: StreamGroup): void {
    this.groups!.remove(group);
    while (group.freeSome(Number.MAX_SAFE_INTEGER));
  }

  /** The bytes of node `i`: `nodeBytes(i)` from `nodeOffset(i)` on in `nodeMemory(i)`. */
  nodeMemory(i: number): Buffer {
    return this.heap.bytes(this.nodes.ref(i));
  }

  nodeOffset(i: number): number {
    return this.heap.offset(this.nodes.ref(i));
  }

  nodeBytes(i: number): number {
    return packedBytes(this.nodeMemory(i), this.nodeOffset(i));
  }

  /**
   * Adds a node that comes from outside and is sound (see isSoundNode), behind all others. The counters and IDs of the
   * stream are the caller's to set, who ends with `loaded`.
   */
  addNode(id: StreamId, bytes: Uint8Array, start: number, length: number): void {
    const ref = this.heap.alloc(length);
    copyBytes(bytes, start, this.heap.bytes(ref), this.heap.offset(ref), length);
    this.nodes.insert(this.nodes.count, id, ref);
  }

  /** All nodes are there. */
  loaded(): void {
    this.layoutVersion++;
    this.lastEntryIsKnown = false;
  }

  /** Sets `firstId` by what is there. O(1) but for deleted entries. */
  findFirstId(): void {
    if (this.length === 0) {
      this.firstId.setZero();
      return;
    }
    const { reader, last } = this.scratch;
    reader.resume(
      this,
      0,
      this.headVersion === this.layoutVersion ? this.headOffset : FIRST_ENTRY,
      last.setMax(),
    );
    if (!reader.next()) return;
    this.firstId.set(reader.id);
    if (reader.node !== 0) return;
    this.headVersion = this.layoutVersion;
    this.headOffset = reader.entryOffset;
  }

  get blocks(): BlockRow {
    return this;
  }

  get blockCount(): number {
    return this.nodes.count;
  }

  blockRef(i: number): Ref {
    return this.nodes.ref(i);
  }

  blockMemory(i: number): Buffer {
    return this.nodeMemory(i);
  }

  blockBase(i: number): number {
    return this.nodeOffset(i);
  }

  blockBytes(i: number): number {
    return this.nodeBytes(i);
  }

  get pieces(): number {
    let pieces = this.nodes.count;
    if (this.groups !== null) for (const group of this.groups.list) pieces += group.pieces;
    return pieces;
  }

  copy(): Stream {
    const copy = new Stream(this.heap, this.scratch);
    copy.length = this.length;
    copy.entriesAdded = this.entriesAdded;
    copy.lastId.set(this.lastId);
    copy.firstId.set(this.firstId);
    copy.maxDeletedId.set(this.maxDeletedId);
    const { id } = this.scratch;
    for (let i = 0; i < this.nodes.count; i++) {
      copy.addNode(this.nodes.readId(i, id), this.nodeMemory(i), this.nodeOffset(i), this.nodeBytes(i));
    }
    copy.loaded();
    if (this.groups !== null) {
      copy.groups = new NameTable();
      for (const group of this.groups.list) copy.groups.add(group.copy());
    }
    return copy;
  }

  freeSome(pieces: number): boolean {
    const { nodes } = this;
    for (; pieces > 0 && nodes.count > 0; pieces--) {
      this.heap.free(nodes.ref(nodes.count - 1));
      nodes.remove(nodes.count - 1);
    }
    if (this.groups === null) return nodes.count > 0;
    const { list } = this.groups;
    while (pieces > 0 && list.length > 0) {
      const group = list[list.length - 1]!;
      pieces -= group.pieces;
      if (!group.freeSome(Math.max(1, pieces))) list.pop();
    }
    return nodes.count > 0 || list.length > 0;
  }

  moveSome(from: number, mover: BlockMover): number {
    const { nodes } = this;
    if (from < GROUP_PLACES) {
      if (from === 0) nodes.moveOwnBlock(mover);
      nodes.moveBlocks(from, MOVED_AT_ONCE, mover);
      if (from + MOVED_AT_ONCE < nodes.count) return from + MOVED_AT_ONCE;
      from = GROUP_PLACES;
    }
    const i = Math.floor(from / GROUP_PLACES) - 1;
    const group = this.groups?.list[i];
    if (group === undefined) return 0;
    const next = group.moveSome(from % GROUP_PLACES, mover);
    return (next === 0 ? i + 2 : i + 1) * GROUP_PLACES + next;
  }

  get usedBytes(): number {
    let total = this.nodes.usedBytes;
    for (let i = 0; i < this.nodes.count; i++) total += this.heap.capacity(this.nodes.ref(i));
    if (this.groups !== null) for (const group of this.groups.list) total += group.usedBytes;
    return total;
  }

  // Whether an entry with `texts` bytes of fields and values has to begin a node; the last one then gives back what it
  // has reserved.
  private isTailFull(texts: number, limits: NodeLimits): boolean {
    const tail = this.nodes.count - 1;
    const ref = this.nodes.ref(tail);
    const bytes = this.heap.bytes(ref);
    const base = this.heap.offset(ref);
    const size = packedBytes(bytes, base);
    const maxEntries = limits['stream-node-max-entries'];
    let maxBytes = limits['stream-node-max-bytes'];
    if (maxBytes === 0 || maxBytes > PACKED_MAX_BYTES) maxBytes = PACKED_MAX_BYTES;
    if (size + texts < maxBytes) {
      if (maxEntries === 0) return false;
      if (liveEntries(bytes, base) + deletedEntries(bytes, base) < maxEntries) return false;
    }
    if (fittingBytes(size) < this.heap.capacity(ref)) this.moveNode(tail, size);
    return true;
  }

  // A node with its master entry, made of the fields of the first entry, and room for that.
  private beginNode(id: StreamId, args: Arguments, first: number, count: number, room: number): void {
    let fieldsRoom = 0;
    for (let i = first, end = first + 2 * count; i < end; i += 2)
      fieldsRoom += args.length(i) + INTEGER_BYTES;
    const ref = this.heap.alloc(PACKED_EMPTY_BYTES + 4 * INTEGER_BYTES + fieldsRoom + room);
    const bytes = this.heap.bytes(ref);
    const base = this.heap.offset(ref);
    const { value } = this.scratch;
    packedCreate(bytes, base);
    let p = writeInteger(bytes, base + PACKED_HEADER_BYTES, 0, 0);
    p = writeInteger(bytes, p, 0, 0);
    p = writeInteger(bytes, p, 0, count);
    for (let i = first, end = first + 2 * count; i < end; i += 2) {
      p = value.setBytes(args.bytes, args.start(i), args.length(i)).write(bytes, p);
    }
    p = writeInteger(bytes, p, 0, 0);
    closeNode(bytes, base, p, FIXED_ELEMENTS + count + 1);
    this.nodes.insert(this.nodes.count, id, ref);
  }

  // Writes an entry behind all others of the last node, which has the room.
  private writeEntry(id: StreamId, args: Arguments, first: number, count: number): void {
    const tail = this.nodes.count - 1;
    this.beforeChange(tail);
    const ref = this.nodes.ref(tail);
    const bytes = this.heap.bytes(ref);
    const base = this.heap.offset(ref);
    const { value } = this.scratch;
    const master = this.nodes.readId(tail, this.scratch.id);
    const same = this.hasMasterFields(bytes, base, args, first, count);
    const flags = same ? ENTRY_FLAG.SAME_FIELDS : 0;
    let p = writeInteger(bytes, base + packedEnd(bytes, base), 0, flags);
    let difference = (id.msLow >>> 0) - (master.msLow >>> 0);
    p = writeInteger(bytes, p, (id.msHigh - master.msHigh - (difference < 0 ? 1 : 0)) | 0, difference | 0);
    difference = (id.seqLow >>> 0) - (master.seqLow >>> 0);
    p = writeInteger(bytes, p, (id.seqHigh - master.seqHigh - (difference < 0 ? 1 : 0)) | 0, difference | 0);
    if (!same) p = writeInteger(bytes, p, 0, count);
    for (let i = first, end = first + 2 * count; i < end; i += 2) {
      if (!same) p = value.setBytes(args.bytes, args.start(i), args.length(i)).write(bytes, p);
      p = value.setBytes(args.bytes, args.start(i + 1), args.length(i + 1)).write(bytes, p);
    }
    const elements = FIXED_ELEMENTS + (same ? count : 2 * count + 1);
    p = writeInteger(bytes, p, 0, elements);
    closeNode(bytes, base, p, elements + 1);
    this.setCounts(tail, liveEntries(bytes, base) + 1, -1);
  }

  private hasMasterFields(
    bytes: Uint8Array,
    base: number,
    args: Arguments,
    first: number,
    count: number,
  ): boolean {
    let p = after(bytes, after(bytes, base + PACKED_HEADER_BYTES));
    if (integerAt(bytes, p) !== count) return false;
    p = after(bytes, p);
    const { value } = this.scratch;
    for (let i = first, end = first + 2 * count; i < end; i += 2) {
      if (!value.setBytes(args.bytes, args.start(i), args.length(i)).equalsAt(bytes, p)) return false;
      p = after(bytes, p);
    }
    return true;
  }

  // Marks entries of the first node as deleted; returns how many. Exact trimming goes no further than one node.
  private trimFirstNode({ maxLength, minId }: Trim): number {
    this.beforeChange(0);
    const { reader, last } = this.scratch;
    reader.resume(
      this,
      0,
      this.headVersion === this.layoutVersion ? this.headOffset : FIRST_ENTRY,
      last.setMax(),
    );
    let removed = 0;
    while (this.length > maxLength && reader.next() && reader.node === 0) {
      if (maxLength < 0 && reader.id.compare(minId) >= 0) break;
      reader.bytes[reader.at]! |= ENTRY_FLAG.DELETED;
      if (reader.id.equals(this.lastEntry)) this.lastEntryIsKnown = false;
      removed++;
      this.length--;
    }
    if (removed === 0) return 0;
    const bytes = this.nodeMemory(0);
    const base = this.nodeOffset(0);
    this.setCounts(0, liveEntries(bytes, base) - removed, deletedEntries(bytes, base) + removed);
    return removed;
  }

  // The ID of the last entry of the first node, deleted or not.
  private lastIdOfFirstNode(): StreamId {
    const { reader, last } = this.scratch;
    return reader.openLastOf(this, 0) ? reader.id : last.setZero();
  }

  // The counters of a node's master entry; -1 leaves the second as it is.
  private setCounts(node: number, live: number, deleted: number): void {
    const bytes = this.nodeMemory(node);
    const at = this.nodeOffset(node) + PACKED_HEADER_BYTES;
    if (live < 0x80 && bytes[at]! < 0x80) bytes[at] = live;
    else this.replaceInteger(node, PACKED_HEADER_BYTES, live);
    if (deleted < 0) return;
    const memory = this.nodeMemory(node);
    const second = after(memory, this.nodeOffset(node) + PACKED_HEADER_BYTES);
    if (deleted < 0x80 && memory[second]! < 0x80) memory[second] = deleted;
    else this.replaceInteger(node, second - this.nodeOffset(node), deleted);
  }

  private replaceInteger(node: number, at: number, integer: number): void {
    const value = this.scratch.value.setInteger(integer);
    const growth = packedReplaceGrowth(this.nodeMemory(node), this.nodeOffset(node), at, value);
    if (growth > 0) this.reserve(node, growth, 0);
    packedReplace(this.nodeMemory(node), this.nodeOffset(node), at, value);
    if (growth !== 0) this.layoutVersion++;
  }

  private beforeChange(node: number): void {
    if (this.blockPass !== null) this.blockPass.beforeChange(node);
  }

  // Makes room for `more` bytes in a node. It takes some ahead: twice what it has, up to what Redis reserves, above that
  // an eighth. What is too much goes back when the node is full.
  private reserve(node: number, more: number, maxBytes: number): void {
    const ref = this.nodes.ref(node);
    const size = packedBytes(this.heap.bytes(ref), this.heap.offset(ref));
    const needed = size + more;
    if (needed <= this.heap.capacity(ref)) return;
    const most = maxBytes > 0 && maxBytes < MAX_RESERVE_BYTES ? maxBytes : MAX_RESERVE_BYTES;
    const ahead = needed <= most ? Math.min(2 * size, most) : needed + (needed >> 3);
    this.moveNode(node, Math.max(needed, ahead));
  }

  private moveNode(node: number, room: number): void {
    this.beforeChange(node);
    const { heap, nodes } = this;
    const from = nodes.ref(node);
    const to = heap.alloc(room);
    const base = heap.offset(from);
    const size = packedBytes(heap.bytes(from), base);
    copyBytes(heap.bytes(from), base, heap.bytes(to), heap.offset(to), size);
    heap.free(from);
    nodes.setRef(node, to);
  }

  private removeNode(node: number): void {
    this.beforeChange(node);
    this.heap.free(this.nodes.ref(node));
    this.nodes.remove(node);
    this.layoutVersion++;
  }
}

// For `StreamReader.resume`: from the first entry of the node on.
const FIRST_ENTRY = -1;

function fittingBytes(bytes: number): number {
  return bytes > MAX_SMALL_BYTES ? Math.ceil(bytes / 8) * 8 : blockBytes(bytes);
}

function plusOne(count: number | bigint): number | bigint {
  if (typeof count === 'number' && count < Number.MAX_SAFE_INTEGER) return count + 1;
  return BigInt.asUintN(64, BigInt(count) + 1n);
}
