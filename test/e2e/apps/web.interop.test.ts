// What web applications keep in the server: sessions, and the messages between the processes of a socket.io application.

import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { RedisStore } from 'connect-redis';
import { createClient } from 'redis';
import { Server } from 'socket.io';
import { io, type Socket } from 'socket.io-client';
import { afterEach, expect, test } from 'vitest';
import { onEachServer } from './on-each-server.ts';

onEachServer('connect-redis', (port) => {
  test('sessions are kept, touched, listed and destroyed', async () => {
    const client = createClient({ socket: { port: port(), host: '127.0.0.1' } });
    await client.connect();
    const store = new RedisStore({ client, prefix: 'sess:', ttl: 100 });
    const session = (user: string) => ({ user, cookie: { originalMaxAge: null } }) as never;
    for (let i = 0; i < 250; i++) await store.set(`id${i}`, session(`user${i}`));
    expect(await store.get('id7')).toMatchObject({ user: 'user7' });
    expect(await store.get('nobody')).toBeFalsy();
    expect(await client.ttl('sess:id7')).toBe(100);
    await client.expire('sess:id7', 5);
    await store.touch('id7', session('user7'));
    expect(await client.ttl('sess:id7')).toBe(100);
    expect(await store.length()).toBe(250);
    expect(new Set(await store.ids()).size).toBe(250);
    expect(await store.all()).toHaveLength(250);
    await store.destroy('id7');
    expect(await store.get('id7')).toBeFalsy();
    await store.clear();
    expect(await store.length()).toBe(0);
    client.destroy();
  });
});

onEachServer('@socket.io/redis-adapter', (port) => {
  const toClose: (() => unknown)[] = [];

  afterEach(async () => {
    for (const close of toClose.splice(0).reverse()) await close();
  });

  /** A process of the application: a server with an adapter, and a browser that has connected to it. */
  async function openNode(kind: 'plain' | 'sharded'): Promise<{ server: Server; browser: Socket }> {
    const publisher = createClient({ socket: { port: port(), host: '127.0.0.1' } });
    const subscriber = publisher.duplicate();
    await Promise.all([publisher.connect(), subscriber.connect()]);
    const http: HttpServer = createServer();
    const adapter =
      kind === 'plain' ? createAdapter(publisher, subscriber) : createShardedAdapter(publisher, subscriber);
    const server = new Server(http, { adapter });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const connected = new Promise<void>((resolve) =>
      server.once('connection', async (socket) => {
        await socket.join('room');
        resolve();
      }),
    );
    const browser = io(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, {
      transports: ['websocket'],
    });
    await connected;
    toClose.push(
      () => publisher.close(),
      () => subscriber.close(),
      () => server.close(),
      () => browser.disconnect(),
    );
    return { server, browser };
  }

  test.each(['plain', 'sharded'] as const)(
    '%s: rooms, requests and events across processes',
    async (kind) => {
      const nodes = [await openNode(kind), await openNode(kind), await openNode(kind)];
      const [first] = nodes;
      await expect.poll(async () => (await first!.server.fetchSockets()).length, { timeout: 5000 }).toBe(3);
      const heard = nodes.map(
        ({ browser }) =>
          new Promise<unknown>((resolve) => {
            browser.once('news', (...args) => resolve(args));
          }),
      );
      first!.server.to('room').emit('news', { text: 'hello', bytes: Buffer.from([0, 255]) }, 7);
      for (const args of await Promise.all(heard)) {
        expect(args).toEqual([{ text: 'hello', bytes: Buffer.from([0, 255]) }, 7]);
      }
      for (const { browser } of nodes) browser.on('question', (answer) => answer(browser.id));
      const answers = await first!.server.timeout(5000).emitWithAck('question');
      expect([...answers].sort()).toEqual(nodes.map(({ browser }) => browser.id!).sort());
      first!.server.socketsLeave('room');
      await expect
        .poll(async () => (await first!.server.in('room').fetchSockets()).length, { timeout: 5000 })
        .toBe(0);
      for (const { server } of nodes.slice(1))
        server.on('who', (reply: (text: string) => void) => reply('me'));
      expect(await first!.server.serverSideEmitWithAck('who')).toEqual(['me', 'me']);
    },
  );
});
