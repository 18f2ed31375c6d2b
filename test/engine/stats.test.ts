// The counters of a server and the figures that INFO makes of them.

import { describe, expect, onTestFinished, test } from 'vitest';
import { LatencyHistogram } from '../../src/engine/latency-histogram.ts';
import { humanBytes } from '../../src/engine/memory-figures.ts';
import { Rate, ServerStats } from '../../src/engine/stats.ts';
import type { TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';

describe('a histogram of durations', () => {
  function of(...microseconds: number[]): LatencyHistogram {
    const histogram = new LatencyHistogram();
    for (const duration of microseconds) histogram.record(duration);
    return histogram;
  }

  test('counts a duration of no whole microsecond as one nanosecond', () => {
    expect(of(0, 0.9).percentile(50)).toBe(1);
    expect(of(0).cumulative()).toEqual([[1, 1]]);
  });

  test('keeps two significant digits, at the upper end of the bucket', () => {
    expect(of(1).percentile(50)).toBe(1003);
    expect(of(100).percentile(50)).toBe(100_351);
    expect(of(50_000).percentile(50)).toBe(50_069_503);
    expect(of(100).percentile(0)).toBe(99_840);
  });

  test('never shows more than a second and a bit', () => {
    expect(of(5e6).percentile(100)).toBe(1_002_438_655);
    expect(of(5e6).cumulative()).toEqual([[1_073_741, 1]]);
  });

  test('finds percentiles among many', () => {
    const histogram = of(...Array.from({ length: 100 }, (_, i) => i + 1));
    expect(histogram.percentile(50)).toBe(50_175);
    expect(histogram.percentile(99)).toBe(99_327);
    expect(histogram.percentile(100)).toBe(100_351);
    expect(histogram.count).toBe(100);
  });

  test('adds up to limits that double, without equal neighbours', () => {
    expect(of(1, 1, 2, 3, 1000).cumulative()).toEqual([
      [1, 2],
      [2, 3],
      [4, 4],
      [1056, 5],
    ]);
    expect(of().cumulative()).toEqual([]);
  });
});

test('a rate is the mean of sixteen samples', () => {
  const rate = new Rate();
  rate.sample(0, 1e6);
  for (let i = 1; i <= 16; i++) rate.sample(i * 10, 1e6 + i * 1e5);
  expect(rate.perSecond).toBeCloseTo(100);
  for (let i = 17; i <= 24; i++) rate.sample(160, 1e6 + i * 1e5);
  expect(rate.perSecond).toBeCloseTo(50);
});

test('CONFIG RESETSTAT leaves the peak of memory', () => {
  const stats = new ServerStats();
  stats.notePeak(100);
  stats.notePeak(50);
  stats.noteTurn(12);
  stats.reset();
  expect(stats.peakUsedBytes).toBe(100);
  expect(stats.turns).toBe(0);
});

test('too many error codes end the telling apart', () => {
  const stats = new ServerStats();
  for (let i = 0; i < 128; i++) stats.noteError(`CODE${i}`);
  expect([...stats.errorCodes].length).toBe(128);
  stats.noteError('CODE128');
  expect([...stats.errorCodes]).toEqual([['ERRORSTATS_DISABLED', 1]]);
  stats.noteError('CODE1');
  expect([...stats.errorCodes]).toEqual([['ERRORSTATS_DISABLED', 1]]);
  expect(stats.errorReplies).toBe(130);
});

test('bytes for people', () => {
  expect([0, 1023, 1024, 1536, 1024 ** 2, 5 * 1024 ** 3, 2 * 1024 ** 4].map(humanBytes)).toEqual([
    '0B',
    '1023B',
    '1.00K',
    '1.50K',
    '1.00M',
    '5.00G',
    '2.00T',
  ]);
});

describe('INFO', () => {
  async function start() {
    const server = await TestServer.start();
    onTestFinished(() => server.close());
    return { server, client: server.connect() };
  }

  async function figures(client: TestClient, ...sections: string[]): Promise<Map<string, string>> {
    const text = String(await client.value('INFO', ...sections));
    const lines = text.split('\r\n').filter((line) => line.includes(':'));
    return new Map(
      lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
    );
  }

  const number = async (client: TestClient, name: string) => Number((await figures(client)).get(name));

  test('used memory is that of the data, to the byte', async () => {
    const { client } = await start();
    const before = await number(client, 'used_memory_dataset');
    await client.value('SET', 'key', 'x'.repeat(1000));
    const usage = Number(await client.value('MEMORY', 'USAGE', 'key'));
    // MEMORY USAGE counts the key's slot in the table as well, which is no data.
    expect((await number(client, 'used_memory_dataset')) - before).toBe(usage - 4);
    await client.value('DEL', 'key');
    expect(await number(client, 'used_memory_dataset')).toBe(before);
  });

  test('the parts of memory add up', async () => {
    const { client } = await start();
    await client.value('MSET', 'a', '1', 'b', '2');
    const memory = await figures(client, 'memory');
    const of = (name: string) => Number(memory.get(name));
    expect(of('used_memory_overhead') + of('used_memory_dataset')).toBe(of('used_memory'));
    expect(of('used_memory_peak')).toBeGreaterThanOrEqual(of('used_memory'));
    expect(of('allocator_active')).toBeGreaterThanOrEqual(of('allocator_allocated'));
    expect(of('used_memory_startup')).toBeLessThan(of('used_memory'));
    expect(memory.get('mem_allocator')).not.toMatch(/jemalloc/);
  });

  test('counts keys, hits and misses', async () => {
    const { client } = await start();
    await client.value('SET', 'a', '1');
    await client.value('SET', 'b', '1', 'PX', '5000');
    await client.value('GET', 'a');
    await client.value('GET', 'none');
    const info = await figures(client);
    expect(info.get('db0')).toBe('keys=2,expires=1,avg_ttl=5000');
    expect(info.get('keyspace_hits')).toBe('1');
    expect(info.get('keyspace_misses')).toBe('1');
    expect(info.get('total_commands_processed')).toBe('4');
  });

  test('a key that nobody asks for goes on time, and the lag says so', async () => {
    const { server, client } = await start();
    await client.value('SET', 'a', '1', 'PX', '100');
    await server.advance(200);
    const info = await figures(client, 'stats');
    expect(info.get('expired_keys')).toBe('1');
    expect(Number(info.get('expired_lag_ms_max'))).toBeLessThanOrEqual(10);
  });

  test('the periodic duties are turns of the event loop, and can be paused', async () => {
    const server = await TestServer.start({ config: { 'enable-debug-command': 'yes' } });
    onTestFinished(() => server.close());
    const client = server.connect();
    const cycles = async () => Number((await figures(client, 'stats')).get('eventloop_cycles'));
    const before = await cycles();
    await server.advance(1000);
    expect((await cycles()) - before).toBe(11);
    await client.value('DEBUG', 'PAUSE-CRON', '1');
    const paused = await cycles();
    await server.advance(1000);
    expect((await cycles()) - paused).toBe(1);
  });

  test('commands are counted by outcome', async () => {
    const { client } = await start();
    await client.value('SET', 'a', 'x');
    await client.call(['INCR', 'a']);
    await client.call(['GET']);
    const stats = await figures(client, 'commandstats', 'errorstats');
    expect(stats.get('cmdstat_set')).toMatch(
      /^calls=1,usec=\d+,usec_per_call=\d+\.\d\d,rejected_calls=0,failed_calls=0$/,
    );
    expect(stats.get('cmdstat_incr')).toMatch(/^calls=1,.*,rejected_calls=0,failed_calls=1$/);
    expect(stats.get('cmdstat_get')).toBe(
      'calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0',
    );
    expect(stats.get('errorstat_ERR')).toBe('count=2');
  });
});
