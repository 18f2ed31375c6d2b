// Byte strings: between Uint8Array slices and latin1 JS strings (one character per byte), and the comparisons on
// them. Everything here is binary-safe; user data is never decoded as UTF-8. What knows a format (numbers, quoting,
// packed blocks) lives elsewhere.

import { SHORT_TEXT_BYTES, shortText } from './short-text.ts';

/** Whether the words of a typed array hold their bytes least significant first. */
export const IS_LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** The bytes of a latin1 string, freshly allocated. Characters above 0xff lose their upper byte. */
export function toBytes(text: string): Uint8Array {
  const out = new Uint8Array(text.length);
  writeText(out, 0, text);
  return out;
}

/** The latin1 string of `bytes[start, end)`; without bounds, of all of it. */
export function toText(bytes: Uint8Array, start = 0, end = bytes.length): string {
  const length = end - start;
  if (length <= SHORT_TEXT_BYTES) return length > 0 ? shortText(bytes, start, length) : '';
  return latin1Slice.call(bytes, start, end);
}

/** Writes a latin1 string at `at` and returns the offset after it. The caller has made sure that it fits. */
export function writeText(target: Uint8Array, at: number, text: string): number {
  const length = text.length;
  if (length > SHORT_WRITE) {
    latin1Write.call(target, text, at, length);
  } else {
    for (let i = 0; i < length; i++) target[at + i] = text.charCodeAt(i);
  }
  return at + length;
}

/** Whether `a[aStart, aStart + length)` and `b[bStart, bStart + length)` hold the same bytes. Both must lie within. */
export function bytesEqual(
  a: Uint8Array,
  aStart: number,
  b: Uint8Array,
  bStart: number,
  length: number,
): boolean {
  for (let i = 0; i < length; i++) {
    if (a[aStart + i] !== b[bStart + i]) return false;
  }
  return true;
}

/** Whether the slice's bytes are the characters of the latin1 string `text`. */
export function bytesEqualText(bytes: Uint8Array, start: number, length: number, text: string): boolean {
  if (length !== text.length) return false;
  for (let i = 0; i < length; i++) {
    if (bytes[start + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}

/** Copies between two stretches of memory; a loop wins over the native call for short ones. */
export function copyBytes(
  from: Uint8Array,
  fromStart: number,
  to: Uint8Array,
  toStart: number,
  length: number,
): void {
  if (length < 64) {
    for (let i = 0; i < length; i++) to[toStart + i] = from[fromStart + i]!;
  } else {
    // A view made directly: `subarray` has to ask for the class first, which takes half as long again.
    to.set(new Uint8Array(from.buffer, from.byteOffset + fromStart, length), toStart);
  }
}

/** Orders two slices as memcmp does, the shorter first when one begins the other: negative, 0 or positive. */
export function compareBytes(
  a: Uint8Array,
  aStart: number,
  aLength: number,
  b: Uint8Array,
  bStart: number,
  bLength: number,
): number {
  const common = Math.min(aLength, bLength);
  for (let i = 0; i < common; i++) {
    const difference = a[aStart + i]! - b[bStart + i]!;
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}

/** Orders two latin1 strings as memcmp does: negative, 0 or positive. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Folds ASCII letters only: `toLowerCase` would also change the bytes 0xc0 to 0xde. */
export function lowerCaseLatin1(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x41 && code <= 0x5a) return text.replace(/[A-Z]+/g, (run) => run.toLowerCase());
  }
  return text;
}

/** As `lowerCaseLatin1`, upwards. */
export function upperCaseLatin1(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x61 && code <= 0x7a) return text.replace(/[a-z]+/g, (run) => run.toUpperCase());
  }
  return text;
}

/** What C takes for the whole of a text: what comes before its first zero byte. */
export function untilZero(text: string): string {
  return text.split('\0', 1)[0]!;
}

/** Whether the slice is the word `lowered` (ASCII, in lower case) in any case. Makes no string. */
export function bytesAreWord(bytes: Uint8Array, start: number, length: number, lowered: string): boolean {
  if (length !== lowered.length) return false;
  for (let i = 0; i < length; i++) {
    let code = bytes[start + i]!;
    if (code >= 0x41 && code <= 0x5a) code += 32;
    if (code !== lowered.charCodeAt(i)) return false;
  }
  return true;
}

// Up to this length a loop is cheaper than the call into native code.
const SHORT_WRITE = 12;

// Buffer's own methods work on any Uint8Array; calling them so spares a Buffer object per string.
const { latin1Slice, latin1Write } = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
  latin1Write(this: Uint8Array, text: string, offset: number, length: number): number;
};

/** Lower-case hexadecimal digits, two a byte. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
