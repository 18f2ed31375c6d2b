// The HTTP server for monitoring: its paths, and that what it answers is what the server knows.

import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../support/reference.ts';
import type { TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

function fetchText(
  port: number,
  path: string,
  options: { method?: string; headers?: Record<string, string>; agent?: Agent } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, agent: false, ...options }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}

async function observed(config: Record<string, string> = {}) {
  const port = await freePort();
  const server = await TestServer.start({
    realTime: true,
    config: { 'metrics-port': port, 'enable-debug-command': 'yes', ...config },
  });
  onTestFinished(() => server.close());
  return { server, port, client: server.connect() };
}

const ask = async (client: TestClient, text: string | readonly string[]) => (await client.call(text)).reply;

/** The value of a sample, by its name and labels as they are written. */
function figureOf(text: string, sample: string): number | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length + 1));
}

describe('/metrics', () => {
  test('has the names that dashboards know, with the figures of INFO', async () => {
    const { client, port } = await observed({ databases: '3' });
    await ask(client, 'SET a 1');
    await ask(client, ['SET', 'b', '2', 'EX', '100']);
    await ask(client, 'GET nosuch');
    await ask(client, 'LPUSH a 1');
    await ask(client, 'GET');
    const { status, headers, text } = await fetchText(port, '/metrics');
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(Number(headers['content-length'])).toBe(Buffer.byteLength(text));
    const values = {
      redis_up: 1,
      redis_connected_clients: 1,
      redis_max_clients: 10000,
      'redis_db_keys{db="db0"}': 2,
      'redis_db_keys_expiring{db="db0"}': 1,
      'redis_db_keys{db="db2"}': 0,
      redis_keyspace_misses_total: 1,
      redis_total_error_replies: 2,
      'redis_commands_total{cmd="set"}': 2,
      'redis_commands_failed_calls_total{cmd="lpush"}': 1,
      'redis_commands_rejected_calls_total{cmd="get"}': 1,
      'redis_errors_total{err="WRONGTYPE"}': 1,
      'redis_errors_total{err="ERR"}': 1,
      'redis_commands_latencies_usec_count{cmd="set"}': 2,
      'redis_commands_latencies_usec_bucket{cmd="set",le="+Inf"}': 2,
      'redis_config_client_output_buffer_limit_bytes{class="pubsub",limit="soft"}': 8388608,
      redis_rdb_last_bgsave_status: 1,
    };
    for (const [sample, value] of Object.entries(values))
      expect([sample, figureOf(text, sample)]).toEqual([sample, value]);
    for (const sample of [
      'redis_memory_used_bytes',
      'redis_cpu_user_seconds_total',
      'redis_start_time_seconds',
      'redis_latency_percentiles_usec{cmd="set",quantile="99.9"}',
      'redis_commands_duration_seconds_total{cmd="set"}',
      'respite_js_heap_used_bytes',
      'respite_event_loop_delay_seconds{quantile="1"}',
    ]) {
      expect([sample, typeof figureOf(text, sample)]).toEqual([sample, 'number']);
    }
    expect(text).toMatch(
      /^redis_instance_info\{role="master",redis_version="7\.2\.4",redis_build_id="[0-9a-f]{16}",/m,
    );
  });

  test('names each family once, and its samples stand behind it', async () => {
    const { client, port } = await observed();
    await ask(client, 'SET a 1');
    const { text } = await fetchText(port, '/metrics');
    const families = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]!);
    expect(new Set(families).size).toBe(families.length);
    let family = '';
    for (const line of text.split('\n')) {
      const type = /^# TYPE (\S+)/.exec(line);
      if (type !== null) family = type[1]!;
      else if (line !== '' && !line.startsWith('#')) expect(line.startsWith(family)).toBe(true);
    }
  });

  test('comes as OpenMetrics to who asks for it', async () => {
    const { client, port } = await observed();
    await ask(client, 'SET a 1');
    const { headers, text } = await fetchText(port, '/metrics', {
      headers: { Accept: 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.3' },
    });
    expect(headers['content-type']).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(text.endsWith('\n# EOF\n')).toBe(true);
    expect(text).toContain('\n# TYPE redis_commands counter\n');
    expect(figureOf(text, 'redis_commands_total{cmd="set"}')).toBe(1);
  });

  test('shows slow commands and events', async () => {
    const { client, port } = await observed({ 'latency-monitor-threshold': '1' });
    await ask(client, 'DEBUG SLEEP 0.02');
    const { text } = await fetchText(port, '/metrics');
    expect(figureOf(text, 'redis_slowlog_length')).toBe(1);
    expect(figureOf(text, 'redis_last_slow_execution_duration_seconds')).toBeGreaterThanOrEqual(0.02);
    expect(
      figureOf(text, 'redis_latency_spike_duration_seconds{event_name="command"}'),
    ).toBeGreaterThanOrEqual(0.02);
  });
});

describe('HTTP', () => {
  test('HEAD has the headers alone, other methods and paths are refused', async () => {
    const { port } = await observed();
    const head = await fetchText(port, '/metrics', { method: 'HEAD' });
    expect([head.status, head.text]).toEqual([200, '']);
    expect(Number(head.headers['content-length'])).toBeGreaterThan(1000);
    const post = await fetchText(port, '/metrics', { method: 'POST' });
    expect([post.status, post.headers.allow]).toEqual([405, 'GET, HEAD']);
    expect((await fetchText(port, '/nosuch')).status).toBe(404);
  });

  test('a connection is kept', async () => {
    const { port } = await observed();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const first = await fetchText(port, '/healthz', { agent });
    await fetchText(port, '/metrics?x=1', { agent });
    expect(first.headers.connection).toBe('keep-alive');
    expect(Object.keys(agent.freeSockets).length).toBe(1);
  });

  test('/healthz and /readyz answer', async () => {
    const { port } = await observed();
    expect(await fetchText(port, '/healthz')).toMatchObject({ status: 200, text: 'ok\n' });
    expect(await fetchText(port, '/readyz')).toMatchObject({ status: 200, text: 'ok\n' });
  });
});

describe('metrics-port', () => {
  test('is moved and closed by CONFIG SET', async () => {
    const { client, port } = await observed();
    const other = await freePort();
    expect(await ask(client, `CONFIG SET metrics-port ${other}`)).toMatchObject({ text: 'OK' });
    await expect(fetchText(port, '/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect((await fetchText(other, '/healthz')).status).toBe(200);
    await ask(client, 'CONFIG SET metrics-port 0');
    await expect(fetchText(other, '/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('stays where it was when the new one is taken', async () => {
    const { client, port, server } = await observed();
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void taken.close());
    const address = taken.address();
    const reply = await ask(
      client,
      `CONFIG SET metrics-port ${typeof address === 'object' ? address?.port : 0}`,
    );
    expect(reply).toMatchObject({
      type: 'error',
      text: expect.stringContaining('Unable to listen on this port'),
    });
    expect((await fetchText(port, '/healthz')).status).toBe(200);
    expect(server.logLines.some((line) => line.includes('Could not listen for metrics'))).toBe(true);
  });

  test('metrics-bind is an address', async () => {
    const { client } = await observed();
    expect(await ask(client, 'CONFIG SET metrics-bind nosuch')).toMatchObject({ type: 'error' });
  });
});
