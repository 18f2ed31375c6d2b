// The process as a tool sees it: standard input and output by their descriptors, and on a terminal a line that tells how
// far the tool is, which is gone before anything else is printed.

import { isatty } from 'node:tty';
import { type Runtime, systemRuntime } from '../base/runtime.ts';
import { errorCode } from '../config/file-text.ts';
import type { Tool } from './tool.ts';

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const CLEAR_LINE = '\r\x1b[K';
const MEGABYTE = 1024 * 1024;
const SHOWN_FROM_BYTES = 16 * MEGABYTE;
const SHOWN_EVERY_US = 100_000;
const RETRY_MS = 10;

export function processTool(): Tool {
  const runtime = systemRuntime();
  const { clock } = runtime;
  const showsProgress = isatty(STDERR);
  let isShown = false;
  let shownUs = 0;
  const clear = () => {
    if (isShown) write(runtime, STDERR, CLEAR_LINE);
    isShown = false;
  };
  return {
    runtime,
    print(text) {
      clear();
      write(runtime, STDOUT, text);
    },
    printError(text) {
      clear();
      write(runtime, STDERR, text);
    },
    progress(doneBytes, totalBytes) {
      const nowUs = clock.monotonicUs();
      if (!showsProgress || totalBytes < SHOWN_FROM_BYTES || nowUs - shownUs < SHOWN_EVERY_US) return;
      shownUs = nowUs;
      isShown = true;
      write(runtime, STDERR, CLEAR_LINE + progressLine(doneBytes, totalBytes));
    },
    readAnswer: () => readCharacter(runtime),
  };
}

/** `42% (126 of 300 MB)`. */
export function progressLine(doneBytes: number, totalBytes: number): string {
  const [done, total] = [doneBytes, totalBytes].map((bytes) => Math.floor(bytes / MEGABYTE));
  return `${Math.floor((doneBytes / totalBytes) * 100)}% (${done} of ${total} MB)`;
}

// A pipe or a terminal that others have made non-blocking is waited for; a reader that has gone away ends nothing.
function write(runtime: Runtime, descriptor: number, text: string): void {
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; ) {
    const written = retried(runtime, () => runtime.files.writeSync(descriptor, bytes, at, bytes.length - at));
    if (written === null) return;
    at += written;
  }
}

function readCharacter(runtime: Runtime): string {
  const byte = Buffer.alloc(1);
  const read = retried(runtime, () => runtime.files.readSync(STDIN, byte, 0, 1, null));
  return read === 1 ? byte.toString('latin1') : '';
}

/** The result of a call, made again as long as it would block; null when it fails. */
function retried(runtime: Runtime, call: () => number): number | null {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (errorCode(error) !== 'EAGAIN') return null;
      runtime.timers.block(RETRY_MS);
    }
  }
}
