// INFO's sections of counters: of the server as a whole, by command, by error code, and of durations.

import { compareText } from '../base/bytes.ts';
import type { InfoField, InfoSection } from '../engine/info-section.ts';
import { safeInfoName } from '../engine/info-section.ts';
import type { Rate, ServerStats } from '../engine/stats.ts';

export const statsSection: InfoSection = {
  name: 'stats',
  title: 'Stats',
  inDefault: true,
  inAll: true,
  fields: ({
    defragmentation,
    keyspace,
    masterLink,
    memoryLimit,
    migrations,
    persistence,
    pubsub,
    stats,
    throttling,
    tracking,
  }) => {
    const ofKeys = keyspace.stats;
    return [
      ['total_connections_received', stats.connectionsReceived],
      ['total_commands_processed', stats.commandsProcessed],
      ['instantaneous_ops_per_sec', Math.floor(stats.opsRate.perSecond)],
      ['total_net_input_bytes', stats.netInputBytes],
      ['total_net_output_bytes', stats.netOutputBytes],
      ['total_net_repl_input_bytes', stats.netReplicationInputBytes],
      ['total_net_repl_output_bytes', stats.netReplicationOutputBytes],
      ['instantaneous_input_kbps', kilobytes(stats.inputRate)],
      ['instantaneous_output_kbps', kilobytes(stats.outputRate)],
      ['instantaneous_input_repl_kbps', kilobytes(stats.replicationInputRate)],
      ['instantaneous_output_repl_kbps', kilobytes(stats.replicationOutputRate)],
      ['rejected_connections', stats.rejectedConnections],
      ['sync_full', stats.fullSyncs],
      ['sync_partial_ok', stats.partialSyncs],
      ['sync_partial_err', stats.partialSyncsRefused],
      ['expired_keys', ofKeys.expired],
      // Keys are removed when they are due, so none that are stale are left.
      ['expired_stale_perc', '0.00'],
      ['expired_time_cap_reached_count', ofKeys.expiredTimeCapReached],
      ['expire_cycle_cpu_milliseconds', Math.floor(ofKeys.expireCycleMicroseconds / 1000)],
      // Our own: how long after its deadline a key was removed that nobody asked for.
      ['expired_lag_ms_last', ofKeys.expireLagMs],
      ['expired_lag_ms_max', ofKeys.expireLagMaxMs],
      ['evicted_keys', ofKeys.evicted],
      ['evicted_clients', stats.evictedClients],
      ['total_eviction_exceeded_time', memoryLimit.totalExceededMs],
      ['current_eviction_exceeded_time', memoryLimit.currentExceededMs],
      ['keyspace_hits', ofKeys.hits],
      ['keyspace_misses', ofKeys.misses],
      ['pubsub_channels', pubsub.channels.size],
      ['pubsub_patterns', pubsub.patterns.size],
      ['pubsubshard_channels', pubsub.shardChannels.size],
      ['latest_fork_usec', 0],
      // What Redis does in a child process.
      ['total_forks', stats.backgroundJobs],
      ['migrate_cached_sockets', migrations.linkCount],
      ['slave_expires_tracked_keys', masterLink.ownVolatileKeys],
      ['active_defrag_hits', defragmentation.counts.hits],
      ['active_defrag_misses', defragmentation.counts.misses],
      ['active_defrag_key_hits', defragmentation.counts.keyHits],
      ['active_defrag_key_misses', defragmentation.counts.keyMisses],
      ['total_active_defrag_time', defragmentation.totalMs],
      ['current_active_defrag_time', defragmentation.currentMs],
      ['tracking_total_keys', tracking.keyCount],
      ['tracking_total_items', tracking.itemCount],
      ['tracking_total_prefixes', tracking.prefixCount],
      ['unexpected_error_replies', stats.unexpectedErrorReplies],
      ['total_error_replies', stats.errorReplies],
      ['dump_payload_sanitizations', persistence.sanitizations],
      ['total_reads_processed', stats.totalReads],
      ['total_writes_processed', stats.totalWrites],
      // There are no threads for input and output, and replies share buffers of one size.
      ['io_threaded_reads_processed', 0],
      ['io_threaded_writes_processed', 0],
      ['reply_buffer_shrinks', 0],
      ['reply_buffer_expands', 0],
      // Ours: for how long clients were held back, all together, in milliseconds.
      ['total_throttled_time', throttling.totalMs],
      ['eventloop_cycles', stats.turns],
      ['eventloop_duration_sum', Math.floor(stats.turnMicroseconds)],
      // Ours: the longest turn since the start or CONFIG RESETSTAT.
      ['eventloop_duration_max', Math.round(stats.turnMicrosecondsMax)],
      ['eventloop_duration_cmd_sum', Math.floor(stats.commandMicroseconds)],
      ['instantaneous_eventloop_cycles_per_sec', Math.floor(stats.turnRate.perSecond)],
      ['instantaneous_eventloop_duration_usec', meanTurnMicroseconds(stats)],
      ['acl_access_denied_auth', stats.authFailures],
      ['acl_access_denied_cmd', stats.deniedCommands],
      ['acl_access_denied_key', stats.deniedKeys],
      ['acl_access_denied_channel', stats.deniedChannels],
    ];
  },
};

function kilobytes(rate: Rate): string {
  return (rate.perSecond / 1024).toFixed(2);
}

function meanTurnMicroseconds({ turnRate, turnDurationRate }: ServerStats): number {
  return turnRate.perSecond === 0 ? 0 : Math.floor(turnDurationRate.perSecond / turnRate.perSecond);
}

export const commandStatsSection: InfoSection = {
  name: 'commandstats',
  title: 'Commandstats',
  inDefault: false,
  inAll: true,
  fields: ({ stats }) =>
    [...stats.commands]
      .filter(([, { calls, failed, rejected }]) => calls + failed + rejected > 0)
      .map(([command, { calls, failed, rejected, microseconds }]): InfoField => {
        const total = Math.floor(microseconds);
        const values = [
          `calls=${calls}`,
          `usec=${total}`,
          `usec_per_call=${(calls === 0 ? 0 : total / calls).toFixed(2)}`,
          `rejected_calls=${rejected}`,
          `failed_calls=${failed}`,
        ];
        return [`cmdstat_${safeInfoName(command.fullName)}`, values.join(',')];
      }),
};

export const errorStatsSection: InfoSection = {
  name: 'errorstats',
  title: 'Errorstats',
  inDefault: true,
  inAll: true,
  fields: ({ stats }) =>
    [...stats.errorCodes]
      .sort(([a], [b]) => compareText(a, b))
      .map(([code, count]) => [`errorstat_${safeInfoName(code)}`, `count=${count}`] as const),
};

export const latencyStatsSection: InfoSection = {
  name: 'latencystats',
  title: 'Latencystats',
  inDefault: false,
  inAll: true,
  fields: ({ config, stats }) => {
    if (!config.values['latency-tracking']) return [];
    const percents = config.values['latency-tracking-info-percentiles'];
    return [...stats.commands].flatMap(([command, { histogram }]): InfoField[] => {
      if (histogram === null) return [];
      const values = percents.map(
        (percent) => `p${shortDecimal(percent)}=${(histogram.percentile(percent) / 1000).toFixed(3)}`,
      );
      return [[`latency_percentiles_usec_${safeInfoName(command.fullName)}`, values.join(',')]];
    });
  },
};

/** Six decimals, without the zeros at the end. */
function shortDecimal(value: number): string {
  return value.toFixed(6).replace(/\.?0+$/, '');
}

/** Shown to those only who ask for it by name. */
export const debugSection: InfoSection = {
  name: 'debug',
  title: 'Debug',
  inDefault: false,
  inAll: false,
  fields: ({ persistence, stats }) => [
    ['eventloop_duration_aof_sum', Math.floor(persistence.aof.turnMicroseconds)],
    ['eventloop_duration_cron_sum', Math.floor(stats.cronMicroseconds)],
    ['eventloop_duration_max', Math.floor(stats.turnMicrosecondsMax)],
    ['eventloop_cmd_per_cycle_max', stats.turnCommandsMax],
  ],
};
