// How well eviction keeps what is asked for: both servers get the same Zipfian reads at the same time, one key after the
// other, and what is missing is written again, as a cache is used. Each server's `maxmemory` is what a fifth of the keys
// takes there, so that the policies are compared and not the bytes per key. The LRU clock counts seconds: reads come at a
// fixed rate, the same for both.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { encodeCommand } from './client.ts';
import { type Children, type RunningServer, type ServerSpec, startServer } from './servers.ts';

const VALUE_BYTES = 100;
const KEYS_PER_KEY_HELD = 5;
const ZIPF_EXPONENT = 0.99;
const BATCH = 500;
const BATCH_MS = 10;
const LOAD_BATCH = 1000;
// The first part of the reads fills the servers, and is not counted.
const WARM_UP_SHARE = 0.4;
const WATCH_EVERY_BATCHES = 20;
const BULK = Buffer.from(`$${VALUE_BYTES}\r\n${'v'.repeat(VALUE_BYTES)}\r\n`, 'latin1');
const DOLLAR = 0x24;
const MINUS = 0x2d;
const MISS_BYTES = '$-1\r\n'.length;

export const EVICTION_POLICIES = ['allkeys-lru', 'allkeys-lfu'] as const;

export interface EvictionFigures {
  readonly hitRatio: number;
  readonly keysHeld: number;
  readonly maxmemory: number;
  /** The most that INFO has shown above `maxmemory`, its peak included; negative: it was never reached. */
  readonly mostAboveBytes: number;
}

export interface EvictionRow {
  readonly policy: string;
  readonly keys: number;
  readonly reads: number;
  readonly ours: EvictionFigures;
  readonly theirs: EvictionFigures;
}

export interface EvictionOptions {
  readonly children: Children;
  readonly keys: number;
  readonly seconds: number;
}

/** Measures both servers under each policy. */
export async function measureEviction(
  ours: ServerSpec,
  theirs: ServerSpec,
  { children, keys, seconds }: EvictionOptions,
): Promise<EvictionRow[]> {
  const rows: EvictionRow[] = [];
  const draw = zipfian(keys);
  for (const policy of EVICTION_POLICIES) {
    const servers = [await startServer(children, ours), await startServer(children, theirs)] as const;
    const caches = await Promise.all(servers.map((server) => Cache.open(server, policy, keys)));
    const batches = Math.round((seconds * 1000) / BATCH_MS);
    const wanted = new Int32Array(BATCH);
    const startMs = performance.now();
    for (let batch = 0; batch < batches; batch++) {
      for (let i = 0; i < BATCH; i++) wanted[i] = draw();
      const isCounted = batch >= batches * WARM_UP_SHARE;
      await Promise.all(caches.map((cache) => cache.read(wanted, isCounted)));
      if (batch % WATCH_EVERY_BATCHES === 0) await Promise.all(caches.map((cache) => cache.watch()));
      const aheadMs = (batch + 1) * BATCH_MS - (performance.now() - startMs);
      if (aheadMs > 0) await setTimeout(aheadMs);
    }
    const [ourFigures, theirFigures] = await Promise.all(caches.map((cache) => cache.figures()));
    rows.push({ policy, keys, reads: batches * BATCH, ours: ourFigures!, theirs: theirFigures! });
    for (const cache of caches) cache.close();
    for (const server of servers) await server.stop();
  }
  return rows;
}

/** A server that is used as a cache. */
class Cache {
  private readonly server: RunningServer;
  private readonly socket: Socket;
  private maxmemory = 0;
  private hits = 0;
  private misses = 0;
  private mostAbove = Number.NEGATIVE_INFINITY;
  private pending: Buffer = Buffer.alloc(0);
  private arrived: () => void = () => {};

  private constructor(server: RunningServer, socket: Socket) {
    this.server = server;
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.pending = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
      this.arrived();
    });
  }

  /** Fills a server with as many keys as it shall hold, and limits its memory to what it takes then. */
  static async open(server: RunningServer, policy: string, keys: number): Promise<Cache> {
    const socket = connect({ host: '127.0.0.1', port: server.port, noDelay: true });
    await once(socket, 'connect');
    const cache = new Cache(server, socket);
    const held = Math.floor(keys / KEYS_PER_KEY_HELD);
    for (let first = 0; first < held; first += LOAD_BATCH) {
      const batch = Array.from({ length: Math.min(LOAD_BATCH, held - first) }, (_, i) => first + i);
      await cache.write(batch);
    }
    cache.maxmemory = Number((await server.control.info('memory')).get('used_memory'));
    await server.control.call('CONFIG', 'SET', 'maxmemory-policy', policy, 'maxmemory', `${cache.maxmemory}`);
    return cache;
  }

  /** Reads keys, and writes those that are missing. */
  async read(wanted: Int32Array, isCounted: boolean): Promise<void> {
    let request = '';
    for (const id of wanted) request += encodeCommand(['GET', nameOf(id)]);
    this.socket.write(request, 'latin1');
    const missing: number[] = [];
    await this.replies(wanted.length, (isHit, i) => {
      if (!isHit) missing.push(wanted[i]!);
    });
    if (isCounted) {
      this.misses += missing.length;
      this.hits += wanted.length - missing.length;
    }
    if (missing.length > 0) await this.write(missing);
  }

  async watch(): Promise<void> {
    const memory = await this.server.control.info('memory');
    const most = Math.max(Number(memory.get('used_memory')), Number(memory.get('used_memory_peak')));
    this.mostAbove = Math.max(this.mostAbove, most - this.maxmemory);
  }

  async figures(): Promise<EvictionFigures> {
    const { hits, misses, maxmemory } = this;
    const keysHeld = Number(await this.server.control.call('DBSIZE'));
    return { hitRatio: hits / (hits + misses), keysHeld, maxmemory, mostAboveBytes: this.mostAbove };
  }

  close(): void {
    this.socket.destroy();
  }

  private async write(ids: readonly number[]): Promise<void> {
    let request = '';
    for (const id of ids) request += `*3\r\n$3\r\nSET\r\n$10\r\n${nameOf(id)}\r\n${BULK.toString('latin1')}`;
    this.socket.write(request, 'latin1');
    await this.replies(ids.length, () => {});
  }

  // Replies are OK, a value of the one length, or none.
  private async replies(count: number, take: (isHit: boolean, i: number) => void): Promise<void> {
    let at = 0;
    for (let i = 0; i < count; ) {
      const { pending } = this;
      const isBulk = pending[at] === DOLLAR;
      const isHit = isBulk && pending[at + 1] !== MINUS;
      const length = isHit ? BULK.length : MISS_BYTES;
      if (at + (isBulk ? 2 : 1) > pending.length || at + length > pending.length) {
        this.pending = pending.subarray(at);
        at = 0;
        await new Promise<void>((resolve) => {
          this.arrived = resolve;
        });
        continue;
      }
      if (pending[at] === MINUS) throw new Error(pending.toString('latin1', at, at + 200));
      take(isHit, i++);
      at += length;
    }
    this.pending = this.pending.subarray(at);
  }
}

function nameOf(id: number): string {
  return `key:${String(id).padStart(6, '0')}`;
}

/** Draws numbers in `[0, count)`, the n-th most frequent with a chance in proportion to n^-0.99. */
function zipfian(count: number): () => number {
  const upTo = new Float64Array(count);
  let sum = 0;
  for (let i = 0; i < count; i++) upTo[i] = sum += (i + 1) ** -ZIPF_EXPONENT;
  return () => {
    const drawn = Math.random() * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (upTo[middle]! <= drawn) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
