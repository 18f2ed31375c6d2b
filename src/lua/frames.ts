// What a function of Lua does with an error that passes it: the error gets its position, or is told from one of
// JavaScript's own that means the same.

import { chunkLabel } from './chunk-name.ts';
import type { Site } from './emitter.ts';
import { badArgumentText, Killed, LuaError } from './errors.ts';
import { numberToText } from './number-text.ts';

/** The sites of a chunk. */
export interface Sites {
  readonly chunkName: string;
  readonly sites: readonly Site[];
}

/** The error as it leaves a function that was at `place`. */
export function where(error: unknown, place: number, { chunkName, sites }: Sites): unknown {
  if (error instanceof Killed) return notePlace(error, sites[place]!.line, chunkName);
  const found = error instanceof LuaError ? error : translated(error);
  if (found === null) return error;
  const site = sites[place]!;
  const isFirst = !found.hasPassedLua;
  if (isFirst) {
    found.hasPassedLua = true;
    found.source = chunkName;
    found.line = site.line;
    const bad = found.badArgument;
    if (bad !== null) found.value = badArgumentText(bad.index, site.name || '?', bad.message, site.kind);
  }
  if (found.level === 0) return found;
  found.level--;
  if (found.level > 0 || (!isFirst && site.isTail)) return found;
  const { value } = found;
  if (typeof value !== 'string' && typeof value !== 'number') return found;
  const text = typeof value === 'number' ? numberToText(value) : value;
  found.value = `${chunkLabel(chunkName)}:${site.line}: ${text}`;
  return found;
}

// A reason that is an error of Lua is told where it came upon the program.
function notePlace(killed: Killed, line: number, chunkName: string): Killed {
  const { reason } = killed;
  if (reason instanceof LuaError && reason.source === undefined) {
    reason.source = chunkName;
    reason.line = line;
  }
  return killed;
}

// JavaScript's own bounds, where they are reached before ours.
function translated(error: unknown): LuaError | null {
  if (!(error instanceof RangeError)) return null;
  if (error.message.includes('call stack')) return new LuaError('stack overflow', 1);
  return /Invalid (string|array) length|maximum size/.test(error.message)
    ? new LuaError('not enough memory', 0)
    : null;
}

/** An error that goes through a native that calls functions of Lua: the native is a level without a position. */
export function passNative(error: unknown): unknown {
  if (error instanceof LuaError) {
    if (error.level > 0) error.level--;
    error.badArgument = null;
    return error;
  }
  return translated(error) ?? error;
}
