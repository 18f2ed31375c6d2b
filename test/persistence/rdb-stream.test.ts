// RDB data that arrive in pieces: cut anywhere they become what they are as a whole, and cut off anywhere they are too short.

import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { hexOf } from '../../src/base/bytes.ts';
import { SeededRandom } from '../../src/base/runtime.ts';
import { datasetDigest } from '../../src/keyspace/digest.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import { RdbDecoder } from '../../src/persistence/rdb/rdb-decoder.ts';
import { RdbError } from '../../src/persistence/rdb/rdb-reader.ts';
import { RdbStreamReader } from '../../src/persistence/rdb/rdb-stream.ts';
import { TestServer } from '../support/test-server.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';
import { VALUES } from './values.ts';

const SILENT = {
  debug() {},
  verbose() {},
  notice() {},
  warning() {},
  raw() {},
  logs: () => false,
  setLevel() {},
  setFormat() {},
  setFile() {},
  setMirror() {},
  close() {},
};

/** A file with values of all kinds, some of them large, and the digest of its data. */
async function saved(): Promise<{ file: Buffer; digest: string }> {
  const runtime = new VirtualRuntime();
  const server = await TestServer.start({
    runtime,
    config: { dir: '/', 'enable-debug-command': 'yes', 'stream-node-max-entries': 10 },
  });
  onTestFinished(() => server.close());
  const client = server.connect();
  for (const [i, { requests }] of VALUES.entries()) {
    await client.pipeline([...requests, ['RENAMENX', 'k', `value ${i}`]]);
  }
  for (let i = 0; i < 40; i++) {
    await client.pipeline([
      ['HSET', 'large hash', ...Array.from({ length: 20 }, (_, j) => `${i}:${j}`)],
      ['SADD', 'large set', ...Array.from({ length: 20 }, (_, j) => `member ${i}:${j}`)],
      ['RPUSH', 'large list', ...Array.from({ length: 20 }, (_, j) => `element ${i}:${j}`)],
      [
        'ZADD',
        'large sorted set',
        ...Array.from({ length: 20 }, (_, j) => (j % 2 ? `m${i}:${j}` : `${i}.${j}`)),
      ],
      ['XADD', 'large stream', `${i}-1`, 'field', 'value'.repeat(10)],
    ]);
  }
  await client.pipeline([
    'XGROUP CREATE largestream g 0 MKSTREAM',
    ['XGROUP', 'CREATE', 'large stream', 'g', '0'],
    ['XREADGROUP', 'GROUP', 'g', 'c', 'COUNT', '30', 'STREAMS', 'large stream', '>'],
    ['SET', 'long', Array.from({ length: 60_000 }, (_, i) => i).join()],
    ['SET', 'other database', 'v', 'PX', '100000'],
    'SAVE',
  ]);
  const digest = String(await client.value('DEBUG', 'DIGEST'));
  return { file: Buffer.from(runtime.disk.read('/dump.rdb')!, 'latin1'), digest };
}

/** Reads a file in pieces of these lengths, again and again; `total` is what was told of its length. */
function load(file: Buffer, lengths: readonly number[], total: number, end = file.length) {
  const keyspace = new Keyspace(16, new SeededRandom(Buffer.from('seed')));
  keyspace.isLoading = true;
  const reader = new RdbStreamReader(total);
  const decoder = new RdbDecoder(keyspace, reader, SILENT, {
    checksChecksum: true,
    deep: false,
    replaces: false,
    dropsExpired: false,
    nowMs: 0,
  });
  const steps = decoder.steps(() => false);
  let at = 0;
  let isDone = false;
  for (let i = 0; !isDone; i++) {
    if (at < end) {
      const length = Math.min(lengths[i % lengths.length]!, end - at);
      reader.push(file.subarray(at, at + length));
      at += length;
    } else {
      // Nothing comes any more, as at the end of data whose length nobody knows; and then that is certain.
      if (i % 2 === 0) reader.settle();
      else if (at < file.length) reader.close();
    }
    while (reader.isReady && !isDone) isDone = steps.next().done === true;
  }
  return { keyspace, rest: reader.rest() };
}

test('pieces of any length', async () => {
  const { file, digest } = await saved();
  const behind = Buffer.concat([file, Buffer.from('*1\r\n$4\r\nPING\r\n')]);
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 70_000 })), {
        minLength: 1,
        maxLength: 20,
      }),
      fc.boolean(),
      (lengths, isTold) => {
        // One byte at a time is a case of its own.
        const pieces = lengths.every((length) => length < 20) ? [...lengths, 1000] : lengths;
        const { keyspace, rest } = load(behind, pieces, isTold ? file.length : Number.POSITIVE_INFINITY);
        expect(hexOf(datasetDigest(keyspace))).toBe(digest);
        expect(behind.subarray(file.length, file.length + rest.length).equals(rest)).toBe(true);
      },
    ),
    { numRuns: 6 },
  );
});

test('byte by byte', async () => {
  const { file, digest } = await saved();
  const { keyspace } = load(file, [1], file.length);
  expect(hexOf(datasetDigest(keyspace))).toBe(digest);
});

test('what ends too early is too short, wherever', async () => {
  const { file } = await saved();
  fc.assert(
    fc.property(fc.integer({ min: 0, max: file.length - 1 }), (end) => {
      const error = (() => {
        try {
          load(file, [4096], file.length, end);
        } catch (thrown) {
          return thrown;
        }
        return null;
      })();
      expect(error).toBeInstanceOf(RdbError);
    }),
    { numRuns: 20 },
  );
});
