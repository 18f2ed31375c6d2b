// What hash commands do beside replying: key events, effects for AOF and replicas, changes for the save points. And how
// fair HRANDFIELD is.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EffectServer } from '../support/effects.ts';

const X65 = 'x'.repeat(65);

let server: EffectServer;

beforeEach(() => {
  server = new EffectServer();
});

afterEach(() => server.close());

describe('effects', () => {
  it('HSET and HMSET tell of one event and count every pair', async () => {
    expect(await server.effectsOf('HSET h a 1 b 2 a 3')).toEqual({
      events: ['0 new h', '0 hset h'],
      propagated: ['0 HSET h a 1 b 2 a 3'],
      changes: 3,
    });
    expect(await server.effectsOf('HMSET h a 1 b 2')).toEqual({
      events: ['0 hset h'],
      propagated: ['0 HMSET h a 1 b 2'],
      changes: 2,
    });
    expect(await server.effectsOf('HSET h a')).toEqual({ events: [], propagated: [], changes: 0 });
    expect(await server.effectsOf(`HSET t a ${X65}`)).toMatchObject({
      events: ['0 new t', '0 hset t'],
      changes: 1,
    });
  });

  it('HSETNX has them only where it stores', async () => {
    expect(await server.effectsOf('HSETNX h a 1')).toEqual({
      events: ['0 new h', '0 hset h'],
      propagated: ['0 HSETNX h a 1'],
      changes: 1,
    });
    expect(await server.effectsOf('HSETNX h a 2')).toEqual({ events: [], propagated: [], changes: 0 });
  });

  it('HDEL counts what was there, and the last field is followed by del', async () => {
    await server.run('HSET h a 1 b 2 c 3', `HSET t a ${X65} b 2`);
    expect(await server.effectsOf('HDEL h a x b')).toEqual({
      events: ['0 hdel h'],
      propagated: ['0 HDEL h a x b'],
      changes: 2,
    });
    expect(await server.effectsOf('HDEL h x')).toEqual({ events: [], propagated: [], changes: 0 });
    expect(await server.effectsOf('HDEL missing x')).toEqual({ events: [], propagated: [], changes: 0 });
    expect(await server.effectsOf('HDEL h c x')).toEqual({
      events: ['0 hdel h', '0 del h'],
      propagated: ['0 HDEL h c x'],
      changes: 1,
    });
    expect(await server.effectsOf('HDEL t b a')).toMatchObject({
      events: ['0 hdel t', '0 del t'],
      changes: 2,
    });
  });

  it('HINCRBY goes as it came, HINCRBYFLOAT as its result', async () => {
    expect(await server.effectsOf('HINCRBY h n 5')).toEqual({
      events: ['0 new h', '0 hincrby h'],
      propagated: ['0 HINCRBY h n 5'],
      changes: 1,
    });
    expect(await server.effectsOf('hincrbyfloat h n 0.5')).toEqual({
      events: ['0 hincrbyfloat h'],
      propagated: ['0 HSET h n 5.5'],
      changes: 1,
    });
    expect(await server.effectsOf('HINCRBYFLOAT h n 1e-17')).toMatchObject({
      propagated: ['0 HSET h n 5.50000000000000001'],
    });
    expect(await server.effectsOf('HINCRBY h n 1', 'HINCRBYFLOAT h n x', 'HINCRBY h n x')).toEqual({
      events: [],
      propagated: [],
      changes: 0,
    });
  });

  it('reading has none, but a miss is an event', async () => {
    await server.run('HSET h a 1');
    const reads = [
      'HGET',
      'HMGET',
      'HGETALL',
      'HKEYS',
      'HVALS',
      'HEXISTS',
      'HLEN',
      'HSTRLEN',
      'HRANDFIELD',
      'HSCAN',
    ];
    for (const name of reads) {
      const rest = { HGET: 'a', HMGET: 'a b', HEXISTS: 'a', HSTRLEN: 'a', HSCAN: '0' }[name] ?? '';
      expect(await server.effectsOf(`${name} h ${rest}`), name).toEqual({
        events: [],
        propagated: [],
        changes: 0,
      });
      expect(await server.effectsOf(`${name} missing ${rest}`), name).toEqual({
        events: ['0 keymiss missing'],
        propagated: [],
        changes: 0,
      });
    }
  });
});

describe('HRANDFIELD is fair', () => {
  const DRAWS = 3000;
  const fields = Array.from({ length: 10 }, (_, i) => `f${i}`);
  const pairs = fields.map((field) => `${field} v`).join(' ');

  /** The chi-square of how often each field was drawn; 27.88 is exceeded once in a thousand times. */
  function chiSquare(drawn: readonly string[]): number {
    const expected = drawn.length / fields.length;
    return fields.reduce((sum, field) => {
      const count = drawn.filter((one) => one === field).length;
      return sum + (count - expected) ** 2 / expected;
    }, 0);
  }

  for (const form of ['listpack', 'hashtable']) {
    it(`in a ${form}`, async () => {
      await server.run(`HSET h ${pairs}`);
      if (form === 'hashtable') await server.run(`HSET h long ${X65}`, 'HDEL h long');
      expect(await server.run('OBJECT ENCODING h')).toBe(form);
      expect(chiSquare((await server.run(`HRANDFIELD h -${DRAWS}`)) as string[])).toBeLessThan(27.88);
      // 2 of 10 are drawn one by one, 5 of 10 chosen in a pass.
      for (const count of [1, 2, 5]) {
        const drawn: string[] = [];
        for (let i = 0; i < DRAWS / count; i++) {
          const some = (await server.run(`HRANDFIELD h ${count}`)) as string[];
          expect(new Set(some).size).toBe(count);
          drawn.push(...some);
        }
        expect(chiSquare(drawn), `${count} at a time`).toBeLessThan(27.88);
      }
    });
  }
});
