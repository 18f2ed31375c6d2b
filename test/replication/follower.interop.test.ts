// Ours as the replica of a real server: under random writes of all types, scripts, expiry and transactions, with the link cut
// at random, it has the same data in the end, and needs all of them only once.

import { expect, onTestFinished, test } from 'vitest';
import { SeededRandom } from '../../src/index.ts';
import { requestsOf, THEMES } from '../differential/themes.ts';
import { FaultyLink } from '../support/faulty-link.ts';
import { LONG_TEST_MS, rounds } from '../support/long-run.ts';
import { findReference, isVersionAtLeast, ReferenceServer } from '../support/reference.ts';
import { encodeRequest } from '../support/resp.ts';
import type { TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';

const seed = Number(process.env.RESPITE_SEED ?? 1);
const ROUNDS = 6;
const COMPARE_EVERY = 50;
const REQUESTS = 300;
const WAIT_MS = 20_000;
const DATABASES = 4;
const program = findReference();
const DEBUG = { 'enable-debug-command': 'yes' };

async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const giveUpMs = performance.now() + WAIT_MS;
  while (!(await isTrue())) {
    if (performance.now() > giveUpMs) throw new Error(`it did not happen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function infoOf(client: TestClient, field: string): Promise<string> {
  return (
    new RegExp(`^${field}:(.*)\r$`, 'm').exec(String(await client.value('INFO', 'everything')))?.[1] ?? ''
  );
}

async function linked(
  ofReplica: Readonly<Record<string, string>> = {},
  config: Readonly<Record<string, string>> = {},
) {
  const master = await ReferenceServer.start(program!, {
    ...DEBUG,
    'repl-diskless-sync-delay': '0',
    'repl-backlog-size': '10mb',
    ...known(config),
  });
  onTestFinished(() => master.stop());
  const link = await FaultyLink.to(master.port);
  onTestFinished(() => link.close());
  const replica = await TestServer.start({
    port: 0,
    realTime: true,
    config: {
      ...DEBUG,
      dir: '/tmp',
      dbfilename: `respite-follower-${process.pid}.rdb`,
      save: '',
      'rdb-del-sync-files': 'yes',
      ...ofReplica,
      ...config,
    },
  });
  onTestFinished(() => replica.close());
  const [theirs, ours] = [await master.connect(), replica.connect()];
  await ours.value('REPLICAOF', '127.0.0.1', String(link.port));
  const isUp = () => until('the link is up', async () => (await infoOf(ours, 'master_link_status')) === 'up');
  return { isUp, link, master, ours, replica, theirs };
}

// An older server does not know all directives; data are the same with any limits.
function known(config: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (isVersionAtLeast(program!.version, '7.2.0')) return config;
  return Object.fromEntries(Object.entries(config).filter(([name]) => !name.startsWith('set-max-listpack')));
}

async function expectSameData(ours: TestClient, theirs: TestClient): Promise<void> {
  const data = isVersionAtLeast(program!.version, '7.2.0') ? digestOf : valuesOf;
  await until('the replica has all', async () => {
    const offsets = [await infoOf(theirs, 'master_repl_offset'), await infoOf(ours, 'master_repl_offset')];
    return offsets[0] === offsets[1] && (await data(ours)) === (await data(theirs));
  });
}

async function digestOf(client: TestClient): Promise<unknown> {
  return client.value('DEBUG', 'DIGEST');
}

// The digest of a sorted set is one of the texts of its scores, which before 7.2 had more digits.
async function valuesOf(client: TestClient): Promise<string> {
  const values: unknown[] = [];
  for (let db = 0; db < DATABASES; db++) {
    await client.call(`SELECT ${db}`);
    for (const key of ((await client.value('KEYS', '*')) as string[]).sort()) {
      const isSortedSet = (await client.value('TYPE', key)) === 'zset';
      const members = isSortedSet
        ? ((await client.value('ZRANGE', key, '0', '-1', 'WITHSCORES')) as string[])
        : [];
      const digest = isSortedSet
        ? members.map((text, i) => (i % 2 === 0 ? text : Number(text)))
        : await client.value('DEBUG', 'DIGEST-VALUE', key);
      values.push(db, key, digest, Number(await client.value('PEXPIRETIME', key)));
    }
  }
  await client.call('SELECT 0');
  return JSON.stringify(values);
}

// A BITFIELD of which every operation fails may make or lengthen a string in Redis, which replicas are not told of. From
// 7.4 on a negative offset counts from the end.
function isAlike([name, ...words]: readonly string[]): boolean {
  if (/^bitfield$/i.test(name!)) return !words.some((word) => /^fail$/i.test(word));
  if (!isVersionAtLeast(program!.version, '7.4.0') || !/^zrangestore$/i.test(name!)) return true;
  const limit = words.findIndex((word) => /^limit$/i.test(word));
  return limit < 0 || !words[limit + 1]?.startsWith('-');
}

/** Scripts, transactions and keys that expire soon, beside what a theme tells. */
function story(random: SeededRandom, round: number): (readonly string[])[] {
  const n = String(random.below(50));
  return [
    [
      'EVAL',
      "for i=1,5 do redis.call('incrby',KEYS[1],ARGV[1]) redis.call('rpush',KEYS[2],i) end",
      '2',
      `n:${n}`,
      `l:${n}`,
      n,
    ],
    ['MULTI'],
    ['SELECT', String(random.below(DATABASES))],
    ['SET', `t:${n}`, `round ${round}`, 'PX', String(1 + random.below(200))],
    ['SADD', `s:${n}`, ...Array.from({ length: 5 }, () => String(random.below(1000)))],
    ['SPOP', `s:${n}`, '2'],
    ['EXEC'],
    ['XADD', `x:${n}`, '*', 'f', n],
    ['SELECT', '0'],
    ['GETEX', `n:${n}`, 'EX', '100'],
    ['EXPIRE', `l:${n}`, '1'],
    ['PFADD', `h:${n}`, n, String(round)],
    ['SETBIT', `b:${n}`, n, '1'],
  ];
}

test.skipIf(program === null).each(THEMES)('$name', { timeout: LONG_TEST_MS }, async (theme) => {
  const { name, config } = theme;
  const { isUp, link, master, ours, theirs } = await linked({}, config);
  const random = new SeededRandom(Buffer.from(`cuts ${name} ${seed}`));
  const requestsOfTheme = requestsOf(theme, new SeededRandom(Buffer.from(`${name} ${seed}`)));
  await isUp();
  let cuts = 0;
  for (const round of rounds(ROUNDS)) {
    const teller = await master.connect();
    const requests = [...requestsOfTheme(REQUESTS).filter(isAlike), ...story(random, round)];
    const half = random.below(requests.length);
    teller.write(Buffer.concat(requests.slice(0, half).map(encodeRequest)));
    await theirs.value('PING');
    if (random.below(2) === 0) {
      cuts++;
      link.cut();
    }
    teller.write(Buffer.concat([['DISCARD'], ...requests.slice(half), ['PING']].map(encodeRequest)));
    await theirs.value('PING');
    teller.close();
    await isUp();
    if (round % COMPARE_EVERY === COMPARE_EVERY - 1) await expectSameData(ours, theirs);
  }
  await isUp();
  await expectSameData(ours, theirs);
  expect(await infoOf(theirs, 'sync_full')).toBe('1');
  // A link that is cut while it is made needs another.
  expect(Number(await infoOf(theirs, 'sync_partial_ok'))).toBeGreaterThanOrEqual(Math.min(1, cuts));
  expect(await infoOf(ours, 'unexpected_error_replies')).toBe('0');
});

test.skipIf(program === null).each(['disabled', 'on-empty-db', 'swapdb'])(
  'large values, and writes while the snapshot is on its way (%s)',
  async (mode) => {
    const { isUp, link, ours, theirs } = await linked({ 'repl-diskless-load': mode });
    await isUp();
    const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('');
    for (let i = 0; i < 20; i++) {
      await theirs.call(['SET', `key:${i}`, `${i}${bytes.repeat(4000)}`]);
      await theirs.call(['RPUSH', 'list', bytes.repeat(20), String(i)]);
    }
    for (const each of ['hset', 'sadd', 'zadd']) {
      await theirs.call([
        'EVAL',
        `for i=1,20000 do redis.call('${each}','${each}',i${each === 'sadd' ? '' : ',i'}) end`,
        '0',
      ]);
    }
    await theirs.call(['EVAL', "for i=1,3000 do redis.call('xadd','stream',i..'-1','field',i) end", '0']);
    // So that it needs all.
    await theirs.call('CONFIG SET repl-backlog-size 16kb');
    await theirs.call('CONFIG SET client-output-buffer-limit "replica 0 0 0"');
    await ours.call('REPLICAOF NO ONE');
    await ours.call(`REPLICAOF 127.0.0.1 ${link.port}`);
    for (let n = 0; n < 30; n++) {
      await theirs.pipeline(Array.from({ length: 100 }, (_, i) => ['APPEND', `key:${i % 40}`, bytes]));
    }
    await isUp();
    await expectSameData(ours, theirs);
  },
);

test.skipIf(program === null)('partition, half-open link, delay', async () => {
  const { isUp, link, ours, theirs } = await linked(
    { 'repl-timeout': '3' },
    { 'repl-timeout': '3', 'repl-ping-replica-period': '1' },
  );
  await isUp();
  const write = async (count: number) => {
    for (let i = 0; i < count; i++) await theirs.call(['APPEND', `key:${i % 20}`, `${i}`]);
  };
  // Nothing comes, and nobody says so.
  link.silence();
  await write(500);
  await until('it is noticed', async () => (await infoOf(ours, 'master_link_status')) === 'down');
  expect(Number(await infoOf(ours, 'used_memory'))).toBeLessThan(50_000_000);
  await write(500);
  link.speak();
  const startMs = performance.now();
  await isUp();
  expect(performance.now() - startMs).toBeLessThan(6000);
  await expectSameData(ours, theirs);
  // A long way, and cuts on it.
  link.delayMs = 60;
  for (let i = 0; i < 3; i++) {
    link.cut();
    await write(100);
    await isUp();
  }
  await expectSameData(ours, theirs);
  expect(await infoOf(theirs, 'sync_full')).toBe('1');
});
