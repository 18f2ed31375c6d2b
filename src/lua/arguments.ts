// Arguments of natives, checked as Lua's own library checks them: `n` counts from 1, numbers and strings pass for each
// other, and the texts of refusals are Lua's.

import { badArgument } from './errors.ts';
import { numberToText, textToNumber } from './number-text.ts';
import { LuaTable } from './table.ts';
import { type LuaFunction, type LuaValue, typeName } from './value.ts';

const TWO_63 = 2 ** 63;

/** A string, or a number as its text. */
export function checkString(args: readonly LuaValue[], n: number): string {
  const value = args[n - 1];
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? numberToText(value) : typeError(args, n, 'string');
}

/** A number, or a string that spells one. */
export function checkNumber(args: readonly LuaValue[], n: number): number {
  const value = args[n - 1];
  if (typeof value === 'number') return value;
  return toNumber(value) ?? typeError(args, n, 'number');
}

/** A number cut to 64 bits: toward zero, and what does not fit is the least of them. */
export function checkInteger(args: readonly LuaValue[], n: number): number {
  const value = checkNumber(args, n);
  return value === (value | 0) ? value | 0 : toInteger(value);
}

/** As `checkInteger`; `missing` for nil. */
export function optionalInteger(args: readonly LuaValue[], n: number, missing: number): number {
  return args[n - 1] === undefined ? missing : checkInteger(args, n);
}

/** A number cut to 64 bits, and of those the low 32. */
export function checkInt(args: readonly LuaValue[], n: number): number {
  const value = checkNumber(args, n);
  return value === (value | 0) ? value | 0 : toInteger(value) | 0;
}

export function checkTable(args: readonly LuaValue[], n: number): LuaTable {
  const value = args[n - 1];
  return value instanceof LuaTable ? value : typeError(args, n, 'table');
}

export function checkFunction(args: readonly LuaValue[], n: number): LuaFunction {
  const value = args[n - 1];
  return typeof value === 'function' ? value : typeError(args, n, 'function');
}

/** The place of a string among `options`. */
export function checkOption(args: readonly LuaValue[], n: number, options: readonly string[]): number {
  const option = checkString(args, n);
  // The texts are compared as C compares them.
  const zero = option.indexOf('\0');
  const name = zero < 0 ? option : option.slice(0, zero);
  const place = options.indexOf(name);
  return place >= 0 ? place : badArgument(n, `invalid option '${name}'`);
}

/** The number that a value is or spells, else undefined. */
export function toNumber(value: LuaValue): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? textToNumber(value) : undefined;
}

/** A double cut to an int64 as x86-64 does it. */
export function toInteger(value: number): number {
  return value >= -TWO_63 && value < TWO_63 ? Math.trunc(value) + 0 : -TWO_63;
}

/** Refuses argument `n` for what it is. */
export function typeError(args: readonly LuaValue[], n: number, expected: string): never {
  const found = n > args.length ? 'no value' : typeName(args[n - 1]);
  return badArgument(n, `${expected} expected, got ${found}`);
}
