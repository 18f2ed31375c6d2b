// Output for a peer that has not taken what was sent before: it waits here in blocks, not in the stream, where each of many
// small messages would take several times its size. A peer that takes all gets the next blocks at once.

import type { Duplex } from 'node:stream';

const BLOCK_BYTES = 16 * 1024;

export class LateOutput {
  /** How much waits here. */
  bytes = 0;

  private readonly stream: Duplex;
  private readonly onCaughtUp: () => void;
  private blocks: Buffer[] = [];
  // The last block is filled so far; those before it are full.
  private used = 0;
  private readonly taken = (error?: Error | null) => this.sendNext(error);

  /** `first` is the first output that is late, which must stay as it is. `onCaughtUp` is called when nothing waits any more. */
  constructor(stream: Duplex, first: Buffer, onCaughtUp: () => void) {
    this.stream = stream;
    this.onCaughtUp = onCaughtUp;
    stream.write(first, this.taken);
  }

  get blockCount(): number {
    return this.blocks.length;
  }

  /** Adds a copy of `bytes[start, end)`. */
  add(bytes: Buffer, start: number, end: number): void {
    this.bytes += end - start;
    let at = start;
    while (at < end) {
      let last = this.blocks[this.blocks.length - 1];
      if (last === undefined || this.used === last.length) {
        last = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, end - at));
        this.blocks.push(last);
        this.used = 0;
      }
      const length = Math.min(end - at, last.length - this.used);
      bytes.copy(last, this.used, at, at + length);
      this.used += length;
      at += length;
    }
  }

  /** Gives the stream all that waits. */
  release(taken: (error?: Error | null) => void = () => {}): void {
    const { blocks, used, stream } = this;
    const last = blocks.pop();
    if (last === undefined) return;
    this.blocks = [];
    this.bytes = 0;
    this.used = 0;
    stream.cork();
    for (const block of blocks) stream.write(block);
    stream.write(last.subarray(0, used), taken);
    stream.uncork();
  }

  private sendNext(error?: Error | null): void {
    if (error) return;
    if (this.bytes === 0) this.onCaughtUp();
    else this.release(this.taken);
  }
}
