// What the commands for keys do beside replying. All of it was observed at a Redis 7.2.4 with appendonly and
// notify-keyspace-events KEAmn.

import { describe, expect, onTestFinished, test } from 'vitest';
import { EffectServer, type Effects } from '../support/effects.ts';
import { START_MS } from '../support/virtual-runtime.ts';

interface EffectCase {
  readonly name: string;
  readonly config?: Readonly<Record<string, string>>;
  readonly before?: readonly string[];
  /** Lets this much time pass in one jump, so that nothing expires by itself. */
  readonly jumpMs?: number;
  readonly run: readonly string[];
  readonly effects: Partial<Effects>;
}

const isTwoRemovals = (effects: string[]) => effects.sort().join() === '0 DEL a,0 DEL b';
const nothing: Effects = { events: [], propagated: [], changes: 0 };
const far = '99999999999999';

const cases: EffectCase[] = [
  {
    name: 'DEL of several keys is one effect',
    before: ['MSET a 1 b 2'],
    run: ['del a nope b'],
    effects: { events: ['0 del a', '0 del b'], propagated: ['0 del a nope b'], changes: 2 },
  },
  { name: 'DEL of nothing is none', run: ['DEL nope'], effects: nothing },
  {
    name: 'UNLINK is propagated as itself',
    before: ['SET a 1'],
    run: ['UNLINK a'],
    effects: { events: ['0 del a'], propagated: ['0 UNLINK a'], changes: 1 },
  },
  {
    name: 'DEL of an expired key: the key has expired, and nothing was deleted',
    before: ['SET a 1 PX 10', 'SET b 1'],
    jumpMs: 100,
    run: ['DEL a b'],
    effects: {
      events: ['0 expired a', '0 del b'],
      propagated: ['-1 MULTI', '0 DEL a', '0 DEL a b', '-1 EXEC'],
      changes: 1,
    },
  },
  {
    name: 'reading an expired key propagates its removal',
    before: ['SET a 1 PX 10'],
    jumpMs: 100,
    run: ['EXISTS a', 'EXISTS a'],
    effects: {
      events: ['0 expired a', '0 keymiss a', '0 keymiss a'],
      propagated: ['0 DEL a'],
      changes: 0,
    },
  },
  {
    name: 'under lazyfree-lazy-expire an expired key is unlinked elsewhere',
    config: { 'lazyfree-lazy-expire': 'yes' },
    before: ['SET a 1 PX 10'],
    jumpMs: 100,
    run: ['TTL a'],
    effects: { events: ['0 expired a', '0 keymiss a'], propagated: ['0 UNLINK a'] },
  },
  {
    name: 'EXISTS, TYPE, TOUCH, TTL and COPY report a miss; OBJECT, SCAN and writes do not',
    run: [
      'EXISTS a',
      'TYPE b',
      'TOUCH c',
      'TTL d',
      'COPY e x',
      'OBJECT ENCODING f',
      'SCAN 0 TYPE string',
      'RENAME g x',
      'EXPIRE h 1',
      'PERSIST i',
      'MOVE j 1',
    ],
    effects: {
      events: ['0 keymiss a', '0 keymiss b', '0 keymiss c', '0 keymiss d', '0 keymiss e'],
      propagated: [],
      changes: 0,
    },
  },
  {
    name: 'RENAME: a new key, then both names',
    before: ['MSET a 1 b 2'],
    run: ['rename a b'],
    effects: {
      events: ['0 new b', '0 rename_from a', '0 rename_to b'],
      propagated: ['0 rename a b'],
      changes: 1,
    },
  },
  {
    name: 'RENAME to the same name is no change',
    before: ['SET a 1'],
    run: ['RENAME a a'],
    effects: nothing,
  },
  {
    name: 'RENAMENX to a free name',
    before: ['SET a 1'],
    run: ['RENAMENX a b'],
    effects: {
      events: ['0 new b', '0 rename_from a', '0 rename_to b'],
      propagated: ['0 RENAMENX a b'],
      changes: 1,
    },
  },
  { name: 'RENAMENX to a name in use', before: ['MSET a 1 b 1'], run: ['RENAMENX a b'], effects: nothing },
  {
    name: 'RENAME over an expired key',
    before: ['SET a 1 PX 10', 'SET b 1'],
    jumpMs: 100,
    run: ['RENAME b a'],
    effects: {
      events: ['0 expired a', '0 new a', '0 rename_from b', '0 rename_to a'],
      propagated: ['-1 MULTI', '0 DEL a', '0 RENAME b a', '-1 EXEC'],
    },
  },
  {
    name: 'MOVE tells both databases',
    before: ['SET a 1'],
    run: ['MOVE a 3'],
    effects: {
      events: ['3 new a', '0 move_from a', '3 move_to a'],
      propagated: ['0 MOVE a 3'],
      changes: 1,
    },
  },
  { name: 'MOVE of nothing', run: ['MOVE a 3'], effects: nothing },
  {
    name: 'COPY tells the target',
    before: ['SET a 1'],
    run: ['COPY a b', 'COPY a b', 'COPY a a DB 3', 'COPY a b REPLACE'],
    effects: {
      events: ['0 new b', '0 copy_to b', '3 new a', '3 copy_to a', '0 new b', '0 copy_to b'],
      propagated: ['0 COPY a b', '0 COPY a a DB 3', '0 COPY a b REPLACE'],
      changes: 3,
    },
  },
  {
    name: 'SWAPDB counts once, with itself too',
    run: ['SWAPDB 0 1', 'swapdb 2 2'],
    effects: { events: [], propagated: ['0 SWAPDB 0 1', '0 swapdb 2 2'], changes: 2 },
  },
  {
    name: 'a flush counts its keys and is propagated even when there are none',
    before: ['MSET a 1 b 2', 'SET c 1', 'MOVE c 3'],
    run: ['flushdb', 'FLUSHDB', 'FLUSHDB async', 'FLUSHALL sync', 'FLUSHALL ASYNC'],
    effects: {
      events: [],
      propagated: ['0 flushdb', '0 FLUSHDB', '0 FLUSHDB async', '0 FLUSHALL sync', '0 FLUSHALL ASYNC'],
      changes: 3,
    },
  },
  {
    name: 'EXPIRE is propagated as the time that it means',
    before: ['SET a 1'],
    run: ['expire a 10'],
    effects: { events: ['0 expire a'], propagated: [`0 PEXPIREAT a ${START_MS + 10_000}`], changes: 1 },
  },
  {
    name: 'the options of EXPIRE stay',
    before: ['SET a 1'],
    run: ['PEXPIRE a 10 nx', `pexpireat a ${far} gt`, 'EXPIREAT a 99999999998 XX LT'],
    effects: {
      events: ['0 expire a', '0 expire a', '0 expire a'],
      propagated: [
        `0 PEXPIREAT a ${START_MS + 10} nx`,
        `0 pexpireat a ${far} gt`,
        '0 PEXPIREAT a 99999999998000 XX LT',
      ],
      changes: 3,
    },
  },
  {
    name: 'what an option forbids is no change',
    before: ['SET a 1'],
    run: ['EXPIRE a 10 XX', 'EXPIRE a 10 GT', 'EXPIRE nope 10'],
    effects: nothing,
  },
  {
    name: 'a time that has passed is propagated as a removal',
    before: ['MSET a 1 b 1'],
    run: ['EXPIRE a -1', 'PEXPIREAT b 1'],
    effects: { events: ['0 del a', '0 del b'], propagated: ['0 DEL a', '0 DEL b'], changes: 2 },
  },
  {
    name: 'or as UNLINK, under lazyfree-lazy-expire',
    config: { 'lazyfree-lazy-expire': 'yes' },
    before: ['SET a 1'],
    run: ['EXPIRE a -1'],
    effects: { events: ['0 del a'], propagated: ['0 UNLINK a'], changes: 1 },
  },
  {
    name: 'PERSIST counts when there was a deadline',
    before: ['SET a 1 EX 10'],
    run: ['PERSIST a', 'PERSIST a'],
    effects: { events: ['0 persist a'], propagated: ['0 PERSIST a'], changes: 1 },
  },
  {
    name: 'SCAN removes the expired keys that it would have returned, RANDOMKEY those that it draws, KEYS none',
    before: ['SET a 1 PX 10', 'SET b 1 PX 10'],
    jumpMs: 100,
    run: ['KEYS *', 'SCAN 0 MATCH a', 'RANDOMKEY', 'SCAN 0'],
    effects: {
      events: ['0 expired a', '0 expired b'],
      propagated: ['0 DEL a', '0 DEL b'],
      changes: 0,
    },
  },
  ...['SCAN 0', 'RANDOMKEY'].map((request) => ({
    name: `what ${request} removes is no transaction elsewhere`,
    before: ['SET a 1 PX 10', 'SET b 1 PX 10'],
    jumpMs: 100,
    run: [request],
    effects: { propagated: expect.toSatisfy(isTwoRemovals), changes: 0 },
  })),
  {
    name: 'but it is one where they run within a transaction',
    before: ['SET a 1 PX 10', 'SET b 1 PX 10'],
    jumpMs: 100,
    run: ['MULTI', 'RANDOMKEY', 'EXEC'],
    effects: { propagated: ['-1 MULTI', expect.any(String), expect.any(String), '-1 EXEC'] },
  },
];

describe('effects', () => {
  test.each(cases)('$name', async ({ config, before = [], jumpMs = 0, run, effects }) => {
    const server = new EffectServer(config);
    onTestFinished(() => server.close());
    if (before.length > 0) await server.run(...before);
    server.runtime.jump(jumpMs);
    expect(await server.effectsOf(...run)).toMatchObject(effects);
  });
});

describe('watched keys', () => {
  // Steps of another client between WATCH and EXEC, and whether they break the transaction.
  test.each<[name: string, before: string[], watched: string, change: string, breaks: boolean]>([
    ['DEL', ['SET a 1'], 'a', 'DEL a', true],
    ['DEL of nothing', [], 'a', 'DEL a', false],
    ['EXPIRE', ['SET a 1'], 'a', 'EXPIRE a 10', true],
    ['EXPIRE that is forbidden', ['SET a 1'], 'a', 'EXPIRE a 10 XX', false],
    ['PERSIST', ['SET a 1 EX 10'], 'a', 'PERSIST a', true],
    ['TOUCH', ['SET a 1'], 'a', 'TOUCH a', false],
    ['RENAME from', ['SET a 1'], 'a', 'RENAME a b', true],
    ['RENAME to', ['SET a 1'], 'b', 'RENAME a b', true],
    ['MOVE', ['SET a 1'], 'a', 'MOVE a 1', true],
    ['COPY to', ['SET a 1'], 'b', 'COPY a b', true],
    ['COPY from', ['SET a 1'], 'a', 'COPY a b', false],
    ['FLUSHALL', ['SET a 1'], 'a', 'FLUSHALL', true],
    ['FLUSHALL without the key', ['SET b 1'], 'a', 'FLUSHALL', false],
    ['SWAPDB', ['SET a 1'], 'a', 'SWAPDB 0 1', true],
    ['SWAPDB with itself', ['SET a 1'], 'a', 'SWAPDB 0 0', false],
    ['SWAPDB of other databases', ['SET a 1'], 'a', 'SWAPDB 2 1', false],
  ])('%s', async (_name, before, watched, change, breaks) => {
    const server = new EffectServer();
    onTestFinished(() => server.close());
    const { parts } = server.server;
    if (before.length > 0) await server.run(...before);
    const [other] = parts.clients;
    parts.watches.watch(other!, 0, watched, false);
    await server.run(change);
    expect(other!.watchBroken).toBe(breaks);
  });
});
