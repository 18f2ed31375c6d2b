// A snapshot shows one moment, whatever is done while it is taken: random commands of all kinds run between its slices,
// and the file, loaded by another server, has the digest of the start.

import { describe, expect, onTestFinished, test } from 'vitest';
import { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/parser.ts';
import { SeededRandom } from '../../src/index.ts';
import { RdbEncoder } from '../../src/persistence/rdb/rdb-encoder.ts';
import { RdbWriter } from '../../src/persistence/rdb/rdb-writer.ts';
import { SnapshotAborted, Snapshots } from '../../src/persistence/snapshots.ts';
import { Server } from '../../src/server.ts';
import { CommandFuzzer, toldCommands } from '../differential/commands.ts';
import { THEMES } from '../differential/themes.ts';
import { encodeRequest } from '../support/resp.ts';
import { TestClient } from '../support/test-client.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

const REQUESTS = 600;
const ROUNDS = 40;
const firstSeed = Number(process.env.RESPITE_SEED ?? 1);
const runs = Number(process.env.RESPITE_RUNS ?? 2);
// They take long and change nothing, or end everything.
const LEFT_OUT = ['pfselftest', 'save', 'bgsave', 'bgrewriteaof', 'shutdown'];
const ALL = toldCommands().filter(({ name }) => !LEFT_OUT.includes(name));
const CONFIG = { 'enable-debug-command': 'yes', dir: '/', save: '' };

interface Ours {
  readonly server: Server;
  readonly virtual: VirtualRuntime;
  connect(): TestClient;
  advance(ms: number): Promise<void>;
}

function start(config: Readonly<Record<string, string>> = {}): Ours {
  const virtual = new VirtualRuntime();
  const settings = new Config(virtual, '/');
  loadConfig(settings, virtual.files, {});
  for (const [name, value] of Object.entries({ ...CONFIG, ...config })) {
    const error = settings.assign(name, value === '' ? [] : [value]);
    if (error !== null) throw new Error(`${name}: ${error}`);
  }
  const server = new Server({
    runtime: virtual,
    config: settings,
    executable: '',
    isEmbedded: true,
    logSink: () => {},
    onShutdown: () => {},
  });
  server.start();
  onTestFinished(() => server.close());
  return {
    server,
    virtual,
    connect: () => new TestClient(server.connect()),
    advance: (ms) => virtual.advance(ms),
  };
}

function snapshotsOf({ server, virtual }: Ours, keyDelayUs: number): Snapshots {
  const { clock, timers } = virtual;
  const { keyspace } = server.parts;
  return new Snapshots({
    clock,
    timers,
    files: virtual.files,
    keyspace,
    activity: () => 0,
    keyDelayUs: () => keyDelayUs,
  });
}

function begin(snapshots: Snapshots, { server }: Ours) {
  const ended: { error: Error | null }[] = [];
  snapshots.start({
    encoder: new RdbEncoder(new RdbWriter(), server.parts.keyspace.access, {
      hasChecksum: true,
      use: 'none',
      fields: [],
      libraries: [],
    }),
    folder: '/',
    temporaryName: 'snapshot.rdb',
    autoSync: true,
    done: (error) => ended.push({ error }),
  });
  return ended;
}

/** The digest of a file. */
async function digestOf(file: string, atMs: number, config: Readonly<Record<string, string>>) {
  const copy = start(config);
  await copy.advance(atMs - copy.virtual.clock.nowMs());
  copy.virtual.disk.write('/dump.rdb', file);
  const client = copy.connect();
  expect(await client.value('DEBUG', 'RELOAD', 'NOSAVE')).toBe('OK');
  return client.value('DEBUG', 'DIGEST');
}

describe.each([{ name: 'all commands', commands: ALL, poolOf: () => null, config: {} }, ...THEMES])(
  '$name',
  ({ name, commands, poolOf, config }) => {
    test.each(Array.from({ length: runs }, (_, i) => firstSeed + i))('seed %i', async (seed) => {
      const random = new SeededRandom(Buffer.from(`snapshot ${name} ${seed}`));
      const fuzzer = new CommandFuzzer(random, commands, poolOf);
      const ours = start(config);
      const client = ours.connect();
      const run = async (count: number) => {
        const teller = ours.connect();
        teller.write(Buffer.concat([...fuzzer.sequence(count).map(encodeRequest), encodeRequest(['PING'])]));
        await client.call('PING');
        teller.close();
      };
      await run(REQUESTS);
      const before = await client.value('DEBUG', 'DIGEST');
      const atMs = ours.virtual.clock.nowMs();
      const snapshots = snapshotsOf(ours, 1000);
      const ended = begin(snapshots, ours);
      const total = snapshots.current!.keysTotal;
      for (let round = 0; round < ROUNDS && ended.length === 0; round++) {
        await run(REQUESTS / ROUNDS);
        await ours.advance(1);
      }
      for (let i = 0; i < 10 * total && ended.length === 0; i++) await ours.advance(10);
      expect(ended).toEqual([{ error: null }]);
      expect(await digestOf(ours.virtual.disk.read('/snapshot.rdb')!, atMs, config)).toBe(before);
    });
  },
);

test('what is emptied while a snapshot is taken is in it all the same', async () => {
  for (const flush of ['FLUSHALL', 'FLUSHDB', 'FLUSHDB SYNC', 'FLUSHALL ASYNC', 'SWAPDB 0 1']) {
    for (const hasOthers of [false, true]) {
      const ours = start();
      const client = ours.connect();
      await client.value('DEBUG', 'POPULATE', '300', 'key', '5');
      for (let i = 0; i < 300; i++) await client.value('RPUSH', 'large', `${i}`.repeat(50));
      if (hasOthers) await client.pipeline(['SELECT 1', 'SET a 1', 'EXPIRE a 1000', 'SELECT 0']);
      const before = await client.value('DEBUG', 'DIGEST');
      const snapshots = snapshotsOf(ours, 1000);
      const ended = begin(snapshots, ours);
      await ours.advance(20);
      await client.value(...flush.split(' '));
      await client.value('SET', 'other', 'key');
      while (ended.length === 0) await ours.advance(20);
      expect(ended).toEqual([{ error: null }]);
      const file = ours.virtual.disk.read('/snapshot.rdb')!;
      expect(await digestOf(file, ours.virtual.clock.nowMs(), {}), flush).toBe(before);
      await ours.advance(1000);
      expect(await client.value('INFO', 'memory')).toContain('lazyfree_pending_objects:0');
    }
  }
});

test('a table grows again when the snapshot is done', async () => {
  const ours = start();
  const client = ours.connect();
  await client.value('DEBUG', 'POPULATE', '10', 'a');
  const snapshots = snapshotsOf(ours, 1000);
  const ended = begin(snapshots, ours);
  await client.value('DEBUG', 'POPULATE', '1000', 'b');
  const { dict } = ours.server.parts.keyspace.database(0);
  const frozen = dict.bucketCount;
  while (ended.length === 0) await ours.advance(10);
  await client.value('SET', 'one', 'more');
  expect(dict.bucketCount).toBeGreaterThan(frozen);
});

test('an empty data set, an aborted snapshot, a full disk', async () => {
  const ours = start();
  const client = ours.connect();
  const snapshots = snapshotsOf(ours, 0);
  const empty = begin(snapshots, ours);
  for (let i = 0; i < 10; i++) await ours.advance(1);
  expect(empty).toEqual([{ error: null }]);

  await client.value('DEBUG', 'POPULATE', '1000');
  const aborted = begin(snapshotsOf(ours, 1000), ours);
  await ours.advance(5);
  expect(aborted).toEqual([]);
  const other = snapshotsOf(ours, 1000);
  const third = begin(other, ours);
  await ours.advance(5);
  other.abort();
  expect(third[0]!.error).toBeInstanceOf(SnapshotAborted);
  expect(ours.virtual.disk.read('/snapshot.rdb')).toBe(null);

  for (const call of ['write', 'fsync'] as const) {
    ours.virtual.disk.fail(`${call}Sync`, 'ENOSPC');
    const failed = begin(snapshots, ours);
    for (let i = 0; i < 20; i++) await ours.advance(1);
    expect(failed[0]!.error).toMatchObject({ code: 'ENOSPC' });
    expect(snapshots.current).toBe(null);
    expect(ours.virtual.disk.read('/snapshot.rdb')).toBe(null);
  }
});
