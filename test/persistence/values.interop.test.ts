// Payloads go both ways between this server and a real 7.2.4: what either dumps the other restores, to the same value in
// the same encoding; and equal values have equal digests, lengths and, where order is not open, payloads.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findReference, ReferenceServer } from '../support/reference.ts';
import type { TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';
import { OLD_PAYLOADS } from './old-forms.ts';
import { VALUES } from './values.ts';

const program = findReference();
const DEBUG = { 'enable-debug-command': 'yes' };

describe.skipIf(program?.version !== '7.2.4')('payloads of values', () => {
  let reference: ReferenceServer;
  let server: TestServer;
  let theirs: TestClient;
  let ours: TestClient;

  beforeAll(async () => {
    reference = await ReferenceServer.start(program!, DEBUG);
    server = await TestServer.start({ config: DEBUG, realTime: true });
    theirs = await reference.connect();
    ours = server.connect();
  });

  afterAll(async () => {
    await server?.close();
    await reference?.stop();
  });

  async function made(client: TestClient, requests: readonly (string | readonly string[])[]) {
    await client.call('flushall');
    for (const { reply } of await client.pipeline(requests)) {
      expect(reply.type === 'error' ? reply.text : '').toBe('');
    }
  }

  async function described(client: TestClient) {
    const object = (await client.value('debug', 'object', 'k')) as string;
    return {
      encoding: await client.value('object', 'encoding', 'k'),
      digest: await client.value('debug', 'digest-value', 'k'),
      length: /serializedlength:(\d+)/.exec(object)?.[1],
    };
  }

  /** The request that restores `k` with the deadline that it has on the reference. */
  async function restoring(payload: string): Promise<string[]> {
    const expires = (await theirs.value('pexpiretime', 'k')) as number;
    return ['restore', 'k', String(Math.max(0, expires)), payload, 'absttl', 'replace'];
  }

  test.each(VALUES)('of Redis are restored here: $name', async ({ requests, isUnordered }) => {
    await made(theirs, requests);
    const payload = (await theirs.value('dump', 'k')) as string;
    expect(await ours.value(...(await restoring(payload)))).toBe('OK');
    expect(await described(ours)).toEqual(await described(theirs));
    if (isUnordered !== true) expect(hex((await ours.value('dump', 'k')) as string)).toBe(hex(payload));
  });

  test.each(VALUES)('of ours are the same, and Redis restores them: $name', async (value) => {
    const { name, requests, isUnordered } = value;
    await made(theirs, requests);
    await made(ours, requests);
    const expected = await described(theirs);
    expect(await described(ours)).toEqual(expected);
    const payload = (await ours.value('dump', 'k')) as string;
    // Times of streams' consumers differ.
    const isComparable = isUnordered !== true && !name.includes('group');
    if (isComparable) expect(hex(payload)).toBe(hex((await theirs.value('dump', 'k')) as string));
    expect(await theirs.value(...(await restoring(payload)))).toBe('OK');
    expect(await described(theirs)).toEqual(expected);
    if (isUnordered !== true) expect(hex((await theirs.value('dump', 'k')) as string)).toBe(hex(payload));
  });

  // A large set, hash or zipmap has its own order in each table.
  test.each(OLD_PAYLOADS)('of older versions become the same: $name', async ({ name, payload }) => {
    const request = ['restore', 'k', '0', payload.toString('latin1'), 'replace'];
    expect(await theirs.value(...request)).toBe('OK');
    expect(await ours.value(...request)).toBe('OK');
    expect(await described(ours)).toEqual(await described(theirs));
    if (/large set|large hash|long member|long value|of many/.test(name)) return;
    expect(hex((await ours.value('dump', 'k')) as string)).toBe(
      hex((await theirs.value('dump', 'k')) as string),
    );
  });
});

function hex(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex');
}
