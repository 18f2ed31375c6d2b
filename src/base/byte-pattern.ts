// A glob pattern prepared for many byte strings: KEYS and SCAN hold it against every key of a table. The usual patterns
// (`*`, `user:*`, `*:name`) are matched on the bytes where they lie; for the others a string is made, but only of what
// has the pattern's literal beginning. The rules of globs are glob.ts's.

import { bytesEqual, toBytes, toText } from './bytes.ts';
import { globMatch, isLiteralPattern } from './glob.ts';

export class BytePattern {
  readonly pattern: string;
  /** Matches anything. Observed 7.2.4: `*` finds the empty key here, where a glob of that form would not. */
  readonly matchesAll: boolean;
  /** The pattern has no special character: it matches itself only. */
  readonly isLiteral: boolean;

  private readonly prefix: Uint8Array;
  // What lies between the stars, when stars are all that is special; the first of them is `prefix`.
  private readonly parts: readonly Uint8Array[] | null;

  /** `pattern` is a latin1 string. */
  constructor(pattern: string) {
    this.pattern = pattern;
    this.matchesAll = pattern === '*';
    this.isLiteral = isLiteralPattern(pattern);
    this.prefix = toBytes(/^[^*?[\\]*/.exec(pattern)![0]);
    this.parts = /[?[\\]/.test(pattern) ? null : pattern.split('*').map(toBytes);
  }

  /** Whether all of `bytes[start, start + length)` matches. */
  matches(bytes: Uint8Array, start: number, length: number): boolean {
    if (this.matchesAll) return true;
    const { prefix } = this;
    if (length < prefix.length || !bytesEqual(bytes, start, prefix, 0, prefix.length)) return false;
    if (this.parts === null) return globMatch(this.pattern, toText(bytes, start, start + length), false);
    if (this.isLiteral) return length === prefix.length;
    return length > 0 && matchesParts(this.parts, bytes, start + prefix.length, start + length);
  }
}

/** Whether `bytes[at, end)` has all parts but the first in their order, and ends with the last. */
function matchesParts(parts: readonly Uint8Array[], bytes: Uint8Array, at: number, end: number): boolean {
  const last = parts.length - 1;
  for (let i = 1; i < last; i++) {
    const part = parts[i]!;
    const limit = end - part.length;
    while (at <= limit && !bytesEqual(bytes, at, part, 0, part.length)) at++;
    if (at > limit) return false;
    at += part.length;
  }
  const suffix = parts[last]!;
  return end - at >= suffix.length && bytesEqual(bytes, end - suffix.length, suffix, 0, suffix.length);
}
