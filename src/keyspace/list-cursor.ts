// A place in a list, whichever of its two forms it has: to walk from element to element, to compare and to show them.
// It holds until the list changes. The form is seen by this file and by list-value.ts only.

import { toText } from '../base/bytes.ts';
import { KIND } from '../datatypes/kind.ts';
import { isPlainNode, nodeBytes, PLAIN_HEADER_BYTES, plainNodeEquals } from '../datatypes/list-node.ts';
import type { NodeList } from '../datatypes/node-list.ts';
import { replyEntry } from '../datatypes/packed-reply.ts';
import type { Ref } from '../memory/heap.ts';
import {
  NO_ENTRY,
  packedFirst,
  packedLast,
  packedLength,
  packedNext,
  packedPrevious,
  packedSeek,
} from '../memory/packed.ts';
import { PackedEntry, type PackedValue } from '../memory/packed-entry.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import type { Database } from './database.ts';

const NO_BYTES = Buffer.alloc(0);

export class ListCursor {
  /** The number of the node, 0 in a list that is a single block. */
  node = 0;
  /** The place of the element's entry within its block. */
  at = NO_ENTRY;
  isPlain = false;

  private list: NodeList | null = null;
  private memory: Uint8Array = NO_BYTES;
  private base = 0;
  private readonly entry = new PackedEntry();

  /** Goes to the first element or to the last. */
  toEdge(db: Database, ref: Ref, atTail: boolean): void {
    this.enter(db, ref);
    if (this.list === null) this.toEdgeOfBlock(atTail);
    else this.toNode(atTail ? this.list.nodeCount - 1 : 0, atTail);
  }

  /** Goes to the element with that index, from the tail where negative; false when there is none. */
  toIndex(db: Database, ref: Ref, index: number): boolean {
    this.enter(db, ref);
    const { list } = this;
    const length = list === null ? packedLength(this.memory, this.base) : list.length;
    if (index < 0) index += length;
    if (!(index >= 0 && index < length)) return false;
    if (list === null) {
      this.at = packedSeek(this.memory, this.base, index);
      return true;
    }
    this.enterNode(list.locate(index));
    this.at = this.isPlain ? 0 : packedSeek(this.memory, this.base, list.indexInNode);
    return true;
  }

  /** Goes to the next element or, `backwards`, to the one before; false when there is none. */
  step(backwards: boolean): boolean {
    if (!this.isPlain) {
      const at = backwards
        ? packedPrevious(this.memory, this.base, this.at)
        : packedNext(this.memory, this.base, this.at);
      if (at !== NO_ENTRY) {
        this.at = at;
        return true;
      }
    }
    const node = backwards ? this.node - 1 : this.node + 1;
    if (this.list === null || node < 0 || node >= this.list.nodeCount) return false;
    this.toNode(node, backwards);
    return true;
  }

  equals(value: PackedValue): boolean {
    return this.isPlain
      ? plainNodeEquals(this.memory, this.base, value)
      : value.equalsAt(this.memory, this.base + this.at);
  }

  /** Writes the element as a bulk string. */
  reply(reply: ReplyWriter): void {
    if (this.isPlain)
      reply.bulk(this.memory, this.base + PLAIN_HEADER_BYTES, nodeBytes(this.memory, this.base));
    else replyEntry(reply, this.memory, this.base + this.at, this.entry);
  }

  /** The element as latin1. */
  text(): string {
    if (this.isPlain) {
      const start = this.base + PLAIN_HEADER_BYTES;
      return toText(this.memory, start, start + nodeBytes(this.memory, this.base));
    }
    this.entry.read(this.memory, this.base, this.at);
    return this.entry.text();
  }

  /** Makes `value` the element: a copy, which outlives the list. */
  take(value: PackedValue): void {
    if (this.isPlain) {
      value.setBytes(this.memory, this.base + PLAIN_HEADER_BYTES, nodeBytes(this.memory, this.base)).own();
      return;
    }
    this.entry.read(this.memory, this.base, this.at);
    value.setEntry(this.entry).own();
  }

  private enter(db: Database, ref: Ref): void {
    this.node = 0;
    this.isPlain = false;
    if (db.kind(ref) === KIND.LIST_NODES) {
      this.list = db.large(ref) as NodeList;
      return;
    }
    this.list = null;
    this.memory = db.valueMemory(ref);
    this.base = db.valueOffset(ref);
  }

  private toNode(node: number, atTail: boolean): void {
    this.enterNode(node);
    if (this.isPlain) this.at = 0;
    else this.toEdgeOfBlock(atTail);
  }

  private enterNode(node: number): void {
    const list = this.list!;
    this.node = node;
    this.memory = list.memory(node);
    this.base = list.base(node);
    this.isPlain = isPlainNode(this.memory, this.base);
  }

  private toEdgeOfBlock(atTail: boolean): void {
    this.at = atTail ? packedLast(this.memory, this.base) : packedFirst(this.memory, this.base);
  }
}
