// The 24 bits that every entry keeps of its use: under an LRU policy the time of the last access in seconds, under an
// LFU policy a logarithmic counter with the minute in which it was last aged. Formats and rules are Redis's, so that
// OBJECT IDLETIME, OBJECT FREQ and eviction mean the same.

import type { RandomSource } from '../base/runtime.ts';

const LRU_MASK = 0xffffff;
const LFU_INITIAL = 5;
const LFU_MAX = 255;

/** What the configuration says about access bits. */
export interface AccessPolicy {
  readonly isLfu: boolean;
  readonly lfuLogFactor: number;
  readonly lfuDecayTimeMinutes: number;
}

export class AccessClock {
  policy: AccessPolicy = { isLfu: false, lfuLogFactor: 10, lfuDecayTimeMinutes: 1 };

  private readonly random: RandomSource;
  private seconds = 0;
  private minutes = 0;

  constructor(random: RandomSource) {
    this.random = random;
  }

  /** The LRU clock as INFO shows it. */
  get lruClock(): number {
    return this.seconds;
  }

  /** Sets the time of the accesses that follow. */
  setTime(nowMs: number): void {
    this.seconds = Math.floor(nowMs / 1000) & LRU_MASK;
    this.minutes = Math.floor(nowMs / 60_000) & 0xffff;
  }

  /** The bits of a new entry. */
  initial(): number {
    return this.policy.isLfu ? (this.minutes << 8) | LFU_INITIAL : this.seconds;
  }

  /** The bits after an access to an entry with `bits`. */
  touched(bits: number): number {
    if (!this.policy.isLfu) return this.seconds;
    return (this.minutes << 8) | this.increment(this.decayed(bits));
  }

  /** How long ago the last access was, in seconds (LRU). */
  idleSeconds(bits: number): number {
    return (this.seconds - bits) & LRU_MASK;
  }

  /** The counter after the decay that is due (LFU). */
  frequency(bits: number): number {
    return this.decayed(bits);
  }

  /** The bits for a given idle time or counter, as RESTORE and loading set them. */
  bitsForIdle(idleSeconds: number): number {
    return (this.seconds - idleSeconds) & LRU_MASK;
  }

  bitsForFrequency(counter: number): number {
    return (this.minutes << 8) | counter;
  }

  private decayed(bits: number): number {
    const counter = bits & 0xff;
    const decay = this.policy.lfuDecayTimeMinutes;
    if (decay === 0) return counter;
    const elapsed = (this.minutes - (bits >>> 8)) & 0xffff;
    return Math.max(0, counter - Math.floor(elapsed / decay));
  }

  private increment(counter: number): number {
    if (counter === LFU_MAX) return counter;
    const base = Math.max(0, counter - LFU_INITIAL);
    const chance = 1 / (base * this.policy.lfuLogFactor + 1);
    return this.random.uint32() / 0x100000000 < chance ? counter + 1 : counter;
  }
}
