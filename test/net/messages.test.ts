// Messages on their way to subscribers over real sockets: what a slow subscriber may cost, and that it misses nothing.

import { expect, test } from 'vitest';
import { heldBytes } from '../support/memory.ts';
import { encodeRequest } from '../support/resp.ts';
import type { TestClient } from '../support/test-client.ts';
import type { TestServer } from '../support/test-server.ts';
import { clientField, clientOf, infoField, received, socketTo, startServer, until } from './sockets.ts';

const MB = 1024 * 1024;

/** A subscriber of `ch` that reads nothing from now on. */
async function slowSubscriber(server: TestServer) {
  const socket = await socketTo(server);
  const confirmed = received(socket, 10);
  socket.write(encodeRequest(['SUBSCRIBE', 'ch']));
  await confirmed;
  socket.pause();
  return socket;
}

async function publishUntilBehind(client: TestClient, id: string, bytes: number): Promise<void> {
  const message = ['PUBLISH', 'ch', 'x'.repeat(100_000)];
  await until('it is behind', async () => {
    await client.pipeline(Array(10).fill(message));
    return Number(await clientField(client, id, 'omem')) > bytes;
  });
}

async function subscriberId(client: TestClient): Promise<string> {
  return /id=(\d+)/.exec((await client.value('CLIENT', 'LIST', 'TYPE', 'pubsub')) as string)![1]!;
}

test('a slow subscriber is cut off at the hard limit of its class', async () => {
  const server = await startServer({ 'client-output-buffer-limit': 'normal 1mb 0 0 pubsub 20mb 0 0' });
  const client = await clientOf(server);
  await slowSubscriber(server);
  await publishUntilBehind(client, await subscriberId(client), 10 * MB);
  for (let i = 0; i < 200 && (await infoField(client, 'pubsub_channels')) === 1; i++) {
    await client.pipeline(Array(10).fill(['PUBLISH', 'ch', 'x'.repeat(100_000)]));
  }
  expect(await infoField(client, 'connected_clients')).toBe(1);
  expect(await client.value('PUBLISH', 'ch', 'x')).toBe(0);
  const line = server.logLines.find((one) => one.includes('overcoming of output buffer limits'));
  expect(line).toMatch(/Client id=\d+ .* flags=P .* sub=1 .* scheduled to be closed ASAP/);
});

test('a slow subscriber is cut off when it is beyond the soft limit for too long', async () => {
  const server = await startServer({ 'client-output-buffer-limit': 'pubsub 0 5mb 10' });
  const client = await clientOf(server);
  await slowSubscriber(server);
  await publishUntilBehind(client, await subscriberId(client), 6 * MB);
  await server.advance(9000);
  expect(await client.value('PUBLISH', 'ch', 'x')).toBe(1);
  await server.advance(2000);
  expect(await client.value('PUBLISH', 'ch', 'x')).toBe(0);
});

test('a subscriber that was behind gets every message, in order', async () => {
  const server = await startServer({ 'client-output-buffer-limit': 'pubsub 0 0 0' });
  const client = await clientOf(server);
  const slow = await slowSubscriber(server);
  await publishUntilBehind(client, await subscriberId(client), 2 * MB);
  for (let i = 0; i < 3000; i++) {
    client.send(['PUBLISH', 'ch', `message ${i}`]);
    if (i % 7 === 0) await client.reply();
  }
  client.send('PUBLISH ch the-end');
  let text = '';
  slow.on('data', (chunk: Buffer) => (text = (text + chunk.toString('latin1')).slice(-500_000)));
  slow.resume();
  await until('all is there', () => text.includes('the-end'));
  const numbers = [...text.matchAll(/message (\d+)\r\n/g)].map(([, number]) => Number(number));
  expect(numbers).toEqual(Array.from({ length: 3000 }, (_, i) => i));
});

test('small messages that wait take little more than their size', async () => {
  const server = await startServer({ 'client-output-buffer-limit': 'pubsub 0 0 0' });
  const client = await clientOf(server);
  const slow = await slowSubscriber(server);
  await publishUntilBehind(client, await subscriberId(client), MB);
  const id = await subscriberId(client);
  const omem = async () => Number(await clientField(client, id, 'omem'));
  const [before, waiting] = [await heldBytes(), await omem()];
  // One a turn: each leaves alone.
  for (let i = 0; i < 20_000; i++) await client.call(['PUBLISH', 'ch', 'x']);
  const [grown, more] = [(await heldBytes()) - before, (await omem()) - waiting];
  expect(more).toBeGreaterThan(20_000 * 25);
  expect(grown).toBeLessThan(3 * more);
  slow.destroy();
});

test('a subscriber that goes in the midst of messages harms nobody', async () => {
  const server = await startServer({ 'client-output-buffer-limit': 'pubsub 1mb 0 0' });
  const client = await clientOf(server);
  const [first, second, third] = [await clientOf(server), await clientOf(server), await clientOf(server)];
  for (const one of [first, second, third]) await one.call('SUBSCRIBE ch');
  second.stream.pause();
  const messages = Array.from({ length: 100 }, (_, i) => ['PUBLISH', 'ch', `${i}`.padEnd(100_000, ' ')]);
  await client.pipeline(messages);
  for (const one of [first, third]) {
    for (let i = 0; i < 100; i++) expect((await one.reply()).raw).toContain(`\r\n${i} `);
  }
});
