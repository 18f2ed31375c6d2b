// How an error that a script did not catch is reported to its client: the message, and where it happened.

import type { Logger } from '../base/logger.ts';
import { LuaError } from '../lua/errors.ts';
import { LuaTable } from '../lua/table.ts';
import type { LuaValue } from '../lua/value.ts';
import { failure, scriptInternalError } from '../resp/errors.ts';
import { ERROR_FIELD, IS_COUNTED_FIELD } from './reply-to-lua.ts';
import { valueText } from './value-text.ts';

// Of a table without one.
const NO_MESSAGE = '(null)';

export interface ErrorReport {
  /** Without the `-`. */
  readonly line: string;
  /** The statistics know of it already: a command's error that went through. */
  readonly isCounted: boolean;
}

/** The report of what has ended a program; `name` is the script's digest or the function's name. */
export function reportOf(error: unknown, name: string, log: Logger): ErrorReport {
  if (!(error instanceof LuaError)) return { line: lineOf(error, name, log), isCounted: false };
  const { value } = error;
  const message = messageOf(value);
  const isCounted = value instanceof LuaTable && value.getString(IS_COUNTED_FIELD) === true;
  const place = error.source === undefined ? '' : ` script: ${name}, on ${error.source}:${error.line}.`;
  return { line: `${message}${place}`, isCounted };
}

// Something is wrong with this server, which must not end by a script.
function lineOf(error: unknown, name: string, log: Logger): string {
  log.warning(`A script has come upon an error of the server: ${(error as Error)?.stack ?? String(error)}`);
  return scriptInternalError(name).line;
}

/** The message of an error's value, with its code in front. */
export function messageOf(value: LuaValue): string {
  if (!(value instanceof LuaTable)) return failure(valueText(value)).line;
  const message = value.getString(ERROR_FIELD);
  return typeof message === 'string' || typeof message === 'number'
    ? valueText(message)
    : failure(NO_MESSAGE).line;
}
