// A server in the test's process over a disk that may fail: it loads what the disk holds when it starts, as a process
// does, and is left where it stands when the test takes the disk away from it.

import { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/parser.ts';
import { Server } from '../../src/server.ts';
import type { DiskImage } from '../support/disk-journal.ts';
import { FaultyFiles } from '../support/faulty-files.ts';
import { TestClient } from '../support/test-client.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

export const FOLDER = '/data';
const WAIT_STEP_MS = 20;
const WAIT_LIMIT_STEPS = 2000;

/** What a server has said when it could not go on. */
export class ServerEnded extends Error {}

export class DiskServer {
  readonly disk: FaultyFiles;
  readonly runtime: VirtualRuntime;
  readonly logLines: string[] = [];
  // After how many operations on the disk it has ended by itself.
  private endedAfter: number | null = null;
  private readonly server: Server;
  private readonly clients: TestClient[] = [];

  private constructor(disk: FaultyFiles, directives: Readonly<Record<string, string>>) {
    this.disk = disk;
    this.runtime = new VirtualRuntime({ files: disk.door });
    const config = new Config(this.runtime, FOLDER);
    loadConfig(config, this.runtime.files, {});
    for (const [name, value] of Object.entries({ save: '', ...directives })) {
      const words = config.takesManyWords(name) && value !== '' ? value.split(' ') : [value];
      const error = config.assign(name, words);
      if (error !== null) throw new Error(`${name}: ${error}`);
    }
    this.server = new Server({
      runtime: this.runtime,
      config,
      executable: '',
      isEmbedded: false,
      logSink: (line) => this.logLines.push(line),
      onShutdown: () => this.end(),
      onAbort: () => this.end(),
    });
  }

  /** Starts one over what the image holds. Rejects with ServerEnded when it refuses to start. */
  static async over(
    image: DiskImage,
    directives: Readonly<Record<string, string>> = {},
  ): Promise<DiskServer> {
    const server = new DiskServer(FaultyFiles.inMemory(image), directives);
    const loaded = await new Promise<boolean>((resolve) => server.server.load(resolve));
    if (loaded && !server.hasEnded) return server;
    server.leave();
    throw new ServerEnded(server.log);
  }

  /** It has ended by itself. */
  get hasEnded(): boolean {
    return this.endedAfter !== null;
  }

  get log(): string {
    return this.logLines.join('');
  }

  connect(): TestClient {
    const client = new TestClient(this.server.connect());
    this.clients.push(client);
    return client;
  }

  /** Moves time on until INFO's persistence section says so. */
  async until(client: TestClient, ...lines: readonly string[]): Promise<void> {
    let info = '';
    for (let step = 0; step < WAIT_LIMIT_STEPS; step++) {
      info = String(await client.value('INFO', 'persistence'));
      if (lines.every((line) => info.includes(`${line}\r\n`))) return;
      await this.runtime.advance(WAIT_STEP_MS);
      await new Promise((resolve) => setImmediate(resolve));
    }
    throw new Error(`no ${lines.join(', ')} in ${info}\n${this.logLines.slice(-20).join('')}`);
  }

  /** What is on the disk now, as it would be found if only the process ended, or was when it did. */
  files(): DiskImage {
    return this.disk.journal.imageAfter(this.endedAfter ?? this.disk.count, 'nothing is lost');
  }

  /** Stops without a thought for the files: what is done to them from now on is not looked at. */
  leave(): void {
    for (const client of this.clients) client.close();
    this.disk.heal();
    void this.server.close();
  }

  // A process would be gone: nobody hears anything any more, and what closing does to the files is not looked at.
  private end(): void {
    this.endedAfter ??= this.disk.count;
    for (const client of this.clients) client.close();
    void this.server.close();
  }
}

/** The numbers from 1 to `count`, or one of `step` of them, others for another `phase`. */
export function every(step: number, count: number, phase = 0): number[] {
  const first = 1 + ((phase * 5 + 2) % Math.min(step, count));
  return Array.from({ length: Math.ceil((count - first + 1) / step) }, (_, i) => first + i * step);
}
