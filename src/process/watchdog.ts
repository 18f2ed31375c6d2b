// watchdog-period: finds out what holds the server up. The server's thread beats; another one (watchdog-thread.ts) listens,
// and when the beats stay away for the period it writes to the log where the server stands. Off, there is neither beat nor
// thread.

import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { LogFormat } from '../base/logger.ts';
import type { TimerHandle, TimerService } from '../base/runtime.ts';

/** What the thread is started with. */
export interface WatchdogThreadData {
  /** One 32-bit number, which grows with each beat. */
  readonly beats: SharedArrayBuffer;
  readonly periodMs: number;
  readonly log: WatchdogLog;
}

/** Where the thread's lines go: it has a log of its own, since it writes when the server's thread cannot. */
export interface WatchdogLog {
  /** '' for standard output. */
  readonly path: string;
  readonly format: LogFormat;
  readonly role: 'M' | 'S';
}

const BEATS_PER_PERIOD = 4;
const LOAD = 'import';
// Runs the file that the first argument names. What it imports is not imported by this file.
const THROUGH_TSX = `${LOAD}('tsx/esm/api').then((tsx) => { tsx.register(); return ${LOAD}(process.argv[2]); })`;

export class Watchdog {
  private readonly timers: TimerService;
  private readonly log: () => WatchdogLog;
  private readonly onFailure: (reason: string) => void;
  private thread: Worker | null = null;
  private timer: TimerHandle | null = null;

  /** `onFailure` is told why the thread has ended; the server goes on without. */
  constructor(timers: TimerService, log: () => WatchdogLog, onFailure: (reason: string) => void) {
    this.timers = timers;
    this.log = log;
    this.onFailure = onFailure;
  }

  /** Watches with this period from now on, 0 for not at all. */
  setPeriod(periodMs: number): void {
    this.stop();
    if (periodMs === 0) return;
    const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const beat = () => {
      Atomics.add(beats, 0, 1);
    };
    this.timer = this.timers.every(periodMs / BEATS_PER_PERIOD, beat, { unref: true });
    const data: WatchdogThreadData = { beats: beats.buffer, periodMs, log: this.log() };
    this.thread = startThread(data);
    this.thread.unref();
    this.thread.on('error', (error) => {
      this.onFailure(error.message);
      this.stop();
    });
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
    void this.thread?.terminate();
    this.thread = null;
  }
}

// In a checkout without a build the sources run through tsx, which a thread has to be given anew.
function startThread(workerData: WatchdogThreadData): Worker {
  const extension = extname(import.meta.url);
  const file = new URL(`./watchdog-thread${extension}`, import.meta.url);
  if (extension !== '.ts') return new Worker(file, { workerData });
  return new Worker(THROUGH_TSX, { eval: true, argv: [file.href], workerData });
}
