// What one replica is sent: lines of the protocol, the snapshot, and then the stream from where its cursor stands. It is
// asked by the connection whenever the peer has taken what came before; nothing is copied for a replica.

import { toBytes } from '../base/bytes.ts';
import type { OutputFeed } from '../engine/client.ts';
import { type Backlog, Cursor } from './backlog.ts';

/** The snapshot on its way to one replica. */
export interface Payload {
  /** The next piece, good until `taken`; null when there is none at present. */
  next(): Uint8Array | null;
  /** The replica has the piece. */
  taken(): void;
  /** It is not needed any more: the replica has all of it, or has gone. */
  close(): void;
}

const READ_BYTES = 256 * 1024;

type Lent = 'nothing' | 'lines' | 'payload' | 'stream';

export class MasterOutput implements OutputFeed {
  /** Up to where the replica has the stream. */
  readonly cursor = new Cursor();
  /** Whether the stream may be sent: the replica has what comes before it. */
  streams = false;

  private readonly backlog: Backlog;
  private readonly lines: Uint8Array[] = [];
  private payload: Payload | null = null;
  private lent: Lent = 'nothing';
  private lentCount = 0;
  private takenCount = 0;

  constructor(backlog: Backlog) {
    this.backlog = backlog;
  }

  get waitingBytes(): number {
    return this.backlog.memoryBehind(this.cursor);
  }

  get waitingPieces(): number {
    return this.backlog.countBehind(this.cursor);
  }

  get hasLines(): boolean {
    return this.lines.length > 0;
  }

  /** Adds a line that goes before everything else. */
  line(text: string): void {
    this.lines.push(toBytes(text));
  }

  /** The snapshot goes from here on. */
  send(payload: Payload): void {
    this.payload = payload;
  }

  /** The snapshot has gone, or goes no more. */
  endPayload(): void {
    this.payload?.close();
    this.payload = null;
  }

  /** The replica has gone. */
  close(): void {
    this.endPayload();
    this.streams = false;
    this.lines.length = 0;
    this.backlog.leave(this.cursor);
  }

  next(into: Uint8Array[]): void {
    const { backlog, cursor, lines, payload } = this;
    if (lines.length > 0) {
      into.push(...lines);
      this.lend('lines', lines.length);
      return;
    }
    if (payload !== null) {
      const piece = payload.next();
      if (piece === null) return;
      into.push(piece);
      this.lend('payload', piece.length);
      return;
    }
    if (this.streams && backlog.isBehind(cursor)) this.lend('stream', backlog.read(cursor, into, READ_BYTES));
  }

  /** Whether the peer was given something that it has not taken, and how often it has taken something. */
  get progress(): { readonly isLent: boolean; readonly taken: number } {
    return { isLent: this.lent !== 'nothing', taken: this.takenCount };
  }

  taken(): void {
    const { lent } = this;
    this.lent = 'nothing';
    this.takenCount++;
    if (lent === 'lines') this.lines.splice(0, this.lentCount);
    else if (lent === 'payload') this.payload?.taken();
    // It may have been cut off meanwhile.
    else if (lent === 'stream' && this.streams) this.backlog.advance(this.cursor, this.lentCount);
  }

  private lend(what: Lent, count: number): void {
    this.lent = what;
    this.lentCount = count;
  }
}
