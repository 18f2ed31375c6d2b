// The sections of INFO, in its order. Fields have Redis's names and order. A field stands here when its figure is real,
// be it a zero because nothing of the kind has happened or can happen here (there are no forks and no threads).

import type { InfoField, InfoSection } from '../engine/info-section.ts';
import type { ReplicaFigures } from '../engine/replication.ts';
import { persistenceSection } from './info-persistence.ts';
import { clientsSection, cpuSection, memorySection, serverSection } from './info-process.ts';
import {
  commandStatsSection,
  debugSection,
  errorStatsSection,
  latencyStatsSection,
  statsSection,
} from './info-stats.ts';

const replicationSection: InfoSection = {
  name: 'replication',
  title: 'Replication',
  inDefault: true,
  inAll: true,
  fields: ({ config, masterLink, replication }) => {
    const { backlog, history } = replication;
    const { values } = config;
    const countsGood = values['min-replicas-to-write'] > 0 && values['min-replicas-max-lag'] > 0;
    return [
      ['role', masterLink.isReplica ? 'slave' : 'master'],
      ...masterLink.fields(),
      ['connected_slaves', replication.replicaCount],
      ...(countsGood ? [['min_slaves_good_slaves', replication.goodReplicaCount] as const] : []),
      ...replication.figures().map(replicaField),
      ['master_failover_state', masterLink.failoverState],
      ['master_replid', history.id],
      ['master_replid2', history.secondId],
      ['master_repl_offset', history.offset],
      ['second_repl_offset', history.secondOffset],
      ['repl_backlog_active', backlog.isActive ? 1 : 0],
      ['repl_backlog_size', backlog.size],
      ['repl_backlog_first_byte_offset', backlog.firstByte],
      ['repl_backlog_histlen', backlog.length],
    ];
  },
};

function replicaField(
  { host, port, state, acknowledgedOffset, lagSeconds }: ReplicaFigures,
  i: number,
): InfoField {
  return [
    `slave${i}`,
    `ip=${host},port=${port},state=${state},offset=${acknowledgedOffset},lag=${lagSeconds}`,
  ];
}

const modulesSection: InfoSection = {
  name: 'modules',
  alias: 'module_list',
  title: 'Modules',
  inDefault: true,
  inAll: true,
  fields: () => [],
};

const clusterSection: InfoSection = {
  name: 'cluster',
  title: 'Cluster',
  inDefault: true,
  inAll: true,
  fields: () => [['cluster_enabled', 0]],
};

const keyspaceSection: InfoSection = {
  name: 'keyspace',
  title: 'Keyspace',
  inDefault: true,
  inAll: true,
  fields: ({ keyspace }) =>
    keyspace.databases
      .filter((db) => db.size > 0)
      .map((db) => {
        const averageTtl = db.averageTtlMs(keyspace.nowMs);
        return [`db${db.id}`, `keys=${db.size},expires=${db.volatile.size},avg_ttl=${averageTtl}`] as const;
      }),
};

export const INFO_SECTIONS: readonly InfoSection[] = [
  serverSection,
  clientsSection,
  memorySection,
  persistenceSection,
  statsSection,
  replicationSection,
  cpuSection,
  modulesSection,
  commandStatsSection,
  errorStatsSection,
  latencyStatsSection,
  clusterSection,
  keyspaceSection,
  debugSection,
];
