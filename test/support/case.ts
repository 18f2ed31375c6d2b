// A case is a short story on an empty server: requests in order, each with the reply it must get. The same story is told
// in many modes (see modes.ts) and to a real server where there is one.

import type { Expected } from './expected.ts';

/** A request (words split like an inline command, or an array of latin1 arguments) and its reply. */
export type Step = readonly [request: string | readonly string[], expected: Expected];

/** Lets time pass. On our server the clock is moved, so it costs nothing; the reference has to be waited for. */
export interface Wait {
  readonly waitMs: number;
}

export interface CommandCase {
  readonly name: string;
  readonly steps: readonly (Step | Wait)[];
  /** Directives that the server is started with. */
  readonly config?: Readonly<Record<string, string>>;
  /**
   * Modes in which the story makes no sense, with the reason: it is told in all others. `reference` is the real server.
   * In the modes `multi` and `script` each step runs on its own inside MULTI / EXEC, or through a script.
   */
  readonly not?: Partial<
    Record<'resp3' | 'cut' | 'multi' | 'script' | 'reload' | 'aof' | 'reference', string>
  >;
  /** The Redis version that first behaves so: an older reference is not asked. */
  readonly referenceSince?: string;
}
