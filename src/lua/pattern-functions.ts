// string.find, match, gmatch and gsub. Programs of patterns are kept by pattern. A call that has used up its steps asks
// the pacer, and where it wants a pause turns into a generator: that is how a pattern that explodes can be killed.

import { checkInt, checkInteger, checkString } from './arguments.ts';
import { badArgument, throwError } from './errors.ts';
import { NONE, PAUSED, PatternMatcher, type PatternProgram, STEPS_PER_PAUSE } from './pattern-matcher.ts';
import { compilePattern, isPlain } from './pattern-program.ts';
import {
  captureOf,
  capturesOf,
  DONE,
  INTERRUPTED,
  parseTemplate,
  Substitution,
} from './pattern-substitution.ts';
import { isQuickSearch, searchAtOnce, searchInStrides } from './plain-search.ts';
import type { LuaState } from './state.ts';
import { LuaTable } from './table.ts';
import {
  firstValue,
  isRunning,
  type LuaFunction,
  type LuaValue,
  NIL,
  type Result,
  type Running,
} from './value.ts';

/** The functions of one state, with what they keep from call to call. */
export class PatternFunctions {
  private readonly state: LuaState;
  private readonly programs: ProgramCache;
  /** For gmatch, where `^` is no anchor. */
  private readonly iterated: ProgramCache;
  // A call that becomes a generator takes a matcher of its own, and gives it back at its end unless it is killed.
  private matcher = newMatcher();
  private spare: PatternMatcher | null = null;

  constructor(state: LuaState) {
    this.state = state;
    this.programs = new ProgramCache(state, true);
    this.iterated = new ProgramCache(state, false);
  }

  find(args: readonly LuaValue[]): Result {
    const subject = checkString(args, 1);
    const pattern = checkString(args, 2);
    const from = startOf(args, subject.length);
    const plain = args[3];
    const isAsItStands = plain !== undefined && plain !== false;
    // A long text is not worth a program, which would not be kept.
    if (isAsItStands || (pattern.length > MAX_KEPT_LENGTH && isPlain(pattern))) {
      return this.findPlain(subject, pattern, from);
    }
    const program = this.programs.of(pattern);
    if (program.isPlain) return this.findPlain(subject, pattern, from);
    return this.search(program, subject, from, rangeAndCaptures);
  }

  match(args: readonly LuaValue[]): Result {
    const subject = checkString(args, 1);
    const pattern = checkString(args, 2);
    return this.search(this.programs.of(pattern), subject, startOf(args, subject.length), capturesOrMatch);
  }

  gmatch(args: readonly LuaValue[]): LuaFunction {
    const subject = checkString(args, 1);
    const program = this.iterated.of(checkString(args, 2));
    let at = 0;
    const show = (matcher: PatternMatcher, _: PatternProgram, __: string, start: number): Result => {
      if (start === NONE) return undefined;
      at = matcher.end > start ? matcher.end : start + 1;
      return capturesOrMatch(matcher, program, subject, start);
    };
    return () => (at > subject.length ? undefined : this.search(program, subject, at, show));
  }

  gsub(args: readonly LuaValue[]): Result {
    const subject = checkString(args, 1);
    const program = this.programs.of(checkString(args, 2));
    const limit = args[3] === undefined ? subject.length + 1 : checkInt(args, 4);
    const by = args[2];
    if (typeof by === 'string' || typeof by === 'number') {
      const text = checkString(args, 3);
      if (isLiteralReplacement(subject, program, text)) {
        return replaceLiterals(subject, program.literal!, text, limit);
      }
      if (text.length > MAX_KEPT_LENGTH) this.state.charge(text.length * BYTES_PER_CHARACTER);
      const substitution = new Substitution(this.state, subject, program, parseTemplate(text), limit);
      this.matcher.steps = STEPS_PER_PAUSE;
      while (substitution.advance(this.matcher) !== DONE) {
        if (this.state.pacer.tick()) return this.finishByTemplate(substitution, this.takeMatcher());
      }
      return substitution.results();
    }
    if (typeof by !== 'function' && !(by instanceof LuaTable)) {
      badArgument(3, 'string/function/table expected');
    }
    return this.substituteByValues(new Substitution(this.state, subject, program, null, limit), by);
  }

  /** As long as no value takes a generator, without one. */
  private substituteByValues(substitution: Substitution, by: LuaFunction | LuaTable): Result {
    this.matcher.steps = STEPS_PER_PAUSE;
    for (;;) {
      const status = substitution.advance(this.matcher);
      if (status === DONE) return substitution.results();
      if (status === INTERRUPTED) {
        if (!this.state.pacer.tick()) continue;
        return this.finishByValues(substitution, by, this.takeMatcher(), undefined);
      }
      const value = this.valueFor(substitution, by, this.matcher);
      if (isRunning(value)) return this.finishByValues(substitution, by, this.borrowMatcher(), value);
      substitution.put(firstValue(value));
    }
  }

  /** From the value that is under way on, or else from a pause on. */
  private *finishByValues(
    substitution: Substitution,
    by: LuaFunction | LuaTable,
    matcher: PatternMatcher,
    pending: Result,
  ): Running {
    if (isRunning(pending)) substitution.put(firstValue(yield* this.state.runtime.callback(pending)));
    else yield;
    for (;;) {
      const status = substitution.advance(matcher);
      if (status === DONE) {
        this.giveBack(matcher);
        return substitution.results();
      }
      if (status === INTERRUPTED) {
        if (this.state.pacer.tick()) yield;
        continue;
      }
      const value = this.valueFor(substitution, by, matcher);
      substitution.put(firstValue(isRunning(value) ? yield* this.state.runtime.callback(value) : value));
    }
  }

  private valueFor(substitution: Substitution, by: LuaFunction | LuaTable, matcher: PatternMatcher): Result {
    if (typeof by === 'function' && substitution.hasManyCaptures)
      return by(...substitution.captures(matcher));
    const key = substitution.key(matcher);
    if (typeof by === 'function') return by(key);
    return by.metatable === null ? by.get(key) : this.state.index(by, key);
  }

  private search(program: PatternProgram, subject: string, from: number, show: Show): Result {
    const { matcher } = this;
    matcher.steps = STEPS_PER_PAUSE;
    let start = matcher.search(program, subject, from);
    while (start === PAUSED) {
      if (this.state.pacer.tick()) return this.finishSearch(this.takeMatcher(), program, subject, show);
      start = matcher.resume();
    }
    this.giveBack(matcher);
    return show(matcher, program, subject, start);
  }

  /** From a pause on. */
  private *finishSearch(
    matcher: PatternMatcher,
    program: PatternProgram,
    subject: string,
    show: Show,
  ): Running {
    yield;
    let start = matcher.resume();
    while (start === PAUSED) {
      if (this.state.pacer.tick()) yield;
      start = matcher.resume();
    }
    this.giveBack(matcher);
    return show(matcher, program, subject, start);
  }

  /** From a pause on. */
  private *finishByTemplate(substitution: Substitution, matcher: PatternMatcher): Running {
    yield;
    while (substitution.advance(matcher) !== DONE) if (this.state.pacer.tick()) yield;
    this.giveBack(matcher);
    return substitution.results();
  }

  private findPlain(subject: string, needle: string, from: number): Result {
    if (!isQuickSearch(subject, needle, from)) return this.findInStrides(subject, needle, from);
    return rangeOf(searchAtOnce(subject, needle, from), needle);
  }

  private *findInStrides(subject: string, needle: string, from: number): Running {
    const search = searchInStrides(subject, needle, from);
    for (;;) {
      const step = search.next();
      if (step.done === true) return rangeOf(step.value, needle);
      if (this.state.pacer.tick()) yield;
    }
  }

  /** The matcher at work, for whoever goes on with its search. */
  private takeMatcher(): PatternMatcher {
    const { matcher } = this;
    this.matcher = this.borrowMatcher();
    return matcher;
  }

  private borrowMatcher(): PatternMatcher {
    const matcher = this.spare ?? newMatcher();
    this.spare = null;
    return matcher;
  }

  private giveBack(matcher: PatternMatcher): void {
    this.spare = matcher;
  }
}

/** Makes a result of a match, or of NONE. */
type Show = (matcher: PatternMatcher, program: PatternProgram, subject: string, start: number) => Result;

const MAX_PROGRAMS = 256;
const MAX_KEPT_LENGTH = 256;
const MAX_REPLACED_AT_ONCE = 4096;
// What is made for each character of a pattern or a replacement.
const BYTES_PER_CHARACTER = 64;

/** The programs of the patterns seen lately; long patterns are not kept. */
class ProgramCache {
  private readonly state: LuaState;
  private readonly mayAnchor: boolean;
  private readonly programs = new Map<string, PatternProgram>();
  private lastPattern = '';
  private lastProgram: PatternProgram;

  constructor(state: LuaState, mayAnchor: boolean) {
    this.state = state;
    this.mayAnchor = mayAnchor;
    this.lastProgram = compilePattern('', mayAnchor);
  }

  of(pattern: string): PatternProgram {
    if (pattern === this.lastPattern) return this.lastProgram;
    let program = this.programs.get(pattern);
    if (program === undefined) {
      const isKept = pattern.length <= MAX_KEPT_LENGTH;
      if (!isKept) this.state.charge(pattern.length * BYTES_PER_CHARACTER);
      program = compilePattern(pattern, this.mayAnchor);
      if (!isKept) return program;
      // The oldest goes; one still in use comes back with its next call.
      if (this.programs.size >= MAX_PROGRAMS) this.programs.delete(this.programs.keys().next().value!);
      this.programs.set(pattern, program);
    }
    this.lastPattern = pattern;
    this.lastProgram = program;
    return program;
  }
}

function newMatcher(): PatternMatcher {
  return new PatternMatcher(throwError);
}

/** The offset that the third argument names: from 1, or from the end if negative; within the subject. */
function startOf(args: readonly LuaValue[], length: number): number {
  if (args[2] === undefined) return 0;
  const position = checkInteger(args, 3);
  const at = (position >= 0 ? position : position + length + 1) - 1;
  return at < 0 ? 0 : Math.min(at, length);
}

/** Whether one text is to be replaced by another in a subject that is short enough to do it at once. */
function isLiteralReplacement(subject: string, program: PatternProgram, replacement: string): boolean {
  if (program.literal === null || program.literal === '' || program.isAnchored) return false;
  if (subject.length > MAX_REPLACED_AT_ONCE || replacement.length > MAX_KEPT_LENGTH) return false;
  return replacement.indexOf('%') < 0;
}

function replaceLiterals(subject: string, literal: string, replacement: string, limit: number): LuaValue[] {
  let text = '';
  let copied = 0;
  let count = 0;
  while (count < limit) {
    const start = subject.indexOf(literal, copied);
    if (start < 0) break;
    text += start > copied ? subject.slice(copied, start) + replacement : replacement;
    copied = start + literal.length;
    count++;
  }
  return [count === 0 ? subject : text + subject.slice(copied), count];
}

function rangeOf(start: number, needle: string): Result {
  return start < 0 ? NIL : [start + 1, start + needle.length];
}

function rangeAndCaptures(
  matcher: PatternMatcher,
  program: PatternProgram,
  subject: string,
  start: number,
): Result {
  if (start === NONE) return NIL;
  const count = program.captures.length;
  if (count === 0) return [start + 1, matcher.end];
  if (count === 1) return [start + 1, matcher.end, captureOf(program, subject, matcher, 0)];
  return [start + 1, matcher.end, ...capturesOf(program, subject, matcher)];
}

function capturesOrMatch(
  matcher: PatternMatcher,
  program: PatternProgram,
  subject: string,
  start: number,
): Result {
  if (start === NONE) return NIL;
  const count = program.captures.length;
  if (count === 0) return subject.slice(start, matcher.end);
  return count === 1 ? captureOf(program, subject, matcher, 0) : capturesOf(program, subject, matcher);
}
