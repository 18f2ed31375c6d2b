// The order in which table.sort compares and moves, apart from how two values are compared: a comparator may pause, so
// the sort stands still between a question and its answer. Lua's own order of questions (Sedgewick's quicksort with the
// median of three) is kept, since comparators see it, and since elements that are equal end up where it leaves them.

import { throwError } from './errors.ts';
import type { LuaTable } from './table.ts';
import type { LuaValue } from './value.ts';

export class TableSort {
  /** The question: is `first` less than `second`? */
  first: LuaValue = undefined;
  second: LuaValue = undefined;

  private readonly table: LuaTable;
  // The range being sorted, and the larger halves that wait, as pairs.
  private low = 0;
  private high = 0;
  private readonly waiting: number[] = [];
  // How far the two scans toward each other have come, and what they compare with.
  private up = 0;
  private down = 0;
  private pivot: LuaValue = undefined;
  private stopped: LuaValue = undefined;
  private question = HIGH_BELOW_LOW;

  constructor(table: LuaTable) {
    this.table = table;
  }

  /** Asks the first question about the elements 1 to `length`; false when there is none. */
  start(length: number): boolean {
    return this.startRange(1, length);
  }

  /** Goes on with the answer to the question; false when everything is sorted. */
  answer(isLess: boolean): boolean {
    switch (this.question) {
      case HIGH_BELOW_LOW:
        if (isLess) this.put(this.low, this.first, this.high, this.second);
        return this.high - this.low === 1
          ? this.endRange()
          : this.ask(MIDDLE_BELOW_LOW, this.middle, this.low);
      case MIDDLE_BELOW_LOW:
        if (!isLess) return this.askAgain(this.first);
        this.put(this.middle, this.second, this.low, this.first);
        return this.startScans();
      case HIGH_BELOW_MIDDLE:
        if (isLess) this.put(this.middle, this.first, this.high, this.second);
        return this.startScans();
      case SCAN_UP:
        if (!isLess) return this.scanDown();
        if (this.up > this.high) invalidOrder();
        return this.scanUp();
      default:
        if (!isLess) return this.meet();
        if (this.down < this.low) invalidOrder();
        return this.scanDown();
    }
  }

  private get middle(): number {
    return (this.low + this.high) >>> 1;
  }

  private startRange(low: number, high: number): boolean {
    this.low = low;
    this.high = high;
    return low < high ? this.ask(HIGH_BELOW_LOW, high, low) : this.endRange();
  }

  private endRange(): boolean {
    const high = this.waiting.pop();
    return high === undefined ? false : this.startRange(this.waiting.pop()!, high);
  }

  private ask(question: number, first: number, second: number): boolean {
    this.question = question;
    this.first = this.table.getInteger(first);
    this.second = this.table.getInteger(second);
    return true;
  }

  /** The middle element is the one that was asked about, whatever the comparator has done to the table. */
  private askAgain(middle: LuaValue): boolean {
    this.question = HIGH_BELOW_MIDDLE;
    this.first = this.table.getInteger(this.high);
    this.second = middle;
    return true;
  }

  private startScans(): boolean {
    const { table, low, high, middle } = this;
    if (high - low === 2) return this.endRange();
    this.pivot = table.getInteger(middle);
    this.put(middle, table.getInteger(high - 1), high - 1, this.pivot);
    this.up = low;
    this.down = high - 1;
    return this.scanUp();
  }

  private scanUp(): boolean {
    this.question = SCAN_UP;
    this.first = this.table.getInteger(++this.up);
    this.second = this.pivot;
    return true;
  }

  private scanDown(): boolean {
    // What the scan upward stopped at is kept: the comparator may have changed the table since.
    if (this.question === SCAN_UP) this.stopped = this.first;
    this.question = SCAN_DOWN;
    this.first = this.pivot;
    this.second = this.table.getInteger(--this.down);
    return true;
  }

  private meet(): boolean {
    const { table, up, down, low, high } = this;
    if (down >= up) {
      this.put(up, this.second, down, this.stopped);
      return this.scanUp();
    }
    this.put(high - 1, table.getInteger(up), up, table.getInteger(high - 1));
    // The smaller half first, which bounds how many wait.
    if (up - low < high - up) {
      this.waiting.push(up + 1, high);
      return this.startRange(low, up - 1);
    }
    this.waiting.push(low, up - 1);
    return this.startRange(up + 1, high);
  }

  private put(at: number, value: LuaValue, otherAt: number, otherValue: LuaValue): void {
    this.table.setInteger(at, value);
    this.table.setInteger(otherAt, otherValue);
  }
}

// The questions: a[high] < a[low], a[middle] < a[low], a[high] < a[middle], a[up] < pivot, pivot < a[down].
const HIGH_BELOW_LOW = 0;
const MIDDLE_BELOW_LOW = 1;
const HIGH_BELOW_MIDDLE = 2;
const SCAN_UP = 3;
const SCAN_DOWN = 4;

function invalidOrder(): never {
  throwError('invalid order function for sorting');
}
