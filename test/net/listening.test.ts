// What the server listens on: addresses and names of `bind`, those that cannot be had, and what the log says of them.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { lookUpHost } from '../../src/net/host-lookup.ts';
import type { TestServer } from '../support/test-server.ts';
import { clientOf, startServer, until } from './sockets.ts';

// TEST-NET-1: no machine has it.
const FOREIGN = '192.0.2.1';
const BIND_FAILED =
  "-ERR CONFIG SET failed (possibly related to argument 'bind') - Failed to bind to specified addresses.\r\n";

async function isReached(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port });
  onTestFinished(() => void socket.destroy());
  return Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'close').then(() => false),
  ]).catch(() => false);
}

function warning(server: TestServer, reason: string): () => boolean {
  const line = `# Warning: Could not create server TCP listening socket ${reason}`;
  return () => server.logLines.some((text) => text.trimEnd().endsWith(line));
}

test('a name is looked up at once', () => {
  expect(lookUpHost('localhost')).toEqual({ address: '127.0.0.1' });
  expect(lookUpHost('no..such.name')).toEqual({ reason: 'Name or service not known' });
});

test('bind takes names', async () => {
  const server = await startServer({ bind: 'localhost' });
  const client = await clientOf(server);
  expect(await client.value('INFO', 'server')).toContain(
    `\r\nlistener0:name=tcp,bind=localhost,port=${server.port}\r\n`,
  );
  expect((await client.call('CONFIG SET bind no..such.name')).raw).toBe(BIND_FAILED);
  expect(warning(server, `no..such.name:${server.port}: Name or service not known`)()).toBe(true);
  expect(await client.value('CONFIG', 'GET', 'bind')).toEqual(['bind', 'localhost']);
  expect(await isReached('127.0.0.1', server.port)).toBe(true);
});

test.each([
  [FOREIGN, `${FOREIGN}:PORT: bind: Cannot assign requested address`],
  ['::zz', '::zz:PORT: Name or service not known'],
])('"%s" cannot be had, and the old addresses stay', async (address, reason) => {
  const server = await startServer();
  const client = await clientOf(server);
  expect((await client.call(['CONFIG', 'SET', 'bind', `127.0.0.1 ${address}`])).raw).toBe(BIND_FAILED);
  await until('it is logged', warning(server, reason.replace('PORT', String(server.port))));
  expect(await isReached('127.0.0.1', server.port)).toBe(true);
});

test('an address that need not be there is passed over, with a line in the log', async () => {
  const server = await startServer({ bind: `127.0.0.1 -${FOREIGN}` });
  expect(warning(server, `${FOREIGN}:${server.port}: bind: Cannot assign requested address`)()).toBe(true);
  expect(await isReached('127.0.0.1', server.port)).toBe(true);
});

test('a port that is taken is no missing address', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  const server = await startServer();
  const client = await clientOf(server);
  await client.call('CONFIG SET bind -127.0.0.1');
  expect((await client.call(['CONFIG', 'SET', 'port', String(port)])).raw).toBe(
    "-ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port. Check server logs.\r\n",
  );
  await until('it is logged', warning(server, `127.0.0.1:${port}: bind: Address already in use`));
});
