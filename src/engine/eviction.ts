// Removing keys until memory is short no longer: a bounded time of it before each command, as long as
// `maxmemory-eviction-tenacity` says, and turn by turn behind that until it is done. Which key goes is decided by
// keyspace/eviction-candidates, whether memory is short by memory-limit.

import type { Clock, TimerService } from '../base/runtime.ts';
import type { Config } from '../config/config.ts';
import { EvictionCandidates, type EvictionPolicy, evictionPolicy } from '../keyspace/eviction-candidates.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { LatencyMonitor } from './latency-monitor.ts';

const KEYS_PER_LOOK = 16;
// Up to a tenacity of 10 the time grows evenly, from there on by 15 % a step, and at 100 there is no end to it.
const EVEN_TENACITY = 10;
const US_PER_STEP = 50;
const GROWTH = 1.15;
const ENDLESS_TENACITY = 100;
const NOT_READ = -1;

/** `RUNNING`: memory is short, but more of it will be freed. `FAILED`: nothing more can be. */
export const EVICTED = { ENOUGH: 0, RUNNING: 1, FAILED: 2 } as const;
export type Evicted = (typeof EVICTED)[keyof typeof EVICTED];

export interface EvictionParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly timers: TimerService;
  readonly keyspace: Keyspace;
  readonly latency: LatencyMonitor;
  /** How many bytes are to be freed now; 0 or less: none. O(1). */
  readonly bytesToFree: () => number;
  /** A step that nobody has asked for begins, and has ended: it has a turn of its own. */
  readonly onStep: { begin(): void; end(): void };
}

export class Eviction {
  private readonly parts: EvictionParts;
  private readonly candidates: EvictionCandidates;
  private policy: EvictionPolicy | null = null;
  private limitUs = 0;
  private isLazy = false;
  // When the present go began, where anybody asks.
  private startUs = NOT_READ;
  // Whether a step is due at the end of the turn, and whether there will be none any more.
  private isGoingOn = false;
  private isStopped = false;
  private readonly step: () => void;

  constructor(parts: EvictionParts, isDue: () => Evicted) {
    this.parts = parts;
    this.candidates = new EvictionCandidates(parts.keyspace);
    this.step = () => {
      if (this.isStopped) return;
      parts.onStep.begin();
      if (isDue() === EVICTED.RUNNING) parts.timers.afterTurn(this.step);
      else this.isGoingOn = false;
      parts.onStep.end();
    };
    this.settingsChanged();
  }

  /** The policy, the samples, the time or the way of freeing have changed. */
  settingsChanged(): void {
    const { values } = this.parts.config;
    const tenacity = values['maxmemory-eviction-tenacity'];
    this.policy = evictionPolicy(values['maxmemory-policy']);
    this.limitUs = limitUs(tenacity);
    this.isLazy = values['lazyfree-lazy-eviction'];
    this.candidates.clear();
    this.candidates.setSamples(values['maxmemory-samples']);
  }

  /** Evicts at the end of the turn, and of those that follow, until memory is short no longer or nothing can be evicted. */
  goOn(): void {
    if (this.isGoingOn || this.isStopped) return;
    this.isGoingOn = true;
    this.parts.timers.afterTurn(this.step);
  }

  /** The server ends. */
  stop(): void {
    this.isStopped = true;
  }

  /** Evicts keys that together have at least `bytes`, as far as the time allows. `bytes` is more than 0. */
  run(bytes: number): Evicted {
    const { policy } = this;
    if (policy === null) return EVICTED.FAILED;
    const { clock, keyspace, latency } = this.parts;
    // Mostly one key is enough, and its time is nobody's concern.
    this.startUs = latency.isOn || keyspace.hasPendingFrees ? clock.monotonicUs() : NOT_READ;
    const isDone = this.freeRemoved() || this.evict(policy, bytes) || this.freeRemoved();
    if (latency.isOn) latency.note('eviction-cycle', (clock.monotonicUs() - this.startUs) / 1000);
    if (!isDone) return EVICTED.FAILED;
    return this.isGoingOn ? EVICTED.RUNNING : EVICTED.ENOUGH;
  }

  // Returns whether it has done what it may: enough keys, or all its time. False: there are no keys left to evict.
  private evict(policy: EvictionPolicy, bytes: number): boolean {
    const { bytesToFree, clock, keyspace } = this.parts;
    const { candidates, isLazy } = this;
    let freed = 0;
    for (let keys = 1; freed < bytes; keys++) {
      const ref = candidates.next(policy);
      if (ref === 0) return false;
      // What others are told of the removal takes memory as well, but must not make more keys go.
      freed += keyspace.lastingBytes;
      this.remove(ref);
      freed -= keyspace.lastingBytes;
      if (this.startUs === NOT_READ && freed < bytes) this.startUs = clock.monotonicUs();
      if (keys % KEYS_PER_LOOK !== 0) continue;
      if (isLazy && bytesToFree() <= 0) return true;
      if (clock.monotonicUs() - this.startUs > this.limitUs) {
        this.goOn();
        return true;
      }
    }
    return true;
  }

  private remove(ref: number): void {
    const { clock, keyspace, latency } = this.parts;
    const { db } = this.candidates;
    if (!latency.isOn) {
      keyspace.evict(db, ref, this.isLazy);
      return;
    }
    const startUs = clock.monotonicUs();
    keyspace.evict(db, ref, this.isLazy);
    latency.note('eviction-del', (clock.monotonicUs() - startUs) / 1000);
  }

  // What was removed before may not be freed yet: does some of that, and returns whether it was enough.
  private freeRemoved(): boolean {
    const { bytesToFree, clock, keyspace, latency } = this.parts;
    if (!keyspace.hasPendingFrees) return false;
    const beganUs = clock.monotonicUs();
    if (this.startUs === NOT_READ) this.startUs = beganUs;
    keyspace.tidy(this.limitUs / 1000, () => (clock.monotonicUs() - this.startUs) / 1000, false);
    latency.note('eviction-lazyfree', (clock.monotonicUs() - beganUs) / 1000);
    return bytesToFree() <= 0;
  }
}

function limitUs(tenacity: number): number {
  if (tenacity <= EVEN_TENACITY) return US_PER_STEP * tenacity;
  if (tenacity >= ENDLESS_TENACITY) return Number.POSITIVE_INFINITY;
  return Math.floor(US_PER_STEP * EVEN_TENACITY * GROWTH ** (tenacity - EVEN_TENACITY));
}
