// What SORT does beside replying: key events, effects for AOF and replicas, changes for the save points.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EffectServer } from '../support/effects.ts';

let server: EffectServer;

beforeEach(() => {
  server = new EffectServer();
});

afterEach(() => server.close());

describe('SORT', () => {
  it('STORE counts every element, and goes as it came', async () => {
    await server.run('RPUSH l 2 1 3');
    expect(await server.effectsOf('SORT l STORE d')).toEqual({
      events: ['0 new d', '0 sortstore d'],
      propagated: ['0 SORT l STORE d'],
      changes: 3,
    });
    expect(await server.effectsOf('SORT l GET # GET # STORE d LIMIT 0 1')).toMatchObject({
      events: ['0 sortstore d'],
      changes: 2,
    });
    expect(await server.effectsOf('SORT l STORE d LIMIT 0 0')).toEqual({
      events: ['0 del d'],
      propagated: ['0 SORT l STORE d LIMIT 0 0'],
      changes: 1,
    });
    expect(await server.effectsOf('SORT l STORE d LIMIT 0 0')).toEqual({
      events: [],
      propagated: [],
      changes: 0,
    });
  });

  it('STORE of equal elements goes as its result, whatever order others keep them in', async () => {
    await server.run('RPUSH l b a c', 'SET w_c x');
    expect(await server.effectsOf('SORT l BY w_* ALPHA DESC STORE d')).toEqual({
      events: ['0 keymiss w_b', '0 keymiss w_a', '0 new d', '0 sortstore d'],
      propagated: ['-1 MULTI', '0 DEL d', '0 RPUSH d c b a', '-1 EXEC'],
      changes: 3,
    });
    await server.run(`RPUSH many ${Array.from({ length: 1500 }, (_, i) => `e${i}`).join(' ')}`);
    const { propagated } = await server.effectsOf('SORT many BY none_* ALPHA STORE d');
    expect(propagated.map((effect) => effect.split(' ').length)).toEqual([2, 3, 3 + 1024, 3 + 476, 2]);
    expect((await server.effectsOf('SORT l BY w_* ALPHA LIMIT 0 0 STORE d')).propagated).toEqual([
      '0 SORT l BY w_* ALPHA LIMIT 0 0 STORE d',
    ]);
  });

  it('BY and GET read the keys that they look up', async () => {
    await server.run('RPUSH l a b', 'SET w_a 1');
    expect(await server.effectsOf('SORT l BY w_* GET v_*')).toEqual({
      events: ['0 keymiss w_b', '0 keymiss v_b', '0 keymiss v_a'],
      propagated: [],
      changes: 0,
    });
    expect(await server.effectsOf('SORT missing')).toMatchObject({ events: ['0 keymiss missing'] });
  });
});
