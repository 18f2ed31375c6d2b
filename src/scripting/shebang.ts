// The first line of a script, `#!lua flags=no-writes,allow-oom`: in which language it is, and what it promises.

import { splitArguments } from '../base/quote.ts';
import { SCRIPT_FLAG, SCRIPT_FLAG_NAMES } from '../engine/script-flags.ts';
import {
  INVALID_SHEBANG,
  INVALID_SHEBANG_ENGINE,
  type ReplyError,
  unexpectedEngine,
  unexpectedScriptFlag,
  unknownShebangOption,
} from '../resp/errors.ts';

const SHEBANG = '#!';
const LUA = '#!lua';
const FLAGS_OPTION = 'flags=';

export interface ScriptHeader {
  /** SCRIPT_FLAG bits. */
  readonly flags: number;
  /** Where the code begins: at the end of the first line, so that lines keep their numbers. */
  readonly codeStart: number;
}

/** What the first line of a script (latin1) says, or what is wrong with it. */
export function readHeader(text: string): ScriptHeader | ReplyError {
  if (!text.startsWith(SHEBANG)) return { flags: SCRIPT_FLAG.UNDECLARED, codeStart: 0 };
  const codeStart = text.indexOf('\n');
  if (codeStart < 0) return INVALID_SHEBANG;
  const parts = splitArguments(text.slice(0, codeStart));
  if (parts === null || parts.length === 0) return INVALID_SHEBANG_ENGINE;
  const [engine, ...options] = parts as [string, ...string[]];
  if (engine !== LUA) return unexpectedEngine(engine);
  let flags = 0;
  for (const option of options) {
    if (!option.startsWith(FLAGS_OPTION)) return unknownShebangOption(option);
    const list = option.slice(FLAGS_OPTION.length);
    for (const name of list === '' ? [] : list.split(',')) {
      const flag = SCRIPT_FLAG_NAMES.get(name);
      if (flag === undefined) return unexpectedScriptFlag(name);
      flags |= flag;
    }
  }
  return { flags, codeStart };
}
