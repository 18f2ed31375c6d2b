// What a server answered, as text that is the same for two servers, and on any day: what Redis leaves open (the order of
// a table's members, a choice, a moment) is taken out, all else stays to the byte.

import { showReply } from '../support/match-reply.ts';
import type { Frame, Reply } from '../support/resp.ts';
import type { TestClient } from '../support/test-client.ts';
import { comparisonOf } from './commands.ts';

const DATABASES = 16;
// Deadlines are compared to the hundred seconds: the programs' own lie further apart (see `CommandFuzzer`), and a loaded
// machine takes its time. In the same digits, what is left of one in milliseconds and in seconds.
const ROUNDING = 100_000;
// Smaller numbers are no times: -1 and -2 say that there is none, others are lengths. Larger ones are results.
const SHORTEST_TIME = 1000n;
const LONGEST_TIME = 10n ** 13n;
// A deadline that the programs set from now on is nearer than this, one that they name is further away.
const NEAR_MS = 1e12;
const NAMED_MOMENTS: ReadonlySet<number> = new Set([4e12, 5e12]);
// The latest deadline, in milliseconds and in seconds.
const LAST_MOMENTS = [2n ** 63n - 1n, (2n ** 63n - 1n) / 1000n];

/** The answer to a request, asked when the server's clock stood at about `nowMs`. */
export function answerText(request: readonly string[], frame: Frame, nowMs: number): string {
  const { inAnyOrder, aboutTime, isOpen } = comparisonOf(request);
  if (isOpen) return frame.reply.type === 'error' ? frame.raw : 'open';
  return inAnyOrder || aboutTime
    ? looseText(frame.reply, inAnyOrder, aboutTime ? nowMs : null)
    : showReply(frame.reply);
}

function looseText(reply: Reply, inAnyOrder: boolean, nowMs: number | null): string {
  if (reply.type === 'integer' && nowMs !== null) return timeText(reply.value, nowMs);
  if ('items' in reply) {
    const items = reply.items.map((item) => looseText(item, inAnyOrder, nowMs));
    return `${reply.type}(${(inAnyOrder ? items.sort() : items).join(', ')})`;
  }
  if ('pairs' in reply) {
    const pairs = reply.pairs.map((pair) =>
      pair.map((item) => looseText(item, inAnyOrder, nowMs)).join(' => '),
    );
    return `map(${(inAnyOrder ? pairs.sort() : pairs).join(', ')})`;
  }
  return showReply(reply);
}

// A number that may be a deadline or what is left until one, in seconds or milliseconds: rounded, and from now on unless
// the program names the moment itself.
function timeText(value: bigint, nowMs: number): string {
  if (LAST_MOMENTS.some((last) => value < last && last - value < LONGEST_TIME))
    return 'until the last moment';
  if (value <= SHORTEST_TIME || value >= LONGEST_TIME) return String(value);
  const inMs = [Number(value) * 1000, Number(value)];
  const named = inMs.map((ms) => rounded(ms + nowMs)).find((moment) => NAMED_MOMENTS.has(moment));
  if (named !== undefined) return `until ${named}`;
  const near = inMs.find((ms) => Math.abs(ms - nowMs) < NEAR_MS);
  if (near !== undefined) return `now + ${rounded(near - nowMs)}`;
  return String(rounded(Number(value)));
}

function rounded(value: number): number {
  return Math.round(value / ROUNDING) * ROUNDING;
}

/** What a server holds: a line for each key with its type, encoding, deadline, digest (where DEBUG is allowed) and value. */
export async function keyspaceText(client: TestClient, nowMs: number): Promise<string[]> {
  const lines: string[] = [];
  const databases = Array.from({ length: DATABASES }, (_, db) => [
    ['SELECT', `${db}`],
    ['KEYS', '*'],
  ]);
  const frames = await client.pipeline(databases.flat());
  for (let db = 0; db < DATABASES; db++) {
    const keys = textsOf(frames[2 * db + 1]!.reply).sort();
    if (keys.length > 0) lines.push(...(await databaseText(client, db, keys, nowMs)));
  }
  return lines;
}

async function databaseText(
  client: TestClient,
  db: number,
  keys: readonly string[],
  nowMs: number,
): Promise<string[]> {
  const types = (await client.pipeline([['SELECT', `${db}`], ...keys.map((key) => ['TYPE', key])])).slice(1);
  const questions = keys.map((key, i) => [
    ['OBJECT', 'ENCODING', key],
    ['PEXPIRETIME', key],
    ['DEBUG', 'DIGEST-VALUE', key],
    valueRequest(types[i]!.raw, key),
  ]);
  const frames = await client.pipeline(questions.flat());
  return keys.map((key, i) => {
    const answers = questions[i]!.map((question, at) => answerText(question, frames[4 * i + at]!, nowMs));
    return `key ${JSON.stringify(key)} of database ${db}: ${types[i]!.raw.trim()} ${answers.join(' ')}`;
  });
}

function textsOf(reply: Reply): string[] {
  return 'items' in reply ? reply.items.map((item) => ('text' in item ? item.text : '')) : [];
}

function valueRequest(type: string, key: string): string[] {
  switch (type) {
    case '+list\r\n':
      return ['LRANGE', key, '0', '-1'];
    case '+set\r\n':
      return ['SMEMBERS', key];
    case '+hash\r\n':
      return ['HGETALL', key];
    case '+zset\r\n':
      return ['ZRANGE', key, '0', '-1', 'WITHSCORES'];
    case '+stream\r\n':
      return ['XRANGE', key, '-', '+'];
    default:
      return ['GET', key];
  }
}
