// What the Lua worlds of scripts and of functions have in common: the libraries that Redis gives them, without those that
// reach outside, and tables that nobody can change.

import { untilZero } from '../base/bytes.ts';
import type { Logger } from '../base/logger.ts';
import type { Runtime } from '../base/runtime.ts';
import type { Propagation } from '../engine/propagation.ts';
import { baseLibrary } from '../lua/base-library.ts';
import { bitLibrary } from '../lua/bit.ts';
import { cjsonLibrary } from '../lua/cjson.ts';
import { cmsgpackLibrary } from '../lua/cmsgpack.ts';
import { coroutineLibrary } from '../lua/coroutine-library.ts';
import { throwError } from '../lua/errors.ts';
import { mathLibrary } from '../lua/math-library.ts';
import { numberToText } from '../lua/number-text.ts';
import type { Rand48 } from '../lua/rand48.ts';
import { LuaState } from '../lua/state.ts';
import { stringLibrary } from '../lua/string-library.ts';
import { structLibrary } from '../lua/struct.ts';
import { LuaTable } from '../lua/table.ts';
import { tableLibrary } from '../lua/table-library.ts';
import { isRunning, type LuaFunction, type LuaValue, type Result, type Running } from '../lua/value.ts';
import type { CommandCaller } from './command-caller.ts';
import { ERROR_FIELD } from './reply-to-lua.ts';

/** What a world is made of. */
export interface WorldParts {
  readonly caller: CommandCaller;
  readonly log: Logger;
  readonly propagation: Propagation;
  readonly random: Rand48;
  readonly runtime: Runtime;
  readonly shouldPause: () => boolean;
}

// Globals of Lua's base library that Redis leaves out.
const REMOVED = ['dofile', 'loadfile', 'print', 'require', 'module', 'package', 'debug', 'io', 'os'];

/** A state, and the table of what its programs shall find. */
export function newState({ random, shouldPause }: WorldParts): { state: LuaState; libraries: LuaTable } {
  const state = new LuaState({ shouldPause });
  const libraries = baseLibrary(state);
  libraries.setString('coroutine', coroutineLibrary(state));
  libraries.setString('table', tableLibrary(state));
  const strings = stringLibrary(state);
  libraries.setString('string', strings);
  state.stringMetatable = LuaTable.ofRecord(['__index'], [strings]);
  libraries.setString('math', mathLibrary(state, random));
  libraries.setString('cjson', cjsonLibrary(state));
  libraries.setString('struct', structLibrary(state));
  libraries.setString('cmsgpack', cmsgpackLibrary(state));
  libraries.setString('bit', bitLibrary(state));
  for (const name of REMOVED) libraries.setString(name, undefined);
  libraries.setString(
    'pcall',
    state.native('pcall', messagesFrom(libraries.getString('pcall') as LuaFunction)),
  );
  protect(state.stringMetatable);
  return { state, libraries };
}

// Redis's errors are tables, but they were strings once: scripts that catch them still get a string.
function messagesFrom(pcall: LuaFunction): LuaFunction {
  return (...args: LuaValue[]): Result => {
    // Observed 7.2.4: not an error, as in Lua.
    if (args.length === 0) return false;
    const result = pcall(...args);
    return isRunning(result) ? whenDone(result) : withMessage(result);
  };
}

function* whenDone(running: Running): Running {
  return withMessage(yield* running);
}

function withMessage(result: Result): Result {
  if (!Array.isArray(result) || result[0] !== false || !(result[1] instanceof LuaTable)) return result;
  const message = result[1].getString(ERROR_FIELD);
  return typeof message === 'string' || typeof message === 'number' ? [false, message] : result;
}

/** Lets an access to what a table does not have be an error. */
export function forbidUnknown(state: LuaState, table: LuaTable): void {
  const metatable = new LuaTable();
  metatable.setString(
    '__index',
    state.native('__index', (_table: LuaValue, name: LuaValue): Result => {
      if (typeof name !== 'string' && typeof name !== 'number') {
        throwError('Second argument to luaProtectedTableError must be a string or number');
      }
      const shown = typeof name === 'number' ? numberToText(name) : name;
      throwError(`Script attempted to access nonexistent global variable '${untilZero(shown)}'`);
    }),
  );
  table.metatable = metatable;
}

/** Makes a table and all that can be reached from it read-only. */
export function protect(table: LuaTable): void {
  if (table.isReadOnly) return;
  table.isReadOnly = true;
  for (let key = table.next(undefined); key !== undefined; key = table.next(key)) {
    const value = table.get(key);
    if (value instanceof LuaTable) protect(value);
  }
  if (table.metatable !== null) protect(table.metatable);
}
