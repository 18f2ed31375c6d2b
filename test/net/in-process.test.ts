// Clients within the process: how they end, from either side.

import { setImmediate as turn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { TestServer } from '../support/test-server.ts';

async function started(): Promise<TestServer> {
  const server = await TestServer.start();
  onTestFinished(() => server.close());
  return server;
}

async function clientCount(server: TestServer): Promise<number> {
  await turn();
  const watcher = server.connect();
  const list = String(await watcher.value('CLIENT', 'LIST'));
  watcher.close();
  await turn();
  return list.trim().split('\n').length - 1;
}

test('the client is gone when the caller ends or destroys its end', async () => {
  const server = await started();
  const [ended, destroyed] = [server.connect(), server.connect()];
  await ended.call('PING');
  await destroyed.call('PING');
  expect(await clientCount(server)).toBe(2);
  ended.stream.end();
  destroyed.stream.destroy();
  expect(await clientCount(server)).toBe(0);
});

test('the caller hears of the end after the last reply when the server closes', async () => {
  const server = await started();
  const client = server.connect();
  expect((await client.call('QUIT')).raw).toBe('+OK\r\n');
  await client.whenClosed();
  const broken = server.connect();
  broken.write('*1\r\nX\r\n');
  expect((await broken.reply()).raw).toContain('Protocol error');
  await broken.whenClosed();
  await turn();
  expect(broken.stream.destroyed).toBe(true);
});

test('the caller hears of it when the client is killed, or the server closed', async () => {
  const server = await started();
  const [victim, other] = [server.connect(), server.connect()];
  const id = await victim.value('CLIENT', 'ID');
  expect(await other.value('CLIENT', 'KILL', 'ID', String(id))).toBe(1);
  await victim.whenClosed();
  await server.server.close();
  await other.whenClosed();
});
