// A list that is being read: nodes as they come, or elements that find their nodes as if they were pushed.

import { KIND } from '../../datatypes/kind.ts';
import { fitsInEntry } from '../../datatypes/list-node.ts';
import { NodeList } from '../../datatypes/node-list.ts';
import type { Keyspace } from '../../keyspace/keyspace.ts';
import { packedBytes, packedLength } from '../../memory/packed.ts';
import type { PackedValue } from '../../memory/packed-entry.ts';
import { type Builder, BuiltValue, type DecodedValue, freeLarge, SmallValue } from './decoded-value.ts';

export class ListBuilder implements Builder {
  private readonly nodes: NodeList;
  private readonly plainFrom: number;
  private readonly mayFit: boolean;

  /** `mayFit`: whether a list that is small enough goes into its entry. */
  constructor(keyspace: Keyspace, mayFit = true) {
    this.mayFit = mayFit;
    const { limits } = keyspace;
    this.plainFrom = keyspace.plainElementBytes;
    this.nodes = new NodeList(keyspace.heap, limits['list-max-listpack-size'], limits['list-compress-depth']);
  }

  push(value: PackedValue): void {
    this.nodes.pushTail(value, this.plainFrom);
  }

  addPlainNode(bytes: Uint8Array, start: number, length: number): void {
    this.nodes.appendPlain(bytes, start, length);
  }

  /** Adds a sound packed block as a node; an empty one is passed over. */
  addPackedNode(bytes: Uint8Array, base: number): void {
    if (packedLength(bytes, base) > 0) this.nodes.appendPacked(bytes, base);
  }

  /** The list; null when it is empty. */
  finish(): DecodedValue | null {
    const { nodes } = this;
    if (nodes.length === 0) {
      this.discard();
      return null;
    }
    if (!this.mayFit || nodes.nodeCount > 1 || nodes.isPlain(0))
      return new BuiltValue(KIND.LIST_NODES, nodes);
    const memory = nodes.memory(0);
    const base = nodes.base(0);
    const bytes = packedBytes(memory, base);
    if (!fitsInEntry(nodes.nodeLimit, bytes, packedLength(memory, base), false)) {
      return new BuiltValue(KIND.LIST_NODES, nodes);
    }
    const copy = Uint8Array.prototype.slice.call(memory, base, base + bytes);
    freeLarge(nodes);
    return new SmallValue().set(KIND.LIST_PACKED, copy);
  }

  discard(): void {
    freeLarge(this.nodes);
  }
}
