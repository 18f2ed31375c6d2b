// What durability costs: serving while a snapshot is made (snapshot-load.ts), saving and loading (data-files.ts), and
// SET with an append-only file. Ours beside theirs, one server at a time where memory is large.

import { type DataFileRow, measureDataFiles } from './data-files.ts';
import { measureRequests, type RequestRow } from './requests.ts';
import { type Children, type ServerSpec, startServer } from './servers.ts';
import { measureSnapshotLoad, type SnapshotLoadRow } from './snapshot-load.ts';
import { workloads } from './workloads.ts';

const APPENDED = ['SET P1 r1M', 'SET P16 r1M'];
const POLICIES = ['always', 'everysec'] as const;

export interface AppendRow {
  readonly policy: (typeof POLICIES)[number];
  readonly row: RequestRow;
}

export interface DurabilityResults {
  readonly snapshots: readonly SnapshotLoadRow[];
  readonly files: readonly DataFileRow[];
  readonly appends: readonly AppendRow[];
}

export interface DurabilityOptions {
  readonly children: Children;
  readonly benchmark: string;
  readonly keys: number;
  readonly megabytes: number;
  readonly rounds: number;
  readonly scale: number;
  readonly progress: (text: string) => void;
}

export async function measureDurability(
  ours: ServerSpec,
  theirs: ServerSpec,
  options: DurabilityOptions,
): Promise<DurabilityResults> {
  const { children, keys, megabytes, progress } = options;
  const appends = await measureAppends(ours, theirs, options);
  const snapshots: SnapshotLoadRow[] = [];
  const files: DataFileRow[] = [];
  for (const spec of [ours, theirs]) {
    progress(`durability: ${spec.name}, load during snapshots of ${keys} keys`);
    snapshots.push(...(await measureSnapshotLoad(spec, { children, keys })));
    progress(`durability: ${spec.name}, a file of ${megabytes} MB`);
    files.push(await measureDataFiles(children, spec, megabytes));
  }
  return { snapshots, files, appends };
}

async function measureAppends(
  ours: ServerSpec,
  theirs: ServerSpec,
  { children, benchmark, rounds, scale, progress }: DurabilityOptions,
): Promise<AppendRow[]> {
  const rows: AppendRow[] = [];
  for (const policy of POLICIES) {
    const options = ['--appendonly', 'yes', '--appendfsync', policy, '--auto-aof-rewrite-percentage', '0'];
    const ourServer = await startServer(children, { ...ours, options });
    const theirServer = await startServer(children, { ...theirs, options });
    for (const workload of workloads(scale).filter(({ name }) => APPENDED.includes(name))) {
      progress(`durability: ${workload.name}, appendfsync ${policy}`);
      const requestOptions = {
        children,
        benchmark,
        rounds,
        oursFirst: rows.length % 2 === 0,
      };
      const row = await measureRequests(workload, ourServer, theirServer, requestOptions);
      rows.push({ policy, row });
    }
    await ourServer.stop();
    await theirServer.stop();
  }
  return rows;
}
