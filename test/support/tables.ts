// The case tables (test/commands/*.cases.ts), and what has to be known of a story before it is told.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { COMMANDS } from '../../src/commands/registry.ts';
import type { CommandCase } from './case.ts';
import { isWait, nameOf } from './modes.ts';
import { argumentsOf } from './test-client.ts';

export interface Table {
  readonly name: string;
  readonly cases: readonly CommandCase[];
}

const FOLDER = join(import.meta.dirname, '../commands');
const SUFFIX = '.cases.ts';
const KNOWN: ReadonlySet<string> = new Set(COMMANDS.map(({ name }) => name));
const CHANGE_THE_SERVER: ReadonlySet<string> = new Set(
  'acl client cluster config debug failover function latency module replicaof script shutdown slaveof slowlog'.split(
    ' ',
  ),
);

/** All tables, in the order of their names. */
export async function readTables(): Promise<Table[]> {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(SUFFIX));
  return Promise.all(
    files.sort().map(async (file) => {
      const { href } = pathToFileURL(join(FOLDER, file));
      const { cases } = (await import(/* @vite-ignore */ href)) as { cases: readonly CommandCase[] };
      return { name: file.slice(0, -SUFFIX.length), cases };
    }),
  );
}

/** The first command of a story that our server does not have, unless the story is about its absence. */
export function commandToCome({ steps }: CommandCase): string | undefined {
  for (const step of steps) {
    if (isWait(step)) continue;
    const [request, expected] = step;
    const isAboutAbsence =
      typeof expected === 'object' &&
      expected !== null &&
      'text' in expected &&
      expected.text.includes('unknown command');
    const name = nameOf(argumentsOf(request));
    if (!isAboutAbsence && !KNOWN.has(name)) return name;
  }
  return undefined;
}

/** Whether a story changes more than keys, so that none should follow on the same server. */
export function changesTheServer({ config, steps }: CommandCase): boolean {
  return (
    config !== undefined ||
    steps.some((step) => !isWait(step) && CHANGE_THE_SERVER.has(nameOf(argumentsOf(step[0]))))
  );
}

// The tables are told by three suites, so that a second processor has something to do.

export function isOfStrings({ name }: Table): boolean {
  return /^(bit|dump|expire|geo|hyperloglog|keys|object|string)/.test(name);
}

export function isOfCollections({ name }: Table): boolean {
  return /^(hash|list|set|sort|stream)/.test(name);
}
