// Clients that send more than they may: they are read more slowly, by a virtual clock, and nothing else happens to them.

import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { encodeRequest } from '../support/resp.ts';
import type { TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';
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
import { newCertificates, startTlsServer, tlsSocket } from './tls-clients.ts';

const INCR = encodeRequest(['INCR', 'n']);

// Looks without being slowed down itself, nor cut off for being idle: another user than others, and of another class.
async function observer(server: TestServer): Promise<TestClient> {
  const client = await server.connect3();
  await client.call('ACL SETUSER observer on nopass ~* &* +@all');
  await client.call('AUTH observer x');
  client.send('SUBSCRIBE nothing');
  await client.frame();
  return client;
}

async function limit(watcher: TestClient, limits: string): Promise<void> {
  expect((await watcher.call(['CONFIG', 'SET', 'client-throttle', limits])).raw).toBe('+OK\r\n');
}

async function count(client: TestClient): Promise<number> {
  return Number((await client.value('GET', 'n')) ?? 0);
}

/** Waits until so many have run, and looks whether they are all that do. */
async function expectCount(watcher: TestClient, expected: number, key = 'n'): Promise<void> {
  const read = async () => Number((await watcher.value('GET', key)) ?? 0);
  await until(`${expected} have run`, async () => (await read()) >= expected);
  await pause(5);
  expect(await read()).toBe(expected);
}

describe('commands per second', () => {
  test('a second of them at once, and then one after the other, in order', async () => {
    const server = await startServer();
    const watcher = await observer(server);
    await watcher.call('ACL SETUSER default throttle=10:0');
    const socket = await socketTo(server);
    const text = received(socket, 25 * 4 + 16);
    socket.write(Buffer.concat(Array(25).fill(INCR)));
    await expectCount(watcher, 10);
    expect(await infoField(watcher, 'throttled_clients')).toBe(1);
    for (let second = 1; second <= 15; second++) {
      await server.advance(100);
      await expectCount(watcher, 10 + second);
    }
    expect(await text).toBe(Array.from({ length: 25 }, (_, i) => `:${i + 1}\r\n`).join(''));
    expect(await infoField(watcher, 'throttled_clients')).toBe(0);
    expect(await infoField(watcher, 'total_throttled_time')).toBe(1500);
    const id = /^id=(\d+) .*cmd=incr/m.exec((await watcher.value('CLIENT', 'LIST')) as string)![1]!;
    expect(await clientField(watcher, id, 'throttled')).toBe('1500');
    await watcher.call('CONFIG RESETSTAT');
    expect(await infoField(watcher, 'total_throttled_time')).toBe(0);
  });

  test('what was not used is there for a second', async () => {
    const server = await startServer();
    const watcher = await observer(server);
    await watcher.call('ACL SETUSER default throttle=5:0');
    const client = await clientOf(server);
    for (let i = 0; i < 5; i++) await client.call('INCR n');
    await server.advance(60_000);
    const socket = client.stream;
    socket.write(Buffer.concat(Array(20).fill(INCR)));
    await expectCount(watcher, 10);
  });

  test('the directive is for a class, a limit of the user for all its clients; the lower one counts', async () => {
    const server = await startServer();
    const watcher = await observer(server);
    await limit(watcher, 'normal 4 0 pubsub 1 0');
    await limit(watcher, 'pubsub 0 0');
    const [a, b] = [await socketTo(server), await socketTo(server)];
    const requests = (name: string) => Buffer.concat(Array(10).fill(encodeRequest(['INCR', name])));
    a.write(requests('a'));
    await expectCount(watcher, 4, 'a');
    await server.advance(500);
    await expectCount(watcher, 6, 'a');
    await watcher.call('ACL SETUSER default throttle=2:0');
    b.write(requests('b'));
    await expectCount(watcher, 2, 'b');
    await server.advance(500);
    await expectCount(watcher, 7, 'a');
    await expectCount(watcher, 3, 'b');
  });
});

describe('bytes per second', () => {
  test('a large request is paid for afterwards', async () => {
    const server = await startServer();
    const watcher = await observer(server);
    await limit(watcher, 'normal 0 1000');
    const client = await clientOf(server);
    const set = (i: number) => encodeRequest(['SET', 'n', `${i}`.padEnd(994)]);
    client.stream.write(Buffer.concat([set(1), set(2), set(3)]));
    await expectCount(watcher, 2);
    await server.advance(900);
    await expectCount(watcher, 2);
    await server.advance(200);
    await expectCount(watcher, 3);
  });

  test('a request that arrives in pieces is read no faster', async () => {
    const server = await startServer();
    const watcher = await observer(server);
    await limit(watcher, 'normal 0 100000');
    const socket = await socketTo(server);
    const before = await infoField(watcher, 'total_net_input_bytes');
    const answer = received(socket, '+OK\r\n'.length);
    socket.write(encodeRequest(['SET', 'big', 'x'.repeat(8_000_000)]));
    await until('it is held back', async () => (await infoField(watcher, 'throttled_clients')) === 1);
    await pause(10);
    const taken = (await infoField(watcher, 'total_net_input_bytes')) - before;
    // The first second's worth, and what one read may bring.
    expect(taken).toBeLessThan(300_000);
    for (let i = 0; i < 90; i++) {
      await server.advance(1000);
      await pause(1);
    }
    expect(await answer).toBe('+OK\r\n');
  });
});

describe('those who are held back', () => {
  test('are not cut off for being idle, and can be killed', async () => {
    const server = await startServer({ timeout: 5 });
    const watcher = await observer(server);
    await watcher.call('ACL SETUSER default throttle=1:100');
    const socket = await socketTo(server);
    socket.write(Buffer.concat([encodeRequest(['SET', 'k', 'x'.repeat(2000)]), INCR]));
    await until('it is held back', async () => (await infoField(watcher, 'throttled_clients')) === 1);
    for (let i = 0; i < 9; i++) {
      await server.advance(1000);
      await watcher.call('PING');
    }
    expect(await count(watcher)).toBe(0);
    expect(await infoField(watcher, 'connected_clients')).toBe(2);
    const closed = once(socket, 'close');
    socket.resume();
    await watcher.call('CLIENT KILL TYPE normal');
    await closed;
    expect(await infoField(watcher, 'throttled_clients')).toBe(0);
    await server.advance(60_000);
    expect(await count(watcher)).toBe(0);
  });

  test('go on at once when the limit is lifted', async () => {
    const server = await startServer();
    const watcher = await observer(server);
    await limit(watcher, 'normal 1 0');
    const socket = await socketTo(server);
    socket.write(Buffer.concat(Array(500).fill(INCR)));
    await expectCount(watcher, 1);
    await limit(watcher, 'normal 0 0');
    await until('all have run', async () => (await count(watcher)) === 500);
    expect(await infoField(watcher, 'throttled_clients')).toBe(0);
  });

  test('lose nothing when they end their side', async () => {
    const server = await startServer();
    const watcher = await observer(server);
    await limit(watcher, 'normal 10 0');
    const socket = await socketTo(server);
    socket.end(Buffer.concat(Array(30).fill(INCR)));
    await expectCount(watcher, 10);
    for (let i = 1; i <= 20; i++) {
      await server.advance(100);
      await expectCount(watcher, 10 + i);
    }
  });

  test('keep the order of pipelines, transactions and what blocks', async () => {
    const server = await startServer({ 'client-throttle': 'normal 3 0' });
    const client = server.connect();
    const requests = [
      ['MULTI'],
      ['INCR', 'n'],
      ['INCR', 'n'],
      ['EXEC'],
      ['RPUSH', 'l', 'a'],
      ['BLPOP', 'l', '0'],
      ['ECHO', 'end'],
    ];
    client.stream.write(Buffer.concat(requests.map((request) => encodeRequest(request))));
    const replies: string[] = [];
    for (let i = 0; i < 20; i++) {
      await server.advance(100);
      await pause(2);
    }
    for (let i = 0; i < requests.length; i++) replies.push((await client.frame()).raw);
    expect(replies.join('')).toBe(
      '+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n:2\r\n:1\r\n*2\r\n$1\r\nl\r\n$1\r\na\r\n$3\r\nend\r\n',
    );
  });

  test('a pause of all clients costs no tokens', async () => {
    const server = await startServer();
    const watcher = await observer(server);
    await limit(watcher, 'normal 2 0');
    await watcher.call('CLIENT PAUSE 500 WRITE');
    const socket = await socketTo(server);
    socket.write(Buffer.concat([INCR, INCR]));
    await until('it waits', async () => (await infoField(watcher, 'blocked_clients')) === 1);
    await server.advance(600);
    await expectCount(watcher, 2);
  });

  test('over TLS', async () => {
    const certificates = newCertificates();
    const server = await startTlsServer(certificates);
    const watcher = await observer(server);
    await limit(watcher, 'normal 10 0');
    const socket = await tlsSocket(server, certificates);
    const text = received(socket, 30 * 4 + 21);
    socket.write(Buffer.concat(Array(30).fill(INCR)));
    await expectCount(watcher, 10);
    for (let i = 1; i <= 20; i++) {
      await server.advance(100);
      await expectCount(watcher, 10 + i);
    }
    expect(await text).toBe(Array.from({ length: 30 }, (_, i) => `:${i + 1}\r\n`).join(''));
  });
});

describe('the directive', () => {
  test('is set row by row, shown as a whole, and written where it is not the default', async () => {
    const server = await startServer({}, {});
    const client = server.connect();
    expect(await client.value('CONFIG', 'GET', 'client-throttle')).toEqual([
      'client-throttle',
      'normal 0 0 replica 0 0 pubsub 0 0',
    ]);
    expect((await client.call('CONFIG SET client-throttle "slave 5 1kb"')).raw).toBe('+OK\r\n');
    expect((await client.call('CONFIG SET client-throttle "PUBSUB 100000 2mb normal 0 5gb"')).raw).toBe(
      '+OK\r\n',
    );
    expect(await client.value('CONFIG', 'GET', 'client-throttle')).toEqual([
      'client-throttle',
      'normal 0 5368709120 replica 5 1024 pubsub 100000 2097152',
    ]);
  });

  test.each([
    ['normal 1', 'Wrong number of arguments in throttle configuration.'],
    ['normal', 'Wrong number of arguments in throttle configuration.'],
    ['master 1 1', 'Invalid client class specified in throttle configuration.'],
    ['normal x 1', 'Error in commands or bytes per second in throttle configuration.'],
    ['normal 1 x', 'Error in commands or bytes per second in throttle configuration.'],
    ['normal -1 1', 'Error in commands or bytes per second in throttle configuration.'],
    ['normal 1 1 normal -1 1', 'Error in commands or bytes per second in throttle configuration.'],
  ])('refuses "%s"', async (value, error) => {
    const server = await TestServer.start();
    const client = server.connect();
    expect((await client.call(['CONFIG', 'SET', 'client-throttle', value])).raw).toBe(
      `-ERR CONFIG SET failed (possibly related to argument 'client-throttle') - ${error}\r\n`,
    );
    await server.close();
  });

  test('nobody is slowed down without it, and CLIENT LIST is that of Redis', async () => {
    const server = await startServer();
    const client = server.connect();
    for (let i = 0; i < 100; i++) await client.call('PING');
    expect((await client.value('CLIENT', 'INFO')) as string).not.toContain('throttled');
  });
});
