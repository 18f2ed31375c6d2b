// Edits of values that are one packed block within their entry: small lists, hashes, sets and sorted sets. Each function
// makes the room that the edit needs and returns the entry, which may have moved. Reading needs no help: the block is
// `db.valueMemory(ref)` from `db.valueOffset(ref)` on.

import type { Kind } from '../datatypes/kind.ts';
import type { Ref } from '../memory/heap.ts';
import {
  PACKED_EMPTY_BYTES,
  packedAppend,
  packedBytes,
  packedCreate,
  packedDeleteRange,
  packedInsert,
  packedInsertPair,
  packedReplace,
  packedReplaceGrowth,
} from '../memory/packed.ts';
import type { PackedValue } from '../memory/packed-entry.ts';
import type { Arguments } from '../resp/arguments.ts';
import type { Database } from './database.ts';

// Blocks up to this size come in steps of a quarter at most, which is reserve enough.
const STEPPED_BYTES = 8192;

/** Makes the key of argument `i`, which must not exist, hold an empty packed block. */
export function addPacked(db: Database, args: Arguments, i: number, kind: Kind): Ref {
  const ref = db.write(args, i, 0, kind, PACKED_EMPTY_BYTES, false);
  packedCreate(db.valueMemory(ref), db.valueOffset(ref));
  return ref;
}

/** Inserts before the entry at `at` (the end mark's place appends). O(n) in the block's bytes. */
export function insertPacked(db: Database, ref: Ref, at: number, value: PackedValue): Ref {
  const to = grow(db, ref, value.entryBytes);
  packedInsert(db.valueMemory(to), db.valueOffset(to), at, value);
  return to;
}

/** Inserts after the last entry. */
export function appendPacked(db: Database, ref: Ref, value: PackedValue): Ref {
  const to = grow(db, ref, value.entryBytes);
  packedAppend(db.valueMemory(to), db.valueOffset(to), value);
  return to;
}

/** Inserts two values after the last entry: a field or member and what belongs to it. */
export function appendPackedPair(db: Database, ref: Ref, first: PackedValue, second: PackedValue): Ref {
  const to = grow(db, ref, first.entryBytes + second.entryBytes);
  const memory = db.valueMemory(to);
  const base = db.valueOffset(to);
  packedAppend(memory, base, first);
  packedAppend(memory, base, second);
  return to;
}

/** As `appendPackedPair`, before the entry at `at`. O(n) in the block's bytes. */
export function insertPackedPair(
  db: Database,
  ref: Ref,
  at: number,
  first: PackedValue,
  second: PackedValue,
): Ref {
  const to = grow(db, ref, first.entryBytes + second.entryBytes);
  packedInsertPair(db.valueMemory(to), db.valueOffset(to), at, first, second);
  return to;
}

/** Replaces the entry at `at`. O(n) where the length changes. */
export function replacePacked(db: Database, ref: Ref, at: number, value: PackedValue): Ref {
  const memory = db.valueMemory(ref);
  const base = db.valueOffset(ref);
  const growth = packedReplaceGrowth(memory, base, at, value);
  if (growth === 0) {
    value.write(memory, base + at);
    return ref;
  }
  const to = growth > 0 ? grow(db, ref, growth) : ref;
  packedReplace(db.valueMemory(to), db.valueOffset(to), at, value);
  return growth < 0 ? db.resize(to, db.valueLength(to) + growth) : to;
}

/** Deletes up to `count` entries from `at` on. O(n). */
export function deletePacked(db: Database, ref: Ref, at: number, count: number): Ref {
  const memory = db.valueMemory(ref);
  const base = db.valueOffset(ref);
  packedDeleteRange(memory, base, at, count);
  return db.resize(ref, packedBytes(memory, base));
}

function grow(db: Database, ref: Ref, bytes: number): Ref {
  const length = db.valueLength(ref) + bytes;
  return db.resize(ref, length, length <= STEPPED_BYTES ? length : length + (length >> 2));
}
