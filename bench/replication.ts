// What replicas cost: SET without a replica and with one attached, and a full synchronization of a large data set. The
// replica is a real redis-server for both, so that only the masters differ.

import { setTimeout } from 'node:timers/promises';
import { fillData } from './data-files.ts';
import { measureRequests, type RequestRow } from './requests.ts';
import { type Children, type RunningServer, type ServerSpec, startServer } from './servers.ts';
import { workloads } from './workloads.ts';

const WRITES = ['SET P1 r1M', 'SET P16 r1M'];
const LINK_TIMEOUT_MS = 600_000;
const POLL_MS = 20;

export interface ReplicatedRow {
  readonly replicas: 0 | 1;
  readonly row: RequestRow;
}

export interface FullSyncRow {
  readonly server: string;
  readonly isDiskless: boolean;
  readonly dataBytes: number;
  readonly seconds: number;
}

export interface ReplicationResults {
  readonly writes: readonly ReplicatedRow[];
  readonly syncs: readonly FullSyncRow[];
}

export interface ReplicationOptions {
  readonly children: Children;
  readonly benchmark: string;
  readonly megabytes: number;
  readonly rounds: number;
  readonly scale: number;
  readonly progress: (text: string) => void;
}

export async function measureReplication(
  ours: ServerSpec,
  theirs: ServerSpec,
  options: ReplicationOptions,
): Promise<ReplicationResults> {
  const writes = await measureWrites(ours, theirs, options);
  const syncs: FullSyncRow[] = [];
  for (const spec of [ours, theirs]) syncs.push(...(await measureSyncs(spec, theirs, options)));
  return { writes, syncs };
}

async function measureWrites(
  ours: ServerSpec,
  theirs: ServerSpec,
  { children, benchmark, progress, rounds, scale }: ReplicationOptions,
): Promise<ReplicatedRow[]> {
  const rows: ReplicatedRow[] = [];
  for (const replicas of [0, 1] as const) {
    const masters = [await startServer(children, ours), await startServer(children, theirs)] as const;
    const followers =
      replicas === 0 ? [] : [await startServer(children, theirs), await startServer(children, theirs)];
    for (const [i, follower] of followers.entries()) await synchronize(masters[i]!, follower);
    for (const workload of workloads(scale).filter(({ name }) => WRITES.includes(name))) {
      progress(`replication: ${workload.name}, ${replicas} replicas`);
      const oursFirst = rows.length % 2 === 0;
      const requestOptions = { children, benchmark, rounds, oursFirst };
      rows.push({ replicas, row: await measureRequests(workload, masters[0], masters[1], requestOptions) });
    }
    for (const server of [...masters, ...followers]) await server.stop();
  }
  return rows;
}

async function measureSyncs(
  spec: ServerSpec,
  theirs: ServerSpec,
  { children, megabytes, progress }: ReplicationOptions,
): Promise<FullSyncRow[]> {
  const rows: FullSyncRow[] = [];
  const master = await startServer(children, spec);
  progress(`replication: ${spec.name}, full synchronization of ${megabytes} MB`);
  await fillData(master.port, megabytes);
  for (const isDiskless of [true, false]) {
    await master.control.call('CONFIG', 'SET', 'repl-diskless-sync', isDiskless ? 'yes' : 'no');
    const follower = await startServer(children, theirs);
    const seconds = await synchronize(master, follower);
    const dataBytes = Number((await master.control.info('stats')).get('total_net_repl_output_bytes'));
    await master.control.call('CONFIG', 'RESETSTAT');
    rows.push({ server: spec.name, isDiskless, dataBytes, seconds });
    await follower.stop();
  }
  await master.stop();
  return rows;
}

/** Makes `follower` a replica, and tells how long it took until it had everything. */
async function synchronize(master: RunningServer, follower: RunningServer): Promise<number> {
  await master.control.call('CONFIG', 'SET', 'repl-diskless-sync-delay', '0');
  const startedMs = performance.now();
  await follower.control.call('REPLICAOF', '127.0.0.1', String(master.port));
  for (;;) {
    const info = await follower.control.info('replication');
    if (info.get('master_link_status') === 'up') return (performance.now() - startedMs) / 1000;
    if (performance.now() - startedMs > LINK_TIMEOUT_MS) throw new Error(`no replica of ${master.name}`);
    await setTimeout(POLL_MS);
  }
}
