// Seconds as Redis counts them where it tells an age, a lag or a timeout: those of the clock that have begun.

/** How many seconds of the clock have begun from one time to another, both in ms; negative when the clock was set back. */
export function secondsBetween(fromMs: number, toMs: number): number {
  return Math.floor(toMs / 1000) - Math.floor(fromMs / 1000);
}
