// Publish/subscribe with several clients: who receives which message, and where among its replies.

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { commands, emptyDisk, settled, startAof } from '../persistence/aof/aof-server.ts';
import { findReference, isVersionAtLeast, ReferenceServer } from '../support/reference.ts';
import { ReplicaStream } from '../support/replica-stream.ts';
import { hold } from '../support/talk.ts';
import { TestServer } from '../support/test-server.ts';
import { TALKS } from './pubsub.talks.ts';

const QUIET_MS = 60;

const received = ({ steps }: (typeof TALKS)[number]) => steps.map(([, , lines]) => lines);

describe('our server', () => {
  test.each(TALKS)('$name', async (talk) => {
    const server = await TestServer.start();
    onTestFinished(() => server.close());
    const quiet = async () => {
      for (let i = 0; i < 6; i++) await new Promise((resolve) => setImmediate(resolve));
    };
    expect(await hold(talk, async () => server.connect(), quiet)).toEqual(received(talk));
  });
});

describe('a subscriber', () => {
  async function start() {
    const server = await TestServer.start();
    onTestFinished(() => server.close());
    return { server, client: server.connect(), subscriber: server.connect() };
  }

  test('is shown as one', async () => {
    const { client, subscriber } = await start();
    for (const word of ['SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE']) await subscriber.call(`${word} ${word}`);
    await subscriber.call('SUBSCRIBE other');
    const line = String(await client.value('CLIENT', 'LIST', 'TYPE', 'pubsub'));
    expect(line).toMatch(/ flags=P db=0 sub=2 psub=1 ssub=1 .* cmd=subscribe /);
    expect(await client.value('CLIENT', 'LIST', 'TYPE', 'normal')).toMatch(/^[^\n]* flags=N [^\n]*\n$/);
    expect(await client.value('INFO', 'stats')).toMatch(
      /pubsub_channels:2\r\npubsub_patterns:1\r\npubsubshard_channels:1\r\n/,
    );
  });

  test('is an ordinary client again when it has unsubscribed from all', async () => {
    const { client, subscriber } = await start();
    await subscriber.call('SUBSCRIBE x');
    await subscriber.call('UNSUBSCRIBE x');
    expect(await client.value('CLIENT', 'LIST', 'TYPE', 'pubsub')).toBe('');
    expect(await subscriber.value('PING')).toBe('PONG');
  });

  test('that goes is forgotten', async () => {
    const { client, subscriber } = await start();
    for (const word of ['SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE']) await subscriber.call(`${word} x`);
    expect(await client.value('PUBLISH', 'x', '1')).toBe(2);
    subscriber.close();
    await subscriber.whenClosed();
    expect(await client.value('PUBLISH', 'x', '1')).toBe(0);
    expect(await client.value('SPUBLISH', 'x', '1')).toBe(0);
    expect(await client.value('PUBSUB', 'NUMPAT')).toBe(0);
  });

  test('may be silent for as long as it likes', async () => {
    const { server, client, subscriber } = await start();
    await client.call('CONFIG SET timeout 10');
    await subscriber.call('SUBSCRIBE x');
    await server.advance(60_000);
    await client.whenClosed();
    expect(await server.connect().value('PUBLISH', 'x', 'm')).toBe(1);
  });

  test('of one of many channels is found among them', async () => {
    const { client, subscriber } = await start();
    const other = await client.value('CLIENT', 'ID');
    for (let i = 0; i < 20; i++) {
      const names = Array.from({ length: 1000 }, (_, at) => `ch:${i * 1000 + at}`);
      subscriber.send(['SUBSCRIBE', ...names]);
      for (const _ of names) await subscriber.reply();
    }
    expect(other).toBeGreaterThan(0);
    expect(await client.value('PUBLISH', 'ch:12345', 'm')).toBe(1);
    expect((await subscriber.reply()).raw).toContain('ch:12345');
    expect(await client.value('PUBSUB', 'CHANNELS', 'ch:1234?')).toHaveLength(10);
  });

  test('is held back from publishing by a pause of writes, as who publishes is', async () => {
    const { server, client } = await start();
    const publisher = server.connect();
    await client.call('CLIENT PAUSE 1000 WRITE');
    publisher.send('PUBLISH x m');
    await server.advance(500);
    expect(publisher.unread).toBe('');
    await server.advance(600);
    expect((await publisher.reply()).raw).toBe(':0\r\n');
  });
});

describe('replicas and the AOF', () => {
  test('replicas hear of messages, in the midst of effects', async () => {
    const server = await TestServer.start();
    onTestFinished(() => server.close());
    const client = server.connect();
    const replica = await ReplicaStream.open(server.server.connect());
    await client.pipeline([
      'PUBLISH x 1',
      'SELECT 3',
      'SPUBLISH s 2',
      'MULTI',
      'SET k v',
      'PUBLISH x 3',
      'EXEC',
    ]);
    expect(await replica.effects()).toEqual([
      'SELECT 0',
      'PUBLISH x 1',
      'SELECT 3',
      'SPUBLISH s 2',
      'MULTI',
      'SET k v',
      'PUBLISH x 3',
      'EXEC',
    ]);
  });

  test('the AOF leaves messages out, and what is left of a transaction is no transaction', async () => {
    const { client, disk, runtime } = await startAof(emptyDisk());
    await client.pipeline(['PUBLISH x 1', 'SET a 1', 'MULTI', 'PUBLISH x 2', 'SET b 1', 'EXEC', 'MULTI']);
    await client.pipeline(['PUBLISH x 3', 'SPUBLISH x 4', 'EXEC']);
    await settled(runtime);
    const [log] = [...disk.files.keys()].filter((name) => name.endsWith('.incr.aof'));
    expect(disk.read(log!)).toBe(commands('SELECT 0', 'SET a 1', 'SET b 1'));
  });
});

// Before 7.2 a message to oneself came before the reply.
const program = findReference();
const isAsked = program !== null && isVersionAtLeast(program.version, '7.2');

describe.runIf(isAsked)('the reference agrees', () => {
  let server: ReferenceServer;

  beforeAll(async () => {
    server = await ReferenceServer.start(program!);
  });

  afterAll(() => server.stop());

  test.each(TALKS)('$name', async (talk) => {
    const client = await server.connect();
    await client.call('FLUSHALL');
    client.close();
    const quiet = () => new Promise<void>((resolve) => setTimeout(resolve, QUIET_MS));
    expect(await hold(talk, () => server.connect(), quiet)).toEqual(received(talk));
  });
});
