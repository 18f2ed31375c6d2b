// Loading append-only files: whole ones of every make-up, and damaged ones with the words that Redis has for them, what is
// cut off, and what is left of the data.

import { describe, expect, test } from 'vitest';
import { command, commands, diskWith, emptyDisk, FOLDER, MANIFEST, startAof } from './aof-server.ts';

const NAME = 'appendonly.aof.1.incr.aof';
const ONLY = { 'appendonly.aof.manifest': `file ${NAME} seq 1 type i\n` };
const TWO = {
  'appendonly.aof.manifest':
    'file appendonly.aof.1.base.aof seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n',
};
const SET = commands('SET a 1');
const BAD_FORMAT = `Bad file format reading the append only file ${NAME}: make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>`;
const UNEXPECTED_END = `Unexpected end of file reading the append only file ${NAME}. You can: 1) Make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>. 2) Alternatively you can set the 'aof-load-truncated' configuration option to yes and restart the server.`;

describe('whole files', () => {
  test('are loaded in order, each from database 0 on', async () => {
    const { client, lines } = await startAof(
      diskWith({
        'appendonly.aof.manifest':
          'file x.base.aof seq 1 type b\nfile x.1.incr.aof seq 1 type i\nfile x.3.incr.aof seq 3 type i\n',
        'x.base.aof': commands('SELECT 3', 'SET k 1', 'INCR k'),
        'x.1.incr.aof': commands('SET k a'),
        'x.3.incr.aof': commands('APPEND k b'),
      }),
    );
    expect(await client.value('GET', 'k')).toBe('ab');
    await client.call('SELECT 3');
    expect(await client.value('GET', 'k')).toBe('2');
    expect(lines.map((line) => line.replace(/\d\.\d{3}/, 'T')).slice(0, 4)).toEqual([
      'DB loaded from base file x.base.aof: T seconds',
      'DB loaded from incr file x.1.incr.aof: T seconds',
      'DB loaded from incr file x.3.incr.aof: T seconds',
      'DB loaded from append only file: T seconds',
    ]);
  });

  test('count as changes, but not as calls', async () => {
    const { client } = await startAof(
      diskWith({ ...ONLY, [NAME]: commands('SET a 1', 'RPUSH l 1 2', 'MULTI', 'INCR a', 'EXEC') }),
    );
    expect(await client.value('INFO', 'persistence')).toContain('rdb_changes_since_last_save:4\r\n');
    expect(await client.value('INFO', 'stats')).toContain('total_commands_processed:1\r\n');
    expect(await client.value('INFO', 'commandstats')).not.toContain('cmdstat_set');
  });

  test('may hold annotations, also at the end', async () => {
    const text = `#TS:1\r\n${SET}#TS:2\r\n# anything\n${commands('INCR a')}#TS:3\r\n`;
    const { client } = await startAof(diskWith({ ...ONLY, [NAME]: text }));
    expect(await client.value('GET', 'a')).toBe('2');
  });

  test('may be written with numbers that only begin so, and with other line ends', async () => {
    const text = '* 3 x\r\n$ 3 y\nSET--$1\r\naXX$01\r\n7\r\n';
    const { client } = await startAof(diskWith({ ...ONLY, [NAME]: text }));
    expect(await client.value('GET', 'a')).toBe('7');
  });

  test('may be larger than the window through which they are read', async () => {
    const texts = Array.from({ length: 40 }, (_, i) => command('SET', `k${i}`, String(i).repeat(60_000)));
    const long = command('SET', 'long', 'x'.repeat(3_000_000));
    const { client } = await startAof(diskWith({ ...ONLY, [NAME]: texts.join('') + long + texts[3] }));
    expect(await client.value('DBSIZE')).toBe(41);
    expect(await client.value('STRLEN', 'long')).toBe(3_000_000);
    expect(await client.value('STRLEN', 'k39')).toBe(120_000);
  });

  test('an empty one is no mistake', async () => {
    const { client } = await startAof(diskWith({ ...TWO, 'appendonly.aof.1.base.aof': '', [NAME]: SET }));
    expect(await client.value('GET', 'a')).toBe('1');
    const empty = await startAof(diskWith({ ...TWO, 'appendonly.aof.1.base.aof': '', [NAME]: '' }));
    expect(empty.lines[0]).toMatch(/^DB loaded from append only file/);
  });

  test('nothing expires while they are loaded', async () => {
    const text = commands(
      'RPUSH l a',
      'PEXPIREAT l 1000',
      'RPUSH l b',
      'SET s 1 PXAT 1000',
      'INCR s',
      'PERSIST s',
    );
    const { client } = await startAof(diskWith({ ...ONLY, [NAME]: text }));
    expect(await client.value('LLEN', 'l')).toBe(0);
    expect(await client.value('GET', 's')).toBe('2');
  });

  test('what would wait or be refused to a client is done', async () => {
    const text = commands(
      'BLPOP nothing 0',
      'XADD s 1-1 a 1',
      'XADD s MAXLEN = 1 LIMIT 7 2-1 a 2',
      'SPOP nothing',
      'MULTI',
      'BLPOP nothing 0',
      'SET a 1',
      'EXEC',
    );
    const { client, lines } = await startAof(diskWith({ ...ONLY, [NAME]: text }));
    expect(await client.value('XLEN', 's')).toBe(1);
    expect(await client.value('GET', 'a')).toBe('1');
    expect(lines.filter((line) => line.includes('CRITICAL'))).toEqual([]);
    expect(await client.value('INFO', 'clients')).toContain('blocked_clients:0');
  });

  test('an error of a command is told, and loading goes on', async () => {
    const text = commands('SET a x', 'INCR a', 'LPUSH a 1', 'SET b 1');
    const { client, lines } = await startAof(diskWith({ ...ONLY, [NAME]: text }));
    expect(await client.value('GET', 'b')).toBe('1');
    expect(lines.filter((line) => line.startsWith('==')).at(1)).toBe(
      "== CRITICAL == This server is sending an error to its AOF-loading-client: '-WRONGTYPE Operation against a key holding the wrong kind of value' after processing the command 'lpush'",
    );
    const stats = await client.value('INFO', 'everything');
    expect(stats).toContain('unexpected_error_replies:2\r\n');
    expect(stats).toContain('errorstat_WRONGTYPE:count=1\r\n');
  });

  test('an old file beside the folder moves into it, also when that was begun before', async () => {
    for (const isBegun of [false, true]) {
      const runtime = isBegun
        ? diskWith({ 'appendonly.aof.manifest': 'file appendonly.aof seq 1 type b\n' })
        : emptyDisk();
      runtime.disk.write('/data/appendonly.aof', SET);
      const { client, disk, lines } = await startAof(runtime);
      expect(await client.value('GET', 'a')).toBe('1');
      expect(disk.read('/data/appendonly.aof')).toBeNull();
      expect(disk.read(`${FOLDER}/appendonly.aof`)).toBe(SET);
      expect(disk.read(MANIFEST)).toBe(
        'file appendonly.aof seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n',
      );
      expect(lines[0]).toBe(
        'Successfully migrated an old-style AOF file (appendonly.aof) into the AOF directory (appendonlydir).',
      );
    }
  });

  test('an old file beside a folder that is in use stays where it is', async () => {
    const runtime = diskWith({ ...ONLY, [NAME]: SET });
    runtime.disk.write('/data/appendonly.aof', commands('SET a old'));
    const { client, disk } = await startAof(runtime);
    expect(await client.value('GET', 'a')).toBe('1');
    expect(disk.read('/data/appendonly.aof')).not.toBeNull();
  });
});

const TWO_COMMANDS = commands('SET a 1', 'SET a 2');
const CUT = [
  ['within a header', `${SET}*3`],
  ['within the header of a bulk', `${SET}*3\r\n$3\r\nSET\r\n$1`],
  ['behind the sign of a bulk', `${SET}*3\r\n$3\r\nSET\r\n$`],
  ['behind the sign of a command', `${SET}*`],
  ['within a bulk', `${SET}*3\r\n$3\r\nSE`],
  ['before the end of a bulk', `${SET}*3\r\n$3\r\nSET`],
  ['within the end of the last bulk', `${SET}${SET.slice(0, -1)}`],
  ['with a length that no file has', `${SET}*3\r\n$3\r\nSET\r\n$1\r\na\r\n$99999999999\r\nx`],
  ['between arguments', `${SET}*3\r\n$3\r\nSET\r\n`],
] as const;

describe('a file that ends too soon', () => {
  test.each(CUT)('%s: the end is cut off', async (_name, text) => {
    const { client, disk, lines } = await startAof(diskWith({ ...ONLY, [NAME]: text }));
    expect(await client.value('GET', 'a')).toBe('1');
    expect(disk.read(`${FOLDER}/${NAME}`)).toBe(SET);
    expect(lines.slice(0, 3)).toEqual([
      `!!! Warning: short read while loading the AOF file ${NAME}!!!`,
      `!!! Truncating the AOF ${NAME} at offset ${SET.length} !!!`,
      `AOF ${NAME} loaded anyway because aof-load-truncated is enabled`,
    ]);
    await client.call('INCR a');
    expect(disk.read(`${FOLDER}/${NAME}`)).toBe(SET + commands('SELECT 0', 'INCR a'));
  });

  test.each(CUT)('%s: without aof-load-truncated it is refused as it is', async (_name, text) => {
    const runtime = diskWith({ ...ONLY, [NAME]: text });
    const lines: string[] = [];
    await expect(startAof(runtime, { 'aof-load-truncated': 'no' }, lines)).rejects.toThrow();
    expect(lines.at(-1)).toBe(UNEXPECTED_END);
    expect(runtime.disk.read(`${FOLDER}/${NAME}`)).toBe(text);
  });

  test('at every byte of two commands the first is kept, or none', async () => {
    for (let length = 0; length <= TWO_COMMANDS.length; length++) {
      const runtime = diskWith({ ...ONLY, [NAME]: TWO_COMMANDS.slice(0, length) });
      const { client, server } = await startAof(runtime);
      const expected = length < SET.length ? null : length < 2 * SET.length ? '1' : '2';
      expect(await client.value('GET', 'a')).toBe(expected);
      await server.close();
    }
  });

  test('within a transaction: none of it is done', async () => {
    const open = `${SET}${commands('MULTI', 'SET a 2', 'SET b 2')}`;
    for (const tail of ['', '*1\r\n$4\r\nEX']) {
      const { client, disk, lines } = await startAof(diskWith({ ...ONLY, [NAME]: open + tail }));
      expect(await client.value('GET', 'a')).toBe('1');
      expect(await client.value('EXISTS', 'b')).toBe(0);
      if (tail === '') {
        expect(lines[0]).toBe(`Revert incomplete MULTI/EXEC transaction in AOF file ${NAME}`);
        expect(disk.read(`${FOLDER}/${NAME}`)).toBe(SET);
      }
    }
  });

  test('that is not the last is refused', async () => {
    const lines: string[] = [];
    const runtime = diskWith({ ...TWO, 'appendonly.aof.1.base.aof': SET.slice(0, -3), [NAME]: SET });
    await expect(startAof(runtime, {}, lines)).rejects.toThrow();
    expect(lines.at(-1)).toBe('Fatal error: the truncated file is not the last file');
  });

  test('and cannot be cut is refused', async () => {
    const lines: string[] = [];
    const runtime = diskWith({ ...ONLY, [NAME]: SET.slice(0, -1) });
    runtime.disk.fail('ftruncateSync', 'EROFS');
    await expect(startAof(runtime, {}, lines)).rejects.toThrow();
    expect(lines.slice(-2)).toEqual([
      `Error truncating the AOF file ${NAME}: Read-only file system`,
      UNEXPECTED_END,
    ]);
  });

  test('makes DEBUG LOADAOF answer an error, once', async () => {
    const { client, disk } = await startAof(diskWith({ ...ONLY, [NAME]: SET }));
    await client.call('SET a 5');
    disk.write(`${FOLDER}/${NAME}`, `${SET}*3`);
    expect((await client.call('DEBUG LOADAOF')).reply).toEqual({
      type: 'error',
      text: 'ERR Error trying to load the AOF files, check server logs.',
    });
    expect(await client.value('DEBUG', 'LOADAOF')).toBe('OK');
    expect(await client.value('GET', 'a')).toBe('1');
  });
});

describe('what is no command', () => {
  test.each([
    ['other bytes', `${SET}!!!${SET}`, BAD_FORMAT],
    ['no arguments', `${SET}*0\r\n`, BAD_FORMAT],
    ['a negative count', `${SET}*-1\r\n`, BAD_FORMAT],
    ['a count that is no number', `${SET}*x\r\n`, BAD_FORMAT],
    ['an argument without a sign', `${SET}*1\r\n+OK\r\n`, BAD_FORMAT],
    ['a negative length', `${SET}*1\r\n$-1\r\n${SET}`, BAD_FORMAT],
    ['too few arguments for its command', `${SET}*1\r\n$3\r\nSET\r\n`, BAD_FORMAT],
    [
      'a name that is not known',
      `${SET}${commands('bla foo')}${SET}`,
      `Unknown command 'bla' reading the append only file ${NAME}`,
    ],
    [
      'a subcommand that is not known',
      commands('XGROUP bla foo'),
      `Unknown command 'XGROUP' reading the append only file ${NAME}`,
    ],
  ])('%s', async (_name, text, line) => {
    const runtime = diskWith({ ...ONLY, [NAME]: text });
    const lines: string[] = [];
    await expect(startAof(runtime, {}, lines)).rejects.toThrow();
    expect(lines.at(-1)).toBe(line);
    expect(runtime.disk.read(`${FOLDER}/${NAME}`)).toBe(text);
  });

  test('a file that is missing', async () => {
    const lines: string[] = [];
    await expect(startAof(diskWith({ ...TWO, [NAME]: SET }), {}, lines)).rejects.toThrow();
    expect(lines).toEqual([
      'Unable to obtain the AOF file appendonly.aof.1.base.aof length. stat: No such file or directory',
    ]);
  });

  test('a file that cannot be read', async () => {
    const lines: string[] = [];
    const runtime = diskWith({ ...ONLY, [NAME]: SET });
    const { readSync } = runtime.files;
    Object.assign(runtime.files, {
      readSync: (fd: number, target: Buffer, ...rest: [number, number, number]) => {
        if (target.length > 1000) throw Object.assign(new Error('EIO'), { code: 'EIO' });
        return readSync(fd, target, ...rest);
      },
    });
    await expect(startAof(runtime, {}, lines)).rejects.toThrow();
    expect(lines).toEqual([`Unrecoverable error reading the append only file ${NAME}: Input/output error`]);
  });

  test('a manifest that is damaged', async () => {
    const lines: string[] = [];
    const runtime = diskWith({ 'appendonly.aof.manifest': 'file a seq 1 type x\n' });
    await expect(startAof(runtime, {}, lines)).rejects.toThrow();
    expect(lines).toEqual([
      '\n*** FATAL AOF MANIFEST FILE ERROR ***\n',
      'Reading the manifest file, at line 1\n',
      ">>> 'file a seq 1 type x'\n",
      'Unknown AOF file type\n',
    ]);
    // It is read also where the files are not in use.
    await expect(startAof(runtime, { appendonly: 'no' })).rejects.toThrow();
  });
});

test.each(['statSync', 'readFileSync'] as const)(
  'a disk that fails with %s is no reason to begin anew',
  async (call) => {
    const runtime = diskWith({ ...ONLY, [NAME]: SET });
    const state = [...runtime.disk.files.keys()];
    runtime.disk.fail(call, 'EIO');
    await expect(startAof(runtime)).rejects.toThrow();
    expect([...runtime.disk.files.keys()]).toEqual(state);
    const { client } = await startAof(runtime);
    expect(await client.value('GET', 'a')).toBe('1');
  },
);
