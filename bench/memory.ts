// Bytes per key, and of collections: how much a server's resident memory and its own `used_memory` grow when it is given distinct keys of 16
// bytes with values of 16 bytes. Each server is fresh, and grows through the sizes in order; the figure of each size is
// counted from the empty server.

import { load, NUMBER } from './loader.ts';
import {
  type Children,
  cpuTimeUs,
  type RunningServer,
  residentBytes,
  type ServerSpec,
  startServer,
} from './servers.ts';

// Long enough for an incremental rehash to end and for garbage to be collected, were there any timer for either.
const SETTLE_MS = 2000;

export interface MemoryRow {
  readonly server: string;
  readonly keys: number;
  readonly emptyRssBytes: number | null;
  /** Growth since the server was empty; null where there is no /proc, or no `used_memory`. */
  readonly rssGrowthBytes: number | null;
  readonly usedGrowthBytes: number | null;
  /** Over the keys that were added since the size before. */
  readonly keysPerSecond: number;
  readonly cpuUsPerKey: number | null;
}

/** Measures one server at each of `sizes`, which must grow. */
export async function measureMemory(
  children: Children,
  spec: ServerSpec,
  sizes: readonly number[],
): Promise<MemoryRow[]> {
  const server = await startServer(children, spec);
  try {
    await sleep(SETTLE_MS);
    const emptyRss = residentBytes(server.pid);
    const emptyUsed = await usedMemory(server);
    const rows: MemoryRow[] = [];
    let loaded = 0;
    for (const keys of sizes) {
      const count = keys - loaded;
      const cpuBefore = cpuTimeUs(server.pid);
      const startedMs = performance.now();
      await load({
        port: server.port,
        command: ['SET', `key:${NUMBER}`, `val:${NUMBER}`],
        first: loaded,
        count,
      });
      const elapsedMs = performance.now() - startedMs;
      const cpu = difference(cpuTimeUs(server.pid), cpuBefore);
      loaded = keys;
      await sleep(SETTLE_MS);
      rows.push({
        server: spec.name,
        keys,
        emptyRssBytes: emptyRss,
        rssGrowthBytes: difference(residentBytes(server.pid), emptyRss),
        usedGrowthBytes: difference(await usedMemory(server), emptyUsed),
        keysPerSecond: (count / elapsedMs) * 1000,
        cpuUsPerKey: cpu === null ? null : cpu / count,
      });
    }
    return rows;
  } finally {
    await server.stop();
  }
}

/** What a collection, or many small ones, take: the growth of a fresh server that is given them. */
export interface CollectionMemory {
  readonly rssBytes: number | null;
  readonly usedBytes: number | null;
}

export interface CollectionMemoryRow {
  readonly name: string;
  readonly ours: CollectionMemory;
  readonly theirs: CollectionMemory;
}

const ELEMENT = `element:${NUMBER}`;
const FIVE = [0, 1, 2, 3, 4];

/** Name and command of each shape; the command is sent a million times. */
const COLLECTIONS: readonly (readonly [name: string, command: readonly string[]])[] = [
  ['small hashes', ['HSET', `hash:${NUMBER}`, ...FIVE.flatMap((i) => [`field${i}`, `value${i}`])]],
  ['small sets', ['SADD', `set:${NUMBER}`, ...FIVE.map((i) => `member${i}`)]],
  ['a list', ['RPUSH', 'list', ELEMENT]],
  ['a hash', ['HSET', 'hash', ELEMENT, `value:${NUMBER}`]],
  ['a set', ['SADD', 'set', ELEMENT]],
  ['a sorted set', ['ZADD', 'zset', NUMBER, ELEMENT]],
];

/** Measures each shape with `count` commands, on fresh servers. */
export async function measureCollections(
  children: Children,
  ours: ServerSpec,
  theirs: ServerSpec,
  count: number,
): Promise<CollectionMemoryRow[]> {
  const rows: CollectionMemoryRow[] = [];
  for (const [name, command] of COLLECTIONS) {
    rows.push({
      name: `${name} × ${count / 1e6} M`,
      ours: await measureCollection(children, ours, command, count),
      theirs: await measureCollection(children, theirs, command, count),
    });
  }
  return rows;
}

async function measureCollection(
  children: Children,
  spec: ServerSpec,
  command: readonly string[],
  count: number,
): Promise<CollectionMemory> {
  const server = await startServer(children, spec);
  try {
    await sleep(SETTLE_MS);
    const emptyRss = residentBytes(server.pid);
    const emptyUsed = await usedMemory(server);
    await load({ port: server.port, command, first: 0, count });
    await sleep(SETTLE_MS);
    return {
      rssBytes: difference(residentBytes(server.pid), emptyRss),
      usedBytes: difference(await usedMemory(server), emptyUsed),
    };
  } finally {
    await server.stop();
  }
}

async function usedMemory(server: RunningServer): Promise<number | null> {
  const text = (await server.control.info('memory')).get('used_memory');
  return text === undefined ? null : Number(text);
}

function difference(after: number | null, before: number | null): number | null {
  return after === null || before === null ? null : after - before;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
