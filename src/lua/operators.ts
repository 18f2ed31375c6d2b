// Operators on whatever they may meet: strings that spell numbers, metamethods, and the errors of all others. Those that
// end in "Running" may answer with a generator, when a metamethod does; the others run it to its end.

import { toNumber } from './arguments.ts';
import { LuaError, READ_ONLY, throwError } from './errors.ts';
import { numberToText } from './number-text.ts';
import type { LuaState } from './state.ts';
import { LuaTable } from './table.ts';
import {
  firstValue,
  isRunning,
  type LuaValue,
  type Result,
  type Running,
  typeName,
  Userdata,
} from './value.ts';

const MAX_LOOPS = 100;
/** A string that is made of others is counted from this length on. */
const CHARGED_FROM = 1024;

/** What a metamethod's call gives: a value, or a generator that gives one. */
type Value = LuaValue | Running;

export class Operators {
  private readonly state: LuaState;

  constructor(state: LuaState) {
    this.state = state;
  }

  metamethod(value: LuaValue, event: string): LuaValue {
    if (value instanceof LuaTable || value instanceof Userdata) return value.metatable?.getString(event);
    return typeof value === 'string' ? this.state.stringMetatable?.getString(event) : undefined;
  }

  index(object: LuaValue, key: LuaValue, name: string): Value {
    for (let i = 0; i < MAX_LOOPS; i++) {
      let handler: LuaValue;
      if (object instanceof LuaTable) {
        const value = object.get(key);
        if (value !== undefined || object.metatable === null) return value;
        handler = object.metatable.getString('__index');
        if (handler === undefined) return undefined;
      } else {
        handler = this.metamethod(object, '__index');
        if (handler === undefined) throw typeError('index', object, name);
      }
      if (typeof handler === 'function') return this.one(handler(object, key));
      object = handler;
      name = '';
    }
    return throwError('loop in gettable');
  }

  setIndex(object: LuaValue, key: LuaValue, value: LuaValue, name: string): Running | undefined {
    for (let i = 0; i < MAX_LOOPS; i++) {
      let handler: LuaValue;
      if (object instanceof LuaTable) {
        if (object.isReadOnly) throwError(READ_ONLY);
        handler = object.metatable?.getString('__newindex');
        if (handler === undefined || object.get(key) !== undefined) {
          object.set(key, value);
          return undefined;
        }
      } else {
        handler = this.metamethod(object, '__newindex');
        if (handler === undefined) throw typeError('index', object, name);
      }
      if (typeof handler === 'function') {
        const result = handler(object, key, value);
        return isRunning(result) ? this.callback(result, 1) : undefined;
      }
      object = handler;
      name = '';
    }
    return throwError('loop in settable');
  }

  arithmetic(
    event: string,
    compute: (a: number, b: number) => number,
    a: LuaValue,
    b: LuaValue,
    nameOfA: string,
    nameOfB: string,
  ): Value {
    const x = toNumber(a);
    const y = toNumber(b);
    if (x !== undefined && y !== undefined) return compute(x, y);
    const handler = this.metamethod(a, event) ?? this.metamethod(b, event);
    if (handler !== undefined) return this.one(this.callable(handler, '')(a, b));
    throw x === undefined
      ? typeError('perform arithmetic on', a, nameOfA)
      : typeError('perform arithmetic on', b, nameOfB);
  }

  lengthOf(value: LuaValue, name: string): Value {
    if (typeof value === 'string') return value.length;
    if (value instanceof LuaTable) return value.length();
    const handler = this.metamethod(value, '__len');
    if (handler === undefined) throw typeError('get length of', value, name);
    return this.one(this.callable(handler, '')(value));
  }

  /** `values` are two or more; the last two are joined first. */
  concat(values: readonly LuaValue[], names: readonly string[]): Value {
    let at = values.length - 1;
    let joined = values[at];
    while (at-- > 0) {
      const left = values[at];
      const text = joinable(left);
      const rest = joinable(joined);
      if (text !== undefined && rest !== undefined) {
        joined = text + rest;
        continue;
      }
      const nameOfRest = at + 2 === values.length ? names[at + 1]! : '';
      const handler = this.metamethod(left, '__concat') ?? this.metamethod(joined, '__concat');
      if (handler === undefined) {
        throw text === undefined
          ? typeError('concatenate', left, names[at]!)
          : typeError('concatenate', joined, nameOfRest);
      }
      const result = this.one(this.callable(handler, '')(left, joined));
      if (isRunning(result)) return this.concatOn(values, names, at, result);
      joined = result;
    }
    if (typeof joined === 'string' && joined.length >= CHARGED_FROM)
      this.state.memory.chargeJoined(joined, values[0]);
    return joined;
  }

  private *concatOn(
    values: readonly LuaValue[],
    names: readonly string[],
    at: number,
    running: Running,
  ): Running {
    const joined = firstValue(yield* running);
    if (at === 0) return joined;
    const rest = this.concat([...values.slice(0, at), joined], [...names.slice(0, at), '']);
    return isRunning(rest) ? yield* rest : rest;
  }

  lessThan(a: LuaValue, b: LuaValue): Value {
    if (typeof a === 'number' && typeof b === 'number') return a < b;
    if (typeof a === 'string' && typeof b === 'string') return a < b;
    const handler = this.orderHandler(a, b, '__lt');
    if (handler === undefined) throw orderError(a, b);
    return this.truth(this.callable(handler, '')(a, b), false);
  }

  lessOrEqual(a: LuaValue, b: LuaValue): Value {
    if (typeof a === 'number' && typeof b === 'number') return a <= b;
    if (typeof a === 'string' && typeof b === 'string') return a <= b;
    const handler = this.orderHandler(a, b, '__le');
    if (handler !== undefined) return this.truth(this.callable(handler, '')(a, b), false);
    const inverse = this.orderHandler(b, a, '__lt');
    if (inverse === undefined) throw orderError(a, b);
    return this.truth(this.callable(inverse, '')(b, a), true);
  }

  /** Of two objects that are not the same. */
  equalObjects(a: LuaValue, b: LuaValue): Value {
    const areAlike =
      (a instanceof LuaTable && b instanceof LuaTable) || (a instanceof Userdata && b instanceof Userdata);
    if (!areAlike || a.metatable === null || b.metatable === null) return false;
    const handler = this.orderHandler(a, b, '__eq');
    return handler === undefined ? false : this.truth(this.callable(handler, '')(a, b), false);
  }

  // Both operands must have the same handler.
  private orderHandler(a: LuaValue, b: LuaValue, event: string): LuaValue {
    if (typeName(a) !== typeName(b)) return undefined;
    const handler = this.metamethod(a, event);
    return handler !== undefined && handler === this.metamethod(b, event) ? handler : undefined;
  }

  /** What to call for a value that is called: for one that cannot be, a function that throws. */
  callable(value: LuaValue, name: string): (...args: LuaValue[]) => Result {
    if (typeof value === 'function') return value;
    const handler = this.metamethod(value, '__call');
    if (typeof handler === 'function') return (...args) => handler(value, ...args);
    return () => {
      throw typeError('call', value, name);
    };
  }

  // The first value of a metamethod's result.
  private one(result: Result): Value {
    return isRunning(result) ? this.firstOf(result) : firstValue(result);
  }

  private *firstOf(running: Running): Running {
    return firstValue(yield* this.callback(running, 1));
  }

  private truth(result: Result, isInverted: boolean): Value {
    if (isRunning(result)) return this.truthOf(result, isInverted);
    return isTrue(firstValue(result)) !== isInverted;
  }

  private *truthOf(running: Running, isInverted: boolean): Running {
    return isTrue(firstValue(yield* this.callback(running, 1))) !== isInverted;
  }

  /** Runs a call that a native made: nothing in it can yield to a coroutine's resume. Gives a result that is complete. */
  *callback(running: Running, level = 0): Running {
    const { depth } = this.state;
    const { current } = this.state;
    depth.enterNative(level);
    if (current !== null) current.nativeCalls++;
    try {
      let result = yield* running;
      while (isRunning(result)) result = yield* result;
      return result;
    } finally {
      depth.nativeCalls--;
      if (current !== null) current.nativeCalls--;
    }
  }
}

/** The error of an operation on a value that does not have it. `name` is "local 'x'" or ''. */
export function typeError(operation: string, value: LuaValue, name: string): LuaError {
  const type = typeName(value);
  return new LuaError(
    name === ''
      ? `attempt to ${operation} a ${type} value`
      : `attempt to ${operation} ${name} (a ${type} value)`,
    1,
  );
}

function orderError(a: LuaValue, b: LuaValue): LuaError {
  const x = typeName(a);
  const y = typeName(b);
  // Lua tells types apart by their third letter here.
  return new LuaError(
    x[2] === y[2] ? `attempt to compare two ${x} values` : `attempt to compare ${x} with ${y}`,
    1,
  );
}

function joinable(value: LuaValue): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? numberToText(value) : undefined;
}

function isTrue(value: LuaValue): boolean {
  return value !== undefined && value !== false;
}
