// ZRANDMEMBER: every member has the same chance, in both forms and by every way of drawing.

import { afterEach, describe, expect, test } from 'vitest';
import { EffectServer } from '../support/effects.ts';

const MEMBERS = 40;
const DRAWS = 400;

let server: EffectServer;

afterEach(async () => {
  await server.close();
});

describe.each([
  ['listpack', '128'],
  ['skiplist', '0'],
])('in a %s', (_name, maxEntries) => {
  test.each([
    ['one', '', 1],
    ['with repetition', ' -20', 20],
    ['few distinct ones', ' 10', 10],
    ['many distinct ones', ' 30', 30],
  ])('%s', async (_way, count, drawn) => {
    server = new EffectServer({ 'zset-max-listpack-entries': maxEntries });
    const members = Array.from({ length: MEMBERS }, (_, i) => `${i} m${i}`);
    await server.run(`ZADD z ${members.join(' ')}`);
    const counts = new Map<string, number>();
    for (let i = 0; i < DRAWS; i++) {
      const found = [await server.run(`ZRANDMEMBER z${count}`)].flat() as string[];
      expect(found).toHaveLength(drawn);
      if (!count.includes('-')) expect(new Set(found).size).toBe(drawn);
      for (const member of found) counts.set(member, (counts.get(member) ?? 0) + 1);
    }
    // Pearson's statistic, three standard deviations above its mean (less where draws are distinct).
    const expected = (DRAWS * drawn) / MEMBERS;
    const sum = members.reduce((total, pair) => {
      return total + ((counts.get(pair.split(' ')[1]!) ?? 0) - expected) ** 2 / expected;
    }, 0);
    expect(counts.size).toBe(MEMBERS);
    expect(sum).toBeLessThan(MEMBERS - 1 + 3 * Math.sqrt(2 * (MEMBERS - 1)));
  });
});
