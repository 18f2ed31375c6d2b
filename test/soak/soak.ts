// The soak: a server under a load of everything at once – all types, expiry, eviction, defragmentation, snapshots, scripts,
// transactions, subscriptions, clients that come and go – for as long as one likes. In the end its memory is what it was
// when the load had settled, nothing is lost, and whatever went wrong was told. A seed decides what is asked.

import { SeededRandom } from '../../src/index.ts';
import { OurProcess } from '../support/our-process.ts';
import { connectTo } from '../support/reference.ts';
import { plainValue, TestClient } from '../support/test-client.ts';
import { KEYS, SoakRequests } from './requests.ts';

const CLIENTS = 6;
const SAMPLE_MS = 250;
/** From so many seconds on a soak is a long one, with more memory to fill. */
export const LONG_SECONDS = 600;
// The load settles for this share of the time, no longer than that; then the first and the last part are compared.
const SETTLING_SHARE = 0.25;
const SETTLING_MAX_MS = 300_000;
const COMPARED_SHARE = 0.2;
const MEGABYTE = 1024 * 1024;

const SETTINGS: Readonly<Record<string, string>> = {
  'enable-debug-command': 'yes',
  'maxmemory-policy': 'allkeys-lru',
  'lazyfree-lazy-eviction': 'yes',
  activedefrag: 'yes',
  'active-defrag-ignore-bytes': '1mb',
  'active-defrag-threshold-lower': '5',
  'notify-keyspace-events': 'KEA',
  'tracking-table-max-keys': '5000',
  'list-max-listpack-size': '16',
  'hash-max-listpack-entries': '32',
  'set-max-listpack-entries': '32',
  'zset-max-listpack-entries': '32',
  'stream-node-max-entries': '20',
};

/** Error replies that a load like this brings about; all others are the server's fault. */
const EXPECTED_ERRORS = /^(NOGROUP|BUSYGROUP|ERR Background save already in progress|ERR no such key)/;

export interface SoakOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Takes a line now and then. */
  readonly report?: (line: string) => void;
}

interface Sample {
  readonly atMs: number;
  readonly usedBytes: number;
  readonly rssBytes: number;
}

export interface SoakResult {
  readonly requests: number;
  readonly connections: number;
  /** Error replies that nobody expects, and lines of the log that tell of trouble. */
  readonly faults: readonly string[];
  /** The mean `used_memory` of the first and the last part of the time after the load had settled. */
  readonly used: readonly [first: number, last: number];
  /** The least resident memory in each: what is above it is garbage that the engine has not collected yet. */
  readonly rss: readonly [first: number, last: number];
  /** Bytes that the heap counts and nobody can reach, with the load still in place. */
  readonly unreachableBytes: number;
  /** `used_memory` before the load, and when everything was removed and everybody had gone. */
  readonly empty: readonly [before: number, after: number];
  /** Counters of INFO in the end. */
  readonly figures: Readonly<Record<string, number>>;
}

const COUNTERS = [
  'expired_keys',
  'evicted_keys',
  'active_defrag_hits',
  'total_connections_received',
  'rdb_saves',
];

export async function soak({ seconds, seed, report = () => {} }: SoakOptions): Promise<SoakResult> {
  const settings = { ...SETTINGS, maxmemory: seconds < LONG_SECONDS ? '12mb' : '24mb' };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const server = await OurProcess.start({ args });
  try {
    return await new Soak(server, seed, report).run(seconds * 1000);
  } finally {
    await server.stop();
  }
}

class Soak {
  private readonly server: OurProcess;
  private readonly random: SeededRandom;
  private readonly report: (line: string) => void;
  private readonly faults = new Map<string, number>();
  private readonly samples: Sample[] = [];
  private requests = 0;
  private connections = 0;
  private isOver = false;

  constructor(server: OurProcess, seed: number, report: (line: string) => void) {
    this.server = server;
    this.random = new SeededRandom(Buffer.from(`soak ${seed}`));
    this.report = report;
  }

  async run(durationMs: number): Promise<SoakResult> {
    const control = await this.server.connect();
    const before = (await figuresOf(control)).used_memory!;
    await this.fill(control);
    const startMs = performance.now();
    const load = [
      ...Array.from({ length: CLIENTS }, () => this.ask()),
      this.cacheKeys(),
      this.listen(),
      this.waitForElements(),
    ];
    // A client that fails ends the run.
    const failed = Promise.all(load).then(() => {});
    failed.catch(() => {
      this.isOver = true;
    });
    let toldMs = startMs;
    while (performance.now() - startMs < durationMs && !this.isOver) {
      await sleep(SAMPLE_MS);
      await this.sample(control, performance.now() - startMs);
      if (performance.now() - toldMs < 60_000) continue;
      toldMs = performance.now();
      this.tell(performance.now() - startMs);
    }
    this.isOver = true;
    await failed;
    const result = await this.result(control, before, durationMs);
    control.close();
    return result;
  }

  private async fill(client: TestClient): Promise<void> {
    const requests = new SoakRequests(new SeededRandom(this.random.bytes(16)));
    for (let number = 0; number < KEYS; number += 20) {
      const batch = Array.from({ length: 20 }, (_, i) => requests.filling(number + i)).flat();
      for (const { reply } of await client.pipeline(batch)) this.check(reply);
    }
  }

  // A client that sends what it likes, and now and then leaves for another to come.
  private async ask(): Promise<void> {
    const requests = new SoakRequests(new SeededRandom(this.random.bytes(16)));
    while (!this.isOver) {
      const client = await this.connect();
      for (let life = 20 + this.random.below(300); life > 0 && !this.isOver; life--) {
        const batch = requests.batch();
        for (const frame of await client.pipeline(batch)) this.check(frame.reply);
        this.requests += batch.length;
      }
      client.close();
    }
  }

  // A client that keeps what it has read, as far as it is told.
  private async cacheKeys(): Promise<void> {
    const requests = new SoakRequests(new SeededRandom(this.random.bytes(16)));
    while (!this.isOver) {
      const client = await this.connect();
      await client.call('HELLO 3');
      await client.call('CLIENT TRACKING ON');
      for (let i = 0; i < 400 && !this.isOver; i++) {
        for (const { reply } of await client.pipeline(requests.reads())) this.check(reply);
        client.pushes.length = 0;
        await sleep(5);
      }
      client.close();
    }
  }

  private async listen(): Promise<void> {
    while (!this.isOver) {
      const client = await this.connect();
      await client.call('HELLO 3');
      // Their answers are messages.
      client.send('PSUBSCRIBE __keyevent@*__:expired __keyevent@*__:del');
      client.send('SUBSCRIBE news');
      for (let i = 0; i < 20 && !this.isOver; i++) {
        await client.call('PING');
        client.pushes.length = 0;
        await sleep(50);
      }
      client.close();
    }
  }

  // Clients that wait for what may never come, and some that lose patience.
  private async waitForElements(): Promise<void> {
    while (!this.isOver) {
      const client = await this.connect();
      for (let i = 0; i < 10 && !this.isOver; i++) {
        this.check((await client.call('BLPOP list:1 list:2 queue 0.02')).reply);
        this.check((await client.call('BZPOPMIN zset:1 nothing 0.02')).reply);
      }
      client.send('BLPOP nothing 0');
      await sleep(10);
      client.close();
    }
  }

  private async connect(): Promise<TestClient> {
    this.connections++;
    return new TestClient(await connectTo(this.server.port));
  }

  private check(reply: Parameters<typeof plainValue>[0]): void {
    const value = plainValue(reply);
    if (Array.isArray(value)) {
      for (const item of value) if (item instanceof Error) this.noteError(item.message);
    } else if (value instanceof Error) {
      this.noteError(value.message);
    }
  }

  private noteError(text: string): void {
    if (EXPECTED_ERRORS.test(text)) return;
    this.faults.set(text, (this.faults.get(text) ?? 0) + 1);
  }

  private async sample(control: TestClient, atMs: number): Promise<void> {
    const figures = await figuresOf(control);
    this.samples.push({ atMs, usedBytes: figures.used_memory!, rssBytes: figures.used_memory_rss! });
  }

  private tell(atMs: number): void {
    const { usedBytes, rssBytes } = this.samples.at(-1)!;
    const megabytes = (bytes: number) => (bytes / MEGABYTE).toFixed(1);
    this.report(
      `${Math.round(atMs / 1000)} s: ${this.requests} requests, ${this.connections} connections, ` +
        `used ${megabytes(usedBytes)} MB, rss ${megabytes(rssBytes)} MB, ${this.faults.size} kinds of faults`,
    );
  }

  private async result(control: TestClient, before: number, durationMs: number): Promise<SoakResult> {
    const settled = Math.min(durationMs * SETTLING_SHARE, SETTLING_MAX_MS);
    const part = (durationMs - settled) * COMPARED_SHARE;
    const first = this.samples.filter(({ atMs }) => atMs >= settled && atMs < settled + part);
    const last = this.samples.filter(({ atMs }) => atMs >= durationMs - part);
    const unreachableBytes = await this.unreachable(control);
    const figures = await figuresOf(control);
    await control.call('FLUSHALL');
    await control.call('SCRIPT FLUSH');
    await control.call('MEMORY PURGE');
    await sleep(SAMPLE_MS);
    const after = (await figuresOf(control)).used_memory!;
    const trouble = this.server.stdout
      .split('\n')
      .filter(
        (line) => line.includes(' # ') && !/no config file|overcommit|background save|Background/i.test(line),
      );
    const faults = [...this.faults].map(([text, count]) => `${count} x ${text}`);
    return {
      requests: this.requests,
      connections: this.connections,
      faults: [...faults, ...trouble, ...(this.server.stderr === '' ? [] : [this.server.stderr])],
      used: [mean(first.map(({ usedBytes }) => usedBytes)), mean(last.map(({ usedBytes }) => usedBytes))],
      rss: [least(first.map(({ rssBytes }) => rssBytes)), least(last.map(({ rssBytes }) => rssBytes))],
      unreachableBytes,
      empty: [before, after],
      figures: Object.fromEntries(COUNTERS.map((name) => [name, figures[name] ?? 0])),
    };
  }

  // What was removed is freed first, and a snapshot that keeps copies ends.
  private async unreachable(control: TestClient): Promise<number> {
    for (;;) {
      const figures = await figuresOf(control);
      if (figures.rdb_bgsave_in_progress === 0) {
        const text = String(await control.value('DEBUG', 'HEAP'));
        if (text.endsWith('freeing:no')) return Number(/unreachable:(-?\d+)/.exec(text)![1]);
      }
      await sleep(20);
    }
  }
}

/** INFO's fields that are numbers. */
async function figuresOf(client: TestClient): Promise<Record<string, number>> {
  const text = String(await client.value('INFO', 'everything'));
  return Object.fromEntries(
    [...text.matchAll(/^(\w+):(\d+)\r$/gm)].map(([, name, value]) => [name, Number(value)]),
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
