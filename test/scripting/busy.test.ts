// Scripts that take long: others are answered BUSY, may end them, and see nothing of what is half done.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';

const BUSY = '-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n';
const BUSY_FUNCTION = BUSY.replace('SCRIPT KILL', 'FUNCTION KILL');
const FOREVER = 'while true do end';
/** Some hundred milliseconds. */
const LONG = 'local n = 0 for i = 1, 30000000 do n = n + i end';

let server: TestServer;
let running: TestClient;
let other: TestClient;

beforeEach(async () => {
  server = await TestServer.start({ realTime: true, config: { 'busy-reply-threshold': '20', save: '' } });
  running = server.connect();
  other = server.connect();
});

afterEach(() => server.close());

/** What the other client is answered, once the script is slow. */
async function meanwhile(...request: string[]): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, 60));
  return (await other.call(request)).raw;
}

const raw = async (client: TestClient, ...request: string[]) => (await client.call(request)).raw;

describe('a script that runs for ever', () => {
  test.each([
    ['in a loop', FOREVER],
    ['in a function', 'local function f() while true do end end f()'],
    ['and catches all errors', 'while true do pcall(function() while true do end end) end'],
    [
      'in a comparator',
      'local t = {} for i = 1, 100 do t[i] = i end table.sort(t, function() while true do end end)',
    ],
    ['in a replacement', "string.gsub('x', 'x', function() while true do end end)"],
    [
      'in a metamethod',
      'local t = setmetatable({}, {__index = function() while true do end end}) return t.x',
    ],
    ['in a coroutine', 'coroutine.wrap(function() while true do end end)()'],
    ['calling commands', "while true do redis.call('GET', 'k') end"],
  ])('%s is ended by SCRIPT KILL', async (_how, script) => {
    running.send(['EVAL', script, '0']);
    expect(await meanwhile('GET', 'k')).toBe(BUSY);
    expect(await raw(other, 'FUNCTION', 'KILL')).toBe(BUSY);
    expect(await raw(other, 'FUNCTION', 'STATS')).toBe(BUSY);
    expect(await raw(other, 'SHUTDOWN')).toBe(BUSY);
    expect(await raw(other, 'SCRIPT', 'KILL')).toBe('+OK\r\n');
    expect((await running.reply()).raw).toMatch(
      /^-ERR Script killed by user with SCRIPT KILL\.\.\. script: /,
    );
    expect(await raw(other, 'GET', 'k')).toBe('$-1\r\n');
    expect(await raw(running, 'PING')).toBe('+PONG\r\n');
  });

  test('and has written cannot be ended', async () => {
    running.send(['EVAL', `redis.call('SET', 'k', 'v') ${LONG}`, '0']);
    expect(await meanwhile('SCRIPT', 'KILL')).toMatch(
      /^-UNKILLABLE Sorry the script already executed write commands/,
    );
    expect((await running.reply()).raw).toBe('$-1\r\n');
  });
});

test('a function that runs for ever is told of, and ended by FUNCTION KILL', async () => {
  await running.call([
    'FUNCTION',
    'LOAD',
    `#!lua name=l\nredis.register_function('f', function() ${FOREVER} end)`,
  ]);
  running.send(['FCALL', 'f', '1', 'k', 'a']);
  expect(await meanwhile('GET', 'k')).toBe(BUSY_FUNCTION);
  expect(await raw(other, 'SCRIPT', 'KILL')).toBe(BUSY_FUNCTION);
  expect(await raw(other, 'FUNCTION', 'STATS')).toContain(
    '$5\r\nFCALL\r\n$1\r\nf\r\n$1\r\n1\r\n$1\r\nk\r\n$1\r\na\r\n',
  );
  expect(await raw(other, 'FUNCTION', 'KILL')).toBe('+OK\r\n');
  expect((await running.reply()).raw).toMatch(/^-ERR Script killed by user with SCRIPT KILL\.\.\. script: f/);
});

test('a library that does not stop loading is given up', async () => {
  expect(await raw(running, 'FUNCTION', 'LOAD', `#!lua name=l\n${FOREVER}`)).toBe(
    '-ERR Error registering functions: ERR FUNCTION LOAD timeout\r\n',
  );
  expect(await raw(running, 'FUNCTION', 'LIST')).toBe('*0\r\n');
});

test('what a transaction queues while a script runs is refused', async () => {
  running.send(['EVAL', FOREVER, '0']);
  expect(await meanwhile('MULTI')).toBe('+OK\r\n');
  expect(await raw(other, 'SET', 'k', 'v')).toBe(BUSY);
  expect(await raw(other, 'EXEC')).toMatch(/^-EXECABORT Transaction discarded because of: BUSY/);
  expect(await raw(other, 'SCRIPT', 'KILL')).toBe('+OK\r\n');
  await running.reply();
});

test('a transaction waits for each of its scripts, and is seen as a whole', async () => {
  const script = `${LONG} return redis.call('INCR', 'n')`;
  const requests = [
    ['MULTI'],
    ['INCR', 'n'],
    ['EVAL', script, '0'],
    ['INCR', 'n'],
    ['EVAL', script, '0'],
    ['GET', 'n'],
    ['EXEC'],
  ];
  for (const request of requests) running.send(request);
  expect(await meanwhile('GET', 'n')).toBe(BUSY);
  const replies: string[] = [];
  for (const _ of requests) replies.push((await running.reply()).raw);
  expect(replies.at(-1)).toBe('*5\r\n:1\r\n:2\r\n:3\r\n:4\r\n$1\r\n4\r\n');
  expect(await raw(other, 'GET', 'n')).toBe('$1\r\n4\r\n');
});

test('requests behind a slow script are answered behind it', async () => {
  for (const request of [['EVAL', `${LONG} error('late')`, '0'], ['PING'], ['EVAL', 'return 5', '0']]) {
    running.send(request);
  }
  expect(await meanwhile('GET', 'k')).toBe(BUSY);
  expect((await running.reply()).raw).toMatch(/^-ERR user_script:1: late script: /);
  expect((await running.reply()).raw).toBe('+PONG\r\n');
  expect((await running.reply()).raw).toBe(':5\r\n');
});

test('a script whose client has gone runs to its end', async () => {
  running.send(['EVAL', `${LONG} redis.call('SET', 'k', 'done')`, '0']);
  await meanwhile('PING');
  running.close();
  await expect.poll(() => raw(other, 'GET', 'k'), { timeout: 10_000 }).toBe('$4\r\ndone\r\n');
});

test('clients that wait for a key are served when the script is done', async () => {
  const waiting = server.connect();
  waiting.send(['BLPOP', 'q', '0']);
  await expect.poll(() => raw(other, 'INFO', 'clients')).toContain('blocked_clients:1');
  running.send(['EVAL', `redis.call('LPUSH', 'q', 'a') ${LONG} redis.call('LPUSH', 'q', 'b')`, '0']);
  expect(await meanwhile('PING')).toBe(BUSY);
  expect((await waiting.reply()).raw).toBe('*2\r\n$1\r\nq\r\n$1\r\nb\r\n');
  await running.reply();
});

test('time stands still in a slow script', async () => {
  const script = `redis.call('SET', 'k', 'v', 'PX', '50') local a = redis.call('TIME') ${LONG} ${LONG.replace('local n', 'local m').replaceAll('n =', 'm =').replace('n + i', 'm + i')} local b = redis.call('TIME') return {a[1] == b[1], a[2] == b[2], redis.call('GET', 'k')}`;
  running.send(['EVAL', script, '0']);
  expect(await meanwhile('PING')).toBe(BUSY);
  expect((await running.reply()).raw).toBe('*3\r\n:1\r\n:1\r\n$1\r\nv\r\n');
  expect(await raw(other, 'GET', 'k')).toBe('$-1\r\n');
});
