// A server process that is killed and started again over the same files: ours, or for a check of the check itself the
// program that CRASH_SERVER names.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageDirectory } from '../support/our-process.ts';
import { connectTo, freePort } from '../support/reference.ts';
import { plainValue, TestClient } from '../support/test-client.ts';

const READY_TIMEOUT_MS = 60_000;

export class CrashProcess {
  readonly port: number;
  /** Its log. */
  output = '';
  private readonly child: ChildProcess;
  /** Its end is known. */
  hasEnded = false;
  private readonly closed: Promise<unknown>;
  private readonly clients: TestClient[] = [];
  private readonly onExit = () => this.child.kill('SIGKILL');

  private constructor(child: ChildProcess, port: number) {
    this.child = child;
    this.port = port;
    child.stdout!.on('data', (chunk: Buffer) => (this.output += chunk.toString('latin1')));
    child.stderr!.on('data', (chunk: Buffer) => (this.output += chunk.toString('latin1')));
    process.once('exit', this.onExit);
    this.closed = once(child, 'close').then(() => {
      this.hasEnded = true;
      process.off('exit', this.onExit);
    });
  }

  /** Starts a server over the files of `directory`, and waits for nothing. */
  static async run(
    directory: string,
    directives: Readonly<Record<string, string>>,
    {
      command = serverCommand(),
      env = {},
    }: { command?: readonly string[]; env?: Record<string, string> } = {},
  ): Promise<CrashProcess> {
    const port = await freePort();
    const all = { port: String(port), bind: '127.0.0.1', dir: directory, save: '', ...directives };
    const options = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]);
    const [program, ...first] = command;
    const child = spawn(program!, [...first, ...options], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    return new CrashProcess(child, port);
  }

  /** As `run`, and waits until it has loaded them. Throws when it ends instead. */
  static async start(directory: string, directives: Readonly<Record<string, string>>): Promise<CrashProcess> {
    const server = await CrashProcess.run(directory, directives);
    await server.hasLoaded();
    return server;
  }

  async connect(): Promise<TestClient> {
    const client = new TestClient(await connectTo(this.port));
    this.clients.push(client);
    return client;
  }

  /** Ends it as kill -9 does, and resolves when it is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.closed;
    for (const client of this.clients) client.close();
  }

  /** Resolves when it answers. Rejects when it ends instead. */
  async hasLoaded(): Promise<void> {
    const giveUpMs = performance.now() + READY_TIMEOUT_MS;
    while (performance.now() < giveUpMs) {
      if (this.hasEnded) throw new Error(`the server does not start again:\n${this.output.slice(-3000)}`);
      try {
        const client = await this.connect();
        const reply = plainValue((await client.call('GET nothing')).reply);
        client.close();
        if (!(reply instanceof Error)) return;
      } catch {
        // It does not listen yet.
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error(`the server does not get ready:\n${this.output.slice(-3000)}`);
  }
}

function serverCommand(): string[] {
  const named = process.env.CRASH_SERVER;
  return named ? named.split(' ') : [process.execPath, join(packageDirectory(), 'bin/server.js')];
}
