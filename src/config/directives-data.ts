// Directives of the data types, persistence, replication and the cluster. One row per directive; see directive.ts for
// what a row is, and directives.ts for the whole table.

import {
  bool,
  choice,
  INT_MAX,
  INT_MIN,
  integer,
  LONG_MAX,
  memory,
  optionalText,
  text,
  ULONG_MAX,
} from './directive.ts';
import { replicaOf, save } from './special-directives.ts';
import { checkFileName, checkHostname, checkNodeName } from './text-checks.ts';

const MB = 1024 * 1024;

export const snapshotDirectives = {
  save: save(),
  'stop-writes-on-bgsave-error': bool(true, { effective: true }),
  rdbcompression: bool(true, { effective: true }),
  'rdb-version': integer(11, 10, 11, { effective: true }),
  rdbchecksum: bool(true, { effective: true, immutable: true }),
  'sanitize-dump-payload': choice(['no', 'yes', 'clients'], 'no', { effective: true }),
  dbfilename: text('dump.rdb', {
    effective: true,
    protected: true,
    validate: (name) => checkFileName('dbfilename', 'filename', name, true),
  }),
  'rdb-del-sync-files': bool(false, { effective: true }),
  'rdb-save-incremental-fsync': bool(true, { effective: true }),
  'rdb-key-save-delay': integer(0, INT_MIN, INT_MAX, { effective: true, hidden: true }),
};

export const appendOnlyDirectives = {
  appendonly: bool(false, { effective: true, denyLoading: true }),
  appendfilename: text('appendonly.aof', {
    effective: true,
    immutable: true,
    validate: (name) => checkFileName('appendfilename', 'filename', name, false),
  }),
  appenddirname: text('appendonlydir', {
    effective: true,
    immutable: true,
    validate: (name) => checkFileName('appenddirname', 'dirname', name, false),
  }),
  appendfsync: choice(['everysec', 'always', 'no'], 'everysec', { effective: true }),
  'no-appendfsync-on-rewrite': bool(false, { effective: true }),
  'auto-aof-rewrite-percentage': integer(100, 0, INT_MAX, { effective: true }),
  'auto-aof-rewrite-min-size': memory(64 * MB, 0, LONG_MAX, { effective: true }),
  'aof-load-truncated': bool(true, { effective: true }),
  'aof-use-rdb-preamble': bool(true, { effective: true }),
  'aof-timestamp-enabled': bool(false, { effective: true }),
  'aof-rewrite-incremental-fsync': bool(true, { effective: true }),
  'aof-disable-auto-gc': bool(false, { effective: true, hidden: true }),
};

export const replicationDirectives = {
  replicaof: replicaOf(),
  masterauth: optionalText({ sensitive: true, binary: true, effective: true }),
  masteruser: optionalText({ sensitive: true, effective: true }),
  'replica-serve-stale-data': bool(true, { alias: 'slave-serve-stale-data', effective: true }),
  'replica-read-only': bool(true, { alias: 'slave-read-only', effective: true }),
  'replica-lazy-flush': bool(false, { alias: 'slave-lazy-flush', effective: true }),
  'replica-ignore-maxmemory': bool(true, { alias: 'slave-ignore-maxmemory', effective: true }),
  'replica-ignore-disk-write-errors': bool(false, { effective: true }),
  'replica-priority': integer(100, 0, INT_MAX, { alias: 'slave-priority', effective: true }),
  'replica-announced': bool(true, { effective: true }),
  'replica-announce-ip': optionalText({ alias: 'slave-announce-ip', effective: true }),
  'replica-announce-port': integer(0, 0, 65535, { alias: 'slave-announce-port', effective: true }),
  'repl-diskless-sync': bool(true, { effective: true }),
  'repl-diskless-sync-delay': integer(5, 0, INT_MAX, { effective: true }),
  'repl-diskless-sync-max-replicas': integer(0, 0, INT_MAX, { effective: true }),
  'repl-diskless-load': choice(['disabled', 'on-empty-db', 'swapdb'], 'disabled', {
    denyLoading: true,
    effective: true,
  }),
  'repl-ping-replica-period': integer(10, 1, INT_MAX, {
    alias: 'repl-ping-slave-period',
    effective: true,
  }),
  'repl-timeout': integer(60, 1, INT_MAX, { effective: true }),
  'repl-disable-tcp-nodelay': bool(false, { effective: true }),
  'repl-backlog-size': memory(MB, 1, LONG_MAX, { effective: true }),
  'repl-backlog-ttl': integer(3600, 0, LONG_MAX, { effective: true }),
  'min-replicas-to-write': integer(0, 0, INT_MAX, { alias: 'min-slaves-to-write', effective: true }),
  'min-replicas-max-lag': integer(10, 0, INT_MAX, { alias: 'min-slaves-max-lag', effective: true }),
  'propagation-error-behavior': choice(['ignore', 'panic', 'panic-on-replicas'], 'ignore', {
    effective: true,
  }),
};

export const clusterDirectives = {
  'cluster-enabled': bool(false, { immutable: true }),
  'cluster-config-file': text('nodes.conf', { immutable: true }),
  'cluster-node-timeout': integer(15000, 0, LONG_MAX),
  'cluster-port': integer(0, 0, 65535, { immutable: true }),
  'cluster-replica-validity-factor': integer(10, 0, INT_MAX, { alias: 'cluster-slave-validity-factor' }),
  'cluster-migration-barrier': integer(1, 0, INT_MAX),
  'cluster-allow-replica-migration': bool(true),
  'cluster-require-full-coverage': bool(true),
  'cluster-replica-no-failover': bool(false, { alias: 'cluster-slave-no-failover' }),
  'cluster-allow-reads-when-down': bool(false),
  'cluster-allow-pubsubshard-when-down': bool(true),
  'cluster-link-sendbuf-limit': memory(0, 0, ULONG_MAX, { unsigned: true }),
  'cluster-announce-hostname': optionalText({ validate: checkHostname }),
  'cluster-announce-human-nodename': optionalText({ validate: checkNodeName }),
  'cluster-preferred-endpoint-type': choice(['ip', 'hostname', 'unknown-endpoint'], 'ip'),
  'cluster-announce-ip': optionalText(),
  'cluster-announce-port': integer(0, 0, 65535),
  'cluster-announce-tls-port': integer(0, 0, 65535),
  'cluster-announce-bus-port': integer(0, 0, 65535),
  'cluster-ping-interval': integer(0, 0, LONG_MAX, { hidden: true }),
};

export const encodingDirectives = {
  'hash-max-listpack-entries': integer(512, 0, LONG_MAX, {
    alias: 'hash-max-ziplist-entries',
    effective: true,
    unsigned: true,
  }),
  'hash-max-listpack-value': memory(64, 0, LONG_MAX, {
    alias: 'hash-max-ziplist-value',
    effective: true,
    unsigned: true,
  }),
  'list-max-listpack-size': integer(-2, INT_MIN, INT_MAX, {
    effective: true,
    alias: 'list-max-ziplist-size',
  }),
  'list-compress-depth': integer(0, 0, INT_MAX),
  'set-max-intset-entries': integer(512, 0, LONG_MAX, { unsigned: true, effective: true }),
  'set-max-listpack-entries': integer(128, 0, LONG_MAX, { unsigned: true, effective: true }),
  'set-max-listpack-value': integer(64, 0, LONG_MAX, { unsigned: true, effective: true }),
  'zset-max-listpack-entries': integer(128, 0, LONG_MAX, {
    alias: 'zset-max-ziplist-entries',
    unsigned: true,
    effective: true,
  }),
  'zset-max-listpack-value': memory(64, 0, LONG_MAX, {
    alias: 'zset-max-ziplist-value',
    unsigned: true,
    effective: true,
  }),
  'hll-sparse-max-bytes': memory(3000, 0, LONG_MAX, { unsigned: true, effective: true }),
  'stream-node-max-bytes': memory(4096, 0, LONG_MAX, { unsigned: true, effective: true }),
  'stream-node-max-entries': integer(100, 0, LONG_MAX, { effective: true }),
  activerehashing: bool(true, { effective: true }),
};

export const defragmentationDirectives = {
  activedefrag: bool(false, { effective: true }),
  'active-defrag-ignore-bytes': memory(100 * MB, 1, LONG_MAX, { unsigned: true, effective: true }),
  'active-defrag-threshold-lower': integer(10, 0, 1000, { effective: true }),
  'active-defrag-threshold-upper': integer(100, 0, 1000, { effective: true }),
  'active-defrag-cycle-min': integer(1, 1, 99, { effective: true }),
  'active-defrag-cycle-max': integer(25, 1, 99, { effective: true }),
  'active-defrag-max-scan-fields': integer(1000, 1, LONG_MAX, { effective: true }),
};
