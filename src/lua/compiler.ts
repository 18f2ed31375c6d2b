// Source text to a function: the one place where text becomes code of JavaScript. What goes into that text is made by the
// emitters from a checked tree; names of a script do not appear in it, its strings only through `quote`.

import { Builtins } from './builtins.ts';
import { ChunkParts } from './emitter.ts';
import type { Environment } from './environments.ts';
import { LuaError } from './errors.ts';
import type { Sites } from './frames.ts';
import { emitFunction } from './function-emitter.ts';
import { parseChunk } from './parser.ts';
import type { LoadOptions, LuaState } from './state.ts';
import type { LuaTable } from './table.ts';
import type { LuaFunction } from './value.ts';

// Where none of these is spoken of, no metatable with functions can come up: all others are read-only or the host's.
const MAKES_METATABLES = /\b(setmetatable|getmetatable|newproxy|_G|getfenv|setfenv|load|loadstring)\b/;
const MAKES_ENVIRONMENTS = /\b(getfenv|setfenv)\b/;

/** Compiles a chunk. Throws a LuaError. */
export function compileChunk(
  state: LuaState,
  source: string,
  chunkName: string,
  options: LoadOptions,
): LuaFunction {
  const environment = options.environment ?? state.globals;
  const tree = parseChunk(source, chunkName);
  const hasEnvironments = options.hasEnvironments === true || MAKES_ENVIRONMENTS.test(source);
  const parts = new ChunkParts(new Builtins(environment), {
    hasMetamethods: MAKES_METATABLES.test(source),
    hasEnvironments,
    isDebug: options.debug === true,
  });
  let make: MakeChunk;
  try {
    emitFunction(parts, tree);
    make = instantiate(state, parts, tree.id);
  } catch (error) {
    // Code that is nested too deeply for JavaScript.
    if (error instanceof RangeError) throw new LuaError('chunk has too many syntax levels', 0);
    throw error;
  }
  const sites: Sites = { chunkName, sites: parts.sites };
  return make(state.runtime, parts.natives, environment, sites, { table: environment, caller: null });
}

type MakeChunk = (
  runtime: LuaState['runtime'],
  natives: readonly LuaFunction[],
  globals: LuaTable,
  sites: Sites,
  environment: Environment,
) => LuaFunction;

function instantiate(state: LuaState, parts: ChunkParts, id: number): MakeChunk {
  const natives = parts.natives.map((_, i) => `n${i}`).join(',');
  const code =
    `"use strict";const {${Object.keys(state.runtime).join(',')}}=R;const [${natives}]=L;` +
    `${parts.functions.join('\n')}\nreturn m${id}(${parts.hasEnvironments ? 'O' : ''});`;
  return new Function('R', 'L', 'E', 'S', 'O', code) as MakeChunk;
}
