// Watches the event loop of the process, and the pauses of the JavaScript engine in it, while somebody wants to know. A part
// of the one door to the outside (see runtime.ts).

import { monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks';

export interface EventLoopFigures {
  /** How late timers run, by quantiles; the last is the maximum. */
  readonly delaySeconds: readonly (readonly [quantile: number, seconds: number])[];
  /** How long the loop was not waiting for something to happen, since the process began. */
  readonly activeSeconds: number;
  readonly gcCount: number;
  readonly gcSeconds: number;
}

const DELAY_RESOLUTION_MS = 20;
const DELAY_QUANTILES = [0.5, 0.9, 0.99, 1];

/** Watches from its construction on until `stop`; costs a timer. */
export class EventLoopWatch {
  private readonly delays = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  private gcCount = 0;
  private gcMs = 0;
  private readonly gc = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      this.gcCount++;
      this.gcMs += duration;
    }
  });

  constructor() {
    this.delays.enable();
    this.gc.observe({ entryTypes: ['gc'] });
  }

  /** Ends it. */
  stop(): void {
    this.delays.disable();
    this.gc.disconnect();
  }

  /** What was seen; the delays are those since the last call. */
  figures(): EventLoopFigures {
    const { delays } = this;
    const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - DELAY_RESOLUTION_MS / 1e3);
    const delaySeconds = DELAY_QUANTILES.map(
      (quantile) => [quantile, delays.max === 0 ? 0 : late(delays.percentile(quantile * 100))] as const,
    );
    delays.reset();
    const activeSeconds = performance.eventLoopUtilization().active / 1e3;
    return { delaySeconds, activeSeconds, gcCount: this.gcCount, gcSeconds: this.gcMs / 1e3 };
  }
}
