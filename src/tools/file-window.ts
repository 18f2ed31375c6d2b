// A file that is read from front to back through a window, with places counted from its beginning. Nothing is kept of
// what lies behind, and what is of no interest is stepped over without being read.

import type { FileDoor } from '../base/runtime.ts';

const WINDOW_BYTES = 256 * 1024;

export class FileWindow {
  /** The next byte is `bytes[at]`; what is in the window ends before `end`. */
  readonly bytes = Buffer.allocUnsafeSlow(WINDOW_BYTES);
  at = 0;
  end = 0;

  private readonly files: FileDoor;
  private readonly fd: number;
  private readonly onRead: (offset: number) => void;
  // Where in the file the window begins.
  private start: number;

  /** Reads the file that is open as `fd` from `offset` on; `onRead` is told of how far, each time that something is read. */
  constructor(files: FileDoor, fd: number, offset: number, onRead: (offset: number) => void) {
    this.files = files;
    this.fd = fd;
    this.start = offset;
    this.onRead = onRead;
  }

  /** Where in the file the next byte is. */
  get offset(): number {
    return this.start + this.at;
  }

  /**
   * Returns how many of the next `count` bytes there are, and makes sure that they are in the window. `count` is no more
   * than the window takes. Throws Node's error.
   */
  ensure(count: number): number {
    if (this.end - this.at >= count) return count;
    this.bytes.copyWithin(0, this.at, this.end);
    this.start += this.at;
    this.end -= this.at;
    this.at = 0;
    while (this.end < count) {
      const position = this.start + this.end;
      const read = this.files.readSync(this.fd, this.bytes, this.end, this.bytes.length - this.end, position);
      if (read === 0) return this.end;
      this.end += read;
      this.onRead(position + read);
    }
    return count;
  }

  /** Goes `count` bytes on, which are known to be there. */
  skip(count: number): void {
    const inWindow = this.end - this.at;
    if (count <= inWindow) {
      this.at += count;
      return;
    }
    this.start += this.at + count;
    this.at = this.end = 0;
  }
}
