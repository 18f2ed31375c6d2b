// How long keys outlive their deadlines, on a whole server by a virtual clock: never longer than the rest that the expiry
// cycle takes between two rounds, however many keys there are and however their deadlines lie.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EffectServer } from '../support/effects.ts';

// The closest that two rounds follow each other, and the millisecond through which a key still lives.
const MAX_LAG_MS = 11;

test('a key goes within milliseconds of its deadline, and never before', async () => {
  const key = fc.record({
    // Some deadlines lie close together, some far apart.
    ttl: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 100_000 })),
    waitMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 50 })),
    db: fc.constantFrom(0, 1),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(key, { minLength: 1, maxLength: 60 }), async (keys) => {
      const server = new EffectServer();
      try {
        const deadlines = new Map<string, number>();
        for (const [i, { ttl, waitMs, db }] of keys.entries()) {
          await server.run(`SELECT ${db}`, `SET key:${i} v PX ${ttl}`);
          deadlines.set(`${db} key:${i}`, server.runtime.clock.nowMs() + ttl);
          await pass(server, waitMs, deadlines);
        }
        await pass(server, 100_000 + MAX_LAG_MS + 1, deadlines);
        expect(deadlines.size).toBe(0);
        expect(server.server.parts.keyspace.stats.expireLagMaxMs).toBeLessThanOrEqual(MAX_LAG_MS);
      } finally {
        await server.close();
      }
    }),
    { numRuns: 25 },
  );
});

test('thousands that are due together go together', async () => {
  const server = new EffectServer();
  try {
    const { keyspace } = server.server.parts;
    await server.run(...Array.from({ length: 5000 }, (_, i) => `SET key:${i} v PX 500`));
    await server.runtime.advance(500);
    expect(keyspace.database(0).size).toBe(5000);
    await server.runtime.advance(MAX_LAG_MS);
    expect(keyspace.database(0).size).toBe(0);
    expect(keyspace.stats.expired).toBe(5000);
  } finally {
    await server.close();
  }
});

test('a server that stood still is late once, and then on time again', async () => {
  const server = new EffectServer();
  try {
    await server.run('SET a v PX 100', 'SET b v PX 6000');
    server.runtime.jump(5000);
    await server.runtime.advance(20);
    const { stats } = server.server.parts.keyspace;
    expect(stats.expireLagMs).toBeGreaterThanOrEqual(4900);
    await server.runtime.advance(2000);
    expect(stats.expireLagMs).toBeLessThanOrEqual(MAX_LAG_MS);
    expect(stats.expired).toBe(2);
  } finally {
    await server.close();
  }
});

/** Lets time pass in small steps, and checks at each what has expired and what has not. */
async function pass(server: EffectServer, ms: number, deadlines: Map<string, number>): Promise<void> {
  const end = server.runtime.clock.nowMs() + ms;
  for (;;) {
    const nowMs = server.runtime.clock.nowMs();
    for (const event of server.look().events) {
      const [, db, name] = /^(\d) expired (.*)$/.exec(event) ?? [];
      if (name === undefined) continue;
      expect(deadlines.get(`${db} ${name}`)).toBeLessThan(nowMs);
      deadlines.delete(`${db} ${name}`);
    }
    for (const deadline of deadlines.values()) expect(nowMs - deadline).toBeLessThanOrEqual(MAX_LAG_MS);
    if (nowMs >= end) return;
    // To the next deadline and a little on, so that few steps cover much time.
    const next = Math.min(end, ...deadlines.values());
    await server.runtime.advance(Math.max(1, Math.min(end - nowMs, next > nowMs ? next - nowMs : 5)));
  }
}
