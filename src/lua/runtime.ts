// What generated code calls. Its names are those that function-emitter.ts and expression-emitter.ts write.

import { ExactExponential } from '../base/exact-exponential.ts';
import { checkTable, toNumber } from './arguments.ts';
import { LuaError, throwError } from './errors.ts';
import { where } from './frames.ts';
import { negate, numberToText } from './number-text.ts';
import { Operators } from './operators.ts';
import { Chains, Segment } from './segments.ts';
import { MAX_CALLS } from './stack-depth.ts';
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
  RunningClass,
  resultOf,
} from './value.ts';

export type Runtime = ReturnType<typeof createRuntime>;

const CHARGED_FROM = 1024;

export function createRuntime(state: LuaState) {
  const operators = new Operators(state);
  const natives = new WeakSet<LuaFunction>();

  /** Runs what may be under way to its end, without a pause. */
  const settle = (result: Result): LuaValue | LuaValue[] =>
    typeof result === 'object' && result instanceof RunningClass ? runToEnd(result) : result;

  const runToEnd = (running: Running): LuaValue | LuaValue[] => {
    const { depth, current } = state;
    const chains = new Chains(depth);
    const { segmentEnd } = depth;
    depth.enterNative();
    if (current !== null) current.nativeCalls++;
    try {
      chains.begin(running);
      for (;;) {
        const value = chains.advance(undefined, false);
        if (chains.isEmpty) return value as LuaValue;
      }
    } finally {
      depth.nativeCalls--;
      depth.segmentEnd = segmentEnd;
      if (current !== null) current.nativeCalls--;
    }
  };

  const one = (value: LuaValue | Running): LuaValue => settle(value) as LuaValue;

  const arithmetic = (event: string, compute: (a: number, b: number) => number) => {
    const running = (a: LuaValue, b: LuaValue, x: string, y: string) =>
      operators.arithmetic(event, compute, a, b, x, y);
    return { running, toEnd: (a: LuaValue, b: LuaValue, x: string, y: string) => one(running(a, b, x, y)) };
  };
  const add = arithmetic('__add', (a, b) => a + b);
  const subtract = arithmetic('__sub', (a, b) => a - b);
  const multiply = arithmetic('__mul', (a, b) => a * b);
  const divide = arithmetic('__div', (a, b) => a / b);
  const modulo = arithmetic('__mod', mod);
  const exponential = new ExactExponential();
  const pow = (base: number, exponent: number) => exponential.pow(base, exponent);
  const power = arithmetic('__pow', pow);
  const minus = (a: LuaValue, name: string) => operators.arithmetic('__unm', negate, a, a, name, name);

  const concatTwo = (a: LuaValue, b: LuaValue, x: string, y: string): LuaValue | Running => {
    if (typeof a === 'string') {
      if (typeof b === 'string') return joined(a + b, a);
      if (typeof b === 'number') return joined(a + numberToText(b), a);
    } else if (typeof a === 'number' && typeof b === 'string') {
      return joined(numberToText(a) + b, a);
    }
    return operators.concat([a, b], [x, y]);
  };
  const joined = (text: string, left: LuaValue): string => {
    if (text.length >= CHARGED_FROM) state.memory.chargeJoined(text, left);
    return text;
  };

  const index = (object: LuaValue, key: LuaValue, name: string): LuaValue | Running => {
    if (object instanceof LuaTable) {
      const value = object.get(key);
      if (value !== undefined || object.metatable === null) return value;
      // A method of a class: found in the table that the metatable names.
      const methods = object.metatable.getString('__index');
      if (methods === undefined) return undefined;
      if (methods instanceof LuaTable) {
        const inherited = methods.get(key);
        if (inherited !== undefined || methods.metatable === null) return inherited;
      }
    }
    return operators.index(object, key, name);
  };

  const next: LuaFunction = (...args) => {
    const table = checkTable(args, 1);
    const key = args[1];
    const following = table.next(key);
    return following === undefined ? NIL : [following, table.get(following)];
  };
  const ipairsStep: LuaFunction = (table, i) => {
    const following = (i as number) + 1;
    const value = (table as LuaTable).getInteger(following);
    return value === undefined ? NIL : [following, value];
  };
  natives.add(next);
  natives.add(ipairsStep);

  return {
    T: LuaTable,
    G: RunningClass,
    D: state.depth,
    P: state.pacer,
    V: state.environments,
    N: natives,
    DB: state.debugFrames,
    MAX: MAX_CALLS,
    NIL,
    NEXT: next,
    INEXT: ipairsStep,
    Segment,
    where,
    all: allValues,
    first: firstValue,
    resultOf,
    settle,
    mod,
    pow,
    build,
    argTable,
    forNumber,
    tail,
    callable: (value: LuaValue, name: string) => operators.callable(value, name),
    /** Runs a call that a native makes. `level` is 1 where it is made for a statement of Lua. */
    callback: (running: Running, level = 0) => operators.callback(running, level),
    add: add.toEnd,
    addRunning: add.running,
    subtract: subtract.toEnd,
    subtractRunning: subtract.running,
    multiply: multiply.toEnd,
    multiplyRunning: multiply.running,
    divide: divide.toEnd,
    divideRunning: divide.running,
    modulo: modulo.toEnd,
    moduloRunning: modulo.running,
    power: power.toEnd,
    powerRunning: power.running,
    negate: (a: LuaValue, name: string) => one(minus(a, name)),
    negateRunning: minus,
    lengthOf: (a: LuaValue, name: string) => one(operators.lengthOf(a, name)),
    lengthOfRunning: (a: LuaValue, name: string) => operators.lengthOf(a, name),
    lessThan: (a: LuaValue, b: LuaValue) => one(operators.lessThan(a, b)),
    lessThanRunning: (a: LuaValue, b: LuaValue) => operators.lessThan(a, b),
    lessOrEqual: (a: LuaValue, b: LuaValue) => one(operators.lessOrEqual(a, b)),
    lessOrEqualRunning: (a: LuaValue, b: LuaValue) => operators.lessOrEqual(a, b),
    equalObjects: (a: LuaValue, b: LuaValue) => one(operators.equalObjects(a, b)),
    equalObjectsRunning: (a: LuaValue, b: LuaValue) => operators.equalObjects(a, b),
    concatTwo: (a: LuaValue, b: LuaValue, x: string, y: string) => one(concatTwo(a, b, x, y)),
    concatTwoRunning: concatTwo,
    concat: (values: LuaValue[], names: string[]) => one(operators.concat(values, names)),
    concatRunning: (values: LuaValue[], names: string[]) => operators.concat(values, names),
    index: (object: LuaValue, key: LuaValue, name: string) => one(index(object, key, name)),
    indexRunning: index,
    setIndex: (object: LuaValue, key: LuaValue, value: LuaValue, name: string) => {
      settle(operators.setIndex(object, key, value, name));
    },
    setIndexRunning: (object: LuaValue, key: LuaValue, value: LuaValue, name: string) =>
      operators.setIndex(object, key, value, name),
    metamethod: (value: LuaValue, event: string) => operators.metamethod(value, event),
    toEnd: (result: Result) => allValues(settle(result)),
  };
}

/** Lua's `%`: the result has the sign of the divisor. */
function mod(a: number, b: number): number {
  return a - Math.floor(a / b) * b;
}

/** The table of a constructor: `layout` says of each item whether it is one of the list (i) or a key and its value (f). */
function build(layout: string, items: LuaValue[]): LuaTable {
  const list: LuaValue[] = [];
  const fields: LuaValue[] = [];
  let at = 0;
  for (let i = 0; i < layout.length; i++) {
    if (layout[i] === 'f') fields.push(items[at++], items[at++]);
    else if (i < layout.length - 1) list.push(items[at++]);
    else while (at < items.length) list.push(items[at++]);
  }
  const size = list.length;
  const table = LuaTable.ofList(list);
  table.hashSlots = fields.length / 2;
  for (let i = 0; i < fields.length; i += 2) {
    const key = fields[i];
    // The list is stored last, whatever the order.
    if (typeof key === 'number' && key >= 1 && key <= size && Number.isInteger(key)) continue;
    table.setInHash(key, fields[i + 1]);
  }
  return table;
}

function argTable(values: LuaValue[]): LuaTable {
  const table = LuaTable.ofList(values.slice());
  table.setString('n', values.length);
  return table;
}

function forNumber(value: LuaValue, what: string): number {
  return toNumber(value) ?? throwError(`'for' ${what} must be a number`);
}

/** Runs on what a tail call left. The function that made it is gone: where an error asks for it, there is no position. */
function* tail(running: Running): Running {
  try {
    let result = yield* running;
    while (isRunning(result)) result = yield* result;
    return result;
  } catch (error) {
    if (error instanceof LuaError && error.level > 0) error.level--;
    throw error;
  }
}
