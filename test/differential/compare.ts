// Programs run on servers: what one answers block by block, and where two differ.

import type { Protocol } from '../support/resp.ts';
import type { TestClient } from '../support/test-client.ts';
import type { Program, Request, Series } from './programs.ts';

/** A server that can be told programs. */
export interface Side {
  readonly name: string;
  connect(): Promise<TestClient>;
  /** About what its clock says. */
  nowMs(): number;
}

/** What a server answered to some requests in a row, and what it held then. */
export interface Block {
  readonly answers: readonly string[];
  readonly state: readonly string[];
}

/** How programs are told and answers read. */
export type Manner = Pick<Series, 'blockSteps' | 'answer' | 'state'>;

/** Tells a side a program, from an empty keyspace. */
export async function tell(
  side: Side,
  { setUp, requests }: Program,
  protocol: Protocol,
  { blockSteps, answer, state }: Manner,
): Promise<Block[]> {
  const client = await side.connect();
  // Another connection: the program may have a transaction open, or another database selected.
  const observer = await side.connect();
  await observer.pipeline([['FLUSHALL'], ...setUp]);
  await client.call(['HELLO', `${protocol}`]);
  const blocks: Block[] = [];
  for (let at = 0; at < requests.length; at += blockSteps) {
    const some = requests.slice(at, at + blockSteps);
    const frames = await client.pipeline(some);
    const answers = some.map((request, i) => answer(request, frames[i]!, side.nowMs()));
    blocks.push({ answers, state: await state(observer, side.nowMs()) });
  }
  client.close();
  observer.close();
  return blocks;
}

/** Tells both sides the same. Null when they agree, else what differs first, and where. */
export async function tellBoth(
  sides: readonly [Side, Side],
  program: Program,
  protocol: Protocol,
  manner: Manner,
): Promise<string | null> {
  const [ours, theirs] = await Promise.all(sides.map((side) => tell(side, program, protocol, manner)));
  for (const [i, block] of ours!.entries()) {
    const other = theirs![i]!;
    for (const [at, answer] of block.answers.entries()) {
      if (answer === other.answers[at]) continue;
      const step = i * manner.blockSteps + at;
      const where = `request ${step + 1}: ${shownRequest(program.requests[step]!)}`;
      return `${where}\n${difference(sides, answer, other.answers[at])}`;
    }
    const line = Math.max(block.state.length, other.state.length);
    for (let at = 0; at < line; at++) {
      if (block.state[at] === other.state[at]) continue;
      const after = Math.min(program.requests.length, (i + 1) * manner.blockSteps);
      return `what is there after request ${after}:\n${difference(sides, block.state[at], other.state[at])}`;
    }
  }
  return null;
}

/** Tells both sides the same; when they differ, throws the shortest program found on which they do. */
export async function expectAlike(
  sides: readonly [Side, Side],
  program: Program,
  protocol: Protocol,
  manner: Manner,
): Promise<void> {
  const found = await tellBoth(sides, program, protocol, manner);
  if (found === null) return;
  const part = (requests: readonly Request[]) => tellBoth(sides, { ...program, requests }, protocol, manner);
  const requests = await shrink(program.requests, async (some) => (await part(some)) !== null);
  const shown = [...program.setUp, ...requests].map((request) => `  ${shownRequest(request)}`);
  throw new Error(`RESP${protocol}:\n${shown.join('\n')}\n${(await part(requests)) ?? found}`);
}

/** The shortest sequence, found by leaving parts out, on which the sides still differ. */
export async function shrink(
  requests: readonly Request[],
  differs: (requests: readonly Request[]) => Promise<boolean>,
): Promise<readonly Request[]> {
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

/** A request as one can read it. */
export function shownRequest(request: Request): string {
  return request.map((word) => JSON.stringify(word)).join(' ');
}

function difference(sides: readonly [Side, Side], ...answers: (string | undefined)[]): string {
  return sides.map(({ name }, i) => `  ${name.padEnd(10)} ${shortened(answers[i])}`).join('\n');
}

function shortened(text = 'nothing'): string {
  return text.length > 1000 ? `${text.slice(0, 1000)}…` : text;
}
