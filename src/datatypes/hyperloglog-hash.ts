// Where an element of a HyperLogLog goes: MurmurHash64A picks the register and the value for it. A part of the format,
// since clients compare and merge values byte by byte. 64-bit products are made of 32-bit halves; bigints would cost a
// hundred times as much.

const M_LOW = 0x5bd1e995;
const M_HIGH = 0xc6a4a793;
const SEED = 0xadc83b19;

const INDEX_BITS = 14;
const INDEX_MASK = (1 << INDEX_BITS) - 1;

/**
 * The register of the element `bytes[start, start + length)` and the value that it raises the register to, 1 to 51, in
 * one number: see `registerOf` and `registerValueOf`. O(length).
 */
export function hashElement(bytes: Uint8Array, start: number, length: number): number {
  let low = SEED ^ Math.imul(length, M_LOW);
  let high = (highOfProduct(length) + Math.imul(length, M_HIGH)) | 0;
  let at = start;
  for (const end = start + (length & ~7); at < end; at += 8) {
    const blockLow = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    let blockHigh = bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24);
    blockHigh = highOfProduct(blockLow) + Math.imul(blockLow, M_HIGH) + Math.imul(blockHigh, M_LOW);
    // A shift right by 47 bits leaves the upper half alone.
    const mixed = Math.imul(blockLow, M_LOW) ^ (blockHigh >>> 15);
    high ^= highOfProduct(mixed) + Math.imul(mixed, M_HIGH) + Math.imul(blockHigh, M_LOW);
    low ^= Math.imul(mixed, M_LOW);
    high = (highOfProduct(low) + Math.imul(low, M_HIGH) + Math.imul(high, M_LOW)) | 0;
    low = Math.imul(low, M_LOW);
  }
  const rest = length & 7;
  if (rest > 0) {
    for (let i = 4; i < rest; i++) high ^= bytes[at + i]! << ((i - 4) * 8);
    for (let i = 0; i < rest && i < 4; i++) low ^= bytes[at + i]! << (i * 8);
    high = (highOfProduct(low) + Math.imul(low, M_HIGH) + Math.imul(high, M_LOW)) | 0;
    low = Math.imul(low, M_LOW);
  }
  low ^= high >>> 15;
  high = (highOfProduct(low) + Math.imul(low, M_HIGH) + Math.imul(high, M_LOW)) | 0;
  low = Math.imul(low, M_LOW) ^ (high >>> 15);
  // The value is how many bits above the index there are up to the first one that is set; after 50 clear ones, 51.
  const next = (low >>> INDEX_BITS) | (high << (32 - INDEX_BITS));
  const value =
    next !== 0
      ? 32 - Math.clz32(next & -next)
      : 64 - Math.clz32(lowestBit((high >>> INDEX_BITS) | (1 << 18)));
  return (value << INDEX_BITS) | (low & INDEX_MASK);
}

export function registerOf(hashed: number): number {
  return hashed & INDEX_MASK;
}

export function registerValueOf(hashed: number): number {
  return hashed >>> INDEX_BITS;
}

function lowestBit(word: number): number {
  return word & -word;
}

// The upper 32 bits of the 64-bit product of `a`, taken as unsigned, and M_LOW.
function highOfProduct(a: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const lowHigh = Math.imul(aLow, M_LOW >>> 16);
  const highLow = Math.imul(aHigh, M_LOW & 0xffff);
  const middle = (Math.imul(aLow, M_LOW & 0xffff) >>> 16) + (lowHigh & 0xffff) + (highLow & 0xffff);
  return (Math.imul(aHigh, M_LOW >>> 16) + (lowHigh >>> 16) + (highLow >>> 16) + (middle >>> 16)) | 0;
}
