// INFO's sections about the process and what it spends: server, clients, memory, processor time.

import { createHash } from 'node:crypto';
import { secondsBetween } from '../base/seconds.ts';
import { REDIS_VERSION } from '../base/version.ts';
import type { InfoField, InfoSection } from '../engine/info-section.ts';
import { humanBytes, memoryFigures, ratioOf } from '../engine/memory-figures.ts';
import type { ServerParts } from '../engine/server-parts.ts';

const SECONDS_PER_DAY = 24 * 3600;

export const serverSection: InfoSection = {
  name: 'server',
  title: 'Server',
  inDefault: true,
  inAll: true,
  fields: (server) => {
    const { config, keyspace, lifecycle, runtime, supervisor } = server;
    const { shutdownInMs } = lifecycle;
    const uptimeSeconds = secondsBetween(lifecycle.startedMs, keyspace.nowMs);
    return [
      ['redis_version', REDIS_VERSION],
      // As Redis says where it was not built from a git checkout.
      ['redis_git_sha1', '00000000'],
      ['redis_git_dirty', 0],
      ['redis_build_id', buildId(runtime.process.nodeVersion())],
      ['redis_mode', 'standalone'],
      ['os', runtime.process.systemName()],
      ['node_version', runtime.process.nodeVersion()],
      ['arch_bits', 64],
      ['monotonic_clock', 'POSIX clock_gettime'],
      ['multiplexing_api', runtime.process.pollsBy()],
      // One thread has the data, and no compiler was asked: the words of a build that knows of neither.
      ['atomicvar_api', 'none'],
      ['gcc_version', '0.0.0'],
      ['process_id', runtime.pid],
      ['process_supervised', supervisor.name],
      ['run_id', lifecycle.runId],
      ['tcp_port', lifecycle.port === 0 ? lifecycle.tlsPort : lifecycle.port],
      ['server_time_usec', runtime.clock.nowUs()],
      ['uptime_in_seconds', uptimeSeconds],
      ['uptime_in_days', Math.floor(uptimeSeconds / SECONDS_PER_DAY)],
      ['hz', config.values.hz],
      ['configured_hz', config.values.hz],
      ['lru_clock', keyspace.access.lruClock],
      ['executable', lifecycle.executable],
      ['config_file', lifecycle.configFile],
      ['io_threads_active', 0],
      ...(shutdownInMs === null ? [] : [['shutdown_in_milliseconds', Math.round(shutdownInMs)] as const]),
      ...listeners(server),
    ];
  },
};

// Tells builds apart, as Redis's checksum of its version and platform does.
function buildId(nodeVersion: string): string {
  return createHash('sha1').update(`respite ${REDIS_VERSION} node ${nodeVersion}`).digest('hex').slice(0, 16);
}

function listeners({ lifecycle }: ServerParts): InfoField[] {
  const fields: InfoField[] = [];
  for (const [i, facts] of lifecycle.listeners.entries()) {
    if (facts === null) continue;
    const addresses = facts.addresses.map((address) => `,bind=${address}`).join('');
    const port = facts.port === 0 ? '' : `,port=${facts.port}`;
    fields.push([`listener${i}`, `name=${facts.kind}${addresses}${port}`]);
  }
  return fields;
}

export const clientsSection: InfoSection = {
  name: 'clients',
  title: 'Clients',
  inDefault: true,
  inAll: true,
  fields: ({ blocking, clients, config, replication, stats, throttling, tracking }) => [
    ['connected_clients', clients.size - replication.replicaCount],
    ['cluster_connections', 0],
    ['maxclients', config.values.maxclients],
    ['client_recent_max_input_buffer', stats.clientBuffers.recentMaxInput],
    ['client_recent_max_output_buffer', stats.clientBuffers.recentMaxOutput],
    // Clients that CLIENT PAUSE holds back count as blocked.
    ['blocked_clients', clients.postponedCount + blocking.size],
    ['tracking_clients', tracking.clientCount],
    // Ours: held back, because they send more than they may.
    ['throttled_clients', throttling.heldClients],
    ['clients_in_timeout_table', blocking.timedCount],
    ['total_blocking_keys', blocking.keyCount],
    ['total_blocking_keys_on_nokey', blocking.lossKeyCount],
  ],
};

export const memorySection: InfoSection = {
  name: 'memory',
  title: 'Memory',
  inDefault: true,
  inAll: true,
  fields: (server) => {
    const { config, keyspace, libraries, runtime, scripting } = server;
    const programs = scripting.figures;
    const values = programs.scriptValues + programs.functionValues;
    const texts = programs.scripts + programs.functions;
    const figures = memoryFigures(server);
    const { usedBytes, peakBytes, rssBytes, datasetBytes, allocatedBytes, activeBytes, residentBytes } =
      figures;
    const totalBytes = runtime.process.totalMemoryBytes();
    const { maxmemory } = config.values;
    return [
      ['used_memory', usedBytes],
      ['used_memory_human', humanBytes(usedBytes)],
      ['used_memory_rss', rssBytes],
      ['used_memory_rss_human', humanBytes(rssBytes)],
      ['used_memory_peak', peakBytes],
      ['used_memory_peak_human', humanBytes(peakBytes)],
      ['used_memory_peak_perc', percent(usedBytes, peakBytes)],
      ['used_memory_overhead', figures.overheadBytes],
      ['used_memory_startup', figures.startupBytes],
      ['used_memory_dataset', datasetBytes],
      ['used_memory_dataset_perc', percent(datasetBytes, figures.netBytes)],
      ['allocator_allocated', allocatedBytes],
      ['allocator_active', activeBytes],
      ['allocator_resident', residentBytes],
      ['total_system_memory', totalBytes],
      ['total_system_memory_human', humanBytes(totalBytes)],
      ['used_memory_lua', programs.scriptValues],
      ['used_memory_vm_eval', programs.scriptValues],
      ['used_memory_lua_human', humanBytes(programs.scriptValues)],
      ['used_memory_scripts_eval', programs.scripts],
      ['number_of_cached_scripts', programs.cachedScripts],
      ['number_of_functions', libraries.functionCount],
      ['number_of_libraries', libraries.size],
      ['used_memory_vm_functions', programs.functionValues],
      ['used_memory_vm_total', values],
      ['used_memory_vm_total_human', humanBytes(values)],
      ['used_memory_functions', programs.functions],
      ['used_memory_scripts', texts],
      ['used_memory_scripts_human', humanBytes(texts)],
      ['maxmemory', maxmemory],
      ['maxmemory_human', humanBytes(maxmemory)],
      ['maxmemory_policy', config.values['maxmemory-policy']],
      ['allocator_frag_ratio', ratio(activeBytes, allocatedBytes)],
      ['allocator_frag_bytes', activeBytes - allocatedBytes],
      ['allocator_rss_ratio', ratio(residentBytes, activeBytes)],
      ['allocator_rss_bytes', residentBytes - activeBytes],
      ['rss_overhead_ratio', ratio(rssBytes, residentBytes)],
      ['rss_overhead_bytes', rssBytes - residentBytes],
      ['mem_fragmentation_ratio', ratio(rssBytes, usedBytes)],
      ['mem_fragmentation_bytes', rssBytes - usedBytes],
      ['mem_not_counted_for_evict', figures.notCountedBytes],
      ['mem_replication_backlog', figures.backlogBytes],
      ['mem_total_replication_buffers', figures.replicationBytes],
      ['mem_clients_slaves', figures.replicaBytes],
      ['mem_clients_normal', figures.clientBytes],
      ['mem_cluster_links', 0],
      ['mem_aof_buffer', figures.aofBytes],
      ['mem_allocator', 'respite'],
      ['active_defrag_running', server.defragmentation.runningPercent],
      ['lazyfree_pending_objects', keyspace.pendingFrees],
      ['lazyfreed_objects', keyspace.stats.lazyFreed],
    ];
  },
};

function percent(part: number, whole: number): string {
  return `${whole === 0 ? '0.00' : ((part * 100) / whole).toFixed(2)}%`;
}

function ratio(a: number, b: number): string {
  return ratioOf(a, b).toFixed(2);
}

export const cpuSection: InfoSection = {
  name: 'cpu',
  title: 'CPU',
  inDefault: true,
  inAll: true,
  fields: ({ runtime }) => {
    const { user, system } = runtime.process.cpuUs();
    const mainThread = runtime.process.mainThreadCpuUs();
    return [
      ['used_cpu_sys', seconds(system)],
      ['used_cpu_user', seconds(user)],
      // There are no child processes.
      ['used_cpu_sys_children', seconds(0)],
      ['used_cpu_user_children', seconds(0)],
      ['used_cpu_sys_main_thread', seconds(mainThread.system)],
      ['used_cpu_user_main_thread', seconds(mainThread.user)],
    ];
  },
};

function seconds(microseconds: number): string {
  return (microseconds / 1e6).toFixed(6);
}
