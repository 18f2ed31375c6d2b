// How much scripts may hold. JavaScript does not say when something is let go, so what is counted is what is made; when
// enough has come together, the heap is measured, and only what it really holds is held against the bound.

import { LuaError } from './errors.ts';
import type { MemoryLimit } from './javascript-heap.ts';
import type { LuaValue } from './value.ts';

/** How much may be made before the heap is measured again. */
const MEASURE_EVERY_BYTES = 32 << 20;
/** How many questions of the pacer may pass before it is measured although nothing was counted. */
const MEASURE_EVERY_TICKS = 32;
/** Where so much of the limit is left after garbage was collected, the program may go on. */
const FREE_PART = 0.2;
/** Lengths of strings that were joined: from the first on they are looked after, from the second on read at once. */
const LONG = 1 << 20;
const VERY_LONG = 16 << 20;
/** A string that grows is read again when it is so many times as long. */
const GROWTH = 1.25;
/** JavaScript has no strings longer than this. */
export const MAX_STRING_LENGTH = 0x1fffffe8;

export class MemoryBound {
  /** Bytes: the most that may be held. */
  limit: number;
  /** Bytes that were made since the execution began, as far as they are counted: long strings. */
  used = 0;
  /** Long strings are about: much may come in few steps, and so it is to be measured often. */
  isTight = false;
  private lastJoined = '';
  private readAgainFrom = 0;
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
    this.isTight = false;
    this.lastJoined = '';
  }

  /** An execution has ended: nothing of it is held here. */
  end(): void {
    this.lastJoined = '';
  }

  /** Counts what is about to be made. Throws "not enough memory". */
  charge(bytes: number): void {
    if (bytes > MAX_STRING_LENGTH) throw notEnough();
    this.used += bytes;
    this.recentBytes += bytes;
    if (this.recentBytes > MEASURE_EVERY_BYTES || this.recentBytes > this.limit) this.check(bytes);
  }

  /**
   * Counts a string that was joined from others, of which `left` is the first. Throws "not enough memory".
   *
   * JavaScript keeps such a string as its pieces until somebody reads it, and only then takes memory for all of it. A long
   * one is read here at once, so that measuring sees it; but one that grows piece by piece only now and then.
   */
  chargeJoined(text: string, left: LuaValue): void {
    const { length } = text;
    this.charge(length);
    if (length < LONG) return;
    this.isTight = true;
    if (length >= VERY_LONG || length >= this.readAgainFrom || left !== this.lastJoined) {
      text.charCodeAt(length >> 1);
      this.readAgainFrom = length * GROWTH;
    }
    this.lastJoined = text;
  }

  /** Asked by the pacer: tables grow without being counted, but not by much between two questions. */
  tick(): void {
    if (++this.ticks < MEASURE_EVERY_TICKS && !this.isTight) return;
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
