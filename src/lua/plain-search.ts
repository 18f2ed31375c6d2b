// Looking for a text as it stands. JavaScript's own search takes the product of both lengths at worst and cannot be
// interrupted, so that where this product is large the search goes in strides and yields between them.

/** Whether the search is short enough to be done at once. */
export function isQuickSearch(subject: string, needle: string, from: number): boolean {
  return (subject.length - from) * needle.length <= MAX_PRODUCT;
}

/** The offset of the first `needle` from `from` on, or -1; at once. */
export function searchAtOnce(subject: string, needle: string, from: number): number {
  if (needle.length <= HEAD || subject.length - from < LONG) return subject.indexOf(needle, from);
  // JavaScript looks for a short text by its first character, many bytes at a time, but for a longer one byte by byte.
  // So the beginning is looked for first, unless it turns out to be everywhere.
  const head = needle.slice(0, HEAD);
  let at = from;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    at = subject.indexOf(head, at);
    if (at < 0 || subject.startsWith(needle, at)) return at;
    at++;
  }
  return subject.indexOf(needle, at);
}

/** The offset of the first `needle` from `from` on, or -1. */
export function* searchInStrides(
  subject: string,
  needle: string,
  from: number,
): Generator<undefined, number> {
  const head = needle.slice(0, HEAD);
  let left = CHARACTERS_PER_PAUSE;
  let at = from;
  for (;;) {
    // A window for each stride, so that one without the head ends soon too.
    const window = subject.slice(at, at + STRIDE);
    const found = window.indexOf(head);
    if (found < 0) {
      at += STRIDE - head.length + 1;
      if (at + needle.length > subject.length) return -1;
      left -= STRIDE >> 4;
    } else {
      at += found;
      const size = sameLength(subject, at, needle);
      if (size === needle.length) return at;
      at++;
      left -= (found >> 4) + size;
    }
    if (left < 0) {
      yield undefined;
      left = CHARACTERS_PER_PAUSE;
    }
  }
}

const CHARACTERS_PER_PAUSE = 500_000;
const HEAD = 6;
const LONG = 512;
const MAX_TRIES = 8;
const MAX_PRODUCT = 2 ** 26;
const STRIDE = 2 ** 20;

/** How many characters of `needle` stand at an offset of `subject`. */
function sameLength(subject: string, at: number, needle: string): number {
  let size = 0;
  while (size < needle.length && subject.charCodeAt(at + size) === needle.charCodeAt(size)) size++;
  return size;
}
