// Reads RDB data that arrives piece by piece, from a socket: what has come and was not read yet is in a window of its own.
// Where more is needed, it goes back to where the entry or element began that could not be read to its end, and throws
// DataAwaited. Who keeps asking when little has come would read a large value again and again, so it says how much is worth
// another try.

import { Crc64 } from '../../base/checksums.ts';
import { DataAwaited, RdbReader } from './rdb-reader.ts';

const WINDOW_BYTES = 256 * 1024;
// Longer than any string that a server keeps.
const MAX_STRING_BYTES = 0x7fffffff - WINDOW_BYTES;
// More than this waiting is no reason to let more come.
const ENOUGH_BYTES = 1024 * 1024;
const KEPT_WINDOW_BYTES = 4 * ENOUGH_BYTES;
// Of data whose length nobody knows: what they may still be thought to hold, where room is made for what they announce.
const UNKNOWN_LEFT_BYTES = 2 ** 32;

export class RdbStreamReader extends RdbReader {
  private readonly totalBytes: number;
  private readonly crc = new Crc64();
  // Where the entry or element begins that is being read; up to where in the window the checksum has been computed.
  private kept = 0;
  private summed = 0;
  // How many bytes from `kept` on another try needs at least, and how many are worth one.
  private needed = 0;
  private wanted = 0;
  private isOver = false;
  private readonly awaited = new DataAwaited();

  /** `totalBytes` of data will come at the most; Infinity when nobody knows. */
  constructor(totalBytes: number) {
    super(Buffer.allocUnsafeSlow(WINDOW_BYTES), 0, 0);
    this.totalBytes = totalBytes;
  }

  override get left(): number {
    if (this.isOver) return this.end - this.at;
    return this.totalBytes === Number.POSITIVE_INFINITY ? UNKNOWN_LEFT_BYTES : this.totalBytes - this.offset;
  }

  /** The checksum of all that was read so far. */
  get checksum(): bigint {
    this.sum(this.at);
    return this.crc.value;
  }

  /** Whether what has come is worth reading on. */
  get isReady(): boolean {
    return this.isOver || this.end - this.kept >= this.wanted;
  }

  /** Whether so much has come that no more should, until it is read. */
  get isFull(): boolean {
    const waiting = this.end - this.kept;
    return waiting >= ENOUGH_BYTES && waiting >= this.wanted;
  }

  /** Takes bytes that have come; they are copied. */
  push(bytes: Uint8Array): void {
    if (bytes.length > this.bytes.length - this.end) this.makeRoom(bytes.length);
    this.bytes.set(bytes, this.end);
    this.end += bytes.length;
  }

  /** Nothing has come for a while: what has, may be all. */
  settle(): void {
    this.wanted = this.needed;
  }

  /** No more will come. */
  close(): void {
    this.isOver = true;
  }

  /** What has come and was not read: a slice of the window. */
  rest(): Uint8Array {
    return this.bytes.subarray(this.at, this.end);
  }

  override keepFrom(): void {
    this.kept = this.at;
  }

  protected override need(count: number): void {
    const missing = count - (this.end - this.at);
    if (missing <= 0) return;
    if (count > this.left || count > MAX_STRING_BYTES) throw this.short();
    const has = this.end - this.kept;
    this.needed = has + missing;
    this.wanted = Math.min(Math.max(this.needed, 2 * has), this.needed + ENOUGH_BYTES);
    this.at = this.kept;
    throw this.awaited;
  }

  private makeRoom(count: number): void {
    const { kept } = this;
    this.sum(kept);
    const rest = this.end - kept;
    const needed = Math.max(rest + count, this.wanted);
    const window = this.windowFor(needed);
    this.bytes.copy(window, 0, kept, this.end);
    this.bytes = window;
    this.before += kept;
    this.at -= kept;
    this.end = rest;
    this.kept = this.summed = 0;
  }

  // Room for a long string is not kept.
  private windowFor(needed: number): Buffer {
    const { length } = this.bytes;
    if (needed > length)
      return Buffer.allocUnsafeSlow(Math.max(needed, Math.min(2 * length, needed + ENOUGH_BYTES)));
    return length > KEPT_WINDOW_BYTES && needed <= WINDOW_BYTES
      ? Buffer.allocUnsafeSlow(WINDOW_BYTES)
      : this.bytes;
  }

  private sum(upTo: number): void {
    if (upTo <= this.summed) return;
    this.crc.update(this.bytes, this.summed, upTo);
    this.summed = upTo;
  }
}
