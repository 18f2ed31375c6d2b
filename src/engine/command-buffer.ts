// Commands as they travel to those who repeat them – the AOF, replicas –, in a buffer that grows and is used again: RESP
// arrays of bulk strings.

import { copyBytes, writeText } from '../base/bytes.ts';
import { writeSafeInteger } from '../base/numbers.ts';
import { RunCopy } from '../base/run-copy.ts';
import type { Arguments } from '../resp/arguments.ts';

const INITIAL_BYTES = 16 * 1024;
/** A buffer larger than this is not kept. */
const KEPT_BYTES = 1024 * 1024;
// `*<count>\r\n`, or `$<length>\r\n` and the end of an argument.
const FRAME_BYTES = 20;
const STAR = 0x2a;
const DOLLAR = 0x24;
const CR = 0x0d;
const LF = 0x0a;

/** An argument: a latin1 text, or the index of one of a request's arguments. */
export type CommandPart = string | number;

export class CommandBuffer {
  /** What was added is `bytes[0, at)`, when what was lent is settled. */
  bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  at = 0;

  private readonly lent = new RunCopy();

  get isEmpty(): boolean {
    return this.at === 0;
  }

  /** Forgets what was added. */
  clear(): void {
    this.settle();
    this.at = 0;
    if (this.bytes.length > KEPT_BYTES) this.bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  }

  /** Adds a request as it came. */
  addRequest(args: Arguments): void {
    const { count } = args;
    this.ensure(args.totalBytes + FRAME_BYTES * (count + 1));
    this.header(STAR, count);
    for (let i = 0; i < count; i++) this.slice(args.bytes, args.start(i), args.length(i));
  }

  /** Adds a command of texts. */
  addTexts(texts: readonly string[]): void {
    let needed = FRAME_BYTES;
    for (const text of texts) needed += FRAME_BYTES + text.length;
    this.ensure(needed);
    this.header(STAR, texts.length);
    for (const text of texts) this.text(text);
  }

  /** Adds a command some of whose arguments are those of the request that it stands for. */
  addParts(parts: readonly CommandPart[], args: Arguments): void {
    let needed = FRAME_BYTES;
    for (const part of parts)
      needed += FRAME_BYTES + (typeof part === 'string' ? part.length : args.length(part));
    this.ensure(needed);
    this.header(STAR, parts.length);
    for (const part of parts) {
      if (typeof part === 'string') this.text(part);
      else this.slice(args.bytes, args.start(part), args.length(part));
    }
  }

  /** Adds bytes as they are. */
  addBytes(bytes: Uint8Array, start: number, end: number): void {
    this.ensure(end - start);
    copyBytes(bytes, start, this.bytes, this.at, end - start);
    this.at += end - start;
  }

  /** Adds bytes that stay as they are until `settle` is called. */
  addLent(bytes: Uint8Array, start: number, end: number): void {
    this.ensure(end - start);
    this.lent.add(bytes, start, end, this.bytes, this.at);
    this.at += end - start;
  }

  /** What was lent is needed no longer. */
  settle(): void {
    this.lent.settle();
  }

  private text(text: string): void {
    this.header(DOLLAR, text.length);
    this.lineEnd(writeText(this.bytes, this.at, text));
  }

  private slice(bytes: Uint8Array, start: number, length: number): void {
    this.header(DOLLAR, length);
    copyBytes(bytes, start, this.bytes, this.at, length);
    this.lineEnd(this.at + length);
  }

  private header(sign: number, count: number): void {
    const { bytes } = this;
    bytes[this.at++] = sign;
    if (count < 10) bytes[this.at++] = 0x30 + count;
    else this.at = writeSafeInteger(bytes, this.at, count);
    this.lineEnd(this.at);
  }

  private lineEnd(at: number): void {
    this.bytes[at] = CR;
    this.bytes[at + 1] = LF;
    this.at = at + 2;
  }

  private ensure(needed: number): void {
    if (this.at + needed <= this.bytes.length) return;
    this.settle();
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.bytes.length, this.at + needed));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }
}
