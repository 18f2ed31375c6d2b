// How long a test goes on that is made of rounds: as many as it needs to mean something, or, by hand, as many as there is
// time for: RESPITE_ROUNDS_SECONDS=3600 makes an hour of each.

const SECONDS = Number(process.env.RESPITE_ROUNDS_SECONDS ?? 0);
// What comes before the rounds and after them.
const AROUND_MS = 120_000;

/** A time limit for a test of `rounds`, in milliseconds. */
export const LONG_TEST_MS = AROUND_MS + SECONDS * 1000;

/** The numbers of the rounds: `least` of them, and on until the time is up. */
export function* rounds(least: number): Generator<number> {
  const endMs = performance.now() + SECONDS * 1000;
  for (let round = 0; round < least || performance.now() < endMs; round++) yield round;
}
