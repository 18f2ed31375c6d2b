// Two servers in one process do not notice each other: not in their data, settings, clients or figures, nor in their time
// and dice. It is the reason why no module keeps state.

import { expect, onTestFinished, test } from 'vitest';
import type { TestClient } from './support/test-client.ts';
import { TestServer, type TestServerOptions } from './support/test-server.ts';

const DAY_MS = 86_400_000;

async function start(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await TestServer.start(options);
  onTestFinished(() => server.close());
  return server;
}

async function infoField(client: TestClient, section: string, field: string): Promise<string | undefined> {
  const text = String(await client.value('INFO', section));
  return new RegExp(`^${field}:(.*)\r$`, 'm').exec(text)?.[1];
}

async function digest(client: TestClient): Promise<unknown> {
  return client.value('DEBUG', 'DIGEST');
}

test('data, databases and transactions', async () => {
  const [a, b] = [(await start()).connect(), (await start()).connect()];
  await a.call('SET k a');
  expect(await b.value('GET', 'k')).toBe(null);
  await b.call('WATCH k');
  await b.call('MULTI');
  await a.call('SET k changed');
  await a.call('SWAPDB 0 1');
  await a.call('FLUSHALL');
  await b.call('SET k b');
  expect((await b.call('EXEC')).raw).toBe('*1\r\n+OK\r\n');
  expect(await a.value('DBSIZE')).toBe(0);
  expect(await b.value('GET', 'k')).toBe('b');
});

test('settings, and what hangs on them', async () => {
  const left = await start({ config: { databases: 3, maxclients: 50 } });
  const right = await start();
  const [a, b] = [left.connect(), right.connect()];
  expect(await a.value('CONFIG', 'GET', 'databases')).toEqual(['databases', '3']);
  expect(await b.value('CONFIG', 'GET', 'databases')).toEqual(['databases', '16']);
  expect((await a.call('SELECT 5')).raw).toBe('-ERR DB index is out of range\r\n');
  expect((await b.call('SELECT 5')).raw).toBe('+OK\r\n');
  expect(await b.value('CONFIG', 'SET', 'requirepass', 'secret')).toBe('OK');
  expect(await a.value('CONFIG', 'GET', 'requirepass')).toEqual(['requirepass', '']);
  expect(await left.connect().value('PING')).toBe('PONG');
  expect((await right.connect().call('PING')).raw).toBe('-NOAUTH Authentication required.\r\n');
  await a.call('CONFIG SET maxmemory-policy allkeys-lfu');
  expect(await b.value('CONFIG', 'GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
});

test('clocks: one may be years ahead, or stand still', async () => {
  const left = await start();
  const right = await start({ startMs: 0 });
  const [a, b] = [left.connect(), right.connect()];
  await a.call('SET k v EX 100');
  await b.call('SET k v EX 100');
  left.virtual.jump(1000 * DAY_MS);
  await left.advance(1000);
  expect(await a.value('DBSIZE')).toBe(0);
  expect(await b.value('TTL', 'k')).toBe(100);
  expect(await infoField(a, 'server', 'uptime_in_days')).toBe('1000');
  expect(await infoField(b, 'server', 'uptime_in_days')).toBe('0');
  expect(await b.value('TIME')).toEqual(['0', '0']);
});

test('dice: the same seed gives the same story, whoever else throws', async () => {
  const story = async (seed: number, disturbed: boolean) => {
    const server = await start({ seed });
    const other = await start({ seed: 99 });
    const client = server.connect();
    await client.call(['MSET', ...Array.from({ length: 50 }, (_, i) => [`key:${i}`, 'x']).flat()]);
    const seen: unknown[] = [await infoField(client, 'server', 'run_id')];
    for (let i = 0; i < 20; i++) {
      seen.push(await client.value('RANDOMKEY'));
      if (disturbed) await other.connect().pipeline(['SET a 1', 'RANDOMKEY', 'KEYS *']);
    }
    seen.push(await client.value('SCAN', '0'));
    return seen;
  };
  const first = await story(5, false);
  expect(await story(5, true)).toEqual(first);
  expect(await story(6, false)).not.toEqual(first);
});

test('clients and their numbers', async () => {
  const [left, right] = [await start(), await start()];
  const [a, b] = [left.connect(), right.connect()];
  await a.call('CLIENT SETNAME mine');
  expect(await a.value('CLIENT', 'ID')).toBe(1);
  expect(await b.value('CLIENT', 'ID')).toBe(1);
  expect(String(await b.value('CLIENT', 'LIST'))).not.toContain('mine');
  await b.call('CLIENT KILL ID 1 SKIPME yes');
  await b.call('CLIENT PAUSE 100000 ALL');
  expect(await a.value('PING')).toBe('PONG');
});

test('figures', async () => {
  const [left, right] = [await start(), await start()];
  const [a, b] = [left.connect(), right.connect()];
  const usedBefore = await infoField(b, 'memory', 'used_memory_dataset');
  await a.pipeline(Array.from({ length: 500 }, (_, i) => ['SET', `k${i}`, 'x'.repeat(1000)]));
  await a.call('NOSUCH');
  expect(Number(await infoField(a, 'stats', 'total_commands_processed'))).toBeGreaterThan(499);
  expect(Number(await infoField(b, 'stats', 'total_commands_processed'))).toBeLessThan(5);
  expect(await infoField(b, 'errorstats', 'errorstat_ERR')).toBe(undefined);
  expect(String(await b.value('INFO', 'commandstats'))).not.toContain('cmdstat_set');
  expect(await infoField(b, 'keyspace', 'db0')).toBe(undefined);
  expect(await infoField(b, 'memory', 'used_memory_dataset')).toBe(usedBefore);
  await b.call('CONFIG RESETSTAT');
  expect(Number(await infoField(a, 'stats', 'total_commands_processed'))).toBeGreaterThan(499);
});

test('the log, and the end', async () => {
  const [left, right] = [await start(), await start()];
  const [a, b] = [left.connect(), right.connect()];
  await a.call('CONFIG SET loglevel debug');
  await a.call('DEBUG LOG hello');
  expect(right.logLines.join('')).not.toContain('hello');
  await left.server.close();
  await a.whenClosed();
  expect(await b.value('PING')).toBe('PONG');
  expect(left.virtual.timerCount).toBe(0);
  expect(right.virtual.timerCount).toBeGreaterThan(0);
});

test('a hundred servers tell the same story apart', async () => {
  const servers = await Promise.all(Array.from({ length: 100 }, (_, i) => start({ seed: i })));
  const clients = servers.map((server) => server.connect());
  await Promise.all(clients.map((client, i) => client.call(['SET', 'k', String(i)])));
  await Promise.all(clients.map((client) => client.call('INCR k')));
  expect(await Promise.all(clients.map((client) => client.value('GET', 'k')))).toEqual(
    servers.map((_, i) => String(i + 1)),
  );
  const options = { config: { 'enable-debug-command': 'yes' } };
  const [x, y] = [
    (await start({ ...options, seed: 1 })).connect(),
    (await start({ ...options, seed: 2 })).connect(),
  ];
  for (const client of [x, y]) await client.call('MSET a 1 b 2 c 3');
  expect(await digest(x)).toEqual(await digest(y));
});
