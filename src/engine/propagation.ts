// Effects on their way to those who must repeat them (the AOF, replicas). Effects gather while a unit runs – one
// command, or a whole MULTI – and leave together at its end, wrapped in MULTI and EXEC when there are several. They are
// put into bytes once, for all who take them.

import type { Arguments } from '../resp/arguments.ts';
import { CommandBuffer, type CommandPart } from './command-buffer.ts';

/** Takes the effects of units, in order. An effect is a command in `bytes[start, end)`, good until the call returns. */
export interface PropagationSink {
  /** `dbId` is where the effect happened; -1 for one that belongs to no database. */
  effect(dbId: number, bytes: Uint8Array, start: number, end: number): void;
}

interface Replacement {
  readonly dbId: number;
  readonly parts: readonly CommandPart[];
}

/** The database of an effect that belongs to none. */
export const NO_DATABASE = -1;

export class Propagation {
  private readonly sinks: PropagationSink[] = [];
  // The effects of the unit: effect i ends where `ends[i]` says, and begins where the one before it ends.
  private readonly effects = new CommandBuffer();
  private readonly ends: number[] = [];
  private readonly dbIds: number[] = [];
  private count = 0;
  private replacements: Replacement[] | null = null;
  private depth = 0;
  private readonly multi = encoded(['MULTI']);
  private readonly exec = encoded(['EXEC']);

  /** Whether anyone listens. Without a listener nothing is gathered. */
  get isActive(): boolean {
    return this.sinks.length > 0;
  }

  /** Called when the first sink comes, and when the last one goes. */
  onChange: () => void = () => {};

  addSink(sink: PropagationSink): void {
    this.sinks.push(sink);
    this.onChange();
  }

  removeSink(sink: PropagationSink): void {
    const at = this.sinks.indexOf(sink);
    if (at >= 0) this.sinks.splice(at, 1);
    this.onChange();
  }

  /** A unit begins; units nest and leave when the outermost ends. */
  beginUnit(): void {
    this.depth++;
  }

  /** `asOne`: several effects leave as one transaction. */
  endUnit(asOne = true): void {
    if (--this.depth > 0 || this.count === 0) return;
    // Observed 7.2.4: a MULTI with a single effect is propagated bare.
    const wrapped = asOne && this.count > 1;
    const { bytes } = this.effects;
    for (const sink of this.sinks) {
      if (wrapped) sink.effect(NO_DATABASE, this.multi, 0, this.multi.length);
      let start = 0;
      for (let i = 0; i < this.count; i++) {
        const end = this.ends[i]!;
        sink.effect(this.dbIds[i]!, bytes, start, end);
        start = end;
      }
      if (wrapped) sink.effect(NO_DATABASE, this.exec, 0, this.exec.length);
    }
    this.count = 0;
    this.effects.clear();
  }

  /** An effect beside the running command's own (a key that expired while it looked). */
  also(dbId: number, args: readonly string[]): void {
    if (!this.isActive) return;
    this.beginUnit();
    this.effects.addTexts(args);
    this.added(dbId);
    this.endUnit();
  }

  /** The running command shall be repeated as `parts`. */
  replaceBy(dbId: number, parts: readonly CommandPart[]): void {
    if (!this.isActive) return;
    this.replacements ??= [];
    this.replacements.push({ dbId, parts });
  }

  replaceByNothing(): void {
    if (this.isActive) this.replacements = [];
  }

  /** The command that was run has ended; `changed` says whether it had an effect at all. */
  commandEnded(dbId: number, args: Arguments, changed: boolean): void {
    const replacements = this.replacements;
    if (replacements !== null) {
      this.replacements = null;
      for (const { dbId, parts } of replacements) {
        this.effects.addParts(parts, args);
        this.added(dbId);
      }
    } else if (changed) {
      this.effects.addRequest(args);
      this.added(dbId);
    }
  }

  private added(dbId: number): void {
    this.ends[this.count] = this.effects.at;
    this.dbIds[this.count++] = dbId;
  }
}

function encoded(command: readonly string[]): Uint8Array {
  const buffer = new CommandBuffer();
  buffer.addTexts(command);
  return buffer.bytes.subarray(0, buffer.at);
}
