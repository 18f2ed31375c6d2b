// The Lua state that EVAL's scripts live in. They share it, one after another; what they share is read-only but for KEYS and
// ARGV, which are set anew for each.

import { LuaError } from '../lua/errors.ts';
import type { LuaState } from '../lua/state.ts';
import { LuaTable } from '../lua/table.ts';
import type { LuaFunction, LuaValue } from '../lua/value.ts';
import { scriptNotCompiled } from '../resp/errors.ts';
import { forbidUnknown, newState, protect, type WorldParts } from './lua-world.ts';
import { addScriptFunctions, redisTable, type ScriptFollower } from './redis-api.ts';
import { valueText } from './value-text.ts';

const CHUNK_NAME = '@user_script';

export class EvalWorld {
  readonly state: LuaState;

  constructor(parts: WorldParts, follower: () => ScriptFollower | null) {
    const { state, libraries } = newState(parts);
    this.state = state;
    const { globals } = state;
    for (let key = libraries.next(undefined); key !== undefined; key = libraries.next(key)) {
      globals.set(key, libraries.get(key));
    }
    const redis = redisTable(state, parts);
    addScriptFunctions(redis, state, follower);
    globals.setString('redis', redis);
    globals.setString('_G', globals);
    // Part of what scripts can list, and called by nothing here: errors know by themselves where they happened.
    globals.setString(
      '__redis__err__handler',
      state.native('__redis__err__handler', (error: LuaValue) => error),
    );
    forbidUnknown(state, globals);
    protect(globals);
  }

  /** Compiles a script. Throws a ReplyError that says what is wrong with it. */
  load(code: string, isDebugged = false): LuaFunction {
    try {
      return this.state.load(code, CHUNK_NAME, { debug: isDebugged });
    } catch (error) {
      if (!(error instanceof LuaError)) throw error;
      throw scriptNotCompiled(valueText(error.value));
    }
  }

  /** Sets what the next script finds as its arguments. */
  setArguments(keys: LuaValue[], values: LuaValue[]): void {
    const { globals } = this.state;
    globals.setString('KEYS', new LuaTable(keys));
    globals.setString('ARGV', new LuaTable(values));
  }
}
