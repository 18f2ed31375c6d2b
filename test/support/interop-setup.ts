// Before the interop suite: builds the package as it is now into a directory of its own, so that what is tested is what
// would be installed, and neither a stale nor somebody else's build.

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findReference, requireProgram } from './reference.ts';

const ROOT = join(import.meta.dirname, '../..');

/** vitest calls this once; what it returns it calls at the end. */
export default function setup(): () => void {
  process.env.RESPITE_INTEROP = '1';
  const reference = findReference()!;
  for (const name of ['redis-cli', 'redis-benchmark']) requireProgram(name);
  console.info(`the reference is Redis ${reference.version}, ${reference.path}`);
  return buildPackage();
}

/** Builds the package for `OurProcess`; returns what removes it. */
export function buildPackage(): () => void {
  const directory = mkdtempSync(join(tmpdir(), 'respite-package-'));
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  const options = ['-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(directory, 'dist')];
  const remove = () => rmSync(directory, { recursive: true, force: true });
  try {
    execFileSync(process.execPath, [compiler, ...options], { stdio: 'inherit' });
  } catch (error) {
    remove();
    throw error;
  }
  mkdirSync(join(directory, 'bin'));
  for (const file of [
    'bin/check-aof.js',
    'bin/check-rdb.js',
    'bin/server.js',
    'package.json',
    'redis.conf',
  ]) {
    copyFileSync(join(ROOT, file), join(directory, file));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'), 'junction');
  process.env.RESPITE_PACKAGE = directory;
  return remove;
}
