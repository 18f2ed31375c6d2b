// The sections of INFO, in its order. Fields have Redis's names and order. A field stands here when its figure is real,
// be it a zero because nothing of the kind has happened; what would have to be made up is left out: the compiler, and
// figures of fork, of threads, of copies on write and of defragmentation, which this server has not.

import type { InfoSection } from '../engine/info-section.ts';
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
  fields: ({ config, lifecycle, replication }) => [
    ['role', 'master'],
    ['connected_slaves', replication.replicaCount],
    ...replication
      .figures()
      .map(
        ({ host, port, state, acknowledgedOffset, lagSeconds }, i) =>
          [
            `slave${i}`,
            `ip=${host},port=${port},state=${state},offset=${acknowledgedOffset},lag=${lagSeconds}`,
          ] as const,
      ),
    ['master_failover_state', 'no-failover'],
    ['master_replid', lifecycle.replicationId],
    ['master_replid2', '0'.repeat(40)],
    ['master_repl_offset', replication.offset],
    ['second_repl_offset', -1],
    ['repl_backlog_active', 0],
    ['repl_backlog_size', config.values['repl-backlog-size']],
    ['repl_backlog_first_byte_offset', 0],
    ['repl_backlog_histlen', 0],
  ],
};

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
