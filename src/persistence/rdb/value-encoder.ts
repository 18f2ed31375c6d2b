// Writes a value as RDB version 11 has it, or version 10 where the writer says so: the type that stands before the key in a file, and the body that stands
// behind it. Small forms and list nodes are the format's own blocks and go out as they are.

import type { HashTable } from '../../datatypes/hash-table.ts';
import { KIND, type Kind } from '../../datatypes/kind.ts';
import type { LargeValue } from '../../datatypes/large-value.ts';
import { isPlainNode, nodeBytes, PLAIN_HEADER_BYTES } from '../../datatypes/list-node.ts';
import type { NodeList } from '../../datatypes/node-list.ts';
import type { SetTable } from '../../datatypes/set-table.ts';
import type { SortedSetTable } from '../../datatypes/sorted-set-table.ts';
import type { Stream } from '../../datatypes/stream.ts';
import type { Database } from '../../keyspace/database.ts';
import type { Dict } from '../../memory/dict.ts';
import type { Heap, Ref } from '../../memory/heap.ts';
import type { MemberTable } from '../../memory/member-table.ts';
import { OrderedWalk } from '../../memory/ordered-walk.ts';
import { PACKED_HEADER_BYTES, packedEnd, packedLength } from '../../memory/packed.ts';
import { PackedEntry } from '../../memory/packed-entry.ts';
import { ACTIVE_TIME_SINCE, LIST_NODE, PACKED_SETS_SINCE, RDB_TYPE, type RdbType } from './rdb-format.ts';
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
  [KIND.HASH_LONG]: HASH,
  [KIND.SORTED_SET_PACKED]: RDB_TYPE.SORTED_SET_PACKED,
  [KIND.LIST_NODES]: LIST_NODES,
  [KIND.SET_TABLE]: SET,
  [KIND.HASH_TABLE]: HASH,
  [KIND.SORTED_SET_TABLE]: RDB_TYPE.SORTED_SET,
  [KIND.STREAM]: RDB_TYPE.STREAM_3,
};

/** The type that the value of an entry is written as in a version of the format. */
export function rdbTypeOf(db: Database, ref: Ref, version: number): RdbType {
  const kind = db.kind(ref);
  if (version < PACKED_SETS_SINCE && kind === KIND.SET_PACKED) return SET;
  if (version < ACTIVE_TIME_SINCE && kind === KIND.STREAM) return RDB_TYPE.STREAM_2;
  return TYPE_OF_KIND[kind];
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
    case KIND.SET_PACKED:
      if (writer.version < PACKED_SETS_SINCE) {
        writeTexts(writer, db.valueMemory(ref), db.valueOffset(ref), 1);
        return;
      }
      break;
    case KIND.HASH_LONG:
      writeTexts(writer, db.valueMemory(ref), db.valueOffset(ref), 2);
      return;
    case KIND.SET_TABLE:
      writeSet(writer, db.large(ref) as SetTable);
      return;
    case KIND.HASH_TABLE:
      writeHash(writer, db.heap, db.large(ref) as HashTable);
      return;
    case KIND.SORTED_SET_TABLE:
      writeSortedSet(writer, db.heap, db.large(ref) as SortedSetTable);
      return;
    case KIND.STREAM:
      writeStream(writer, db.large(ref) as Stream);
      return;
  }
  writer.string(db.valueMemory(ref), db.valueOffset(ref), db.valueLength(ref));
}

// What a packed block holds, as elements of so many texts each.
function writeTexts(writer: RdbWriter, bytes: Uint8Array, base: number, ofEach: 1 | 2): void {
  writer.length(packedLength(bytes, base) / ofEach);
  const entry = new PackedEntry();
  const end = packedEnd(bytes, base);
  for (let at = PACKED_HEADER_BYTES; at < end; ) {
    at = entry.read(bytes, base, at);
    if (entry.isInteger) writer.stringText(entry.text());
    else writer.string(entry.bytes, entry.start, entry.length);
  }
}

function writeNodes(writer: RdbWriter, list: NodeList): void {
  writer.length(list.nodeCount);
  for (let node = 0; node < list.nodeCount; node++) writeNode(writer, list.memory(node), list.base(node));
}

/** Writes a node of a list. What stands before all of them is their number. */
export function writeNode(writer: RdbWriter, memory: Uint8Array, base: number): void {
  const isPlain = isPlainNode(memory, base);
  writer.length(isPlain ? LIST_NODE.PLAIN : LIST_NODE.PACKED);
  writer.string(memory, isPlain ? base + PLAIN_HEADER_BYTES : base, nodeBytes(memory, base));
}

function writeSet(writer: RdbWriter, { members }: SetTable): void {
  writer.length(members.size);
  members.visitAll((ref) => writeMember(writer, members, ref));
}

function writeMember(writer: RdbWriter, members: MemberTable | Dict, ref: Ref): void {
  writer.string(members.keyMemory(ref), members.keyOffset(ref), members.keyLength(ref));
}

function writeHash(writer: RdbWriter, heap: Heap, { dict }: HashTable): void {
  writer.length(dict.size);
  dict.visitAll((ref) => writeField(writer, heap, dict, ref));
}

function writeField(writer: RdbWriter, heap: Heap, dict: Dict, ref: Ref): void {
  const memory = heap.bytes(ref);
  writer.string(memory, dict.keyOffset(ref), dict.keyLength(ref));
  writer.string(memory, dict.valueOffset(ref), dict.valueLength(ref));
}

/** Writes an element of a large value that has a table. What stands before all of them is their number. */
export function writeElement(writer: RdbWriter, heap: Heap, kind: Kind, value: LargeValue, ref: Ref): void {
  if (kind === KIND.SET_TABLE) {
    writeMember(writer, (value as SetTable).members, ref);
  } else if (kind === KIND.HASH_TABLE) {
    writeField(writer, heap, (value as HashTable).dict, ref);
  } else {
    const set = value as SortedSetTable;
    writeMember(writer, set.members, ref);
    writer.double(set.score(ref));
  }
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
