// The string library on its own, called as generated code calls it.

import { LuaState } from '../../src/lua/state.ts';
import { stringLibrary } from '../../src/lua/string-library.ts';
import { allValues, isRunning, type LuaFunction, type LuaValue, type Result } from '../../src/lua/value.ts';

export interface Strings {
  /** Calls a function to its end. */
  call(name: string, ...args: LuaValue[]): LuaValue[];
  /** Calls a function and counts how often it yields; gives up after `most`. */
  pauses(most: number, name: string, ...args: LuaValue[]): number;
  get(name: string): LuaFunction;
}

export function newStrings(limitBytes = Number.POSITIVE_INFINITY): Strings {
  const library = stringLibrary(new LuaState({ memory: { limitBytes }, shouldPause: () => true }));
  const get = (name: string) => library.getString(name) as LuaFunction;
  return {
    get,
    call: (name, ...args) => toEnd(get(name)(...args)),
    pauses(most, name, ...args) {
      const result = get(name)(...args);
      if (!isRunning(result)) return 0;
      let count = 0;
      while (count < most && result.next().done !== true) count++;
      return count;
    },
  };
}

/** Runs a result to its end. */
export function toEnd(result: Result): LuaValue[] {
  if (!isRunning(result)) return [...allValues(result)];
  for (;;) {
    const step = result.next();
    if (step.done === true) return [...allValues(step.value)];
  }
}
