// The client libraries that most programs use, ioredis and node-redis, with their defaults.

import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { OurProcess } from '../support/our-process.ts';

let ours: OurProcess;

beforeAll(async () => {
  ours = await OurProcess.start();
});

afterAll(() => ours.stop());

beforeEach(async () => {
  const client = await ours.connect();
  await client.call('FLUSHALL');
  client.close();
});

describe('ioredis', () => {
  let redis: Redis;

  beforeAll(async () => {
    redis = new Redis(ours.port, '127.0.0.1');
    await redis.ping();
  });

  afterAll(async () => {
    expect(await redis.quit()).toBe('OK');
  });

  test('strings, counters, expiry', async () => {
    expect(await redis.set('k', 'v', 'EX', 100)).toBe('OK');
    expect(await redis.get('k')).toBe('v');
    expect(await redis.ttl('k')).toBeGreaterThan(90);
    expect(await redis.incrby('n', 5)).toBe(5);
    expect(await redis.incrbyfloat('f', 0.5)).toBe('0.5');
    expect(await redis.mget('k', 'nothing', 'n')).toEqual(['v', null, '5']);
    expect(await redis.getBuffer('k')).toEqual(Buffer.from('v'));
    expect(await redis.set('binary', Buffer.from([0, 255, 13, 10]))).toBe('OK');
    expect(await redis.getBuffer('binary')).toEqual(Buffer.from([0, 255, 13, 10]));
    expect(await redis.del('k', 'n', 'nothing')).toBe(2);
  });

  test('an error is an error', async () => {
    await redis.set('k', 'v');
    await expect(redis.incr('k')).rejects.toThrow('ERR value is not an integer or out of range');
    await expect(redis.call('nosuch', 'x')).rejects.toThrow("ERR unknown command 'nosuch'");
  });

  test('pipelines and transactions', async () => {
    const piped = await redis.pipeline().set('a', 1).incr('a').get('a').exec();
    expect(piped).toEqual([
      [null, 'OK'],
      [null, 2],
      [null, '2'],
    ]);
    expect(await redis.multi().set('b', 1).incr('b').exec()).toEqual([
      [null, 'OK'],
      [null, 2],
    ]);
    await redis.watch('b');
    const other = redis.duplicate();
    await other.set('b', 'changed');
    expect(await redis.multi().get('b').exec()).toBe(null);
    other.disconnect();
  });

  test('a walk over a thousand keys', async () => {
    const pipeline = redis.pipeline();
    for (let i = 0; i < 1000; i++) pipeline.set(`key:${i}`, i);
    await pipeline.exec();
    const found = new Set<string>();
    for await (const keys of redis.scanStream({ match: 'key:*', count: 100 })) {
      for (const key of keys as string[]) found.add(key);
    }
    expect(found.size).toBe(1000);
  });

  test('a connection that is cut is made again', async () => {
    const other = redis.duplicate({ retryStrategy: () => 10 });
    await other.set('k', 'before');
    const id = await other.client('ID');
    await redis.client('KILL', 'ID', id);
    expect(await other.get('k')).toBe('before');
    expect(await other.client('ID')).not.toBe(id);
    other.disconnect();
  });

  test('a large value comes back whole', async () => {
    const large = Buffer.alloc(5_000_000, 'abcdefg');
    await redis.set('large', large);
    expect(large.equals((await redis.getBuffer('large'))!)).toBe(true);
  });

  test('database, name and information', async () => {
    const other = new Redis(ours.port, '127.0.0.1', { db: 5, connectionName: 'tester' });
    await other.set('k', 'in five');
    expect(await other.client('GETNAME')).toBe('tester');
    expect(await redis.get('k')).toBe(null);
    expect(await redis.info('keyspace')).toContain('db5:keys=1');
    other.disconnect();
  });
});

describe('node-redis', () => {
  const connected = async () => {
    const client = createClient({ url: `redis://127.0.0.1:${ours.port}` });
    await client.connect();
    return client;
  };
  let client: Awaited<ReturnType<typeof connected>>;

  beforeAll(async () => {
    client = await connected();
  });

  afterAll(async () => {
    await client.close();
  });

  test('strings, counters, expiry', async () => {
    expect(await client.set('k', 'v', { expiration: { type: 'EX', value: 100 } })).toBe('OK');
    expect(await client.get('k')).toBe('v');
    expect(await client.ttl('k')).toBeGreaterThan(90);
    expect(await client.incrBy('n', 5)).toBe(5);
    expect(await client.mGet(['k', 'nothing'])).toEqual(['v', null]);
    expect(await client.exists(['k', 'n', 'nothing'])).toBe(2);
    expect(await client.getDel('k')).toBe('v');
    await expect(client.incr('f')).resolves.toBe(1);
  });

  test('an error is an error', async () => {
    await client.set('k', 'v');
    await expect(client.incr('k')).rejects.toThrow('ERR value is not an integer or out of range');
  });

  test('transactions', async () => {
    expect(await client.multi().set('a', '1').incr('a').get('a').exec()).toEqual(['OK', 2, '2']);
    const other = await connected();
    await other.watch('a');
    await client.set('a', 'changed');
    await expect(other.multi().get('a').exec()).rejects.toThrow();
    await other.close();
  });

  test('many requests at once', async () => {
    const replies = await Promise.all(
      Array.from({ length: 2000 }, (_, i) => client.set(`key:${i}`, String(i))),
    );
    expect(new Set(replies)).toEqual(new Set(['OK']));
    expect(await client.dbSize()).toBe(2000);
    let found = 0;
    for await (const keys of client.scanIterator({ COUNT: 100 })) found += keys.length;
    expect(found).toBe(2000);
  });

  test('configuration and information', async () => {
    expect(await client.configGet('maxmemory-samples')).toEqual({ 'maxmemory-samples': '5' });
    expect(await client.info('server')).toContain('redis_version:7.2.4');
    expect(await client.clientId()).toBeGreaterThan(0);
  });
});
