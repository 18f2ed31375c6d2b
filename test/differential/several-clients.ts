// Programs of several clients on our server and on the real one: everything that each client is sent, byte by byte, must be
// the same. RESPITE_SEED starts at another seed, RESPITE_RUNS tells how many programs.

import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { RandomSource } from '../../src/base/runtime.ts';
import type { TestClient } from '../support/test-client.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';
import type { Side } from './compare.ts';
import { firstSeed, sidesOf } from './sides.ts';

const RUNS = Number(process.env.RESPITE_RUNS ?? 12);
export const CLIENTS = 3;
const SETTLE_MS = 5;
const GIVE_UP_MS = 1000;

/** A request of one of the clients; `<0>` stands for the number of client 0. */
export interface Step {
  readonly client: number;
  readonly request: string;
}

export function pick<T>(random: RandomSource, from: readonly T[]): T {
  return from[random.below(from.length)]!;
}

/** Declares a test for each seed. */
export function compareClients(
  name: string,
  programOf: (random: RandomSource) => readonly Step[],
  config: Readonly<Record<string, string>> = {},
): void {
  describe(name, () => {
    const sides = sidesOf(config);
    test.each(Array.from({ length: RUNS }, (_, i) => firstSeed + i))('seed %d', async (seed) => {
      const steps = programOf(new VirtualRuntime({ seed }).random);
      const [ours, reference] = sides();
      const theirs = await tell(reference, steps, async () => true);
      const mine = await tell(ours, steps, async (received) => received.join() === theirs.join());
      for (let i = 0; i < CLIENTS; i++) expect(mine[i], `client ${i}`).toBe(theirs[i]);
    });
  });
}

// Numbers of clients differ; and Redis tells a RESP2 connection of a flush with a RESP3 null where the client that has named
// it speaks RESP3, which we do not: nobody could read on.
function comparable(received: string): string {
  return received
    .replace(/(\$2\r\nid\r\n:)\d+/g, '$1N')
    .replaceAll('$20\r\n__redis__:invalidate\r\n_\r\n', '$20\r\n__redis__:invalidate\r\n$-1\r\n');
}

/** What each client was sent in all. */
async function tell(side: Side, steps: readonly Step[], done: (received: string[]) => Promise<boolean>) {
  const observer = await side.connect();
  await observer.call('FLUSHALL');
  const clients: TestClient[] = [];
  const ids: string[] = [];
  for (let i = 0; i < CLIENTS; i++) {
    clients.push(await side.connect());
    ids.push(String(await clients[i]!.value('CLIENT', 'ID')));
  }
  for (const { client, request } of steps) {
    clients[client]!.send(request.replace(/<(\d)>/g, (_, i) => ids[Number(i)]!));
    // A server answers in the order in which it hears, so what a step causes is sent before the second answer.
    for (let i = 0; i < 2; i++) await observer.call('PING');
  }
  const received = () => clients.map(({ unread }) => comparable(unread));
  for (let waitedMs = 0; waitedMs < GIVE_UP_MS; waitedMs += SETTLE_MS) {
    await setTimeout(SETTLE_MS);
    if (await done(received())) break;
  }
  const all = received();
  // None of them may still wait for a key when the next program begins.
  for (const id of ids) await observer.call(`CLIENT KILL ID ${id}`);
  for (const client of [...clients, observer]) client.close();
  return all;
}
