// A process of its own that keeps a server under a steady load: SETs of random keys that exist, in pipelines of 16 over
// 50 connections, either as many per second as it is told (on schedule, whether or not answers have come, so that a
// pause is seen by every request that it delays) or as many as the server takes. It reports window by window.
//
//   steady.ts PORT KEYS, started by snapshot-load.ts; answers each SteadyMessage with the SteadyReport of the window
//   that ends with it.

import { connect, type Socket } from 'node:net';
import { encodeCommand } from './client.ts';
import { writeDigits } from './loader.ts';

export interface SteadyMessage {
  /** Commands per second from now on; 0: none, null: as many as the server takes. */
  readonly rate: number | null;
}

export interface SteadyReport {
  readonly seconds: number;
  readonly commands: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** The most by which the process's own timer was late: so much of the longest may be its own. */
  readonly ownDelayMs: number;
}

const CONNECTIONS = 50;
const PIPELINE = 16;
const TICK_MS = 1;
const DIGITS = 12;
const LINE_FEED = 10;
const MINUS = 45;
// Latencies are counted by tenths of a millisecond; longer ones than the last together. The longest is kept as it is.
const BUCKETS_PER_MS = 10;
const BUCKETS = 10_000;

const keys = Number(process.argv[3]);
const mark = '\u0001'.repeat(DIGITS);
const template = encodeCommand(['SET', `key:${mark}`, `val:${mark}`]);
const commandBytes = template.length;
const offsets = [template.indexOf(mark), template.lastIndexOf(mark)] as const;

/** One connection; its batches are answered in order. */
class Lane {
  /** When the batches that are out were due, as a ring. */
  readonly dueMs: number[] = [];
  private readonly socket: Socket;
  // Two buffers in turn: one may be with the socket still. A third batch waits for memory of its own.
  private lines = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => this.receive(bytes));
    socket.on('error', () => process.exit(1));
    socket.on('close', () => process.exit(1));
  }

  send(dueMs: number): void {
    const batch = Buffer.allocUnsafe(PIPELINE * commandBytes);
    for (let i = 0; i < PIPELINE; i++) {
      const at = i * commandBytes;
      batch.write(template, at, 'latin1');
      const key = Math.floor(Math.random() * keys);
      for (const offset of offsets) writeDigits(batch, at + offset, key);
    }
    this.dueMs.push(dueMs);
    this.socket.write(batch);
  }

  private receive(bytes: Buffer): void {
    if (bytes[0] === MINUS) {
      console.error(`steady load: ${bytes.toString('latin1').split('\r\n', 1)[0]}`);
      process.exit(1);
    }
    for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) {
      if (++this.lines < PIPELINE) continue;
      this.lines = 0;
      window.note(performance.now() - this.dueMs.shift()!);
      if (rate === null) this.send(performance.now());
    }
  }
}

class Window {
  private readonly startMs = performance.now();
  private readonly counts = new Uint32Array(BUCKETS + 1);
  private batches = 0;
  private maxMs = 0;
  ownDelayMs = 0;

  note(latencyMs: number): void {
    this.batches++;
    this.counts[Math.min(BUCKETS, Math.floor(latencyMs * BUCKETS_PER_MS))]!++;
    if (latencyMs > this.maxMs) this.maxMs = latencyMs;
  }

  /** What is still out counts as well: a pause at the end must not be lost. */
  end(): SteadyReport {
    const nowMs = performance.now();
    const commands = this.batches * PIPELINE;
    for (const { dueMs } of lanes) for (const due of dueMs) this.maxMs = Math.max(this.maxMs, nowMs - due);
    return {
      seconds: (nowMs - this.startMs) / 1000,
      commands,
      p50Ms: this.percentile(0.5),
      p99Ms: this.percentile(0.99),
      maxMs: this.maxMs,
      ownDelayMs: this.ownDelayMs,
    };
  }

  private percentile(share: number): number {
    let left = Math.ceil(this.batches * share);
    for (let bucket = 0; bucket <= BUCKETS; bucket++) {
      left -= this.counts[bucket]!;
      if (left <= 0) return bucket / BUCKETS_PER_MS;
    }
    return this.maxMs;
  }
}

const lanes: Lane[] = [];
let rate: number | null = 0;
let window = new Window();
let scheduledFromMs = 0;
let sentBatches = 0;
let nextLane = 0;
let lastTickMs = performance.now();

function tick(): void {
  const nowMs = performance.now();
  window.ownDelayMs = Math.max(window.ownDelayMs, nowMs - lastTickMs - TICK_MS);
  lastTickMs = nowMs;
  if (rate === null || rate === 0) return;
  const batchesPerMs = rate / 1000 / PIPELINE;
  const due = Math.floor((nowMs - scheduledFromMs) * batchesPerMs);
  for (; sentBatches < due; sentBatches++) {
    // The time at which it should have left: a loader that is late does not make the server look better.
    lanes[nextLane]!.send(scheduledFromMs + (sentBatches + 1) / batchesPerMs);
    nextLane = (nextLane + 1) % CONNECTIONS;
  }
}

function change(next: number | null): void {
  const wasClosed = rate === null;
  rate = next;
  scheduledFromMs = performance.now();
  sentBatches = 0;
  if (next === null && !wasClosed) for (const lane of lanes) lane.send(performance.now());
}

process.on('message', (message: SteadyMessage) => {
  const report = window.end();
  window = new Window();
  if (message.rate !== rate) change(message.rate);
  process.send?.(report);
});
process.on('disconnect', () => process.exit(0));

let connected = 0;
for (let i = 0; i < CONNECTIONS; i++) {
  const socket = connect({ host: '127.0.0.1', port: Number(process.argv[2]), noDelay: true });
  lanes.push(new Lane(socket));
  socket.on('connect', () => {
    if (++connected < CONNECTIONS) return;
    setInterval(tick, TICK_MS);
    process.send?.('started');
  });
}
