// Every story of the case tables leaves some data behind: it is the same after DEBUG RELOAD, and after each key was dumped
// and restored. So whatever form a command leaves a value in, files and payloads keep it.

import { describe, expect, test } from 'vitest';
import type { CommandCase } from '../support/case.ts';
import { isWait, MODES, nameOf, tellStory } from '../support/modes.ts';
import { changesTheServer, commandToCome, readTables } from '../support/tables.ts';
import { argumentsOf } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';

const PLAIN = MODES.find(({ name }) => name === 'plain')!;
const tables = await readTables();

// Nor may a transaction stay open, or another protocol chosen.
const CHANGES_THE_CONNECTION: ReadonlySet<string> = new Set(['multi', 'reset']);

function needsOwnServer(story: CommandCase): boolean {
  return (
    changesTheServer(story) ||
    story.steps.some((step) => !isWait(step) && CHANGES_THE_CONNECTION.has(nameOf(argumentsOf(step[0]))))
  );
}

function isTold(story: CommandCase): boolean {
  return story.not?.reload === undefined && commandToCome(story) === undefined;
}

function start(config: CommandCase['config'] = {}): Promise<TestServer> {
  return TestServer.start({ config: { ...config, 'enable-debug-command': 'yes', dir: '/' } });
}

/** Tells a story and looks at what it leaves behind. */
async function check(story: CommandCase, server: TestServer): Promise<void> {
  // Whether its replies are as they should be is not the question here.
  await tellStory(story, PLAIN, server.connect(), (ms) => server.advance(ms)).catch(() => {});
  const client = server.connect();
  const digest = await client.call('DEBUG DIGEST');
  // A story may have set a password: there is nothing to look at then.
  if (digest.reply.type === 'error') return;
  // What memory was short for is room for a copy now.
  await client.call('CONFIG SET maxmemory 0');
  const keys = ((await client.value('KEYS', '*')) as string[]).sort();
  for (const key of keys) {
    const before = await client.value('DEBUG', 'DIGEST-VALUE', key);
    const payload = (await client.value('DUMP', key)) as string;
    const deadline = String(await client.value('PEXPIRETIME', key));
    const request = ['RESTORE', key, deadline === '-1' ? '0' : deadline, payload, 'ABSTTL', 'REPLACE'];
    expect(await client.value(...request), story.name).toBe('OK');
    expect(await client.value('DEBUG', 'DIGEST-VALUE', key), `${story.name}: ${key}`).toEqual(before);
  }
  expect((await client.call('DEBUG RELOAD')).reply, story.name).toMatchObject({ type: 'simple', text: 'OK' });
  // What has expired but was not removed yet is not loaded.
  const hasExpired = server.logLines.some((line) => /keys expired: [1-9]/.test(line));
  if (!hasExpired) expect(await client.call('DEBUG DIGEST'), story.name).toEqual(digest);
  server.logLines.length = 0;
  await client.call('FLUSHALL');
}

describe.each(tables)('$name', ({ cases }) => {
  test('what the stories leave behind is kept', async () => {
    const shared = await start();
    try {
      for (const story of cases.filter((one) => isTold(one))) {
        const server = needsOwnServer(story) ? await start(story.config) : shared;
        try {
          await check(story, server);
        } finally {
          if (server !== shared) await server.close();
        }
      }
    } finally {
      await shared.close();
    }
  }, 60_000);
});
