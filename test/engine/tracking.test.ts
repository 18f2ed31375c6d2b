// Client-side caching with several clients: who is told what, and in which place of the stream. The same against the real
// server, in random programs, is in test/differential/tracking.interop.test.ts.

import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';

async function startServer(config: Record<string, string> = {}): Promise<TestServer> {
  const server = await TestServer.start({ config: { 'enable-debug-command': 'yes', ...config } });
  onTestFinished(() => server.close());
  return server;
}

async function tracker(server: TestServer, options = ''): Promise<TestClient> {
  const client = await server.connect3();
  expect((await client.call(`CLIENT TRACKING ON${options}`)).raw).toBe('+OK\r\n');
  return client;
}

const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
const invalidate = (...keys: string[]) =>
  `>2\r\n${bulk('invalidate')}*${keys.length}\r\n${keys.map(bulk).join('')}`;
const INVALIDATE_ALL = `>2\r\n${bulk('invalidate')}_\r\n`;

/** All that a client was sent since it was asked last. */
async function received(client: TestClient): Promise<string> {
  for (let turn = 0; turn < 30; turn++) await setImmediate();
  const text = client.unread;
  client.unread = '';
  return text;
}

/** What a client receives for requests, one after another. */
async function told(client: TestClient, ...requests: string[]): Promise<string> {
  for (const request of requests) client.send(request);
  return received(client);
}

test('a client is told once of a key that it has read', async () => {
  const server = await startServer();
  const a = await tracker(server);
  const b = server.connect();
  await told(a, 'GET k', 'STRLEN k');
  await told(b, 'SET other 1', 'SET k 1', 'SET k 2');
  expect(await received(a)).toBe(invalidate('k'));
  await told(a, 'MGET k l');
  await told(b, 'DEL k');
  expect(await received(a)).toBe(invalidate('k'));
});

test('what a client changes itself comes behind the reply, of a transaction behind all of it', async () => {
  const server = await startServer();
  const a = await tracker(server);
  expect(await told(a, 'GET k', 'SET k 1')).toBe(`_\r\n+OK\r\n${invalidate('k')}`);
  const frames = await told(a, 'MULTI', 'GET k', 'SET k 2', 'FLUSHALL', 'GET k', 'EXEC');
  expect(frames).toBe(
    `+OK\r\n${'+QUEUED\r\n'.repeat(4)}*4\r\n$1\r\n1\r\n+OK\r\n+OK\r\n_\r\n${invalidate('k')}${INVALIDATE_ALL}`,
  );
});

test('NOLOOP spares a client its own changes', async () => {
  const server = await startServer();
  const a = await tracker(server, ' NOLOOP');
  const b = server.connect();
  expect(await told(a, 'GET k', 'SET k 1', 'MGET k l')).toBe('_\r\n+OK\r\n*2\r\n$1\r\n1\r\n_\r\n');
  await told(b, 'SET l 1');
  expect(await received(a)).toBe(invalidate('l'));
});

test('under RESP2 nobody is told but a subscribed connection that others have named', async () => {
  const server = await startServer();
  const [a, b, target] = [server.connect(), server.connect(), server.connect()];
  const id = await target.value('CLIENT', 'ID');
  await a.call(`CLIENT TRACKING ON REDIRECT ${id}`);
  await a.call('GET k');
  await told(b, 'SET k 1');
  expect(await received(target)).toBe('');
  await told(target, 'SUBSCRIBE __redis__:invalidate');
  await told(a, 'GET k');
  await told(b, 'SET k 2', 'FLUSHALL');
  const message = `*3\r\n${bulk('message')}${bulk('__redis__:invalidate')}`;
  expect(await received(target)).toBe(`${message}*1\r\n${bulk('k')}${message}$-1\r\n`);
  expect(await received(a)).toBe('');
});

test('who tracks hears that its redirection is broken', async () => {
  const server = await startServer();
  const target = server.connect();
  const id = await target.value('CLIENT', 'ID');
  const a = await tracker(server, ` REDIRECT ${id}`);
  const b = server.connect();
  await told(a, 'GET k');
  target.close();
  await target.whenClosed();
  await told(b, 'SET k 1');
  expect(await received(a)).toBe(`>2\r\n${bulk('tracking-redir-broken')}:${id}\r\n`);
  expect((await a.call('CLIENT LIST')).raw).toMatch(new RegExp(` flags=tR .* redir=${id} `));
  await a.call('CLIENT TRACKING ON');
  expect((await a.call('CLIENT INFO')).raw).toMatch(/ flags=t .* redir=0 /);
});

test('a client that has quit is no target any more', async () => {
  const server = await startServer();
  const target = server.connect();
  const id = await target.value('CLIENT', 'ID');
  const a = await tracker(server, ` REDIRECT ${id}`);
  await a.call('GET k');
  await target.call('QUIT');
  await server.connect().call('SET k 1');
  expect(await received(a)).toContain('tracking-redir-broken');
});

test('by prefix: all keys of a turn together, in the order of prefixes and keys', async () => {
  const server = await startServer();
  const a = await tracker(server, ' BCAST PREFIX b PREFIX a:');
  const b = server.connect();
  await b.pipeline(['SET b2 1', 'SET a:2 1', 'SET a:1 1', 'SET c 1', 'SET a:1 2', 'SET b1 1']);
  expect(await received(a)).toBe(invalidate('a:1', 'a:2') + invalidate('b1', 'b2'));
  await a.call('CLIENT TRACKING ON BCAST PREFIX c NOLOOP');
  expect(await told(a, 'SET c1 1', 'SET b1 1')).toBe('+OK\r\n+OK\r\n');
  expect((await a.call('CLIENT INFO')).raw).toMatch(/ flags=tB /);
});

test('keys that expire are told of, read or not', async () => {
  const server = await startServer();
  const a = await tracker(server);
  const all = await tracker(server, ' BCAST');
  const b = server.connect();
  await told(a, 'GET k');
  await b.pipeline(['SET k 1 PX 50']);
  expect(await received(a)).toContain(invalidate('k'));
  expect(await received(all)).toBe(invalidate('k'));
  await told(a, 'GET k');
  await server.advance(200);
  expect(await received(a)).toBe(invalidate('k'));
  expect(await received(all)).toBe(invalidate('k'));
});

test('an expired key that a client meets itself is told of behind the reply', async () => {
  const server = await startServer();
  const a = await tracker(server);
  await told(a, 'DEBUG SET-ACTIVE-EXPIRE 0', 'MSET x 1 y 2', 'PEXPIRE y 5', 'GET y');
  await server.advance(50);
  expect(await told(a, 'MGET x y')).toBe(`*2\r\n$1\r\n1\r\n_\r\n${invalidate('y')}`);
});

test('what waits is tracked when it begins to and when it is served', async () => {
  const server = await startServer();
  const a = await tracker(server);
  const b = server.connect();
  await told(a, 'LRANGE dst 0 -1', 'BLMOVE src dst LEFT LEFT 0');
  await told(b, 'RPUSH src x');
  expect(await received(a)).toBe(`$1\r\nx\r\n${invalidate('dst')}`);
});

test('keys beyond the limit are forgotten, with a message, before the next command', async () => {
  const server = await startServer({ 'tracking-table-max-keys': '2' });
  const a = await tracker(server);
  await told(a, 'DEBUG PAUSE-CRON 1', 'MGET k1 k2 k3');
  expect(await told(a, 'PING')).toMatch(/^>2\r\n\$10\r\ninvalidate\r\n\*1\r\n\$2\r\nk[123]\r\n\+PONG\r\n$/);
  const info = String(await server.connect().value('INFO', 'stats'));
  expect(info).toMatch(/tracking_total_keys:2\r\ntracking_total_items:2\r\ntracking_total_prefixes:0\r\n/);
});

test('INFO counts, and all is forgotten when nobody is left', async () => {
  const server = await startServer();
  const [a, b] = [await tracker(server), await tracker(server)];
  const c = await tracker(server, ' BCAST PREFIX x PREFIX y');
  const d = server.connect();
  await told(a, 'MGET k1 k2');
  await told(b, 'MGET k2 k3 k2');
  const figures = async () => {
    const info = String(await d.value('INFO', 'everything'));
    return ['tracking_clients', 'tracking_total_keys', 'tracking_total_items', 'tracking_total_prefixes'].map(
      (name) => Number(new RegExp(`${name}:(\\d+)`).exec(info)![1]),
    );
  };
  expect(await figures()).toEqual([3, 3, 4, 2]);
  a.close();
  await a.whenClosed();
  await received(d);
  expect(await figures()).toEqual([2, 3, 4, 2]);
  await told(d, 'SET k1 1', 'SET k2 1');
  expect(await received(b)).toBe(invalidate('k2'));
  expect(await figures()).toEqual([2, 1, 1, 2]);
  for (const client of [b, c]) client.close();
  await received(d);
  expect(await figures()).toEqual([0, 0, 0, 0]);
});

test('a client number is not used again while keys are remembered under it', async () => {
  const server = await startServer();
  const [first, other] = [await tracker(server), await tracker(server)];
  const writer = server.connect();
  await told(first, 'GET k');
  first.close();
  await first.whenClosed();
  const second = await tracker(server);
  await told(writer, 'SET k 1');
  expect(await received(second)).toBe('');
  await told(second, 'GET k');
  await told(other, 'GET k');
  await told(writer, 'SET k 2');
  expect(await received(second)).toBe(invalidate('k'));
});

test('what was read before tracking was switched off counts again when it is on', async () => {
  const server = await startServer();
  const a = await tracker(server);
  const b = server.connect();
  await told(a, 'MGET k l', 'CLIENT TRACKING OFF');
  await told(b, 'SET k 1');
  expect(await received(a)).toBe('');
  await told(a, 'CLIENT TRACKING ON');
  await told(b, 'MSET k 1 l 1');
  expect(await received(a)).toBe(invalidate('l'));
});

test('CLIENT REPLY OFF holds no message back', async () => {
  const server = await startServer();
  const a = await tracker(server);
  const b = server.connect();
  await told(a, 'GET k', 'CLIENT REPLY OFF');
  await told(b, 'SET k 1');
  expect(await received(a)).toBe(invalidate('k'));
  expect(await told(a, 'GET k', 'SET k 2')).toBe(invalidate('k'));
});

test('a client that is gone before it is told is nobody', async () => {
  const server = await startServer();
  const a = await tracker(server);
  const id = await a.value('CLIENT', 'ID');
  await told(a, 'GET k');
  await told(a, 'MULTI', 'SET k 1', `CLIENT KILL ID ${id} SKIPME no`, 'EXEC');
  const b = await tracker(server);
  expect(await told(b, 'GET k', 'SET k 2')).toBe(`$1\r\n1\r\n+OK\r\n${invalidate('k')}`);
});
