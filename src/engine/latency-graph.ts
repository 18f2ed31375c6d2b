// The picture that LATENCY GRAPH draws of an event: a column for every sample, four rows of characters high, under it how
// long ago it was, one letter below the other.

import type { LatencySample, LatencySeries } from './latency-monitor.ts';

const ROWS = 4;
const COLUMNS = 80;
// Three heights within a row, and what a column is filled with below its top.
const TOPS = '_o#';
const FILLING = '|';

const UNITS: readonly (readonly [seconds: number, letter: string])[] = [
  [24 * 3600, 'd'],
  [3600, 'h'],
  [60, 'm'],
  [1, 's'],
];

/** A heading with the figures of the event, a ruler, and the columns of all samples, the oldest on the left. */
export function drawLatency({ event, maxMs, samples }: LatencySeries, nowSeconds: number): string {
  const durations = samples.map(({ durationMs }) => durationMs);
  const high = Math.max(...durations);
  const low = Math.min(...durations);
  const heading = `${event} - high ${high} ms, low ${low} ms (all time high ${maxMs} ms)\n`;
  const parts: string[] = [];
  for (let first = 0; first < samples.length; first += COLUMNS) {
    parts.push(drawColumns(samples.slice(first, first + COLUMNS), low, high, nowSeconds));
  }
  return `${heading}${'-'.repeat(COLUMNS)}\n${parts.join('\n')}`;
}

function drawColumns(
  samples: readonly LatencySample[],
  low: number,
  high: number,
  nowSeconds: number,
): string {
  const steps = TOPS.length * ROWS;
  const range = high === low ? 1 : high - low;
  const heights = samples.map(({ durationMs }) =>
    Math.min(steps - 1, Math.trunc(((durationMs - low) * steps) / range)),
  );
  const labels = samples.map(({ timeSeconds }) => ago(nowSeconds - timeSeconds));
  const lines: string[] = [];
  for (let row = ROWS - 1; row >= 0; row--) {
    lines.push(heights.map((height) => characterAt(height - row * TOPS.length)).join(''));
  }
  lines.push(' '.repeat(samples.length));
  const longest = Math.max(...labels.map((label) => label.length));
  for (let i = 0; i < longest; i++) lines.push(labels.map((label) => label[i] ?? ' ').join(''));
  return lines.map((line) => `${line}\n`).join('');
}

// What a column shows in a row whose lowest step is so many steps below its top.
function characterAt(steps: number): string {
  if (steps < 0) return ' ';
  return TOPS[steps] ?? FILLING;
}

function ago(seconds: number): string {
  const [unit, letter] = UNITS.find(([unitSeconds]) => seconds >= unitSeconds) ?? UNITS.at(-1)!;
  return `${Math.floor(seconds / unit)}${letter}`;
}
