// Reads the commands of one AOF file and finds how far it is sound: every command complete, every MULTI with its EXEC,
// nothing in between but annotations. What is told of damage (the place in hexadecimal, the count of lines) and what
// passes for sound are redis-check-aof's. Loading (persistence/aof/aof-reader) is more lenient, as it is in Redis: it does not
// look at line ends, and counts no lines.

import { toText } from '../base/bytes.ts';
import type { FileDoor } from '../base/runtime.ts';
import { ANNOTATION } from '../persistence/aof/timestamps.ts';
import { FileWindow } from './file-window.ts';
import { cText } from './tool.ts';

// The longest lines that are read in one go: of a length or a count, and of an annotation. The rest counts as what follows.
const LENGTH_LINE_BYTES = 127;
const ANNOTATION_LINE_BYTES = 1023;
// What is read of a string to see whether it is MULTI or EXEC.
const WORD_BYTES = 6;
const PROBLEM_CHARACTERS = 1023;
const MAX_LONG = 2n ** 63n - 1n;
const MIN_LONG = -(2n ** 63n);
// So many digits are a number that JavaScript counts exactly.
const SAFE_DIGITS = 15;

const STAR = 0x2a;
const DOLLAR = 0x24;
const CR = 0x0d;
const LF = 0x0a;
const LOWER_CASE = 0x20;
const LOWER_E = 0x65;
const LOWER_M = 0x6d;
const ZERO = 0x30;
const NINE = 0x39;

/** Told of an annotation, with its beginning; an answer of false ends the scan. */
export type OnAnnotation = (line: string, offset: number) => boolean;

export interface AofScanOptions {
  /** How the file is named in messages. */
  readonly name: string;
  /** Where the commands begin: behind an RDB preamble, or 0. */
  readonly offset: number;
  readonly sizeBytes: number;
  readonly onRead: (offset: number) => void;
  readonly onAnnotation: OnAnnotation;
}

export class AofScan {
  /** Up to where the file is sound. */
  soundBytes: number;
  /** What is wrong, or ''; a file that is just cut off between two lines has no words for it. */
  problem = '';
  /** Whether what follows is no command at all. */
  isForeign = false;
  /** Whether an annotation ended the scan. */
  isStopped = false;
  /** The line that has been reached: over all files that are checked together, for so Redis counts. */
  line: number;

  private readonly window: FileWindow;
  private readonly options: AofScanOptions;
  // Where the part begins that is being read: the place that is told.
  private partOffset = 0;
  private openTransactions = 0;
  // What `readNumber` read.
  private value: number | bigint = 0;

  constructor(files: FileDoor, fd: number, line: number, options: AofScanOptions) {
    this.window = new FileWindow(files, fd, options.offset, options.onRead);
    this.line = line;
    this.options = options;
    this.soundBytes = options.offset;
  }

  /** Reads all of the file, or as much as is sound. Throws Node's error. */
  run(): void {
    const { window } = this;
    for (;;) {
      if (this.openTransactions === 0) this.soundBytes = window.offset;
      if (window.ensure(1) === 0) break;
      const first = window.bytes[window.at]!;
      if (first === ANNOTATION) {
        if (!this.readAnnotation()) return;
      } else if (first === STAR) {
        if (!this.readCommand()) break;
      } else {
        this.isForeign = true;
        return;
      }
    }
    if (this.openTransactions !== 0 && this.problem === '') {
      this.refuse('Reached EOF before reading EXEC for MULTI');
    }
  }

  private readAnnotation(): boolean {
    const { window } = this;
    const offset = window.offset;
    const length = this.lineLength(ANNOTATION_LINE_BYTES);
    const line = toText(window.bytes, window.at, window.at + length);
    window.skip(length);
    this.partOffset = offset;
    this.isStopped = !this.options.onAnnotation(line, offset);
    return !this.isStopped;
  }

  private readCommand(): boolean {
    if (!this.readNumber(STAR)) return false;
    const count = Number(this.value);
    for (let i = 0; i < count; i++) if (!this.readString(i === 0)) return false;
    return true;
  }

  private readString(isName: boolean): boolean {
    if (!this.readNumber(DOLLAR)) return false;
    const length = this.value;
    if (length < 0 || length > MAX_LONG - 2n) {
      return this.refuse(`Expected to read string of ${length} bytes, which is not in the suitable range`);
    }
    const { options, window } = this;
    this.partOffset = window.offset;
    const left = options.sizeBytes - window.offset;
    if (length > left - 2) {
      const wanted = typeof length === 'bigint' ? length + 2n : length + 2;
      return this.refuse(`Expected to read ${wanted} bytes, got ${left} bytes`);
    }
    return this.readBytes(Number(length), isName);
  }

  private readBytes(length: number, isName: boolean): boolean {
    const { window } = this;
    const name = isName ? this.transactionWord(length) : '';
    window.skip(length);
    window.ensure(2);
    const { at, bytes } = window;
    if (!this.isLineEnd(bytes[at]!, bytes[at + 1]!)) return false;
    window.skip(2);
    return this.noteTransaction(name);
  }

  /** The beginning of a name that may be MULTI or EXEC, else ''. It ends at a zero byte, as Redis compares it. */
  private transactionWord(length: number): string {
    const { window } = this;
    const shown = window.ensure(Math.min(length, WORD_BYTES));
    const { at, bytes } = window;
    const first = bytes[at]! | LOWER_CASE;
    if (shown === 0 || (first !== LOWER_M && first !== LOWER_E)) return '';
    return cText(toText(bytes, at, at + shown)).toLowerCase();
  }

  private noteTransaction(name: string): boolean {
    if (name === 'multi' && ++this.openTransactions !== 1) {
      return this.refuse(`Unexpected MULTI in AOF ${this.options.name}`);
    }
    if (name === 'exec' && --this.openTransactions !== 0) {
      return this.refuse(`Unexpected EXEC in AOF ${this.options.name}`);
    }
    return true;
  }

  /** Reads a line of a mark and a number into `value`. False without a problem at the end of the file. */
  private readNumber(mark: number): boolean {
    const { window } = this;
    this.partOffset = window.offset;
    const length = this.lineLength(LENGTH_LINE_BYTES);
    if (length === 0) return false;
    const { at, bytes } = window;
    window.skip(length);
    const first = bytes[at]!;
    if (first !== mark) {
      const [expected, got] = [String.fromCharCode(mark), String.fromCharCode(first)];
      return this.refuse(`Expected prefix '${expected}', got: '${got}'`);
    }
    const end = at + length;
    let p = at + 1;
    let value = 0;
    for (let digit = bytes[p]!; p < end && digit >= ZERO && digit <= NINE; digit = bytes[++p]!) {
      value = value * 10 + digit - ZERO;
    }
    this.value = value;
    if (p === at + 1 || p - at > SAFE_DIGITS) {
      const parsed = parseLong(toText(bytes, at + 1, end));
      this.value = parsed.value;
      p = at + 1 + parsed.length;
    }
    // What stands behind the end of a line is not looked at.
    const last = p < end ? bytes[p]! : 0;
    return this.isLineEnd(last, p + 1 < end ? bytes[p + 1]! : 0);
  }

  private isLineEnd(first: number, second: number): boolean {
    if (first === CR && second === LF) {
      this.line++;
      return true;
    }
    return this.refuse(`Expected \\r\\n, got: ${signedHex(first)}${signedHex(second)}`);
  }

  /** How long the next line is, its end included: `most` bytes at most, less at the end of the file. */
  private lineLength(most: number): number {
    const { window } = this;
    const count = window.ensure(most);
    const { at, bytes } = window;
    for (let i = 0; i < count; i++) if (bytes[at + i] === LF) return i + 1;
    return count;
  }

  private refuse(problem: string): false {
    this.problem = `0x${this.partOffset.toString(16).padStart(16)}: ${cText(problem, PROBLEM_CHARACTERS)}`;
    return false;
  }
}

/** Two digits of a character, or all eight of one that a C compiler takes for a negative number. */
function signedHex(byte: number): string {
  return (byte < 0x80 ? byte : (byte | 0xffffff00) >>> 0).toString(16).padStart(2, '0');
}

export interface ParsedLong {
  readonly value: number | bigint;
  /** How many characters it takes, with blanks before it; 0 where there is no number. */
  readonly length: number;
  /** Whether it is beyond 64 bits; then it is the nearest that is not. */
  readonly isOutOfRange: boolean;
}

/** Reads a decimal number at the beginning of a text as strtol(3) does. */
export function parseLong(text: string): ParsedLong {
  const [whole = ''] = /^[ \t\n\v\f\r]*[-+]?\d+/.exec(text) ?? [];
  const digits = whole.trimStart().replace('+', '');
  const exact = whole === '' ? 0n : BigInt(digits);
  const value = exact > MAX_LONG ? MAX_LONG : exact < MIN_LONG ? MIN_LONG : exact;
  const asNumber = Number(value);
  return {
    value: Number.isSafeInteger(asNumber) ? asNumber : value,
    length: whole.length,
    isOutOfRange: value !== exact,
  };
}
