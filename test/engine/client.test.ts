// What one client does to another, or to itself in a way that shows in bytes and not in replies: CLIENT KILL, REPLY,
// PAUSE and LIST, QUIT, the idle timeout. By a clock that the test moves.

import { describe, expect, onTestFinished, test } from 'vitest';
import { encodeRequest } from '../support/resp.ts';
import { argumentsOf, type TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';

async function startServer(config: Record<string, string> = {}): Promise<TestServer> {
  const server = await TestServer.start({ config });
  onTestFinished(() => server.close());
  return server;
}

/** All bytes that requests in one write are answered with, as soon as the server rests. */
async function bytesOf(client: TestClient, ...requests: string[]): Promise<string> {
  client.write(Buffer.concat(requests.map((request) => encodeRequest(argumentsOf(request)))));
  return settled(client);
}

async function settled(client: TestClient): Promise<string> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  const bytes = client.unread;
  client.unread = '';
  return bytes;
}

async function idOf(client: TestClient): Promise<string> {
  return String(await client.value('CLIENT', 'ID'));
}

/** Client lines of CLIENT LIST as records. */
async function list(client: TestClient, ...args: string[]): Promise<Record<string, string>[]> {
  const text = (await client.value('CLIENT', 'LIST', ...args)) as string;
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Object.fromEntries(line.split(' ').map((field) => field.split(/=(.*)/s).slice(0, 2))));
}

describe('CLIENT KILL', () => {
  test('by ID', async () => {
    const server = await startServer();
    const [a, b, c] = [server.connect(), server.connect(), server.connect()];
    expect(await a.value('CLIENT', 'KILL', 'ID', await idOf(b))).toBe(1);
    await b.whenClosed();
    expect(await c.value('PING')).toBe('PONG');
    expect(await list(a)).toHaveLength(2);
  });

  test('by type and user, sparing oneself unless told otherwise', async () => {
    const server = await startServer();
    const a = server.connect();
    await Promise.all([server.connect(), server.connect()].map((other) => other.call('PING')));
    expect(await a.value('CLIENT', 'KILL', 'TYPE', 'normal', 'USER', 'default')).toBe(2);
    const b = server.connect();
    await b.call('PING');
    expect(await a.value('CLIENT', 'KILL', 'SKIPME', 'no')).toBe(2);
    await Promise.all([a.whenClosed(), b.whenClosed()]);
  });

  test('filters narrow down together, and the last of a kind counts', async () => {
    const server = await startServer();
    const [a, b] = [server.connect(), server.connect()];
    const [first, second] = [await idOf(a), await idOf(b)];
    expect(await a.value('CLIENT', 'KILL', 'ID', second, 'TYPE', 'pubsub')).toBe(0);
    expect(await a.value('CLIENT', 'KILL', 'ID', second, 'ID', first)).toBe(0);
    expect(await a.value('CLIENT', 'KILL', 'SKIPME', 'no', 'SKIPME', 'yes', 'ID', first)).toBe(0);
    expect(await a.value('CLIENT', 'KILL', 'ID', first, 'ID', second)).toBe(1);
  });

  test('what the killed client was to be told is lost', async () => {
    const server = await startServer();
    const [a, b] = [server.connect(), server.connect()];
    const id = await idOf(b);
    b.send('PING');
    a.send(`CLIENT KILL ID ${id}`);
    expect(await settled(a)).toBe(':1\r\n');
    expect(b.isClosed).toBe(true);
  });

  test('of oneself answers, runs no further request and closes', async () => {
    const server = await startServer();
    const client = server.connect();
    const id = await idOf(client);
    expect(await bytesOf(client, 'PING', `CLIENT KILL ID ${id} SKIPME no`, 'SET k v')).toBe(
      '+PONG\r\n:1\r\n',
    );
    await client.whenClosed();
    expect(await server.connect().value('GET', 'k')).toBe(null);
  });

  // Observed 7.2.4.
  test('of oneself within a transaction: the rest runs unanswered', async () => {
    const server = await startServer();
    const client = server.connect();
    const requests = ['MULTI', 'PING', 'CLIENT KILL TYPE normal SKIPME no', 'SET k v', 'EXEC', 'SET l v'];
    expect(await bytesOf(client, ...requests)).toBe(`+OK\r\n${'+QUEUED\r\n'.repeat(3)}*3\r\n+PONG\r\n:1\r\n`);
    await client.whenClosed();
    const other = server.connect();
    expect([await other.value('GET', 'k'), await other.value('GET', 'l')]).toEqual(['v', null]);
  });
});

// All of it observed 7.2.4.
describe('CLIENT REPLY', () => {
  const stories: [name: string, requests: string[], bytes: string][] = [
    [
      'OFF until ON',
      ['CLIENT REPLY OFF', 'PING', 'SET k v', 'CLIENT REPLY ON', 'GET k'],
      '+OK\r\n$1\r\nv\r\n',
    ],
    ['SKIP leaves out the next one', ['CLIENT REPLY SKIP', 'PING a', 'PING b'], '$1\r\nb\r\n'],
    ['SKIP after SKIP', ['CLIENT REPLY SKIP', 'CLIENT REPLY SKIP', 'PING a', 'PING b'], '$1\r\nb\r\n'],
    ['SKIP leaves out errors', ['CLIENT REPLY SKIP', 'NOSUCH', 'PING b'], '$1\r\nb\r\n'],
    ['ON ends SKIP', ['CLIENT REPLY SKIP', 'CLIENT REPLY ON', 'PING'], '+OK\r\n+PONG\r\n'],
    ['SKIP does nothing to OFF', ['CLIENT REPLY OFF', 'CLIENT REPLY SKIP', 'PING', 'PING'], ''],
    ['a wrong mode after SKIP', ['CLIENT REPLY SKIP', 'CLIENT REPLY x', 'PING'], '+PONG\r\n'],
    ['RESET ends OFF', ['CLIENT REPLY OFF', 'RESET', 'PING'], '+RESET\r\n+PONG\r\n'],
    ['RESET is left out by SKIP', ['CLIENT REPLY SKIP', 'RESET', 'PING'], '+PONG\r\n'],
    [
      'OFF within a transaction',
      ['MULTI', 'PING', 'CLIENT REPLY OFF', 'PING', 'EXEC', 'PING'],
      `+OK\r\n${'+QUEUED\r\n'.repeat(3)}*3\r\n+PONG\r\n`,
    ],
    [
      'ON within a transaction',
      ['CLIENT REPLY OFF', 'MULTI', 'PING', 'CLIENT REPLY ON', 'PING', 'EXEC', 'PING'],
      '+OK\r\n+PONG\r\n+PONG\r\n',
    ],
    [
      'SKIP within a transaction',
      ['MULTI', 'PING', 'CLIENT REPLY SKIP', 'PING', 'EXEC', 'PING a', 'PING b'],
      `+OK\r\n${'+QUEUED\r\n'.repeat(3)}*3\r\n+PONG\r\n+PONG\r\n$1\r\nb\r\n`,
    ],
  ];

  test.each(stories)('%s', async (_name, requests, bytes) => {
    const server = await startServer();
    expect(await bytesOf(server.connect(), ...requests)).toBe(bytes);
    // The same when each request is an input of its own.
    const client = server.connect();
    let told = '';
    for (const request of requests) told += await bytesOf(client, request);
    expect(told).toBe(bytes);
  });

  test('long replies are left out as well', async () => {
    const server = await startServer();
    const client = server.connect();
    await client.call(['SET', 'k', 'x'.repeat(300_000)]);
    expect(await bytesOf(client, 'PING', 'CLIENT REPLY SKIP', 'GET k', 'PING a')).toBe(
      '+PONG\r\n$1\r\na\r\n',
    );
    expect(await bytesOf(client, 'CLIENT REPLY OFF', 'GET k', 'GET k', 'CLIENT REPLY ON')).toBe('+OK\r\n');
  });

  test('QUIT closes whether it is answered or not', async () => {
    const server = await startServer();
    const client = server.connect();
    expect(await bytesOf(client, 'CLIENT REPLY OFF', 'QUIT')).toBe('');
    await client.whenClosed();
  });
});

describe('CLIENT PAUSE', () => {
  test('holds everything back and ends on time', async () => {
    const server = await startServer();
    const [a, b] = [server.connect(), server.connect()];
    expect(await bytesOf(a, 'CLIENT PAUSE 300')).toBe('+OK\r\n');
    expect(await bytesOf(b, 'PING')).toBe('');
    expect(await bytesOf(a, 'PING')).toBe('');
    await server.advance(299);
    expect(await settled(b)).toBe('');
    await server.advance(1);
    expect(await settled(b)).toBe('+PONG\r\n');
    expect(await settled(a)).toBe('+PONG\r\n');
  });

  test('WRITE lets reads through and keeps the order', async () => {
    const server = await startServer();
    const [a, b] = [server.connect(), server.connect()];
    await a.call('CLIENT PAUSE 1000 WRITE');
    expect(await bytesOf(b, 'GET k', 'SET k v', 'GET k', 'PING')).toBe('$-1\r\n');
    expect(await bytesOf(b, 'PING last')).toBe('');
    await server.advance(1000);
    expect(await settled(b)).toBe('+OK\r\n$1\r\nv\r\n+PONG\r\n$4\r\nlast\r\n');
  });

  test('UNPAUSE ends it at once, in the order of the clients', async () => {
    const server = await startServer();
    const a = server.connect();
    const others = Array.from({ length: 3 }, () => server.connect());
    await a.call('CLIENT PAUSE 1000000 WRITE');
    for (const other of others) expect(await bytesOf(other, 'INCR n')).toBe('');
    expect((await list(a)).map(({ flags }) => flags)).toEqual(['N', 'b', 'b', 'b']);
    expect(await bytesOf(a, 'CLIENT UNPAUSE')).toBe('+OK\r\n');
    expect(await Promise.all(others.map(settled))).toEqual([':1\r\n', ':2\r\n', ':3\r\n']);
    expect((await list(a)).map(({ flags }) => flags)).toEqual(['N', 'N', 'N', 'N']);
  });

  test('a second pause makes the first neither weaker nor shorter', async () => {
    const server = await startServer();
    const [a, b] = [server.connect(), server.connect()];
    expect(await bytesOf(a, 'MULTI', 'CLIENT PAUSE 200 ALL', 'CLIENT PAUSE 20 WRITE', 'EXEC')).toContain(
      '*2',
    );
    expect(await bytesOf(b, 'PING')).toBe('');
    await server.advance(199);
    expect(await settled(b)).toBe('');
    await server.advance(1);
    expect(await settled(b)).toBe('+PONG\r\n');
    await a.pipeline(['CLIENT PAUSE 100 WRITE', 'CLIENT PAUSE 500 WRITE', 'CLIENT PAUSE 0 WRITE']);
    expect(await bytesOf(b, 'SET k v')).toBe('');
    await server.advance(499);
    expect(await settled(b)).toBe('');
    await server.advance(1);
    expect(await settled(b)).toBe('+OK\r\n');
  });

  // Observed 7.2.4.
  test('a write is held back already when it is only queued', async () => {
    const server = await startServer();
    const [a, b] = [server.connect(), server.connect()];
    await b.call('MULTI');
    await a.call('CLIENT PAUSE 1000 WRITE');
    expect(await bytesOf(b, 'GET k')).toBe('+QUEUED\r\n');
    expect(await bytesOf(b, 'SET k v', 'EXEC')).toBe('');
    await a.call('CLIENT UNPAUSE');
    expect(await settled(b)).toBe('+QUEUED\r\n*2\r\n$-1\r\n+OK\r\n');
  });

  test('EXEC is held back for the writes in the queue', async () => {
    const server = await startServer();
    const [a, b, c] = [server.connect(), server.connect(), server.connect()];
    await b.pipeline(['MULTI', 'SET k v']);
    await c.pipeline(['MULTI', 'GET k', 'PING']);
    await a.call('CLIENT PAUSE 1000 WRITE');
    expect(await bytesOf(b, 'EXEC')).toBe('');
    expect(await bytesOf(c, 'EXEC')).toBe('*2\r\n$-1\r\n+PONG\r\n');
    await server.advance(1000);
    expect(await settled(b)).toBe('*1\r\n+OK\r\n');
  });

  test('a pause within a transaction begins when that has ended', async () => {
    const server = await startServer();
    const [a, b] = [server.connect(), server.connect()];
    const requests = ['MULTI', 'SET a 1', 'CLIENT PAUSE 1000 WRITE', 'SET b 1', 'EXEC'];
    expect(await bytesOf(a, ...requests)).toBe(
      `+OK\r\n${'+QUEUED\r\n'.repeat(3)}*3\r\n${'+OK\r\n'.repeat(3)}`,
    );
    expect(await bytesOf(b, 'SET c 1')).toBe('');
    expect(await bytesOf(a, 'GET b', 'GET c')).toBe('$1\r\n1\r\n$-1\r\n');
  });

  test('nothing is removed because it has expired', async () => {
    const server = await startServer();
    const a = server.connect();
    await a.pipeline(['SET k v PX 10', 'SET l v PX 10', 'CLIENT PAUSE 1000 WRITE']);
    await server.advance(500);
    expect(await a.value('GET', 'k')).toBe(null);
    expect(await a.value('DBSIZE')).toBe(2);
    await server.advance(600);
    expect(await a.value('DBSIZE')).toBe(0);
  });

  test('a client that is held back can go', async () => {
    const server = await startServer();
    const [a, b, c] = [server.connect(), server.connect(), server.connect()];
    const id = await idOf(c);
    await a.call('CLIENT PAUSE 1000 WRITE');
    expect(await bytesOf(b, 'SET k b')).toBe('');
    expect(await bytesOf(c, 'SET k c')).toBe('');
    b.close();
    expect(await a.value('CLIENT', 'KILL', 'ID', id)).toBe(1);
    await c.whenClosed();
    await a.call('CLIENT UNPAUSE');
    expect(await a.value('GET', 'k')).toBe(null);
  });

  test('SKIP waits with the request that it is for', async () => {
    const server = await startServer();
    const [a, b] = [server.connect(), server.connect()];
    await a.call('CLIENT PAUSE 1000 WRITE');
    expect(await bytesOf(b, 'CLIENT REPLY SKIP', 'SET k v', 'PING')).toBe('');
    await a.call('CLIENT UNPAUSE');
    expect(await settled(b)).toBe('+PONG\r\n');
  });

  test('the timer ends with the server', async () => {
    const server = await TestServer.start();
    await server.connect().call('CLIENT PAUSE 100000');
    await server.close();
    expect(server.virtual.timerCount).toBe(0);
  });
});

describe('CLIENT LIST', () => {
  test('tells of all clients in the order in which they came', async () => {
    const server = await startServer();
    const [a, b, c] = [server.connect(), server.connect(), await server.connect3()];
    await b.pipeline(['SELECT 3', 'CLIENT SETNAME second', 'MULTI', 'SET k v']);
    const lines = await list(a);
    const ids = lines.map(({ id }) => Number(id));
    expect(ids).toEqual([...ids].sort((x, y) => x - y));
    expect(lines[1]).toMatchObject({ name: 'second', db: '3', flags: 'x', multi: '1', resp: '2' });
    expect(lines[1]).toMatchObject({ cmd: 'set', 'multi-mem': '29', qbuf: '0', 'argv-mem': '0' });
    expect(lines[2]).toMatchObject({ resp: '3', cmd: 'hello' });
    expect(await list(c, 'ID', lines[1]!.id!, lines[0]!.id!, '12345')).toMatchObject([
      { name: 'second' },
      { cmd: 'client|list' },
    ]);
  });

  test('age and idle time in seconds', async () => {
    const server = await startServer();
    const a = server.connect();
    await a.call('PING');
    await server.advance(5000);
    const b = server.connect();
    await b.call('PING');
    await server.advance(2500);
    expect(await list(a)).toMatchObject([
      { age: '7', idle: '0' },
      { age: '2', idle: '2' },
    ]);
  });

  test('the last command, be it refused, queued or none', async () => {
    const server = await startServer();
    const [a, b] = [server.connect(), server.connect()];
    const lastOf = async () => (await list(a))[1]!.cmd;
    await a.call('PING');
    expect((await list(a)).map(({ cmd }) => cmd)).toEqual(['client|list', 'NULL']);
    await b.call('GET');
    expect(await lastOf()).toBe('get');
    await b.call('CLIENT nosuch');
    expect(await lastOf()).toBe('NULL');
    await b.pipeline(['MULTI', 'CLIENT GETNAME']);
    expect(await lastOf()).toBe('client|getname');
    await b.call('NOSUCH');
    expect(await lastOf()).toBe('NULL');
  });

  test('what a request in pieces takes', async () => {
    const server = await startServer();
    const [a, b] = [server.connect(), server.connect()];
    b.write(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$300000\r\n${'x'.repeat(200_000)}`);
    await settled(b);
    const line = (await list(a))[1]!;
    expect(line).toMatchObject({ qbuf: '200000', 'argv-mem': '4', cmd: 'NULL' });
    expect(Number(line['tot-mem'])).toBeGreaterThan(200_000);
    b.write(`${'x'.repeat(100_000)}\r\n`);
    expect(await settled(b)).toBe('+OK\r\n');
    expect((await list(a))[1]).toMatchObject({ qbuf: '0', 'argv-mem': '0', cmd: 'set' });
  });

  // In two pieces, so that it needs memory of the connection's own.
  const setLarge = async (client: TestClient, length = 400_000) => {
    client.write(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${length}\r\n`);
    client.write(`${'x'.repeat(length)}\r\n`);
    expect(await settled(client)).toBe('+OK\r\n');
  };

  test('memory for input is kept for the next request, and given back', async () => {
    const server = await startServer();
    const [a, b] = [server.connect(), server.connect()];
    const room = async () => Number((await list(a))[1]!['qbuf-free']);
    await b.call('PING');
    expect(await room()).toBe(16 * 1024);
    await setLarge(b);
    const large = await room();
    expect(large).toBeGreaterThanOrEqual(400_000);
    // Small requests do not need it: what is left serves the next one that does.
    for (let i = 0; i < 8; i++) {
      await server.advance(100);
      await b.call('SET k v');
    }
    const small = await room();
    expect(small).toBeGreaterThan(0);
    expect(small).toBeLessThanOrEqual(32 * 1024);
    await server.advance(3000);
    expect(await room()).toBe(0);
    await setLarge(b);
    expect(await b.value('STRLEN', 'k')).toBe(400_000);
  });

  test('memory for input shrinks to what it holds when the rest does not come', async () => {
    const server = await startServer();
    const [a, b] = [server.connect(), server.connect()];
    b.write(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1000000\r\n${'x'.repeat(70_000)}`);
    await settled(b);
    expect(Number((await list(a))[1]!['qbuf-free'])).toBeGreaterThan(0);
    await server.advance(3000);
    expect((await list(a))[1]).toMatchObject({ qbuf: '70000', 'qbuf-free': '0' });
    b.write(`${'y'.repeat(930_000)}\r\n`);
    expect(await settled(b)).toBe('+OK\r\n');
    const value = (await b.value('GET', 'k')) as string;
    expect(value === 'x'.repeat(70_000) + 'y'.repeat(930_000)).toBe(true);
  });

  test('a very large input is not kept', async () => {
    const server = await startServer();
    const [a, b] = [server.connect(), server.connect()];
    await setLarge(b, 5_000_000);
    expect((await list(a))[1]).toMatchObject({ qbuf: '0', 'qbuf-free': '0' });
  });
});

test('CLIENT HELP names every subcommand within the common frame', async () => {
  const server = await startServer();
  const lines = (await server.connect().value('CLIENT', 'HELP')) as string[];
  expect(lines[0]).toBe('CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:');
  expect(lines.slice(-2)).toEqual(['HELP', '    Print this help.']);
  const named = new Set(lines.slice(1).flatMap((line) => /^[A-Z-]+/.exec(line) ?? []));
  const subcommands =
    'CACHING GETNAME GETREDIR HELP ID INFO KILL LIST NO-EVICT NO-TOUCH PAUSE REPLY SETINFO SETNAME TRACKING TRACKINGINFO UNBLOCK UNPAUSE';
  expect([...named].sort()).toEqual(subcommands.split(' '));
});

describe('the end of a connection', () => {
  test('QUIT answers, and nothing behind it runs', async () => {
    const server = await startServer();
    const client = server.connect();
    expect(await bytesOf(client, 'PING', 'QUIT', 'SET k v')).toBe('+PONG\r\n+OK\r\n');
    await client.whenClosed();
    const large = server.connect();
    large.write(Buffer.concat([encodeRequest(['QUIT']), encodeRequest(['SET', 'k', 'x'.repeat(200_000)])]));
    expect(await settled(large)).toBe('+OK\r\n');
    expect(await server.connect().value('EXISTS', 'k')).toBe(0);
  });

  test('a protocol error answers and closes', async () => {
    const server = await startServer();
    const client = server.connect();
    client.write('*1\r\n$4\r\nPING\r\n*1\r\n!4\r\nPING\r\n');
    expect(await settled(client)).toBe("+PONG\r\n-ERR Protocol error: expected '$', got '!'\r\n");
    await client.whenClosed();
    const silent = server.connect();
    await bytesOf(silent, 'CLIENT REPLY OFF');
    silent.write('*x\r\n');
    expect(await settled(silent)).toBe('');
    await silent.whenClosed();
  });

  test('the words of an HTTP request close without an answer', async () => {
    const server = await startServer();
    for (const word of ['POST', 'post', 'Host:']) {
      const client = server.connect();
      expect(await bytesOf(client, 'PING', `${word} /`, 'SET k v')).toBe('');
      await client.whenClosed();
    }
    expect(server.logLines.filter((line) => line.includes('Possible SECURITY ATTACK'))).toHaveLength(1);
    expect(await server.connect().value('EXISTS', 'k')).toBe(0);
  });

  test('who is silent for longer than the timeout is closed, who is held back is not', async () => {
    const server = await startServer({ timeout: '10' });
    const [a, b, c] = [server.connect(), server.connect(), server.connect()];
    await Promise.all([a, b].map((client) => client.call('PING')));
    await a.call('CLIENT PAUSE 60000 WRITE');
    expect(await bytesOf(c, 'SET k v')).toBe('');
    await server.advance(9000);
    await a.call('PING');
    await server.advance(2000);
    await b.whenClosed();
    expect([a.isClosed, c.isClosed]).toEqual([false, false]);
    await server.advance(10_000);
    await a.whenClosed();
    expect([a.isClosed, c.isClosed]).toEqual([true, false]);
  });

  test('without a timeout nobody is closed', async () => {
    const server = await startServer();
    const client = server.connect();
    await client.call('PING');
    await server.advance(100_000);
    expect(await client.value('PING')).toBe('PONG');
  });
});
