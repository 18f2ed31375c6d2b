// Whether packed blocks that came from outside are what they say: sets, hashes and sorted sets.
// Bounds are checked always, for a block lies among others in one memory and a wrong length in it would reach them;
// `deep` also looks for duplicates and disorder.

import { compareBytes } from '../../base/bytes.ts';
import { packedValidate } from '../../memory/packed.ts';
import { PackedEntry } from '../../memory/packed-entry.ts';
import { scoreOf } from './sorted-set-builder.ts';

/** Whether the block is sound and holds each element once. */
export function isPackedSet(bytes: Uint8Array, start: number, size: number, deep: boolean): boolean {
  if (!deep) return packedValidate(bytes, start, size, true);
  const entry = new PackedEntry();
  const seen = new Set<string>();
  return packedValidate(bytes, start, size, true, (at) => {
    entry.read(bytes, start, at);
    return isNew(seen, entry.text());
  });
}

/** Whether the block is sound and holds pairs, each field once. */
export function isPackedHash(bytes: Uint8Array, start: number, size: number, deep: boolean): boolean {
  const entry = new PackedEntry();
  const seen = new Set<string>();
  let count = 0;
  const isSound = packedValidate(bytes, start, size, true, (at) => {
    if ((count++ & 1) !== 0 || !deep) return true;
    entry.read(bytes, start, at);
    return isNew(seen, entry.text());
  });
  return isSound && (count & 1) === 0;
}

/**
 * Whether the block is sound and holds pairs of members and scores, each member once, in order. Redis lets disorder and
 * scores that are no numbers pass; here they would mislead the searches that rely on them.
 */
export function isPackedSortedSet(bytes: Uint8Array, start: number, size: number, deep: boolean): boolean {
  const entry = new PackedEntry();
  const member = new PackedEntry();
  const before = new PackedEntry();
  const seen = new Set<string>();
  let count = 0;
  let lastScore = Number.NEGATIVE_INFINITY;
  let memberAt = 0;
  let beforeAt = -1;
  const isSound = packedValidate(bytes, start, size, true, (at) => {
    entry.read(bytes, start, at);
    if ((count++ & 1) === 0) {
      memberAt = at;
      return !deep || isNew(seen, entry.text());
    }
    const score = scoreOf(entry);
    if (Number.isNaN(score) || score < lastScore) return false;
    if (score === lastScore && beforeAt >= 0) {
      before.read(bytes, start, beforeAt);
      member.read(bytes, start, memberAt);
      if (compareMembers(before, member) >= 0) return false;
    }
    lastScore = score;
    beforeAt = memberAt;
    return true;
  });
  return isSound && (count & 1) === 0;
}

function isNew(seen: Set<string>, text: string): boolean {
  const before = seen.size;
  return seen.add(text).size > before;
}

function compareMembers(a: PackedEntry, b: PackedEntry): number {
  if (!a.isInteger && !b.isInteger)
    return compareBytes(a.bytes, a.start, a.length, b.bytes, b.start, b.length);
  const [first, second] = [a.text(), b.text()];
  return first < second ? -1 : first > second ? 1 : 0;
}
