// What replicas cost: SET without a replica and with one attached, and a full synchronization of a large data set. The
// replica is a real redis-server for both, so that only the masters differ.

import { setTimeout } from 'node:timers/promises';
import { fillData } from './data-files.ts';
import { type Comparison, measureRequests, median, medianSpeed, type Speed } from './requests.ts';
import { type Children, type RunningServer, type ServerSpec, startServer } from './servers.ts';
import { type Workload, workloads } from './workloads.ts';

const WRITES = ['SET P1 r1M', 'SET P16 r1M'];
const LINK_TIMEOUT_MS = 600_000;
const POLL_MS = 20;

/** Medians of the rounds, each of which has all four. */
export interface ReplicatedRow {
  readonly workload: string;
  readonly alone: Pair;
  readonly followed: Pair;
  /** The share of their throughput that they keep with a replica over the share that we keep of ours. */
  readonly shareRatio: number;
}

type Pair = Pick<Comparison, 'ours' | 'theirs'>;

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
  const start = (spec: ServerSpec) => startServer(children, spec);
  const alone = [await start(ours), await start(theirs)] as const;
  const followed = [await start(ours), await start(theirs)] as const;
  const followers = [await start(theirs), await start(theirs)];
  for (const [i, follower] of followers.entries()) await synchronize(followed[i]!, follower);
  const rows: ReplicatedRow[] = [];
  for (const workload of workloads(scale).filter(({ name }) => WRITES.includes(name))) {
    progress(`replication: ${workload.name}`);
    const aloneRounds: Pair[] = [];
    const followedRounds: Pair[] = [];
    for (let round = 0; round < rounds; round++) {
      const options = { children, benchmark, rounds: 1, oursFirst: round % 2 === 0 };
      aloneRounds.push(await measurePair(workload, alone, options));
      followedRounds.push(await measurePair(workload, followed, options));
    }
    const shareRatios = aloneRounds.map((pair, i) => {
      const beside = followedRounds[i]!;
      return share(beside.theirs, pair.theirs) / share(beside.ours, pair.ours);
    });
    rows.push({
      workload: workload.name,
      alone: medianPair(aloneRounds),
      followed: medianPair(followedRounds),
      shareRatio: median(shareRatios),
    });
  }
  for (const server of [...alone, ...followed, ...followers]) await server.stop();
  return rows;
}

async function measurePair(
  workload: Workload,
  [ours, theirs]: readonly [RunningServer, RunningServer],
  options: Parameters<typeof measureRequests>[3],
): Promise<Pair> {
  const { result, reason } = await measureRequests(workload, ours, theirs, options);
  if (result === null) throw new Error(`${workload.name}: ${reason}`);
  return result;
}

function share(followed: Speed, alone: Speed): number {
  return followed.requestsPerSecond / alone.requestsPerSecond;
}

function medianPair(rounds: readonly Pair[]): Pair {
  const of = (who: keyof Pair): Speed => medianSpeed(rounds.map((pair) => pair[who]));
  return { ours: of('ours'), theirs: of('theirs') };
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
