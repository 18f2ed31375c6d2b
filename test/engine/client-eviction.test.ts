// `maxmemory-clients`: who is disconnected, and when.

import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';

const KB = 1024;
const MB = 1024 * KB;

let server: TestServer;
let control: TestClient;

beforeEach(async () => {
  server = await TestServer.start();
  control = server.connect();
  await control.call('CLIENT NO-EVICT ON');
});

afterEach(() => server.close());

async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await setImmediate();
}

async function limit(value: string | number): Promise<void> {
  expect((await control.call(['CONFIG', 'SET', 'maxmemory-clients', String(value)])).raw).toBe('+OK\r\n');
  await turns();
}

/** A client that has sent the beginning of a request with an argument of so many bytes. */
async function pending(size: number): Promise<TestClient> {
  const client = server.connect();
  client.write(`*2\r\n$${size}\r\n${'v'.repeat(size)}`);
  await turns();
  return client;
}

async function evicted(): Promise<number> {
  const text = String(await control.value('INFO', 'stats'));
  return Number(/^evicted_clients:(\d+)/m.exec(text)![1]);
}

test('the largest go first, until the others keep within the limit', async () => {
  const small = [await pending(100 * KB), await pending(100 * KB)];
  const large = [await pending(MB), await pending(MB), await pending(MB)];
  await limit(2 * MB);
  expect(large.map((client) => client.isClosed)).toEqual([true, true, false]);
  expect(small.some((client) => client.isClosed)).toBe(false);
  expect(await evicted()).toBe(2);
  expect(server.logLines.filter((line) => line.includes('Evicting client: id=')).length).toBe(2);
  await limit(200 * KB);
  expect(large[2]!.isClosed).toBe(true);
});

test('a client that grows beyond the limit goes before it can run anything', async () => {
  await limit(MB);
  const client = server.connect();
  client.send(['SET', 'k', 'x'.repeat(2 * MB)]);
  await client.whenClosed();
  expect(await control.value('EXISTS', 'k')).toBe(0);
});

test('output that is not taken, queues of MULTI and watched keys count', async () => {
  await limit(300 * KB);
  const queueing = server.connect();
  await queueing.call('MULTI');
  for (let i = 0; i < 10; i++) queueing.send(['SET', 'k', 'x'.repeat(50 * KB)]);
  await queueing.whenClosed();
  const watching = server.connect();
  for (let i = 0; i < 10; i++) {
    watching.send(['WATCH', ...Array.from({ length: 100 }, (_, n) => `key:${i}:${n}`)]);
  }
  await watching.whenClosed();
  await control.call(['SET', 'large', 'x'.repeat(100 * KB)]);
  const slow = server.connect();
  slow.stream.pause();
  for (let i = 0; i < 5; i++) slow.send('GET large');
  await slow.whenClosed();
  expect(await evicted()).toBe(3);
});

test('a client that is exempt stays, until it is not', async () => {
  const exempt = server.connect();
  await exempt.call('CLIENT NO-EVICT ON');
  await limit(128 * KB);
  await exempt.call(['SET', 'k', 'x'.repeat(400 * KB)]);
  expect((await exempt.call('PING')).raw).toBe('+PONG\r\n');
  exempt.write(`*2\r\n$4\r\nECHO\r\n$${300 * KB}\r\n${'v'.repeat(200 * KB)}`);
  await turns();
  expect(exempt.isClosed).toBe(false);
  await limit(0);
  expect(await evicted()).toBe(0);
});

test('a limit in percent is of maxmemory, and there is none without that', async () => {
  const client = await pending(MB);
  await limit('10%');
  expect(client.isClosed).toBe(false);
  await control.call(['CONFIG', 'SET', 'maxmemory', String(20 * MB)]);
  await turns();
  expect(client.isClosed).toBe(false);
  await control.call(['CONFIG', 'SET', 'maxmemory', String(10 * MB)]);
  await turns();
  expect(client.isClosed).toBe(true);
});

test('a limit below 128 KB is one of 128 KB', async () => {
  const client = await pending(80 * KB);
  await limit(1);
  expect(client.isClosed).toBe(false);
  const other = await pending(80 * KB);
  expect(client.isClosed || other.isClosed).toBe(true);
});
