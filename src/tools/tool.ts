// What a recovery tool needs of the process that it is: files, the clock, and somebody to talk to. A tool is a function
// from this and its arguments to an exit code, so that a test can run it on a disk in memory.
//
// Texts, and the names of files among them, are byte strings (latin1), as they stand in the files and go to the output.

import { createLogger, type Logger } from '../base/logger.ts';
import type { Runtime } from '../base/runtime.ts';

export interface Tool {
  readonly runtime: Runtime;
  /** Takes what goes to standard output. */
  print(text: string): void;
  /** Takes what goes to standard error. */
  printError(text: string): void;
  /** Is told how much of a file has been read, every quarter of a megabyte or so. */
  progress(doneBytes: number, totalBytes: number): void;
  /** The first character of the next line of standard input, '' at its end. */
  readAnswer(): string;
}

export const EXIT_OK = 0;
export const EXIT_FAILURE = 1;

/** Thrown where a tool has said why it cannot go on. */
export class GaveUp extends Error {}

/** Prints why a tool cannot go on, and ends it. */
export function giveUp(tool: Tool, text: string): never {
  tool.print(text);
  throw new GaveUp(text);
}

/** Runs what a tool does; the exit code is 1 where it gave up. */
export function exitCodeOf(run: () => void): number {
  try {
    run();
    return EXIT_OK;
  } catch (error) {
    if (error instanceof GaveUp) return EXIT_FAILURE;
    throw error;
  }
}

/** What the server's own parts say to its log, a tool says on standard output, in the same form. */
export function logOf({ print, runtime }: Tool): Logger {
  return createLogger({ ...runtime, role: () => 'C', sink: print });
}

/** As a C string: up to the first zero byte, and no longer than `limit` characters. */
export function cText(text: string, limit = Number.POSITIVE_INFINITY): string {
  const zero = text.indexOf('\0');
  return text.slice(0, Math.min(zero < 0 ? text.length : zero, limit));
}
