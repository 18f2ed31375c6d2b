// What a directive is: how its value is read, shown, compared and written back, and who may change it when. The
// builders below make the rows of the directives-*.ts tables; rows with a grammar of their own are in
// special-directives.ts. A row has a raw value (exact, for the file and CONFIG GET) and an exposed one (plain, for
// code): they differ where a 64-bit number does not fit a JS number or a set of flags reads better as names.

import { INT64_MAX, parseInt64Slow, UINT64_MAX } from '../base/numbers.ts';
import { quote } from '../base/quote.ts';
import { formatMemorySize, parseIntegerPrefix, parseMemorySize } from './number-text.ts';

export type ParseResult<Raw> = { readonly value: Raw } | { readonly error: string };

/** What the parsing of a value may need from around it. */
export interface ParseContext {
  /** True when a repeated line of a file adds to the earlier ones (`save`). */
  readonly accumulate: boolean;
  /** Resolves a directory against the present one and checks that it can be entered. */
  enterDirectory(path: string): ParseResult<string>;
  warn(text: string): void;
}

/** A line for CONFIG REWRITE. An unforced line only replaces a line that is already there. */
export interface FileLine {
  readonly text: string;
  readonly force: boolean;
}

export interface DirectiveOptions {
  /** The older name under which the directive is also known. */
  readonly alias?: string;
  /** The feature behind it exists. Without it the log says that the directive has no effect yet. */
  readonly effective?: boolean;
  /** Set at start only. */
  readonly immutable?: boolean;
  /** Found by CONFIG GET under its exact name only, and absent from redis.conf. */
  readonly hidden?: boolean;
  /** Changed at run time only where enable-protected-configs allows it. */
  readonly protected?: boolean;
  /** Its value must not reach a log. */
  readonly sensitive?: boolean;
  /** Refused while a data set is loading. */
  readonly denyLoading?: boolean;
  /** Applied at every CONFIG SET, changed or not (a file behind the name may have changed). */
  readonly alwaysApply?: boolean;
}

export interface Directive<Raw, Value> extends DirectiveOptions {
  readonly kind: 'bool' | 'integer' | 'memory' | 'octal' | 'choice' | 'flags' | 'text' | 'special';
  readonly default: Raw;
  /** Takes any number of words; CONFIG SET splits its argument at blanks. */
  readonly multiple: boolean;
  parse(words: readonly string[], current: Raw, context: ParseContext): ParseResult<Raw>;
  /** The text that CONFIG GET shows. */
  format(raw: Raw): string;
  expose(raw: Raw): Value;
  equal(a: Raw, b: Raw): boolean;
  /** The lines that say this value in a file; none where the default needs no line or may have none. */
  fileLines(name: string, raw: Raw): FileLine[];
}

export type AnyDirective = Directive<unknown, unknown>;

export const INT_MIN = -(2 ** 31);
export const INT_MAX = 2 ** 31 - 1;
export const UINT_MAX = 2 ** 32 - 1;
export const LONG_MAX = INT64_MAX;
export const ULONG_MAX = UINT64_MAX;

/** yes or no. */
export function bool(value: boolean, options: DirectiveOptions = {}): Directive<boolean, boolean> {
  return {
    ...options,
    kind: 'bool',
    default: value,
    multiple: false,
    parse(words) {
      const word = words[0]!.toLowerCase();
      if (word === 'yes') return { value: true };
      if (word === 'no') return { value: false };
      return { error: "argument must be 'yes' or 'no'" };
    },
    format: yesNo,
    expose: (raw) => raw,
    equal: (a, b) => a === b,
    fileLines: (name, raw) => [{ text: `${name} ${yesNo(raw)}`, force: raw !== value }],
  };
}

const yesNo = (value: boolean): string => (value ? 'yes' : 'no');

export interface NumberOptions extends DirectiveOptions {
  /** Compared as an unsigned 64-bit number: a negative argument is a huge one. */
  readonly unsigned?: boolean;
  /** Out-of-range values that are accepted and then moved to the nearest sensible one. */
  readonly clamp?: { readonly min: number; readonly max: number };
}

type Whole = number | bigint;

/** A whole number between two bounds. */
export function integer(
  value: Whole,
  min: Whole,
  max: Whole,
  options: NumberOptions = {},
): Directive<bigint, number> {
  return numeric('integer', value, min, max, options, {
    read(word) {
      return parseInt64Slow(word) ?? "argument couldn't be parsed into an integer";
    },
    format: String,
    fileValue: String,
  });
}

/** A number of bytes, with or without a unit. */
export function memory(
  value: Whole,
  min: Whole,
  max: Whole,
  options: NumberOptions = {},
): Directive<bigint, number> {
  return numeric('memory', value, min, max, options, {
    read: (word) => parseMemorySize(word) ?? 'argument must be a memory value',
    format: (raw) => `${BigInt.asUintN(64, raw)}`,
    fileValue: formatMemorySize,
  });
}

/** A number of bytes or, as a negative value, a percentage. */
export function memoryOrPercent(value: Whole, options: NumberOptions = {}): Directive<bigint, number> {
  return numeric('memory', value, -100, LONG_MAX, options, {
    read(word) {
      const bytes = parseMemorySize(word);
      if (bytes !== null) return bytes;
      const percent = word.length > 1 && word.endsWith('%') ? parseInt64Slow(word.slice(0, -1)) : null;
      if (percent !== null && percent >= 0n) return -percent;
      return 'argument must be a memory or percent value';
    },
    format: (raw) => (raw < 0n ? `${-raw}%` : `${raw}`),
    fileValue: (raw) => (raw < 0n ? `${-raw}%` : formatMemorySize(raw)),
    belowRange: (min) => `percentage argument must be less or equal to ${-min}`,
  });
}

/** A file mode in octal digits. */
export function octal(
  value: Whole,
  min: Whole,
  max: Whole,
  options: NumberOptions = {},
): Directive<bigint, number> {
  return numeric('octal', value, min, max, options, {
    read(word) {
      const { value, rest, overflow } = parseIntegerPrefix(word, 8);
      return overflow || rest !== '' ? "argument couldn't be parsed as an octal number" : value;
    },
    format: (raw) => raw.toString(8),
    fileValue: (raw) => raw.toString(8),
    boundText: (bound) => bound.toString(8),
  });
}

interface NumberText {
  /** The number that a word says, or the text of the error. */
  read(word: string): bigint | string;
  format(raw: bigint): string;
  fileValue(raw: bigint): string;
  boundText?(bound: bigint): string;
  /** The error for a negative number under the lower bound, where it is not the usual one. */
  belowRange?(min: bigint): string;
}

function numeric(
  kind: 'integer' | 'memory' | 'octal',
  value: Whole,
  lower: Whole,
  upper: Whole,
  options: NumberOptions,
  text: NumberText,
): Directive<bigint, number> {
  const { unsigned = false, clamp, ...rest } = options;
  const min = BigInt(lower);
  const max = BigInt(upper);
  const initial = BigInt(value);
  const show = text.boundText ?? String;
  return {
    ...rest,
    kind,
    default: initial,
    multiple: false,
    parse(words) {
      const read = text.read(words[0]!);
      if (typeof read === 'string') return { error: read };
      // A memory size of 2^63 and more is negative for a directive of a signed type, as it is in C.
      const number = unsigned ? BigInt.asUintN(64, read) : BigInt.asIntN(64, read);
      if (number < 0n && text.belowRange !== undefined) {
        return number < min ? { error: text.belowRange(min) } : { value: number };
      }
      if (number < min || number > max) {
        return { error: `argument must be between ${show(min)} and ${show(max)} inclusive` };
      }
      return { value: clamp === undefined ? number : clampTo(number, clamp.min, clamp.max) };
    },
    format: text.format,
    expose: Number,
    equal: (a, b) => a === b,
    fileLines: (name, raw) => [{ text: `${name} ${text.fileValue(raw)}`, force: raw !== initial }],
  };
}

function clampTo(number: bigint, min: number, max: number): bigint {
  if (number < BigInt(min)) return BigInt(min);
  return number > BigInt(max) ? BigInt(max) : number;
}

const mustBeOneOf = (names: readonly string[]): string =>
  `argument(s) must be one of the following: ${names.join(', ')}`;

/** One of a closed set of words, in any case. `synonyms` maps a word to the one that stands for it. */
export function choice<const Names extends readonly string[]>(
  names: Names,
  value: Names[number],
  options: DirectiveOptions & { readonly synonyms?: Readonly<Record<string, Names[number]>> } = {},
): Directive<Names[number], Names[number]> {
  const { synonyms = {}, ...rest } = options;
  return {
    ...rest,
    kind: 'choice',
    default: value,
    multiple: false,
    parse(words) {
      const word = words.length === 1 ? words[0]!.toLowerCase() : '';
      if (!names.includes(word)) return { error: mustBeOneOf(names) };
      return { value: synonyms[word] ?? word };
    },
    format: (raw) => raw,
    expose: (raw) => raw,
    equal: (a, b) => a === b,
    fileLines: (name, raw) => [{ text: `${name} ${raw}`, force: raw !== value }],
  };
}

/**
 * Any of a set of words at once; `none` is the word for the empty set. The raw value has bit i set for `names[i]`,
 * the exposed one lists the names.
 */
export function flags<const Names extends readonly string[]>(
  none: string,
  names: Names,
  options: DirectiveOptions & { readonly validate?: (chosen: readonly string[]) => string | null } = {},
): Directive<number, readonly Names[number][]> {
  const { validate, ...rest } = options;
  const chosen = (raw: number): Names[number][] => names.filter((_, i) => (raw & (1 << i)) !== 0);
  const show = (raw: number): string => (raw === 0 ? none : chosen(raw).join(' '));
  return {
    ...rest,
    kind: 'flags',
    default: 0,
    multiple: true,
    parse(words) {
      let raw = 0;
      for (const word of words) {
        const bit = names.indexOf(word.toLowerCase());
        if (bit >= 0) raw |= 1 << bit;
        else if (word.toLowerCase() !== none) return { error: mustBeOneOf([none, ...names]) };
      }
      if (words.length === 0) return { error: mustBeOneOf([none, ...names]) };
      const error = validate?.(chosen(raw)) ?? null;
      return error === null ? { value: raw } : { error };
    },
    format: show,
    expose: chosen,
    equal: (a, b) => a === b,
    fileLines: (name, raw) => [{ text: `${name} ${show(raw)}`, force: raw !== 0 }],
  };
}

export interface TextOptions extends DirectiveOptions {
  /** Says what is wrong with a value, or null. */
  readonly validate?: (value: string) => string | null;
}

/** A string that has a value always, be it an empty one. */
export function text(value: string, options: TextOptions = {}): Directive<string, string> {
  return {
    ...stringRow(value, options),
    fileLines: (name, raw) => [{ text: `${name} ${quote(raw)}`, force: raw !== value }],
  };
}

/** A string that may be absent: empty means absent, and absent means no line in the file. */
export function optionalText(
  options: TextOptions & { readonly binary?: boolean } = {},
): Directive<string, string> {
  return {
    ...stringRow('', options),
    fileLines: (name, raw) => (raw === '' ? [] : [{ text: `${name} ${quote(raw)}`, force: true }]),
  };
}

function stringRow(
  value: string,
  options: TextOptions & { readonly binary?: boolean },
): Omit<Directive<string, string>, 'fileLines'> {
  const { validate, binary = false, ...rest } = options;
  return {
    ...rest,
    kind: 'text',
    default: value,
    multiple: false,
    parse(words) {
      const word = words[0]!;
      // Only secrets may hold a NUL; the other strings end at it.
      const end = binary ? -1 : word.indexOf('\0');
      const kept = end < 0 ? word : word.slice(0, end);
      const error = validate?.(kept) ?? null;
      return error === null ? { value: kept } : { error };
    },
    format: (raw) => raw,
    expose: (raw) => raw,
    equal: (a, b) => a === b,
  };
}
