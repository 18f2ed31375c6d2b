// INFO's section about what is saved and loaded. Where Redis counts the memory that its child processes copied, there are
// zeros: a snapshot without a child copies nothing but what it writes.

import type { InfoField, InfoSection } from '../engine/info-section.ts';
import type { Loading } from '../engine/loading.ts';
import type { AppendOnly, SnapshotProgress } from '../engine/persistence.ts';
import type { ServerParts } from '../engine/server-parts.ts';

export const persistenceSection: InfoSection = {
  name: 'persistence',
  title: 'Persistence',
  inDefault: true,
  inAll: true,
  fields: (server) => {
    const { executor, loading, persistence, runtime } = server;
    const { aof, job, progress, rdb } = persistence;
    const nowSeconds = Math.floor(runtime.clock.nowMs() / 1000);
    return [
      ['loading', flag(loading.isActive && !loading.isAsync)],
      ['async_loading', flag(loading.isAsync)],
      ['current_cow_peak', 0],
      ['current_cow_size', 0],
      ['current_cow_size_age', 0],
      ['current_fork_perc', percentOf(progress)],
      ['current_save_keys_processed', progress?.keysProcessed ?? 0],
      ['current_save_keys_total', progress?.keysTotal ?? 0],
      ['rdb_changes_since_last_save', executor.context.dirty],
      // A snapshot for a replica counts as one.
      ['rdb_bgsave_in_progress', flag(job === 'rdb' || job === 'replica')],
      ['rdb_last_save_time', rdb.lastSaveSeconds],
      ['rdb_last_bgsave_status', status(rdb.lastSucceeded)],
      ['rdb_last_bgsave_time_sec', rdb.lastDurationSeconds],
      ['rdb_current_bgsave_time_sec', rdb.isRunning ? nowSeconds - rdb.startedSeconds : -1],
      ['rdb_saves', rdb.saves],
      ['rdb_last_cow_size', 0],
      ['rdb_last_load_keys_expired', loading.keysExpired],
      ['rdb_last_load_keys_loaded', loading.keysLoaded],
      ['aof_enabled', flag(aof.state !== 'off')],
      ['aof_rewrite_in_progress', flag(aof.isRewriting)],
      ['aof_rewrite_scheduled', flag(aof.isRewriteScheduled)],
      ['aof_last_rewrite_time_sec', aof.lastRewriteSeconds],
      ['aof_current_rewrite_time_sec', aof.isRewriting ? nowSeconds - aof.rewriteStartedSeconds : -1],
      ['aof_last_bgrewrite_status', status(aof.lastRewriteSucceeded)],
      ['aof_rewrites', aof.rewrites],
      ['aof_rewrites_consecutive_failures', aof.rewriteFailuresInARow],
      ['aof_last_write_status', status(aof.lastWriteSucceeded)],
      ['aof_last_cow_size', 0],
      ['module_fork_in_progress', 0],
      ['module_fork_last_cow_size', 0],
      ...appendOnlyFields(server, aof),
      ...loadingFields(loading, nowSeconds),
    ];
  },
};

function appendOnlyFields({ config }: ServerParts, aof: AppendOnly): InfoField[] {
  if (!config.values.appendonly) return [];
  return [
    ['aof_current_size', aof.currentSize],
    ['aof_base_size', aof.baseSize],
    ['aof_pending_rewrite', flag(aof.isRewriteScheduled)],
    ['aof_buffer_length', aof.bufferLength],
    ['aof_pending_bio_fsync', aof.pendingFsyncs],
    ['aof_delayed_fsync', aof.delayedFsyncs],
  ];
}

function loadingFields(loading: Loading, nowSeconds: number): InfoField[] {
  if (!loading.isActive) return [];
  const { loadedBytes, totalBytes, usedMemoryBytes } = loading;
  const startedSeconds = Math.floor(loading.startedMs / 1000);
  let percent = 0;
  let remaining = 1;
  if (totalBytes > 0) {
    percent = (100 * loadedBytes) / totalBytes;
    remaining = totalBytes - loadedBytes;
  } else if (usedMemoryBytes > 0) {
    // A guess at best: data take more memory than space in a file.
    percent = Math.min(99.99, (100 * loadedBytes) / usedMemoryBytes);
    remaining = Math.max(1, usedMemoryBytes - loadedBytes);
  }
  const elapsed = nowSeconds - startedSeconds;
  return [
    ['loading_start_time', startedSeconds],
    ['loading_total_bytes', totalBytes],
    ['loading_rdb_used_mem', usedMemoryBytes],
    ['loading_loaded_bytes', loadedBytes],
    ['loading_loaded_perc', percent.toFixed(2)],
    ['loading_eta_seconds', elapsed === 0 ? 1 : Math.floor((elapsed * remaining) / (loadedBytes + 1))],
  ];
}

function percentOf(progress: SnapshotProgress | null): string {
  if (progress === null || progress.keysTotal === 0) return '0.00';
  return ((100 * progress.keysProcessed) / progress.keysTotal).toFixed(2);
}

function flag(value: boolean): 0 | 1 {
  return value ? 1 : 0;
}

function status(succeeded: boolean): 'ok' | 'err' {
  return succeeded ? 'ok' : 'err';
}
