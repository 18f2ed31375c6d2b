#!/usr/bin/env node
// Starts respite-check-rdb: the built one, or in a checkout without a build the sources.

import { existsSync } from 'node:fs';

const built = new URL('../dist/tools/main-check-rdb.js', import.meta.url);
if (existsSync(built)) {
  await import(built.href);
} else {
  const { register } = await import('tsx/esm/api');
  register();
  await import(new URL('../src/tools/main-check-rdb.ts', import.meta.url).href);
}
