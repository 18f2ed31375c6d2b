// The longest common subsequence of two byte strings, as LCS answers it. Among the equally long ones the choice is
// Redis's (walking back from the ends, on a tie a byte of the second string is left out), because clients see it. Lengths
// take two rows of memory; the way back takes one bit a cell, 1/32 of the table that Redis fills.

/** What a common subsequence is asked of: `a[aStart, aStart + aLength)` and the same of b. */
export interface TwoSlices {
  readonly a: Uint8Array;
  readonly aStart: number;
  readonly aLength: number;
  readonly b: Uint8Array;
  readonly bStart: number;
  readonly bLength: number;
}

/** The length of a longest common subsequence of two byte strings, and the way through the table if it is needed. */
export interface CommonSubsequence {
  readonly length: number;
  /** Calls `match` for every pair of equal bytes that belongs to it, from the last to the first. */
  walkBack(match: (aIndex: number, bIndex: number) => void): void;
}

/**
 * O(N * M). `withPath` is false when only the length matters; `walkBack` must not be called then. Throws a RangeError
 * when there is no memory for the path.
 */
export function commonSubsequence(slices: TwoSlices, withPath: boolean): CommonSubsequence {
  const { a, aStart, aLength, b, bStart, bLength } = slices;
  const rowWords = (bLength + 31) >>> 5;
  // A bit is set where leaving out a byte of `a` is better than leaving out one of `b`.
  const dropsA = new Int32Array(withPath ? aLength * rowWords : 0);
  const row = new Uint32Array(bLength + 1);
  for (let i = 0; i < aLength; i++) {
    const byte = a[aStart + i]!;
    const words = i * rowWords;
    let diagonal = 0;
    let left = 0;
    for (let j = 0; j < bLength; j++) {
      const above = row[j + 1]!;
      if (byte === b[bStart + j]) {
        left = diagonal + 1;
      } else if (above > left) {
        left = above;
        if (withPath) dropsA[words + (j >>> 5)]! |= 1 << (j & 31);
      }
      row[j + 1] = left;
      diagonal = above;
    }
  }
  return {
    length: row[bLength]!,
    walkBack(match) {
      let i = aLength - 1;
      let j = bLength - 1;
      while (i >= 0 && j >= 0) {
        if (a[aStart + i] === b[bStart + j]) match(i--, j--);
        else if ((dropsA[i * rowWords + (j >>> 5)]! & (1 << (j & 31))) !== 0) i--;
        else j--;
      }
    },
  };
}
