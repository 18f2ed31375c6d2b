// Append-only files that are damaged anywhere: ours loads what the real server loads, and refuses what it refuses.
// CRASH_DAMAGES=1000 for the long run.

import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { SeededRandom } from '../../src/base/runtime.ts';
import type { DiskImage } from '../support/disk-journal.ts';
import { findReference } from '../support/reference.ts';
import { CrashProcess } from './crash-process.ts';
import { FOLDER } from './disk-server.ts';
import { type AppendFile, damaged, makeAppendFiles, startOver } from './torn-tail.ts';

const damages = Number(process.env.CRASH_DAMAGES ?? 40);
const seed = Number(process.env.CRASH_SEED ?? Math.floor(Math.random() * 1e9));
const reference = findReference()!;
const [file] = (await makeAppendFiles(20)) as [AppendFile];

/** What the real server made of it: digest and size of the file, or null. */
async function realOutcome(image: DiskImage): Promise<{ digest: string; size: number } | null> {
  const directory = mkdtempSync(join(tmpdir(), 'respite-damaged-'));
  try {
    for (const [path, bytes] of image.files) {
      const real = join(directory, path.slice(FOLDER.length));
      mkdirSync(dirname(real), { recursive: true });
      writeFileSync(real, bytes);
    }
    const directives = { appendonly: 'yes', appendfsync: 'no', 'enable-debug-command': 'yes' };
    const server = await CrashProcess.run(directory, directives, { command: [reference.path] });
    try {
      await server.hasLoaded();
      const digest = String(await (await server.connect()).value('DEBUG', 'DIGEST'));
      return { digest, size: statSync(join(directory, file.path)).size };
    } catch (error) {
      if (server.hasEnded) return null;
      throw error;
    } finally {
      await server.kill();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test(`damaged append-only files, seed ${seed}`, { timeout: 60_000 + damages * 2000 }, async () => {
  const random = new SeededRandom(Buffer.from(`damage ${seed}`));
  let loaded = 0;
  for (let i = 0; i < damages; i++) {
    const { bytes, what } = damaged(file.bytes, random);
    const image = file.diskWith(bytes);
    const theirs = await realOutcome(image);
    const outcome = await startOver(image, file.path, 'yes');
    if (theirs !== null) loaded++;
    const ours = outcome instanceof Error ? null : { digest: outcome.digest, size: outcome.size };
    // The size differs where a transaction is cut off: see docs/differences.md.
    const isCutInTransaction =
      ours !== null && bytes.toString('latin1', ours.size).startsWith('*1\r\n$5\r\nMULTI\r\n');
    expect(
      ours?.digest ?? 'refused',
      `${what}: ${outcome instanceof Error ? outcome.message : outcome.log}`,
    ).toBe(theirs?.digest ?? 'refused');
    if (!isCutInTransaction) expect(ours?.size, what).toBe(theirs?.size);
  }
  console.info(`seed ${seed}: ${loaded} of ${damages} were loaded`);
});
