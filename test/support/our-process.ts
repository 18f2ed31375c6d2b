// Our server as a process of its own, as a user starts it. Its output is kept, its exit code is known, and it ends with
// the test.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectTo, freePort } from './reference.ts';
import { TestClient } from './test-client.ts';

const START_TIMEOUT_MS = 20_000;
const EXIT_TIMEOUT_MS = 20_000;

export interface OurProcessOptions {
  /** The arguments after `server.js`. */
  readonly args?: readonly string[];
  /** What standard input says before it ends. */
  readonly stdin?: string;
  /** Arguments of Node itself. */
  readonly nodeArgs?: readonly string[];
  /** Variables that the environment has besides. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The folder of the built package, made by interop-setup.ts; without one, the checkout. */
export function packageDirectory(): string {
  return process.env.RESPITE_PACKAGE ?? join(import.meta.dirname, '../..');
}

export class OurProcess {
  /** Standard output, and standard error. */
  stdout = '';
  stderr = '';
  readonly directory: string;
  readonly child: ChildProcess;
  private readonly exit: Promise<number>;
  private readonly clients: TestClient[] = [];
  private readonly onExit = () => this.child.kill('SIGKILL');
  private listeningPort = 0;

  private constructor(child: ChildProcess, directory: string) {
    this.child = child;
    this.directory = directory;
    child.stdout!.on('data', (chunk: Buffer) => (this.stdout += chunk.toString('latin1')));
    child.stderr!.on('data', (chunk: Buffer) => (this.stderr += chunk.toString('latin1')));
    process.once('exit', this.onExit);
    this.exit = new Promise((resolve) => {
      // Not `exit`: the output has to be complete.
      child.once('close', (code, signal) => {
        process.off('exit', this.onExit);
        resolve(code ?? (signal === null ? -1 : -2));
      });
    });
  }

  /** Runs `node bin/server.js` in a new empty directory, and waits for nothing. */
  static run({ args = [], stdin, nodeArgs = [], env = {} }: OurProcessOptions = {}): OurProcess {
    const directory = mkdtempSync(join(tmpdir(), 'respite-process-'));
    const child = spawn(process.execPath, [...nodeArgs, join(packageDirectory(), 'bin/server.js'), ...args], {
      cwd: directory,
      env: { ...process.env, ...env },
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    if (stdin !== undefined) child.stdin!.end(stdin, 'latin1');
    return new OurProcess(child, directory);
  }

  /** Runs it on a free port, with further arguments, and waits until it accepts connections. */
  static async start({ args = [], ...others }: OurProcessOptions = {}): Promise<OurProcess> {
    const port = await freePort();
    const server = OurProcess.run({
      ...others,
      args: [...args, '--port', String(port), '--bind', '127.0.0.1', '--save', ''],
    });
    await server.listensOn(port);
    return server;
  }

  get port(): number {
    return this.listeningPort;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** The signal that has ended it; null when it has ended otherwise, or not yet. */
  get signal(): NodeJS.Signals | null {
    return this.child.signalCode;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Waits until it accepts connections. Throws with its output when it ends instead. */
  async listensOn(port: number): Promise<void> {
    const giveUpMs = performance.now() + START_TIMEOUT_MS;
    while (performance.now() < giveUpMs) {
      if (this.hasEnded) throw new Error(`the server has ended: ${this.stdout}${this.stderr}`);
      try {
        (await connectTo(port)).destroy();
        this.listeningPort = port;
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
    throw new Error(`nobody listens on ${port}: ${this.stdout}${this.stderr}`);
  }

  /** Waits until standard output holds a text. */
  async says(text: string): Promise<void> {
    const giveUpMs = performance.now() + START_TIMEOUT_MS;
    while (!this.stdout.includes(text)) {
      if (performance.now() > giveUpMs) throw new Error(`it does not say "${text}": ${this.stdout}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async connect(): Promise<TestClient> {
    const client = new TestClient(await connectTo(this.port));
    this.clients.push(client);
    return client;
  }

  /** The exit code, once it has ended by itself (-2 when by a signal). */
  async exitCode(): Promise<number> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`still running: ${this.stdout}${this.stderr}`)),
        EXIT_TIMEOUT_MS,
      );
    });
    return Promise.race([this.exit, late]).finally(() => clearTimeout(timer));
  }

  /** Kills what still runs, and removes the directory. */
  async stop(): Promise<void> {
    for (const client of this.clients) client.close();
    if (!this.hasEnded) this.child.kill('SIGKILL');
    await this.exit;
    rmSync(this.directory, { recursive: true, force: true });
  }
}
