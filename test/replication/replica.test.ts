// A server of ours as a replica of another one of ours: how it gets the data in each of the ways there are, keeps up, goes on
// after a lost link, changes its role, and what it does for clients meanwhile.

import { describe, expect, test } from 'vitest';
import type { TestClient } from '../support/test-client.ts';
import { infoOf, listening, until, wordsOf } from '../support/two-sides.ts';

type Side = Awaited<ReturnType<typeof listening>>;

const READ_ONLY = "READONLY You can't write against a read only replica.";
const STALE = "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";

async function follow(replica: Side, master: Side): Promise<void> {
  await replica.client.value('REPLICAOF', '127.0.0.1', String(master.server.port));
  await isUp(replica, master);
}

async function isUp(replica: Side, ...others: readonly Side[]): Promise<void> {
  const servers = [replica, ...others].map(({ server }) => server);
  await until(
    'the link is up',
    async () => (await infoOf(replica.client, 'master_link_status')) === 'up',
    ...servers,
  );
}

async function inStep(replica: Side, master: Side): Promise<void> {
  const offset = ({ client }: Side) => infoOf(client, 'master_repl_offset');
  await until(
    'the replica has all',
    async () => (await offset(replica)) === (await offset(master)),
    replica.server,
    master.server,
  );
}

async function expectSameData(replica: Side, master: Side): Promise<void> {
  await inStep(replica, master);
  expect(await replica.client.value('DEBUG', 'DIGEST')).toBe(await master.client.value('DEBUG', 'DIGEST'));
}

async function write(client: TestClient, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await client.pipeline([
      ['SET', `key:${i}`, `value ${i}`],
      ['RPUSH', 'list', String(i)],
      ['HSET', `hash:${i % 5}`, `field ${i}`, 'x'.repeat(i % 90)],
    ]);
  }
}

async function errorOf(client: TestClient, request: string): Promise<string> {
  const { reply } = await client.call(request);
  return reply.type === 'error' ? reply.text : `no error: ${JSON.stringify(reply)}`;
}

describe('the snapshot', () => {
  test.each<[string, Record<string, string>, Record<string, string>]>([
    ['with a marked end, to disk', { 'repl-diskless-sync': 'yes' }, {}],
    ['with its length told, to disk', { 'repl-diskless-sync': 'no' }, {}],
    [
      'with a marked end, to an empty data set',
      { 'repl-diskless-sync': 'yes' },
      { 'repl-diskless-load': 'on-empty-db' },
    ],
    [
      'with its length told, beside the old data',
      { 'repl-diskless-sync': 'no' },
      { 'repl-diskless-load': 'swapdb' },
    ],
    [
      'with a marked end, beside the old data',
      { 'repl-diskless-sync': 'yes' },
      { 'repl-diskless-load': 'swapdb' },
    ],
  ])('%s', async (_, ofMaster, ofReplica) => {
    const master = await listening({ config: ofMaster });
    const replica = await listening({ config: ofReplica });
    await write(master.client, 100);
    await master.client.call([
      'FUNCTION',
      'LOAD',
      "#!lua name=l\nredis.register_function{function_name='f', callback=function() return 1 end, flags={'no-writes'}}",
    ]);
    if (ofReplica['repl-diskless-load'] === 'swapdb') await replica.client.call('SET old data');
    await follow(replica, master);
    await write(master.client, 100);
    await expectSameData(replica, master);
    expect(await replica.client.value('FCALL', 'f', '0')).toBe(1);
    expect(await replica.client.value('EXISTS', 'old')).toBe(0);
    expect(wordsOf(replica.server)).toContain('MASTER <-> REPLICA sync: Finished with success');
    expect([...replica.server.virtual.disk.files.keys()].filter((path) => path.includes('temp'))).toEqual([]);
  });

  test('is the beginning of new append-only files', async () => {
    const master = await listening();
    const replica = await listening({ config: { appendonly: 'yes' } });
    await replica.client.call('SET old data');
    await write(master.client, 10);
    await follow(replica, master);
    await until(
      'the rewrite is done',
      async () => (await infoOf(replica.client, 'aof_rewrite_in_progress')) === '0',
      replica.server,
    );
    await write(master.client, 20);
    await expectSameData(replica, master);
    const before = await replica.client.value('DEBUG', 'DIGEST');
    expect(await replica.client.value('DEBUG', 'LOADAOF')).toBe('OK');
    expect(await replica.client.value('DEBUG', 'DIGEST')).toBe(before);
  });
});

describe('the stream', () => {
  test('goes on where it was left when the link was cut', async () => {
    const [master, replica] = [await listening(), await listening()];
    await follow(replica, master);
    for (let round = 0; round < 3; round++) {
      await write(master.client, 10);
      expect(await replica.client.value('CLIENT', 'KILL', 'TYPE', 'master')).toBe(1);
      await write(master.client, 10);
      await isUp(replica, master);
      await expectSameData(replica, master);
    }
    expect(await infoOf(master.client, 'sync_full')).toBe('1');
    expect(await infoOf(master.client, 'sync_partial_ok')).toBe('3');
    expect(wordsOf(replica.server)).toEqual(
      expect.arrayContaining([
        'Connection with master lost.',
        'Caching the disconnected master state.',
        expect.stringMatching(/^Trying a partial resynchronization \(request [0-9a-f]{40}:\d+\)\.$/),
        'Successful partial resynchronization with master.',
        'MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.',
      ]),
    );
  });

  test('reaches the replica of a replica byte for byte', async () => {
    const [master, middle, last] = [await listening(), await listening(), await listening()];
    await follow(middle, master);
    await follow(last, middle);
    await write(master.client, 20);
    await master.client.pipeline(['MULTI', 'SET a 1', 'INCR a', 'EXEC', 'SELECT 3', 'SET b 2 EX 1000']);
    await expectSameData(middle, master);
    await expectSameData(last, master);
    for (const { client } of [middle, last]) {
      expect(await infoOf(client, 'master_replid')).toBe(await infoOf(master.client, 'master_replid'));
    }
    expect(await middle.client.value('ROLE')).toEqual([
      'slave',
      '127.0.0.1',
      master.server.port,
      'connected',
      Number(await infoOf(master.client, 'master_repl_offset')),
    ]);
  });

  test('is acknowledged once a second', async () => {
    const [master, replica] = [await listening(), await listening()];
    await follow(replica, master);
    await write(master.client, 3);
    const offset = await infoOf(master.client, 'master_repl_offset');
    await until(
      'the master knows',
      async () => (await infoOf(master.client, 'slave0')).includes(`state=online,offset=${offset},`),
      replica.server,
    );
    expect(await master.client.value('WAIT', '1', '1000')).toBe(1);
  });
});

describe('roles', () => {
  test('the new master of the others: nobody needs all data again', async () => {
    const [first, second, third] = [await listening(), await listening(), await listening()];
    await follow(second, first);
    await follow(third, first);
    await write(first.client, 5);
    await expectSameData(second, first);
    await expectSameData(third, first);
    const id = await infoOf(first.client, 'master_replid');
    expect(await second.client.value('REPLICAOF', 'NO', 'ONE')).toBe('OK');
    expect(await infoOf(second.client, 'role')).toBe('master');
    expect(await infoOf(second.client, 'master_replid2')).toBe(id);
    await write(second.client, 5);
    await follow(third, second);
    await follow(first, second);
    await expectSameData(third, second);
    await expectSameData(first, second);
    expect(await infoOf(second.client, 'sync_full')).toBe('0');
    expect(await infoOf(second.client, 'sync_partial_ok')).toBe('2');
    expect(await first.client.value('CONFIG', 'GET', 'replicaof')).toEqual([
      'replicaof',
      `127.0.0.1 ${second.server.port}`,
    ]);
    expect(await second.client.value('CONFIG', 'GET', 'replicaof')).toEqual(['replicaof', '']);
  });

  test('FAILOVER hands the role over, and loses nothing', async () => {
    const [master, replica] = [await listening(), await listening()];
    await follow(replica, master);
    await write(master.client, 5);
    expect(
      await master.client.value(
        'FAILOVER',
        'TO',
        '127.0.0.1',
        String(replica.server.port),
        'TIMEOUT',
        '100000',
      ),
    ).toBe('OK');
    expect(await errorOf(master.client, 'REPLICAOF NO ONE')).toBe(
      'ERR REPLICAOF not allowed while failing over.',
    );
    await until(
      'the roles have changed',
      async () =>
        (await infoOf(master.client, 'role')) === 'slave' &&
        (await infoOf(replica.client, 'role')) === 'master',
      master.server,
      replica.server,
    );
    await isUp(master, replica);
    expect(await infoOf(master.client, 'master_failover_state')).toBe('no-failover');
    await write(replica.client, 5);
    await expectSameData(master, replica);
    expect(await infoOf(replica.client, 'sync_full')).toBe('0');
  });

  test('FAILOVER that comes to nothing', async () => {
    const [master, replica] = [await listening(), await listening()];
    expect(await errorOf(master.client, 'FAILOVER ABORT')).toBe('ERR No failover in progress.');
    expect(await errorOf(master.client, 'FAILOVER')).toBe('ERR FAILOVER requires connected replicas.');
    expect(await errorOf(master.client, 'FAILOVER TO')).toBe('ERR syntax error');
    expect(await errorOf(master.client, 'FAILOVER TIMEOUT 0')).toBe(
      'ERR FAILOVER timeout must be greater than 0',
    );
    await follow(replica, master);
    expect(await errorOf(replica.client, 'FAILOVER')).toBe(
      'ERR FAILOVER is not valid when server is a replica.',
    );
    expect(await errorOf(master.client, 'FAILOVER FORCE')).toBe(
      'ERR FAILOVER with force option requires both a timeout and target HOST and IP.',
    );
    expect(await errorOf(master.client, 'FAILOVER TO 127.0.0.1 1')).toBe(
      'ERR FAILOVER target HOST and PORT is not a replica.',
    );
    // It is never in step, as it hears nothing.
    await replica.client.call('CLIENT PAUSE 100000 ALL');
    await master.client.call('SET a 1');
    expect(await master.client.value('FAILOVER', 'TIMEOUT', '5000')).toBe('OK');
    expect(await errorOf(master.client, 'FAILOVER')).toBe('ERR FAILOVER already in progress.');
    expect(await infoOf(master.client, 'master_failover_state')).toBe('waiting-for-sync');
    await until(
      'it has given up',
      async () => (await infoOf(master.client, 'master_failover_state')) === 'no-failover',
      master.server,
    );
    expect(wordsOf(master.server)).toContain(
      'FAILOVER to any replica aborted: Replica never caught up before timeout',
    );
    expect(await infoOf(master.client, 'role')).toBe('master');
    expect(await master.client.value('SET', 'a', '2')).toBe('OK');
  });

  test('whoever waits for a key is told that the role has changed', async () => {
    const [master, replica] = [await listening(), await listening()];
    const waiting = replica.server.connect();
    const reply = waiting.call('BLPOP q 0');
    await until('it waits', async () => (await infoOf(replica.client, 'blocked_clients')) === '1');
    await follow(replica, master);
    expect((await reply).raw).toBe(
      '-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)\r\n',
    );
    await waiting.whenClosed();
  });

  test('the address that cannot be, and the one that is there', async () => {
    const { client, server } = await listening();
    for (const port of ['x', '-1', '65536', '99999999999999999999']) {
      expect(await errorOf(client, `REPLICAOF h ${port}`)).toBe('ERR Invalid master port');
    }
    expect(await client.value('SLAVEOF', 'NO', 'ONE')).toBe('OK');
    expect(await client.value('REPLICAOF', '127.0.0.1', '1')).toBe('OK');
    expect(await client.value('REPLICAOF', '127.0.0.1', '1')).toBe(
      'OK Already connected to specified master',
    );
    await until('the refusal is known', () =>
      wordsOf(server).some((line) =>
        line.startsWith('Error condition on socket for SYNC: Connection refused'),
      ),
    );
    expect(await client.value('ROLE')).toEqual(['slave', '127.0.0.1', 1, 'connect', -1]);
    expect(await infoOf(client, 'master_link_status')).toBe('down');
    expect(await infoOf(client, 'master_link_down_since_seconds')).toBe('-1');
    const tries = () => wordsOf(server).filter((line) => line === 'MASTER <-> REPLICA sync started').length;
    const before = tries();
    await until('it tries again', () => tries() > before + 1, server);
    expect(await client.value('SLAVEOF', 'no', 'one')).toBe('OK');
    expect(await client.value('SET', 'a', '1')).toBe('OK');
    expect(server.logLines.at(-1)).toMatch(/:M .* MASTER MODE enabled \(user request from 'id=/);
  });
});

describe('clients of a replica', () => {
  test('cannot write, unless they may', async () => {
    const [master, replica] = [await listening(), await listening()];
    await follow(replica, master);
    const { client } = replica;
    expect(await errorOf(client, 'SET a 1')).toBe(READ_ONLY);
    expect(await client.value('EVAL', "return redis.pcall('set',KEYS[1],1).err", '1', 'a')).toBe(READ_ONLY);
    expect(await client.value('EVAL', "return redis.call('get',KEYS[1])", '1', 'a')).toBe(null);
    expect((await client.call(['EVAL', '#!lua\nreturn 1', '0'])).raw).toBe(`-${READ_ONLY}\r\n`);
    expect(await client.value('EVAL', '#!lua flags=no-writes\nreturn 1', '0')).toBe(1);
    await client.call('MULTI');
    expect(await errorOf(client, 'SET a 1')).toBe(READ_ONLY);
    expect(await errorOf(client, 'EXEC')).toBe('EXECABORT Transaction discarded because of previous errors.');
    expect(await client.value('PUBLISH', 'channel', 'message')).toBe(0);
    expect(await client.value('CONFIG', 'SET', 'replica-read-only', 'no')).toBe('OK');
    expect(await client.value('SET', 'a', '1')).toBe('OK');
    expect(await master.client.value('GET', 'a')).toBe(null);
    expect((await client.call('HELLO')).raw).toContain('$4\r\nrole\r\n$7\r\nreplica\r\n');
  });

  test('read old data, unless they shall not', async () => {
    const [master, replica] = [
      await listening(),
      await listening({ config: { 'replica-serve-stale-data': 'no' } }),
    ];
    await master.client.call('SET a 1');
    await follow(replica, master);
    const { client } = replica;
    expect(await client.value('GET', 'a')).toBe('1');
    await client.call('REPLICAOF 127.0.0.1 1');
    expect(await errorOf(client, 'GET a')).toBe(STALE);
    expect(await errorOf(client, 'PING')).toBe(STALE);
    expect(await client.value('CONFIG', 'SET', 'replica-serve-stale-data', 'yes')).toBe('OK');
    expect(await client.value('GET', 'a')).toBe('1');
  });

  test('do not see what has expired, which stays until the master says so', async () => {
    const [master, replica] = [await listening(), await listening()];
    await follow(replica, master);
    await master.client.call('SET a 1 PX 5000');
    await inStep(replica, master);
    await replica.server.advance(6000);
    expect(await replica.client.value('GET', 'a')).toBe(null);
    expect(await replica.client.value('DBSIZE')).toBe(1);
    expect(await infoOf(replica.client, 'expired_keys')).toBe('0');
    // For the master it is still there: what it does with it is done here, too.
    await master.client.call('APPEND a 2');
    await master.client.call('PERSIST a');
    await expectSameData(replica, master);
    expect(await replica.client.value('GET', 'a')).toBe('12');
    await master.client.call('PEXPIRE a 100');
    await until(
      'it is gone',
      async () => (await replica.client.value('DBSIZE')) === 0,
      master.server,
      replica.server,
    );
  });

  test('that writes: its own keys expire', async () => {
    const [master, replica] = [await listening(), await listening({ config: { 'replica-read-only': 'no' } })];
    await follow(replica, master);
    const { client, server } = replica;
    await client.pipeline(['SET mine 1 PX 500', 'SET read 1 PX 500']);
    expect(await infoOf(client, 'slave_expires_tracked_keys')).toBe('2');
    await until('they are gone', async () => (await client.value('DBSIZE')) === 0, server);
    expect(await infoOf(client, 'slave_expires_tracked_keys')).toBe('0');
    await master.client.call('SET theirs 1 PX 100000');
    await inStep(replica, master);
    await server.advance(200_000);
    await client.call('INCR theirs');
    expect(await client.value('GET', 'theirs')).toBe('1');
  });

  test('see the master among the clients, and can disconnect it', async () => {
    const [master, replica] = [await listening(), await listening()];
    await follow(replica, master);
    expect(await replica.client.value('CLIENT', 'LIST', 'TYPE', 'MASTER')).toMatch(
      new RegExp(
        `^id=\\d+ addr=127\\.0\\.0\\.1:${master.server.port} laddr=127\\.0\\.0\\.1:\\d+ fd=\\d+ name= .* flags=M `,
      ),
    );
  });
});

test('INFO replication of a replica', async () => {
  const [master, replica] = [await listening(), await listening({ config: { 'replica-priority': 7 } })];
  await follow(replica, master);
  await master.client.call('SET a 1');
  await inStep(replica, master);
  const lines = String(await replica.client.value('INFO', 'replication')).split('\r\n');
  const offset = await infoOf(master.client, 'master_repl_offset');
  expect(lines.slice(0, 12)).toEqual([
    '# Replication',
    'role:slave',
    'master_host:127.0.0.1',
    `master_port:${master.server.port}`,
    'master_link_status:up',
    expect.stringMatching(/^master_last_io_seconds_ago:\d+$/),
    'master_sync_in_progress:0',
    `slave_read_repl_offset:${offset}`,
    `slave_repl_offset:${offset}`,
    'slave_priority:7',
    'slave_read_only:1',
    'replica_announced:1',
  ]);
});

test('a replica that starts again goes on from its file', async () => {
  const master = await listening();
  const first = await listening({ config: { save: '3600 1', dir: '/' } });
  await write(master.client, 20);
  await follow(first, master);
  await write(master.client, 5);
  await inStep(first, master);
  expect(await first.client.value('SAVE')).toBe('OK');
  const { runtime } = first.server;
  await first.server.close();
  await write(master.client, 5);
  const again = await listening({
    runtime,
    config: { dir: '/', replicaof: `127.0.0.1 ${master.server.port}` },
  });
  await isUp(again, master);
  await expectSameData(again, master);
  expect(await infoOf(master.client, 'sync_full')).toBe('1');
  expect(await infoOf(master.client, 'sync_partial_ok')).toBe('1');
});
