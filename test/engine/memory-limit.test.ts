// `maxmemory` at work: what is evicted, who is told, what is refused. Which key goes is in
// test/keyspace/eviction-candidates.test.ts.

import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/parser.ts';
import { Server } from '../../src/server.ts';
import { commandArguments } from '../support/effects.ts';
import { TestClient } from '../support/test-client.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

const OOM = "OOM command not allowed when used memory > 'maxmemory'.";

let runtime: VirtualRuntime;
let server: Server;
let client: TestClient;
let effects: string[] = [];
let events: string[] = [];
let log: string[] = [];
let clients: TestClient[] = [];

beforeEach(() => {
  runtime = new VirtualRuntime();
  const config = new Config(runtime, '/');
  loadConfig(config, runtime.files, {});
  config.assign('notify-keyspace-events', ['Ee']);
  log = [];
  server = new Server({
    runtime,
    config,
    executable: '',
    isEmbedded: true,
    logSink: (line) => log.push(line),
    onShutdown: () => {},
  });
  server.start();
  clients = [];
  client = connect();
  effects = [];
  events = [];
  server.keyEvents.setPublisher((channel, key) => {
    events.push(`${channel.slice(channel.indexOf(':') + 1)} ${key}`);
  });
  server.parts.propagation.addSink({
    effect: (_dbId, bytes, start, end) => effects.push(commandArguments(bytes, start, end).join(' ')),
  });
});

afterEach(async () => {
  for (const each of clients) each.close();
  await server.close();
});

function connect(): TestClient {
  const made = new TestClient(server.connect());
  clients.push(made);
  return made;
}

async function told(request: string | string[], by = client): Promise<unknown> {
  const value = await by.value(...(typeof request === 'string' ? request.split(' ') : request));
  return value instanceof Error ? value.message : value;
}

async function info(field: string): Promise<number> {
  const text = String(await told('INFO everything'));
  return Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(text)![1]);
}

async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await setImmediate();
}

/** Limits memory to what is used now, and so much more. */
async function limit(policy: string, room = 0): Promise<void> {
  const used = await info('used_memory');
  await told(['CONFIG', 'SET', 'maxmemory-policy', policy, 'maxmemory', String(used + room)]);
  await turns();
}

async function fill(count: number, value = 'x'.repeat(100)): Promise<void> {
  await client.pipeline(Array.from({ length: count }, (_, i) => ['SET', `k${i}`, value]));
}

describe('keys', () => {
  test('go before the command that needs their memory, and everybody is told', async () => {
    await fill(20);
    const watching = connect();
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
    await told(['WATCH', ...keys], watching);
    await told('MULTI', watching);
    await limit('allkeys-lru');
    effects = [];
    events = [];
    await told(['SET', 'new', 'y'.repeat(300)]);
    await told('SET other 1');
    const evicted = await info('evicted_keys');
    expect(evicted).toBeGreaterThan(0);
    expect(events.length).toBe(evicted);
    expect(events.every((event) => /^evicted (k\d+|new)$/.test(event))).toBe(true);
    const dels = effects.filter((effect) => effect.startsWith('DEL '));
    expect(dels.map((effect) => effect.slice(4))).toEqual(events.map((event) => event.slice(8)));
    expect(effects.at(-1)).toBe('SET other 1');
    expect(await told('EXEC', watching)).toBeNull();
  });

  test('are told of as UNLINK under lazyfree-lazy-eviction', async () => {
    await fill(20);
    await told('CONFIG SET lazyfree-lazy-eviction yes');
    await limit('allkeys-random');
    effects = [];
    await told(['SET', 'new', 'y'.repeat(300)]);
    await told('PING');
    expect(effects.filter((effect) => effect.startsWith('UNLINK ')).length).toBe(await info('evicted_keys'));
  });

  test('are evicted for the memory of clients too, and memory stays within the limit by one command', async () => {
    await fill(200);
    await limit('allkeys-lru', 2000);
    const { memoryLimit } = server.parts;
    for (let i = 0; i < 120; i++) {
      await told(['SET', `n${i}`, 'y'.repeat(50)]);
      expect(memoryLimit.usedBytes).toBeLessThan(memoryLimit.maxBytes + 300);
    }
    expect(await info('used_memory_peak')).toBeLessThan(memoryLimit.maxBytes + 30_000);
    const before = await info('evicted_keys');
    const other = connect();
    await told('MULTI', other);
    await told(['SET', 'queued', 'z'.repeat(9000)], other);
    await told('PING');
    expect(await info('evicted_keys')).toBeGreaterThan(before + 30);
  });

  test('go on being evicted turn by turn when the time of a command is not enough', async () => {
    await fill(500);
    await told('CONFIG SET maxmemory-policy allkeys-random maxmemory-eviction-tenacity 0');
    await told(`CONFIG SET maxmemory ${(await info('used_memory')) - 40_000}`);
    const left = Number(await told('DBSIZE'));
    expect(left).toBeGreaterThan(200);
    await turns(60);
    expect(Number(await told('DBSIZE'))).toBeLessThan(300);
    expect(await info('current_eviction_exceeded_time')).toBe(0);
  });

  test('that a snapshot has to copy before they go do not make more of them go', async () => {
    await fill(500);
    await told(['RPUSH', 'list', ...Array.from({ length: 2000 }, () => 'x'.repeat(100))]);
    await told('CONFIG SET rdb-key-save-delay 10000000');
    await told('BGSAVE');
    expect(await info('rdb_bgsave_in_progress')).toBe(1);
    await told('DEL list');
    const held = await info('mem_not_counted_for_evict');
    expect(held).toBeGreaterThan(180_000);
    expect(held).toBeLessThan(260_000);
    await told(
      `CONFIG SET maxmemory-policy allkeys-random maxmemory ${(await info('used_memory')) - held - 10_000}`,
    );
    await turns(60);
    expect(await info('mem_not_counted_for_evict')).toBeGreaterThan(held + 5_000);
    expect(Number(await told('DBSIZE'))).toBeGreaterThan(300);
    expect(await info('evicted_keys')).toBeGreaterThan(40);
    await told('CONFIG SET rdb-key-save-delay 0');
    await runtime.advance(20_000);
    expect(await info('rdb_bgsave_in_progress')).toBe(0);
    expect(await info('mem_not_counted_for_evict')).toBe(0);
  });

  test('stay while commands are paused', async () => {
    await fill(50);
    await told('CLIENT PAUSE 100000 WRITE');
    await limit('allkeys-lru', -3000);
    await turns();
    expect(await told('DBSIZE')).toBe(50);
    await told('CLIENT UNPAUSE');
    await told('PING');
    expect(Number(await told('DBSIZE'))).toBeLessThan(50);
  });

  test('that a client caches are invalid before the reply to the command that they go for', async () => {
    await fill(30);
    const caching = connect();
    await caching.call('HELLO 3');
    await told('CLIENT TRACKING ON', caching);
    for (let i = 0; i < 30; i++) await told(`GET k${i}`, caching);
    await limit('allkeys-random', 1000);
    await told(['APPEND', 'k0', 'y'.repeat(3000)]);
    const evicted = await info('evicted_keys');
    caching.pushes.length = 0;
    caching.send(['APPEND', 'k1', 'y'.repeat(3000)]);
    caching.send('DBSIZE');
    await turns();
    const frames = caching.unread
      .split('\r\n')
      .filter((line) => line === 'invalidate' || line.startsWith(':'));
    expect(await info('evicted_keys')).toBeGreaterThan(evicted);
    expect(frames.at(-1)).toMatch(/^:\d+$/);
    expect(frames.at(-2)).toBe('invalidate');
  });
});

describe('without a key that may go', () => {
  beforeEach(async () => {
    await fill(10);
    await told([
      'FUNCTION',
      'LOAD',
      "#!lua name=l\nredis.register_function('f', function() return redis.call('set', 'f', 1) end)",
    ]);
    await limit('noeviction', -1000);
  });

  test('commands that may take memory are refused, others are not', async () => {
    expect(await told('SET a 1')).toBe(OOM);
    expect(await told('LPUSH l 1')).toBe(OOM);
    expect(await told('GET k1')).toBe('x'.repeat(100));
    expect(await told('EXPIRE k1 100')).toBe(1);
    expect(await told('DEL k1')).toBe(1);
    expect(await info('current_eviction_exceeded_time')).toBe(0);
    await runtime.advance(1500);
    expect(await info('current_eviction_exceeded_time')).toBe(1500);
    await told('CONFIG SET maxmemory 0');
    expect(await told('SET a 1')).toBe('OK');
  });

  test('volatile policies evict what has a deadline, and refuse when there is nothing of it left', async () => {
    await told('EXPIRE k1 1000');
    await told('EXPIRE k2 1000');
    await told('CONFIG SET maxmemory-policy volatile-lru');
    await turns();
    expect(await told('EXISTS k1 k2 k3')).toBe(1);
    expect(await told('SET a 1')).toBe(OOM);
  });

  test('MULTI queues nothing, but can be ended', async () => {
    expect(await told('MULTI')).toBe('OK');
    expect(await told('GET k1')).toBe(OOM);
    expect(await told('EXEC')).toBe('EXECABORT Transaction discarded because of previous errors.');
    expect(await told('MULTI')).toBe('OK');
    expect(await told('WATCH k1')).toBe(OOM);
    expect(await told('DISCARD')).toBe('OK');
    expect(await told('MULTI')).toBe('OK');
    expect(await told('RESET')).toBe('RESET');
  });

  test('EXEC is refused for what it would run', async () => {
    await told('CONFIG SET maxmemory 0');
    await told('MULTI');
    await told('SET a 1');
    const other = connect();
    await limitBy(other);
    expect(await told('EXEC')).toBe(`EXECABORT Transaction discarded because of: ${OOM}`);
    await told('CONFIG SET maxmemory 0');
    await told('MULTI');
    await told('GET k1');
    await limitBy(other);
    expect(await told('EXEC')).toEqual(['x'.repeat(100)]);
  });

  test('scripts are refused where they begin to write, unless they say that they may', async () => {
    const set = "redis.call('set', 'a', 1) return 'done'";
    expect(await told(['EVAL', set, '0'])).toContain(OOM);
    expect(await told(['EVAL', "return redis.pcall('set', 'a', 1)", '0'])).toBe(OOM);
    expect(await told(['EVAL', "redis.call('del', 'k1') redis.call('set', 'a', 1) return 'done'", '0'])).toBe(
      'done',
    );
    expect(await told(['EVAL', "return redis.call('get', 'k2')", '0'])).toBe('x'.repeat(100));
    expect(await told(['EVAL', `#!lua\n${set}`, '0'])).toBe(OOM);
    expect(await told(['EVAL', `#!lua flags=allow-oom\n${set}`, '0'])).toBe('done');
    expect(await told(['EVAL', "#!lua flags=no-writes\nreturn redis.call('get', 'k2')", '0'])).toBe(
      'x'.repeat(100),
    );
    expect(await told('FCALL f 0')).toBe(OOM);
  });

  test('a script that EXEC runs is refused by its own flags', async () => {
    await told('CONFIG SET maxmemory 0');
    await told('MULTI');
    await told(['EVAL', '#!lua\nreturn 1', '0']);
    await limitBy(connect());
    expect(await told('EXEC')).toBe(`EXECABORT Transaction discarded because of: ${OOM}`);
  });

  test('a client that waited is refused like any other', async () => {
    await told('CONFIG SET maxmemory 0');
    const waiting = connect();
    waiting.send('BLMOVE from to LEFT LEFT 0');
    const popping = connect();
    popping.send('BLPOP from2 0');
    await turns();
    const other = connect();
    await told('RPUSH src a', other);
    await told('RPUSH src2 b', other);
    await limitBy(other);
    await told('RENAME src from', other);
    await told('RENAME src2 from2', other);
    expect((await waiting.reply()).raw).toBe(`-${OOM}\r\n`);
    expect((await popping.reply()).raw).toContain('from2');
  });

  /** Limits memory by another client, whose memory stays the same. */
  async function limitBy(other: TestClient): Promise<void> {
    await told('CONFIG SET maxmemory 1', other);
    await turns();
  }
});

test('a limit below what is used is warned of', async () => {
  await told('CONFIG SET maxmemory 1000');
  expect(
    log.some((line) => line.includes('the new maxmemory value set via CONFIG SET (1000) is smaller')),
  ).toBe(true);
});

test('a table does not grow beyond the limit, until it is crowded', async () => {
  await client.call(['DEBUG', 'PING']);
  await fill(3072, 'v');
  await limit('allkeys-random', 6000);
  await told('SET one 1');
  await told('SET two 2');
  expect(await told('DBSIZE')).toBe(3074);
  expect(server.parts.keyspace.database(0).dict.tableBytes).toBe(4096 * 4);
});
