// Files of both versions that are written here, with a real server of any version from 7.0 on: values of all types and
// encodings go from it to us and back with equal digests, in files that it knows; a later one it refuses.

import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findReference, isVersionAtLeast, ReferenceServer } from '../support/reference.ts';
import type { TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';
import { VALUES } from './values.ts';

const program = findReference();
const DEBUG = { 'enable-debug-command': 'yes' };
const LIBRARY = "#!lua name=mylib\nredis.register_function('answer', function() return 42 end)";

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'respite-rdb-version-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

async function startReference(dir: string) {
  const reference = await ReferenceServer.start(program!, { ...DEBUG, dir });
  onTestFinished(() => reference.stop());
  return reference.connect();
}

/** Every value under a name of its own in two databases, half of them volatile. */
async function fill(client: TestClient): Promise<void> {
  let n = 0;
  for (const { requests } of VALUES) {
    await client.call(`select ${n % 2}`);
    await client.pipeline(requests);
    if (n % 4 < 2) await client.call('pexpireat k 99999999999999');
    await client.call(`rename k key:${n++}`);
  }
  await client.call(['function', 'load', LIBRARY]);
  await client.call('select 0');
}

describe.skipIf(program === null || !isVersionAtLeast(program.version, '7.0.0'))('files', () => {
  // Before 7.2 scores have other digits in a digest, and files of version 11 are not known.
  const isSameDigest = program !== null && isVersionAtLeast(program.version, '7.2.0');
  const versions = isSameDigest ? ['10', '11'] : ['10'];

  test.each(versions)('of version %s go from a real server to us and back', async (version) => {
    const theirDir = folder();
    const theirs = await startReference(theirDir);
    await fill(theirs);
    const digest = await theirs.value('debug', 'digest');
    expect(await theirs.value('save')).toBe('OK');

    const ourDir = folder();
    copyFileSync(join(theirDir, 'dump.rdb'), join(ourDir, 'dump.rdb'));
    const config = { ...DEBUG, dir: ourDir, 'rdb-version': version };
    const server = await TestServer.start({ config, realTime: true });
    onTestFinished(() => server.close());
    const ours = server.connect();
    expect(await ours.value('debug', 'reload', 'nosave')).toBe('OK');
    if (isSameDigest) expect(await ours.value('debug', 'digest')).toBe(digest);
    expect(await ours.value('save')).toBe('OK');

    const backDir = folder();
    copyFileSync(join(ourDir, 'dump.rdb'), join(backDir, 'dump.rdb'));
    const back = await startReference(backDir);
    expect(await back.value('debug', 'digest')).toBe(digest);
    expect(await back.value('fcall', 'answer', '0')).toBe(42);
    for (let n = 0; n < VALUES.length; n++) {
      const name = `key:${n}`;
      for (const client of [theirs, ours, back]) await client.call(`select ${n % 2}`);
      const expected = await theirs.value('object', 'encoding', name);
      expect([VALUES[n]!.name, await back.value('object', 'encoding', name)]).toEqual([
        VALUES[n]!.name,
        expected,
      ]);
    }
  });

  test.each(versions)('payloads of version %s are restored by a real server', async (version) => {
    const theirs = await startReference(folder());
    const server = await TestServer.start({ config: { ...DEBUG, 'rdb-version': version }, realTime: true });
    onTestFinished(() => server.close());
    const ours = server.connect();
    for (const { name, requests } of VALUES) {
      await ours.call('flushall');
      // A payload has no deadline.
      await ours.pipeline([...requests, 'persist k']);
      const payload = (await ours.value('dump', 'k')) as string;
      expect([name, await theirs.value('restore', 'k', '0', payload, 'replace')]).toEqual([name, 'OK']);
      const digest = await ours.value('debug', 'digest-value', 'k');
      if (isSameDigest) {
        expect([name, await theirs.value('debug', 'digest-value', 'k')]).toEqual([name, digest]);
      }
      const back = (await theirs.value('dump', 'k')) as string;
      expect([name, await ours.value('restore', 'k', '0', back, 'replace')]).toEqual([name, 'OK']);
      expect([name, await ours.value('debug', 'digest-value', 'k')]).toEqual([name, digest]);
    }
  });

  test.skipIf(isSameDigest)('payloads of version 11 are too new for a server before 7.2', async () => {
    const server = await TestServer.start({ realTime: true });
    onTestFinished(() => server.close());
    const ours = server.connect();
    await ours.call('sadd k a b c');
    const payload = (await ours.value('dump', 'k')) as string;
    const theirs = await startReference(folder());
    expect((await theirs.call(['restore', 'k', '0', payload])).reply).toEqual({
      type: 'error',
      text: 'ERR DUMP payload version or checksum are wrong',
    });
  });
});
