// setfenv and getfenv. Only the functions of chunks that speak of them have environments of their own: the code of others
// names its globals once and for all.

import type { LuaTable } from './table.ts';
import type { LuaFunction } from './value.ts';

/** The environment of one function. */
export interface Environment {
  table: LuaTable;
  /** That of the function that called it last. */
  caller: Environment | null;
}

export class Environments {
  /** That of the function that makes a call now; null when it has none of its own. */
  current: Environment | null = null;
  private readonly byFunction = new WeakMap<LuaFunction, Environment>();

  inner(outer: Environment): Environment {
    return { table: outer.table, caller: null };
  }

  set(fn: LuaFunction, environment: Environment): void {
    this.byFunction.set(fn, environment);
  }

  of(fn: LuaFunction): Environment | undefined {
    return this.byFunction.get(fn);
  }

  /** That of the function `level` calls up: 1 is the one that calls. */
  atLevel(level: number): Environment | null {
    let environment = this.current;
    for (let i = 1; i < level && environment !== null; i++) environment = environment.caller;
    return environment;
  }
}
