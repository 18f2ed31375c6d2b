// What a peer may cost: the limits of input, output, connections and silence, over real sockets by a virtual clock.

import { expect, test } from 'vitest';
import { heldBytes } from '../support/memory.ts';
import { encodeRequest } from '../support/resp.ts';
import { plainValue } from '../support/test-client.ts';
import {
  clientField,
  clientOf,
  infoField,
  pause,
  received,
  socketTo,
  startServer,
  until,
} from './sockets.ts';

const MB = 1024 * 1024;
const GET_K = encodeRequest(['GET', 'k']);

test('a slow reader is cut off at the hard limit, and nobody else notices', async () => {
  const server = await startServer({ 'client-output-buffer-limit': 'normal 20mb 0 0' });
  const client = await clientOf(server);
  await client.call(['SET', 'k', 'x'.repeat(MB)]);
  const slow = await socketTo(server);
  slow.pause();
  const before = await heldBytes();
  let most = 0;
  let isClosed = false;
  slow.once('close', () => (isClosed = true));
  for (let i = 0; i < 100 && !isClosed; i++) {
    slow.write(GET_K);
    expect(await client.value('PING')).toBe('PONG');
    // A look collects garbage, and takes its time.
    if (i % 4 === 3) most = Math.max(most, (await heldBytes()) - before);
  }
  await until('it is closed', async () => (await infoField(client, 'connected_clients')) === 1);
  expect(most).toBeLessThan(30 * MB);
  expect(server.logLines.some((line) => line.includes('overcoming of output buffer limits'))).toBe(true);
});

test('the hard limit holds within one turn as well', async () => {
  const server = await startServer({ 'client-output-buffer-limit': 'normal 20mb 0 0' });
  const client = await clientOf(server);
  await client.call(['SET', 'k', 'x'.repeat(MB)]);
  const greedy = await socketTo(server);
  greedy.pause();
  // A thousand replies of 1 MB by one small input.
  greedy.write(Buffer.concat(Array(1000).fill(GET_K)));
  await until('it is closed', async () => (await infoField(client, 'connected_clients')) === 1);
  const stats = (await client.value('INFO', 'commandstats')) as string;
  expect(Number(/cmdstat_get:calls=(\d+)/.exec(stats)![1])).toBeLessThan(40);
});

test.each([
  ['a set', ['SADD', 'k', 'a', 'b'], 'SRANDMEMBER'],
  ['a large set', ['SADD', 'k', ...Array.from({ length: 200 }, (_, i) => `m:${i}`)], 'SRANDMEMBER'],
  ['a hash', ['HSET', 'k', 'f', 'v'], 'HRANDFIELD'],
  ['a large hash', ['HSET', 'k', 'f', 'x'.repeat(100)], 'HRANDFIELD'],
  ['a sorted set', ['ZADD', 'k', '1', 'm'], 'ZRANDMEMBER'],
])('who draws from %s without end is cut off while it is answered', async (_what, fill, command) => {
  const server = await startServer({ 'client-output-buffer-limit': 'normal 1mb 0 0' });
  const client = await clientOf(server);
  await client.call(fill);
  const greedy = await socketTo(server);
  greedy.write(encodeRequest([command, 'k', '-999999999']));
  await until('it is closed', async () => (await infoField(client, 'connected_clients')) === 1);
});

test('a reply larger than the limit is not sent', async () => {
  const server = await startServer({ 'client-output-buffer-limit': 'normal 1mb 0 0' });
  const client = await clientOf(server);
  await client.call(['SET', 'k', 'x'.repeat(2 * MB)]);
  await client.call(['SET', 'small', 'x'.repeat(MB / 2)]);
  expect((await client.value('GET', 'small')) === 'x'.repeat(MB / 2)).toBe(true);
  client.send('GET k');
  await client.whenClosed();
});

test('a slow reader is cut off when it is beyond the soft limit for too long', async () => {
  const server = await startServer({ 'client-output-buffer-limit': 'normal 0 5mb 10' });
  const client = await clientOf(server);
  await client.call(['SET', 'k', 'x'.repeat(15 * MB)]);
  const slow = await clientOf(server);
  const id = String(await slow.value('CLIENT', 'ID'));
  slow.stream.pause();
  slow.write(GET_K);
  await until('it is behind', async () => Number(await clientField(client, id, 'omem')) > 5 * MB);
  expect(await clientField(client, id, 'events')).toBe('rw');
  expect(Number(await clientField(client, id, 'tot-mem'))).toBeGreaterThan(5 * MB);
  await server.advance(9000);
  expect(await infoField(client, 'connected_clients')).toBe(2);
  await server.advance(2000);
  expect(await infoField(client, 'connected_clients')).toBe(1);
});

test('who catches up in time begins anew with the soft limit', async () => {
  const server = await startServer({ 'client-output-buffer-limit': 'normal 0 5mb 10' });
  const client = await clientOf(server);
  await client.call(['SET', 'k', 'x'.repeat(15 * MB)]);
  for (let round = 0; round < 3; round++) {
    client.stream.pause();
    client.send('GET k');
    await pause(50);
    await server.advance(6000);
    client.stream.resume();
    expect(plainValue((await client.reply()).reply)).toHaveLength(15 * MB);
  }
});

test('input beyond the limit closes', async () => {
  const server = await startServer({ 'client-query-buffer-limit': '1mb' });
  const client = await clientOf(server);
  const socket = await socketTo(server);
  socket.write('*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5000000\r\n');
  const reply = received(socket);
  for (let i = 0; i < 30 && !socket.destroyed; i++) {
    socket.write(Buffer.alloc(100_000));
    await pause(1);
  }
  expect(await reply).toBe('');
  expect(await client.value('EXISTS', 'k')).toBe(0);
  expect(server.logLines.some((line) => line.includes('max query buffer length'))).toBe(true);
  expect(await client.value('SET', 'k', 'x'.repeat(900_000))).toBe('OK');
});

test('input that waits behind a pause counts as well', async () => {
  const server = await startServer({ 'client-query-buffer-limit': '1mb' });
  const client = await clientOf(server);
  await client.call('CLIENT PAUSE 60000 WRITE');
  const socket = await socketTo(server);
  const request = encodeRequest(['SET', 'k', 'x'.repeat(10_000)]);
  let isClosed = false;
  socket.once('close', () => (isClosed = true));
  for (let i = 0; i < 1000 && !isClosed; i++) {
    socket.write(request);
    if (i % 10 === 0) await pause(1);
  }
  await until('it is closed', () => isClosed);
  expect(await infoField(client, 'connected_clients')).toBe(1);
});

test('a value longer than proto-max-bulk-len is refused when it is announced', async () => {
  const server = await startServer({ 'proto-max-bulk-len': '1mb' });
  const socket = await socketTo(server);
  const reply = received(socket);
  socket.write(`*2\r\n$4\r\nECHO\r\n$${MB + 1}\r\n`);
  expect(await reply).toBe('-ERR Protocol error: invalid bulk length\r\n');
});

test('who has not logged in may announce little', async () => {
  const server = await startServer({ requirepass: 'secret' });
  for (const [request, answer] of [
    ['*11\r\n', '-ERR Protocol error: unauthenticated multibulk length\r\n'],
    ['*2\r\n$4\r\nAUTH\r\n$16385\r\n', '-ERR Protocol error: unauthenticated bulk length\r\n'],
  ] as const) {
    const socket = await socketTo(server);
    const reply = received(socket);
    socket.write(request);
    expect(await reply).toBe(answer);
  }
  const client = await clientOf(server);
  await client.call('AUTH secret');
  expect(await client.value('ECHO', 'x'.repeat(20_000))).toHaveLength(20_000);
  const waiting = await clientOf(server);
  expect((await waiting.call('PING')).raw).toBe('-NOAUTH Authentication required.\r\n');
  // Without a password everybody may, whoever was asked for one before.
  await client.call(['CONFIG', 'SET', 'requirepass', '']);
  expect(await waiting.value('ECHO', 'x'.repeat(20_000))).toHaveLength(20_000);
});

test('one client too many is told so', async () => {
  const server = await startServer({ maxclients: 3 });
  const clients = await Promise.all([clientOf(server), clientOf(server), clientOf(server)]);
  await Promise.all(clients.map((client) => client.call('PING')));
  const socket = await socketTo(server);
  expect(await received(socket)).toBe('-ERR max number of clients reached\r\n');
  expect(await infoField(clients[0]!, 'rejected_connections')).toBe(1);
  clients[2]!.close();
  await until('there is room', async () => (await infoField(clients[0]!, 'connected_clients')) === 2);
  expect(await (await clientOf(server)).value('PING')).toBe('PONG');
});

test('a silent client is closed, one that takes a large value slowly is not', async () => {
  const server = await startServer({ timeout: 10 });
  const client = await clientOf(server);
  await client.call(['SET', 'k', 'x'.repeat(100 * MB)]);
  const slow = await socketTo(server);
  let taken = 0;
  slow.on('data', (chunk: Buffer) => (taken += chunk.length));
  slow.write(GET_K);
  for (let round = 0; round < 4; round++) {
    const goal = taken + 10 * MB;
    slow.resume();
    await until('some of it arrives', () => taken > goal || taken > 100 * MB);
    slow.pause();
    await pause(20);
    await server.advance(8000);
    await client.call('PING');
  }
  expect(await infoField(client, 'connected_clients')).toBe(2);
  // It takes nothing any more.
  await pause(50);
  await server.advance(2000);
  await client.call('PING');
  await server.advance(9000);
  expect(await infoField(client, 'connected_clients')).toBe(1);
  await server.advance(11_000);
  await client.whenClosed();
});
