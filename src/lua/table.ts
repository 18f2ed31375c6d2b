// A table of Lua: an array part for the keys 1 to n, and a hash part that keeps its keys in the order in which they came
// and goes through the list of keys while there are few. The order in which `next` hands keys out is Lua 5.1's as far as
// the history that is kept tells it (table-order.ts).

import { LuaError } from './errors.ts';
import { traversalOrder } from './table-order.ts';
import type { LuaValue } from './value.ts';

/** With up to this many slots the keys are looked through one by one. */
const MAX_WITHOUT_INDEX = 8;
const NO_LIST: LuaValue[] = [];
/** Looking whether a key fits takes as long as the array part. */
const MAX_FITTING = 256;
/** JavaScript's arrays end the process beyond twice of it. */
const MAX_ARRAY = 1 << 26;
const MAX_BORDER = 0x7fffffff;

export class LuaTable {
  /** The values of the keys 1 to n. Nil only in between (then `hasHoles`), never at the end. */
  array: LuaValue[];
  /** The keys of the hash part; a slot whose value is nil is free to be forgotten. */
  keys: LuaValue[] = NO_LIST;
  values: LuaValue[] = NO_LIST;
  metatable: LuaTable | null = null;
  isReadOnly = false;
  /** The number of array slots that Lua 5.1 would have from the constructor: where the border is looked for. */
  arraySlots: number;
  /** The number of hash slots that the constructor asked for. */
  hashSlots = 0;
  private hasHoles = false;
  private index: Map<LuaValue, number> | null = null;
  /** Whether whole numbers may be among `keys`. */
  private hasWholeKeys = false;
  private freeSlots = 0;
  /** Of slots without a value: how many keys there were when it went. */
  private deaths: Map<number, number> | null = null;
  /** Of the key that was handed out last, -1 for one of the array part. */
  private lastPlace = -1;
  /** The slots in the order of traversal, and where in it each slot is. */
  private order: readonly number[] | null = null;
  private orderPlaces: Int32Array | null = null;

  /** The list becomes the array part. It must not be used any more; nil in it is allowed. */
  constructor(array: LuaValue[] = []) {
    this.array = array;
    this.arraySlots = array.length;
  }

  /** The table of a constructor: `keys` are distinct strings, `values` theirs. Both are kept. */
  static ofRecord(keys: string[], values: LuaValue[]): LuaTable {
    const table = new LuaTable();
    table.hashSlots = keys.length;
    if (keys.length <= MAX_WITHOUT_INDEX) {
      table.keys = keys;
      table.values = values;
    } else {
      for (let i = 0; i < keys.length; i++) table.setString(keys[i]!, values[i]);
    }
    return table;
  }

  /** The table of a list that may hold nil, as a constructor makes it. The list is kept. */
  static ofList(array: LuaValue[]): LuaTable {
    const table = new LuaTable(array);
    table.noticeHoles();
    return table;
  }

  get(key: LuaValue): LuaValue {
    if (typeof key === 'number') return this.getNumber(key);
    const slot = this.slotOf(key);
    return slot < 0 ? undefined : this.values[slot];
  }

  getString(name: string): LuaValue {
    if (this.index === null) {
      const keys = this.keys;
      for (let i = 0; i < keys.length; i++) if (keys[i] === name) return this.values[i];
      return undefined;
    }
    const slot = this.index.get(name);
    return slot === undefined ? undefined : this.values[slot];
  }

  /** `i` is a whole number. */
  getInteger(i: number): LuaValue {
    const array = this.array;
    if (i >= 1 && i <= array.length) return array[i - 1];
    return this.hasWholeKeys ? this.getHashed(i) : undefined;
  }

  private getNumber(key: number): LuaValue {
    const array = this.array;
    if (key >= 1 && key <= array.length && key === Math.trunc(key)) return array[key - 1];
    return this.keys.length === 0 ? undefined : this.getHashed(key);
  }

  private getHashed(key: LuaValue): LuaValue {
    const slot = this.slotOf(key);
    return slot < 0 ? undefined : this.values[slot];
  }

  /** The slot of `key` in `keys` and `values`, or -1. It stays until a key is added. */
  slotOf(key: LuaValue): number {
    if (this.index !== null) return this.index.get(key) ?? -1;
    const keys = this.keys;
    for (let i = 0; i < keys.length; i++) if (keys[i] === key) return i;
    return -1;
  }

  /** Sets without metamethods and without regard to `isReadOnly`. Nil and NaN as keys throw. */
  set(key: LuaValue, value: LuaValue): void {
    if (typeof key === 'number') this.setNumber(key, value);
    else if (key === undefined) throw new LuaError('table index is nil', 1);
    else this.setHashed(key, value);
  }

  setString(name: string, value: LuaValue): void {
    if (this.index === null) {
      const keys = this.keys;
      for (let i = 0; i < keys.length; i++) {
        if (keys[i] === name) {
          this.setSlot(i, value);
          return;
        }
      }
      if (value !== undefined) this.add(name, value);
      return;
    }
    this.setHashed(name, value);
  }

  /** Sets a key of a constructor that has a size for the hash part: there it goes, even if it is 1. */
  setInHash(key: LuaValue, value: LuaValue): void {
    if (key === undefined || Number.isNaN(key)) this.set(key, value);
    else this.setHashed(key === 0 ? 0 : key, value);
  }

  /** `i` is a whole number. */
  setInteger(i: number, value: LuaValue): void {
    const array = this.array;
    const length = array.length;
    if (i >= 1 && i <= length) {
      if (value !== undefined || i < length) {
        array[i - 1] = value;
        if (value === undefined) this.hasHoles = true;
      } else {
        this.cutLast();
      }
    } else if (i === length + 1) {
      if (value !== undefined) {
        if (length >= MAX_ARRAY) throw new LuaError('table overflow', 1);
        array.push(value);
        if (this.hasWholeKeys) this.takeFromHash(i);
      } else if (this.hasWholeKeys) {
        this.setHashed(i, value);
      }
    } else if (
      value !== undefined &&
      this.keys === NO_LIST &&
      this.hashSlots === 0 &&
      i > length &&
      this.fits(i)
    ) {
      while (array.length < i - 1) array.push(undefined);
      array.push(value);
      this.hasHoles = true;
    } else {
      this.setHashed(i, value);
    }
  }

  // Without a hash part Lua gives a key to the array part if more than half of that is used then.
  private fits(i: number): boolean {
    if (i > MAX_FITTING) return false;
    let slots = 1;
    while (slots < i) slots *= 2;
    let used = 1;
    for (const value of this.array) if (value !== undefined) used++;
    return used > slots / 2;
  }

  private setNumber(key: number, value: LuaValue): void {
    if (key === Math.trunc(key)) this.setInteger(key === 0 ? 0 : key, value);
    else if (Number.isNaN(key)) throw new LuaError('table index is NaN', 1);
    else this.setHashed(key, value);
  }

  private setHashed(key: LuaValue, value: LuaValue): void {
    const slot = this.slotOf(key);
    if (slot >= 0) this.setSlot(slot, value);
    else if (value !== undefined) this.add(key, value);
  }

  private setSlot(slot: number, value: LuaValue): void {
    const values = this.values;
    if (value === undefined) {
      if (values[slot] !== undefined) {
        this.freeSlots++;
        if (this.deaths === null) this.deaths = new Map();
        this.deaths.set(slot, values.length);
      }
    } else if (values[slot] === undefined) {
      this.freeSlots--;
      this.deaths?.delete(slot);
      this.order = null;
    }
    values[slot] = value;
  }

  private add(key: LuaValue, value: LuaValue): void {
    this.order = null;
    if (this.keys === NO_LIST) {
      this.keys = [];
      this.values = [];
    } else if (this.freeSlots > 16 && this.freeSlots > this.keys.length >> 1) {
      this.compact();
    }
    if (typeof key === 'number') this.hasWholeKeys = true;
    const slot = this.keys.push(key) - 1;
    this.values.push(value);
    if (this.index !== null) this.index.set(key, slot);
    else if (slot >= MAX_WITHOUT_INDEX) this.buildIndex();
  }

  private buildIndex(): void {
    const index = new Map<LuaValue, number>();
    const keys = this.keys;
    for (let i = 0; i < keys.length; i++) index.set(keys[i], i);
    this.index = index;
  }

  // Forgets the slots whose values are nil. Only when a key is added: a traversal may not add any.
  private compact(): void {
    const keys: LuaValue[] = [];
    const values: LuaValue[] = [];
    for (let i = 0; i < this.keys.length; i++) {
      if (this.values[i] === undefined) continue;
      keys.push(this.keys[i]);
      values.push(this.values[i]);
    }
    this.keys = keys;
    this.values = values;
    this.freeSlots = 0;
    this.deaths = null;
    this.index = null;
    if (keys.length > MAX_WITHOUT_INDEX) this.buildIndex();
  }

  private cutLast(): void {
    const array = this.array;
    // Lua's array part does not get smaller.
    if (array.length > this.arraySlots) this.arraySlots = this.slotsOfArray();
    array.pop();
    if (!this.hasHoles) return;
    while (array.length > 0 && array[array.length - 1] === undefined) array.pop();
    if (array.length === 0) this.hasHoles = false;
  }

  // The keys after `last`, which was just appended, go from the hash part to the array part.
  private takeFromHash(last: number): void {
    for (let key = last; ; key++) {
      const slot = this.slotOf(key);
      const value = slot < 0 ? undefined : this.values[slot];
      if (key > last) {
        if (value === undefined) return;
        this.array.push(value);
      }
      if (slot >= 0) this.setSlot(slot, undefined);
    }
  }

  /** Lua 5.1's `#`: a border, and with holes the one that its search comes upon. */
  length(): number {
    const length = this.array.length;
    if (!this.hasHoles && !this.hasWholeKeys) return length;
    const slots = this.slotsOfArray();
    if (length === slots) return this.hasWholeKeys ? this.borderFrom(length) : length;
    if (!this.hasHoles) return length;
    let low = 0;
    let high = slots;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (middle > length || this.array[middle - 1] === undefined) high = middle;
      else low = middle;
    }
    return low;
  }

  // With the array part full, Lua goes on in the hash part by doubling, and then searches in between.
  private borderFrom(length: number): number {
    let low = length;
    let high = length + 1;
    while (this.getHashed(high) !== undefined) {
      low = high;
      high *= 2;
      if (high > MAX_BORDER) return low;
    }
    while (high - low > 1) {
      const middle = low + Math.floor((high - low) / 2);
      if (this.getInteger(middle) === undefined) high = middle;
      else low = middle;
    }
    return low;
  }

  // Lua 5.1's array part has what the constructor gave it, and grows to powers of two.
  private slotsOfArray(): number {
    let slots = this.arraySlots;
    const length = this.array.length;
    if (length > slots) {
      slots = 1;
      while (slots < length) slots *= 2;
    }
    return slots;
  }

  private noticeHoles(): void {
    const array = this.array;
    while (array.length > 0 && array[array.length - 1] === undefined) array.pop();
    this.hasHoles = array.includes(undefined);
  }

  /**
   * The key after `key` (undefined for the first) in the order of traversal, undefined at the end; read its value with
   * `get`. Values may be changed and removed on the way. Throws for a key that is not there.
   */
  next(key: LuaValue): LuaValue {
    const array = this.array;
    let i = 0;
    if (key !== undefined) {
      if (typeof key === 'number' && key >= 1 && key === Math.trunc(key) && this.isOfArray(key)) i = key;
      else return this.nextHashed(this.placeOf(key) + 1);
    }
    for (; i < array.length; i++) {
      if (array[i] === undefined) continue;
      this.lastPlace = -1;
      return i + 1;
    }
    return this.keys.length === 0 ? undefined : this.nextHashed(0);
  }

  // A key that was cut off the array's end during the traversal is still a place in it.
  private isOfArray(key: number): boolean {
    if (key <= this.array.length) return true;
    if (key > this.slotsOfArray() + 1) return false;
    const slot = this.slotOf(key);
    // One that once went over from the hash part has left an empty slot there.
    return slot < 0 || (this.values[slot] === undefined && this.order?.[this.lastPlace] !== slot);
  }

  private nextHashed(place: number): LuaValue {
    const order = this.slotsInOrder();
    for (let i = place; i < order.length; i++) {
      const slot = order[i]!;
      if (this.values[slot] !== undefined) {
        this.lastPlace = i;
        return this.keys[slot];
      }
    }
    return undefined;
  }

  /**
   * The slots of the hash part in the order of traversal, which begins with the array part. Those whose values are nil are
   * to be passed over. Good until a key is added.
   */
  slotsInOrder(): readonly number[] {
    if (this.order === null) {
      this.order = traversalOrder(this.keys, this.deaths, this.hashSlots, this.array.length);
      this.orderPlaces = null;
    }
    return this.order;
  }

  private placeOf(key: LuaValue): number {
    const order = this.slotsInOrder();
    // Nearly always it is the key that the last call gave.
    if (this.lastPlace >= 0 && this.lastPlace < order.length && this.keys[order[this.lastPlace]!] === key)
      return this.lastPlace;
    const slot = this.slotOf(key);
    if (slot < 0) throw new LuaError("invalid key to 'next'", 0);
    if (this.keys.length <= MAX_WITHOUT_INDEX) return order.indexOf(slot);
    if (this.orderPlaces === null) {
      this.orderPlaces = new Int32Array(this.keys.length);
      for (let i = 0; i < order.length; i++) this.orderPlaces[order[i]!] = i;
    }
    return this.orderPlaces[slot]!;
  }
}
