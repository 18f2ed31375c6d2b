// The part of the report that is about replication: the tables, and the targets.

import { decimals, table, targetLine, thousands } from './markdown.ts';
import type { ReplicationResults } from './replication.ts';
import type { Setting } from './report.ts';

const SYNC_LIMIT = 1.5;

export function renderReplication({ writes, syncs }: ReplicationResults, setting: Setting): string[] {
  const rows = writes.flatMap(({ workload, alone, followed }) =>
    [alone, followed].flatMap((pair, replicas) =>
      [pair.ours, pair.theirs].map((speed, i) => [
        workload,
        i === 0 ? setting.ours : setting.theirs,
        String(replicas),
        thousands(speed.requestsPerSecond),
        decimals(speed.cpuUsPerRequest, 2),
      ]),
    ),
  );
  const syncRows = syncs.map(({ server, isDiskless, dataBytes, seconds }) => [
    server,
    isDiskless ? 'over the connection' : 'through the file',
    decimals(dataBytes / 1e6, 0),
    decimals(seconds, 2),
  ]);
  return [
    '## Replication',
    `Writes with and without a replica; the replica is a ${setting.theirs} for both.`,
    table(['workload', 'master', 'replicas', 'krps', 'CPU µs'], rows),
    'A full synchronization, until the replica serves the data.',
    table(['master', 'way', 'MB', 'seconds'], syncRows),
  ];
}

export function replicationTargets(results: ReplicationResults | null, { theirs }: Setting): string[] {
  if (results === null) return [];
  const lines = results.writes.map(({ workload, shareRatio }) =>
    targetLine(
      `share of throughput that ${theirs} keeps with a replica over ours, ${workload}`,
      1,
      shareRatio,
    ),
  );
  const [ours, oursByFile, others, othersByFile] = results.syncs;
  for (const [mine, other] of [
    [ours, others],
    [oursByFile, othersByFile],
  ]) {
    if (mine === undefined || other === undefined) continue;
    const way = mine.isDiskless ? 'over the connection' : 'through the file';
    lines.push(targetLine(`time of a full synchronization ${way}`, SYNC_LIMIT, mine.seconds / other.seconds));
  }
  return lines;
}
