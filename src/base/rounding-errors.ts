// What rounding takes away from sums and products of doubles: for numbers that are carried in two of them.

const SPLITTER = 2 ** 27 + 1;

/** What `sum`, the rounded a + b, lacks of the true one (Knuth). */
export function sumError(a: number, b: number, sum: number): number {
  const bPart = sum - a;
  return a - (sum - bPart) + (b - bPart);
}

/** What `product`, the rounded a * b, lacks of the true one (Dekker). */
export function productError(a: number, b: number, product: number): number {
  const aTop = a * SPLITTER;
  const aHigh = aTop - (aTop - a);
  const aLow = a - aHigh;
  const bTop = b * SPLITTER;
  const bHigh = bTop - (bTop - b);
  const bLow = b - bHigh;
  return aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow;
}
