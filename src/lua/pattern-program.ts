// Patterns of Lua 5.1 as programs for pattern-matcher.ts. A pattern has neither alternatives nor groups that repeat, so
// a program is a plain row of instructions, and which capture is open where is known here already. What is wrong with a
// pattern becomes an instruction too: Lua notices it only when a match gets that far.
//

import { CHARACTER_CLASSES } from './character-classes.ts';
import {
  AT_END,
  BACK_REFERENCE,
  BALANCED,
  CAPTURE_POSITION,
  CAPTURE_TEXT,
  CAPTURE_UNFINISHED,
  CHAR,
  CLOSE,
  END,
  ERROR,
  FAIL,
  FRONTIER,
  GREEDY,
  INSTRUCTION_SIZE,
  LAZY,
  MAX_CAPTURES,
  OPEN,
  OPTIONAL,
  PATTERN_ERRORS,
  type PatternProgram,
  POSITION,
  RUN,
  SET,
} from './pattern-matcher.ts';

/**
 * Whether `string.find` looks for a pattern as it stands: a zero byte ends what is looked at for special characters, but
 * not what is searched for.
 */
export function isPlain(pattern: string): boolean {
  const special = SPECIALS.exec(pattern);
  return special === null || special[0] === '\0';
}

/**
 * The program of a pattern. A `^` in front is an anchor only where `mayAnchor`. Never throws; costs some 10 ns for each
 * character.
 */
export function compilePattern(pattern: string, mayAnchor: boolean): PatternProgram {
  const zero = pattern.indexOf('\0');
  return new PatternCompiler(zero < 0 ? pattern : pattern.slice(0, zero), mayAnchor).program();
}

const SPECIALS = /[\^$*+?.([%\-\0]/;

const ESCAPE = 0x25;
const PAREN_OPEN = 0x28;
const PAREN_CLOSE = 0x29;
const STAR = 0x2a;
const PLUS = 0x2b;
const DASH = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const QUESTION = 0x3f;
const BRACKET_OPEN = 0x5b;
const BRACKET_CLOSE = 0x5d;
const CARET = 0x5e;
const DOLLAR = 0x24;
const LETTER_B = 0x62;
const LETTER_F = 0x66;

const SET_SIZE = 256;
// Real patterns have a handful; these bound what a hostile one may take (1 MB, 16 MB).
const MAX_SETS = 4096;
const MAX_SETS_WITH_HINTS = 128;
const MAX_LOOKED_THROUGH = 1024;
const MAX_INSTRUCTIONS = 1024 * 1024;

class PatternCompiler {
  private readonly text: string;
  private readonly isAnchored: boolean;
  private readonly code: number[] = [];
  private readonly sets: Uint8Array[] = [];
  // By source: a character, an escape, a bracketed set.
  private readonly setsBySource = new Map<string, number>();
  private readonly captures: number[] = [];
  private choices = 0;
  private at: number;

  constructor(text: string, mayAnchor: boolean) {
    this.text = text;
    this.isAnchored = mayAnchor && text.charCodeAt(0) === CARET;
    this.at = this.isAnchored ? 1 : 0;
    this.addSet('.', new Uint8Array(SET_SIZE).fill(1));
  }

  program(): PatternProgram {
    while (this.at < this.text.length && this.compileItem()) {
      if (this.code.length > MAX_INSTRUCTIONS * INSTRUCTION_SIZE) {
        this.fail('pattern too complex');
        break;
      }
    }
    this.emit(END, 0, 0);
    const code = Int32Array.from(this.code);
    const firstSet = this.lookAhead(code);
    const sets = new Uint8Array(this.sets.length * SET_SIZE);
    this.sets.forEach((set, i) => {
      sets.set(set, i * SET_SIZE);
    });
    return {
      isPlain: isPlain(this.text),
      code,
      sets,
      isAnchored: this.isAnchored,
      captures: Uint8Array.from(this.captures),
      firstSet,
      literal: literalOf(code),
      onlySet: this.isAnchored ? -1 : onlySetOf(code),
      isRun: code.includes(RUN),
      firstCharacter: code[0] === CHAR ? String.fromCharCode(code[1]!) : '',
      choices: this.choices,
    };
  }

  /**
   * Tells repetitions which characters can come after them, or that there is no way back. Returns the set that a match must
   * begin with, or -1.
   */
  private lookAhead(code: Int32Array): number {
    if (code.length > MAX_LOOKED_THROUGH * INSTRUCTION_SIZE) return -1;
    // What the instructions behind can begin with, from the last one on; null for anything.
    let next: Uint8Array | null = null;
    let mayEnd = true;
    for (let pc = code.length - INSTRUCTION_SIZE; pc >= 0; pc -= INSTRUCTION_SIZE) {
      const operation = code[pc]!;
      const own = this.sets[code[pc + 1]! / SET_SIZE]!;
      switch (operation) {
        case GREEDY:
          if (isComplete(code, pc + INSTRUCTION_SIZE) || areDisjoint(own, next)) code[pc] = RUN;
          else if (next !== null) code[pc + 3] = this.addHint(next);
          if (code[pc + 2]! > 0) mayEnd = false;
          next = code[pc + 2]! > 0 ? own : united(own, next);
          break;
        case LAZY:
          code[pc + 2] = mayEnd ? 1 : 0;
          if (next !== null) code[pc + 3] = this.addHint(next);
          next = united(own, next);
          break;
        case OPTIONAL:
          next = united(own, next);
          break;
        case OPEN:
        case CLOSE:
        case POSITION:
          break;
        case CHAR:
        case BALANCED:
          next = new Uint8Array(SET_SIZE);
          next[code[pc + 1]!] = 1;
          mayEnd = false;
          break;
        case SET:
          next = own;
          mayEnd = false;
          break;
        case FRONTIER:
          next = own;
          mayEnd = own[0] === 1;
          break;
        case AT_END:
          next = new Uint8Array(SET_SIZE);
          mayEnd = true;
          break;
        default:
          next = null;
          mayEnd = true;
      }
    }
    return next === null || mayEnd ? -1 : this.addHint(next);
  }

  /** The offset of a set that only helps, -1 when there are enough of them. */
  private addHint(set: Uint8Array): number {
    const known = this.sets.lastIndexOf(set);
    if (known >= 0) return known * SET_SIZE;
    if (this.sets.length >= MAX_SETS_WITH_HINTS) return -1;
    this.sets.push(set);
    return (this.sets.length - 1) * SET_SIZE;
  }

  /** Compiles what stands next; false when nothing behind it can ever be reached. */
  private compileItem(): boolean {
    const { text, at } = this;
    const character = text.charCodeAt(at);
    switch (character) {
      case PAREN_OPEN:
        return this.compileOpening();
      case PAREN_CLOSE:
        return this.compileClosing();
      case DOLLAR:
        if (at + 1 < text.length) break;
        this.emit(AT_END, 0, 0);
        this.at++;
        return true;
      case ESCAPE: {
        const next = text.charCodeAt(at + 1);
        if (next === LETTER_B) return this.compileBalanced();
        if (next === LETTER_F) return this.compileFrontier();
        if (next >= ZERO && next <= NINE) return this.compileBackReference(next - ZERO - 1);
        break;
      }
    }
    return this.compileCharacters(character);
  }

  private compileOpening(): boolean {
    if (this.captures.length >= MAX_CAPTURES) return this.fail('too many captures');
    const isPosition = this.text.charCodeAt(this.at + 1) === PAREN_CLOSE;
    this.emit(isPosition ? POSITION : OPEN, this.captures.length, 0);
    this.captures.push(isPosition ? CAPTURE_POSITION : CAPTURE_UNFINISHED);
    this.at += isPosition ? 2 : 1;
    return true;
  }

  private compileClosing(): boolean {
    const capture = this.captures.lastIndexOf(CAPTURE_UNFINISHED);
    if (capture < 0) return this.fail('invalid pattern capture');
    this.captures[capture] = CAPTURE_TEXT;
    this.emit(CLOSE, capture, 0);
    this.at++;
    return true;
  }

  private compileBalanced(): boolean {
    const { text, at } = this;
    if (at + 3 >= text.length) return this.fail('unbalanced pattern');
    this.emit(BALANCED, text.charCodeAt(at + 2), text.charCodeAt(at + 3));
    this.at += 4;
    return true;
  }

  private compileFrontier(): boolean {
    const from = this.at + 2;
    if (this.text.charCodeAt(from) !== BRACKET_OPEN) return this.fail("missing '[' after '%f' in pattern");
    const end = this.endOfSet(from);
    if (end < 0) return this.fail("malformed pattern (missing ']')");
    const set = this.setOf(from, end);
    if (set < 0) return this.fail('pattern too complex');
    this.emit(FRONTIER, set, 0);
    this.at = end;
    return true;
  }

  private compileBackReference(capture: number): boolean {
    const kind = this.captures[capture];
    if (kind === undefined || kind === CAPTURE_UNFINISHED) return this.fail('invalid capture index');
    this.emit(kind === CAPTURE_POSITION ? FAIL : BACK_REFERENCE, capture, 0);
    this.at += 2;
    return true;
  }

  /** A class of characters and how often it may come. */
  private compileCharacters(character: number): boolean {
    const { text, at } = this;
    let end = at + 1;
    if (character === ESCAPE) {
      if (at + 1 >= text.length) return this.fail("malformed pattern (ends with '%')");
      end = at + 2;
    } else if (character === BRACKET_OPEN) {
      end = this.endOfSet(at);
      if (end < 0) return this.fail("malformed pattern (missing ']')");
    }
    const times = text.charCodeAt(end);
    const isRepeated = times === STAR || times === PLUS || times === DASH || times === QUESTION;
    const single = character === ESCAPE ? literalEscape(text.charCodeAt(at + 1)) : character;
    this.at = isRepeated ? end + 1 : end;
    if (!isRepeated && character !== BRACKET_OPEN && character !== DOT && single >= 0) {
      this.emit(CHAR, single, 0);
      return true;
    }
    const set = this.setOf(at, end);
    if (set < 0) return this.fail('pattern too complex');
    if (isRepeated) this.choices++;
    if (times === STAR) this.emit(GREEDY, set, 0);
    else if (times === PLUS) this.emit(GREEDY, set, 1);
    else if (times === DASH) this.emit(LAZY, set, 0);
    else if (times === QUESTION) this.emit(OPTIONAL, set, 0);
    else this.emit(SET, set, 0);
    return true;
  }

  /** The offset behind the `]` that closes the set at `from`, or -1. What stands first in it, even a `]`, belongs to it. */
  private endOfSet(from: number): number {
    const { text } = this;
    let i = from + 1;
    if (text.charCodeAt(i) === CARET) i++;
    do {
      if (i >= text.length) return -1;
      if (text.charCodeAt(i++) === ESCAPE && i < text.length) i++;
    } while (text.charCodeAt(i) !== BRACKET_CLOSE);
    return i + 1;
  }

  /** The set that a class from `from` to `end` names; -1 when there are too many. */
  private setOf(from: number, end: number): number {
    const source = this.text.slice(from, end);
    const known = this.setsBySource.get(source);
    if (known !== undefined) return known;
    if (this.sets.length >= MAX_SETS) return -1;
    const set = new Uint8Array(SET_SIZE);
    const first = source.charCodeAt(0);
    if (first === BRACKET_OPEN) fillFromBrackets(set, source);
    else if (first === ESCAPE) addClass(set, source.charCodeAt(1));
    else set[first] = 1;
    return this.addSet(source, set);
  }

  private addSet(source: string, set: Uint8Array): number {
    const offset = this.sets.length * SET_SIZE;
    this.sets.push(set);
    this.setsBySource.set(source, offset);
    return offset;
  }

  private emit(operation: number, a: number, b: number): void {
    this.code.push(operation, a, b, -1);
  }

  private fail(message: (typeof PATTERN_ERRORS)[number]): false {
    this.emit(ERROR, PATTERN_ERRORS.indexOf(message), 0);
    return false;
  }
}

/** The code of a character that `%` makes a plain one of, -1 where it makes a class. */
function literalEscape(character: number): number {
  return CHARACTER_CLASSES[String.fromCharCode(character)] === undefined ? character : -1;
}

function addClass(set: Uint8Array, character: number): void {
  const members = CHARACTER_CLASSES[String.fromCharCode(character)];
  if (members === undefined) {
    set[character] = 1;
    return;
  }
  for (let i = 0; i < SET_SIZE; i++) set[i] = set[i]! | members[i]!;
}

/** Fills a set from its source, brackets included. */
function fillFromBrackets(set: Uint8Array, source: string): void {
  const last = source.length - 1;
  const isNegated = source.charCodeAt(1) === CARET;
  for (let i = isNegated ? 2 : 1; i < last; i++) {
    const character = source.charCodeAt(i);
    if (character === ESCAPE) {
      i++;
      addClass(set, source.charCodeAt(i));
    } else if (source.charCodeAt(i + 1) === DASH && i + 2 < last) {
      i += 2;
      for (let member = character; member <= source.charCodeAt(i); member++) set[member] = 1;
    } else {
      set[character] = 1;
    }
  }
  if (isNegated) for (let i = 0; i < SET_SIZE; i++) set[i] = 1 - set[i]!;
}

/** Whether nothing but the end of the pattern and of captures comes from an instruction on. */
function isComplete(code: Int32Array, pc: number): boolean {
  while (code[pc] === CLOSE || code[pc] === OPEN || code[pc] === POSITION) pc += INSTRUCTION_SIZE;
  return code[pc] === END;
}

function areDisjoint(a: Uint8Array, b: Uint8Array | null): boolean {
  if (b === null) return false;
  for (let i = 0; i < SET_SIZE; i++) if (a[i] === 1 && b[i] === 1) return false;
  return true;
}

function united(a: Uint8Array, b: Uint8Array | null): Uint8Array | null {
  return b === null ? null : a.map((member, i) => member | b[i]!);
}

function literalOf(code: Int32Array): string | null {
  const last = code.length - INSTRUCTION_SIZE;
  for (let pc = 0; pc < last; pc += INSTRUCTION_SIZE) if (code[pc] !== CHAR) return null;
  let literal = '';
  for (let pc = 0; pc < last; pc += INSTRUCTION_SIZE) literal += String.fromCharCode(code[pc + 1]!);
  return literal;
}

/** Whether the instruction at `pc` takes at least one of its set. */
function beginsWithSet(code: Int32Array, pc: number): boolean {
  return code[pc] === SET || (code[pc] === RUN && code[pc + 2]! > 0);
}

/** The set of a program that is nothing but one character or one run of it, captured or not; or -1. */
function onlySetOf(code: Int32Array): number {
  const isCaptured = code[0] === OPEN;
  const pc = isCaptured ? INSTRUCTION_SIZE : 0;
  if (!beginsWithSet(code, pc)) return -1;
  let end = pc + INSTRUCTION_SIZE;
  if (isCaptured) {
    if (code[end] !== CLOSE) return -1;
    end += INSTRUCTION_SIZE;
  }
  return code[end] === END ? code[pc + 1]! : -1;
}
