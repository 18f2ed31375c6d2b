// What a debugger is told: each new line once, again for each turn of a loop, the functions under way and their locals.

import { expect, test } from 'vitest';
import { newWorld, runScript } from './world.ts';

function follow(script: string): string[] {
  const state = newWorld();
  const seen: string[] = [];
  state.debugger = {
    onLine(frames) {
      const names = frames.map(({ functionName, line }) => `${functionName}:${line}`).join(' < ');
      const shown = frames[0]!.locals().filter(({ value }) => typeof value === 'number');
      seen.push(`${names} ${shown.map(({ name, value }) => `${name}=${value}`).join(' ')}`.trim());
      return true;
    },
  };
  const execution = state.start(state.load(script, '@user_script', { debug: true }), []);
  while (execution.run() === 'paused');
  expect(execution.error).toBeUndefined();
  return seen;
}

test('lines, loops and functions', () => {
  const script = [
    'local a = 1',
    'local function f(x)',
    '  local y = x * 2',
    '  return y',
    'end',
    'for i = 1, 2 do',
    '  a = a + f(i)',
    'end',
    'while a > 6 do',
    '  a = a - 1 a = a + 0',
    'end',
    'return a',
  ].join('\n');
  expect(follow(script)).toEqual([
    'top level:1',
    'top level:5 a=1',
    'top level:6 a=1',
    'top level:7 a=1 (for index)=1 (for limit)=2 (for step)=1 i=1',
    'f:3 < top level:7 x=1',
    'f:4 < top level:7 x=1 y=2',
    'top level:6 a=3',
    'top level:7 a=3 (for index)=2 (for limit)=2 (for step)=1 i=2',
    'f:3 < top level:7 x=2',
    'f:4 < top level:7 x=2 y=4',
    'top level:6 a=7',
    'top level:9 a=7',
    'top level:10 a=7',
    'top level:9 a=6',
    'top level:12 a=6',
  ]);
});

test('a loop on one line is seen each time', () => {
  const seen = follow('local n=0 for i=1,3 do n=n+i end return n');
  expect(seen.map((line) => line.split(' ')[1])).toEqual(['level:1', 'level:1', 'level:1', 'level:1']);
});

test('frames go away with errors that are caught', () => {
  const script = 'local function f()\n error("x")\nend\npcall(f)\nlocal z = 1\nreturn z';
  expect(follow(script).at(-1)).toBe('top level:6 z=1');
});

test('locals that closures share show what they hold now', () => {
  const script = 'local n = 1\nlocal function up() n = n + 1 end\nup()\nreturn n';
  expect(follow(script).at(-1)).toBe('top level:4 n=2');
});

test('results are the same with it', () => {
  const script = 'local t={} for i=1,5 do t[i]=i*i end local s=0 for _,v in ipairs(t) do s=s+v end return s';
  expect(follow(script).length).toBeGreaterThan(5);
  expect(runScript(newWorld(), script)).toBe(55);
});
