// How far behind a replica may be: the output limits of its class, over real sockets by a virtual clock.

import { expect, test } from 'vitest';
import { clientOf, infoField, socketTo, startServer, until } from '../net/sockets.ts';
import { ReplicaStream } from '../support/replica-stream.ts';

const MB = 1024 * 1024;
const LARGE = 'x'.repeat(MB);

test('the snapshot does not count, however large, but what waits behind it does', async () => {
  const server = await startServer({ 'client-output-buffer-limit': 'replica 3mb 0 0', rdbcompression: 'no' });
  const client = await clientOf(server);
  for (let i = 0; i < 20; i++) await client.call(['SET', `key:${i}`, LARGE]);
  const slow = await socketTo(server);
  slow.pause();
  slow.write('SYNC\r\n');
  await until('it is a replica', async () => (await infoField(client, 'connected_slaves')) === 1);
  await client.call(['SET', 'a', LARGE]);
  await server.advance(2000);
  expect(await infoField(client, 'connected_slaves')).toBe(1);
  for (let i = 0; i < 3; i++) await client.call(['SET', 'a', LARGE]);
  await until('it is closed', async () => (await infoField(client, 'connected_slaves')) === 0);
  expect(server.logLines.join('')).toContain('overcoming of output buffer limits');
});

test('one that stops reading is cut off at the hard limit, or after a while at the soft one', async () => {
  const server = await startServer({ 'client-output-buffer-limit': 'replica 20mb 4mb 10' });
  const client = await clientOf(server);
  const attach = async () => {
    const socket = await socketTo(server);
    await ReplicaStream.open(socket);
    socket.pause();
  };
  const replicas = () => infoField(client, 'connected_slaves');
  await attach();
  for (let i = 0; i < 14; i++) await client.call(['SET', 'a', LARGE]);
  await server.advance(9000);
  expect(await replicas()).toBe(1);
  await server.advance(2000);
  await until('it is closed', async () => (await replicas()) === 0);
  await attach();
  for (let i = 0; i < 40; i++) await client.call(['SET', 'a', LARGE]);
  await until('it is closed', async () => (await replicas()) === 0);
});

test('a hard limit below the size of the backlog is none', async () => {
  const server = await startServer({
    'client-output-buffer-limit': 'replica 1 0 0',
    'repl-backlog-size': '64mb',
  });
  const client = await clientOf(server);
  const socket = await socketTo(server);
  await ReplicaStream.open(socket);
  socket.pause();
  for (let i = 0; i < 20; i++) await client.call(['SET', 'a', LARGE]);
  await server.advance(1000);
  expect(await infoField(client, 'connected_slaves')).toBe(1);
});

test('a replica that goes in the middle of the snapshot', async () => {
  const server = await startServer({ rdbcompression: 'no' });
  const client = await clientOf(server);
  for (let i = 0; i < 8; i++) await client.call(['SET', `key:${i}`, LARGE]);
  const slow = await socketTo(server);
  slow.pause();
  slow.write('SYNC\r\n');
  await until('it is a replica', async () => (await infoField(client, 'connected_slaves')) === 1);
  slow.destroy();
  await until('it is gone', async () => (await infoField(client, 'connected_slaves')) === 0);
  const next = await ReplicaStream.open(await socketTo(server), '', () => server.advance(100));
  await client.call('INCR n');
  expect(await next.effects()).toEqual(['SELECT 0', 'INCR n']);
});
