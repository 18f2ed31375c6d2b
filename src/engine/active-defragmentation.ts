// Active defragmentation: when much of the memory lies fallow between the blocks, passes over the data move what is left
// together, in slices with a share of the processor that grows with what there is to gain. It also sees to it that memory
// which was given up goes back to the system while nothing else happens (memory/returned-memory.ts). When it rests – no
// block may move – is told by whoever wires it.

import type { Logger } from '../base/logger.ts';
import type { Clock, TimerHandle, TimerService } from '../base/runtime.ts';
import type { Config } from '../config/config.ts';
import { type DefragmentationCounts, DefragmentationPass } from '../keyspace/defragmentation-pass.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { BlockMover } from '../memory/block-mover.ts';
import { EvacuationPlanner } from '../memory/evacuation-plan.ts';
import type { Heap } from '../memory/heap.ts';
import type { CronTask } from './cron.ts';
import type { LatencyMonitor } from './latency-monitor.ts';
import type { Tracking } from './tracking.ts';

const DECISION_INTERVAL_MS = 1000;
// Where a pass has gained nothing to speak of, the next would not either.
const VAIN_REST_MS = 10_000;
const VAIN_SHARE = 0.05;
// A slice, as long as it can be without anyone noticing; longer ones only for those who give it most of the processor.
const SLICE_US = 1000;
const LONG_SLICE_US = 2500;
const LONG_SLICE_PERCENT = 50;
const REST_MS = 100;
// So much in pages that are empty is no waste: a segment that is not full is all that a pass can leave, and it is needed again.
const SPARE_BYTES = 72 * 1024 * 1024;

export interface DefragmentationParts {
  readonly clock: Clock;
  readonly timers: TimerService;
  readonly config: Config;
  readonly log: Logger;
  readonly keyspace: Keyspace;
  readonly tracking: Tracking;
  readonly latency: LatencyMonitor;
}

/** A heap that is gone through: first what shall be moved is decided, then it is. */
class Part {
  readonly heap: Heap;
  private readonly move: () => boolean;
  private planner: EvacuationPlanner | null;

  /** `move` is a step of the moving and returns whether anything is left. */
  constructor(heap: Heap, move: () => boolean) {
    this.heap = heap;
    this.move = move;
    this.planner = new EvacuationPlanner(heap);
  }

  /** Returns whether anything is left. */
  step(): boolean {
    if (this.planner === null) return this.move();
    const plan = this.planner.step();
    if (plan === null) return true;
    this.heap.evacuate(plan);
    this.planner = null;
    return true;
  }
}

interface Fragmentation {
  readonly bytes: number;
  readonly percent: number;
}

export class ActiveDefragmentation implements CronTask {
  readonly counts: DefragmentationCounts = { hits: 0, misses: 0, keyHits: 0, keyMisses: 0 };
  /** The share of the processor that the pass under way may take, in percent; 0: there is none. */
  runningPercent = 0;
  /** Whether no block may move just now: a snapshot, a script that has stopped, data being loaded. */
  isResting: () => boolean = () => false;

  private readonly parts: DefragmentationParts;
  private timer: TimerHandle | null = null;
  private isScheduled = false;
  private isEnabled = false;
  private nextDecisionMs = 0;
  private pass: Part[] = [];
  private wasteAtStart = 0;
  private hitsAtStart = 0;
  private passStartedUs = 0;
  // Since when it runs, and how long it ran before, in microseconds.
  private runningSinceUs = 0;
  private earlierUs = 0;
  // What the slices have taken beyond their share and is to be waited for.
  private owedUs = 0;
  private readonly runSlice = () => this.slice();

  constructor(parts: DefragmentationParts) {
    this.parts = parts;
    parts.config.onChange('activedefrag', (enabled) => {
      this.enable(enabled);
      return null;
    });
    this.enable(parts.config.values.activedefrag);
  }

  /** How long passes took from their beginning to their end, all together and the one under way, in ms. */
  get totalMs(): number {
    return Math.floor((this.earlierUs + this.sinceUs) / 1000);
  }

  get currentMs(): number {
    return Math.floor(this.sinceUs / 1000);
  }

  resetStats(): void {
    Object.assign(this.counts, { hits: 0, misses: 0, keyHits: 0, keyMisses: 0 });
    this.earlierUs = 0;
    if (this.runningPercent > 0) this.runningSinceUs = this.parts.clock.monotonicUs();
  }

  run(nowMs: number): void {
    const { returnedMemory } = this.parts.keyspace;
    if (returnedMemory.isPending) returnedMemory.nudge();
    if (!this.isEnabled || nowMs < this.nextDecisionMs) return;
    this.nextDecisionMs = nowMs + DECISION_INTERVAL_MS;
    if (!this.isResting()) this.decide();
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
    this.isScheduled = false;
    for (const { heap } of this.pass) heap.endEvacuation();
    this.pass = [];
    this.earlierUs += this.sinceUs;
    this.runningPercent = 0;
  }

  private get sinceUs(): number {
    return this.runningPercent === 0 ? 0 : this.parts.clock.monotonicUs() - this.runningSinceUs;
  }

  private enable(enabled: boolean): void {
    this.isEnabled = enabled;
    this.nextDecisionMs = 0;
    if (!enabled && this.runningPercent > 0) this.stop();
  }

  private get heaps(): Heap[] {
    return [this.parts.keyspace.heap, this.parts.tracking.heap];
  }

  private fragmentation(): Fragmentation {
    let bytes = 0;
    let used = 0;
    for (const heap of this.heaps) {
      bytes += heap.activeBytes - heap.usedBytes + Math.max(0, heap.idleBytes - SPARE_BYTES);
      used += heap.usedBytes;
    }
    return { bytes, percent: used === 0 ? 0 : (bytes * 100) / used };
  }

  // Whether to begin, or, while a pass is under way, to do more in the same time.
  private decide(): void {
    const { config, log } = this.parts;
    const { values } = config;
    const { bytes, percent } = this.fragmentation();
    const lower = values['active-defrag-threshold-lower'];
    const upper = values['active-defrag-threshold-upper'];
    const least = values['active-defrag-cycle-min'];
    const most = values['active-defrag-cycle-max'];
    const isRunning = this.runningPercent > 0;
    if (!isRunning && (percent < lower || bytes < values['active-defrag-ignore-bytes'])) return;
    const wanted = Math.trunc(least + ((percent - lower) * (most - least)) / Math.max(1, upper - lower));
    const share = Math.min(most, Math.max(least, wanted));
    if (share <= this.runningPercent) return;
    if (!isRunning) this.runningSinceUs = this.parts.clock.monotonicUs();
    this.runningPercent = share;
    log.verbose(`Starting active defrag, frag=${percent.toFixed(0)}%, frag_bytes=${bytes}, cpu=${share}%`);
    if (!isRunning) this.begin(bytes);
  }

  private begin(bytes: number): void {
    const { keyspace, tracking, clock } = this.parts;
    const { counts } = this;
    const data = new DefragmentationPass(keyspace, counts);
    data.maxScanFields = this.parts.config.values['active-defrag-max-scan-fields'];
    this.pass = [
      new Part(keyspace.heap, () => data.step()),
      new Part(tracking.heap, trackingStep(tracking, counts)),
    ];
    this.wasteAtStart = bytes;
    this.hitsAtStart = counts.hits;
    this.passStartedUs = clock.monotonicUs();
    this.owedUs = 0;
    this.schedule();
  }

  private slice(): void {
    this.timer = null;
    this.isScheduled = false;
    const { clock, latency, timers } = this.parts;
    if (this.runningPercent === 0) return;
    if (this.isResting()) {
      this.isScheduled = true;
      this.timer = timers.after(REST_MS, this.runSlice, { unref: true });
      return;
    }
    const startUs = clock.monotonicUs();
    const endUs = startUs + (this.runningPercent > LONG_SLICE_PERCENT ? LONG_SLICE_US : SLICE_US);
    let nowUs = startUs;
    while (this.pass.length > 0 && nowUs < endUs) {
      const part = this.pass[0]!;
      if (!part.step()) {
        part.heap.endEvacuation();
        this.pass.shift();
      }
      nowUs = clock.monotonicUs();
    }
    const spentUs = nowUs - startUs;
    latency.note('active-defrag-cycle', Math.floor(spentUs / 1000));
    this.owedUs += (spentUs * (100 - this.runningPercent)) / this.runningPercent;
    if (this.pass.length > 0) this.schedule();
    else this.passEnded(nowUs);
  }

  private passEnded(nowUs: number): void {
    const { bytes, percent } = this.fragmentation();
    const moved = this.counts.hits - this.hitsAtStart;
    const tookMs = Math.floor((nowUs - this.passStartedUs) / 1000);
    this.parts.log.verbose(
      `Active defrag done in ${tookMs}ms, reallocated=${moved}, frag=${percent.toFixed(0)}%, frag_bytes=${bytes}`,
    );
    this.stop();
    if (this.wasteAtStart - bytes > this.wasteAtStart * VAIN_SHARE) this.decide();
    else this.nextDecisionMs = this.parts.clock.nowMs() + VAIN_REST_MS;
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    const { timers } = this.parts;
    const restMs = Math.floor(this.owedUs / 1000);
    this.owedUs -= restMs * 1000;
    if (restMs === 0) timers.afterTurn(this.runSlice);
    else this.timer = timers.after(restMs, this.runSlice, { unref: true });
  }
}

function trackingStep(tracking: Tracking, counts: DefragmentationCounts): () => boolean {
  const { heap } = tracking;
  const mover = new BlockMover(heap);
  let cursor = 0;
  return () => {
    // What clients cache was forgotten.
    if (tracking.heap !== heap) return false;
    cursor = tracking.moveBlocks(cursor, mover);
    counts.hits += mover.hits;
    counts.misses += mover.misses;
    mover.hits = mover.misses = 0;
    return cursor !== 0;
  };
}
