// Directives of the process itself, of security, memory, latency, the slow log and the shutdown. One row per
// directive; see directive.ts for what a row is, and directives.ts for the whole table.

import { LOG_FORMATS } from '../base/logger.ts';
import {
  bool,
  choice,
  flags,
  INT_MAX,
  INT_MIN,
  integer,
  LONG_MAX,
  memory,
  optionalText,
  text,
  ULONG_MAX,
} from './directive.ts';
import {
  directory,
  latencyTrackingInfoPercentiles,
  notifyKeyspaceEvents,
  oomScoreAdjValues,
} from './special-directives.ts';
import { checkAddress, checkLocale, checkTitleTemplate } from './text-checks.ts';

export const generalDirectives = {
  daemonize: bool(false, { effective: true, immutable: true }),
  supervised: choice(['upstart', 'systemd', 'auto', 'no'], 'no', { effective: true, immutable: true }),
  pidfile: optionalText({ effective: true, immutable: true }),
  loglevel: choice(['debug', 'verbose', 'notice', 'warning', 'nothing'], 'notice', { effective: true }),
  logfile: text('', { effective: true, immutable: true }),
  'log-format': choice(LOG_FORMATS, 'redis', { effective: true }),
  'syslog-enabled': bool(false, { effective: true, immutable: true }),
  'syslog-ident': text('redis', { effective: true, immutable: true }),
  'syslog-facility': choice(
    ['user', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
    'local0',
    { effective: true, immutable: true },
  ),
  'crash-log-enabled': bool(true, { effective: true }),
  'crash-memcheck-enabled': bool(true, { effective: true }),
  'use-exit-on-panic': bool(false, { effective: true, hidden: true }),
  'watchdog-period': integer(0, 0, INT_MAX, { effective: true, hidden: true }),
  databases: integer(16, 1, INT_MAX, { effective: true, immutable: true }),
  'always-show-logo': bool(false, { effective: true, immutable: true }),
  'set-proc-title': bool(true, { effective: true, immutable: true }),
  'proc-title-template': text('{title} {listen-addr} {server-mode}', {
    effective: true,
    validate: checkTitleTemplate,
  }),
  'locale-collate': text('', { effective: true, validate: checkLocale }),
  dir: directory(),
  hz: integer(10, 0, INT_MAX, { effective: true, clamp: { min: 1, max: 500 } }),
  'dynamic-hz': bool(true, { effective: true }),
  'ignore-warnings': text('', { effective: true }),
};

const whoMay = ['no', 'yes', 'local'] as const;

export const securityDirectives = {
  requirepass: optionalText({ effective: true, sensitive: true, binary: true }),
  aclfile: text('', { effective: true, immutable: true }),
  'acllog-max-len': integer(128, 0, LONG_MAX, { effective: true }),
  'acl-pubsub-default': choice(['allchannels', 'resetchannels'], 'resetchannels', { effective: true }),
  'enable-protected-configs': choice(whoMay, 'no', { effective: true, immutable: true }),
  'enable-debug-command': choice(whoMay, 'no', { effective: true, immutable: true }),
  'enable-module-command': choice(whoMay, 'no', { effective: true, immutable: true }),
};

export const memoryDirectives = {
  maxmemory: memory(0, 0, ULONG_MAX, { effective: true, unsigned: true }),
  'maxmemory-policy': choice(
    [
      'volatile-lru',
      'volatile-lfu',
      'volatile-random',
      'volatile-ttl',
      'allkeys-lru',
      'allkeys-lfu',
      'allkeys-random',
      'noeviction',
    ],
    'noeviction',
    { effective: true },
  ),
  'maxmemory-samples': integer(5, 1, INT_MAX, { effective: true }),
  'maxmemory-eviction-tenacity': integer(10, 0, 100, { effective: true }),
  'lfu-log-factor': integer(10, 0, INT_MAX, { effective: true }),
  'lfu-decay-time': integer(1, 0, INT_MAX, { effective: true }),
  'active-expire-effort': integer(1, 1, 10, { effective: true }),
  'lazyfree-lazy-eviction': bool(false, { effective: true }),
  'lazyfree-lazy-expire': bool(false, { effective: true }),
  'lazyfree-lazy-server-del': bool(false, { effective: true }),
  'lazyfree-lazy-user-del': bool(false, { effective: true }),
  'lazyfree-lazy-user-flush': bool(false, { effective: true }),
};

export const kernelDirectives = {
  'io-threads': integer(1, 1, 128, { effective: true, immutable: true }),
  'io-threads-do-reads': bool(false, { effective: true, immutable: true }),
  'oom-score-adj': choice(['no', 'yes', 'relative', 'absolute'], 'no', {
    effective: true,
    synonyms: { relative: 'yes' },
  }),
  'oom-score-adj-values': oomScoreAdjValues(),
  'disable-thp': bool(true, { effective: true, immutable: true }),
  'jemalloc-bg-thread': bool(true, { effective: true }),
  server_cpulist: optionalText({ effective: true, immutable: true }),
  bio_cpulist: optionalText({ effective: true, immutable: true }),
  aof_rewrite_cpulist: optionalText({ effective: true, immutable: true }),
  bgsave_cpulist: optionalText({ effective: true, immutable: true }),
};

const shutdownOptions = ['save', 'nosave', 'now', 'force'] as const;

const checkShutdownOptions = (chosen: readonly string[]): string | null =>
  chosen.includes('save') && chosen.includes('nosave')
    ? "shutdown options SAVE and NOSAVE can't be used simultaneously"
    : null;

export const shutdownDirectives = {
  'shutdown-timeout': integer(10, 0, INT_MAX, { effective: true }),
  'shutdown-on-sigint': flags('default', shutdownOptions, {
    effective: true,
    validate: checkShutdownOptions,
  }),
  'shutdown-on-sigterm': flags('default', shutdownOptions, {
    effective: true,
    validate: checkShutdownOptions,
  }),
};

export const scriptingDirectives = {
  'busy-reply-threshold': integer(5000, 0, LONG_MAX, { alias: 'lua-time-limit', effective: true }),
};

export const observabilityDirectives = {
  'slowlog-log-slower-than': integer(10000, -1, LONG_MAX, { effective: true }),
  'slowlog-max-len': integer(128, 0, LONG_MAX, { effective: true }),
  'latency-monitor-threshold': integer(0, 0, LONG_MAX, { effective: true }),
  'latency-tracking': bool(true, { effective: true }),
  'latency-tracking-info-percentiles': latencyTrackingInfoPercentiles(),
  'notify-keyspace-events': notifyKeyspaceEvents(),
  'metrics-port': integer(0, 0, 65535, { effective: true }),
  'metrics-bind': text('127.0.0.1', { effective: true, validate: checkAddress }),
};

export const loadingDirectives = {
  'key-load-delay': integer(0, INT_MIN, INT_MAX, { effective: true, hidden: true }),
  'loading-process-events-interval-bytes': integer(2 * 1024 * 1024, 1024, INT_MAX, {
    effective: true,
    hidden: true,
  }),
};
