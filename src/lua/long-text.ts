// Text that natives put together piece by piece. While it is short it is a chain of pieces, which costs little; were it to
// grow without an end, the chain would take many times the memory of the text. So what has come together is made one
// string from time to time, and counted.

import { MAX_STRING_LENGTH } from './memory-bound.ts';
import type { LuaState } from './state.ts';

/** A chain longer than this is to be handed over. */
export const LONG = 1 << 16;

export class LongText {
  private readonly state: LuaState;
  private parts: string[] = [];
  private length = 0;

  constructor(state: LuaState) {
    this.state = state;
  }

  /** Takes a part. Throws "not enough memory". */
  add(part: string): void {
    this.length += part.length;
    this.state.charge(part.length);
    // A whole text of this length there cannot be; JavaScript would say so at the end, after all the work.
    if (this.length > MAX_STRING_LENGTH) this.state.charge(this.length);
    // Looking into a chain makes one string of it.
    part.charCodeAt(0);
    this.parts.push(part);
  }

  /** All parts and the last one. Empty again. */
  finish(last: string): string {
    if (this.length === 0) return last;
    this.add(last);
    const text = this.parts.join('');
    this.clear();
    return text;
  }

  clear(): void {
    if (this.length === 0) return;
    this.parts = [];
    this.length = 0;
  }
}
