// The last requests that took longer than `slowlog-log-slower-than`, as SLOWLOG shows them. Arguments are kept as text
// and cut short, so that the log stays small whatever is sent; passwords are not kept at all.

import Denque from 'denque';
import type { Clock } from '../base/runtime.ts';
import type { Config } from '../config/config.ts';
import type { Arguments } from '../resp/arguments.ts';
import type { SlowCommandListener } from './call.ts';
import type { Client } from './client.ts';
import { COMMAND_FLAG, type Command } from './command-spec.ts';

const MAX_ARGUMENTS = 32;
const MAX_ARGUMENT_BYTES = 128;
const REDACTED = '(redacted)';

export interface SlowLogEntry {
  /** Counts on, also over SLOWLOG RESET. */
  readonly id: number;
  readonly timeSeconds: number;
  readonly durationUs: number;
  readonly args: readonly string[];
  readonly address: string;
  readonly clientName: string;
}

export class SlowLog implements SlowCommandListener {
  private readonly config: Config;
  private readonly clock: Clock;
  private readonly newestFirst = new Denque<SlowLogEntry>();
  private nextId = 0;

  constructor(config: Config, clock: Clock) {
    this.config = config;
    this.clock = clock;
  }

  get length(): number {
    return this.newestFirst.length;
  }

  /** The last `count` entries, the newest first. */
  latest(count: number): SlowLogEntry[] {
    return Array.from({ length: Math.min(count, this.length) }, (_, i) => this.newestFirst.get(i)!);
  }

  reset(): void {
    this.newestFirst.clear();
  }

  thresholdUs(): number {
    const threshold = this.config.values['slowlog-log-slower-than'];
    return threshold < 0 ? Number.POSITIVE_INFINITY : threshold;
  }

  slowCommand(client: Client, command: Command, args: Arguments, durationUs: number): void {
    if (command.has(COMMAND_FLAG.skip_slowlog)) return;
    this.newestFirst.unshift({
      id: this.nextId++,
      timeSeconds: Math.floor(this.clock.nowMs() / 1000),
      durationUs: Math.floor(durationUs),
      args: shortened(args, command.spec.secrets?.(args, this.config) ?? []),
      // What a script runs has no address.
      address: client.isScript ? '' : client.connection.address,
      clientName: client.name,
    });
    this.trim();
  }

  /** Forgets the oldest entries beyond `slowlog-max-len`; not while nothing is recorded. */
  trim(): void {
    if (this.thresholdUs() === Number.POSITIVE_INFINITY) return;
    while (this.length > this.config.values['slowlog-max-len']) this.newestFirst.pop();
  }
}

function shortened(args: Arguments, secrets: readonly number[]): string[] {
  const kept = args.count > MAX_ARGUMENTS ? MAX_ARGUMENTS - 1 : args.count;
  const out: string[] = [];
  for (let i = 0; i < kept; i++) {
    if (secrets.includes(i)) {
      out.push(REDACTED);
      continue;
    }
    const surplus = args.length(i) - MAX_ARGUMENT_BYTES;
    const text = args.prefix(i, MAX_ARGUMENT_BYTES);
    out.push(surplus > 0 ? `${text}... (${surplus} more bytes)` : text);
  }
  if (kept < args.count) out.push(`... (${args.count - kept} more arguments)`);
  return out;
}
