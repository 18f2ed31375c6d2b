// What the set commands tell others: key events, effects for the AOF and replicas, changes for the save points. Observed
// 7.2.4 in its AOF and its keyspace notifications.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EffectServer } from '../support/effects.ts';

let server: EffectServer;

beforeEach(() => {
  server = new EffectServer();
});

afterEach(async () => {
  await server.close();
});

const told = (...requests: string[]) => server.effectsOf(...requests);
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => String(from + i));

describe('effects of set commands', () => {
  it('SADD counts what is new', async () => {
    expect(await told('SADD s a b a')).toEqual({
      events: ['0 new s', '0 sadd s'],
      propagated: ['0 SADD s a b a'],
      changes: 2,
    });
    expect(await told('SADD s a')).toEqual({ events: [], propagated: [], changes: 0 });
  });

  it('SREM counts what went, and the set goes with the last', async () => {
    await server.run('SADD s a b c');
    expect(await told('SREM s a x')).toEqual({
      events: ['0 srem s'],
      propagated: ['0 SREM s a x'],
      changes: 1,
    });
    expect(await told('SREM s x')).toEqual({ events: [], propagated: [], changes: 0 });
    expect(await told('SREM s b c d')).toEqual({
      events: ['0 srem s', '0 del s'],
      propagated: ['0 SREM s b c d'],
      changes: 2,
    });
  });

  it('SMOVE changes two keys', async () => {
    await server.run('SADD a 1 2 3', 'SADD b 2');
    expect(await told('SMOVE a b 2')).toEqual({
      events: ['0 srem a'],
      propagated: ['0 SMOVE a b 2'],
      changes: 1,
    });
    expect(await told('SMOVE a b 1')).toEqual({
      events: ['0 srem a', '0 sadd b'],
      propagated: ['0 SMOVE a b 1'],
      changes: 2,
    });
    expect(await told('SMOVE a c 3')).toEqual({
      events: ['0 srem a', '0 del a', '0 new c', '0 sadd c'],
      propagated: ['0 SMOVE a c 3'],
      changes: 2,
    });
    expect(await told('SMOVE c c 3', 'SMOVE c b 9', 'SMOVE none b 9')).toMatchObject({
      events: [],
      propagated: [],
      changes: 0,
    });
  });

  it('SPOP is told as SREM', async () => {
    await server.run('SADD s a b');
    const { events, propagated, changes } = await told('SPOP s');
    expect({ events, changes }).toEqual({ events: ['0 spop s'], changes: 1 });
    expect(propagated).toHaveLength(1);
    expect(propagated[0]).toMatch(/^0 SREM s [ab]$/);
    const last = await told('SPOP s');
    expect(last).toMatchObject({ events: ['0 spop s', '0 del s'], changes: 1 });
    expect(last.propagated[0]).toMatch(/^0 SREM s [ab]$/);
    expect(await told('SPOP s')).toEqual({ events: [], propagated: [], changes: 0 });
  });

  it('SPOP of all is told as DEL, or as UNLINK', async () => {
    await server.run('SADD s a b', 'SADD t 1');
    expect(await told('SPOP s 2')).toEqual({
      events: ['0 spop s', '0 del s'],
      propagated: ['0 DEL s'],
      changes: 2,
    });
    await server.run('CONFIG SET lazyfree-lazy-server-del yes');
    expect(await told('SPOP t 5')).toEqual({
      events: ['0 spop t', '0 del t'],
      propagated: ['0 UNLINK t'],
      changes: 1,
    });
    expect(await told('SPOP t 5', 'SPOP t 0')).toEqual({ events: [], propagated: [], changes: 0 });
  });

  it.each([
    ['intset', numbers(1, 100)],
    ['listpack', ['a', ...numbers(1, 99)]],
    ['hashtable', ['a', ...numbers(1, 599)]],
  ])('SPOP with a count is told as SREM of just those members (%s)', async (encoding, members) => {
    for (const share of [0.1, 0.5, 0.95]) {
      await server.run('DEL s', `SADD s ${members.join(' ')}`);
      expect(await server.run('OBJECT ENCODING s')).toBe(encoding);
      const count = members.length * share;
      server.look();
      const popped = (await server.run(`SPOP s ${count}`)) as string[];
      const effects = server.look();
      expect(effects).toEqual({
        events: ['0 spop s'],
        propagated: [`0 SREM s ${popped.join(' ')}`],
        changes: count,
      });
      const left = (await server.run('SMEMBERS s')) as string[];
      expect([...popped, ...left].sort()).toEqual([...members].sort());
      expect(new Set(popped).size).toBe(count);
    }
  });

  it('SPOP of thousands is told in portions', async () => {
    await server.run(`SADD s ${numbers(1, 5000).join(' ')}`);
    const sizes = async (count: number) =>
      (await told(`SPOP s ${count}`)).propagated.map((effect) => effect.split(' ').length);
    expect(await sizes(1024)).toEqual([1027]);
    expect(await sizes(2100)).toEqual([2, 1027, 1027, 55, 2]);
    expect(await sizes(1800)).toEqual([2, 1027, 779, 2]);
    expect(await server.run('SCARD s')).toBe(76);
  });

  it('stores count as one change', async () => {
    await server.run('SADD a 1 2', 'SADD b 2 3');
    for (const command of ['SINTERSTORE', 'SUNIONSTORE', 'SDIFFSTORE']) {
      const event = command.toLowerCase();
      expect(await told(`${command} d a b`)).toEqual({
        events: ['0 new d', `0 ${event} d`],
        propagated: [`0 ${command} d a b`],
        changes: 1,
      });
      expect(await told(`${command} d a b`)).toMatchObject({ events: [`0 ${event} d`], changes: 1 });
      expect(await told(`${command} d none none`)).toEqual({
        events: ['0 keymiss none', '0 keymiss none', '0 del d'],
        propagated: [`0 ${command} d none none`],
        changes: 1,
      });
      expect(await told(`${command} d none none`)).toMatchObject({ propagated: [], changes: 0 });
    }
  });

  it('reading changes nothing', async () => {
    await server.run('SADD s a b c');
    expect(
      await told(
        'SMEMBERS s',
        'SRANDMEMBER s',
        'SRANDMEMBER s -5',
        'SINTER s',
        'SUNION s',
        'SDIFF s',
        'SSCAN s 0',
      ),
    ).toEqual({ events: [], propagated: [], changes: 0 });
  });
});
