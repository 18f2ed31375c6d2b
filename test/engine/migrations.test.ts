// MIGRATE between servers of ours, and to peers that misbehave. Other clients go on while one waits.

import { createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';

async function start(config: Record<string, string> = {}): Promise<TestServer> {
  const server = await TestServer.start({ realTime: true, port: 0, config });
  onTestFinished(() => server.close());
  return server;
}

async function pair(config?: Record<string, string>) {
  const source = await start();
  const target = await start(config);
  return { source, target, from: source.connect(), to: target.connect(), port: String(target.port) };
}

/** A peer that answers as told. */
async function peer(serve: (socket: Socket, connection: number) => void): Promise<string> {
  let count = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket, ++count);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return String((server.address() as { port: number }).port);
}

const migrate = (port: string, key: string, ...more: string[]) => [
  'MIGRATE',
  '127.0.0.1',
  port,
  key,
  ...more,
];

async function errorOf(client: TestClient, request: readonly string[]): Promise<string> {
  const { reply } = await client.call(request);
  return reply.type === 'error' ? reply.text : `no error but ${reply.type}`;
}

test('keys are there and no longer here', async () => {
  const { from, to, port } = await pair();
  await from.pipeline(['SET a 1', 'RPUSH l x y', 'SET t v PX 100000', 'SELECT 0']);
  expect(await from.value(...migrate(port, '', '3', '1000', 'KEYS', 'a', 'none', 'l', 't'))).toBe('OK');
  expect(await from.value('DBSIZE')).toBe(0);
  await to.call('SELECT 3');
  expect(await to.value('GET', 'a')).toBe('1');
  expect(await to.value('LRANGE', 'l', '0', '-1')).toEqual(['x', 'y']);
  expect(await to.value('PTTL', 't')).toBeGreaterThan(90_000);
  expect(await from.value('INFO', 'stats')).toContain('migrate_cached_sockets:1');
});

test('COPY leaves them here, REPLACE overwrites there', async () => {
  const { from, to, port } = await pair();
  await from.call('SET a 1');
  await to.call('SET a 2');
  expect(await errorOf(from, migrate(port, 'a', '0', '1000', 'COPY'))).toBe(
    'ERR Target instance replied with error: BUSYKEY Target key name already exists.',
  );
  expect(await from.value(...migrate(port, 'a', '0', '1000', 'COPY', 'REPLACE'))).toBe('OK');
  expect(await from.value('GET', 'a')).toBe('1');
  expect(await to.value('GET', 'a')).toBe('1');
});

test('only what has arrived is deleted', async () => {
  const { from, to, port } = await pair();
  await from.call('MSET a 1 b 2 c 3');
  await to.call('SET b x');
  expect(await errorOf(from, migrate(port, '', '0', '1000', 'KEYS', 'a', 'b', 'c'))).toContain('BUSYKEY');
  expect(await from.value('KEYS', '*')).toEqual(['b']);
  expect(await to.value('DBSIZE')).toBe(3);
});

test('AUTH and AUTH2', async () => {
  const { from, to, port } = await pair({ requirepass: 'secret' });
  await to.call('AUTH secret');
  await from.call('MSET a 1 b 2');
  expect(await errorOf(from, migrate(port, 'a', '0', '1000'))).toContain('NOAUTH');
  expect(await errorOf(from, migrate(port, 'a', '0', '1000', 'AUTH', 'wrong'))).toContain('WRONGPASS');
  expect(await from.value(...migrate(port, 'a', '0', '1000', 'AUTH', 'secret'))).toBe('OK');
  expect(await from.value(...migrate(port, 'b', '0', '1000', 'AUTH2', 'default', 'secret'))).toBe('OK');
  expect(await to.value('DBSIZE')).toBe(2);
});

test('nobody listens', async () => {
  const { source, from } = await pair();
  await from.call('SET a 1');
  expect(await errorOf(from, migrate('1', 'a', '0', '1000'))).toBe(
    'IOERR error or timeout connecting to the client',
  );
  expect(await errorOf(from, migrate('99999', 'a', '0', '1000'))).toContain('IOERR');
  expect(await source.connect().value('EXISTS', 'a')).toBe(1);
});

test('a peer that says nothing costs the timeout, and only the client that waits', async () => {
  const { source, from } = await pair();
  const port = await peer(() => {});
  const other = source.connect();
  await from.call('SET a 1');
  from.send(migrate(port, 'a', '0', '300'));
  expect(await other.value('PING')).toBe('PONG');
  expect(await other.value('INFO', 'clients')).toContain('blocked_clients:1');
  const { reply } = await from.reply();
  expect(reply).toEqual({ type: 'error', text: 'IOERR error or timeout reading to target instance' });
  expect(await from.value('GET', 'a')).toBe('1');
});

test('a connection that was kept and has gone is opened anew, once', async () => {
  const { from } = await pair();
  const port = await peer((socket, connection) => {
    socket.on('data', () => (connection === 2 ? socket.destroy() : socket.write('+OK\r\n+OK\r\n')));
  });
  await from.call('MSET a 1 b 2');
  expect(await from.value(...migrate(port, 'a', '0', '1000'))).toBe('OK');
  // The kept one answers once more; then both the second connection and the third are tried.
  expect(await from.value(...migrate(port, 'b', '0', '1000'))).toBe('OK');
  const closing = await peer((socket) => socket.on('data', () => socket.destroy()));
  await from.call('SET c 3');
  expect(await errorOf(from, migrate(closing, 'c', '0', '1000'))).toBe(
    'IOERR error or timeout reading to target instance',
  );
  expect(await from.value('EXISTS', 'c')).toBe(1);
});

test('a key that is changed meanwhile stays', async () => {
  const { source, from } = await pair();
  const other = source.connect();
  let answer: (() => void) | null = null;
  const port = await peer((socket) =>
    socket.once('data', () => (answer = () => socket.write('+OK\r\n+OK\r\n+OK\r\n'))),
  );
  await from.call('MSET a 1 b 2');
  from.send(migrate(port, '', '0', '5000', 'KEYS', 'a', 'b'));
  await other.call('APPEND a x');
  while (answer === null) await new Promise((resolve) => setTimeout(resolve, 5));
  await other.call('PING');
  (answer as () => void)();
  const { reply } = await from.reply();
  expect(reply).toMatchObject({ type: 'error', text: expect.stringMatching(/^TRYAGAIN/) as string });
  expect(await from.value('KEYS', '*')).toEqual(['a']);
  expect(await from.value('GET', 'a')).toBe('1x');
});

test('CLIENT UNBLOCK and a transaction', async () => {
  const { source, from } = await pair();
  const port = await peer(() => {});
  const other = source.connect();
  await from.call('SET a 1');
  const id = String(await from.value('CLIENT', 'ID'));
  from.send(migrate(port, 'a', '0', '60000'));
  expect(await other.value('PING')).toBe('PONG');
  expect(await other.value('CLIENT', 'UNBLOCK', id, 'ERROR')).toBe(1);
  expect((await from.reply()).reply).toMatchObject({ type: 'error' });
  expect(await from.value('GET', 'a')).toBe('1');
  await from.pipeline(['MULTI', migrate(port, 'a', '0', '1000')]);
  const { reply } = await from.call('EXEC');
  expect(JSON.stringify(reply)).toContain('inside a transaction');
});
