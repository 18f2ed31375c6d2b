// Kills a server at random moments while clients write, starts it again over what it left, and checks that nothing is
// missing of what it had acknowledged. Everything but the moment is chosen by the seed.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SeededRandom } from '../../src/base/runtime.ts';
import type { TestClient } from '../support/test-client.ts';
import { CrashProcess } from './crash-process.ts';
import { Writer } from './writer.ts';

const WRITERS = 6;
const MIN_LIFE_MS = 20;
const MAX_LIFE_MS = 400;
const FILL_BYTES = 80;

export interface KillOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly directives: Readonly<Record<string, string>>;
  /** What must be there: what was acknowledged, or only what was at the start of the last snapshot that ended well. */
  readonly keeps: 'acknowledged' | 'saved';
  /** Asked for again and again meanwhile. */
  readonly command: 'BGSAVE' | 'BGREWRITEAOF' | null;
  /** Further keys, so that a snapshot takes a while. */
  readonly fill: number;
}

export interface KillReport {
  readonly rounds: number;
  /** Steps of all writers that were acknowledged, and of those the ones that were in the files. */
  acknowledged: number;
  /** Steps that were found though nobody had heard of them yet. */
  unheard: number;
  /** Kills that hit a snapshot or a rewrite: its temporary file was left. */
  hits: number;
  /** Starts that cut off a torn end. */
  cut: number;
  /** Snapshots or rewrites that ended well. */
  completed: number;
}

/** Throws at the first thing that is missing. */
export async function killRounds(options: KillOptions): Promise<KillReport> {
  const directory = mkdtempSync(join(tmpdir(), 'respite-crash-'));
  try {
    return await new KillRounds(directory, options).run();
  } catch (error) {
    throw new Error(`seed ${options.seed}: ${(error as Error).message}`, { cause: error });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

class KillRounds {
  private readonly directory: string;
  private readonly options: KillOptions;
  private readonly random: SeededRandom;
  private readonly writers: Writer[];
  private readonly report: KillReport;
  // Per writer: what the files must hold at least.
  private kept: number[];
  private isFilled = false;
  private readonly knownLeftovers = new Set<string>();

  constructor(directory: string, options: KillOptions) {
    this.directory = directory;
    this.options = options;
    this.random = new SeededRandom(Buffer.from(`rounds ${options.seed}`));
    this.writers = Array.from({ length: WRITERS }, (_, i) => new Writer(`w${i}`, options.seed));
    this.kept = this.writers.map(() => 0);
    this.report = { rounds: options.rounds, acknowledged: 0, unheard: 0, hits: 0, cut: 0, completed: 0 };
  }

  async run(): Promise<KillReport> {
    for (let round = 0; round < this.options.rounds; round++) {
      try {
        await this.round();
      } catch (error) {
        throw new Error(`round ${round + 1}: ${(error as Error).message}`, { cause: error });
      }
    }
    const server = await this.startAndVerify();
    await server.kill();
    return this.report;
  }

  private async round(): Promise<void> {
    const server = await this.startAndVerify();
    try {
      await this.fill(await server.connect());
      const lifeMs = MIN_LIFE_MS + this.random.below(MAX_LIFE_MS - MIN_LIFE_MS);
      const clients = await Promise.all(this.writers.map(() => server.connect()));
      let isOver = false;
      const acknowledgedBefore = this.acknowledged();
      const work = this.writers.map((writer, i) => writer.run(clients[i]!, () => isOver));
      if (this.options.command !== null) work.push(this.disturb(await server.connect(), () => isOver));
      // A writer that was refused is a failure at once.
      await Promise.race([new Promise((resolve) => setTimeout(resolve, lifeMs)), failureOf(work)]);
      await server.kill();
      isOver = true;
      await Promise.all(work);
      this.report.acknowledged += this.acknowledged() - acknowledgedBefore;
      if (this.options.keeps === 'acknowledged')
        this.kept = this.writers.map((writer) => writer.acknowledged);
      if (this.newLeftovers().length > 0) this.report.hits++;
    } finally {
      await server.kill();
    }
  }

  private async startAndVerify(): Promise<CrashProcess> {
    const server = await CrashProcess.start(this.directory, this.options.directives);
    try {
      if (/truncating the AOF|the last loaded .* truncated/i.test(server.output)) this.report.cut++;
      const client = await server.connect();
      for (const [i, writer] of this.writers.entries()) {
        const acknowledged = writer.acknowledged;
        const found = await writer.verify(client, this.kept[i]);
        this.report.unheard += Math.max(0, found - acknowledged);
        this.kept[i] = found;
      }
      if (this.isFilled) await this.verifyFill(client);
    } catch (error) {
      await server.kill();
      throw new Error(`${(error as Error).message}\n${server.output.slice(-2000)}`, { cause: error });
    }
    return server;
  }

  private async fill(client: TestClient): Promise<void> {
    const { fill, keeps } = this.options;
    if (this.isFilled || fill === 0) return;
    for (let at = 0; at < fill; at += 100) {
      await client.call(['MSET', ...Array.from({ length: 100 }, (_, i) => fillPair(at + i)).flat()]);
    }
    if (keeps === 'saved') await client.call('SAVE');
    this.isFilled = true;
  }

  private async verifyFill(client: TestClient): Promise<void> {
    const { fill } = this.options;
    const pairs = Array.from({ length: 100 }, () => fillPair(this.random.below(fill)));
    const values = await client.value('MGET', ...pairs.map(([key]) => key));
    if (JSON.stringify(values) !== JSON.stringify(pairs.map(([, value]) => value))) {
      throw new Error('keys that nobody has touched have changed');
    }
    const size = Number(await client.value('DBSIZE'));
    if (size < fill) throw new Error(`${size} keys are left of more than ${fill}`);
  }

  // Asks for a snapshot or a rewrite again whenever none runs.
  private async disturb(client: TestClient, isOver: () => boolean): Promise<void> {
    const { command } = this.options;
    const field = command === 'BGSAVE' ? 'rdb_bgsave_in_progress' : 'aof_rewrite_in_progress';
    const status = command === 'BGSAVE' ? 'rdb_last_bgsave_status' : 'aof_last_bgrewrite_status';
    try {
      while (!isOver()) {
        const atStart = this.writers.map((writer) => writer.acknowledged);
        const { reply } = await client.call(command!);
        if (reply.type === 'error') throw new Error(`${command} was refused: ${reply.text}`);
        for (let runs = true; runs; ) {
          await new Promise((resolve) => setTimeout(resolve, 2));
          const info = String(await client.value('INFO', 'persistence'));
          runs = info.includes(`${field}:1`);
          if (!info.includes(`${status}:ok`)) throw new Error(`${command} failed`);
        }
        this.report.completed++;
        if (this.options.keeps === 'saved') this.kept = atStart;
        await new Promise((resolve) => setTimeout(resolve, this.random.below(20)));
      }
    } catch (error) {
      if (!client.isClosed) throw error;
    }
  }

  private acknowledged(): number {
    return this.writers.reduce((sum, writer) => sum + writer.acknowledged, 0);
  }

  // Temporary files that the killed process was writing, or about to rename.
  private newLeftovers(): string[] {
    const names = readdirSync(this.directory, { recursive: true }) as string[];
    const found = names.filter((name) => /(^|\/)temp-/.test(name) && !this.knownLeftovers.has(name));
    for (const name of found) this.knownLeftovers.add(name);
    return found;
  }
}

function fillPair(n: number): [string, string] {
  return [`fill:${n}`, `${n}-`.padEnd(FILL_BYTES, 'x')];
}

// Settles only when one of them fails.
function failureOf(work: readonly Promise<void>[]): Promise<never> {
  return new Promise((_, reject) => {
    for (const one of work) one.catch(reject);
  });
}
