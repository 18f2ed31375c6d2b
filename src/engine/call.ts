// Runs one command: its time, its errors, its statistics, its propagation. Whoever has a command to run (the
// dispatcher, EXEC, scripts, loaders) runs it through here, so that these duties stand once.

import type { Clock } from '../base/runtime.ts';
import type { Config } from '../config/config.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Arguments } from '../resp/arguments.ts';
import { ReplyError } from '../resp/errors.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import type { Wait } from './blocking.ts';
import type { Client } from './client.ts';
import { COMMAND_FLAG, type Command } from './command-spec.ts';
import { CommandContext } from './context.ts';
import type { Monitors } from './monitors.ts';
import type { ServerParts } from './server-parts.ts';
import type { CommandStats, ServerStats } from './stats.ts';

const TIME_PER_CLOCK_CHECK_MS = 1;
// Whoever has been answered by then need not wait for all others who have sent something meanwhile.
const LONG_TURN_US = 150;
// Within a pipeline, up to so many calls of the same command share a reading of the clock, if it is one that Redis calls
// fast, with no more arguments than it must have and a last one no longer than this, and while the slow log does not ask
// for anything shorter than this. None of these is slow by itself, so none is missed in the slow log.
const MAX_SHARING = 16;
const MAX_SHARING_BYTES = 4096;
const MIN_SLOW_US = 1000;

/** Lets the executor take back what a failed handler has written. */
export interface ReplyMark {
  mark(depth: number): void;
  rewind(depth: number): void;
}

/** Told of commands that took longer than they asked to know of (SLOWLOG, LATENCY). */
export interface SlowCommandListener {
  thresholdUs(): number;
  slowCommand(client: Client, command: Command, args: Arguments, durationUs: number): void;
}

/** A command that has stopped in the middle. */
interface SuspendedCall {
  readonly client: Client;
  readonly command: Command;
  readonly args: Arguments;
  readonly startedUs: number;
  readonly dirtyBefore: number;
  readonly propagates: boolean;
  readonly goOn: () => void;
}

export class Executor {
  readonly context: CommandContext;
  /** Commands that are running: more than 1 within EXEC and scripts. */
  depth = 0;
  /** A command has stopped in the middle: a script that others shall not wait for. Nothing else may touch the data. */
  isSuspended = false;
  /** The command in `context` has failed by an error of the server's own, which ends the server. */
  isBroken = false;
  /** What the running command took before it had to wait for a key. */
  earlierUs = 0;

  private readonly clock: Clock;
  private readonly keyspace: Keyspace;
  private readonly stats: ServerStats;
  private readonly reply: ReplyWriter;
  private readonly marks: ReplyMark;
  private readonly server: ServerParts;
  private readonly monitors: Monitors;
  private readonly slowListeners: SlowCommandListener[] = [];
  private readonly config: Config;
  // The monotonic time at which the last command ended, which is when the next of the same input begins.
  private lastUs = 0;
  private turnStartUs = 0;
  private wallOffsetMs = 0;
  private lastCommand: Command | null = null;
  // How many calls of `lastCommand` have ended since the clock was read.
  private sharing = 0;
  // These are no parts of another command.
  private sharesAtTop = false;
  private isFirstOfInput = true;
  private lastStats: CommandStats | null = null;
  // Error replies that have been put down to a command already: one within EXEC is not EXEC's failure as well.
  private errorsCounted = 0;
  private slowUs = Number.POSITIVE_INFINITY;
  private tracksLatency = true;
  // How the command that stops just now goes on; what has stopped, the innermost first, and the time that it lives in.
  private goOn: (() => void) | null = null;
  private suspendedCalls: SuspendedCall[] = [];
  private suspendedAtMs = 0;

  constructor(server: ServerParts, reply: ReplyWriter, marks: ReplyMark) {
    this.server = server;
    this.clock = server.runtime.clock;
    this.keyspace = server.keyspace;
    this.stats = server.stats;
    this.config = server.config;
    this.monitors = server.monitors;
    this.reply = reply;
    this.marks = marks;
    this.context = new CommandContext(server, server.keyspace, reply);
    this.settingsChanged();
    this.readClocks();
  }

  addSlowListener(listener: SlowCommandListener): void {
    this.slowListeners.push(listener);
    this.settingsChanged();
  }

  /** The settings that are read at every command have changed. */
  settingsChanged(): void {
    this.tracksLatency = this.config.values['latency-tracking'];
    this.slowUs = Math.min(
      Number.POSITIVE_INFINITY,
      ...this.slowListeners.map((listener) => listener.thresholdUs()),
    );
    this.lastCommand = null;
  }

  /** A turn of the event loop begins: both clocks are read. */
  readClocks(): void {
    this.lastUs = this.turnStartUs = this.clock.monotonicUs();
    this.isFirstOfInput = true;
    const nowMs = this.clock.nowMs();
    this.wallOffsetMs = nowMs - this.lastUs / 1000;
    if (this.depth === 0) this.keyspace.setTime(nowMs);
  }

  /** Whether the turn has taken so long that its replies should leave before more input is run. */
  get isTurnLong(): boolean {
    return this.lastUs - this.turnStartUs > LONG_TURN_US;
  }

  /** The turn that `readClocks` began is over. */
  turnEnded(): void {
    this.stats.noteTurn(this.clock.monotonicUs() - this.turnStartUs);
  }

  /** The requests of one input begin: what was done since the last one ended is no command's time. */
  inputBegins(): void {
    this.lastUs = this.clock.monotonicUs();
    this.isFirstOfInput = true;
  }

  /** The requests of one input are done: those that shared a reading of the clock have it. */
  inputEnded(): void {
    if (this.sharing > 0) this.readSharedClock();
    this.server.propagation.inputEnded();
  }

  /** Runs a command for a client and writes its reply. */
  call(client: Client, command: Command, args: Arguments): void {
    const { context, reply } = this;
    this.enter(client, command, args);
    const { propagation } = this.server;
    const propagates = propagation.isActive;
    const dirtyBefore = context.dirty;
    this.errorsCounted = reply.errors;
    if (this.sharing > 0 && command !== this.lastCommand) this.readSharedClock();
    const startedUs = this.lastUs;
    if (propagates) propagation.beginUnit();
    const depth = ++this.depth;
    this.marks.mark(depth);
    try {
      command.run(context);
    } catch (thrown) {
      this.refuse(thrown, depth);
    } finally {
      this.depth--;
    }
    if (this.goOn !== null) {
      this.stop(client, command, args, startedUs, dirtyBefore, propagates);
      return;
    }
    this.complete(client, command, args, startedUs, dirtyBefore, propagates);
  }

  /**
   * The running command stops in the middle and goes on by `goOn`, when `resume` is called; what it was called by (EXEC) must
   * do the same. Its unit of effects stays open, and its client gets nothing else done.
   */
  suspend(goOn: () => void): void {
    this.goOn = goOn;
  }

  /** Runs `act` as a part of the command that has stopped: at its time, at its depth. */
  within(act: () => void): void {
    const { keyspace } = this;
    const { nowMs } = keyspace;
    keyspace.setTime(this.suspendedAtMs);
    this.depth = this.suspendedCalls.length;
    try {
      act();
    } finally {
      this.depth = 0;
      keyspace.setTime(nowMs);
    }
  }

  /** Lets what has stopped go on, to its end or until it stops again. Replies go to its client. */
  resume(): void {
    const calls = this.suspendedCalls;
    const { reply, keyspace } = this;
    this.suspendedCalls = [];
    this.isSuspended = false;
    for (let i = 0; i < calls.length; i++) {
      const { client, command, args, startedUs, dirtyBefore, propagates, goOn } = calls[i]!;
      keyspace.setTime(this.suspendedAtMs);
      this.enter(client, command, args);
      this.errorsCounted = reply.errors;
      const depth = calls.length - i;
      this.depth = depth;
      this.marks.mark(depth);
      try {
        goOn();
      } catch (thrown) {
        this.refuse(thrown, depth);
      } finally {
        this.depth = depth - 1;
      }
      if (this.goOn !== null) {
        this.stop(client, command, args, startedUs, dirtyBefore, propagates);
        this.suspendedCalls.push(...calls.slice(i + 1));
        this.depth = 0;
        return;
      }
      this.complete(client, command, args, startedUs, dirtyBefore, propagates);
    }
  }

  // What a handler has thrown is its reply, instead of all that it has written.
  private refuse(thrown: unknown, depth: number): void {
    if (!(thrown instanceof ReplyError)) {
      this.isBroken = true;
      throw thrown;
    }
    this.marks.rewind(depth);
    this.reply.error(thrown.line);
    this.stats.noteError(thrown.code);
  }

  private stop(
    client: Client,
    command: Command,
    args: Arguments,
    startedUs: number,
    dirtyBefore: number,
    propagates: boolean,
  ): void {
    const goOn = this.goOn!;
    this.goOn = null;
    this.suspendedCalls.push({
      client,
      command,
      args: args.detach(),
      startedUs,
      dirtyBefore,
      propagates,
      goOn,
    });
    this.isSuspended = true;
    this.suspendedAtMs = this.keyspace.nowMs;
  }

  private enter(client: Client, command: Command, args: Arguments): void {
    const { context } = this;
    context.client = client;
    context.args = args;
    context.command = command;
    context.db = this.keyspace.database(client.dbId);
    this.reply.protocol = client.protocol;
    this.keyspace.notesAccess = !client.noTouch;
  }

  private complete(
    client: Client,
    command: Command,
    args: Arguments,
    startedUs: number,
    dirtyBefore: number,
    propagates: boolean,
  ): void {
    const { reply, context } = this;
    if (propagates) {
      const { propagation } = this.server;
      propagation.commandEnded(client.dbId, args, context.dirty > dirtyBefore);
      // Observed 7.2.4: keys that RANDOMKEY or SCAN found expired are removed elsewhere one by one.
      propagation.endUnit(!command.has(COMMAND_FLAG.touches_arbitrary_keys));
      client.writeOffset = this.server.replication.history.offset;
    }
    const failed = reply.errors !== this.errorsCounted;
    this.errorsCounted = reply.errors;
    if (client.tracking !== null) this.server.tracking.commandEnded(client.tracking, client, command, args);
    if (this.monitors.isActive && !this.server.blocking.runsAgain(client)) {
      this.monitors.commandEnded(client, command, args);
    }
    if (client.wait === null) this.ended(client, command, args, startedUs, failed);
    else this.waits(client.wait, startedUs);
  }

  /**
   * Answers a client whose command waited in vain: with an error, or with the reply that says so. Counts as a call of the
   * command.
   */
  answerWaiting(client: Client, { command, args, nothing, spentUs }: Wait, error: ReplyError | null): void {
    const { reply } = this;
    // Whoever ended the waiting may be writing a reply of its own.
    const { protocol } = reply;
    reply.protocol = client.protocol;
    if (error === null) {
      nothing(reply);
    } else {
      reply.error(error.line);
      this.stats.noteError(error.code);
    }
    reply.protocol = protocol;
    this.server.tracking.requestEnded(client, command);
    this.stats.commandsProcessed++;
    const stats = this.stats.of(command);
    stats.note(spentUs, this.tracksLatency);
    if (error !== null) stats.failed++;
    this.tellSlow(client, command, args, spentUs);
  }

  /** Answers a client that has waited with the error for which its command may not run again. */
  refuseWaiting(client: Client, command: Command, error: ReplyError): void {
    this.reply.protocol = client.protocol;
    this.reply.error(error.line);
    this.stats.noteError(error.code);
    this.stats.of(command).rejected++;
    this.server.tracking.requestEnded(client, command);
  }

  private ended(client: Client, command: Command, args: Arguments, startedUs: number, failed: boolean): void {
    this.stats.commandsProcessed++;
    // The last of those that the command has run.
    if (this.sharing > 0 && command !== this.lastCommand) this.readSharedClock();
    let stats = this.lastStats!;
    if (command !== this.lastCommand) {
      stats = this.lastStats = this.stats.of(command);
      this.lastCommand = command;
    }
    if (failed) stats.failed++;
    if (
      this.sharing < MAX_SHARING - 1 &&
      args.count === command.minCount &&
      command.has(COMMAND_FLAG.fast) &&
      !this.isFirstOfInput &&
      args.length(args.count - 1) <= MAX_SHARING_BYTES &&
      this.slowUs >= MIN_SLOW_US
    ) {
      this.sharing++;
      this.sharesAtTop = this.depth === 0;
      return;
    }
    this.isFirstOfInput = false;
    const nowUs = this.clock.monotonicUs();
    const durationUs = this.sharedDuration(nowUs - startedUs, 1);
    this.lastUs = nowUs;
    if (this.depth === 0) this.stats.commandMicroseconds += durationUs;
    const totalUs = durationUs + this.earlierUs;
    stats.note(totalUs, this.tracksLatency);
    if (totalUs >= this.slowUs) this.tellSlow(client, command, args, totalUs);
    this.moveTime(nowUs);
  }

  // It counts when it has run to its end, which will be when there is something to find.
  private waits(wait: Wait, startedUs: number): void {
    const nowUs = this.clock.monotonicUs();
    const durationUs = this.sharedDuration(nowUs - startedUs, 1);
    this.lastUs = nowUs;
    if (this.depth === 0) this.stats.commandMicroseconds += durationUs;
    wait.spentUs = durationUs + this.earlierUs;
    this.moveTime(nowUs);
  }

  private tellSlow(client: Client, command: Command, args: Arguments, durationUs: number): void {
    for (const listener of this.slowListeners) {
      if (durationUs >= listener.thresholdUs()) listener.slowCommand(client, command, args, durationUs);
    }
  }

  private readSharedClock(): void {
    const nowUs = this.clock.monotonicUs();
    this.sharedDuration(nowUs - this.lastUs, 0);
    this.lastUs = nowUs;
    this.moveTime(nowUs);
  }

  /** Gives each of the calls that shared a time, and `further` ones, an equal part of it; notes those, returns the part. */
  private sharedDuration(totalUs: number, further: number): number {
    const { sharing } = this;
    if (sharing === 0) return totalUs;
    const durationUs = totalUs / (sharing + further);
    this.sharing = 0;
    if (this.sharesAtTop) this.stats.commandMicroseconds += durationUs * sharing;
    for (let i = 0; i < sharing; i++) this.lastStats!.note(durationUs, this.tracksLatency);
    return durationUs;
  }

  // Time stands still within a command, and moves on between two.
  private moveTime(nowUs: number): void {
    const nowMs = Math.floor(this.wallOffsetMs + nowUs / 1000);
    if (nowMs - this.keyspace.nowMs >= TIME_PER_CLOCK_CHECK_MS && this.depth === 0)
      this.keyspace.setTime(nowMs);
  }

  /** The command's counters are no longer valid (CONFIG RESETSTAT). */
  statsReset(): void {
    this.lastCommand = null;
  }
}
