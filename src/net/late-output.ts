// Output for a peer that has not taken what was sent before: it waits here in blocks, not in the stream, where each of many
// small messages would take several times its size. A peer that takes all gets the next blocks at once.

import type { Duplex } from 'node:stream';

const BLOCK_BYTES = 16 * 1024;

export class LateOutput {
  /** How much waits here. */
  bytes = 0;

  private readonly stream: Duplex;
  // At most about so much is given to the stream at once.
  private readonly stepBytes: number;
  private readonly onCaughtUp: () => void;
  private blocks: Buffer[] = [];
  // The last block is filled so far; those before it are full.
  private used = 0;
  private readonly taken = (error?: Error | null) => this.sendNext(error);

  /**
   * `first` is the first output that is late, which must stay as it is (encryption has done with it at once). `onCaughtUp` is
   * called when nothing waits any more. A stream that copies all that it is given gets it in steps of about `stepBytes`.
   */
  constructor(stream: Duplex, first: Buffer, onCaughtUp: () => void, stepBytes: number) {
    this.stream = stream;
    this.stepBytes = stepBytes;
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
  release(): void {
    if (this.bytes > 0) this.give(this.blocks.length, () => {});
  }

  private sendNext(error?: Error | null): void {
    if (error) return;
    if (this.bytes === 0) {
      this.onCaughtUp();
      return;
    }
    let count = 1;
    for (let step = this.blocks[0]!.length; count < this.blocks.length; count++) {
      step += this.blocks[count]!.length;
      if (step > this.stepBytes) break;
    }
    this.give(count, this.taken);
  }

  private give(count: number, taken: (error?: Error | null) => void): void {
    const { stream, used } = this;
    const isAll = count === this.blocks.length;
    const given = this.blocks.splice(0, count);
    const last = given.pop()!;
    const end = isAll ? used : last.length;
    this.bytes -= end;
    for (const block of given) this.bytes -= block.length;
    if (isAll) this.used = 0;
    stream.cork();
    for (const block of given) stream.write(block);
    stream.write(end === last.length ? last : last.subarray(0, end), taken);
    stream.uncork();
  }
}
