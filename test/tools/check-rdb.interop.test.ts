// respite-check-rdb beside the real tool: the same lines and the same exit code for files put together by hand, for files
// that servers have saved, and for those files with damage of all kinds, from fixed seeds.

import * as fs from 'node:fs';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { SeededRandom } from '../../src/base/runtime.ts';
import { checkRdb } from '../../src/tools/check-rdb.ts';
import { OLD_PAYLOADS } from '../persistence/old-forms.ts';
import { VALUES } from '../persistence/values.ts';
import { packageDirectory } from '../support/our-process.ts';
import { requireProgram } from '../support/reference.ts';
import { runProgram } from '../support/run-program.ts';
import { TestServer } from '../support/test-server.ts';
import { bytes, RDB_SAMPLES, rdbFile, string } from './rdb-samples.ts';
import { normalized, record } from './recording-tool.ts';

const GOLDEN = join(import.meta.dirname, '../golden/value-dumps-7.2.4.json');
const DAMAGED_FILES = 400;
const LONGEST_VALUE = 4000;
// What is refused here and passes there (docs/differences.md): in these words, ours may say more.
const STRICTER =
  /stream entries|Zset (listpack|ziplist) integrity|Stream listpack integrity|no clock has shown|re-added with|Stream length/;

let redis = '';

beforeAll(() => {
  redis = requireProgram('redis-check-rdb');
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'respite-check-rdb-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

async function both(path: string) {
  const theirs = await runProgram(redis, [path]);
  const ours = record(checkRdb, [path], { files: fs });
  return {
    theirs: { code: theirs.code, stdout: normalized(theirs.stdout) },
    ours: { code: ours.code, stdout: normalized(ours.stdout) },
  };
}

test('files put together by hand', async () => {
  const path = join(folder(), 'dump.rdb');
  for (const { file, name } of RDB_SAMPLES) {
    writeFileSync(path, file);
    const { ours, theirs } = await both(path);
    expect(ours, name).toEqual(theirs);
  }
});

test('a file of every kind of value, as a program', async () => {
  const dir = folder();
  const server = await TestServer.start({ config: { dir }, realTime: true });
  onTestFinished(() => server.close());
  const client = server.connect();
  for (const [i, { requests }] of VALUES.entries()) {
    await client.call(`select ${i % 3}`);
    await client.pipeline(requests);
    if (i % 4 === 0) await client.call('pexpire k 100000');
    await client.call(`rename k key:${i}`);
  }
  expect(await client.value('save')).toBe('OK');
  const theirs = await runProgram(redis, [join(dir, 'dump.rdb')]);
  const ours = await runProgram(process.execPath, [
    join(packageDirectory(), 'bin/check-rdb.js'),
    join(dir, 'dump.rdb'),
  ]);
  expect(theirs.stdout).toContain('RDB looks OK!');
  expect(ours).toEqual(theirs);
});

test('files that are not there, folders, wrong arguments, as a program', async () => {
  const program = join(packageDirectory(), 'bin/check-rdb.js');
  for (const args of [[join(folder(), 'dump.rdb')], [folder()], [], ['a', 'b']]) {
    const theirs = await runProgram(redis, args);
    const ours = await runProgram(process.execPath, [program, ...args]);
    expect({ code: ours.code, stdout: ours.stdout }).toEqual({ code: theirs.code, stdout: theirs.stdout });
    if (args.length !== 1) {
      const usage = (text: string) => text.replace(/Usage: \S+/, 'Usage: NAME');
      expect(usage(ours.stderr)).toBe(usage(theirs.stderr));
    }
  }
});

test('damage of all kinds', async () => {
  const random = new SeededRandom(Uint8Array.of(2, 4, 8));
  const path = join(folder(), 'dump.rdb');
  const golden = JSON.parse(readFileSync(GOLDEN, 'utf8')) as { payload: string }[];
  const payloads = [
    ...golden.map(({ payload }) => Buffer.from(payload, 'base64')),
    ...OLD_PAYLOADS.map(({ payload }) => payload),
  ].filter((payload) => payload.length < LONGEST_VALUE);
  let stricter = 0;
  for (let i = 0; i < DAMAGED_FILES; i++) {
    const payload = payloads[random.below(payloads.length)]!;
    const entry = bytes(payload[0]!, string('k'), payload.subarray(1, -10));
    const file = rdbFile(damaged(entry, random));
    writeFileSync(path, file);
    const { ours, theirs } = await both(path);
    if (STRICTER.test(ours.stdout) && ours.stdout !== theirs.stdout) stricter++;
    else expect(ours, file.toString('base64')).toEqual(theirs);
  }
  expect(stricter).toBeLessThan(DAMAGED_FILES / 20);
});

/** An entry cut off, or with a few other bytes in it. */
function damaged(entry: Buffer, random: SeededRandom): Buffer {
  if (random.below(5) === 0) return entry.subarray(0, 1 + random.below(entry.length));
  const changed = Buffer.from(entry);
  for (let left = 1 + random.below(3); left > 0; left--) {
    // The lengths and counts are at the beginning.
    const last = random.below(2) === 0 ? Math.min(40, entry.length) : entry.length;
    changed[3 + random.below(last - 3)] = [0, 0x7f, 0x80, 0xff, random.below(256)][random.below(5)]!;
  }
  return changed;
}
