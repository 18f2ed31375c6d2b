// The records of what Redis answered to the programs, in test/golden/answers: for each seed and protocol a hash of the
// program, and a short hash of each block of answers. Small enough to keep, and enough to see which block differs.

import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Protocol } from '../support/resp.ts';
import { type Block, type Side, tell } from './compare.ts';
import type { Program, Series } from './programs.ts';

/** The version whose answers are recorded. */
export const RECORDED_VERSION = '7.2.4';

const FOLDER = join(import.meta.dirname, '../golden/answers');
const HASH_DIGITS = 8;

/** One program's record. */
export interface Run {
  readonly seed: number;
  readonly protocol: Protocol;
  readonly program: string;
  /** A hash of HASH_DIGITS digits for each block, without anything in between. */
  readonly answers: string;
}

interface Recorded {
  readonly redis: string;
  readonly runs: readonly Run[];
}

export function pathOf(series: Series): string {
  return join(FOLDER, `${series.name.replaceAll(' ', '-')}.json`);
}

export function readRecord(series: Series): Recorded {
  return JSON.parse(readFileSync(pathOf(series), 'utf8')) as Recorded;
}

export function writeRecord(series: Series, runs: readonly Run[]): void {
  const record: Recorded = { redis: RECORDED_VERSION, runs };
  writeFileSync(pathOf(series), `${JSON.stringify(record, null, 2)}\n`);
}

/** All seeds and protocols of a series. */
export function runsOf(series: Series): { seed: number; protocol: Protocol }[] {
  return Array.from({ length: series.recordedSeeds }, (_, i) => i + 1).flatMap((seed) =>
    ([2, 3] as const).map((protocol) => ({ seed, protocol })),
  );
}

export async function recordOf(series: Series, side: Side): Promise<Run[]> {
  const runs: Run[] = [];
  for (const { seed, protocol } of runsOf(series)) {
    const program = series.program(seed, protocol);
    const blocks = await tell(side, program, protocol, series);
    runs.push({ seed, protocol, program: hashOfProgram(program), answers: blocks.map(hashOf).join('') });
  }
  return runs;
}

/** Which block of two records differs first, or -1. */
export function differingBlock(recorded: string, answers: string): number {
  for (let at = 0; at < Math.max(recorded.length, answers.length); at += HASH_DIGITS) {
    const end = at + HASH_DIGITS;
    if (recorded.slice(at, end) !== answers.slice(at, end)) return at / HASH_DIGITS;
  }
  return -1;
}

export function hashOfProgram(program: Program): string {
  return digits(JSON.stringify(program));
}

/** A block of answers in few digits: an accident hides a difference once in four billion. */
export function hashOf(block: Block): string {
  return digits(JSON.stringify(block));
}

function digits(text: string): string {
  return createHash('sha1').update(text, 'utf8').digest('hex').slice(0, HASH_DIGITS);
}
