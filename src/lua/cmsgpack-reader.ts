// Reads MessagePack as lua-cmsgpack 0.4.0 does: the types of the format's first version and `str 8`; what came later
// (bin, ext) is refused. What is open stands on a stack of the reader's own; a count in the data costs nothing before
// its elements are there.

import { throwError, throwValue } from './errors.ts';
import { positiveNan } from './number-text.ts';
import { LuaTable } from './table.ts';
import type { LuaValue } from './value.ts';

export class MessageReader {
  private data = '';
  private at = 0;
  // The tables that are open around the innermost one, from the outside in. For each: how many entries are to come; the
  // index of the next one in an array, KEY or VALUE in a map; the key whose value is awaited.
  private readonly tables: LuaTable[] = [];
  private readonly left: number[] = [];
  private readonly places: number[] = [];
  private readonly keys: LuaValue[] = [];
  // What OPENED says besides: how many entries the new table waits for, and where the first one goes.
  private opened = 0;
  private openedPlace = 0;
  // Slots of the C function's stack in use.
  private slots = 0;
  private readonly view = new DataView(new ArrayBuffer(8));

  /** Starts on a text (latin1) at an offset, as a call that was given so many arguments. */
  begin(data: string, offset: number, slots: number): void {
    this.data = data;
    this.at = offset;
    this.slots = slots;
    this.tables.length = 0;
    this.left.length = 0;
    this.places.length = 0;
    this.keys.length = 0;
  }

  get offset(): number {
    return this.at;
  }

  get isAtEnd(): boolean {
    return this.at >= this.data.length;
  }

  /** The next value. Throws a LuaError on damaged data. It takes one slot from then on. */
  read(): LuaValue {
    const { tables, left, places, keys } = this;
    // The innermost table that is open, how many entries it waits for, and where the next one goes.
    let table: LuaTable | null = null;
    let rest = 0;
    let place = 0;
    let key: LuaValue;
    for (;;) {
      let value = this.readValue();
      if (value === OPENED) {
        if (table !== null) {
          tables.push(table);
          left.push(rest);
          places.push(place);
          keys.push(key);
        }
        table = new LuaTable();
        rest = this.opened;
        place = this.openedPlace;
        continue;
      }
      for (;;) {
        if (table === null) {
          this.slots++;
          return value;
        }
        if (place > 0) {
          table.setInteger(place++, value);
        } else if (place === KEY) {
          key = value;
          place = VALUE;
          this.slots++;
          break;
        } else {
          this.setEntry(table, key, value);
          place = KEY;
          this.slots--;
        }
        if (--rest > 0) break;
        this.slots -= place > 0 ? ARRAY_SLOTS : MAP_SLOTS;
        value = table;
        if (tables.length === 0) {
          table = null;
        } else {
          table = tables.pop()!;
          rest = left.pop()!;
          place = places.pop()!;
          key = keys.pop();
        }
      }
    }
  }

  private setEntry(table: LuaTable, key: LuaValue, value: LuaValue): void {
    if (typeof key === 'string') table.setString(key, value);
    else if (key === undefined) throwValue('table index is nil');
    else if (Number.isNaN(key)) throwValue('table index is NaN');
    else table.set(key, value);
  }

  /** A value, or OPENED when it is a table that has something in it. */
  private readValue(): LuaValue | typeof OPENED {
    const { data, at } = this;
    if (at >= data.length) missingBytes();
    if (this.slots >= MAX_C_STACK)
      throwError('stack overflow (too many return values at once; use unpack_one or unpack_limit instead.)');
    const code = data.charCodeAt(at);
    this.at = at + 1;
    if (code < 0x80) return code;
    if (code >= 0xe0) return code - 0x100;
    if (code >= 0xa0 && code < 0xc0) return this.readText(code & 0x1f);
    if (code < 0x90) return this.openMap(code & 0xf);
    if (code < 0xa0) return this.openArray(code & 0xf);
    switch (code) {
      case 0xc0:
        return undefined;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xca:
        this.view.setUint32(0, this.readUint(4));
        return this.withSign(this.view.getFloat32(0));
      case 0xcb:
        this.view.setUint32(0, this.readUint(4));
        this.view.setUint32(4, this.readUint(4));
        return this.withSign(this.view.getFloat64(0));
      case 0xcc:
        return this.readUint(1);
      case 0xcd:
        return this.readUint(2);
      case 0xce:
        return this.readUint(4);
      // Unsigned 64 bits pass through a signed integer.
      case 0xcf:
      case 0xd3:
        return (this.readUint(4) | 0) * 0x100000000 + this.readUint(4);
      case 0xd0:
        return (this.readUint(1) << 24) >> 24;
      case 0xd1:
        return (this.readUint(2) << 16) >> 16;
      case 0xd2:
        return this.readUint(4) | 0;
      case 0xd9:
        return this.readText(this.readUint(1));
      case 0xda:
        return this.readText(this.readUint(2));
      case 0xdb:
        return this.readText(this.readUint(4));
      case 0xdc:
        return this.openArray(this.readUint(2));
      case 0xdd:
        return this.openArray(this.readUint(4));
      case 0xde:
        return this.openMap(this.readUint(2));
      case 0xdf:
        return this.openMap(this.readUint(4));
      default:
        return throwError('Bad data format in input.');
    }
  }

  // The sign of a NaN can only be read off its bytes.
  private withSign(value: number): number {
    return Number.isNaN(value) && this.view.getUint8(0) < 0x80 ? positiveNan() : value;
  }

  /** An unsigned integer of 1 to 4 bytes, the largest first. */
  private readUint(size: number): number {
    const { data, at } = this;
    if (at + size > data.length) missingBytes();
    let value = 0;
    for (let i = at; i < at + size; i++) value = (value << 8) | data.charCodeAt(i);
    this.at = at + size;
    return value >>> 0;
  }

  private readText(length: number): string {
    const { at } = this;
    const end = at + length;
    if (end > this.data.length) missingBytes();
    this.at = end;
    return this.data.slice(at, end);
  }

  private openArray(length: number): LuaValue | typeof OPENED {
    if (this.slots + ARRAY_SLOTS > MAX_C_STACK)
      throwError('stack overflow (in function mp_decode_to_lua_array)');
    if (length === 0) return new LuaTable();
    this.slots += ARRAY_SLOTS;
    this.opened = length;
    this.openedPlace = 1;
    return OPENED;
  }

  private openMap(length: number): LuaValue | typeof OPENED {
    if (length === 0) return new LuaTable();
    this.slots += MAP_SLOTS;
    this.opened = length;
    this.openedPlace = KEY;
    return OPENED;
  }
}

const OPENED = Symbol('opened');
const KEY = 0;
const VALUE = -1;
// A table, and in an array the index of what is read.
const ARRAY_SLOTS = 2;
const MAP_SLOTS = 1;
// As many slots as a C function may use of Lua's stack.
const MAX_C_STACK = 8000;

function missingBytes(): never {
  throwError('Missing bytes in input.');
}
