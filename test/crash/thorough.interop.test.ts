// The long forms of the crash tests: every operation, several losses, a byte of three of the last 4 KB (CRASH_STEP=1: every).

import { expect, test } from 'vitest';
import { testAofFaults } from './aof-faults.ts';
import { ALL_STORIES, cutPowerEverywhere } from './power-loss.ts';
import { testRdbFaults } from './rdb-faults.ts';
import { cutAt, flipAt, makeAppendFiles, markerPlaces } from './torn-tail.ts';

const TAIL_BYTES = 4096;
const step = Number(process.env.CRASH_STEP ?? 3);
const LONG_MS = 600_000;

const files = await makeAppendFiles(60);

testAofFaults(1);
testRdbFaults(1);

test.each(ALL_STORIES)('power cuts: $name', { timeout: LONG_MS }, async (story) => {
  const report = await cutPowerEverywhere(story, (n) => ['all is lost', 'nothing is lost', n, n + 1000]);
  console.info(`${story.name}: ${JSON.stringify(report)}`);
});

test.each(files)('$name, cut everywhere', { timeout: LONG_MS }, async (file) => {
  const size = file.bytes.length;
  expect(size).toBeGreaterThan(TAIL_BYTES);
  await cutAt(
    file,
    Array.from({ length: Math.floor(TAIL_BYTES / step) }, (_, i) => size - i * step),
  );
});

test.each(files)('$name, damaged at every marker', { timeout: LONG_MS }, async (file) => {
  const places = markerPlaces(file, 40);
  const preamble = Array.from({ length: file.preambleEnd }, (_, i) => i);
  await flipAt(file, [...places, ...preamble]);
});
