// The durability section of the report, and its targets.

import type { DataFileRow } from './data-files.ts';
import type { AppendRow, DurabilityResults } from './durability.ts';
import { decimals, ratioText, table, targetLine, thousands } from './markdown.ts';
import type { SnapshotLoadRow } from './snapshot-load.ts';

const LONGEST_REPLY_LIMIT_MS = 20;
const LOST_SHARE_LIMIT = 0.3;
const EXTRA_MEMORY_SHARE = 0.1;
const FILE_SECONDS_LIMIT = 1.5;

interface Names {
  readonly ours: string;
  readonly theirs: string;
}

export function renderDurability(results: DurabilityResults, names: Names): string[] {
  return [
    '## Durability',
    'Random SETs in pipelines of 16 over 50 connections. Answer times in milliseconds at half of each server’s own peak, ' +
      'before and during the snapshot; "load late" is the most by which the load itself was late. Lost: throughput at the ' +
      'peak during the snapshot against without. Extra memory: growth of the resident memory, with what a forked child ' +
      'has copied, as a share of `used_memory`, beside the share of the keys that the load has changed. A server and its ' +
      'children have one core, the load has another.',
    renderSnapshots(results.snapshots),
    'Saving (SAVE, the median) and loading a file of values of all types.',
    renderFiles(results.files),
    'SET with an append-only file: random keys of 1 M, 50 connections.',
    renderAppends(results.appends, names),
  ];
}

export function durabilityTargets(results: DurabilityResults | null, names: Names): string[] {
  if (results === null) return [targetLine('durability', null, null)];
  const lines: string[] = [];
  for (const row of results.snapshots.filter(({ server }) => server === names.ours)) {
    const theirs = results.snapshots.find(
      ({ server, command }) => server === names.theirs && command === row.command,
    );
    const limit = Math.min(LONGEST_REPLY_LIMIT_MS, theirs?.busy.maxMs ?? LONGEST_REPLY_LIMIT_MS);
    lines.push(targetLine(`longest reply during ${row.command} in ms`, limit, row.busy.maxMs));
    lines.push(targetLine(`share of throughput lost to ${row.command}`, LOST_SHARE_LIMIT, lostShare(row)));
    const share = extraShare(row);
    const allowed = EXTRA_MEMORY_SHARE + row.changedShare;
    lines.push(targetLine(`extra memory of ${row.command} as a share`, allowed, share));
  }
  const [ours, theirs] = [names.ours, names.theirs].map((name) =>
    results.files.find(({ server }) => server === name),
  );
  if (ours !== undefined && theirs !== undefined) {
    lines.push(
      targetLine('time to save, ratio', FILE_SECONDS_LIMIT, ours.saveSeconds / theirs.saveSeconds),
      targetLine('time to load, ratio', FILE_SECONDS_LIMIT, ours.loadSeconds / theirs.loadSeconds),
    );
  }
  for (const { policy, row } of results.appends) {
    const { result, workload } = row;
    const ratio = result === null ? null : result.theirs.requestsPerSecond / result.ours.requestsPerSecond;
    // The other way round, so that less is better as everywhere.
    lines.push(
      targetLine(`${workload.name}, appendfsync ${policy}: ${names.theirs} / ${names.ours} krps`, 1, ratio),
    );
  }
  return lines;
}

function renderSnapshots(rows: readonly SnapshotLoadRow[]): string {
  const heading = ['snapshot', 'keys', 'peak krps', 'seconds', 'p99 before', 'max before', 'p99', 'max'];
  heading.push('load late', 'lost', 'extra memory', 'changed');
  return table(
    heading,
    rows.map((row) => [
      `${row.command} of ${row.server}`,
      `${row.keys / 1e6} M`,
      thousands(row.peakPerSecond),
      decimals(row.seconds, 1),
      decimals(row.quiet.p99Ms, 1),
      decimals(row.quiet.maxMs, 1),
      decimals(row.busy.p99Ms, 1),
      decimals(row.busy.maxMs, 1),
      decimals(row.busy.ownDelayMs, 1),
      percent(lostShare(row)),
      percent(extraShare(row)),
      percent(row.changedShare),
    ]),
  );
}

function renderFiles(rows: readonly DataFileRow[]): string {
  return table(
    ['server', 'file MB', 'keys', 'save s', 'load s', 'save MB/s', 'load MB/s'],
    rows.map(({ server, fileBytes, keys, saveSeconds, loadSeconds }) => [
      server,
      decimals(fileBytes / 1e6, 0),
      `${keys / 1e6} M`,
      decimals(saveSeconds, 2),
      decimals(loadSeconds, 2),
      decimals(fileBytes / 1e6 / saveSeconds, 0),
      decimals(fileBytes / 1e6 / loadSeconds, 0),
    ]),
  );
}

function renderAppends(rows: readonly AppendRow[], names: Names): string {
  return table(
    ['workload', 'appendfsync', `${names.ours} krps`, `${names.theirs} krps`, 'krps ratio', 'CPU ratio'],
    rows.map(({ policy, row: { workload, result, reason } }) => {
      if (result === null) return [workload.name, policy, reason, '–', '–', '–'];
      const { ours, theirs, cpuRatio } = result;
      return [
        workload.name,
        policy,
        thousands(ours.requestsPerSecond),
        thousands(theirs.requestsPerSecond),
        ratioText(ours.requestsPerSecond / theirs.requestsPerSecond),
        ratioText(cpuRatio),
      ];
    }),
  );
}

function lostShare(row: SnapshotLoadRow): number {
  return Math.max(0, 1 - row.busyPeakPerSecond / row.peakAroundPerSecond);
}

function extraShare(row: SnapshotLoadRow): number | null {
  return row.extraBytes === null ? null : row.extraBytes / row.usedBytes;
}

function percent(share: number | null): string {
  return share === null ? '–' : `${(share * 100).toFixed(0)} %`;
}
