// Requests per second and server CPU per request, ours beside theirs: redis-benchmark in turn against each, the CPU time
// of the server read before and after. A machine may change its speed from one second to the next, so what is compared
// stands side by side: a round that takes long is run in slices, in which the two change places, and has a ratio of its
// own. Medians of the rounds are kept. CPU per request is the figure to trust: where the client shares the cores,
// throughput is half client.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ReplyError } from './client.ts';
import type { GroupLoad } from './group-load.ts';
import { load } from './loader.ts';
import { type Children, cpuTimeUs, type RunningServer } from './servers.ts';
import { subscribe } from './subscribers.ts';
import type { Fill, Workload } from './workloads.ts';

const GROUP_LOAD = fileURLToPath(new URL('./group-load.ts', import.meta.url));

// Long enough that opening the connections does not count for much.
const MIN_SLICE_SECONDS = 0.5;
const MAX_SLICES = 5;

/** Of one server. */
export interface Speed {
  readonly requestsPerSecond: number;
  /** Null where there is no /proc. */
  readonly cpuUsPerRequest: number | null;
}

/** The medians of the rounds. */
export interface Comparison {
  readonly ours: Speed;
  readonly theirs: Speed;
  /** CPU per request, ours over theirs, of the round in the middle; null where there is no /proc. */
  readonly cpuRatio: number | null;
}

export interface RequestRow {
  readonly workload: Workload;
  /** Null when the workload was not run; `reason` says why. */
  readonly result: Comparison | null;
  readonly reason: string;
}

export interface RequestOptions {
  readonly children: Children;
  readonly benchmark: string;
  readonly rounds: number;
  /** Who runs first in the first round; the order alternates from there. */
  readonly oursFirst: boolean;
}

/** Measures one workload. A workload that a server cannot run gives a row with a reason, not an error. */
export async function measureRequests(
  workload: Workload,
  ours: RunningServer,
  theirs: RunningServer,
  options: RequestOptions,
): Promise<RequestRow> {
  for (const server of [ours, theirs]) {
    const missing = await missingCommands(server, workload);
    if (missing.length > 0) {
      const reason = `${server.name} has no ${missing.join(', ').toUpperCase()}`;
      return { workload, result: null, reason };
    }
  }
  try {
    return { workload, result: await measureRounds(workload, ours, theirs, options), reason: '' };
  } catch (error) {
    if (ours.control.isClosed || theirs.control.isClosed) throw error;
    return { workload, result: null, reason: error instanceof Error ? error.message : String(error) };
  }
}

async function measureRounds(
  workload: Workload,
  ours: RunningServer,
  theirs: RunningServer,
  options: RequestOptions,
): Promise<Comparison> {
  const order = options.oursFirst ? [ours, theirs] : [theirs, ours];
  let requestsPerSecond = 0;
  for (const server of order) {
    await reset(server, workload.fill);
    ({ requestsPerSecond } = await runOnce(workload, Math.ceil(workload.requests / 4), server, options));
  }
  const seconds = workload.requests / requestsPerSecond;
  const slices = Math.max(1, Math.min(MAX_SLICES, Math.floor(seconds / MIN_SLICE_SECONDS)));
  const requests = Math.ceil(workload.requests / slices);
  const ourRounds: Speed[] = [];
  const theirRounds: Speed[] = [];
  for (let round = 0; round < options.rounds; round++) {
    if (workload.refill) for (const server of order) await reset(server, workload.fill);
    const ourSlices: Speed[] = [];
    const theirSlices: Speed[] = [];
    for (let slice = 0; slice < slices; slice++) {
      for (const server of (round + slice) % 2 === 0 ? order : order.toReversed()) {
        (server === ours ? ourSlices : theirSlices).push(await runOnce(workload, requests, server, options));
      }
    }
    ourRounds.push(meanSpeed(ourSlices));
    theirRounds.push(meanSpeed(theirSlices));
  }
  await reset(ours, []);
  await reset(theirs, []);
  const ratios = ourRounds.map(({ cpuUsPerRequest }, i) => {
    const theirCpu = theirRounds[i]!.cpuUsPerRequest;
    return cpuUsPerRequest === null || theirCpu === null ? null : cpuUsPerRequest / theirCpu;
  });
  return { ours: medianSpeed(ourRounds), theirs: medianSpeed(theirRounds), cpuRatio: medianOfKnown(ratios) };
}

async function missingCommands(server: RunningServer, workload: Workload): Promise<string[]> {
  const needed = new Set(['flushall', workload.command.toLowerCase()]);
  for (const { command } of workload.fill) needed.add((command[0] ?? '').toLowerCase());
  const missing: string[] = [];
  for (const command of needed) {
    if (!(await server.control.hasCommand(command))) missing.push(command);
  }
  return missing;
}

async function reset(server: RunningServer, fills: readonly Fill[]): Promise<void> {
  const reply = await server.control.call('FLUSHALL', 'SYNC');
  if (reply instanceof ReplyError) throw new Error(`FLUSHALL on ${server.name}: ${reply.message}`);
  for (const fill of fills) await load({ port: server.port, first: 0, ...fill });
}

async function runOnce(
  workload: Workload,
  requests: number,
  server: RunningServer,
  options: RequestOptions,
): Promise<Speed> {
  const [program, args] = loadOf(workload, requests, server, options);
  const { subscribers } = workload;
  const unsubscribe = subscribers === undefined ? () => {} : await subscribe(server.port, subscribers);
  const before = cpuTimeUs(server.pid);
  const output = await outputOf(options.children.spawn(program, args), server.name);
  const after = cpuTimeUs(server.pid);
  unsubscribe();
  return {
    requestsPerSecond: parseRequestsPerSecond(output),
    cpuUsPerRequest: before === null || after === null ? null : (after - before) / requests,
  };
}

function loadOf(
  workload: Workload,
  requests: number,
  { port }: RunningServer,
  { benchmark }: RequestOptions,
): [program: string, args: string[]] {
  const { name, clients, pipeline, group } = workload;
  if (group !== undefined) {
    const load: GroupLoad = { name, port, clients, requests, pipeline, ...group };
    return [process.execPath, [...process.execArgv, GROUP_LOAD, JSON.stringify(load)]];
  }
  const sizes = ['-c', clients, '-n', requests, '-P', pipeline].map(String);
  return [benchmark, ['-h', '127.0.0.1', '-p', String(port), ...sizes, '--csv', ...workload.args]];
}

async function outputOf(child: ChildProcess, server: string): Promise<string> {
  let output = '';
  let errors = '';
  child.stdout?.on('data', (bytes: Buffer) => (output += bytes.toString()));
  child.stderr?.on('data', (bytes: Buffer) => (errors += bytes.toString()));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`redis-benchmark against ${server} failed: ${lastLine(errors || output)}`);
  return output;
}

/** The second field of the last line of redis-benchmark's CSV; older versions print no heading. */
function parseRequestsPerSecond(csv: string): number {
  const figure = /^"[^"]*","([\d.]+)"/.exec(lastLine(csv))?.[1];
  if (figure === undefined) throw new Error(`redis-benchmark printed no figures: ${lastLine(csv)}`);
  return Number(figure);
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

/** Slices of equal size as one run. */
function meanSpeed(slices: readonly Speed[]): Speed {
  const seconds = slices.map((slice) => 1 / slice.requestsPerSecond);
  const cpu = slices.map((slice) => slice.cpuUsPerRequest).filter((figure) => figure !== null);
  return {
    requestsPerSecond: 1 / mean(seconds),
    cpuUsPerRequest: cpu.length < slices.length ? null : mean(cpu),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function medianSpeed(samples: readonly Speed[]): Speed {
  return {
    requestsPerSecond: median(samples.map((sample) => sample.requestsPerSecond)),
    cpuUsPerRequest: medianOfKnown(samples.map((sample) => sample.cpuUsPerRequest)),
  };
}

function medianOfKnown(figures: readonly (number | null)[]): number | null {
  const known = figures.filter((figure) => figure !== null);
  return known.length === 0 ? null : median(known);
}

/** The middle of the values, or the mean of the middle two. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
