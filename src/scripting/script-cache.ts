// The scripts that EVAL has seen and SCRIPT LOAD was given: by digest, and by text, because looking a text up costs less
// than its digest.

import { toBytes } from '../base/bytes.ts';
import { sha1Hex } from '../base/sha1.ts';
import type { Arguments } from '../resp/arguments.ts';
import type { Program } from './script-runner.ts';

export interface CachedScript extends Program {
  readonly text: string;
}

// The scripts that EVAL was given lately, by a few of their bytes: comparing a text costs less than looking it up.
const RECENT = 64;
const MAX_RECENT_BYTES = 32 * 1024;

interface RecentScript {
  readonly bytes: Buffer;
  readonly script: CachedScript;
}

/** What a script takes beside its text, roughly: its digest and its places in the tables. */
const SCRIPT_BYTES = 200;

export class ScriptCache {
  /** Bytes of all scripts. */
  bytes = 0;

  private readonly byDigest = new Map<string, CachedScript>();
  private readonly byText = new Map<string, CachedScript>();
  private readonly recent = new Array<RecentScript | null>(RECENT).fill(null);

  get size(): number {
    return this.byDigest.size;
  }

  /** `digest` in lower case. */
  withDigest(digest: string): CachedScript | undefined {
    return this.byDigest.get(digest);
  }

  withText(text: string): CachedScript | undefined {
    return this.byText.get(text);
  }

  /** The script of argument `i`. O(its length). */
  withArgument(args: Arguments, i: number): CachedScript | undefined {
    const { bytes } = args;
    const start = args.start(i);
    const length = args.length(i);
    const slot = slotOf(bytes, start, length);
    const recent = this.recent[slot];
    if (
      recent !== null &&
      recent!.bytes.length === length &&
      bytes.compare(recent!.bytes, 0, length, start, start + length) === 0
    ) {
      return recent!.script;
    }
    const script = this.byText.get(args.string(i));
    if (script !== undefined && length <= MAX_RECENT_BYTES) {
      this.recent[slot] = { bytes: Buffer.from(bytes.subarray(start, start + length)), script };
    }
    return script;
  }

  add(script: CachedScript): void {
    this.byDigest.set(script.name, script);
    this.byText.set(script.text, script);
    this.bytes += script.text.length + SCRIPT_BYTES;
  }

  clear(): void {
    this.byDigest.clear();
    this.byText.clear();
    this.recent.fill(null);
    this.bytes = 0;
  }
}

function slotOf(bytes: Uint8Array, start: number, length: number): number {
  if (length === 0) return 0;
  const middle = bytes[start + (length >> 1)]! + bytes[start + (length >> 2)]! * 3;
  return (length + middle + bytes[start + length - 1]! * 7) % RECENT;
}

/** The SHA-1 of a latin1 text, as 40 hexadecimal digits. */
export function digestOf(text: string): string {
  return sha1Hex(toBytes(text));
}
