// Hashes in both of their forms: one packed block within the key's entry (field, value, field, value …), and a HashTable
// from the limits of the configuration on; there is no way back. A few fields stay packed although some are too long for
// the limits (decision 14), and are called a hashtable all the same. Nobody else knows the forms: commands ask here, and
// hold at most the place of a field, which is valid until the hash changes. Fields and values come as slices of the
// request and leave straight into the reply; what works on texts (at the end) is for whoever is in no hurry.

import { toBytes } from '../base/bytes.ts';
import { HashTable } from '../datatypes/hash-table.ts';
import { KIND, type Kind } from '../datatypes/kind.ts';
import { replyEntries } from '../datatypes/packed-reply.ts';
import type { Dict } from '../memory/dict.ts';
import type { Ref } from '../memory/heap.ts';
import {
  NO_ENTRY,
  PACKED_EMPTY_BYTES,
  PACKED_HEADER_BYTES,
  PACKED_MAX_BYTES,
  packedAppend,
  packedBytes,
  packedCreate,
  packedEnd,
  packedFind,
  packedFirst,
  packedLength,
  packedNext,
  packedReplace,
} from '../memory/packed.ts';
import { type PackedEntry, PackedValue } from '../memory/packed-entry.ts';
import { Arguments } from '../resp/arguments.ts';
import { WRONG_TYPE } from '../resp/errors.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import type { Database } from './database.ts';
import { addPacked, appendPackedPair, deletePacked, replacePacked } from './packed-values.ts';

/** Where a field with its value is: a position in the packed block or an entry of the table. */
export type Place = number;
export const NO_PLACE: Place = 0;

/** A packed block of so many fields and bytes is kept where only their length forbids it. */
export const LONG_MAX_FIELDS = 32;
export const LONG_MAX_BYTES = 2048;
// What a field or value of such a block takes beside itself, at most.
const ENTRY_OVERHEAD_BYTES = 7;

/** Throws unless the entry is a hash. */
export function requireHash(db: Database, ref: Ref): void {
  const kind = db.kind(ref);
  if (kind !== KIND.HASH_PACKED && kind !== KIND.HASH_LONG && kind !== KIND.HASH_TABLE) throw WRONG_TYPE;
}

/** The number of fields. O(1). */
export function hashLength(db: Database, ref: Ref): number {
  if (isTable(db, ref)) return tableOf(db, ref).size;
  return packedLength(db.valueMemory(ref), db.valueOffset(ref)) / 2;
}

/** The table of a large hash, to be drawn from and scanned: its refs are places. Null where all places are few. */
export function hashDict(db: Database, ref: Ref): Dict | null {
  return isTable(db, ref) ? tableOf(db, ref).dict : null;
}

/** The place of the field that argument `i` names, or NO_PLACE. O(1), or O(n) in a packed hash. */
export function findField(db: Database, ref: Ref, args: Arguments, i: number): Place {
  if (isTable(db, ref)) return tableOf(db, ref).find(args.bytes, args.start(i), args.length(i));
  return findPacked(db, ref, db.keyspace.scratch.first.setBytes(args.bytes, args.start(i), args.length(i)));
}

/** The field at a place, in a reader that is used again by whatever reads next. */
export function readField(db: Database, ref: Ref, place: Place): PackedEntry {
  const { heap, scratch } = db.keyspace;
  if (isTable(db, ref)) {
    const { dict } = tableOf(db, ref);
    return scratch.entry.setBytes(heap.bytes(place), dict.keyOffset(place), dict.keyLength(place));
  }
  scratch.entry.read(db.valueMemory(ref), db.valueOffset(ref), place);
  return scratch.entry;
}

/** The value at a place; otherwise as `readField`. */
export function readValue(db: Database, ref: Ref, place: Place): PackedEntry {
  const { heap, scratch } = db.keyspace;
  if (isTable(db, ref)) {
    const { dict } = tableOf(db, ref);
    return scratch.entry.setBytes(heap.bytes(place), dict.valueOffset(place), dict.valueLength(place));
  }
  const memory = db.valueMemory(ref);
  const base = db.valueOffset(ref);
  scratch.entry.read(memory, base, packedNext(memory, base, place));
  return scratch.entry;
}

/** Answers the field at a place. */
export function replyField(reply: ReplyWriter, db: Database, ref: Ref, place: Place): void {
  const { heap, scratch } = db.keyspace;
  if (isTable(db, ref)) {
    const { dict } = tableOf(db, ref);
    reply.bulk(heap.bytes(place), dict.keyOffset(place), dict.keyLength(place));
  } else {
    replyEntries(reply, db.valueMemory(ref), db.valueOffset(ref) + place, 1, scratch.entry);
  }
}

/** Answers the value at a place. */
export function replyValue(reply: ReplyWriter, db: Database, ref: Ref, place: Place): void {
  const { heap, scratch } = db.keyspace;
  if (isTable(db, ref)) {
    const { dict } = tableOf(db, ref);
    reply.bulk(heap.bytes(place), dict.valueOffset(place), dict.valueLength(place));
  } else {
    const memory = db.valueMemory(ref);
    const base = db.valueOffset(ref);
    replyEntries(reply, memory, base + packedNext(memory, base, place), 1, scratch.entry);
  }
}

/** Answers all fields, all values, or both in turn; the header is the caller's. O(n). */
export function replyAll(
  reply: ReplyWriter,
  db: Database,
  ref: Ref,
  withFields: boolean,
  withValues: boolean,
): void {
  const { heap, scratch } = db.keyspace;
  if (isTable(db, ref)) {
    const { dict } = tableOf(db, ref);
    dict.visitAll((at) => {
      const memory = heap.bytes(at);
      if (withFields) reply.bulk(memory, dict.keyOffset(at), dict.keyLength(at));
      if (withValues) reply.bulk(memory, dict.valueOffset(at), dict.valueLength(at));
    });
    return;
  }
  const memory = db.valueMemory(ref);
  const base = db.valueOffset(ref);
  if (withFields && withValues) {
    replyEntries(reply, memory, base + PACKED_HEADER_BYTES, Number.POSITIVE_INFINITY, scratch.entry);
    return;
  }
  for (let at = packedFirst(memory, base); at !== NO_ENTRY; at = packedNext(memory, base, at)) {
    const value = packedNext(memory, base, at);
    replyEntries(reply, memory, base + (withFields ? at : value), 1, scratch.entry);
    at = value;
  }
}

/** Calls `visit`, which must not change the hash, for the place of every field. O(n). */
export function forEachPlace(db: Database, ref: Ref, visit: (place: Place) => void): void {
  if (isTable(db, ref)) {
    tableOf(db, ref).dict.visitAll(visit);
    return;
  }
  const memory = db.valueMemory(ref);
  const base = db.valueOffset(ref);
  for (let at = packedFirst(memory, base); at !== NO_ENTRY; ) {
    visit(at);
    at = packedNext(memory, base, packedNext(memory, base, at));
  }
}

/**
 * Gives fields their values, pairs of arguments from `first` on to the last. `ref` is what a lookup of the key, argument
 * `key`, gave: a hash or 0. Returns how many of the fields are new. O(1) a field, O(n) in a packed hash.
 */
export function setFields(db: Database, args: Arguments, key: number, ref: Ref, first: number): number {
  if (ref !== 0 && isTable(db, ref)) return setInTable(tableOf(db, ref), args, first);
  const kind = kindFor(db, ref, args, first);
  if (kind === KIND.HASH_TABLE) {
    const table = ref === 0 ? addTable(db, args, key) : enlarge(db, ref);
    return setInTable(table, args, first);
  }
  if (ref !== 0) {
    if (kind !== db.kind(ref)) db.relabel(ref, kind);
    return setInPacked(db, ref, args, first);
  }
  const bytes = packedBytesOf(db, args, first);
  return fillPacked(db, db.write(args, key, 0, kind, bytes, false), args, first);
}

/**
 * Gives the field of argument `field` a value, which must not lie in the hash. `key` and `ref` are as for `setFields`;
 * `place` is the field's, NO_PLACE when it is new.
 */
export function setField(
  db: Database,
  args: Arguments,
  key: number,
  ref: Ref,
  field: number,
  place: Place,
  value: PackedValue,
): void {
  const { bytes } = args;
  const start = args.start(field);
  const length = args.length(field);
  const { source } = value;
  if (ref !== 0 && isTable(db, ref)) {
    const table = tableOf(db, ref);
    if (place === NO_PLACE) table.set(bytes, start, length, source, value.start, value.length);
    else table.replace(place, source, value.start, value.length);
    return;
  }
  const { limits, scratch } = db.keyspace;
  const maxBytes = limits['hash-max-listpack-value'];
  let kind: Kind = ref === 0 ? KIND.HASH_PACKED : db.kind(ref);
  if (length > maxBytes || value.length > maxBytes) {
    if (length + value.length > LONG_MAX_BYTES) {
      const table = ref === 0 ? addTable(db, args, key) : enlarge(db, ref);
      table.set(bytes, start, length, source, value.start, value.length);
      return;
    }
    kind = KIND.HASH_LONG;
    if (ref !== 0) db.relabel(ref, kind);
  }
  if (place !== NO_PLACE) {
    const at = packedNext(db.valueMemory(ref), db.valueOffset(ref), place);
    convertIfLong(db, replacePacked(db, ref, at, value));
    return;
  }
  const to = ref === 0 ? addPacked(db, args, key, kind) : ref;
  convertIfLong(db, appendPackedPair(db, to, scratch.first.setBytes(bytes, start, length), value));
}

/**
 * Deletes the fields that the arguments from `first` on name, and the key with the last of them. Returns how many there
 * were. O(1) a field, O(n) in a packed hash.
 */
export function deleteFields(db: Database, args: Arguments, ref: Ref, first: number): number {
  let deleted = 0;
  if (isTable(db, ref)) {
    const table = tableOf(db, ref);
    for (let i = first; i < args.count && table.size > 0; i++) {
      if (table.delete(args.bytes, args.start(i), args.length(i))) deleted++;
    }
    if (table.size === 0) db.remove(ref);
    return deleted;
  }
  const field = db.keyspace.scratch.first;
  for (let i = first; i < args.count; i++) {
    const at = findPacked(db, ref, field.setBytes(args.bytes, args.start(i), args.length(i)));
    if (at === NO_PLACE) continue;
    deleted++;
    ref = deletePacked(db, ref, at, 2);
    if (packedLength(db.valueMemory(ref), db.valueOffset(ref)) > 0) continue;
    db.remove(ref);
    break;
  }
  return deleted;
}

/** The value of a field as text, or null. Texts are latin1 here and below. */
export function hashFieldText(db: Database, ref: Ref, field: string): string | null {
  const bytes = toBytes(field);
  const place = isTable(db, ref)
    ? tableOf(db, ref).find(bytes, 0, bytes.length)
    : findPacked(db, ref, db.keyspace.scratch.first.setBytes(bytes, 0, bytes.length));
  return place === NO_PLACE ? null : readValue(db, ref, place).text();
}

/** Calls `visit`, which must not change the hash, with every field and its value. O(n). */
export function forEachField(db: Database, ref: Ref, visit: (field: string, value: string) => void): void {
  forEachPlace(db, ref, (place) => {
    const field = readField(db, ref, place).text();
    visit(field, readValue(db, ref, place).text());
  });
}

/**
 * Makes the key of argument `i` hold a hash of these pairs (field, value, field, value …), at least one, whatever `ref`,
 * a lookup's result, holds; any deadline goes. Returns the entry. O(n), O(n²) in a packed hash.
 */
export function storeHash(db: Database, args: Arguments, i: number, ref: Ref, pairs: readonly string[]): Ref {
  const source = Arguments.from(pairs);
  const kind = kindFor(db, 0, source, 0);
  if (kind === KIND.HASH_TABLE) {
    const table = newTable(db);
    setInTable(table, source, 0);
    return db.writeLarge(args, i, ref, KIND.HASH_TABLE, table);
  }
  const to = db.write(args, i, ref, kind, packedBytesOf(db, source, 0), false);
  fillPacked(db, to, source, 0);
  return to;
}

function isTable(db: Database, ref: Ref): boolean {
  return db.kind(ref) === KIND.HASH_TABLE;
}

function tableOf(db: Database, ref: Ref): HashTable {
  return db.large(ref) as HashTable;
}

function findPacked(db: Database, ref: Ref, field: PackedValue): Place {
  const memory = db.valueMemory(ref);
  const base = db.valueOffset(ref);
  const at = packedFind(memory, base, packedFirst(memory, base), field, 1);
  return at === NO_ENTRY ? NO_PLACE : at;
}

// The kind of the hash that also has these fields. Observed 7.2.4: decided by the request before any of it is stored, so
// that fields which come twice or are there already count as new.
function kindFor(db: Database, ref: Ref, args: Arguments, first: number): Kind {
  const { limits } = db.keyspace;
  const entries = args.count - first;
  if (entries >> 1 > limits['hash-max-listpack-entries']) return KIND.HASH_TABLE;
  const maxBytes = limits['hash-max-listpack-value'];
  let isLong = ref !== 0 && db.kind(ref) === KIND.HASH_LONG;
  let added = 0;
  for (let i = first; i < args.count; i++) {
    const length = args.length(i);
    if (length > maxBytes) isLong = true;
    added += length;
  }
  if (isLong) {
    const isShort =
      added + entries * ENTRY_OVERHEAD_BYTES < LONG_MAX_BYTES && entries >> 1 <= LONG_MAX_FIELDS;
    return isShort ? KIND.HASH_LONG : KIND.HASH_TABLE;
  }
  const bytes = ref === 0 ? added : db.valueLength(ref) + added;
  return bytes > PACKED_MAX_BYTES ? KIND.HASH_TABLE : KIND.HASH_PACKED;
}

function setInTable(table: HashTable, args: Arguments, first: number): number {
  const { bytes } = args;
  let added = 0;
  for (let i = first; i + 1 < args.count; i += 2) {
    const isNew = table.set(
      bytes,
      args.start(i),
      args.length(i),
      bytes,
      args.start(i + 1),
      args.length(i + 1),
    );
    if (isNew) added++;
  }
  return added;
}

function setInPacked(db: Database, ref: Ref, args: Arguments, first: number): number {
  const { first: field, second: value } = db.keyspace.scratch;
  const { bytes } = args;
  let memory = db.valueMemory(ref);
  let base = db.valueOffset(ref);
  let added = 0;
  for (let i = first; i + 1 < args.count; i += 2) {
    field.setBytes(bytes, args.start(i), args.length(i));
    value.setBytes(bytes, args.start(i + 1), args.length(i + 1));
    const at = packedFind(memory, base, packedFirst(memory, base), field, 1);
    const before = ref;
    if (at !== NO_ENTRY) {
      ref = replacePacked(db, ref, packedNext(memory, base, at), value);
    } else {
      ref = appendPackedPair(db, ref, field, value);
      added++;
    }
    if (ref === before) continue;
    memory = db.valueMemory(ref);
    base = db.valueOffset(ref);
  }
  convertIfLong(db, ref);
  return added;
}

// The bytes of a block that holds these arguments, if none of the fields comes twice.
function packedBytesOf(db: Database, args: Arguments, first: number): number {
  const { first: value } = db.keyspace.scratch;
  let bytes = PACKED_EMPTY_BYTES;
  for (let i = first; i < args.count; i++) {
    bytes += value.setBytes(args.bytes, args.start(i), args.length(i)).entryBytes;
  }
  return bytes;
}

// Puts pairs into an entry that has room for all of them (see `packedBytesOf`). Returns how many fields there are.
function fillPacked(db: Database, ref: Ref, args: Arguments, first: number): number {
  const { first: field, second: value } = db.keyspace.scratch;
  const { bytes } = args;
  const memory = db.valueMemory(ref);
  const base = db.valueOffset(ref);
  packedCreate(memory, base);
  let added = 0;
  for (let i = first; i + 1 < args.count; i += 2) {
    field.setBytes(bytes, args.start(i), args.length(i));
    value.setBytes(bytes, args.start(i + 1), args.length(i + 1));
    const at = packedFind(memory, base, packedFirst(memory, base), field, 1);
    if (at === NO_ENTRY) {
      packedAppend(memory, base, field);
      packedAppend(memory, base, value);
      added++;
    } else {
      packedReplace(memory, base, packedNext(memory, base, at), value);
    }
  }
  if (packedBytes(memory, base) < db.valueLength(ref)) db.resize(ref, packedBytes(memory, base));
  return added;
}

/** Gives a packed hash the form of a table: for those who ask to see it by that name. Its entry may move. */
export function growToTable(db: Database, ref: Ref): void {
  enlarge(db, ref);
}

// For a packed hash that may have grown; one that did not is asked, too, because the limit may have sunk.
function convertIfLong(db: Database, ref: Ref): void {
  const bytes = db.valueLength(ref);
  const length = packedLength(db.valueMemory(ref), db.valueOffset(ref)) / 2;
  const isTooLong = db.kind(ref) === KIND.HASH_LONG && (length > LONG_MAX_FIELDS || bytes > LONG_MAX_BYTES);
  if (isTooLong || length > db.keyspace.limits['hash-max-listpack-entries']) enlarge(db, ref);
}

function newTable({ keyspace }: Database): HashTable {
  return new HashTable(keyspace.heap, keyspace.seed);
}

function addTable(db: Database, args: Arguments, key: number): HashTable {
  const table = newTable(db);
  db.writeLarge(args, key, 0, KIND.HASH_TABLE, table);
  return table;
}

// Gives a packed hash the form of a table.
function enlarge(db: Database, ref: Ref): HashTable {
  // Not the scratch values: they may hold what is about to be stored.
  const field = new PackedValue();
  const value = new PackedValue();
  const { entry } = db.keyspace.scratch;
  const memory = db.valueMemory(ref);
  const base = db.valueOffset(ref);
  const end = packedEnd(memory, base);
  const table = newTable(db);
  table.dict.reserve(hashLength(db, ref));
  for (let at = PACKED_HEADER_BYTES; at < end; ) {
    at = entry.read(memory, base, at);
    field.setEntry(entry);
    at = entry.read(memory, base, at);
    value.setEntry(entry);
    table.set(field.source, field.start, field.length, value.source, value.start, value.length);
  }
  db.enlarge(ref, KIND.HASH_TABLE, table);
  return table;
}
