// Reads the entries of a stream between two IDs, in order or backwards, deleted ones left out. One reader is used again
// and again; it stands on one entry at a time and makes no object. Nothing may have changed in the stream between two
// steps, but for entries that were added behind.

import type { Heap } from '../memory/heap.ts';
import { PACKED_HEADER_BYTES, packedEnd } from '../memory/packed.ts';
import type { PackedEntry } from '../memory/packed-entry.ts';
import type { IdIndex } from './id-records.ts';
import { StreamId } from './stream-id.ts';
import {
  after,
  afterAll,
  before,
  ENTRY_FLAG,
  highHalfAt,
  integerAt,
  liveEntries,
  lowHalfAt,
} from './stream-node.ts';

/** What a reader has to know of a stream. */
export interface StreamNodes {
  readonly heap: Heap;
  readonly nodes: IdIndex;
}

export class StreamReader {
  /** The present entry. */
  readonly id = new StreamId();
  /** How many pairs of field and value it has. */
  fields = 0;
  flags = 0;
  /** The memory that the entry's node is in, and where the node begins. */
  bytes: Buffer = NO_BYTES;
  base = 0;
  /** Where the entry begins in `bytes`, and where its fields and values do. */
  at = 0;
  dataAt = 0;
  /** Where the master fields begin. */
  masterAt = 0;
  /** The place of the node in the stream. */
  node = 0;

  private stream: StreamNodes | null = null;
  private readonly master = new StreamId();
  private masterFields = 0;
  private readonly first = new StreamId();
  private readonly last = new StreamId();
  // Entries before `first` are still to be passed over.
  private seeking = false;
  // Where the next entry begins, or one of the two constants below; backwards: where the last one that was read begins.
  private nextAt = 0;
  private end = 0;

  /** Stands before the first entry from `first` on; `next` reads no further than to `last`. O(log n). */
  open(stream: StreamNodes, first: StreamId, last: StreamId): void {
    this.begin(stream, first, last);
    this.seeking = !first.isZero;
    this.openNode(Math.max(0, stream.nodes.findLast(first)));
  }

  /** Stands behind the last entry up to `last`; `previous` reads no further than to `first`. O(log n). */
  openReverse(stream: StreamNodes, first: StreamId, last: StreamId): void {
    this.begin(stream, first, last);
    this.openNode(stream.nodes.findLast(last));
    this.nextAt = this.end;
  }

  /** Stands before the entry at `offset` of a node (-1: the first), to read all from there on up to `last`. O(1). */
  resume(stream: StreamNodes, node: number, offset: number, last: StreamId): void {
    this.begin(stream, this.first, last);
    this.openNode(node);
    if (offset >= 0) this.nextAt = this.base + offset;
  }

  /** Stands on the last entry of a node, deleted or not; false when the node has none. O(1). */
  openLastOf(stream: StreamNodes, node: number): boolean {
    this.begin(stream, this.first, this.last);
    this.openNode(node);
    this.nextAt = this.end;
    return this.readBefore();
  }

  /** The offset within the node of what follows the present entry: where `resume` goes on. */
  get offset(): number {
    return (this.nextAt === BEHIND ? this.behind() : this.nextAt) - this.base;
  }

  /** The offset of the present entry within its node. */
  get entryOffset(): number {
    return this.at - this.base;
  }

  get hasMasterFields(): boolean {
    return (this.flags & ENTRY_FLAG.SAME_FIELDS) !== 0;
  }

  /** Goes to the next entry; false at the end. O(1) but for deleted entries and the first step. */
  next(): boolean {
    const { count } = this.stream!.nodes;
    while (this.node < count) {
      const found = this.nextInNode();
      if (found !== NODE_ENDS) return found === FOUND;
      this.openNode(this.node + 1);
    }
    return false;
  }

  /** Goes to the entry before; false when there is none. */
  previous(): boolean {
    while (this.node >= 0) {
      if (!this.readBefore()) {
        this.openNode(this.node - 1);
        this.nextAt = this.end;
        continue;
      }
      if ((this.flags & ENTRY_FLAG.DELETED) !== 0 || this.id.compare(this.last) > 0) continue;
      return this.id.compare(this.first) >= 0;
    }
    return false;
  }

  /**
   * How many entries `next` will find, up to `limit`; to be asked before the first step. Whole nodes are not looked into.
   */
  count(limit: number): number {
    const { node, seeking, nextAt, stream } = this;
    const lastNode = stream!.nodes.findLast(this.last);
    const reachesEnd = this.last.isMax;
    let count = 0;
    while (count < limit && this.node <= lastNode) {
      if (this.node !== node && (reachesEnd || this.node < lastNode)) {
        count += liveEntries(this.bytes, this.base);
      } else {
        while (count < limit && this.nextInNode() === FOUND) count++;
      }
      if (count < limit) this.openNode(this.node + 1);
    }
    this.openNode(node);
    this.seeking = seeking;
    this.nextAt = nextAt;
    return Math.min(count, limit);
  }

  /** The fields and values of the present entry in turn, as latin1 strings. For cold paths. */
  texts(entry: PackedEntry): string[] {
    const texts: string[] = [];
    const { bytes } = this;
    let { dataAt, masterAt } = this;
    for (let i = 0; i < this.fields; i++) {
      if (this.hasMasterFields) {
        masterAt = entry.read(bytes, 0, masterAt);
      } else {
        dataAt = entry.read(bytes, 0, dataAt);
      }
      texts.push(entry.text());
      dataAt = entry.read(bytes, 0, dataAt);
      texts.push(entry.text());
    }
    return texts;
  }

  private begin(stream: StreamNodes, first: StreamId, last: StreamId): void {
    this.stream = stream;
    this.first.set(first);
    this.last.set(last);
    this.seeking = false;
  }

  // Stands before the first entry of a node.
  private openNode(node: number): void {
    const { heap, nodes } = this.stream!;
    this.node = node;
    if (node < 0 || node >= nodes.count) return;
    const ref = nodes.ref(node);
    const bytes = heap.bytes(ref);
    const base = heap.offset(ref);
    nodes.readId(node, this.master);
    this.bytes = bytes;
    this.base = base;
    this.end = base + packedEnd(bytes, base);
    const fieldsAt = after(bytes, after(bytes, base + PACKED_HEADER_BYTES));
    this.masterFields = integerAt(bytes, fieldsAt);
    this.masterAt = after(bytes, fieldsAt);
    this.nextAt = BEFORE_FIRST;
  }

  private nextInNode(): number {
    for (;;) {
      let p = this.nextAt;
      if (p < 0)
        p = p === BEFORE_FIRST ? afterAll(this.bytes, this.masterAt, this.masterFields + 1) : this.behind();
      if (p >= this.end) {
        this.nextAt = p;
        return NODE_ENDS;
      }
      this.parse(p);
      this.nextAt = BEHIND;
      if (this.seeking) {
        if (this.id.compare(this.first) < 0) continue;
        this.seeking = false;
      }
      if ((this.flags & ENTRY_FLAG.DELETED) !== 0) continue;
      return this.id.compare(this.last) > 0 ? PAST_LAST : FOUND;
    }
  }

  // Reads the entry before the present one; false when that is the first of the node.
  private readBefore(): boolean {
    let p = before(this.bytes, this.nextAt);
    let elements = integerAt(this.bytes, p);
    if (elements === 0) return false;
    for (; elements > 0; elements--) p = before(this.bytes, p);
    this.parse(p);
    this.nextAt = p;
    return true;
  }

  private parse(p: number): void {
    const { bytes, id, master } = this;
    this.at = p;
    const flags = (this.flags = integerAt(bytes, p));
    p = after(bytes, p);
    let low = lowHalfAt(bytes, p);
    let sum = (master.msLow >>> 0) + (low >>> 0);
    id.msLow = sum | 0;
    id.msHigh = (master.msHigh + highHalfAt(bytes, p, low) + (sum > 0xffffffff ? 1 : 0)) | 0;
    p = after(bytes, p);
    low = lowHalfAt(bytes, p);
    sum = (master.seqLow >>> 0) + (low >>> 0);
    id.seqLow = sum | 0;
    id.seqHigh = (master.seqHigh + highHalfAt(bytes, p, low) + (sum > 0xffffffff ? 1 : 0)) | 0;
    p = after(bytes, p);
    if ((flags & ENTRY_FLAG.SAME_FIELDS) !== 0) {
      this.fields = this.masterFields;
    } else {
      this.fields = integerAt(bytes, p);
      p = after(bytes, p);
    }
    this.dataAt = p;
  }

  // The offset after the present entry.
  private behind(): number {
    const elements = this.hasMasterFields ? this.fields : this.fields * 2;
    return afterAll(this.bytes, this.dataAt, elements + 1);
  }
}

const NO_BYTES = Buffer.alloc(0);
const FOUND = 0;
const NODE_ENDS = 1;
const PAST_LAST = 2;
// Values of `nextAt` that are no offsets: the next entry follows the present one, or is the first of its node.
const BEHIND = -1;
const BEFORE_FIRST = -2;
