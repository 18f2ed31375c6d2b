// The layout of an OrderedIndex's inner nodes, and what is moved from node to node when these split, merge or lose something.
// An inner node's block: count · (unused) x 3, then INNER_CHILDREN scores and as many refs, which are the first entry below
// each child, then the children, then the counts below them. What stands first for child 0 is never read. All others are
// exact, since a ref must not outlive its entry.

import type { Heap, Ref } from './heap.ts';
import { HEADER_FLOATS, HEADER_WORDS, LEAF_REFS } from './ordered-walk.ts';

export const INNER_CHILDREN = 50;
export const FIRST_REFS = HEADER_WORDS + 2 * INNER_CHILDREN;
export const CHILDREN = FIRST_REFS + INNER_CHILDREN;
export const COUNTS = CHILDREN + INNER_CHILDREN;

/** Moves entries between leaves or within one. */
export function moveEntries(
  heap: Heap,
  from: Ref,
  fromSlot: number,
  to: Ref,
  toSlot: number,
  count: number,
): void {
  const fromAt = heap.offset(from) >> 2;
  const toAt = heap.offset(to) >> 2;
  moveNumbers(
    heap.floats(from),
    (fromAt >> 1) + HEADER_FLOATS + fromSlot,
    heap.floats(to),
    (toAt >> 1) + HEADER_FLOATS + toSlot,
    count,
  );
  moveNumbers(
    heap.words(from),
    fromAt + LEAF_REFS + fromSlot,
    heap.words(to),
    toAt + LEAF_REFS + toSlot,
    count,
  );
}

/** Moves children, with what is known of them, between inner nodes or within one. */
export function moveChildren(
  heap: Heap,
  from: Ref,
  fromSlot: number,
  to: Ref,
  toSlot: number,
  count: number,
): void {
  const fromWords = heap.words(from);
  const toWords = heap.words(to);
  const source = (heap.offset(from) >> 2) + fromSlot;
  const target = (heap.offset(to) >> 2) + toSlot;
  moveNumbers(
    heap.floats(from),
    (heap.offset(from) >> 3) + HEADER_FLOATS + fromSlot,
    heap.floats(to),
    (heap.offset(to) >> 3) + HEADER_FLOATS + toSlot,
    count,
  );
  moveNumbers(fromWords, source + FIRST_REFS, toWords, target + FIRST_REFS, count);
  moveNumbers(fromWords, source + CHILDREN, toWords, target + CHILDREN, count);
  moveNumbers(fromWords, source + COUNTS, toWords, target + COUNTS, count);
}

type Numbers = Int32Array | Float64Array;

function moveNumbers<A extends Numbers>(from: A, start: number, to: A, target: number, count: number): void {
  if (count === 0) return;
  if (from === to) to.copyWithin(target, start, start + count);
  else to.set(from.subarray(start, start + count), target);
}
