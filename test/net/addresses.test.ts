// Where clients come from: TCP over IPv4 and IPv6, the unix socket, other machines, and what CLIENT shows of it.

import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { plainValue } from '../support/test-client.ts';
import { clientAt, clientField, clientOf, startServer, until } from './sockets.ts';

const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
const outside = addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '';
const hasIPv6 = addresses.some(({ address }) => address === '::1');

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'respite-net-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test('both ends of a TCP connection are shown, and can be killed by', async () => {
  const server = await startServer();
  const [a, b, c] = [await clientOf(server), await clientOf(server), await clientOf(server)];
  const id = String(await b.value('CLIENT', 'ID'));
  const address = await clientField(a, id, 'addr');
  expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(await clientField(a, id, 'laddr')).toBe(`127.0.0.1:${server.port}`);
  expect(Number(await clientField(a, id, 'fd'))).toBeGreaterThan(2);
  expect(await a.value('CLIENT', 'KILL', 'ADDR', address, 'LADDR', '127.0.0.1:1')).toBe(0);
  expect(await a.value('CLIENT', 'KILL', 'ADDR', address)).toBe(1);
  await b.whenClosed();
  const [, own] = ((await a.value('CLIENT', 'INFO')) as string).match(/ addr=(\S+)/)!;
  expect(await a.value('CLIENT', 'KILL', 'LADDR', `127.0.0.1:${server.port}`)).toBe(1);
  await c.whenClosed();
  // The old form spares nobody.
  expect(await a.value('CLIENT', 'KILL', own!)).toBe('OK');
  await a.whenClosed();
});

describe('the unix socket', () => {
  test('has the permissions that were asked for, and a client over it', async () => {
    const path = join(newDirectory(), 'respite.sock');
    const server = await startServer({ unixsocket: path, unixsocketperm: '700' }, { realTime: true });
    expect(statSync(path).mode & 0o777).toBe(0o700);
    const client = await clientAt({ path });
    const id = String(await client.value('CLIENT', 'ID'));
    expect(await clientField(client, id, 'addr')).toBe(`${path}:0`);
    expect(await clientField(client, id, 'laddr')).toBe(`${path}:0`);
    expect(await clientField(client, id, 'flags')).toBe('U');
    const value = 'x'.repeat(1_000_000);
    expect(await client.value('SET', 'k', value)).toBe('OK');
    expect((await (await clientOf(server)).value('GET', 'k')) === value).toBe(true);
    expect(await client.value('CLIENT', 'KILL', 'ADDR', `${path}:0`, 'SKIPME', 'no')).toBe(1);
    await client.whenClosed();
  });

  test('replaces one that was left behind', async () => {
    const path = join(newDirectory(), 'respite.sock');
    writeFileSync(path, '');
    chmodSync(path, 0o600);
    await startServer({ unixsocket: path }, { realTime: true });
    expect(await (await clientAt({ path })).value('PING')).toBe('PONG');
  });
});

test.skipIf(!hasIPv6)('IPv6', async () => {
  const server = await startServer({ bind: '127.0.0.1 ::1' });
  const client = await clientAt({ host: '::1', port: server.port });
  const id = String(await client.value('CLIENT', 'ID'));
  expect(await clientField(client, id, 'addr')).toMatch(/^\[::1\]:\d+$/);
  expect(await clientField(client, id, 'laddr')).toBe(`[::1]:${server.port}`);
  expect(await (await clientOf(server)).value('PING')).toBe('PONG');
});

describe.skipIf(outside === '')('protected mode', () => {
  const DENIED =
    /^-DENIED Redis is running in protected mode because protected mode is enabled and no password is set/;

  test('turns those away who come from elsewhere, and nobody else', async () => {
    const server = await startServer({ bind: '0.0.0.0' });
    const stranger = await clientAt({ host: outside, port: server.port });
    await stranger.whenClosed();
    expect(stranger.unread).toMatch(DENIED);
    expect(stranger.unread.endsWith('accepting connections from the outside.\r\n')).toBe(true);
    expect(await (await clientOf(server)).value('PING')).toBe('PONG');
  });

  test('is off when it is turned off', async () => {
    const server = await startServer({ bind: '0.0.0.0', 'protected-mode': 'no' });
    const stranger = await clientAt({ host: outside, port: server.port });
    expect(await stranger.value('PING')).toBe('PONG');
    await stranger.call('CONFIG SET protected-mode yes');
    const late = await clientAt({ host: outside, port: server.port });
    await late.whenClosed();
    expect(late.unread).toMatch(DENIED);
    // Who is in stays in.
    expect(await stranger.value('PING')).toBe('PONG');
  });

  test('rests while there is a password', async () => {
    const server = await startServer({ bind: '0.0.0.0', requirepass: 'secret' });
    const stranger = await clientAt({ host: outside, port: server.port });
    expect((await stranger.call('PING')).raw).toBe('-NOAUTH Authentication required.\r\n');
    expect(plainValue((await stranger.call('AUTH secret')).reply)).toBe('OK');
  });
});

test('clients in this process and clients over TCP see the same data', async () => {
  const server = await startServer();
  const [inside, tcp] = [server.connect(), await clientOf(server)];
  await inside.call('SET k v');
  expect(await tcp.value('GET', 'k')).toBe('v');
  inside.close();
  await until(
    'it is gone',
    async () => ((await tcp.value('CLIENT', 'LIST')) as string).split('\n').length === 2,
  );
});
