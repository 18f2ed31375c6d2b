// How directive values are read as numbers: C's strtoll family, and memory sizes with units. (Canonical integers and
// doubles are base/numbers.ts's.) Everything is 64-bit arithmetic in bigint, because a directive may hold the largest
// unsigned 64-bit value and an overflow wraps exactly as the reference's does. No speed is needed here: values are
// read once and kept as numbers.

import { INT64_MAX, INT64_MIN, UINT64_MAX } from '../base/numbers.ts';

/** What strtoll returns: the value (clamped to int64), the text left over, and whether it was clamped. */
export interface ParsedPrefix {
  readonly value: bigint;
  readonly rest: string;
  readonly overflow: boolean;
}

/** Reads the longest integer prefix as strtoll(3) does, leading white space and sign included; no digits give 0. */
export function parseIntegerPrefix(text: string, base: 8 | 10): ParsedPrefix {
  const match = (base === 8 ? /^[ \t\n\v\f\r]*([+-]?)([0-7]+)/ : /^[ \t\n\v\f\r]*([+-]?)([0-9]+)/).exec(text);
  if (match === null) return { value: 0n, rest: text, overflow: false };
  const magnitude = BigInt((base === 8 ? '0o' : '') + match[2]!);
  const value = match[1] === '-' ? -magnitude : magnitude;
  const rest = text.slice(match[0].length);
  if (value > INT64_MAX) return { value: INT64_MAX, rest, overflow: true };
  if (value < INT64_MIN) return { value: INT64_MIN, rest, overflow: true };
  return { value, rest, overflow: false };
}

const KB = 1024n;
const MB = KB * 1024n;
const GB = MB * 1024n;

const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['', 1n],
  ['b', 1n],
  ['k', 1000n],
  ['kb', KB],
  ['m', 1000_000n],
  ['mb', MB],
  ['g', 1000_000_000n],
  ['gb', GB],
]);

/** Reads a memory size ("100", "64mb", "1k") as unsigned 64-bit bytes; products wrap. Null when it is none. */
export function parseMemorySize(text: string): bigint | null {
  const match = /^([0-9]*)([a-z]*)$/i.exec(text);
  if (match === null || match[1]!.length > 127) return null;
  const unit = UNITS.get(match[2]!.toLowerCase());
  if (unit === undefined) return null;
  const digits = BigInt(match[1]!);
  return BigInt.asUintN(64, (digits > UINT64_MAX ? UINT64_MAX : digits) * unit);
}

/** Writes a byte count the way CONFIG REWRITE does: in the largest of gb, mb, kb that divides it. */
export function formatMemorySize(bytes: bigint): string {
  // The reference prints these as signed numbers, whatever the directive's own type.
  const signed = BigInt.asIntN(64, bytes);
  if (signed !== 0n) {
    if (signed % GB === 0n) return `${signed / GB}gb`;
    if (signed % MB === 0n) return `${signed / MB}mb`;
    if (signed % KB === 0n) return `${signed / KB}kb`;
  }
  return `${signed}`;
}
