// Rewriting the append-only files: what is in them before, while and after, when it happens by itself, appending that is
// switched on and off, and what is left when any step of it fails.

import { describe, expect, test } from 'vitest';
import { VALUES } from '../values.ts';
import {
  type AofServer,
  commands,
  type Directives,
  diskWith,
  emptyDisk,
  FOLDER,
  MANIFEST,
  restartAfterKill,
  settled,
  startAof,
} from './aof-server.ts';

const SLOW = { 'rdb-key-save-delay': 1_000_000 };

const manifest = ({ disk }: AofServer) => disk.read(MANIFEST);
const base = (n: number, form = 'rdb', type = 'b') =>
  `file appendonly.aof.${n}.base.${form} seq ${n} type ${type}\n`;
const increment = (n: number, type = 'i') => `file appendonly.aof.${n}.incr.aof seq ${n} type ${type}\n`;
const persistence = async ({ client }: AofServer) => String(await client.value('INFO', 'persistence'));
const filesOf = ({ disk }: AofServer) =>
  [...disk.files.keys()].filter((path) => path.startsWith('/data/')).sort();
const named = (one: AofServer) =>
  [...(manifest(one) ?? '').matchAll(/^file (\S+)/gm)].map(([, name]) => `${FOLDER}/${name}`);

/** Nothing lies about that the manifest does not name. */
function expectTidy(one: AofServer): void {
  expect(filesOf(one)).toEqual([...named(one), MANIFEST].sort());
}

async function digest({ client }: AofServer): Promise<unknown> {
  return client.value('DEBUG', 'DIGEST');
}

/** What a server that is started now would have. */
async function digestAfterKill(one: AofServer, directives: Directives = {}): Promise<unknown> {
  const two = await restartAfterKill(one, directives);
  return digest(two);
}

async function rewrite(one: AofServer): Promise<void> {
  expect(await one.client.value('BGREWRITEAOF')).toBe('Background append only file rewriting started');
  await settled(one.runtime);
}

describe('BGREWRITEAOF', () => {
  test('at first there is an empty base', async () => {
    const one = await startAof(emptyDisk());
    expect(manifest(one)).toBe(base(1) + increment(1));
    expect(one.disk.read(`${FOLDER}/appendonly.aof.1.base.rdb`)).toMatch(/^REDIS0011.*aof-base\xc0\x01/s);
    expect(one.lines).toEqual([
      'Creating AOF base file appendonly.aof.1.base.rdb on server start',
      'Creating AOF incr file appendonly.aof.1.incr.aof on server start',
    ]);
    expectTidy(one);
  });

  test('makes the data the base, and goes on in another increment', async () => {
    const one = await startAof(emptyDisk(), SLOW);
    await one.client.pipeline(['SET a 1', 'SET b 1', 'SELECT 3', 'SET c 1']);
    expect(await one.client.value('BGREWRITEAOF')).toBe('Background append only file rewriting started');
    await settled(one.runtime, 1);
    expect(manifest(one)).toBe(base(1) + increment(1) + increment(2));
    await one.client.pipeline(['SET c 2', 'SELECT 0', 'INCR b', 'SET new 1']);
    expect(await persistence(one)).toContain('aof_rewrite_in_progress:1\r\n');
    expect((await one.client.call('BGREWRITEAOF')).reply).toEqual({
      type: 'error',
      text: 'ERR Background append only file rewriting already in progress',
    });
    expect(await digestAfterKill(one)).toBe(await digest(one));
    await settled(one.runtime, 10_000);
    expect(manifest(one)).toBe(base(2) + increment(2));
    expectTidy(one);
    expect(one.disk.read(`${FOLDER}/appendonly.aof.2.incr.aof`)).toBe(
      commands('SELECT 3', 'SET c 2', 'SELECT 0', 'INCR b', 'SET new 1'),
    );
    const info = await persistence(one);
    for (const field of ['aof_rewrites:1', 'aof_last_bgrewrite_status:ok', 'aof_last_rewrite_time_sec:3'])
      expect(info).toContain(`${field}\r\n`);
    const sizes = filesOf(one).filter((path) => path !== MANIFEST);
    const total = sizes.reduce((sum, path) => sum + one.disk.read(path)!.length, 0);
    expect(info).toContain(`aof_current_size:${total}\r\n`);
    expect(await digestAfterKill(one)).toBe(await digest(one));
    expect(one.lines.slice(2)).toEqual([
      'Creating AOF incr file appendonly.aof.2.incr.aof on background rewrite',
      'Background append only file rewriting started by pid 4711',
      'Successfully created the temporary AOF base file temp-rewriteaof-bg-4711.aof',
      'Background AOF rewrite terminated with success',
      'Successfully renamed the temporary AOF base file temp-rewriteaof-bg-4711.aof into appendonly.aof.2.base.rdb',
      'Removing the history file appendonly.aof.1.incr.aof in the background',
      'Removing the history file appendonly.aof.1.base.rdb in the background',
      'Background AOF rewrite finished successfully',
    ]);
  });

  test('waits for a BGSAVE, and for the end of a transaction', async () => {
    const one = await startAof(emptyDisk(), SLOW);
    const { client, runtime } = one;
    await client.pipeline(['SET a 1', 'BGSAVE']);
    expect(await client.value('BGREWRITEAOF')).toBe('Background append only file rewriting scheduled');
    expect(await persistence(one)).toContain('aof_rewrite_scheduled:1\r\n');
    await settled(runtime, 5000);
    expect(manifest(one)).toBe(base(2) + increment(2));
    const frames = await client.pipeline(['MULTI', 'SET a 2', 'BGREWRITEAOF', 'SET a 3', 'EXEC']);
    expect(JSON.stringify(frames.at(-1)!.reply)).toContain('scheduled');
    expect(await client.value('INFO', 'persistence')).toContain('aof_rewrite_in_progress:0');
    await settled(runtime, 5000);
    expect(manifest(one)).toBe(base(3) + increment(3));
    expect(await digestAfterKill(one)).toBe(await digest(one));
  });

  test('without appending makes a base alone', async () => {
    const one = await startAof(emptyDisk(), { appendonly: 'no' });
    await one.client.call('SET a 1');
    await rewrite(one);
    expect(manifest(one)).toBe(base(1));
    expect(await digestAfterKill(one)).toBe(await digest(one));
  });

  test('keeps history where aof-disable-auto-gc says so', async () => {
    const one = await startAof(emptyDisk(), { 'aof-disable-auto-gc': 'yes' });
    await rewrite(one);
    await rewrite(one);
    expect(manifest(one)).toBe(
      base(3) +
        increment(2, 'h') +
        base(2, 'rdb', 'h') +
        increment(1, 'h') +
        base(1, 'rdb', 'h') +
        increment(3),
    );
    expectTidy(one);
    await one.client.call('CONFIG SET aof-disable-auto-gc no');
    await settled(one.runtime, 100);
    expect(manifest(one)).toBe(base(3) + increment(3));
    expectTidy(one);
  });

  test.each(['yes', 'no'])('values of every kind come back, aof-use-rdb-preamble %s', async (preamble) => {
    const one = await startAof(emptyDisk(), { 'aof-use-rdb-preamble': preamble });
    // A packed sorted set has no -0, and one that commands build up is packed at first.
    const values = VALUES.filter(({ name }) => preamble === 'yes' || !name.includes('odd scores'));
    for (const [n, { requests }] of values.entries()) {
      await one.client.call(`SELECT ${n % 3}`);
      await one.client.pipeline(requests);
      await one.client.call(`RENAME k key:${n}`);
    }
    const before = await digest(one);
    expect(await digestAfterKill(one)).toBe(before);
    await rewrite(one);
    expect(manifest(one)).toBe(base(2, preamble === 'yes' ? 'rdb' : 'aof') + increment(2));
    const two = await restartAfterKill(one);
    expect(await digest(two)).toBe(before);
    expect(two.lines.filter((line) => line.includes('CRITICAL'))).toEqual([]);
    expect(await two.client.value('DEBUG', 'LOADAOF')).toBe('OK');
    expect(await digest(two)).toBe(before);
  });
});

// In the background the disk is asked four times for the manifest that names the increment (once for the increment before), once
// for the base, three times for the manifest that names that, and as often for one without history.
const NAMES_BASE = 5;
describe.each([0, 1, 2, 3, 5, 6, 7, 8, 9, 10])(
  'while the disk takes its time with request %i of a rewrite',
  (first) => {
    /** A server whose rewrite has come so far: `goOn` lets the disk tell that it is done. */
    async function stopped(): Promise<{ one: AofServer; goOn: () => void }> {
      const one = await startAof(emptyDisk());
      await one.client.pipeline(['SET a 1', 'SET b 1']);
      const { fsync } = one.disk.door;
      const held: (() => void)[] = [];
      let count = 0;
      one.disk.door.fsync = ((fd: number, told: (error: Error | null) => void) => {
        if (count++ < first) fsync(fd, told);
        else held.push(() => fsync(fd, told));
      }) as typeof fsync;
      await rewrite(one);
      await one.client.call('SET b 2');
      // A base may wait, too.
      expect(held.length).toBe(first === 3 ? 2 : 1);
      const goOn = () => {
        one.disk.door.fsync = fsync;
        for (const each of held) each();
      };
      return { one, goOn };
    }

    test('what was said is in the files, and other rewrites wait', async () => {
      const { one, goOn } = await stopped();
      expect((await one.client.call('BGREWRITEAOF')).reply).toMatchObject({ type: 'error' });
      expect((await one.client.call('BGSAVE')).reply).toMatchObject({ type: 'error' });
      expect(await digestAfterKill(one)).toBe(await digest(one));
      goOn();
      await settled(one.runtime);
      expect(manifest(one)).toBe(base(2) + increment(2));
      expectTidy(one);
      expect(await digestAfterKill(one)).toBe(await digest(one));
      await rewrite(one);
      expect(manifest(one)).toBe(base(3) + increment(3));
    });

    test.each<[string, (one: AofServer) => Promise<unknown>]>([
      ['CONFIG SET appendonly no', ({ client }) => client.call('CONFIG SET appendonly no')],
      ['DEBUG LOADAOF', ({ client }) => client.call('DEBUG LOADAOF')],
      ['the end of the server', ({ server }) => server.close()],
    ])('%s waits for it', async (_name, act) => {
      const { one, goOn } = await stopped();
      const before = await digest(one);
      await act(one);
      expect(manifest(one)).toContain(first < NAMES_BASE ? increment(2) : base(2));
      expect(await digestAfterKill(one)).toBe(before);
      goOn();
      await settled(one.runtime);
      expect(await digestAfterKill(one)).toBe(before);
    });
  },
);

describe('a base of commands', () => {
  test('has 64 elements in each, deadlines, and the databases', async () => {
    const one = await startAof(emptyDisk(), { 'aof-use-rdb-preamble': 'no', 'aof-timestamp-enabled': 'yes' });
    const elements = Array.from({ length: 130 }, (_, i) => `e${i}`);
    await one.client.call(['RPUSH', 'l', ...elements]);
    await one.client.pipeline(['SELECT 2', 'SET s v PXAT 99999999999999']);
    const seconds = Math.floor(one.runtime.clock.nowMs() / 1000);
    await rewrite(one);
    expect(one.disk.read(`${FOLDER}/appendonly.aof.2.base.aof`)).toBe(
      `#TS:${seconds}\r\n` +
        commands(
          'SELECT 0',
          `RPUSH l ${elements.slice(0, 64).join(' ')}`,
          `RPUSH l ${elements.slice(64, 128).join(' ')}`,
          'RPUSH l e128 e129',
          'SELECT 2',
          'SET s v',
          'PEXPIREAT s 99999999999999',
        ),
    );
  });

  test('has streams with all that belongs to them', async () => {
    const one = await startAof(emptyDisk(), { 'aof-use-rdb-preamble': 'no' });
    await one.client.pipeline([
      'XADD s 1-1 a 1 b 2',
      'XADD s 1-2 a 3 b 4',
      'XADD s 1-3 c 5',
      'XDEL s 1-3',
      'XGROUP CREATE s g 0',
      'XGROUP CREATECONSUMER s g idle',
      'XREADGROUP GROUP g busy COUNT 1 STREAMS s >',
    ]);
    const timeMs = one.runtime.clock.nowMs();
    await rewrite(one);
    expect(one.disk.read(`${FOLDER}/appendonly.aof.2.base.aof`)).toBe(
      commands(
        'SELECT 0',
        'XADD s 1-1 a 1 b 2',
        'XADD s 1-2 a 3 b 4',
        'XSETID s 1-3 ENTRIESADDED 3 MAXDELETEDID 1-3',
        'XGROUP CREATE s g 1-1 ENTRIESREAD -1',
        `XCLAIM s g busy 0 1-1 TIME ${timeMs} RETRYCOUNT 1 JUSTID FORCE`,
        'XGROUP CREATECONSUMER s g idle',
      ),
    );
    await one.client.pipeline(['DEL s', 'XADD e 5-5 a 1', 'XDEL e 5-5']);
    await rewrite(one);
    expect(one.disk.read(`${FOLDER}/appendonly.aof.3.base.aof`)).toBe(
      commands('SELECT 0', 'XADD e MAXLEN 0 0-1 x y', 'XSETID e 5-5 ENTRIESADDED 1 MAXDELETEDID 5-5'),
    );
  });
});

describe('CONFIG SET appendonly', () => {
  test('yes: effects go to a temporary increment until the first rewrite is done', async () => {
    const one = await startAof(emptyDisk(), { appendonly: 'no', ...SLOW });
    await one.client.pipeline(['SET a 1', 'SET b 1']);
    expect(await one.client.value('CONFIG', 'SET', 'appendonly', 'yes')).toBe('OK');
    await one.client.call('SET a 2');
    expect(one.disk.read(`${FOLDER}/temp-appendonly.aof.incr`)).toBe(commands('SELECT 0', 'SET a 2'));
    expect(manifest(one)).toBeNull();
    expect((await one.client.call('SHUTDOWN')).reply.type).toBe('error');
    expect(one.lines).toContain("Writing initial AOF, can't exit.");
    await settled(one.runtime, 5000);
    expect(manifest(one)).toBe(base(1) + increment(1));
    expectTidy(one);
    await one.client.call('SET a 3');
    expect(await digestAfterKill(one)).toBe(await digest(one));
    expect(await persistence(one)).toContain('aof_enabled:1\r\n');
  });

  test('no: stops, and the files stay; yes: goes on with the numbers', async () => {
    const one = await startAof(emptyDisk());
    await one.client.pipeline(['SET a 1', 'CONFIG SET appendonly no', 'SET a 2']);
    expect(manifest(one)).toBe(base(1) + increment(1));
    const two = await restartAfterKill(one);
    expect(await two.client.value('GET', 'a')).toBe('1');
    await one.client.call('CONFIG SET appendonly yes');
    await settled(one.runtime);
    expect(manifest(one)).toBe(base(2) + increment(2));
    expect(await digestAfterKill(one)).toBe(await digest(one));
  });

  test('yes during a BGSAVE or a transaction waits for its end', async () => {
    const one = await startAof(emptyDisk(), { appendonly: 'no', ...SLOW });
    await one.client.pipeline(['SET a 1', 'BGSAVE', 'CONFIG SET appendonly yes', 'SET b 1']);
    expect(await persistence(one)).toContain('aof_rewrite_scheduled:1\r\n');
    expect(one.lines.at(-1)).toBe(
      'AOF was enabled but there is already another background operation. An AOF background was scheduled to start when possible.',
    );
    expect(filesOf(one).filter((path) => path.startsWith(FOLDER))).toEqual([]);
    await settled(one.runtime, 10_000);
    expect(manifest(one)).toBe(base(1) + increment(1));
    expect(await digestAfterKill(one)).toBe(await digest(one));
    await one.client.pipeline([
      'CONFIG SET appendonly no',
      'MULTI',
      'INCR b',
      'CONFIG SET appendonly yes',
      'INCR b',
    ]);
    await one.client.call('EXEC');
    await settled(one.runtime, 10_000);
    expect(await digestAfterKill(one)).toBe(await digest(one));
  });

  test('yes while a rewrite runs begins another; no while one runs ends it', async () => {
    const one = await startAof(emptyDisk(), { appendonly: 'no', ...SLOW });
    await one.client.pipeline(['SET a 1', 'BGREWRITEAOF', 'SET a 2', 'CONFIG SET appendonly yes', 'SET a 3']);
    expect(one.lines).toContain(
      'AOF was enabled but there is already an AOF rewriting in background. Stopping background AOF and starting a rewrite now.',
    );
    await settled(one.runtime, 5000);
    expect(await digestAfterKill(one)).toBe(await digest(one));
    await one.client.pipeline(['BGREWRITEAOF', 'CONFIG SET appendonly no']);
    expect(one.lines.at(-1)).toBe('Killing running AOF rewrite child: 4711');
    expect(await persistence(one)).toContain('aof_rewrite_in_progress:0\r\n');
    expect(await persistence(one)).toContain('aof_enabled:0\r\n');
    await settled(one.runtime);
    expectTidy(one);
    expect(await digestAfterKill(one)).toBe(await digest(one));
  });

  test('yes that cannot begin is refused', async () => {
    const one = await startAof(emptyDisk(), { appendonly: 'no' });
    one.disk.fail('mkdirSync', 'EACCES');
    const { reply } = await one.client.call('CONFIG SET appendonly yes');
    expect(reply).toEqual({
      type: 'error',
      text: "ERR CONFIG SET failed (possibly related to argument 'appendonly') - Unable to turn on AOF. Check server logs.",
    });
    expect(await one.client.value('CONFIG', 'GET', 'appendonly')).toEqual(['appendonly', 'no']);
    expect(await persistence(one)).toContain('aof_enabled:0\r\n');
  });

  test('yes whose rewrite fails is tried again', async () => {
    const one = await startAof(emptyDisk(), { appendonly: 'no' });
    await one.client.call('SET a 1');
    await one.client.call('CONFIG SET appendonly yes');
    one.disk.fail('writeSync', 'ENOSPC');
    await settled(one.runtime, 50);
    expect(one.lines.slice(-3)).toEqual([
      'Write error writing append only file on disk: No space left on device',
      'Background AOF rewrite terminated with error',
      'Removing the temp incr aof file temp-appendonly.aof.incr in the background',
    ]);
    expect(await persistence(one)).toContain('aof_last_bgrewrite_status:err\r\n');
    await one.client.call('SET a 2');
    await settled(one.runtime);
    expect(manifest(one)).toBe(base(1) + increment(1));
    expect(await digestAfterKill(one)).toBe(await digest(one));
    expectTidy(one);
  });
});

describe('rewrites by themselves', () => {
  const GROWTH = { 'auto-aof-rewrite-percentage': 100, 'auto-aof-rewrite-min-size': 1000 };
  const grow = ({ client }: AofServer) => client.call(['SET', 'x', 'x'.repeat(2000)]);

  test('begin when the files have grown by so much', async () => {
    const one = await startAof(emptyDisk(), GROWTH);
    await one.client.call('SET a 1');
    await settled(one.runtime);
    expect(manifest(one)).toBe(base(1) + increment(1));
    await grow(one);
    await settled(one.runtime);
    expect(manifest(one)).toBe(base(2) + increment(2));
    expect(one.lines.join('\n')).toMatch(/Starting automatic rewriting of AOF on \d+% growth/);
  });

  test('never at 0 percent, nor below the least size', async () => {
    for (const directives of [
      { 'auto-aof-rewrite-percentage': 0 },
      { 'auto-aof-rewrite-min-size': 10_000 },
    ]) {
      const one = await startAof(emptyDisk(), { ...GROWTH, ...directives });
      await grow(one);
      await settled(one.runtime);
      expect(manifest(one)).toBe(base(1) + increment(1));
    }
  });

  test('pause after three failures, longer each time, while a request is done at once', async () => {
    const one = await startAof(emptyDisk(), GROWTH);
    await one.client.call('SET a 1');
    for (let i = 0; i < 3; i++) {
      one.disk.fail('renameSync', 'EIO', 1);
      await rewrite(one);
    }
    const increments = [1, 2, 3, 4].map((n) => increment(n)).join('');
    expect(manifest(one)).toBe(base(1) + increments);
    expect(await persistence(one)).toContain('aof_rewrites_consecutive_failures:3\r\n');
    expect(await digestAfterKill(one)).toBe(await digest(one));
    await grow(one);
    await settled(one.runtime, 30_000);
    const told = one.lines.filter((line) => line.includes('triggered the limit'));
    expect(told).toEqual([
      'Background AOF rewrite has repeatedly failed and triggered the limit, will retry in 1 minutes',
    ]);
    expect(manifest(one)).toBe(base(1) + increments);
    one.disk.fail('renameSync', 'EIO', 1);
    await settled(one.runtime, 60_000);
    expect(one.lines.at(-1)).toContain('will retry in 2 minutes');
    await rewrite(one);
    expect(manifest(one)).toBe(base(2) + increment(6));
    expectTidy(one);
  });
});

describe('when a step fails, the files hold all that was said', () => {
  const CALLS = ['openSync', 'writeSync', 'fsyncSync', 'renameSync', 'ftruncateSync', 'closeSync'] as const;
  const cases = CALLS.flatMap((call) => [0, 1, 2, 3, 4, 5].map((after) => [call, after] as const));

  test.each(cases)('of a rewrite: %s, after %i of them', async (call, after) => {
    const one = await startAof(emptyDisk());
    await one.client.pipeline(['SET a 1', 'SET b 1']);
    one.disk.fail(call, 'EIO', after);
    await one.client.call('BGREWRITEAOF');
    await one.client.call('INCR a');
    await settled(one.runtime);
    await one.client.call('INCR b');
    await settled(one.runtime);
    expect(await digestAfterKill(one)).toBe(await digest(one));
    await one.client.call('BGREWRITEAOF');
    await settled(one.runtime);
    expect(await digestAfterKill(one)).toBe(await digest(one));
  });

  test.each(cases)('of the first rewrite: %s, after %i of them', async (call, after) => {
    const one = await startAof(emptyDisk(), { appendonly: 'no' });
    await one.client.pipeline(['SET a 1', 'SET b 1']);
    one.disk.fail(call, 'EIO', after);
    await one.client.call('CONFIG SET appendonly yes');
    await one.client.call('INCR a');
    await settled(one.runtime, 5000);
    await one.client.call('INCR b');
    await settled(one.runtime, 5000);
    if (((await one.client.value('CONFIG', 'GET', 'appendonly')) as string[])[1] === 'yes')
      expect(await digestAfterKill(one)).toBe(await digest(one));
  });

  // A manifest is written, forced to the disk, renamed, and its folder forced to the disk.
  test('always: nothing goes to an increment whose name may not be on the disk, and another rewrite names it', async () => {
    const one = await startAof(emptyDisk(), { appendfsync: 'always' });
    const { renameSync } = one.runtime.files;
    Object.assign(one.runtime.files, {
      renameSync: (from: string, to: string) => {
        renameSync(from, to);
        if (manifest(one) === base(1) + increment(1) + increment(2)) one.disk.fail('fsyncSync', 'EIO');
      },
    });
    expect((await one.client.call('BGREWRITEAOF')).reply).toMatchObject({ type: 'error' });
    expect(one.lines.at(-1)).toContain('Fail to fsync AOF directory');
    Object.assign(one.runtime.files, { renameSync });
    await one.client.call('SET a 1');
    expect(one.disk.read(`${FOLDER}/appendonly.aof.1.incr.aof`)).toBe(commands('SELECT 0', 'SET a 1'));
    expect(one.disk.read(`${FOLDER}/appendonly.aof.2.incr.aof`)).toBe('');
    expect(await digestAfterKill(one)).toBe(await digest(one));
    await settled(one.runtime);
    expect(manifest(one)).toBe(base(2) + increment(2));
    expectTidy(one);
    expect(await digestAfterKill(one)).toBe(await digest(one));
  });

  test('what cannot be written before a rewrite is not written behind it', async () => {
    const one = await startAof(emptyDisk());
    await one.client.call('SET a 1');
    const { writeSync } = one.runtime.files;
    Object.assign(one.runtime.files, {
      writeSync: () => {
        throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
      },
    });
    await one.client.call('INCR a');
    expect((await one.client.call('BGREWRITEAOF')).reply).toEqual({
      type: 'error',
      text: "ERR Can't execute an AOF background rewriting. Please check the server logs for more information.",
    });
    Object.assign(one.runtime.files, { writeSync });
    await settled(one.runtime);
    await rewrite(one);
    const two = await restartAfterKill(one);
    expect(await two.client.value('GET', 'a')).toBe('2');
  });
});

describe('killed between two steps', () => {
  // Whatever the server does with the disk, the files of that moment are loaded by another.
  test.each(['yes', 'no'])('of a rewrite, appendonly %s at the start', async (appendonly) => {
    const one = await startAof(emptyDisk(), { appendonly });
    await one.client.pipeline(['SET a 1', 'SET b 1']);
    const states: ReadonlyMap<string, string>[] = [];
    const note = () =>
      states.push(new Map([...one.disk.files].map(([path, { bytes }]) => [path, bytes.toString('latin1')])));
    for (const call of ['renameSync', 'openSync', 'writeSync', 'unlink'] as const) {
      const inner = one.runtime.files[call] as (...args: unknown[]) => unknown;
      Object.assign(one.runtime.files, {
        [call]: (...args: unknown[]) => {
          const result = inner(...args);
          note();
          return result;
        },
      });
    }
    await one.client.call(appendonly === 'yes' ? 'BGREWRITEAOF' : 'CONFIG SET appendonly yes');
    await settled(one.runtime);
    expect(states.length).toBeGreaterThan(5);
    for (const state of states) {
      const isNamed = state.has(MANIFEST);
      if (!isNamed && appendonly === 'no') continue;
      const files = Object.fromEntries(
        [...state].map(([path, text]) => [path.slice(FOLDER.length + 1), text]),
      );
      const two = await startAof(diskWith(files));
      expect(await two.client.value('MGET', 'a', 'b')).toEqual(['1', '1']);
      await two.server.close();
    }
  });
});
