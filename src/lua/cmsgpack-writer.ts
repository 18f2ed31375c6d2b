// Writes MessagePack as lua-cmsgpack 0.4.0 does: integers as short as they go, doubles as floats where that loses
// nothing, a table as an array when its keys are 1 to n and as a map otherwise. Text is latin1, put together from small
// strings, which V8 does faster than it copies through a buffer.

import { LONG, LongText } from './long-text.ts';
import { isPositiveNan } from './number-text.ts';
import type { LuaState } from './state.ts';
import { LuaTable } from './table.ts';
import type { LuaValue } from './value.ts';

export class MessageWriter {
  // The end of what is packed; what came before it, once it is long.
  private packed = '';
  private readonly before: LongText;
  private readonly view = new DataView(new ArrayBuffer(8));

  constructor(state: LuaState) {
    this.before = new LongText(state);
  }

  /** The values, one after another (latin1). */
  pack(values: readonly LuaValue[]): string {
    this.packed = '';
    this.before.clear();
    for (let i = 0; i < values.length; i++) this.write(values[i], 0);
    const packed = this.before.finish(this.packed);
    this.packed = '';
    return packed;
  }

  /** Writes a value that stands `level` tables deep. What has no form of its own is nil. */
  private write(value: LuaValue, level: number): void {
    if (this.packed.length > LONG) {
      this.before.add(this.packed);
      this.packed = '';
    }
    switch (typeof value) {
      case 'string':
        this.packed += textHead(value.length) + value;
        return;
      case 'number':
        this.writeNumber(value);
        return;
      case 'boolean':
        this.packed += value ? '\xc3' : '\xc2';
        return;
      default:
        // Observed 7.2.4: tables 16 deep are nil, which is also the end of one that holds itself.
        if (value instanceof LuaTable && level < MAX_NESTING) this.writeTable(value, level + 1);
        else this.packed += '\xc0';
    }
  }

  private writeTable(table: LuaTable, level: number): void {
    const { array, keys, values } = table;
    let count = 0;
    for (let i = 0; i < array.length; i++) if (array[i] !== undefined) count++;
    let largest = array.length;
    for (let slot = 0; slot < keys.length; slot++) {
      if (values[slot] === undefined) continue;
      const key = keys[slot];
      count++;
      if (typeof key !== 'number' || key < 1 || key !== (key | 0)) largest = Number.NaN;
      else if (key > largest) largest = key;
    }
    if (largest === count) {
      this.packed += tableHead(count, 0x90, 0xdc);
      for (let i = 1; i <= count; i++) this.write(table.getInteger(i), level);
      return;
    }
    this.packed += tableHead(count, 0x80, 0xde);
    for (let i = 0; i < array.length; i++) {
      if (array[i] === undefined) continue;
      this.writeNumber(i + 1);
      this.write(array[i], level);
    }
    if (keys.length > 0) this.writeHashPart(table, level);
  }

  private writeHashPart(table: LuaTable, level: number): void {
    const { keys, values } = table;
    const order = table.slotsInOrder();
    for (let i = 0; i < order.length; i++) {
      const slot = order[i]!;
      if (values[slot] === undefined) continue;
      this.write(keys[slot], level);
      this.write(values[slot], level);
    }
  }

  private writeNumber(value: number): void {
    if (value === (value | 0)) {
      this.packed += value >= 0 ? unsignedText(value) : negativeText(value);
    } else if (value >= -TWO_63 && value < TWO_63 && Math.trunc(value) === value) {
      this.packed += wideText(value);
    } else {
      this.packed += this.doubleText(value);
    }
  }

  private doubleText(value: number): string {
    const { view } = this;
    if (Math.fround(value) === value) {
      view.setFloat32(0, value);
      return `\xca${bytesOf(view.getUint32(0))}`;
    }
    if (Number.isNaN(value))
      return isPositiveNan(value) ? '\xcb\x7f\xf8\0\0\0\0\0\0' : '\xcb\xff\xf8\0\0\0\0\0\0';
    view.setFloat64(0, value);
    return `\xcb${bytesOf(view.getUint32(0))}${bytesOf(view.getUint32(4))}`;
  }
}

const MAX_NESTING = 16;
const TWO_32 = 2 ** 32;
const TWO_63 = 2 ** 63;

function textHead(length: number): string {
  if (length < 32) return String.fromCharCode(0xa0 | length);
  if (length <= 0xff) return String.fromCharCode(0xd9, length);
  if (length <= 0xffff) return String.fromCharCode(0xda, length >> 8, length & 0xff);
  return `\xdb${bytesOf(length)}`;
}

/** The head of an array or a map: `few` is the code for up to 15 entries, `many` the one with a count of 16 bits. */
function tableHead(length: number, few: number, many: number): string {
  if (length <= 15) return String.fromCharCode(few | length);
  if (length <= 0xffff) return String.fromCharCode(many, length >> 8, length & 0xff);
  return String.fromCharCode(many + 1) + bytesOf(length);
}

/** A non-negative int32. */
function unsignedText(value: number): string {
  if (value <= 0x7f) return String.fromCharCode(value);
  if (value <= 0xff) return String.fromCharCode(0xcc, value);
  if (value <= 0xffff) return String.fromCharCode(0xcd, value >> 8, value & 0xff);
  return `\xce${bytesOf(value)}`;
}

/** A negative int32. */
function negativeText(value: number): string {
  if (value >= -32) return String.fromCharCode(value & 0xff);
  if (value >= -128) return String.fromCharCode(0xd0, value & 0xff);
  if (value >= -32768) return String.fromCharCode(0xd1, (value >> 8) & 0xff, value & 0xff);
  return `\xd2${bytesOf(value)}`;
}

/** An integer beyond int32. */
function wideText(value: number): string {
  if (value > 0 && value < TWO_32) return `\xce${bytesOf(value)}`;
  return (value > 0 ? '\xcf' : '\xd3') + bytesOf(Math.floor(value / TWO_32)) + bytesOf(value);
}

/** The low 32 bits of an integer, the largest byte first. */
function bytesOf(value: number): string {
  return String.fromCharCode(
    (value >>> 24) & 0xff,
    (value >>> 16) & 0xff,
    (value >>> 8) & 0xff,
    value & 0xff,
  );
}
