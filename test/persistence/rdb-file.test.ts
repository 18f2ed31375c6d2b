// Saving and loading on a disk that a test holds in its hand: what a failure leaves behind, damaged and odd files, deadlines
// and notes of use.

import { describe, expect, onTestFinished, test } from 'vitest';
import { Crc64 } from '../../src/base/checksums.ts';
import { TestServer } from '../support/test-server.ts';
import { START_MS, VirtualRuntime } from '../support/virtual-runtime.ts';
import { length, string } from './old-forms.ts';

const DUMP = '/dump.rdb';

async function start(config: Record<string, string> = {}) {
  const runtime = new VirtualRuntime();
  const server = await TestServer.start({
    runtime,
    config: { 'enable-debug-command': 'yes', dir: '/', ...config },
  });
  onTestFinished(() => server.close());
  return { client: server.connect(), disk: runtime.disk, server };
}

/** A file of these parts, with its checksum. */
function file(...parts: (Buffer | string)[]): string {
  const bytes = Buffer.concat(
    ['REDIS0011', ...parts, '\xff'].map((part) => Buffer.from(part as string, 'latin1')),
  );
  const end = Buffer.alloc(8);
  new Crc64().update(bytes).write(end, 0);
  return Buffer.concat([bytes, end]).toString('latin1');
}

const key = (name: string, value: string) => Buffer.concat([Buffer.from([0]), string(name), string(value)]);

describe('saving', () => {
  test('replaces the file as a whole, and leaves nothing else behind', async () => {
    const { client, disk } = await start();
    await client.call('SET a 1');
    expect(await client.value('SAVE')).toBe('OK');
    expect([...disk.files.keys()]).toContain(DUMP);
    expect([...disk.files.keys()].filter((path) => path.includes('temp'))).toEqual([]);
    expect(disk.files.get(DUMP)!.synced.equals(disk.files.get(DUMP)!.bytes)).toBe(true);
  });

  test.each(['openSync', 'writeSync', 'fsyncSync', 'renameSync'] as const)(
    'a failing %s leaves the old file, and says no more than ERR',
    async (call) => {
      const { client, disk, server } = await start();
      await client.pipeline(['SET a 1', 'SAVE']);
      const before = disk.read(DUMP);
      await client.call('SET a 2');
      disk.fail(call, 'ENOSPC');
      expect((await client.call('SAVE')).reply).toEqual({ type: 'error', text: 'ERR' });
      expect(disk.read(DUMP)).toBe(before);
      expect([...disk.files.keys()].filter((path) => path.includes('temp'))).toEqual([]);
      expect(server.logLines.join('\n')).toContain('No space left on device');
      expect(await client.value('INFO', 'persistence')).toContain('rdb_changes_since_last_save:1');
    },
  );

  test('counts changes from the last save on', async () => {
    const { client } = await start();
    await client.pipeline(['SET a 1', 'SET b 1']);
    expect(await client.value('INFO', 'persistence')).toContain('rdb_changes_since_last_save:2');
    await client.call('SAVE');
    const info = await client.value('INFO', 'persistence');
    expect(info).toContain('rdb_changes_since_last_save:0');
    expect(info).toContain('rdb_saves:1');
    expect(info).toContain(`rdb_last_save_time:${START_MS / 1000}`);
  });

  test('without rdbchecksum zeros stand in its place', async () => {
    const { client, disk, server } = await start({ rdbchecksum: 'no' });
    await client.pipeline(['SET a 1', 'SAVE']);
    expect(disk.read(DUMP)!.endsWith('\xff\0\0\0\0\0\0\0\0')).toBe(true);
    expect(await client.value('DEBUG', 'RELOAD')).toBe('OK');
    expect(server.logLines.join('\n')).not.toContain('Internal error');
  });
});

describe('loading', () => {
  async function load(text: string, config?: Record<string, string>) {
    const started = await start(config);
    started.disk.write(DUMP, text);
    const { reply } = await started.client.call('DEBUG RELOAD NOSAVE');
    return { ...started, reply: reply.type === 'error' ? reply.text : 'OK' };
  }
  const FAILED = 'ERR Error trying to load the RDB dump, check server logs.';

  test('leaves out what has expired, and keeps deadlines of both kinds', async () => {
    const seconds = Buffer.alloc(5);
    seconds[0] = 0xfd;
    seconds.writeInt32LE(2_000_000_000, 1);
    const past = Buffer.alloc(9);
    past[0] = 0xfc;
    past.writeBigInt64LE(5n, 1);
    const { client, reply } = await load(
      file(
        '\xfe',
        length(3),
        '\xfb',
        length(3),
        length(2),
        seconds,
        key('a', '1'),
        past,
        key('b', '2'),
        key('c', '3'),
      ),
    );
    expect(reply).toBe('OK');
    await client.call('SELECT 3');
    expect(await client.value('PEXPIRETIME', 'a')).toBe(2_000_000_000_000);
    expect(await client.value('EXISTS', 'b')).toBe(0);
    expect(await client.value('TTL', 'c')).toBe(-1);
    const info = await client.value('INFO', 'persistence');
    expect(info).toContain('rdb_last_load_keys_expired:1');
    expect(info).toContain('rdb_last_load_keys_loaded:2');
  });

  test('notes of use follow the policy', async () => {
    const text = file('\xf8', length(77), key('idle', '1'), '\xf9\x63', key('often', '1'));
    const lru = await load(text, { 'maxmemory-policy': 'allkeys-lru' });
    expect(await lru.client.value('OBJECT', 'IDLETIME', 'idle')).toBe(77);
    const lfu = await load(text, { 'maxmemory-policy': 'allkeys-lfu' });
    expect(await lfu.client.value('OBJECT', 'FREQ', 'often')).toBe(99);
  });

  test('a list without elements is passed over', async () => {
    const { client, reply, server } = await load(file(key('a', '1'), '\x01', string('none'), length(0)));
    expect(reply).toBe('OK');
    expect(await client.value('DBSIZE')).toBe(1);
    expect(server.logLines.join('\n')).toContain('skipping empty key: none');
  });

  test.each([
    ['no end', file(key('a', '1')).slice(0, -10)],
    ['an unknown opcode', file('\xf0')],
    ['a database that is not there', file('\xfe', length(99), key('a', '1'))],
    ['the same key twice', file(key('a', '1'), key('a', '2'))],
    ['a wrong checksum', `${file(key('a', '1')).slice(0, -1)}!`],
    ['the value of a module', file('\x07', string('m'), length(5))],
  ])('%s is an error', async (_what, text) => {
    const { reply, server } = await load(text);
    expect(reply).toBe(FAILED);
    expect(server.logLines.join('\n')).toContain('Internal error in RDB reading offset');
  });

  test.each([
    ['RADIS0011\xff', 'Wrong signature trying to load DB from file'],
    [file().replace('0011', '0099'), "Can't handle RDB format version 99"],
  ])('%j is no such file', async (text, reason) => {
    const { reply, server } = await load(text);
    expect(reply).toBe(FAILED);
    expect(server.logLines.join('\n')).toContain(reason);
    expect(server.logLines.join('\n')).not.toContain('Internal error');
  });

  test('a number of keys that cannot be is not believed', async () => {
    const { reply } = await load(
      file('\xfb', Buffer.from('\x81\x7f\xff\xff\xff\xff\xff\xff\xff', 'latin1'), length(0)),
    );
    expect(reply).toBe('OK');
  });

  test('a missing file is an error', async () => {
    const { client } = await start();
    expect((await client.call('DEBUG RELOAD NOSAVE')).reply).toEqual({ type: 'error', text: FAILED });
  });

  test('a checksum that is wrong is nothing to those who do not look', async () => {
    const { client, disk } = await start();
    disk.write(DUMP, `${file(key('a', '1')).slice(0, -1)}!`);
    await client.call('DEBUG SET-SKIP-CHECKSUM-VALIDATION 1');
    expect(await client.value('DEBUG', 'RELOAD', 'NOSAVE')).toBe('OK');
    expect(await client.value('GET', 'a')).toBe('1');
  });

  test('a file that is longer than the window is read in pieces', async () => {
    const { client } = await start();
    for (let i = 0; i < 20; i++) await client.call(['SET', `big:${i}`, `${i}`.repeat(50_000)]);
    await client.call(['SET', 'huge', '0123456789abcdef!'.repeat(100_000)]);
    await client.call('CONFIG SET rdbcompression no');
    const digest = await client.value('DEBUG', 'DIGEST');
    expect(await client.value('DEBUG', 'RELOAD')).toBe('OK');
    expect(await client.value('DEBUG', 'DIGEST')).toBe(digest);
  });
});
