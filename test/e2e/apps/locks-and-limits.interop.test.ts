// Locks and rate limits: short scripts that must be exact under contention, and commands that a program defines itself.

import { createRequire } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { onEachServer } from './on-each-server.ts';

interface Lock {
  unlock(): Promise<void>;
  extend(ttlMs: number): Promise<Lock>;
}
type Redlock = new (
  clients: Redis[],
  options: object,
) => { lock(resource: string | string[], ttlMs: number): Promise<Lock> };

// It has no types of its own.
const Redlock = createRequire(import.meta.url)('redlock') as Redlock;

interface WithCommands {
  addAndList(key: string, ...members: string[]): Promise<string[]>;
  moveIfAbove(from: string, to: string, limit: number): Promise<number>;
}

onEachServer('redlock', (port) => {
  let clients: Redis[];
  beforeEach(async () => {
    clients = Array.from({ length: 4 }, () => new Redis(port(), '127.0.0.1'));
    await clients[0]!.flushall();
  });
  afterEach(() => {
    for (const client of clients) client.disconnect();
  });

  test('nobody is in the same place at the same time', async () => {
    let inside = 0;
    let most = 0;
    let entered = 0;
    await Promise.all(
      clients.map(async (client) => {
        const redlock = new Redlock([client], { retryCount: 1000, retryDelay: 2, retryJitter: 3 });
        for (let i = 0; i < 20; i++) {
          const lock = await redlock.lock('locks:one', 5000);
          most = Math.max(most, ++inside);
          await setTimeout(1);
          entered++;
          inside--;
          await lock.unlock();
        }
      }),
    );
    expect([most, entered]).toEqual([1, 80]);
    expect(await clients[0]!.exists('locks:one')).toBe(0);
  });

  test('a lock ends with its time, can be extended, and is freed by its holder only', async () => {
    const redlock = new Redlock([clients[0]!], { retryCount: 0 });
    const lock = await redlock.lock(['a', 'b'], 150);
    await expect(redlock.lock('b', 100)).rejects.toThrow();
    const longer = await lock.extend(400);
    await setTimeout(250);
    await expect(redlock.lock('a', 100)).rejects.toThrow();
    await setTimeout(250);
    const next = await redlock.lock('a', 1000);
    await expect(longer.unlock()).rejects.toThrow();
    await next.unlock();
  });
});

onEachServer('rate-limiter-flexible', (port) => {
  let redis: Redis;
  beforeEach(async () => {
    redis = new Redis(port(), '127.0.0.1');
    await redis.flushall();
  });
  afterEach(() => redis.disconnect());

  test('counts exactly under contention', async () => {
    const limiter = new RateLimiterRedis({ storeClient: redis, points: 50, duration: 60, keyPrefix: 'rl' });
    const results = await Promise.allSettled(Array.from({ length: 120 }, () => limiter.consume('user')));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(50);
    const refused = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
    const { remainingPoints, msBeforeNext } = refused.reason as RateLimiterRes;
    expect(remainingPoints).toBe(0);
    expect(msBeforeNext).toBeGreaterThan(50_000);
    expect((await limiter.get('user'))!.consumedPoints).toBe(120);
    await limiter.reward('user', 100);
    await limiter.consume('user', 5);
    expect(await limiter.delete('user')).toBe(true);
    expect(await limiter.get('user')).toBe(null);
  });

  test('blocks, and begins anew when its time is over', async () => {
    const limiter = new RateLimiterRedis({ storeClient: redis, points: 2, duration: 1, blockDuration: 1 });
    await limiter.consume('k');
    await limiter.consume('k');
    await expect(limiter.consume('k')).rejects.toMatchObject({ remainingPoints: 0 });
    await setTimeout(1200);
    expect(await limiter.consume('k')).toMatchObject({ remainingPoints: 1 });
  });
});

onEachServer('ioredis with commands of its own', (port) => {
  let redis: Redis & WithCommands;
  beforeEach(async () => {
    redis = new Redis(port(), '127.0.0.1', {
      scripts: {
        addAndList: {
          numberOfKeys: 1,
          lua: "redis.call('SADD', KEYS[1], unpack(ARGV)); local m = redis.call('SMEMBERS', KEYS[1]); table.sort(m); return m",
        },
        moveIfAbove: {
          numberOfKeys: 2,
          lua: `
            local value = tonumber(redis.call('GET', KEYS[1]) or '0')
            if value <= tonumber(ARGV[1]) then return redis.error_reply('LOW only ' .. value) end
            redis.call('DECRBY', KEYS[1], value)
            return redis.call('INCRBY', KEYS[2], value)`,
        },
      },
    }) as Redis & WithCommands;
    await redis.flushall();
    await redis.script('FLUSH');
  });
  afterEach(() => redis.disconnect());

  test('by their digest, sent once', async () => {
    for (let i = 0; i < 5; i++) expect(await redis.addAndList('s', 'b', 'a')).toEqual(['a', 'b']);
    const info = await redis.info('commandstats');
    expect(/cmdstat_eval:calls=(\d+)/.exec(info)![1]).toBe('1');
    expect(Number(/cmdstat_evalsha:calls=(\d+)/.exec(info)![1])).toBeGreaterThanOrEqual(4);
  });

  test('in pipelines and transactions, errors included', async () => {
    await redis.set('from', 10);
    const pipeline = redis.pipeline() as unknown as WithCommands & {
      get(key: string): void;
      exec(): Promise<[Error | null, unknown][]>;
    };
    void pipeline.moveIfAbove('from', 'to', 5);
    void pipeline.moveIfAbove('from', 'to', 5);
    pipeline.get('to');
    const [moved, refused, value] = await pipeline.exec();
    expect(moved).toEqual([null, 10]);
    expect(refused![0]!.message).toMatch(/^LOW only 0/);
    expect(value).toEqual([null, '10']);
    const multi = redis.multi() as unknown as typeof pipeline;
    void multi.addAndList('set', 'x');
    multi.get('to');
    expect(await multi.exec()).toEqual([
      [null, ['x']],
      [null, '10'],
    ]);
  });

  test('a thousand at once add up', async () => {
    await redis.set('from', 1_000_000);
    await Promise.all(
      Array.from({ length: 1000 }, (_, i) =>
        redis.eval("return redis.call('INCRBY', KEYS[1], ARGV[1])", 1, 'sum', i),
      ),
    );
    expect(await redis.get('sum')).toBe('499500');
  });
});
