// When the data set is saved, how that ends, and what is said of it: SAVE, BGSAVE, save points, failures, FLUSHALL. By a
// clock and a disk that the test holds.

import { describe, expect, onTestFinished, test } from 'vitest';
import { TestServer } from '../support/test-server.ts';
import { START_MS, VirtualRuntime } from '../support/virtual-runtime.ts';

const DUMP = '/dump.rdb';
const SECOND = 1000;
const START_SECONDS = START_MS / 1000;
const MISCONF =
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.";

async function start(config: Record<string, string> = {}, runtime = new VirtualRuntime()) {
  const server = await TestServer.start({
    runtime,
    config: { 'enable-debug-command': 'yes', dir: '/', ...config },
  });
  onTestFinished(() => server.close());
  const client = server.connect();
  const info = async () => {
    const text = (await client.value('INFO', 'persistence')) as string;
    return Object.fromEntries(
      text
        .split('\r\n')
        .filter((line) => line.includes(':'))
        .map((line) => line.split(':') as [string, string]),
    );
  };
  /** Lets the slices of a save go on, and the disk. */
  const settle = async () => {
    for (let i = 0; i < 10; i++) {
      await runtime.advance(3);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const ends = async () => {
    for (let i = 0; i < 1000 && (await info()).rdb_bgsave_in_progress === '1'; i++) await settle();
  };
  const log = () => server.logLines.map((line) => line.replace(/^.*? [#*.-] /, '').trimEnd());
  return { client, disk: runtime.disk, ends, info, log, runtime, server, settle };
}

describe('BGSAVE', () => {
  test('saves what there was when it was asked for, and says so', async () => {
    const { client, disk, ends, info, log, server } = await start();
    await client.call('SET a 1');
    expect(await client.value('BGSAVE')).toBe('Background saving started');
    await client.call('SET a 2');
    await ends();
    expect(log()).toEqual([
      'Background saving started by pid 4711',
      'DB saved on disk',
      'Background saving terminated with success',
    ]);
    expect([...disk.files.keys()]).toEqual([DUMP]);
    expect(disk.files.get(DUMP)!.synced.equals(disk.files.get(DUMP)!.bytes)).toBe(true);
    // What came after the beginning is not saved, and stays counted.
    expect(await info()).toMatchObject({
      rdb_changes_since_last_save: '1',
      rdb_last_bgsave_status: 'ok',
      rdb_last_bgsave_time_sec: '0',
      rdb_saves: '1',
    });
    await client.call('DEBUG RELOAD NOSAVE');
    expect(await client.value('GET', 'a')).toBe('1');
    await server.close();
  });

  test('says what it is about while it runs', async () => {
    const { client, ends, info, log, runtime } = await start({ 'rdb-key-save-delay': '1000000' });
    await client.call('DEBUG POPULATE 10');
    const before = await info();
    expect(before).toMatchObject({
      rdb_bgsave_in_progress: '0',
      rdb_current_bgsave_time_sec: '-1',
      rdb_last_bgsave_time_sec: '-1',
      current_fork_perc: '0.00',
      current_save_keys_processed: '0',
      current_save_keys_total: '0',
    });
    await client.call('BGSAVE');
    await runtime.advance(6.5 * SECOND);
    const during = await info();
    expect(during).toMatchObject({
      rdb_bgsave_in_progress: '1',
      rdb_current_bgsave_time_sec: '6',
      current_save_keys_total: '10',
    });
    expect(Number(during.current_save_keys_processed)).toBeGreaterThanOrEqual(6);
    expect(during.current_fork_perc).toBe(`${Number(during.current_save_keys_processed) * 10}.00`);
    expect(log().some((line) => /^Background saving: \d+ of 10 keys$/.test(line))).toBe(true);
    await runtime.advance(6 * SECOND);
    await ends();
    expect((await info()).rdb_last_bgsave_status).toBe('ok');
    expect(Number((await info()).rdb_last_bgsave_time_sec)).toBeGreaterThanOrEqual(10);
  });

  test('there is one at a time, and SAVE waits for nobody', async () => {
    const { client, ends } = await start();
    const busy = { type: 'error', text: 'ERR Background save already in progress' };
    const replies = await client.pipeline(['BGSAVE', 'BGSAVE', 'SAVE', 'BGSAVE SCHEDULE', 'BGSAVE now']);
    expect(replies.map(({ reply }) => reply)).toEqual([
      { type: 'simple', text: 'Background saving started' },
      busy,
      busy,
      busy,
      { type: 'error', text: 'ERR syntax error' },
    ]);
    await ends();
    expect(await client.value('SAVE')).toBe('OK');
  });

  test('within a transaction it is put off', async () => {
    const { client, ends, info, log, runtime } = await start();
    const replies = await client.pipeline(['MULTI', 'SET a 1', 'BGSAVE', 'SET a 2', 'EXEC']);
    expect(replies.at(-1)!.raw).toBe('*3\r\n+OK\r\n+Background saving scheduled\r\n+OK\r\n');
    expect((await info()).rdb_bgsave_in_progress).toBe('0');
    await runtime.advance(0.2 * SECOND);
    await ends();
    expect(log()).toContain('Background saving terminated with success');
    expect(await info()).toMatchObject({ rdb_changes_since_last_save: '0', rdb_saves: '1' });
  });

  test.each(['openSync', 'writeSync', 'fsyncSync', 'renameSync'] as const)(
    'a failing %s leaves the old file, the count of changes, and no other file',
    async (call) => {
      const { client, disk, ends, info, log } = await start();
      await client.pipeline(['SET a 1', 'SAVE', 'SET a 2']);
      const before = disk.read(DUMP);
      // What is opened first for a rename is the old file, to be let go of.
      disk.fail(call, 'ENOSPC');
      expect(await client.value('BGSAVE')).toBe('Background saving started');
      await ends();
      expect(disk.read(DUMP)).toBe(before);
      expect([...disk.files.keys()]).toEqual([DUMP]);
      expect(log().at(-1)).toBe('Background saving error');
      expect(log().at(-2)).toContain('No space left on device');
      expect(await info()).toMatchObject({
        rdb_changes_since_last_save: '1',
        rdb_last_bgsave_status: 'err',
      });
      expect(await client.value('BGSAVE')).toBe('Background saving started');
      await ends();
      expect(await info()).toMatchObject({ rdb_changes_since_last_save: '0', rdb_last_bgsave_status: 'ok' });
    },
  );
});

describe('save points', () => {
  test('so many changes in so many seconds', async () => {
    const { client, ends, info, log, runtime } = await start({ save: '60 2' });
    await client.call('SET a 1');
    await runtime.advance(100 * SECOND);
    expect(log()).toEqual([]);
    await client.call('SET b 1');
    await runtime.advance(0.2 * SECOND);
    await ends();
    expect(log()).toEqual([
      '2 changes in 60 seconds. Saving...',
      'Background saving started by pid 4711',
      'DB saved on disk',
      'Background saving terminated with success',
    ]);
    expect(await info()).toMatchObject({
      rdb_changes_since_last_save: '0',
      rdb_last_save_time: String(START_SECONDS + 100),
    });
    expect(await client.value('LASTSAVE')).toBe(START_SECONDS + 100);
    // Not before another 60 seconds have passed.
    await client.pipeline(['SET c 1', 'SET d 1']);
    await runtime.advance(59 * SECOND);
    expect(log()).toHaveLength(4);
    await runtime.advance(3 * SECOND);
    await ends();
    expect(log()).toHaveLength(8);
  });

  test('after a failure the next try waits for five seconds', async () => {
    const { client, disk, log, runtime, settle } = await start({ save: '60 1' });
    const tries = () => log().filter((line) => line.endsWith('Saving...')).length;
    await client.call('SET a 1');
    disk.fail('writeSync', 'EIO');
    await runtime.advance(61.5 * SECOND);
    await settle();
    expect(tries()).toBe(1);
    expect(log().at(-1)).toBe('Background saving error');
    await runtime.advance(4 * SECOND);
    expect(tries()).toBe(1);
    await runtime.advance(3 * SECOND);
    await settle();
    expect(tries()).toBe(2);
    expect(log().at(-1)).toBe('Background saving terminated with success');
  });

  test('CONFIG SET save takes effect', async () => {
    const { client, log, runtime } = await start();
    await client.call('SET a 1');
    await runtime.advance(10 * SECOND);
    await client.call(['CONFIG', 'SET', 'save', '1 1']);
    await runtime.advance(1 * SECOND);
    expect(log()[0]).toBe('1 changes in 1 seconds. Saving...');
  });
});

describe('writes are refused after a failed save', () => {
  async function failed(config: Record<string, string> = {}) {
    const started = await start({ save: '3600 1000', ...config });
    const { client, disk, ends } = started;
    await client.call('SET a 1');
    disk.fail('writeSync', 'ENOSPC');
    await client.call('BGSAVE');
    await ends();
    return started;
  }
  const refusal = { type: 'error', text: MISCONF };

  test('with all commands that write, and PING', async () => {
    const { client } = await failed();
    for (const request of ['SET a 2', 'DEL a', 'PING', 'FLUSHALL']) {
      expect((await client.call(request)).reply).toEqual(refusal);
    }
    expect(await client.value('GET', 'a')).toBe('1');
    expect(await client.value('ECHO', 'hi')).toBe('hi');
    expect(await client.value('INFO', 'errorstats')).toContain('errorstat_MISCONF:count=4');
    expect(await client.value('INFO', 'commandstats')).toMatch(/cmdstat_ping:calls=0,.*rejected_calls=1/);
  });

  test('within a transaction', async () => {
    const { client } = await failed();
    const replies = await client.pipeline(['MULTI', 'SET a 2', 'EXEC', 'MULTI', 'GET a', 'EXEC']);
    expect(replies.map(({ raw }) => raw)).toEqual([
      '+OK\r\n',
      `-${MISCONF}\r\n`,
      '-EXECABORT Transaction discarded because of previous errors.\r\n',
      '+OK\r\n',
      '+QUEUED\r\n',
      '*1\r\n$1\r\n1\r\n',
    ]);
  });

  test('a transaction whose writes were queued before', async () => {
    const { client, disk, ends, server, settle } = await start({ save: '3600 1000' });
    await client.pipeline(['MULTI', 'SET a 2']);
    disk.fail('writeSync', 'ENOSPC');
    await server.connect().call('BGSAVE');
    await settle();
    const { reply } = await client.call('EXEC');
    expect(reply).toEqual({
      type: 'error',
      text: `EXECABORT Transaction discarded because of: ${MISCONF}`,
    });
    await ends();
  });

  test('until a save succeeds', async () => {
    const { client, ends } = await failed();
    await client.call('BGSAVE');
    await ends();
    expect(await client.value('SET', 'a', '2')).toBe('OK');
    expect(await client.value('PING')).toBe('PONG');
  });

  test.each([
    ['stop-writes-on-bgsave-error', 'no'],
    ['save', ''],
  ])('not with %s "%s"', async (name, value) => {
    const { client } = await failed();
    await client.call(['CONFIG', 'SET', name, value]);
    expect(await client.value('SET', 'a', '2')).toBe('OK');
    expect(await client.value('PING')).toBe('PONG');
    const back = name === 'save' ? '3600 1000' : 'yes';
    await client.call(['CONFIG', 'SET', name, back]);
    expect((await client.call('PING')).reply).toEqual(refusal);
  });

  test('SAVE that succeeds ends it, SAVE that fails does not begin it', async () => {
    const { client, disk } = await failed();
    expect(await client.value('SAVE')).toBe('OK');
    expect(await client.value('SET', 'a', '3')).toBe('OK');
    disk.fail('writeSync', 'ENOSPC');
    expect((await client.call('SAVE')).reply).toEqual({ type: 'error', text: 'ERR' });
    expect(await client.value('SET', 'a', '4')).toBe('OK');
  });
});

describe('FLUSHALL', () => {
  test('ends a background save, whose keys would come back', async () => {
    const { client, disk, info, log, runtime } = await start({ 'rdb-key-save-delay': '1000000' });
    await client.pipeline(['DEBUG POPULATE 1000', 'BGSAVE']);
    await runtime.advance(2 * SECOND);
    expect([...disk.files.keys()].some((path) => path.startsWith('/temp-4711'))).toBe(true);
    expect(await client.value('FLUSHALL')).toBe('OK');
    expect(await info()).toMatchObject({ rdb_bgsave_in_progress: '0', rdb_last_bgsave_status: 'ok' });
    await runtime.advance(2 * SECOND);
    expect([...disk.files.keys()]).toEqual([]);
    expect(log()).not.toContain('DB saved on disk');
    expect(await client.value('SET', 'a', '1')).toBe('OK');
  });

  test('with save points the empty data set is saved at once', async () => {
    const { client, disk, info, log } = await start({ save: '3600 1000' });
    await client.pipeline(['SET a 1', 'SAVE', 'SET b 1', 'FLUSHALL']);
    expect(log()).toEqual(['DB saved on disk', 'DB saved on disk']);
    expect(await info()).toMatchObject({ rdb_changes_since_last_save: '0', rdb_saves: '1' });
    expect(disk.read(DUMP)).not.toContain('\x01a');
  });

  test('without save points it counts its keys', async () => {
    const { client, info, log } = await start();
    await client.pipeline(['SET a 1', 'SET b 1', 'FLUSHALL']);
    expect(log()).toEqual([]);
    expect((await info()).rdb_changes_since_last_save).toBe('4');
  });

  test('FLUSHDB leaves a background save alone', async () => {
    const { client, ends, log } = await start();
    await client.pipeline(['SET a 1', 'BGSAVE', 'FLUSHDB']);
    await ends();
    expect(log().at(-1)).toBe('Background saving terminated with success');
    await client.call('DEBUG RELOAD NOSAVE');
    expect(await client.value('GET', 'a')).toBe('1');
  });
});

test('DEBUG RELOAD while a background save runs', async () => {
  const { client, ends, info } = await start({ 'rdb-key-save-delay': '1000' });
  await client.pipeline(['DEBUG POPULATE 100', 'SET a 1', 'BGSAVE']);
  await client.call('CONFIG SET rdb-key-save-delay 0');
  expect(await client.value('DEBUG', 'RELOAD')).toBe('OK');
  await client.call('SET a 2');
  await ends();
  expect((await info()).rdb_changes_since_last_save).toBe('1');
  expect(await client.value('DBSIZE')).toBe(101);
});
