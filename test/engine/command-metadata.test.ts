// Every command says of itself what Redis 7.2.4 says of it: the replies of COMMAND INFO and COMMAND DOCS are held against
// the facts in golden/commands-7.2.4-*.json.

import { expect, onTestFinished, test } from 'vitest';
import { factsOf, goldenFacts } from '../support/command-facts.ts';
import { TestServer } from '../support/test-server.ts';

const golden = goldenFacts();

async function ourFacts() {
  const server = await TestServer.start();
  onTestFinished(() => server.close());
  const client = await server.connect3();
  return factsOf((await client.call('COMMAND')).reply, (await client.call('COMMAND DOCS')).reply);
}

test('the golden files know the commands of 7.2.4', () => {
  expect(golden.size).toBe(370);
  expect(golden.get('get')).toEqual({
    group: 'string',
    since: '1.0.0',
    arity: 2,
    flags: 'readonly fast',
    range: '1 1 1',
    acl: '@read @string @fast',
    keys: 'RO access, index index=1, range lastkey=0 keystep=1 limit=0',
    args: 'key:key#0',
    hasComplexity: true,
  });
});

test('every command is one of Redis and says the same of itself', async () => {
  const ours = await ourFacts();
  expect(ours.size).toBeGreaterThan(0);
  const wrong: Record<string, { ours: unknown; redis: unknown }> = {};
  for (const [name, facts] of ours) {
    const expected = golden.get(name);
    if (JSON.stringify(facts) !== JSON.stringify(expected)) wrong[name] = differing(facts, expected);
  }
  expect(wrong).toEqual({});
});

function differing(facts: object, expected: object | undefined): { ours: unknown; redis: unknown } {
  if (expected === undefined) return { ours: facts, redis: 'no such command' };
  const names = new Set([...Object.keys(facts), ...Object.keys(expected)]);
  const ours: Record<string, unknown> = {};
  const redis: Record<string, unknown> = {};
  for (const name of names) {
    const [a, b] = [(facts as Record<string, unknown>)[name], (expected as Record<string, unknown>)[name]];
    if (JSON.stringify(a) === JSON.stringify(b)) continue;
    ours[name] = a;
    redis[name] = b;
  }
  return { ours, redis };
}
