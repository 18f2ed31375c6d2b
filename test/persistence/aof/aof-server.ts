// A server with append-only files on a disk that the test holds in its hand, and what it says in its log.

import { onTestFinished } from 'vitest';
import { createServer, type EmbeddedServer } from '../../../src/index.ts';
import type { MemoryFiles } from '../../support/memory-files.ts';
import { TestClient } from '../../support/test-client.ts';
import { VirtualRuntime } from '../../support/virtual-runtime.ts';

export const FOLDER = '/data/appendonlydir';
export const MANIFEST = `${FOLDER}/appendonly.aof.manifest`;

export type Directives = Readonly<Record<string, string | number | boolean>>;

export interface AofServer {
  readonly server: EmbeddedServer;
  readonly client: TestClient;
  readonly runtime: VirtualRuntime;
  readonly disk: MemoryFiles;
  /** What the log says, without time and sign. */
  readonly lines: string[];
}

/** A disk with an empty folder for the data. */
export function emptyDisk(): VirtualRuntime {
  const runtime = new VirtualRuntime();
  runtime.disk.directories.add('/data');
  return runtime;
}

/** A disk with these files in the folder of the append-only files; contents are latin1. */
export function diskWith(files: Readonly<Record<string, string>>): VirtualRuntime {
  const runtime = emptyDisk();
  runtime.disk.directories.add(FOLDER);
  for (const [name, text] of Object.entries(files)) runtime.disk.write(`${FOLDER}/${name}`, text);
  return runtime;
}

/** Starts a server, which rejects when it cannot load its data. It ends with the test. */
export async function startAof(
  runtime: VirtualRuntime,
  directives: Directives = {},
  lines: string[] = [],
): Promise<AofServer> {
  const server = await createServer({
    runtime,
    config: { dir: '/data', appendonly: 'yes', 'enable-debug-command': 'yes', ...directives },
    log: (line) => lines.push(line.replace(/^\d+:\w .{24} \S /, '').replace(/\n$/, '')),
  });
  onTestFinished(() => server.close().catch(() => {}));
  const client = new TestClient(server.connect());
  return { server, client, runtime, disk: runtime.disk, lines };
}

/** As after the process was killed: another server starts with what the first has given to the system. */
export async function restartAfterKill(killed: AofServer, directives: Directives = {}): Promise<AofServer> {
  const runtime = new VirtualRuntime({ files: killed.disk.door, startMs: killed.runtime.clock.nowMs() });
  return { ...(await startAof(runtime, directives)), disk: killed.disk };
}

/** A command in RESP. */
export function command(...args: readonly string[]): string {
  return `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;
}

/** Commands, each split at blanks. */
export function commands(...lines: readonly string[]): string {
  return lines.map((line) => command(...line.split(' '))).join('');
}

/** Lets background work that is under way come to its end. */
export async function settled(runtime: VirtualRuntime, ms = 2000): Promise<void> {
  await runtime.advance(ms);
}
