// The counters of a server: of commands, errors, connections and bytes, and the rates that INFO derives from them.
// Counting is a few additions a command; everything else is computed when somebody asks.

import { ClientBuffers } from './client-buffers.ts';
import type { Command } from './command-spec.ts';
import { LatencyHistogram } from './latency-histogram.ts';

/** What INFO commandstats shows of a command. */
export class CommandStats {
  calls = 0;
  microseconds = 0;
  rejected = 0;
  failed = 0;
  histogram: LatencyHistogram | null = null;

  note(microseconds: number, tracksLatency: boolean): void {
    this.calls++;
    this.microseconds += microseconds;
    if (!tracksLatency) return;
    this.histogram ??= new LatencyHistogram();
    this.histogram.record(microseconds);
  }
}

const RATE_SAMPLES = 16;
// Redis stops telling error codes apart when there are too many: somebody is feeding it made-up ones.
const MAX_ERROR_CODES = 128;

/** A rate per second, as the mean of the last 16 samples. */
export class Rate {
  private readonly samples = new Float64Array(RATE_SAMPLES);
  private next = 0;
  private lastCount = 0;
  private lastUs = 0;

  sample(count: number, nowUs: number): void {
    const elapsedUs = nowUs - this.lastUs;
    if (this.lastUs > 0 && elapsedUs > 0) {
      this.samples[this.next] = ((count - this.lastCount) * 1e6) / elapsedUs;
      this.next = (this.next + 1) % RATE_SAMPLES;
    }
    this.lastCount = count;
    this.lastUs = nowUs;
  }

  get perSecond(): number {
    return this.samples.reduce((sum, sample) => sum + sample, 0) / RATE_SAMPLES;
  }

  reset(): void {
    this.samples.fill(0);
    this.lastCount = 0;
    this.lastUs = 0;
  }
}

export class ServerStats {
  commandsProcessed = 0;
  connectionsReceived = 0;
  rejectedConnections = 0;
  netInputBytes = 0;
  netOutputBytes = 0;
  /** Those of `netInputBytes` that came from our master, those of `netOutputBytes` that went to replicas. */
  netReplicationInputBytes = 0;
  netReplicationOutputBytes = 0;
  fullSyncs = 0;
  /** PSYNCs that went on where the replica was, and that could not. */
  partialSyncs = 0;
  partialSyncsRefused = 0;
  totalReads = 0;
  totalWrites = 0;
  errorReplies = 0;
  unexpectedErrorReplies = 0;
  queryBufferLimitDisconnections = 0;
  outputBufferLimitDisconnections = 0;
  /** For how long clients were held back that had been faster than they may be. */
  throttledMicroseconds = 0;
  /** Clients that `maxmemory-clients` had disconnected. */
  evictedClients = 0;
  /** How many saves and rewrites were begun in the background. */
  backgroundJobs = 0;
  turns = 0;
  turnMicroseconds = 0;
  turnMicrosecondsMax = 0;
  /** The most commands that ran in one turn. */
  turnCommandsMax = 0;
  /** The time that commands ran, of all turns together. */
  commandMicroseconds = 0;
  cronMicroseconds = 0;
  /** What ACL refused: passwords, commands, keys and channels. */
  authFailures = 0;
  deniedCommands = 0;
  deniedKeys = 0;
  deniedChannels = 0;
  /** The most memory in use at any time, and what an empty server uses. CONFIG RESETSTAT leaves both. */
  peakUsedBytes = 0;
  startupUsedBytes = 0;
  tracksErrors = true;
  readonly opsRate = new Rate();
  readonly inputRate = new Rate();
  readonly outputRate = new Rate();
  readonly replicationInputRate = new Rate();
  readonly replicationOutputRate = new Rate();
  readonly turnRate = new Rate();
  readonly turnDurationRate = new Rate();
  readonly clientBuffers = new ClientBuffers();

  private commandsAtTurnEnd = 0;
  private byCommand = new Map<Command, CommandStats>();
  private errors = new Map<string, number>();

  /** The counters of a command, made when first asked for. */
  of(command: Command): CommandStats {
    let stats = this.byCommand.get(command);
    if (stats === undefined) this.byCommand.set(command, (stats = new CommandStats()));
    return stats;
  }

  /** All commands with counters, in the order in which they were first used. */
  get commands(): Iterable<[Command, CommandStats]> {
    return this.byCommand;
  }

  /** Error codes and how often each was answered. */
  get errorCodes(): Iterable<[string, number]> {
    return this.errors;
  }

  /** Counts an error reply by its code. */
  noteError(code: string): void {
    this.errorReplies++;
    if (!this.tracksErrors) return;
    const count = this.errors.get(code);
    if (count === undefined && this.errors.size >= MAX_ERROR_CODES) {
      this.errors.clear();
      this.errors.set('ERRORSTATS_DISABLED', 1);
      this.tracksErrors = false;
      return;
    }
    this.errors.set(code, (count ?? 0) + 1);
  }

  /** A turn of the event loop that ran requests has ended, replies sent. */
  noteTurn(microseconds: number): void {
    this.turns++;
    this.turnMicroseconds += microseconds;
    if (microseconds > this.turnMicrosecondsMax) this.turnMicrosecondsMax = microseconds;
    const commands = this.commandsProcessed - this.commandsAtTurnEnd;
    this.commandsAtTurnEnd = this.commandsProcessed;
    if (commands > this.turnCommandsMax) this.turnCommandsMax = commands;
  }

  /** The periodic duties have been done: a turn of their own. */
  noteCron(microseconds: number): void {
    this.cronMicroseconds += microseconds;
    this.noteTurn(microseconds);
  }

  notePeak(usedBytes: number): void {
    if (usedBytes > this.peakUsedBytes) this.peakUsedBytes = usedBytes;
  }

  /** CONFIG RESETSTAT. Whoever caches a CommandStats must look it up again. */
  reset(): void {
    this.byCommand = new Map();
    this.errors = new Map();
    this.commandsProcessed = 0;
    this.connectionsReceived = 0;
    this.rejectedConnections = 0;
    this.netInputBytes = 0;
    this.netOutputBytes = 0;
    this.netReplicationInputBytes = 0;
    this.netReplicationOutputBytes = 0;
    this.fullSyncs = 0;
    this.partialSyncs = this.partialSyncsRefused = 0;
    this.totalReads = 0;
    this.totalWrites = 0;
    this.errorReplies = 0;
    this.unexpectedErrorReplies = 0;
    this.queryBufferLimitDisconnections = 0;
    this.outputBufferLimitDisconnections = 0;
    this.throttledMicroseconds = 0;
    this.evictedClients = 0;
    this.backgroundJobs = 0;
    this.turns = 0;
    this.turnMicroseconds = 0;
    this.turnMicrosecondsMax = 0;
    this.turnCommandsMax = 0;
    this.commandsAtTurnEnd = 0;
    this.commandMicroseconds = 0;
    this.cronMicroseconds = 0;
    this.tracksErrors = true;
    this.opsRate.reset();
    this.inputRate.reset();
    this.outputRate.reset();
    this.replicationInputRate.reset();
    this.replicationOutputRate.reset();
    this.turnRate.reset();
    this.turnDurationRate.reset();
  }
}
