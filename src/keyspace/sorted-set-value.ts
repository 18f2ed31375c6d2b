// Sorted sets in both of their forms: a packed block within the key's entry (member, score, member, score …, ascending),
// and a SortedSetTable from the limits of the configuration on; there is no way back but by storing anew. Commands and
// everyone else ask here and nobody but the files of sorted sets knows the forms. Elements are walked over with a
// SortedSetCursor, parts of a set are found by sorted-set-range.ts.

import { compareBytes, copyBytes, toBytes } from '../base/bytes.ts';
import { formatDouble } from '../base/numbers.ts';
import { KIND } from '../datatypes/kind.ts';
import { SortedSetTable } from '../datatypes/sorted-set-table.ts';
import type { Ref } from '../memory/heap.ts';
import {
  NO_ENTRY,
  PACKED_EMPTY_BYTES,
  PACKED_HEADER_BYTES,
  PackedBuffer,
  packedCreate,
  packedEnd,
  packedFind,
  packedFirst,
  packedLast,
  packedLength,
  packedNext,
  packedSeek,
  packedTexts,
} from '../memory/packed.ts';
import { PackedEntry, PackedValue, readSmallInteger } from '../memory/packed-entry.ts';
import type { Arguments } from '../resp/arguments.ts';
import { SCORE_NOT_A_NUMBER } from '../resp/errors.ts';
import type { Database } from './database.ts';
import { deletePacked, insertPackedPair } from './packed-values.ts';
import { packedScore, SortedSetCursor } from './sorted-set-cursor.ts';
import { OUTCOME, type SortedSetScratch } from './sorted-set-scratch.ts';

// Redis lets no block grow beyond this.
const PACKED_SAFE_BYTES = 2 ** 30;
// Doubles up to here are stored as integers where they are whole.
const INTEGER_SCORE_MAX = 2 ** 62;
const SLICE_PIECES = 256;

/** The conditions under which `addScore` does something. */
export const ADD = { NX: 1, XX: 2, GT: 4, LT: 8, INCR: 16 } as const;

/** The number of members. O(1). */
export function sortedSetSize(db: Database, ref: Ref): number {
  if (db.kind(ref) === KIND.SORTED_SET_TABLE) return tableOf(db, ref).size;
  return packedLength(db.valueMemory(ref), db.valueOffset(ref)) >> 1;
}

/** The score of a member, or NaN. O(1), O(n) in a packed set. */
export function scoreOf(db: Database, ref: Ref, bytes: Uint8Array, start: number, length: number): number {
  if (db.kind(ref) === KIND.SORTED_SET_TABLE) {
    const table = tableOf(db, ref);
    const entry = table.find(bytes, start, length);
    return entry === 0 ? Number.NaN : table.score(entry);
  }
  const { scratch } = db.keyspace;
  const memory = db.valueMemory(ref);
  const base = db.valueOffset(ref);
  const at = findMember(memory, base, scratch.first.setBytes(bytes, start, length));
  return at === NO_ENTRY ? Number.NaN : scoreBehind(memory, base, at, scratch.entry);
}

/** As `scoreOf`, for a latin1 text. */
export function scoreOfText(db: Database, ref: Ref, member: string): number {
  return scoreOf(db, ref, toBytes(member), 0, member.length);
}

/** How many members come before one, or -1 when it is not there; its score is in the scratch. O(log n). */
export function rankOf(db: Database, ref: Ref, bytes: Uint8Array, start: number, length: number): number {
  const { scratch, sortedSets } = db.keyspace;
  if (db.kind(ref) === KIND.SORTED_SET_TABLE) {
    const table = tableOf(db, ref);
    const entry = table.find(bytes, start, length);
    if (entry === 0) return -1;
    sortedSets.score = table.score(entry);
    return table.rank(entry);
  }
  const memory = db.valueMemory(ref);
  const base = db.valueOffset(ref);
  const found = findMember(memory, base, scratch.first.setBytes(bytes, start, length));
  if (found === NO_ENTRY) return -1;
  sortedSets.score = scoreBehind(memory, base, found, scratch.entry);
  let rank = 0;
  for (let at = PACKED_HEADER_BYTES; at < found; at = packedNext(memory, base, at)) rank++;
  return rank >> 1;
}

/**
 * Adds a member, or gives it another score, where the bits of `ADD` allow it; with INCR `score` is added to the one it
 * has. Returns the entry, which may have moved; what happened is in `keyspace.sortedSets`. Throws SCORE_NOT_A_NUMBER.
 */
export function addScore(
  db: Database,
  ref: Ref,
  conditions: number,
  score: number,
  bytes: Uint8Array,
  start: number,
  length: number,
): Ref {
  if (db.kind(ref) === KIND.SORTED_SET_TABLE) {
    addToTable(db, tableOf(db, ref), conditions, score, bytes, start, length);
    return ref;
  }
  const { limits, scratch, sortedSets } = db.keyspace;
  const memory = db.valueMemory(ref);
  const base = db.valueOffset(ref);
  const member = scratch.first.setBytes(bytes, start, length);
  const at = findMember(memory, base, member);
  if (at !== NO_ENTRY) {
    decide(sortedSets, conditions, scoreBehind(memory, base, at, scratch.entry), score);
    if (sortedSets.outcome !== OUTCOME.UPDATED) return ref;
    return insertElement(db, deletePacked(db, ref, at, 2), sortedSets.score, member);
  }
  if ((conditions & ADD.XX) !== 0) {
    sortedSets.outcome = OUTCOME.NOTHING;
    return ref;
  }
  if (
    packedLength(memory, base) >> 1 >= limits['zset-max-listpack-entries'] ||
    length > limits['zset-max-listpack-value'] ||
    db.valueLength(ref) + length > PACKED_SAFE_BYTES
  ) {
    const enlarged = toTable(db, ref, 1);
    addToTable(db, tableOf(db, enlarged), conditions, score, bytes, start, length);
    return enlarged;
  }
  sortedSets.outcome = OUTCOME.ADDED;
  sortedSets.score = score;
  return insertElement(db, ref, score, member);
}

/** Removes a member and returns the entry, which may have moved; 0 when the member is not there. O(log n). */
export function removeMember(db: Database, ref: Ref, bytes: Uint8Array, start: number, length: number): Ref {
  if (db.kind(ref) === KIND.SORTED_SET_TABLE) {
    const table = tableOf(db, ref);
    const entry = table.find(bytes, start, length);
    if (entry === 0) return 0;
    table.remove(entry);
    return ref;
  }
  const member = db.keyspace.scratch.first.setBytes(bytes, start, length);
  const at = findMember(db.valueMemory(ref), db.valueOffset(ref), member);
  return at === NO_ENTRY ? 0 : deletePacked(db, ref, at, 2);
}

/**
 * Removes `count` members from a rank on, which must be there, and returns the entry, which may have moved. A set that
 * is empty then is the caller's to remove. O(log n + count).
 */
export function removeRanks(db: Database, ref: Ref, first: number, count: number): Ref {
  if (count === 0) return ref;
  if (db.kind(ref) === KIND.SORTED_SET_TABLE) {
    tableOf(db, ref).removeRanks(first, count);
    return ref;
  }
  const memory = db.valueMemory(ref);
  const base = db.valueOffset(ref);
  return deletePacked(db, ref, packedSeek(memory, base, first * 2), count * 2);
}

/**
 * Makes the key of argument `i`, which must not exist, hold an empty sorted set to which `elements` members are about to
 * be added, the first of them `length` bytes long: that decides its form.
 */
export function createSortedSet(
  db: Database,
  args: Arguments,
  i: number,
  elements: number,
  length: number,
): Ref {
  const { limits } = db.keyspace;
  if (elements > limits['zset-max-listpack-entries'] || length > limits['zset-max-listpack-value']) {
    return db.writeLarge(args, i, 0, KIND.SORTED_SET_TABLE, newTable(db));
  }
  const ref = db.write(args, i, 0, KIND.SORTED_SET_PACKED, PACKED_EMPTY_BYTES, false);
  packedCreate(db.valueMemory(ref), db.valueOffset(ref));
  return ref;
}

/** Prepares for `elements` members to be added: more than a packed set may hold make it a table beforehand. */
export function prepareForMembers(db: Database, ref: Ref, elements: number): Ref {
  if (elements <= db.keyspace.limits['zset-max-listpack-entries']) return ref;
  return db.kind(ref) === KIND.SORTED_SET_TABLE ? ref : toTable(db, ref, elements);
}

/** Makes a sorted set a table, however few members it has (SORT does). Returns the entry. O(n). */
export function enlargeSortedSet(db: Database, ref: Ref): Ref {
  return db.kind(ref) === KIND.SORTED_SET_TABLE ? ref : toTable(db, ref, 0);
}

/**
 * Makes the key of argument `i` hold the members of a table that belongs to no key yet, in the form that their number and
 * their lengths ask for; the table is the key's then, or freed. `ref` is what a lookup of the key gave. Any deadline goes.
 */
export function storeTable(db: Database, args: Arguments, i: number, ref: Ref, table: SortedSetTable): Ref {
  if (!fitsPacked(db, table)) return db.writeLarge(args, i, ref, KIND.SORTED_SET_TABLE, table);
  const block = new PackedBuffer();
  const value = new PackedValue();
  table.forEach((memory, start, length, score) => {
    block.append(value.setBytes(memory, start, length));
    block.append(setScore(value, score));
  });
  while (table.freeSome(SLICE_PIECES));
  const { bytes } = block;
  const stored = db.write(args, i, ref, KIND.SORTED_SET_PACKED, bytes.length, false);
  copyBytes(bytes, 0, db.valueMemory(stored), db.valueOffset(stored), bytes.length);
  return stored;
}

/** An empty table for `storeTable`. */
export function newTable(db: Database): SortedSetTable {
  return new SortedSetTable(db.keyspace.heap, db.keyspace.seed);
}

/** Makes the key of argument `i` hold latin1 members with their scores, at least one; else as `storeTable`. */
export function storeSortedSet(
  db: Database,
  args: Arguments,
  i: number,
  ref: Ref,
  members: readonly string[],
  scores: readonly number[],
): Ref {
  const table = newTable(db);
  members.forEach((member, at) => {
    table.putText(scores[at]!, member);
  });
  return storeTable(db, args, i, ref, table);
}

/** Calls `visit` with every member, as a latin1 text, and its score, ascending. `visit` must not change the set. */
export function forEachScored(db: Database, ref: Ref, visit: (member: string, score: number) => void): void {
  const cursor = new SortedSetCursor();
  cursor.seek(db, ref, 0, false);
  while (cursor.next()) visit(cursor.memberText(), cursor.score);
}

/** The table of a large sorted set, for scanning it; null for a packed one. */
export function sortedSetTable(db: Database, ref: Ref): SortedSetTable | null {
  return db.kind(ref) === KIND.SORTED_SET_TABLE ? tableOf(db, ref) : null;
}

/** Calls `visit` with every member of a packed set, and its score as it is stored, in latin1 texts. */
export function forEachStored(db: Database, ref: Ref, visit: (member: string, score: string) => void): void {
  const texts = packedTexts(db.valueMemory(ref), db.valueOffset(ref), new PackedEntry());
  for (let i = 0; i < texts.length; i += 2) visit(texts[i]!, texts[i + 1]!);
}

function fitsPacked(db: Database, table: SortedSetTable): boolean {
  const { limits } = db.keyspace;
  if (table.size > limits['zset-max-listpack-entries']) return false;
  let longest = 0;
  table.forEach((_memory, _start, length) => {
    longest = Math.max(longest, length);
  });
  return longest <= limits['zset-max-listpack-value'];
}

function tableOf(db: Database, ref: Ref): SortedSetTable {
  return db.large(ref) as SortedSetTable;
}

function addToTable(
  db: Database,
  table: SortedSetTable,
  conditions: number,
  score: number,
  bytes: Uint8Array,
  start: number,
  length: number,
): void {
  const { sortedSets } = db.keyspace;
  const hash = table.members.hash(bytes, start, length);
  const entry = table.members.find(bytes, start, length, hash);
  if (entry !== 0) {
    const before = table.score(entry);
    decide(sortedSets, conditions, before, score);
    if (sortedSets.outcome === OUTCOME.UPDATED) table.update(entry, sortedSets.score);
  } else if ((conditions & ADD.XX) !== 0) {
    sortedSets.outcome = OUTCOME.NOTHING;
  } else {
    table.add(score, bytes, start, length, hash);
    sortedSets.outcome = OUTCOME.ADDED;
    sortedSets.score = score;
  }
}

// What becomes of a member that has the score `before`.
function decide(scratch: SortedSetScratch, conditions: number, before: number, score: number): void {
  scratch.outcome = OUTCOME.NOTHING;
  if ((conditions & ADD.NX) !== 0) return;
  if ((conditions & ADD.INCR) !== 0) {
    score += before;
    if (Number.isNaN(score)) throw SCORE_NOT_A_NUMBER;
  }
  if ((conditions & ADD.LT) !== 0 && score >= before) return;
  if ((conditions & ADD.GT) !== 0 && score <= before) return;
  scratch.score = score;
  scratch.outcome = score === before ? OUTCOME.KEPT : OUTCOME.UPDATED;
}

function toTable(db: Database, ref: Ref, more: number): Ref {
  const table = newTable(db);
  table.reserve(sortedSetSize(db, ref) + more);
  const cursor = new SortedSetCursor();
  cursor.seek(db, ref, 0, false);
  while (cursor.next()) table.append(cursor.score, cursor.memory, cursor.start, cursor.length);
  return db.enlarge(ref, KIND.SORTED_SET_TABLE, table);
}

// The position of a member, or NO_ENTRY.
function findMember(memory: Buffer, base: number, member: PackedValue): number {
  return packedFind(memory, base, packedFirst(memory, base), member, 1);
}

// The score that stands behind the member at `at`.
function scoreBehind(memory: Buffer, base: number, at: number, entry: PackedEntry): number {
  entry.read(memory, base, packedNext(memory, base, at));
  return packedScore(entry);
}

// Inserts a member, which is not there, where it belongs.
function insertElement(db: Database, ref: Ref, score: number, member: PackedValue): Ref {
  const value = setScore(db.keyspace.scratch.second, score);
  return insertPackedPair(db, ref, placeOf(db, ref, score, member), member, value);
}

// Where a new element belongs: before the first that is greater.
function placeOf(db: Database, ref: Ref, score: number, member: PackedValue): number {
  const { entry } = db.keyspace.scratch;
  const memory = db.valueMemory(ref);
  const base = db.valueOffset(ref);
  const end = packedEnd(memory, base);
  if (end === PACKED_HEADER_BYTES) return end;
  // Sets are often filled in order.
  const last = packedLast(memory, base);
  entry.read(memory, base, last);
  const highest = packedScore(entry);
  if (highest < score) return end;
  for (let at = PACKED_HEADER_BYTES; at < end; ) {
    const first = memory[base + at]!;
    // The bytes of a short string, which nearly all members are, stand in its first byte.
    const scoreAt = first >= 0x80 && first < 0xc0 ? at + (first & 0x3f) + 2 : packedNext(memory, base, at);
    // Scores are mostly integers of up to 13 bits.
    const head = memory[base + scoreAt]!;
    let here: number;
    let next: number;
    if (head < 0x80) {
      here = head;
      next = scoreAt + 2;
    } else if (head >= 0xc0 && head < 0xe0) {
      here = readSmallInteger(memory, base + scoreAt, head);
      next = scoreAt + 3;
    } else {
      next = entry.read(memory, base, scoreAt);
      here = packedScore(entry);
    }
    if (here > score) return at;
    if (here === score) {
      entry.read(memory, base, at);
      if (compareMember(entry, member) > 0) return at;
    }
    at = next;
  }
  return end;
}

function compareMember(entry: PackedEntry, member: PackedValue): number {
  const { source, start, length } = member;
  if (!entry.isInteger) return compareBytes(entry.bytes, entry.start, entry.length, source, start, length);
  const text = toBytes(entry.text());
  return compareBytes(text, 0, text.length, source, start, length);
}

// As Redis's listpacks hold scores: whole ones as integers, in which -0 is 0, others as text.
export function setScore(value: PackedValue, score: number): PackedValue {
  if (Number.isSafeInteger(score)) return value.setInteger(score === 0 ? 0 : score);
  if (Number.isInteger(score) && score >= -INTEGER_SCORE_MAX && score <= INTEGER_SCORE_MAX) {
    return value.setInteger(BigInt(score));
  }
  return value.setText(formatDouble(score));
}
