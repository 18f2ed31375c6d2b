// Exponential, logarithm and powers, rounded correctly but for what lies within 2^-100 of the middle between two doubles.
// The engine's own are off by one unit in the last place for some arguments, C's libraries on common machines practically
// never are; where a result is shown with all its digits, that is visible. Numbers are carried in two doubles.

import { productError, sumError } from './rounding-errors.ts';

// The logarithm of 2 in three parts; the first two have so few bits that small multiples of them are exact.
const LN2_1 = 0.6931471803691238;
const LN2_2 = 1.9082149291141208e-10;
const LN2_3 = 1.564670158533888e-20;

// The series is taken for an argument so many times smaller, and the result squared so often.
const HALVINGS = 6;
// 1 / n! for n from 6 down to 2, in two parts.
const FACTORS = new Float64Array([1 / 720, 1 / 120, 1 / 24, 1 / 6, 1 / 2]);
const FACTORS_REST = new Float64Array([
  -5.300543954373577e-20, 1.1564823173178714e-19, 2.3129646346357427e-18, 9.25185853854297e-18, 0,
]);

export class ExactExponential {
  // A result: the sum of the two.
  private high = 0;
  private low = 0;

  /** e^x. */
  exp(x: number): number {
    if (!(Math.abs(x) < MAX_EXPONENT) || Math.abs(x) < SMALL) return Math.exp(x);
    return this.finish(this.exponential(x, 0));
  }

  /** The natural logarithm. */
  log(x: number): number {
    if (!(x > 0 && x < Number.POSITIVE_INFINITY) || x === 1) return Math.log(x);
    this.logarithm(x);
    return this.high + this.low;
  }

  /** As C's pow: 1 to any power is 1, and so is -1 to an infinite one. */
  pow(base: number, exponent: number): number {
    if (exponent === 2) return base * base;
    if (exponent === -1) return 1 / base;
    if (exponent === 0.5 && base > 0) return Math.sqrt(base);
    if (base === 1 || (base === -1 && Math.abs(exponent) === Number.POSITIVE_INFINITY)) return 1;
    if (Number.isInteger(base) && Number.isInteger(exponent) && exponent > 0) {
      const whole = wholePower(base, exponent);
      if (Number.isSafeInteger(whole)) return whole;
    }
    const size = Math.abs(base);
    const near = base ** exponent;
    if (!Number.isFinite(near) || near === 0 || size === 0 || size === 1 || exponent === 0 || exponent === 1)
      return near;
    if (!Number.isFinite(exponent) || !Number.isFinite(base)) return near;
    this.logarithm(size);
    this.multiply(this.high, this.low, exponent, 0);
    if (Math.abs(this.high) >= MAX_EXPONENT) return near;
    const value = this.finish(this.exponential(this.high, this.low));
    return near < 0 ? -value : value;
  }

  // Leaves e^(high + low) / 2^n - 1 in high and low, and returns n.
  private exponential(high: number, low: number): number {
    const n = Math.round(high / Math.LN2);
    const first = high - n * LN2_1;
    const second = -n * LN2_2;
    const reduced = first + second;
    const rest = sumError(first, second, reduced) - n * LN2_3 + low;
    const x = reduced / (1 << HALVINGS);
    const xRest = rest / (1 << HALVINGS);
    // 1/6! + x/7! + …, whose terms need no second part beyond the first.
    const tail = x * (1 / 5040 + x * (1 / 40320 + x * (1 / 362880 + (x * 1) / 3628800)));
    this.add(FACTORS[0]!, FACTORS_REST[0]!, tail, 0);
    for (let i = 1; i < FACTORS.length; i++) {
      this.multiply(this.high, this.low, x, xRest);
      this.add(FACTORS[i]!, FACTORS_REST[i]!, this.high, this.low);
    }
    this.multiply(this.high, this.low, x, xRest);
    this.add(1, 0, this.high, this.low);
    this.multiply(this.high, this.low, x, xRest);
    // (1 + m)^2 - 1 is 2m + m^2.
    for (let i = 0; i < HALVINGS; i++) {
      const { high: m, low: mRest } = this;
      this.multiply(m, mRest, m, mRest);
      this.add(2 * m, 2 * mRest, this.high, this.low);
    }
    return n;
  }

  /** 1 and what is in high and low, times 2^n. */
  private finish(n: number): number {
    this.add(1, 0, this.high, this.low);
    const half = n >> 1;
    return this.high * 2 ** half * 2 ** (n - half);
  }

  // Leaves the logarithm of x in high and low: one step of Newton's from the engine's.
  private logarithm(x: number): void {
    // A subnormal number is made larger first.
    const lift = x < 2 ** -1000 ? 64 : 0;
    const lifted = x * 2 ** lift;
    const near = Math.log(lifted);
    const n = this.exponential(-near, 0);
    // lifted * e^-near - 1, of which the 1 cancels.
    const scaled = lifted * 2 ** (n >> 1) * 2 ** (n - (n >> 1));
    this.multiply(this.high, this.low, scaled, 0);
    this.add(scaled - 1, 0, this.high, this.low);
    const z = this.high;
    this.add(near, 0, z, this.low - (z * z) / 2);
    if (lift === 0) return;
    const { high, low } = this;
    this.add(high, low - lift * LN2_3, -lift * LN2_1, -lift * LN2_2);
  }

  private add(a: number, aRest: number, b: number, bRest: number): void {
    const sum = a + b;
    const rest = sumError(a, b, sum) + (aRest + bRest);
    this.high = sum + rest;
    this.low = rest - (this.high - sum);
  }

  private multiply(a: number, aRest: number, b: number, bRest: number): void {
    const product = a * b;
    const rest = productError(a, b, product) + (a * bRest + aRest * b);
    this.high = product + rest;
    this.low = rest - (this.high - product);
  }
}

// Beyond, results overflow, or are so small that they have fewer digits.
const MAX_EXPONENT = 700;
// Below, the engine's is right.
const SMALL = 2 ** -54;

/** The power of whole numbers, exact while it is safe; else any number that is not. */
function wholePower(base: number, exponent: number): number {
  let power = 1;
  for (let left = exponent; ; base *= base) {
    if ((left & 1) !== 0) power *= base;
    left = Math.floor(left / 2);
    if (left === 0) return power;
    if (!Number.isSafeInteger(base) || !Number.isSafeInteger(power)) return Number.NaN;
  }
}
