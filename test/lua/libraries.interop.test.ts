// What was recorded of Lua's libraries is what the real server answers.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findReference, ReferenceServer } from '../support/reference.ts';
import type { TestClient } from '../support/test-client.ts';
import { showing } from './show.ts';

const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, '../golden/lua-libraries-7.2.4.json'), 'utf8'),
) as { cases: { chunk: string; answer: string }[] };

const program = findReference();

describe.skipIf(program?.version !== '7.2.4')('recorded answers', () => {
  let reference: ReferenceServer;
  let client: TestClient;

  beforeAll(async () => {
    reference = await ReferenceServer.start(program!);
    client = await reference.connect();
  });

  afterAll(() => reference.stop());

  test.each(recorded.cases)('$chunk', async ({ chunk, answer }) => {
    expect(await client.value('EVAL', showing(chunk), '1', 'key', 'arg')).toBe(answer);
  });
});
