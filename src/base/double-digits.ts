// The decimal form of a double as the C server finds it: Florian Loitsch's Grisu2 ("Printing Floating-Point Numbers
// Quickly and Accurately with Integers", PLDI 2010) on 64-bit fractions. Its result always reads back as the same
// double but is now and then neither the shortest nor the nearest, so JavaScript's own conversion cannot stand in for
// it. 64-bit values are kept as two halves, each a JS number; a `hi` half may exceed 32 bits for a moment.

import { toText } from './bytes.ts';

/**
 * Writes a finite double other than zero at `at` and returns the offset after it (at most 25 bytes on). Plain digits
 * where few zeros are needed, else `d.ddde+X`.
 */
export function writeShortDouble(target: Uint8Array, at: number, value: number): number {
  if (value < 0) {
    target[at++] = MINUS;
    return finder.find(-value).write(target, at, 17);
  }
  return finder.find(value).write(target, at, 18);
}

/** What `writeShortDouble` writes, as a string. */
export function shortDouble(value: number): string {
  return finder.text(value);
}

const TWO_32 = 0x100000000;
const ZERO = 0x30;
const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;
const LETTER_E = 0x65;

// Fractions of 64 bits with the top bit set, for every eighth power of ten from 10^-348 on.
const FIRST_POWER = -348;
const POWER_STEP = 8;
const POWER_COUNT = 87;
const LOG10_OF_2 = 0.30102999566398114;

interface PowerTable {
  readonly hi: Float64Array;
  readonly lo: Float64Array;
  readonly exponent: Int16Array;
}

const POWERS: PowerTable = buildPowers();

function buildPowers(): PowerTable {
  const hi = new Float64Array(POWER_COUNT);
  const lo = new Float64Array(POWER_COUNT);
  const exponent = new Int16Array(POWER_COUNT);
  for (let i = 0; i < POWER_COUNT; i++) {
    const power = FIRST_POWER + i * POWER_STEP;
    // A scaled integer with far more than 64 bits, then cut to 64 with rounding.
    const scaled = power < 0 ? (1n << 1400n) / 10n ** BigInt(-power) : (10n ** BigInt(power)) << 128n;
    const drop = scaled.toString(2).length - 64;
    const fraction = (scaled + (1n << BigInt(drop - 1))) >> BigInt(drop);
    hi[i] = Number(fraction >> 32n);
    lo[i] = Number(fraction & 0xffffffffn);
    exponent[i] = drop - (power < 0 ? 1400 : 128);
  }
  return { hi, lo, exponent };
}

/**
 * Finds and holds the digits of one double. The instance below is scratch memory: nothing in it outlives a call of
 * `writeShortDouble`.
 */
class DigitFinder {
  private readonly double = new Float64Array(1);
  private readonly halves = new Uint32Array(this.double.buffer);
  private readonly digits = new Uint8Array(24);
  private readonly line = new Uint8Array(32);
  private count = 0;
  /** The value is `digits` x 10^`exponent`. */
  private exponent = 0;
  private productHi = 0.5;
  private productLo = 0.5;

  /** Finds the digits of a positive finite double. */
  find(value: number): this {
    this.double[0] = value;
    let hi = this.halves[1]!;
    let lo = this.halves[0]!;
    const biased = hi >>> 20;
    hi = biased > 0 ? (hi & 0xfffff) | 0x100000 : hi;
    const powerOfTwo = hi === 0x100000 && lo === 0;
    const shift = hi !== 0 ? Math.clz32(hi) : 32 + Math.clz32(lo);
    if (shift >= 32) {
      hi = (lo << (shift - 32)) >>> 0;
      lo = 0;
    } else {
      hi = ((hi << shift) | (lo >>> (32 - shift))) >>> 0;
      lo = (lo << shift) >>> 0;
    }
    const binary = Math.max(biased, 1) - 1075 - shift;

    let power = Math.trunc((Math.trunc(-(binary + POWER_COUNT) * LOG10_OF_2) - FIRST_POWER) / POWER_STEP);
    while (binary + POWERS.exponent[power]! + 64 < -60) power++;
    while (binary + POWERS.exponent[power]! + 64 > -32) power--;
    this.exponent = -(FIRST_POWER + power * POWER_STEP);

    // Halfway to the neighbours on both sides; a power of two has its lower neighbour at half the distance. Each
    // product may be off by one, so the interval is narrowed by one at both ends.
    const above = shift < 32 ? 1 << (shift - 1) : 2 ** (shift - 1);
    this.multiply(hi, lo, above, power);
    const upperHi = this.productHi;
    const upperLo = this.productLo - 1;
    this.multiply(hi, lo, 0, power);
    const gapHi = upperHi - this.productHi;
    const gapLo = upperLo - this.productLo;
    this.multiply(hi, lo, powerOfTwo ? -above / 2 : -above, power);
    const deltaHi = upperHi - this.productHi;
    const deltaLo = upperLo - (this.productLo + 1);

    const fractionBits = -(binary + POWERS.exponent[power]! + 64);
    this.generate(upperHi, upperLo, 1 << (fractionBits - 32), gapHi, gapLo, deltaHi, deltaLo);
    return this;
  }

  /** The upper 64 bits, rounded, of (`hi`,`lo` + `addend`) x the fraction of a power of ten. */
  private multiply(hi: number, lo: number, addend: number, power: number): void {
    const addendHi = Math.floor(addend / TWO_32);
    lo += addend - addendHi * TWO_32;
    const carry = lo >= TWO_32 ? 1 : 0;
    lo -= carry * TWO_32;
    hi += addendHi + carry;
    const powerHi = POWERS.hi[power]!;
    const powerLo = POWERS.lo[power]!;
    const middle =
      (Math.imul(hi, powerLo) >>> 0) +
      (Math.imul(lo, powerHi) >>> 0) +
      multiplyHigh(lo, powerLo) +
      0x80000000;
    const low = multiplyHigh(hi, powerLo) + multiplyHigh(lo, powerHi) + Math.floor(middle / TWO_32);
    const sum = low + (Math.imul(hi, powerHi) >>> 0);
    const over = Math.floor(sum / TWO_32);
    this.productHi = multiplyHigh(hi, powerHi) + over;
    this.productLo = sum - over * TWO_32;
  }

  /**
   * Takes digits off the upper bound until what is left lies within `delta` of it. `one` is the upper half of 1.0 in
   * the fixed-point format, whose integer part fits 32 bits; `gap` is the distance from the value to the upper bound.
   */
  private generate(
    upperHi: number,
    upperLo: number,
    one: number,
    gapHi: number,
    gapLo: number,
    deltaHi: number,
    deltaLo: number,
  ): void {
    let borrow = Math.floor(upperLo / TWO_32);
    upperHi += borrow;
    let restLo = upperLo - borrow * TWO_32;
    let integer = Math.floor(upperHi / one);
    let restHi = upperHi - integer * one;
    let count = 0;

    let kappa = 9;
    let divisor = 1e9;
    for (; divisor > integer && kappa > 0; kappa--) divisor /= 10;
    for (; kappa >= 0; kappa--) {
      const digit = (integer / divisor) | 0;
      if (digit !== 0 || count !== 0) this.digits[count++] = digit;
      integer -= digit * divisor;
      const leftHi = integer * one + restHi;
      if (orderOf(leftHi - deltaHi, restLo - deltaLo) <= 0) {
        this.exponent += kappa;
        this.count = count;
        this.approach(leftHi, restLo, divisor * one, gapHi, gapLo, deltaHi, deltaLo);
        return;
      }
      divisor /= 10;
    }
    for (;;) {
      this.exponent--;
      restLo *= 10;
      borrow = Math.floor(restLo / TWO_32);
      restLo -= borrow * TWO_32;
      restHi = restHi * 10 + borrow;
      deltaLo *= 10;
      borrow = Math.floor(deltaLo / TWO_32);
      deltaLo -= borrow * TWO_32;
      deltaHi = deltaHi * 10 + borrow;
      gapLo *= 10;
      borrow = Math.floor(gapLo / TWO_32);
      gapLo -= borrow * TWO_32;
      gapHi = gapHi * 10 + borrow;
      const digit = (restHi / one) | 0;
      if (digit !== 0 || count !== 0) this.digits[count++] = digit;
      restHi -= digit * one;
      if (orderOf(restHi - deltaHi, restLo - deltaLo) < 0) {
        this.count = count;
        this.approach(restHi, restLo, one, gapHi, gapLo, deltaHi, deltaLo);
        return;
      }
    }
  }

  /** Lowers the last digit while that brings the number nearer to the value and keeps it within the interval. */
  private approach(
    leftHi: number,
    leftLo: number,
    unit: number,
    gapHi: number,
    gapLo: number,
    deltaHi: number,
    deltaLo: number,
  ): void {
    while (
      orderOf(leftHi - gapHi, leftLo - gapLo) < 0 &&
      orderOf(deltaHi - leftHi - unit, deltaLo - leftLo) >= 0 &&
      orderOf(2 * (gapHi - leftHi) - unit, 2 * (gapLo - leftLo)) > 0
    ) {
      this.digits[this.count - 1]!--;
      leftHi += unit;
    }
  }

  /** Lays the digits out; the exponent form keeps at most `limit` of them. */
  write(target: Uint8Array, at: number, limit: number): number {
    const { count, exponent } = this;
    const magnitude = Math.abs(exponent + count - 1);
    if (exponent >= 0 && magnitude < count + 7) {
      at = this.writeDigits(target, at, 0, count);
      target.fill(ZERO, at, at + exponent);
      return at + exponent;
    }
    if (exponent < 0 && (exponent > -7 || magnitude < 4)) {
      const whole = count + exponent;
      if (whole > 0) {
        at = this.writeDigits(target, at, 0, whole);
        target[at++] = POINT;
        return this.writeDigits(target, at, whole, count);
      }
      target[at++] = ZERO;
      target[at++] = POINT;
      target.fill(ZERO, at, at - whole);
      return this.writeDigits(target, at - whole, 0, count);
    }
    const kept = Math.min(count, limit);
    at = this.writeDigits(target, at, 0, 1);
    if (kept > 1) {
      target[at++] = POINT;
      at = this.writeDigits(target, at, 1, kept);
    }
    target[at++] = LETTER_E;
    target[at++] = exponent + kept - 1 < 0 ? MINUS : PLUS;
    if (magnitude > 99) target[at++] = ZERO + Math.floor(magnitude / 100);
    if (magnitude > 9) target[at++] = ZERO + (Math.floor(magnitude / 10) % 10);
    target[at++] = ZERO + (magnitude % 10);
    return at;
  }

  text(value: number): string {
    return toText(this.line, 0, writeShortDouble(this.line, 0, value));
  }

  private writeDigits(target: Uint8Array, at: number, from: number, to: number): number {
    for (let i = from; i < to; i++) target[at++] = ZERO + this.digits[i]!;
    return at;
  }
}

const finder = new DigitFinder();

/** The upper half of the product of two 32-bit integers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const first = aHigh * bLow + ((aLow * bLow) >>> 16);
  const second = aLow * bHigh + (first & 0xffff);
  return aHigh * bHigh + (first >>> 16) + (second >>> 16);
}

/** The sign of `hi` x 2^32 + `lo`; exact, since rounding matters only where `hi` outweighs `lo` by far. */
function orderOf(hi: number, lo: number): number {
  return hi * TWO_32 + lo;
}
