// Parts of sorted sets: which elements a range means, by rank, by score or by member. One range a keyspace, filled anew by
// each command, so that a range costs no object. Whatever it is said by, a range comes down to a rank to begin at and a
// count, which is known before the first element is read: replies need it in front.

import { compareBytes } from '../base/bytes.ts';
import { KIND } from '../datatypes/kind.ts';
import type { SortedSetTable } from '../datatypes/sorted-set-table.ts';
import type { Ref } from '../memory/heap.ts';
import {
  NO_ENTRY,
  packedFirst,
  packedLast,
  packedLength,
  packedNext,
  packedPrevious,
} from '../memory/packed.ts';
import { PackedEntry } from '../memory/packed-entry.ts';
import type { Database } from './database.ts';
import { packedScore } from './sorted-set-cursor.ts';

export const RANGE_BY = { RANK: 0, SCORE: 1, LEX: 2 } as const;
export type RangeBy = (typeof RANGE_BY)[keyof typeof RANGE_BY];

const NO_BYTES = new Uint8Array(0);
const INTEGER_TEXT_BYTES = 20;

const BOUND = { BELOW_ALL: 0, ABOVE_ALL: 1, INCLUDED: 2, EXCLUDED: 3 } as const;

/** A bound of a range of members. The bytes are not copied: they must stay until the range has been used. */
export class LexBound {
  bytes: Uint8Array = NO_BYTES;
  start = 0;
  length = 0;
  private kind: (typeof BOUND)[keyof typeof BOUND] = BOUND.BELOW_ALL;

  setBelow(): void {
    this.set(BOUND.BELOW_ALL, NO_BYTES, 0, 0);
  }

  setAbove(): void {
    this.set(BOUND.ABOVE_ALL, NO_BYTES, 0, 0);
  }

  setIncluded(bytes: Uint8Array, start: number, length: number): void {
    this.set(BOUND.INCLUDED, bytes, start, length);
  }

  setExcluded(bytes: Uint8Array, start: number, length: number): void {
    this.set(BOUND.EXCLUDED, bytes, start, length);
  }

  get isBelow(): boolean {
    return this.kind === BOUND.BELOW_ALL;
  }

  get isAbove(): boolean {
    return this.kind === BOUND.ABOVE_ALL;
  }

  get isExcluded(): boolean {
    return this.kind === BOUND.EXCLUDED;
  }

  /** Orders a member and the bound: negative when the member comes first. */
  compare(bytes: Uint8Array, start: number, length: number): number {
    if (this.kind === BOUND.BELOW_ALL) return 1;
    if (this.kind === BOUND.ABOVE_ALL) return -1;
    return compareBytes(bytes, start, length, this.bytes, this.start, this.length);
  }

  private set(kind: LexBound['kind'], bytes: Uint8Array, start: number, length: number): void {
    this.kind = kind;
    this.bytes = bytes;
    this.start = start;
    this.length = length;
  }
}

export class SortedSetRange {
  by: RangeBy = RANGE_BY.RANK;
  reversed = false;
  /** By rank: both included, from the end where negative. */
  start = 0;
  stop = -1;
  /** By score. */
  min = 0;
  max = 0;
  minExcluded = false;
  maxExcluded = false;
  /** By member. */
  readonly lexMin = new LexBound();
  readonly lexMax = new LexBound();
  /** By score or member: how many elements are passed over (none are left when negative), and how many follow (-1: all). */
  offset = 0;
  limit = -1;

  /** What `resolve` has found: the rank of the first element, the one with the lowest score being 0, and how many. */
  first = 0;
  count = 0;

  private readonly element = new PackedElement();

  /**
   * Finds `first` and `count`. O(log n), in a small sorted set O(n). By member it means something only where all scores
   * are equal; else small sorted sets answer what Redis does, and large ones something as arbitrary.
   */
  resolve(db: Database, ref: Ref): void {
    if (db.kind(ref) === KIND.SORTED_SET_TABLE) this.resolveTable(db.large(ref) as SortedSetTable);
    else if (this.by === RANGE_BY.RANK)
      this.takeRanks(packedLength(db.valueMemory(ref), db.valueOffset(ref)) >> 1);
    else this.resolvePacked(db.valueMemory(ref), db.valueOffset(ref));
  }

  private resolveTable({ index }: SortedSetTable): void {
    if (this.by === RANGE_BY.RANK) {
      this.takeRanks(index.size);
      return;
    }
    let low: number;
    let end: number;
    if (this.by === RANGE_BY.SCORE) {
      low = index.rankOfScore(this.min, this.minExcluded);
      end = index.rankOfScore(this.max, !this.maxExcluded);
    } else {
      const { lexMin, lexMax } = this;
      low = rankOfBound(index, lexMin, lexMin.isExcluded);
      end = rankOfBound(index, lexMax, !lexMax.isExcluded);
    }
    this.takeBetween(low, end);
  }

  private takeRanks(size: number): void {
    const start = Math.max(0, this.start < 0 ? size + this.start : this.start);
    const stop = Math.min(size - 1, this.stop < 0 ? size + this.stop : this.stop);
    this.count = Math.max(0, stop - start + 1);
    this.first = this.reversed ? size - 1 - start : start;
  }

  private takeBetween(low: number, end: number): void {
    const { offset, limit } = this;
    const found = Math.max(0, end - low);
    const left = offset < 0 ? 0 : Math.max(0, found - offset);
    this.count = limit < 0 ? left : Math.min(limit, left);
    this.first = this.reversed ? end - 1 - offset : low + offset;
  }

  // A walk over the elements, as Redis's: with unequal scores the order of members is none, and what is found follows from
  // the way it is sought.
  private resolvePacked(memory: Uint8Array, base: number): void {
    const { element, reversed, offset, limit } = this;
    const size = packedLength(memory, base) >> 1;
    this.count = 0;
    if (this.isEmpty()) return;
    element.memory = memory;
    element.base = base;
    if (!this.reachesMin(packedPrevious(memory, base, packedLast(memory, base)))) return;
    if (!this.keepsMax(packedFirst(memory, base))) return;
    let at = reversed ? packedPrevious(memory, base, packedLast(memory, base)) : packedFirst(memory, base);
    let passed = 0;
    while (at !== NO_ENTRY && !(reversed ? this.keepsMax(at) : this.reachesMin(at))) {
      at = this.step(memory, base, at);
      passed++;
    }
    if (at === NO_ENTRY || !(reversed ? this.reachesMin(at) : this.keepsMax(at))) return;
    if (offset < 0 || passed + offset >= size) return;
    for (let i = 0; i < offset; i++) at = this.step(memory, base, at);
    let count = 0;
    while (at !== NO_ENTRY && count !== limit && (reversed ? this.reachesMin(at) : this.keepsMax(at))) {
      at = this.step(memory, base, at);
      count++;
    }
    this.count = count;
    this.first = reversed ? size - 1 - passed - offset : passed + offset;
  }

  // From the member at `at` to the next one, or the previous one.
  private step(memory: Uint8Array, base: number, at: number): number {
    if (!this.reversed) return packedNext(memory, base, packedNext(memory, base, at));
    const score = packedPrevious(memory, base, at);
    return score === NO_ENTRY ? NO_ENTRY : packedPrevious(memory, base, score);
  }

  private isEmpty(): boolean {
    if (this.by === RANGE_BY.SCORE) {
      const { min, max } = this;
      return min > max || (min === max && (this.minExcluded || this.maxExcluded));
    }
    const { lexMin, lexMax } = this;
    if (lexMin.isBelow) return lexMax.isBelow;
    if (lexMax.isAbove) return lexMin.isAbove;
    if (lexMin.isAbove || lexMax.isBelow) return true;
    const order = lexMax.compare(lexMin.bytes, lexMin.start, lexMin.length);
    return order > 0 || (order === 0 && (lexMin.isExcluded || lexMax.isExcluded));
  }

  private reachesMin(at: number): boolean {
    const { element } = this;
    if (this.by === RANGE_BY.SCORE) {
      const score = element.scoreAt(at);
      return this.minExcluded ? score > this.min : score >= this.min;
    }
    element.read(at);
    const order = this.lexMin.compare(element.bytes, element.start, element.length);
    return this.lexMin.isExcluded ? order > 0 : order >= 0;
  }

  private keepsMax(at: number): boolean {
    const { element } = this;
    if (this.by === RANGE_BY.SCORE) {
      const score = element.scoreAt(at);
      return this.maxExcluded ? score < this.max : score <= this.max;
    }
    element.read(at);
    const order = this.lexMax.compare(element.bytes, element.start, element.length);
    return this.lexMax.isExcluded ? order < 0 : order <= 0;
  }
}

function rankOfBound(index: SortedSetTable['index'], bound: LexBound, orEqual: boolean): number {
  if (bound.isBelow) return 0;
  if (bound.isAbove) return index.size;
  return index.rankOfMember(bound.bytes, bound.start, bound.length, orEqual);
}

/** A reader of members and scores in a packed block, which shows members that are integers as text. */
class PackedElement {
  memory: Uint8Array = NO_BYTES;
  base = 0;
  bytes: Uint8Array = NO_BYTES;
  start = 0;
  length = 0;

  private readonly entry = new PackedEntry();
  private readonly digits = new Uint8Array(INTEGER_TEXT_BYTES);

  /** Reads the member at `at`. */
  read(at: number): void {
    const { entry, digits } = this;
    entry.read(this.memory, this.base, at);
    if (entry.isInteger) {
      this.bytes = digits;
      this.start = 0;
      this.length = entry.writeText(digits, 0);
    } else {
      this.bytes = entry.bytes;
      this.start = entry.start;
      this.length = entry.length;
    }
  }

  /** The score of the member at `at`. */
  scoreAt(at: number): number {
    this.entry.read(this.memory, this.base, packedNext(this.memory, this.base, at));
    return packedScore(this.entry);
  }
}
