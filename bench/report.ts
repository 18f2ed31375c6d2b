// The results as Markdown: the machine and the versions, a table per section, and the list of targets with met or not
// met. It only writes figures down; it measures nothing.

import { arch, cpus, platform, release, totalmem } from 'node:os';
import type { ClientsRow } from './clients.ts';
import { type DefragmentationRow, renderDefragmentation } from './defragmentation.ts';
import type { DurabilityResults } from './durability.ts';
import { durabilityTargets, renderDurability } from './durability-report.ts';
import type { EvictionRow } from './eviction.ts';
import { decimals, ratioText, table, targetLine, thousands } from './markdown.ts';
import type { CollectionMemoryRow, MemoryRow } from './memory.ts';
import type { PauseRow } from './pause.ts';
import type { ReplicationResults } from './replication.ts';
import { renderReplication, replicationTargets } from './replication-report.ts';
import type { RequestRow } from './requests.ts';

const TYPE_MEAN_LIMIT = 1.0;
const RSS_RATIO_LIMIT = 1.0;
const COLLECTION_MEMORY_LIMIT = 1.1;
const PAUSE_LIMIT_MS = 5;
const HIT_RATIO_LIMIT = 1.02;
const P99_LIMIT = 1.2;
const TLS_PIPELINE = 16;
const TLS_SHARE = 0.9;

/** What the figures were taken with. */
export interface Setting {
  readonly ours: string;
  readonly theirs: string;
  readonly oursVersion: string;
  readonly theirsVersion: string;
  readonly commandLine: string;
  readonly rounds: number;
  readonly notes: readonly string[];
}

/** What was measured; a section that was not asked for is null. */
export interface Results {
  readonly requests: readonly RequestRow[] | null;
  readonly memory: readonly MemoryRow[] | null;
  readonly collections: readonly CollectionMemoryRow[] | null;
  readonly pauses: { ours: PauseRow; theirs: PauseRow; quiet: PauseRow; busy: PauseRow } | null;
  readonly durability: DurabilityResults | null;
  readonly eviction: readonly EvictionRow[] | null;
  readonly defragmentation: readonly DefragmentationRow[] | null;
  readonly clients: readonly ClientsRow[] | null;
  readonly tls: readonly RequestRow[] | null;
  readonly replication: ReplicationResults | null;
}

/** The whole report, ending with a line feed. */
export function renderReport(setting: Setting, results: Results, now: Date): string {
  const parts = ['# Benchmark results', renderSetting(setting, now)];
  if (results.requests !== null) parts.push(...renderRequests(results.requests, setting));
  if (results.memory !== null) parts.push(...renderMemory(results.memory, setting));
  if (results.collections !== null) parts.push(...renderCollections(results.collections, setting));
  if (results.pauses !== null) parts.push(...renderPauses(results.pauses));
  if (results.durability !== null) parts.push(...renderDurability(results.durability, setting));
  if (results.eviction !== null) parts.push(...renderEviction(results.eviction, setting));
  if (results.defragmentation !== null) parts.push(...renderDefragmentation(results.defragmentation));
  if (results.clients !== null) parts.push(...renderClients(results.clients));
  if (results.tls !== null) parts.push(...renderRequests(results.tls, setting, 'TLS'));
  if (results.replication !== null) parts.push(...renderReplication(results.replication, setting));
  parts.push('## Targets', renderTargets(results, setting));
  return `${parts.join('\n\n')}\n`;
}

function renderSetting(setting: Setting, now: Date): string {
  const cores = cpus();
  const memoryGb = (totalmem() / 2 ** 30).toFixed(0);
  const model = cores[0]?.model ?? 'unknown CPU';
  return [
    `- Machine: ${model}, ${cores.length} cores, ${memoryGb} GB, ${platform()} ${release()} ${arch()}`,
    `- ${setting.ours}: ${setting.oursVersion}`,
    `- ${setting.theirs}: ${setting.theirsVersion}`,
    `- Date: ${now.toISOString().slice(0, 10)}`,
    `- Command: \`${setting.commandLine}\``,
    ...setting.notes.map((note) => `- Note: ${note}`),
  ].join('\n');
}

function renderRequests(rows: readonly RequestRow[], setting: Setting, title = 'Requests'): string[] {
  const measured: string[][] = [];
  const missing: string[][] = [];
  for (const { workload, result, reason } of rows) {
    if (result === null) {
      missing.push([workload.name, reason]);
      continue;
    }
    const { ours, theirs } = result;
    measured.push([
      workload.name,
      thousands(ours.requestsPerSecond),
      thousands(theirs.requestsPerSecond),
      ratioText(ours.requestsPerSecond / theirs.requestsPerSecond),
      decimals(ours.cpuUsPerRequest, 2),
      decimals(theirs.cpuUsPerRequest, 2),
      ratioText(result.cpuRatio),
    ]);
  }
  const heading = ['workload', `${setting.ours} krps`, `${setting.theirs} krps`, 'krps ratio'];
  heading.push(`${setting.ours} CPU µs`, `${setting.theirs} CPU µs`, 'CPU ratio');
  const parts = [
    `## ${title}`,
    `Medians of ${setting.rounds} rounds, in which the servers take turns, and of their ratios; 50 connections (one for HGETALL and SINTER of 1M). krps: thousand requests per second (more is better). ` +
      'CPU µs: user and system time of the server per request, all threads (less is better). Ratios are ' +
      `${setting.ours} / ${setting.theirs}. r1M: random keys of a full keyspace of 1 M; 1KB: of 100 k keys of 1 KB each.`,
    table(heading, measured),
  ];
  if (missing.length > 0) parts.push('Not run:', table(['workload', 'reason'], missing));
  return parts;
}

function renderMemory(rows: readonly MemoryRow[], setting: Setting): string[] {
  const body = rows.map((row) => [
    row.server,
    `${row.keys / 1e6} M`,
    decimals(row.emptyRssBytes === null ? null : row.emptyRssBytes / 2 ** 20, 1),
    decimals(perKey(row.rssGrowthBytes, row), 1),
    decimals(perKey(row.usedGrowthBytes, row), 1),
    thousands(row.keysPerSecond),
    decimals(row.cpuUsPerKey, 2),
  ]);
  const sizes = [...new Set(rows.map((row) => row.keys))];
  const ratios = sizes.map((keys) => [
    `${keys / 1e6} M`,
    ratioText(memoryRatio(rows, keys, setting, (row) => row.rssGrowthBytes)),
    ratioText(memoryRatio(rows, keys, setting, (row) => row.usedGrowthBytes)),
  ]);
  return [
    '## Memory',
    'Distinct keys of 16 bytes with values of 16 bytes; bytes per key are the growth from the empty server to all keys.',
    table(
      ['server', 'keys', 'empty RSS MB', 'RSS B/key', 'used_memory B/key', 'loaded kkeys/s', 'CPU µs/key'],
      body,
    ),
    table(['keys', 'RSS ratio', 'used_memory ratio'], ratios),
  ];
}

function renderCollections(rows: readonly CollectionMemoryRow[], setting: Setting): string[] {
  const body = rows.map(({ name, ours, theirs }) => [
    name,
    decimals(megabytes(ours.rssBytes), 1),
    decimals(megabytes(theirs.rssBytes), 1),
    decimals(megabytes(ours.usedBytes), 1),
    decimals(megabytes(theirs.usedBytes), 1),
    ratioText(
      ours.rssBytes === null || theirs.rssBytes === null ? Number.NaN : ours.rssBytes / theirs.rssBytes,
    ),
    ratioText(usedRatio({ name, ours, theirs })),
  ]);
  const heading = ['data', `${setting.ours} RSS MB`, `${setting.theirs} RSS MB`];
  heading.push(`${setting.ours} used MB`, `${setting.theirs} used MB`, 'RSS ratio', 'used ratio');
  return [
    '## Memory of collections',
    'Growth of a fresh server given the data. RSS of a garbage-collected process has noise of a few MB, `used_memory` none.',
    table(heading, body),
  ];
}

function megabytes(bytes: number | null): number | null {
  return bytes === null ? null : bytes / 1e6;
}

function usedRatio({ ours, theirs }: CollectionMemoryRow): number {
  if (ours.usedBytes === null || theirs.usedBytes === null) return Number.NaN;
  return ours.usedBytes / theirs.usedBytes;
}

function renderPauses(pauses: NonNullable<Results['pauses']>): string[] {
  const rows = [pauses.ours, pauses.theirs, pauses.quiet, pauses.busy].map((row) => [
    row.label,
    String(row.runs),
    String(row.probes),
    decimals(row.p50Ms, 2),
    decimals(row.p99Ms, 2),
    decimals(row.p999Ms, 2),
    decimals(row.typicalMaxMs, 2),
    decimals(row.maxMs, 2),
    decimals(row.ownDelayMs, 2),
    decimals(row.insideMaxMs, 2),
  ]);
  return [
    '## Pauses',
    'Answer times of PING, sent every millisecond by a process of its own while keys are inserted by pipelining, in ' +
      'milliseconds. The controls are the noise of the machine. "prober late" is the most by which the prober itself was ' +
      'late; "inside" is the longest pause that the server measured in its own event loop.',
    table(
      ['server', 'runs', 'probes', 'p50', 'p99', 'p99.9', 'max (median)', 'max', 'prober late', 'inside'],
      rows,
    ),
  ];
}

/** Every target with its figure; one that was not measured says so. */
function renderTargets(results: Results, setting: Setting): string {
  const lines: string[] = [];
  const typeRatios: number[] = [];
  for (const { workload, result } of results.requests ?? []) {
    const { limit, inMean } = workload;
    if (limit === null) continue;
    const ratio = result?.cpuRatio ?? null;
    lines.push(targetLine(`CPU ratio of ${workload.name}`, limit, ratio));
    if (inMean && ratio !== null) typeRatios.push(ratio);
  }
  if (typeRatios.length > 0) {
    const mean = geometricMean(typeRatios);
    const what = `geometric mean of the CPU ratios of ${typeRatios.length} default tests`;
    lines.push(targetLine(what, TYPE_MEAN_LIMIT, mean));
  }
  if (results.requests === null) lines.push(targetLine('CPU ratios', null, null));

  const sizes = [...new Set((results.memory ?? []).map((row) => row.keys))];
  for (const keys of sizes) {
    const ratio = memoryRatio(results.memory ?? [], keys, setting, (row) => row.rssGrowthBytes);
    lines.push(targetLine(`RSS ratio at ${keys / 1e6} M keys`, RSS_RATIO_LIMIT, ratio));
  }
  if (sizes.length === 0) lines.push(targetLine('RSS ratio', RSS_RATIO_LIMIT, null));

  for (const row of results.collections ?? []) {
    lines.push(targetLine(`memory of ${row.name}`, COLLECTION_MEMORY_LIMIT, usedRatio(row)));
  }

  const { pauses } = results;
  const pause = targetLine('longest pause in ms', PAUSE_LIMIT_MS, pauses?.ours.maxMs ?? null);
  if (pauses === null) lines.push(pause);
  else {
    const controls = `${decimals(pauses.quiet.maxMs, 2)} quiet, ${decimals(pauses.busy.maxMs, 2)} busy`;
    lines.push(`${pause}; controls: ${controls}; ${setting.theirs}: ${decimals(pauses.theirs.maxMs, 2)}`);
  }
  lines.push(...durabilityTargets(results.durability, setting));
  for (const { policy, ours, theirs } of results.eviction ?? []) {
    const share = theirs.hitRatio / ours.hitRatio;
    lines.push(targetLine(`${setting.theirs}'s hit ratio over ours, ${policy}`, HIT_RATIO_LIMIT, share));
  }
  const [ourCrowd] = results.clients ?? [];
  if (ourCrowd !== undefined) {
    const { quiet, crowded, extraBytes, boundBytes } = ourCrowd;
    lines.push(
      targetLine('p99 of busy clients in a crowd over p99 without', P99_LIMIT, crowded.p99Ms / quiet.p99Ms),
    );
    const share = extraBytes === null ? null : extraBytes / boundBytes;
    lines.push(targetLine('memory of the crowd over its bound', 1, share));
  }
  lines.push(...replicationTargets(results.replication, setting));
  for (const { workload, result } of results.tls ?? []) {
    if (result === null || workload.pipeline !== TLS_PIPELINE) continue;
    // Of their throughput at least 0.9: as a limit from above.
    const share = result.theirs.requestsPerSecond / result.ours.requestsPerSecond;
    lines.push(
      targetLine(`${setting.theirs}'s throughput over ours, ${workload.name}`, 1 / TLS_SHARE, share),
    );
  }
  return lines.join('\n');
}

function renderClients(rows: readonly ClientsRow[]): string[] {
  const body = rows.flatMap((row) =>
    [row.quiet, row.crowded].map((report, i) => [
      row.server,
      i === 0 ? 'alone' : `${row.connectedClients} connected`,
      thousands(row.ratePerSecond),
      decimals(report.p50Ms, 1),
      decimals(report.p99Ms, 1),
      decimals(report.maxMs, 1),
      i === 0 ? '–' : decimals(row.extraBytes === null ? null : row.extraBytes / 2 ** 20, 0),
      i === 0 ? '–' : decimals(row.clientBytes / 2 ** 20, 0),
      i === 0 ? '–' : decimals(row.boundBytes / 2 ** 20, 0),
      i === 0 ? '–' : String(row.crowd.cutOff),
    ]),
  );
  return [
    '## Clients',
    'SETs of 50 connections in pipelines of 16, on schedule, without others and among idle clients and slow readers. The bound follows from the ' +
      'output limit of each slow reader (4 MB) and 20 KB for each connection.',
    table(
      [
        'server',
        'others',
        'kcmd/s',
        'p50 ms',
        'p99 ms',
        'max ms',
        'RSS +MB',
        'clients MB',
        'bound MB',
        'cut off',
      ],
      body,
    ),
  ];
}

function renderEviction(rows: readonly EvictionRow[], setting: Setting): string[] {
  const measured = rows.flatMap(({ policy, keys, reads, ours, theirs }) =>
    [ours, theirs].map((figures, i) => [
      policy,
      i === 0 ? setting.ours : setting.theirs,
      String(keys),
      String(reads),
      `${(figures.hitRatio * 100).toFixed(2)} %`,
      String(figures.keysHeld),
      String(figures.maxmemory),
      String(figures.mostAboveBytes),
    ]),
  );
  return [
    '## Eviction',
    'Zipfian reads (exponent 0.99), what is missing is written; `maxmemory` is what a fifth of the keys takes. The last column is the most that `used_memory` was seen above it.',
    table(['policy', 'server', 'keys', 'reads', 'hits', 'keys held', 'maxmemory', 'above'], measured),
  ];
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

function memoryRatio(
  rows: readonly MemoryRow[],
  keys: number,
  setting: Setting,
  figure: (row: MemoryRow) => number | null,
): number | null {
  const of = (server: string): number | null => {
    const row = rows.find((candidate) => candidate.server === server && candidate.keys === keys);
    return row === undefined ? null : figure(row);
  };
  const ours = of(setting.ours);
  const theirs = of(setting.theirs);
  return ours === null || theirs === null ? null : ours / theirs;
}

function perKey(bytes: number | null, row: MemoryRow): number | null {
  return bytes === null ? null : bytes / row.keys;
}
