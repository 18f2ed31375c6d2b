// How much of what a function calls the compiler puts into it. A request passes through some forty small functions of a dozen
// parts; under V8's own limits the larger half of them stay calls (decision 13).

import { setFlagsFromString } from 'node:v8';

/** Bytes of bytecode: of a function that may be put into its caller, and of all that are put into one. V8's own: 460, 920. */
const LIMITS = ['--max-inlined-bytecode-size=700', '--max-inlined-bytecode-size-cumulative=3000'];

/** For the process as a whole, so not for a server within somebody else's. Before the code has become hot. */
export function raiseInliningLimits(): void {
  for (const limit of LIMITS) setFlagsFromString(limit);
}
