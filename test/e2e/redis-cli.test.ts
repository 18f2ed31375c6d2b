// The real redis-cli against our server, as its users call it. Where it ends by itself, its output is compared with what it
// says about the real server.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OurProcess } from '../support/our-process.ts';
import { findReference, ReferenceServer, requireProgram } from '../support/reference.ts';
import { type Ended, type RunOptions, runProgram } from '../support/run-program.ts';

const cli = requireProgram('redis-cli');
let ours: OurProcess;
let reference: ReferenceServer;

beforeAll(async () => {
  ours = await OurProcess.start();
  reference = await ReferenceServer.start(findReference()!);
});

afterAll(async () => {
  await ours.stop();
  await reference.stop();
});

function run(port: number, args: readonly string[], options?: RunOptions): Promise<Ended> {
  return runProgram(cli, ['-h', '127.0.0.1', '-p', String(port), ...args], options);
}

// What never ends by itself is cut short, and so must not keep its output back.
const FOR_A_SECOND = { interruptAfterMs: 1200, isUnbuffered: true };

async function onBoth(args: readonly string[], options?: RunOptions): Promise<Ended> {
  const theirs = await run(reference.port, args, options);
  const mine = await run(ours.port, args, options);
  // An address in a message is that of the server.
  const anyPort = (text: string) =>
    text.replaceAll(String(ours.port), 'PORT').replaceAll(String(reference.port), 'PORT');
  expect({ ...mine, stderr: anyPort(mine.stderr) }).toEqual({ ...theirs, stderr: anyPort(theirs.stderr) });
  return mine;
}

async function empty(): Promise<void> {
  await onBoth(['FLUSHALL']);
}

describe('one command', () => {
  test.each([
    [['PING']],
    [['PING', 'hello']],
    [['SET', 'k', 'v']],
    [['GET', 'k']],
    [['GET', 'nothing']],
    [['INCR', 'k']],
    [['NOSUCH', 'thing']],
    [['MGET', 'k', 'nothing']],
    [['-3', 'GET', 'nothing']],
    [['-3', 'CONFIG', 'GET', 'maxmemory-samples']],
    [['-2', 'CONFIG', 'GET', 'maxmemory-samples']],
    [['--json', 'CONFIG', 'GET', 'maxmemory-samples']],
    [['--json', 'MGET', 'k', 'nothing']],
    [['--csv', 'MGET', 'k', 'nothing']],
    [['--raw', 'GET', 'k']],
    [['--no-raw', 'GET', 'k']],
    [['--quoted-input', 'SET', '"a\\x00b"', '"\\xff\\n"']],
    [['--no-raw', '--quoted-input', 'GET', '"a\\x00b"']],
    [['-n', '3', 'SET', 'other', 'database']],
    [['-n', '3', 'KEYS', '*']],
    [['-n', '99', 'PING']],
    [['-r', '3', 'INCR', 'counter']],
    [['-e', 'GET']],
    [['--user', 'default', '--pass', 'wrong', 'PING']],
    [['-a', 'nobody asked', '--no-auth-warning', 'PING']],
    [['ECHO', 'ü €']],
    [['CLIENT', 'GETNAME']],
    [['COMMAND', 'COUNT', 'extra']],
  ])('%j', async (args) => {
    await onBoth(args);
  });

  test('a value from standard input', async () => {
    await onBoth(['-x', 'SET', 'piped'], { stdin: 'line 1\nline 2\n' });
    expect((await onBoth(['GET', 'piped'])).stdout).toBe('line 1\nline 2\n\n');
  });

  test('several commands from standard input', async () => {
    const stdin = 'SET a 1\nINCR a\nGET a\nMULTI\nGET a\nEXEC\nGET\n"unbalanced\nECHO "with spaces"\n';
    await onBoth([], { stdin });
    await onBoth(['-3'], { stdin });
  });
});

describe('pipe mode', () => {
  test('ten thousand requests', async () => {
    await empty();
    const request = (i: number) => `*3\r\n$3\r\nSET\r\n$${`key:${i}`.length}\r\nkey:${i}\r\n$5\r\nvalue\r\n`;
    const stdin = Array.from({ length: 10_000 }, (_, i) => request(i)).join('');
    const { stdout, code } = await onBoth(['--pipe'], { stdin });
    expect(stdout).toContain('errors: 0, replies: 10000');
    expect(code).toBe(0);
    expect((await onBoth(['DBSIZE'])).stdout).toBe('10000\n');
  });

  test('inline requests, and errors among the replies', async () => {
    const { stdout } = await onBoth(['--pipe'], { stdin: 'SET a 1\r\nINCR a\r\nSET b x\r\nINCR b\r\n' });
    expect(stdout).toContain('errors: 1, replies: 4');
  });
});

describe('walks over the keys', () => {
  beforeAll(async () => {
    await empty();
    const stdin = Array.from({ length: 500 }, (_, i) => `SET key:${i} ${'x'.repeat(i + 1)}\n`).join('');
    await onBoth([], { stdin });
  });

  test.each([[['--scan']], [['--scan', '--pattern', 'key:1?']], [['--scan', '--count', '7']]])(
    '%j',
    async (args) => {
      const sorted = async (port: number) => (await run(port, args)).stdout.split('\n').sort();
      expect(await sorted(ours.port)).toEqual(await sorted(reference.port));
    },
  );

  test('--bigkeys finds the biggest string', async () => {
    const { stdout, code } = await run(ours.port, ['--bigkeys']);
    expect(code).toBe(0);
    expect(stdout).toContain('Sampled 500 keys in the keyspace!');
    expect(stdout).toMatch(/Biggest string found .*key:499.* has 500 bytes/);
    expect(stdout).toContain('500 strings with 125250 bytes');
  });

  test('--memkeys asks for the memory of each key', async () => {
    const { stdout, code } = await run(ours.port, ['--memkeys']);
    expect(code).toBe(0);
    expect(stdout).toContain('Sampled 500 keys in the keyspace!');
    expect(stdout).toMatch(/500 strings with [1-9][0-9]+ bytes/);
  });

  test('--hotkeys wants an LFU policy', async () => {
    const { stdout, stderr } = await run(ours.port, ['--hotkeys']);
    expect(stdout + stderr).toContain('An LFU maxmemory policy is not selected');
    await onBoth(['CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lfu']);
    try {
      expect((await run(ours.port, ['--hotkeys'])).stdout).toContain('Sampled 500 keys in the keyspace!');
    } finally {
      await onBoth(['CONFIG', 'SET', 'maxmemory-policy', 'noeviction']);
    }
  });
});

describe('watching', () => {
  test('--stat shows keys, memory, clients and requests', async () => {
    await empty();
    await onBoth(['SET', 'a', '1']);
    const { stdout } = await run(ours.port, ['--stat', '-i', '0.2'], FOR_A_SECOND);
    // keys  mem  clients  blocked  requests  connections
    expect(stdout).toMatch(/^1\s+[0-9.]+[KMG]?\s+[0-9]+\s+0\s+[0-9]+ \(\+[0-9]+\)\s+[0-9]+/m);
  });

  test('--latency-history', async () => {
    const { stdout } = await run(ours.port, ['--latency-history', '-i', '1'], FOR_A_SECOND);
    expect(stdout).toMatch(/^[0-9]+ [0-9]+ [0-9.]+ [0-9]+/m);
  });

  test('--latency', async () => {
    const { stdout } = await run(ours.port, ['--latency', '-i', '1'], { interruptAfterMs: 2500 });
    expect(stdout).toMatch(/^[0-9]+ [0-9]+ [0-9.]+ [0-9]+/m);
  });

  test('INFO has the sections and fields of the real one', async () => {
    const fields = async (port: number) => {
      const { stdout } = await run(port, ['INFO', 'everything']);
      return stdout.split(/\r?\n/).map((line) => line.split(':')[0]!);
    };
    const theirs = await fields(reference.port);
    const mine = new Set(await fields(ours.port));
    for (const field of [
      '# Server',
      'redis_version',
      'run_id',
      'tcp_port',
      'uptime_in_seconds',
      '# Clients',
      'connected_clients',
      '# Memory',
      'used_memory',
      '# Stats',
      'total_commands_processed',
      '# Replication',
      'role',
      '# CPU',
      '# Keyspace',
    ]) {
      expect(theirs).toContain(field);
      expect(mine, field).toContain(field);
    }
  });
});
