// A process and its data set: it listens before it loads, says what it does in the order that others wait for, and what it
// does when the file is damaged.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OurProcess } from '../support/our-process.ts';
import { freePort } from '../support/reference.ts';

const KEYS = 400;
// Four seconds for all keys, and clients are served in between.
const SLOW = ['--key-load-delay', '10000', '--loading-process-events-interval-bytes', '1024'];
const running: OurProcess[] = [];
let directory: string;
let dump: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'respite-loading-'));
  dump = join(directory, 'dump.rdb');
  const server = await start();
  const client = await server.connect();
  await client.call(`DEBUG POPULATE ${KEYS} key 50`);
  client.send('SHUTDOWN SAVE');
  expect(await server.exitCode()).toBe(0);
});

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function run(...args: string[]): Promise<{ server: OurProcess; port: number }> {
  const port = await freePort();
  const server = OurProcess.run({
    args: [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', directory],
      ...['--enable-debug-command', 'yes', ...args],
    ],
  });
  running.push(server);
  return { server, port };
}

async function start(...args: string[]): Promise<OurProcess> {
  const { server, port } = await run(...args);
  await server.listensOn(port);
  return server;
}

const words = (server: OurProcess) =>
  server.stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^.*? [#*.-] /, ''));

describe('a process loads its data set', () => {
  test('after it has begun to listen, and is ready when it is there', async () => {
    const server = await start(...SLOW);
    const client = await server.connect();
    expect((await client.call('GET key:1')).reply).toEqual({
      type: 'error',
      text: 'LOADING Redis is loading the dataset in memory',
    });
    expect(await client.value('INFO', 'persistence')).toContain('loading:1\r\n');
    expect(words(server).at(-1)).not.toContain('Ready');
    await server.says('Ready to accept connections tcp');
    expect(await client.value('DBSIZE')).toBe(KEYS);
    const said = words(server);
    const order = [
      'Server initialized',
      'Loading RDB produced',
      'Done loading RDB',
      'DB loaded from disk',
      'Ready to',
    ];
    const places = order.map((start) => said.findIndex((line) => line.startsWith(start)));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('%s meanwhile ends it and leaves the file', async (signal) => {
    const server = await start(...SLOW);
    const before = readFileSync(dump);
    server.child.kill(signal);
    expect(await server.exitCode()).toBe(0);
    expect(server.stdout).toContain('Received shutdown signal during loading, scheduling shutdown.');
    expect(words(server).at(-1)).toBe('Redis is now ready to exit, bye bye...');
    expect(readFileSync(dump).equals(before)).toBe(true);
  });

  test('a damaged file ends it, with the reason', async () => {
    const bytes = readFileSync(dump);
    bytes.write('foobar00', bytes.length - 8, 'latin1');
    writeFileSync(dump, bytes);
    const { server } = await run();
    expect(await server.exitCode()).toBe(1);
    expect(server.stdout).toContain('RDB CRC error');
    expect(words(server).at(-1)).toBe('Terminating server after rdb file reading failure.');
    expect(readFileSync(dump).equals(bytes)).toBe(true);
  });

  test('so does DEBUG RELOAD of one', async () => {
    const server = await start();
    const client = await server.connect();
    writeFileSync(dump, readFileSync(dump).subarray(0, 500));
    client.send('DEBUG RELOAD NOSAVE');
    await client.whenClosed();
    expect(await server.exitCode()).toBe(1);
    expect(words(server).at(-1)).toBe('Terminating server after rdb file reading failure.');
  });
});

describe('signals', () => {
  test('what they do is configured', async () => {
    const server = await start('--shutdown-on-sigterm', 'nosave');
    const before = readFileSync(dump);
    await (await server.connect()).call('SET another 1');
    server.child.kill('SIGTERM');
    expect(await server.exitCode()).toBe(0);
    expect(readFileSync(dump).equals(before)).toBe(true);
  });

  test('SHUTDOWN ABORT cancels one that was not heard yet', async () => {
    const server = await start();
    const client = await server.connect();
    await client.call('DEBUG PAUSE-CRON 1');
    server.child.kill('SIGTERM');
    await server.says('Received SIGTERM scheduling shutdown...');
    expect(await client.value('SHUTDOWN', 'ABORT')).toBe('OK');
    await client.call('DEBUG PAUSE-CRON 0');
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(await client.value('PING')).toBe('PONG');
    expect(words(server).at(-1)).toBe('Shutdown manually aborted.');
  });

  test('a second SIGINT ends it at once', async () => {
    const server = await start();
    await (await server.connect()).call('DEBUG PAUSE-CRON 1');
    server.child.kill('SIGINT');
    await server.says('Received SIGINT');
    server.child.kill('SIGINT');
    expect(await server.exitCode()).toBe(1);
    expect(words(server).at(-1)).toBe('You insist... exiting now.');
  });
});
