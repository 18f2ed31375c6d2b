// The server's log. Lines go through pino; by default they come out in Redis's own form (`pid:role date time sign
// message`), which tools parse. Levels and their order are Redis's.

import { pino } from 'pino';
import type { Clock, FileDoor } from './runtime.ts';

export const LOG_LEVELS = ['debug', 'verbose', 'notice', 'warning', 'nothing'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Logger {
  debug(message: string): void;
  verbose(message: string): void;
  notice(message: string): void;
  warning(message: string): void;
  setLevel(level: LogLevel): void;
  /** Where lines go: a file's path, '' for standard output. Throws Node's error when it cannot be written. */
  setFile(path: string): void;
  close(): void;
}

/** The letter after the pid: M for a master, S for a replica, C for a child, X for a sentinel. */
export type RoleLetter = 'M' | 'S' | 'C' | 'X';

export interface LoggerOptions {
  readonly clock: Clock;
  readonly files: FileDoor;
  readonly pid: number;
  readonly role: () => RoleLetter;
  /** Takes the lines instead of standard output (tests, embedding). */
  readonly sink?: (line: string) => void;
}

const PINO_LEVELS = { debug: 20, verbose: 25, notice: 30, warning: 40, nothing: 100 } as const;
const SIGN_OF_LEVEL: Readonly<Record<number, string>> = { 20: '.', 25: '-', 30: '*', 40: '#' };
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A logger at level `notice` that writes to standard output. */
export function createLogger(options: LoggerOptions): Logger {
  const { files } = options;
  let descriptor = -1;

  const writeLine = (line: string) => {
    if (descriptor >= 0) files.writeSync(descriptor, line);
    else if (options.sink) options.sink(line);
    else writeToStandardOutput(files, line);
  };
  const logger = pino(
    {
      customLevels: PINO_LEVELS,
      useOnlyCustomLevels: true,
      level: 'notice',
      base: null,
      timestamp: () => `,"time":${options.clock.nowMs()}`,
    },
    {
      write(json: string) {
        const { level, time, msg } = JSON.parse(json) as { level: number; time: number; msg: string };
        const sign = SIGN_OF_LEVEL[level] ?? '#';
        writeLine(`${options.pid}:${options.role()} ${logTime(time)} ${sign} ${msg}\n`);
      },
    },
  );
  const closeFile = () => {
    if (descriptor >= 0) files.closeSync(descriptor);
    descriptor = -1;
  };
  return {
    debug: (message) => logger.debug(message),
    verbose: (message) => logger.verbose(message),
    notice: (message) => logger.notice(message),
    warning: (message) => logger.warning(message),
    setLevel: (level) => {
      logger.level = level;
    },
    setFile(path) {
      const opened = path === '' ? -1 : files.openSync(path, 'a');
      closeFile();
      descriptor = opened;
    },
    close: closeFile,
  };
}

// A reader that has gone away must not take the server down with it.
function writeToStandardOutput(files: FileDoor, line: string): void {
  try {
    files.writeSync(1, line);
  } catch {
    // Nobody is left to be told.
  }
}

/** `21 Nov 2026 03:52:23.123`, in local time. */
function logTime(timeMs: number): string {
  const at = new Date(timeMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${two(at.getDate())} ${MONTHS[at.getMonth()]} ${at.getFullYear()}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return `${day} ${time}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}
