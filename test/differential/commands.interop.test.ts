// Random command sequences to our server and to the real one: the answers must be the same bytes, and so must be what the
// servers hold in the end. RESPITE_SEED starts at another seed, RESPITE_RUNS tells how many sequences.

import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/commands/registry.ts';
import { SeededRandom } from '../../src/index.ts';
import { showReply } from '../support/match-reply.ts';
import { findReference, isVersionAtLeast } from '../support/reference.ts';
import type { Reply } from '../support/resp.ts';
import { plainValue, type TestClient } from '../support/test-client.ts';
import { answerText, keyspaceText } from './answers.ts';
import { CommandFuzzer, toldCommands } from './commands.ts';
import { expectAlike } from './compare.ts';
import { firstSeed, sidesOf } from './sides.ts';

const REQUESTS = 250;
const runs = Number(process.env.RESPITE_RUNS ?? 30);

const program = findReference()!;
const sides = sidesOf();

// An older reference lacks some commands and words others otherwise: of the data types it is asked about strings only.
const isOlder = !isVersionAtLeast(program.version, '7.2.0');
const SINCE_LONG: ReadonlySet<string> = new Set([
  'string',
  'generic',
  'transactions',
  'connection',
  'server',
]);
const commands = toldCommands().filter(
  ({ name, spec }) =>
    isVersionAtLeast(program.version, spec.since) &&
    (!isOlder || (SINCE_LONG.has(spec.group) && !name.startsWith('sort'))),
);

// Before 7.2 a client's name with a zero byte was refused; since then it is looked at up to that byte.
// SORT stores elements of equal weight in the order of a hash table; an ID that XADD makes is a time.
function isComparable(request: readonly string[]): boolean {
  const has = (word: string) => request.some((arg) => arg.toLowerCase() === word);
  if (has('sort') && has('alpha') && has('by') && has('store')) return false;
  if (has('xadd') && has('*')) return false;
  const mayName = /^(client|hello)$/i.test(request[0]!) && request.some((word) => word.includes('\0'));
  return !mayName || isVersionAtLeast(program.version, '7.2.0');
}

const manner = { blockSteps: REQUESTS, answer: answerText, state: keyspaceText };

describe.each([2, 3] as const)('RESP%i', (protocol) => {
  test.each(Array.from({ length: runs }, (_, i) => firstSeed + i))('seed %i', async (seed) => {
    const random = new SeededRandom(Buffer.from(`differential ${seed} ${protocol}`));
    const requests = new CommandFuzzer(random, commands).sequence(REQUESTS).filter(isComparable);
    await expectAlike(sides(), { setUp: [], requests }, protocol, manner);
  });
});

test('there is something to tell', () => {
  expect(commands.length).toBeGreaterThan(40);
});

test('COMMAND INFO says of every command what the reference says', async (context) => {
  if (!isVersionAtLeast(program.version, '7.2')) context.skip('the reference is older than what we are like');
  const [left, right] = await Promise.all(sides().map((side) => side.connect()));
  const names = COMMANDS.flatMap((command) => [command, ...command.subcommands.values()]).map(
    (one) => one.fullName,
  );
  for (const protocol of [2, 3]) {
    await Promise.all([left!.call(`HELLO ${protocol}`), right!.call(`HELLO ${protocol}`)]);
    for (const name of names.sort()) {
      const [mine, theirs] = await Promise.all(
        [left!, right!].map(async (client) => factsOf((await client.call(['COMMAND', 'INFO', name])).reply)),
      );
      expect.soft(mine, name).toEqual(theirs);
    }
  }
});

test('RANDOMKEY gives every key its turn', async () => {
  for (const side of sides()) {
    const client = await side.connect();
    await client.pipeline(['FLUSHALL', 'MSET a 1 b 2 c 3']);
    const replies = await client.pipeline(Array.from({ length: 300 }, () => 'RANDOMKEY'));
    expect(new Set(replies.map((frame) => plainValue(frame.reply))), side.name).toEqual(
      new Set(['a', 'b', 'c']),
    );
    await client.call('FLUSHALL');
    expect(await client.value('RANDOMKEY'), side.name).toBe(null);
  }
});

test('SCAN finds every key once, whatever COUNT, MATCH and TYPE are', async () => {
  for (const side of sides()) {
    const client: TestClient = await side.connect();
    await client.call('FLUSHALL');
    const keys = Array.from({ length: 500 }, (_, i) => `key:${i}`);
    await client.pipeline(keys.map((key) => ['SET', key, 'x']));
    for (const options of [
      '',
      'COUNT 1',
      'COUNT 1000',
      'TYPE string',
      'TYPE hash',
      'MATCH *7*',
      'match key:1? count 7',
    ]) {
      const found: string[] = [];
      let cursor = '0';
      do {
        const [next, batch] = (await client.value('SCAN', cursor, ...options.split(' ').filter(Boolean))) as [
          string,
          string[],
        ];
        cursor = next;
        found.push(...batch);
      } while (cursor !== '0');
      const wanted = keys.filter((key) => {
        if (options.includes('hash')) return false;
        if (options.includes('*7*')) return key.includes('7');
        return !options.includes('1?') || /^key:1.$/.test(key);
      });
      expect(found.sort(), `${side.name} ${options}`).toEqual(wanted.sort());
    }
  }
});

// What COMMAND INFO says of one command, without its subcommands, which are asked for by themselves. Flags and
// categories have no order, and notes are in words of our own.
function factsOf(reply: Reply): unknown {
  const info = reply.type === 'array' ? reply.items[0]! : reply;
  if (info.type !== 'array') return showReply(info);
  const shown = (item: Reply) => showReply(item).replace(/"notes"(,| =>) "([^"\\]|\\.)*"/, 'notes');
  return info.items.slice(0, 9).map((item) => ('items' in item ? item.items.map(shown).sort() : shown(item)));
}
