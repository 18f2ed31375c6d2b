// JavaScript's heap as programs of Lua fill it. What they let go stays in it until it is collected, which JavaScript may
// put off until the process has no more; so before a program is refused memory, it is collected here.

import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** The part of the heap that may be in use while a program runs. */
const PART = 0.5;

/** A bound, and what is held against it: both in bytes. */
export interface MemoryLimit {
  limitBytes: number;
  /** What is in use now; without it, what was made since the execution began counts. */
  measure?: (() => number) | undefined;
  /** Lets go what nobody holds. Takes long: about a second for a gigabyte. */
  collect?: (() => void) | undefined;
}

/** As much as JavaScript's heap has room for. */
export function heapLimit(): MemoryLimit {
  return {
    limitBytes: getHeapStatistics().heap_size_limit * PART,
    measure: () => getHeapStatistics().used_heap_size,
    collect: collectGarbage,
  };
}

function collectGarbage(): void {
  // A context that is made under the flag has the function; the flag is not wanted for longer.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  collect();
}
