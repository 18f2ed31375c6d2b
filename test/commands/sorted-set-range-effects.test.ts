// What the range commands and set operations of sorted sets tell others: key events, effects, changes. Observed 7.2.4:
// they go as they came; what removes counts once a member, what stores once.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EffectServer } from '../support/effects.ts';

let server: EffectServer;

beforeEach(async () => {
  server = new EffectServer();
  await server.run('ZADD x 1 a 2 b 3 c', 'ZADD y 10 b 20 c 30 d', 'SET s v', 'EXPIRE s 1000');
});

afterEach(() => server.close());

/** The request goes as it came. */
async function expectEffects(request: string, events: string[], changes: number): Promise<void> {
  expect(await server.effectsOf(request)).toEqual({
    events: events.map((event) => `0 ${event}`),
    propagated: changes === 0 ? [] : [`0 ${request}`],
    changes,
  });
}

describe('effects of parts of sorted sets', () => {
  it('removing tells of the removal, and of the key when it goes', async () => {
    await expectEffects('ZREMRANGEBYRANK x 0 1', ['zremrangebyrank x'], 2);
    await expectEffects('ZREMRANGEBYRANK x 0 -1', ['zremrangebyrank x', 'del x'], 1);
    await expectEffects('ZREMRANGEBYSCORE y 10 10', ['zremrangebyscore y'], 1);
    await expectEffects('ZREMRANGEBYSCORE y -inf +inf', ['zremrangebyscore y', 'del y'], 2);
    await server.run('ZADD z 0 a 0 b 0 c');
    await expectEffects('ZREMRANGEBYLEX z [b +', ['zremrangebylex z'], 2);
    await expectEffects('ZREMRANGEBYLEX z - +', ['zremrangebylex z', 'del z'], 1);
  });

  it('removing nothing tells of nothing, not even of a miss', async () => {
    await expectEffects('ZREMRANGEBYRANK x 5 9', [], 0);
    await expectEffects('ZREMRANGEBYSCORE x 5 9', [], 0);
    await expectEffects('ZREMRANGEBYLEX x [m [n', [], 0);
    await expectEffects('ZREMRANGEBYRANK missing 0 -1', [], 0);
  });

  it('storing tells of the new key, or of the one that goes', async () => {
    await expectEffects('ZRANGESTORE out x 0 -1', ['new out', 'zrangestore out'], 1);
    await expectEffects('ZRANGESTORE out x 0 0', ['zrangestore out'], 1);
    await expectEffects('ZRANGESTORE s x 0 0', ['zrangestore s'], 1);
    await expectEffects('ZRANGESTORE out x 7 9', ['del out'], 1);
    await expectEffects('ZRANGESTORE out x 7 9', [], 0);
    await expectEffects('ZRANGESTORE out missing 0 -1', ['keymiss missing'], 0);
    await expectEffects('ZRANGESTORE s missing 0 -1', ['keymiss missing', 'del s'], 1);
    await expectEffects('ZUNIONSTORE out 2 x y', ['new out', 'zunionstore out'], 1);
    await expectEffects('ZINTERSTORE out 2 x y', ['zinterstore out'], 1);
    await expectEffects('ZDIFFSTORE out 2 x y', ['zdiffstore out'], 1);
    await expectEffects('ZDIFFSTORE out 2 x x', ['del out'], 1);
    await expectEffects('ZDIFFSTORE out 2 x x', [], 0);
    await expectEffects('ZINTERSTORE out 2 x missing', ['keymiss missing'], 0);
    await expectEffects('ZUNIONSTORE x 1 x', ['zunionstore x'], 1);
  });

  it('reading misses what is missing', async () => {
    for (const request of [
      'ZRANGE m 0 -1',
      'ZRANGEBYSCORE m 0 1',
      'ZREVRANGEBYLEX m + -',
      'ZCOUNT m 0 1',
      'ZLEXCOUNT m - +',
      'ZUNION 2 x m',
      'ZINTER 2 m x',
      'ZDIFF 1 m',
      'ZINTERCARD 1 m',
    ]) {
      await expectEffects(request, ['keymiss m'], 0);
    }
    await expectEffects('ZUNION 3 m x m', ['keymiss m', 'keymiss m'], 0);
    await expectEffects('ZRANGE x 0 -1', [], 0);
  });

  it('what was refused has none, but for the keys that were looked for', async () => {
    await expectEffects('ZUNIONSTORE out 2 m s', ['keymiss m'], 0);
    await expectEffects('ZUNIONSTORE out 2 s m', [], 0);
    await expectEffects('ZUNIONSTORE out 1 m FOO', ['keymiss m'], 0);
    await expectEffects('ZRANGESTORE out m x 1', [], 0);
    await expectEffects('ZRANGE m 0 1 FOO', [], 0);
  });
});
