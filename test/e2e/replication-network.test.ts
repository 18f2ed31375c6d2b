// Faults of a real network, between servers in namespaces of their own: the wire is pulled out, nobody is told, and packets
// are lost. The replica notices within repl-timeout, nobody keeps more than its limits, and the data are the same again soon
// after the wire is back. Needs Linux and leave to make namespaces; faults that a program can make are also in
// test/replication/follower.interop.test.ts, everywhere.

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { packageDirectory } from '../support/our-process.ts';
import { findReference, isVersionAtLeast } from '../support/reference.ts';
import { TestClient } from '../support/test-client.ts';

const PATIENCE_MS = 40_000;
const TIMEOUT_SECONDS = 3;
const MASTER_ADDRESS = '10.9.0.1';
const REPLICA_ADDRESS = '10.9.0.2';
const NEAR_CARD = '02:00:00:00:00:01';
const FAR_CARD = '02:00:00:00:00:02';
const NO_CARD = '02:00:00:00:00:03';
const PORT = 7000;
const program = findReference()!;
const hasNamespaces =
  spawnSync('unshare', ['-Urn', 'ip', 'link', 'add', 'wire', 'type', 'veth', 'peer', 'name', 'eriw'])
    .status === 0;

async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const giveUpMs = performance.now() + PATIENCE_MS;
  while (!(await isTrue())) {
    if (performance.now() > giveUpMs) throw new Error(`it did not happen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Two namespaces with a wire between them; they go with the test. */
class Network {
  private readonly near: ChildProcess;
  private readonly far: ChildProcess;

  private constructor(near: ChildProcess, far: ChildProcess) {
    this.near = near;
    this.far = far;
  }

  static async make(): Promise<Network> {
    const near = spawn('unshare', ['-Urn', 'sleep', '1000']);
    onTestFinished(() => void near.kill('SIGKILL'));
    await until('there is a namespace', async () => isIn(near, 'sleep'));
    const far = spawn('nsenter', [...entering(near), 'unshare', '-n', 'sleep', '1000']);
    onTestFinished(() => void far.kill('SIGKILL'));
    await until('there is another', async () => isIn(far, 'sleep'));
    const network = new Network(near, far);
    network.run('near', 'ip', 'link', 'add', 'wire', 'type', 'veth', 'peer', 'name', 'eriw');
    network.run('near', 'ip', 'link', 'set', 'eriw', 'netns', String(far.pid));
    network.run('near', 'ip', 'address', 'add', `${MASTER_ADDRESS}/24`, 'dev', 'wire');
    network.run('far', 'ip', 'address', 'add', `${REPLICA_ADDRESS}/24`, 'dev', 'eriw');
    network.run('near', 'ip', 'link', 'set', 'wire', 'address', NEAR_CARD);
    network.run('far', 'ip', 'link', 'set', 'eriw', 'address', FAR_CARD);
    network.run('near', 'ip', 'link', 'set', 'wire', 'up');
    network.run('far', 'ip', 'link', 'set', 'eriw', 'up');
    network.plug(true);
    return network;
  }

  /** The command that runs a program there. */
  within(side: 'near' | 'far', ...command: string[]): [string, string[]] {
    const pid = String((side === 'near' ? this.near : this.far).pid);
    return ['nsenter', [...entering(this.near), 'nsenter', '--net', '--target', pid, ...command]];
  }

  /** Puts the wire in, or pulls it out: neither end hears of it, but what is sent is meant for cards that are not there. */
  plug(isIn: boolean): void {
    this.know('near', REPLICA_ADDRESS, isIn ? FAR_CARD : NO_CARD, 'wire');
    this.know('far', MASTER_ADDRESS, isIn ? NEAR_CARD : NO_CARD, 'eriw');
  }

  private know(side: 'near' | 'far', address: string, card: string, device: string): void {
    this.run(side, 'ip', 'neighbour', 'replace', address, 'lladdr', card, 'dev', device);
  }

  private run(side: 'near' | 'far', ...command: string[]): void {
    const [file, args] = this.within(side, ...command);
    execFileSync(file, args, { stdio: 'pipe' });
  }
}

function entering({ pid }: ChildProcess): string[] {
  return ['--preserve-credentials', '--user', '--net', '--target', String(pid)];
}

function isIn({ pid }: ChildProcess, name: string): boolean {
  return (
    spawnSync('cat', [`/proc/${pid}/comm`])
      .stdout.toString()
      .trim() === name
  );
}

/** A server in a namespace, which the test reaches by a unix socket. */
class Server {
  output = '';
  private readonly network: Network;
  private readonly side: 'near' | 'far';
  private readonly command: readonly string[];
  private readonly folder = mkdtempSync(join(tmpdir(), 'respite-net-'));
  private child: ChildProcess | null = null;

  constructor(network: Network, side: 'near' | 'far', command: readonly string[]) {
    this.network = network;
    this.side = side;
    this.command = command;
    onTestFinished(async () => {
      await this.kill();
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  async start(port: number, ...options: string[]): Promise<void> {
    const socket = join(this.folder, 'socket');
    const [file, args] = this.network.within(
      this.side,
      ...this.command,
      ...['--port', String(port), '--bind', '0.0.0.0', '--protected-mode', 'no', '--dir', this.folder],
      ...[
        '--unixsocket',
        socket,
        '--repl-timeout',
        String(TIMEOUT_SECONDS),
        '--repl-ping-replica-period',
        '1',
      ],
      ...['--repl-diskless-sync-delay', '0', '--enable-debug-command', 'yes', ...options],
    );
    rmSync(socket, { force: true });
    this.child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout!.on('data', (bytes: Buffer) => (this.output += bytes.toString()));
    await until(
      `it answers: ${this.output}`,
      async () => existsSync(socket) && (await this.ask('PING')) === 'PONG',
    );
  }

  async kill(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  async connect(): Promise<TestClient> {
    const socket = connect(join(this.folder, 'socket'));
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new TestClient(socket);
  }

  async ask(...request: [string, ...string[]]): Promise<unknown> {
    const client = await this.connect().catch(() => null);
    try {
      return client === null ? null : await client.value(...request);
    } catch {
      return null;
    } finally {
      client?.close();
    }
  }

  async info(field: string): Promise<string> {
    return new RegExp(`^${field}:(.*)\r$`, 'm').exec(String(await this.ask('INFO', 'everything')))?.[1] ?? '';
  }
}

test.skipIf(!hasNamespaces)(
  `the wire is pulled out, and put in again${hasNamespaces ? '' : ' (not run: no leave to make network namespaces)'}`,
  async () => {
    const network = await Network.make();
    const ours = [process.execPath, join(packageDirectory(), 'bin/server.js')];
    const master = new Server(network, 'near', ours);
    const replica = new Server(network, 'far', ours);
    const real = new Server(network, 'far', [program.path]);
    const rdbVersion = isVersionAtLeast(program.version, '7.2.0') ? '11' : '10';
    const ofMaster = ['--save', '3600 1', '--rdb-version', rdbVersion, '--repl-backlog-size', '10mb'];
    await master.start(PORT, ...ofMaster);
    const follow = ['--save', '', '--replicaof', `${MASTER_ADDRESS} ${PORT}`];
    await replica.start(PORT + 1, ...follow);
    await real.start(PORT + 2, ...follow);
    const followers = [replica, real];
    const allAre = async (state: 'up' | 'down') => {
      for (const one of followers) if ((await one.info('master_link_status')) !== state) return false;
      return true;
    };
    const sameData = async () => {
      const digest = await master.ask('DEBUG', 'DIGEST');
      for (const one of followers) if ((await one.ask('DEBUG', 'DIGEST')) !== digest) return false;
      return digest !== null;
    };
    const write = async (count: number) => {
      const client = await master.connect();
      for (let i = 0; i < count; i++) {
        await client.pipeline([
          ['APPEND', `key:${i % 50}`, 'x'.repeat(100)],
          ['RPUSH', 'list', String(i)],
          ['HINCRBY', 'hash', String(i % 20), '1'],
        ]);
      }
      client.close();
    };
    await until('all follow', () => allAre('up'));
    await write(200);
    await until('all have the same data', sameData);

    // A partition.
    network.plug(false);
    const cutMs = performance.now();
    await write(1000);
    await until('the replicas have noticed', () => allAre('down'));
    expect(performance.now() - cutMs).toBeLessThan((TIMEOUT_SECONDS + 6) * 1000);
    await until('so has the master', async () => (await master.info('connected_slaves')) === '0');
    expect(Number(await master.info('mem_clients_slaves'))).toBe(0);
    await write(200);
    network.plug(true);
    await until('all follow again', () => allAre('up'));
    await until('all have the same data', sameData);
    expect(await master.info('sync_full')).toBe('2');

    // The master goes while nobody can hear of it, and comes back: what the replicas have are connections to nobody.
    const id = await master.info('master_replid');
    network.plug(false);
    await master.ask('SAVE');
    await master.kill();
    await master.start(PORT, ...ofMaster);
    expect(await master.info('master_replid2')).toBe(id);
    network.plug(true);
    await until(
      'all follow the new process',
      async () => (await master.info('connected_slaves')) === '2' && (await allAre('up')),
    );
    await write(100);
    await until('all have the same data', sameData);
  },
  200_000,
);
