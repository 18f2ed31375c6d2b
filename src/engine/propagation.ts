// Effects on their way to those who must repeat them (the AOF, replicas). Effects gather while a unit runs – one
// command, or a whole MULTI – and leave together at its end, wrapped in MULTI and EXEC when there are several.

import type { Arguments } from '../resp/arguments.ts';

/** Takes the effects of units, in order. An effect is a command's arguments as latin1 strings. */
export interface PropagationSink {
  /** `dbId` is where the effect happened; -1 for one that belongs to no database. */
  effect(dbId: number, args: readonly string[]): void;
}

interface Effect {
  readonly dbId: number;
  readonly args: readonly string[];
}

export class Propagation {
  private readonly sinks: PropagationSink[] = [];
  private effects: Effect[] = [];
  private replacements: Effect[] | null = null;
  private depth = 0;

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
    if (--this.depth > 0 || this.effects.length === 0) return;
    const effects = this.effects;
    this.effects = [];
    // Observed 7.2.4: a MULTI with a single effect is propagated bare.
    const wrapped = asOne && effects.length > 1;
    for (const sink of this.sinks) {
      if (wrapped) sink.effect(-1, ['MULTI']);
      for (const { dbId, args } of effects) sink.effect(dbId, args);
      if (wrapped) sink.effect(-1, ['EXEC']);
    }
  }

  /** An effect beside the running command's own (a key that expired while it looked). */
  also(dbId: number, args: readonly string[]): void {
    if (!this.isActive) return;
    this.beginUnit();
    this.effects.push({ dbId, args });
    this.endUnit();
  }

  /** The running command shall be repeated as `args`. */
  replaceBy(dbId: number, args: readonly string[]): void {
    if (!this.isActive) return;
    this.replacements ??= [];
    this.replacements.push({ dbId, args });
  }

  replaceByNothing(): void {
    if (this.isActive) this.replacements = [];
  }

  /** The command that was run has ended; `changed` says whether it had an effect at all. */
  commandEnded(dbId: number, args: Arguments, changed: boolean): void {
    const replacements = this.replacements;
    this.replacements = null;
    if (replacements !== null) this.effects.push(...replacements);
    else if (changed) this.effects.push({ dbId, args: args.strings(0) });
  }
}
