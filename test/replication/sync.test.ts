// A client that has sent SYNC: what it is sent, when, and what it may still do.

import { describe, expect, onTestFinished, test } from 'vitest';
import { ReplicaStream } from '../support/replica-stream.ts';
import type { TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';

async function start(config: Record<string, string | number> = {}) {
  const server = await TestServer.start({ config: { 'enable-debug-command': 'yes', ...config } });
  onTestFinished(() => server.close());
  return { server, client: server.connect() };
}

const attached = (server: TestServer, before = '') => ReplicaStream.open(server.server.connect(), before);

async function field(client: TestClient, section: string, name: string): Promise<string | undefined> {
  const text = String(await client.value('INFO', section));
  return new RegExp(`^${name}:(.*)\r$`, 'm').exec(text)?.[1];
}

describe('what a replica is sent', () => {
  test('a snapshot, then the effects as they happen', async () => {
    const { server, client } = await start();
    await client.call('SET before 1');
    const replica = await attached(server);
    expect(replica.snapshot!.slice(0, 9)).toBe('REDIS0011');
    expect(replica.snapshot).toContain('before');
    await client.pipeline(['SET a 1', 'GET a', 'SETEX b 10 x', 'SET bad', 'INCR a']);
    expect(await replica.effects()).toEqual([
      'SELECT 0',
      'SET a 1',
      `SET b x PXAT ${server.virtual.clock.nowMs() + 10_000}`,
      'INCR a',
    ]);
  });

  test('the databases of a transaction are selected within it', async () => {
    const { server, client } = await start();
    const replica = await attached(server);
    await client.pipeline(['MULTI', 'SET a 1', 'SELECT 4', 'SET a 1', 'EXEC', 'SET b 1']);
    expect(await replica.effects()).toEqual([
      'MULTI',
      'SELECT 0',
      'SET a 1',
      'SELECT 4',
      'SET a 1',
      'EXEC',
      'SET b 1',
    ]);
  });

  test('bytes as they are', async () => {
    const { server, client } = await start();
    const replica = await attached(server);
    const all = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('');
    await client.call(['SET', all, all]);
    expect(await replica.bytes()).toContain(`*3\r\n$3\r\nSET\r\n$256\r\n${all}\r\n$256\r\n${all}\r\n`);
  });

  test('every replica the same, each from its snapshot on', async () => {
    const { server, client } = await start();
    const first = await attached(server);
    await client.call('SET a 1');
    // All in one turn: what came before SYNC is in the snapshot.
    const second = await attached(server, 'CLIENT REPLY OFF\r\nINCR a\r\nSELECT 2\r\nSET in-two 1\r\n');
    await client.call('INCR a');
    expect(await first.effects()).toEqual([
      'SELECT 0',
      'SET a 1',
      'INCR a',
      'SELECT 2',
      'SET in-two 1',
      'SELECT 0',
      'INCR a',
    ]);
    expect(second.snapshot).toContain('in-two');
    expect(await second.effects()).toEqual(['SELECT 0', 'INCR a']);
  });

  test('what happens without a request: keys that expire', async () => {
    const { server, client } = await start();
    await server.advance(1000);
    await client.pipeline(['SET a 1 PX 100', 'SELECT 1', 'SET b 1 PX 100']);
    const replica = await attached(server);
    await server.advance(200);
    expect(await replica.effects()).toEqual(['SELECT 0', 'DEL a', 'SELECT 1', 'DEL b']);
  });

  test('a ping each repl-ping-replica-period seconds', async () => {
    const { server, client } = await start({ 'repl-ping-replica-period': 3 });
    await server.advance(500);
    const replica = await attached(server);
    await server.advance(8999);
    expect(await replica.bytes()).toBe('*1\r\n$4\r\nping\r\n'.repeat(3));
    await client.call('CONFIG SET repl-ping-replica-period 1');
    await server.advance(5000);
    expect(await replica.effects()).toEqual(Array(5).fill('ping'));
  });

  test('a large snapshot piece by piece, and then what happened meanwhile', async () => {
    const { server, client } = await start();
    const values = Array.from({ length: 50 }, (_, i) => ['SET', `key:${i}`, String(i % 10).repeat(100_000)]);
    await client.call('CONFIG SET rdbcompression no');
    await client.pipeline(values);
    const stream = server.server.connect();
    stream.pause();
    const replica = new ReplicaStream(stream);
    stream.pause();
    stream.write('SYNC\r\n');
    while ((await field(client, 'replication', 'connected_slaves')) === '0');
    await client.pipeline(Array(100).fill('INCR n'));
    expect(await field(client, 'replication', 'slave0')).toContain('state=wait_bgsave');
    while (!(await field(client, 'replication', 'slave0'))!.includes('state=send_bulk'))
      await server.advance(10);
    expect(String(await client.value('CLIENT', 'LIST', 'TYPE', 'replica'))).toMatch(/ omem=[1-9]/);
    expect(replica.snapshot).toBe(null);
    stream.resume();
    await replica.until(() => replica.snapshot !== null);
    expect(replica.snapshot!.length).toBeGreaterThan(5_000_000);
    await client.call('SET last 1');
    expect(await replica.effects()).toEqual(['SELECT 0', ...Array(100).fill('INCR n'), 'SET last 1']);
    replica.write('REPLCONF ACK 1\r\n');
    expect(await field(client, 'replication', 'slave0')).toContain('state=online');
  });

  test('the snapshot alone, and then the end, when it asks for that', async () => {
    const { server, client } = await start();
    await client.call('SET a 1');
    const replica = await attached(server, '');
    const only = server.connect();
    await only.call('REPLCONF rdb-only 1');
    const reader = new ReplicaStream(only.stream);
    reader.write('SYNC\r\n');
    await reader.until(() => reader.isClosed);
    expect(reader.snapshot!.slice(0, 9)).toBe('REDIS0011');
    await client.call('INCR a');
    expect(await reader.bytes()).toBe('');
    expect(await replica.effects()).toEqual(['SELECT 0', 'INCR a']);
    expect(await field(client, 'replication', 'connected_slaves')).toBe('1');
  });

  test('no keys when it asks for that, which needs a replica that can do more', async () => {
    const { server, client } = await start();
    await client.call('SET a-long-name 1');
    const asking = server.connect();
    await asking.call(['REPLCONF', 'rdb-filter-only', '']);
    expect((await asking.call('SYNC')).raw).toBe('-ERR Filtered replica requires EOF capability\r\n');
    await asking.call('REPLCONF capa eof');
    const replica = await ReplicaStream.open(asking.stream, '', () => server.advance(100));
    expect(replica.snapshot).not.toContain('a-long-name');
    expect(replica.snapshot!.slice(-9, -8)).toBe('\xff');
    await client.call('INCR a-long-name');
    expect(await replica.effects()).toEqual(['SELECT 0', 'INCR a-long-name']);
  });
});

describe('what a replica is', () => {
  test('in INFO and ROLE', async () => {
    const { server, client } = await start();
    expect(await field(client, 'replication', 'connected_slaves')).toBe('0');
    const replica = await attached(server);
    const other = server.connect();
    await other.pipeline([
      'REPLCONF listening-port 7001 ip-address fe80::1',
      'REPLCONF capa eof capa psync2',
    ]);
    await client.call('CONFIG SET repl-diskless-sync no');
    await ReplicaStream.open(other.stream);
    await server.advance(3000);
    replica.write('REPLCONF ACK 17\r\n');
    await server.advance(2000);
    expect(await field(client, 'replication', 'connected_slaves')).toBe('2');
    expect(await field(client, 'replication', 'slave0')).toBe(
      'ip=in-process,port=0,state=online,offset=17,lag=2',
    );
    expect(await field(client, 'replication', 'slave1')).toBe(
      'ip=fe80::1,port=7001,state=online,offset=0,lag=5',
    );
    expect(await field(client, 'clients', 'connected_clients')).toBe('1');
    expect(await field(client, 'stats', 'sync_full')).toBe('2');
    expect(await client.value('ROLE')).toEqual([
      'master',
      0,
      [
        ['in-process', '0', '17'],
        ['fe80::1', '7001', '0'],
      ],
    ]);
    expect(server.logLines.join('')).toContain('Synchronization with replica [fe80::1]:7001 succeeded');
  });

  test('the offset counts the bytes of the stream', async () => {
    const { server, client } = await start();
    await client.call('SET a 1');
    expect(await field(client, 'replication', 'master_repl_offset')).toBe('0');
    const replica = await attached(server);
    await client.call('SET a 1');
    const { length } = await replica.bytes();
    expect(length).toBeGreaterThan(0);
    expect(await field(client, 'replication', 'master_repl_offset')).toBe(String(length));
    const sent = Number(await field(client, 'stats', 'total_net_repl_output_bytes'));
    expect(sent).toBe(length + replica.snapshot!.length + `$${replica.snapshot!.length}\r\n`.length);
  });

  test('a client of its own type', async () => {
    const { server, client } = await start();
    const replica = await attached(server);
    const list = String(await client.value('CLIENT', 'LIST', 'TYPE', 'replica'));
    expect(list).toMatch(/^id=2 .* flags=S .* cmd=sync [^\n]*\n$/);
    expect(String(await client.value('CLIENT', 'LIST', 'TYPE', 'normal'))).toMatch(/^id=1 [^\n]*\n$/);
    expect(await client.value('CLIENT', 'KILL', 'TYPE', 'replica')).toBe(1);
    await replica.until(() => replica.isClosed);
    expect(await field(client, 'replication', 'connected_slaves')).toBe('0');
    expect(server.logLines.join('')).toContain(
      'Connection with replica in-process:<unknown-replica-port> lost.',
    );
  });

  test('nobody when it has gone, but effects are kept for its return', async () => {
    const { server, client } = await start();
    const replica = await attached(server);
    const staying = await attached(server);
    replica.stream.destroy();
    await client.call('SET a 1');
    expect(await staying.effects()).toEqual(['SELECT 0', 'SET a 1']);
    staying.stream.destroy();
    await new Promise((resolve) => setTimeout(resolve, 5));
    const offset = await field(client, 'replication', 'master_repl_offset');
    await client.call('SET a 2');
    expect(await field(client, 'replication', 'master_repl_offset')).toBe(
      String(Number(offset) + '*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n2\r\n'.length),
    );
    const back = await attached(server);
    await client.call('SET a 3');
    expect(await back.effects()).toEqual(['SELECT 0', 'SET a 3']);
  });

  test('never idle, and not paused', async () => {
    const { server, client } = await start({ timeout: 1 });
    const replica = await attached(server);
    await client.call('CLIENT PAUSE 4000');
    replica.write('REPLCONF ACK 5\r\n');
    await server.advance(5000);
    expect(replica.isClosed).toBe(false);
    expect(await field(server.connect(), 'replication', 'slave0')).toContain('offset=5,lag=5');
  });
});

describe('what a replica says', () => {
  test.each(['REPLCONF ACK 5', 'REPLCONF ACK x', 'REPLCONF GETACK *', 'SYNC', '', 'CLIENT REPLY OFF'])(
    '%j has no reply',
    async (request) => {
      const { server, client } = await start();
      const replica = await attached(server);
      replica.write(`${request}\r\n`);
      await client.call('SET a 1');
      await client.call('PING');
      expect(await replica.effects()).toEqual(['SELECT 0', 'SET a 1']);
      expect(replica.isClosed).toBe(false);
    },
  );

  // Observed 7.2.4: whatever would be answered ends the connection.
  test.each([
    ['PING', 'ping'],
    ['MULTI', 'multi'],
    ['NOSUCH', '<unknown>'],
    ['GET a', 'get'],
    ['SET a 2', 'set'],
    ['CLIENT REPLY ON', 'client|reply'],
    ['RESET', 'reset'],
  ])('%j ends the connection', async (request, command) => {
    const { server, client } = await start();
    await client.call('SET a 1');
    const replica = await attached(server);
    replica.write(`${request}\r\n`);
    await replica.until(() => replica.isClosed);
    expect(await replica.bytes()).toBe('');
    expect(await client.value('GET', 'a')).toBe('1');
    const isError = ['NOSUCH', 'GET a', 'SET a 2', 'RESET'].includes(request);
    expect(await field(client, 'stats', 'unexpected_error_replies')).toBe(isError ? '1' : '0');
    expect(server.logLines.join('')).toContain(
      `Replica generated a reply to command '${command}', disconnecting it: id=2 `,
    );
  });

  test('beside the effects of the same turn', async () => {
    const { server, client } = await start();
    const [first, second] = [await attached(server), server.server.connect()];
    client.send('SET a 1');
    second.write('SYNC\r\n');
    first.write('REPLCONF ACK 5\r\n');
    await client.reply();
    expect(await first.effects()).toEqual(['SELECT 0', 'SET a 1']);
    expect(first.isClosed).toBe(false);
  });
});

describe('SYNC is refused', () => {
  test('behind a reply that has not left yet', async () => {
    const { server } = await start();
    const client = server.connect();
    const [, refusal] = await client.pipeline(['PING', 'SYNC']);
    expect(refusal!.raw).toBe('-ERR SYNC and PSYNC are invalid with pending output\r\n');
    expect(await client.value('PING')).toBe('PONG');
  });

  test('within MULTI', async () => {
    const { client } = await start();
    await client.call('MULTI');
    expect((await client.call('SYNC')).raw).toBe('-ERR Command not allowed inside a transaction\r\n');
    expect((await client.call('EXEC')).raw).toMatch(/^-EXECABORT /);
  });
});
