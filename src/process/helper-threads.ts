// The threads beside the event loop: V8's, which compile and look for garbage, and those that write files and force them to
// the disk. Where cores are few each of them would be given as much as the event loop, and there are eight; with less of a
// claim they take what is left (decision 17).

import { getPriority, setPriority } from 'node:os';
import type { Runtime } from '../base/runtime.ts';

/** Of each thread on Linux; elsewhere threads are left as they are. */
const THREADS = '/proc/self/task';
/** On the scale of `nice`: about a tenth of the event loop's share. */
const STEPS_BELOW = 10;
const LOWEST = 19;

export interface Priorities {
  get(thread: number): number;
  set(thread: number, priority: number): void;
}

/** For the process as a whole, so not for a server within somebody else's. Threads that are started later are not changed. */
export function lowerHelperThreads(
  { files, pid }: Pick<Runtime, 'files' | 'pid'>,
  priorities: Priorities = { get: getPriority, set: setPriority },
): void {
  // Threads for files are started, all of them, for the first that is opened beside the event loop.
  files.open(THREADS, 'r', (error, fd) => {
    if (error !== null) return;
    files.close(fd, () => {});
    const priority = Math.min(LOWEST, priorities.get(pid) + STEPS_BELOW);
    for (const name of files.readdirSync(THREADS)) {
      const thread = Number(name);
      if (thread !== pid) lower(thread, priority, priorities);
    }
  });
}

function lower(thread: number, priority: number, priorities: Priorities): void {
  try {
    priorities.set(thread, priority);
  } catch {
    // It has ended meanwhile, or has a lower one already that only an administrator may raise.
  }
}
