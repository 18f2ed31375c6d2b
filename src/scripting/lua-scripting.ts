// Scripts and functions of a server: EVAL and FCALL find what to run here. There are two worlds of Lua, one for scripts and
// one for functions; both are made when they are needed first.

import { lowerCaseLatin1 } from '../base/bytes.ts';
import { parseInt64Bytes } from '../base/numbers.ts';
import type { Client } from '../engine/client.ts';
import { COMMAND_FLAG, type Command } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import type { LibraryCompiler, LibraryFunction } from '../engine/function-libraries.ts';
import { SCRIPT_FLAG } from '../engine/script-flags.ts';
import type { DebugMode, RunningScript, Scripting, ScriptingFigures } from '../engine/scripting.ts';
import type { ServerParts } from '../engine/server-parts.ts';
import { Rand48 } from '../lua/rand48.ts';
import { LuaTable } from '../lua/table.ts';
import type { LuaFunction } from '../lua/value.ts';
import type { Arguments } from '../resp/arguments.ts';
import {
  BAD_KEY_COUNT,
  EVALSHA_IN_DEBUGGER,
  FUNCTION_NOT_FOUND,
  KEYS_NEGATIVE,
  NO_SCRIPT,
  ReplyError,
  TOO_MANY_KEYS,
} from '../resp/errors.ts';
import { CommandCaller } from './command-caller.ts';
import { DebugSession } from './debugger.ts';
import { EvalWorld } from './eval-world.ts';
import { FunctionWorld } from './function-world.ts';
import type { WorldParts } from './lua-world.ts';
import { type CachedScript, digestOf, ScriptCache } from './script-cache.ts';
import { type Program, ScriptRunner, stringsOf } from './script-runner.ts';
import { readHeader } from './shebang.ts';

const DIGEST_LENGTH = 40;
// Where a request's keys begin: behind the command, the script and the number of keys.
const FIRST_KEY = 3;
// What a function and a library take beside their texts, roughly.
const FUNCTION_BYTES = 300;
const DECLARED = COMMAND_FLAG.stale | COMMAND_FLAG.denyoom | COMMAND_FLAG.write | COMMAND_FLAG.may_replicate;

export class LuaScripting implements Scripting, LibraryCompiler {
  private server!: ServerParts;
  private caller!: CommandCaller;
  private runner!: ScriptRunner;
  private readonly random = new Rand48();
  private readonly cache = new ScriptCache();
  private readonly programs = new WeakMap<LibraryFunction, Program>();
  private readonly debugModes = new Map<Client, 'yes' | 'sync'>();
  private evalWorld: EvalWorld | null = null;
  private functionWorld: FunctionWorld | null = null;

  /** Closes the circle: scripts run commands, and commands run scripts. */
  attach(server: ServerParts): void {
    this.server = server;
    this.caller = new CommandCaller(server);
    this.runner = new ScriptRunner(server, this.caller);
  }

  get figures(): ScriptingFigures {
    const { libraries } = this.server;
    let functions = 0;
    for (const text of libraries.values()) functions += text.length + FUNCTION_BYTES;
    return {
      cachedScripts: this.cache.size,
      scriptValues: this.evalWorld?.state.memory.used ?? 0,
      functionValues: this.functionWorld?.state.memory.used ?? 0,
      scripts: this.cache.bytes,
      functions: functions + libraries.functionCount * FUNCTION_BYTES,
    };
  }

  get running(): RunningScript | null {
    return this.runner.running;
  }

  get busyError(): ReplyError {
    return this.runner.busyError;
  }

  evaluate(ctx: CommandContext, { byDigest, readOnly }: { byDigest: boolean; readOnly: boolean }): void {
    const { args } = ctx;
    if (byDigest && args.length(1) !== DIGEST_LENGTH) throw NO_SCRIPT;
    const debugMode = this.debugModes.get(ctx.client);
    if (debugMode !== undefined && byDigest) throw EVALSHA_IN_DEBUGGER;
    const firstValue = FIRST_KEY + keyCount(args);
    const script =
      debugMode === undefined ? this.scriptOf(args, byDigest) : this.compileScript(args.string(1), true);
    this.runner.check(script, ctx, readOnly);
    this.evals.setArguments(stringsOf(ctx, FIRST_KEY, firstValue), stringsOf(ctx, firstValue, args.count));
    if (debugMode === undefined) {
      this.runner.run(ctx, script, [], readOnly);
      return;
    }
    this.runner.run(ctx, script, [], readOnly, new DebugSession(script.text, debugMode === 'sync'));
  }

  takeCommand(client: Client, args: Arguments): boolean {
    return this.runner.takeCommand(client, args);
  }

  /** A client has gone. */
  left(client: Client): void {
    this.debugModes.delete(client);
    this.runner.left(client);
  }

  callFunction(ctx: CommandContext, { readOnly }: { readOnly: boolean }): void {
    const { args, server } = ctx;
    const found = server.libraries.find(args.string(1));
    if (found === undefined) throw FUNCTION_NOT_FOUND;
    const firstValue = FIRST_KEY + keyCount(args, BAD_KEY_COUNT);
    const program = this.programOf(found);
    this.runner.check(program, ctx, readOnly);
    const keys = new LuaTable(stringsOf(ctx, FIRST_KEY, firstValue));
    const values = new LuaTable(stringsOf(ctx, firstValue, args.count));
    this.runner.run(ctx, program, [keys, values], readOnly);
  }

  flagsOfScript(command: Command, args: Arguments, byDigest: boolean): number {
    if (byDigest && args.length(1) !== DIGEST_LENGTH) return command.flags;
    const script = byDigest
      ? this.cache.withDigest(lowerCaseLatin1(args.string(1)))
      : this.cache.withArgument(args, 1);
    if (script !== undefined) return declaredFlags(command, script.flags);
    if (byDigest) return command.flags;
    const header = readHeader(args.string(1));
    return header instanceof ReplyError ? command.flags : declaredFlags(command, header.flags);
  }

  flagsOfFunction(command: Command, args: Arguments): number {
    const found = this.server.libraries.find(args.string(1));
    return found === undefined ? command.flags : declaredFlags(command, found.flags);
  }

  load(text: string): string {
    return (this.cache.withText(text) ?? this.compileScript(text)).name;
  }

  exists(digest: string): boolean {
    return this.cache.withDigest(lowerCaseLatin1(digest)) !== undefined;
  }

  flush(): void {
    this.cache.clear();
    this.evalWorld = null;
  }

  kill(what: 'script' | 'function'): void {
    this.runner.kill(what);
  }

  setDebugMode(client: Client, mode: DebugMode): void {
    if (mode === 'no') this.debugModes.delete(client);
    else this.debugModes.set(client, mode);
  }

  compile(code: string, timeoutMs: number): ReadonlyMap<string, LibraryFunction> {
    return this.functions.compile(code, timeoutMs);
  }

  private get evals(): EvalWorld {
    this.evalWorld ??= new EvalWorld(this.worldParts, () => this.runner.follower);
    return this.evalWorld;
  }

  private get functions(): FunctionWorld {
    const { runtime, log } = this.server;
    this.functionWorld ??= new FunctionWorld(this.worldParts, runtime.clock, log);
    return this.functionWorld;
  }

  private get worldParts(): WorldParts {
    const { caller, random, runner } = this;
    const { log, propagation, runtime } = this.server;
    return { caller, log, propagation, random, runtime, shouldPause: runner.shouldPause };
  }

  private scriptOf(args: Arguments, byDigest: boolean): CachedScript {
    const script = byDigest
      ? this.cache.withDigest(lowerCaseLatin1(args.string(1)))
      : this.cache.withArgument(args, 1);
    if (script !== undefined) return script;
    if (byDigest) throw NO_SCRIPT;
    return this.compileScript(args.string(1));
  }

  private compileScript(text: string, isDebugged = false): CachedScript {
    const header = readHeader(text);
    if (header instanceof ReplyError) throw header;
    const { evals } = this;
    const script: CachedScript = {
      name: digestOf(text),
      isFunction: false,
      flags: header.flags,
      state: evals.state,
      body: evals.load(header.codeStart === 0 ? text : text.slice(header.codeStart), isDebugged),
      text,
    };
    if (!isDebugged) this.cache.add(script);
    return script;
  }

  private programOf(found: LibraryFunction): Program {
    let program = this.programs.get(found);
    if (program === undefined) {
      const { name, flags, callback } = found;
      const { state } = this.functions;
      program = { name, isFunction: true, flags, state, body: callback as LuaFunction };
      this.programs.set(found, program);
    }
    return program;
  }
}

/** The number of keys in argument 2, which leaves room for so many. */
function keyCount(args: Arguments, error?: ReplyError): number {
  const count =
    error === undefined ? args.int64(2) : parseInt64Bytes(args.bytes, args.start(2), args.length(2));
  if (count === null) throw error!;
  if (count > args.count - FIRST_KEY) throw TOO_MANY_KEYS;
  if (count < 0) throw KEYS_NEGATIVE;
  return Number(count);
}

function declaredFlags(command: Command, scriptFlags: number): number {
  if ((scriptFlags & SCRIPT_FLAG.UNDECLARED) !== 0) return command.flags;
  let flags = command.flags & ~DECLARED;
  if ((scriptFlags & (SCRIPT_FLAG.ALLOW_OOM | SCRIPT_FLAG.NO_WRITES)) === 0) flags |= COMMAND_FLAG.denyoom;
  if ((scriptFlags & SCRIPT_FLAG.NO_WRITES) === 0) flags |= COMMAND_FLAG.write;
  if ((scriptFlags & SCRIPT_FLAG.ALLOW_STALE) !== 0) flags |= COMMAND_FLAG.stale;
  return flags;
}
