// Decides when what runs may be left: generated code counts edges of loops and calls, and asks here every few hundred.

import type { Killed } from './errors.ts';
import type { MemoryBound } from './memory-bound.ts';

/** As many edges of loops and calls lie between two questions. */
const EDGES = 500;
const EDGES_WHEN_TIGHT = 32;

export class Pacer {
  /** How many edges are left until `tick` is to be asked. */
  left: number;
  /** Thrown at the next chance. */
  killed: Killed | null = null;
  private readonly memory: MemoryBound;
  private readonly shouldPause: () => boolean;
  private readonly edges: number;

  constructor(memory: MemoryBound, shouldPause: () => boolean, edges = EDGES) {
    this.edges = edges;
    this.left = edges;
    this.memory = memory;
    this.shouldPause = shouldPause;
  }

  /** Whether to pause now. Throws when what runs has been killed, or holds too much. */
  tick(): boolean {
    this.left = this.memory.isTight ? Math.min(EDGES_WHEN_TIGHT, this.edges) : this.edges;
    if (this.killed !== null) throw this.killed;
    this.memory.tick();
    return this.shouldPause();
  }
}
