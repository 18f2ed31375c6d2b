// Scripts with the raw replies of Redis 7.2.4: the language, its libraries, conversions both ways, error texts. Each runs on
// a server of its own kind of emptiness, with one key and all bytes as its argument.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestServer } from '../support/test-server.ts';

interface RecordedScript {
  readonly script: string;
  /** The raw RESP2 reply, latin1. */
  readonly reply: string;
}

const { cases } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../golden/lua-corpus.json'), 'utf8'),
) as { cases: readonly RecordedScript[] };
const ALL_BYTES = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));

/** The scripts that are answered otherwise here, and why. */
const DIFFERENT: ReadonlyMap<string, string> = new Map([
  ["getmetatable('').__index=nil", 'what all strings share is read-only here'],
]);

let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start();
});

afterAll(() => server.close());

async function answerTo(script: string): Promise<string> {
  const client = server.connect();
  await client.call('FLUSHALL');
  const { raw } = await client.call(['EVAL', script, '1', 'key', ALL_BYTES]);
  client.close();
  return raw;
}

test.each(cases.filter(({ script }) => !DIFFERENT.has(script)))('$script', async ({ script, reply }) => {
  expect(await answerTo(script)).toBe(reply);
});

test.each([...DIFFERENT])('different: %s, because %s', async (script) => {
  const recorded = cases.find((one) => one.script === script)!;
  expect(await answerTo(script)).not.toBe(recorded.reply);
});
