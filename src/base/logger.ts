// The server's log. Lines go through pino; by default they come out in Redis's own form (`pid:role date time sign
// message`), which tools parse, or as JSON. Levels and their order are Redis's. A file is written as Redis writes it: each
// line goes to whatever file has the name at that moment, so that a log is rotated by renaming it.

import { pino } from 'pino';
import { outputBytes, textFromBytes } from './byte-text.ts';
import type { Clock, FileDoor } from './runtime.ts';

export const LOG_LEVELS = ['debug', 'verbose', 'notice', 'warning', 'nothing'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
/** The levels that a line can have. */
export type LineLevel = Exclude<LogLevel, 'nothing'>;

export const LOG_FORMATS = ['redis', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Gets every line that is logged besides (the system log). `text` is the message, a byte string. */
export type LogMirror = (level: LineLevel, text: string) => void;

export interface Logger {
  debug(message: string): void;
  verbose(message: string): void;
  notice(message: string): void;
  warning(message: string): void;
  /** A text as it is, without anything before it: banners, reports of many lines. In JSON it is one message. */
  raw(level: LineLevel, text: string): void;
  /** Whether lines of this level are logged: for whoever would have to work for one. */
  logs(level: LineLevel): boolean;
  setLevel(level: LogLevel): void;
  setFormat(format: LogFormat): void;
  /** Where lines go: a file's path, '' for standard output. A file that cannot be written loses them, as in Redis. */
  setFile(path: string): void;
  setMirror(mirror: LogMirror | null): void;
  close(): void;
}

/** The letter after the pid: M for a master, S for a replica, C for a child or a server that is not set up yet, X for a sentinel. */
export type RoleLetter = 'M' | 'S' | 'C' | 'X';

const ROLE_NAMES = { M: 'master', S: 'replica', C: 'child', X: 'sentinel' } as const;

export interface LoggerOptions {
  readonly clock: Clock;
  readonly files: FileDoor;
  readonly pid: number;
  readonly role: () => RoleLetter;
  /** Takes the lines instead of standard output (tests, embedding). */
  readonly sink?: (line: string) => void;
}

const PINO_LEVELS = { debug: 20, verbose: 25, notice: 30, warning: 40, nothing: 100 } as const;
const SIGNS: Readonly<Record<LineLevel, string>> = { debug: '.', verbose: '-', notice: '*', warning: '#' };
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A logger at level `notice` that writes to standard output. */
export function createLogger(options: LoggerOptions): Logger {
  const { files } = options;
  const file = new LogFile(files);
  let format: LogFormat = 'redis';
  let mirror: LogMirror | null = null;

  const write = (text: string) => {
    if (file.path !== '') file.write(text);
    else if (options.sink) options.sink(text);
    else writeAll(files, STANDARD_OUTPUT, text);
  };
  const logger = pino(
    {
      customLevels: PINO_LEVELS,
      useOnlyCustomLevels: true,
      level: 'notice',
      base: null,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => ({ pid: options.pid, role: ROLE_NAMES[options.role()] }),
      timestamp: () => `,"time":${options.clock.nowMs()}`,
    },
    {
      write(json: string) {
        if (format === 'json') {
          write(json);
          return;
        }
        const { level, time, msg } = JSON.parse(json) as { level: LineLevel; time: number; msg: string };
        write(`${options.pid}:${options.role()} ${logTime(time)} ${SIGNS[level]} ${msg}\n`);
      },
    },
  );
  const logs = (level: LineLevel) => logger.isLevelEnabled(level);
  const log = (level: LineLevel, message: string) => {
    if (!logs(level)) return;
    logger[level](format === 'json' ? textFromBytes(message) : message);
    mirror?.(level, message);
  };
  return {
    debug: (message) => log('debug', message),
    verbose: (message) => log('verbose', message),
    notice: (message) => log('notice', message),
    warning: (message) => log('warning', message),
    raw(level, text) {
      if (!logs(level)) return;
      if (format === 'json') {
        const message = textFromBytes(text).trim();
        if (message !== '') logger[level](message);
      } else {
        write(text);
      }
      mirror?.(level, text);
    },
    logs,
    setLevel: (level) => {
      logger.level = level;
    },
    setFormat: (chosen) => {
      format = chosen;
    },
    setFile: (path) => file.use(path),
    setMirror: (taker) => {
      mirror = taker;
    },
    close: () => file.use(''),
  };
}

const STANDARD_OUTPUT = 1;

/** The file that has a name at the moment: kept open while it is the same one. A look at the name costs a third of opening it. */
class LogFile {
  path = '';
  private readonly files: FileDoor;
  private descriptor = -1;
  private device = 0;
  private inode = 0;

  constructor(files: FileDoor) {
    this.files = files;
  }

  use(path: string): void {
    this.close();
    this.path = path;
  }

  write(text: string): void {
    try {
      if (!this.isOpenFile()) this.open();
    } catch {
      // Nobody can be told: this is where one would.
      return;
    }
    writeAll(this.files, this.descriptor, text);
  }

  private isOpenFile(): boolean {
    if (this.descriptor < 0) return false;
    const now = this.files.statSync(this.path, { throwIfNoEntry: false });
    return now !== undefined && now.ino === this.inode && now.dev === this.device;
  }

  private open(): void {
    this.close();
    this.descriptor = this.files.openSync(this.path, 'a');
    const { ino, dev } = this.files.fstatSync(this.descriptor);
    this.inode = ino;
    this.device = dev;
  }

  private close(): void {
    if (this.descriptor >= 0) this.files.closeSync(this.descriptor);
    this.descriptor = -1;
  }
}

// A reader that has gone away, or a disk that is full, must not take the server down with it.
function writeAll(files: FileDoor, descriptor: number, text: string): void {
  const bytes = outputBytes(text);
  try {
    for (let at = 0; at < bytes.length; ) at += files.writeSync(descriptor, bytes, at);
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
