// The library struct: numbers and strings to the bytes of C structures and back, by a format. Sizes and alignment are
// those of x86-64; integers are 64 bits wide at heart, whatever size a format asks for.

import { checkNumber, checkString, optionalInteger, toNumber } from './arguments.ts';
import { badArgument, throwError } from './errors.ts';
import { isPositiveNan, positiveNan } from './number-text.ts';
import type { LuaState } from './state.ts';
import type { LuaTable } from './table.ts';
import type { LuaValue, Result } from './value.ts';

/** The library's table. */
export function structLibrary(state: LuaState): LuaTable {
  const codec = new StructCodec();
  return state.library({
    pack: (...args: LuaValue[]) => codec.pack(args),
    unpack: (...args: LuaValue[]) => codec.unpack(args),
    size: (...args: LuaValue[]) => codec.size(args),
  });
}

class StructCodec {
  // The format, where it is being read, and the options in force.
  private format = '';
  private at = 0;
  private isLittle = true;
  private alignment = 1;
  private readonly view = new DataView(new ArrayBuffer(8));

  /** Packs the arguments after the first by the format that the first is. */
  pack(args: LuaValue[]): Result {
    this.begin(checkString(args, 1));
    // Observed 7.2.4: behind the last argument stands a nil.
    args.push(undefined);
    let argument = 2;
    let packed = '';
    for (let option = this.next(); option !== END; option = this.next()) {
      let size = this.sizeOf(option);
      if (this.alignment > 1) packed += '\0'.repeat(this.padding(packed.length, option, size));
      if (isInteger(option)) {
        packed += this.integerBytes(checkNumber(args, argument++), size);
      } else if (option === 'x') {
        packed += '\0';
      } else if (option === 'f' || option === 'd') {
        packed += this.floatBytes(checkNumber(args, argument++), size);
      } else if (option === 'c' || option === 's') {
        const text = checkString(args, argument++);
        if (size === 0) size = text.length;
        // Observed 7.2.4: the argument that is named is the one after.
        if (text.length < size) badArgument(argument, 'string too short');
        packed += option === 's' ? `${text}\0` : text.slice(0, size);
      } else {
        this.control(option);
      }
    }
    return packed;
  }

  /** The values that the second argument holds from the third on (a position, 1 without one), and where they end. */
  unpack(args: LuaValue[]): Result {
    this.begin(checkString(args, 1));
    const data = checkString(args, 2);
    let at = optionalInteger(args, 3, 1);
    if (at === 0) badArgument(3, 'offset must be 1 or greater');
    // A negative position is taken for a very large one, but alignment may bring it back to the start.
    at--;
    const values: LuaValue[] = [];
    for (let option = this.next(); option !== END; option = this.next()) {
      let size = this.sizeOf(option);
      at += this.padding(at, option, size);
      if (at < 0 || at + size > data.length) badArgument(2, 'data string too short');
      if (args.length + values.length + 2 > MAX_C_STACK) throwError('stack overflow (too many results)');
      if (isInteger(option)) {
        values.push(this.readInteger(data, at, size, option > 'Z'));
      } else if (option === 'f' || option === 'd') {
        values.push(this.readFloat(data, at, size));
      } else if (option === 'c') {
        if (size === 0) {
          size = this.previousSize(values);
          if (!(size >= 0 && at + size <= data.length)) badArgument(2, 'data string too short');
        }
        values.push(data.slice(at, at + size));
      } else if (option === 's') {
        const end = data.indexOf('\0', at);
        if (end < 0) throwError('unfinished string in data');
        values.push(data.slice(at, end));
        size = end - at + 1;
      } else if (option !== 'x') {
        this.control(option);
      }
      at += size;
    }
    values.push(at + 1);
    return values;
  }

  /** How many bytes a format packs into. */
  size(args: LuaValue[]): Result {
    this.begin(checkString(args, 1));
    let total = 0;
    for (let option = this.next(); option !== END; option = this.next()) {
      const size = this.sizeOf(option);
      total += this.padding(total, option, size);
      if (option === 's') badArgument(1, "option 's' has no fixed size");
      if (option === 'c' && size === 0) badArgument(1, "option 'c0' has no fixed size");
      // Observed 7.2.4: letters and digits that mean nothing count for nothing here.
      if (!/[0-9A-Za-z]/.test(option)) this.control(option);
      total += size;
    }
    return total;
  }

  private begin(format: string): void {
    this.format = format;
    this.at = 0;
    this.isLittle = true;
    this.alignment = 1;
  }

  /** The next option of the format, END behind the last. */
  private next(): string {
    const option = this.format.charAt(this.at++);
    return option === '\0' ? END : option;
  }

  /** How many bytes an option stands for; reads the number behind it. */
  private sizeOf(option: string): number {
    switch (option) {
      case 'b':
      case 'B':
      case 'x':
        return 1;
      case 'h':
      case 'H':
        return 2;
      case 'f':
        return 4;
      case 'l':
      case 'L':
      case 'T':
      case 'd':
        return 8;
      case 'c':
        return this.number(1);
      case 'i':
      case 'I': {
        const size = this.number(4);
        if (size > MAX_INTEGER_SIZE)
          throwError(`integral size ${size} is larger than limit of ${MAX_INTEGER_SIZE}`);
        return size;
      }
      default:
        return 0;
    }
  }

  /** The number at this place of the format, or `missing`. */
  private number(missing: number): number {
    const start = this.at;
    let value = 0;
    for (let digit = this.digit(); digit >= 0; digit = this.digit()) {
      value = value * 10 + digit;
      if (value > INT_MAX) throwError('integral size overflow');
      this.at++;
    }
    return this.at === start ? missing : value;
  }

  private digit(): number {
    const code = this.format.charCodeAt(this.at);
    return code >= 0x30 && code <= 0x39 ? code - 0x30 : -1;
  }

  /** How many bytes come before an element at `at`. */
  private padding(at: number, option: string, size: number): number {
    if (size === 0 || option === 'c') return 0;
    const step = Math.min(size, this.alignment);
    return (step - (at & (step - 1))) & (step - 1);
  }

  private control(option: string): void {
    if (option === '>') this.isLittle = false;
    else if (option === '<') this.isLittle = true;
    else if (option === '!') {
      const alignment = this.number(8);
      if (alignment === 0 || (alignment & (alignment - 1)) !== 0)
        throwError(`alignment ${alignment} is not a power of 2`);
      this.alignment = alignment;
    } else if (option !== ' ') {
      badArgument(1, `invalid format option '${option}'`);
    }
  }

  private integerBytes(value: number, size: number): string {
    if (size === 1) return String.fromCharCode(toInt64(value) & 0xff);
    const whole = toInt64(value);
    if (size === 4) {
      const a = whole & 0xff;
      const b = (whole >> 8) & 0xff;
      const c = (whole >> 16) & 0xff;
      const d = (whole >> 24) & 0xff;
      return this.isLittle ? String.fromCharCode(a, b, c, d) : String.fromCharCode(d, c, b, a);
    }
    let low = whole >>> 0;
    let high = Math.floor(whole / TWO_32) >>> 0;
    let bytes = '';
    for (let i = 0; i < size; i++) {
      const byte = String.fromCharCode(low & 0xff);
      bytes = this.isLittle ? bytes + byte : byte + bytes;
      low = ((low >>> 8) | (high << 24)) >>> 0;
      high >>>= 8;
    }
    return bytes;
  }

  private readInteger(data: string, at: number, size: number, isSigned: boolean): number {
    let low = 0;
    let high = 0;
    for (let i = 0; i < size; i++) {
      high = (high << 8) | (low >>> 24);
      low = (low << 8) | data.charCodeAt(this.isLittle ? at + size - 1 - i : at + i);
    }
    if (!isSigned) return (high >>> 0) * TWO_32 + (low >>> 0);
    if (size === 4) return low;
    // Observed 7.2.4: beyond 8 bytes the place of the sign is taken modulo 64, as the processor shifts.
    const sign = (size * 8 - 1) & 63;
    const highMask = sign < 32 ? -1 : -1 << (sign - 32);
    const lowMask = sign < 32 ? -1 << sign : 0;
    if (((high & highMask) | (low & lowMask)) !== 0) {
      high |= highMask;
      low |= lowMask;
    }
    return high * TWO_32 + (low >>> 0);
  }

  private floatBytes(value: number, size: number): string {
    const { view } = this;
    // A NaN that carries a mark (number-text.ts) loses it.
    const known = Number.isNaN(value) ? Number.NaN : value;
    if (size === 4) view.setFloat32(0, known, this.isLittle);
    else view.setFloat64(0, known, this.isLittle);
    if (Number.isNaN(value)) view.setUint8(this.isLittle ? size - 1 : 0, isPositiveNan(value) ? 0x7f : 0xff);
    let bytes = '';
    for (let i = 0; i < size; i++) bytes += String.fromCharCode(view.getUint8(i));
    return bytes;
  }

  private readFloat(data: string, at: number, size: number): number {
    const { view } = this;
    for (let i = 0; i < size; i++) view.setUint8(i, data.charCodeAt(at + i));
    const value = size === 4 ? view.getFloat32(0, this.isLittle) : view.getFloat64(0, this.isLittle);
    if (!Number.isNaN(value)) return value;
    return view.getUint8(this.isLittle ? size - 1 : 0) < 0x80 ? positiveNan() : Number.NaN;
  }

  /** The size for `c0`: the value before, which it takes out of the results. */
  private previousSize(values: LuaValue[]): number {
    const value = values.pop();
    const size = value === undefined ? undefined : toNumber(value);
    if (size === undefined) throwError("format 'c0' needs a previous size");
    return Math.trunc(size);
  }
}

const END = '';
const INT_MAX = 0x7fffffff;
const TWO_32 = 2 ** 32;
const TWO_63 = 2 ** 63;
const TWO_64 = 2 ** 64;
const MAX_INTEGER_SIZE = 32;
// As many slots as a C function may use of Lua's stack.
const MAX_C_STACK = 8000;

function isInteger(option: string): boolean {
  switch (option) {
    case 'b':
    case 'B':
    case 'h':
    case 'H':
    case 'i':
    case 'I':
    case 'l':
    case 'L':
    case 'T':
      return true;
    default:
      return false;
  }
}

/** The integer that x86-64 makes of a double for 64 bits: cut toward zero; what does not fit has its own rules. */
function toInt64(value: number): number {
  if (value >= TWO_64) return 0;
  if (!(value >= -TWO_63)) return -TWO_63;
  return Math.trunc(value);
}
