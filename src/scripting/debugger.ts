// The debugger of scripts, as `redis-cli --ldb` speaks with it: while a script has stopped, its client's requests are
// commands for the debugger, and each is answered with an array of lines. What the commands say is here; who lets the script
// go on, and who carries the lines, is script-runner's business.

import { lowerCaseLatin1 } from '../base/bytes.ts';
import { leadingInt32, parseInt64 } from '../base/numbers.ts';
import { LuaError } from '../lua/errors.ts';
import type { DebugFrame, Debugger, LuaState } from '../lua/state.ts';
import { LuaTable } from '../lua/table.ts';
import type { LuaFunction, LuaValue } from '../lua/value.ts';
import type { CallFollower } from './command-caller.ts';
import { shownReply, shownValue } from './debug-text.ts';
import type { ScriptFollower } from './redis-api.ts';
import { messageOf } from './script-errors.ts';
import { valueText } from './value-text.ts';

const MAX_BREAKPOINTS = 64;
const DEFAULT_MAX_LENGTH = 256;
const LEAST_MAX_LENGTH = 60;
const CONTEXT_LINES = 5;
const SHOWN_ARGUMENTS = 10;
const CHUNK = 'user_script';
const EVAL_CHUNK = '@ldb_eval';

const HELP = [
  'Redis Lua debugger help:',
  '[h]elp               Show these lines.',
  '[s]tep               Run the current line, and stop at the next.',
  '[n]ext               The same as step.',
  '[c]ontinue           Run up to the next breakpoint.',
  '[l]ist               Show the source around the current line.',
  '[l]ist [line]        Show the source around a line; 0 is the current one.',
  '[l]ist [line] [ctx]  The same, with so many lines before and after it.',
  '[w]hole              Show all of the source.',
  '[p]rint              Show all local variables.',
  '[p]rint <var>        Show a variable; KEYS and ARGV, too.',
  '[b]reak              Show all breakpoints.',
  '[b]reak <line>       Add a breakpoint.',
  '[b]reak -<line>      Remove a breakpoint.',
  '[b]reak 0            Remove all breakpoints.',
  '[t]race              Show which calls have led here.',
  '[e]val <code>        Run some Lua code, outside of the script.',
  '[r]edis <cmd>        Run a command of Redis.',
  '[m]axlen [len]       Cut replies and values to so many bytes; 0 cuts nothing.',
  '[a]bort              End the script. In sync mode its changes stay.',
  '',
  'For scripts:',
  'redis.debug()        Shows its arguments here.',
  'redis.breakpoint()   Stops at the next line.',
];

/** What the script does after a command. */
export const AFTER = { STAYS: 0, GOES_ON: 1, ENDS: 2 } as const;
export type After = (typeof AFTER)[keyof typeof AFTER];

/** What the debugger does in the script's name. */
export interface DebuggedScript {
  readonly state: LuaState;
  /** Runs a command as redis.call does; its reply is told to `replied`. */
  runCommand(values: readonly LuaValue[]): void;
  /** Calls a function of Lua to its end. */
  call(fn: LuaFunction): LuaValue[];
}

export class DebugSession implements Debugger, ScriptFollower, CallFollower {
  /** The script stands before a line. */
  hasStopped = false;
  /** What the script changes stays. */
  readonly isSync: boolean;
  /** Lines that were not shown yet. */
  readonly log: string[] = [];

  private readonly lines: readonly string[];
  private breakpoints: number[] = [];
  private stepping = true;
  private breaksNext = false;
  private isOverdue = false;
  private currentLine = 0;
  private frames: readonly DebugFrame[] = [];
  private maxLength = DEFAULT_MAX_LENGTH;
  private hasHinted = false;
  // Nobody is there any more.
  private isAlone = false;

  constructor(source: string, isSync: boolean) {
    this.isSync = isSync;
    this.lines = source.replace(/[\r\n]+$/, '').split('\n');
  }

  onLine(frames: readonly DebugFrame[]): boolean {
    const [frame] = frames;
    if (frame === undefined || !frame.source.includes(CHUNK)) return false;
    this.frames = frames;
    this.currentLine = frame.line;
    const isBreakpoint = this.breaksNext || this.breakpoints.includes(frame.line);
    if (this.isAlone || (!this.stepping && !isBreakpoint)) return false;
    const reason = this.breaksNext
      ? 'redis.breakpoint() called'
      : isBreakpoint
        ? 'break point'
        : this.isOverdue
          ? 'timeout reached, infinite loop?'
          : 'step over';
    this.stepping = this.breaksNext = this.isOverdue = false;
    this.hasStopped = true;
    this.log.push(`* Stopped at ${frame.line}, stop reason = ${reason}`, this.sourceLine(frame.line));
    return true;
  }

  /** The script has run for long without stopping: it stops at the next line. */
  overdue(): void {
    this.stepping = this.isOverdue = true;
  }

  get isLeft(): boolean {
    return this.isAlone;
  }

  /** The client has gone: nothing stops the script any more. */
  left(): void {
    this.isAlone = true;
  }

  breakpoint(): boolean {
    this.breaksNext = true;
    return true;
  }

  debug(values: readonly LuaValue[], state: LuaState): void {
    const shown = values.map((value) => shownValue(state, value)).join(', ');
    this.log.push(`<debug> line ${this.currentLine}: ${shown}`);
  }

  /** Whether commands of the script are to be shown. */
  get showsCommands(): boolean {
    return this.stepping;
  }

  called(args: readonly string[]): void {
    const more = args.length > SHOWN_ARGUMENTS ? ` ... (${args.length - SHOWN_ARGUMENTS - 1} more)` : '';
    this.log.push(`<redis> ${args.slice(0, SHOWN_ARGUMENTS).join(' ')}${more}`);
  }

  /** `reply` as it was written, latin1. */
  replied(reply: string): void {
    this.logCut(`<reply> ${shownReply(reply)}`);
  }

  failed(line: string): void {
    this.log.push(`<error> ${line}`);
  }

  /** Takes the lines to show. */
  takeLog(): string[] {
    return this.log.splice(0);
  }

  /** Runs a command of the debugger's client. */
  command(words: readonly string[], script: DebuggedScript): After {
    const [word = '', ...rest] = words;
    switch (COMMANDS.get(lowerCaseLatin1(word))) {
      case 'help':
        this.log.push(...HELP);
        break;
      case 'step':
        this.stepping = true;
        return AFTER.GOES_ON;
      case 'continue':
        return AFTER.GOES_ON;
      case 'abort':
        return AFTER.ENDS;
      case 'list':
        this.list(rest);
        break;
      case 'whole':
        this.listAround(1, 1_000_000);
        break;
      case 'print':
        if (rest.length === 1) this.print(rest[0]!, script.state);
        else this.printAll(script.state);
        break;
      case 'break':
        this.changeBreakpoints(rest);
        break;
      case 'trace':
        this.trace();
        break;
      case 'eval':
        this.evaluate(rest.join(' '), script);
        break;
      case 'maxlen':
        this.setMaxLength(rest);
        break;
      case 'redis':
        if (rest.length > 0) {
          this.stepping = true;
          script.runCommand(rest);
          this.stepping = false;
          break;
        }
        this.log.push(UNKNOWN);
        break;
      default:
        this.log.push(UNKNOWN);
    }
    return AFTER.STAYS;
  }

  private list(words: readonly string[]): void {
    const wanted = words[0] === undefined ? 0 : leadingInt32(words[0]);
    const context = words[1] === undefined ? CONTEXT_LINES : leadingInt32(words[1]);
    this.listAround(wanted > 0 ? wanted : this.currentLine, context);
  }

  private listAround(around: number, context: number): void {
    for (let line = 1; line <= this.lines.length; line++) {
      if (around === 0 || Math.abs(around - line) <= context) this.log.push(this.sourceLine(line));
    }
  }

  private sourceLine(line: number): string {
    const current = this.currentLine === line ? '->' : '  ';
    const mark = this.breakpoints.includes(line) ? '#' : ' ';
    const text = this.lines[line - 1] ?? '<out of range source code line>';
    return `${current}${mark}${String(line).padEnd(3)} ${text}`;
  }

  private print(name: string, state: LuaState): void {
    for (const frame of this.frames) {
      const local = frame.locals().find((one) => one.name === name);
      if (local === undefined) continue;
      this.logCut(`<value> ${shownValue(state, local.value)}`);
      return;
    }
    if (name === 'KEYS' || name === 'ARGV') {
      this.logCut(`<value> ${shownValue(state, state.globals.getString(name))}`);
    } else {
      this.log.push('No such variable.');
    }
  }

  private printAll(state: LuaState): void {
    const locals = this.frames[0]?.locals() ?? [];
    for (const { name, value } of locals) this.logCut(`<value> ${name} = ${shownValue(state, value)}`);
    if (locals.length === 0) this.log.push('No local variables in the current context.');
  }

  private changeBreakpoints(words: readonly string[]): void {
    if (words.length === 0) {
      if (this.breakpoints.length === 0) {
        this.log.push("No breakpoints set. Use 'b <line>' to add one.");
        return;
      }
      this.log.push(`${this.breakpoints.length} breakpoints set:`);
      for (const line of this.breakpoints) this.log.push(this.sourceLine(line));
      return;
    }
    for (const word of words) this.changeBreakpoint(word);
  }

  private changeBreakpoint(word: string): void {
    const line = Number(parseInt64(word) ?? Number.NaN);
    if (Number.isNaN(line)) {
      this.log.push(`Invalid argument:'${word}'`);
    } else if (line === 0) {
      this.breakpoints = [];
      this.log.push('All breakpoints removed.');
    } else if (line < 0) {
      const isThere = this.breakpoints.includes(-line);
      this.breakpoints = this.breakpoints.filter((one) => one !== -line);
      this.log.push(isThere ? 'Breakpoint removed.' : 'No breakpoint in the specified line.');
    } else if (this.breakpoints.length === MAX_BREAKPOINTS) {
      this.log.push('Too many breakpoints set.');
    } else if (line > this.lines.length || this.breakpoints.includes(line)) {
      this.log.push('Wrong line number.');
    } else {
      this.breakpoints.push(line);
      this.listAround(line, 1);
    }
  }

  private trace(): void {
    for (const [level, { source, functionName, line }] of this.frames.entries()) {
      if (!source.includes(CHUNK)) continue;
      this.log.push(`${level === 0 ? 'In' : 'From'} ${functionName}:`, this.sourceLine(line));
    }
  }

  private evaluate(code: string, script: DebuggedScript): void {
    const fn = this.compile(code, script.state);
    if (fn === null) return;
    try {
      const [value] = script.call(fn);
      this.logCut(`<retval> ${shownValue(script.state, value)}`);
    } catch (error) {
      if (!(error instanceof LuaError)) throw error;
      const { value } = error;
      this.log.push(`<error> ${value instanceof LuaTable ? messageOf(value) : valueText(value)}`);
    }
  }

  // An expression, or a statement.
  private compile(code: string, state: LuaState): LuaFunction | null {
    for (const text of [`return ${code}`, code]) {
      try {
        return state.load(text, EVAL_CHUNK);
      } catch (error) {
        if (!(error instanceof LuaError)) throw error;
        if (text === code) this.log.push(`<error> ${valueText(error.value)}`);
      }
    }
    return null;
  }

  private setMaxLength(words: readonly string[]): void {
    if (words.length === 1) {
      const length = leadingInt32(words[0]!);
      this.hasHinted = true;
      this.maxLength = length !== 0 && length <= LEAST_MAX_LENGTH ? LEAST_MAX_LENGTH : length;
    }
    this.log.push(
      this.maxLength === 0
        ? '<value> replies are unlimited.'
        : `<value> replies are truncated at ${this.maxLength} bytes.`,
    );
  }

  private logCut(line: string): void {
    const { maxLength } = this;
    if (maxLength === 0 || line.length <= maxLength) {
      this.log.push(line);
      return;
    }
    this.log.push(`${line.slice(0, maxLength)} ...`);
    if (this.hasHinted) return;
    this.hasHinted = true;
    this.log.push("<hint> The above reply was trimmed. Use 'maxlen 0' to disable trimming.");
  }
}

const UNKNOWN = '<error> Unknown Redis Lua debugger command or wrong number of arguments.';

const WORDS = [
  'help',
  'step',
  'next',
  'continue',
  'list',
  'whole',
  'print',
  'break',
  'trace',
  'eval',
  'redis',
  'maxlen',
  'abort',
] as const;
type Word = (typeof WORDS)[number];

/** By the whole word and by its first letter. */
const COMMANDS: ReadonlyMap<string, Word> = new Map(
  WORDS.flatMap((word): [string, Word][] => {
    const meaning = word === 'next' ? 'step' : word;
    return [
      [word, meaning],
      [word[0]!, meaning],
    ];
  }),
);
