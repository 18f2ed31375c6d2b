// The library math of Lua 5.1, with Redis's own random numbers. Where JavaScript's functions are less exact than C's, and we
// have better ones, those are taken: what differs in the last place shows when numbers are written with 17 digits.

import { ExactExponential } from '../base/exact-exponential.ts';
import { ExactTrigonometry } from '../base/exact-trigonometry.ts';
import { checkInt, checkNumber } from './arguments.ts';
import { badArgument, throwError } from './errors.ts';
import { positiveNan } from './number-text.ts';
import type { Rand48 } from './rand48.ts';
import type { LuaState } from './state.ts';
import type { LuaTable } from './table.ts';
import type { LuaValue, Result } from './value.ts';

/** The library's table. `random` goes on from where the scripts before left it, as a server has only one. */
export function mathLibrary(state: LuaState, random: Rand48): LuaTable {
  const exponential = new ExactExponential();
  const trigonometry = new ExactTrigonometry();
  const table = state.library({
    abs: (...args: LuaValue[]) => {
      const x = checkNumber(args, 1);
      return Number.isNaN(x) ? positiveNan() : Math.abs(x);
    },
    ceil: ofOne(Math.ceil),
    floor: ofOne(Math.floor),
    sqrt: ofOne(Math.sqrt),
    exp: ofOne((x) => exponential.exp(x)),
    log: ofOne((x) => exponential.log(x)),
    log10: ofOne((x) => commonLogarithm(exponential, x)),
    sin: ofOne((x) => (Math.abs(x) <= MANY_TURNS ? trigonometry.sin(x) : Math.sin(x))),
    cos: ofOne((x) => (Math.abs(x) <= MANY_TURNS ? trigonometry.cos(x) : Math.cos(x))),
    tan: ofOne((x) => (Math.abs(x) <= MANY_TURNS ? trigonometry.tan(x) : Math.tan(x))),
    asin: ofOne((x) => arcSine(trigonometry, x)),
    acos: ofOne((x) => (Math.abs(x) > 1 ? positiveNan() : Math.acos(x))),
    atan: ofOne((x) => trigonometry.atan(x)),
    sinh: ofOne((x) => hyperbolicSine(exponential, x)),
    cosh: ofOne((x) => hyperbolicCosine(exponential, x)),
    tanh: ofOne(Math.tanh),
    deg: ofOne((radians) => radians / RADIANS_PER_DEGREE),
    rad: ofOne((degrees) => degrees * RADIANS_PER_DEGREE),
    atan2: ofTwo((y, x) => trigonometry.atan2(y, x)),
    pow: ofTwo((base, exponent) => exponential.pow(base, exponent)),
    fmod: ofTwo(remainder),
    mod: ofTwo(remainder),
    modf: (...args: LuaValue[]) => wholeAndFraction(checkNumber(args, 1)),
    frexp: (...args: LuaValue[]) => fractionAndExponent(checkNumber(args, 1)),
    ldexp: (...args: LuaValue[]) => {
      const exponent = checkInt(args, 2);
      return scale(checkNumber(args, 1), exponent);
    },
    max: (...args: LuaValue[]) => {
      let result = checkNumber(args, 1);
      for (let i = 2; i <= args.length; i++) {
        const value = checkNumber(args, i);
        if (value > result) result = value;
      }
      return result;
    },
    min: (...args: LuaValue[]) => {
      let result = checkNumber(args, 1);
      for (let i = 2; i <= args.length; i++) {
        const value = checkNumber(args, i);
        if (value < result) result = value;
      }
      return result;
    },
    random: (...args: LuaValue[]) => randomNumber(random, args),
    randomseed: (...args: LuaValue[]) => {
      random.seed(checkInt(args, 1));
      return undefined;
    },
  });
  table.setString('pi', Math.PI);
  table.setString('huge', Number.POSITIVE_INFINITY);
  return table;
}

const RADIANS_PER_DEGREE = Math.PI / 180;
const MANY_TURNS = 1e5;
const LOG10_OF_2_HIGH = 0.30102999566361177;
const LOG10_OF_2_LOW = 3.694239077158931e-13;
/** Beyond, an exponential is too near to the largest number. */
const LARGE = 700;
const RANDOM_MAX = 0x7fffffff;

/** A function of one number. A NaN comes out as it went in, with its sign. */
function ofOne(compute: (value: number) => number): (...args: LuaValue[]) => Result {
  return (...args) => {
    const x = checkNumber(args, 1);
    return Number.isNaN(x) ? x : compute(x);
  };
}

function ofTwo(compute: (a: number, b: number) => number): (...args: LuaValue[]) => Result {
  return (...args) => {
    // Observed 7.2.4: the second is looked at first.
    const second = checkNumber(args, 2);
    return compute(checkNumber(args, 1), second);
  };
}

// C's is not rounded correctly: it is made of the logarithm of the fraction and that of the power of 2, which stands in two
// parts.
function commonLogarithm(exponential: ExactExponential, x: number): number {
  if (x < 0) return positiveNan();
  if (!(x > 0 && x < Number.POSITIVE_INFINITY)) return Math.log10(x);
  const [half, above] = fractionAndExponent(x) as [number, number];
  // The fraction is taken from the side of 1 on which the number is.
  const power = above <= 0 ? above : above - 1;
  const fraction = above <= 0 ? half : half * 2;
  return power * LOG10_OF_2_LOW + Math.LOG10E * exponential.log(fraction) + power * LOG10_OF_2_HIGH;
}

function hyperbolicCosine(exponential: ExactExponential, x: number): number {
  const size = Math.abs(x);
  if (!(size > Math.LN2 / 2 && size < LARGE)) return Math.cosh(x);
  const grown = exponential.exp(size);
  return grown / 2 + 0.5 / grown;
}

function hyperbolicSine(exponential: ExactExponential, x: number): number {
  const size = Math.abs(x);
  if (!(size > 22 && size < LARGE)) return Math.sinh(x);
  return x < 0 ? -exponential.exp(size) / 2 : exponential.exp(size) / 2;
}

function arcSine(trigonometry: ExactTrigonometry, x: number): number {
  if (Math.abs(x) > 1) return positiveNan();
  return x < 0 ? -trigonometry.asin(-x) : trigonometry.asin(x);
}

function remainder(a: number, b: number): number {
  // A NaN is handed on with its sign.
  return Number.isNaN(a) ? a : Number.isNaN(b) ? b : a % b;
}

function wholeAndFraction(value: number): LuaValue[] {
  const whole = Math.trunc(value);
  // The fraction has the sign of the value, also where it is zero.
  const fraction = Number.isFinite(value) ? value - whole : Number.isNaN(value) ? value : 0;
  return [whole, fraction === 0 && (value < 0 || Object.is(value, -0)) ? -0 : fraction];
}

function fractionAndExponent(value: number): LuaValue[] {
  if (value === 0 || !Number.isFinite(value)) return [value, 0];
  const size = Math.abs(value);
  let exponent = Math.max(-1023, Math.floor(Math.log2(size)) + 1);
  // The logarithm is rounded, and subnormal numbers reach below what one factor can hold.
  let fraction = size * 2 ** -exponent;
  for (; fraction < 0.5; exponent--) fraction *= 2;
  for (; fraction >= 1; exponent++) fraction /= 2;
  return [value < 0 ? -fraction : fraction, exponent];
}

function scale(value: number, exponent: number): number {
  if (value === 0 || !Number.isFinite(value)) return value;
  const [fraction, own] = fractionAndExponent(value) as [number, number];
  const sum = own + exponent;
  if (sum > 1024) return value < 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (sum < -1100) return value < 0 ? -0 : 0;
  // In two steps of which only the last can round.
  return sum > 0
    ? fraction * 2 * 2 ** (sum - 1)
    : fraction * 2 ** Math.max(sum, -500) * 2 ** Math.min(sum + 500, 0);
}

function randomNumber(random: Rand48, args: LuaValue[]): Result {
  // The number is drawn before the arguments are looked at.
  const drawn = (random.next() % RANDOM_MAX) / RANDOM_MAX;
  if (args.length === 0) return drawn;
  if (args.length > 2) throwError('wrong number of arguments');
  const low = args.length === 1 ? 1 : checkInt(args, 1);
  const high = checkInt(args, args.length);
  if (low > high) badArgument(args.length, 'interval is empty');
  return Math.floor(drawn * ((high - low + 1) | 0)) + low;
}
