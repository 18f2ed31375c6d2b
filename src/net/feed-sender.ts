// Output that is not replies, on its way to a peer: what a replica gets (engine/client's `OutputFeed`). More is asked for
// when the system has taken what came before, so nothing waits here; who is slow waits in memory that all replicas share.

import type { Duplex } from 'node:stream';
import type { TimerService } from '../base/runtime.ts';
import type { OutputFeed } from '../engine/client.ts';

// A peer that takes everything at once is given so much before others have their turn.
const TURN_BYTES = 1024 * 1024;

export class FeedSender {
  readonly feed: OutputFeed;

  private readonly stream: Duplex;
  private readonly timers: TimerService;
  // The system copies what it takes; other streams must be given a copy, for the memory is lent.
  private readonly kernelCopies: boolean;
  private readonly noteSent: (bytes: number) => void;
  private readonly pieces: Uint8Array[] = [];
  private isWaiting = false;
  private isScheduled = false;
  private isCancelled = false;
  private readonly taken = (error?: Error | null) => this.pieceTaken(error);
  private readonly goOn = () => {
    this.isScheduled = false;
    this.send();
  };

  constructor(
    stream: Duplex,
    feed: OutputFeed,
    timers: TimerService,
    kernelCopies: boolean,
    noteSent: (bytes: number) => void,
  ) {
    this.stream = stream;
    this.feed = feed;
    this.timers = timers;
    this.kernelCopies = kernelCopies;
    this.noteSent = noteSent;
  }

  /** Sends what the feed has, as far as the peer takes it. */
  send(): void {
    if (this.isWaiting || this.isCancelled || this.isScheduled) return;
    const { feed, pieces, stream } = this;
    for (let sent = 0; sent < TURN_BYTES; ) {
      pieces.length = 0;
      feed.next(pieces);
      if (pieces.length === 0) return;
      sent += this.write(pieces);
      if (this.isCancelled) return;
      if (stream.writableLength > 0) {
        this.isWaiting = true;
        return;
      }
      feed.taken();
      if (this.isCancelled) return;
    }
    this.schedule();
  }

  /** Sends no more, and asks for no more. */
  cancel(): void {
    this.isCancelled = true;
  }

  private write(pieces: readonly Uint8Array[]): number {
    const { kernelCopies, stream } = this;
    let length = 0;
    const isOne = pieces.length === 1;
    if (!isOne) stream.cork();
    for (const piece of pieces) {
      length += piece.length;
      stream.write(kernelCopies ? piece : Buffer.from(piece), this.taken);
    }
    if (!isOne) stream.uncork();
    this.noteSent(length);
    return length;
  }

  private pieceTaken(error?: Error | null): void {
    if (!this.isWaiting || error || this.isCancelled || this.stream.writableLength > 0) return;
    this.isWaiting = false;
    this.feed.taken();
    // In another turn, so that a fast peer does not keep everybody else waiting.
    if (!this.isCancelled) this.schedule();
  }

  private schedule(): void {
    this.isScheduled = true;
    this.timers.afterTurn(this.goOn);
  }
}
