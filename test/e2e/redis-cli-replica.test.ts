// redis-cli as a replica of our server: --replica shows the effects, --rdb fetches the snapshot into a file.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { OurProcess } from '../support/our-process.ts';
import { requireProgram } from '../support/reference.ts';
import { runProgram } from '../support/run-program.ts';

const cli = requireProgram('redis-cli');

async function start() {
  const server = await OurProcess.start({ args: ['--repl-diskless-sync-delay', '0'] });
  onTestFinished(() => server.stop());
  const run = (args: readonly string[], options = {}) =>
    runProgram(cli, ['-h', '127.0.0.1', '-p', String(server.port), ...args], options);
  return { client: await server.connect(), run };
}

test('--replica prints what happens', async () => {
  const { client, run } = await start();
  await client.call('SET before 1');
  const watching = run(['--replica'], { interruptAfterMs: 4000, isUnbuffered: true });
  while (!String(await client.value('INFO', 'replication')).includes('state=online')) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await client.pipeline([
    'INCR before',
    'MULTI',
    ['SET', 'a', '\xff"\n'],
    'SELECT 3',
    'DEL b',
    'SET b 1',
    'EXEC',
  ]);
  const { stdout, stderr } = await watching;
  expect(stderr).not.toContain('error');
  // Of the two words the first is 7.2's.
  expect(stderr).toMatch(/(Full resync|SYNC) with master, discarding /);
  // The first command of the stream is what redis-cli takes for the answer to its REPLCONF ACK, here and with Redis.
  const other = new Set(['', '"ping"', '"SELECT","0"']);
  expect(stdout.split('\n').filter((line) => !other.has(line))).toEqual([
    '"INCR","before"',
    '"MULTI"',
    String.raw`"SET","a","\xff\"\n"`,
    '"SELECT","3"',
    '"SET","b","1"',
    '"EXEC"',
  ]);
});

test('--rdb fetches a file that is sound', async () => {
  const { client, run } = await start();
  await client.pipeline(['SET a 1', 'RPUSH l 1 2 3', 'SELECT 2', ['SET', 'b', 'x'.repeat(100_000)]]);
  const folder = mkdtempSync(join(tmpdir(), 'respite-rdb-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'fetched.rdb');
  const { stderr, code } = await run(['--rdb', path]);
  expect(stderr).toContain('Transfer finished with success');
  expect(code).toBe(0);
  const checked = await runProgram(requireProgram('redis-check-rdb'), [path]);
  // An older program gives up at the version, and says so.
  const isOlder = checked.stdout.includes("Can't handle RDB format version 11");
  if (!isOlder) {
    expect(checked.stdout).toContain('RDB looks OK!');
    expect(checked.stdout).toContain('3 keys read');
  }
  expect(String(await client.value('INFO', 'replication'))).toContain('connected_slaves:0');
});
