// What happens by the clock and not by request: `hz` times a second each task has its go, and keys expire at the time
// they are due. Work that can be long is done in slices with a share of the processor that is bounded.

import type { Clock, TimerHandle, TimerService } from '../base/runtime.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';

/** A periodic duty. */
export interface CronTask {
  run(nowMs: number): void;
}

export class Cron {
  /** Whether the tasks shall rest. */
  isPaused: () => boolean = () => false;
  /** Told how long a go of all tasks took, in microseconds. */
  onTick: (durationUs: number) => void = () => {};

  private readonly timers: TimerService;
  private readonly clock: Clock;
  private readonly tasks: CronTask[] = [];
  private timer: TimerHandle | null = null;

  constructor(timers: TimerService, clock: Clock) {
    this.timers = timers;
    this.clock = clock;
  }

  add(task: CronTask): void {
    this.tasks.push(task);
  }

  /** Starts, or goes on at another frequency. */
  start(hz: number): void {
    this.timer?.cancel();
    this.timer = this.timers.every(1000 / hz, () => this.tick(), { unref: true });
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  private tick(): void {
    if (this.isPaused()) return;
    const startUs = this.clock.monotonicUs();
    const nowMs = this.clock.nowMs();
    for (const task of this.tasks) task.run(nowMs);
    this.onTick(this.clock.monotonicUs() - startUs);
  }
}

const WORK_SLICE_MS = 1;
const WORK_REST_MS = 3;

/** Work that nobody waits for (freeing what was flushed, moving buckets): a slice, a rest, until it is done. */
export class BackgroundWork {
  private readonly timers: TimerService;
  private readonly clock: Clock;
  private readonly slice: (budgetMs: number, elapsedMs: () => number) => boolean;
  private timer: TimerHandle | null = null;

  /** `slice` works for at most its budget and returns whether work is left. */
  constructor(
    timers: TimerService,
    clock: Clock,
    slice: (budgetMs: number, elapsedMs: () => number) => boolean,
  ) {
    this.timers = timers;
    this.clock = clock;
    this.slice = slice;
  }

  /** Does a slice now, and the rest later, unless it is under way already. */
  run(): void {
    if (this.timer !== null) return;
    const startUs = this.clock.monotonicUs();
    if (this.slice(WORK_SLICE_MS, () => (this.clock.monotonicUs() - startUs) / 1000)) this.soon();
  }

  /** There is work, to be done when others have had their go. */
  soon(): void {
    this.timer ??= this.timers.after(
      WORK_REST_MS,
      () => {
        this.timer = null;
        this.run();
      },
      { unref: true },
    );
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }
}

const SLICE_MS = 2;
// Deadlines that lie closer together are served together.
const MIN_WAIT_MS = 10;
const MAX_WAIT_MS = 60_000;

/** Removes keys when they are due: sleeps until the next deadline, works in slices when many fall together. */
export class ExpiryCycle {
  /** 1 to 10: how much of the processor a backlog of expired keys may take. */
  effort = 1;

  /** Whether keys shall stay for now: a script has stopped in the middle. */
  isPaused: () => boolean = () => false;
  /** Called when keys may have expired, with how long that took. */
  onRun: (durationUs: number) => void = () => {};

  private readonly keyspace: Keyspace;
  private readonly timers: TimerService;
  private readonly clock: Clock;
  private readonly refreshTime: () => void;
  private timer: TimerHandle | null = null;
  private wakesAtMs = Number.POSITIVE_INFINITY;

  constructor(keyspace: Keyspace, timers: TimerService, clock: Clock, refreshTime: () => void) {
    this.keyspace = keyspace;
    this.timers = timers;
    this.clock = clock;
    this.refreshTime = refreshTime;
  }

  start(): void {
    this.keyspace.onEarlierDeadline = (deadlineMs) => this.wakeAt(deadlineMs);
    this.run();
  }

  stop(): void {
    this.keyspace.onEarlierDeadline = null;
    this.timer?.cancel();
    this.timer = null;
    this.wakesAtMs = Number.POSITIVE_INFINITY;
  }

  /** Looks for expired keys now, and sets the alarm for the next. */
  run(): void {
    this.timer?.cancel();
    this.timer = null;
    this.wakesAtMs = Number.POSITIVE_INFINITY;
    if (this.isPaused()) {
      this.wakeAfter(MIN_WAIT_MS);
      return;
    }
    this.refreshTime();
    const startUs = this.clock.monotonicUs();
    const next = this.keyspace.expireDue(SLICE_MS, () => (this.clock.monotonicUs() - startUs) / 1000);
    const durationUs = this.clock.monotonicUs() - startUs;
    this.keyspace.stats.expireCycleMicroseconds += durationUs;
    this.onRun(durationUs);
    // A quarter of the processor at effort 1, 43 % at 10, as Redis shares it.
    const share = (25 + 2 * (this.effort - 1)) / 100;
    if (next === 0) this.wakeAfter(SLICE_MS / share - SLICE_MS);
    else if (next !== Number.POSITIVE_INFINITY) this.wakeAt(next);
  }

  private wakeAt(deadlineMs: number): void {
    const nowMs = this.clock.nowMs();
    // A key lives through the whole millisecond of its deadline.
    const waitMs = Math.min(MAX_WAIT_MS, Math.max(MIN_WAIT_MS, deadlineMs + 1 - nowMs));
    if (nowMs + waitMs < this.wakesAtMs) this.wakeAfter(waitMs);
  }

  private wakeAfter(waitMs: number): void {
    this.timer?.cancel();
    this.wakesAtMs = this.clock.nowMs() + waitMs;
    this.timer = this.timers.after(waitMs, () => this.run(), { unref: true });
  }
}
