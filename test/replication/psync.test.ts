// PSYNC: what a replica is answered that comes back, or comes for the first time; and snapshots that several share.

import { describe, expect, onTestFinished, test } from 'vitest';
import { ReplicaStream } from '../support/replica-stream.ts';
import type { TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';

type Config = Record<string, string | number>;

async function start(config: Config = {}) {
  const server = await TestServer.start({
    config: { 'enable-debug-command': 'yes', 'repl-diskless-sync-delay': 0, ...config },
  });
  onTestFinished(() => server.close());
  return { server, client: server.connect() };
}

async function field(client: TestClient, section: string, name: string): Promise<string | undefined> {
  const text = String(await client.value('INFO', section));
  return new RegExp(`^${name}:(.*)\r$`, 'm').exec(text)?.[1];
}

/** What was written has been read by now: streams go by the real event loop. */
const arrived = () => new Promise((resolve) => setTimeout(resolve, 2));

/** A peer that has asked with PSYNC, and all that it was sent. */
class Peer {
  received = '';
  readonly client: TestClient;

  private constructor(client: TestClient) {
    this.client = client;
    client.stream.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1');
    });
  }

  static async ask(
    server: TestServer,
    id: string,
    offset: number | string,
    ...capa: string[]
  ): Promise<Peer> {
    const client = server.connect();
    for (const name of capa) await client.call(['REPLCONF', 'capa', name]);
    const peer = new Peer(client);
    client.stream.write(`PSYNC ${id} ${offset}\r\n`);
    await arrived();
    return peer;
  }

  async until(pattern: RegExp, server: TestServer): Promise<RegExpExecArray> {
    for (let i = 0; i < 500; i++) {
      const found = pattern.exec(this.received);
      if (found !== null) return found;
      await server.advance(10);
      await arrived();
    }
    throw new Error(`no ${pattern} in ${JSON.stringify(this.received.slice(0, 300))}`);
  }

  say(text: string): void {
    this.client.stream.write(text);
  }
}

const FULL = /^\+FULLRESYNC ([0-9a-f]{40}) (\d+)\r\n/;
const SET = '*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n';
const PING = '*1\r\n$4\r\nping\r\n';
const SELECT = '*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n';

describe('for the first time', () => {
  test('all data come with the ID and the offset that they stand for', async () => {
    const { server, client } = await start();
    const peer = await Peer.ask(server, '?', -1, 'eof', 'psync2');
    const [, id, offset] = await peer.until(FULL, server);
    expect([id, offset]).toEqual([await field(client, 'replication', 'master_replid'), '0']);
    const [, mark] = await peer.until(/\r\n\$EOF:([0-9a-f]{40})\r\n/, server);
    await peer.until(new RegExp(`REDIS0011.*repl-stream-db.*${id}.*${mark}$`, 's'), server);
    expect(await field(client, 'stats', 'sync_full')).toBe('1');
    expect(await field(client, 'stats', 'sync_partial_err')).toBe('0');
  });

  test('the stream follows when the replica has found the end of the data', async () => {
    const { server, client } = await start();
    const peer = await Peer.ask(server, '?', -1, 'eof');
    const [, mark] = await peer.until(/\$EOF:([0-9a-f]{40})\r\n.*\1$/s, server);
    await client.call('SET a 1');
    expect(peer.received.endsWith(mark!)).toBe(true);
    peer.say('REPLCONF ACK 0\r\n');
    await peer.until(new RegExp(`${mark}\\*2\r\n.*SET`, 's'), server);
    expect(peer.received.endsWith(SELECT + SET)).toBe(true);
  });

  test('newlines say that the data are on their way', async () => {
    const { server } = await start({ 'repl-diskless-sync-delay': 4 });
    const peer = await Peer.ask(server, '?', -1, 'eof');
    for (let i = 0; i < 3; i++) {
      await server.advance(1000);
      await arrived();
    }
    expect(peer.received).toMatch(/^\n{2,3}$/);
    await peer.until(/^\n+\+FULLRESYNC/, server);
  });

  test('what is known of an ID is not enough for another', async () => {
    const { server, client } = await start();
    const peer = await Peer.ask(server, 'a'.repeat(40), 1);
    await peer.until(FULL, server);
    expect(await field(client, 'stats', 'sync_partial_err')).toBe('1');
    expect(server.logLines.join('')).toContain(
      `Partial resynchronization not accepted: Replication ID mismatch (Replica asked for '${'a'.repeat(40)}', my`,
    );
  });

  test.each([
    ['x', 'ERR value is not an integer or out of range'],
    ['1 FAILOVER', "ERR PSYNC FAILOVER can't be sent to a master."],
  ])('PSYNC with %j is refused', async (rest, text) => {
    const { server } = await start();
    const asking = server.connect();
    expect((await asking.call(`PSYNC ${'a'.repeat(40)} ${rest}`)).raw).toBe(`-${text}\r\n`);
    expect((await asking.call('PING')).raw).toBe('+PONG\r\n');
  });
});

describe('when it comes back', () => {
  async function left(config: Config = {}) {
    const { server, client } = await start(config);
    const replica = await ReplicaStream.open(server.server.connect());
    await client.call('SET a 1');
    replica.stream.destroy();
    const id = (await field(client, 'replication', 'master_replid'))!;
    return { server, client, id, next: SELECT.length + SET.length + 1 };
  }

  test('it gets what it has missed, and nothing else', async () => {
    const { server, client, id, next } = await left();
    await client.call('SET a 1');
    const peer = await Peer.ask(server, id.toUpperCase(), next, 'psync2');
    await peer.until(/SET/, server);
    expect(peer.received).toBe(`+CONTINUE ${id}\r\n${SET}`);
    await client.call('SET a 1');
    await arrived();
    expect(peer.received).toBe(`+CONTINUE ${id}\r\n${SET}${SET}`);
    expect(await field(client, 'stats', 'sync_partial_ok')).toBe('1');
    expect(await field(client, 'replication', 'slave0')).toContain('state=online');
  });

  test('it hears no ID when it would not understand that', async () => {
    const { server, id, next } = await left();
    const peer = await Peer.ask(server, id, next);
    await peer.until(/\n/, server);
    expect(peer.received).toBe('+CONTINUE\r\n');
  });

  test.each([1, 2])('it gets all again from byte %i', async (from) => {
    const { server, id } = await left();
    const peer = await Peer.ask(server, id, from);
    await peer.until(/SET/, server);
    expect(peer.received).toBe(`+CONTINUE\r\n${(SELECT + SET).slice(from - 1)}`);
  });

  test.each([0, 1000])('it gets all data when byte %i is not there', async (from) => {
    const { server, client, id } = await left();
    const peer = await Peer.ask(server, id, from);
    await peer.until(FULL, server);
    expect(await field(client, 'stats', 'sync_partial_err')).toBe('1');
    expect(server.logLines.join('')).toContain(`for lack of backlog (Replica request was: ${from}).`);
  });

  test('it gets all data when it has missed more than the backlog keeps', async () => {
    const { server, client, id, next } = await left({ 'repl-backlog-size': 20_000 });
    for (let i = 0; i < 10; i++) await client.call(['SET', 'b', 'x'.repeat(10_000)]);
    const peer = await Peer.ask(server, id, next);
    await peer.until(FULL, server);
    expect(Number(await field(client, 'replication', 'repl_backlog_histlen'))).toBeLessThan(61_000);
  });

  test('after repl-backlog-ttl nobody knows where it was', async () => {
    const { server, client, id, next } = await left({ 'repl-backlog-ttl': 3 });
    await server.advance(2500);
    expect(await field(client, 'replication', 'repl_backlog_active')).toBe('1');
    await server.advance(3000);
    expect(await field(client, 'replication', 'repl_backlog_active')).toBe('0');
    const peer = await Peer.ask(server, id, next);
    await peer.until(FULL, server);
  });

  test('DEBUG CHANGE-REPL-ID makes it a stranger', async () => {
    const { server, client, id, next } = await left();
    await client.call('DEBUG CHANGE-REPL-ID');
    const peer = await Peer.ask(server, id, next);
    await peer.until(FULL, server);
  });

  test('also to a master that has been restarted with its file', async () => {
    const { server, client, id } = await left({ dir: '/' });
    await client.call('SET gone 1 PX 50');
    const offset = Number(await field(client, 'replication', 'master_repl_offset'));
    await client.call('SAVE');
    await server.advance(100);
    const next = await TestServer.start({ runtime: server.runtime, config: { dir: '/' } });
    onTestFinished(() => next.close());
    const again = next.connect();
    expect(await field(again, 'replication', 'master_replid2')).toBe(id);
    expect(await field(again, 'replication', 'second_repl_offset')).toBe(String(offset + 1));
    const peer = await Peer.ask(next, id, offset + 1, 'psync2');
    await peer.until(/\$3\r\nDEL\r\n\$4\r\ngone/, next);
    expect(peer.received).toBe(
      `+CONTINUE ${await field(again, 'replication', 'master_replid')}\r\n${SELECT}*2\r\n$3\r\nDEL\r\n$4\r\ngone\r\n`,
    );
  });
});

describe('snapshots are shared', () => {
  test('by those who ask while the delay runs', async () => {
    const { server, client } = await start({ 'repl-diskless-sync-delay': 5 });
    const peers = [await Peer.ask(server, '?', -1, 'eof'), await Peer.ask(server, '?', -1, 'eof')];
    await server.advance(2000);
    peers.push(await Peer.ask(server, '?', -1, 'eof'));
    for (const peer of peers) await peer.until(/\$EOF:([0-9a-f]{40})\r\n.*\1$/s, server);
    const payloads = peers.map(({ received }) => received.slice(received.indexOf('$EOF')));
    expect(new Set(payloads).size).toBe(1);
    expect(await field(client, 'stats', 'total_forks')).toBe('1');
    expect(await field(client, 'stats', 'sync_full')).toBe('3');
  });

  test('at once when as many are there as repl-diskless-sync-max-replicas', async () => {
    const { server } = await start({ 'repl-diskless-sync-delay': 500, 'repl-diskless-sync-max-replicas': 2 });
    const peers = [await Peer.ask(server, '?', -1, 'eof'), await Peer.ask(server, '?', -1, 'eof')];
    for (const peer of peers) await peer.until(/\$EOF:([0-9a-f]{40})\r\n.*\1$/s, server);
  });

  test('by those who come while the file is written, with the effects since', async () => {
    const { server, client } = await start({ 'repl-diskless-sync': 'no', 'rdb-key-save-delay': 100_000 });
    await client.call('DEBUG POPULATE 20');
    const first = await Peer.ask(server, '?', -1);
    await first.until(FULL, server);
    await client.call('SET a 1');
    const second = await Peer.ask(server, '?', -1);
    expect((await second.until(FULL, server))[2]).toBe('0');
    await client.call('SET a 1');
    const effects = SELECT + SET + SELECT + SET;
    for (const peer of [first, second]) {
      await peer.until(/SET.*SET/s, server);
      expect(peer.received.replaceAll(PING, '').slice(-effects.length)).toBe(effects);
    }
    expect(first.received).toContain('REDIS0011');
    expect(await field(client, 'stats', 'total_forks')).toBe('1');
  });

  test('and given up when the last who wanted it has gone', async () => {
    const { server, client } = await start({ 'rdb-key-save-delay': 100_000 });
    await client.call('DEBUG POPULATE 20');
    const peers = [await Peer.ask(server, '?', -1, 'eof'), await Peer.ask(server, '?', -1, 'eof')];
    await server.advance(100);
    expect(await field(client, 'persistence', 'rdb_bgsave_in_progress')).toBe('1');
    for (const { client: peer } of peers) peer.close();
    await server.advance(100);
    expect(await field(client, 'persistence', 'rdb_bgsave_in_progress')).toBe('0');
    expect(server.logLines.join('')).toContain('Diskless rdb transfer, last replica dropped');
  });

  test('FLUSHALL ends one, and those who waited for it', async () => {
    const { server, client } = await start({ 'rdb-key-save-delay': 100_000 });
    await client.call('DEBUG POPULATE 20');
    await Peer.ask(server, '?', -1, 'eof');
    await server.advance(100);
    await client.call('FLUSHALL');
    expect(await field(client, 'replication', 'connected_slaves')).toBe('0');
  });
});

describe('who is silent', () => {
  test('is disconnected after repl-timeout', async () => {
    const { server, client } = await start({ 'repl-timeout': 5 });
    const peer = await Peer.ask(server, '?', -1);
    await peer.until(FULL, server);
    await server.advance(1000);
    expect(await field(client, 'replication', 'slave0')).toContain('state=online');
    await server.advance(4000);
    peer.say('REPLCONF ACK 1\r\n');
    await arrived();
    await server.advance(4500);
    expect(await field(client, 'replication', 'connected_slaves')).toBe('1');
    await server.advance(3000);
    expect(await field(client, 'replication', 'connected_slaves')).toBe('0');
    expect(server.logLines.join('')).toContain('Disconnecting timedout replica (streaming sync)');
  });
});
