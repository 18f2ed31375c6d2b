// Coroutines: the library, and how one is resumed and left. A coroutine is its own list of generators; what
// `coroutine.yield` yields comes out of it where it was resumed, while pauses go on up to whoever runs the whole.

import { checkFunction } from './arguments.ts';
import { badArgument, Killed, LuaError, throwError } from './errors.ts';
import { passNative } from './frames.ts';
import { Chains } from './segments.ts';
import type { LuaState } from './state.ts';
import type { LuaTable } from './table.ts';
import {
  allValues,
  Coroutine,
  isRunning,
  type LuaFunction,
  type LuaValue,
  NIL,
  type Result,
  type Running,
  resultOf,
} from './value.ts';

/** What `coroutine.yield` yields to the resume that it is under. */
class Yielded {
  readonly values: LuaValue[];

  constructor(values: LuaValue[]) {
    this.values = values;
  }
}

export function coroutineLibrary(state: LuaState): LuaTable {
  const threads = new Threads(state);
  return state.library({
    create: (...args: LuaValue[]): Result => new Coroutine(checkLuaFunction(state, args)),
    resume: (...args: LuaValue[]): Result => threads.resumeProtected(checkCoroutine(args), args.slice(1)),
    running: (): Result => state.current ?? NIL,
    status: (...args: LuaValue[]): Result => checkCoroutine(args).status,
    wrap: (...args: LuaValue[]): Result => {
      const thread = new Coroutine(checkLuaFunction(state, args));
      return state.native('?', (...values: LuaValue[]) => threads.resumeWrapped(thread, values));
    },
    yield: (...args: LuaValue[]): Result => threads.yield(args),
  });
}

function checkCoroutine(args: LuaValue[]): Coroutine {
  const [thread] = args;
  return thread instanceof Coroutine ? thread : badArgument(1, 'coroutine expected');
}

function checkLuaFunction(state: LuaState, args: LuaValue[]): LuaFunction {
  const [fn] = args;
  if (typeof fn !== 'function' || state.runtime.N.has(fn)) badArgument(1, 'Lua function expected');
  return checkFunction(args, 1);
}

/** Where a coroutine was left. */
interface Place {
  readonly chains: Chains;
  /** How many calls deep it was. */
  calls: number;
  base: number;
}

class Threads {
  private readonly state: LuaState;
  private readonly places = new WeakMap<Coroutine, Place>();

  constructor(state: LuaState) {
    this.state = state;
  }

  *yield(values: LuaValue[]): Running {
    const { current } = this.state;
    if (current === null || current.nativeCalls > 0) {
      throw new LuaError('attempt to yield across metamethod/C-call boundary', 0);
    }
    return (yield new Yielded(values)) as Result;
  }

  *resumeProtected(thread: Coroutine, values: LuaValue[]): Running {
    const refusal = this.refusal(thread);
    if (refusal !== null) return [false, refusal];
    try {
      return [true, ...allValues(yield* this.resume(thread, values))];
    } catch (error) {
      const passed = passNative(error);
      if (!(passed instanceof LuaError) || error instanceof Killed) throw error;
      return [false, passed.value];
    }
  }

  *resumeWrapped(thread: Coroutine, values: LuaValue[]): Running {
    const refusal = this.refusal(thread);
    if (refusal !== null) throwError(refusal);
    try {
      return yield* this.resume(thread, values);
    } catch (error) {
      const passed = passNative(error);
      // Lua adds the position of the resume to the message.
      if (passed instanceof LuaError && typeof passed.value === 'string') {
        throw new LuaError(passed.value, 1);
      }
      throw error;
    }
  }

  private refusal(thread: Coroutine): string | null {
    if (thread.status === 'suspended') return null;
    return `cannot resume ${thread.status} coroutine`;
  }

  private *resume(thread: Coroutine, values: LuaValue[]): Running {
    const { state } = this;
    const { depth } = state;
    const outer = state.current;
    const { calls, nativeCalls, segmentEnd } = depth;
    depth.enterNative();
    if (outer !== null) outer.status = 'normal';
    thread.status = 'running';
    state.current = thread;
    let isLeft = false;
    try {
      let place = this.places.get(thread);
      let sent: unknown = resultOf(values);
      if (place === undefined) {
        const result = thread.body(...values);
        if (!isRunning(result)) return result;
        place = { chains: new Chains(depth), calls: 0, base: calls };
        this.places.set(thread, place);
        place.chains.begin(result);
        sent = undefined;
      } else {
        depth.calls += place.calls;
        place.chains.shift(calls - place.base);
        place.base = calls;
      }
      for (;;) {
        const value = place.chains.advance(sent, false);
        if (place.chains.isEmpty) return value as Result;
        if (value instanceof Yielded) {
          place.calls = depth.calls - calls;
          isLeft = true;
          return resultOf(value.values);
        }
        depth.segmentEnd = segmentEnd;
        // A pause. Everybody up to the host gets it; a killed execution is thrown in here.
        yield value;
        sent = undefined;
      }
    } finally {
      thread.status = isLeft ? 'suspended' : 'dead';
      if (!isLeft) this.places.delete(thread);
      if (outer !== null) outer.status = 'running';
      state.current = outer;
      depth.calls = calls;
      depth.nativeCalls = nativeCalls;
      depth.segmentEnd = segmentEnd;
    }
  }
}
