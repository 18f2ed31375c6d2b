// RDB files on disk: reading through a window that moves over the file, so that its size does not matter, and writing to
// a temporary file that takes the place of the old one only when all of it is safe.

import { dirname, resolve } from 'node:path';
import { Crc64 } from '../../base/checksums.ts';
import type { FileDoor } from '../../base/runtime.ts';
import { RdbReader } from './rdb-reader.ts';

const WINDOW_BYTES = 256 * 1024;

/** Reads a file that is open; the caller closes it. */
export class RdbFileReader extends RdbReader {
  private readonly files: FileDoor;
  private readonly fd: number;
  private readonly size: number;
  private readonly crc = new Crc64();
  // Up to where in the window the checksum has been computed.
  private summed = 0;

  constructor(files: FileDoor, fd: number) {
    super(Buffer.allocUnsafeSlow(WINDOW_BYTES), 0, 0);
    this.files = files;
    this.fd = fd;
    this.size = files.fstatSync(fd).size;
  }

  override get left(): number {
    return this.size - this.offset;
  }

  /** The checksum of all that was read so far. */
  get checksum(): bigint {
    this.sum();
    return this.crc.value;
  }

  protected override need(count: number): void {
    if (count <= this.end - this.at) return;
    if (count > this.left) throw this.short();
    this.sum();
    const rest = this.end - this.at;
    const window =
      count <= this.bytes.length
        ? this.bytes
        : Buffer.allocUnsafeSlow(Math.max(count, 2 * this.bytes.length));
    this.bytes.copy(window, 0, this.at, this.end);
    this.bytes = window;
    this.before += this.at;
    this.at = this.summed = 0;
    this.end = rest;
    while (this.end < count) {
      const read = this.files.readSync(this.fd, window, this.end, window.length - this.end, null);
      if (read === 0) throw this.short();
      this.end += read;
    }
  }

  private sum(): void {
    this.crc.update(this.bytes, this.summed, this.at);
    this.summed = this.at;
  }
}

/**
 * Makes `path` hold what `write` gives to its argument, or leaves it as it was and throws Node's error: written beside
 * it, forced to the disk, renamed.
 */
export function replaceFile(
  files: FileDoor,
  path: string,
  temporaryName: string,
  write: (take: (bytes: Uint8Array, length: number) => void) => void,
): void {
  const folder = dirname(path);
  const temporary = resolve(folder, temporaryName);
  const fd = files.openSync(temporary, 'w');
  try {
    try {
      write((bytes, length) => {
        for (let at = 0; at < length; ) at += files.writeSync(fd, bytes, at, length - at);
      });
      files.fsyncSync(fd);
    } finally {
      files.closeSync(fd);
    }
    files.renameSync(temporary, path);
  } catch (error) {
    files.rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(files, folder);
}

// The new name is only safe when the folder is. Where folders cannot be opened (Windows), there is nothing to do.
function syncFolder(files: FileDoor, folder: string): void {
  let fd: number;
  try {
    fd = files.openSync(folder, 'r');
  } catch {
    return;
  }
  try {
    files.fsyncSync(fd);
  } finally {
    files.closeSync(fd);
  }
}
