// Effects as the bytes that replicas and the AOF read: requests in RESP, with a SELECT before the first and wherever the
// database changes. It keeps the bytes of a turn, until its owner has handed them on.

import { CommandBuffer } from './command-buffer.ts';
import { NO_DATABASE } from './propagation.ts';

export class EffectStream {
  /** How many bytes have been added since the start. */
  offset = 0;

  private readonly buffer = new CommandBuffer();
  private dbId = NO_DATABASE;

  get isEmpty(): boolean {
    return this.buffer.isEmpty;
  }

  /** How many bytes were added and not taken yet. */
  get pendingBytes(): number {
    return this.buffer.at;
  }

  /** Adds an effect, the command in `bytes[start, end)`. `dbId` is -1 for one that belongs to no database. */
  add(dbId: number, bytes: Uint8Array, start: number, end: number): void {
    if (dbId !== NO_DATABASE && dbId !== this.dbId) {
      this.dbId = dbId;
      this.addTexts(['SELECT', String(dbId)]);
    }
    this.buffer.addBytes(bytes, start, end);
    this.offset += end - start;
  }

  /** Adds a command of latin1 texts that belongs to no database. */
  addTexts(texts: readonly string[]): void {
    const before = this.buffer.at;
    this.buffer.addTexts(texts);
    this.offset += this.buffer.at - before;
  }

  /** Someone reads from here on who has not seen which database is selected: the next effect says it again. */
  forgetDatabase(): void {
    this.dbId = NO_DATABASE;
  }

  /** Gives away what was added; the memory is good until the next `add`. */
  take(): Uint8Array {
    const taken = this.buffer.bytes.subarray(0, this.buffer.at);
    this.buffer.clear();
    return taken;
  }
}
