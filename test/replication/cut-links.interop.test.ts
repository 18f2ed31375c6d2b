// A real server as our replica whose link is cut again and again while everything is written that there is: it comes back
// by what it has missed alone, and ends with the same data.

import { expect, onTestFinished, test } from 'vitest';
import { SeededRandom } from '../../src/index.ts';
import { CommandFuzzer } from '../differential/commands.ts';
import { THEMES } from '../differential/themes.ts';
import { LONG_TEST_MS, rounds } from '../support/long-run.ts';
import { findReference, isVersionAtLeast, ReferenceServer } from '../support/reference.ts';
import { encodeRequest } from '../support/resp.ts';
import type { TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';

const ROUNDS = 12;
const REQUESTS = 150;
const WAIT_MS = 20_000;
const seed = Number(process.env.RESPITE_SEED ?? 1);
const program = findReference();
const DEBUG = { 'enable-debug-command': 'yes' };
// One before 7.2 does not read the files of 7.2.
const FILES: Record<string, string> =
  program !== null && isVersionAtLeast(program.version, '7.2.0') ? {} : { 'rdb-version': '10' };
const SCRIPT =
  "for i = 1, 5 do redis.call('SADD', 'script:set', redis.call('INCR', KEYS[1]) % 50) end " +
  "redis.call('SPOP', 'script:set') redis.call('EXPIRE', KEYS[1], 1000) return redis.call('TIME')[1]";

async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; !(await isTrue()); waitedMs += 5) {
    if (waitedMs > WAIT_MS) throw new Error(`it did not happen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function linked(config: Readonly<Record<string, string>>) {
  const master = await TestServer.start({
    port: 0,
    realTime: true,
    config: { ...DEBUG, 'repl-diskless-sync-delay': '0', 'repl-backlog-size': '16mb', ...FILES, ...config },
  });
  onTestFinished(() => master.close());
  const replica = await ReferenceServer.start(program!, DEBUG);
  onTestFinished(() => replica.stop());
  const [ours, theirs] = [master.connect(), await replica.connect()];
  await theirs.call(`REPLICAOF 127.0.0.1 ${master.port}`);
  await linkIsUp(theirs);
  return { master, ours, theirs };
}

const linkIsUp = (theirs: TestClient) =>
  until('the link is up', async () =>
    String(await theirs.value('INFO', 'replication')).includes('master_link_status:up'),
  );

async function figure(client: TestClient, section: string, name: string): Promise<number> {
  return Number(new RegExp(`^${name}:(\\d+)\r$`, 'm').exec(String(await client.value('INFO', section)))?.[1]);
}

async function expectSameData(ours: TestClient, theirs: TestClient, mark: string): Promise<void> {
  await ours.call(['SET', 'mark', mark]);
  await until('the replica has caught up', async () => (await theirs.value('GET', 'mark')) === mark);
  // What expires meanwhile expires by the master's word, on both.
  await ours.call('DEBUG SET-ACTIVE-EXPIRE 0');
  await ours.call(['SET', 'mark', `${mark} still`]);
  await until('the replica is still', async () => (await theirs.value('GET', 'mark')) === `${mark} still`);
  const [mine, other] = [await ours.value('DEBUG', 'DIGEST'), await theirs.value('DEBUG', 'DIGEST')];
  // One before 7.2 makes other digests of scores.
  expect(mine === other ? '' : await whatDiffers(ours, theirs)).toBe('');
  await ours.call('DEBUG SET-ACTIVE-EXPIRE 1');
}

/** The keys that only one has, or whose values differ; what has expired is as good as gone. */
async function whatDiffers(ours: TestClient, theirs: TestClient): Promise<string> {
  const differing: string[] = [];
  for (let db = 0; db < 16; db++) {
    const [mine, other] = [await contents(ours, db), await contents(theirs, db)];
    // A key may have expired after the one was read, and before the other was.
    const nowMs = Date.now();
    for (const key of new Set([...mine.keys(), ...other.keys()])) {
      const [one, two] = [textAt(nowMs, mine.get(key)), textAt(nowMs, other.get(key))];
      if (one !== two) differing.push(`${db} ${key}: ${one} / ${two}`);
    }
  }
  return differing.join('\n');
}

interface Content {
  readonly text: string;
  /** Negative: none. */
  readonly deadlineMs: number;
}

function textAt(nowMs: number, content: Content | undefined): string | undefined {
  if (content === undefined || (content.deadlineMs >= 0 && content.deadlineMs <= nowMs)) return undefined;
  return `${content.text} ${content.deadlineMs}`;
}

async function contents(client: TestClient, db: number): Promise<Map<string, Content>> {
  const found = new Map<string, Content>();
  await client.call(['SELECT', String(db)]);
  for (const key of (await client.value('KEYS', '*')) as string[]) {
    const type = await client.value('TYPE', key);
    if (type === 'none') continue;
    const value =
      type === 'zset' ? await scores(client, key) : await client.value('DEBUG', 'DIGEST-VALUE', key);
    const deadlineMs = Number(await client.value('PEXPIRETIME', key));
    // -2: it has expired since its value was read.
    if (deadlineMs !== -2) found.set(key, { text: `${type} ${value}`, deadlineMs });
  }
  return found;
}

async function scores(client: TestClient, key: string): Promise<string> {
  const members = (await client.value('ZRANGE', key, '0', '-1', 'WITHSCORES')) as string[];
  return JSON.stringify(members.map((text, i) => (i % 2 === 0 ? text : String(Number(text)))));
}

test.skipIf(program === null)('links that are cut at any moment', { timeout: LONG_TEST_MS }, async () => {
  const { master, ours, theirs } = await linked({});
  const random = new SeededRandom(Buffer.from(`cut ${seed}`));
  const themes = THEMES.map(
    ({ commands, name, numbers, poolOf }) =>
      new CommandFuzzer(new SeededRandom(Buffer.from(`${name} cut ${seed}`)), commands, poolOf, numbers),
  );
  const requests = () => {
    const some = themes[random.below(themes.length)]!.sequence(1 + random.below(REQUESTS));
    const key = `volatile:${random.below(20)}`;
    some.push(['SET', key, 'x', 'PX', String(1 + random.below(300))]);
    some.push(['EVAL', SCRIPT, '1', `counter:${random.below(3)}`]);
    if (random.below(3) === 0) some.unshift(['SELECT', String(random.below(4))]);
    return random.below(3) === 0 ? [['MULTI'], ...some, ['EXEC']] : some;
  };
  let cuts = 0;
  for (const round of rounds(ROUNDS)) {
    const teller = master.connect();
    for (let i = 0; i < 4; i++) {
      teller.write(Buffer.concat(requests().map(encodeRequest)));
      if (random.below(2) === 0) continue;
      // Wherever the stream is: between two commands, or in the middle of one.
      cuts += Number(await ours.value('CLIENT', 'KILL', 'TYPE', 'replica'));
      if (random.below(2) === 0) await new Promise((resolve) => setTimeout(resolve, random.below(30)));
    }
    await ours.call('PING');
    teller.close();
    await linkIsUp(theirs);
    await expectSameData(ours, theirs, `round ${round}`);
  }
  expect(cuts).toBeGreaterThan(ROUNDS / 2);
  expect(await figure(ours, 'stats', 'sync_full')).toBe(1);
  expect(await figure(ours, 'stats', 'sync_partial_ok')).toBeGreaterThanOrEqual(cuts - 1);
});

test.skipIf(program === null)('what the backlog does not have any more comes with all data', async () => {
  const { ours, theirs, master } = await linked({ 'repl-backlog-size': '16kb' });
  await ours.call(['SET', 'a', '1']);
  await theirs.call('CLIENT PAUSE 1');
  await theirs.call('REPLICAOF NO ONE');
  for (let i = 0; i < 200; i++) await ours.call(['SET', `key:${i}`, 'x'.repeat(1000)]);
  await theirs.call(`REPLICAOF 127.0.0.1 ${master.port}`);
  await linkIsUp(theirs);
  await expectSameData(ours, theirs, 'end');
  expect(await figure(ours, 'stats', 'sync_full')).toBe(2);
});
