// Clients that wait for a member of a sorted set: BZPOPMIN, BZPOPMAX and BZMPOP when there is nothing at first.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EffectServer } from '../support/effects.ts';
import { plainValue, TestClient } from '../support/test-client.ts';

let server: EffectServer;
let clients: TestClient[] = [];

beforeEach(() => {
  server = new EffectServer();
});

afterEach(async () => {
  for (const client of clients) client.close();
  clients = [];
  await server.close();
});

/** A client that has sent a request and waits for the reply. */
async function waiting(request: string): Promise<TestClient> {
  const client = new TestClient(server.server.connect());
  clients.push(client);
  client.send(request);
  // A round trip of another client: the request has been taken by then.
  await server.run('PING');
  return client;
}

const replyTo = async (client: TestClient) => plainValue((await client.reply()).reply);

describe('a member that comes', () => {
  it('goes to the client, and to AOF and replicas as popped from that key', async () => {
    const client = await waiting('BZPOPMIN a b 0');
    expect(await server.effectsOf('ZADD b 2 y 1 x')).toEqual({
      events: ['0 new b', '0 zadd b', '0 zpopmin b'],
      propagated: ['0 ZADD b 2 y 1 x', '0 ZPOPMIN b'],
      changes: 3,
    });
    expect(await replyTo(client)).toEqual(['b', 'x', '1']);
    expect(await server.run('ZCARD b')).toBe(1);
  });

  it('is the highest for BZPOPMAX, and the key may be gone then', async () => {
    const client = await waiting('BZPOPMAX z 0');
    expect(await server.effectsOf('ZINCRBY z 1.5 m')).toEqual({
      events: ['0 new z', '0 zincr z', '0 zpopmax z', '0 del z'],
      propagated: ['0 ZINCRBY z 1.5 m', '0 ZPOPMAX z'],
      changes: 2,
    });
    expect(await replyTo(client)).toEqual(['z', 'm', '1.5']);
  });

  it('comes with as many others as BZMPOP may take', async () => {
    const client = await waiting('BZMPOP 0 2 y z MAX COUNT 2');
    expect((await server.effectsOf('ZADD z 1 a 2 b 3 c')).propagated).toEqual([
      '0 ZADD z 1 a 2 b 3 c',
      '0 ZPOPMAX z 2',
    ]);
    expect(await replyTo(client)).toEqual([
      'z',
      [
        ['c', '3'],
        ['b', '2'],
      ],
    ]);
  });

  it('goes to clients in the order in which they came', async () => {
    const first = await waiting('BZPOPMIN z 0');
    const second = await waiting('BZPOPMAX z 0');
    const third = await waiting('BZPOPMIN z 0');
    await server.run('ZADD z 1 a 2 b');
    expect(await replyTo(first)).toEqual(['z', 'a', '1']);
    expect(await replyTo(second)).toEqual(['z', 'b', '2']);
    await server.run('ZADD z 3 c');
    expect(await replyTo(third)).toEqual(['z', 'c', '3']);
  });

  it('may come by another name', async () => {
    const client = await waiting('BZPOPMIN z 0');
    await server.run('ZADD other 1 a', 'RENAME other z');
    expect(await replyTo(client)).toEqual(['z', 'a', '1']);
  });

  it('is none while the key has another type', async () => {
    const client = await waiting('BZPOPMIN z 0');
    await server.run('SET z v', 'DEL z', 'ZADD z 1 a');
    expect(await replyTo(client)).toEqual(['z', 'a', '1']);
  });
});

describe('no member', () => {
  it('in time', async () => {
    const one = await waiting('BZPOPMIN z 1.5');
    const many = await waiting('BZMPOP 1.5 1 z MIN');
    await server.runtime.advance(1499);
    await server.run('ZADD other 1 a');
    await server.runtime.advance(2);
    expect(await replyTo(one)).toBeNull();
    expect(await replyTo(many)).toBeNull();
    expect(await server.run('ZADD z 1 a', 'ZCARD z')).toBe(1);
  });

  it('is left by a transaction that takes it back', async () => {
    const client = await waiting('BZPOPMAX z 0');
    await server.run('MULTI', 'ZADD z 1 a', 'DEL z', 'EXEC');
    await server.run('ZADD z 2 b');
    expect(await replyTo(client)).toEqual(['z', 'b', '2']);
  });
});
