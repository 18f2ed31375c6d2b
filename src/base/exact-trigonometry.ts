// Sine, cosine, tangent and their inverses, rounded correctly: the double nearest to the true value. The engine's own are off by one
// unit in the last place for some arguments, C's libraries on common machines practically never are; where a result is
// shown with all its digits, that is visible. Sums and products are carried in two doubles, about 105 bits; terms of the
// series that cannot reach the last place of the result are computed in one.

import { productError, sumError } from './rounding-errors.ts';

// Pi / 2 in three parts; the first two have 33 bits, so that small multiples of them are exact.
const HALF_PI_1 = 1.5707963267341256;
const HALF_PI_2 = 6.077100506303966e-11;
const HALF_PI_3 = 2.0222662487959506e-21;
// The same in two parts of 53 bits.
const HALF_PI = Math.PI / 2;
const HALF_PI_REST = 6.123233995736766e-17;

// 1 / n! where it is no double, in two parts.
const SIXTH = 1 / 6;
const SIXTH_REST = 9.25185853854297e-18;
const PER_120 = 1 / 120;
const PER_120_REST = 1.1564823173178714e-19;
const PER_24 = 1 / 24;
const PER_24_REST = 2.3129646346357427e-18;
const PER_720 = 1 / 720;
const PER_720_REST = -5.300543954373577e-20;

const LEAST = 1e-140;
const MOST = 1e140;
const TINY = 2 ** -27;

export class ExactTrigonometry {
  // A reduced argument, or a result: the sum of the two.
  private high = 0;
  private low = 0;
  // What bothOf leaves.
  private sine = 0;
  private sineRest = 0;
  private cosine = 0;
  private cosineRest = 0;

  /** The sine of an angle up to a few turns. */
  sin(x: number): number {
    const quarter = this.reduce(x);
    return this.ofQuarter(quarter);
  }

  /** The cosine of an angle up to a few turns. */
  cos(x: number): number {
    const quarter = this.reduce(x);
    return this.ofQuarter(quarter + 1);
  }

  /** The arc sine of a number from 0 to 1; NaN beyond. */
  asin(x: number): number {
    if (x === 0 || x === 1 || x > 1) return Math.asin(x);
    if (x <= 0.5) {
      const near = Math.asin(x);
      this.sineOf(near, 0);
      return near + this.differenceFrom(x, 0, near) / Math.cos(near);
    }
    // Near 1 the slope has no bound: pi/2 - 2 asin(sqrt((1 - x) / 2)).
    const half = (1 - x) / 2;
    const root = Math.sqrt(half);
    const square = root * root;
    const rest = (half - square - productError(root, root, square)) / (2 * root);
    const near = Math.asin(root);
    this.sineOf(near, 0);
    const correction = this.differenceFrom(root, rest, near) / Math.cos(near);
    const high = HALF_PI - 2 * near;
    const error = sumError(HALF_PI, -2 * near, high);
    return high + (error + HALF_PI_REST - 2 * correction);
  }

  /** The tangent of an angle up to a few turns. */
  tan(x: number): number {
    if (x === 0) return x;
    this.bothOf(x);
    const { sine, sineRest, cosine, cosineRest } = this;
    const near = sine / cosine;
    const product = near * cosine;
    return (
      near + (sine - product - productError(near, cosine, product) + sineRest - near * cosineRest) / cosine
    );
  }

  /** The angle of the point (x, y), -pi to pi. */
  atan2(y: number, x: number): number {
    const near = Math.atan2(y, x);
    const [small, large] =
      Math.abs(x) < Math.abs(y) ? [Math.abs(x), Math.abs(y)] : [Math.abs(y), Math.abs(x)];
    // Beyond, products leave the range of doubles; next to an axis there is nothing to correct.
    if (!(small > LEAST && large < MOST) || Math.abs(near) < TINY) return near;
    this.bothOf(near);
    const { sine, sineRest, cosine, cosineRest } = this;
    const left = y * cosine;
    const right = x * sine;
    const rest = productError(y, cosine, left) - productError(x, sine, right) + y * cosineRest - x * sineRest;
    return near + (left - right + rest) / (x * cosine + y * sine);
  }

  /** The angle from -pi/2 to pi/2 with this tangent. */
  atan(x: number): number {
    return this.atan2(x, 1);
  }

  // Leaves sine and cosine of an angle, each in two parts.
  private bothOf(x: number): void {
    const quarter = this.reduce(x);
    const { high, low } = this;
    this.sineOf(high, low);
    const sine = high + this.high;
    const sineRest = sumError(high, this.high, sine) + this.low;
    this.cosineOf(high, low);
    const cosine = 1 + this.high;
    const cosineRest = sumError(1, this.high, cosine) + this.low;
    const isSwapped = (quarter & 1) !== 0;
    const sineSign = (quarter & 2) === 0 ? 1 : -1;
    const cosineSign = ((quarter + 1) & 2) === 0 ? 1 : -1;
    this.sine = sineSign * (isSwapped ? cosine : sine);
    this.sineRest = sineSign * (isSwapped ? cosineRest : sineRest);
    this.cosine = cosineSign * (isSwapped ? sine : cosine);
    this.cosineRest = cosineSign * (isSwapped ? sineRest : cosineRest);
  }

  // x - (the sine in high and low), of which `near` is an approximation: its leading parts cancel.
  private differenceFrom(x: number, rest: number, near: number): number {
    return x - near - this.high - this.low + rest;
  }

  // Leaves x less the nearest multiple of pi/2 in high and low, and returns that multiple.
  private reduce(x: number): number {
    const quarter = Math.round(x / HALF_PI);
    if (quarter === 0) {
      this.high = x;
      this.low = 0;
      return 0;
    }
    const first = x - quarter * HALF_PI_1;
    const second = quarter * HALF_PI_2;
    const high = first - second;
    const low = sumError(first, -second, high) - quarter * HALF_PI_3;
    this.high = high + low;
    this.low = sumError(high, low, this.high);
    return quarter;
  }

  private ofQuarter(quarter: number): number {
    const { high, low } = this;
    const isCosine = (quarter & 1) !== 0;
    if (isCosine) this.cosineOf(high, low);
    else this.sineOf(high, low);
    const lead = isCosine ? 1 : high;
    const sum = lead + this.high;
    const value = sum + (sumError(lead, this.high, sum) + this.low);
    return (quarter & 2) === 0 ? value : -value;
  }

  // Leaves sin(r) - r.high of a reduced argument r in high and low.
  private sineOf(high: number, low: number): void {
    const square = high * high;
    const squareRest = productError(high, high, square) + 2 * high * low;
    const tail =
      square *
      (-1 / 5040 +
        square *
          (1 / 362880 +
            square *
              (-1 / 39916800 +
                square * (1 / 6227020800 + square * (-1 / 1307674368000 + square / 355687428096000)))));
    // r^2 (-1/6 + r^2 (1/120 + tail)), from the inside.
    const inner = PER_120 + tail;
    const innerRest = sumError(PER_120, tail, inner) + PER_120_REST;
    const product = inner * square;
    const productRest = productError(inner, square, product) + inner * squareRest + innerRest * square;
    const outer = product - SIXTH;
    const outerRest = sumError(product, -SIXTH, outer) + productRest - SIXTH_REST;
    const factor = outer * square;
    const factorRest = productError(outer, square, factor) + outer * squareRest + outerRest * square;
    this.high = high * factor;
    this.low = productError(high, factor, this.high) + high * factorRest + low * factor + low;
  }

  // Leaves cos(r) - 1 of a reduced argument r in high and low.
  private cosineOf(high: number, low: number): void {
    const square = high * high;
    const squareRest = productError(high, high, square) + 2 * high * low;
    const tail =
      square *
      (1 / 40320 +
        square *
          (-1 / 3628800 +
            square *
              (1 / 479001600 +
                square * (-1 / 87178291200 + square * (1 / 20922789888000 - square / 6402373705728000)))));
    // r^2 (-1/2 + r^2 (1/24 + r^2 (-1/720 + tail))), from the inside.
    const first = tail - PER_720;
    const firstRest = sumError(tail, -PER_720, first) - PER_720_REST;
    const second = first * square;
    const secondRest = productError(first, square, second) + first * squareRest + firstRest * square;
    const third = PER_24 + second;
    const thirdRest = sumError(PER_24, second, third) + PER_24_REST + secondRest;
    const fourth = third * square;
    const fourthRest = productError(third, square, fourth) + third * squareRest + thirdRest * square;
    const fifth = fourth - 0.5;
    const fifthRest = sumError(fourth, -0.5, fifth) + fourthRest;
    this.high = fifth * square;
    this.low = productError(fifth, square, this.high) + fifth * squareRest + fifthRest * square;
  }
}
