// Edits of HyperLogLogs in the sparse form. The bytes after an edit are part of the format: which runs are split and
// which are joined again is Redis's choice, because clients may compare values. Making room is the caller's business:
// locate the register, ask what raising it adds, resize, raise.

import {
  HEADER_BYTES,
  invalidateCount,
  isLongZeroRun,
  isValueRun,
  runBytes,
  runLength,
  runValue,
} from './hyperloglog.ts';

/** The largest value that the sparse form can hold. */
export const SPARSE_VALUE_MAX = 32;

const SHORT_ZEROS_MAX = 64;
const VALUE_RUN_MAX = 4;
/** How many runs from the one before the edit on are looked at, to join them. */
const JOIN_RUNS = 5;

/**
 * The run that holds a register: its offset within the value (16 bits), its first register (14 bits), the bytes of the
 * run before it (2 bits), in one number. -1: the runs are corrupted.
 */
export type RunLocation = number;

/** The run that holds register `index`. O(n) for n runs before it. */
export function locateRun(bytes: Uint8Array, at: number, length: number, index: number): RunLocation {
  const end = at + length;
  let first = 0;
  let before = 0;
  let run = at + HEADER_BYTES;
  while (run < end) {
    const byte = bytes[run]!;
    let next = first + 1;
    let size = 1;
    if (byte < 0x40) next += byte;
    else if (byte >= 0x80) next += byte & 3;
    else {
      next += ((byte & 0x3f) << 8) | (run + 1 < end ? bytes[run + 1]! : 0);
      size = 2;
    }
    if (index < next) return run - at + first * 0x10000 + before * 0x40000000;
    first = next;
    before = size;
    run += size;
  }
  return -1;
}

/** The value of the registers in a run. */
export function locatedValue(bytes: Uint8Array, at: number, location: RunLocation): number {
  return runValue(bytes[at + offsetOf(location)]!);
}

/** How many bytes longer the value becomes when register `index` of its run gets another value: -1 to 3. */
export function growthOfRaise(
  bytes: Uint8Array,
  at: number,
  length: number,
  location: RunLocation,
  index: number,
): number {
  const run = at + offsetOf(location);
  const byte = bytes[run]!;
  const first = firstOf(location);
  const last = first + runLength(bytes, run, at + length) - 1;
  return sizeOf(byte, index - first) + 1 + sizeOf(byte, last - index) - runBytes(byte);
}

/**
 * Gives register `index` of its run a value that is higher than before, and returns the length of the value after that:
 * `growth` more, or less where runs were joined. There must be room for `growth` bytes behind the value.
 */
export function raiseSparse(
  bytes: Uint8Array,
  at: number,
  length: number,
  location: RunLocation,
  index: number,
  value: number,
  growth: number,
): number {
  const run = at + offsetOf(location);
  const end = at + length;
  const byte = bytes[run]!;
  const first = firstOf(location);
  const last = first + runLength(bytes, run, end) - 1;
  const next = run + runBytes(byte);
  if (growth !== 0 && next < end) bytes.copyWithin(next + growth, next, end);
  // Observed 7.2.4: a long run at the end that lacks its second byte is written as if it had it, and cut off there.
  const isCut = next > end && growth > 0;
  const behind = isCut ? bytes[end + growth]! : 0;
  let to = writeRun(bytes, run, byte, index - first);
  bytes[to++] = valueRun(value, 1);
  writeRun(bytes, to, byte, last - index);
  if (isCut) bytes[end + growth] = behind;
  const joined = joinRuns(bytes, run - (location >>> 30), end + growth);
  invalidateCount(bytes, at);
  return joined - at;
}

function offsetOf(location: RunLocation): number {
  return location & 0xffff;
}

function firstOf(location: RunLocation): number {
  return (location >>> 16) & 0x3fff;
}

// The bytes that `registers` registers of a run take on their own; `byte` is what the run begins with.
function sizeOf(byte: number, registers: number): number {
  if (registers === 0) return 0;
  return isValueRun(byte) || registers <= SHORT_ZEROS_MAX ? 1 : 2;
}

// Writes `registers` registers of the run that began with `byte`; returns the offset after them.
function writeRun(bytes: Uint8Array, to: number, byte: number, registers: number): number {
  if (registers === 0) return to;
  if (isValueRun(byte)) {
    bytes[to] = valueRun(runValue(byte), registers);
    return to + 1;
  }
  if (registers <= SHORT_ZEROS_MAX) {
    bytes[to] = registers - 1;
    return to + 1;
  }
  bytes[to] = 0x40 | ((registers - 1) >> 8);
  bytes[to + 1] = (registers - 1) & 0xff;
  return to + 2;
}

function valueRun(value: number, registers: number): number {
  return 0x80 | ((value - 1) << 2) | (registers - 1);
}

// Joins neighbours of the same value as far as a run can hold them; returns the end of the value after that.
function joinRuns(bytes: Uint8Array, from: number, to: number): number {
  let end = to;
  let run = from;
  for (let looked = 0; looked < JOIN_RUNS && run < end; looked++) {
    const byte = bytes[run]!;
    if (isValueRun(byte) && run + 1 < end && (bytes[run + 1]! & 0xfc) === (byte & 0xfc)) {
      const registers = (byte & 3) + (bytes[run + 1]! & 3) + 2;
      if (registers <= VALUE_RUN_MAX) {
        bytes[run] = valueRun(runValue(byte), registers);
        bytes.copyWithin(run + 1, run + 2, end);
        end--;
        continue;
      }
    }
    run += isLongZeroRun(byte) ? 2 : 1;
  }
  return end;
}
