// What the log says every five seconds at its lower levels.

import { expect, onTestFinished, test } from 'vitest';
import { TestServer } from '../support/test-server.ts';

async function start(loglevel: string) {
  const server = await TestServer.start({ config: { loglevel } });
  onTestFinished(() => server.close());
  const client = server.connect();
  await client.call('MSET a 1 b 2');
  await client.call('SET c 3 EX 100');
  await client.call('SELECT 3');
  await client.call('SET a 1');
  await server.advance(100);
  server.logLines.length = 0;
  await server.advance(10_000);
  return server.logLines.map((line) => line.replace(/^\d+:M .{24} /, '').trimEnd());
}

test.each(['notice', 'verbose', 'debug'])('at %s', async (level) => {
  const lines = await start(level);
  const databases = [
    /^- DB 0: 3 keys \(1 volatile\) in \d+ slots HT\.$/,
    /^- DB 3: 1 keys \(0 volatile\) in \d+ slots HT\.$/,
  ];
  const clients = /^\. 1 clients connected \(0 replicas\), \d+ bytes in use$/;
  const once = level === 'notice' ? [] : level === 'verbose' ? databases : [...databases, clients];
  const expected = [...once, ...once];
  expect(lines).toHaveLength(expected.length);
  for (const [i, line] of lines.entries()) expect(line).toMatch(expected[i]!);
});
