// How much scripts may hold. JavaScript does not say when something is let go, so what is counted is what is made; when
// enough has come together, the heap is measured, and only what it really holds is held against the bound.

import { LuaError } from './errors.ts';
import type { MemoryLimit } from './javascript-heap.ts';

/** How much may be made before the heap is measured again. */
const MEASURE_EVERY_BYTES = 32 << 20;
/** How many questions of the pacer may pass before it is measured although nothing was counted. */
const MEASURE_EVERY_TICKS = 32;
/** Where so much of the limit is left after garbage was collected, the program may go on. */
const FREE_PART = 0.2;
/** A string that is joined from others is laid out in memory from this length on, so that measuring sees it. */
const LAID_OUT_FROM = 1 << 20;
/** JavaScript has no strings longer than this. */
export const MAX_STRING_LENGTH = 0x1fffffe8;

export class MemoryBound {
  /** Bytes: the most that may be held. */
  limit: number;
  /** Bytes that were made since the execution began, as far as they are counted: long strings. */
  used = 0;
  private readonly measure: (() => number) | null;
  private readonly collect: (() => void) | null;
  /** Made since the heap was measured. */
  private recentBytes = 0;
  private ticks = 0;

  constructor({ limitBytes, measure, collect }: MemoryLimit) {
    this.limit = limitBytes;
    this.measure = measure ?? null;
    this.collect = collect ?? null;
  }

  /** An execution begins. */
  begin(): void {
    this.used = 0;
  }

  /** Counts what is about to be made. Throws "not enough memory". */
  charge(bytes: number): void {
    if (bytes > MAX_STRING_LENGTH) throw notEnough();
    this.used += bytes;
    this.recentBytes += bytes;
    if (this.recentBytes > MEASURE_EVERY_BYTES || this.recentBytes > this.limit) this.check(bytes);
  }

  /** Counts a string that was joined from others. Throws "not enough memory". */
  chargeJoined(text: string): void {
    this.charge(text.length);
    // Reading a character makes one piece of the pieces.
    if (text.length >= LAID_OUT_FROM) text.charCodeAt(text.length >> 1);
  }

  /** Asked by the pacer: tables grow without being counted, but not by much between two questions. */
  tick(): void {
    if (++this.ticks < MEASURE_EVERY_TICKS) return;
    this.ticks = 0;
    if (this.measure !== null) this.check(0);
  }

  private check(wanted: number): void {
    this.recentBytes = 0;
    const { limit, measure, collect } = this;
    if (measure === null) {
      if (this.used > limit) throw notEnough();
    } else if (measure() + wanted > limit) {
      collect?.();
      // Too little free would mean to collect again at once.
      if (measure() + wanted > limit * (collect === null ? 1 : 1 - FREE_PART)) throw notEnough();
    }
  }
}

function notEnough(): LuaError {
  return new LuaError('not enough memory', 0);
}
