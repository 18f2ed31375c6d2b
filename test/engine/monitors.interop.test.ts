// MONITOR and SLOWLOG beside a real server: the same requests, the same lines and entries, but for times and ports.

import { expect, onTestFinished, test } from 'vitest';
import { findReference, ReferenceServer } from '../support/reference.ts';
import type { Frame, Reply } from '../support/resp.ts';
import type { TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';

const LIBRARY = "#!lua name=l\nredis.register_function('f', function(k) return redis.call('get', k[1]) end)";
const REQUESTS: readonly (string | readonly string[])[] = [
  ['SET', 'a', '\0\x01\xff"\\ \n\r\t\x07\b x'],
  'set n 12345',
  'incr n',
  'AUTH x',
  'AUTH u p',
  'HELLO 2 AUTH u p SETNAME q',
  'CONFIG SET masterauth secret',
  'MULTI',
  'SET x 1',
  'GET x',
  'EXEC',
  'MULTI',
  'SET x',
  'EXEC',
  'MULTI',
  'MONITOR',
  'EXEC',
  [
    'EVAL',
    "redis.call('set', KEYS[1], 'v'); redis.pcall('foo'); return redis.call('get', KEYS[1])",
    '1',
    'k',
  ],
  'EVALSHA x 0',
  ['FUNCTION', 'LOAD', LIBRARY],
  'FCALL f 1 k',
  'FCALL nosuch 0',
  'SELECT 3',
  'SADD s 1 2 3',
  'SPOP s 2',
  'SELECT 0',
  'EXPIRE k 100',
  'GETEX k EX 10',
  'NOSUCH a',
  'GET',
  'PING',
  'CLIENT SETNAME bob',
  'INFO nosuch',
  ['MSET', ...Array.from({ length: 40 }, (_, i) => `${i}`)],
  ['SET', 'long', 'x'.repeat(200)],
  'BLPOP nothing 0.01',
  'RESET',
];
const LAST = 'ECHO end';

async function lines(monitor: TestClient): Promise<string[]> {
  const found: string[] = [];
  while (found.at(-1)?.endsWith('"ECHO" "end"') !== true) {
    const { raw } = await monitor.reply();
    found.push(
      raw
        .trimEnd()
        .replace(/^\+\d{10}\.\d{6} /, '')
        .replace(/(?<=^\[\d )[^ ]+:\d+/, 'ADDR'),
    );
  }
  return found;
}

/** The arguments of each entry, in order of their ids. */
function entries({ reply }: Frame): string[][] {
  const items = (of: Reply) => ('items' in of ? of.items : []);
  const text = (of: Reply) => ('text' in of ? of.text : '');
  return items(reply)
    .map((entry) => items(items(entry)[3]!).map(text))
    .reverse();
}

async function told(connect: () => Promise<TestClient>) {
  const [monitor, client] = [await connect(), await connect()];
  await client.call('CONFIG SET slowlog-log-slower-than 0 slowlog-max-len 1000');
  await monitor.call('MONITOR');
  for (const request of REQUESTS) await client.call(request);
  await client.call(LAST);
  return { lines: await lines(monitor), slow: entries(await client.call('SLOWLOG GET -1')) };
}

test('both tell the same', async () => {
  const program = findReference();
  if (program === null) throw new Error('there is no reference server');
  const reference = await ReferenceServer.start(program);
  onTestFinished(() => reference.stop());
  const server = await TestServer.start({ realTime: true });
  onTestFinished(() => server.close());
  const ours = await told(async () => server.connect());
  const theirs = await told(() => reference.connect());
  expect(ours.lines).toEqual(theirs.lines);
  expect(ours.slow).toEqual(theirs.slow);
});
