// Whether every byte that the heap has given out is still somebody's: a walk over all that the databases can reach, beside
// what the heap counts itself. For tests, and for DEBUG HEAP.

import { isLarge } from '../datatypes/kind.ts';
import type { Keyspace } from './keyspace.ts';

export interface HeapFigures {
  /** What the heap counts: blocks in use, and tables beside them. */
  readonly usedBytes: number;
  /** What the walk has found. */
  readonly reachableBytes: number;
  /** Whether removed values wait to be freed, which nobody reaches any more. */
  readonly isFreeing: boolean;
}

/** Walks over all blocks. While nothing waits to be freed and no snapshot is taken, both figures are the same. O(n). */
export function heapFigures(keyspace: Keyspace): HeapFigures {
  const { heap } = keyspace;
  let reachableBytes = 0;
  for (const db of keyspace.databases) {
    reachableBytes += db.overheadBytes;
    db.dict.visitAll((ref) => {
      reachableBytes += heap.capacity(ref);
      if (isLarge(db.kind(ref))) reachableBytes += db.large(ref).usedBytes;
    });
  }
  return {
    usedBytes: heap.usedBytes + heap.tableBytes,
    reachableBytes,
    isFreeing: keyspace.hasPendingFrees,
  };
}
