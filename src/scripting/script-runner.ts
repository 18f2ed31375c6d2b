// One script or function that runs: what it may do, its commands' client, and how it goes on when it takes long. Until
// `busy-reply-threshold` it runs like any command. From then on it runs in slices, and between two of them the event
// loop has its turn: other clients are answered BUSY and may kill it, and its own client waits for the end. All the time its
// unit of effects stays open and its clock stands still, so that nobody sees half of what it does.

import type { TimerService } from '../base/runtime.ts';
import type { Executor } from '../engine/call.ts';
import type { Client } from '../engine/client.ts';
import type { CommandContext } from '../engine/context.ts';
import { TARGETS } from '../engine/propagation.ts';
import { SCRIPT_FLAG } from '../engine/script-flags.ts';
import type { RunningScript } from '../engine/scripting.ts';
import type { ServerParts } from '../engine/server-parts.ts';
import { LuaError } from '../lua/errors.ts';
import type { Execution } from '../lua/execution.ts';
import type { LuaState } from '../lua/state.ts';
import { firstValue, type LuaFunction, type LuaValue } from '../lua/value.ts';
import type { Arguments } from '../resp/arguments.ts';
import {
  BUSY_FUNCTION,
  BUSY_SCRIPT,
  NOT_BUSY,
  RDB_WRITES_REFUSED,
  type ReplyError,
  SCRIPT_ABORTED,
  SCRIPT_KILLED,
  SCRIPT_ON_READ_ONLY_REPLICA,
  SCRIPT_ON_STALE_REPLICA,
  SCRIPT_OUT_OF_MEMORY,
  SCRIPT_RDB_WRITES_REFUSED,
  SCRIPT_WRITES_IN_RO,
  STALE_REPLICA,
  scriptAofWritesRefused,
  UNKILLABLE,
} from '../resp/errors.ts';
import type { CommandCaller, Permissions } from './command-caller.ts';
import { AFTER, type After, type DebuggedScript, type DebugSession } from './debugger.ts';
import { LuaToReply } from './lua-to-reply.ts';
import type { ScriptFollower } from './redis-api.ts';
import { ERROR_FIELD, single } from './reply-to-lua.ts';
import { reportOf } from './script-errors.ts';
import { UndoLog } from './undo-log.ts';

// How long a script may go on in the debugger without stopping, where scripts are never slow otherwise.
const DEBUG_LIMIT_MS = 5000;
// Once a script is slow, others get their turn this often.
const SLICE_US = 2000;

/** What is to run. */
export interface Program {
  /** The digest of a script, the name of a function. */
  readonly name: string;
  readonly isFunction: boolean;
  /** SCRIPT_FLAG bits. */
  readonly flags: number;
  readonly state: LuaState;
  readonly body: LuaFunction;
}

export class ScriptRunner implements Permissions {
  isReadOnly = false;
  allowsOutOfMemory = false;

  private readonly server: ServerParts;
  private readonly timers: TimerService;
  private readonly caller: CommandCaller;
  private readonly values: LuaToReply;
  private ctx!: CommandContext;
  private executor!: Executor;
  private client!: Client;
  private program: Program | null = null;
  private execution!: Execution;
  private startedUs = 0;
  private pauseAtUs = Number.POSITIVE_INFINITY;
  private isSlow = false;
  private isKilled = false;
  private args!: Arguments;
  private session: DebugSession | null = null;
  private request: readonly string[] = [];
  // The script stands where its client has left it.
  private mustGoOn = false;

  constructor(server: ServerParts, caller: CommandCaller) {
    this.server = server;
    this.timers = server.runtime.timers;
    this.caller = caller;
    this.values = new LuaToReply(server.stats);
  }

  /** Whether something runs, slow or not. */
  get isActive(): boolean {
    return this.program !== null;
  }

  /** What follows the running script step by step. */
  get follower(): ScriptFollower | null {
    return this.session;
  }

  /** What runs and is slow. */
  get running(): RunningScript | null {
    const { program } = this;
    if (program === null || !this.isSlow) return null;
    const { name, isFunction } = program;
    const durationMs = Math.floor((this.nowUs() - this.startedUs) / 1000);
    return { name, isFunction, request: this.request, durationMs };
  }

  get busyError(): ReplyError {
    return this.program?.isFunction ? BUSY_FUNCTION : BUSY_SCRIPT;
  }

  /** The decision of a Lua state whether the event loop shall have its turn. */
  readonly shouldPause = (): boolean => this.nowUs() >= this.pauseAtUs;

  /** Throws the error that keeps a program from running at all. */
  check({ flags }: Program, { server, client }: CommandContext, readOnly: boolean): void {
    if ((flags & SCRIPT_FLAG.UNDECLARED) !== 0) {
      if (server.masterLink.isStale) throw STALE_REPLICA;
      return;
    }
    if (server.masterLink.isStale && (flags & SCRIPT_FLAG.ALLOW_STALE) === 0) throw SCRIPT_ON_STALE_REPLICA;
    if ((flags & SCRIPT_FLAG.NO_WRITES) !== 0) return;
    if (server.masterLink.isReadOnly && !client.isMaster) throw SCRIPT_ON_READ_ONLY_REPLICA;
    const { writeRefusal, aof } = server.persistence;
    if (writeRefusal !== null && !client.isMaster) {
      throw writeRefusal === RDB_WRITES_REFUSED
        ? SCRIPT_RDB_WRITES_REFUSED
        : scriptAofWritesRefused(aof.lastWriteError);
    }
    if (readOnly) throw SCRIPT_WRITES_IN_RO;
    const { writeRefusal: tooFewReplicas } = server.replication;
    if (tooFewReplicas !== null) throw tooFewReplicas;
    if (server.memoryLimit.isShort && (flags & SCRIPT_FLAG.ALLOW_OOM) === 0) throw SCRIPT_OUT_OF_MEMORY;
  }

  /** Runs a program that `check` lets pass, as the command of `ctx`, and answers what it returns. */
  run(
    ctx: CommandContext,
    program: Program,
    values: readonly LuaValue[],
    readOnly: boolean,
    session: DebugSession | null = null,
  ): void {
    const { client, server } = ctx;
    const { flags } = program;
    this.ctx = ctx;
    this.args = ctx.args;
    this.executor = server.executor;
    this.client = client;
    this.program = program;
    this.isSlow = this.isKilled = false;
    this.isReadOnly =
      readOnly || (flags & (SCRIPT_FLAG.NO_WRITES | SCRIPT_FLAG.UNDECLARED)) === SCRIPT_FLAG.NO_WRITES;
    this.allowsOutOfMemory =
      (flags & (SCRIPT_FLAG.ALLOW_OOM | SCRIPT_FLAG.UNDECLARED)) === SCRIPT_FLAG.ALLOW_OOM;
    this.caller.begin(server, client, this);
    this.startedUs = this.nowUs();
    const thresholdMs = server.config.values['busy-reply-threshold'];
    // What is loaded has run before, and nobody is served meanwhile.
    const mayPause = thresholdMs > 0 && this.executor === this.server.executor && !client.isMaster;
    this.pauseAtUs = mayPause ? this.startedUs + thresholdMs * 1000 : Number.POSITIVE_INFINITY;
    this.execution = program.state.start(program.body, values);
    if (session !== null) this.debug(session);
    else if (this.runSlice()) this.finish();
    else this.becomeSlow();
  }

  /**
   * Takes a request of the client whose script has stopped in the debugger: it is a command for that. Returns false for
   * others.
   */
  takeCommand(client: Client, args: Arguments): boolean {
    const { session, executor } = this;
    if (this.mustGoOn) this.goOnAlone();
    if (session === null || session.isLeft || client !== this.client) return false;
    const words = args.strings(0);
    let after: After = AFTER.STAYS;
    executor.within(() => {
      after = this.aside(() => session.command(words, this.debugged));
    });
    if (after === AFTER.STAYS) {
      this.writeLog(session);
      return true;
    }
    if (after === AFTER.ENDS) this.execution.kill(new LuaError(single(ERROR_FIELD, SCRIPT_ABORTED.line), 0));
    let isDone = false;
    executor.within(() => {
      isDone = this.runToStop(session);
    });
    if (isDone) executor.resume();
    else this.writeLog(session);
    if (!executor.isSuspended) this.server.blocking.serve();
    return true;
  }

  /** A client has gone: its script goes on without the debugger, at the end of the turn or when the next request comes. */
  left(client: Client): void {
    const { session } = this;
    if (session === null || session.isLeft || client !== this.client || !this.executor.isSuspended) return;
    session.left();
    this.mustGoOn = true;
    this.timers.afterTurn(this.goOnAlone);
  }

  private readonly goOnAlone = (): void => {
    if (!this.mustGoOn) return;
    this.mustGoOn = false;
    this.goOn();
  };

  private debug(session: DebugSession): void {
    const { server, caller } = this;
    this.session = session;
    this.program!.state.debugger = session;
    caller.session = session;
    if (!session.isSync) {
      caller.undo = new UndoLog(server);
      server.propagation.targets = TARGETS.NONE;
    }
    server.log.notice(`Lua debugging session started${session.isSync ? ': its changes will stay' : ''}`);
    if (this.runToStop(session)) {
      this.finish();
      return;
    }
    this.isSlow = true;
    this.request = this.args.strings(0);
    this.writeLog(session);
    this.executor.suspend(this.finishCall);
  }

  // Runs until the script stops at a line; returns whether it is at its end instead.
  private runToStop(session: DebugSession): boolean {
    const limitMs = this.server.config.values['busy-reply-threshold'] || DEBUG_LIMIT_MS;
    this.pauseAtUs = this.nowUs() + limitMs * 1000;
    session.hasStopped = false;
    while (!this.runSlice()) {
      if (session.hasStopped) return false;
      session.overdue();
      this.pauseAtUs = Number.POSITIVE_INFINITY;
    }
    return true;
  }

  private endDebugging(session: DebugSession): void {
    const { caller, server } = this;
    this.program!.state.debugger = null;
    this.session = caller.session = null;
    caller.undo?.restore();
    caller.undo = null;
    server.log.notice('Lua debugging session ended');
    if (session.isLeft) return;
    session.log.push('<endsession>');
    this.writeLog(session);
  }

  private writeLog(session: DebugSession): void {
    const { reply } = this.ctx;
    const lines = session.takeLog();
    reply.array(lines.length);
    for (const line of lines) reply.simple(line.replace(/[\r\n]/g, ' '));
  }

  private get debugged(): DebuggedScript {
    const { state } = this.program!;
    return {
      state,
      runCommand: (values) => void this.caller.call(values),
      call: (fn) => state.callToEnd(fn, []),
    };
  }

  private aside<Value>(act: () => Value): Value {
    const { reply } = this.ctx;
    reply.setAside();
    try {
      return act();
    } finally {
      reply.setBack();
    }
  }

  /** Ends what runs, at its next chance to be ended. Throws the error that says why it must not be. */
  kill(what: 'script' | 'function'): void {
    const { program } = this;
    if (program === null) throw NOT_BUSY;
    if (this.caller.hasWritten) throw UNKILLABLE;
    if (program.isFunction !== (what === 'function')) throw this.busyError;
    if (this.isKilled) return;
    this.isKilled = true;
    this.execution.kill(new LuaError(single(ERROR_FIELD, SCRIPT_KILLED.line), 0));
  }

  // Returns whether the program is at its end.
  private runSlice(): boolean {
    const { reply } = this.ctx;
    reply.setAside();
    try {
      return this.execution.run() === 'done';
    } finally {
      reply.setBack();
    }
  }

  private becomeSlow(): void {
    const { name, isFunction } = this.program!;
    this.isSlow = true;
    this.request = this.args.strings(0);
    const elapsedMs = Math.floor((this.nowUs() - this.startedUs) / 1000);
    this.server.log.warning(
      `Slow script detected: still in execution after ${elapsedMs} milliseconds. You can try killing the script using the ${isFunction ? 'FUNCTION' : 'SCRIPT'} KILL command. Script name is: ${name}.`,
    );
    this.executor.suspend(this.finishCall);
    this.client.connection.suspend();
    this.timers.afterTurn(this.goOn);
  }

  private readonly goOn = (): void => {
    let isDone = false;
    this.pauseAtUs = this.nowUs() + SLICE_US;
    this.executor.within(() => {
      isDone = this.runSlice();
    });
    if (!isDone) {
      this.timers.afterTurn(this.goOn);
      return;
    }
    const { client, executor } = this;
    client.connection.answer(() => executor.resume());
    // The transaction that it was part of may have come upon another that is slow.
    if (executor.isSuspended) client.connection.suspend();
    else this.server.blocking.serve();
  };

  private readonly finishCall = (): void => this.finish();

  private finish(): void {
    const { client, ctx, execution, program, server } = this;
    const { reply } = ctx;
    const { session } = this;
    if (session !== null) this.endDebugging(session);
    this.program = null;
    if (this.isKilled) server.log.notice('Lua script killed by user with SCRIPT KILL.');
    this.caller.end();
    server.propagation.targets = TARGETS.ALL;
    // The effects are those of its commands.
    ctx.propagateNothing();
    reply.protocol = client.protocol;
    if (execution.hasFailed) {
      const { line, isCounted } = reportOf(execution.error, program!.name, server.log);
      this.values.error(reply, line, isCounted);
    } else {
      this.values.write(reply, firstValue(execution.result), this.caller.client.protocol);
    }
    // The end of the connection is the end of the session.
    if (session !== null) client.connection.closeAfterReplies();
  }

  private nowUs(): number {
    return this.server.runtime.clock.monotonicUs();
  }
}

/** The list of arguments that a script finds in KEYS or ARGV. */
export function stringsOf(ctx: CommandContext, from: number, to: number): LuaValue[] {
  const out: LuaValue[] = [];
  for (let i = from; i < to; i++) out.push(ctx.args.string(i));
  return out;
}
