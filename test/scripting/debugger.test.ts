// The debugger, as redis-cli speaks with it. The lines are those of Redis 7.2.4.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';

const SCRIPT = `local x = 5
local t = {1,2,'three',{a=1}}
redis.call('set',KEYS[1],ARGV[1])
local function f(n)
  local y = n * 2
  redis.debug(y, 'hi', t)
  return y
end
local r = f(x)
redis.breakpoint()
local got = redis.call('get',KEYS[1])
for i=1,2 do
  x = x + i
end
return {x, got, r}`;

let server: TestServer;
let client: TestClient;
let other: TestClient;

beforeEach(async () => {
  server = await TestServer.start();
  client = server.connect();
  other = server.connect();
});

afterEach(() => server.close());

/** Sends a request and returns the lines of its reply. */
async function lines(...request: string[]): Promise<unknown> {
  return client.value(...request);
}

async function begin(mode: 'sync' | 'yes', script = SCRIPT): Promise<unknown> {
  await client.call(['SCRIPT', 'DEBUG', mode]);
  return lines('EVAL', script, '1', 'k', 'v');
}

const stopped = (line: number, source: string, reason = 'step over') => [
  `* Stopped at ${line}, stop reason = ${reason}`,
  `->${reason === 'break point' ? '#' : ' '}${String(line).padEnd(3)} ${source}`,
];

describe('a script in the debugger', () => {
  test('stops at its first line, and at each further one', async () => {
    expect(await begin('sync')).toEqual(stopped(1, 'local x = 5'));
    expect(await lines('step')).toEqual(stopped(2, "local t = {1,2,'three',{a=1}}"));
    expect(await lines('n')).toEqual(stopped(3, "redis.call('set',KEYS[1],ARGV[1])"));
    expect(await lines('s')).toEqual(['<redis> set k v', '<reply> "+OK"', ...stopped(8, 'end')]);
  });

  test('shows its variables, its source and its calls', async () => {
    await begin('sync');
    expect(await lines('print')).toEqual(['No local variables in the current context.']);
    expect(await lines('list', '2', '1')).toEqual([
      '-> 1   local x = 5',
      "   2   local t = {1,2,'three',{a=1}}",
      "   3   redis.call('set',KEYS[1],ARGV[1])",
    ]);
    await lines('s');
    await lines('s');
    expect(await lines('p')).toEqual(['<value> x = 5', '<value> t = {1; 2; "three"; {["a"]=1}}']);
    expect(await lines('print', 'x')).toEqual(['<value> 5']);
    expect(await lines('print', 'KEYS')).toEqual(['<value> {"k"}']);
    expect(await lines('print', 'nosuch')).toEqual(['No such variable.']);
    await lines('b', '7');
    expect(await lines('c')).toEqual([
      '<debug> line 6: 10, "hi", {1; 2; "three"; {["a"]=1}}',
      ...stopped(7, '  return y', 'break point'),
    ]);
    expect(await lines('print', 'n')).toEqual(['<value> 5']);
    expect(await lines('trace')).toEqual([
      'In f:',
      '->#7     return y',
      'From top level:',
      '   9   local r = f(x)',
    ]);
  });

  test('has breakpoints', async () => {
    await begin('sync');
    expect(await lines('break')).toEqual(["No breakpoints set. Use 'b <line>' to add one."]);
    expect(await lines('break', '7')).toEqual([
      "   6     redis.debug(y, 'hi', t)",
      '  #7     return y',
      '   8   end',
    ]);
    expect(await lines('break', '99')).toEqual(['Wrong line number.']);
    expect(await lines('break')).toEqual(['1 breakpoints set:', '  #7     return y']);
    expect(await lines('break', '-7')).toEqual(['Breakpoint removed.']);
    expect(await lines('break', '-7')).toEqual(['No breakpoint in the specified line.']);
    expect(await lines('break', 'x')).toEqual(["Invalid argument:'x'"]);
    expect(await lines('break', '0')).toEqual(['All breakpoints removed.']);
    expect(await lines('continue')).toEqual([
      '<debug> line 6: 10, "hi", {1; 2; "three"; {["a"]=1}}',
      ...stopped(11, "local got = redis.call('get',KEYS[1])", 'redis.breakpoint() called'),
    ]);
  });

  test('can be asked to run code and commands', async () => {
    await begin('sync');
    expect(await lines('redis', 'get', 'k')).toEqual(['<redis> get k', '<reply> NULL']);
    expect(await lines('redis', 'nosuch')).toEqual([
      '<redis> nosuch',
      '<error> ERR Unknown Redis command called from script',
    ]);
    expect(await lines('eval', '1', '+', '1')).toEqual(['<retval> 2']);
    expect(await lines('eval', "redis.call('incr','n')")).toEqual(['<retval> 1']);
    expect(await lines('eval', 'x')).toEqual([
      "<error> ldb_eval:1: Script attempted to access nonexistent global variable 'x'",
    ]);
    expect(await lines('maxlen', '10')).toEqual(['<value> replies are truncated at 60 bytes.']);
    expect(await lines('redis')).toEqual([
      '<error> Unknown Redis Lua debugger command or wrong number of arguments.',
    ]);
    expect(await lines('hello\0')).toEqual([
      '<error> Unknown Redis Lua debugger command or wrong number of arguments.',
    ]);
  });

  test('ends with its result, and with the connection', async () => {
    await begin('sync');
    await lines('c');
    client.send(['c']);
    expect((await client.reply()).raw).toBe('*1\r\n+<endsession>\r\n');
    expect((await client.reply()).raw).toBe('*3\r\n:8\r\n$1\r\nv\r\n:10\r\n');
    await client.whenClosed();
    expect(await other.value('GET', 'k')).toBe('v');
  });

  test('leaves no trace but in sync mode', async () => {
    await other.pipeline([
      ['SET', 'k', 'old', 'PX', '100000'],
      ['RPUSH', 'l', 'a'],
    ]);
    await begin(
      'yes',
      "redis.call('SET', KEYS[1], 'new') redis.call('LPOP', 'l') redis.call('SET', 'other', '1')\nreturn 1",
    );
    client.send(['c']);
    await client.whenClosed();
    expect(await other.value('GET', 'k')).toBe('old');
    expect(Number(await other.value('PTTL', 'k'))).toBeGreaterThan(0);
    expect(await other.value('LRANGE', 'l', '0', '-1')).toEqual(['a']);
    expect(await other.value('EXISTS', 'other')).toBe(0);
  });

  test('can be aborted', async () => {
    await begin('sync');
    client.send(['abort']);
    expect((await client.reply()).raw).toBe('*1\r\n+<endsession>\r\n');
    expect((await client.reply()).raw).toMatch(/^-ERR script aborted for user request script: /);
    await client.whenClosed();
  });

  test('goes on alone when its client has gone', async () => {
    await begin('sync');
    client.close();
    await expect.poll(() => other.value('GET', 'k').catch(() => null)).toBe('v');
  });

  test('is over for whoever comes next when its client has gone, within the same turn too', async () => {
    await begin('sync');
    client.close();
    for (let i = 0; i < 10; i++) await new Promise<void>((resolve) => process.nextTick(resolve));
    expect(await other.value('GET', 'k')).toBe('v');
  });
});

test('others are answered BUSY while a script stands', async () => {
  await begin('sync');
  expect((await other.call('GET k')).raw).toMatch(/^-BUSY /);
});

test('only EVAL can be debugged', async () => {
  await client.call(['SCRIPT', 'DEBUG', 'yes']);
  expect((await client.call(['EVALSHA', 'f'.repeat(40), '0'])).raw).toBe(
    '-ERR Please use EVAL instead of EVALSHA for debugging\r\n',
  );
  await client.call(['SCRIPT', 'DEBUG', 'no']);
  expect((await client.call(['EVAL', 'return 1', '0'])).raw).toBe(':1\r\n');
});
