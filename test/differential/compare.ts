// Two servers side by side: the same requests to both, the answers compared, then what they hold.

import { showReply } from '../support/match-reply.ts';
import type { Frame, Protocol, Reply } from '../support/resp.ts';
import type { TestClient } from '../support/test-client.ts';
import { type Comparison, comparisonOf } from './commands.ts';

// Two servers are asked one after the other; a loaded machine takes its time in between.
const TOLERANCE_MS = 20_000;
const DATABASES = 16;

/** A server that can be told sequences: gives a fresh connection to an empty keyspace. */
export interface Side {
  readonly name: string;
  connect(): Promise<TestClient>;
}

/** Tells both sides the same, from an empty keyspace. Null when they agree, else what differs and where. */
export async function tellBoth(
  sides: readonly [Side, Side],
  requests: readonly (readonly string[])[],
  protocol: Protocol,
): Promise<string | null> {
  const [left, right] = await Promise.all(
    sides.map(async (side) => {
      const client = await side.connect();
      await client.pipeline(['FLUSHALL', `HELLO ${protocol}`]);
      const replies = requests.length === 0 ? [] : await client.pipeline(requests);
      const state = await stateOf(client);
      client.close();
      return { replies, state };
    }),
  );
  for (const [i, request] of requests.entries()) {
    const ours = left!.replies[i]!;
    const theirs = right!.replies[i]!;
    if (areEqual(ours, theirs, comparisonOf(request))) continue;
    const shown = request.map((arg) => JSON.stringify(arg)).join(' ');
    return `request ${i + 1}: ${shown}\n${difference(sides, show(ours), show(theirs))}`;
  }
  const keys = new Set([...left!.state.keys(), ...right!.state.keys()]);
  for (const key of keys) {
    const ours = left!.state.get(key) ?? 'absent';
    const theirs = right!.state.get(key) ?? 'absent';
    if (ours !== theirs) return `in the end, ${key}:\n${difference(sides, ours, theirs)}`;
  }
  return null;
}

/** The shortest sequence, found by leaving parts out, on which the sides still differ. */
export async function shrink(
  requests: readonly (readonly string[])[],
  differs: (requests: readonly (readonly string[])[]) => Promise<boolean>,
): Promise<readonly (readonly string[])[]> {
  let left = requests;
  for (let size = Math.ceil(left.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    let at = 0;
    while (at < left.length) {
      const without = [...left.slice(0, at), ...left.slice(at + size)];
      if (await differs(without)) left = without;
      else at += size;
    }
  }
  return left;
}

function difference(sides: readonly [Side, Side], left: string, right: string): string {
  return sides.map(({ name }, i) => `  ${name.padEnd(10)} ${i === 0 ? left : right}`).join('\n');
}

function show({ reply }: Frame): string {
  const shown = showReply(reply);
  return shown.length > 1000 ? `${shown.slice(0, 1000)}…` : shown;
}

function areEqual(ours: Frame, theirs: Frame, { inAnyOrder, aboutTime, isOpen }: Comparison): boolean {
  if (ours.raw === theirs.raw) return true;
  if (isOpen)
    return (ours.reply.type === 'error') === (theirs.reply.type === 'error') && ours.reply.type !== 'error';
  if (!inAnyOrder && !aboutTime) return false;
  return areAlike(ours.reply, theirs.reply, inAnyOrder, aboutTime);
}

function areAlike(ours: Reply, theirs: Reply, inAnyOrder: boolean, aboutTime: boolean): boolean {
  if (ours.type === 'integer' && theirs.type === 'integer') {
    const distance = ours.value > theirs.value ? ours.value - theirs.value : theirs.value - ours.value;
    // Small numbers mean something else: -1 and -2 are no times, a length is no time.
    const isTime = ours.value > 1000n && theirs.value > 1000n;
    return distance === 0n || (aboutTime && isTime && distance <= TOLERANCE_MS);
  }
  if (ours.type !== theirs.type) return false;
  if ('items' in ours && 'items' in theirs) {
    if (ours.items.length !== theirs.items.length) return false;
    const inOrder = ours.items.every((item, i) => areAlike(item, theirs.items[i]!, inAnyOrder, aboutTime));
    return inOrder || (inAnyOrder && sorted(ours.items) === sorted(theirs.items));
  }
  if (inAnyOrder && 'pairs' in ours && 'pairs' in theirs)
    return sortedPairs(ours.pairs) === sortedPairs(theirs.pairs);
  return showReply(ours) === showReply(theirs);
}

function sorted(items: readonly Reply[]): string {
  return items.map(showReply).sort().join('\n');
}

function inSomeOrder(frame: Frame): string {
  const { reply } = frame;
  if ('pairs' in reply) return sortedPairs(reply.pairs);
  return 'items' in reply ? sorted(reply.items) : show(frame);
}

function sortedPairs(pairs: readonly (readonly [Reply, Reply])[]): string {
  return pairs
    .map(([key, value]) => `${showReply(key)} => ${showReply(value)}`)
    .sort()
    .join('\n');
}

// What a server holds: for each key of each database its type, encoding, deadline (to the minute) and value.
async function stateOf(client: TestClient): Promise<Map<string, string>> {
  const state = new Map<string, string>();
  // The sequence may have left a transaction open.
  await client.call('DISCARD');
  for (let db = 0; db < DATABASES; db++) {
    const [, keys] = await client.pipeline([
      ['SELECT', String(db)],
      ['KEYS', '*'],
    ]);
    if (keys!.reply.type !== 'array') throw new Error(`KEYS: ${keys!.raw}`);
    for (const item of keys!.reply.items) {
      const key = 'text' in item ? item.text : '';
      const [type, encoding, deadline, digest] = await client.pipeline([
        ['TYPE', key],
        ['OBJECT', 'ENCODING', key],
        ['PEXPIRETIME', key],
        // Only where both servers allow DEBUG.
        ['DEBUG', 'DIGEST-VALUE', key],
      ]);
      const typeName = 'text' in type!.reply ? type!.reply.text : '';
      const value = await client.call(valueRequest(typeName, key));
      const shown = typeName === 'set' || typeName === 'hash' ? inSomeOrder(value) : show(value);
      const minutes =
        deadline!.reply.type === 'integer' ? Math.round(Number(deadline!.reply.value) / 60_000 / 2) : '?';
      state.set(
        `key ${JSON.stringify(key)} of database ${db}`,
        `${typeName} ${encoding!.raw.trim()} deadline ${minutes} ${digest!.raw.trim()} ${shown}`,
      );
    }
  }
  return state;
}

function valueRequest(type: string, key: string): string[] {
  switch (type) {
    case 'list':
      return ['LRANGE', key, '0', '-1'];
    case 'set':
      return ['SMEMBERS', key];
    case 'hash':
      return ['HGETALL', key];
    case 'zset':
      return ['ZRANGE', key, '0', '-1', 'WITHSCORES'];
    case 'stream':
      return ['XRANGE', key, '-', '+'];
    default:
      return ['GET', key];
  }
}
