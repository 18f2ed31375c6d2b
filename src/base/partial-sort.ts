// Sorting only a part of an array: what stands there afterwards is what a whole sort would put there, the rest is in no
// order. The quicksort of Bentley and McIlroy ("Engineering a Sort Function", 1993), which leaves out the partitions
// that lie beside the part. Which of several equal elements comes first follows from its steps and is visible to clients
// (COUNT of GEOSEARCH), so it cannot be just any algorithm.

type Compare<T> = (a: T, b: T) => number;

const INSERTION_MAX = 7;
const NINTHER_MIN = 40;

/** Puts the elements `first` to `last` of the sorted order in their places. O(n + k log k) for k of them, in the mean. */
export function sortPart<T>(items: T[], compare: Compare<T>, first: number, last: number): void {
  sortWithin(items, compare, 0, items.length, first, last);
}

function sortWithin<T>(
  items: T[],
  compare: Compare<T>,
  from: number,
  to: number,
  first: number,
  last: number,
): void {
  let low = from;
  for (;;) {
    const size = to - low;
    if (size < INSERTION_MAX) {
      insertionSort(items, compare, low, to);
      return;
    }
    swap(items, low, choosePivot(items, compare, low, to));
    // Elements equal to the pivot gather at both ends, smaller and greater ones between them.
    let equalLow = low + 1;
    let left = low + 1;
    let right = to - 1;
    let equalHigh = to - 1;
    for (;;) {
      for (let order = 0; left <= right; left++) {
        order = compare(items[left]!, items[low]!);
        if (order > 0) break;
        if (order === 0) swap(items, equalLow++, left);
      }
      for (let order = 0; left <= right; right--) {
        order = compare(items[right]!, items[low]!);
        if (order < 0) break;
        if (order === 0) swap(items, right, equalHigh--);
      }
      if (left > right) break;
      swap(items, left++, right--);
    }
    const lowEnds = Math.min(equalLow - low, left - equalLow);
    swapRuns(items, low, left - lowEnds, lowEnds);
    const highEnds = Math.min(equalHigh - right, to - equalHigh - 1);
    swapRuns(items, left, to - highEnds, highEnds);
    const smaller = left - equalLow;
    const greater = equalHigh - right;
    if (smaller > 1 && last >= low && first < low + smaller) {
      sortWithin(items, compare, low, low + smaller, first, last);
    }
    if (greater <= 1 || last < to - greater || first >= to) return;
    low = to - greater;
  }
}

function insertionSort<T>(items: T[], compare: Compare<T>, from: number, to: number): void {
  for (let i = from + 1; i < to; i++) {
    for (let j = i; j > from && compare(items[j - 1]!, items[j]!) > 0; j--) swap(items, j, j - 1);
  }
}

function choosePivot<T>(items: T[], compare: Compare<T>, from: number, to: number): number {
  const size = to - from;
  let middle = from + (size >> 1);
  if (size === INSERTION_MAX) return middle;
  let left = from;
  let right = to - 1;
  if (size > NINTHER_MIN) {
    const step = size >> 3;
    left = median(items, compare, left, left + step, left + 2 * step);
    middle = median(items, compare, middle - step, middle, middle + step);
    right = median(items, compare, right - 2 * step, right - step, right);
  }
  return median(items, compare, left, middle, right);
}

function median<T>(items: T[], compare: Compare<T>, a: number, b: number, c: number): number {
  const [x, y, z] = [items[a]!, items[b]!, items[c]!];
  if (compare(x, y) < 0) {
    if (compare(y, z) < 0) return b;
    return compare(x, z) < 0 ? c : a;
  }
  if (compare(y, z) > 0) return b;
  return compare(x, z) < 0 ? a : c;
}

function swapRuns<T>(items: T[], a: number, b: number, count: number): void {
  for (let i = 0; i < count; i++) swap(items, a + i, b + i);
}

function swap<T>(items: T[], a: number, b: number): void {
  const held = items[a]!;
  items[a] = items[b]!;
  items[b] = held;
}
