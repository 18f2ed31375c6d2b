// INFO has every field of Redis 7.2.4, in its order; ours stand between them.

import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { ReplicaStream } from '../support/replica-stream.ts';
import { TestServer } from '../support/test-server.ts';

/** By section, what the real server's INFO shows that has just been started. */
const golden: Record<string, string[]> = JSON.parse(
  readFileSync(new URL('../golden/info-fields-7.2.4.json', import.meta.url), 'utf8'),
);
const OURS = new Set([
  'node_version',
  'throttled_clients',
  'total_throttled_time',
  'expired_lag_ms_last',
  'expired_lag_ms_max',
  'eventloop_duration_max',
]);
/** There is none without a socket. */
const MISSING = new Set(['listener0']);

test.each(Object.keys(golden))('%s', async (section) => {
  const server = await TestServer.start();
  onTestFinished(() => server.close());
  const { reply } = await server.connect().call(`INFO ${section}`);
  const lines = 'text' in reply ? reply.text.split('\r\n') : [];
  const shown = lines.filter((line) => line.includes(':')).map((line) => line.split(':', 1)[0]!);
  expect(shown.filter((name) => !OURS.has(name))).toEqual(
    golden[section]!.filter((name) => !MISSING.has(name)),
  );
});

test('a server that waits for a replica before it ends says once how long it will', async () => {
  const server = await TestServer.start({ config: { 'repl-diskless-sync-delay': 0 } });
  onTestFinished(() => server.close());
  const client = server.connect();
  await ReplicaStream.open(server.connect().stream, '', () => server.advance(10));
  await client.call('SET a 1');
  server.connect().send('SHUTDOWN NOSAVE');
  await server.advance(400);
  const text = String(await client.value('INFO', 'server'));
  expect(text.match(/^shutdown_in_milliseconds:.*$/gm)).toEqual(['shutdown_in_milliseconds:9600']);
});
