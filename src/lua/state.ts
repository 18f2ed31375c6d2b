// A Lua world: its globals, its natives, its bounds. What compiles is in compiler.ts, what runs in execution.ts and
// runtime.ts; this is the door through which a host sees them.

import { compileChunk } from './compiler.ts';
import { DebugFrames } from './debug-frames.ts';
import { Environments } from './environments.ts';
import { type Killed, LuaError } from './errors.ts';
import { Execution } from './execution.ts';
import { heapLimit, type MemoryLimit } from './javascript-heap.ts';
import { MemoryBound } from './memory-bound.ts';
import { Pacer } from './pacer.ts';
import { createRuntime, type Runtime } from './runtime.ts';
import { StackDepth } from './stack-depth.ts';
import { LuaTable } from './table.ts';
import type { Coroutine, LuaFunction, LuaValue, Result } from './value.ts';

export interface LuaStateOptions {
  /** Asked every few hundred loop edges and calls: whether the event loop is to have its turn. Without it nothing pauses. */
  shouldPause?: () => boolean;
  /** How many edges are "a few hundred"; for tests. */
  edgesPerQuestion?: number | undefined;
  /** What programs may come to hold; by default, what JavaScript's heap has room for. */
  memory?: MemoryLimit;
}

export interface LoadOptions {
  /** What the chunk's globals are, instead of the state's. */
  environment?: LuaTable;
  /** `setfenv` is to work on its functions although it does not speak of it. */
  hasEnvironments?: boolean;
  /** Every statement asks the state's debugger first (debugger.ts). */
  debug?: boolean;
}

/** What a debugger is told of a function of Lua that is under way. */
export interface DebugFrame {
  /** The name of the chunk, with its "@" or "=". */
  readonly source: string;
  /** What the function is called where it is defined, "top level" without a name. */
  readonly functionName: string;
  line: number;
  /** Locals and parameters in force, the oldest first, with those that loops keep: "(for index)". */
  readonly locals: () => { name: string; value: LuaValue }[];
}

export interface Debugger {
  /**
   * Before a new line, with the functions under way (at most 200), the innermost first. `true` makes the execution pause before the line
   * is run.
   */
  onLine(frames: readonly DebugFrame[]): boolean;
}

export class LuaState {
  readonly globals = new LuaTable();
  readonly memory: MemoryBound;
  readonly depth = new StackDepth();
  readonly environments = new Environments();
  readonly pacer: Pacer;
  readonly runtime: Runtime;
  /** What all strings have as their metatable. */
  stringMetatable: LuaTable | null = null;
  /** Asked at a pause; may be replaced between executions. */
  shouldPause: () => boolean;
  /** The coroutine that runs, null outside of any. */
  current: Coroutine | null = null;
  readonly debugFrames = new DebugFrames();
  private readonly addresses = new WeakMap<object, string>();
  private lastAddress = 0x7f0000001000;

  constructor(options: LuaStateOptions = {}) {
    this.shouldPause = options.shouldPause ?? (() => false);
    this.memory = new MemoryBound(options.memory ?? heapLimit());
    this.pacer = new Pacer(this.memory, () => this.shouldPause(), options.edgesPerQuestion);
    this.runtime = createRuntime(this);
  }

  get debugger(): Debugger | null {
    return this.debugFrames.debugger;
  }

  /** Who is told of the lines of chunks that were loaded with `debug`. */
  set debugger(listener: Debugger | null) {
    this.debugFrames.debugger = listener;
  }

  /**
   * Compiles a chunk. `chunkName` is as in Lua: "@user_script" is shown as "user_script:1:", "=x" as "x:1:", anything
   * else as [string "…"]:1:. Throws a LuaError for what is not Lua. The result may be kept and called any number of times.
   */
  load(source: string, chunkName: string, options: LoadOptions = {}): LuaFunction {
    return compileChunk(this, source, chunkName, options);
  }

  /** Calls a function; the result may be a generator to run on (`yield*`). */
  call(fn: LuaFunction, args: readonly LuaValue[]): Result {
    return fn(...args);
  }

  /** Calls a function to its end, without pauses. */
  callToEnd(fn: LuaFunction, args: readonly LuaValue[]): LuaValue[] {
    return this.runtime.toEnd(fn(...args));
  }

  /** An execution of `fn`, not yet begun. One at a time is under way in a state. */
  start(fn: LuaFunction, args: readonly LuaValue[]): Execution {
    return new Execution(this, fn, args);
  }

  /** For Execution: nothing is under way, or it has just ended. */
  beginExecution(killed: Killed | null): void {
    this.depth.reset();
    this.memory.begin();
    this.current = null;
    this.environments.current = null;
    this.pacer.killed = killed;
    this.debugFrames.clear();
  }

  endExecution(): void {
    this.pacer.killed = null;
    this.memory.end();
  }

  /** Marks a function as native, so that errors know that no code of Lua is in between. Returns it. */
  native(_name: string, fn: LuaFunction): LuaFunction {
    this.runtime.N.add(fn);
    return fn;
  }

  /** What `object[key]` is, metamethods and all; it may be a generator to run on. */
  index(object: LuaValue, key: LuaValue): Result {
    return this.runtime.indexRunning(object, key, '');
  }

  /**
   * Whether `a < b`, for a native: an error has no position then. It may be a generator to run on, which yields a result
   * with the answer.
   */
  lessThan(a: LuaValue, b: LuaValue): Result {
    try {
      return this.runtime.lessThanRunning(a, b);
    } catch (error) {
      if (error instanceof LuaError) error.level = 0;
      throw error;
    }
  }

  /** A table of natives. */
  library(functions: Readonly<Record<string, (...args: never[]) => unknown>>): LuaTable {
    const table = new LuaTable();
    const entries = Object.entries(functions);
    table.hashSlots = entries.length;
    for (const [name, fn] of entries) {
      table.setString(name, this.native(name, fn as LuaFunction));
    }
    return table;
  }

  /** Counts bytes that a native is about to hold for Lua; throws "not enough memory" where they are too many. */
  charge(bytes: number): void {
    this.memory.charge(bytes);
  }

  /** What `tostring` shows of where an object is: the same for as long as it lives, different from all others. */
  addressOf(object: object): string {
    let address = this.addresses.get(object);
    if (address === undefined) {
      this.lastAddress += 0x20;
      address = `0x${this.lastAddress.toString(16)}`;
      this.addresses.set(object, address);
    }
    return address;
  }
}
