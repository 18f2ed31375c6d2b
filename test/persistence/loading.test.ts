// The data set is loaded in slices while the server answers: who is let through meanwhile, what INFO says, how it ends,
// and how an embedded server keeps its data. A delay for each key and a clock in the test's hand make loading slow.

import { describe, expect, onTestFinished, test } from 'vitest';
import { type CreateServerOptions, createServer } from '../../src/index.ts';
import { TestClient } from '../support/test-client.ts';
import { START_MS, VirtualRuntime } from '../support/virtual-runtime.ts';

const KEYS = 100;
const LOADING = { type: 'error', text: 'LOADING Redis is loading the dataset in memory' };
const SLOW = { 'key-load-delay': '100000', 'loading-process-events-interval-bytes': 1024 };

async function start(runtime: VirtualRuntime, options: CreateServerOptions = {}) {
  const lines: string[] = [];
  const server = await createServer({
    runtime,
    directory: '/data',
    log: (line) => lines.push(line.replace(/^.*? [#*.-] /, '').trimEnd()),
    ...options,
    config: { 'enable-debug-command': 'yes', ...options.config },
  });
  const connect = () => new TestClient(server.connect());
  return { client: connect(), connect, lines, server };
}

/** A disk with a file of `KEYS` keys. */
async function savedData(): Promise<VirtualRuntime> {
  const runtime = new VirtualRuntime();
  const { client, server } = await start(runtime);
  await client.call(`DEBUG POPULATE ${KEYS} key 50`);
  await server.close();
  return runtime;
}

async function slowly(config: CreateServerOptions['config'] = {}) {
  const runtime = await savedData();
  const started = await start(runtime, { servesWhileLoading: true, config: { ...SLOW, ...config } });
  onTestFinished(() => started.server.close().catch(() => {}));
  return { ...started, runtime };
}

/** The clock moves on while slices wait. */
async function pass(runtime: VirtualRuntime, ms: number): Promise<void> {
  for (let at = 0; at < ms; at += 100) await runtime.advance(Math.min(100, ms - at));
}

describe('an embedded server with a directory', () => {
  test('saves when it is closed, and loads when it starts', async () => {
    const runtime = await savedData();
    expect([...runtime.disk.files.keys()]).toEqual(['/data/dump.rdb']);
    const { client, lines, server } = await start(runtime);
    expect(await client.value('DBSIZE')).toBe(KEYS);
    expect(lines.at(-1)).toMatch(/^DB loaded from disk: \d\.\d{3} seconds$/);
    expect(lines).toContain(`Done loading RDB, keys loaded: ${KEYS}, keys expired: 0.`);
    expect(await client.value('INFO', 'persistence')).toContain(`rdb_last_load_keys_loaded:${KEYS}\r\n`);
    await server.close();
  });

  test('starts empty where there is nothing', async () => {
    const runtime = new VirtualRuntime();
    const { client, lines, server } = await start(runtime);
    expect(await client.value('DBSIZE')).toBe(0);
    expect(lines).toEqual([]);
    await server.close();
  });

  test('keeps append-only files there as well', async () => {
    const runtime = new VirtualRuntime();
    const options = { config: { appendonly: true, save: '' } };
    const first = await start(runtime, options);
    await first.client.pipeline(['SET a 1', 'INCR a']);
    await first.server.close();
    expect([...runtime.disk.files.keys()].every((path) => path.startsWith('/data/appendonlydir/'))).toBe(
      true,
    );
    const second = await start(runtime, options);
    expect(await second.client.value('GET', 'a')).toBe('2');
    expect(second.lines.some((line) => line.startsWith('DB loaded from append only file'))).toBe(true);
    await second.server.close();
  });

  test('without save points nothing is saved at the end', async () => {
    const runtime = new VirtualRuntime();
    const { client, server } = await start(runtime, { config: { save: '' } });
    await client.call('SET a 1');
    await server.close();
    expect([...runtime.disk.files.keys()]).toEqual([]);
  });

  test('a close that cannot save says so, and the server goes on', async () => {
    const runtime = await savedData();
    const { client, lines, server } = await start(runtime);
    runtime.disk.fail('writeSync', 'ENOSPC');
    await expect(server.close()).rejects.toThrow('cannot be saved');
    expect(lines).toContain("Error trying to save the DB, can't exit.");
    expect(await client.value('DBSIZE')).toBe(KEYS);
    await server.close();
  });

  test.each([
    ['damaged', (text: string) => text.slice(0, -20), 'Terminating server after rdb file reading failure.'],
    ['no RDB file', () => 'REDISXXXX', 'Fatal error loading the DB, check server logs. Exiting.'],
  ])('a file that is %s is no data to start with', async (_what, spoil, words) => {
    const runtime = await savedData();
    runtime.disk.write('/data/dump.rdb', spoil(runtime.disk.read('/data/dump.rdb')!));
    const before = runtime.disk.read('/data/dump.rdb');
    const lines: string[] = [];
    const starting = createServer({ runtime, directory: '/data', log: (line) => lines.push(line) });
    await expect(starting).rejects.toThrow('cannot be loaded');
    expect(lines.at(-1)).toContain(words);
    expect(runtime.disk.read('/data/dump.rdb')).toBe(before);
  });

  test('SHUTDOWN saves, and close after it does not', async () => {
    const runtime = await savedData();
    const { client, lines, server } = await start(runtime);
    await client.call('SET another 1');
    client.send('SHUTDOWN');
    await client.whenClosed();
    await server.close();
    expect(lines.filter((line) => line === 'DB saved on disk')).toHaveLength(1);
    expect(runtime.disk.read('/data/dump.rdb')).toContain('another');
  });
});

describe('while a data set is loaded', () => {
  test('only commands with the flag run', async () => {
    const { client, runtime, server } = await slowly();
    for (const request of [
      'GET key:1',
      'SET a 1',
      'DBSIZE',
      'SAVE',
      'BGSAVE',
      'FLUSHALL',
      'KEYS *',
      'CONFIG RESETSTAT',
    ]) {
      expect([request, (await client.call(request)).reply]).toEqual([
        request,
        request.startsWith('CONFIG') ? { type: 'simple', text: 'OK' } : LOADING,
      ]);
    }
    expect((await client.call('PING')).reply).toEqual(LOADING);
    expect((await client.call('ECHO x')).reply.type).not.toBe('error');
    expect((await client.call('INFO')).reply.type).toBe('bulk');
    expect((await client.call('CLIENT ID')).reply.type).toBe('integer');
    expect(await client.value('LASTSAVE')).toBe(START_MS / 1000);
    await pass(runtime, KEYS * 100 + 100);
    await server.ready;
    expect(await client.value('DBSIZE')).toBe(KEYS);
    expect(await client.value('PING')).toBe('PONG');
  });

  test('a transaction is refused for what is in it', async () => {
    const { client } = await slowly();
    const replies = await client.pipeline(['MULTI', 'GET key:1', 'EXEC', 'MULTI', 'TIME', 'EXEC']);
    expect(replies.map(({ reply }) => reply)).toMatchObject([
      { type: 'simple', text: 'OK' },
      LOADING,
      { type: 'error', text: 'EXECABORT Transaction discarded because of previous errors.' },
      { type: 'simple', text: 'OK' },
      { type: 'simple', text: 'QUEUED' },
      { type: 'array' },
    ]);
  });

  test('INFO says how far it is', async () => {
    const { client, runtime } = await slowly();
    const size = runtime.disk.read('/data/dump.rdb')!.length;
    const fields = async () => {
      const text = (await client.value('INFO', 'persistence')) as string;
      return new Map(text.split('\r\n').map((line) => line.split(':') as [string, string]));
    };
    const first = await fields();
    expect(first.get('loading')).toBe('1');
    expect(first.get('async_loading')).toBe('0');
    expect(first.get('loading_start_time')).toBe(String(START_MS / 1000));
    expect(first.get('loading_total_bytes')).toBe(String(size));
    expect(first.get('loading_eta_seconds')).toBe('1');
    expect([...first.keys()].slice(-7)).toEqual([
      'loading_start_time',
      'loading_total_bytes',
      'loading_rdb_used_mem',
      'loading_loaded_bytes',
      'loading_loaded_perc',
      'loading_eta_seconds',
      '',
    ]);
    await pass(runtime, 5000);
    const half = await fields();
    const loaded = Number(half.get('loading_loaded_bytes'));
    expect(loaded / size).toBeGreaterThan(0.4);
    expect(loaded / size).toBeLessThan(0.6);
    expect(half.get('loading_loaded_perc')).toBe(((100 * loaded) / size).toFixed(2));
    expect(Number(half.get('loading_rdb_used_mem'))).toBeGreaterThan(0);
    expect(half.get('loading_eta_seconds')).toBe(String(Math.floor((5 * (size - loaded)) / (loaded + 1))));
    await pass(runtime, 6000);
    const done = await fields();
    expect(done.get('loading')).toBe('0');
    expect(done.has('loading_start_time')).toBe(false);
  });

  test('the log says so every few seconds', async () => {
    const { lines, runtime } = await slowly();
    await pass(runtime, 6000);
    expect(lines.filter((line) => /^Loading: \d+\.\d%, 0\.0 of 0\.0 MB read$/.test(line))).toHaveLength(1);
  });

  test('directives that decide where data are cannot be changed', async () => {
    const { client } = await slowly({ 'enable-protected-configs': 'yes' });
    for (const [name, value] of [
      ['dir', '/'],
      ['appendonly', 'yes'],
    ]) {
      expect((await client.call(['CONFIG', 'SET', name!, value!])).reply).toEqual(LOADING);
    }
    expect(await client.value('CONFIG', 'SET', 'maxclients', '100')).toBe('OK');
  });

  test('SHUTDOWN ends the server without touching the file', async () => {
    const { client, lines, runtime, server } = await slowly();
    await pass(runtime, 500);
    const before = runtime.disk.read('/data/dump.rdb');
    client.send('SHUTDOWN SAVE');
    await client.whenClosed();
    expect(lines.at(-1)).toBe('User requested shutdown...');
    expect(runtime.disk.read('/data/dump.rdb')).toBe(before);
    await server.close();
    await runtime.advance(1000);
    expect(runtime.timerCount).toBe(0);
  });

  test('keys do not expire, and are gone right after', async () => {
    const runtime = await savedData();
    const first = await start(runtime);
    await first.client.call(['SET', 'short', '1', 'PX', '2000']);
    await first.server.close();
    const { client, server } = await start(runtime, { servesWhileLoading: true, config: SLOW });
    await pass(runtime, KEYS * 100 + 1000);
    await server.ready;
    expect(await client.value('DBSIZE')).toBe(KEYS);
    expect(await client.value('INFO', 'stats')).toContain('expired_keys:1\r\n');
    await server.close();
  });
});

describe('DEBUG RELOAD', () => {
  test('waits for slow keys while everybody waits', async () => {
    const runtime = await savedData();
    const { client, lines, server } = await start(runtime);
    await client.call('CONFIG SET key-load-delay 10000');
    const before = runtime.clock.nowMs();
    expect(await client.value('DEBUG', 'RELOAD')).toBe('OK');
    expect(runtime.clock.nowMs() - before).toBeGreaterThanOrEqual(KEYS * 10 - 10);
    expect(lines.at(-1)).toBe('DB reloaded by DEBUG RELOAD');
    expect(await client.value('PING')).toBe('PONG');
    await server.close();
  });
});
