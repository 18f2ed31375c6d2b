// Output for a peer that has not taken what was sent before: it waits here in blocks, not in the stream, where each of many
// small messages would take several times its size. The blocks are used again: memory that V8 has to free counts towards
// its next look through all that lives, which with thousands of slow peers would come several times a second.

import type { Duplex } from 'node:stream';
import Denque from 'denque';

const BLOCK_BYTES = 16 * 1024;
// At most so many are given to the stream at once, and can be used again when it has passed them on.
const STEP_BLOCKS = 4;
const SPARE_BLOCKS = 1024;

/** The blocks of all who are late. */
export class OutputBlocks {
  private readonly spare: Buffer[] = [];
  private readonly mostSpare: number;

  /** With 0 no block is used again. */
  constructor(mostSpare = SPARE_BLOCKS) {
    this.mostSpare = mostSpare;
  }

  take(): Buffer {
    return this.spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
  }

  giveBack(block: Buffer): void {
    if (this.spare.length < this.mostSpare) this.spare.push(block);
  }
}

export class LateOutput {
  /** How much waits here. */
  bytes = 0;

  private readonly stream: Duplex;
  private readonly pool: OutputBlocks;
  private readonly onCaughtUp: () => void;
  private readonly blocks = new Denque<Buffer>();
  // The last block is filled so far; those before it are full.
  private used = 0;
  // What the stream has to pass on before it gets more.
  private given: Buffer[] = [];
  private readonly taken = (error?: Error | null) => this.sendNext(error);

  /**
   * `first` is the first output that is late, which must stay as it is (encryption has done with it at once). `onCaughtUp` is
   * called when nothing waits any more.
   */
  constructor(stream: Duplex, first: Buffer, pool: OutputBlocks, onCaughtUp: () => void) {
    this.stream = stream;
    this.pool = pool;
    this.onCaughtUp = onCaughtUp;
    stream.write(first, this.taken);
  }

  get blockCount(): number {
    return this.blocks.length;
  }

  /** Adds a copy of `bytes[start, end)`. */
  add(bytes: Buffer, start: number, end: number): void {
    this.bytes += end - start;
    for (let at = start; at < end; ) {
      let last = this.blocks.peekBack();
      if (last === undefined || this.used === BLOCK_BYTES) {
        last = this.pool.take();
        this.blocks.push(last);
        this.used = 0;
      }
      const length = Math.min(end - at, BLOCK_BYTES - this.used);
      bytes.copy(last, this.used, at, at + length);
      this.used += length;
      at += length;
    }
  }

  /** Gives the stream all that waits. */
  release(): void {
    if (this.bytes > 0) this.give(this.blocks.length, () => {});
  }

  private sendNext(error?: Error | null): void {
    if (error) return;
    for (const block of this.given) this.pool.giveBack(block);
    this.given = [];
    if (this.bytes === 0) this.onCaughtUp();
    else this.given = this.give(Math.min(STEP_BLOCKS, this.blocks.length), this.taken);
  }

  private give(count: number, taken: (error?: Error | null) => void): Buffer[] {
    const { blocks, stream } = this;
    const given: Buffer[] = [];
    stream.cork();
    for (let left = count; left > 0; left--) {
      const block = blocks.shift()!;
      given.push(block);
      const length = blocks.length === 0 ? this.used : BLOCK_BYTES;
      this.bytes -= length;
      stream.write(
        length === BLOCK_BYTES ? block : block.subarray(0, length),
        left === 1 ? taken : undefined,
      );
    }
    stream.uncork();
    return given;
  }
}
