// Kills a real process right before each thing in turn that it does to the disk, while a client appends and a rewrite
// or a save runs: between two writes, between rename and manifest, between manifest and removal.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestClient } from '../support/test-client.ts';
import { CrashProcess } from './crash-process.ts';
import { Writer } from './writer.ts';

const KILL_MAIN = [process.execPath, '--import', 'tsx', join(import.meta.dirname, 'kill-main.ts')];
const MAX_OPERATIONS = 500;

export interface KillAtOperationReport {
  kills: number;
  /** What was about to happen, and how often. */
  readonly before: Record<string, number>;
}

/** Kills before every `step`-th operation, until the story comes to its end without. Throws when anything is missing. */
export async function killAtOperations(
  directives: Readonly<Record<string, string>>,
  command: 'BGSAVE' | 'BGREWRITEAOF',
  step: number,
): Promise<KillAtOperationReport> {
  const report: KillAtOperationReport = { kills: 0, before: {} };
  for (let n = 1; n < MAX_OPERATIONS; n += step) {
    const directory = mkdtempSync(join(tmpdir(), 'respite-kill-at-'));
    try {
      const what = await killAt(n, directory, directives, command);
      if (what === null) return report;
      report.kills++;
      report.before[what] = (report.before[what] ?? 0) + 1;
    } catch (error) {
      throw new Error(`killed before operation ${n}: ${(error as Error).message}`, { cause: error });
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
  throw new Error(`the story has more than ${MAX_OPERATIONS} operations`);
}

// Null when the process has lived to the end of the story.
async function killAt(
  n: number,
  directory: string,
  directives: Readonly<Record<string, string>>,
  command: 'BGSAVE' | 'BGREWRITEAOF',
): Promise<string | null> {
  const writer = new Writer('w', n);
  const server = await CrashProcess.run(directory, directives, {
    command: KILL_MAIN,
    env: { CRASH_AT: String(n) },
  });
  let survived = false;
  try {
    await server.hasLoaded();
    await tell(server, writer, command);
    survived = true;
  } catch (error) {
    // Its connections are lost before its end is known.
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (!server.hasEnded) throw error;
  } finally {
    await server.kill();
  }
  const again = await CrashProcess.start(directory, directives);
  try {
    await writer.find(await again.connect());
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${server.output}\n${again.output}`);
  } finally {
    await again.kill();
  }
  if (survived) return null;
  const what = /killed before (\w+) (\S+)/.exec(server.output);
  if (what === null) throw new Error(`it has ended otherwise: ${server.output}`);
  return `${what[1]} ${what[2]!.slice(directory.length + 1).replace(/\d+/g, 'N')}`;
}

async function tell(server: CrashProcess, writer: Writer, command: string): Promise<void> {
  const client = await server.connect();
  await append(client, writer);
  for (let i = 0; i < 2; i++) {
    await client.call(command);
    const field = command === 'BGSAVE' ? 'rdb_bgsave_in_progress:0' : 'aof_rewrite_in_progress:0';
    do await append(client, writer);
    while (!String(await client.value('INFO', 'persistence')).includes(field));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function append(client: TestClient, writer: Writer): Promise<void> {
  for (let i = 0; i < 3; i++) await writer.send(client, 2);
}
