// Events that took longer than `latency-monitor-threshold`: of each the longest of every second in which there was one,
// the last 160 of them, as LATENCY shows them. Off by default; then an event costs one comparison.

import type { Clock } from '../base/runtime.ts';
import type { Config } from '../config/config.ts';
import type { Arguments } from '../resp/arguments.ts';
import type { SlowCommandListener } from './call.ts';
import type { Client } from './client.ts';
import { COMMAND_FLAG, type Command } from './command-spec.ts';

/** The events that are watched: what commands take, and what the server does beside them. */
export type LatencyEvent =
  | 'command'
  | 'fast-command'
  | 'aof-write'
  | 'aof-write-alone'
  | 'aof-write-active-child'
  | 'aof-write-pending-fsync'
  | 'aof-fsync-always'
  | 'aof-fstat'
  | 'aof-rename'
  | 'rdb-unlink-temp-file'
  | 'expire-cycle'
  | 'expire-del'
  | 'eviction-cycle'
  | 'eviction-del'
  | 'eviction-lazyfree'
  | 'active-defrag-cycle'
  | 'while-blocked-cron';

const MAX_SAMPLES = 160;

/** The longest of all events of one second. */
export interface LatencySample {
  readonly timeSeconds: number;
  durationMs: number;
}

/** What is known of one kind of event. */
export interface LatencySeries {
  readonly event: string;
  /** The oldest first. */
  readonly samples: LatencySample[];
  /** The longest since the last LATENCY RESET, which may be older than all samples. */
  maxMs: number;
}

export class LatencyMonitor implements SlowCommandListener {
  private readonly config: Config;
  private readonly clock: Clock;
  private readonly series = new Map<string, LatencySeries>();
  private thresholdMs = Number.POSITIVE_INFINITY;

  constructor(config: Config, clock: Clock) {
    this.config = config;
    this.clock = clock;
    this.settingsChanged();
  }

  /** Whether anything is recorded: for those to whom measuring alone would cost something. */
  get isOn(): boolean {
    return this.thresholdMs !== Number.POSITIVE_INFINITY;
  }

  /** The threshold has changed. */
  settingsChanged(): void {
    const threshold = this.config.values['latency-monitor-threshold'];
    this.thresholdMs = threshold === 0 ? Number.POSITIVE_INFINITY : threshold;
  }

  /** Records that something took `ms` milliseconds, when that is long enough. O(1). */
  note(event: LatencyEvent, ms: number): void {
    if (ms >= this.thresholdMs) this.add(event, ms);
  }

  /** Runs what may take long, and records how long it took; also when it throws. */
  measure<Result>(event: LatencyEvent, act: () => Result): Result {
    if (!this.isOn) return act();
    const startedUs = this.clock.monotonicUs();
    try {
      return act();
    } finally {
      this.note(event, (this.clock.monotonicUs() - startedUs) / 1000);
    }
  }

  /** What is known of an event; undefined of one that never took long. */
  of(event: string): LatencySeries | undefined {
    return this.series.get(event);
  }

  /** All events, in the order in which they first took long. */
  get all(): ReadonlyMap<string, LatencySeries> {
    return this.series;
  }

  /** Forgets an event, whose name may be in any case, or all of them; returns how many there were. */
  reset(event: string | null): number {
    if (event === null) {
      const count = this.series.size;
      this.series.clear();
      return count;
    }
    return this.series.delete(event.toLowerCase()) ? 1 : 0;
  }

  thresholdUs(): number {
    return this.thresholdMs * 1000;
  }

  slowCommand(_client: Client, command: Command, _args: Arguments, durationUs: number): void {
    this.note(command.has(COMMAND_FLAG.fast) ? 'fast-command' : 'command', durationUs / 1000);
  }

  private add(event: LatencyEvent, ms: number): void {
    let series = this.series.get(event);
    if (series === undefined) this.series.set(event, (series = { event, samples: [], maxMs: 0 }));
    const { samples } = series;
    const durationMs = Math.floor(ms);
    const timeSeconds = Math.floor(this.clock.nowMs() / 1000);
    series.maxMs = Math.max(series.maxMs, durationMs);
    const last = samples.at(-1);
    if (last?.timeSeconds === timeSeconds) {
      last.durationMs = Math.max(last.durationMs, durationMs);
      return;
    }
    if (samples.length === MAX_SAMPLES) samples.shift();
    samples.push({ timeSeconds, durationMs });
  }
}
