// redis.register_function: what the code of a library calls while it is loaded, once for each of its functions.

import { lowerCaseLatin1 } from '../base/bytes.ts';
import { INVALID_NAME, isValidName, type LibraryFunction } from '../engine/function-libraries.ts';
import { SCRIPT_FLAG_NAMES } from '../engine/script-flags.ts';
import { numberToText } from '../lua/number-text.ts';
import { LuaTable } from '../lua/table.ts';
import type { LuaFunction, LuaValue } from '../lua/value.ts';
import { fail } from './redis-api.ts';

interface Registration {
  name: string | null;
  description: string | null;
  flags: number;
  callback: LuaFunction | null;
}

/** Adds the function that the arguments of redis.register_function describe, or throws what is wrong with them. */
export function registerFunction(
  into: Map<string, LibraryFunction> | null,
  values: readonly LuaValue[],
): void {
  if (into === null) fail('redis.register_function can only be called on FUNCTION LOAD command');
  if (values.length < 1 || values.length > 2) {
    fail('wrong number of arguments to redis.register_function');
  }
  const { name, description, flags, callback } =
    values.length === 1 ? byName(values[0]) : byPosition(values[0], values[1]);
  if (name === null) fail('redis.register_function must get a function name argument');
  if (callback === null) fail('redis.register_function must get a callback argument');
  if (!isValidName(name)) fail(INVALID_NAME);
  if (into.has(name)) fail('Function already exists in the library');
  into.set(name, { name, description, flags, callback });
}

function byPosition(first: LuaValue, second: LuaValue): Registration {
  const name = textOf(first);
  if (name === null) fail('first argument to redis.register_function must be a string');
  if (typeof second !== 'function') fail('second argument to redis.register_function must be a function');
  return { name, description: null, flags: 0, callback: second };
}

function byName(table: LuaValue): Registration {
  if (!(table instanceof LuaTable)) {
    fail(
      'calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments).',
    );
  }
  const found: Registration = { name: null, description: null, flags: 0, callback: null };
  for (let key = table.next(undefined); key !== undefined; key = table.next(key)) {
    const word = textOf(key);
    if (word === null) fail('named argument key given to redis.register_function is not a string');
    readNamed(found, lowerCaseLatin1(word), table.get(key));
  }
  return found;
}

function readNamed(into: Registration, word: string, value: LuaValue): void {
  switch (word) {
    case 'function_name':
      into.name = textOf(value) ?? fail(mustBe('function_name', 'a string'));
      return;
    case 'description':
      into.description = textOf(value) ?? fail(mustBe('description', 'a string'));
      return;
    case 'callback':
      if (typeof value !== 'function') fail(mustBe('callback', 'a function'));
      into.callback = value;
      return;
    case 'flags':
      if (!(value instanceof LuaTable)) {
        fail('flags argument to redis.register_function must be a table representing function flags');
      }
      into.flags = flagsIn(value);
      return;
  }
  fail('unknown argument given to redis.register_function');
}

const mustBe = (argument: string, what: string) =>
  `${argument} argument given to redis.register_function must be ${what}`;

function flagsIn(table: LuaTable): number {
  let flags = 0;
  for (let i = 1; ; i++) {
    const value = table.getInteger(i);
    if (value === undefined) return flags;
    const flag = SCRIPT_FLAG_NAMES.get(lowerCaseLatin1(textOf(value) ?? ''));
    if (flag === undefined) fail('unknown flag given');
    flags |= flag;
  }
}

function textOf(value: LuaValue): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? numberToText(value) : null;
}
