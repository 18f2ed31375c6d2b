// What the string commands tell others: the effects that go to the AOF and to replicas, and the key events. Observed
// 7.2.4 in its AOF: relative times leave as absolute ones, and what a command found out is not found out again.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/parser.ts';
import { Server } from '../../src/server.ts';
import { commandArguments } from '../support/effects.ts';
import { TestClient } from '../support/test-client.ts';
import { START_MS, VirtualRuntime } from '../support/virtual-runtime.ts';

const FAR_MS = '33177117420123';

let server: Server;
let client: TestClient;
let effects: string[] = [];
let events: string[] = [];

beforeEach(() => {
  const runtime = new VirtualRuntime();
  const config = new Config(runtime, '/');
  loadConfig(config, runtime.files, {});
  config.assign('notify-keyspace-events', ['AEmn']);
  server = new Server({
    runtime,
    config,
    executable: '',
    isEmbedded: true,
    logSink: () => {},
    onShutdown: () => {},
  });
  server.start();
  client = new TestClient(server.connect());
  server.keyEvents.setPublisher((channel, key) => {
    events.push(`${channel.slice(channel.indexOf(':') + 1)} ${key}`);
  });
  server.parts.propagation.addSink({
    effect: (_dbId, bytes, start, end) =>
      effects.push(
        commandArguments(bytes, start, end)
          .map((arg) => (arg === '' ? "''" : arg))
          .join(' '),
      ),
  });
});

afterEach(async () => {
  client.close();
  await server.close();
});

/** Runs requests and returns the effects of the last one and its events. */
async function told(...requests: string[]): Promise<[effects: string[], events: string[]]> {
  for (const request of requests) {
    effects = [];
    events = [];
    await client.call(request);
  }
  return [effects, events];
}

describe('effects of string commands', () => {
  it('SET without a time goes as it came, less GET', async () => {
    expect(await told('set k v')).toEqual([['set k v'], ['new k', 'set k']]);
    expect(await told('SET k w xx')).toEqual([['SET k w xx'], ['set k']]);
    expect(await told('SET k v gEt keepttl get')).toEqual([['SET k v keepttl'], ['set k']]);
    expect(await told('SET get get GET')).toEqual([['SET get get'], ['keymiss get', 'new get', 'set get']]);
  });

  it('SET with a time goes as its effect', async () => {
    const events = ['set k', 'expire k'];
    expect(await told('SET k v', 'SET k w EX 10')).toEqual([[`SET k w PXAT ${START_MS + 10_000}`], events]);
    expect(await told('SET k v XX GET PX 10')).toEqual([[`SET k v PXAT ${START_MS + 10}`], events]);
    expect(await told('SET k v EXAT 33177117420')).toEqual([['SET k v PXAT 33177117420000'], events]);
    expect(await told('SET k v EXAT 9223372036854775')).toEqual([
      ['SET k v PXAT 9223372036854775000'],
      events,
    ]);
    expect(await told('SET k v EX 9007199254740993')).toEqual([
      [`SET k v PXAT ${9007199254740993000n + BigInt(START_MS)}`],
      events,
    ]);
    expect(await told('SETEX k 10 12')).toEqual([[`SET k 12 PXAT ${START_MS + 10_000}`], events]);
    expect(await told('PSETEX k 10 v')).toEqual([[`SET k v PXAT ${START_MS + 10}`], events]);
  });

  it('SET with PXAT goes as it came', async () => {
    expect(await told('SET k v', `SET k w PXAT ${FAR_MS} xx GET`)).toEqual([
      [`SET k w PXAT ${FAR_MS} xx GET`],
      ['set k', 'expire k'],
    ]);
  });

  it('a SET that stores nothing has none', async () => {
    expect(await told('SET k v XX')).toEqual([[], []]);
    expect(await told('SET k v XX GET')).toEqual([[], ['keymiss k']]);
    expect(await told('SET k v', 'SET k w NX GET')).toEqual([[], []]);
    expect(await told('SETNX k w')).toEqual([[], []]);
    expect(await told('MSETNX a 1 k 2')).toEqual([[], []]);
  });

  it('SETNX, MSET and MSETNX go as they came', async () => {
    expect(await told('SETNX k v')).toEqual([['SETNX k v'], ['new k', 'set k']]);
    expect(await told('MSET a 1 k 2')).toEqual([['MSET a 1 k 2'], ['new a', 'set a', 'set k']]);
    expect(await told('MSETNX b 1 b 2')).toEqual([['MSETNX b 1 b 2'], ['new b', 'set b', 'set b']]);
  });

  it('GETSET goes as SET, GETDEL as DEL', async () => {
    expect(await told('getset k v')).toEqual([['SET k v'], ['keymiss k', 'new k', 'set k']]);
    expect(await told('GETSET k 12')).toEqual([['SET k 12'], ['set k']]);
    expect(await told('GETDEL k')).toEqual([['DEL k'], ['del k']]);
    expect(await told('GETDEL k')).toEqual([[], ['keymiss k']]);
  });

  it('GETEX goes as what it did to the deadline', async () => {
    expect(await told('SET k v', 'GETEX k')).toEqual([[], []]);
    expect(await told('GETEX k PERSIST')).toEqual([[], []]);
    expect(await told('GETEX k EX 10')).toEqual([[`PEXPIREAT k ${START_MS + 10_000}`], ['expire k']]);
    expect(await told('GETEX k PX 10')).toEqual([[`PEXPIREAT k ${START_MS + 10}`], ['expire k']]);
    expect(await told(`GETEX k PXAT ${FAR_MS}`)).toEqual([[`PEXPIREAT k ${FAR_MS}`], ['expire k']]);
    expect(await told('GETEX k PERSIST')).toEqual([['PERSIST k'], ['persist k']]);
    expect(await told(`GETEX k PXAT ${START_MS + 1}`)).toEqual([
      [`PEXPIREAT k ${START_MS + 1}`],
      ['expire k'],
    ]);
    expect(await told(`GETEX k PXAT ${START_MS}`)).toEqual([['DEL k'], ['del k']]);
    expect(await told('GETEX k PXAT 1')).toEqual([[], ['keymiss k']]);
    expect(server.parts.config.assign('lazyfree-lazy-expire', ['yes'])).toBeNull();
    expect(await told('SET k v', 'GETEX k EXAT 1')).toEqual([['UNLINK k'], ['del k']]);
  });

  it('counting goes as it came, INCRBYFLOAT as its result', async () => {
    expect(await told('INCR k')).toEqual([['INCR k'], ['new k', 'incrby k']]);
    expect(await told('DECRBY k 5')).toEqual([['DECRBY k 5'], ['incrby k']]);
    expect(await told('INCRBY k 9223372036854775807')).toEqual([
      ['INCRBY k 9223372036854775807'],
      ['incrby k'],
    ]);
    expect(await told('INCR f', 'incrbyfloat f 0.5')).toEqual([['SET f 1.5 KEEPTTL'], ['incrbyfloat f']]);
    expect(await told('INCRBYFLOAT f 1e3')).toEqual([['SET f 1001.5 KEEPTTL'], ['incrbyfloat f']]);
    expect(await told('INCRBYFLOAT f x')).toEqual([[], []]);
  });

  it('APPEND and SETRANGE go as they came, even an APPEND of nothing', async () => {
    expect(await told("APPEND k ''")).toEqual([["APPEND k ''"], ['new k', 'append k']]);
    expect(await told('APPEND k v')).toEqual([['APPEND k v'], ['append k']]);
    expect(await told("APPEND k ''")).toEqual([["APPEND k ''"], ['append k']]);
    expect(await told('SETRANGE k 3 v')).toEqual([['SETRANGE k 3 v'], ['setrange k']]);
    expect(await told("SETRANGE k 9 ''")).toEqual([[], []]);
    expect(await told("SETRANGE missing 9 ''")).toEqual([[], []]);
    expect(await told('SETRANGE new 0 v')).toEqual([['SETRANGE new 0 v'], ['new new', 'setrange new']]);
  });

  it('reading has none, but a miss is an event', async () => {
    expect(await told('GET k')).toEqual([[], ['keymiss k']]);
    expect(await told('MGET a b')).toEqual([[], ['keymiss a', 'keymiss b']]);
    expect(await told('STRLEN k')).toEqual([[], ['keymiss k']]);
    expect(await told('GETRANGE k 0 1')).toEqual([[], ['keymiss k']]);
    expect(await told('LCS a b')).toEqual([[], ['keymiss a', 'keymiss b']]);
  });

  it('every write counts for the save points, MSET once a key', async () => {
    const { context } = server.parts.executor;
    const count = async (request: string) => {
      const before = context.dirty;
      await client.call(request);
      return context.dirty - before;
    };
    expect(await count('SET k v EX 10')).toBe(1);
    expect(await count('MSET a 1 b 2 a 3')).toBe(3);
    expect(await count('GETEX k PERSIST')).toBe(1);
    expect(await count('GETEX k')).toBe(0);
    expect(await count('INCRBY n 0')).toBe(1);
  });
});
