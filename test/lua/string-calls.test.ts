// The string library against what Redis 7.2.4 answered to the same calls: chosen ones and generated ones.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LuaError } from '../../src/lua/errors.ts';
import { LuaTable } from '../../src/lua/table.ts';
import type { LuaFunction, LuaValue } from '../../src/lua/value.ts';
import { newStrings, toEnd } from './string-support.ts';

type Recorded =
  | null
  | boolean
  | number
  | string
  | { n: string }
  | { f: string }
  | { t: [Recorded, Recorded][] };

interface Row {
  call: [string, ...Recorded[]];
  returns?: unknown[];
  raises?: string;
}

const MOST_MATCHES = 20;
const rows = recordedRows();
const strings = newStrings();

test('there are rows of every function', () => {
  expect(rows.length).toBeGreaterThan(1000);
  const names = new Set(rows.map((row) => row.call[0]));
  expect([...names].sort()).toEqual(
    'byte char dump find format gfind gmatch gsub len lower match rep reverse sub upper'.split(' '),
  );
});

test('returns and raises what Redis 7.2.4 does', () => {
  const different = rows.flatMap((row) => {
    const ours = answerOf(row);
    const theirs = { returns: row.returns, raises: row.raises };
    return JSON.stringify(ours) === JSON.stringify(theirs) ? [] : [{ call: row.call, ours, theirs }];
  });
  expect(different).toEqual([]);
});

function answerOf(row: Row): { returns: unknown[] | undefined; raises: string | undefined } {
  const [name, ...args] = row.call;
  try {
    const values = strings.call(name, ...args.map(luaValue));
    const returned = name === 'gmatch' ? matchesOf(values[0] as LuaFunction) : values.map(shown);
    return { returns: returned, raises: undefined };
  } catch (error) {
    if (!(error instanceof LuaError)) throw error;
    return { returns: undefined, raises: String(error.value) };
  }
}

function matchesOf(next: LuaFunction): unknown[] {
  const matches: unknown[] = [];
  while (matches.length < MOST_MATCHES) {
    const values = toEnd(next());
    if (values.length === 0) break;
    matches.push(values.map(shown));
  }
  return matches;
}

function luaValue(recorded: Recorded): LuaValue {
  if (recorded === null) return undefined;
  if (typeof recorded !== 'object') return recorded;
  if ('n' in recorded) {
    return { inf: Infinity, '-inf': -Infinity, '-nan': Number.NaN, '-0': -0 }[recorded.n];
  }
  if ('f' in recorded) return strings.get(recorded.f);
  const table = new LuaTable();
  for (const [key, value] of recorded.t) table.set(luaValue(key), luaValue(value));
  return table;
}

function shown(value: LuaValue): unknown {
  if (value === undefined) return null;
  if (typeof value === 'function') return { is: 'function' };
  return typeof value === 'object' ? { is: 'table' } : value;
}

function recordedRows(): Row[] {
  const path = join(import.meta.dirname, '../golden/lua-string-calls-7.2.4.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { rows: Row[] }).rows;
}
