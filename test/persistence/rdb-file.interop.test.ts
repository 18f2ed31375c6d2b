// RDB files go both ways: redis-check-rdb finds nothing wrong with ours, the real server loads them, and we load its.

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findReference, ReferenceServer, requireProgram } from '../support/reference.ts';
import type { TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';
import { VALUES } from './values.ts';

const program = findReference();
const isReference = program?.version === '7.2.4';
const DEBUG = { 'enable-debug-command': 'yes' };

/** Every value under a name of its own, some of them in other databases, some with deadlines. */
async function fill(client: TestClient): Promise<void> {
  let n = 0;
  for (const { requests } of VALUES) {
    await client.call(`select ${n % 3}`);
    await client.pipeline(requests);
    if (n % 4 === 0) await client.call('pexpireat k 99999999999999');
    await client.call(`rename k key:${n++}`);
  }
  await client.call('select 0');
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'respite-rdb-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

test.skipIf(!isReference).each(['noeviction', 'allkeys-lru', 'allkeys-lfu'])(
  'what is saved here a real server loads: %s',
  async (policy) => {
    const dir = folder();
    const server = await TestServer.start({
      config: { ...DEBUG, dir, 'maxmemory-policy': policy },
      realTime: true,
    });
    onTestFinished(() => server.close());
    const ours = server.connect();
    await fill(ours);
    const digest = await ours.value('debug', 'digest');
    expect(await ours.value('save')).toBe('OK');
    const checked = execFileSync(requireProgram('redis-check-rdb'), [join(dir, 'dump.rdb')], {
      encoding: 'utf8',
    });
    expect(checked).toContain('RDB looks OK!');
    expect(checked).toContain('Checksum OK');
    expect(checked).toContain(`${VALUES.length} keys read`);
    const theirDir = folder();
    copyFileSync(join(dir, 'dump.rdb'), join(theirDir, 'dump.rdb'));
    const reference = await ReferenceServer.start(program!, { ...DEBUG, dir: theirDir });
    onTestFinished(() => reference.stop());
    const theirs = await reference.connect();
    expect(await theirs.value('debug', 'digest')).toBe(digest);
    // And what it makes of the file is a file that is loaded here.
    expect(await theirs.value('save')).toBe('OK');
    copyFileSync(join(theirDir, 'dump.rdb'), join(dir, 'dump.rdb'));
    expect(await ours.value('debug', 'reload', 'nosave')).toBe('OK');
    expect(await ours.value('debug', 'digest')).toBe(digest);
    expect(await ours.value('debug', 'reload')).toBe('OK');
    expect(await ours.value('debug', 'digest')).toBe(digest);
    expect(await ours.value('pexpiretime', 'key:0')).toBe(99999999999999);
  },
);
