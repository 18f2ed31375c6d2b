// Tells every story of some case tables in every mode. Where there is a real Redis, it is told the story first: an
// expectation that the reference contradicts is wrong, whatever our server answers.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CommandCase } from './case.ts';
import { closedSteps, isWait, MODES, type Mode, tellStory } from './modes.ts';
import { findReference, isVersionAtLeast, type ReferenceProgram, ReferenceServer } from './reference.ts';
import { changesTheServer, commandToCome, type Table } from './tables.ts';
import { TestServer } from './test-server.ts';

/** What the reference answered, to compare byte for byte where a case leaves nothing open. By `nameOfTelling`. */
type Answers = Map<string, (string | null)[]>;

const LONG_WAIT_MS = 1000;

interface Telling {
  readonly story: CommandCase;
  readonly mode: Mode;
  readonly name: string;
}

/** Declares the tests of tables. */
export function tellTables(tables: readonly Table[]): void {
  const reference = findReference();
  const answers: Answers = new Map();
  if (reference !== null)
    describe('the reference agrees', () => tellTheReference(reference, tables, answers));

  // A story that needs a command of a later version waits for it, and is told as soon as the command exists.
  const waiting = tables
    .flatMap(({ cases }) => cases.map(commandToCome))
    .filter((name) => name !== undefined);
  afterAll(() => {
    for (const name of new Set(waiting)) {
      const count = waiting.filter((one) => one === name).length;
      console.info(`${count} stories wait for a later version with ${name.toUpperCase()}`);
    }
  });

  for (const mode of MODES) {
    describe(mode.name, () => {
      for (const table of tables) {
        const stories = table.cases.filter((one) => mode.takes(one) && commandToCome(one) === undefined);
        if (stories.length > 0) describe(table.name, () => tellOurs(table, stories, mode, answers));
      }
    });
  }
}

function nameOfTelling(table: Table, story: CommandCase, mode: Mode): string {
  return `${table.name}/${story.name}/${mode.name}`;
}

function tellOurs(table: Table, stories: readonly CommandCase[], mode: Mode, answers: Answers): void {
  for (const story of stories) {
    test(story.name, async () => {
      const server = await TestServer.start(story.config === undefined ? {} : { config: story.config });
      try {
        const replies = await tellStory(story, mode, server.connect(), (ms) => server.advance(ms));
        const theirs = answers.get(nameOfTelling(table, story, mode));
        if (theirs === undefined) return;
        for (const i of closedSteps(story)) {
          expect(replies[i], `the bytes of step ${i + 1}`).toBe(theirs[i]);
        }
      } finally {
        await server.close();
      }
    });
  }
}

function tellTheReference(program: ReferenceProgram, tables: readonly Table[], answers: Answers): void {
  const olderThan = new Map<string, number>();
  let shared: ReferenceServer | null = null;

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

  const tellings: Telling[] = tables.flatMap((table) =>
    table.cases.filter(isTold).flatMap((story) =>
      MODES.slice(0, 2)
        .filter((mode) => mode.takes(story))
        .map((mode) => ({ story, mode, name: nameOfTelling(table, story, mode) })),
    ),
  );
  const tell = async ({ story, mode, name }: Telling, server: ReferenceServer) => {
    const client = await server.connect();
    if (server === shared) await client.pipeline(['FLUSHALL', 'CONFIG RESETSTAT']);
    answers.set(name, await tellStory(story, mode, client, waitReally));
    client.close();
  };

  // Starting a server for each story would take minutes.
  const isAlone = ({ story }: Telling) => changesTheServer(story) || waitsLong(story);
  for (const telling of tellings.filter((one) => !isAlone(one))) {
    test(telling.name, () => tell(telling, shared!));
  }
  // Who waits for seconds need not do so one after another; who waits for milliseconds must not be held up by others.
  const alone = tellings.filter(isAlone);
  const isHasty = ({ story }: Telling) => story.steps.some(isWait) && !waitsLong(story);
  for (const concurrent of [true, false]) {
    for (const telling of alone.filter((one) => isHasty(one) !== concurrent)) {
      test(telling.name, { concurrent }, async () => {
        const server = await ReferenceServer.start(program, telling.story.config);
        try {
          await tell(telling, server);
        } finally {
          await server.stop();
        }
      });
    }
  }
}

function waitsLong({ steps }: CommandCase): boolean {
  const waits = steps.filter(isWait);
  return waits.length > 0 && waits.every(({ waitMs }) => waitMs >= LONG_WAIT_MS);
}

function waitReally(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
