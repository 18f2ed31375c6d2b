// How deep calls are nested. Lua allows 20,000, far more than JavaScript's stack holds; so a chain of calls is cut into
// segments (see coroutine.ts), and only the last of them is on the stack.

import { LuaError } from './errors.ts';

/** As many calls of Lua may be nested. */
export const MAX_CALLS = 19_998;
/** As many calls from natives (pcall, sort, gsub, metamethods) may be nested. */
const MAX_NATIVE_CALLS = 198;
/** Calls in a segment. */
const SEGMENT_CALLS = 150;

export class StackDepth {
  calls = 0;
  nativeCalls = 0;
  /** With more calls than this a new segment begins. */
  segmentEnd = SEGMENT_CALLS;
  /** Drivers that stand on the stack one above the other: each has less of it. */
  drivers = 0;

  /** Everything is to begin anew. */
  reset(): void {
    this.calls = this.nativeCalls = this.drivers = 0;
    this.segmentEnd = SEGMENT_CALLS;
  }

  overflow(): never {
    throw new LuaError('stack overflow', 1);
  }

  /** A native calls a function of Lua. `level` is 1 where what it is called for is an operation of Lua. */
  enterNative(level = 0): void {
    if (++this.nativeCalls > MAX_NATIVE_CALLS) {
      this.nativeCalls--;
      throw new LuaError('C stack overflow', level);
    }
  }

  nextSegmentEnd(): number {
    return this.calls + Math.max(4, Math.floor(SEGMENT_CALLS / Math.max(1, this.drivers)));
  }
}
