// The test of the memory that data lie in, as the last part of a crash report: every word takes a few patterns and gets
// its value back, so that nothing is lost. It finds memory that is plainly broken; an afternoon of --test-memory finds more.

const CHUNK_WORDS = 4096;
const ONES = -1;
const PATTERNS: readonly number[] = [0x55555555, ~0x55555555, 0, ONES];

/** Tests memory in place; returns whether every word kept what was written to it. O(its size), at some GB per second. */
export function testMemory(words: Int32Array): boolean {
  const saved = new Int32Array(CHUNK_WORDS);
  let isSound = true;
  for (let start = 0; start < words.length; start += CHUNK_WORDS) {
    const chunk = words.subarray(start, start + CHUNK_WORDS);
    saved.set(chunk);
    for (const pattern of PATTERNS) {
      // The number of the word in it as well, so that two addresses that are the same cell are noticed.
      for (let i = 0; i < chunk.length; i++) chunk[i] = pattern ^ i;
      for (let i = 0; i < chunk.length; i++) if (chunk[i] !== (pattern ^ i)) isSound = false;
    }
    chunk.set(saved.subarray(0, chunk.length));
    for (let i = 0; i < chunk.length; i++) if (chunk[i] !== saved[i]) isSound = false;
  }
  return isSound;
}
