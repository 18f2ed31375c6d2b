// Subscribers over the client libraries that most programs use, ioredis and node-redis, in both protocols.

import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { OurProcess } from '../support/our-process.ts';

let ours: OurProcess;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  ours = await OurProcess.start();
});

afterAll(() => ours.stop());

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Gathers until there are so many. */
function gather<T>(count: number): { take: (item: T) => void; all: Promise<T[]> } {
  const items: T[] = [];
  let done: (items: T[]) => void;
  const all = new Promise<T[]>((resolve) => (done = resolve));
  return {
    all,
    take: (item) => {
      items.push(item);
      if (items.length === count) done(items);
    },
  };
}

describe('ioredis', () => {
  const connect = () => {
    const redis = new Redis(ours.port, '127.0.0.1');
    closers.push(() => redis.disconnect());
    return redis;
  };

  test('channels, patterns and shard channels', async () => {
    const [subscriber, publisher] = [connect(), connect()];
    expect(await subscriber.subscribe('news', 'sport')).toBe(2);
    expect(await subscriber.psubscribe('n*')).toBe(3);
    expect(await subscriber.ssubscribe('shard')).toBe(1);
    const { take, all } = gather<string>(4);
    subscriber.on('message', (channel, message) => take(`${channel}: ${message}`));
    subscriber.on('pmessage', (pattern, channel, message) => take(`${pattern} ${channel}: ${message}`));
    subscriber.on('smessage', (channel, message) => take(`shard ${channel}: ${message}`));
    expect(await publisher.publish('news', 'one')).toBe(2);
    expect(await publisher.publish('sport', 'two')).toBe(1);
    expect(await publisher.spublish('shard', 'three')).toBe(1);
    expect(await all).toEqual(['news: one', 'n* news: one', 'sport: two', 'shard shard: three']);
    expect(await subscriber.unsubscribe('news')).toBe(2);
    expect(await publisher.publish('news', 'four')).toBe(1);
  });

  test('bytes', async () => {
    const [subscriber, publisher] = [connect(), connect()];
    const { take, all } = gather<Buffer[]>(1);
    subscriber.on('messageBuffer', (channel: Buffer, message: Buffer) => take([channel, message]));
    const [channel, message] = [Buffer.from([0, 255, 13, 10]), Buffer.from([254, 0, 10])];
    await subscriber.subscribe(channel);
    await publisher.publish(channel, message);
    expect(await all).toEqual([[channel, message]]);
  });

  test('a subscriber whose connection is cut subscribes again', async () => {
    const [subscriber, publisher] = [connect(), connect()];
    await subscriber.subscribe('news');
    expect(await publisher.call('CLIENT', 'KILL', 'TYPE', 'pubsub')).toBe(1);
    const { take, all } = gather<string>(1);
    subscriber.on('message', (_channel, message) => take(message));
    while ((await publisher.publish('news', 'again')) === 0) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(await all).toEqual(['again']);
  });

  test('key events', async () => {
    const [subscriber, client] = [connect(), connect()];
    await client.config('SET', 'notify-keyspace-events', 'Ex$g');
    await subscriber.psubscribe('__keyevent@0__:*');
    const { take, all } = gather<string>(3);
    subscriber.on('pmessage', (_pattern, channel, message) => take(`${channel.split(':')[1]} ${message}`));
    await client.del('nothing');
    await client.set('a', '1', 'PX', 20);
    expect(await all).toEqual(['set a', 'expire a', 'expired a']);
    await client.config('SET', 'notify-keyspace-events', '');
  });
});

describe.each([2, 3] as const)('node-redis, RESP%i', (protocol) => {
  const connect = async () => {
    const client = createClient({ url: `redis://127.0.0.1:${ours.port}`, RESP: protocol });
    await client.connect();
    closers.push(() => client.destroy());
    return client;
  };

  test('channels, patterns and shard channels', async () => {
    const [subscriber, publisher] = [await connect(), await connect()];
    const { take, all } = gather<string>(4);
    const listen = (message: string, channel: string) => take(`${channel}: ${message}`);
    await subscriber.subscribe(['news', 'sport'], listen);
    await subscriber.pSubscribe('n*', listen);
    await subscriber.sSubscribe('shard', listen);
    expect(await publisher.publish('news', 'one')).toBe(2);
    expect(await publisher.publish('sport', 'two')).toBe(1);
    expect(await publisher.sPublish('shard', 'three')).toBe(1);
    expect(await all).toEqual(['news: one', 'news: one', 'sport: two', 'shard: three']);
    expect((await publisher.pubSubChannels()).sort()).toEqual(['news', 'sport']);
    expect(await publisher.pubSubNumSub(['news', 'none'])).toEqual({ news: 1, none: 0 });
    expect(await publisher.pubSubShardChannels()).toEqual(['shard']);
    await subscriber.unsubscribe();
    expect(await publisher.publish('sport', 'four')).toBe(0);
  });

  test('many messages in order', async () => {
    const [subscriber, publisher] = [await connect(), await connect()];
    const { take, all } = gather<string>(5000);
    await subscriber.subscribe('numbers', take);
    const counts = await Promise.all(
      Array.from({ length: 5000 }, (_, i) => publisher.publish('numbers', String(i))),
    );
    expect(new Set(counts)).toEqual(new Set([1]));
    expect(await all).toEqual(Array.from({ length: 5000 }, (_, i) => String(i)));
  });
});

test('node-redis uses a subscribed RESP3 connection for requests as well', async () => {
  const client = createClient({ url: `redis://127.0.0.1:${ours.port}`, RESP: 3 });
  await client.connect();
  closers.push(() => client.destroy());
  const { take, all } = gather<string>(2);
  await client.subscribe('own', take);
  expect(await client.set('k', 'v')).toBe('OK');
  expect(await client.publish('own', 'one')).toBe(1);
  expect(await client.multi().publish('own', 'two').get('k').exec()).toEqual([1, 'v']);
  expect(await all).toEqual(['one', 'two']);
});
