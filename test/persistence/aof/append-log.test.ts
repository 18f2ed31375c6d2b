// What is appended and when it is safe: SELECT and annotations, the order of write, fsync and reply under each policy, slow
// disks, and disks that fail for a while or for good.

import { describe, expect, test } from 'vitest';
import { TestClient } from '../../support/test-client.ts';
import {
  type AofServer,
  commands,
  diskWith,
  emptyDisk,
  FOLDER,
  restartAfterKill,
  startAof,
} from './aof-server.ts';

const PATH = `${FOLDER}/appendonly.aof.1.incr.aof`;
const MISCONF = (reason: string) => ({
  type: 'error',
  text: `MISCONF Errors writing to the AOF file: ${reason}`,
});

const appended = ({ disk }: AofServer) => disk.read(PATH);
const isSynced = ({ disk }: AofServer) => {
  const { bytes, synced } = disk.files.get(PATH)!;
  return bytes.equals(synced);
};

type Write = (fd: number, bytes: Buffer, offset: number, length: number) => number;

/** Lets writes to the files of a running server fail: at once, or after `most` bytes of each turn. */
function breakWrites({ runtime }: AofServer, code: string, most = 0): () => void {
  const writeSync = runtime.files.writeSync as unknown as Write;
  let left = most;
  const broken: Write = (fd, bytes, offset, length) => {
    if (left === 0) {
      left = most;
      throw Object.assign(new Error(code), { code });
    }
    const count = Math.min(left, length);
    left -= count;
    return writeSync(fd, bytes, offset, count);
  };
  Object.assign(runtime.files, { writeSync: broken });
  return () => Object.assign(runtime.files, { writeSync });
}

/** Keeps fsyncs of the background waiting until the returned function is called. */
function holdSyncs({ runtime }: AofServer): () => void {
  const { fdatasync } = runtime.files;
  const held: (() => void)[] = [];
  const holding = (fd: number, done: (error: Error | null) => void) =>
    void held.push(() => fdatasync(fd, done));
  Object.assign(runtime.files, { fdatasync: holding });
  return () => {
    Object.assign(runtime.files, { fdatasync });
    for (const go of held.splice(0)) go();
  };
}

/** An fsync hangs, and a write beside it took long; returns what lets the fsync go on. */
async function holdUpWrites(one: AofServer): Promise<() => void> {
  const release = holdSyncs(one);
  await one.runtime.advance(1100);
  await one.client.call('SET a 1');
  await one.client.call('DEBUG AOF-FLUSH-SLEEP 25000');
  await one.client.call('SET a 1');
  await one.client.call('DEBUG AOF-FLUSH-SLEEP 0');
  expect(one.lines.at(-1)).toBe(
    'A write to the AOF file took 25 ms beside an fsync: writes wait for fsyncs from now on.',
  );
  return release;
}

describe('what is appended', () => {
  test('says the database where it changes, and wraps what belongs together', async () => {
    const one = await startAof(emptyDisk());
    await one.client.pipeline(['SET a 1', 'GET a', 'SELECT 2', 'SET b 1', 'SET b 2', 'SELECT 0', 'INCR a']);
    await one.client.pipeline([
      'MULTI',
      'INCR a',
      'INCR a',
      'EXEC',
      'MULTI',
      'INCR a',
      'EXEC',
      'DEL nothing',
    ]);
    expect(appended(one)).toBe(
      commands('SELECT 0', 'SET a 1', 'SELECT 2', 'SET b 1', 'SET b 2', 'SELECT 0', 'INCR a') +
        commands('MULTI', 'INCR a', 'INCR a', 'EXEC', 'INCR a'),
    );
  });

  test('takes one write for all of a turn', async () => {
    const one = await startAof(emptyDisk());
    const before = one.disk.calls.length;
    await one.client.pipeline(['SET a 1', 'SET b 1', 'SET c 1']);
    const calls = one.disk.calls.slice(before).filter((call) => call.startsWith('writeSync'));
    expect(calls).toHaveLength(1);
  });

  test('what expires is appended, too', async () => {
    const one = await startAof(emptyDisk());
    await one.client.call('SET a 1 PX 50');
    await one.runtime.advance(1000);
    expect(appended(one)!.endsWith(commands('DEL a'))).toBe(true);
  });

  test('annotations come once a second', async () => {
    const one = await startAof(emptyDisk(), { 'aof-timestamp-enabled': 'yes' });
    const seconds = Math.floor(one.runtime.clock.nowMs() / 1000);
    await one.client.pipeline(['SET a 1', 'INCR a']);
    await one.runtime.advance(2000);
    await one.client.call('INCR a');
    await one.client.call('CONFIG SET aof-timestamp-enabled no');
    await one.runtime.advance(2000);
    await one.client.call('INCR a');
    expect(appended(one)).toBe(
      `#TS:${seconds}\r\n${commands('SELECT 0', 'SET a 1', 'INCR a')}#TS:${seconds + 2}\r\n` +
        commands('INCR a', 'INCR a'),
    );
  });

  test('goes on in the file that was begun, with SELECT', async () => {
    const one = await startAof(emptyDisk());
    await one.client.call('SET a 1');
    const two = await restartAfterKill(one);
    await two.client.call('INCR a');
    expect(appended(two)).toBe(commands('SELECT 0', 'SET a 1', 'SELECT 0', 'INCR a'));
    expect(two.lines.at(-1)).toBe('Opening AOF incr file appendonly.aof.1.incr.aof on server start');
  });

  test('DEBUG AOF-FLUSH-SLEEP waits before the write', async () => {
    const one = await startAof(emptyDisk());
    await one.client.call('DEBUG AOF-FLUSH-SLEEP 5000');
    const before = one.runtime.clock.nowMs();
    await one.client.call('GET a');
    expect(one.runtime.clock.nowMs()).toBe(before);
    await one.client.call('SET a 1');
    expect(one.runtime.clock.nowMs()).toBe(before + 5);
  });
});

describe('appendfsync', () => {
  test('always: a reply means that it is on the disk', async () => {
    const one = await startAof(emptyDisk(), { appendfsync: 'always' });
    const [before] = [one.disk.calls.length];
    await one.client.call('SET a 1');
    expect(isSynced(one)).toBe(true);
    const calls = one.disk.calls.slice(before).map((call) => call.split(' ')[0]);
    expect(calls).toEqual(['writeSync', 'fdatasyncSync']);
  });

  test('always: those who come meanwhile have part in an fsync, as long as one takes', async () => {
    const one = await startAof(emptyDisk(), { appendfsync: 'always' });
    const { fdatasyncSync } = one.disk.door;
    let syncs = 0;
    one.disk.door.fdatasyncSync = (fd) => {
      syncs++;
      one.runtime.timers.block(2);
      fdatasyncSync(fd);
    };
    await one.client.call('SET a 1');
    const clients = Array.from({ length: 4 }, () => new TestClient(one.server.connect()));
    const inTurns = async (afterMs: number) => {
      const replies = [];
      for (const client of clients) {
        replies.push(client.call('INCR n'));
        await new Promise((resolve) => setImmediate(resolve));
        one.runtime.timers.block(afterMs);
      }
      return Promise.all(replies);
    };
    syncs = 0;
    await inTurns(0);
    expect(syncs).toBe(1);
    syncs = 0;
    await inTurns(1);
    expect(syncs).toBeGreaterThan(1);
  });

  test('everysec: at most once a second, also for what was written last', async () => {
    const one = await startAof(emptyDisk());
    await one.client.call('SET a 1');
    expect(isSynced(one)).toBe(false);
    await one.runtime.advance(1200);
    expect(isSynced(one)).toBe(true);
    const before = one.disk.calls.length;
    await one.client.call('SET a 2');
    await one.client.call('SET a 3');
    await one.runtime.advance(5000);
    expect(isSynced(one)).toBe(true);
    const syncs = one.disk.calls.slice(before).filter((call) => call.startsWith('fdatasync'));
    expect(syncs.length).toBeLessThanOrEqual(2);
  });

  test('no: the system does it', async () => {
    const one = await startAof(emptyDisk(), { appendfsync: 'no' });
    await one.client.call('SET a 1');
    await one.runtime.advance(5000);
    expect(appended(one)).toBe(commands('SELECT 0', 'SET a 1'));
    expect(isSynced(one)).toBe(false);
  });

  test('a change takes effect at once', async () => {
    const one = await startAof(emptyDisk());
    await one.client.call('SET a 1');
    await one.client.call('CONFIG SET appendfsync always');
    expect(isSynced(one)).toBe(true);
    await one.client.call('SET a 2');
    expect(isSynced(one)).toBe(true);
  });

  test('rests while a snapshot runs where no-appendfsync-on-rewrite says so', async () => {
    const one = await startAof(emptyDisk(), {
      'no-appendfsync-on-rewrite': 'yes',
      'rdb-key-save-delay': 10_000_000,
    });
    await one.client.call('SET a 1');
    await one.client.call('BGSAVE');
    await one.client.call('SET a 2');
    await one.runtime.advance(3000);
    expect(isSynced(one)).toBe(false);
    await one.runtime.advance(20_000);
    expect(isSynced(one)).toBe(true);
  });

  test('SHUTDOWN forces all of it to the disk', async () => {
    const one = await startAof(emptyDisk(), { appendfsync: 'no' });
    await one.client.call('SET a 1');
    one.client.send('SHUTDOWN');
    await one.client.whenClosed();
    expect(isSynced(one)).toBe(true);
    expect(one.lines).toContain('Calling fsync() on the AOF file.');
  });
});

describe('a slow disk', () => {
  test('is written to beside an fsync as long as that holds nothing up', async () => {
    const one = await startAof(emptyDisk());
    const release = holdSyncs(one);
    await one.runtime.advance(1100);
    await one.client.call('SET a 1');
    await one.client.call('SET a 2');
    expect(await one.client.value('INFO', 'persistence')).toContain('aof_pending_bio_fsync:1\r\n');
    expect(appended(one)).toBe(commands('SELECT 0', 'SET a 1', 'SET a 2'));
    release();
    await one.runtime.advance(2000);
    expect(isSynced(one)).toBe(true);
  });

  test('delays writes for up to two seconds, and counts those that it delays longer', async () => {
    const one = await startAof(emptyDisk());
    const release = await holdUpWrites(one);
    expect(await one.client.value('INFO', 'persistence')).toContain('aof_pending_bio_fsync:1\r\n');
    const written = appended(one);
    await one.client.call('SET a 2');
    await one.runtime.advance(1500);
    expect(appended(one)).toBe(written);
    expect(await one.client.value('INFO', 'persistence')).toMatch(/aof_buffer_length:[1-9]/);
    await one.runtime.advance(1500);
    expect(appended(one)).toBe(written + commands('SET a 2'));
    expect(await one.client.value('INFO', 'persistence')).toContain('aof_delayed_fsync:1\r\n');
    expect(one.lines.at(-1)).toBe(
      'Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer without waiting for fsync to complete, this may slow down Redis.',
    );
    await one.client.call('CONFIG RESETSTAT');
    expect(await one.client.value('INFO', 'persistence')).toContain('aof_delayed_fsync:0\r\n');
    release();
    await one.runtime.advance(2000);
    expect(isSynced(one)).toBe(true);
  });

  test('what had to wait is written as soon as the fsync is done', async () => {
    const one = await startAof(emptyDisk());
    const release = await holdUpWrites(one);
    const written = appended(one);
    await one.client.call('SET a 2');
    expect(appended(one)).toBe(written);
    release();
    await one.runtime.advance(0);
    expect(appended(one)).toBe(written + commands('SET a 2'));
  });

  test('the file is closed only when the fsync on it is done', async () => {
    const one = await startAof(emptyDisk());
    const release = holdSyncs(one);
    await one.runtime.advance(1100);
    await one.client.call('SET a 1');
    await one.client.call('CONFIG SET appendonly no');
    release();
    await one.runtime.advance(100);
    await one.client.call('CONFIG SET appendonly yes');
    await one.runtime.advance(1000);
    expect(await one.client.value('INFO', 'persistence')).toContain('aof_last_write_status:ok\r\n');
  });
});

describe('a disk that fails', () => {
  test('makes the server refuse writes until it works again', async () => {
    const one = await startAof(emptyDisk());
    await one.client.call('SET a 1');
    const before = appended(one);
    const mend = breakWrites(one, 'ENOSPC');
    await one.client.call('SET a 2');
    expect((await one.client.call('SET a 3')).reply).toEqual(MISCONF('No space left on device'));
    expect(await one.client.value('GET', 'a')).toBe('2');
    expect(await one.client.value('INFO', 'persistence')).toContain('aof_last_write_status:err\r\n');
    await one.runtime.advance(3000);
    expect(one.lines.filter((line) => line.includes('Error writing'))).toEqual([
      'Error writing to the AOF file: No space left on device',
    ]);
    mend();
    await one.runtime.advance(1000);
    expect(one.lines.at(-1)).toBe('AOF write error looks solved, Redis can write again.');
    expect(appended(one)).toBe(before + commands('SET a 2'));
    expect(await one.client.value('SET', 'a', '4')).toBe('OK');
    expect(await one.client.value('INFO', 'persistence')).toContain('aof_last_write_status:ok\r\n');
  });

  test('a part that was written is taken back', async () => {
    const one = await startAof(emptyDisk());
    await one.client.call('SET a 1');
    const before = appended(one)!;
    const mend = breakWrites(one, 'ENOSPC', 5);
    await one.client.call('SET a 2');
    expect(appended(one)).toBe(before);
    expect(one.lines.at(-1)).toBe(
      `Short write while writing to the AOF file: (nwritten=5, expected=${commands('SET a 2').length})`,
    );
    mend();
    await one.runtime.advance(200);
    expect(appended(one)).toBe(before + commands('SET a 2'));
  });

  test('a part that cannot be taken back is gone on from', async () => {
    const one = await startAof(emptyDisk());
    await one.client.call('SET a 1');
    const before = appended(one)!;
    const mend = breakWrites(one, 'ENOSPC', 5);
    one.disk.fail('ftruncateSync', 'EIO');
    await one.client.call('SET a 2');
    expect(appended(one)).toBe(before + commands('SET a 2').slice(0, 5));
    expect(one.lines.at(-1)).toBe(
      'Could not remove short write from the append-only file.  Redis may refuse to load the AOF the next time it starts.  ftruncate: Input/output error',
    );
    mend();
    await one.runtime.advance(200);
    expect(appended(one)).toBe(before + commands('SET a 2'));
    const two = await restartAfterKill(one);
    expect(await two.client.value('GET', 'a')).toBe('2');
  });

  test('in the background: writes are refused until an fsync succeeds', async () => {
    const one = await startAof(emptyDisk());
    await one.runtime.advance(1100);
    one.disk.fail('fdatasyncSync', 'EIO');
    await one.client.call('SET a 1 PX 1500');
    await one.runtime.advance(100);
    expect((await one.client.call('SET a 3')).reply).toEqual(MISCONF('Input/output error'));
    expect(one.lines.at(-1)).toBe('Fail to fsync the AOF file: Input/output error');
    // What expires is written, and with it all that was before.
    await one.runtime.advance(4000);
    expect(await one.client.value('SET', 'a', '4')).toBe('OK');
  });

  test.each([
    ['writeSync', "Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting..."],
    [
      'fdatasyncSync',
      "Can't persist AOF for fsync error when the AOF fsync policy is 'always': Input/output error. Exiting...",
    ],
  ] as const)('under appendfsync always nobody hears of what %s has lost', async (call, line) => {
    const one = await startAof(emptyDisk(), { appendfsync: 'always' });
    await one.client.call('SET a 1');
    one.disk.fail(call, 'EIO');
    await expect(one.client.call('SET a 2')).rejects.toThrow();
    expect(one.lines).toContain(line);
  });

  test('errors of the past are forgotten when appending begins anew', async () => {
    const one = await startAof(emptyDisk());
    const mend = breakWrites(one, 'EIO');
    await one.client.call('SET a 1');
    await one.client.call('CONFIG SET appendonly no');
    expect(await one.client.value('SET', 'a', '2')).toBe('OK');
    mend();
    await one.client.call('CONFIG SET appendonly yes');
    expect(one.lines).toContain('AOF reopen, just ignore the last error.');
    expect(await one.client.value('SET', 'a', '3')).toBe('OK');
    await one.runtime.advance(1000);
    const two = await restartAfterKill(one);
    expect(await two.client.value('GET', 'a')).toBe('3');
  });
});

test('files of a real server are gone on with', async () => {
  const name = 'appendonly.aof.7.incr.aof';
  const one = await startAof(
    diskWith({
      'appendonly.aof.manifest': `file ${name} seq 7 type i\n`,
      [name]: commands('SELECT 9', 'SET a 1'),
    }),
  );
  await one.client.pipeline(['SELECT 9', 'INCR a']);
  expect(one.disk.read(`${FOLDER}/${name}`)).toBe(commands('SELECT 9', 'SET a 1', 'SELECT 9', 'INCR a'));
});
