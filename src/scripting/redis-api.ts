// The table `redis` that scripts and functions find among their globals.

import { toBytes, untilZero } from '../base/bytes.ts';
import type { Logger } from '../base/logger.ts';
import { sha1Hex } from '../base/sha1.ts';
import { REDIS_VERSION, REDIS_VERSION_NUMBER } from '../base/version.ts';
import { type Propagation, TARGETS, type Targets } from '../engine/propagation.ts';
import { throwValue } from '../lua/errors.ts';
import { numberToText, textToNumber } from '../lua/number-text.ts';
import type { LuaState } from '../lua/state.ts';
import { LuaTable } from '../lua/table.ts';
import { type LuaValue, NIL, type Result } from '../lua/value.ts';
import { failure } from '../resp/errors.ts';
import type { CommandCaller } from './command-caller.ts';
import { ERROR_FIELD, single } from './reply-to-lua.ts';

const LOG_LEVELS = ['debug', 'verbose', 'notice', 'warning'] as const;

/** What the functions of the table reach. */
export interface ApiParts {
  readonly caller: CommandCaller;
  readonly log: Logger;
  readonly propagation: Propagation;
}

/** What follows a script step by step. */
export interface ScriptFollower {
  /** The script asks to stop behind this statement; returns whether there is anyone to stop for. */
  breakpoint(): boolean;
  /** The script says something. */
  debug(values: readonly LuaValue[], state: LuaState): void;
}

/** The table that every script and function gets. */
export function redisTable(state: LuaState, parts: ApiParts): LuaTable {
  const { caller, propagation } = parts;
  const table = state.library({
    call: (...values: LuaValue[]): Result => {
      const value = caller.call(values);
      if (caller.hasFailed) throwValue(value);
      return value === undefined ? NIL : value;
    },
    pcall: (...values: LuaValue[]): Result => {
      const value = caller.call(values);
      return value === undefined ? NIL : value;
    },
    setresp: (...values: LuaValue[]): Result => {
      if (values.length !== 1) fail('redis.setresp() requires one argument.');
      const protocol = Math.trunc(numberOf(values[0]));
      if (protocol !== 2 && protocol !== 3) fail('RESP version must be 2 or 3.');
      caller.client.protocol = protocol;
      return undefined;
    },
    sha1hex: (...values: LuaValue[]): Result => {
      if (values.length !== 1) fail('wrong number of arguments');
      return sha1Hex(toBytes(textOf(values[0]) ?? ''));
    },
    error_reply: (...values: LuaValue[]): Result => {
      const [text] = values;
      if (values.length !== 1 || typeof text !== 'string') return errorReply(WRONG_ARGUMENTS);
      return errorReply(text.startsWith('-') ? text : `-${text}`);
    },
    status_reply: (...values: LuaValue[]): Result => {
      const [text] = values;
      if (values.length !== 1 || typeof text !== 'string') return errorReply(WRONG_ARGUMENTS);
      return single('ok', text);
    },
    set_repl: (...values: LuaValue[]): Result => {
      if (values.length !== 1) fail('redis.set_repl() requires one argument.');
      const targets = Math.trunc(numberOf(values[0]));
      if (targets < TARGETS.NONE || targets > TARGETS.ALL) {
        fail('Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.');
      }
      propagation.targets = targets as Targets;
      return undefined;
    },
    acl_check_cmd: (...values: LuaValue[]): Result => {
      const { command, problem } = caller.lookUp(values);
      if (problem !== null) throwValue(single(ERROR_FIELD, problem));
      if (command === null) fail('Invalid command passed to redis.acl_check_cmd()');
      return caller.isAllowed(command);
    },
  });
  addLog(table, state, parts.log);
  addVersion(table);
  table.setString('REPL_NONE', TARGETS.NONE);
  table.setString('REPL_AOF', TARGETS.AOF);
  table.setString('REPL_SLAVE', TARGETS.REPLICAS);
  table.setString('REPL_REPLICA', TARGETS.REPLICAS);
  table.setString('REPL_ALL', TARGETS.ALL);
  return table;
}

/** Adds what scripts have beyond functions. `follower` is asked anew each time. */
export function addScriptFunctions(
  table: LuaTable,
  state: LuaState,
  follower: () => ScriptFollower | null,
): void {
  const functions = {
    breakpoint: (): Result => follower()?.breakpoint() ?? false,
    debug: (...values: LuaValue[]): Result => {
      follower()?.debug(values, state);
      return undefined;
    },
    // All scripts replicate their commands since 7.0.
    replicate_commands: (): Result => true,
  };
  for (const [name, run] of Object.entries(functions)) table.setString(name, state.native(name, run));
}

/** The table that the code of a library finds while it is loaded: no commands, but what registers functions. */
export function libraryTable(
  state: LuaState,
  log: Logger,
  register: (...values: LuaValue[]) => Result,
): LuaTable {
  const table = new LuaTable();
  table.setString('register_function', state.native('register_function', register));
  addLog(table, state, log);
  addVersion(table);
  return table;
}

/** Throws the table that scripts get for an error of `redis`. */
export function fail(message: string): never {
  throwValue(single(ERROR_FIELD, failure(message).line));
}

const WRONG_ARGUMENTS = 'wrong number or type of arguments';

// A text that begins with `-` begins with its own code, if there is more than one word.
function errorReply(text: string): LuaTable {
  const message = untilZero(text);
  const space = message.indexOf(' ');
  const hasCode = message.startsWith('-') && space >= 0;
  const code = hasCode ? message.slice(1, space) : 'ERR';
  const rest = hasCode ? message.slice(space + 1) : message.replace(/^-/, '');
  return single(ERROR_FIELD, `${code} ${rest.replace(/^[\r\n]+|[\r\n]+$/g, '')}`);
}

function addLog(table: LuaTable, state: LuaState, log: Logger): void {
  const write = (...values: LuaValue[]): Result => {
    if (values.length < 2) fail('redis.log() requires two arguments or more.');
    const number = typeof values[0] === 'string' ? textToNumber(values[0]) : values[0];
    if (typeof number !== 'number') fail('First argument must be a number (log level).');
    const level = LOG_LEVELS[Math.trunc(number)];
    if (level === undefined) fail('Invalid debug level.');
    let line = '';
    for (let i = 1; i < values.length; i++) {
      const text = textOf(values[i]);
      if (text !== null) line += i === 1 ? text : ` ${text}`;
    }
    log[level](line);
    return undefined;
  };
  table.setString('log', state.native('log', write));
  for (const [number, level] of LOG_LEVELS.entries()) table.setString(`LOG_${level.toUpperCase()}`, number);
}

function addVersion(table: LuaTable): void {
  table.setString('REDIS_VERSION_NUM', REDIS_VERSION_NUMBER);
  table.setString('REDIS_VERSION', REDIS_VERSION);
}

// As Lua's own C functions read arguments: numbers are texts, and texts that spell numbers are numbers.
function textOf(value: LuaValue): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? numberToText(value) : null;
}

function numberOf(value: LuaValue): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? (textToNumber(value) ?? 0) : 0;
}
