// The library table of Lua 5.1. Tables are read and written without metamethods, as there. What may take long or calls
// back into Lua is a call under way (a generator), so that it can be stopped.

import { checkFunction, checkInt, checkString, checkTable } from './arguments.ts';
import { throwError, throwValue } from './errors.ts';
import { passNative } from './frames.ts';
import { LONG, LongText } from './long-text.ts';
import { numberToText } from './number-text.ts';
import type { LuaState } from './state.ts';
import type { LuaTable } from './table.ts';
import { TableSort } from './table-sort.ts';
import {
  firstValue,
  isRunning,
  type LuaFunction,
  type LuaValue,
  NIL,
  type Result,
  type Running,
  typeName,
} from './value.ts';

/** The library's table. */
export function tableLibrary(state: LuaState): LuaTable {
  return state.library({
    concat: (...args: LuaValue[]) => concat(state, args),
    insert: (...args: LuaValue[]) => insert(args),
    remove: (...args: LuaValue[]) => remove(args),
    sort: (...args: LuaValue[]) => sort(state, args),
    foreach: (...args: LuaValue[]) => forEach(state, checkTable(args, 1), checkFunction(args, 2)),
    foreachi: (...args: LuaValue[]) => forEachIndex(state, checkTable(args, 1), checkFunction(args, 2)),
    getn: (...args: LuaValue[]) => checkTable(args, 1).length(),
    maxn: (...args: LuaValue[]) => largestKey(checkTable(args, 1)),
    setn: (...args: LuaValue[]) => {
      checkTable(args, 1);
      throwError("'setn' is obsolete");
    },
  });
}

function concat(state: LuaState, args: LuaValue[]): string {
  const separator = args[1] === undefined ? '' : checkString(args, 2);
  const table = checkTable(args, 1);
  const first = args[2] === undefined ? 1 : checkInt(args, 3);
  const last = args[3] === undefined ? table.length() : checkInt(args, 4);
  const before = new LongText(state);
  let text = '';
  for (let i = first; i <= last; i++) {
    if (text.length > LONG) {
      before.add(text);
      text = '';
    }
    const value = table.getInteger(i);
    if (typeof value === 'string') text += value;
    else if (typeof value === 'number') text += numberToText(value);
    else throwError(`invalid value (${typeName(value)}) at index ${i} in table for 'concat'`);
    if (i < last) text += separator;
  }
  return before.finish(text);
}

function insert(args: LuaValue[]): Result {
  const table = checkTable(args, 1);
  const end = table.length() + 1;
  if (args.length === 2) {
    checkWritable(table);
    table.setInteger(end, args[1]);
    return undefined;
  }
  if (args.length !== 3) throwError("wrong number of arguments to 'insert'");
  const at = checkInt(args, 2);
  checkWritable(table);
  if (at < FAR_BELOW) moveUpFrom(table, at, end);
  else for (let i = end; i > at; i--) table.setInteger(i, table.getInteger(i - 1));
  table.setInteger(at, args[2]);
  return undefined;
}

/** Moves what is there from `at` on up by one, for a position so far below 1 that hardly any is taken. */
function moveUpFrom(table: LuaTable, at: number, end: number): void {
  const moved: [number, LuaValue][] = [];
  for (let key = table.next(undefined); key !== undefined; key = table.next(key)) {
    if (typeof key === 'number' && key >= at && key <= end && key === Math.trunc(key))
      moved.push([key, table.getInteger(key)]);
  }
  for (const [key] of moved) table.setInteger(key, undefined);
  for (const [key, value] of moved) if (key < end) table.setInteger(key + 1, value);
}

function remove(args: LuaValue[]): Result {
  const table = checkTable(args, 1);
  const end = table.length();
  const at = args[1] === undefined ? end : checkInt(args, 2);
  if (at < 1 || at > end) return undefined;
  const removed = table.getInteger(at);
  checkWritable(table);
  for (let i = at; i < end; i++) table.setInteger(i, table.getInteger(i + 1));
  table.setInteger(end, undefined);
  return removed === undefined ? NIL : removed;
}

function* forEach(state: LuaState, table: LuaTable, visit: LuaFunction): Running {
  let count = 0;
  for (let key = table.next(undefined); key !== undefined; key = table.next(key)) {
    const value = firstValue(yield* visited(state, visit, key, table.get(key)));
    if (value !== undefined) return value;
    if ((++count & PAUSE_MASK) === 0 && state.pacer.tick()) yield;
  }
  return undefined;
}

function* forEachIndex(state: LuaState, table: LuaTable, visit: LuaFunction): Running {
  const length = table.length();
  for (let i = 1; i <= length; i++) {
    const value = firstValue(yield* visited(state, visit, i, table.getInteger(i)));
    if (value !== undefined) return value;
    if ((i & PAUSE_MASK) === 0 && state.pacer.tick()) yield;
  }
  return undefined;
}

function* visited(state: LuaState, visit: LuaFunction, key: LuaValue, value: LuaValue): Running {
  try {
    const result = visit(key, value);
    return isRunning(result) ? yield* state.runtime.callback(result) : result;
  } catch (error) {
    throw passNative(error);
  }
}

function largestKey(table: LuaTable): number {
  let largest = 0;
  for (let key = table.next(undefined); key !== undefined; key = table.next(key))
    if (typeof key === 'number' && key > largest) largest = key;
  return largest;
}

function sort(state: LuaState, args: LuaValue[]): Result {
  const table = checkTable(args, 1);
  const length = table.length();
  if (args[1] !== undefined) return sortBy(state, table, length, checkFunction(args, 2));
  if (length > 1) checkWritable(table);
  if (sortPlainly(table, length)) return undefined;
  return sortBy(state, table, length, (a, b) => state.lessThan(a, b));
}

/** Sorts a table that has only numbers or only strings; false when it has anything else. */
function sortPlainly(table: LuaTable, length: number): boolean {
  if (length < 2) return true;
  const first = table.getInteger(1);
  return typeof first === 'number'
    ? sortNumbers(table, length)
    : typeof first === 'string' && sortStrings(table, length);
}

function sortNumbers(table: LuaTable, length: number): boolean {
  const numbers = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const value = table.getInteger(i + 1);
    // NaN and -0 end up where Lua's own way of sorting takes them.
    if (typeof value !== 'number' || Number.isNaN(value) || Object.is(value, -0)) return false;
    numbers[i] = value;
  }
  numbers.sort();
  for (let i = 0; i < length; i++) table.setInteger(i + 1, numbers[i]);
  return true;
}

function sortStrings(table: LuaTable, length: number): boolean {
  const strings: string[] = [];
  for (let i = 1; i <= length; i++) {
    const value = table.getInteger(i);
    if (typeof value !== 'string') return false;
    strings.push(value);
  }
  strings.sort();
  for (let i = 0; i < length; i++) table.setInteger(i + 1, strings[i]);
  return true;
}

/** Sorts by a function that says whether its first argument comes before its second. */
function sortBy(state: LuaState, table: LuaTable, length: number, isLess: LuaFunction): Result {
  const order = new TableSort(table);
  let count = 0;
  for (let goesOn = order.start(length); goesOn; ) {
    const result = ask(order, isLess);
    if (isRunning(result)) return goOnSorting(state, order, isLess, result);
    goesOn = order.answer(isTrue(result));
    if ((++count & PAUSE_MASK) === 0 && goesOn && state.pacer.tick())
      return goOnSorting(state, order, isLess, undefined);
  }
  return undefined;
}

/** The rest of a sort, as a call under way: from the answer that `asked` will give, or from a question. */
function* goOnSorting(
  state: LuaState,
  order: TableSort,
  isLess: LuaFunction,
  asked: Running | undefined,
): Running {
  let running = asked;
  let count = 0;
  for (;;) {
    const result = running === undefined ? ask(order, isLess) : running;
    running = undefined;
    const isLower = isTrue(isRunning(result) ? yield* answered(state, result) : result);
    if (!order.answer(isLower)) return undefined;
    if ((++count & PAUSE_MASK) === 0 && state.pacer.tick()) yield;
  }
}

function ask(order: TableSort, isLess: LuaFunction): Result {
  try {
    return isLess(order.first, order.second);
  } catch (error) {
    throw passNative(error);
  }
}

function* answered(state: LuaState, running: Running): Running {
  try {
    return yield* state.runtime.callback(running);
  } catch (error) {
    throw passNative(error);
  }
}

function isTrue(result: Result): boolean {
  const value = firstValue(result);
  return value !== undefined && value !== false;
}

const FAR_BELOW = -1000;
/** Every so many comparisons or visits, it is asked whether to pause. */
const PAUSE_MASK = (1 << 10) - 1;

function checkWritable(table: LuaTable): void {
  if (table.isReadOnly) throwValue('Attempt to modify a readonly table');
}
