// Append-only files go both ways: what a real server has written we load, and the other way round, whole and cut off; and
// redis-check-aof finds nothing wrong with ours.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findReference, ReferenceServer, requireProgram } from '../../support/reference.ts';
import type { TestClient } from '../../support/test-client.ts';
import { TestServer } from '../../support/test-server.ts';
import { VALUES } from '../values.ts';
import { command, commands } from './aof-server.ts';

const program = findReference();
const isReference = program?.version === '7.2.4';
const NAME = 'appendonly.aof.1.incr.aof';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'respite-aof-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

const directives = (dir: string, more: Readonly<Record<string, string>> = {}) => ({
  'enable-debug-command': 'yes',
  appendonly: 'yes',
  appendfsync: 'always',
  dir,
  ...more,
});

async function startOurs(dir: string, more?: Readonly<Record<string, string>>): Promise<TestClient> {
  const server = await TestServer.start({ config: directives(dir, more), realTime: true });
  onTestFinished(() => server.close());
  return server.connect();
}

async function startTheirs(dir: string, more?: Readonly<Record<string, string>>): Promise<TestClient> {
  const server = await ReferenceServer.start(program!, directives(dir, more));
  onTestFinished(() => server.stop());
  const client = await server.connect();
  // It answers some commands while it loads.
  await polled(client, /^loading:0/m);
  return client;
}

/** Waits until INFO says something of persistence. */
async function polled(client: TestClient, wanted: RegExp): Promise<void> {
  while (!wanted.test(String(await client.value('info', 'persistence'))))
    await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A copy of a data folder as it is now, as a crash would leave it. */
function copyOf(dir: string): string {
  const copy = folder();
  cpSync(join(dir, 'appendonlydir'), join(copy, 'appendonlydir'), { recursive: true });
  return copy;
}

/** Every value that commands can build up again to the byte, under a name of its own. */
async function fill(client: TestClient): Promise<void> {
  for (const [n, { name, requests }] of VALUES.entries()) {
    if (name.includes('odd scores')) continue;
    await client.call(`select ${n % 3}`);
    await client.pipeline(requests);
    if (n % 4 === 0) await client.call('pexpireat k 99999999999999');
    await client.call(`rename k key:${n}`);
  }
  await client.pipeline([
    'select 1',
    'multi',
    'incr counter',
    'spop key:44',
    'exec',
    'set volatile x px 100000000',
    'set gone x px 1',
    'xadd s * f v',
    'xgroup create s g 0',
    'xreadgroup group g c streams s >',
    'xgroup createconsumer s g idle',
    'incrbyfloat f 1.5',
    'flushdb',
    'lpush l a b c',
    'lmpop 1 l left count 2',
    'select 0',
  ]);
}

async function rewritten(client: TestClient): Promise<void> {
  expect(await client.value('bgrewriteaof')).toBe('Background append only file rewriting started');
  await polled(client, /^aof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0/m);
  expect(await client.value('info', 'persistence')).toContain('aof_last_bgrewrite_status:ok');
}

describe.skipIf(!isReference).each(['yes', 'no'])('aof-use-rdb-preamble %s', (preamble) => {
  const more = {
    'aof-use-rdb-preamble': preamble,
    'aof-timestamp-enabled': preamble === 'yes' ? 'no' : 'yes',
  };

  test.each([
    ['theirs', startTheirs, startOurs],
    ['ours', startOurs, startTheirs],
  ])(
    '%s are loaded by the other server, before and after a rewrite, and gone on with',
    async (_name, first, second) => {
      const dir = folder();
      const writer = await first(dir, more);
      await fill(writer);
      await new Promise((resolve) => setTimeout(resolve, 5));
      const digest = await writer.value('debug', 'digest');
      const appended = await second(copyOf(dir), more);
      expect(await appended.value('debug', 'digest')).toBe(digest);
      await rewritten(writer);
      await writer.pipeline(['select 5', 'set late 1', 'incr late']);
      const later = await writer.value('debug', 'digest');
      const copy = copyOf(dir);
      const reader = await second(copy, more);
      expect(await reader.value('debug', 'digest')).toBe(later);
      await reader.pipeline(['select 6', 'rpush more 1 2 3']);
      await rewritten(reader);
      await reader.call('lpop more');
      const last = await reader.value('debug', 'digest');
      const again = await first(copyOf(copy), more);
      expect(await again.value('debug', 'digest')).toBe(last);
    },
  );

  test('redis-check-aof finds nothing wrong with ours', async () => {
    const dir = folder();
    const ours = await startOurs(dir, more);
    await fill(ours);
    await rewritten(ours);
    await ours.pipeline(['set a 1', 'multi', 'incr a', 'incr a', 'exec']);
    const manifest = join(dir, 'appendonlydir', 'appendonly.aof.manifest');
    const said = execFileSync(requireProgram('redis-check-aof'), [manifest], { encoding: 'utf8' });
    expect(said).toContain('All AOF files and manifest are valid');
  });
});

test.skipIf(!isReference)('a base of commands is the same as theirs', async () => {
  const more = { 'aof-use-rdb-preamble': 'no' };
  const base = async (start: typeof startOurs) => {
    const dir = folder();
    const client = await start(dir, more);
    // One key each, so that the order of keys does not matter.
    const texts: string[] = [];
    for (const requests of [
      [
        'xadd k 1-1 a 1',
        'xadd k 1-2 a 2',
        'xdel k 1-1',
        'xgroup create k g 0',
        'xreadgroup group g c streams k >',
      ],
      ['xadd k 5-5 a 1', 'xdel k 5-5', 'xgroup create k g $ entriesread 3', 'xgroup createconsumer k g c'],
      [`rpush k ${Array.from({ length: 100 }, (_, i) => i * 1000).join(' ')}`, 'pexpireat k 99999999999999'],
      ['hset k a 1 b 2', 'select 3', 'set other 1'],
      ['sadd k 3 1 2'],
      ['zadd k 1.5 a 2 b 1e20 c 0.1 d -inf e'],
      ['set k 12345'],
    ]) {
      await client.pipeline(['flushall', 'select 0', ...requests]);
      await rewritten(client);
      const files = execFileSync('sh', ['-c', `cat ${join(dir, 'appendonlydir')}/*.base.aof`]);
      texts.push(files.toString('latin1').replace(/TIME\r\n\$13\r\n\d+/, 'TIME'));
    }
    return texts;
  };
  expect(await base(startOurs)).toEqual(await base(startTheirs));
});

const TAIL = `${commands('SELECT 0', 'SET a 1', 'RPUSH l 1 2 3')}#TS:1\r\n${commands('MULTI', 'INCR a', 'INCR b', 'EXEC', 'SET last 12345678901')}`;

const TRANSACTION_START = TAIL.indexOf(command('MULTI'));
const TRANSACTION_END = TAIL.indexOf(command('EXEC')) + command('EXEC').length;
const CUTS = Array.from({ length: Math.ceil(TAIL.length / 7) }, (_, i) => i * 7);
const isWithinTransaction = (at: number) =>
  at > TRANSACTION_START + command('MULTI').length && at < TRANSACTION_END;

/** Files that may be damaged, by name. */
const DAMAGED: readonly (readonly [string, string])[] = [
  ...CUTS.filter((at) => !isWithinTransaction(at)).map((at): [string, string] => [
    `cut at ${at}`,
    TAIL.slice(0, at),
  ]),
  ['lenient numbers', '* 3 x\r\n$ 3 y\nSET--$1\r\naXX$01\r\n7\r\n'],
  ['a bare sign', `${TAIL}*`],
  ['a long annotation', `#${'x'.repeat(5000)}\r\n${TAIL}`],
  ['an annotation of 1022 bytes', `#${'x'.repeat(1021)}\n${TAIL}`],
  ['no command', `${TAIL}!!!`],
  ['no arguments', `${TAIL}*0\r\n`],
  ['an unknown command', `${TAIL}${commands('bla 1')}`],
  ['an unknown subcommand', `${TAIL}${commands('XGROUP bla s')}`],
  ['an argument without a sign', `${TAIL}*1\r\n+OK\r\n`],
];

describe.skipIf(!isReference)('damage is taken alike', () => {
  function damaged(text: string): string {
    const dir = folder();
    mkdirSync(join(dir, 'appendonlydir'));
    writeFileSync(join(dir, 'appendonlydir', 'appendonly.aof.manifest'), `file ${NAME} seq 1 type i\n`);
    writeFileSync(join(dir, 'appendonlydir', NAME), text, 'latin1');
    return dir;
  }

  /** What is loaded, and what is left of the file; or that the server does not start. */
  async function outcome(start: typeof startOurs, text: string): Promise<string> {
    const dir = damaged(text);
    const read = () => readFileSync(join(dir, 'appendonlydir', NAME), 'latin1');
    try {
      const client = await start(dir, { 'aof-use-rdb-preamble': 'yes' });
      return `${await client.value('debug', 'digest')} ${read().length}`;
    } catch {
      return `refused, ${read().length}`;
    }
  }

  test.each(DAMAGED)('%s', async (_name, text) => {
    expect(await outcome(startOurs, text)).toBe(await outcome(startTheirs, text));
  });

  // Redis leaves the MULTI where the file ends within a command (docs/differences.md).
  test.each(CUTS.filter(isWithinTransaction))(
    'cut at %i, within a transaction: nothing of it is left',
    async (at) => {
      const text = TAIL.slice(0, at);
      const [digest, left] = (await outcome(startOurs, text)).split(' ');
      expect(left).toBe(String(TRANSACTION_START - '#TS:1\r\n'.length));
      expect((await outcome(startTheirs, text)).split(' ')[0]).toBe(digest);
    },
  );
});
