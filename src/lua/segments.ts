// Runs generators. A chain of calls is a chain of generators that wait for each other by `yield*`, and all of it is on
// JavaScript's stack while the innermost runs. Where the chain gets too long, a call is yielded as a Segment instead: the
// chain comes off the stack, the call goes on alone, and its result is handed back in. So Lua may nest calls as deeply as
// it is used to.

import type { StackDepth } from './stack-depth.ts';
import { type Result, type Running, RunningClass } from './value.ts';

/** Yielded by a function of Lua: run this on its own and hand in what it returns. */
export class Segment {
  readonly running: Running;

  constructor(running: Running) {
    this.running = running;
  }
}

interface Chain {
  running: Running;
  /** What the depth's segmentEnd is while it runs. */
  segmentEnd: number;
}

/** The chains of one execution or coroutine, the innermost last. */
export class Chains {
  private readonly chains: Chain[] = [];
  private readonly depth: StackDepth;

  constructor(depth: StackDepth) {
    this.depth = depth;
  }

  get isEmpty(): boolean {
    return this.chains.length === 0;
  }

  begin(running: Running): void {
    this.push(running);
  }

  /**
   * Runs on until something is yielded that is not for here (returned, and `isEmpty` is false) or until the end (the
   * result is returned). Throws what is thrown and not caught. `sent` is what the last yield is to give, or throw.
   */
  advance(sent: unknown, isThrown: boolean): unknown {
    const { chains, depth } = this;
    depth.drivers++;
    try {
      for (;;) {
        const top = chains[chains.length - 1]!;
        depth.segmentEnd = top.segmentEnd;
        let step: IteratorResult<unknown, Result>;
        try {
          step = isThrown ? top.running.throw(sent) : top.running.next(sent);
        } catch (error) {
          chains.pop();
          if (chains.length === 0) throw error;
          sent = error;
          isThrown = true;
          continue;
        }
        isThrown = false;
        if (!step.done) {
          if (!(step.value instanceof Segment)) return step.value;
          this.push(step.value.running);
          sent = undefined;
        } else if (typeof step.value === 'object' && step.value instanceof RunningClass) {
          // A tail call: it takes the place of what made it.
          top.running = step.value;
          sent = undefined;
        } else {
          chains.pop();
          if (chains.length === 0) return step.value;
          sent = step.value;
        }
      }
    } finally {
      depth.drivers--;
    }
  }

  /** The depth at which it was left has changed by `calls`. */
  shift(calls: number): void {
    for (const chain of this.chains) chain.segmentEnd += calls;
  }

  private push(running: Running): void {
    this.chains.push({ running, segmentEnd: this.depth.nextSegmentEnd() });
  }
}
