// Transactions of several clients, what a transaction propagates, and the book of watches on its own. What one client
// sees of it is in test/commands/transactions.cases.ts.

import { describe, expect, onTestFinished, test } from 'vitest';
import { type Client, REPLY_MODE } from '../../src/engine/client.ts';
import { Watches } from '../../src/engine/transaction.ts';
import { EffectServer } from '../support/effects.ts';
import type { TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';

async function startServer(config: Record<string, string> = {}): Promise<TestServer> {
  const server = await TestServer.start({ config });
  onTestFinished(() => server.close());
  return server;
}

async function exec(client: TestClient): Promise<string> {
  await client.pipeline(['MULTI', 'PING']);
  return (await client.call('EXEC')).raw;
}

const RAN = '*1\r\n+PONG\r\n';
const BROKEN = '*-1\r\n';

describe('several clients', () => {
  test('another client breaks a watch', async () => {
    const server = await startServer();
    const [a, b] = [server.connect(), server.connect()];
    await a.call('WATCH k');
    await b.call('SET k 1');
    expect(await exec(a)).toBe(BROKEN);
    expect(await exec(a)).toBe(RAN);
  });

  test('every watcher of a key hears of it, and nobody else', async () => {
    const server = await startServer();
    const clients = Array.from({ length: 5 }, () => server.connect());
    for (const client of clients.slice(0, 4)) await client.call('WATCH k other');
    await clients[4]!.call('WATCH other');
    await clients[0]!.call('INCR k');
    const replies = await Promise.all(clients.map(exec));
    expect(replies).toEqual([BROKEN, BROKEN, BROKEN, BROKEN, RAN]);
  });

  test('what a transaction changes breaks the watches of others, not its own', async () => {
    const server = await startServer();
    const [a, b] = [server.connect(), server.connect()];
    await a.call('WATCH k');
    await b.call('WATCH k');
    await a.pipeline(['MULTI', 'SET k 1', 'SET k 2']);
    expect((await a.call('EXEC')).raw).toBe('*2\r\n+OK\r\n+OK\r\n');
    expect(await exec(b)).toBe(BROKEN);
  });

  test('nothing comes between the commands of a transaction', async () => {
    const server = await startServer();
    const [a, b] = [server.connect(), server.connect()];
    await a.call('MULTI');
    for (let i = 0; i < 50; i++) a.send('INCR n');
    a.send('EXEC');
    for (let i = 0; i < 50; i++) b.send('INCR n');
    for (let i = 0; i < 50; i++) await a.reply();
    const { reply } = await a.reply();
    if (reply.type !== 'array') throw new Error(`EXEC was answered with a ${reply.type}`);
    const values = reply.items.map((item) => (item.type === 'integer' ? Number(item.value) : Number.NaN));
    expect(values).toEqual(values.map((_, i) => values[0]! + i));
  });

  test('a client that goes leaves no watch behind', async () => {
    const server = await startServer();
    const [a, b] = [server.connect(), server.connect()];
    await a.pipeline(['WATCH k', 'MULTI', 'SET k 1']);
    a.close();
    await a.whenClosed();
    expect(await b.value('SET', 'k', '2')).toBe('OK');
    expect(await b.value('GET', 'k')).toBe('2');
  });

  test('in RESP3 a broken transaction is a null', async () => {
    const server = await startServer();
    const client = await server.connect3();
    await client.pipeline(['WATCH k', 'SET k 1']);
    expect(await exec(client)).toBe('_\r\n');
  });

  test('a watched key that another one flushes, swaps or expires', async () => {
    const server = await startServer();
    const [a, b] = [server.connect(), server.connect()];
    for (const change of ['FLUSHALL', 'SWAPDB 0 1', 'PEXPIRE k 1']) {
      await a.pipeline(['SELECT 0', 'SET k 1', 'WATCH k']);
      await b.call(change);
      expect(await exec(a), change).toBe(BROKEN);
    }
  });
});

describe('what is propagated', () => {
  const cases: { name: string; before?: string[]; run: string[]; propagated: string[]; changes: number }[] = [
    {
      name: 'several effects, as one unit',
      run: ['MULTI', 'SET a 1', 'GET a', 'SET b 2', 'GET b', 'EXEC'],
      propagated: ['-1 MULTI', '0 SET a 1', '0 SET b 2', '-1 EXEC'],
      changes: 2,
    },
    { name: 'one effect, bare', run: ['MULTI', 'SET a 1', 'EXEC'], propagated: ['0 SET a 1'], changes: 1 },
    { name: 'no command', run: ['MULTI', 'EXEC'], propagated: [], changes: 0 },
    {
      name: 'commands without effect',
      run: ['MULTI', 'GET a', 'DEL a', 'EXEC'],
      propagated: [],
      changes: 0,
    },
    {
      name: 'effects in several databases',
      run: ['MULTI', 'SELECT 1', 'SET a 1', 'SELECT 2', 'SET a 2', 'EXEC'],
      propagated: ['-1 MULTI', '1 SET a 1', '2 SET a 2', '-1 EXEC'],
      changes: 2,
    },
    {
      name: 'an error in the middle',
      before: ['SET s x'],
      run: ['MULTI', 'SET a 1', 'INCR s', 'SET b 1', 'EXEC'],
      propagated: ['-1 MULTI', '0 SET a 1', '0 SET b 1', '-1 EXEC'],
      changes: 2,
    },
    {
      name: 'a transaction that is aborted',
      run: ['MULTI', 'SET a 1', 'NOSUCH', 'EXEC'],
      propagated: [],
      changes: 0,
    },
    {
      name: 'a transaction that is dropped',
      run: ['MULTI', 'SET a 1', 'DISCARD'],
      propagated: [],
      changes: 0,
    },
    {
      name: 'a watch that was broken',
      before: ['WATCH a', 'SET a 0'],
      run: ['MULTI', 'SET a 1', 'SET b 1', 'EXEC'],
      propagated: [],
      changes: 0,
    },
  ];

  test.each(cases)('$name', async ({ before, run, propagated, changes }) => {
    const server = new EffectServer();
    onTestFinished(() => server.close());
    if (before !== undefined) await server.run(...before);
    expect(await server.effectsOf(...run)).toMatchObject({ propagated, changes });
  });
});

describe('the book of watches', () => {
  const newClient = () =>
    ({ watchBroken: false, watchCount: 0, replyMode: REPLY_MODE.ON }) as unknown as Client;

  test('tells when the first client begins and the last one ends', () => {
    const watches = new Watches();
    const changes: boolean[] = [];
    watches.onChange = () => changes.push(watches.isEmpty);
    const [a, b] = [newClient(), newClient()];
    watches.watch(a, 0, 'k', false);
    watches.watch(a, 0, 'l', false);
    watches.watch(b, 0, 'k', false);
    expect([a.watchCount, b.watchCount, watches.clientCount]).toEqual([2, 1, 2]);
    watches.unwatch(a);
    watches.unwatch(a);
    expect(changes).toEqual([false]);
    watches.unwatch(b);
    expect(changes).toEqual([false, true]);
    expect([a.watchCount, b.watchCount, watches.clientCount]).toEqual([0, 0, 0]);
  });

  test('a broken watch is followed no further, and stays broken until it ends', () => {
    const watches = new Watches();
    const client = newClient();
    watches.watch(client, 0, 'k', false);
    watches.touch(0, 'k', false);
    expect([client.watchBroken, client.watchCount, watches.isEmpty]).toEqual([true, 0, true]);
    watches.unwatch(client);
    expect(client.watchBroken).toBe(false);
  });

  test('keys of other names and databases are others', () => {
    const watches = new Watches();
    const client = newClient();
    watches.watch(client, 1, '2:k', false);
    watches.touch(12, 'k', false);
    watches.touch(1, 'k', false);
    watches.touch(2, '2:k', false);
    expect(client.watchBroken).toBe(false);
    watches.touch(1, '2:k', true);
    expect(client.watchBroken).toBe(true);
  });

  test('a key that had expired may go once, and may not come back', () => {
    const watches = new Watches();
    const client = newClient();
    watches.watch(client, 0, 'k', true);
    watches.touch(0, 'k', true);
    expect(client.watchBroken).toBe(false);
    watches.touch(0, 'k', false);
    expect(client.watchBroken).toBe(true);
  });

  test('watching a key again changes nothing', () => {
    const watches = new Watches();
    const client = newClient();
    watches.watch(client, 0, 'k', false);
    watches.watch(client, 0, 'k', true);
    expect(client.watchCount).toBe(1);
    watches.touch(0, 'k', true);
    expect(client.watchBroken).toBe(true);
  });

  test('very many keys of one client', () => {
    const watches = new Watches();
    const client = newClient();
    for (let i = 0; i < 100_000; i++) watches.watch(client, 0, `k${i}`, false);
    expect(client.watchCount).toBe(100_000);
    watches.touch(0, 'k99999', false);
    expect([client.watchBroken, watches.isEmpty]).toEqual([true, true]);
  });
});
