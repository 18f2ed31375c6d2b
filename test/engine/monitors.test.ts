// MONITOR: what those who watch are told, in which order, and what they are not told.

import { describe, expect, onTestFinished, test } from 'vitest';
import type { TestClient } from '../support/test-client.ts';
import { TestServer, type TestServerOptions } from '../support/test-server.ts';

const STAMP = /^\d{10}\.\d{6} /;

const ask = async (client: TestClient, request: string | readonly string[]) =>
  (await client.call(request)).reply;
const next = async (client: TestClient) => (await client.reply()).reply;

async function watched(options: TestServerOptions = {}) {
  const server = await TestServer.start(options);
  onTestFinished(() => server.close());
  const monitor = server.connect();
  expect(await ask(monitor, 'MONITOR')).toMatchObject({ type: 'simple', text: 'OK' });
  return { server, monitor, client: server.connect() };
}

// The lines until one that says `last`, without their times.
async function linesUntil(monitor: TestClient, last: string): Promise<string[]> {
  const lines: string[] = [];
  while (lines.at(-1)?.endsWith(last) !== true) {
    const frame = await next(monitor);
    const text = 'text' in frame ? String(frame.text) : '';
    expect(text).toMatch(STAMP);
    lines.push(text.replace(STAMP, '').replace(/ \S+\]/, ' ADDR]'));
  }
  return lines;
}

async function told(requests: readonly (string | readonly string[])[], options: TestServerOptions = {}) {
  const { client, monitor } = await watched(options);
  for (const request of requests) await ask(client, request);
  await ask(client, 'ECHO end');
  return (await linesUntil(monitor, '"end"')).slice(0, -1);
}

describe('a line', () => {
  test('has time, database, address and quoted arguments', async () => {
    const { client, monitor } = await watched();
    await ask(client, 'SELECT 3');
    await ask(client, ['set', 'k', '\0\xff"\\ \n']);
    await next(monitor);
    const frame = await next(monitor);
    expect('text' in frame && frame.text).toMatch(
      /^\d{10}\.\d{6} \[3 [^ ]+:\d+\] "set" "k" "\\x00\\xff\\"\\\\ \\n"$/,
    );
  });

  test('has no secrets', async () => {
    expect(
      await told([
        'AUTH a',
        'AUTH a b',
        'HELLO 2 AUTH a b',
        ['MIGRATE', 'h', '1', 'k', '0', '10', 'AUTH', 'pw'],
      ]),
    ).toEqual([
      '[0 ADDR] "AUTH" "(redacted)"',
      '[0 ADDR] "AUTH" "(redacted)" "(redacted)"',
      '[0 ADDR] "HELLO" "2" "AUTH" "(redacted)" "(redacted)"',
      '[0 ADDR] "MIGRATE" "h" "1" "k" "0" "10" "AUTH" "(redacted)"',
    ]);
  });
});

describe('what is told', () => {
  test('commands of administrators and those that never ran are not', async () => {
    expect(await told(['CONFIG GET port', 'nosuch', 'GET', 'GET a', 'INFO server'])).toEqual([
      '[0 ADDR] "GET" "a"',
      '[0 ADDR] "INFO" "server"',
    ]);
  });

  test('a script comes before what it runs, a transaction behind', async () => {
    expect(
      await told([
        ['EVAL', "return redis.call('get', 'a')", '0'],
        'MULTI',
        'SET a 1',
        'EXEC',
        'MULTI',
        'GET',
        'EXEC',
      ]),
    ).toEqual([
      `[0 ADDR] "EVAL" "return redis.call('get', 'a')" "0"`,
      '[0 ADDR] "get" "a"',
      '[0 ADDR] "MULTI"',
      '[0 ADDR] "SET" "a" "1"',
      '[0 ADDR] "EXEC"',
      '[0 ADDR] "MULTI"',
      '[0 ADDR] "EXEC"',
    ]);
  });

  test('what a script runs is said to come from lua', async () => {
    const { client, monitor } = await watched();
    await ask(client, ['EVAL', "return redis.call('get', 'a')", '0']);
    await next(monitor);
    const frame = await next(monitor);
    expect('text' in frame && frame.text).toMatch(/ \[0 lua\] "get" "a"$/);
  });

  test('a command that waits is told of once', async () => {
    const { client, monitor, server } = await watched();
    const waiting = server.connect();
    waiting.send('BLPOP l 0');
    expect(await next(monitor)).toMatchObject({ text: expect.stringMatching(/"BLPOP" "l" "0"$/) });
    await ask(client, 'RPUSH l 1');
    await next(waiting);
    await ask(client, 'ECHO end');
    expect(await linesUntil(monitor, '"end"')).toEqual(['[0 ADDR] "RPUSH" "l" "1"', '[0 ADDR] "ECHO" "end"']);
  });
});

describe('who watches', () => {
  test('sees its own requests behind their replies, and may not touch the keyspace', async () => {
    const { monitor } = await watched();
    expect(await ask(monitor, 'PING')).toMatchObject({ text: 'PONG' });
    expect(await next(monitor)).toMatchObject({ text: expect.stringMatching(/"PING"$/) });
    expect(await ask(monitor, 'GET a')).toMatchObject({
      type: 'error',
      text: "ERR Replica can't interact with the keyspace",
    });
    const info = await ask(monitor, 'CLIENT INFO');
    expect('text' in info && info.text).toMatch(/ flags=O /);
  });

  test('is not idle while it is told something', async () => {
    const { client, monitor, server } = await watched();
    await server.advance(10_000);
    const idle = async () => / idle=(\d+) flags=O/.exec(String(await client.value('CLIENT', 'LIST')))?.[1];
    expect(await idle()).toBe('10');
    await ask(client, 'GET a');
    await next(monitor);
    expect(await idle()).toBe('0');
  });

  test('asks once: a second MONITOR has no reply', async () => {
    const { monitor } = await watched();
    monitor.send('MONITOR');
    monitor.send('ECHO x');
    expect(await next(monitor)).toMatchObject({ text: 'x' });
  });

  test('is told nothing after RESET or QUIT, nor while its replies are off', async () => {
    const { client, monitor, server } = await watched();
    await ask(monitor, 'RESET');
    await ask(client, 'GET a');
    expect(await ask(monitor, 'GET b')).toMatchObject({ type: 'nullBulk' });
    await ask(monitor, 'MONITOR');
    monitor.send('CLIENT REPLY OFF');
    await ask(client, 'ECHO unheard');
    monitor.send('CLIENT REPLY ON');
    expect(await next(monitor)).toMatchObject({ text: 'OK' });
    await ask(client, 'ECHO end');
    expect((await linesUntil(monitor, '"end"')).some((line) => line.includes('unheard'))).toBe(false);
    await ask(monitor, 'QUIT');
    expect(await ask(client, 'ECHO here')).toMatchObject({ text: 'here' });
    expect(server.logLines.filter((line) => line.includes('error'))).toEqual([]);
  });

  test('gets simple strings under RESP3, too', async () => {
    const { client, monitor } = await watched();
    await ask(monitor, 'HELLO 3');
    await ask(client, 'ECHO end');
    expect((await linesUntil(monitor, '"end"')).at(-1)).toBe('[0 ADDR] "ECHO" "end"');
  });

  test('cannot begin to within a transaction', async () => {
    const server = await TestServer.start();
    onTestFinished(() => server.close());
    const client = server.connect();
    await ask(client, 'MULTI');
    await ask(client, 'MONITOR');
    const reply = await ask(client, 'EXEC');
    expect(reply).toMatchObject({
      items: [{ type: 'error', text: "ERR MONITOR isn't allowed for DENY BLOCKING client" }],
    });
  });
});
