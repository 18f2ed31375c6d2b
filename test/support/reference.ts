// The real Redis that expectations are checked against, where there is one: the program that RESPITE_REFERENCE_SERVER
// names, or `redis-server` on the PATH. Each server is a process of the test's own on a free port, in a directory of its
// own, without persistence, and ends with the test.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { TestClient } from './test-client.ts';

const START_TIMEOUT_MS = 15_000;
const START_ATTEMPTS = 5;

export interface ReferenceProgram {
  readonly path: string;
  readonly version: string;
}

/** Whether the suite runs where a missing reference is a failure (vitest.interop.config.ts says so). */
export function referenceIsRequired(): boolean {
  return process.env.RESPITE_INTEROP === '1';
}

/** The reference server's program, or null. Throws when it is missing and required. */
export function findReference(): ReferenceProgram | null {
  const named = process.env.RESPITE_REFERENCE_SERVER;
  const path = named ? named : findProgram('redis-server');
  if (path === null) {
    if (referenceIsRequired())
      throw new Error('redis-server is not on the PATH, and this suite cannot do without it');
    return null;
  }
  const text = execFileSync(path, ['--version'], { encoding: 'utf8' });
  const version = /v=([0-9.]+)/.exec(text)?.[1];
  if (version === undefined) throw new Error(`${path} --version says ${text}`);
  return { path, version };
}

/** A program on the PATH (or beside the reference server), or null. */
export function findProgram(name: string): string | null {
  const named = process.env.RESPITE_REFERENCE_SERVER;
  const folders = named ? [join(named, '..')] : [];
  for (const folder of [...folders, ...(process.env.PATH ?? '').split(delimiter)]) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

/** As `findProgram`; throws when it is missing. */
export function requireProgram(name: string): string {
  const path = findProgram(name);
  if (path === null) throw new Error(`${name} is not on the PATH, and this suite cannot do without it`);
  return path;
}

/** Whether version `a` is at least `b`, both dotted. */
export function isVersionAtLeast(a: string, b: string): boolean {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (const [i, part] of right.entries()) {
    const difference = (left[i] ?? 0) - part;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** A port of 127.0.0.1 on which nobody listened a moment ago. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** A connection to 127.0.0.1:`port`. Rejects when nobody listens. */
export function connectTo(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

export class ReferenceServer {
  readonly port: number;
  private readonly process: ChildProcess;
  private readonly directory: string;
  private readonly onExit = () => this.process.kill('SIGKILL');
  private readonly clients: TestClient[] = [];

  private constructor(port: number, child: ChildProcess, directory: string) {
    this.port = port;
    this.process = child;
    this.directory = directory;
    process.once('exit', this.onExit);
  }

  /** Starts the program with directives as in redis.conf. */
  static async start(
    program: ReferenceProgram,
    config: Readonly<Record<string, string>> = {},
  ): Promise<ReferenceServer> {
    for (let attempt = 1; ; attempt++) {
      const directory = mkdtempSync(join(tmpdir(), 'respite-reference-'));
      const port = await freePort();
      const lines = { bind: '127.0.0.1', port: String(port), dir: directory, save: '', ...config };
      const file = join(directory, 'redis.conf');
      writeFileSync(
        file,
        Object.entries(lines)
          .map(([name, value]) => `${name} ${value === '' ? '""' : value}\n`)
          .join(''),
        'latin1',
      );
      const child = spawn(program.path, [file], { stdio: ['ignore', 'pipe', 'pipe'] });
      const server = new ReferenceServer(port, child, directory);
      const problem = await server.started();
      if (problem === null) return server;
      await server.stop();
      if (attempt === START_ATTEMPTS) throw new Error(`${program.path} does not start: ${problem}`);
    }
  }

  get pid(): number {
    return this.process.pid!;
  }

  get hasEnded(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  async connect(): Promise<TestClient> {
    const client = new TestClient(await connectTo(this.port));
    this.clients.push(client);
    return client;
  }

  /** Kills the process and removes its directory. */
  async stop(): Promise<void> {
    process.off('exit', this.onExit);
    for (const client of this.clients) client.close();
    if (!this.hasEnded) {
      const ended = new Promise((resolve) => this.process.once('exit', resolve));
      this.process.kill('SIGKILL');
      await ended;
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  // Null once it accepts connections, else why it does not.
  private async started(): Promise<string | null> {
    let output = '';
    this.process.stdout!.on('data', (chunk: Buffer) => (output += chunk.toString()));
    this.process.stderr!.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const giveUpMs = performance.now() + START_TIMEOUT_MS;
    while (performance.now() < giveUpMs) {
      if (this.hasEnded) return output.slice(-2000);
      try {
        (await connectTo(this.port)).destroy();
        return null;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
    return `nobody listens on port ${this.port}: ${output.slice(-2000)}`;
  }
}
