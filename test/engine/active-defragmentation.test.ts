// When active defragmentation runs, how much of the time it takes, when it rests, and what it tells.

import { expect, onTestFinished, test } from 'vitest';
import { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/parser.ts';
import { Server } from '../../src/server.ts';
import { TestClient } from '../support/test-client.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

const KEYS = 10_000;
// Each reading of the clock takes so long: a slice has an end though the test's clock stands still.
const READING_US = 40;

async function start(settings: Readonly<Record<string, string>> = {}) {
  const virtual = new VirtualRuntime();
  let readings = 0;
  const clock = {
    ...virtual.clock,
    monotonicUs: () => virtual.clock.monotonicUs() + READING_US * readings++,
  };
  const runtime = Object.create(virtual, { clock: { value: clock } }) as VirtualRuntime;
  const config = new Config(runtime, '/');
  loadConfig(config, virtual.files, {});
  const all = { dir: '/', 'enable-debug-command': 'yes', 'active-defrag-ignore-bytes': '256kb', ...settings };
  config.assign('save', ['']);
  for (const [name, value] of Object.entries(all)) expect(config.assign(name, [value])).toBe(null);
  const lines: string[] = [];
  const server = new Server({
    runtime,
    config,
    executable: '',
    isEmbedded: true,
    logSink: (line) => lines.push(line),
    onShutdown: () => {},
  });
  server.start();
  onTestFinished(() => server.close());
  const client = new TestClient(server.connect());
  await client.call('CONFIG SET loglevel verbose');
  const field = async (name: string) => {
    const text = String(await client.value('INFO', 'everything'));
    return Number(new RegExp(`^${name}:([\\d.]+)\r$`, 'm').exec(text)?.[1]);
  };
  return { server, virtual, client, lines, field };
}

type Started = Awaited<ReturnType<typeof start>>;

/** Fills the memory, and removes nine keys of ten. */
async function fragment({ client }: Started): Promise<void> {
  for (let i = 0; i < KEYS; i += 1000) {
    await client.pipeline(Array.from({ length: 1000 }, (_, k) => ['SET', `key:${i + k}`, 'x'.repeat(100)]));
  }
  const doomed = Array.from({ length: KEYS }, (_, i) => i).filter((i) => i % 10 !== 0);
  await client.call(['DEL', ...doomed.map((i) => `key:${i}`)]);
}

test('it begins at once, moves what is left together, and tells', async () => {
  const started = await start();
  const { client, virtual, lines, field } = started;
  await fragment(started);
  const digest = await client.value('DEBUG', 'DIGEST');
  expect(await field('allocator_frag_ratio')).toBeGreaterThan(5);
  expect(await field('active_defrag_running')).toBe(0);
  await client.call('CONFIG SET activedefrag yes');
  await virtual.advance(100);
  expect(await field('active_defrag_running')).toBe(25);
  for (let i = 0; i < 200 && (await field('active_defrag_running')) > 0; i++) await virtual.advance(10);
  expect(await field('active_defrag_running')).toBe(0);
  expect(await field('allocator_frag_ratio')).toBeLessThan(1.2);
  expect(await field('active_defrag_hits')).toBeGreaterThan(KEYS / 20);
  expect(await field('active_defrag_key_hits')).toBeGreaterThan(KEYS / 20);
  expect((await field('active_defrag_key_hits')) + (await field('active_defrag_key_misses'))).toBe(KEYS / 10);
  expect(await field('current_active_defrag_time')).toBe(0);
  expect(await client.value('DEBUG', 'DIGEST')).toBe(digest);
  expect(String(await client.value('DEBUG', 'HEAP'))).toContain('unreachable:0 ');
  const told = lines.map((line) => line.slice(line.indexOf(' - ') + 3).trimEnd());
  expect(told).toContainEqual(
    expect.stringMatching(/^Starting active defrag, frag=\d+%, frag_bytes=\d+, cpu=25%$/),
  );
  expect(told).toContainEqual(
    expect.stringMatching(/^Active defrag done in \d+ms, reallocated=\d+, frag=\d+%, frag_bytes=\d+$/),
  );
  await client.call('CONFIG RESETSTAT');
  expect(await field('active_defrag_hits')).toBe(0);
});

test('it leaves alone what is not worth it', async () => {
  const started = await start({ activedefrag: 'yes', 'active-defrag-ignore-bytes': '100mb' });
  await fragment(started);
  await started.virtual.advance(5000);
  expect(await started.field('active_defrag_hits')).toBe(0);
  await started.client.call('CONFIG SET active-defrag-ignore-bytes 256kb active-defrag-threshold-lower 1000');
  await started.virtual.advance(5000);
  expect(await started.field('active_defrag_hits')).toBe(0);
  await started.client.call('CONFIG SET active-defrag-threshold-lower 10');
  await started.virtual.advance(5000);
  expect(await started.field('active_defrag_hits')).toBeGreaterThan(0);
});

test('it rests while a snapshot is taken', async () => {
  const started = await start({ 'rdb-key-save-delay': '1000' });
  const { client, virtual, field } = started;
  await fragment(started);
  await client.call('BGSAVE');
  await client.call('CONFIG SET activedefrag yes');
  await virtual.advance(300);
  expect(await field('rdb_bgsave_in_progress')).toBe(1);
  expect(await field('active_defrag_hits')).toBe(0);
  await client.call('CONFIG SET rdb-key-save-delay 0');
  await virtual.advance(20_000);
  expect(await field('rdb_bgsave_in_progress')).toBe(0);
  expect(await field('active_defrag_hits')).toBeGreaterThan(0);
});

test('it stops when it is switched off, when all data go, and when databases change places', async () => {
  const started = await start();
  const { client, virtual, field, server } = started;
  const { keyspace } = server.parts;
  await fragment(started);
  await client.call('CONFIG SET activedefrag yes');
  await virtual.advance(100);
  expect(keyspace.heap.isEvacuating).toBe(true);
  await client.call('CONFIG SET activedefrag no');
  expect(keyspace.heap.isEvacuating).toBe(false);
  expect(await field('active_defrag_running')).toBe(0);
  await client.call('CONFIG SET activedefrag yes');
  await virtual.advance(100);
  await client.call('SWAPDB 0 3');
  await virtual.advance(50);
  expect(await client.value('DBSIZE')).toBe(0);
  await client.call('FLUSHALL');
  await virtual.advance(50);
  expect(keyspace.heap.isEvacuating).toBe(false);
  await fragment(started);
  await virtual.advance(20_000);
  expect(await client.value('GET', 'key:10')).toBe('x'.repeat(100));
  expect(await field('allocator_frag_ratio')).toBeLessThan(1.2);
});

test('what clients cache is moved too', async () => {
  const started = await start();
  const { client, virtual, server } = started;
  await client.call('HELLO 3');
  const readers = [client, new TestClient(server.connect())];
  await readers[1]!.call('HELLO 3');
  for (let i = 0; i < KEYS; i += 1000) {
    await client.pipeline(Array.from({ length: 1000 }, (_, k) => ['SET', `key:${i + k}`, 'x']));
  }
  for (const reader of readers) {
    await reader.call('CLIENT TRACKING ON');
    for (let i = 0; i < KEYS; i += 1000) {
      await reader.pipeline(Array.from({ length: 1000 }, (_, k) => ['GET', `key:${i + k}`]));
    }
  }
  const writer = new TestClient(server.connect());
  const doomed = Array.from({ length: KEYS }, (_, i) => i).filter((i) => i % 10 !== 0);
  await writer.call(['DEL', ...doomed.map((i) => `key:${i}`)]);
  for (const reader of readers) {
    await reader.call('PING');
    reader.pushes.length = 0;
  }
  const { heap } = server.parts.tracking;
  const activeBytes = heap.activeBytes;
  await client.call('CONFIG SET activedefrag yes');
  await virtual.advance(20_000);
  expect(heap.activeBytes).toBeLessThan(activeBytes / 4);
  const left = Array.from({ length: KEYS / 10 }, (_, i) => `key:${i * 10}`);
  await writer.call(['DEL', ...left]);
  for (const reader of readers) {
    await reader.call('PING');
    expect(new Set(reader.pushes.map(({ raw }) => /key:\d+/.exec(raw)![0]))).toEqual(new Set(left));
  }
});
