// The ways in which a case's story is told to a server. A mode says which stories it can tell and how one step goes over
// the wire; what the replies must be stays the same in all of them.

import { COMMANDS } from '../../src/commands/registry.ts';
import { COMMAND_FLAG, type Command } from '../../src/engine/command-spec.ts';
import type { CommandCase, Step, Wait } from './case.ts';
import { type Expected, error } from './expected.ts';
import { isLoose, matchParsed, matchReply } from './match-reply.ts';
import { encodeRequest, type Frame } from './resp.ts';
import { argumentsOf, type TestClient } from './test-client.ts';

export type ModeName = 'plain' | 'resp3' | 'cut' | 'multi' | 'script';

export interface Mode {
  readonly name: ModeName;
  /** Whether the story can be told in this mode. */
  takes(story: CommandCase): boolean;
  /** Before the first step. */
  begin(client: TestClient): Promise<void>;
  /** Tells one step; returns the raw reply, or throws a text that says what is wrong with it. */
  tell(client: TestClient, args: readonly string[], expected: Expected): Promise<string>;
}

/** Lets time pass for the server that the story is told to. */
export type Pass = (ms: number) => Promise<void>;

/** A reply that is not what the case expects. */
export class WrongReply extends Error {}

const plain: Mode = {
  name: 'plain',
  takes: () => true,
  begin: async () => {},
  async tell(client, args, expected) {
    client.send(args);
    return matched(client, args, expected, await replyTo(client, expected));
  },
};

const resp3: Mode = {
  ...plain,
  name: 'resp3',
  takes: (story) => story.not?.resp3 === undefined,
  async begin(client) {
    const { reply } = await client.call('HELLO 3');
    if (reply.type !== 'map') throw new WrongReply(`HELLO 3 was answered with a ${reply.type}`);
  },
};

const ALL_CUTS_UP_TO_BYTES = 200;
const CUTS_IN_THE_MIDDLE = 50;

const cut: Mode = {
  ...plain,
  name: 'cut',
  takes: (story) => story.not?.cut === undefined,
  async tell(client, args, expected) {
    for (const piece of pieces(encodeRequest(args))) client.write(piece);
    return matched(client, args, expected, await replyTo(client, expected));
  },
};

// A request in single bytes; of a long one the ends in single bytes and the middle in a bounded number of pieces.
function pieces(bytes: Buffer): Buffer[] {
  const cuts: number[] = [];
  const step = Math.max(1, Math.ceil((bytes.length - ALL_CUTS_UP_TO_BYTES) / CUTS_IN_THE_MIDDLE));
  const head = ALL_CUTS_UP_TO_BYTES / 2;
  for (let at = 1; at < bytes.length; ) {
    cuts.push(at);
    at += at < head || at >= bytes.length - head ? 1 : Math.min(step, bytes.length - head - at);
  }
  return [0, ...cuts].map((start, i) => bytes.subarray(start, cuts[i] ?? bytes.length));
}

// Stories about transactions cannot be told inside of one.
const TRANSACTION_COMMANDS: ReadonlySet<string> = new Set([
  'multi',
  'exec',
  'discard',
  'watch',
  'unwatch',
  'reset',
  'quit',
]);
// These decide about the connection itself, so they are told outside of the transaction.
const TOLD_PLAIN: ReadonlySet<string> = new Set(['hello', 'auth']);

const multi: Mode = {
  ...plain,
  name: 'multi',
  takes: (story) =>
    story.not?.multi === undefined &&
    !story.steps.some((step) => !isWait(step) && TRANSACTION_COMMANDS.has(nameOf(argumentsOf(step[0])))),
  async tell(client, args, expected) {
    if (TOLD_PLAIN.has(nameOf(args))) return plain.tell(client, args, expected);
    const [begun, queued, executed] = await client.pipeline(['MULTI', args, 'EXEC']);
    if (begun!.raw !== '+OK\r\n') throw new WrongReply(`MULTI was answered with ${begun!.raw}`);
    if (queued!.reply.type === 'error') {
      matched(client, args, expected, queued!);
      const aborted = error('EXECABORT Transaction discarded because of previous errors.');
      matched(client, ['EXEC'], aborted, executed!);
      return queued!.raw;
    }
    if (queued!.raw !== '+QUEUED\r\n') throw new WrongReply(`expected QUEUED, got ${queued!.raw}`);
    const { reply } = executed!;
    if (reply.type !== 'array' || reply.items.length !== 1) {
      throw new WrongReply(`EXEC of one command was answered with ${JSON.stringify(executed!.raw)}`);
    }
    const problem = matchParsed(expected, reply.items[0]!, client.protocol);
    if (problem !== null) throw new WrongReply(problem);
    return executed!.raw;
  },
};

const THROUGH_A_SCRIPT = 'return redis.pcall(unpack(ARGV))';
const COMMANDS_BY_NAME: ReadonlyMap<string, Command> = new Map(COMMANDS.map((one) => [one.name, one]));
// What these begin is about the requests that follow, which would be EVAL.
const NOT_BESIDE_SCRIPTS: ReadonlySet<string> = new Set(['multi', 'subscribe', 'psubscribe', 'ssubscribe']);
// More cannot be unpacked at once.
const MAX_UNPACKED = 5000;

// What a script may not run, or says otherwise, is told plain: its effects are needed by the steps that follow.
const script: Mode = {
  ...plain,
  name: 'script',
  takes: (story) =>
    story.not?.script === undefined &&
    !story.steps.some((step) => !isWait(step) && NOT_BESIDE_SCRIPTS.has(nameOf(argumentsOf(step[0])))),
  async tell(client, args, expected) {
    // In RESP3 a script would see maps and sets as tables, which have an order of their own.
    if (client.protocol === 3 || !runsInScript(args) || holdsBigint(expected))
      return plain.tell(client, args, expected);
    const frame = await client.call(['EVAL', THROUGH_A_SCRIPT, '0', ...args]);
    return matched(client, args, asSeenByScript(expected), frame);
  },
};

function runsInScript(args: readonly string[]): boolean {
  let command = COMMANDS_BY_NAME.get(nameOf(args));
  if (command?.isContainer && args.length > 1) command = command.subcommands.get(args[1]!.toLowerCase());
  if (command === undefined || !command.acceptsCount(args.length) || args.length > MAX_UNPACKED) return false;
  // Scripts may not wait by this option: an error there, and not by others.
  if (args.some((one) => one.toLowerCase() === 'block')) return false;
  // A database that a script selects is selected for the script alone.
  return !command.has(COMMAND_FLAG.noscript) && command.name !== 'select';
}

// Numbers of Lua are doubles.
function holdsBigint(expected: Expected): boolean {
  if (typeof expected === 'bigint') return true;
  return Array.isArray(expected) && (expected as readonly Expected[]).some(holdsBigint);
}

// Scripts know one kind of nothing.
function asSeenByScript(expected: Expected): Expected {
  if (typeof expected !== 'object' || expected === null) return expected;
  if (Array.isArray(expected)) return (expected as readonly Expected[]).map(asSeenByScript);
  if (!('kind' in expected)) return expected;
  if (expected.kind === 'nullArray') return null;
  if ('pairs' in expected) {
    const pairs = expected.pairs.map(([a, b]) => [asSeenByScript(a), asSeenByScript(b)] as const);
    return { ...expected, pairs };
  }
  return 'items' in expected ? { ...expected, items: expected.items.map(asSeenByScript) } : expected;
}

/** All modes, the plainest first. */
export const MODES: readonly Mode[] = [plain, resp3, cut, multi, script];

/**
 * Tells a story step by step and returns the raw replies (null for a wait). Throws WrongReply, which names the step, at
 * the first reply that is not as expected.
 */
export async function tellStory(
  story: CommandCase,
  mode: Mode,
  client: TestClient,
  pass: Pass,
): Promise<(string | null)[]> {
  await mode.begin(client);
  const raws: (string | null)[] = [];
  for (const [i, step] of story.steps.entries()) {
    if (isWait(step)) {
      await pass(step.waitMs);
      raws.push(null);
      continue;
    }
    const [request, expected] = step;
    try {
      raws.push(await mode.tell(client, argumentsOf(request), expected));
    } catch (thrown) {
      throw new WrongReply(`step ${i + 1}, ${showRequest(request)}: ${(thrown as Error).message}`);
    }
  }
  if (client.unread !== '') throw new WrongReply(`more than was asked for: ${JSON.stringify(client.unread)}`);
  return raws;
}

/** The steps whose replies two servers must give with the same bytes, because the case leaves nothing open. */
export function closedSteps(story: CommandCase): number[] {
  return [...story.steps.keys()].filter((i) => {
    const step = story.steps[i]!;
    return !isWait(step) && !isLoose(step[1]);
  });
}

export function isWait(step: Step | Wait): step is Wait {
  return 'waitMs' in step;
}

/** The lower-case name of a request's command. */
export function nameOf(args: readonly string[]): string {
  return (args[0] ?? '').toLowerCase();
}

export function showRequest(request: string | readonly string[]): string {
  return typeof request === 'string' ? request : request.map((arg) => JSON.stringify(arg)).join(' ');
}

async function replyTo(client: TestClient, expected: Expected): Promise<Frame> {
  return expectsPush(expected) ? client.frame() : client.reply();
}

function expectsPush(expected: Expected): boolean {
  return typeof expected === 'object' && expected !== null && 'kind' in expected && expected.kind === 'push';
}

function matched(client: TestClient, args: readonly string[], expected: Expected, frame: Frame): string {
  client.afterHello(args, frame);
  const problem = matchReply(expected, frame.raw, client.protocol);
  if (problem !== null) throw new WrongReply(problem);
  return frame.raw;
}
