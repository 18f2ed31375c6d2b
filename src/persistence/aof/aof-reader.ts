// Commands out of an append-only file, through a window that moves over it. The form is RESP's, read as leniently as Redis
// reads its own files: a number is what its line begins with, and what stands in the place of a line end is not looked
// at. So a file that Redis takes is taken, and one that it finds damaged is found damaged at the same place.

import { toText } from '../../base/bytes.ts';
import { leadingInt32 } from '../../base/numbers.ts';
import type { FileDoor } from '../../base/runtime.ts';
import type { Arguments } from '../../resp/arguments.ts';
import { ANNOTATION } from './timestamps.ts';

/** What `next` found: a command, the end of the file between two of them or within one, or what is no command. */
export const AOF_FOUND = { COMMAND: 0, END: 1, SHORT: 2, WRONG_FORMAT: 3 } as const;
export type AofFound = (typeof AOF_FOUND)[keyof typeof AOF_FOUND];

const WINDOW_BYTES = 1024 * 1024;
// A line is read up to here; what follows counts as another line.
const MAX_LINE_BYTES = 1023;
const LINE_END_BYTES = 2;
const STAR = 0x2a;
const DOLLAR = 0x24;
const CR = 0x0d;
const LF = 0x0a;
const ZERO = 0x30;
// More digits cannot be those of a length that is there.
const PLAIN_DIGITS = 9;

export class AofReader {
  private readonly files: FileDoor;
  private readonly fd: number;
  private readonly size: number;
  private window: Buffer = Buffer.allocUnsafeSlow(WINDOW_BYTES);
  // Of the window: where it stands in the file, what is read of it, and how much of it there is.
  private before: number;
  private at = 0;
  private end = 0;
  // Where the line that was read last ends, and the number in it.
  private lineEnd = 0;
  private number = 0;

  /** Reads a file that is open, of `size` bytes, from `offset` on. The caller closes it. */
  constructor(files: FileDoor, fd: number, size: number, offset: number) {
    this.files = files;
    this.fd = fd;
    this.size = size;
    this.before = offset;
  }

  /** Behind the command that was read last. */
  get offset(): number {
    return this.before + this.at;
  }

  /** Reads the next command into `args`, which is good until the next call. Throws what the file door throws. */
  next(args: Arguments): AofFound {
    for (;;) {
      const found = this.parse(args);
      if (found >= 0) return found as AofFound;
      if (!this.readMore()) return AOF_FOUND.SHORT;
    }
  }

  // Reads a command if all of it is in the window. Else the window must grow first.
  private parse(args: Arguments): AofFound | typeof MORE {
    let p = this.at;
    for (;;) {
      if (p === this.end) return this.isAtEnd ? AOF_FOUND.END : MORE;
      if (this.window[p] !== ANNOTATION) break;
      if (!this.readLine(p)) return MORE;
      p = this.at = this.lineEnd;
    }
    if (this.window[p] !== STAR) return AOF_FOUND.WRONG_FORMAT;
    if (!this.readHeader(p)) return MORE;
    let left = this.number;
    if (left < 1) return this.isBareStarAtEnd(p) ? AOF_FOUND.SHORT : AOF_FOUND.WRONG_FORMAT;
    args.begin(this.window);
    for (p = this.lineEnd; left > 0; left--) {
      if (p === this.end) return this.isAtEnd ? AOF_FOUND.SHORT : MORE;
      if (this.window[p] !== DOLLAR) return AOF_FOUND.WRONG_FORMAT;
      if (!this.readHeader(p)) return MORE;
      const length = this.number;
      if (length < 0) return AOF_FOUND.WRONG_FORMAT;
      p = this.lineEnd + length + LINE_END_BYTES;
      if (this.before + p > this.size) return AOF_FOUND.SHORT;
      if (p > this.end) return this.need(p);
      args.add(this.lineEnd, length);
    }
    this.at = p;
    return AOF_FOUND.COMMAND;
  }

  // Reads the number of the line at `p`; false when more of the file is needed. Nearly all are plain digits with CRLF.
  private readHeader(p: number): boolean {
    const { window } = this;
    let value = 0;
    let at = p + 1;
    for (const stop = Math.min(this.end, at + PLAIN_DIGITS); at < stop; at++) {
      const digit = window[at]! - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (at > p + 1 && at + 1 < this.end && window[at] === CR && window[at + 1] === LF) {
      this.number = value;
      this.lineEnd = at + LINE_END_BYTES;
      return true;
    }
    if (!this.readLine(p)) return false;
    const text = toText(window, p + 1, this.lineEnd);
    this.number = window[p] === STAR ? leadingInt32(text) : leadingInteger(text);
    return true;
  }

  // Finds the end of the line at `p`; false when more of the file is needed.
  private readLine(p: number): boolean {
    const most = Math.min(this.end, p + MAX_LINE_BYTES);
    const newline = this.window.subarray(p, most).indexOf(LF);
    if (newline < 0 && most === this.end && !this.isAtEnd && most < p + MAX_LINE_BYTES) return false;
    this.lineEnd = newline < 0 ? most : p + newline + 1;
    return true;
  }

  private isBareStarAtEnd(p: number): boolean {
    return this.lineEnd === p + 1 && this.isAtEnd && this.lineEnd === this.end;
  }

  private get isAtEnd(): boolean {
    return this.before + this.end === this.size;
  }

  // Makes sure that the next reading takes what lies before `p`.
  private need(p: number): typeof MORE {
    const needed = p - this.at;
    if (needed > this.window.length) this.moveTo(Buffer.allocUnsafeSlow(needed + WINDOW_BYTES));
    return MORE;
  }

  // Reads on behind what is in the window; false at the end of the file.
  private readMore(): boolean {
    if (this.isAtEnd) return false;
    if (this.end === this.window.length || this.at > 0) {
      const isFull = this.end - this.at === this.window.length;
      this.moveTo(isFull ? Buffer.allocUnsafeSlow(2 * this.window.length) : this.window);
    }
    const { end, window } = this;
    const read = this.files.readSync(this.fd, window, end, window.length - end, this.before + end);
    this.end += read;
    return read > 0;
  }

  private moveTo(window: Buffer): void {
    this.window.copy(window, 0, this.at, this.end);
    this.window = window;
    this.before += this.at;
    this.end -= this.at;
    this.at = 0;
  }
}

/** More of the file is needed. */
const MORE = -1;

// What C's strtol makes of a text, as far as numbers are exact.
function leadingInteger(text: string): number {
  return Number(/^[ \t\n\v\f\r]*([+-]?\d+)/.exec(text)?.[1] ?? 0);
}
