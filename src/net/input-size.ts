// How much memory a connection holds for its input. Most requests are read and run in the buffer that all connections
// share; what arrives in pieces is kept in the connection's own, which it has while it is active, as in Redis.

/** The least that is allocated. */
export const SMALL_BYTES = 16 * 1024;
// An announcement is believed up to here.
const BELIEVED_BYTES = 1024 * 1024;
// From here on what arrives is trusted to go on arriving: this many times as much may be allocated for the rest.
const TRUSTED_BYTES = 1024 * 1024;
const TRUST = 64;
const KEPT_BYTES = 4 * 1024 * 1024;
const WORTH_TRIMMING_BYTES = 4 * 1024;
const LARGE_BYTES = 32 * 1024;
const IDLE_MS = 2000;

/**
 * The capacity for `used` bytes of a request that still misses `missing` bytes by what it has announced. An announcement
 * costs the client nothing, so a large one counts for little until a good part of it has arrived.
 */
export function grownCapacity(used: number, missing: number): number {
  const announced = used + missing;
  if (announced <= BELIEVED_BYTES) return Math.max(SMALL_BYTES, missing > 0 ? announced : used * 2);
  const expected = used * (used >= TRUSTED_BYTES && missing > 0 ? TRUST : 2);
  return Math.max(SMALL_BYTES, missing > 0 ? Math.min(announced, expected) : expected);
}

/** Whether memory of this capacity is kept for the next request when all in it has been used up. */
export function isKept(capacity: number): boolean {
  return capacity <= KEPT_BYTES;
}

/**
 * The capacity that is left to a connection when its memory is looked through: what it uses when it has been idle, what it
 * has needed lately when that is much less than it holds, else what it has. `peak` is the most it has used since the
 * last look.
 */
export function trimmedCapacity(
  capacity: number,
  used: number,
  missing: number,
  peak: number,
  idleMs: number,
): number {
  if (capacity - used <= WORTH_TRIMMING_BYTES) return capacity;
  if (idleMs > IDLE_MS) return used;
  const needed = Math.max(peak, used + missing);
  return capacity > LARGE_BYTES && capacity / 2 > needed ? Math.max(SMALL_BYTES, needed) : capacity;
}
