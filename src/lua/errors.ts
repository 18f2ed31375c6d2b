// Errors of Lua. One is thrown as a plain object without a JavaScript stack, which would cost more than the script.
// Natives throw a message; the function of Lua that it passes first adds "chunk:line:" in front (see frames.ts).

import type { LuaValue } from './value.ts';

export const READ_ONLY = 'Attempt to modify a readonly table';

/** A native of a bad argument leaves the name to whoever called it: only the caller's code says what it called it. */
export interface BadArgument {
  readonly index: number;
  readonly message: string;
}

export class LuaError {
  value: LuaValue;
  /** How many functions of Lua up the position is to be taken from; 0 when the value is complete. */
  level: number;
  /** The innermost function of Lua that it passed: the chunk's name (with its "@" or "=") and the line. */
  source: string | undefined = undefined;
  line = 0;
  traceback: string | undefined = undefined;
  badArgument: BadArgument | null = null;
  /** Whether it has passed a function of Lua: what passed it on by a tail call is not there any more. */
  hasPassedLua = false;

  constructor(value: LuaValue, level: number) {
    this.value = value;
    this.level = level;
  }
}

/** Thrown through everything, pcall too, when an execution is killed. */
export class Killed {
  readonly reason: unknown;

  constructor(reason: unknown) {
    this.reason = reason;
  }
}

/** Throws a message; the position of the caller goes in front. */
export function throwError(message: string): never {
  throw new LuaError(message, 1);
}

/** Throws a value as it is. */
export function throwValue(value: LuaValue): never {
  throw new LuaError(value, 0);
}

/** Throws "bad argument #index to 'name' (message)", with the name that the caller has for the function. */
export function badArgument(index: number, message: string): never {
  const error = new LuaError(badArgumentText(index, '?', message), 1);
  error.badArgument = { index, message };
  throw error;
}

/** The text of a bad argument. `kind` is how the caller named the function: a method counts its object as argument 0. */
export function badArgumentText(index: number, name: string, message: string, kind = ''): string {
  if (kind !== 'method') return `bad argument #${index} to '${name}' (${message})`;
  if (index === 1) return `calling '${name}' on bad self (${message})`;
  return `bad argument #${index - 1} to '${name}' (${message})`;
}
