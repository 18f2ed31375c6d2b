// What the sorted set commands do beside replying: key events, what goes to the AOF and replicas, counted changes.
// Observed 7.2.4 in its AOF and with keyspace notifications.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EffectServer } from '../support/effects.ts';

let server: EffectServer;

beforeEach(() => {
  server = new EffectServer();
});

afterEach(async () => {
  await server.close();
});

const effectsOf = (...requests: string[]) => server.effectsOf(...requests);

describe('adding', () => {
  it('is told once, as it came, and counts every member', async () => {
    expect(await effectsOf('ZADD z 1 a 2 b')).toEqual({
      events: ['0 new z', '0 zadd z'],
      propagated: ['0 ZADD z 1 a 2 b'],
      changes: 2,
    });
    expect(await effectsOf('ZADD z CH 1 a 3 b 4 c')).toEqual({
      events: ['0 zadd z'],
      propagated: ['0 ZADD z CH 1 a 3 b 4 c'],
      changes: 2,
    });
  });

  it('of what is there already is no change', async () => {
    await server.run('ZADD z 1 a');
    expect(await effectsOf('ZADD z 1 a')).toEqual({ events: [], propagated: [], changes: 0 });
    expect(await effectsOf('ZADD z NX 2 a')).toEqual({ events: [], propagated: [], changes: 0 });
    expect(await effectsOf('ZADD z GT 0 a')).toEqual({ events: [], propagated: [], changes: 0 });
    expect(await effectsOf('ZADD z XX 1 b')).toEqual({ events: [], propagated: [], changes: 0 });
    expect(await effectsOf('ZADD none XX 1 b')).toEqual({ events: [], propagated: [], changes: 0 });
    expect(await effectsOf('ZINCRBY z 0 a')).toEqual({ events: [], propagated: [], changes: 0 });
  });

  it('to a score is another event', async () => {
    expect(await effectsOf('ZINCRBY z 2 a')).toEqual({
      events: ['0 new z', '0 zincr z'],
      propagated: ['0 ZINCRBY z 2 a'],
      changes: 1,
    });
    expect(await effectsOf('ZADD z INCR 2 a')).toEqual({
      events: ['0 zincr z'],
      propagated: ['0 ZADD z INCR 2 a'],
      changes: 1,
    });
  });

  it('ends in nothing where a score is none', async () => {
    await server.run('ZADD z inf a');
    expect(await effectsOf('ZINCRBY z -inf a')).toEqual({ events: [], propagated: [], changes: 0 });
    expect(await effectsOf('ZADD new 1 a x b')).toEqual({ events: [], propagated: [], changes: 0 });
  });
});

describe('removing', () => {
  it('tells of the members, and of the key when it is empty', async () => {
    await server.run('ZADD z 1 a 2 b 3 c');
    expect(await effectsOf('ZREM z a x b')).toEqual({
      events: ['0 zrem z'],
      propagated: ['0 ZREM z a x b'],
      changes: 2,
    });
    expect(await effectsOf('ZREM z x')).toEqual({ events: [], propagated: [], changes: 0 });
    expect(await effectsOf('ZREM z c d')).toEqual({
      events: ['0 zrem z', '0 del z'],
      propagated: ['0 ZREM z c d'],
      changes: 1,
    });
  });

  it('by ZPOPMIN and ZPOPMAX', async () => {
    await server.run('ZADD z 1 a 2 b 3 c 4 d');
    expect(await effectsOf('ZPOPMIN z')).toEqual({
      events: ['0 zpopmin z'],
      propagated: ['0 ZPOPMIN z'],
      changes: 1,
    });
    expect(await effectsOf('ZPOPMAX z 0')).toEqual({ events: [], propagated: [], changes: 0 });
    expect(await effectsOf('ZPOPMAX z 5')).toEqual({
      events: ['0 zpopmax z', '0 del z'],
      propagated: ['0 ZPOPMAX z 5'],
      changes: 3,
    });
    expect(await effectsOf('ZPOPMAX z')).toEqual({ events: [], propagated: [], changes: 0 });
  });

  it('by ZMPOP, which is told as what it has popped', async () => {
    await server.run('ZADD z 1 a 2 b 3 c 4 d');
    expect(await effectsOf('ZMPOP 2 none z MIN')).toEqual({
      events: ['0 zpopmin z'],
      propagated: ['0 ZPOPMIN z 1'],
      changes: 1,
    });
    expect(await effectsOf('ZMPOP 1 z MAX COUNT 10')).toEqual({
      events: ['0 zpopmax z', '0 del z'],
      propagated: ['0 ZPOPMAX z 3'],
      changes: 3,
    });
    expect(await effectsOf('ZMPOP 1 z MAX COUNT 10')).toEqual({ events: [], propagated: [], changes: 0 });
  });

  it('by the commands that may wait', async () => {
    await server.run('ZADD z 1 a 2 b 3 c 4 d');
    expect(await effectsOf('BZPOPMIN none z 0')).toEqual({
      events: ['0 zpopmin z'],
      propagated: ['0 ZPOPMIN z'],
      changes: 1,
    });
    expect(await effectsOf('BZPOPMAX z 0')).toEqual({
      events: ['0 zpopmax z'],
      propagated: ['0 ZPOPMAX z'],
      changes: 1,
    });
    expect(await effectsOf('BZMPOP 0 1 z MIN COUNT 7')).toEqual({
      events: ['0 zpopmin z', '0 del z'],
      propagated: ['0 ZPOPMIN z 2'],
      changes: 2,
    });
  });
});

it('reading changes nothing', async () => {
  await server.run('ZADD z 1 a 2 b');
  expect(
    await effectsOf(
      'ZSCORE z a',
      'ZMSCORE z a',
      'ZRANK z a',
      'ZREVRANK z a',
      'ZCARD z',
      'ZRANDMEMBER z 2',
      'ZSCAN z 0',
    ),
  ).toEqual({ events: [], propagated: [], changes: 0 });
});
