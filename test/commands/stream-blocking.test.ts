// XREAD and XREADGROUP that wait: what wakes them, and what they are told then.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PlainValue, plainValue, type TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';

let server: TestServer;
let client: TestClient;

beforeEach(async () => {
  server = await TestServer.start();
  client = server.connect();
});

afterEach(() => server.close());

const run = async (...requests: string[]) => {
  const frames = await client.pipeline(requests);
  return plainValue(frames.at(-1)!.reply);
};

/** Clients that send a request which has to wait. */
async function waiting(request: string, count = 1): Promise<TestClient[]> {
  const clients = Array.from({ length: count }, () => server.connect());
  for (const one of clients) {
    one.send(request);
    // They begin to wait in this order.
    await run('PING');
  }
  return clients;
}

async function answers(clients: readonly TestClient[]): Promise<PlainValue[]> {
  const replies: PlainValue[] = [];
  for (const one of clients) {
    const { reply } = await one.reply();
    replies.push(reply.type === 'error' ? reply.text : plainValue(reply));
  }
  return replies;
}

const got = (key: string, ...ids: string[]) => [[key, ids.map((id) => [id, ['f', 'v']])]];

describe('XREAD BLOCK', () => {
  it('$ is the last ID of when it was sent, and everyone is served', async () => {
    await run('XADD s 1 f v');
    const clients = await waiting('XREAD BLOCK 0 STREAMS s $', 3);
    await run('MULTI', 'XADD s 2 f v', 'XADD s 3 f v', 'EXEC');
    expect(await answers(clients)).toEqual(Array.from({ length: 3 }, () => got('s', '2-0', '3-0')));
  });

  it('$ of a stream that is not there is 0-0', async () => {
    const clients = await waiting('XREAD BLOCK 0 STREAMS other s $ $');
    await run('SET s v', 'DEL s', 'LPUSH s a', 'DEL s', 'XADD s 1 f v');
    expect(await answers(clients)).toEqual([got('s', '1-0')]);
  });

  it('waits on when there is nothing for it', async () => {
    await run('XADD s 5 f v');
    const clients = await waiting('XREAD BLOCK 0 COUNT 1 STREAMS s 7');
    await run('XADD s 6 f v', 'XADD s 7 f v', 'XDEL s 7', 'DEL s', 'XGROUP CREATE s g $ MKSTREAM');
    await run('XADD s 8 f v', 'XADD s 9 f v');
    expect(await answers(clients)).toEqual([got('s', '8-0')]);
  });

  it('answers null when the time is up, and an error to CLIENT UNBLOCK ERROR', async () => {
    const [one] = await waiting('XREAD BLOCK 100 STREAMS s $');
    await server.advance(100);
    expect(await answers([one!])).toEqual([null]);
    const other = server.connect();
    const id = await other.value('CLIENT', 'ID');
    other.send('XREAD BLOCK 0 STREAMS s $');
    await run('PING', `CLIENT UNBLOCK ${id} ERROR`);
    expect(await answers([other])).toEqual(['UNBLOCKED client unblocked via CLIENT UNBLOCK']);
  });
});

describe('XREADGROUP BLOCK', () => {
  const request = 'XREADGROUP GROUP g c BLOCK 0 STREAMS s >';

  it('gives an entry to the first who waits', async () => {
    await run('XGROUP CREATE s g $ MKSTREAM');
    const clients = await waiting(request, 2);
    await run('XADD s 1 f v');
    expect(await answers([clients[0]!])).toEqual([got('s', '1-0')]);
    await run('XADD s 2 f v');
    expect(await answers([clients[1]!])).toEqual([got('s', '2-0')]);
    expect(await run('XPENDING s g')).toEqual([2, '1-0', '2-0', [['c', '2']]]);
  });

  it('hears when there is nothing to wait for any more', async () => {
    const gone = "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option";
    const wrongType = 'WRONGTYPE Operation against a key holding the wrong kind of value';
    const told: [string[], string][] = [
      [['DEL s'], gone],
      [['XGROUP DESTROY s g'], gone],
      [['FLUSHALL'], gone],
      [['RENAME s t'], gone],
      [['SET s v'], wrongType],
      [['MULTI', 'DEL s', 'SADD s a', 'EXEC'], wrongType],
      [['MULTI', 'DEL s', 'XADD s 1 f v', 'EXEC'], gone],
    ];
    for (const [requests, error] of told) {
      await run('FLUSHALL', 'XGROUP CREATE s g $ MKSTREAM');
      const clients = await waiting(request);
      await run(...requests);
      expect(await answers(clients), requests.join()).toEqual([error]);
    }
  });

  it('does not end when another group goes, or the group comes back at once', async () => {
    await run('XGROUP CREATE s g $ MKSTREAM', 'XGROUP CREATE s h $');
    const clients = await waiting(request);
    await run('XGROUP DESTROY s h', 'MULTI', 'XGROUP DESTROY s g', 'XGROUP CREATE s g $', 'EXEC');
    await run('XGROUP SETID s g 5', 'XADD s 1 f v');
    await run('XADD s 6 f v');
    expect(await answers(clients)).toEqual([got('s', '6-0')]);
  });

  it('is seen while it waits, and when it is served', async () => {
    await run('XGROUP CREATE s g $ MKSTREAM');
    const clients = await waiting(request);
    await server.advance(50);
    const consumer = async () => ((await run('XINFO CONSUMERS s g')) as PlainValue[])[0];
    expect(await consumer()).toEqual(['name', 'c', 'pending', 0, 'idle', 50, 'inactive', -1]);
    await run('XADD s 1 f v');
    await answers(clients);
    expect(await consumer()).toEqual(['name', 'c', 'pending', 1, 'idle', 0, 'inactive', 0]);
  });
});
