// Records what Redis 7.2.4 answers to the programs: `npm run record`, with a redis-server of that version on the PATH (or
// named by RESPITE_REFERENCE_SERVER). Needed when a program has changed: the arguments of a command's spec, a pool of values,
// a command more. Prints which records are others than before.

import { readFileSync } from 'node:fs';
import { findReference, ReferenceServer } from '../support/reference.ts';
import type { Side } from './compare.ts';
import { SERIES } from './programs.ts';
import { pathOf, RECORDED_VERSION, recordOf, writeRecord } from './records.ts';

const program = findReference();
if (program?.version !== RECORDED_VERSION) {
  throw new Error(`records are made with Redis ${RECORDED_VERSION}, not with ${program?.version ?? 'none'}`);
}

for (const series of SERIES) {
  const server = await ReferenceServer.start(program, series.config);
  const side: Side = { name: 'reference', connect: () => server.connect(), nowMs: Date.now };
  try {
    const before = textAt(pathOf(series));
    writeRecord(series, await recordOf(series, side));
    console.info(`${series.name}: ${textAt(pathOf(series)) === before ? 'as before' : 'recorded'}`);
  } finally {
    await server.stop();
  }
}

function textAt(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
