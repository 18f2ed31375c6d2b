// The manifest of the append-only files: which files there are, in which order they are loaded, and which may be deleted.
// At most one base (all data as they were when it was made), the increments after it, and history: files that a rewrite
// has replaced. Here is its text and how files are named; where it lies
// on the disk is aof-folder.ts's affair.

import type { Logger } from '../../base/logger.ts';
import { quote, splitArguments } from '../../base/quote.ts';

export const AOF_TYPE = { BASE: 'b', HISTORY: 'h', INCREMENT: 'i' } as const;
export type AofType = (typeof AOF_TYPE)[keyof typeof AOF_TYPE];

/** A file that the manifest names. `name` is a byte string, without a folder. */
export interface AofFile {
  readonly name: string;
  readonly sequence: number;
}

/** How a base is written: as an RDB file or as commands. */
export type BaseForm = 'rdb' | 'aof';

/** What is wrong with a manifest; the line where it is known. */
export class ManifestError extends Error {
  readonly reason: string;
  readonly line: { readonly number: number; readonly text: string } | null;

  constructor(reason: string, line: ManifestError['line'] = null) {
    super(reason);
    this.reason = reason;
    this.line = line;
  }

  /** Tells all of it, as Redis does; `shown` makes of the line's byte string what is to be seen. */
  log(log: Logger, shown: (text: string) => string): void {
    log.warning('\n*** FATAL AOF MANIFEST FILE ERROR ***\n');
    if (this.line !== null) {
      log.warning(`Reading the manifest file, at line ${this.line.number}\n`);
      log.warning(`>>> '${shown(this.line.text)}'\n`);
    }
    log.warning(`${this.reason}\n`);
  }
}

export class Manifest {
  base: AofFile | null = null;
  /** What may be deleted: what has become history last stands first. */
  history: AofFile[] = [];
  increments: AofFile[] = [];
  /** The numbers given last. */
  baseSequence = 0;
  incrementSequence = 0;
  /** It says something else than the file on the disk. */
  isChanged = false;

  get isEmpty(): boolean {
    return this.base === null && this.increments.length === 0;
  }

  /** What has to be loaded, in order. */
  get files(): AofFile[] {
    return this.base === null ? [...this.increments] : [this.base, ...this.increments];
  }

  /** The increment that was begun last. */
  get lastIncrement(): AofFile | null {
    return this.increments[this.increments.length - 1] ?? null;
  }

  copy(): Manifest {
    return Object.assign(new Manifest(), this, {
      history: [...this.history],
      increments: [...this.increments],
    });
  }

  /** Names a new base; the one before becomes history. */
  addBase(name: string, form: BaseForm): AofFile {
    if (this.base !== null) this.history.unshift(this.base);
    this.baseSequence++;
    this.base = { name: `${name}.${this.baseSequence}.base.${form}`, sequence: this.baseSequence };
    this.isChanged = true;
    return this.base;
  }

  /** Names a new increment, behind all others. */
  addIncrement(name: string): AofFile {
    this.incrementSequence++;
    const file = { name: `${name}.${this.incrementSequence}.incr.aof`, sequence: this.incrementSequence };
    this.increments.push(file);
    this.isChanged = true;
    return file;
  }

  /** The file of a server from before there were manifests becomes the base. */
  adoptOldFile(name: string): void {
    this.base = { name, sequence: 1 };
    this.baseSequence = 1;
    this.isChanged = true;
  }

  /** A new base holds what the increments say: they become history, but for the one that is being written, if any. */
  retireIncrements(keepsLast: boolean): void {
    if (this.increments.length === 0) return;
    const kept = keepsLast ? this.increments.slice(-1) : [];
    const retired = keepsLast ? this.increments.slice(0, -1) : this.increments;
    this.history.unshift(...retired);
    this.increments = kept;
    this.isChanged = true;
  }

  forgetHistory(): void {
    this.history = [];
    this.isChanged = true;
  }

  format(): string {
    const lines: string[] = [];
    if (this.base !== null) lines.push(lineOf(this.base, AOF_TYPE.BASE));
    for (const file of this.history) lines.push(lineOf(file, AOF_TYPE.HISTORY));
    for (const file of this.increments) lines.push(lineOf(file, AOF_TYPE.INCREMENT));
    return lines.join('');
  }
}

/** Reads a manifest's text (latin1); throws ManifestError. Keys that are not known are passed over. */
export function parseManifest(text: string): Manifest {
  const manifest = new Manifest();
  let number = 0;
  for (let at = 0; at < text.length; ) {
    const piece = pieceAt(text, at);
    at += piece.length;
    number++;
    if (piece.startsWith('#')) continue;
    if (!isWhole(piece)) throw new ManifestError('The AOF manifest file contains too long line');
    const line = trim(piece);
    try {
      addLine(manifest, line);
    } catch (error) {
      if (error instanceof ManifestError) throw new ManifestError(error.reason, { number, text: line });
      throw error;
    }
  }
  if (number === 0) throw new ManifestError('Found an empty AOF manifest');
  return manifest;
}

const MAX_LINE_BYTES = 1024;
const WRONG_FORMAT = 'Invalid AOF manifest file format';
// `file`, `seq` and `type`, each with its value.
const LEAST_WORDS = 6;

// A line with its end, or as much of it as Redis reads at once.
function pieceAt(text: string, at: number): string {
  const newline = text.indexOf('\n', at);
  const end = newline < 0 ? text.length : newline + 1;
  return text.slice(at, Math.min(end, at + MAX_LINE_BYTES));
}

// Observed 7.2.4: a last line without an end counts as too long, too, and a zero byte hides what follows it.
function isWhole(piece: string): boolean {
  return piece.endsWith('\n') && !piece.includes('\0');
}

function trim(line: string): string {
  return line.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
}

function addLine(manifest: Manifest, line: string): void {
  const words = splitArguments(line);
  if (words === null || words.length < LEAST_WORDS || words.length % 2 !== 0)
    throw new ManifestError(WRONG_FORMAT);
  let name: string | null = null;
  let sequence = 0;
  let type = '';
  for (let i = 0; i < words.length; i += 2) {
    const value = words[i + 1]!;
    switch (words[i]!.toLowerCase()) {
      case 'file':
        name = untilZero(value);
        if (/[/\\]/.test(name)) throw new ManifestError("File can't be a path, just a filename");
        break;
      case 'seq':
        sequence = leadingInteger(value);
        break;
      case 'type':
        type = untilZero(value).slice(0, 1);
        break;
    }
  }
  if (name === null || sequence === 0 || type === '') throw new ManifestError(WRONG_FORMAT);
  addFile(manifest, { name, sequence }, type);
}

function addFile(manifest: Manifest, file: AofFile, type: string): void {
  switch (type) {
    case AOF_TYPE.BASE:
      if (manifest.base !== null) throw new ManifestError('Found duplicate base file information');
      manifest.base = file;
      manifest.baseSequence = file.sequence;
      return;
    case AOF_TYPE.HISTORY:
      manifest.history.push(file);
      return;
    case AOF_TYPE.INCREMENT:
      if (file.sequence <= manifest.incrementSequence)
        throw new ManifestError('Found a non-monotonic sequence number');
      manifest.increments.push(file);
      manifest.incrementSequence = file.sequence;
      return;
    default:
      throw new ManifestError('Unknown AOF file type');
  }
}

function untilZero(text: string): string {
  const zero = text.indexOf('\0');
  return zero < 0 ? text : text.slice(0, zero);
}

// What C's atoll makes of a text, as far as numbers are exact.
function leadingInteger(text: string): number {
  const digits = /^[ \t\n\v\f\r]*([+-]?\d+)/.exec(text)?.[1];
  return digits === undefined ? 0 : Number(digits);
}

function lineOf({ name, sequence }: AofFile, type: AofType): string {
  return `file ${needsQuotes(name) ? quote(name) : name} seq ${sequence} type ${type}\n`;
}

function needsQuotes(name: string): boolean {
  return /[^!#-[\]-~]/.test(name);
}
