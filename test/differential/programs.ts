// The programs that servers are compared by: fixed by a seed, and independent of what a server answers. A series is all
// programs of one kind. Beside a real server they are run live (*.interop.test.ts beside this file); what Redis 7.2.4 answers to
// the first seeds is recorded (see record.ts) and compared everywhere.

import { SeededRandom } from '../../src/index.ts';
import type { Frame, Protocol } from '../support/resp.ts';
import type { TestClient } from '../support/test-client.ts';
import { answerText, keyspaceText } from './answers.ts';
import { eventsText, LISTENING } from './events.ts';
import { listNodes, listProgram } from './list-fuzzer.ts';
import { StreamFuzzer, streamGroups, streamText } from './stream-fuzzer.ts';
import { requestsOf, THEMES, type Theme } from './themes.ts';

export type Request = readonly string[];

export interface Program {
  /** What sets an empty server up, before the protocol is chosen. */
  readonly setUp: readonly Request[];
  readonly requests: readonly Request[];
}

export interface Series {
  readonly name: string;
  /** Directives that the server is started with. */
  readonly config: Readonly<Record<string, string>>;
  /** The seeds that are recorded are 1 to this, each in both protocols. */
  readonly recordedSeeds: number;
  /** After so many requests it is looked at what the server holds. */
  readonly blockSteps: number;
  /** The suite that runs the same programs beside a real server. */
  readonly suite: string;
  program(seed: number, protocol: Protocol): Program;
  /** The answer to a request, without what Redis leaves open. */
  answer(request: Request, frame: Frame, nowMs: number): string;
  /** What the server holds, asked over another connection than the program's. */
  state(client: TestClient, nowMs: number): Promise<string[]>;
}

const LIVE_DEBUG = { 'enable-debug-command': 'yes' };
const THEME_STEPS = 1000;
const LIST_STEPS = 400;
const STREAM_STEPS = 200;
// Other programs than those whose answers are compared.
const EVENT_SEEDS = 1000;

const themes: Series[] = THEMES.map((theme) => ({
  name: theme.name,
  config: { ...theme.config, ...LIVE_DEBUG },
  recordedSeeds: 5,
  blockSteps: 50,
  suite: 'themes',
  program: (seed, protocol) => ({ setUp: [], requests: themeRequests(theme, seed, protocol) }),
  answer: answerText,
  state: keyspaceText,
}));

function themeRequests(theme: Theme, seed: number, protocol: Protocol): Request[] {
  return requestsOf(
    theme,
    new SeededRandom(Buffer.from(`theme ${theme.name} ${seed} ${protocol}`)),
  )(THEME_STEPS);
}

/** Lists under many settings, and the nodes that they become. */
export const LIST_NODES: Series = {
  name: 'nodes of lists',
  config: LIVE_DEBUG,
  recordedSeeds: 13,
  blockSteps: 10,
  suite: 'list-nodes',
  program: (seed) => listProgram(new SeededRandom(Buffer.from(`lists ${seed}`)), LIST_STEPS),
  answer: answerText,
  state: listNodes,
};

/** Streams with their groups: the generic fuzzer hardly ever hits an entry that is there. */
export const STREAMS: Series = {
  name: 'streams and groups',
  config: LIVE_DEBUG,
  recordedSeeds: 25,
  blockSteps: 25,
  suite: 'streams',
  program(seed, protocol) {
    const random = new SeededRandom(Buffer.from(`streams ${seed} ${protocol}`));
    const nodes = ['3', '10', '100', '0'][random.below(4)]!;
    const setUp = [['CONFIG', 'SET', 'stream-node-max-entries', nodes]];
    return { setUp, requests: new StreamFuzzer(random).sequence(STREAM_STEPS) };
  },
  answer: (request, frame) => streamText(request, frame.raw),
  state: async (client, nowMs) => [...(await keyspaceText(client, nowMs)), ...(await streamGroups(client))],
};

// SORT looks for the weights of a list in its order, for those of others in that of a table.
function hasEventsInOrder({ name }: Theme, [command]: Request): boolean {
  return name === 'lists' || !/^sort(_ro)?$/i.test(command!);
}

/** The programs of all themes, one after another, and every key event that they cause. */
export const KEY_EVENTS: Series = {
  name: 'key events',
  config: LIVE_DEBUG,
  recordedSeeds: 2 * THEMES.length,
  blockSteps: 25,
  suite: 'events',
  program(seed, protocol) {
    const theme = THEMES[(seed - 1) % THEMES.length]!;
    const requests = themeRequests(theme, seed + EVENT_SEEDS, protocol);
    return { setUp: LISTENING, requests: requests.filter((request) => hasEventsInOrder(theme, request)) };
  },
  answer: () => '',
  state: eventsText,
};

export const SERIES: readonly Series[] = [...themes, LIST_NODES, STREAMS, KEY_EVENTS];
