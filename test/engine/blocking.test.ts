// Clients that wait for keys: who is served, in which order, with what, and what ends the waiting. By a clock that the test
// moves.

import { describe, expect, onTestFinished, test } from 'vitest';
import { EffectServer } from '../support/effects.ts';
import { TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';

const NOTHING = '*-1\r\n';
const UNBLOCKED = '-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n';
const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
const pair = (key: string, element: string) => `*2\r\n${bulk(key)}${bulk(element)}`;

/** A server with a client that acts, and any number of others that wait. */
class Scene {
  readonly server: TestServer;
  readonly actor: TestClient;

  private constructor(server: TestServer) {
    this.server = server;
    this.actor = server.connect();
  }

  static async open(): Promise<Scene> {
    const server = await TestServer.start({ config: { 'enable-debug-command': 'yes' } });
    onTestFinished(() => server.close());
    return new Scene(server);
  }

  /** A new client that waits in this request, which has begun when this returns. */
  async waiter(...requests: string[]): Promise<TestClient> {
    const client = this.server.connect();
    const before = await this.blocked();
    for (const request of requests.slice(0, -1)) await client.call(request);
    client.send(requests.at(-1)!);
    await this.untilBlocked(before + 1);
    return client;
  }

  async act(...requests: string[]): Promise<string[]> {
    return (await this.actor.pipeline(requests)).map((frame) => frame.raw);
  }

  async blocked(): Promise<number> {
    return Number(await this.info('clients', 'blocked_clients'));
  }

  async untilBlocked(count: number): Promise<void> {
    for (let tries = 0; tries < 100; tries++) if ((await this.blocked()) === count) return;
    throw new Error(`${await this.blocked()} clients are blocked, not ${count}`);
  }

  async info(section: string, field: string): Promise<string | undefined> {
    const text = (await this.actor.value('INFO', section)) as string;
    return new RegExp(`^${field}:(.*)\r$`, 'm').exec(text)?.[1];
  }

  /** Whether the client has been answered nothing so far. */
  async isSilent(client: TestClient): Promise<boolean> {
    await this.actor.call('PING');
    await this.actor.call('PING');
    return client.unread === '';
  }
}

async function raw(client: TestClient): Promise<string> {
  return (await client.reply()).raw;
}

describe('serving', () => {
  test('a push serves the client that waits for it, and leaves no key behind', async () => {
    const scene = await Scene.open();
    const waiter = await scene.waiter('BLPOP k 0');
    expect(await scene.act('RPUSH k a')).toEqual([':1\r\n']);
    expect(await raw(waiter)).toBe(pair('k', 'a'));
    expect(await scene.act('EXISTS k')).toEqual([':0\r\n']);
    expect(await scene.blocked()).toBe(0);
  });

  test('clients are served in the order of arrival, each with one element', async () => {
    const scene = await Scene.open();
    const waiters: TestClient[] = [];
    for (let i = 0; i < 4; i++) waiters.push(await scene.waiter('BLPOP k 0'));
    await scene.act('RPUSH k a b c');
    expect(await Promise.all(waiters.slice(0, 3).map(raw))).toEqual([
      pair('k', 'a'),
      pair('k', 'b'),
      pair('k', 'c'),
    ]);
    expect(await scene.blocked()).toBe(1);
    await scene.act('LPUSH k d');
    expect(await raw(waiters[3]!)).toBe(pair('k', 'd'));
  });

  test('who arrives again stands behind', async () => {
    const scene = await Scene.open();
    const first = await scene.waiter('BLPOP k 0');
    const second = await scene.waiter('BLPOP k 0');
    await scene.act('RPUSH k a');
    expect(await raw(first)).toBe(pair('k', 'a'));
    first.send('BLPOP k 0');
    await scene.untilBlocked(2);
    await scene.act('RPUSH k b');
    expect(await raw(second)).toBe(pair('k', 'b'));
    await scene.act('RPUSH k c');
    expect(await raw(first)).toBe(pair('k', 'c'));
  });

  test('of several keys the first that is there counts, by the order of the request', async () => {
    const scene = await Scene.open();
    const waiter = await scene.waiter('BRPOP a b c 0');
    await scene.act('MULTI', 'RPUSH c c1', 'RPUSH b b1 b2', 'EXEC');
    expect(await raw(waiter)).toBe(pair('b', 'b2'));
    expect(await scene.act('LLEN b', 'LLEN c')).toEqual([':1\r\n', ':1\r\n']);
  });

  test('a client waits once for a key that it names twice', async () => {
    const scene = await Scene.open();
    const waiter = await scene.waiter('BLPOP k k 0');
    expect(await scene.info('clients', 'total_blocking_keys')).toBe('1');
    await scene.act('RPUSH k a b');
    expect(await raw(waiter)).toBe(pair('k', 'a'));
    expect(await scene.act('LLEN k')).toEqual([':1\r\n']);
  });

  test('keys are waited for by database', async () => {
    const scene = await Scene.open();
    const waiter = await scene.waiter('SELECT 3', 'BLPOP k 0');
    await scene.act('RPUSH k a');
    expect(await scene.blocked()).toBe(1);
    await scene.act('SELECT 3', 'RPUSH k b');
    expect(await raw(waiter)).toBe(pair('k', 'b'));
  });

  test('another type serves nobody; an earlier key of another type is an error then', async () => {
    const scene = await Scene.open();
    const waiter = await scene.waiter('BLPOP a b 0');
    await scene.act('SET a x', 'HSET b f v', 'DEL b');
    expect(await scene.blocked()).toBe(1);
    await scene.act('RPUSH b y');
    expect(await raw(waiter)).toMatch(/^-WRONGTYPE /);
    expect(await scene.act('LLEN b')).toEqual([':1\r\n']);
  });

  test('BLMPOP takes as many as it may, BLMOVE and BRPOPLPUSH move', async () => {
    const scene = await Scene.open();
    const several = await scene.waiter('BLMPOP 0 2 j k RIGHT COUNT 2');
    await scene.act('RPUSH k a b c');
    expect(await raw(several)).toBe(`*2\r\n${bulk('k')}*2\r\n${bulk('c')}${bulk('b')}`);
    await scene.act('DEL k');
    const mover = await scene.waiter('BLMOVE k t LEFT RIGHT 0');
    const pusher = await scene.waiter('BRPOPLPUSH k t 0');
    await scene.act('RPUSH k 1 2 3');
    expect([await raw(mover), await raw(pusher)]).toEqual([bulk('1'), bulk('3')]);
    expect(await scene.act('LRANGE t 0 -1', 'LLEN k')).toEqual([`*2\r\n${bulk('3')}${bulk('1')}`, ':1\r\n']);
  });

  test('a destination of another type is an error when the source comes', async () => {
    const scene = await Scene.open();
    const waiter = await scene.waiter('BRPOPLPUSH k t 0');
    await scene.act('SET t x', 'RPUSH k a');
    expect(await raw(waiter)).toMatch(/^-WRONGTYPE /);
    expect(await scene.act('LRANGE k 0 -1')).toEqual([`*1\r\n${bulk('a')}`]);
  });
});

describe('what wakes', () => {
  const ways: readonly (readonly [name: string, ...requests: string[]])[] = [
    ['RPUSHX after LPUSH in one transaction', 'MULTI', 'LPUSH k a', 'RPUSHX k b', 'EXEC'],
    ['RENAME', 'RPUSH other a', 'RENAME other k'],
    ['RENAMENX', 'RPUSH other a', 'RENAMENX other k'],
    ['COPY', 'RPUSH other a', 'COPY other k'],
    ['MOVE', 'SELECT 1', 'RPUSH k a', 'MOVE k 0', 'SELECT 0'],
    ['SWAPDB', 'SELECT 1', 'RPUSH k a', 'SELECT 0', 'SWAPDB 0 1'],
    ['LMOVE', 'RPUSH other a', 'LMOVE other k LEFT LEFT'],
    ['RPOPLPUSH', 'RPUSH other a', 'RPOPLPUSH other k'],
    ['LINSERT in a transaction', 'MULTI', 'RPUSH k b', 'LINSERT k BEFORE b a', 'EXEC'],
    ['a value of another type that gives way', 'SET k x', 'MULTI', 'DEL k', 'RPUSH k a', 'EXEC'],
  ];

  test.each(ways)('%s', async (_name, ...requests) => {
    const scene = await Scene.open();
    const waiter = await scene.waiter('BLPOP k 0');
    await scene.act(...requests);
    expect(await raw(waiter)).toBe(pair('k', 'a'));
    expect(await scene.blocked()).toBe(0);
  });

  test('the end of a transaction, not its middle', async () => {
    const scene = await Scene.open();
    const waiter = await scene.waiter('BLPOP k 0');
    const replies = await scene.act('MULTI', 'LPUSH k a', 'LPUSH k b', 'LLEN k', 'EXEC');
    expect(replies.at(-1)).toBe('*3\r\n:1\r\n:2\r\n:2\r\n');
    expect(await raw(waiter)).toBe(pair('k', 'b'));
    expect(await scene.act('LLEN k')).toEqual([':1\r\n']);
  });

  test('what is gone at the end of a transaction serves nobody', async () => {
    const scene = await Scene.open();
    const waiter = await scene.waiter('BLPOP k 0');
    await scene.act('MULTI', 'LPUSH k a', 'DEL k', 'EXEC');
    expect(await scene.isSilent(waiter)).toBe(true);
    await scene.act('MULTI', 'LPUSH k a', 'DEL k', 'SET k x', 'EXEC');
    expect(await scene.isSilent(waiter)).toBe(true);
    await scene.act('MULTI', 'DEL k', 'LPUSH k b', 'EXEC');
    expect(await raw(waiter)).toBe(pair('k', 'b'));
  });

  test('a list that has expired already serves nobody', async () => {
    const scene = await Scene.open();
    const waiter = await scene.waiter('BLPOP k 0');
    await scene.act('SELECT 1', 'DEBUG SET-ACTIVE-EXPIRE 0', 'RPUSH k a', 'PEXPIRE k 10');
    scene.server.virtual.jump(20);
    await scene.act('SELECT 0', 'SWAPDB 0 1');
    expect(await scene.isSilent(waiter)).toBe(true);
    await scene.act('RPUSH k b');
    expect(await raw(waiter)).toBe(pair('k', 'b'));
  });
});

describe('chains', () => {
  test('one who is served serves the next', async () => {
    const scene = await Scene.open();
    const last = await scene.waiter('BLPOP c 0');
    const middle = await scene.waiter('BRPOPLPUSH b c 0');
    const first = await scene.waiter('BRPOPLPUSH a b 0');
    await scene.act('RPUSH a x');
    expect([await raw(first), await raw(middle)]).toEqual([bulk('x'), bulk('x')]);
    expect(await raw(last)).toBe(pair('c', 'x'));
    expect(await scene.act('DBSIZE')).toEqual([':0\r\n']);
  });

  test('in a circle each moves once', async () => {
    const scene = await Scene.open();
    const there = await scene.waiter('BRPOPLPUSH a b 0');
    const back = await scene.waiter('BRPOPLPUSH b a 0');
    await scene.act('RPUSH a x');
    expect([await raw(there), await raw(back)]).toEqual([bulk('x'), bulk('x')]);
    expect(await scene.act('LRANGE a 0 -1', 'EXISTS b')).toEqual([`*1\r\n${bulk('x')}`, ':0\r\n']);
  });

  test('onto itself', async () => {
    const scene = await Scene.open();
    const waiter = await scene.waiter('BRPOPLPUSH a a 0');
    await scene.act('RPUSH a x');
    expect(await raw(waiter)).toBe(bulk('x'));
    expect(await scene.act('LRANGE a 0 -1')).toEqual([`*1\r\n${bulk('x')}`]);
  });

  test('the whole chain stands before the next request of the same input', async () => {
    const scene = await Scene.open();
    const first = await scene.waiter('BLMOVE a b LEFT RIGHT 0');
    const second = await scene.waiter('BLMOVE b a RIGHT LEFT 0');
    const replies = await scene.act('SET before 1', 'LPUSH a x', 'LLEN a', 'EXISTS b');
    expect(replies).toEqual(['+OK\r\n', ':1\r\n', ':1\r\n', ':0\r\n']);
    expect([await raw(first), await raw(second)]).toEqual([bulk('x'), bulk('x')]);
  });
});

describe('the end of waiting', () => {
  test.each([
    ['BLPOP k 1.5', 1500],
    ['BRPOP j k 0.001', 1],
    ['BLMPOP 2 1 k LEFT', 2000],
    ['BLMOVE k t LEFT LEFT 0.25', 250],
    ['BRPOPLPUSH k t 1e-9', 1],
  ])('%s', async (request, timeoutMs) => {
    const scene = await Scene.open();
    const waiter = await scene.waiter(request);
    await scene.server.advance(timeoutMs - 1);
    expect(await scene.blocked()).toBe(1);
    await scene.server.advance(1);
    expect(await raw(waiter)).toBe(NOTHING);
    expect(await scene.blocked()).toBe(0);
    expect(await scene.info('clients', 'total_blocking_keys')).toBe('0');
    await scene.act('RPUSH k a');
    expect(await scene.act('LLEN k')).toEqual([':1\r\n']);
  });

  test('0 is for ever, and a timeout may be longer than any timer', async () => {
    const scene = await Scene.open();
    const { virtual } = scene.server;
    await scene.waiter('BLPOP k 0');
    const patient = await scene.waiter('BLPOP k 3000000');
    // The longest timer, and the rest; nothing else is done meanwhile.
    for (const ms of [0x7fffffff, 3_000_000_000 - 0x7fffffff - 1]) {
      virtual.jump(ms - 1);
      await scene.server.advance(1);
      expect(await scene.blocked()).toBe(2);
    }
    await scene.server.advance(1);
    expect(await raw(patient)).toBe(NOTHING);
    expect(await scene.blocked()).toBe(1);
  });

  test('in RESP3 nothing is a null', async () => {
    const scene = await Scene.open();
    const waiter = await scene.waiter('HELLO 3', 'BLMOVE k t LEFT LEFT 1');
    await scene.server.advance(1000);
    expect(await raw(waiter)).toBe('_\r\n');
  });

  test('who waits again after a vain run keeps the old time', async () => {
    const scene = await Scene.open();
    const first = await scene.waiter('BLPOP k 0');
    const second = await scene.waiter('BLPOP k 1');
    await scene.server.advance(900);
    await scene.act('RPUSH k a');
    expect(await raw(first)).toBe(pair('k', 'a'));
    await scene.server.advance(100);
    expect(await raw(second)).toBe(NOTHING);
  });

  test('CLIENT UNBLOCK, as a timeout or as an error', async () => {
    const scene = await Scene.open();
    const idOf = async (client: TestClient) => String(await client.value('CLIENT', 'ID'));
    const clients = [scene.server.connect(), scene.server.connect(), scene.server.connect()];
    const ids = await Promise.all(clients.map(idOf));
    for (const client of clients) client.send('BLPOP k 0');
    await scene.untilBlocked(3);
    expect(
      await scene.act(
        `CLIENT UNBLOCK ${ids[0]}`,
        `CLIENT UNBLOCK ${ids[1]} TIMEOUT`,
        `CLIENT UNBLOCK ${ids[2]} error`,
        `CLIENT UNBLOCK ${ids[0]}`,
      ),
    ).toEqual([':1\r\n', ':1\r\n', ':1\r\n', ':0\r\n']);
    expect(await Promise.all(clients.map(raw))).toEqual([NOTHING, NOTHING, UNBLOCKED]);
    await scene.act('RPUSH k a');
    expect(await scene.act('LLEN k')).toEqual([':1\r\n']);
  });

  test('a client that has gone is not served', async () => {
    const scene = await Scene.open();
    const gone = await scene.waiter('BLPOP k 0');
    const stays = await scene.waiter('BLPOP k 0');
    gone.close();
    await scene.untilBlocked(1);
    await scene.act('RPUSH k a b');
    expect(await raw(stays)).toBe(pair('k', 'a'));
    expect(await scene.act('LRANGE k 0 -1')).toEqual([`*1\r\n${bulk('b')}`]);
  });

  test('CLIENT KILL ends it, too', async () => {
    const scene = await Scene.open();
    const client = scene.server.connect();
    const id = await client.value('CLIENT', 'ID');
    client.send('BLPOP k 0');
    await scene.untilBlocked(1);
    await scene.act(`CLIENT KILL ID ${id}`);
    await client.whenClosed();
    expect(await scene.blocked()).toBe(0);
  });
});

describe('the connection meanwhile', () => {
  test('requests behind a blocking one wait for it, and go on in order', async () => {
    const scene = await Scene.open();
    const client = scene.server.connect();
    for (const request of ['SET a 1', 'BLPOP k 0', 'INCR a', 'BLPOP k 0', 'INCR a']) client.send(request);
    expect(await raw(client)).toBe('+OK\r\n');
    await scene.untilBlocked(1);
    expect(await scene.act('GET a')).toEqual([bulk('1')]);
    await scene.act('RPUSH k x');
    expect([await raw(client), await raw(client)]).toEqual([pair('k', 'x'), ':2\r\n']);
    await scene.untilBlocked(1);
    await scene.act('RPUSH k y');
    expect([await raw(client), await raw(client)]).toEqual([pair('k', 'y'), ':3\r\n']);
  });

  test('a request that arrives in pieces while the client waits', async () => {
    const scene = await Scene.open();
    const client = await scene.waiter('BLPOP k 0');
    client.write('*1\r\n$4\r\nPI');
    expect(await scene.isSilent(client)).toBe(true);
    await scene.act('RPUSH k x');
    expect(await raw(client)).toBe(pair('k', 'x'));
    client.write('NG\r\n');
    expect(await raw(client)).toBe('+PONG\r\n');
  });

  test('what wakes it may come from its own input only when that has gone on', async () => {
    const scene = await Scene.open();
    const client = scene.server.connect();
    client.send('BLPOP k 1');
    client.send('RPUSH k x');
    await scene.untilBlocked(1);
    await scene.server.advance(1000);
    expect([await raw(client), await raw(client)]).toEqual([NOTHING, ':1\r\n']);
  });

  test('with CLIENT REPLY OFF it waits and is not answered', async () => {
    const scene = await Scene.open();
    const client = scene.server.connect();
    client.send('CLIENT REPLY OFF');
    client.send('BLPOP k 0');
    await scene.untilBlocked(1);
    client.send('CLIENT REPLY ON');
    await scene.act('RPUSH k a b');
    expect(await raw(client)).toBe('+OK\r\n');
    expect(await scene.act('LRANGE k 0 -1')).toEqual([`*1\r\n${bulk('b')}`]);
  });

  test('with CLIENT REPLY SKIP the answer that was waited for is the one skipped', async () => {
    const scene = await Scene.open();
    const client = scene.server.connect();
    client.send('CLIENT REPLY SKIP');
    client.send('BLPOP k 0');
    await scene.untilBlocked(1);
    client.send('PING');
    await scene.act('RPUSH k a');
    expect(await raw(client)).toBe('+PONG\r\n');
  });

  test('CLIENT LIST shows it as blocked', async () => {
    const scene = await Scene.open();
    await scene.waiter('BLPOP k 0');
    expect(await scene.actor.value('CLIENT', 'LIST')).toMatch(/ flags=b .* cmd=blpop /);
  });
});

describe('figures', () => {
  test('a blocked command counts as one call when it is done, however it ends', async () => {
    const scene = await Scene.open();
    const calls = async () =>
      /^calls=(\d+),.*rejected_calls=(\d+),failed_calls=(\d+)/
        .exec((await scene.info('commandstats', 'cmdstat_blpop')) ?? '')
        ?.slice(1)
        .join(' ');
    const served = await scene.waiter('BLPOP k 0');
    const late = await scene.waiter('BLPOP j 1');
    const ended = scene.server.connect();
    const id = await ended.value('CLIENT', 'ID');
    ended.send('BLPOP k 0');
    await scene.untilBlocked(3);
    expect(await calls()).toBeUndefined();
    await scene.act('RPUSH k a');
    await served.reply();
    expect(await calls()).toBe('1 0 0');
    await scene.server.advance(1000);
    await late.reply();
    expect(await calls()).toBe('2 0 0');
    await scene.act(`CLIENT UNBLOCK ${id} ERROR`);
    await ended.reply();
    expect(await calls()).toBe('3 0 1');
    expect(await scene.info('errorstats', 'errorstat_UNBLOCKED')).toBe('count=1');
  });

  test('blocked clients and the keys that they wait for', async () => {
    const scene = await Scene.open();
    const first = await scene.waiter('BLPOP a b 0');
    await scene.waiter('BRPOP b c 0');
    expect(await scene.info('clients', 'blocked_clients')).toBe('2');
    expect(await scene.info('clients', 'total_blocking_keys')).toBe('3');
    expect(await scene.info('clients', 'total_blocking_keys_on_nokey')).toBe('0');
    await scene.act('RPUSH a x');
    await first.reply();
    expect(await scene.info('clients', 'total_blocking_keys')).toBe('2');
  });
});

describe('what is told elsewhere', () => {
  async function open(): Promise<EffectServer> {
    const server = new EffectServer();
    onTestFinished(() => server.close());
    return server;
  }

  test('a pop that was waited for is told as a plain one, behind what woke it', async () => {
    const server = await open();
    const waiters = [
      'BLPOP k 0',
      'BLMPOP 0 1 k RIGHT COUNT 5',
      'BLMOVE k t left RIGHT 0',
      'BRPOPLPUSH t u 0',
    ].map((request) => {
      const client = new TestClient(server.server.connect());
      client.send(request);
      return client;
    });
    while (server.server.parts.blocking.size < 4) await server.run('PING');
    const { propagated, events } = await server.effectsOf('RPUSH k a b');
    expect(propagated).toEqual(['0 RPUSH k a b', '0 LPOP k', '0 RPOP k 1']);
    expect(events).toEqual(['0 new k', '0 rpush k', '0 lpop k', '0 rpop k', '0 del k']);
    expect((await server.effectsOf('RPUSH k c')).propagated).toEqual([
      '0 RPUSH k c',
      '0 LMOVE k t left RIGHT',
      '0 RPOPLPUSH t u',
    ]);
    for (const waiter of waiters) waiter.close();
  });

  test('the effects of a transaction are closed before those of whom it wakes', async () => {
    const server = await open();
    const waiter = new TestClient(server.server.connect());
    waiter.send('BLPOP k 0');
    while (server.server.parts.blocking.size < 1) await server.run('PING');
    const { propagated } = await server.effectsOf('MULTI', 'LPUSH k a', 'LPUSH k b', 'EXEC');
    expect(propagated).toEqual(['-1 MULTI', '0 LPUSH k a', '0 LPUSH k b', '-1 EXEC', '0 LPOP k']);
    waiter.close();
  });

  test('a list that has expired when its transaction ends serves nobody, and goes when somebody looks', async () => {
    const server = new EffectServer({ 'enable-debug-command': 'yes' });
    onTestFinished(() => server.close());
    const waiter = new TestClient(server.server.connect());
    waiter.send('BLPOP k 0');
    while (server.server.parts.blocking.size < 1) await server.run('PING');
    await server.run('DEBUG SET-ACTIVE-EXPIRE 0');
    const story = ['MULTI', 'RPUSH k a', 'PEXPIRE k 100', 'DEBUG SLEEP 0.2', 'EXEC'];
    const { propagated } = await server.effectsOf(...story);
    expect(propagated.map((effect) => effect.replace(/\d{13}/, '<time>'))).toEqual([
      '-1 MULTI',
      '0 RPUSH k a',
      '0 PEXPIREAT k <time>',
      '-1 EXEC',
    ]);
    expect(server.server.parts.blocking.size).toBe(1);
    expect((await server.effectsOf('EXISTS k')).propagated).toEqual(['0 DEL k']);
    expect(server.server.parts.blocking.size).toBe(1);
    waiter.close();
  });

  test('who waits in vain has no effect', async () => {
    const server = await open();
    const waiter = new TestClient(server.server.connect());
    waiter.send('BLPOP k 1');
    while (server.server.parts.blocking.size < 1) await server.run('PING');
    server.look();
    await server.runtime.advance(1000);
    expect((await waiter.reply()).raw).toBe(NOTHING);
    expect(server.look()).toEqual({ events: [], propagated: [], changes: 0 });
    waiter.close();
  });
});
