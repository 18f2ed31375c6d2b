// The loading of a data set: whether there is one under way and how far it is, for the gate of the dispatcher and for
// INFO, and the slices in which it happens, so that clients that may (PING, INFO, SHUTDOWN) are answered in between. What
// is loaded is the loader's affair: a generator that yields when `pauses` says so.

import type { Logger } from '../base/logger.ts';
import type { Clock, RandomSource, TimerHandle, TimerService } from '../base/runtime.ts';
import type { Config } from '../config/config.ts';

/** Loads something; to be resumed until it returns its result. What it holds open it closes in a `finally`. */
export type Loader<Result> = Generator<void, Result, void>;

export interface LoadingParts {
  readonly clock: Clock;
  readonly timers: TimerService;
  readonly random: RandomSource;
  readonly config: Config;
  readonly log: Logger;
}

const SLICE_US = 5000;
// A reading of the clock costs as much as a small key: so many keys or commands pass between two.
const CLOCK_CHECK_MASK = 63;
const LEAST_WAIT_US = 1000;
const REPORT_INTERVAL_US = 5_000_000;
const MEGABYTE = 1024 * 1024;

export class Loading {
  /** Data are being loaded: only commands with the flag `loading` run. */
  isActive = false;
  /** Others are served from the old data set meanwhile, but for commands with the flag `no_async_loading`. */
  isAsync = false;
  startedMs = 0;
  /** What there is to read, and what was read of it. */
  totalBytes = 0;
  loadedBytes = 0;
  /** How much memory the data took where they were saved; 0: the file does not say. */
  usedMemoryBytes = 0;
  /** Of the last loading: how many keys of RDB files were taken, and how many had expired. */
  keysLoaded = 0;
  keysExpired = 0;
  /** Called when a loading begins, after each of its slices, and when it has ended. */
  onChange: () => void = () => {};

  private readonly parts: LoadingParts;
  private loader: Loader<unknown> | null = null;
  private nextSlice: (() => void) | null = null;
  // The loader has yielded because there is nothing to read yet.
  private isWaiting = false;
  private timer: TimerHandle | null = null;
  private fileStart = 0;
  private calls = 0;
  private sliceEndUs = 0;
  private pauseAtBytes = 0;
  private delayUs = 0;
  // How long loading has to wait yet because of `key-load-delay`.
  private owedUs = 0;
  private reportedUs = 0;

  constructor(parts: LoadingParts) {
    this.parts = parts;
  }

  /**
   * A loading of so many bytes (0: nobody knows) begins. The loader says so, before it reads anything. `isAsync`: others are
   * served from the old data meanwhile.
   */
  begin(totalBytes: number, isAsync = false): void {
    const { clock } = this.parts;
    this.isActive = true;
    this.isAsync = isAsync;
    this.startedMs = clock.nowMs();
    this.totalBytes = totalBytes;
    this.loadedBytes = this.usedMemoryBytes = 0;
    this.keysLoaded = this.keysExpired = 0;
    this.fileStart = 0;
    this.reportedUs = clock.monotonicUs();
    this.beginSlice();
    this.onChange();
  }

  /** The next of several files begins. */
  nextFile(): void {
    this.fileStart = this.loadedBytes;
  }

  /** It has ended, well or not. */
  end(): void {
    this.isActive = this.isAsync = false;
    this.onChange();
  }

  /** To be asked after each key or command, with what was read of the file: whether the loader must yield now. */
  pauses(offset: number): boolean {
    this.loadedBytes = this.fileStart + offset;
    if (this.delayUs !== 0) this.owedUs += this.delayOfKey();
    if (this.loadedBytes >= this.pauseAtBytes || this.owedUs >= LEAST_WAIT_US) return true;
    return (++this.calls & CLOCK_CHECK_MASK) === 0 && this.parts.clock.monotonicUs() >= this.sliceEndUs;
  }

  /** Runs a loader to its end while everybody waits. */
  runAtOnce<Result>(loader: Loader<Result>): Result {
    const { timers } = this.parts;
    for (;;) {
      const step = loader.next();
      if (step.done) return step.value;
      this.sliceEnded();
      if (this.owedUs >= LEAST_WAIT_US) timers.block(this.takeWaitMs());
      this.beginSlice();
    }
  }

  /** Runs a loader in slices, the first one now; `done` is called with its result, unless it was stopped. */
  runInSlices<Result>(loader: Loader<Result>, done: (result: Result) => void): void {
    this.loader = loader;
    const runSlice = () => {
      this.timer = null;
      if (this.loader !== loader) return;
      this.beginSlice();
      const step = loader.next();
      if (step.done) {
        this.loader = this.nextSlice = null;
        done(step.value);
        return;
      }
      this.sliceEnded();
      if (this.isWaiting) return;
      const { timers } = this.parts;
      if (this.owedUs >= LEAST_WAIT_US) this.timer = timers.after(this.takeWaitMs(), runSlice);
      else timers.afterTurn(runSlice);
    };
    this.nextSlice = runSlice;
    this.isWaiting = false;
    runSlice();
  }

  /** To be called by a loader that is about to yield because what it reads has not come yet: it goes on by `wake`. */
  wait(): void {
    this.isWaiting = true;
  }

  /** There is something to read for the loader that waits, if one does. */
  wake(): void {
    if (!this.isWaiting) return;
    this.isWaiting = false;
    this.nextSlice?.();
  }

  /** Gives up a loading that runs in slices: the server ends. */
  stop(): void {
    this.timer?.cancel();
    this.timer = null;
    const { loader } = this;
    this.loader = this.nextSlice = null;
    this.isWaiting = false;
    loader?.return(undefined);
    if (this.isActive) this.end();
  }

  private beginSlice(): void {
    const { clock, config } = this.parts;
    this.sliceEndUs = clock.monotonicUs() + SLICE_US;
    this.pauseAtBytes = this.loadedBytes + config.values['loading-process-events-interval-bytes'];
    this.delayUs = config.values['key-load-delay'];
  }

  private sliceEnded(): void {
    this.report();
    this.onChange();
  }

  // As Redis reads a negative delay: one key in so many waits, for a microsecond.
  private delayOfKey(): number {
    const { delayUs } = this;
    if (delayUs > 0) return delayUs;
    return this.parts.random.below(-delayUs) === 0 ? 1 : 0;
  }

  private takeWaitMs(): number {
    const waitMs = Math.floor(this.owedUs / 1000);
    this.owedUs -= waitMs * 1000;
    return waitMs;
  }

  // Whoever waits for a large data set sees that it goes on.
  private report(): void {
    const { clock, log } = this.parts;
    const nowUs = clock.monotonicUs();
    if (!this.isActive || nowUs - this.reportedUs < REPORT_INTERVAL_US) return;
    this.reportedUs = nowUs;
    const megabytes = (bytes: number) => (bytes / MEGABYTE).toFixed(1);
    const percent = this.totalBytes === 0 ? 0 : (100 * this.loadedBytes) / this.totalBytes;
    log.notice(
      `Loading: ${percent.toFixed(1)}%, ${megabytes(this.loadedBytes)} of ${megabytes(this.totalBytes)} MB read`,
    );
  }
}
