// The library bit, as BitOp 1.0.2: numbers become 32-bit integers first, results are signed ones.

import { toNumber, typeError } from './arguments.ts';
import type { LuaState } from './state.ts';
import type { LuaTable } from './table.ts';
import type { LuaValue } from './value.ts';

/** The library's table. */
export function bitLibrary(state: LuaState): LuaTable {
  const bits = new BitConversion();
  return state.library({
    tobit: (...args: LuaValue[]) => bits.of(args, 1),
    bnot: (...args: LuaValue[]) => ~bits.of(args, 1),
    band: (...args: LuaValue[]) => {
      let result = bits.of(args, 1);
      for (let i = args.length; i > 1; i--) result &= bits.of(args, i);
      return result;
    },
    bor: (...args: LuaValue[]) => {
      let result = bits.of(args, 1);
      for (let i = args.length; i > 1; i--) result |= bits.of(args, i);
      return result;
    },
    bxor: (...args: LuaValue[]) => {
      let result = bits.of(args, 1);
      for (let i = args.length; i > 1; i--) result ^= bits.of(args, i);
      return result;
    },
    // JavaScript's shifts take the count modulo 32 as well.
    lshift: (...args: LuaValue[]) => bits.of(args, 1) << bits.of(args, 2),
    rshift: (...args: LuaValue[]) => (bits.of(args, 1) >>> bits.of(args, 2)) | 0,
    arshift: (...args: LuaValue[]) => bits.of(args, 1) >> bits.of(args, 2),
    rol: (...args: LuaValue[]) => rotate(bits.of(args, 1), bits.of(args, 2)),
    ror: (...args: LuaValue[]) => rotate(bits.of(args, 1), -bits.of(args, 2)),
    bswap: (...args: LuaValue[]) => swapBytes(bits.of(args, 1)),
    tohex: (...args: LuaValue[]) => toHex(bits.of(args, 1), args.length < 2 ? 8 : bits.of(args, 2)),
  });
}

function rotate(value: number, count: number): number {
  return (value << count) | (value >>> -count);
}

function swapBytes(value: number): number {
  return (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
}

/** The last `digits` hexadecimal digits, large letters for a negative number of them. */
function toHex(value: number, digits: number): string {
  const text = (value >>> 0).toString(16).padStart(8, '0');
  const count = Math.min(Math.abs(digits), 8);
  const shown = text.slice(8 - count);
  return digits < 0 ? shown.toUpperCase() : shown;
}

const ROUNDING = 2 ** 52 + 2 ** 51;

class BitConversion {
  private readonly double = new Float64Array(1);
  private readonly halves = new Uint32Array(this.double.buffer);

  /** The int32 of argument `n` (from 1): rounded to even, then its low 32 bits. Strings that spell numbers are taken. */
  of(args: readonly LuaValue[], n: number): number {
    const value = args[n - 1];
    if (typeof value === 'number') return value === (value | 0) ? value | 0 : this.round(value);
    const number = toNumber(value);
    if (number === undefined) typeError(args, n, 'number');
    return this.round(number);
  }

  private round(value: number): number {
    // Behind this sum the integer stands in the low bits of the fraction; of what is larger than 2^51, whatever is there.
    this.double[0] = value + ROUNDING;
    return this.halves[0]! | 0;
  }
}
