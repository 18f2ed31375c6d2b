// Programs that never end: each comes to a pause, goes on, and is ended by `kill` whatever it catches.

import { describe, expect, test } from 'vitest';
import { newWorld } from './world.ts';

const ENDLESS: readonly string[] = [
  'while true do end',
  'repeat until false',
  'for i=1,math.huge do end',
  'for i=2,1,0 do end',
  'local function f() return f() end f()',
  'local f f=function() f() return f() end while true do pcall(f) end',
  'local function a(n) return n end while true do a(1) end',
  'local t={} while true do t[1]=1 end',
  'while true do pcall(function() while true do end end) end',
  'local function f() pcall(f) end while true do f() end',
  'while true do pcall(error) end',
  'while true do xpcall(function() error(1) end, function() while true do end end) end',
  'table.sort({3,2,1}, function(a,b) while true do end end)',
  "string.gsub('abc', '.', function() while true do end end)",
  "string.gsub('abc', '.', setmetatable({}, {__index=function() while true do end end}))",
  'local t=setmetatable({}, {__index=function(t,k) while true do end end}) return t.x',
  'local t=setmetatable({}, {__newindex=function() while true do end end}) t.x=1',
  'local t=setmetatable({}, {__add=function() while true do end end}) return t+1',
  'local t=setmetatable({}, {__concat=function() while true do end end}) return t..1',
  'local t=setmetatable({}, {__lt=function() while true do end end}) return t<t',
  'local m={__eq=function() while true do end end} return setmetatable({},m)==setmetatable({},m)',
  'local t=setmetatable({}, {__call=function() while true do end end}) t()',
  'local t=setmetatable({}, {__unm=function() while true do end end}) return -t',
  'local t=setmetatable({}, {__tostring=function() while true do end end}) return tostring(t)',
  'local m=setmetatable({}, {__index=function() while true do end end}) local t=setmetatable({},m) return t.x, m.y',
  'for k in function() while true do end end do end',
  'for k in function() return 1 end do end',
  'coroutine.wrap(function() while true do end end)()',
  'local co=coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end',
  'while true do pcall(coroutine.wrap(function() while true do end end)) end',
  'while true do coroutine.resume(coroutine.create(function() while true do end end)) end',
  'local c c=coroutine.wrap(function() coroutine.wrap(function() while true do pcall(function() while true do end end) end end)() end) c()',
  "loadstring('while true do end')()",
  'load(function() while true do end end)',
  'load(function() return " " end)',
  "local s='setmeta'..'table' local t=_G[s]({}, {__index=function() while true do end end}) return t.x",
  'local p=newproxy(true) getmetatable(p).__index=function() while true do end end return p.x',
  'setfenv(1, setmetatable({}, {__index=function() while true do end end})) return x',
  'local function fib(n) if n<2 then return n end return fib(n-1)+fib(n-2) end fib(60)',
  'local f={} for i=1,60 do local g=f[i-1] f[i]=function() if g then g() g() end end end f[60]()',
  "string.find(string.rep('a',100000), string.rep('a-',50)..'b')",
];

describe('kill', () => {
  test.each(ENDLESS)('%s', (script) => {
    let questions = 0;
    const state = newWorld({ shouldPause: () => ++questions % 3 === 0 });
    const execution = state.start(state.load(script, '@user_script'), []);
    for (let i = 0; i < 3; i++) expect(execution.run()).toBe('paused');
    const reason = { toString: () => 'killed' };
    execution.kill(reason);
    expect(execution.run()).toBe('done');
    expect(execution.error).toBe(reason);
    // The state is as good as new.
    const next = state.start(state.load('return pcall(error, 7)', '@user_script'), []);
    expect(next.run()).toBe('done');
    expect(next.result).toEqual([false, 7]);
  });

  test('within a native, before anything has paused', () => {
    const state = newWorld({}, { call: () => execution.kill('now') as undefined });
    const script = 'while true do pcall(redis.call) end';
    const execution = state.start(state.load(script, '@user_script'), []);
    expect(execution.run()).toBe('done');
    expect(execution.error).toBe('now');
  });

  test('before it has begun', () => {
    const state = newWorld();
    const execution = state.start(state.load('while true do end', '@user_script'), []);
    execution.kill('early');
    expect(execution.run()).toBe('done');
    expect(execution.error).toBe('early');
  });
});
