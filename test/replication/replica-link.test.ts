// A replica of ours and a master that the test plays: what is said in which order, what comes of odd answers and of links that
// end in the middle of something, and what of the stream counts as applied wherever it is cut.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TestServer, TestServerOptions } from '../support/test-server.ts';
import { infoOf, listening, Stranger, until, wordsOf } from '../support/two-sides.ts';

const ID = 'a'.repeat(40);
const OTHER_ID = 'b'.repeat(40);
const MARK = 'm'.repeat(40);

type Answer = string | ((stranger: Stranger) => void);

/** Answers each request by the first of these whose name it begins with; what has no answer is not answered. */
function answering(answers: Readonly<Record<string, Answer>>) {
  let answered = 0;
  let connection = 0;
  return (stranger: Stranger) => {
    if (stranger.connections.length !== connection) {
      connection = stranger.connections.length;
      answered = 0;
    }
    const requests = stranger.requests;
    for (; answered < requests.length; answered++) {
      const name = Object.keys(answers).find((prefix) => requests[answered]!.startsWith(prefix));
      const answer = name === undefined ? undefined : answers[name];
      if (typeof answer === 'string') stranger.send(answer);
      else answer?.(stranger);
    }
  };
}

const POLITE = { PING: '+PONG\r\n', AUTH: '+OK\r\n', 'REPLCONF ACK': '', REPLCONF: '+OK\r\n' };

async function follower(answers: Readonly<Record<string, Answer>>, options: TestServerOptions = {}) {
  const stranger = await Stranger.listen(answering(answers));
  const { client, server } = await listening(options);
  await client.value('REPLICAOF', '127.0.0.1', String(stranger.port));
  const said = async (line: string | RegExp) =>
    until(
      `the log says ${line}`,
      () => wordsOf(server).some((one) => (typeof line === 'string' ? one === line : line.test(one))),
      server,
    );
  return { client, said, server, stranger };
}

/** Waits for the request for the stream on a second connection, or on one with another number. */
async function cameAgain(
  { server, stranger }: { server: TestServer; stranger: Stranger },
  connections = 2,
): Promise<void> {
  await until(
    'it comes again',
    () => stranger.connections.length >= connections && stranger.received.includes('PSYNC'),
    server,
  );
}

/** An RDB file with a key, as a master of ours would send it. */
async function snapshotOf(requests: readonly string[]): Promise<Buffer> {
  const { client, server } = await listening({ config: { dir: '/' } });
  await client.pipeline([...requests, 'SAVE']);
  return Buffer.from(server.virtual.disk.read('/dump.rdb')!, 'latin1');
}

/** A follower that has got a snapshot whose length was told, and the stream behind it. */
async function synchronized(stream: string, options: TestServerOptions = {}) {
  const file = await snapshotOf(['SET a 1']);
  const psync = (stranger: Stranger) => {
    if (stranger.connections.length > 1) return;
    stranger.send(`+FULLRESYNC ${ID} 100\r\n$${file.length}\r\n`);
    stranger.send(file);
    stranger.send(stream);
  };
  const all = await follower({ ...POLITE, PSYNC: psync }, options);
  await until(
    'the link is up',
    async () => (await infoOf(all.client, 'master_link_status')) === 'up',
    all.server,
  );
  return all;
}

describe('the handshake', () => {
  test('says who we are', async () => {
    const { server, stranger } = await follower(POLITE, {
      config: {
        masterauth: 'secret',
        masteruser: 'user',
        'replica-announce-ip': '10.0.0.1',
        'replica-announce-port': 1234,
      },
    });
    await until('it is over', () => stranger.received.includes('PSYNC'), server);
    expect(stranger.requests).toEqual([
      'PING',
      'AUTH user secret',
      'REPLCONF listening-port 1234',
      'REPLCONF ip-address 10.0.0.1',
      'REPLCONF capa eof capa psync2',
      expect.stringMatching(/^PSYNC [0-9a-f]{40} 1$/),
    ]);
  });

  test('goes on with a master that wants a password or knows less', async () => {
    const { server, stranger } = await follower({ PING: '-NOAUTH x\r\n', REPLCONF: '-ERR unknown\r\n' });
    await until('it is over', () => stranger.received.includes('PSYNC'), server);
    expect(wordsOf(server)).toEqual(
      expect.arrayContaining([
        'Master replied to PING, replication can continue...',
        '(Non critical) Master does not understand REPLCONF listening-port: -ERR unknown',
        '(Non critical) Master does not understand REPLCONF capa: -ERR unknown',
      ]),
    );
    expect(stranger.requests).toContain(`REPLCONF listening-port ${server.port}`);
  });

  test.each<[string, Readonly<Record<string, Answer>>, Readonly<Record<string, string>>, string | RegExp]>([
    ['an error to PING', { PING: '-ERR x\r\n' }, {}, "Error reply to PING from master: '-ERR x'"],
    [
      'a wrong password',
      { ...POLITE, AUTH: '-WRONGPASS x\r\n' },
      { masterauth: 'secret' },
      'Unable to AUTH to MASTER: -WRONGPASS x',
    ],
    [
      'a master that is loading',
      { ...POLITE, PSYNC: '\n\n-LOADING x\r\n' },
      {},
      'Master is currently unable to PSYNC but should be in the future: -LOADING x',
    ],
    [
      'a master without a master',
      { ...POLITE, PSYNC: '-NOMASTERLINK x\r\n' },
      {},
      'Master is currently unable to PSYNC but should be in the future: -NOMASTERLINK x',
    ],
    [
      'a link that ends instead of an answer',
      { PING: ({ socket }) => socket!.end() },
      {},
      'Master did not respond to command during SYNC handshake',
    ],
    [
      'a link that ends instead of a verdict',
      { ...POLITE, PSYNC: ({ socket }) => socket!.end() },
      {},
      'Master did not reply to PSYNC, will try later',
    ],
    [
      'something else than a snapshot',
      { ...POLITE, PSYNC: `+FULLRESYNC ${ID} 1\r\nhello\r\n` },
      {},
      "Bad protocol from MASTER, the first byte is not '$' (we received 'hello'), are you sure the host and port are right?",
    ],
    [
      'an error instead of a snapshot',
      { ...POLITE, PSYNC: `+FULLRESYNC ${ID} 1\r\n-ERR no fork\r\n` },
      {},
      'MASTER aborted replication with an error: ERR no fork',
    ],
    [
      'a snapshot that ends too early',
      {
        ...POLITE,
        PSYNC: (stranger) => {
          stranger.send(`+FULLRESYNC ${ID} 1\r\n$1000\r\nREDIS`);
          stranger.socket!.end();
        },
      },
      {},
      'I/O error trying to sync with MASTER: connection lost',
    ],
  ])('begins again after %s', async (_, answers, config, line) => {
    const { said, server, stranger } = await follower(answers, { config });
    await said(line);
    await until('it comes again', () => stranger.connections.length > 1, server);
    expect([...server.virtual.disk.files.keys()].filter((path) => path.includes('temp')).length).toBeLessThan(
      2,
    );
  });

  test('falls back to SYNC', async () => {
    const file = await snapshotOf(['SET a 1']);
    const { client, server, stranger } = await follower({
      ...POLITE,
      PSYNC: '-ERR unknown command\r\n',
      SYNC: (one) => {
        one.send(`\n$${file.length}\r\n`);
        one.send(file);
        one.send('*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n2\r\n');
      },
    });
    await until('the stream is applied', async () => (await client.value('GET', 'b')) === '2', server);
    expect(await client.value('GET', 'a')).toBe('1');
    await server.advance(3000);
    expect(stranger.received).not.toContain('ACK');
    expect(await client.value('ROLE')).toEqual(['slave', '127.0.0.1', stranger.port, 'connected', -1]);
  });

  test('gives up a master that does not answer', async () => {
    const { said, server, stranger } = await follower({}, { config: { 'repl-timeout': 5 } });
    await said('Timeout connecting to the MASTER...');
    await until('it comes again', () => stranger.connections.length > 1, server);
  });

  test('gives up a master that stops in the middle of the snapshot, or of the stream', async () => {
    const options = { config: { 'repl-timeout': 5 } };
    const first = await follower({ ...POLITE, PSYNC: `+FULLRESYNC ${ID} 1\r\n$1000\r\nREDIS` }, options);
    await first.said(/^Timeout receiving bulk data from MASTER\.\.\./);
    const second = await synchronized('', options);
    await second.said('MASTER timeout: no data nor PING received...');
    await cameAgain(second);
    expect(second.stranger.requests).toContain(`PSYNC ${ID} 101`);
  });
});

describe('the snapshot', () => {
  const modes = ['disabled', 'on-empty-db', 'swapdb'] as const;

  test.each(modes)('whose end is marked, cut into small pieces (%s)', async (mode) => {
    const file = await snapshotOf(['SET a 1', 'SELECT 3', 'SET b 2']);
    const all = Buffer.concat([
      Buffer.from(`+FULLRESYNC ${ID} 7\r\n$EOF:${MARK}\r\n`),
      file,
      Buffer.from(MARK),
    ]);
    const { client, server, stranger } = await follower(
      {
        ...POLITE,
        PSYNC: (one) => {
          for (let at = 0; at < all.length; at += 7) one.send(all.subarray(at, at + 7));
        },
      },
      { config: { 'repl-diskless-load': mode } },
    );
    await until('it is loaded', async () => (await client.value('GET', 'a')) === '1', server);
    // The master waits for this before it sends the stream.
    await until('it is acknowledged', () => stranger.received.includes('ACK'));
    expect(stranger.requests.at(-1)).toBe('REPLCONF ACK 7');
    expect(await infoOf(client, 'master_replid')).toBe(ID);
  });

  test('with the wrong mark at its end', async () => {
    const file = await snapshotOf(['SET a 1']);
    const { client, said } = await follower(
      {
        ...POLITE,
        PSYNC: (one) => {
          one.send(`+FULLRESYNC ${ID} 7\r\n$EOF:${MARK}\r\n`);
          one.send(file);
          one.send('x'.repeat(40));
        },
      },
      { config: { 'repl-diskless-load': 'swapdb' } },
    );
    await said('Replication stream EOF marker is broken');
    await said('MASTER <-> REPLICA sync: Discarding temporary DB in background');
    expect(await client.value('DBSIZE')).toBe(0);
  });

  test('that fails beside the old data leaves them', async () => {
    const file = await snapshotOf(['SET a new', 'SET b new']);
    const { client, server, stranger } = await follower(POLITE, {
      config: { 'repl-diskless-load': 'swapdb' },
    });
    await client.call('REPLICAOF NO ONE');
    await client.call('SET a old');
    await client.call(`REPLICAOF 127.0.0.1 ${stranger.port}`);
    await until('it asks', () => stranger.received.includes('PSYNC'), server);
    stranger.send(`+FULLRESYNC ${ID} 1\r\n$${file.length}\r\n`);
    stranger.send(file.subarray(0, file.length - 20));
    await until('it loads', async () => (await client.call('GET a')).raw.startsWith('-LOADING'));
    stranger.socket!.end();
    await until('it is over', async () => (await client.value('GET', 'a')) === 'old', server);
    expect(await client.value('EXISTS', 'b')).toBe(0);
    expect(wordsOf(server)).toEqual(
      expect.arrayContaining([
        expect.stringContaining('from socket, assuming connection error, resuming operation.'),
        'Failed trying to load the MASTER synchronization DB from socket, check server logs.',
        `Reconnecting to MASTER 127.0.0.1:${stranger.port} after failure`,
      ]),
    );
  });

  test('of the same history beside old data that are served meanwhile', async () => {
    const file = await snapshotOf(['SET a new']);
    const { client, server, stranger } = await synchronized('', {
      config: { 'repl-diskless-load': 'swapdb' },
    });
    await client.value('CLIENT', 'KILL', 'TYPE', 'master');
    await until('it asks again', () => stranger.received.includes('PSYNC'), server);
    stranger.send(`+FULLRESYNC ${ID} 200\r\n$${file.length}\r\n`);
    stranger.send(file.subarray(0, 30));
    await until('it loads', async () => (await infoOf(client, 'async_loading')) === '1');
    expect(await client.value('GET', 'a')).toBe('1');
    expect((await client.call('CONFIG SET repl-diskless-load disabled')).raw).toContain('-LOADING');
    expect((await client.call('REPLICAOF NO ONE')).raw).toContain('-LOADING');
    stranger.send(file.subarray(30));
    await until('it is there', async () => (await client.value('GET', 'a')) === 'new');
    expect(await infoOf(client, 'async_loading')).toBe('0');
    expect(await infoOf(client, 'slave_repl_offset')).toBe('200');
  });

  test('that is loaded for long: the master hears of us, and clients are told', async () => {
    const file = await snapshotOf(Array.from({ length: 50 }, (_, i) => `SET key:${i} v`));
    const { client, server, stranger } = await follower(
      {
        ...POLITE,
        PSYNC: (one) => {
          one.send(`+FULLRESYNC ${ID} 1\r\n$${file.length}\r\n`);
          one.send(file);
        },
      },
      { config: { 'key-load-delay': '100000', 'loading-process-events-interval-bytes': 1024 } },
    );
    await until('it loads', async () => (await client.call('GET a')).raw.startsWith('-LOADING'));
    expect(await infoOf(client, 'loading')).toBe('1');
    expect(await infoOf(client, 'master_sync_in_progress')).toBe('1');
    const asked = stranger.received.length;
    await until('it is loaded', async () => (await infoOf(client, 'loading')) === '0', server);
    expect(stranger.received.slice(asked)).toMatch(/^\n\n\n+/);
    expect(await client.value('DBSIZE')).toBe(50);
  });
});

describe('the stream', () => {
  const words = (...request: string[]) =>
    `*${request.length}\r\n${request.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
  const units = [
    words('SELECT', '2'),
    words('SET', 'a', 'x'.repeat(50)),
    words('MULTI') + words('INCR', 'n') + words('RPUSH', 'l', '1', '2') + words('EXEC'),
    words('ping'),
    words('APPEND', 'a', 'y'.repeat(30)),
    words('MULTI') + words('DEL', 'l') + words('EXEC'),
    words('INCR', 'n'),
  ];
  const stream = units.join('');
  const ends = units.map((_, i) => 100 + units.slice(0, i + 1).join('').length);

  test('what counts as applied ends with a request or a transaction, wherever the link is cut', async () => {
    const { client, server, stranger } = await synchronized('');
    let sent = 100;
    let full = 100;
    const cuts = fc
      .sample(fc.integer({ min: 1, max: stream.length }), { numRuns: 12, seed: 5 })
      .sort((a, b) => a - b);
    for (const cut of cuts) {
      const upTo = 100 + cut;
      if (upTo <= sent) continue;
      stranger.send(stream.slice(full - 100, upTo - 100));
      sent = upTo;
      full = Math.max(100, ...ends.filter((end) => end <= upTo));
      await until(
        'it has come',
        async () => (await infoOf(client, 'slave_read_repl_offset')) === String(upTo),
      );
      expect(await infoOf(client, 'slave_repl_offset')).toBe(String(full));
      expect(await infoOf(client, 'master_repl_offset')).toBe(String(full));
      const connections = stranger.connections.length + 1;
      stranger.socket!.end();
      await cameAgain({ server, stranger }, connections);
      expect(stranger.requests).toContain(`PSYNC ${ID} ${full + 1}`);
      stranger.send('+CONTINUE\r\n');
      await until('it goes on', async () => (await infoOf(client, 'master_link_status')) === 'up');
    }
    stranger.send(stream.slice(full - 100));
    await until(
      'all is applied',
      async () => (await infoOf(client, 'slave_repl_offset')) === String(100 + stream.length),
    );
    await client.call('SELECT 2');
    expect(await client.value('GET', 'n')).toBe('2');
    expect(await client.value('GET', 'a')).toBe('x'.repeat(50) + 'y'.repeat(30));
    expect(await client.value('EXISTS', 'l')).toBe(0);
  });

  test('cut into pieces of any length, and a master with another ID', async () => {
    const { client, server, stranger } = await synchronized('');
    for (let at = 0; at < stream.length; at += 3) {
      stranger.send(stream.slice(at, at + 3));
      if (at % 30 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until(
      'all is applied',
      async () => (await infoOf(client, 'slave_repl_offset')) === String(100 + stream.length),
    );
    stranger.socket!.end();
    await cameAgain({ server, stranger });
    stranger.send(`+CONTINUE ${OTHER_ID}\r\n`);
    await until('it goes on', async () => (await infoOf(client, 'master_link_status')) === 'up');
    expect(await infoOf(client, 'master_replid')).toBe(OTHER_ID);
    expect(await infoOf(client, 'master_replid2')).toBe(ID);
    expect(await infoOf(client, 'second_repl_offset')).toBe(String(101 + stream.length));
  });

  test('GETACK is answered at once, with what came before it', async () => {
    const { client, stranger } = await synchronized('');
    stranger.send(words('SET', 'a', '2') + words('REPLCONF', 'GETACK', '*') + words('SET', 'a', '3'));
    const answer = `REPLCONF ACK ${100 + words('SET', 'a', '2').length}`;
    await until('it is answered', () => stranger.requests.includes(answer));
    expect(await client.value('GET', 'a')).toBe('3');
    expect(stranger.received).not.toContain('+OK');
  });

  test('waits while clients are paused', async () => {
    const { client, server, stranger } = await synchronized('');
    await client.call('CLIENT PAUSE 1000 WRITE');
    stranger.send(words('SET', 'a', '2') + words('SET', 'b', '2'));
    await until('it has come', async () => (await infoOf(client, 'slave_read_repl_offset')) !== '100');
    expect(await client.value('GET', 'a')).toBe('1');
    await until('it is applied', async () => (await client.value('GET', 'b')) === '2', server);
  });

  test('an error is noted', async () => {
    const { client, said, stranger } = await synchronized('');
    stranger.send(words('SET', 's', 'v') + words('LPUSH', 's', '1') + words('SET', 'a', '2'));
    await said(
      "== CRITICAL == This replica is sending an error to its master: '-WRONGTYPE Operation against a key holding the wrong kind of value' after processing the command 'lpush'",
    );
    expect(await client.value('GET', 'a')).toBe('2');
    expect(await infoOf(client, 'unexpected_error_replies')).toBe('1');
  });

  test('what is no stream ends the link, and all begins anew', async () => {
    const { client, said, server, stranger } = await synchronized('');
    stranger.send(`${words('SET', 'a', '2')}HELLO there\r\n`);
    await said(/^WARNING: Receiving inline protocol from master, master stream corruption\?/);
    await said(/^Protocol error \(Master using the inline protocol\. Desync\?\) from client: id=/);
    await cameAgain({ server, stranger });
    expect(stranger.requests).toContain('PSYNC ? -1');
    expect(await client.value('GET', 'a')).toBe('2');
  });
});
