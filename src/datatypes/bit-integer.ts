// Integers of 1 to 64 bits anywhere in a string, as BITFIELD reads and writes them: the most significant bit first, in
// two's complement when signed. Up to 53 bits they are JS numbers all the way; beyond, bigints.

import { normalizeInteger } from '../base/numbers.ts';

/** The type of such an integer: its number of bits, negative when it is signed (`u8`: 8, `i8`: -8). */
export type IntegerType = number;

/** What happens to a value that a type cannot hold. */
export const OVERFLOW_RULE = { WRAP: 0, SAT: 1, FAIL: 2 } as const;
export type OverflowRule = (typeof OVERFLOW_RULE)[keyof typeof OVERFLOW_RULE];

const EXACT_BITS = 53;
// Powers of two, which are slow to compute.
const SPANS: readonly number[] = Array.from({ length: EXACT_BITS + 1 }, (_, bits) => 2 ** bits);
const INT64_SPAN = 2n ** 63n;

/** The integer at bit `offset` of `bytes[start, start + length)`; beyond the end all bits are 0. */
export function readInteger(
  bytes: Uint8Array,
  start: number,
  length: number,
  offset: number,
  type: IntegerType,
): number | bigint {
  const bits = Math.abs(type);
  if (bits > EXACT_BITS) {
    const high = readBits(bytes, start, length, offset, bits - 32);
    const low = readBits(bytes, start, length, offset + bits - 32, 32);
    const value = (BigInt(high) << 32n) | BigInt(low);
    return normalizeInteger(type < 0 ? BigInt.asIntN(bits, value) : value);
  }
  const value = readBits(bytes, start, length, offset, bits);
  return type < 0 && value >= SPANS[bits - 1]! ? value - SPANS[bits]! : value;
}

/** Writes an integer that the type can hold at bit `offset` of the bytes from `start` on, which must reach so far. */
export function writeInteger(
  bytes: Uint8Array,
  start: number,
  offset: number,
  type: IntegerType,
  value: number | bigint,
): void {
  const bits = Math.abs(type);
  if (bits > EXACT_BITS) {
    const unsigned = BigInt.asUintN(bits, BigInt(value));
    writeBits(bytes, start, offset, bits - 32, Number(unsigned >> 32n));
    writeBits(bytes, start, offset + bits - 32, 32, Number(unsigned & 0xffffffffn));
    return;
  }
  const small = Number(value);
  writeBits(bytes, start, offset, bits, small < 0 ? small + SPANS[bits]! : small);
}

/** `value`, an int64, as the type can hold it; null when it cannot and `rule` is FAIL. */
export function fitInteger(
  value: number | bigint,
  type: IntegerType,
  rule: OverflowRule,
): number | bigint | null {
  const bits = Math.abs(type);
  if (bits > EXACT_BITS || typeof value !== 'number') return fitExactly(BigInt(value), type, rule, true);
  const min = least(type);
  const max = greatest(type);
  if (value >= min && value <= max) return value;
  if (rule === OVERFLOW_RULE.FAIL) return null;
  // A negative value for an unsigned type is a very large one.
  if (rule === OVERFLOW_RULE.SAT) return value > max || type > 0 ? max : min;
  return wrapped(value, type);
}

/** `value + increment`, an int64, as the type can hold it; null when it cannot and `rule` is FAIL. */
export function addInteger(
  value: number | bigint,
  increment: number | bigint,
  type: IntegerType,
  rule: OverflowRule,
): number | bigint | null {
  const bits = Math.abs(type);
  if (bits <= EXACT_BITS && typeof value === 'number' && typeof increment === 'number') {
    const sum = value + increment;
    if (Number.isSafeInteger(sum)) {
      const min = least(type);
      const max = greatest(type);
      if (sum >= min && sum <= max) return sum;
      if (rule === OVERFLOW_RULE.FAIL) return null;
      if (rule === OVERFLOW_RULE.SAT) return sum > max ? max : min;
      return wrapped(sum, type);
    }
  }
  return fitExactly(BigInt(value) + BigInt(increment), type, rule, false);
}

// `isGiven`: the value is itself an argument, and not a sum.
function fitExactly(
  value: bigint,
  type: IntegerType,
  rule: OverflowRule,
  isGiven: boolean,
): number | bigint | null {
  const bits = Math.abs(type);
  const max = (1n << BigInt(type < 0 ? bits - 1 : bits)) - 1n;
  const min = type < 0 ? -max - 1n : 0n;
  if (value >= min && value <= max) return normalizeInteger(value);
  if (rule === OVERFLOW_RULE.FAIL) return null;
  if (rule === OVERFLOW_RULE.WRAP) {
    return normalizeInteger(type < 0 ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value));
  }
  // Observed 7.2.4: what SET is given may be so far below the least value of a signed type that it counts as too large.
  const isTooLarge = value > max || (isGiven && (type > 0 || value <= max - INT64_SPAN));
  return normalizeInteger(isTooLarge ? max : min);
}

// The bounds of a type that numbers can hold exactly.
function least(type: IntegerType): number {
  return type < 0 ? -SPANS[-type - 1]! : 0;
}

function greatest(type: IntegerType): number {
  return (type < 0 ? SPANS[-type - 1]! : SPANS[type]!) - 1;
}

function wrapped(value: number, type: IntegerType): number {
  const span = SPANS[Math.abs(type)]!;
  const rest = value - Math.floor(value / span) * span;
  return type < 0 && rest >= span / 2 ? rest - span : rest;
}

function readBits(bytes: Uint8Array, start: number, length: number, offset: number, bits: number): number {
  let value = 0;
  let at = Math.floor(offset / 8);
  let room = 8 - (offset % 8);
  for (let left = bits; left > 0; at++) {
    const taken = Math.min(room, left);
    const byte = at < length ? bytes[start + at]! : 0;
    value = value * (1 << taken) + ((byte >> (room - taken)) & ((1 << taken) - 1));
    left -= taken;
    room = 8;
  }
  return value;
}

function writeBits(bytes: Uint8Array, start: number, offset: number, bits: number, value: number): void {
  const end = offset + bits;
  let at = start + Math.floor((end - 1) / 8);
  let room = ((end - 1) % 8) + 1;
  let rest = value;
  for (let left = bits; left > 0; at--) {
    const taken = Math.min(room, left);
    const shift = 8 - room;
    const mask = ((1 << taken) - 1) << shift;
    const higher = Math.floor(rest / (1 << taken));
    bytes[at] = (bytes[at]! & ~mask) | ((rest - higher * (1 << taken)) << shift);
    rest = higher;
    left -= taken;
    room = 8;
  }
}
