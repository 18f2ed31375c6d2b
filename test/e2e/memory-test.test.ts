// --test-memory as a user calls it, beside the real server: the same bytes, the same exit codes.

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageDirectory } from '../support/our-process.ts';
import { findReference } from '../support/reference.ts';
import { runProgram } from '../support/run-program.ts';

const reference = findReference()!;
const ours = (args: readonly string[]) =>
  runProgram(process.execPath, [join(packageDirectory(), 'bin/server.js'), '--test-memory', ...args]);

test.each([['1'], ['0'], ['-1'], []])('%j', async (...args) => {
  const mine = await ours(args);
  const theirs = await runProgram(reference.path, ['--test-memory', ...args]);
  expect([mine.code, mine.stderr]).toEqual([theirs.code, theirs.stderr]);
  // Not as an assertion of texts: they are a megabyte of dots.
  expect(mine.stdout === theirs.stdout).toBe(true);
});
