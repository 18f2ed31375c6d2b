// A talk: several clients of one server send requests in turn, and each step says what every one of them then receives,
// replies and messages in their order. The same talk is held with our server and with a real one.

import { showReply } from './match-reply.ts';
import { encodeRequest, type Protocol, readFrames } from './resp.ts';
import { argumentsOf, type TestClient } from './test-client.ts';

/** Received by client, as `showReply` writes it; a client that receives nothing is left out. */
export type Received = Readonly<Record<string, readonly string[]>>;

export interface Talk {
  readonly name: string;
  /**
   * Who sends which requests in one write, and what is received until all is quiet. A client is connected when it is first
   * named; one whose name ends with 3 speaks RESP3.
   */
  readonly steps: readonly (readonly [who: string, requests: readonly string[], received: Received])[];
}

/** Holds a talk as far as it goes; returns what was received in each step. `quiet` waits until no more is to come. */
export async function hold(
  { steps }: Talk,
  connect: () => Promise<TestClient>,
  quiet: () => Promise<void>,
): Promise<Received[]> {
  const clients = new Map<string, TestClient>();
  const all: Received[] = [];
  for (const [who, requests] of steps) {
    let client = clients.get(who);
    if (client === undefined) {
      clients.set(who, (client = await connect()));
      if (protocolOf(who) === 3) await client.call('HELLO 3');
    }
    client.write(Buffer.concat(requests.map((request) => encodeRequest(argumentsOf(request)))));
    await quiet();
    all.push(taken(clients));
  }
  for (const client of clients.values()) client.close();
  return all;
}

function taken(clients: ReadonlyMap<string, TestClient>): Received {
  const received: Record<string, string[]> = {};
  for (const [name, client] of clients) {
    const lines = readFrames(client.unread, protocolOf(name)).map(({ reply }) => showReply(reply));
    client.unread = '';
    if (lines.length > 0) received[name] = lines;
  }
  return received;
}

function protocolOf(name: string): Protocol {
  return name.endsWith('3') ? 3 : 2;
}
