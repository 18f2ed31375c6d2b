// node-redis keeps what it reads: its client-side cache stands on CLIENT TRACKING and lives by the messages that it is sent.

import { BasicClientSideCache, createClient } from 'redis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { OurProcess } from '../support/our-process.ts';

let ours: OurProcess;

beforeAll(async () => {
  ours = await OurProcess.start();
});

afterAll(() => ours.stop());

describe('node-redis with its client-side cache', () => {
  const opened: { destroy(): void }[] = [];

  afterEach(() => {
    for (const client of opened.splice(0)) client.destroy();
  });

  async function connect(cache?: BasicClientSideCache) {
    const client = createClient({
      RESP: 3,
      socket: { port: ours.port, host: '127.0.0.1' },
      ...(cache === undefined ? {} : { clientSideCache: cache }),
    });
    await client.connect();
    opened.push(client);
    return client;
  }

  /** Waits until a cache has let go of what has changed. */
  async function until(isSo: () => Promise<boolean>): Promise<void> {
    await expect.poll(isSo, { timeout: 5000, interval: 5 }).toBe(true);
  }

  test('reads once, until another client writes', async () => {
    const cache = new BasicClientSideCache({ ttl: 0, maxEntries: 0 });
    const reader = await connect(cache);
    const writer = await connect();
    await writer.set('k', 'one');
    for (let i = 0; i < 10; i++) expect(await reader.get('k')).toBe('one');
    expect(cache.stats()).toMatchObject({ hitCount: 9, missCount: 1 });
    await writer.set('k', 'two');
    await until(async () => (await reader.get('k')) === 'two');
    for (let i = 0; i < 10; i++) expect(await reader.get('k')).toBe('two');
    expect(cache.stats().missCount).toBe(2);
  });

  test('what expires, is flushed or written by itself leaves the cache', async () => {
    const cache = new BasicClientSideCache({ ttl: 0, maxEntries: 0 });
    const reader = await connect(cache);
    const writer = await connect();
    await writer.set('short', 'lived', { expiration: { type: 'PX', value: 50 } });
    expect(await reader.get('short')).toBe('lived');
    await until(async () => (await reader.get('short')) === null);
    await writer.hSet('h', { a: '1' });
    expect(await reader.hGetAll('h')).toEqual({ a: '1' });
    await writer.flushAll();
    await until(async () => Object.keys(await reader.hGetAll('h')).length === 0);
    await reader.set('own', '1');
    expect(await reader.get('own')).toBe('1');
    await reader.set('own', '2');
    await until(async () => (await reader.get('own')) === '2');
  });

  test('many clients with caches agree in the end', async () => {
    const readers = await Promise.all(
      Array.from({ length: 20 }, () => connect(new BasicClientSideCache({ ttl: 0, maxEntries: 0 }))),
    );
    const writer = await connect();
    for (let round = 0; round < 20; round++) {
      await writer.mSet({ a: `${round}`, b: `${round}` });
      await Promise.all(readers.map((reader) => reader.mGet(['a', 'b'])));
    }
    await until(async () => {
      const seen = await Promise.all(readers.map((reader) => reader.get('a')));
      return seen.every((value) => value === '19');
    });
  });
});
