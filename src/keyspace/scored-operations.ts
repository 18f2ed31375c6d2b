// Union, intersection and difference of sorted sets and sets. Results are put together in a `SortedSetBuilder`, or only
// counted. Scores are added in the order of the sources' sizes, as Redis does: with doubles that makes a difference.

import { copyBytes } from '../base/bytes.ts';
import { KIND } from '../datatypes/kind.ts';
import { SortedSetBuilder } from '../datatypes/sorted-set-builder.ts';
import type { Ref } from '../memory/heap.ts';
import { PackedBuffer } from '../memory/packed.ts';
import { PackedValue } from '../memory/packed-entry.ts';
import type { Arguments } from '../resp/arguments.ts';
import type { Database } from './database.ts';
import type { Keyspace } from './keyspace.ts';
import type { ScoredSource, ScoredWalk } from './scored-source.ts';
import type { Touched } from './set-cursor.ts';
import { setScore } from './sorted-set-value.ts';

// What a packed block is made for at first.
const BYTES_PER_MEMBER = 24;
const SMALL_UNION = 512;

/** How the scores that a member has in several sources become one. */
export const AGGREGATE = { SUM: 0, MIN: 1, MAX: 2 } as const;
export type Aggregate = (typeof AGGREGATE)[keyof typeof AGGREGATE];

/** All members of all sources. O(n) and the order, O(m log m) for m members in the result. Reorders `sources`. */
export function unite(keyspace: Keyspace, sources: ScoredSource[], aggregate: Aggregate): SortedSetBuilder {
  const { walk } = keyspace.scoredSources;
  const builder = newBuilder(keyspace);
  sortBySize(sources);
  builder.reserve(expectedSize(sources));
  const touched = [builder.members];
  for (const source of sources) {
    for (walk.begin(source, builder.size === 0 ? [] : touched); walk.next(); ) {
      const { member } = walk;
      const { bytes, start, length } = member;
      const hash = member.hash(keyspace.seed);
      const score = numberOr0(source.weight * walk.score);
      const found = builder.find(bytes, start, length, hash);
      if (found === 0) builder.add(score, bytes, start, length, hash);
      else builder.setScore(found, combined(builder.score(found), score, aggregate));
    }
  }
  return builder;
}

/** The members that all sources have. O(n k) for k sources, the smallest of n members. Reorders `sources`. */
export function intersect(
  keyspace: Keyspace,
  sources: ScoredSource[],
  aggregate: Aggregate,
): SortedSetBuilder {
  const { walk } = keyspace.scoredSources;
  const builder = newBuilder(keyspace);
  sortBySize(sources);
  const smallest = sources[0]!;
  for (walk.begin(smallest, tablesAfterFirst(sources)); walk.next(); ) {
    const score = commonScore(walk, sources, aggregate);
    if (Number.isNaN(score)) continue;
    const { bytes, start, length } = walk.member;
    builder.add(score, bytes, start, length, walk.member.hash(keyspace.seed));
  }
  return builder;
}

/** How many members all sources have, or `limit` (0: none) where that is less. O(n k), see `intersect`. */
export function countCommon(keyspace: Keyspace, sources: ScoredSource[], limit: number): number {
  const { walk } = keyspace.scoredSources;
  sortBySize(sources);
  let count = 0;
  for (walk.begin(sources[0]!, tablesAfterFirst(sources)); walk.next(); ) {
    if (!isInOthers(walk, sources)) continue;
    count++;
    if (count === limit) break;
  }
  return count;
}

/**
 * The members of the first source that no other has, with their scores there. O(n k) or O(l), whichever promises to be
 * less: n members in the first, k sources, l members in all. Reorders `sources` behind the first.
 */
export function subtract(keyspace: Keyspace, sources: ScoredSource[]): SortedSetBuilder {
  const builder = newBuilder(keyspace);
  const first = sources[0]!;
  let total = 0;
  for (let i = 0; i < sources.length; i++) {
    const source = sources[i]!;
    if (i > 0 && source.ref !== 0 && source.ref === first.ref) return builder;
    total += source.size;
  }
  // Looking for what is common ends early where there is something common: half of its worst case is what it takes.
  if (Math.floor((first.size * sources.length) / 2) <= total) addThoseInNoOther(keyspace, builder, sources);
  else removeThoseOfOthers(keyspace, builder, sources);
  return builder;
}

/**
 * Makes the key of argument `i` hold the members of a builder, at least one, in the form that their number and their
 * lengths ask for; the builder is spent. `ref` is what a lookup of the key gave. Any deadline goes. O(n log n).
 */
export function storeBuilt(
  db: Database,
  args: Arguments,
  i: number,
  ref: Ref,
  builder: SortedSetBuilder,
): Ref {
  const { limits } = db.keyspace;
  const { members } = builder;
  const order = builder.inOrder();
  let isSmall = order.size <= limits['zset-max-listpack-entries'];
  for (let at = 0; isSmall && at < order.size; at++) {
    isSmall = members.keyLength(order.refs[at]!) <= limits['zset-max-listpack-value'];
  }
  if (!isSmall) return db.writeLarge(args, i, ref, KIND.SORTED_SET_TABLE, builder.toTable(order));
  const block = new PackedBuffer(BYTES_PER_MEMBER * order.size);
  const value = new PackedValue();
  for (let at = 0; at < order.size; at++) {
    const entry = order.refs[at]!;
    value.setBytes(members.keyMemory(entry), members.keyOffset(entry), members.keyLength(entry));
    block.append(value);
    block.append(setScore(value, order.scores[at]!));
  }
  builder.free();
  const { bytes } = block;
  const stored = db.write(args, i, ref, KIND.SORTED_SET_PACKED, bytes.length, false);
  copyBytes(bytes, 0, db.valueMemory(stored), db.valueOffset(stored), bytes.length);
  return stored;
}

function addThoseInNoOther(keyspace: Keyspace, builder: SortedSetBuilder, sources: ScoredSource[]): void {
  const { walk } = keyspace.scoredSources;
  const first = sources.shift()!;
  // The largest has most chances to have a member.
  sources.sort((a, b) => b.size - a.size);
  sources.unshift(first);
  for (walk.begin(first, tablesAfterFirst(sources)); walk.next(); ) {
    if (isInAnother(walk, sources)) continue;
    const { bytes, start, length } = walk.member;
    builder.add(walk.score, bytes, start, length, walk.member.hash(keyspace.seed));
  }
}

function removeThoseOfOthers(
  keyspace: Keyspace,
  builder: SortedSetBuilder,
  sources: readonly ScoredSource[],
): void {
  const { walk } = keyspace.scoredSources;
  const first = sources[0]!;
  const touched = [builder.members];
  builder.reserve(first.size);
  for (walk.begin(first, []); walk.next(); ) {
    const { bytes, start, length } = walk.member;
    builder.add(walk.score, bytes, start, length, walk.member.hash(keyspace.seed));
  }
  for (let i = 1; i < sources.length && builder.size > 0; i++) {
    for (walk.begin(sources[i]!, touched); builder.size > 0 && walk.next(); ) {
      const { bytes, start, length } = walk.member;
      const hash = walk.member.hash(keyspace.seed);
      const found = builder.find(bytes, start, length, hash);
      if (found !== 0) builder.remove(found, hash);
    }
  }
}

function newBuilder(keyspace: Keyspace): SortedSetBuilder {
  return new SortedSetBuilder(keyspace.heap, keyspace.seed);
}

// Sources of the same size stay in the order of the request.
function sortBySize(sources: ScoredSource[]): void {
  if (sources.length > 1) sources.sort((a, b) => a.size - b.size);
}

// At least as many as the largest source has; where it costs nothing, room for all.
function expectedSize(sources: readonly ScoredSource[]): number {
  let total = 0;
  for (const source of sources) total += source.size;
  return total <= SMALL_UNION ? total : sources[sources.length - 1]!.size;
}

function tablesAfterFirst(sources: readonly ScoredSource[]): Touched[] {
  const tables: Touched[] = [];
  for (let i = 1; i < sources.length; i++) {
    const table = sources[i]!.lookedInto;
    if (table !== null) tables.push(table);
  }
  return tables;
}

// The score of the walk's element over all sources, or NaN when one does not have it.
function commonScore(walk: ScoredWalk, sources: readonly ScoredSource[], aggregate: Aggregate): number {
  let score = numberOr0(sources[0]!.weight * walk.score);
  for (let i = 1; i < sources.length; i++) {
    const source = sources[i]!;
    const other = source.scoreOf(walk.member);
    if (Number.isNaN(other)) return Number.NaN;
    score = combined(score, other * source.weight, aggregate);
  }
  return score;
}

function isInOthers(walk: ScoredWalk, sources: readonly ScoredSource[]): boolean {
  for (let i = 1; i < sources.length; i++) {
    if (Number.isNaN(sources[i]!.scoreOf(walk.member))) return false;
  }
  return true;
}

function isInAnother(walk: ScoredWalk, sources: readonly ScoredSource[]): boolean {
  for (let i = 1; i < sources.length; i++) {
    if (!Number.isNaN(sources[i]!.scoreOf(walk.member))) return true;
  }
  return false;
}

// Infinity less infinity is 0, and so is nothing times infinity. Where one of two scores compared is no number, the first
// stays, which is one.
function combined(score: number, other: number, aggregate: Aggregate): number {
  if (aggregate === AGGREGATE.SUM) return numberOr0(score + other);
  const isBetter = aggregate === AGGREGATE.MIN ? other < score : other > score;
  return isBetter ? other : score;
}

function numberOr0(score: number): number {
  return Number.isNaN(score) ? 0 : score;
}
