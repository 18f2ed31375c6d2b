// The arguments of one request: slices of the buffer that the request arrived in. Nothing is copied and no string is
// made until a handler asks for one, so the common commands create no garbage. Valid until the handler returns; what
// must live longer (a queued transaction) is copied by `detach`.

import { constants } from 'node:buffer';
import { bytesAreWord, toText } from '../base/bytes.ts';
import { type HashSeed, hashBytes } from '../base/hash.ts';
import { decimalDigits, parseInt64Bytes, parseSafeInteger } from '../base/numbers.ts';
import { NOT_INTEGER, type ReplyError, rangeError, STRING_TOO_LONG } from './errors.ts';

const INITIAL_ARGUMENTS = 16;
const CR = 13;
const LF = 10;

export class Arguments {
  bytes: Buffer = Buffer.alloc(0);
  starts = new Int32Array(INITIAL_ARGUMENTS);
  lengths = new Int32Array(INITIAL_ARGUMENTS);
  /** How many there are, the command's name among them. */
  count = 0;

  // Where the request begins, as its RESP array: -1 when it did not come as one.
  private encodedAt = -1;
  private hashedIndex = -1;
  private hash = 0;

  /** Arguments that own their bytes, from latin1 strings. */
  static from(texts: readonly string[]): Arguments {
    const args = new Arguments();
    args.bytes = Buffer.from(texts.join(''), 'latin1');
    let at = 0;
    for (const text of texts) {
      args.add(at, text.length);
      at += text.length;
    }
    return args;
  }

  /** Empties the list, for the next request in `bytes`; `encodedAt` is where it begins when it is a RESP array. */
  begin(bytes: Buffer, encodedAt = -1): void {
    this.bytes = bytes;
    this.count = 0;
    this.encodedAt = encodedAt;
    this.hashedIndex = -1;
  }

  /** Leaves the first `count` and takes the others away. */
  keep(count: number): void {
    this.count = count;
    this.encodedAt = -1;
    if (this.hashedIndex >= count) this.hashedIndex = -1;
  }

  /** Appends a slice of `bytes`. */
  add(start: number, length: number): void {
    const at = this.count;
    if (at === this.starts.length) this.grow();
    this.starts[at] = start;
    this.lengths[at] = length;
    this.count = at + 1;
  }

  /** The slices stay where they are while their bytes have moved by `by` within (another) `bytes`. */
  moved(bytes: Buffer, by: number): void {
    this.bytes = bytes;
    if (this.encodedAt >= 0) this.encodedAt += by;
    for (let i = 0; i < this.count; i++) this.starts[i]! += by;
  }

  start(i: number): number {
    return this.starts[i]!;
  }

  length(i: number): number {
    return this.lengths[i]!;
  }

  /** The argument as a latin1 string; throws STRING_TOO_LONG for the few lengths up to 512 MB that a string cannot have. */
  string(i: number): string {
    const start = this.starts[i]!;
    const length = this.lengths[i]!;
    if (length > constants.MAX_STRING_LENGTH) throw STRING_TOO_LONG;
    return toText(this.bytes, start, start + length);
  }

  /** The first `maxLength` bytes of the argument as a latin1 string; where the rest must neither be read nor kept. */
  prefix(i: number, maxLength: number): string {
    const start = this.starts[i]!;
    return toText(this.bytes, start, start + Math.min(this.lengths[i]!, maxLength));
  }

  /** All arguments from `first` on as latin1 strings. */
  strings(first: number): string[] {
    const out: string[] = [];
    for (let i = first; i < this.count; i++) out.push(this.string(i));
    return out;
  }

  /** The indexes of all arguments from `first` on. */
  indexes(first: number): number[] {
    const out: number[] = [];
    for (let i = first; i < this.count; i++) out.push(i);
    return out;
  }

  /** Whether the argument is the word `lowered` (given in lower case) in any case. */
  is(i: number, lowered: string): boolean {
    return bytesAreWord(this.bytes, this.starts[i]!, this.lengths[i]!, lowered);
  }

  /** The argument as an integer within ±(2^53 - 1); throws `error` when it is none. */
  int(i: number, error: ReplyError = NOT_INTEGER): number {
    const value = parseSafeInteger(this.bytes, this.starts[i]!, this.lengths[i]!);
    if (Number.isNaN(value)) throw error;
    return value;
  }

  /** The argument as a 64-bit integer: a number while that is exact, a bigint beyond; throws `error` when it is none. */
  int64(i: number, error: ReplyError = NOT_INTEGER): number | bigint {
    const value = parseInt64Bytes(this.bytes, this.starts[i]!, this.lengths[i]!);
    if (value === null) throw error;
    return value;
  }

  /** The argument as an integer within `[low, high]`; throws `error` when it is none, by default one that says why. */
  intBetween(i: number, low: number, high: number, error?: ReplyError): number {
    const value = this.int64(i, error);
    if (value < low || value > high) throw error ?? rangeError(low, high);
    return Number(value);
  }

  /** The hash of the argument under `seed`; remembered for the argument asked for last. */
  keyHash(i: number, seed: HashSeed): number {
    if (this.hashedIndex !== i) {
      this.hash = hashBytes(this.bytes, this.starts[i]!, this.lengths[i]!, seed);
      this.hashedIndex = i;
    }
    return this.hash;
  }

  /** A copy that owns its bytes and outlives the request. */
  detach(): Arguments {
    const copy = new Arguments();
    const total = this.totalBytes;
    copy.bytes = Buffer.allocUnsafeSlow(total);
    let at = 0;
    for (let i = 0; i < this.count; i++) {
      const start = this.starts[i]!;
      this.bytes.copy(copy.bytes, at, start, start + this.lengths[i]!);
      copy.add(at, this.lengths[i]!);
      at += this.lengths[i]!;
    }
    return copy;
  }

  /**
   * Where in `bytes` the request begins just as it would be written anew, up to the end of the line after its last argument;
   * -1 when it did not come so. (Requests are taken with other bytes at the ends of lines as well.)
   */
  get encodedStart(): number {
    const { bytes, starts, lengths, count, encodedAt } = this;
    if (encodedAt < 0) return -1;
    // All numbers that the parser takes are written in the one way that there is.
    const first = starts[0]!;
    if (bytes[encodedAt + decimalDigits(count) + 2] !== LF) return -1;
    if (first !== encodedAt + decimalDigits(count) + decimalDigits(lengths[0]!) + 6) return -1;
    for (let i = 0; i < count; i++) {
      const start = starts[i]!;
      const end = start + lengths[i]!;
      if (bytes[start - 1] !== LF || bytes[end] !== CR || bytes[end + 1] !== LF) return -1;
    }
    return encodedAt;
  }

  /** The bytes of all arguments together. */
  get totalBytes(): number {
    let total = 0;
    for (let i = 0; i < this.count; i++) total += this.lengths[i]!;
    return total;
  }

  private grow(): void {
    const starts = new Int32Array(this.starts.length * 2);
    const lengths = new Int32Array(this.lengths.length * 2);
    starts.set(this.starts);
    lengths.set(this.lengths);
    this.starts = starts;
    this.lengths = lengths;
  }
}
