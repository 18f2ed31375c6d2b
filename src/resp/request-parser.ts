// Requests out of a stream of bytes: RESP arrays of bulk strings and inline lines, with Redis's protocol errors. One
// parser a connection; it resumes where it stopped, so a request costs one pass over its bytes in however many pieces
// it arrives. It knows no command and copies nothing.

import { toText } from '../base/bytes.ts';
import { parseInt64Bytes } from '../base/numbers.ts';
import { splitArguments } from '../base/quote.ts';
import type { Arguments } from './arguments.ts';
import { protocolError, type ReplyError } from './errors.ts';

const CR = 13;
const LF = 10;
const STAR = 42;
const DOLLAR = 36;
const INLINE_MAX_BYTES = 64 * 1024;
const INT_MAX = 0x7fffffff;
const UNAUTHENTICATED_MAX_ARGUMENTS = 10;
const UNAUTHENTICATED_MAX_BULK_BYTES = 16384;

/** What a parser or arguments point at that have nothing to read, so that they keep no memory alive. */
export const NO_BYTES = Buffer.alloc(0);

/** What `next` found. `EMPTY` is a blank line or an empty array: nothing to run, but bytes were consumed. */
export const PARSED = { INCOMPLETE: 0, REQUEST: 1, EMPTY: 2, ERROR: 3 } as const;
export type Parsed = (typeof PARSED)[keyof typeof PARSED];

/** What limits a request; read at every request, so that CONFIG SET and AUTH take effect at once. */
export interface RequestLimits {
  readonly maxBulkBytes: number;
  readonly authenticated: boolean;
}

export class RequestParser {
  /** The next byte to look at. The connection sets it, with `end` and `bytes`, before it calls `next`. */
  at = 0;
  end = 0;
  /** Where the request that was read last, or is being read, begins. */
  requestStart = 0;
  bytes: Buffer = NO_BYTES;
  /** Set after `PARSED.ERROR`. */
  error: ReplyError | null = null;

  // Of the array that is being read: how many arguments are still to come (0: none begun), and the length of the bulk
  // string whose header has been read (-1: no header yet).
  private remaining = 0;
  private bulkLength = -1;

  /** Whether a request has begun whose arguments are in `args` already. */
  get isWithinRequest(): boolean {
    return this.remaining > 0;
  }

  /** How many bytes the bulk string that is being read still needs beyond `end`, with its CRLF; 0 when unknown. */
  get missingBytes(): number {
    return this.bulkLength < 0 ? 0 : Math.max(0, this.at + this.bulkLength + 2 - this.end);
  }

  /** The bytes between `at` and `end` have moved by `by`. */
  moved(bytes: Buffer, by: number): void {
    this.bytes = bytes;
    this.at += by;
    this.end += by;
    this.requestStart += by;
  }

  /** Reads the next request into `args`. After INCOMPLETE call again with the same `args` when there are more bytes. */
  next(args: Arguments, limits: RequestLimits): Parsed {
    if (this.remaining === 0) {
      this.requestStart = this.at;
      if (this.at >= this.end) return PARSED.INCOMPLETE;
      if (this.bytes[this.at] !== STAR) return this.readInline(args);
      const count = this.readHeader('too big mbulk count string');
      if (count === HEADER_INCOMPLETE) return PARSED.INCOMPLETE;
      if (count === HEADER_ERROR) return PARSED.ERROR;
      if (Number.isNaN(count) || count > INT_MAX) return this.fail('invalid multibulk length');
      if (count > UNAUTHENTICATED_MAX_ARGUMENTS && !limits.authenticated) {
        return this.fail('unauthenticated multibulk length');
      }
      if (count <= 0) return PARSED.EMPTY;
      args.begin(this.bytes, this.requestStart);
      this.remaining = count;
    }
    return this.readBulks(args, limits);
  }

  private readBulks(args: Arguments, limits: RequestLimits): Parsed {
    const { bytes, end } = this;
    while (this.remaining > 0) {
      if (this.bulkLength < 0) {
        const { at } = this;
        if (at >= end) return PARSED.INCOMPLETE;
        // Nearly every length has one or two digits: those are read here.
        const first = bytes[at + 1]! - 48;
        const second = bytes[at + 2]! - 48;
        if (bytes[at] === DOLLAR && at + 5 <= end && first >= 1 && first <= 9 && second === CR - 48) {
          this.bulkLength = first;
          this.at = at + 4;
        } else if (
          bytes[at] === DOLLAR &&
          at + 5 <= end &&
          first >= 1 &&
          first <= 9 &&
          second >= 0 &&
          second <= 9 &&
          bytes[at + 3] === CR
        ) {
          this.bulkLength = first * 10 + second;
          this.at = at + 5;
        } else {
          const length = this.readBulkHeader(limits);
          if (length === HEADER_INCOMPLETE) return PARSED.INCOMPLETE;
          if (length === HEADER_ERROR) return PARSED.ERROR;
          this.bulkLength = length;
        }
      }
      const next = this.at + this.bulkLength + 2;
      if (next > end) return PARSED.INCOMPLETE;
      args.add(this.at, this.bulkLength);
      this.at = next;
      this.bulkLength = -1;
      this.remaining--;
    }
    return PARSED.REQUEST;
  }

  private readBulkHeader(limits: RequestLimits): number {
    const tooBig = 'too big bulk count string';
    const marker = this.bytes[this.at]!;
    if (marker !== DOLLAR) {
      const lineEnd = this.find(CR, this.at);
      if (lineEnd + 1 >= this.end) return this.unfinished(lineEnd, tooBig);
      this.fail(`expected '$', got '${String.fromCharCode(marker)}'`);
      return HEADER_ERROR;
    }
    const length = this.readHeader(tooBig);
    if (length < HEADER_NONE) return length;
    if (!(length >= 0 && length <= limits.maxBulkBytes)) {
      this.fail('invalid bulk length');
      return HEADER_ERROR;
    }
    if (length > UNAUTHENTICATED_MAX_BULK_BYTES && !limits.authenticated) {
      this.fail('unauthenticated bulk length');
      return HEADER_ERROR;
    }
    return length;
  }

  // The number after the marker byte of a header line, NaN when it is none; moves past the line.
  private readHeader(tooBig: string): number {
    const bytes = this.bytes;
    const start = this.at + 1;
    const end = this.end;
    let at = start;
    let value = 0;
    while (at < end) {
      const digit = bytes[at]! - 48;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      at++;
    }
    const plain = at > start && at - start < 10 && (bytes[start] !== 48 || at === start + 1);
    if (at < end && bytes[at] !== CR) {
      at = this.find(CR, at);
      value = Number.NaN;
    }
    if (at + 1 >= end) return this.unfinished(at, tooBig);
    this.at = at + 2;
    return plain && !Number.isNaN(value) ? value : parseUnusualNumber(bytes, start, at - start);
  }

  private unfinished(lineEnd: number, tooBig: string): number {
    if (lineEnd < this.end || this.end - this.at <= INLINE_MAX_BYTES) return HEADER_INCOMPLETE;
    this.fail(tooBig);
    return HEADER_ERROR;
  }

  // Where a byte is, or the end. Observed 7.2.4: a zero byte hides what follows it, so a line that holds one never ends.
  private find(wanted: number, from: number): number {
    const { bytes, end } = this;
    const at = bytes.indexOf(wanted, from);
    const found = at < 0 || at > end ? end : at;
    return bytes.subarray(from, found).includes(0) ? end : found;
  }

  private readInline(args: Arguments): Parsed {
    const bytes = this.bytes;
    const newline = this.find(LF, this.at);
    if (newline >= this.end) {
      if (this.end - this.at > INLINE_MAX_BYTES) return this.fail('too big inline request');
      return PARSED.INCOMPLETE;
    }
    const lineEnd = newline > this.at && bytes[newline - 1] === CR ? newline - 1 : newline;
    const words = splitArguments(toText(bytes, this.at, lineEnd));
    if (words === null) return this.fail('unbalanced quotes in request');
    this.at = newline + 1;
    if (words.length === 0) return PARSED.EMPTY;
    // Unquoting makes other bytes than those in the buffer, so an inline request is the one that owns its bytes.
    args.begin(Buffer.from(words.join(''), 'latin1'));
    let at = 0;
    for (const word of words) {
      args.add(at, word.length);
      at += word.length;
    }
    return PARSED.REQUEST;
  }

  private fail(reason: string): Parsed {
    this.error = protocolError(reason);
    return PARSED.ERROR;
  }
}

const HEADER_NONE = -0x10000000000000;
const HEADER_INCOMPLETE = HEADER_NONE - 1;
const HEADER_ERROR = HEADER_NONE - 2;

// Headers that the loop over plain digits cannot judge: signs, zeros in front, very long numbers.
function parseUnusualNumber(bytes: Uint8Array, start: number, length: number): number {
  const value = parseInt64Bytes(bytes, start, length);
  if (value === null) return Number.NaN;
  // However far below zero, a count is only that.
  return value < HEADER_NONE ? -1 : Number(value);
}
