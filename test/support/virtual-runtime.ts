// A Runtime that a test holds in its hand: the clock stands still until it is moved, timers fire by that clock, the dice
// are replayed from a seed, and files live in memory. Only `afterTurn` is real, because it is about the order of input
// and output and not about time.

import {
  type Clock,
  type ProcessFigures,
  type Runtime,
  SeededRandom,
  type TimerHandle,
  type TimerService,
} from '../../src/base/runtime.ts';
import { MemoryFiles } from './memory-files.ts';
import { VirtualSystem } from './virtual-system.ts';

/** Where virtual time begins: 2026-01-01 00:00:00 UTC. */
export const START_MS = 1_767_225_600_000;

export interface VirtualRuntimeOptions {
  readonly seed?: number;
  readonly startMs?: number;
  readonly pid?: number;
  /** Other files than those of `disk`. */
  readonly files?: Runtime['files'];
}

interface Timer extends TimerHandle {
  dueUs: number;
  readonly everyUs: number;
  readonly order: number;
  readonly run: () => void;
}

export class VirtualRuntime implements Runtime {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly timers: TimerService;
  readonly disk: MemoryFiles;
  readonly files: Runtime['files'];
  readonly process: ProcessFigures = {
    rssBytes: () => 64 * 1024 * 1024,
    cpuUs: () => ({ user: 0, system: 0 }),
    mainThreadCpuUs: () => ({ user: 0, system: 0 }),
    pollsBy: () => 'epoll',
    systemName: () => 'Virtual 1.0 none',
    totalMemoryBytes: () => 1024 ** 3,
    nodeVersion: () => '20.19.0',
    heap: () => ({ usedBytes: 2e6, sizeBytes: 4e6, limitBytes: 4e9, externalBytes: 1e6 }),
    watchEventLoop: () => {},
    eventLoop: () => ({
      delaySeconds: [
        [0.5, 0.001],
        [1, 0.002],
      ],
      activeSeconds: 1,
      gcCount: 2,
      gcSeconds: 0.5,
    }),
  };
  readonly system = new VirtualSystem();
  readonly pid: number;

  private readonly startUs: number;
  private passedUs = 0;
  private readonly pending = new Set<Timer>();
  private nextOrder = 0;
  private turns = 0;

  constructor(options: VirtualRuntimeOptions = {}) {
    const seed = new Uint8Array(8);
    new DataView(seed.buffer).setFloat64(0, options.seed ?? 1);
    this.random = new SeededRandom(seed);
    this.pid = options.pid ?? 4711;
    this.startUs = (options.startMs ?? START_MS) * 1000;
    this.clock = {
      nowMs: () => Math.floor((this.startUs + this.passedUs) / 1000),
      nowUs: () => this.startUs + this.passedUs,
      // Not the wall clock's zero, so that one taken for the other shows.
      monotonicUs: () => 1_000_000 + this.passedUs,
      // Nothing takes time here but waiting.
      idleUs: () => this.passedUs,
    };
    this.timers = {
      after: (delayMs, run) => this.add(delayMs, 0, run),
      every: (intervalMs, run) => this.add(intervalMs, intervalMs, run),
      afterTurn: (run) => {
        this.turns++;
        setImmediate(() => {
          this.turns--;
          run();
        });
      },
      block: (delayMs) => this.jump(delayMs),
    };
    this.disk = new MemoryFiles(this.clock.nowMs, this.timers.afterTurn);
    this.files = options.files ?? this.disk.door;
  }

  /** How many timers wait. */
  get timerCount(): number {
    return this.pending.size;
  }

  /** Moves the clock and lets every timer fire at its time, each with the turn of the event loop that it causes. */
  async advance(ms: number): Promise<void> {
    const endUs = this.passedUs + ms * 1000;
    await this.settle();
    for (;;) {
      const timer = this.earliest();
      if (timer === null || timer.dueUs > endUs) break;
      this.passedUs = Math.max(this.passedUs, timer.dueUs);
      // As with Node's intervals, beats that were missed are not made up for.
      if (timer.everyUs > 0) timer.dueUs = this.passedUs + timer.everyUs;
      else this.pending.delete(timer);
      timer.run();
      await this.settle();
    }
    this.passedUs = endUs;
  }

  /** Moves the clock alone: whoever waits is late, as after a long pause of the process. */
  jump(ms: number): void {
    this.passedUs += ms * 1000;
  }

  private async settle(): Promise<void> {
    while (this.turns > 0) await new Promise((resolve) => setImmediate(resolve));
  }

  private earliest(): Timer | null {
    let first: Timer | null = null;
    for (const timer of this.pending) {
      if (
        first === null ||
        timer.dueUs < first.dueUs ||
        (timer.dueUs === first.dueUs && timer.order < first.order)
      ) {
        first = timer;
      }
    }
    return first;
  }

  private add(delayMs: number, everyMs: number, run: () => void): TimerHandle {
    const { pending } = this;
    // Node's timers wait a millisecond at least.
    const delayUs = Math.max(1, delayMs) * 1000;
    const timer: Timer = {
      dueUs: this.passedUs + delayUs,
      everyUs: everyMs > 0 ? Math.max(1, everyMs) * 1000 : 0,
      order: this.nextOrder++,
      run,
      cancel: () => void pending.delete(timer),
    };
    pending.add(timer);
    return timer;
  }
}
