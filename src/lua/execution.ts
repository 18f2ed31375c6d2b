// One call from the host into Lua that may be left and gone back to.

import { Killed } from './errors.ts';
import { Chains } from './segments.ts';
import type { LuaState } from './state.ts';
import { isRunning, type LuaFunction, type LuaValue, type Result } from './value.ts';

export class Execution {
  /** What the function returned, once `run` has said 'done' and there is no error. Never a generator. */
  result: Result = undefined;
  /** What ended it: a LuaError, the reason of `kill`, or what a native threw. `undefined` when it returned. */
  error: unknown = undefined;
  /** Whether it ended by an error; what `error` is then may be anything. */
  hasFailed = false;
  private chains: Chains | null = null;
  private killed: Killed | null = null;
  private readonly state: LuaState;
  private readonly fn: LuaFunction;
  private readonly args: readonly LuaValue[];

  constructor(state: LuaState, fn: LuaFunction, args: readonly LuaValue[]) {
    this.state = state;
    this.fn = fn;
    this.args = args;
  }

  /** Begins or goes on. Never throws. */
  run(): 'done' | 'paused' {
    const { state } = this;
    try {
      if (this.chains === null) {
        state.beginExecution(this.killed);
        const result = this.args.length === 0 ? this.fn() : this.fn(...this.args);
        if (!isRunning(result)) return this.finish(result);
        this.chains = new Chains(state.depth);
        this.chains.begin(result);
        return this.advance(undefined, false);
      }
      return this.killed === null ? this.advance(undefined, false) : this.advance(this.killed, true);
    } catch (error) {
      this.hasFailed = true;
      this.error = error instanceof Killed ? error.reason : error;
      state.endExecution();
      return 'done';
    }
  }

  /** Lets it end at its next chance, whatever Lua would catch; `error` is then `reason`. */
  kill(reason: unknown): void {
    this.killed = new Killed(reason);
    this.state.pacer.killed = this.killed;
    this.state.pacer.left = 0;
  }

  private advance(sent: unknown, isThrown: boolean): 'done' | 'paused' {
    const chains = this.chains!;
    const value = chains.advance(sent, isThrown);
    return chains.isEmpty ? this.finish(value as Result) : 'paused';
  }

  private finish(result: Result): 'done' {
    this.result = result;
    this.state.endExecution();
    return 'done';
  }
}
