// The library `string`: what needs no pattern is here, the rest in pattern-functions.ts and string-format.ts. Strings are
// latin1, one character per byte, and letters are those of the C locale.

import { toBytes, toText } from '../base/bytes.ts';
import { checkInt, checkInteger, checkNumber, checkString, typeError } from './arguments.ts';
import { badArgument, throwError } from './errors.ts';
import { MAX_STRING_LENGTH } from './memory-bound.ts';
import { PatternFunctions } from './pattern-functions.ts';
import type { LuaState } from './state.ts';
import {
  type FormatPiece,
  formatNumber,
  formatText,
  parseFormat,
  WANTS_NOTHING,
  WANTS_TEXT,
} from './string-format.ts';
import { LuaTable } from './table.ts';
import type { LuaValue, Result } from './value.ts';

/**
 * The library's table. Strings find their methods in it through their metatable, which is set here. All programs of a
 * state share it, so it is read-only, as later versions of Redis have it too.
 */
export function stringLibrary(state: LuaState): LuaTable {
  const patterns = new PatternFunctions(state);
  const formats = new FormatCache();
  const scratch = new Uint8Array(MAX_SCRATCH);
  const gmatch = (...args: LuaValue[]) => patterns.gmatch(args);
  const library = state.library({
    byte: (...args: LuaValue[]) => bytes(args),
    char: (...args: LuaValue[]) => characters(args),
    dump: (...args: LuaValue[]) => dump(state, args),
    find: (...args: LuaValue[]) => patterns.find(args),
    format: (...args: LuaValue[]) => format(state, formats.of(checkString(args, 1), args.length), args),
    gfind: gmatch,
    gmatch,
    gsub: (...args: LuaValue[]) => patterns.gsub(args),
    len: (...args: LuaValue[]) => checkString(args, 1).length,
    lower: (...args: LuaValue[]) => lowerCase(state, checkString(args, 1)),
    match: (...args: LuaValue[]) => patterns.match(args),
    rep: (...args: LuaValue[]) => repeat(state, checkString(args, 1), checkInt(args, 2)),
    reverse: (...args: LuaValue[]) => reverse(state, checkString(args, 1), scratch),
    sub: (...args: LuaValue[]) => sub(args),
    upper: (...args: LuaValue[]) => upperCase(state, checkString(args, 1)),
  });
  const metatable = new LuaTable();
  metatable.setString('__index', library);
  metatable.isReadOnly = true;
  state.stringMetatable = metatable;
  return library;
}

const CHUNK_HEADER = '\x1bLuaQ\0\x01\x04\x08\x04\x08\0';
// The most values on Lua's stack.
const MAX_STACK = 8000;
const NOT_ASCII = /[\x80-\xff]/;
const UPPER_A = 0x41;
const LOWER_A = 0x61;
const LETTERS = 26;
const MAX_SCRATCH = 512;
const CASE_BIT = 0x20;
// What is shorter is not worth counting before it is made.
const CHARGED_FROM = 1024;

function sub(args: readonly LuaValue[]): string {
  const text = checkString(args, 1);
  const { length } = text;
  const from = fromStart(checkInteger(args, 2), length);
  const to = args[2] === undefined ? length : fromStart(checkInteger(args, 3), length);
  return text.slice(from < 1 ? 0 : from - 1, to);
}

function bytes(args: readonly LuaValue[]): Result {
  const text = checkString(args, 1);
  const { length } = text;
  const from = args[1] === undefined ? 1 : fromStart(checkInteger(args, 2), length);
  const to = args[2] === undefined ? from : fromStart(checkInteger(args, 3), length);
  const first = Math.max(from, 1);
  const last = Math.min(to, length);
  if (first > last) return undefined;
  if (first === last) return text.charCodeAt(first - 1);
  if (last - first + 1 + args.length > MAX_STACK) throwError('stack overflow (string slice too long)');
  const codes: LuaValue[] = [];
  for (let i = first - 1; i < last; i++) codes.push(text.charCodeAt(i));
  return codes;
}

/** A position that may count from the end, from 1; what lies in front of the text is 0. */
function fromStart(position: number, length: number): number {
  return position >= 0 ? position : Math.max(position + length + 1, 0);
}

function characters(args: readonly LuaValue[]): string {
  let text = '';
  for (let i = 1; i <= args.length; i++) {
    const code = checkInt(args, i);
    if (code < 0 || code > 255) badArgument(i, 'invalid value');
    text += String.fromCharCode(code);
  }
  return text;
}

/**
 * Observed 7.2.4: a function of Lua gives a binary chunk, which nothing loads any more. There is no byte code here that it
 * could hold, so it ends behind its header.
 */
function dump(state: LuaState, args: readonly LuaValue[]): string {
  const fn = args[0];
  if (typeof fn !== 'function') return typeError(args, 1, 'function');
  return state.runtime.N.has(fn) ? throwError('unable to dump given function') : CHUNK_HEADER;
}

function lowerCase(state: LuaState, text: string): string {
  if (text.length >= CHARGED_FROM) state.charge(text.length);
  // JavaScript knows more letters than the C locale.
  return NOT_ASCII.test(text) ? withCaseOf(text, UPPER_A) : text.toLowerCase();
}

function upperCase(state: LuaState, text: string): string {
  if (text.length >= CHARGED_FROM) state.charge(text.length);
  return NOT_ASCII.test(text) ? withCaseOf(text, LOWER_A) : text.toUpperCase();
}

/** Turns the 26 letters from `first` on into those of the other case. */
function withCaseOf(text: string, first: number): string {
  const bytes = toBytes(text);
  for (let i = 0; i < bytes.length; i++) {
    const letter = bytes[i]! - first;
    if (letter >= 0 && letter < LETTERS) bytes[i] = bytes[i]! ^ CASE_BIT;
  }
  return toText(bytes);
}

function repeat(state: LuaState, text: string, times: number): string {
  if (times <= 0) return '';
  const length = text.length * times;
  if (length >= CHARGED_FROM) state.charge(length);
  return text.repeat(times);
}

/** `scratch` is where short texts are turned round: memory of one's own is dear to get. */
function reverse(state: LuaState, text: string, scratch: Uint8Array): string {
  const last = text.length - 1;
  if (last >= MAX_SCRATCH) {
    state.charge(text.length);
    return toText(toBytes(text).reverse());
  }
  for (let i = 0; i <= last; i++) scratch[i] = text.charCodeAt(last - i);
  return toText(scratch, 0, text.length);
}

function format(state: LuaState, pieces: readonly FormatPiece[], args: readonly LuaValue[]): string {
  let text = '';
  const last = pieces.length - 1;
  for (let i = 0; i < last; i++) {
    const piece = pieces[i]!;
    const argument = i + 2;
    if (argument > args.length) badArgument(argument, 'no value');
    if (piece.wants === WANTS_NOTHING) throwError(piece.message);
    const shown =
      piece.wants === WANTS_TEXT
        ? formatText(piece, checkString(args, argument))
        : formatNumber(piece, checkNumber(args, argument));
    text = extended(state, text, piece.before + shown);
  }
  return extended(state, text, pieces[last]!.before);
}

/** Counts what is added, and refuses what no string can hold. */
function extended(state: LuaState, text: string, added: string): string {
  if (added.length >= CHARGED_FROM) state.charge(added.length);
  const length = text.length + added.length;
  if (length > MAX_STRING_LENGTH) state.charge(length);
  return text + added;
}

const MAX_FORMATS = 256;
const MAX_KEPT_LENGTH = 256;

/** The pieces of the templates seen lately; long templates are not kept. */
class FormatCache {
  private readonly formats = new Map<string, readonly FormatPiece[]>();

  /** For so many arguments: no more conversions are looked at, since one without a value raises an error. */
  of(template: string, most: number): readonly FormatPiece[] {
    let pieces = this.formats.get(template);
    if (pieces === undefined) {
      if (template.length > MAX_KEPT_LENGTH) return parseFormat(template, most);
      pieces = parseFormat(template, Number.POSITIVE_INFINITY);
      if (this.formats.size >= MAX_FORMATS) this.formats.delete(this.formats.keys().next().value!);
      this.formats.set(template, pieces);
    }
    return pieces;
  }
}
