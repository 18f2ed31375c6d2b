// A file that is written in the background: what is given to it is copied into buffers that the system writes one after
// the other, beside the event loop. Its owner looks at `isFull` and gives no more than the disk takes.

import type { FileDoor } from '../base/runtime.ts';

const CHUNK_BYTES = 256 * 1024;
const FULL_BYTES = 4 * 1024 * 1024;
// What was written is forced to the disk in portions of this size, so that the last portion does not take long.
const SYNC_BYTES = 4 * 1024 * 1024;
const SPARE_CHUNKS = 4;

interface Chunk {
  readonly bytes: Uint8Array;
  length: number;
}

export interface BackgroundFileOptions {
  readonly files: FileDoor;
  readonly path: string;
  /** Whether the file is forced to the disk now and then while it grows. */
  readonly autoSync: boolean;
  /** Called when the file is not full any more. */
  onRoom(): void;
  /** Called once: with null when all is on the disk and the file is closed, or with the first error. */
  onEnd(error: Error | null): void;
}

export class BackgroundFile {
  /** Bytes that are in the file. */
  written = 0;

  private readonly options: BackgroundFileOptions;
  private readonly waiting: Chunk[] = [];
  private readonly spare: Chunk[] = [];
  private filling: Chunk | null = null;
  private waitingBytes = 0;
  private synced = 0;
  private fd = -1;
  private isBusy = false;
  private isFinishing = false;
  private isSynced = false;
  private hasEnded = false;
  private wasFull = false;

  /** Opens the file, empty. Throws Node's error when that fails. */
  constructor(options: BackgroundFileOptions) {
    this.options = options;
    this.fd = options.files.openSync(options.path, 'w', 0o644);
  }

  /** Whether its owner should wait for `onRoom`. What is given all the same is kept. */
  get isFull(): boolean {
    return this.waitingBytes >= FULL_BYTES;
  }

  /** Adds bytes, which are copied. */
  write(bytes: Uint8Array, length: number): void {
    for (let from = 0; from < length; ) {
      this.filling ??= this.spare.pop() ?? { bytes: Buffer.allocUnsafeSlow(CHUNK_BYTES), length: 0 };
      const chunk = this.filling;
      const count = Math.min(length - from, CHUNK_BYTES - chunk.length);
      chunk.bytes.set(bytes.subarray(from, from + count), chunk.length);
      chunk.length += count;
      from += count;
      if (chunk.length === CHUNK_BYTES) this.enqueue();
    }
    if (this.isFull) this.wasFull = true;
    this.next();
  }

  /** Nothing more will be added: writes the rest, forces it to the disk, closes. */
  finish(): void {
    this.isFinishing = true;
    if (this.filling !== null) this.enqueue();
    this.next();
  }

  /** Closes without caring for what is left. `onEnd` is not called. */
  abandon(): void {
    this.hasEnded = true;
    this.waiting.length = 0;
    if (!this.isBusy) this.close();
  }

  private enqueue(): void {
    this.waiting.push(this.filling!);
    this.waitingBytes += this.filling!.length;
    this.filling = null;
  }

  private next(): void {
    if (this.isBusy || this.hasEnded) return;
    const { autoSync, files } = this.options;
    const chunk = this.waiting[0];
    if (autoSync && this.written - this.synced >= SYNC_BYTES) {
      this.synced = this.written;
      this.isBusy = true;
      files.fdatasync(this.fd, (error) => this.done(error));
    } else if (chunk !== undefined) {
      this.isBusy = true;
      this.writeChunk(chunk, 0);
    } else if (this.isFinishing) {
      this.isBusy = true;
      if (this.isSynced) this.end(null);
      else files.fsync(this.fd, (error) => this.allSynced(error));
    }
  }

  private writeChunk(chunk: Chunk, from: number): void {
    const { files } = this.options;
    files.write(this.fd, chunk.bytes, from, chunk.length - from, null, (error, count) => {
      if (error !== null || this.hasEnded) {
        this.done(error);
        return;
      }
      this.written += count;
      // The system may take a part only.
      if (from + count < chunk.length) {
        this.writeChunk(chunk, from + count);
        return;
      }
      this.waiting.shift();
      this.waitingBytes -= chunk.length;
      chunk.length = 0;
      if (this.spare.length < SPARE_CHUNKS) this.spare.push(chunk);
      this.done(null);
    });
  }

  private allSynced(error: Error | null): void {
    this.isSynced = true;
    this.done(error);
  }

  private done(error: Error | null): void {
    this.isBusy = false;
    if (this.hasEnded) {
      this.close();
      return;
    }
    if (error !== null) {
      this.end(error);
      return;
    }
    this.next();
    if (this.wasFull && !this.isFull) {
      this.wasFull = false;
      this.options.onRoom();
    }
  }

  private end(error: Error | null): void {
    this.hasEnded = true;
    let failure = error;
    try {
      this.close();
    } catch (closing) {
      failure ??= closing as Error;
    }
    this.options.onEnd(failure);
  }

  private close(): void {
    if (this.fd < 0) return;
    const { fd } = this;
    this.fd = -1;
    this.options.files.closeSync(fd);
  }
}
