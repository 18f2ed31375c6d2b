// When the collector is told to wait for more, and when it is left to its own rule.

import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { letSmallHeapGrow } from '../../src/process/collector.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

const MB = 1024 * 1024;

test('only a small heap may grow beyond what V8 would let it', async () => {
  const virtual = new VirtualRuntime();
  const flags: string[] = [];
  let usedBytes = 20 * MB;
  const heap = () => ({ ...virtual.process.heap(), usedBytes });
  const process = { ...virtual.process, heap };
  const timer = letSmallHeapGrow({ process, timers: virtual.timers }, (flag) => flags.push(flag));
  const told = async (bytes: number): Promise<string[]> => {
    usedBytes = bytes;
    await virtual.advance(1000);
    return flags.splice(0);
  };
  expect(flags.splice(0)).toEqual(['--heap-growing-percent=300']);
  expect(await told(100 * MB)).toEqual([]);
  expect(await told(129 * MB)).toEqual(['--heap-growing-percent=0']);
  expect(await told(500 * MB)).toEqual([]);
  expect(await told(100 * MB)).toEqual([]);
  expect(await told(60 * MB)).toEqual(['--heap-growing-percent=300']);
  timer.cancel();
  expect(await told(500 * MB)).toEqual([]);
});

test('V8 knows the flags that the process sets', () => {
  const options = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  for (const flag of [
    'heap-growing-percent',
    'max-inlined-bytecode-size',
    'max-inlined-bytecode-size-cumulative',
  ]) {
    expect(options).toContain(` --${flag} `);
  }
});
