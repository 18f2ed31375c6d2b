// What BGSAVE and BGREWRITEAOF cost those who are being served meanwhile: the longest reply at half of the server's peak,
// the throughput that is lost at its peak, and the memory that is taken. Each server with what it starts (a forked child
// too) is kept on one core and the load on another, where the system can do that: what is measured is the work, not
// how many idle cores there are.

import { cpus } from 'node:os';
import { ReplyError } from './client.ts';
import { load, NUMBER } from './loader.ts';
import {
  type Children,
  findProgram,
  type RunningServer,
  residentBytes,
  type ServerSpec,
  startServer,
} from './servers.ts';
import type { SteadyReport } from './steady.ts';
import { SteadyLoad } from './steady-load.ts';

const PEAK_MS = 3000;
const SETTLE_MS = 1000;
const POLL_MS = 50;

export type SnapshotCommand = 'BGSAVE' | 'BGREWRITEAOF';

/** One server, one command. */
export interface SnapshotLoadRow {
  readonly server: string;
  readonly command: SnapshotCommand;
  readonly keys: number;
  readonly peakPerSecond: number;
  /** At half of the peak, without and with the snapshot. */
  readonly quiet: SteadyReport;
  readonly busy: SteadyReport;
  /** At the peak: with the snapshot, and just before and after it. */
  readonly busyPeakPerSecond: number;
  readonly peakAroundPerSecond: number;
  /** What the snapshot took at half of the peak. */
  readonly seconds: number;
  /** Growth of the resident memory at half of the peak, with what a child has copied; null where there is no /proc. */
  readonly extraBytes: number | null;
  readonly usedBytes: number;
  /** Share of the keys that the load has changed meanwhile. */
  readonly changedShare: number;
}

export interface SnapshotLoadOptions {
  readonly children: Children;
  readonly keys: number;
}

export async function measureSnapshotLoad(
  spec: ServerSpec,
  options: SnapshotLoadOptions,
): Promise<SnapshotLoadRow[]> {
  const taskset = cpus().length > 1 ? findProgram('taskset') : null;
  const command = taskset === null ? spec.command : [taskset, '-c', '0', ...spec.command];
  const server = await startServer(options.children, { ...spec, command });
  const steady = await SteadyLoad.start(server, taskset, options);
  try {
    await load({
      port: server.port,
      command: ['SET', `key:${NUMBER}`, `val:${NUMBER}`],
      first: 0,
      count: options.keys,
    });
    await succeed(server, ['CONFIG', 'SET', 'auto-aof-rewrite-percentage', '0']);
    const rows = [await measureCommand('BGSAVE', server, steady, options)];
    await succeed(server, ['CONFIG', 'SET', 'appendonly', 'yes']);
    await whileRunning('BGREWRITEAOF', server, () => undefined);
    rows.push(await measureCommand('BGREWRITEAOF', server, steady, options));
    return rows;
  } finally {
    steady.stop();
    await server.stop();
  }
}

async function measureCommand(
  command: SnapshotCommand,
  server: RunningServer,
  steady: SteadyLoad,
  { keys }: SnapshotLoadOptions,
): Promise<SnapshotLoadRow> {
  const peakPerSecond = await measurePeak(steady);

  const rate = peakPerSecond / 2;
  await steady.window(rate);
  await sleep(SETTLE_MS);
  await steady.window(rate);
  await sleep(PEAK_MS);
  const quiet = await steady.window(rate);
  const before = residentBytes(server.pid);
  let highest = before ?? 0;
  await succeed(server, [command]);
  const seconds = await whileRunning(command, server, () => {
    highest = Math.max(highest, residentBytes(server.pid) ?? 0);
  });
  const busy = await steady.window(0);
  const persistence = await server.control.info('persistence');
  const copied = Number(persistence.get(command === 'BGSAVE' ? 'rdb_last_cow_size' : 'aof_last_cow_size'));
  await sleep(SETTLE_MS);

  // A machine changes its speed: what is compared is as near as can be.
  const peakBefore = await measurePeak(steady);
  await steady.window(null);
  await sleep(SETTLE_MS);
  await succeed(server, [command]);
  await steady.window(null);
  await whileRunning(command, server, () => undefined);
  const busyPeak = await steady.window(0);
  const peakAfter = await measurePeak(steady);
  return {
    server: server.name,
    command,
    keys,
    peakPerSecond,
    quiet,
    busy,
    busyPeakPerSecond: busyPeak.commands / busyPeak.seconds,
    peakAroundPerSecond: (peakBefore + peakAfter) / 2,
    seconds,
    extraBytes: before === null ? null : highest - before + copied,
    usedBytes: Number((await server.control.info('memory')).get('used_memory')),
    changedShare: 1 - Math.exp(-busy.commands / keys),
  };
}

async function measurePeak(steady: SteadyLoad): Promise<number> {
  await steady.window(null);
  await sleep(SETTLE_MS);
  await steady.window(null);
  await sleep(PEAK_MS);
  const { commands, seconds } = await steady.window(0);
  await sleep(SETTLE_MS);
  return commands / seconds;
}

/** Calls `sample` until the command has done its work; returns how many seconds that took. Rejects when it failed. */
async function whileRunning(
  command: SnapshotCommand,
  server: RunningServer,
  sample: () => void,
): Promise<number> {
  const [running, status] =
    command === 'BGSAVE'
      ? ['rdb_bgsave_in_progress', 'rdb_last_bgsave_status']
      : ['aof_rewrite_in_progress', 'aof_last_bgrewrite_status'];
  const startedMs = performance.now();
  for (;;) {
    const info = await server.control.info('persistence');
    sample();
    const waits = info.get('aof_rewrite_scheduled') === '1' && command === 'BGREWRITEAOF';
    if (info.get(running!) === '0' && !waits) {
      if (info.get(status!) !== 'ok') throw new Error(`${command} on ${server.name} failed`);
      return (performance.now() - startedMs) / 1000;
    }
    await sleep(POLL_MS);
  }
}

async function succeed(server: RunningServer, args: readonly string[]): Promise<void> {
  const reply = await server.control.call(...args);
  if (reply instanceof ReplyError) throw new Error(`${args.join(' ')} on ${server.name}: ${reply.message}`);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
