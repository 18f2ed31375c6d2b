// A server that shows what a command does beside replying: the key events, the effects that the AOF and replicas would
// repeat, and the changes that count for the save points. By a clock that the test moves.

import { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/parser.ts';
import { Server } from '../../src/server.ts';
import { type PlainValue, plainValue, TestClient } from './test-client.ts';
import { VirtualRuntime } from './virtual-runtime.ts';

/** What happened between two looks. */
export interface Effects {
  /** `<database> <event> <key>`, in order. */
  readonly events: string[];
  /** `<database> <arguments>`, in order; MULTI and EXEC around those that belong together. */
  readonly propagated: string[];
  readonly changes: number;
}

export class EffectServer {
  readonly server: Server;
  readonly runtime: VirtualRuntime;
  readonly client: TestClient;

  private events: string[] = [];
  private propagated: string[] = [];
  private changesBefore = 0;

  /** Directives with one word each. `notify-keyspace-events` is set to all events. */
  constructor(directives: Readonly<Record<string, string>> = {}) {
    this.runtime = new VirtualRuntime();
    const config = new Config(this.runtime, '/');
    loadConfig(config, this.runtime.files, {});
    // Saving would set the count of changes back.
    config.assign('save', []);
    for (const [name, value] of Object.entries({ ...directives, 'notify-keyspace-events': 'EAmn' })) {
      const error = config.assign(name, [value]);
      if (error !== null) throw new Error(`${name}: ${error}`);
    }
    this.server = new Server({
      runtime: this.runtime,
      config,
      executable: '',
      isEmbedded: true,
      logSink: () => {},
      onShutdown: () => {},
    });
    this.server.keyEvents.setPublisher((channel, key) => {
      const [, dbId, event] = /^__keyevent@(\d+)__:(.*)$/s.exec(channel)!;
      this.events.push(`${dbId} ${event} ${key}`);
    });
    this.server.parts.propagation.addSink({
      effect: (dbId, bytes, start, end) =>
        this.propagated.push(`${dbId} ${commandArguments(bytes, start, end).join(' ')}`),
    });
    // Observers are asked anew whether anyone wants events.
    config.assign('notify-keyspace-events', ['EAmn']);
    this.server.start();
    this.client = new TestClient(this.server.connect());
  }

  /** Runs requests, split like inline commands, and returns the last reply. */
  async run(...requests: string[]): Promise<PlainValue> {
    const frames = await this.client.pipeline(requests);
    return plainValue(frames.at(-1)!.reply);
  }

  /** What requests have done: forgets what happened before, runs them, looks. */
  async effectsOf(...requests: string[]): Promise<Effects> {
    this.look();
    await this.run(...requests);
    return this.look();
  }

  /** What has happened since the last look. */
  look(): Effects {
    const { dirty } = this.server.parts.executor.context;
    const effects = { events: this.events, propagated: this.propagated, changes: dirty - this.changesBefore };
    this.events = [];
    this.propagated = [];
    this.changesBefore = dirty;
    return effects;
  }

  async close(): Promise<void> {
    this.client.close();
    await this.server.close();
  }
}

/** The arguments of a command in `bytes[start, end)`, as latin1. */
export function commandArguments(bytes: Uint8Array, start: number, end: number): string[] {
  const text = Buffer.from(bytes.subarray(start, end)).toString('latin1');
  const args: string[] = [];
  for (let at = text.indexOf('$'); at >= 0 && at < text.length; ) {
    const line = text.indexOf('\r\n', at);
    const length = Number(text.slice(at + 1, line));
    args.push(text.slice(line + 2, line + 2 + length));
    at = line + length + 4;
  }
  return args;
}
