// Scripts that try to bring the server down, to hold all of its memory, or to leave something behind for others.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestServer } from '../support/test-server.ts';

let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start({ realTime: true, config: { save: '' } });
});

afterAll(() => server.close());

async function run(script: string, ...args: string[]): Promise<string> {
  const client = server.connect();
  const { raw } = await client.call(['EVAL', script, '0', ...args]);
  client.close();
  return raw;
}

describe('what asks for too much ends as an error', () => {
  test.each([
    ['a text of 2 GB', "return #string.rep('x', 2000000000)", /not enough memory|too large|resulting string/],
    ['a text doubled for ever', "local s = 'x' while true do s = s .. s end", /not enough memory/],
    ['calls without end', 'local function f() return 1 + f() end return f()', /stack overflow/],
    ['calls through pcall', 'local function f() return pcall(f) end return tostring(f())', /./],
    [
      'metamethods without end',
      'local t = setmetatable({}, {}) getmetatable(t).__index = function(a, k) return a[k] end return t.x',
      /stack overflow/,
    ],
    [
      'JSON of a table of itself',
      'local t = {} t[1] = t return cjson.encode(t)',
      /Cannot serialise, excessive nesting/,
    ],
    ['deep JSON', "return cjson.decode(string.rep('[', 100000))", /too many nested|Expected value|nested/],
    ['too many results', 'return unpack({}, 1, 1e9)', /too many results to unpack/],
    [
      'a long expression',
      "return loadstring('return ' .. string.rep('(', 100000) .. '1' .. string.rep(')', 100000))",
      /./,
    ],
    [
      'many upvalues and locals',
      "local s = {} for i = 1, 300 do s[i] = 'local a' .. i .. '=1' end return tostring(loadstring(table.concat(s, '\\n')))",
      /./,
    ],
    ['a wide format', "return string.format('%1000000d', 1)", /invalid format/],
    [
      'coroutines in coroutines',
      'local function f() coroutine.wrap(f)() end f()',
      /C stack overflow|stack overflow/,
    ],
  ])('%s', async (_what, script, reply) => {
    expect(await run(script)).toMatch(reply);
    expect(await run('return 1')).toBe(':1\r\n');
  });
});

describe('what one script does is no business of another', () => {
  test.each([
    ['a global', 'x = 1'],
    ['a global of the globals', "rawset(_G, 'x', 1)"],
    ['a global by setfenv', 'setfenv(1, {}) x = 1'],
    ['an environment of the globals', 'setfenv(0, {})'],
    ['a library', "string.format = function() return 'mine' end"],
    ['a library by rawset', "rawset(string, 'format', nil)"],
    ['a metatable of strings', "getmetatable('').__index = nil"],
    ['a metatable of the globals', 'setmetatable(_G, nil)'],
    ['redis', 'redis.call = nil'],
    ['the keys', "KEYS[1] = 'mine'"],
    ['cjson settings', 'cjson.encode_sparse_array(true)'],
    ['through table functions', "table.insert(math, 'x')"],
    ['through sort', 'table.sort(_G, function() return true end)'],
    ['through load', "local n = 0 load(function() n = n + 1 return n == 1 and 'x = 1' or nil end)()"],
    ['through getfenv of a native', 'getfenv(print or redis.call).x = 1'],
    ['through newproxy', 'local p = newproxy(true) getmetatable(p).__gc = function() x = 1 end'],
  ])('%s', async (_what, script) => {
    await run(script);
    expect(
      await run(
        "return {tostring(rawget(_G, 'x')), string.format('%d', 5), ('a'):upper(), tostring(redis.call('PING').ok), #KEYS, type(math.x)}",
      ),
    ).toBe('*6\r\n$3\r\nnil\r\n$1\r\n5\r\n$1\r\nA\r\n$4\r\nPONG\r\n:0\r\n$3\r\nnil\r\n');
  });
});

describe('code that is text stays within Lua', () => {
  test.each([
    ['return `x`', '-ERR'],
    ['local constructor = 1 return constructor', ':1'],
    ['local __proto__ = {1} return #__proto__', ':1'],
    [
      'local t = {} t.__proto__ = 5 t.constructor = 6 return {t.__proto__, t.constructor, tostring(t.toString)}',
      '*3',
    ],
    ['local arguments, this, new, function_ = 1, 2, 3, 4 return arguments + this + new + function_', ':10'],
    ["return _G.process == nil and 'never'", '-ERR'],
    ['return tostring(({}).hasOwnProperty)', '$3\r\nnil'],
    ["local s = '\\\\u2028\\\\u2029' return #s", ':12'],
  ])('%s', async (script, begins) => {
    expect((await run(script)).startsWith(begins)).toBe(true);
  });
});

test('a table of itself is answered as deep as in Redis', async () => {
  const stream = server.server.connect();
  const script = 'local t = {} t[1] = t return t';
  stream.write(`*3\r\n$4\r\nEVAL\r\n$${script.length}\r\n${script}\r\n$1\r\n0\r\n`);
  const END = '-ERR reached lua stack limit\r\n';
  let reply = '';
  for await (const chunk of stream) {
    reply += chunk;
    if (reply.endsWith(END)) break;
  }
  // Observed 7.2.4.
  expect(reply).toBe(`${'*1\r\n'.repeat(7995)}${END}`);
});

test('a pattern that explodes leaves others their turn', async () => {
  const slow = server.connect();
  const other = server.connect();
  await other.call(['CONFIG', 'SET', 'busy-reply-threshold', '50']);
  slow.send(['EVAL', "return string.find(string.rep('a', 40), string.rep('a-', 40) .. 'b')", '0']);
  await new Promise((resolve) => setTimeout(resolve, 150));
  const { raw } = await other.call(['SCRIPT', 'KILL']);
  expect(raw).toMatch(/^(\+OK|-NOTBUSY)/);
  await slow.reply();
  slow.close();
  other.close();
});
