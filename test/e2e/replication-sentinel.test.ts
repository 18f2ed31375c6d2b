// The real Sentinel watches over a group of ours and real servers: three of them find each other and the replicas, and when
// the master is killed a replica takes over; the old master comes back as a replica, and no write that a replica had confirmed
// (WAIT 1) is lost.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { packageDirectory } from '../support/our-process.ts';
import { connectTo, findReference, freePort, isVersionAtLeast } from '../support/reference.ts';
import { TestClient } from '../support/test-client.ts';

const ROUNDS = Number(process.env.RESPITE_SENTINEL_ROUNDS ?? 1);
const PATIENCE_MS = 60_000;
const DOWN_AFTER_MS = 1500;
const program = findReference()!;
// What the real replicas can read.
const RDB_VERSION = isVersionAtLeast(program.version, '7.2.0') ? '11' : '10';

/** A server of the group, or a Sentinel: a process that may be killed and started again where it was. */
class Member {
  readonly name: string;
  readonly port: number;
  output = '';
  private readonly command: readonly string[];
  private readonly folder: string;
  private child: ChildProcess | null = null;

  constructor(name: string, port: number, command: readonly string[], lines: readonly string[]) {
    this.name = name;
    this.port = port;
    this.folder = mkdtempSync(join(tmpdir(), 'respite-sentinel-'));
    this.command = command;
    const all = [`port ${port}`, 'bind 127.0.0.1', `dir ${this.folder}`, ...lines];
    writeFileSync(this.file, `${all.join('\n')}\n`);
    onTestFinished(async () => {
      await this.kill();
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  private get file(): string {
    return join(this.folder, 'server.conf');
  }

  start(): void {
    const [path, ...args] = this.command;
    const at = args.indexOf('CONF');
    this.child = spawn(path!, args.with(at, this.file), { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout!.on('data', (bytes: Buffer) => (this.output += bytes.toString()));
    this.child.stderr!.on('data', (bytes: Buffer) => (this.output += bytes.toString()));
  }

  async kill(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** One request on a connection of its own; null when nobody answers. */
  async ask(...request: string[]): Promise<unknown> {
    try {
      const client = new TestClient(await connectTo(this.port));
      try {
        return await client.value(...(request as [string]));
      } finally {
        client.close();
      }
    } catch {
      return null;
    }
  }

  async info(field: string): Promise<string> {
    return new RegExp(`^${field}:(.*)\r$`, 'm').exec(String(await this.ask('INFO')))?.[1] ?? '';
  }
}

async function until(
  what: string,
  isTrue: () => Promise<boolean>,
  members: readonly Member[],
): Promise<void> {
  const giveUpMs = performance.now() + PATIENCE_MS;
  while (!(await isTrue())) {
    if (performance.now() > giveUpMs) {
      const outputs = members.map(
        ({ name, port, output }) => `${name} ${port}:\n${output.split('\n').slice(-12).join('\n')}`,
      );
      throw new Error(`it did not happen: ${what}\n${outputs.join('\n')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const SERVER_LINES = [
  'save ""',
  'repl-diskless-sync-delay 0',
  'repl-backlog-size 10mb',
  'enable-debug-command yes',
];

async function ours(): Promise<Member> {
  const lines = [...SERVER_LINES, `rdb-version ${RDB_VERSION}`];
  const command = [process.execPath, join(packageDirectory(), 'bin/server.js'), 'CONF'];
  return new Member('ours', await freePort(), command, lines);
}

async function theirs(): Promise<Member> {
  return new Member('theirs', await freePort(), [program.path, 'CONF'], SERVER_LINES);
}

async function sentinel(master: Member): Promise<Member> {
  return new Member(
    'sentinel',
    await freePort(),
    [program.path, 'CONF', '--sentinel'],
    [
      `sentinel monitor group 127.0.0.1 ${master.port} 2`,
      `sentinel down-after-milliseconds group ${DOWN_AFTER_MS}`,
      'sentinel failover-timeout group 10000',
      'sentinel parallel-syncs group 2',
    ],
  );
}

test(
  `a group of ours and real ones, ${ROUNDS} times`,
  async () => {
    const servers = [await ours(), await ours(), await theirs()];
    const [first, ...others] = servers as [Member, ...Member[]];
    for (const member of servers) member.start();
    for (const member of servers)
      await until('it answers', async () => (await member.ask('PING')) === 'PONG', servers);
    for (const member of others) await member.ask('REPLICAOF', '127.0.0.1', String(first.port));
    const sentinels = [await sentinel(first), await sentinel(first), await sentinel(first)];
    for (const member of sentinels) member.start();
    const all = [...servers, ...sentinels];
    const masterByName = async (one: Member) =>
      Number(((await one.ask('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'group')) as string[] | null)?.[1]);
    const field = async (one: Member, name: string) => {
      const fields = (await one.ask('SENTINEL', 'MASTER', 'group')) as string[] | null;
      return fields === null ? '' : String(fields[fields.indexOf(name) + 1]);
    };
    const isWatched = async () => {
      for (const one of sentinels) {
        if ((await field(one, 'num-other-sentinels')) !== '2' || (await field(one, 'num-slaves')) !== '2')
          return false;
        if ((await field(one, 'flags')) !== 'master') return false;
      }
      return true;
    };
    await until('the Sentinels have found all', isWatched, all);

    let master = first;
    const confirmed = new Map<string, string>();
    for (let round = 0; round < ROUNDS; round++) {
      const isInStep = async () => {
        for (const member of servers) {
          if (member === master) continue;
          if ((await member.info('master_port')) !== String(master.port)) return false;
          if ((await member.info('master_link_status')) !== 'up') return false;
        }
        return (await master.info('connected_slaves')) === '2';
      };
      await until('all follow the master', isInStep, all);
      const killed = master;
      const client = new TestClient(await connectTo(killed.port));
      let isWriting = true;
      const writing = (async () => {
        for (let n = 0; isWriting; n++) {
          const key = `key:${round}:${n}`;
          await client.call(['SET', key, String(n)]);
          if (Number(await client.value('WAIT', '1', '1000')) >= 1) confirmed.set(key, String(n));
        }
      })().catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 300));
      await killed.kill();
      isWriting = false;
      await writing;
      await until(
        'another is the master',
        async () => {
          const port = await masterByName(sentinels[0]!);
          const next = servers.find((member) => member.port === port);
          if (next === undefined || next === killed || (await next.info('role')) !== 'master') return false;
          master = next;
          return true;
        },
        all,
      );
      killed.start();
      await until('the old master follows', isInStep, all);
      await until(
        'the Sentinels agree',
        async () => {
          for (const one of sentinels) if ((await masterByName(one)) !== master.port) return false;
          return true;
        },
        all,
      );
      const check = new TestClient(await connectTo(master.port));
      const keys = [...confirmed.keys()];
      const values = await check.value('MGET', ...(keys as [string, ...string[]]));
      check.close();
      expect(values).toEqual([...confirmed.values()]);
    }
    expect(confirmed.size).toBeGreaterThan(0);
    await until(
      'all have the same data',
      async () => {
        const digests = await Promise.all(servers.map((member) => member.ask('DEBUG', 'DIGEST')));
        return digests.every((digest) => digest !== null && digest === digests[0]);
      },
      all,
    );
    // What Sentinel has written into the configuration of a server of ours, by CONFIG REWRITE, leads to the master again.
    const replica = servers.find((member) => member.name === 'ours' && member !== master)!;
    await replica.kill();
    replica.start();
    await until('it follows again', async () => (await replica.info('master_link_status')) === 'up', all);
    expect(await replica.info('master_port')).toBe(String(master.port));
  },
  120_000 + ROUNDS * 120_000,
);
