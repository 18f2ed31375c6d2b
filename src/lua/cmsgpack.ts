// The library cmsgpack, lua-cmsgpack 0.4.0 as Redis carries it.

import { checkInteger, checkString, optionalInteger } from './arguments.ts';
import { MessageReader } from './cmsgpack-reader.ts';
import { MessageWriter } from './cmsgpack-writer.ts';
import { badArgument, throwError } from './errors.ts';
import type { LuaState } from './state.ts';
import type { LuaTable } from './table.ts';
import type { LuaValue, Result } from './value.ts';

/** The library's table. */
export function cmsgpackLibrary(state: LuaState): LuaTable {
  const writer = new MessageWriter(state);
  const reader = new MessageReader();
  const library = state.library({
    pack: (...args: LuaValue[]) => {
      if (args.length === 0) badArgument(0, 'MessagePack pack needs input.');
      if (args.length * 2 > MAX_C_STACK) badArgument(0, 'Too many arguments for MessagePack pack.');
      return writer.pack(args);
    },
    unpack: (...args: LuaValue[]) => unpack(reader, checkString(args, 1), args.length, 0, 0),
    unpack_one: (...args: LuaValue[]) => {
      const offset = optionalInteger(args, 2, 0);
      return unpack(reader, checkString(args, 1), 1, 1, offset);
    },
    unpack_limit: (...args: LuaValue[]) => {
      const limit = checkInteger(args, 2);
      const offset = optionalInteger(args, 3, 0);
      return unpack(reader, checkString(args, 1), 1, limit, offset);
    },
  });
  library.setString('_NAME', 'cmsgpack');
  library.setString('_VERSION', 'lua-cmsgpack 0.4.0');
  library.setString('_COPYRIGHT', 'Copyright (C) 2012, Salvatore Sanfilippo');
  library.setString('_DESCRIPTION', 'MessagePack C implementation for Lua');
  return library;
}

// As many slots as a C function may use of Lua's stack.
const MAX_C_STACK = 8000;

/** The values from `offset` on, all of them when both numbers are 0; else at most `limit`, after the offset that follows. */
function unpack(reader: MessageReader, data: string, slots: number, limit: number, offset: number): Result {
  // Observed 7.2.4: the limit that the text shows is the length of the input.
  if (offset < 0 || limit < 0)
    throwError(`Invalid request to unpack with offset of ${offset | 0} and limit of ${data.length}.`);
  if (offset > data.length)
    throwError(`Start offset ${offset | 0} greater than input length ${data.length}.`);
  const isAll = limit === 0 && offset === 0;
  reader.begin(data, offset, slots);
  const values: LuaValue[] = isAll ? [] : [undefined];
  const most = isAll ? Number.POSITIVE_INFINITY : limit + 1;
  while (!reader.isAtEnd && values.length < most) values.push(reader.read());
  if (isAll) return values;
  if (slots + values.length > MAX_C_STACK) throwError('stack overflow (in function mp_unpack_full)');
  values[0] = reader.isAtEnd ? -1 : reader.offset;
  return values;
}
