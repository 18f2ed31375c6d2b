// Tells every story of the tables beside this file (*.cases.ts) in every mode. Where there is a real Redis, it is told
// the story first: an expectation that the reference contradicts is wrong, whatever our server answers.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/commands/registry.ts';
import type { CommandCase } from '../support/case.ts';
import { closedSteps, isWait, MODES, nameOf, tellStory } from '../support/modes.ts';
import {
  findReference,
  isVersionAtLeast,
  type ReferenceProgram,
  ReferenceServer,
} from '../support/reference.ts';
import { argumentsOf } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';

const SUFFIX = '.cases.ts';
const groups: { name: string; cases: readonly CommandCase[] }[] = [];
for (const file of readdirSync(import.meta.dirname).sort()) {
  if (!file.endsWith(SUFFIX)) continue;
  const { href } = pathToFileURL(join(import.meta.dirname, file));
  const module = (await import(/* @vite-ignore */ href)) as { cases: readonly CommandCase[] };
  groups.push({ name: file.slice(0, -SUFFIX.length), cases: module.cases });
}

test('every table has stories, and every story a name of its own', () => {
  for (const { name, cases } of groups) {
    expect(cases.length, name).toBeGreaterThan(0);
    expect(new Set(cases.map((story) => story.name)).size, name).toBe(cases.length);
  }
});

const reference = findReference();
// What the reference answered, to compare byte for byte where a case leaves nothing open.
const referenceReplies = new Map<string, (string | null)[]>();

if (reference !== null) describe('the reference agrees', () => tellTheReference(reference));

// A story that needs a command of a later version waits for it, and is told as soon as the command exists.
const waiting = new Map<string, number>();

/** The first command of a story that our server does not have, unless the story is about its absence. */
function commandToCome(story: CommandCase): string | undefined {
  for (const step of story.steps) {
    if (isWait(step)) continue;
    const name = nameOf(argumentsOf(step[0]));
    const expected = step[1];
    const isAboutAbsence =
      typeof expected === 'object' &&
      expected !== null &&
      'text' in expected &&
      expected.text.includes('unknown command');
    if (!isAboutAbsence && !COMMANDS.some((command) => command.name === name)) return name;
  }
  return undefined;
}

for (const { cases } of groups) {
  for (const name of cases.map(commandToCome)) {
    if (name !== undefined) waiting.set(name, (waiting.get(name) ?? 0) + 1);
  }
}

afterAll(() => {
  const list = [...waiting].map(([name, count]) => `${name.toUpperCase()} (${count})`);
  if (list.length > 0) console.info(`stories that wait for commands of later versions: ${list.join(', ')}`);
});

for (const mode of MODES) {
  describe(mode.name, () => {
    for (const { name, cases } of groups) {
      const stories = cases.filter((one) => mode.takes(one) && commandToCome(one) === undefined);
      if (stories.length === 0) continue;
      describe(name, () => {
        for (const story of stories) {
          test(story.name, async () => {
            const server = await TestServer.start(story.config === undefined ? {} : { config: story.config });
            try {
              const pass = (ms: number) => server.advance(ms);
              const replies = await tellStory(story, mode, server.connect(), pass);
              const theirs = referenceReplies.get(`${name}/${story.name}/${mode.name}`);
              if (theirs !== undefined) {
                for (const i of closedSteps(story)) {
                  expect(replies[i], `the bytes of step ${i + 1}`).toBe(theirs[i]);
                }
              }
            } finally {
              await server.close();
            }
          });
        }
      });
    }
  });
}

function waitReally(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function tellTheReference(program: ReferenceProgram): void {
  // Stories that change more than keys get a server of their own; starting one for each would take minutes.
  const CHANGES_THE_SERVER = new Set(
    'config debug acl script function shutdown replicaof slaveof client latency slowlog module cluster failover'.split(
      ' ',
    ),
  );
  let shared: ReferenceServer | null = null;
  const olderThan = new Map<string, number>();

  beforeAll(async () => {
    shared = await ReferenceServer.start(program);
  });

  afterAll(async () => {
    await shared?.stop();
    for (const [version, count] of olderThan) {
      console.info(`${count} stories were not told to Redis ${program.version}: they hold since ${version}`);
    }
  });

  const isTold = (story: CommandCase): boolean => {
    if (story.not?.reference !== undefined) return false;
    const { referenceSince } = story;
    if (referenceSince === undefined || isVersionAtLeast(program.version, referenceSince)) return true;
    olderThan.set(referenceSince, (olderThan.get(referenceSince) ?? 0) + 1);
    return false;
  };

  for (const { name, cases } of groups) {
    const told = cases.filter(isTold);
    if (told.length === 0) continue;
    describe(name, () => {
      for (const story of told) {
        const needsOwn =
          story.config !== undefined ||
          story.steps.some((step) => !isWait(step) && CHANGES_THE_SERVER.has(nameOf(argumentsOf(step[0]))));
        for (const mode of MODES.slice(0, 2).filter((one) => one.takes(story))) {
          test(`${story.name} (${mode.name})`, async () => {
            const server = needsOwn ? await ReferenceServer.start(program, story.config) : shared!;
            try {
              const client = await server.connect();
              if (!needsOwn) await client.pipeline(['FLUSHALL', 'CONFIG RESETSTAT']);
              const replies = await tellStory(story, mode, client, waitReally);
              referenceReplies.set(`${name}/${story.name}/${mode.name}`, replies);
              client.close();
            } finally {
              if (needsOwn) await server.stop();
            }
          });
        }
      }
    });
  }
}
