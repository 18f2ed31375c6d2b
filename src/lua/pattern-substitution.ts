// One call of string.gsub: the text so far, and where it goes on. It hands control back whenever the steps are used up or
// a value is wanted from Lua (a function's result, a table's field), so that the caller decides how to wait.

import { throwError } from './errors.ts';
import { MAX_STRING_LENGTH } from './memory-bound.ts';
import { numberToText } from './number-text.ts';
import {
  CAPTURE_POSITION,
  CAPTURE_TEXT,
  NONE,
  PAUSED,
  type PatternMatcher,
  type PatternProgram,
} from './pattern-matcher.ts';
import type { LuaState } from './state.ts';
import { type LuaValue, typeName } from './value.ts';

/** There is nothing left to replace. */
export const DONE = 0;
/** `put` has to be given what replaces the match. */
export const WAITING = 1;
/** The steps are used up; `advance` goes on. */
export const INTERRUPTED = 2;

const PARTS_PER_PAUSE = 20_000;
const CHARGE_BYTES = 1 << 16;
const MAX_PIECES = 4096;

/** What replaces a match, as far as it can be told beforehand: texts, and captures by their number; 0 is the match. */
export type Template = readonly (string | number)[];

export class Substitution {
  private readonly state: LuaState;
  private readonly subject: string;
  private readonly program: PatternProgram;
  /** Null where the values come from Lua. */
  private readonly template: Template | null;
  private readonly limit: number;
  private text = '';
  /** What follows `text`, in so many pieces. */
  private chunk = '';
  private pieces = 0;
  private count = 0;
  // The next search begins at `at`; up to `copied` everything is in `text`; the match is from `start` to `end`.
  private at = 0;
  private copied = 0;
  private start = 0;
  private end = 0;
  private isSearching = false;
  /** So many parts of replacements until the next pause. */
  private partsToPause = PARTS_PER_PAUSE;
  private unchargedBytes = 0;

  constructor(
    state: LuaState,
    subject: string,
    program: PatternProgram,
    template: Template | null,
    limit: number,
  ) {
    this.state = state;
    this.subject = subject;
    this.program = program;
    this.template = template;
    this.limit = limit;
  }

  /** Replaces until it is done, interrupted or in need of a value. */
  advance(matcher: PatternMatcher): number {
    const { subject, program, template } = this;
    while (this.count < this.limit && this.at <= subject.length) {
      if (!this.isSearching && this.partsToPause < 0) {
        this.partsToPause = PARTS_PER_PAUSE;
        return INTERRUPTED;
      }
      const start = this.isSearching ? matcher.resume() : matcher.search(program, subject, this.at);
      this.isSearching = start === PAUSED;
      if (start === PAUSED) return INTERRUPTED;
      if (start === NONE) break;
      this.count++;
      this.start = start;
      this.end = matcher.end;
      this.at = this.nextStart();
      this.partsToPause -= template === null ? 1 : template.length;
      if (template === null) return WAITING;
      this.append(this.fill(template, matcher));
    }
    return DONE;
  }

  /** The text with everything replaced and the number of matches; only once it is done. */
  results(): LuaValue[] {
    this.charge(this.subject.length - this.copied);
    return [this.text + this.chunk + this.subject.slice(this.copied), this.count];
  }

  /** The first capture of the match at hand, or the match. */
  key(matcher: PatternMatcher): string | number {
    return this.program.captures.length === 0
      ? this.match()
      : captureOf(this.program, this.subject, matcher, 0);
  }

  get hasManyCaptures(): boolean {
    return this.program.captures.length > 1;
  }

  /** All captures of the match at hand; there are several. */
  captures(matcher: PatternMatcher): LuaValue[] {
    return capturesOf(this.program, this.subject, matcher);
  }

  /** Takes the value that replaces the match; nil and false leave it as it is. */
  put(value: LuaValue): void {
    if (typeof value === 'string') this.append(value);
    else if (typeof value === 'number') this.append(numberToText(value));
    else if (value === undefined || value === false) this.append(this.match());
    else throwError(`invalid replacement value (a ${typeName(value)})`);
  }

  private match(): string {
    return this.subject.slice(this.start, this.end);
  }

  /** Where to look next: behind the match, and behind a character more if the match is empty; never if anchored. */
  private nextStart(): number {
    if (this.program.isAnchored) return this.subject.length + 1;
    return this.end > this.start ? this.end : this.end + 1;
  }

  private append(replacement: string): void {
    const { copied, start } = this;
    this.charge(start - copied + replacement.length);
    this.chunk += start > copied ? this.subject.slice(copied, start) + replacement : replacement;
    this.copied = this.end;
    if (++this.pieces >= MAX_PIECES) this.settle();
  }

  /**
   * Moves the chunk into the text. A string that was put together is a tree until someone reads a character of it; the tree
   * of millions of pieces would take many times the memory of the text.
   */
  private settle(): void {
    this.chunk.charCodeAt(0);
    this.text += this.chunk;
    this.chunk = '';
    this.pieces = 0;
  }

  /** Counts what is about to be added, and refuses what no string can hold. */
  private charge(bytes: number): void {
    this.unchargedBytes += bytes;
    if (this.unchargedBytes >= CHARGE_BYTES) {
      this.state.charge(this.unchargedBytes);
      this.unchargedBytes = 0;
    }
    const length = this.text.length + this.chunk.length + bytes;
    if (length > MAX_STRING_LENGTH) this.state.charge(length);
  }

  private fill(template: Template, matcher: PatternMatcher): string {
    if (template.length === 1 && typeof template[0] === 'string') return template[0];
    const { captures } = this.program;
    const match = this.match();
    let text = '';
    for (let i = 0; i < template.length; i++) {
      const part = template[i]!;
      let added: string;
      if (typeof part === 'string') {
        added = part;
      } else if (part === 0 || (part === 1 && captures.length === 0)) {
        added = match;
      } else {
        if (part > captures.length) throwError('invalid capture index');
        added = `${captureOf(this.program, this.subject, matcher, part - 1)}`;
      }
      const length = text.length + added.length;
      if (length > MAX_STRING_LENGTH) this.state.charge(length);
      text += added;
    }
    return text;
  }
}

/** The value of a capture of the matcher's last match: its text, or its position from 1. */
export function captureOf(
  program: PatternProgram,
  subject: string,
  matcher: PatternMatcher,
  capture: number,
): string | number {
  const kind = program.captures[capture];
  if (kind === CAPTURE_TEXT) return subject.slice(matcher.startOf(capture), matcher.endOf(capture));
  if (kind === CAPTURE_POSITION) return matcher.startOf(capture) + 1;
  return throwError('unfinished capture');
}

/** The values of all captures of the matcher's last match; there are several. */
export function capturesOf(program: PatternProgram, subject: string, matcher: PatternMatcher): LuaValue[] {
  const count = program.captures.length;
  // Lists of known lengths take no more room than they need.
  const first = captureOf(program, subject, matcher, 0);
  const second = captureOf(program, subject, matcher, 1);
  if (count === 2) return [first, second];
  const values: LuaValue[] = [first, second, captureOf(program, subject, matcher, 2)];
  for (let i = 3; i < count; i++) values.push(captureOf(program, subject, matcher, i));
  return values;
}

/** What a replacement text means: `%1` to `%9` are captures, `%0` the match, any other `%` goes before what it stands for. */
export function parseTemplate(replacement: string): Template {
  if (replacement.indexOf('%') < 0) return [replacement];
  const parts: (string | number)[] = [];
  let text = '';
  for (let at = 0; at < replacement.length; at++) {
    let character = replacement[at]!;
    if (character === '%') {
      // Observed 7.2.4: a `%` at the end becomes a zero byte.
      character = replacement[++at] ?? '\0';
      if (character >= '0' && character <= '9') {
        if (text !== '') parts.push(text);
        text = '';
        parts.push(Number(character));
        continue;
      }
    }
    text += character;
  }
  if (text !== '') parts.push(text);
  return parts;
}
