// What a scrape answers, put together in steps between which the server may do something else: a scrape with thousands of
// clients and all commands in use must not hold anybody up.

import type { Command } from '../engine/command-spec.ts';
import type { InfoField } from '../engine/info-section.ts';
import type { LatencyHistogram } from '../engine/latency-histogram.ts';
import type { ServerParts } from '../engine/server-parts.ts';
import type { CommandStats } from '../engine/stats.ts';
import type { Exposition, Labels } from './exposition.ts';
import { COUNTERS, GAUGES, SECTIONS } from './info-metrics.ts';
import { collectOwn } from './own-metrics.ts';

type Fields = ReadonlyMap<string, string>;
type Steps = Generator<void, void, undefined>;

// Commands whose distributions are written in one step.
const COMMANDS_PER_STEP = 8;

/** Writes all metrics; each `next` is one step. */
export function* collect(out: Exposition, server: ServerParts): Steps {
  out.single('redis_up', 'gauge', 'The server answers.', 1);
  const fields = new Map<string, string>();
  for (const section of SECTIONS) {
    for (const [name, value] of fieldsOf(server, section)) {
      fields.set(name, String(value));
      writeField(out, name, String(value));
    }
    yield;
  }
  writeInstance(out, fields);
  writeReplication(out, fields);
  writeDatabases(out, server);
  writeConfig(out, server);
  writeErrors(out, server);
  writeSlowness(out, server);
  yield;
  yield* collectCommands(out, server);
  collectOwn(out, server);
}

function fieldsOf(server: ServerParts, name: string): readonly InfoField[] {
  return server.infoSections.find((section) => section.name === name)?.fields(server) ?? [];
}

function writeField(out: Exposition, field: string, text: string): void {
  const gauge = GAUGES[field];
  const name = gauge ?? COUNTERS[field];
  if (name === undefined) return;
  const value = numberOf(text);
  if (value === null) return;
  const type = gauge === undefined ? 'counter' : 'gauge';
  out.single(`redis_${name}`, type, `INFO's field ${field}.`, value);
}

function numberOf(text: string): number | null {
  if (text === 'ok') return 1;
  if (text === 'err') return 0;
  const value = Number(text.replace('%', ''));
  return text === '' || Number.isNaN(value) ? null : value;
}

function writeInstance(out: Exposition, fields: Fields): void {
  const of = (names: readonly string[]): Labels => names.map((name) => [name, fields.get(name) ?? '']);
  out.single(
    'redis_instance_info',
    'gauge',
    'What the server is, in labels.',
    1,
    of([
      'role',
      'redis_version',
      'redis_build_id',
      'redis_mode',
      'os',
      'maxmemory_policy',
      'tcp_port',
      'run_id',
      'process_id',
      'master_replid',
    ]),
  );
  const nowSeconds = Number(fields.get('server_time_usec')) / 1e6;
  const startedSeconds = Math.floor(nowSeconds) - Number(fields.get('uptime_in_seconds'));
  out.single('redis_start_time_seconds', 'gauge', 'When the server was started.', startedSeconds);
  const forkSeconds = Number(fields.get('latest_fork_usec')) / 1e6;
  out.single('redis_latest_fork_seconds', 'gauge', 'There are no forks here.', forkSeconds);
}

function writeReplication(out: Exposition, fields: Fields): void {
  const replicas = [...fields].flatMap(([name, text]) => (/^slave\d+$/.test(name) ? [partsOf(text)] : []));
  const labelsOf = (replica: ReadonlyMap<string, string>): Labels => [
    ['slave_ip', replica.get('ip') ?? ''],
    ['slave_port', replica.get('port') ?? ''],
    ['slave_state', replica.get('state') ?? ''],
  ];
  const table = (name: string, part: string, help: string) => {
    if (replicas.length === 0) return;
    out.family(name, 'gauge', help);
    for (const replica of replicas) out.sample(name, Number(replica.get(part)), labelsOf(replica));
  };
  table(
    'redis_connected_slave_offset_bytes',
    'offset',
    'How much of the stream the replica has acknowledged.',
  );
  table('redis_connected_slave_lag_seconds', 'lag', 'Seconds since the last sign of life of the replica.');
  if (fields.get('role') !== 'slave') return;
  const master: Labels = [
    ['master_host', fields.get('master_host') ?? ''],
    ['master_port', fields.get('master_port') ?? ''],
  ];
  const ofLink = (name: string, value: string | number | undefined) => {
    if (value === undefined) return;
    out.single(`redis_${name}`, 'gauge', `INFO's field ${name}, of a replica.`, Number(value), master);
  };
  ofLink('master_link_up', fields.get('master_link_status') === 'up' ? 1 : 0);
  ofLink('master_last_io_seconds_ago', fields.get('master_last_io_seconds_ago'));
  ofLink('master_sync_in_progress', fields.get('master_sync_in_progress'));
  ofLink('slave_repl_offset', fields.get('slave_repl_offset'));
  const readOnly = fields.get('slave_read_only') ?? '';
  out.single('redis_slave_info', 'gauge', 'Whose replica the server is, in labels.', 1, [
    ...master,
    ['read_only', readOnly],
  ]);
}

/** `a=1,b=2` */
function partsOf(text: string): ReadonlyMap<string, string> {
  return new Map(text.split(',').map((part) => part.split('=', 2) as [string, string]));
}

function writeDatabases(out: Exposition, { keyspace }: ServerParts): void {
  const { databases, nowMs } = keyspace;
  const ofKeys = 'redis_db_keys';
  out.family(ofKeys, 'gauge', 'Keys of the database.');
  for (const db of databases) out.sample(ofKeys, db.size, [['db', `db${db.id}`]]);
  const ofExpiring = 'redis_db_keys_expiring';
  out.family(ofExpiring, 'gauge', 'Keys of the database that have a time to live.');
  for (const db of databases) out.sample(ofExpiring, db.volatile.size, [['db', `db${db.id}`]]);
  const ofTtl = 'redis_db_avg_ttl_seconds';
  out.family(ofTtl, 'gauge', 'The mean time to live of these.');
  for (const db of databases) {
    if (db.size > 0) out.sample(ofTtl, db.averageTtlMs(nowMs) / 1000, [['db', `db${db.id}`]]);
  }
}

function writeConfig(out: Exposition, { config }: ServerParts): void {
  const { values } = config;
  out.single('redis_config_maxclients', 'gauge', 'maxclients.', values.maxclients);
  out.single('redis_config_maxmemory', 'gauge', 'maxmemory, in bytes.', values.maxmemory);
  out.single('redis_config_io_threads', 'gauge', 'io-threads, without effect here.', values['io-threads']);
  const limits = values['client-output-buffer-limit'];
  // As CONFIG GET names them.
  const classes = [
    ['normal', limits.normal],
    ['slave', limits.replica],
    ['pubsub', limits.pubsub],
  ] as const;
  const ofBytes = 'redis_config_client_output_buffer_limit_bytes';
  out.family(ofBytes, 'gauge', 'client-output-buffer-limit, in bytes.');
  for (const [name, { hardBytes, softBytes }] of classes) {
    out.sample(ofBytes, hardBytes, [
      ['class', name],
      ['limit', 'hard'],
    ]);
    out.sample(ofBytes, softBytes, [
      ['class', name],
      ['limit', 'soft'],
    ]);
  }
  const ofSeconds = 'redis_config_client_output_buffer_limit_overcome_seconds';
  out.family(ofSeconds, 'gauge', 'How long a client may be above the soft limit.');
  for (const [name, { softSeconds }] of classes) {
    out.sample(ofSeconds, softSeconds, [
      ['class', name],
      ['limit', 'soft'],
    ]);
  }
}

function writeErrors(out: Exposition, { stats }: ServerParts): void {
  // Later versions of Redis have these two in INFO.
  const disconnections = (limit: string, count: number) =>
    out.single(
      `redis_client_${limit}_buffer_limit_disconnections_total`,
      'counter',
      `Clients that were disconnected at the limit of their ${limit} buffer.`,
      count,
    );
  disconnections('query', stats.queryBufferLimitDisconnections);
  disconnections('output', stats.outputBufferLimitDisconnections);
  const codes = [...stats.errorCodes];
  if (codes.length === 0) return;
  out.family('redis_errors_total', 'counter', 'Error replies by their code.');
  for (const [code, count] of codes) out.sample('redis_errors_total', count, [['err', code]]);
}

function writeSlowness(out: Exposition, { latency, slowLog }: ServerParts): void {
  const [last] = slowLog.latest(1);
  out.single('redis_slowlog_length', 'gauge', 'Entries of the slow log.', slowLog.length);
  out.single('redis_slowlog_last_id', 'gauge', 'The number of its newest entry.', last?.id ?? 0);
  const lastSeconds = (last?.durationUs ?? 0) / 1e6;
  out.single('redis_last_slow_execution_duration_seconds', 'gauge', 'How long that took.', lastSeconds);
  const events = [...latency.all.values()];
  if (events.length === 0) return;
  out.family('redis_latency_spike_last', 'gauge', 'When the event last took too long.');
  for (const { event, samples } of events) {
    out.sample('redis_latency_spike_last', samples.at(-1)!.timeSeconds, [['event_name', event]]);
  }
  out.family('redis_latency_spike_duration_seconds', 'gauge', 'How long it took then.');
  for (const { event, samples } of events) {
    out.sample('redis_latency_spike_duration_seconds', samples.at(-1)!.durationMs / 1000, [
      ['event_name', event],
    ]);
  }
}

function* collectCommands(out: Exposition, { config, stats }: ServerParts): Steps {
  const commands = [...stats.commands].filter(
    ([, { calls, failed, rejected }]) => calls + failed + rejected > 0,
  );
  if (commands.length === 0) return;
  const table = (name: string, help: string, countOf: (counters: CommandStats) => number) => {
    out.family(name, 'counter', help);
    for (const [command, counters] of commands) out.sample(name, countOf(counters), labelOf(command));
  };
  table('redis_commands_total', 'Calls of the command.', ({ calls }) => calls);
  table(
    'redis_commands_duration_seconds_total',
    'The time that these took.',
    ({ microseconds }) => Math.floor(microseconds) / 1e6,
  );
  table('redis_commands_rejected_calls_total', 'Calls that were refused.', ({ rejected }) => rejected);
  table('redis_commands_failed_calls_total', 'Calls that ended with an error.', ({ failed }) => failed);
  yield;
  if (!config.values['latency-tracking']) return;
  const timed = commands.filter(([, { histogram }]) => histogram !== null);
  if (timed.length === 0) return;
  const percents = config.values['latency-tracking-info-percentiles'];
  // The tools for Redis know percents; of a summary in OpenMetrics they must be fractions, of a gauge they need not.
  const type = out.isOpenMetrics ? 'gauge' : 'summary';
  out.family('redis_latency_percentiles_usec', type, 'How long the command takes, by percentiles.');
  yield* inSteps(timed, ([command, { calls, microseconds, histogram }]) => {
    writePercentiles(out, labelOf(command), histogram!, percents);
    if (out.isOpenMetrics) return;
    out.sample('redis_latency_percentiles_usec_sum', Math.floor(microseconds), labelOf(command));
    out.sample('redis_latency_percentiles_usec_count', calls, labelOf(command));
  });
  out.family('redis_commands_latencies_usec', 'histogram', 'How often the command took how long.');
  yield* inSteps(timed, ([command, { microseconds, histogram }]) => {
    writeDistribution(out, labelOf(command), histogram!, Math.floor(microseconds));
  });
}

function labelOf(command: Command): Labels {
  return [['cmd', command.fullName]];
}

function* inSteps<Item>(items: readonly Item[], act: (item: Item) => void): Steps {
  for (const [i, item] of items.entries()) {
    if (i % COMMANDS_PER_STEP === 0) yield;
    act(item);
  }
}

function writePercentiles(
  out: Exposition,
  labels: Labels,
  histogram: LatencyHistogram,
  percents: readonly number[],
): void {
  for (const percent of percents) {
    const microseconds = histogram.percentile(percent) / 1000;
    out.sample('redis_latency_percentiles_usec', microseconds, [...labels, ['quantile', percent]]);
  }
}

function writeDistribution(
  out: Exposition,
  labels: Labels,
  histogram: LatencyHistogram,
  microseconds: number,
): void {
  const name = 'redis_commands_latencies_usec';
  const bucket = `${name}_bucket`;
  for (const [limit, count] of histogram.cumulative()) {
    out.sample(bucket, count, [...labels, ['le', out.limit(limit)]]);
  }
  out.sample(bucket, histogram.count, [...labels, ['le', '+Inf']]);
  out.sample(`${name}_sum`, microseconds, labels);
  out.sample(`${name}_count`, histogram.count, labels);
}
