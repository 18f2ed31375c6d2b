// What a Lua value is in JavaScript, and how functions hand values back. Strings are latin1: one character per byte.
// A function of Lua is a function of JavaScript with positional arguments, so that calling one costs what a call costs.

import type { LuaTable } from './table.ts';

/** nil is `undefined`; there is no `null`. */
export type LuaValue = undefined | boolean | number | string | LuaTable | LuaFunction | Coroutine | Userdata;

/**
 * What a function returns: `undefined` for no values, the value itself for exactly one that is not nil, an array for
 * several or for a single nil (`NIL`). A function that may run long or calls back into Lua may return a generator
 * whose return value is such a result; it yields `undefined` where the event loop may have its turn.
 */
export type Result = LuaValue | LuaValue[] | Running;

/** A call under way: run it with `yield*`. What it yields other than `undefined` belongs to src/lua. */
export type Running = Generator<unknown, Result, unknown>;

/** Positional arguments; one that is missing is nil. `arguments.length` tells nil from none. */
export type LuaFunction = (...args: LuaValue[]) => Result;

/** The result of one value that is nil. */
export const NIL: LuaValue[] = Object.freeze([undefined]) as unknown as LuaValue[];

/** What a result without values is where a list is wanted. */
export const NO_VALUES: LuaValue[] = Object.freeze([]) as unknown as LuaValue[];

/** A value of the host: cjson.null (light, without a metatable of its own) and what newproxy makes. */
export class Userdata {
  metatable: LuaTable | null = null;
  readonly isLight: boolean;

  constructor(isLight: boolean) {
    this.isLight = isLight;
  }
}

/** The null pointer as a light userdata: cjson.null, cmsgpack's nil inside of tables. */
export const NULL: Userdata = Object.freeze(new Userdata(true)) as Userdata;

export type CoroutineStatus = 'suspended' | 'running' | 'normal' | 'dead';

/** A thread of Lua. Its function is started by the first resume. */
export class Coroutine {
  status: CoroutineStatus = 'suspended';
  readonly body: LuaFunction;
  /** How many calls by natives stand between its body and what runs: over those nothing can yield. */
  nativeCalls = 0;

  constructor(body: LuaFunction) {
    this.body = body;
  }
}

/** The class of generators as far as `instanceof` is concerned. */
export const RunningClass = generatorClass();

// Not an arrow: `instanceof` is quick only with functions that have a place for a prototype.
function generatorClass(): new () => Running {
  function Generator() {}
  Generator.prototype = Object.getPrototypeOf(Object.getPrototypeOf(generators()));
  return Generator as unknown as new () => Running;
}

function* generators() {}

export function isRunning(result: Result): result is Running {
  return typeof result === 'object' && result instanceof RunningClass;
}

/** The first value of a result that is not a call under way. */
export function firstValue(result: Result): LuaValue {
  return Array.isArray(result) ? result[0] : (result as LuaValue);
}

/** All values of a result that is not a call under way. Not to be changed: it may be the result itself. */
export function allValues(result: Result): LuaValue[] {
  if (result === undefined) return NO_VALUES;
  return Array.isArray(result) ? result : [result as LuaValue];
}

/** The result that hands back `values`, which it may keep. */
export function resultOf(values: LuaValue[]): Result {
  if (values.length === 0) return undefined;
  return values.length === 1 && values[0] !== undefined && !Array.isArray(values[0]) ? values[0] : values;
}

/** What `type` says. */
export function typeName(value: LuaValue): string {
  switch (typeof value) {
    case 'undefined':
      return 'nil';
    case 'object':
      if (value instanceof Userdata) return 'userdata';
      return value instanceof Coroutine ? 'thread' : 'table';
    default:
      return typeof value;
  }
}
