// Writes a value as RDB version 11 has it: the type that stands before the key in a file, and the body that stands
// behind it. Small forms and list nodes are the format's own blocks and go out as they are.

import type { HashTable } from '../../datatypes/hash-table.ts';
import { KIND, type Kind } from '../../datatypes/kind.ts';
import { nodeBytes, PLAIN_HEADER_BYTES } from '../../datatypes/list-node.ts';
import type { NodeList } from '../../datatypes/node-list.ts';
import type { SetTable } from '../../datatypes/set-table.ts';
import type { SortedSetTable } from '../../datatypes/sorted-set-table.ts';
import type { Stream } from '../../datatypes/stream.ts';
import type { Database } from '../../keyspace/database.ts';
import type { Heap, Ref } from '../../memory/heap.ts';
import { OrderedWalk } from '../../memory/ordered-walk.ts';
import { LIST_NODE, RDB_TYPE, type RdbType } from './rdb-format.ts';
import type { RdbWriter } from './rdb-writer.ts';
import { writeStream } from './stream-encoder.ts';

const { STRING, LIST_NODES, SET_INTSET, SET_PACKED, SET, HASH_PACKED, HASH } = RDB_TYPE;
const TYPE_OF_KIND: Readonly<Record<Kind, RdbType>> = {
  [KIND.STRING_INT]: STRING,
  [KIND.STRING_EMBSTR]: STRING,
  [KIND.STRING_RAW]: STRING,
  [KIND.LIST_PACKED]: LIST_NODES,
  [KIND.SET_INTSET]: SET_INTSET,
  [KIND.SET_PACKED]: SET_PACKED,
  [KIND.HASH_PACKED]: HASH_PACKED,
  [KIND.SORTED_SET_PACKED]: RDB_TYPE.SORTED_SET_PACKED,
  [KIND.LIST_NODES]: LIST_NODES,
  [KIND.SET_TABLE]: SET,
  [KIND.HASH_TABLE]: HASH,
  [KIND.SORTED_SET_TABLE]: RDB_TYPE.SORTED_SET,
  [KIND.STREAM]: RDB_TYPE.STREAM_3,
};

/** The type that the value of an entry is written as. */
export function rdbTypeOf(db: Database, ref: Ref): RdbType {
  return TYPE_OF_KIND[db.kind(ref)];
}

/** Writes the body of the value of an entry. O(its size). */
export function writeValue(writer: RdbWriter, db: Database, ref: Ref): void {
  switch (db.kind(ref)) {
    case KIND.LIST_PACKED:
      writer.length(1);
      writer.length(LIST_NODE.PACKED);
      writer.string(db.valueMemory(ref), db.valueOffset(ref), db.valueLength(ref));
      return;
    case KIND.LIST_NODES:
      writeNodes(writer, db.large(ref) as NodeList);
      return;
    case KIND.SET_TABLE:
      writeSet(writer, db.large(ref) as SetTable);
      return;
    case KIND.HASH_TABLE:
      writeHash(writer, db.keyspace.heap, db.large(ref) as HashTable);
      return;
    case KIND.SORTED_SET_TABLE:
      writeSortedSet(writer, db.keyspace.heap, db.large(ref) as SortedSetTable);
      return;
    case KIND.STREAM:
      writeStream(writer, db.large(ref) as Stream);
      return;
    default:
      writer.string(db.valueMemory(ref), db.valueOffset(ref), db.valueLength(ref));
  }
}

function writeNodes(writer: RdbWriter, list: NodeList): void {
  writer.length(list.nodeCount);
  for (let node = 0; node < list.nodeCount; node++) {
    const memory = list.memory(node);
    const base = list.base(node);
    const isPlain = list.isPlain(node);
    writer.length(isPlain ? LIST_NODE.PLAIN : LIST_NODE.PACKED);
    writer.string(memory, isPlain ? base + PLAIN_HEADER_BYTES : base, nodeBytes(memory, base));
  }
}

function writeSet(writer: RdbWriter, { members }: SetTable): void {
  writer.length(members.size);
  members.visitAll((ref) => {
    writer.string(members.keyMemory(ref), members.keyOffset(ref), members.keyLength(ref));
  });
}

function writeHash(writer: RdbWriter, heap: Heap, { dict }: HashTable): void {
  writer.length(dict.size);
  dict.visitAll((ref) => {
    const memory = heap.bytes(ref);
    writer.string(memory, dict.keyOffset(ref), dict.keyLength(ref));
    writer.string(memory, dict.valueOffset(ref), dict.valueLength(ref));
  });
}

// From the greatest to the smallest, as Redis does it: so each is added before all others when the value is read.
function writeSortedSet(writer: RdbWriter, heap: Heap, set: SortedSetTable): void {
  const { members } = set;
  writer.length(set.size);
  const walk = new OrderedWalk();
  set.index.beginWalk(walk, set.size - 1, true);
  while (walk.next()) {
    const { ref } = walk;
    writer.string(heap.bytes(ref), members.keyOffset(ref), members.keyLength(ref));
    writer.double(walk.score);
  }
}
