// A real server as our replica: it takes our snapshot and our effects, and ends with the same data.

import { expect, onTestFinished, test } from 'vitest';
import { SeededRandom } from '../../src/index.ts';
import { CommandFuzzer } from '../differential/commands.ts';
import { THEMES } from '../differential/themes.ts';
import { findReference, ReferenceServer } from '../support/reference.ts';
import { encodeRequest } from '../support/resp.ts';
import type { TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';

const REQUESTS = 500;
const WAIT_MS = 20_000;
const seed = Number(process.env.RESPITE_SEED ?? 1);
const program = findReference();
const DEBUG = { 'enable-debug-command': 'yes' };

async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; !(await isTrue()); waitedMs += 10) {
    if (waitedMs > WAIT_MS) throw new Error(`it did not happen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function linked(config: Readonly<Record<string, string>>) {
  const master = await TestServer.start({ port: 0, realTime: true, config: { ...DEBUG, ...config } });
  onTestFinished(() => master.close());
  const replica = await ReferenceServer.start(program!, { ...DEBUG, ...config });
  onTestFinished(() => replica.stop());
  const [ours, theirs] = [master.connect(), await replica.connect()];
  const follow = async () => {
    await theirs.call(`REPLICAOF 127.0.0.1 ${master.port}`);
    await until('the link is up', async () =>
      String(await theirs.value('INFO', 'replication')).includes('master_link_status:up'),
    );
  };
  return { master, ours, theirs, follow };
}

async function expectSameData(ours: TestClient, theirs: TestClient, mark: string): Promise<void> {
  await ours.call(['SET', 'mark', mark]);
  await until('the replica has caught up', async () => (await theirs.value('GET', 'mark')) === mark);
  expect(await theirs.value('DEBUG', 'DIGEST')).toBe(await ours.value('DEBUG', 'DIGEST'));
}

test.skipIf(program === null).each(THEMES)('$name', async ({ name, commands, poolOf, config }) => {
  const { master, ours, theirs, follow } = await linked(config);
  const fuzzer = new CommandFuzzer(new SeededRandom(Buffer.from(`${name} ${seed}`)), commands, poolOf);
  const tell = async () => {
    const teller = master.connect();
    teller.write(Buffer.concat([...fuzzer.sequence(REQUESTS), ['PING']].map(encodeRequest)));
    await ours.call('PING');
    teller.close();
  };
  await tell();
  await follow();
  await expectSameData(ours, theirs, 'snapshot');
  for (let round = 0; round < 4; round++) {
    await tell();
    await expectSameData(ours, theirs, `round ${round}`);
  }
});

test.skipIf(program === null)('large values, and writes while the snapshot is on its way', async () => {
  const { ours, theirs, follow } = await linked({});
  const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('');
  for (let i = 0; i < 40; i++) await ours.call(['SET', `key:${i}`, `${i}${bytes.repeat(4000)}`]);
  const following = follow();
  let n = 0;
  const writing = (async () => {
    for (; n < 2000; n++) await ours.call(['APPEND', `key:${n % 40}`, bytes]);
  })();
  await Promise.all([following, writing]);
  await expectSameData(ours, theirs, 'end');
  expect(String(await ours.value('INFO', 'replication'))).toMatch(
    /^slave0:ip=127\.0\.0\.1,port=[1-9]\d*,state=online,/m,
  );
});
