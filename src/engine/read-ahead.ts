// Looks ahead in a pipeline: finds the first keys of the requests that follow, and touches where the keyspace has them.
// A lookup among many keys waits for memory twice, for the slot and for the entry; done for many keys in one go, the
// waits overlap. It is a hint and nothing else: it reads, it changes nothing, and whatever it does not understand it
// leaves to the parser.

import type { Keyspace } from '../keyspace/keyspace.ts';

const STAR = 42;
const DOLLAR = 36;
const CR = 13;
const ZERO = 48;
const WINDOW = 32;
/** Shorter input is one request or two: not worth a look. */
const MIN_BYTES = 96;
/** What is longer is hardly a key (EVAL begins with a script), and takes long to hash. */
const MAX_KEY_BYTES = 128;
/** Fewer keys are near anyway. */
const MIN_KEYS = 8192;

export class ReadAhead {
  private readonly keyspace: Keyspace;
  private readonly hashes = new Int32Array(WINDOW);
  private readonly heads = new Int32Array(WINDOW);
  // Without a use of what was read, the compiler would leave the reads out.
  private seen = 0;
  private at = 0;
  private end = 0;

  constructor(keyspace: Keyspace) {
    this.keyspace = keyspace;
  }

  /** Looks at up to 32 requests in `bytes[at, end)`; returns where it stopped: up to there a look is no use again. */
  look(dbId: number, bytes: Uint8Array, at: number, end: number): number {
    const { dict } = this.keyspace.database(dbId);
    if (end - at < MIN_BYTES || dict.size < MIN_KEYS) return end;
    this.at = at;
    this.end = end;
    let count = 0;
    while (count < WINDOW && this.at < end) {
      const words = this.header(bytes, STAR);
      if (words < 1) break;
      let length = this.header(bytes, DOLLAR);
      this.at += length + 2;
      if (words > 1) {
        length = this.header(bytes, DOLLAR);
        if (length < 0 || this.at + length > end) break;
        if (length <= MAX_KEY_BYTES) this.hashes[count++] = dict.hash(bytes, this.at, length);
        this.at += length + 2;
      }
      for (let left = words - 2; left > 0 && length >= 0; left--) {
        length = this.header(bytes, DOLLAR);
        this.at += length + 2;
      }
      if (length < 0) break;
    }
    this.seen ^= dict.touch(this.hashes, this.heads, count);
    return this.at > at ? Math.min(this.at, end) : end;
  }

  // The number of a header line, and past the line; -1 when it is no such line, or not all there.
  private header(bytes: Uint8Array, marker: number): number {
    let { at } = this;
    if (bytes[at] !== marker) return -1;
    let value = 0;
    for (at++; at < this.end; at++) {
      const digit = bytes[at]! - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (at >= this.end || bytes[at] !== CR) return -1;
    this.at = at + 2;
    return value;
  }
}
