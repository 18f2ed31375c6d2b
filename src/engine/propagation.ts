// Effects on their way to those who must repeat them (the AOF, replicas). Effects gather while a unit runs – one
// command, or a whole MULTI – and leave together at its end, wrapped in MULTI and EXEC when there are several. They are
// put into bytes once, for all who take them.

import type { Arguments } from '../resp/arguments.ts';
import { CommandBuffer, type CommandPart } from './command-buffer.ts';

/** Takes the effects of units, in order. An effect is a command in `bytes[start, end)`. */
export interface PropagationSink {
  /**
   * `dbId` is where the effect happened; -1 for one that belongs to no database. What is lent stays as it is until `settle` is
   * called, other bytes until this returns.
   */
  effect(dbId: number, bytes: Uint8Array, start: number, end: number, isLent: boolean): void;
  /** What was lent will be used for something else. */
  settle?(): void;
  /** It keeps what changes data, and takes no messages. */
  readonly keepsDataOnly?: boolean;
}

interface Replacement {
  readonly dbId: number;
  readonly parts: readonly CommandPart[];
}

/** Who an effect is for. */
export const TARGETS = { NONE: 0, AOF: 1, REPLICAS: 2, ALL: 3 } as const;
export type Targets = (typeof TARGETS)[keyof typeof TARGETS];

/** The database of an effect that belongs to none. */
export const NO_DATABASE = -1;

export class Propagation {
  /** Who the effects of commands are for from here on: a script may choose (redis.set_repl). */
  targets: Targets = TARGETS.ALL;

  private readonly sinks: PropagationSink[] = [];
  // Who of the targets is there.
  private listening: number = TARGETS.NONE;
  // The effects of the unit: effect i ends where `ends[i]` says, and begins where the one before it ends.
  private readonly effects = new CommandBuffer();
  private readonly ends: number[] = [];
  private readonly dbIds: number[] = [];
  private readonly targetsOf: Targets[] = [];
  private count = 0;
  private replacements: Replacement[] | null = null;
  private isMessage = false;
  // The sinks were lent bytes of the input that is being run.
  private hasLent = false;
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
    this.listen();
  }

  removeSink(sink: PropagationSink): void {
    const at = this.sinks.indexOf(sink);
    if (at >= 0) this.sinks.splice(at, 1);
    this.listen();
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
      const target = targetOf(sink);
      if (wrapped) sink.effect(NO_DATABASE, this.multi, 0, this.multi.length, false);
      let start = 0;
      for (let i = 0; i < this.count; i++) {
        const end = this.ends[i]!;
        if ((this.targetsOf[i]! & target) !== 0) sink.effect(this.dbIds[i]!, bytes, start, end, false);
        start = end;
      }
      if (wrapped) sink.effect(NO_DATABASE, this.exec, 0, this.exec.length, false);
    }
    this.count = 0;
    this.effects.clear();
  }

  /** An effect beside the running command's own (a key that expired while it looked). */
  also(dbId: number, args: readonly string[]): void {
    if (!this.isActive) return;
    this.beginUnit();
    this.effects.addTexts(args);
    this.added(dbId, TARGETS.ALL);
    this.endUnit();
  }

  /** The running command shall be repeated as `parts`. */
  replaceBy(dbId: number, parts: readonly CommandPart[]): void {
    if (!this.isActive) return;
    this.replacements ??= [];
    this.replacements.push({ dbId, parts });
  }

  /** The running command is a message: those who repeat more than changes of data repeat it. */
  repeatOnReplicas(): void {
    this.isMessage = this.isActive;
  }

  replaceByNothing(): void {
    if (this.isActive) this.replacements = [];
  }

  /** The command that was run has ended; `changed` says whether it had an effect at all. */
  commandEnded(dbId: number, args: Arguments, changed: boolean): void {
    const replacements = this.replacements;
    // Observed 7.2.4: what nobody takes does not make a transaction of what else there is.
    const wanted = this.isMessage ? TARGETS.REPLICAS : TARGETS.ALL;
    const targets = (this.targets & this.listening & wanted) as Targets;
    if (targets === TARGETS.NONE) {
      this.replacements = null;
    } else if (replacements !== null) {
      this.replacements = null;
      for (const { dbId, parts } of replacements) {
        this.effects.addParts(parts, args);
        this.added(dbId, targets);
      }
    } else if (changed || this.isMessage) {
      const start = this.isAlone ? args.encodedStart : -1;
      if (start >= 0) {
        this.lend(dbId, args, start, targets);
      } else {
        this.effects.addRequest(args);
        this.added(dbId, targets);
      }
    }
    this.isMessage = false;
  }

  /** The requests of one input are done, and its bytes will be used for something else. */
  inputEnded(): void {
    if (!this.hasLent) return;
    this.hasLent = false;
    for (const sink of this.sinks) sink.settle?.();
  }

  // The running command's effect is the only one of its unit.
  private get isAlone(): boolean {
    return this.depth === 1 && this.count === 0;
  }

  // A request that came just as it is passed on needs no writing, and mostly lies behind the one before it.
  private lend(dbId: number, args: Arguments, start: number, targets: Targets): void {
    const last = args.count - 1;
    const end = args.start(last) + args.length(last) + 2;
    this.hasLent = true;
    for (const sink of this.sinks) {
      if ((targets & targetOf(sink)) !== 0) sink.effect(dbId, args.bytes, start, end, true);
    }
  }

  private listen(): void {
    this.listening = this.sinks.reduce((targets, sink) => targets | targetOf(sink), TARGETS.NONE as number);
    this.onChange();
  }

  private added(dbId: number, targets: Targets): void {
    this.ends[this.count] = this.effects.at;
    this.targetsOf[this.count] = targets;
    this.dbIds[this.count++] = dbId;
  }
}

function targetOf({ keepsDataOnly }: PropagationSink): Targets {
  return keepsDataOnly === true ? TARGETS.AOF : TARGETS.REPLICAS;
}

function encoded(command: readonly string[]): Uint8Array {
  const buffer = new CommandBuffer();
  buffer.addTexts(command);
  return buffer.bytes.subarray(0, buffer.at);
}
