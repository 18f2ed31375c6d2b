// The snapshot on its way to replicas: from the RDB file, to each at its own pace; or while it is made, to several at once,
// with a mark at the end instead of a length in front. What is made waits in pieces that all of them share, no more than a
// few megabytes: beyond that the snapshot waits for the slowest, as Redis's does, until `repl-timeout` cuts that one off.

import { hexOf, toBytes } from '../base/bytes.ts';
import type { FileDoor, RandomSource } from '../base/runtime.ts';
import type { SnapshotOutput } from '../engine/persistence.ts';
import type { Payload } from './master-output.ts';

const FILE_PIECE_BYTES = 128 * 1024;
const PIECE_BYTES = 64 * 1024;
const FULL_BYTES = 4 * 1024 * 1024;
const MARK_BYTES = 20;

/** A file, with its length in front. */
export class FilePayload implements Payload {
  private readonly files: FileDoor;
  private readonly fd: number;
  private readonly size: number;
  private readonly piece = Buffer.allocUnsafeSlow(FILE_PIECE_BYTES);
  private preamble: Uint8Array | null;
  private at = 0;
  private lent = 0;
  private readonly onEnd: (problem: string | null) => void;

  /** `onEnd` is called once: with null when all was taken, or with what is wrong with the file. Throws when there is none. */
  constructor(files: FileDoor, path: string, onEnd: (problem: string | null) => void) {
    this.files = files;
    this.fd = files.openSync(path, 'r');
    this.size = files.fstatSync(this.fd).size;
    this.preamble = toBytes(`$${this.size}\r\n`);
    this.onEnd = onEnd;
  }

  next(): Uint8Array | null {
    if (this.preamble !== null) return this.preamble;
    const { piece } = this;
    let length = 0;
    try {
      length = this.files.readSync(this.fd, piece, 0, piece.length, this.at);
    } catch (error) {
      this.onEnd((error as Error).message);
      return null;
    }
    if (length === 0) {
      this.onEnd('premature EOF');
      return null;
    }
    this.lent = Math.min(length, this.size - this.at);
    return piece.subarray(0, this.lent);
  }

  taken(): void {
    if (this.preamble !== null) this.preamble = null;
    else this.at += this.lent;
    if (this.at >= this.size) this.onEnd(null);
  }

  close(): void {
    this.files.closeSync(this.fd);
  }
}

interface Piece {
  readonly bytes: Buffer;
  length: number;
}

export interface StreamedPayloadOptions {
  readonly random: RandomSource;
  /** Called when the snapshot may go on, and when it has ended. */
  readonly onRoom: () => void;
  readonly onEnd: (error: Error | null) => void;
  /** Called when there is something to send again. */
  readonly onMore: () => void;
}

/** A snapshot that is sent while it is made. Readers must be added before it begins. */
export class StreamedPayload implements SnapshotOutput {
  written = 0;

  private readonly options: StreamedPayloadOptions;
  private readonly mark: Buffer;
  // The pieces that somebody has not taken; those before the first are gone.
  private readonly pieces: Piece[] = [];
  private firstNumber = 0;
  private waitingBytes = 0;
  private readonly readers = new Set<StreamReader>();
  private isFinished = false;
  private hasEnded = false;
  private wasFull = false;

  constructor(options: StreamedPayloadOptions) {
    this.options = options;
    this.mark = Buffer.from(hexOf(options.random.bytes(MARK_BYTES)), 'latin1');
    this.add(toBytes(`$EOF:${this.mark.toString('latin1')}\r\n`));
  }

  get isFull(): boolean {
    return this.waitingBytes >= FULL_BYTES;
  }

  /** One replica's way through it. */
  reader(): Payload {
    const reader = new StreamReader(this);
    this.readers.add(reader);
    return reader;
  }

  write(bytes: Uint8Array, length: number): void {
    this.add(bytes.subarray(0, length));
    if (this.isFull) this.wasFull = true;
    this.options.onMore();
  }

  finish(): void {
    this.add(this.mark);
    this.isFinished = true;
    this.options.onMore();
    this.endIfTaken();
  }

  abandon(): void {
    this.hasEnded = true;
    this.pieces.length = 0;
  }

  /** Piece `number`, or undefined when it is not there yet. The last one may still grow. */
  piece(number: number): Piece | undefined {
    return this.pieces[number - this.firstNumber];
  }

  /** Whether a piece is not the last, or will not grow any more. */
  isWhole(piece: Piece): boolean {
    return piece.length === piece.bytes.length || this.isFinished;
  }

  /** A reader has moved on, or has gone. */
  moved(reader: StreamReader | null): void {
    if (reader !== null) this.readers.delete(reader);
    if (this.hasEnded || this.readers.size === 0) return;
    let least = Number.POSITIVE_INFINITY;
    for (const { number } of this.readers) least = Math.min(least, number);
    while (this.firstNumber < least && this.pieces.length > 0) {
      const { length } = this.pieces.shift()!;
      this.firstNumber++;
      this.waitingBytes -= length;
      this.written += length;
    }
    this.endIfTaken();
    if (!this.wasFull || this.isFull || this.hasEnded) return;
    this.wasFull = false;
    this.options.onRoom();
  }

  private endIfTaken(): void {
    if (!this.isFinished || this.hasEnded || this.pieces.length > 0) return;
    this.hasEnded = true;
    this.options.onEnd(null);
  }

  private add(bytes: Uint8Array): void {
    this.waitingBytes += bytes.length;
    for (let from = 0; from < bytes.length; ) {
      let last = this.pieces[this.pieces.length - 1];
      if (last === undefined || last.length === last.bytes.length) {
        last = { bytes: Buffer.allocUnsafeSlow(PIECE_BYTES), length: 0 };
        this.pieces.push(last);
      }
      const count = Math.min(bytes.length - from, last.bytes.length - last.length);
      last.bytes.set(bytes.subarray(from, from + count), last.length);
      last.length += count;
      from += count;
    }
  }
}

class StreamReader implements Payload {
  /** Which piece comes next, or what is left of it. */
  number = 0;

  private readonly source: StreamedPayload;
  private at = 0;
  private lent = 0;

  constructor(source: StreamedPayload) {
    this.source = source;
  }

  next(): Uint8Array | null {
    const piece = this.source.piece(this.number);
    if (piece === undefined || piece.length === this.at) return null;
    this.lent = piece.length - this.at;
    return piece.bytes.subarray(this.at, piece.length);
  }

  taken(): void {
    const { source } = this;
    const piece = source.piece(this.number)!;
    this.at += this.lent;
    if (this.at < piece.length || !source.isWhole(piece)) return;
    this.number++;
    this.at = 0;
    source.moved(null);
  }

  close(): void {
    this.source.moved(this);
  }
}
