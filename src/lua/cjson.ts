// The library cjson, lua-cjson 2.1.0 as Redis carries it. Settings belong to the library's table and so to the state:
// what a script sets stays for the scripts after it.

import { checkInt, checkOption, checkString } from './arguments.ts';
import { JsonDecoder } from './cjson-decoder.ts';
import { JsonEncoder, NUMBERS_NULL, NUMBERS_REFUSED, NUMBERS_SHOWN } from './cjson-encoder.ts';
import { badArgument } from './errors.ts';
import type { LuaState } from './state.ts';
import type { LuaTable } from './table.ts';
import { type LuaValue, NULL, type Result } from './value.ts';

/** The library's table, with settings of its own. */
export function cjsonLibrary(state: LuaState): LuaTable {
  const decoding = { maxDepth: DEFAULT_MAX_DEPTH, invalidNumbers: true };
  const encoding = {
    sparseConvert: false,
    sparseRatio: 2,
    sparseSafe: 10,
    maxDepth: DEFAULT_MAX_DEPTH,
    numbers: NUMBERS_REFUSED,
    precision: MAX_PRECISION,
  };
  let keepsBuffer = true;
  const encoder = new JsonEncoder(state, encoding);
  const decoder = new JsonDecoder(decoding);
  const library = state.library({
    encode: (...args: LuaValue[]) => {
      if (args.length !== 1) badArgument(1, 'expected 1 argument');
      return encoder.encode(args[0]);
    },
    decode: (...args: LuaValue[]) => {
      if (args.length !== 1) badArgument(1, 'expected 1 argument');
      return decoder.decode(checkString(args, 1));
    },
    encode_sparse_array: (...args: LuaValue[]) => {
      atMost(args, 3);
      encoding.sparseConvert = choice(args, encoding.sparseConvert);
      encoding.sparseRatio = integer(args, 2, encoding.sparseRatio, 0, INT_MAX);
      encoding.sparseSafe = integer(args, 3, encoding.sparseSafe, 0, INT_MAX);
      return [encoding.sparseConvert, encoding.sparseRatio, encoding.sparseSafe];
    },
    encode_max_depth: (...args: LuaValue[]) => {
      atMost(args, 1);
      encoding.maxDepth = integer(args, 1, encoding.maxDepth, 1, INT_MAX);
      return encoding.maxDepth;
    },
    decode_max_depth: (...args: LuaValue[]) => {
      atMost(args, 1);
      decoding.maxDepth = integer(args, 1, decoding.maxDepth, 1, INT_MAX);
      return decoding.maxDepth;
    },
    encode_number_precision: (...args: LuaValue[]) => {
      atMost(args, 1);
      encoding.precision = integer(args, 1, encoding.precision, 1, MAX_PRECISION);
      return encoding.precision;
    },
    // There is no buffer to keep; the setting is remembered for whoever asks.
    encode_keep_buffer: (...args: LuaValue[]) => {
      atMost(args, 1);
      keepsBuffer = choice(args, keepsBuffer);
      return keepsBuffer;
    },
    encode_invalid_numbers: (...args: LuaValue[]) => {
      atMost(args, 1);
      const value = args[0];
      if (typeof value === 'boolean') encoding.numbers = value ? NUMBERS_SHOWN : NUMBERS_REFUSED;
      else if (value !== undefined) encoding.numbers = checkOption(args, 1, INVALID_NUMBERS);
      return encoding.numbers === NUMBERS_NULL ? 'null' : encoding.numbers === NUMBERS_SHOWN;
    },
    decode_invalid_numbers: (...args: LuaValue[]) => {
      atMost(args, 1);
      decoding.invalidNumbers = choice(args, decoding.invalidNumbers);
      return decoding.invalidNumbers;
    },
    new: (): Result => cjsonLibrary(state),
  });
  library.setString('null', NULL);
  library.setString('_NAME', 'cjson');
  library.setString('_VERSION', '2.1.0');
  return library;
}

const DEFAULT_MAX_DEPTH = 1000;
const MAX_PRECISION = 14;
const INT_MAX = 0x7fffffff;
const SWITCH = ['off', 'on'];
// In the order of the numbers that the encoder has for them.
const INVALID_NUMBERS = ['off', 'on', 'null'];

function atMost(args: readonly LuaValue[], count: number): void {
  if (args.length > count) badArgument(count + 1, 'found too many arguments');
}

/** What the first argument turns a setting to; nil leaves it. */
function choice(args: readonly LuaValue[], current: boolean): boolean {
  const value = args[0];
  if (value === undefined) return current;
  return typeof value === 'boolean' ? value : checkOption(args, 1, SWITCH) === 1;
}

/** What argument `n` sets an integer to; nil leaves it. */
function integer(args: readonly LuaValue[], n: number, current: number, least: number, most: number): number {
  if (args[n - 1] === undefined) return current;
  const value = checkInt(args, n);
  // Observed 7.2.4: whichever argument it was, the first is named.
  if (value < least || value > most) badArgument(1, `expected integer between ${least} and ${most}`);
  return value;
}
