// A request that goes to AOF and replicas as a command with its result, in so many of them as it takes.

import type { CommandContext } from '../engine/context.ts';

const PART = 1024;

export class EffectInParts {
  /** Whether anyone takes effects: texts need not be made else. */
  readonly isHeard: boolean;

  private readonly ctx: CommandContext;
  private readonly name: string;
  private readonly keyIndex: number;
  private texts: string[] = [];

  /** Commands `name key text …`, with the key that is the request's argument `keyIndex`. */
  constructor(ctx: CommandContext, name: string, keyIndex: number) {
    this.ctx = ctx;
    this.isHeard = ctx.propagates;
    this.name = name;
    this.keyIndex = keyIndex;
  }

  add(text: string): void {
    this.texts.push(text);
    if (this.texts.length === PART) this.finish();
  }

  /** Nothing more will be added. */
  finish(): void {
    if (this.texts.length === 0) return;
    this.ctx.propagateAs(this.name, this.keyIndex, ...this.texts);
    this.texts = [];
  }
}
