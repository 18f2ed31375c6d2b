// Connections that the server opens: from which address, and what their owner hears. Encryption is in tls.test.ts.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { systemRuntime } from '../../src/base/runtime.ts';
import { Config } from '../../src/config/config.ts';
import { TcpDoor } from '../../src/net/outgoing.ts';
import { TlsContexts } from '../../src/net/tls-contexts.ts';

const LOG = new Proxy({}, { get: () => () => {} });

async function door(settings: Readonly<Record<string, string>> = {}) {
  const runtime = systemRuntime();
  const config = new Config(runtime, '/');
  for (const [name, value] of Object.entries(settings)) config.assign(name, [value]);
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  onTestFinished(() => void listener.close());
  const { port } = listener.address() as AddressInfo;
  return { door: new TcpDoor(config, new TlsContexts(config, runtime.files, LOG as never)), listener, port };
}

test.each<[use: 'replication' | 'keys', source: string, from: string]>([
  ['replication', '', '127.0.0.1'],
  ['replication', '127.0.0.2', '127.0.0.2'],
  ['replication', 'localhost', '127.0.0.1'],
  // As Redis, which does without it.
  ['replication', '192.0.2.1', '127.0.0.1'],
  ['replication', 'no..such.name', '127.0.0.1'],
  ['keys', '127.0.0.2', '127.0.0.1'],
])('for %s, with bind-source-addr "%s"', async (use, source, from) => {
  const { door: tcp, listener, port } = await door({ 'bind-source-addr': source });
  const heard: string[] = [];
  const accepted = once(listener, 'connection');
  const connection = tcp.open(
    '127.0.0.1',
    port,
    {
      opened: () => heard.push('opened'),
      received: (bytes) => heard.push(Buffer.from(bytes).toString()),
      ended: (reason) => heard.push(`ended: ${reason}`),
    },
    use,
  );
  const [socket] = (await accepted) as [Socket];
  onTestFinished(() => void socket.destroy());
  expect(socket.remoteAddress).toBe(from);
  socket.end('hello');
  await expect.poll(() => heard).toEqual(['opened', 'hello', 'ended: ']);
  expect(connection.address).toBe(`127.0.0.1:${port}`);
  expect(connection.localAddress).toMatch(new RegExp(`^${from}:\\d+$`));
});

test('where nobody listens the reason is told', async () => {
  const { door: tcp, listener, port } = await door();
  listener.close();
  const reason = await new Promise((resolve) => {
    tcp.open('127.0.0.1', port, { opened: () => {}, received: () => {}, ended: resolve }, 'replication');
  });
  expect(reason).toBe('Connection refused');
});
