// Whether memory comes back: a server is filled, four keys of five are deleted at random, and active defragmentation is
// switched on while a prober asks. What it comes back to is compared with a server that never held more. A Redis whose
// allocator cannot tell what to move refuses, and then only shows what stays.

import { setTimeout as sleep } from 'node:timers/promises';
import { ReplyError } from './client.ts';
import { load, NUMBER } from './loader.ts';
import { decimals, table } from './markdown.ts';
import { probe } from './pause.ts';
import {
  type Children,
  cpuTimeUs,
  type RunningServer,
  residentBytes,
  type ServerSpec,
  startServer,
} from './servers.ts';

const KEPT_SHARE = 1 / 5;
const DELETED_AT_ONCE = 100;
const SETTLE_MS = 3000;
const ASK_MS = 250;
const TIMEOUT_MS = 180_000;
const MEGABYTE = 1024 * 1024;
const DIGITS = 12;
const SETTINGS = ['active-defrag-ignore-bytes', '10mb', 'latency-monitor-threshold', '1'];

export interface DefragmentationRow {
  readonly server: string;
  readonly keys: number;
  /** Resident bytes: with the keys that are kept and never more, with all, after deleting, in the end. */
  readonly freshBytes: number | null;
  readonly fullBytes: number | null;
  readonly deletedBytes: number | null;
  readonly endBytes: number | null;
  /** Null: the server refused. */
  readonly work: DefragmentationWork | null;
}

export interface DefragmentationWork {
  readonly seconds: number;
  readonly cpuSeconds: number | null;
  readonly moved: number;
  /** The longest slice as the server's latency monitor has seen it; 0: none of a millisecond. */
  readonly longestSliceMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface DefragmentationOptions {
  readonly children: Children;
  readonly keys: number;
}

export async function measureDefragmentation(
  specs: readonly ServerSpec[],
  options: DefragmentationOptions,
): Promise<DefragmentationRow[]> {
  const rows: DefragmentationRow[] = [];
  for (const spec of specs) rows.push(await measureServer(spec, options));
  return rows;
}

async function measureServer(spec: ServerSpec, options: DefragmentationOptions): Promise<DefragmentationRow> {
  const { children, keys } = options;
  const fresh = await startServer(children, spec);
  await fill(fresh, keys * KEPT_SHARE);
  const freshBytes = residentBytes(fresh.pid);
  await fresh.stop();

  const server = await startServer(children, spec);
  try {
    await fill(server, keys);
    const fullBytes = residentBytes(server.pid);
    await deleteMost(server, keys);
    await sleep(SETTLE_MS);
    const deletedBytes = residentBytes(server.pid);
    const work = await defragment(server, options);
    await sleep(SETTLE_MS);
    const endBytes = residentBytes(server.pid);
    return { server: spec.name, keys, freshBytes, fullBytes, deletedBytes, endBytes, work };
  } finally {
    await server.stop();
  }
}

async function fill(server: RunningServer, keys: number): Promise<void> {
  const command = ['SET', `key:${NUMBER}`, `val:${NUMBER}`];
  await load({ port: server.port, command, first: 0, count: keys });
  await sleep(SETTLE_MS);
}

async function deleteMost({ control }: RunningServer, keys: number): Promise<void> {
  let doomed: string[] = [];
  const replies: Promise<unknown>[] = [];
  for (let i = 0; i < keys; i++) {
    if (Math.random() >= KEPT_SHARE) doomed.push(`key:${String(i).padStart(DIGITS, '0')}`);
    if (doomed.length < DELETED_AT_ONCE && i < keys - 1) continue;
    replies.push(control.call('DEL', ...doomed));
    doomed = [];
    if (replies.length === DELETED_AT_ONCE) await Promise.all(replies.splice(0));
  }
  await Promise.all(replies);
}

async function defragment(
  server: RunningServer,
  { children }: DefragmentationOptions,
): Promise<DefragmentationWork | null> {
  const { control } = server;
  await control.call('CONFIG', 'SET', ...SETTINGS);
  await control.call('LATENCY', 'RESET');
  const cpuBefore = cpuTimeUs(server.pid);
  let seconds = 0;
  let isRefused = false;
  const report = await probe(server, children, async () => {
    isRefused = (await control.call('CONFIG', 'SET', 'activedefrag', 'yes')) instanceof ReplyError;
    if (!isRefused) seconds = await untilDone(server);
  });
  if (isRefused) return null;
  const cpuAfter = cpuTimeUs(server.pid);
  const latencies = [...report.latenciesMs].sort((a, b) => a - b);
  return {
    seconds,
    cpuSeconds: cpuBefore === null || cpuAfter === null ? null : (cpuAfter - cpuBefore) / 1e6,
    moved: Number((await control.info('stats')).get('active_defrag_hits') ?? 0),
    longestSliceMs: await longestSlice(server),
    p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
    maxMs: latencies.at(-1) ?? 0,
  };
}

// It begins within a second or so, and may go over the data more than once.
async function untilDone({ control }: RunningServer): Promise<number> {
  const startedMs = performance.now();
  let hasBegun = false;
  let quietSinceMs = startedMs;
  while (performance.now() - startedMs < TIMEOUT_MS) {
    const isRunning = (await control.info('memory')).get('active_defrag_running') !== '0';
    const nowMs = performance.now();
    if (isRunning) {
      hasBegun = true;
      quietSinceMs = nowMs;
    }
    if (hasBegun && nowMs - quietSinceMs > SETTLE_MS) break;
    await sleep(ASK_MS);
  }
  return (quietSinceMs - startedMs) / 1000;
}

async function longestSlice({ control }: RunningServer): Promise<number> {
  const events = await control.call('LATENCY', 'LATEST');
  if (!Array.isArray(events)) return 0;
  const event = events.find((one) => Array.isArray(one) && one[0] === 'active-defrag-cycle');
  return Array.isArray(event) ? Number(event[3]) : 0;
}

export function renderDefragmentation(rows: readonly DefragmentationRow[]): string[] {
  const megabytes = (bytes: number | null): string => decimals(bytes === null ? null : bytes / MEGABYTE, 0);
  return [
    '## Defragmentation',
    'Resident memory in MB: with a fifth of the keys only, with all of them, after four of five were deleted at random, and after ' +
      'active defrag with its default thresholds. The probes are one client’s, one a millisecond, while it worked.',
    table(
      [
        'server',
        'keys',
        'a fifth',
        'all',
        'deleted',
        'in the end',
        's',
        'CPU s',
        'moved',
        'slice max',
        'probe p99',
        'probe max',
      ],
      rows.map(({ server, keys, freshBytes, fullBytes, deletedBytes, endBytes, work }) => [
        server,
        String(keys),
        megabytes(freshBytes),
        megabytes(fullBytes),
        megabytes(deletedBytes),
        megabytes(endBytes),
        ...(work === null
          ? ['refused', '–', '–', '–', '–', '–']
          : [
              decimals(work.seconds, 1),
              decimals(work.cpuSeconds, 1),
              String(work.moved),
              `${work.longestSliceMs} ms`,
              `${decimals(work.p99Ms, 2)} ms`,
              `${decimals(work.maxMs, 2)} ms`,
            ]),
      ]),
    ),
  ];
}
