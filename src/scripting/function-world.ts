// The Lua state that functions live in: all libraries share it, and nothing that one does to a table is seen by another,
// because every table that they share is read-only. While the code of a library is loaded it finds a table `redis` of its own
// and nothing else; its functions find everything.

import type { Logger } from '../base/logger.ts';
import type { Clock } from '../base/runtime.ts';
import { LibraryError, type LibraryFunction } from '../engine/function-libraries.ts';
import { LuaError } from '../lua/errors.ts';
import type { Execution } from '../lua/execution.ts';
import type { LuaState } from '../lua/state.ts';
import { LuaTable } from '../lua/table.ts';
import type { LuaFunction, Result } from '../lua/value.ts';
import { FUNCTION_LOAD_TIMEOUT } from '../resp/errors.ts';
import { registerFunction } from './function-registration.ts';
import { forbidUnknown, newState, protect, type WorldParts } from './lua-world.ts';
import { libraryTable, redisTable } from './redis-api.ts';
import { messageOf } from './script-errors.ts';
import { valueText } from './value-text.ts';

const CHUNK_NAME = '@user_function';

export class FunctionWorld {
  readonly state: LuaState;

  private readonly clock: Clock;
  // What the empty table of globals refers to: everything, or what libraries see while they are loaded.
  private readonly globalsMeta = new LuaTable();
  private readonly everything: LuaTable;
  private readonly whileLoading: LuaTable;
  private registered: Map<string, LibraryFunction> | null = null;

  constructor(parts: WorldParts, clock: Clock, log: Logger) {
    this.clock = clock;
    const { state, libraries } = newState(parts);
    this.state = state;
    this.everything = libraries;
    libraries.setString('redis', redisTable(state, parts));
    libraries.setString('_G', libraries);
    forbidUnknown(state, libraries);
    protect(libraries);
    this.whileLoading = new LuaTable();
    const api = libraryTable(state, log, (...values): Result => {
      registerFunction(this.registered, values);
      return undefined;
    });
    this.whileLoading.setString('redis', api);
    forbidUnknown(state, api);
    forbidUnknown(state, this.whileLoading);
    protect(this.whileLoading);
    this.globalsMeta.setString('__index', libraries);
    state.globals.metatable = this.globalsMeta;
    protect(state.globals);
  }

  /** As LibraryCompiler says. */
  compile(code: string, timeoutMs: number): ReadonlyMap<string, LibraryFunction> {
    const { state } = this;
    const functions = new Map<string, LibraryFunction>();
    const { shouldPause } = state;
    const deadlineUs =
      timeoutMs === 0 ? Number.POSITIVE_INFINITY : this.clock.monotonicUs() + timeoutMs * 1000;
    this.globalsMeta.setString('__index', this.whileLoading);
    this.registered = functions;
    state.shouldPause = () => this.clock.monotonicUs() > deadlineUs;
    try {
      const { error, hasFailed } = runToEnd(state.start(this.load(code), []));
      if (hasFailed) throw new LibraryError(`Error registering functions: ${textOf(error)}`);
    } finally {
      state.shouldPause = shouldPause;
      this.registered = null;
      this.globalsMeta.setString('__index', this.everything);
    }
    return functions;
  }

  private load(code: string): LuaFunction {
    try {
      return this.state.load(code, CHUNK_NAME);
    } catch (error) {
      if (!(error instanceof LuaError)) throw error;
      throw new LibraryError(`Error compiling function: ${valueText(error.value)}`);
    }
  }
}

function textOf(error: unknown): string {
  if (error instanceof LuaError) return messageOf(error.value);
  if (typeof error === 'string') return error;
  throw error;
}

// It pauses only when its time is up.
function runToEnd(execution: Execution): Execution {
  while (execution.run() === 'paused') execution.kill(FUNCTION_LOAD_TIMEOUT.line);
  return execution;
}
