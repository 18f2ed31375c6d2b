// How many clients the limit on open files leaves room for. Node raises the limit as far as it may before any of this runs;
// what is missing then has to be missing from `maxclients`, as in Redis.

import type { Logger } from '../base/logger.ts';
import type { FileDoor } from '../base/runtime.ts';

// What the server opens beside its clients, as Redis reckons.
const RESERVED_FILES = 32;

export interface ClientRoom {
  /** How many clients there can be: `wanted` or less; below 1 the server cannot run. */
  readonly clients: number;
  /** The limit on open files. */
  readonly limit: number;
}

/** Room for `wanted` clients under the limit that the process has; all of them where the limit is not to be had. */
export function clientRoom(files: Pick<FileDoor, 'readFileSync'>, wanted: number): ClientRoom {
  const limit = openFileLimit(files);
  return { clients: Math.min(wanted, limit - RESERVED_FILES), limit };
}

/** Says in the log how many clients the limit allows instead of those that were wanted. */
export function reportClientRoom(log: Logger, wanted: number, { clients, limit }: ClientRoom): void {
  const needed = wanted + RESERVED_FILES;
  if (clients >= wanted) return;
  if (clients < 1) {
    log.warning(
      `Your current 'ulimit -n' of ${limit} is not enough for the server to start. Please increase your open file limit to at least ${needed}. Exiting.`,
    );
    return;
  }
  log.warning(`You requested maxclients of ${wanted} requiring at least ${needed} max file descriptors.`);
  log.warning(
    `Server can't set maximum open files to ${needed} because of OS error: Operation not permitted.`,
  );
  log.warning(
    `Current maximum open files is ${limit}. maxclients has been reduced to ${clients} to compensate for low ulimit. If you need higher maxclients increase 'ulimit -n'.`,
  );
}

function openFileLimit(files: Pick<FileDoor, 'readFileSync'>): number {
  try {
    const found = /^Max open files +(\d+|unlimited)/m.exec(files.readFileSync('/proc/self/limits', 'latin1'));
    return found === null || found[1] === 'unlimited' ? Number.POSITIVE_INFINITY : Number(found[1]);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
