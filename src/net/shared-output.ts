// What the ways out of all connections share: the memory in which replies are put together, the views of it that were
// made already, and the writes that go past the streams.

import { NO_BYTES } from '../resp/request-parser.ts';
import { DirectWrites } from './direct-write.ts';
import { OutputBlocks } from './late-output.ts';

/** Replies of up to so many bytes leave in one piece, whatever they were written in. */
export const GATHERED_BYTES = 64 * 1024;
const MAX_VIEWED_BYTES = 64 * 1024;
// A power of two.
const VIEWS = 64;

/** A stretch of memory that holds replies. */
export interface ReplyPart {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

interface View {
  bytes: Buffer;
  start: number;
  view: Uint8Array;
}

export class SharedOutput {
  /** Null where output has to go through the streams. */
  readonly direct = DirectWrites.whereKnown();
  /** For those whose peers are behind. */
  readonly blocks = new OutputBlocks();

  private readonly views: View[] = Array.from({ length: VIEWS }, () => ({
    bytes: NO_BYTES,
    start: 0,
    view: NO_BYTES,
  }));
  // Where parts are put together.
  private gathering: Buffer | null = null;

  /**
   * `bytes[start, end)` as an array of its own, the same one while it is asked for again: all who receive a message send the
   * same bytes, and replies of one size lie where those of the turn before did.
   */
  viewOf(bytes: Buffer, start: number, end: number): Uint8Array {
    const known = this.views[((start >> 6) ^ start) & (VIEWS - 1)]!;
    const { view } = known;
    if (known.bytes === bytes && known.start === start && view.length === end - start) return view;
    // Made directly: `subarray` has to ask for the class first.
    const made = new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
    // Large memory shall not be kept by this.
    if (bytes.length <= MAX_VIEWED_BYTES) {
      known.bytes = bytes;
      known.start = start;
      known.view = made;
    }
    return made;
  }

  /** All of the parts, at most GATHERED_BYTES, in one piece. The memory is used again unless `leaveGathered` is called. */
  gathered(parts: readonly ReplyPart[]): Buffer {
    this.gathering ??= Buffer.allocUnsafeSlow(GATHERED_BYTES);
    let at = 0;
    for (const { bytes, start, end } of parts) at += bytes.copy(this.gathering, at, start, end);
    return this.gathering.subarray(0, at);
  }

  /** What was gathered last is still read by somebody. */
  leaveGathered(): void {
    this.gathering = null;
  }
}
