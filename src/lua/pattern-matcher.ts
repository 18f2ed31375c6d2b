// Runs the programs of pattern-program.ts. Ways back are kept on a stack of integers, never on JavaScript's, and no more
// than one for each repetition of the pattern; so a search can stop anywhere and go on later, which is how a pattern
// that explodes is interrupted: `search` and `resume` return PAUSED when their steps are used up.
//
// An instruction is four integers, an operation and the operands A, B and C. A set of characters is 256 bytes of `sets`,
// and operands name it by its offset; the set at 0 has every character.

import { isQuickSearch, searchAtOnce } from './plain-search.ts';

/** The match is complete. */
export const END = 0;
/** One character, by code. */
export const CHAR = 1;
/** One character of a set. */
export const SET = 2;
/** As many of a set as there are, at least B, and no way back: no shorter run could go on. */
export const RUN = 3;
/** As many of a set as there are, at least B; on the way back one less, down to B. C: what may come after it, or -1. */
export const GREEDY = 4;
/** As few of a set as will do. B: 1 where what comes after it may match at the end of the subject. C as above. */
export const LAZY = 5;
/** One of a set, or on the way back none. */
export const OPTIONAL = 6;
/** Capture A begins, ends; or is only a position. */
export const OPEN = 7;
export const CLOSE = 8;
export const POSITION = 9;
/** What capture A has matched, once more. */
export const BACK_REFERENCE = 10;
/** From a character A to the B that balances it. */
export const BALANCED = 11;
/** Between a character outside of a set and one in it. */
export const FRONTIER = 12;
/** The end of the subject. */
export const AT_END = 13;
/** Never matches. */
export const FAIL = 14;
/** Raises error A of `PATTERN_ERRORS`. */
export const ERROR = 15;

export const INSTRUCTION_SIZE = 4;
/** The set of every character. */
export const EVERYTHING = 0;
export const MAX_CAPTURES = 32;

export const PATTERN_ERRORS = [
  "malformed pattern (ends with '%')",
  "malformed pattern (missing ']')",
  "missing '[' after '%f' in pattern",
  'unbalanced pattern',
  'invalid capture index',
  'invalid pattern capture',
  'too many captures',
  'pattern too complex',
] as const;

/** What a capture is when a match is complete. */
export const CAPTURE_TEXT = 0;
export const CAPTURE_POSITION = 1;
export const CAPTURE_UNFINISHED = 2;

export interface PatternProgram {
  /** Whether the pattern has no special character. */
  readonly isPlain: boolean;
  readonly code: Int32Array;
  readonly sets: Uint8Array;
  /** A match may only begin where the search does. */
  readonly isAnchored: boolean;
  /** The kind of every capture. */
  readonly captures: Uint8Array;
  /** The set that a match must begin with, or -1. */
  readonly firstSet: number;
  /** All that the pattern matches, when that is one text and nothing is captured; or null. */
  readonly literal: string | null;
  /** The set whose one member, or with `isRun` whole run, is all that the pattern matches (and may capture); or -1. */
  readonly onlySet: number;
  readonly isRun: boolean;
  /** The character that a match must begin with, or ''. */
  readonly firstCharacter: string;
  /** How many instructions a match can come back to. */
  readonly choices: number;
}

/** No match. */
export const NONE = -1;
/** The steps are used up: `resume` goes on. */
export const PAUSED = -2;

/** A step is a character looked at or an instruction: 1 to 5 ns. */
export const STEPS_PER_PAUSE = 200_000;

// A way back: the instruction, the lowest offset it may go down to, the offset it has tried last.
const WAY_BACK_SIZE = 3;
const COME_BACK = -1;

export class PatternMatcher {
  /** Where the last match ends. */
  end = 0;
  /** Steps left until a pause; a new call of a library function sets them anew. */
  steps = STEPS_PER_PAUSE;
  /** Raised by malformed patterns. */
  private readonly raise: (message: string) => never;
  private readonly starts = new Int32Array(MAX_CAPTURES);
  private readonly ends = new Int32Array(MAX_CAPTURES);
  private ways = new Int32Array(8 * WAY_BACK_SIZE);
  private depth = 0;
  private program: PatternProgram | null = null;
  private subject = '';
  private at = 0;

  constructor(raise: (message: string) => never) {
    this.raise = raise;
  }

  /** The first offset from `from` on where a match begins, NONE or PAUSED. */
  search(program: PatternProgram, subject: string, from: number): number {
    const { literal } = program;
    if (literal !== null && !program.isAnchored && isQuickSearch(subject, literal, from)) {
      const found = searchAtOnce(subject, literal, from);
      this.end = found + literal.length;
      this.steps -= (found < 0 ? subject.length : found) - from;
      return found;
    }
    if (program.onlySet >= 0) return this.searchSet(program, subject, from);
    const room = program.choices * WAY_BACK_SIZE;
    if (room > this.ways.length) this.ways = new Int32Array(room);
    this.program = program;
    this.subject = subject;
    this.at = from;
    return this.scan(program, subject, false);
  }

  /** Goes on after a pause, with new steps. */
  resume(): number {
    this.steps = STEPS_PER_PAUSE;
    return this.scan(this.program!, this.subject, true);
  }

  /** Where a capture of the last match begins and ends. */
  startOf(capture: number): number {
    return this.starts[capture]!;
  }

  endOf(capture: number): number {
    return this.ends[capture]!;
  }

  /** The shortcut for patterns like `%w+` and `([^,]+)`. */
  private searchSet(program: PatternProgram, subject: string, from: number): number {
    const { sets, onlySet } = program;
    const length = subject.length;
    let start = from;
    while (start < length && sets[onlySet + subject.charCodeAt(start)] === 0) start++;
    let end = start + 1;
    if (program.isRun) while (end < length && sets[onlySet + subject.charCodeAt(end)] !== 0) end++;
    this.steps -= end - from;
    if (start >= length) return NONE;
    this.end = end;
    this.starts[0] = start;
    this.ends[0] = end;
    return start;
  }

  /** Tries one start after another. */
  private scan(program: PatternProgram, subject: string, isResumed: boolean): number {
    const { sets, firstSet, firstCharacter, isAnchored } = program;
    const length = subject.length;
    let entry = isResumed ? COME_BACK : 0;
    for (let at = this.at; at <= length; at++) {
      if (entry === 0 && !isAnchored) {
        const from = at;
        if (firstSet >= 0) {
          while (at < length && sets[firstSet + subject.charCodeAt(at)] === 0) at++;
          if (at === length) return NONE;
        } else if (firstCharacter !== '') {
          at = subject.indexOf(firstCharacter, at);
          if (at < 0) return NONE;
        }
        this.steps -= at - from;
      }
      this.at = at;
      const end = this.attempt(program, subject, entry, at);
      if (end === PAUSED) return PAUSED;
      if (end !== NONE) {
        this.end = end;
        return at;
      }
      if (isAnchored) return NONE;
      entry = 0;
    }
    return NONE;
  }

  /**
   * Runs the program from its beginning at offset `s`, or from its last way back, and returns where the match ends, NONE or
   * PAUSED.
   */
  private attempt(program: PatternProgram, subject: string, entry: number, s: number): number {
    const { code, sets } = program;
    const { ways, starts, ends } = this;
    const length = subject.length;
    let steps = this.steps;
    let depth = this.depth;
    let pc = entry;
    let entered = entry;
    if (pc === 0) depth = 0;
    for (;;) {
      if (pc >= 0) {
        const a = code[pc + 1]!;
        switch (code[pc]) {
          case CHAR:
            if (s >= length || subject.charCodeAt(s) !== a) break;
            s++;
            pc += INSTRUCTION_SIZE;
            continue;
          case SET:
            if (s >= length || sets[a + subject.charCodeAt(s)] === 0) break;
            s++;
            pc += INSTRUCTION_SIZE;
            continue;
          case RUN: {
            const from = s;
            if (a === EVERYTHING) s = length;
            else while (s < length && sets[a + subject.charCodeAt(s)] !== 0) s++;
            steps -= s - from;
            if (s - from < code[pc + 2]!) break;
            pc += INSTRUCTION_SIZE;
            continue;
          }
          case GREEDY: {
            const low = s + code[pc + 2]!;
            const from = s;
            if (a === EVERYTHING) s = length;
            else while (s < length && sets[a + subject.charCodeAt(s)] !== 0) s++;
            steps -= s - from;
            if (s < low) break;
            if (s > low) {
              ways[depth] = pc;
              ways[depth + 1] = low;
              ways[depth + 2] = s;
              depth += WAY_BACK_SIZE;
            }
            pc += INSTRUCTION_SIZE;
            continue;
          }
          case LAZY:
            ways[depth] = pc;
            ways[depth + 2] = s;
            depth += WAY_BACK_SIZE;
            pc += INSTRUCTION_SIZE;
            continue;
          case OPTIONAL:
            if (s < length && sets[a + subject.charCodeAt(s)] !== 0) {
              ways[depth] = pc;
              ways[depth + 2] = s;
              depth += WAY_BACK_SIZE;
              s++;
            }
            pc += INSTRUCTION_SIZE;
            continue;
          case OPEN:
          case POSITION:
            starts[a] = s;
            pc += INSTRUCTION_SIZE;
            continue;
          case CLOSE:
            ends[a] = s;
            pc += INSTRUCTION_SIZE;
            continue;
          case END:
            this.steps = steps;
            return s;
          case AT_END:
            if (s !== length) break;
            pc += INSTRUCTION_SIZE;
            continue;
          case FRONTIER: {
            const before = s > 0 ? subject.charCodeAt(s - 1) : 0;
            const after = s < length ? subject.charCodeAt(s) : 0;
            if (sets[a + before] !== 0 || sets[a + after] === 0) break;
            pc += INSTRUCTION_SIZE;
            continue;
          }
          case BACK_REFERENCE: {
            const size = ends[a]! - starts[a]!;
            steps -= size;
            if (!repeats(subject, starts[a]!, s, size)) break;
            s += size;
            pc += INSTRUCTION_SIZE;
            continue;
          }
          case BALANCED: {
            const end = balancedEnd(subject, s, a, code[pc + 2]!);
            steps -= (end < 0 ? length : end) - s;
            if (end < 0) break;
            s = end;
            pc += INSTRUCTION_SIZE;
            continue;
          }
          case ERROR:
            this.raise(PATTERN_ERRORS[a]!);
        }
      }

      // It did not match: the last way back.
      steps -= (pc - entered) / INSTRUCTION_SIZE + 1;
      if (steps < 0 && pc >= 0) {
        this.steps = steps;
        this.depth = depth;
        return PAUSED;
      }
      for (;;) {
        if (depth === 0) {
          this.steps = steps;
          return NONE;
        }
        const top = depth - WAY_BACK_SIZE;
        pc = ways[top]!;
        s = ways[top + 2]!;
        const set = code[pc + 1]!;
        const next = code[pc + 3]!;
        if (code[pc] === GREEDY) {
          const low = ways[top + 1]!;
          const from = s--;
          if (next >= 0) while (s >= low && sets[next + subject.charCodeAt(s)] === 0) s--;
          steps -= from - s;
          if (s <= low) depth = top;
          else ways[top + 2] = s;
          if (s < low) continue;
        } else if (code[pc] === LAZY) {
          const from = s;
          let isStuck = false;
          do {
            isStuck = s >= length || sets[set + subject.charCodeAt(s)] === 0;
            if (isStuck) break;
            s++;
          } while (next >= 0 && (s < length ? sets[next + subject.charCodeAt(s)] : code[pc + 2]) === 0);
          steps -= s - from + 1;
          if (isStuck) {
            depth = top;
            continue;
          }
          ways[top + 2] = s;
        } else {
          depth = top;
        }
        break;
      }
      pc += INSTRUCTION_SIZE;
      entered = pc;
    }
  }
}

/** Behind the character that balances `open` at `s`, or -1. */
function balancedEnd(subject: string, s: number, open: number, close: number): number {
  if (subject.charCodeAt(s) !== open) return -1;
  let level = 1;
  for (let i = s + 1; i < subject.length; i++) {
    const character = subject.charCodeAt(i);
    if (character === close) {
      if (--level === 0) return i + 1;
    } else if (character === open) {
      level++;
    }
  }
  return -1;
}

/** Whether what stands at `from` stands at `s` too. */
function repeats(subject: string, from: number, s: number, size: number): boolean {
  if (s + size > subject.length) return false;
  for (let i = 0; i < size; i++) if (subject.charCodeAt(from + i) !== subject.charCodeAt(s + i)) return false;
  return true;
}
