// The string library as programs meet it: methods, callbacks, the names in errors, and calls that are killed half-way.

import { describe, expect, test } from 'vitest';
import { baseLibrary } from '../../src/lua/base-library.ts';
import { LuaState } from '../../src/lua/state.ts';
import { stringLibrary } from '../../src/lua/string-library.ts';
import type { LuaValue } from '../../src/lua/value.ts';

// Expectations are what Redis 7.2.4 answers to EVAL, where there is one.
describe('programs', () => {
  test.each<[string, LuaValue[] | string]>([
    ["return ('x'):rep(3), #'abc'", ['xxx', 3]],
    ["return ('x'):rep({})", "user_script:1: bad argument #1 to 'rep' (number expected, got table)"],
    ['return string.rep()', "user_script:1: bad argument #1 to 'rep' (string expected, got no value)"],
    ['return string.rep(nil, 1)', "user_script:1: bad argument #1 to 'rep' (string expected, got nil)"],
    ['return pcall(string.rep)', [false, "bad argument #1 to '?' (string expected, got no value)"]],
    ["return ('x'):nothing()", "user_script:1: attempt to call method 'nothing' (a nil value)"],
    ["for w in ('a b'):gmatch('%') do end", "user_script:1: malformed pattern (ends with '%')"],
    ["return ('abc'):gsub('%w', function(c) return c .. c end)", ['aabbcc', 3]],
    ["return ('abc'):gsub('(.)(.)', function(a, b) return b .. a end)", ['bac', 1]],
    ["return ('abc'):gsub('.', function(c) if c == 'b' then return false end end)", ['abc', 3]],
    [
      "return ('x'):gsub('x', function() return {} end)",
      'user_script:1: invalid replacement value (a table)',
    ],
    ["return ('x'):gsub('x', function() error('no') end)", 'user_script:1: no'],
    [
      "return ('hello'):gsub('l+', function(l) return (l:gsub('l', function() return 'L' end)) end)",
      ['heLLo', 1],
    ],
    [
      "return ('a$b'):gsub('%w', setmetatable({}, { __index = function(_, k) return k .. k end }))",
      ['aa$bb', 2],
    ],
    ["local n = 0 for k, v in ('a=1, b=2'):gmatch('(%w+)=(%w+)') do n = n + v end return n", [3]],
    ["return pcall(function() return ('x'):rep(2 ^ 31 - 1) end)", [false, 'not enough memory']],
    ['return string.dump(string.rep)', 'user_script:1: unable to dump given function'],
    ['return string.dump(function() end):sub(1, 5)', ['\x1bLuaQ']],
    ['return loadstring(string.dump(function() end))', [undefined, 'attempt to load a binary chunk']],
    ["local n = tonumber('nan') return tostring(n), tostring(-n), n ~= n", ['nan', '-nan', true]],
    ["local n = 0 / 0 return tostring(n), tostring(-n), ('%g'):format(-n)", ['-nan', 'nan', 'nan']],
    ["getmetatable('').__index = nil", 'user_script:1: Attempt to modify a readonly table'],
  ])('%s', (source, expected) => {
    const state = newState();
    const run = () => state.callToEnd(state.load(source, '@user_script'), []);
    if (Array.isArray(expected)) expect(run()).toEqual(expected);
    else expect(run).toThrow(expect.objectContaining({ value: expected }));
  });
});

describe('what is killed ends', () => {
  const endless = `('a'):rep(5000), ('a-'):rep(20) .. 'b'`;
  test.each([
    `return string.find(${endless})`,
    `return string.match(${endless})`,
    `for w in string.gmatch(${endless}) do end`,
    `return string.gsub(${endless}, 'x')`,
    `return string.gsub(${endless}, function() end)`,
    `while true do pcall(string.find, ${endless}) end`,
    `return ('x'):gsub('x', function() return string.find(${endless}) end)`,
    `return ('x'):gsub('x', function() while true do end end)`,
    `return string.find(('a'):rep(20000), ('a'):rep(10000) .. 'b', 1, true)`,
    `return ('x'):rep(1e7):gsub('.', string.upper)`,
  ])('%s', (source) => {
    const state = newState();
    const execution = state.start(state.load(`pcall(function() ${source} end)`, '@user_script'), []);
    for (let i = 0; i < 3; i++) expect(execution.run()).toBe('paused');
    execution.kill('killed');
    expect(execution.run()).toBe('done');
    expect(execution.error).toBe('killed');
  });

  test('and the next program runs', () => {
    const state = newState();
    const execution = state.start(state.load(`return string.find(${endless})`, '@user_script'), []);
    execution.run();
    execution.kill('killed');
    execution.run();
    expect(state.callToEnd(state.load("return ('xaab'):find('a*b')", '@user_script'), [])).toEqual([2, 4]);
  });
});

function newState(): LuaState {
  const state = new LuaState({ shouldPause: () => true });
  const globals = baseLibrary(state);
  globals.setString('string', stringLibrary(state));
  for (let name = globals.next(undefined); name !== undefined; name = globals.next(name)) {
    state.globals.set(name, globals.get(name));
  }
  return state;
}
