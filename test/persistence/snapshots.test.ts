// A snapshot shows one moment, whatever is done while it is taken: random commands of all kinds run between its slices,
// and the file, loaded by another server, has the digest of the start.

import { describe, expect, onTestFinished, test } from 'vitest';
import { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/parser.ts';
import { SnapshotAborted } from '../../src/engine/persistence.ts';
import { SeededRandom } from '../../src/index.ts';
import { RdbEncoder } from '../../src/persistence/rdb/rdb-encoder.ts';
import { RdbWriter } from '../../src/persistence/rdb/rdb-writer.ts';
import { Snapshots } from '../../src/persistence/snapshots.ts';
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

function snapshotsOf(
  { server, virtual }: Ours,
  keyDelayUs: number,
  clock = virtual.clock,
  activity = () => 0,
): Snapshots {
  const { timers } = virtual;
  const { keyspace } = server.parts;
  return new Snapshots({
    clock,
    timers,
    files: virtual.files,
    keyspace,
    activity,
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

describe('values of many nodes are written node by node, as they were', () => {
  const NODES = { 'list-max-listpack-size': '4', 'stream-node-max-entries': '4' };
  const ELEMENTS = 100;

  // What stands for a place is drawn anew each time.
  const CHANGES: Readonly<Record<string, readonly string[]>> = {
    'the ends of a list': [
      'LPUSH l x',
      'RPUSH l y',
      'LPOP l',
      'RPOP l',
      'LPOP l 7',
      'RPOP l 7',
      'LMOVE l l LEFT RIGHT',
      'LPUSH l LONG',
    ],
    'the middle of a list': [
      'LSET l PLACE z',
      'LSET l PLACE LONG',
      'LSET l 100 short',
      'LINSERT l BEFORE e:PLACE new',
      'LINSERT l AFTER e:PLACE LONG',
      'LREM l 1 e:PLACE',
    ],
    'the head of a list': ['LPUSH l x'],
    'the tail of a list': ['RPOP l'],
    'elements with nodes of their own': ['LSET l 100 short', 'LSET l 100 LONG'],
    insertions: ['LINSERT l BEFORE e:PLACE new'],
    'all of a list': [
      'LTRIM l 3 -4',
      'LREM l 0 same',
      'SORT l ALPHA STORE l',
      'RENAME l l2',
      'DEL l2',
      'RPUSH l a b c',
    ],
    'additions to a stream': ['XADD s * field LONG'],
    'the end of a stream': ['XADD s * a 1', 'XADD s * b 2 c 3', 'XTRIM s MAXLEN PLACE'],
    'the middle of a stream': [
      'XDEL s PLACE-1',
      'XADD s * a 1',
      'XGROUP CREATE s gPLACE 0',
      'XREADGROUP GROUP g c COUNT 3 STREAMS s >',
    ],
    'all of a stream': ['XTRIM s MAXLEN 0', 'XADD s * f v', 'DEL s', 'XADD s * f v', 'COPY s s2', 'FLUSHALL'],
  };

  test.each(Object.keys(CHANGES))('%s', async (name) => {
    for (let seed = firstSeed; seed < firstSeed + 2 * runs; seed++) {
      const random = new SeededRandom(Buffer.from(`nodes ${name} ${seed}`));
      const ours = start(NODES);
      const client = ours.connect();
      for (let i = 0; i < ELEMENTS; i++) {
        await client.pipeline([`RPUSH l e:${i} same`, `XADD s ${i + 1}-1 field v:${i}`]);
      }
      // Nodes that have room, at the ends and in between; a gap before the first element; elements with nodes of their own.
      const holes = Array.from({ length: 20 }, (_, i) => `LREM l 1 e:${i * 2 + 1}`);
      await client.pipeline([
        ...holes,
        ...(seed % 2 === 0 ? ['LPOP l'] : ['LPUSH l head']),
        `LINSERT l AFTER e:20 ${'L'.repeat(9000)}`,
        `LSET l 100 ${'L'.repeat(9000)}`,
        'RPUSH l tail',
        'XADD s 1000-1 field tail',
        'XGROUP CREATE s g 0',
        'SET other 1',
      ]);
      await client.value('XREADGROUP', 'GROUP', 'g', 'c', 'COUNT', '20', 'STREAMS', 's', '>');
      const before = await client.value('DEBUG', 'DIGEST');
      const atMs = ours.virtual.clock.nowMs();
      // A slice has time for a few nodes only.
      let us = 0;
      const clock = { ...ours.virtual.clock, nowMs: () => atMs, monotonicUs: () => (us += 200) };
      const snapshots = snapshotsOf(ours, 0, clock, () => us);
      const ended = begin(snapshots, ours);
      const lines = CHANGES[name]!;
      for (let i = 0; ended.length === 0; i++) {
        const line = lines[random.below(lines.length)]!;
        const place = String(1 + random.below(ELEMENTS));
        await client.call(line.replace('PLACE', place).replace('LONG', 'N'.repeat(9000)));
        await ours.advance(1);
        expect(i).toBeLessThan(10_000);
      }
      expect(ended).toEqual([{ error: null }]);
      expect(await digestOf(ours.virtual.disk.read('/snapshot.rdb')!, atMs, NODES), `seed ${seed}`).toBe(
        before,
      );
    }
  });
});

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
