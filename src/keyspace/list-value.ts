// List values in their two forms: a single packed block within the entry ('listpack') and, beyond
// `list-max-listpack-size`, a NodeList behind a handle ('quicklist'). A list turns from one into the other exactly where
// Redis's does: before it grows, and, when it has shrunk to one node, at half of the limit. Whoever works with lists
// does it through this file and sees no form.
//
// Functions that change a list return its entry, which may have moved.

import { KIND, TYPE, typeOf } from '../datatypes/kind.ts';
import { exceedsNodeLimit, fitsInEntry, nodeBytes } from '../datatypes/list-node.ts';
import { NodeList } from '../datatypes/node-list.ts';
import { replyEntries } from '../datatypes/packed-reply.ts';
import type { Ref } from '../memory/heap.ts';
import {
  PACKED_EMPTY_BYTES,
  PACKED_HEADER_BYTES,
  packedBytes,
  packedDeleteEqual,
  packedEntryBytes,
  packedLast,
  packedLength,
  packedSeek,
} from '../memory/packed.ts';
import type { PackedValue } from '../memory/packed-entry.ts';
import type { Arguments } from '../resp/arguments.ts';
import { WRONG_TYPE } from '../resp/errors.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import type { Database } from './database.ts';
import { addPacked, appendPacked, deletePacked, insertPacked, replacePacked } from './packed-values.ts';

/** Throws WRONG_TYPE unless the entry holds a list. */
export function expectList(db: Database, ref: Ref): void {
  if (typeOf(db.kind(ref)) !== TYPE.LIST) throw WRONG_TYPE;
}

/** How many elements the list has. O(1), but for lists in one block of 65535 elements and more. */
export function listLength(db: Database, ref: Ref): number {
  return isLarge(db, ref) ? nodesOf(db, ref).length : packedLength(db.valueMemory(ref), db.valueOffset(ref));
}

/** The elements from index `first` to `last`, both within the list, as latin1. */
export function listTexts(db: Database, ref: Ref, first: number, last: number): string[] {
  const texts: string[] = [];
  const { listCursor } = db.keyspace;
  if (first > last || !listCursor.toIndex(db, ref, first)) return texts;
  do texts.push(listCursor.text());
  while (texts.length <= last - first && listCursor.step(false));
  return texts;
}

/**
 * Makes the key of argument `i` hold a list of `elements` (latin1; one at least), whatever it held, without a deadline.
 * `ref` is what `lookupWrite` gave. Returns the entry.
 */
export function storeList(
  db: Database,
  args: Arguments,
  i: number,
  ref: Ref,
  elements: readonly string[],
): Ref {
  const { keyspace } = db;
  const list = newNodeList(db);
  for (const element of elements) {
    list.pushTail(keyspace.scratch.first.setText(element), keyspace.plainElementBytes);
  }
  return storeNodeList(db, args, i, ref, list);
}

/** As `storeList`, for a list that is made already (see `newNodeList`): takes it over, in the form that suits it. */
function storeNodeList(db: Database, args: Arguments, i: number, ref: Ref, list: NodeList): Ref {
  return pack(db, db.writeLarge(args, i, ref, KIND.LIST_NODES, list), false);
}

/** A list without elements and without a key, under the present settings. */
function newNodeList({ keyspace }: Database): NodeList {
  const { limits } = keyspace;
  return new NodeList(keyspace.heap, limits['list-max-listpack-size'], limits['list-compress-depth']);
}

/** The nodes of a list that has them, else null: for whoever writes lists down as Redis does. */
export function nodeListOf(db: Database, ref: Ref): NodeList | null {
  return isLarge(db, ref) ? nodesOf(db, ref) : null;
}

/** Makes the key of argument `i`, which must not exist, hold a list without elements: one must follow at once. */
export function addList(db: Database, args: Arguments, i: number): Ref {
  return addPacked(db, args, i, KIND.LIST_PACKED);
}

/** Pushes the arguments from `first` on, one after another, and returns how many elements there are then. */
export function pushArguments(
  db: Database,
  args: Arguments,
  first: number,
  ref: Ref,
  atTail: boolean,
): number {
  const { plainElementBytes, scratch } = db.keyspace;
  const value = scratch.first;
  let at = isLarge(db, ref) ? ref : prepareForArguments(db, args, first, ref);
  if (!isLarge(db, at)) {
    for (let i = first; i < args.count; i++) {
      value.setBytes(args.bytes, args.start(i), args.length(i));
      at = pushPacked(db, at, value, atTail);
    }
    return packedLength(db.valueMemory(at), db.valueOffset(at));
  }
  const list = nodesOf(db, at);
  for (let i = first; i < args.count; i++) {
    value.setBytes(args.bytes, args.start(i), args.length(i));
    if (atTail) list.pushTail(value, plainElementBytes);
    else list.pushHead(value, plainElementBytes);
  }
  return list.length;
}

/**
 * Pushes a value; `addedBytes` is what it counts for when the form is decided. `value` must not lie in the heap (see
 * `takeEdge`).
 */
export function pushValue(
  db: Database,
  ref: Ref,
  value: PackedValue,
  addedBytes: number,
  atTail: boolean,
): Ref {
  const at = prepareGrowth(db, ref, addedBytes, 1);
  if (!isLarge(db, at)) return pushPacked(db, at, value, atTail);
  const list = nodesOf(db, at);
  if (atTail) list.pushTail(value, db.keyspace.plainElementBytes);
  else list.pushHead(value, db.keyspace.plainElementBytes);
  return at;
}

/**
 * Makes `value` a copy of the first or the last element, and returns how many bytes that counts for in `pushValue`.
 *
 * Observed 7.2.4: an integer out of a quicklist counts for nothing when LMOVE decides about the destination's form.
 */
export function takeEdge(db: Database, ref: Ref, atTail: boolean, value: PackedValue): number {
  const { listCursor } = db.keyspace;
  listCursor.toEdge(db, ref, atTail);
  listCursor.take(value);
  return value.isInteger && !listCursor.isPlain && isLarge(db, ref) ? 0 : value.length;
}

/** Writes the first or the last element as a bulk string. */
export function replyEdge(db: Database, ref: Ref, reply: ReplyWriter, atTail: boolean): void {
  const { listCursor } = db.keyspace;
  listCursor.toEdge(db, ref, atTail);
  listCursor.reply(reply);
}

/** Writes `count` elements (1 at least) from the index on as bulk strings; all of them must exist. */
export function replyElements(
  db: Database,
  ref: Ref,
  reply: ReplyWriter,
  index: number,
  count: number,
): void {
  const reader = db.keyspace.scratch.entry;
  if (isLarge(db, ref)) {
    nodesOf(db, ref).reply(reply, index, count, reader);
    return;
  }
  const memory = db.valueMemory(ref);
  const base = db.valueOffset(ref);
  replyEntries(reply, memory, base + packedSeek(memory, base, index), count, reader);
}

/** Writes the last `count` elements as bulk strings, the last one first; all of them must exist. */
export function replyFromTail(db: Database, ref: Ref, reply: ReplyWriter, count: number): void {
  const { listCursor } = db.keyspace;
  listCursor.toEdge(db, ref, true);
  for (let i = 0; i < count; i++) {
    listCursor.reply(reply);
    listCursor.step(true);
  }
}

/** Deletes the first or the last element; the list may be empty then, which `settle` must be told. O(1). */
export function dropEdge(db: Database, ref: Ref, atTail: boolean): Ref {
  if (isLarge(db, ref)) {
    const list = nodesOf(db, ref);
    if (atTail) list.dropLast();
    else list.dropFirst();
    return ref;
  }
  const at = atTail ? packedLast(db.valueMemory(ref), db.valueOffset(ref)) : PACKED_HEADER_BYTES;
  return deletePacked(db, ref, at, 1);
}

/** Deletes `count` elements from the index on; all of them must exist. `settle` must follow. */
export function deleteElements(db: Database, ref: Ref, index: number, count: number): Ref {
  if (count === 0) return ref;
  if (isLarge(db, ref)) {
    nodesOf(db, ref).deleteRange(index, count);
    return ref;
  }
  const at = packedSeek(db.valueMemory(ref), db.valueOffset(ref), index);
  return deletePacked(db, ref, at, count);
}

/** What a list that has lost elements is owed: it goes when it is empty (returns true), else its form may change. */
export function settle(db: Database, ref: Ref): boolean {
  if (isLarge(db, ref)) {
    const list = nodesOf(db, ref);
    if (list.length > 0) {
      if (list.nodeCount === 1) pack(db, ref, true);
      return false;
    }
  } else {
    const bytes = packedBytes(db.valueMemory(ref), db.valueOffset(ref));
    if (bytes > PACKED_EMPTY_BYTES) {
      if (bytes < db.valueLength(ref)) db.resize(ref, bytes);
      return false;
    }
  }
  db.remove(ref);
  return true;
}

/**
 * Deletes up to `max` elements that equal `value`, from the head on or from the tail, and returns how many. The entry
 * stays where it is; `settle` must follow. O(n).
 */
export function deleteEqual(
  db: Database,
  ref: Ref,
  value: PackedValue,
  max: number,
  fromTail: boolean,
): number {
  if (isLarge(db, ref)) return nodesOf(db, ref).deleteEqual(value, max, fromTail);
  const memory = db.valueMemory(ref);
  const base = db.valueOffset(ref);
  return packedDeleteEqual(memory, base, value, max, fromTail);
}

/**
 * Puts `value` in the place of the element with that index (from the tail where negative); returns whether there is one.
 *
 * Observed 7.2.4: the list takes the form that it needs for the value to be added, even when there is no such element.
 */
export function setElement(db: Database, ref: Ref, index: number, value: PackedValue): boolean {
  const at = prepareGrowth(db, ref, value.length, 1);
  const { listCursor, plainElementBytes } = db.keyspace;
  if (!listCursor.toIndex(db, at, index)) return false;
  if (isLarge(db, at)) {
    nodesOf(db, at).replace(listCursor.node, listCursor.at, value, plainElementBytes);
    pack(db, at, true);
  } else {
    replacePacked(db, at, listCursor.at, value);
  }
  return true;
}

/**
 * Inserts `value` right before or `after` the first element that equals `pivot`, and returns the length, -1 when there
 * is none. Observed 7.2.4: the form changes as for `setElement`. O(n).
 */
export function insertBeside(
  db: Database,
  ref: Ref,
  pivot: PackedValue,
  value: PackedValue,
  after: boolean,
): number {
  const at = prepareGrowth(db, ref, value.length, 1);
  const { listCursor, plainElementBytes } = db.keyspace;
  listCursor.toEdge(db, at, false);
  while (!listCursor.equals(pivot)) if (!listCursor.step(false)) return -1;
  if (isLarge(db, at)) {
    const list = nodesOf(db, at);
    list.insert(listCursor.node, listCursor.at, after, value, plainElementBytes);
    return list.length;
  }
  const memory = db.valueMemory(at);
  const base = db.valueOffset(at);
  const place = after ? listCursor.at + packedEntryBytes(memory, base, listCursor.at) : listCursor.at;
  return listLength(db, insertPacked(db, at, place, value));
}

function isLarge(db: Database, ref: Ref): boolean {
  return db.kind(ref) === KIND.LIST_NODES;
}

function nodesOf(db: Database, ref: Ref): NodeList {
  return db.large(ref) as NodeList;
}

function pushPacked(db: Database, ref: Ref, value: PackedValue, atTail: boolean): Ref {
  return atTail ? appendPacked(db, ref, value) : insertPacked(db, ref, PACKED_HEADER_BYTES, value);
}

function prepareForArguments(db: Database, args: Arguments, first: number, ref: Ref): Ref {
  let bytes = 0;
  for (let i = first; i < args.count; i++) bytes += args.length(i);
  return prepareGrowth(db, ref, bytes, args.count - first);
}

// Gives a list nodes before elements of so many bytes and so many in number are added to it, if it needs them then.
function prepareGrowth(db: Database, ref: Ref, addedBytes: number, addedCount: number): Ref {
  if (isLarge(db, ref)) return ref;
  const memory = db.valueMemory(ref);
  const base = db.valueOffset(ref);
  const bytes = packedBytes(memory, base) + addedBytes;
  const count = packedLength(memory, base) + addedCount;
  if (!exceedsNodeLimit(db.keyspace.limits['list-max-listpack-size'], bytes, count)) return ref;
  const list = newNodeList(db);
  if (count > addedCount) list.appendPacked(memory, base);
  return db.enlarge(ref, KIND.LIST_NODES, list);
}

// Puts a list of nodes back into its entry when it is small enough for that: below half of the limit if `shrinking`.
function pack(db: Database, ref: Ref, shrinking: boolean): Ref {
  const list = nodesOf(db, ref);
  if (list.nodeCount !== 1 || list.isPlain(0)) return ref;
  const memory = list.memory(0);
  const base = list.base(0);
  const bytes = nodeBytes(memory, base);
  const limit = db.keyspace.limits['list-max-listpack-size'];
  if (!fitsInEntry(limit, bytes, list.length, shrinking)) return ref;
  // The node is freed before the entry has its room.
  const block = Buffer.from(memory.subarray(base, base + bytes));
  const packed = db.shrink(ref, KIND.LIST_PACKED, bytes);
  db.valueMemory(packed).set(block, db.valueOffset(packed));
  return packed;
}
