// The base library of Lua 5.1, as far as programs on the server have it.

import { checkInt, checkNumber, checkString, checkTable, optionalInteger, typeError } from './arguments.ts';
import type { Environment } from './environments.ts';
import { badArgument, Killed, LuaError, READ_ONLY, throwError, throwValue } from './errors.ts';
import { passNative } from './frames.ts';
import { numberToText, textToNumber, textToNumberInBase } from './number-text.ts';
import type { LuaState } from './state.ts';
import { LuaTable } from './table.ts';
import {
  allValues,
  firstValue,
  isRunning,
  type LuaFunction,
  type LuaValue,
  NIL,
  type Result,
  type Running,
  resultOf,
  typeName,
  Userdata,
} from './value.ts';

/** What a native's arguments and results may be together. */
const MAX_C_STACK = 8000;
/** What an empty world takes: a count of 0 would be odd. */
const EMPTY_WORLD_BYTES = 48 << 10;

/** The library's functions and `_VERSION`; the host puts them where it wants them. */
export function baseLibrary(state: LuaState): LuaTable {
  const { runtime } = state;
  const table = state.library({
    assert: (...args: LuaValue[]): Result => {
      if (args.length === 0) badArgument(1, 'value expected');
      if (args[0] !== undefined && args[0] !== false) return resultOf(args);
      return throwError(args[1] === undefined ? 'assertion failed!' : checkString(args, 2));
    },
    collectgarbage: (...args: LuaValue[]): Result => collectGarbage(state, args),
    error: (...args: LuaValue[]): Result => {
      const level = args[1] === undefined ? 1 : checkInt(args, 2);
      throw new LuaError(
        args[0],
        typeof args[0] === 'string' || typeof args[0] === 'number' ? Math.max(level, 0) : 0,
      );
    },
    gcinfo: (): Result => Math.floor((EMPTY_WORLD_BYTES + state.memory.used) / 1024),
    getfenv: (...args: LuaValue[]): Result => environmentOf(state, args).table,
    getmetatable: (...args: LuaValue[]): Result => {
      if (args.length === 0) badArgument(1, 'value expected');
      const metatable = metatableOf(state, args[0]);
      return metatable === null ? NIL : (metatable.getString('__metatable') ?? metatable);
    },
    ipairs: (...args: LuaValue[]): Result => [runtime.INEXT, checkTable(args, 1), 0],
    load: (...args: LuaValue[]): Result => load(state, args),
    loadstring: (...args: LuaValue[]): Result => {
      const source = checkString(args, 1);
      return loaded(state, source, args[1] === undefined ? source : checkString(args, 2));
    },
    newproxy: (...args: LuaValue[]): Result => newProxy(args[0]),
    next: runtime.NEXT,
    pairs: (...args: LuaValue[]): Result => [runtime.NEXT, checkTable(args, 1), undefined],
    pcall: (...args: LuaValue[]): Result => {
      // Observed 7.2.4: no error without a function.
      if (args.length === 0) return NIL;
      return protectedCall(state, args[0], args.slice(1), undefined);
    },
    rawequal: (...args: LuaValue[]): Result => {
      if (args.length < 2) badArgument(args.length + 1, 'value expected');
      return args[0] === args[1];
    },
    rawget: (...args: LuaValue[]): Result => orNil(checkTable(args, 1).get(args[1])),
    rawset: (...args: LuaValue[]): Result => {
      const target = checkTable(args, 1);
      if (args.length < 3) badArgument(args.length + 1, 'value expected');
      if (target.isReadOnly) throwValue(READ_ONLY);
      setRaw(target, args[1], args[2]);
      return target;
    },
    select: (...args: LuaValue[]): Result => {
      if (args[0] === '#') return args.length - 1;
      const n = checkInt(args, 1);
      const from = n < 0 ? args.length + n : n;
      if (from < 1) badArgument(1, 'index out of range');
      return resultOf(args.slice(from));
    },
    setfenv: (...args: LuaValue[]): Result => setEnvironment(state, args),
    setmetatable: (...args: LuaValue[]): Result => {
      const target = checkTable(args, 1);
      const metatable = args[1];
      if (args.length < 2 || (metatable !== undefined && !(metatable instanceof LuaTable))) {
        badArgument(2, 'nil or table expected');
      }
      if (target.metatable?.getString('__metatable') !== undefined)
        throwError('cannot change a protected metatable');
      if (target.isReadOnly) throwValue(READ_ONLY);
      target.metatable = (metatable as LuaTable | undefined) ?? null;
      return target;
    },
    tonumber: (...args: LuaValue[]): Result => {
      const [value] = args;
      if (args.length < 2 || args[1] === undefined) {
        if (args.length === 0) badArgument(1, 'value expected');
        if (typeof value === 'number') return value;
        return typeof value === 'string' ? orNil(textToNumber(value)) : NIL;
      }
      return toNumberInBase(args);
    },
    tostring: (...args: LuaValue[]): Result => {
      const [value] = args;
      if (typeof value === 'string') return value;
      if (typeof value === 'number') return numberToText(value);
      if (args.length === 0) badArgument(1, 'value expected');
      return toText(state, value);
    },
    type: (...args: LuaValue[]): Result => {
      if (args.length === 0) badArgument(1, 'value expected');
      return typeName(args[0]);
    },
    unpack: (...args: LuaValue[]): Result => unpack(args),
    xpcall: (...args: LuaValue[]): Result => {
      if (args.length < 2) badArgument(2, 'value expected');
      return protectedCall(state, args[0], [], args[1]);
    },
  });
  table.setString('_VERSION', 'Lua 5.1');
  return table;
}

// Without the position that the same error has in an assignment.
function setRaw(table: LuaTable, key: LuaValue, value: LuaValue): void {
  if (key === undefined) throwValue('table index is nil');
  if (Number.isNaN(key)) throwValue('table index is NaN');
  table.set(key, value);
}

function orNil(value: LuaValue): Result {
  return value === undefined ? NIL : value;
}

function metatableOf(state: LuaState, value: LuaValue): LuaTable | null {
  if (value instanceof LuaTable || value instanceof Userdata) return value.metatable;
  return typeof value === 'string' ? state.stringMetatable : null;
}

function toText(state: LuaState, value: LuaValue): Result {
  const handler = state.runtime.metamethod(value, '__tostring');
  if (handler !== undefined) return state.runtime.callable(handler, '')(value);
  switch (typeof value) {
    case 'undefined':
      return 'nil';
    case 'boolean':
      return value ? 'true' : 'false';
    case 'function':
      return `function: ${state.addressOf(value)}`;
    default:
      if (value instanceof Userdata && value.isLight) return 'userdata: (nil)';
      return `${typeName(value)}: ${state.addressOf(value as object)}`;
  }
}

function toNumberInBase(args: LuaValue[]): Result {
  const base = checkInt(args, 2);
  if (base === 10) {
    const value = args[0];
    return typeof value === 'number' ? value : typeof value === 'string' ? orNil(textToNumber(value)) : NIL;
  }
  const text = checkString(args, 1);
  if (base < 2 || base > 36) badArgument(2, 'base out of range');
  return orNil(textToNumberInBase(text, base));
}

function unpack(args: LuaValue[]): Result {
  const table = checkTable(args, 1);
  const from = optionalInteger(args, 2, 1);
  const to = args[2] === undefined ? table.length() : checkInt(args, 3);
  if (from > to) return undefined;
  const count = to - from + 1;
  if (count + args.length > MAX_C_STACK) throwError('too many results to unpack');
  if (from === 1 && count === table.array.length) return resultOf(table.array.slice());
  const values: LuaValue[] = [];
  for (let i = from; i <= to; i++) values.push(table.getInteger(i));
  return resultOf(values);
}

function newProxy(model: LuaValue): Result {
  const proxy = new Userdata(false);
  if (model === true) {
    proxy.metatable = new LuaTable();
  } else if (model instanceof Userdata && model.metatable !== null) {
    proxy.metatable = model.metatable;
  } else if (model !== undefined && model !== false) {
    badArgument(1, 'boolean or proxy expected');
  }
  return proxy;
}

// Garbage is JavaScript's affair: what can be told is told, the rest does as if.
function collectGarbage(state: LuaState, args: LuaValue[]): Result {
  const option = args[0] === undefined ? 'collect' : checkString(args, 1);
  switch (option) {
    case 'count':
      return (EMPTY_WORLD_BYTES + state.memory.used) / 1024;
    case 'step':
      return false;
    case 'setpause':
    case 'setstepmul':
      checkInteger(args);
      return 200;
    case 'collect':
    case 'stop':
    case 'restart':
      return 0;
    default:
      return badArgument(1, `invalid option '${option}'`);
  }
}

function checkInteger(args: LuaValue[]): void {
  optionalInteger(args, 2, 0);
}

// Loading.

function loaded(state: LuaState, source: string, name: string): Result {
  if (source[0] === '\x1b') return [undefined, 'attempt to load a binary chunk'];
  try {
    return state.load(source, name, { hasEnvironments: true });
  } catch (error) {
    if (error instanceof LuaError) return [undefined, error.value];
    throw error;
  }
}

function load(state: LuaState, args: LuaValue[]): Result {
  const [read] = args;
  if (typeof read !== 'function') typeError(args, 1, 'function');
  const name = args[1] === undefined ? '=(load)' : checkString(args, 2);
  return loadPieces(state, read as LuaFunction, name);
}

function* loadPieces(state: LuaState, read: LuaFunction, name: string): Running {
  let source = '';
  for (;;) {
    let result: Result;
    try {
      const called = read();
      result = isRunning(called) ? yield* state.runtime.callback(called) : called;
    } catch (error) {
      const passed = passNative(error);
      if (passed instanceof LuaError) return [undefined, passed.value];
      throw error;
    }
    const piece = firstValue(result);
    if (piece === undefined || piece === '') return loaded(state, source, name);
    if (typeof piece !== 'string' && typeof piece !== 'number') {
      return [undefined, 'reader function must return a string'];
    }
    const text = typeof piece === 'number' ? numberToText(piece) : piece;
    source += text;
    state.charge(text.length);
    if (--state.pacer.left < 0 && state.pacer.tick()) yield;
  }
}

// Protected calls.

function protectedCall(state: LuaState, fn: LuaValue, args: LuaValue[], handler: LuaValue): Result {
  const { depth } = state;
  const { calls, nativeCalls } = depth;
  try {
    const result = state.runtime.callable(fn, '')(...args);
    if (isRunning(result)) return protectedRun(state, result, handler);
    return [true, ...allValues(result)];
  } catch (error) {
    depth.calls = calls;
    depth.nativeCalls = nativeCalls;
    return failed(state, error, handler);
  }
}

function* protectedRun(state: LuaState, running: Running, handler: LuaValue): Running {
  const { depth } = state;
  const { calls, nativeCalls } = depth;
  let caught: unknown;
  try {
    return [true, ...allValues(yield* state.runtime.callback(running))];
  } catch (error) {
    caught = error;
  }
  depth.calls = calls;
  depth.nativeCalls = nativeCalls;
  const result = failed(state, caught, handler);
  return isRunning(result) ? yield* result : result;
}

// What a protected call gives for what it caught. What is not an error of Lua goes on.
function failed(state: LuaState, caught: unknown, handler: LuaValue): Result {
  const error = passNative(caught);
  if (!(error instanceof LuaError) || caught instanceof Killed) throw caught;
  if (handler === undefined) return [false, withoutTable(error.value)];
  return handled(state, error.value, handler);
}

// The server's own pcall: of a table that an error of a command is, the text.
function withoutTable(value: LuaValue): LuaValue {
  if (!(value instanceof LuaTable)) return value;
  const text = value.getString('err');
  return typeof text === 'string' || typeof text === 'number' ? text : value;
}

function* handled(state: LuaState, value: LuaValue, handler: LuaValue): Running {
  try {
    const result = state.runtime.callable(handler, '')(value);
    return [false, ...allValues(isRunning(result) ? yield* state.runtime.callback(result) : result)];
  } catch (error) {
    if (!(passNative(error) instanceof LuaError)) throw error;
    return [false, 'error in error handling'];
  }
}

// Environments.

function environmentOf(state: LuaState, args: LuaValue[]): { table: LuaTable } {
  const [which] = args;
  const { environments } = state;
  if (typeof which === 'function') return environments.of(which) ?? { table: state.globals };
  const level = which === undefined ? 1 : checkInt(args, 1);
  if (level < 0) badArgument(1, 'level must be non-negative');
  return (level === 0 ? null : environments.atLevel(level)) ?? { table: state.globals };
}

function setEnvironment(state: LuaState, args: LuaValue[]): Result {
  const table = checkTable(args, 2);
  const [which] = args;
  let environment: Environment | null | undefined;
  if (typeof which === 'function') {
    environment = state.environments.of(which);
  } else {
    const level = checkNumber(args, 1);
    if (level < 0) badArgument(1, 'level must be non-negative');
    if (level === 0) return undefined;
    environment = state.environments.atLevel(level);
    if (environment === null) badArgument(1, 'invalid level');
  }
  if (environment === undefined || environment === null) {
    throwError("'setfenv' cannot change environment of given object");
  }
  environment.table = table;
  return typeof which === 'function' ? which : undefined;
}
