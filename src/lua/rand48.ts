// The generator behind math.random: the 48-bit linear congruential one of POSIX (`lrand48`), which Redis uses so that
// a seed gives the same numbers everywhere. Not reseeded between scripts: one instance serves a server for its life.

const HALF = 2 ** 24;
// 0x5DEECE66D in two halves of 24 bits.
const MULTIPLIER_HIGH = 0x5de;
const MULTIPLIER_LOW = 0xece66d;
const INCREMENT = 11;

export class Rand48 {
  // The 48 bits of the state, in two halves: what the C library starts with when nobody seeds it.
  private high = 0x1234ab;
  private low = 0xcd330e;

  /** Starts the sequence that belongs to an int32. */
  seed(value: number): void {
    const bits = value >>> 0;
    this.high = bits >>> 8;
    this.low = ((bits & 0xff) << 16) | 0x330e;
  }

  /** The next number, 0 to 2^31 - 1. */
  next(): number {
    const low = this.low * MULTIPLIER_LOW + INCREMENT;
    const high = this.high * MULTIPLIER_LOW + this.low * MULTIPLIER_HIGH + Math.floor(low / HALF);
    this.low = low % HALF;
    this.high = high % HALF;
    return this.high * 128 + (this.low >>> 17);
  }
}
