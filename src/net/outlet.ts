// The way out of one connection: what is given to the system, what the system has not taken yet, and what waits behind
// that. Small parts leave in one piece of their own, and to a peer that is behind they go along with what waits already.

import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WRITTEN } from './direct-write.ts';
import { LateOutput, OutputBlocks } from './late-output.ts';
import { EncryptedSocket } from './secure-socket.ts';
import { unsentBytes } from './send-queue.ts';
import { GATHERED_BYTES, type ReplyPart, type SharedOutput } from './shared-output.ts';

/**
 * What takes the output: the kernel, which has copied what a write took completely; encryption, which has copied everything
 * when a write returns; a stream within the process, which keeps the memory and must get a copy.
 */
export type OutletKind = 'kernel' | 'cipher' | 'stream';

/** What became of output: nothing of it waits; it waits in memory of its own; it waits in the memory that it was written in. */
export const SENT = { OUT: 0, WAITS: 1, LENT: 2 } as const;
export type Sent = (typeof SENT)[keyof typeof SENT];

export class Outlet {
  readonly encrypts: boolean;
  /** Whether what is given must be a copy. */
  readonly mustCopy: boolean;

  private readonly stream: Duplex;
  private readonly shared: SharedOutput;
  private readonly blocks: OutputBlocks;
  // Null: output goes through the stream.
  private readonly socket: Socket | null;
  // The same, where the stream must not write while a write past it is on its way.
  private readonly exclusive: EncryptedSocket | null;
  private readonly onTaken: () => void;
  // Of the last write past the stream, while the system has not taken all of it.
  private directBytes = 0;
  // While the peer is behind.
  private late: LateOutput | null = null;
  private awaitsDrain = false;
  private readonly directTaken = (error: Error | null) => {
    this.directBytes = 0;
    if (error === null) {
      this.exclusive?.releaseWrites();
      this.onTaken();
    } else this.stream.destroy(error);
  };
  private readonly drained = () => {
    this.awaitsDrain = false;
    this.onTaken();
  };
  private readonly caughtUp = () => {
    this.late = null;
  };

  /** `onTaken` is called when the system has taken output that had to wait; see `awaitDrain`. */
  constructor(stream: Duplex, kind: OutletKind, shared: SharedOutput, onTaken: () => void) {
    this.stream = stream;
    this.encrypts = kind === 'cipher';
    this.mustCopy = kind === 'stream';
    this.shared = shared;
    // Whoever reads a stream within the process may keep what it gets.
    this.blocks = this.mustCopy ? new OutputBlocks(0) : shared.blocks;
    this.exclusive = stream instanceof EncryptedSocket ? stream : null;
    const isDirect = kind === 'kernel' || this.exclusive !== null;
    this.socket = isDirect && shared.direct !== null && stream instanceof Socket ? stream : null;
    this.onTaken = onTaken;
  }

  /** Whether the system has not taken all that was given. */
  get isBehind(): boolean {
    return this.stream.writableLength > 0 || this.directBytes > 0 || this.late !== null;
  }

  /** Bytes that the system has not taken. */
  get waitingBytes(): number {
    return this.givenBytes + (this.late === null ? 0 : this.late.bytes);
  }

  /** In how many pieces of memory they are. */
  get waitingPieces(): number {
    return (this.givenBytes > 0 ? 1 : 0) + (this.late === null ? 0 : this.late.blockCount);
  }

  /** As `waitingBytes`, less what a slow peer has taken of a piece that is on its way: a change says that it lives. */
  get unsentBytes(): number {
    return unsentBytes(this.stream);
  }

  /** Sends one part to a peer that is not behind. What is to be encrypted counts as sent: it tells only in a later turn. */
  sendOne(bytes: Buffer, start: number, end: number): Sent {
    const view = this.shared.viewOf(bytes, start, end);
    if (this.give(this.mustCopy ? Buffer.from(view) : view) || this.encrypts) return SENT.OUT;
    return this.mustCopy ? SENT.WAITS : SENT.LENT;
  }

  /** Sends parts of `length` bytes together. */
  send(parts: readonly ReplyPart[], length: number): Sent {
    const { late, encrypts, mustCopy, shared, isBehind } = this;
    const isLong = length > GATHERED_BYTES;
    if (late !== null) {
      for (const { bytes, start, end } of parts) late.add(bytes, start, end);
      return SENT.WAITS;
    }
    if (!isLong && !mustCopy && !isBehind) {
      const isTaken = this.give(shared.gathered(parts));
      if (!encrypts && !isTaken) shared.leaveGathered();
      return isTaken ? SENT.OUT : SENT.WAITS;
    }
    const views = parts.map(({ bytes, start, end }) => bytes.subarray(start, end));
    let isLent = false;
    if (encrypts) this.encryptByAndBy(views, isBehind);
    else if (isBehind) this.late = this.lateWith(Buffer.concat(views));
    else if (mustCopy) this.stream.write(Buffer.concat(views));
    else isLent = !this.giveAll(views);
    if (!this.isBehind) return SENT.OUT;
    return isLent ? SENT.LENT : SENT.WAITS;
  }

  /** Makes sure that `onTaken` is called when the stream has given away what it holds at present. */
  awaitDrain(): void {
    if (this.awaitsDrain) return;
    this.awaitsDrain = true;
    this.stream.once('drain', this.drained);
  }

  /** No more will be sent: the stream gets all that waits. */
  release(): void {
    this.late?.release();
  }

  /** Forgets what waits. */
  forget(): void {
    this.late = null;
  }

  private get givenBytes(): number {
    return this.stream.writableLength + this.directBytes;
  }

  // Returns whether the system has taken all of it.
  private give(bytes: Uint8Array): boolean {
    const { socket, stream } = this;
    if (socket !== null) {
      const written = this.shared.direct!.write(socket, bytes, this.directTaken);
      if (written === WRITTEN.WHOLLY) return true;
      if (written === WRITTEN.IN_PART) {
        this.directBytes = bytes.length;
        this.exclusive?.holdWrites();
        return false;
      }
    }
    stream.write(bytes);
    return stream.writableLength === 0;
  }

  // Gives as much as the system takes, and what does not wait behind it in memory of its own: a slow peer shall not keep memory
  // that others' replies are in. Returns whether all was taken.
  private giveAll(views: readonly Buffer[]): boolean {
    let i = 0;
    while (i < views.length && this.give(views[i]!)) i++;
    if (i === views.length) return true;
    const next = views[i + 1];
    if (next === undefined) return false;
    const late = this.lateWith(next);
    for (const view of views.slice(i + 2)) late.add(view, 0, view.length);
    this.late = late;
    return false;
  }

  // What is encrypted is in memory twice: no more of it than a step at a time.
  private encryptByAndBy(views: readonly Buffer[], isBehind: boolean): void {
    const [first, ...others] = views as [Buffer, ...Buffer[]];
    const step = Math.min(first.length, GATHERED_BYTES);
    const head = first.subarray(0, step);
    const late = this.lateWith(isBehind ? Buffer.from(head) : head);
    if (step < first.length) late.add(first, step, first.length);
    for (const view of others) late.add(view, 0, view.length);
    this.late = late;
  }

  private lateWith(first: Buffer): LateOutput {
    return new LateOutput(this.stream, first, this.blocks, this.caughtUp);
  }
}
