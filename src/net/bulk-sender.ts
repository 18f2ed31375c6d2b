// A bulk of bytes on its way to a peer (the snapshot for a replica): each piece follows when the system has taken the one
// before, so that no more than one is in memory because of the peer. Output that is made meanwhile waits behind it.

import type { Duplex } from 'node:stream';
import type { TimerService } from '../base/runtime.ts';

export class BulkSender {
  /** Output that waits for the end of the bulk. */
  readonly held: Buffer[] = [];
  heldBytes = 0;

  private readonly stream: Duplex;
  private readonly timers: TimerService;
  private readonly pieces: Iterator<Uint8Array>;
  private readonly noteSent: (bytes: number) => void;
  private readonly onEnd: () => void;
  private cancelled = false;
  private readonly step = () => this.sendNext();

  constructor(
    stream: Duplex,
    timers: TimerService,
    pieces: Iterable<Uint8Array>,
    noteSent: (bytes: number) => void,
    onEnd: () => void,
  ) {
    this.stream = stream;
    this.timers = timers;
    this.pieces = pieces[Symbol.iterator]();
    this.noteSent = noteSent;
    this.onEnd = onEnd;
    // Not before the end of the turn: whoever must act before replies leave must act before this, too.
    timers.afterTurn(this.step);
  }

  /** Takes output that has to wait; the memory must be the sender's own. */
  hold(bytes: Buffer): void {
    this.held.push(bytes);
    this.heldBytes += bytes.length;
  }

  /** Sends no more; the end is not told. */
  cancel(): void {
    this.cancelled = true;
  }

  private sendNext(): void {
    if (this.cancelled) return;
    const { done, value } = this.pieces.next();
    if (done) {
      this.onEnd();
      return;
    }
    this.noteSent(value.length);
    this.stream.write(value, (error) => {
      // In another turn, so that a fast peer does not keep everybody else waiting.
      if (!error && !this.cancelled) this.timers.afterTurn(this.step);
    });
  }
}
