// A Lua world for tests, as scripts on the server have it but without a server: all libraries, read-only, and a `redis`
// table of a few natives.

import { sha1Hex } from '../../src/base/sha1.ts';
import { baseLibrary } from '../../src/lua/base-library.ts';
import { bitLibrary } from '../../src/lua/bit.ts';
import { cjsonLibrary } from '../../src/lua/cjson.ts';
import { cmsgpackLibrary } from '../../src/lua/cmsgpack.ts';
import { coroutineLibrary } from '../../src/lua/coroutine-library.ts';
import { LuaError, throwError } from '../../src/lua/errors.ts';
import { mathLibrary } from '../../src/lua/math-library.ts';
import { Rand48 } from '../../src/lua/rand48.ts';
import { LuaState, type LuaStateOptions } from '../../src/lua/state.ts';
import { stringLibrary } from '../../src/lua/string-library.ts';
import { structLibrary } from '../../src/lua/struct.ts';
import { LuaTable } from '../../src/lua/table.ts';
import { tableLibrary } from '../../src/lua/table-library.ts';
import { firstValue, type LuaFunction, type LuaValue, type Result } from '../../src/lua/value.ts';

/** A state whose globals are read-only; `natives` are what its `redis` has. */
export function newWorld(
  options: LuaStateOptions = {},
  natives: Readonly<Record<string, LuaFunction>> = {},
): LuaState {
  const state = new LuaState(options);
  const { globals } = state;
  const base = baseLibrary(state);
  for (let name = base.next(undefined); name !== undefined; name = base.next(name)) {
    globals.set(name, base.get(name));
  }
  globals.setString('coroutine', coroutineLibrary(state));
  globals.setString('table', tableLibrary(state));
  globals.setString('string', stringLibrary(state));
  globals.setString('math', mathLibrary(state, new Rand48()));
  globals.setString('cjson', cjsonLibrary(state));
  globals.setString('struct', structLibrary(state));
  globals.setString('cmsgpack', cmsgpackLibrary(state));
  globals.setString('bit', bitLibrary(state));
  globals.setString('redis', state.library(natives));
  globals.setString('_G', globals);
  for (let name = globals.next(undefined); name !== undefined; name = globals.next(name)) {
    const library = globals.get(name);
    if (library instanceof LuaTable) library.isReadOnly = true;
  }
  const metatable = new LuaTable();
  metatable.setString(
    '__index',
    state.native('__index', (_table, name) =>
      throwError(`Script attempted to access nonexistent global variable '${String(name)}'`),
    ),
  );
  metatable.isReadOnly = true;
  globals.metatable = metatable;
  globals.isReadOnly = true;
  return state;
}

/** Runs a script to its end, however often it pauses: its result, or the error that it ended with is thrown. */
export function runScript(state: LuaState, script: string): Result {
  const execution = state.start(state.load(script, '@user_script'), []);
  while (execution.run() === 'paused');
  if (execution.hasFailed) throw execution.error;
  return execution.result;
}

/** The reply in RESP2 to EVAL of a script, as latin1. */
export function evalReply(state: LuaState, script: string): string {
  try {
    return replyText(firstValue(runScript(state, script)));
  } catch (error) {
    if (!(error instanceof LuaError)) throw error;
    if (error.source === undefined) {
      return `-ERR Error compiling script (new function): ${String(error.value)}\r\n`;
    }
    const { value } = error;
    const text = value instanceof LuaTable ? String(value.getString('err')) : `ERR ${valueText(value)}`;
    const digest = sha1Hex(Buffer.from(script, 'latin1'));
    return `-${text.replace(/[\r\n]/g, ' ')} script: ${digest}, on ${error.source}:${error.line}.\r\n`;
  }
}

function valueText(value: LuaValue): string {
  return value === undefined ? 'nil' : String(value);
}

function replyText(value: LuaValue): string {
  switch (typeof value) {
    case 'number':
      return `:${Math.trunc(value) + 0}\r\n`;
    case 'string':
      return `$${value.length}\r\n${value}\r\n`;
    case 'boolean':
      return value ? ':1\r\n' : '$-1\r\n';
    default:
      return value instanceof LuaTable ? tableText(value) : '$-1\r\n';
  }
}

function tableText(table: LuaTable): string {
  const error = table.getString('err');
  if (typeof error === 'string') return `-${error}\r\n`;
  const status = table.getString('ok');
  if (typeof status === 'string') return `+${status}\r\n`;
  const items: string[] = [];
  for (let i = 1; table.getInteger(i) !== undefined; i++) items.push(replyText(table.getInteger(i)));
  return `*${items.length}\r\n${items.join('')}`;
}
