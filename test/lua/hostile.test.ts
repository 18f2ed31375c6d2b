// Scripts that mean harm: none may crash the process, run on once it is killed, hold more than its memory, get at what
// belongs to JavaScript, or leave anything behind for the next script.

import { describe, expect, test } from 'vitest';
import { LuaError } from '../../src/lua/errors.ts';
import type { LuaState, LuaStateOptions } from '../../src/lua/state.ts';
import { LuaTable } from '../../src/lua/table.ts';
import { firstValue, type LuaValue } from '../../src/lua/value.ts';
import { newWorld } from './world.ts';

// How long a script may run before it is killed.
const PATIENCE_MS = 1500;
const SHORT_PATIENCE_MS = 60;
// What a script may take after it was killed, natives that cannot pause included.
const GRACE_MS = 5000;
const KILLED = 'killed';
const LIMIT_BYTES = 256 << 20;

/** A world that pauses often, and in which memory is bounded. */
function bounded(options: LuaStateOptions = {}): LuaState {
  return newWorld({
    shouldPause: () => true,
    memory: { limitBytes: LIMIT_BYTES },
    ...options,
  });
}

/** What a script ends with: its first result, or "error: …"; it is killed when it takes long. */
function outcome(script: string, state = bounded(), patienceMs = PATIENCE_MS): LuaValue {
  const begin = performance.now();
  let isKilled = false;
  try {
    const execution = state.start(state.load(script, '@user_script'), []);
    while (execution.run() === 'paused') {
      if (isKilled || performance.now() - begin < patienceMs) continue;
      isKilled = true;
      execution.kill(KILLED);
    }
    expect(performance.now() - begin).toBeLessThan(patienceMs + GRACE_MS);
    if (!execution.hasFailed) return firstValue(execution.result);
    if (execution.error === KILLED) return KILLED;
    return `error: ${textOf(execution.error)}`;
  } catch (error) {
    if (!(error instanceof LuaError)) throw error;
    return `error: ${textOf(error)}`;
  }
}

function textOf(error: unknown): string {
  if (!(error instanceof LuaError)) throw error;
  return String(error.value);
}

describe('for ever', () => {
  test.each([
    'while true do end',
    'repeat until false',
    'for i = 1, math.huge do end',
    'for i = 2, 1, 0 do end',
    'local function f() return f() end f()',
    'local f, g f = function() return g() end g = function() return f() end f()',
    'while true do pcall(function() while true do end end) end',
    'while true do pcall(error) end',
    'while true do pcall(pcall) end',
    'local function f() pcall(f) pcall(f) end f()',
    'xpcall(function() while true do end end, function() while true do end end)',
    'xpcall(error, function() while true do end end)',
    'table.sort({3, 2, 1}, function() while true do end end)',
    'local t = {} for i = 1, 1e5 do t[i] = i % 7 end while true do table.sort(t, function(a, b) return a < b end) end',
    "string.gsub('aaa', 'a', function() while true do end end)",
    "while true do string.gsub('aaa', 'a', function() return 'b' end) end",
    'for x in function() return 1 end do end',
    "for x in string.gmatch(('a'):rep(100), '') do while true do end end",
    'local t = setmetatable({}, {__index = function() while true do end end}) return t.x',
    'local t = setmetatable({}, {__newindex = function() while true do end end}) t.x = 1',
    'local t = setmetatable({}, {__add = function() while true do end end}) return t + 1',
    'local t = setmetatable({}, {__call = function() while true do end end}) t()',
    'local t = setmetatable({}, {__tostring = function() while true do end end}) tostring(t)',
    'local t = setmetatable({}, {__concat = function() while true do end end}) return t .. 1',
    'local t = setmetatable({}, {__eq = function() while true do end end}) return t == setmetatable({}, getmetatable(t))',
    'local t = setmetatable({}, {__lt = function() while true do end end}) table.sort({t, t, t})',
    'coroutine.wrap(function() while true do end end)()',
    'local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end',
    'while true do coroutine.wrap(function() coroutine.yield() end)() end',
    'table.foreach({1}, function() while true do end end)',
    'table.foreachi({1}, function() while true do end end)',
    'local t = {} for i = 1, 5000 do t[i] = i end while true do table.foreach(t, function() end) end',
    "local f = loadstring('while true do end') f()",
    "while true do loadstring('return 1')() end",
    'load(function() while true do end end)',
    "string.find(('a'):rep(60), ('a*'):rep(40) .. 'b')",
    "string.find(('a'):rep(200000), '.-.-.-.-b')",
    "string.match(('x'):rep(100000), '(.-)(.-)(.-)(.-)y')",
    "string.gsub(('a'):rep(100000), ('a?'):rep(30) .. ('a'):rep(30) .. 'b', '')",
    "while true do ('x'):rep(100) end",
    'while true do local t = {} t[1] = 1 end',
    "while true do cjson.decode('[1,2,3]') end",
    'while true do cmsgpack.unpack(cmsgpack.pack({1, 2, 3})) end',
    'while true do redis.nothing() end',
  ])('%s', (script) => {
    const world = bounded();
    (world.globals.getString('redis') as LuaTable).setString(
      'nothing',
      world.native('nothing', () => undefined),
    );
    expect(outcome(script, world, SHORT_PATIENCE_MS)).toBe(KILLED);
    // The state is none the worse for it.
    expect(outcome("return tostring(1 + 1) .. ('x'):rep(3)", world)).toBe('2xxx');
  });
});

describe('memory', () => {
  const notEnough = /^(error: (user_script:1: )?not enough memory|killed)$/;

  test.each([
    "return load(function() return 'a' end)",
    "return string.rep('x', 2^31 - 1)",
    "return ('x'):rep(2^29)",
    "return select(2, pcall(string.rep, 'x', 2^31 - 1)) .. error('not enough memory', 0)",
    "local s = 'x' while true do s = s .. s end",
    "local s = ('x'):rep(1e6) local t = {} for i = 1, 1e4 do t[i] = s end return table.concat(t)",
    "return table.concat({('x'):rep(1e8), ('y'):rep(1e8), ('z'):rep(1e8)})",
    "return (('x'):rep(1e6):gsub('x', ('y'):rep(1e4)))",
    "return (('x'):rep(1e6):gsub('x', function() return ('y'):rep(1e4) end))",
    "local s = ('x'):rep(1e7) local t = {} for i = 1, 1e6 do t[i] = s .. i end",
    "return struct.pack('c300000000', ('x'):rep(3e8))",
    "local s = ('x'):rep(2e8) return s:upper() .. s:lower() .. s:reverse()",
    "return ('%s%s%s'):format(('x'):rep(1e8), ('x'):rep(1e8), ('x'):rep(1e8))",
  ])('%s', { timeout: 60_000 }, (script) => {
    expect(outcome(script)).toMatch(notEnough);
  });

  test.each([
    'local t = {} for i = 1, 100 do t[i] = 1 end for i = 1, 10 do local u = {} for j = 1, 50 do u[j] = t end t = u end return cmsgpack.pack(t)',
    'local t = {1, 2, 3} for i = 1, 900 do t = {t, t} end return cjson.encode(t)',
    'local t = {"x"} for i = 1, 900 do t = {a = t, b = t} end return cjson.encode(t)',
    "local s = ('\\0'):rep(1e7) return cjson.encode(s)",
  ])('what is packed many times over: %s', { timeout: 30_000 }, (script) => {
    expect(outcome(script, bounded({ memory: { limitBytes: 4 << 20 } }))).toBe('error: not enough memory');
  });

  test.each([
    'local t = {} local i = 0 while true do i = i + 1 t[i] = i end',
    'local t = {} local i = 0 while true do i = i + 1 t[i .. ""] = {} end',
    'local t = nil while true do t = {t} end',
    'local t = {} while true do t[#t + 1] = function() return t end end',
    'local t = {} while true do local co = coroutine.create(function() coroutine.yield() end) coroutine.resume(co) t[#t + 1] = co end',
    "local t = {} while true do t[#t + 1] = ('x'):rep(100) .. #t end",
    "local t = {} while true do t[#t + 1] = cjson.decode('[[],[],[],[],[],[],[],[]]') end",
  ])('%s: what grows bit by bit is measured', { timeout: 60_000 }, (script) => {
    // Garbage of the tests before may go at any time: the least that was ever held is what they left.
    let base = process.memoryUsage().heapUsed;
    const measure = () => {
      const held = process.memoryUsage().heapUsed;
      base = Math.min(base, held);
      return held - base;
    };
    const limitBytes = 32 << 20;
    const state = bounded({ memory: { limitBytes, measure } });
    const execution = state.start(state.load(script, '@user_script'), []);
    const begin = performance.now();
    while (execution.run() === 'paused') {
      expect(measure()).toBeLessThan(limitBytes * 8);
      if (performance.now() - begin > 40_000) execution.kill(KILLED);
    }
    expect(textOf(execution.error)).toMatch(/not enough memory/);
  });
});

describe('depth', () => {
  const overflow =
    /stack overflow|too many C levels|too many syntax levels|C stack overflow|loop in|has more than|too complex/;

  test.each([
    'local function f() return 1 + f() end return f()',
    'local function f() local x = f() return x end return f()',
    'local function f(...) return f(1, ...) end return f()',
    'local t = {} setmetatable(t, {__index = function(t, k) return t[k .. 1] end}) return t.x',
    'local t = {} setmetatable(t, {__index = t}) return t.x',
    'local t = {} setmetatable(t, {__newindex = t}) t.x = 1',
    'local t = setmetatable({}, {}) getmetatable(t).__add = function(a, b) return a + b end return t + t',
    'local t = setmetatable({}, {__tostring = function(t) return tostring(t) end}) return tostring(t)',
    'local t = setmetatable({}, {__concat = function(a, b) return a .. b end}) return t .. t',
    'local t = setmetatable({}, {}) getmetatable(t).__lt = function(a, b) return a < b end return t < t',
    'local function f() table.sort({1, 2, 3}, function(a, b) f() return a < b end) end f()',
    "local function f() string.gsub('a', 'a', f) end f()",
    'local function f() table.foreach({1}, f) end f()',
    'local function f() coroutine.wrap(f)() end f()',
    'local function f() return coroutine.wrap(f)() end f()',
    'local function f() coroutine.wrap(function() f() end)() end f()',
    'local function f() xpcall(f, f) error(1) end f()',
    "local f, e = loadstring('return ' .. ('('):rep(100000) .. '1' .. (')'):rep(100000)) error(e)",
    "local f, e = loadstring('return ' .. ('('):rep(100000) .. '1') error(e)",
    "local f, e = loadstring('return ' .. ('{'):rep(100000) .. ('}'):rep(100000)) error(e)",
    "local f, e = loadstring('return ' .. ('-'):rep(3) .. (' not '):rep(100000) .. '1') error(e or 'stack overflow')",
    "local f, e = loadstring('return ' .. ('- '):rep(100000) .. '1') error(e)",
    `local f, e = loadstring('return ' .. ('"a" .. '):rep(100000) .. '"b"') error(e)`,
    "local f, e = loadstring('return ' .. ('2 ^ '):rep(100000) .. '1') error(e)",
    "local f, e = loadstring(('do '):rep(100000) .. ('end '):rep(100000)) error(e)",
    "local f, e = loadstring(('if x then '):rep(100000) .. ('end '):rep(100000)) error(e)",
    "local f, e = loadstring(('while x do '):rep(100000) .. ('end '):rep(100000)) error(e)",
    "local f, e = loadstring(('return function() '):rep(100000) .. ('end '):rep(100000)) error(e)",
    "local f, e = loadstring('f' .. ('(f'):rep(100000) .. (')'):rep(100000)) error(e)",
    "local f, e = loadstring('local a = ' .. ('a['):rep(100000) .. '1' .. (']'):rep(100000)) error(e)",
  ])('%s', { timeout: 30_000 }, (script) => {
    const state = bounded();
    const result = outcome(script, state);
    if (result !== KILLED && result !== 1) expect(result).toMatch(overflow);
    expect(outcome('return 7', state)).toBe(7);
  });

  test.each([
    "return #assert(loadstring('return \"' .. ('a'):rep(1000000) .. '\"'))()",
    "return assert(loadstring('return 1' .. (' + 1'):rep(50000)))()",
    "return assert(loadstring('local t = {} ' .. ('t = t '):rep(50000) .. 'return 5'))()",
    "return #assert(loadstring('return {' .. ('1,'):rep(100000) .. '}'))()",
    "local f = loadstring('local a = {} return a' .. ('.a'):rep(100000)) return f and pcall(f) and 1 or 2",
    "local f = loadstring('if a then' .. (' elseif a then '):rep(20000) .. ' end return 3', 'x') return f and 3 or 4",
    "local f, e = loadstring(('local a '):rep(300)) return e and 1",
    "local f, e = loadstring('return function(' .. ('a,'):rep(300) .. 'a) end') return e and 1",
    "local f, e = loadstring('f(' .. ('a,'):rep(300) .. 'a)') return e and 1 or 2",
  ])('long source is no deep source: %s', { timeout: 30_000 }, (script) => {
    const result = outcome(script);
    if (typeof result !== 'number') expect(result).toMatch(/too complex/);
  });

  test('arguments and results', () => {
    expect(outcome('local t = {} for i = 1, 1e5 do t[i] = i end return unpack(t)')).toMatch(
      /too many results/,
    );
    expect(outcome('return select("#", unpack({}, 1, 1e8))')).toMatch(/too many results/);
    expect(outcome("return string.byte(('x'):rep(1e6), 1, -1)")).toMatch(/stack overflow/);
    expect(outcome('return string.char(unpack({}, 1, 1e6))')).toMatch(/too many results/);
  });
});

describe('the way out', () => {
  // Whatever JavaScript would make of these names, Lua has nothing there.
  const names = [
    ...['constructor', '__proto__', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf'],
    ...[
      '__defineGetter__',
      '__lookupGetter__',
      'caller',
      'callee',
      'arguments',
      'length',
      'name',
      'call',
      'apply',
    ],
    ...['bind', 'next', 'throw', 'exec', 'metatable', 'array', 'keys', 'values', 'isReadOnly', 'raw'],
  ];

  test.each(names)('%s is no field of anything', (name) => {
    expect(outcome(`return ({})['${name}'] == nil and ({}).${name} == nil`)).toBe(true);
    expect(outcome(`return rawget({}, '${name}') == nil`)).toBe(true);
    expect(outcome(`local t = {} t.${name} = 5 return t.${name} == 5 and next(t) == '${name}'`)).toBe(true);
    expect(outcome(`local ok = pcall(function() return (function() end).${name} end) return ok`)).toBe(false);
    expect(outcome(`local ok = pcall(function() return (5).${name} end) return ok`)).toBe(false);
    expect(outcome(`return string.${name} == nil or string.${name} == ('').${name}`)).toBe(true);
    expect(outcome(`local ok, v = pcall(function() return cjson.null.${name} end) return ok`)).toBe(false);
    expect(outcome(`local o = cjson.decode('{"${name}": {"a": 1}}') return o['${name}'].a`)).toBe(1);
    expect(outcome(`local o = cmsgpack.unpack(cmsgpack.pack({['${name}'] = 3})) return o['${name}']`)).toBe(
      3,
    );
    expect(outcome(`return ('$${name}'):gsub('%$(%w+)', {x = 1})`)).toBe(`$${name}`);
  });

  test.each([
    ...[
      'process',
      'globalThis',
      'global',
      'require',
      'module',
      'Function',
      'eval',
      'Object',
      'window',
      'self',
    ],
    ...[
      'undefined',
      'NaN',
      'Infinity',
      'constructor',
      '__proto__',
      'this',
      'import',
      'Buffer',
      'console',
      'exports',
    ],
    ...['io', 'os', 'debug', 'package', 'dofile', 'loadfile', 'print', 'setTimeout', 'rt', 'state', '$', '_'],
  ])('%s is no global', (name) => {
    const isName = /^\w+$/.test(name);
    const script = isName ? `return ${name}` : `return _G['${name}']`;
    expect(outcome(script)).toBe(
      `error: user_script:1: Script attempted to access nonexistent global variable '${name}'`,
    );
    expect(outcome(`return rawget(_G, '${name}') == nil`)).toBe(true);
  });

  const reserved = [
    ...[
      'arguments',
      'eval',
      'await',
      'async',
      'yield',
      'let',
      'static',
      'this',
      'null',
      'undefined',
      'NaN',
      'new',
    ],
    ...[
      'class',
      'const',
      'var',
      'void',
      'with',
      'enum',
      'export',
      'extends',
      'super',
      'switch',
      'case',
      'default',
    ],
    ...[
      'delete',
      'typeof',
      'instanceof',
      'try',
      'catch',
      'finally',
      'throw',
      'debugger',
      'package',
      'public',
    ],
    ...[
      'constructor',
      '__proto__',
      'p',
      'S',
      'T',
      'G',
      'D',
      'P',
      'V',
      'N',
      'where',
      'rt',
      'x',
      '_',
      '__',
      'a1',
    ],
  ];

  test.each(reserved)('%s is a name like any other', (name) => {
    expect(outcome(`local ${name} = 1 ${name} = ${name} + 1 return ${name}`)).toBe(2);
    expect(outcome(`local function ${name}(${name}) return ${name} end return ${name}(3)`)).toBe(3);
    expect(
      outcome(
        `for ${name} = 1, 3 do local f = function() return ${name} end if f() == 3 then return 4 end end`,
      ),
    ).toBe(4);
    expect(outcome(`local t = {${name} = 5} return t.${name}`)).toBe(5);
    expect(outcome(`local t = {} function t.${name}(a) return a end return t.${name}(6)`)).toBe(6);
    expect(outcome(`local t = {} function t:${name}() return self end return t:${name}() == t and 7`)).toBe(
      7,
    );
  });

  const texts = [
    "'",
    '"',
    '`',
    '\x24{1}',
    '`\x24{process.exit()}`',
    '*/ process.exit() /*',
    '//',
    '\\',
    "\\'",
    '\\u0027',
    '</script>',
    '\0',
    '\r',
    '\n',
    '\r\n',
    '\x85',
    '\xff',
    '\x1b',
    "');process.exit();('",
    '"];throw 1;//',
    '\\x27',
    '${',
    '}',
  ];

  test.each(texts)('%j is only text', (text) => {
    const spelled = [...text].map((char) => `\\${String(char.charCodeAt(0)).padStart(3, '0')}`).join('');
    expect(outcome(`return '${spelled}'`)).toBe(text);
    expect(outcome(`local t = {['${spelled}'] = 1} return next(t)`)).toBe(text);
    expect(outcome(`return ({['${spelled}'] = 9})['${spelled}']`)).toBe(9);
    expect(outcome(`return loadstring("return 8", '${spelled}')()`)).toBe(8);
    expect(
      outcome(`local f = loadstring("error('x')", '=${spelled}') local _, e = pcall(f) return type(e)`),
    ).toBe('string');
    expect(typeof outcome(`--[[ ${text} ]] return 1`)).not.toBe('undefined');
    expect(outcome(`--[==[ ${text} ]==] return 1`)).toBe(1);
    if (!/[\r\n]/.test(text)) expect(outcome(`-- ${text}\nreturn 2`)).toBe(2);
    expect(outcome(`return #[==[\n${text.replaceAll('\r', '')}]==]`)).toBe(text.replaceAll('\r', '').length);
  });

  test.each([
    '\x1bLua',
    '\x1bLuaQ\0\x01\x04\x08\x04\x08\0',
    "loadstring('\\27Lua')",
    'loadstring(string.dump(function() return 1 end))',
  ])('no byte code: %j', (code) => {
    const script = code.startsWith('\x1b') ? 'return loadstring(ARGV)' : `return ${code}`;
    const state = bounded();
    state.globals.setString('ARGV', code);
    const result = outcome(script, state);
    expect(result === undefined || String(result).startsWith('error: ')).toBe(true);
  });
});

describe('what all scripts share', () => {
  test.each([
    'x = 1',
    '_G.x = 1',
    'string.rep = nil',
    "string.x = 'y'",
    'table.concat = print_',
    'math.pi = 3',
    'cjson.encode = nil',
    'cmsgpack.x = 1',
    'struct.x = 1',
    'bit.x = 1',
    'redis.call = nil',
    'coroutine.x = 1',
    'pcall = nil',
    'function tostring() end',
    'rawset(_G, "x", 1)',
    'rawset(string, "x", 1)',
    'setmetatable(_G, {})',
    'setmetatable(_G, nil)',
    'setmetatable(string, {})',
    'getmetatable(_G).__index = function() return 1 end',
    "getmetatable('').__index = {}",
    "getmetatable('').x = 1",
    "getmetatable('').__index.rep = 1",
    "rawset(getmetatable(''), '__index', {})",
    'table.insert(_G, 1)',
    'table.insert(string, 1)',
    'getfenv(0).x = 1',
    'getfenv(1).x = 1',
    'getfenv().x = 1',
    'getfenv(tostring).x = 1',
    "loadstring('x = 1')()",
    'setmetatable(getmetatable(_G), {})',
  ])('%s', (script) => {
    const state = bounded();
    const before = snapshot(state);
    const result = String(outcome(script, state));
    expect(result.replace('user_script:1: ', '').replace('[string "x = 1"]:1: ', '')).toMatch(
      /readonly table|nonexistent global variable 'print_'/,
    );
    expect(snapshot(state)).toEqual(before);
  });

  test.each([
    'setfenv(1, {}) x = 1 return x',
    'setfenv(1, setmetatable({}, {__index = _G})) x = 1 return tostring(x)',
    'local env = {} setfenv(function() y = 1 end, env)() return env.y',
    "local f = loadstring('z = 5 return z') setfenv(f, {}) return f()",
    'pcall(setfenv, 0, {}) return 1',
    'pcall(setfenv, tostring, {}) return 1',
    'pcall(setfenv, redis.call, {}) return 1',
    'local mt = {__index = function(_, k) return k end} setfenv(1, setmetatable({}, mt)) return anything',
    'local p = newproxy(true) getmetatable(p).__index = {a = 1} getmetatable(p).__gc = error return p.a',
    'setmetatable({}, {__index = _G}).y = 1 return 1',
    'table.sort({3, 2, 1}, function(a, b) rawset({}, 1, a) return a < b end) return 1',
    'coroutine.wrap(function() setfenv(1, {}) w = 1 end)() return 1',
  ])('stays with the script: %s', (script) => {
    const state = bounded();
    const before = snapshot(state);
    outcome(script, state);
    expect(snapshot(state)).toEqual(before);
    expect(String(outcome('return x', state))).toContain('nonexistent global');
    expect(outcome("return tostring(5) .. ('a'):rep(2) .. type(pcall)", state)).toBe('5aafunction');
  });

  /** All that can be reached from the globals, by path. */
  function snapshot(state: LuaState): Map<string, unknown> {
    const found = new Map<string, unknown>();
    const seen = new Set<unknown>();
    const visit = (value: LuaValue, path: string) => {
      found.set(path, value);
      if (!(value instanceof LuaTable) || seen.has(value)) return;
      seen.add(value);
      for (let key = value.next(undefined); key !== undefined; key = value.next(key)) {
        visit(value.get(key), `${path}.${String(key)}`);
      }
      if (value.metatable !== null) visit(value.metatable, `${path}#`);
    };
    visit(state.globals, '_G');
    if (state.stringMetatable !== null) visit(state.stringMetatable, 'string#');
    return found;
  }
});

describe('coroutines', () => {
  test.each([
    [
      'local co co = coroutine.create(function() return coroutine.resume(co) end) return select(3, coroutine.resume(co))',
      'cannot resume running coroutine',
    ],
    [
      'local a, b a = coroutine.create(function() return coroutine.resume(b) end) b = coroutine.create(function() return coroutine.resume(a) end) return select(4, coroutine.resume(a))',
      'cannot resume normal coroutine',
    ],
    [
      'local co = coroutine.create(function() end) coroutine.resume(co) return select(2, coroutine.resume(co))',
      'cannot resume dead coroutine',
    ],
    [
      'local co = coroutine.create(function() error({}) end) coroutine.resume(co) return coroutine.status(co)',
      'dead',
    ],
    ['return coroutine.status(coroutine.create(function() coroutine.yield() end))', 'suspended'],
    ['local co = coroutine.wrap(function() pcall(coroutine.yield) return 5 end) return co()', 5],
    [
      'local co = coroutine.create(function() table.sort({1, 2}, coroutine.yield) end) return select(2, coroutine.resume(co))',
      'attempt to yield across metamethod/C-call boundary',
    ],
    [
      "local co = coroutine.create(function() string.gsub('a', 'a', coroutine.yield) end) return select(2, coroutine.resume(co))",
      'attempt to yield across metamethod/C-call boundary',
    ],
    ['return pcall(coroutine.yield) and 1 or 2', 2],
  ])('%s', (script, expected) => {
    expect(outcome(script)).toBe(expected);
  });

  test('a killed coroutine is not gone on with', () => {
    const state = bounded();
    expect(
      outcome(
        'coroutine.wrap(function() while true do pcall(function() while true do end end) end end)()',
        state,
      ),
    ).toBe(KILLED);
    expect(outcome('return coroutine.running() == nil', state)).toBe(true);
  });
});
