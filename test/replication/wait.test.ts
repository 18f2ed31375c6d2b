// WAIT, WAITAOF and min-replicas-to-write: what clients hear of how far others are.

import { describe, expect, onTestFinished, test } from 'vitest';
import { ReplicaStream } from '../support/replica-stream.ts';
import type { TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';

async function start(config: Record<string, string | number> = {}) {
  const server = await TestServer.start({ config: { 'enable-debug-command': 'yes', ...config } });
  onTestFinished(() => server.close());
  return { server, client: server.connect() };
}

const attached = (server: TestServer) => ReplicaStream.open(server.server.connect());
const arrived = () => new Promise((resolve) => setTimeout(resolve, 3));

async function offsetOf(client: TestClient): Promise<number> {
  const text = String(await client.value('INFO', 'replication'));
  return Number(/^master_repl_offset:(\d+)\r$/m.exec(text)![1]);
}

/** A reply that is still to come. */
function asked(client: TestClient, request: string): { reply: unknown } {
  const pending: { reply: unknown } = { reply: 'none yet' };
  void client.value(...(request.split(' ') as [string])).then((reply) => {
    pending.reply = reply;
  });
  return pending;
}

describe('WAIT', () => {
  test('asks all replicas at once, and ends with the acknowledgement of enough of them', async () => {
    const { server, client } = await start();
    const replicas = [await attached(server), await attached(server)];
    await client.call('SET a 1');
    const offset = await offsetOf(client);
    for (const replica of replicas) await replica.effects();
    const waiting = asked(client, 'WAIT 2 0');
    await arrived();
    for (const replica of replicas) expect(await replica.effects()).toEqual(['REPLCONF GETACK *']);
    replicas[0]!.write(`REPLCONF ACK ${offset}\r\n`);
    await arrived();
    expect(waiting.reply).toBe('none yet');
    replicas[1]!.write(`REPLCONF ACK ${offset - 1}\r\n`);
    await arrived();
    expect(waiting.reply).toBe('none yet');
    replicas[1]!.write(`REPLCONF ACK ${offset}\r\n`);
    await arrived();
    expect(waiting.reply).toBe(2);
  });

  test('tells how many there were when its time is up', async () => {
    const { server, client } = await start();
    const replica = await attached(server);
    await client.call('SET a 1');
    replica.write(`REPLCONF ACK ${await offsetOf(client)}\r\n`);
    await arrived();
    const waiting = asked(client, 'WAIT 2 500');
    await arrived();
    await server.advance(499);
    await arrived();
    expect(waiting.reply).toBe('none yet');
    await server.advance(1);
    await arrived();
    expect(waiting.reply).toBe(1);
  });

  test('is about the writes of its own client', async () => {
    const { server, client } = await start();
    const replica = await attached(server);
    await client.call('SET a 1');
    replica.write(`REPLCONF ACK ${await offsetOf(client)}\r\n`);
    await server.connect().call('SET b 1');
    await arrived();
    expect(await client.value('WAIT', '1', '0')).toBe(1);
  });

  test('of a client that was served after it had waited for a key, too', async () => {
    const { server, client } = await start();
    const replica = await attached(server);
    const waiting = asked(client, 'BLPOP q 0');
    await arrived();
    await server.connect().call('RPUSH q x');
    await arrived();
    expect(waiting.reply).toEqual(['q', 'x']);
    const written = asked(client, 'WAIT 1 0');
    await arrived();
    expect(written.reply).toBe('none yet');
    replica.write('REPLCONF ACK 100000\r\n');
    await arrived();
    expect(written.reply).toBe(1);
  });

  test('does not wait within MULTI, nor where there is nothing to wait for', async () => {
    const { client } = await start();
    expect(await client.value('WAIT', '0', '0')).toBe(0);
    await client.pipeline(['MULTI', 'WAIT 3 0']);
    expect(await client.value('EXEC')).toEqual([0]);
  });

  test.each([
    ['ERROR', '-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n'],
    ['TIMEOUT', ':0\r\n'],
  ])('CLIENT UNBLOCK ends it with %s', async (how, raw) => {
    const { server, client } = await start();
    const id = await client.value('CLIENT', 'ID');
    const waiting = client.call('WAIT 1 0');
    await arrived();
    expect(await server.connect().value('CLIENT', 'UNBLOCK', String(id), how)).toBe(1);
    expect((await waiting).raw).toBe(raw);
  });
});

describe('WAITAOF', () => {
  const AOF = { appendonly: 'yes', dir: '/', appendfsync: 'everysec' };

  test('waits until this server has it on the disk', async () => {
    const { server, client } = await start(AOF);
    await server.advance(1500);
    // After this one, the next second brings the next fsync.
    await client.call('SET a 1');
    await client.call('SET a 2');
    const waiting = asked(client, 'WAITAOF 1 0 0');
    await arrived();
    expect(waiting.reply).toBe('none yet');
    for (let i = 0; i < 30; i++) {
      await server.advance(100);
      await arrived();
    }
    expect(waiting.reply).toEqual([1, 0]);
  });

  test('under appendfsync always it is there when the reply is', async () => {
    const { client } = await start({ ...AOF, appendfsync: 'always' });
    await client.call('SET a 1');
    expect(await client.value('WAITAOF', '1', '0', '0')).toEqual([1, 0]);
  });

  test('waits until replicas say that they have it on their disks', async () => {
    const { server, client } = await start();
    const replica = await attached(server);
    await client.call('SET a 1');
    const offset = await offsetOf(client);
    const waiting = asked(client, 'WAITAOF 0 1 0');
    await arrived();
    replica.write(`REPLCONF ACK ${offset} FACK ${offset - 1}\r\n`);
    await arrived();
    expect(waiting.reply).toBe('none yet');
    replica.write(`REPLCONF ACK ${offset} FACK ${offset}\r\n`);
    await arrived();
    // Without files of its own there is nothing that this server has.
    expect(waiting.reply).toEqual([0, 1]);
  });

  test('ends with an error when the files are switched off', async () => {
    const { server, client } = await start(AOF);
    await server.advance(1500);
    await client.call('SET a 1');
    await client.call('SET a 2');
    const waiting = client.call('WAITAOF 1 0 0');
    await arrived();
    await server.connect().call('CONFIG SET appendonly no');
    expect((await waiting).raw).toBe(
      '-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.\r\n',
    );
  });
});

describe('min-replicas-to-write', () => {
  const REFUSED = '-NOREPLICAS Not enough good replicas to write.\r\n';

  test('refuses what writes, wherever it comes from, and nothing else', async () => {
    const { server, client } = await start({ 'min-replicas-to-write': 1 });
    expect((await client.call('SET a 1')).raw).toBe(REFUSED);
    expect((await client.call('GET a')).raw).toBe('$-1\r\n');
    await client.pipeline(['MULTI', 'GET a']);
    expect((await client.call('SET a 1')).raw).toBe(REFUSED);
    expect((await client.call('EXEC')).raw).toMatch(/^-EXECABORT /);
    const script = (await client.call(['EVAL', "return redis.call('SET', KEYS[1], '1')", '1', 'a'])).raw;
    expect(script).toMatch(/^-NOREPLICAS Not enough good replicas to write\./);
    expect(
      (await client.call(['EVAL', "return redis.pcall('SET', KEYS[1], '1').err", '1', 'a'])).raw,
    ).toContain('NOREPLICAS');
    await attached(server);
    expect((await client.call('SET a 1')).raw).toBe('+OK\r\n');
  });

  test('goes by how long ago replicas were heard', async () => {
    const { server, client } = await start({ 'min-replicas-to-write': 1, 'min-replicas-max-lag': 3 });
    const replica = await attached(server);
    const good = async () =>
      /^min_slaves_good_slaves:(\d)\r$/m.exec(String(await client.value('INFO', 'replication')))![1];
    expect(await good()).toBe('1');
    await server.advance(5000);
    expect(await good()).toBe('0');
    expect((await client.call('SET a 1')).raw).toBe(REFUSED);
    replica.write('REPLCONF ACK 1\r\n');
    await arrived();
    await server.advance(1000);
    expect((await client.call('SET a 1')).raw).toBe('+OK\r\n');
    await client.call('CONFIG SET min-replicas-to-write 2');
    expect((await client.call('SET a 1')).raw).toBe(REFUSED);
    await client.call('CONFIG SET min-replicas-max-lag 0');
    expect((await client.call('SET a 1')).raw).toBe('+OK\r\n');
  });
});
