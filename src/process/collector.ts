// How much comes together before V8 looks through all that lives. By its own rule a server with few objects – the data are
// not objects – has that done several times a second while scripts run, a tenth of the processor's time (decision 15).

import { setFlagsFromString } from 'node:v8';
import type { Runtime, TimerHandle } from '../base/runtime.ts';

/** By how much the heap may grow, in per cent of what lives in it; 0 is V8's own rule. */
const GROWTH_OF_SMALL_PERCENT = 300;
/** A heap that holds less is small; one that holds more than the second is not. */
const SMALL_HEAP_BYTES = 64 * 1024 * 1024;
const LARGE_HEAP_BYTES = 128 * 1024 * 1024;
const LOOK_INTERVAL_MS = 1000;

/** For the process as a whole, so not for a server within somebody else's. Cancelling the timer leaves things as they are. */
export function letSmallHeapGrow(
  { process, timers }: Pick<Runtime, 'process' | 'timers'>,
  setFlag: (flag: string) => void = setFlagsFromString,
): TimerHandle {
  let percent = 0;
  const look = () => {
    const { usedBytes } = process.heap();
    let wanted = percent;
    if (usedBytes < SMALL_HEAP_BYTES) wanted = GROWTH_OF_SMALL_PERCENT;
    else if (usedBytes > LARGE_HEAP_BYTES) wanted = 0;
    if (wanted !== percent) setFlag(`--heap-growing-percent=${wanted}`);
    percent = wanted;
  };
  look();
  return timers.every(LOOK_INTERVAL_MS, look, { unref: true });
}
