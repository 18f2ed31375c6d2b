// What LATENCY DOCTOR says: the figures of every event in Redis's form, and what can be done about it, in our words.

import type { LatencySeries } from './latency-monitor.ts';
import type { ServerParts } from './server-parts.ts';

/** The figures of an event's samples. */
interface LatencySummary {
  readonly averageMs: number;
  /** The mean of how far the samples are from the average. */
  readonly deviationMs: number;
  /** The mean time from one sample to the next. */
  readonly periodSeconds: number;
}

type Advice = (server: ServerParts) => string | null;

const useSlowLog: Advice = ({ config }) => {
  const { 'slowlog-log-slower-than': slowUs, 'latency-monitor-threshold': thresholdMs } = config.values;
  const wanted = `CONFIG SET slowlog-log-slower-than ${thresholdMs * 1000}`;
  if (slowUs < 0)
    return `The slow log is off, so nobody can tell which commands were slow. Switch it on: ${wanted}.`;
  if (Math.floor(slowUs / 1000) <= thresholdMs) return null;
  return `The slow log misses commands that the latency monitor counts as slow. Let it keep them: ${wanted}.`;
};
const readSlowLog: Advice = () => 'SLOWLOG GET names the commands that took long, and who sent them.';
const smallerValues: Advice = () =>
  'To delete, expire or evict a value with very many elements takes long. Spread such values over several keys, or use UNLINK and the lazyfree-lazy-* directives.';
const quietMachine: Advice = () =>
  'Even commands that do next to nothing were slow: the server does not get the processor when it needs it. Look for other busy programs and for noisy neighbours of a virtual machine; redis-cli --intrinsic-latency 100 shows what the machine itself adds.';
const localDisk: Advice = () =>
  'Keep append-only files and snapshots on a disk of this machine, not on one across the network.';
const fastDisk: Advice = () => 'A solid-state disk makes writing and fsync faster.';
const writeback: Advice = () =>
  'ext3 and ext4 mounted with data=writeback wait less. After a crash of the machine the end of an append-only file may then need a repair.';
const sharedDisk: Advice = () =>
  'Find out what else is using the disk, other servers included, and move it elsewhere.';
const noFsyncOnRewrite: Advice = () =>
  'Where a few seconds of data may be lost, no-appendfsync-on-rewrite keeps fsync from waiting for a rewrite or a snapshot.';
const relaxFsync: Advice = ({ config }) =>
  config.values.appendfsync === 'always'
    ? 'With appendfsync always every write waits for the disk. With everysec at most a second of data is lost.'
    : null;
const fewerWrites: Advice = () =>
  'Send fewer and larger writes: a script or a variadic command instead of many commands.';
const higherHz: Advice = ({ config }) =>
  config.values.hz < 100 ? 'CONFIG SET hz 100 lets the server tidy up in smaller steps.' : null;
const gentleEviction: Advice = () =>
  'Many keys had to go at once. Lower maxmemory in small steps, and mind commands that store large results.';

const ADVICE: Readonly<Record<string, readonly Advice[]>> = {
  command: [useSlowLog, readSlowLog, smallerValues],
  'fast-command': [quietMachine],
  'aof-write-pending-fsync': [localDisk, sharedDisk, fastDisk, writeback],
  'aof-write-active-child': [noFsyncOnRewrite, fastDisk, writeback],
  'aof-write-alone': [localDisk, fastDisk, writeback],
  'aof-fsync-always': [relaxFsync],
  'aof-fstat': [sharedDisk, localDisk],
  'rdb-unlink-temp-file': [sharedDisk, localDisk],
  'aof-rename': [fewerWrites, writeback, fastDisk, localDisk],
  'expire-cycle': [higherHz, smallerValues],
  'eviction-del': [smallerValues],
  'eviction-cycle': [gentleEviction],
};

/** The report, one line for every event that was slow and one for every advice. */
export function latencyReport(server: ServerParts, nowSeconds: number): string {
  const { latency } = server;
  const all = [...latency.all.values()];
  if (all.length === 0) {
    return latency.isOn
      ? 'Nothing has taken longer than latency-monitor-threshold so far.\n'
      : 'The latency monitor is off. CONFIG SET latency-monitor-threshold <milliseconds> switches it on.\n';
  }
  const found = all.map((series, i) => `${i + 1}. ${describe(series, nowSeconds)}\n`).join('');
  const advice = new Set(all.flatMap(({ event }) => ADVICE[event] ?? []));
  const lines = [...advice].map((give) => give(server)).filter((line) => line !== null);
  const rest =
    lines.length === 0
      ? 'Nothing simple can be done about these.\n'
      : `What may help:\n\n${lines.map((line) => `- ${line}\n`).join('')}`;
  return `These events took longer than they should:\n\n${found}\n${rest}`;
}

// Whole milliseconds, as Redis counts them.
function summarizeLatency({ samples }: LatencySeries, nowSeconds: number): LatencySummary {
  const durations = samples.map(({ durationMs }) => durationMs);
  const averageMs = mean(durations);
  const spanSeconds = Math.max(1, nowSeconds - samples[0]!.timeSeconds);
  return {
    averageMs,
    deviationMs: mean(durations.map((duration) => Math.abs(averageMs - duration))),
    periodSeconds: spanSeconds / samples.length,
  };
}

function describe(series: LatencySeries, nowSeconds: number): string {
  const { averageMs, deviationMs, periodSeconds } = summarizeLatency(series, nowSeconds);
  const figures = `average ${averageMs}ms, mean deviation ${deviationMs}ms, period ${periodSeconds.toFixed(2)} sec`;
  return `${series.event}: ${series.samples.length} latency spikes (${figures}). Worst all time event ${series.maxMs}ms.`;
}

function mean(values: readonly number[]): number {
  return Math.floor(values.reduce((sum, value) => sum + value, 0) / values.length);
}
