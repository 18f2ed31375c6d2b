// What RESTORE does beside replying: events, changes, and what replicas and the AOF are told.

import { expect, onTestFinished, test } from 'vitest';
import { EffectServer } from '../support/effects.ts';
import { START_MS } from '../support/virtual-runtime.ts';

const BAR = Buffer.from('AANiYXILAI9h9BMT+RSe', 'base64').toString('latin1');

function start(directives: Readonly<Record<string, string>> = {}): EffectServer {
  const server = new EffectServer(directives);
  onTestFinished(() => server.close());
  return server;
}

async function effectsOf(server: EffectServer, ...args: string[]) {
  server.look();
  await server.client.call(args);
  return server.look();
}

test('a key that was not there', async () => {
  expect(await effectsOf(start(), 'RESTORE', 'k', '0', BAR)).toEqual({
    events: ['0 new k', '0 restore k'],
    propagated: [`0 RESTORE k 0 ${BAR}`],
    changes: 1,
  });
});

test('a time to live is told as the time of its end', async () => {
  const server = start();
  expect(await effectsOf(server, 'RESTORE', 'k', '500', BAR, 'REPLACE')).toMatchObject({
    events: ['0 new k', '0 restore k'],
    propagated: [`0 RESTORE k ${START_MS + 500} ${BAR} REPLACE ABSTTL`],
  });
  expect(await effectsOf(server, 'RESTORE', 'j', `${START_MS + 9}`, BAR, 'ABSTTL')).toMatchObject({
    propagated: [`0 RESTORE j ${START_MS + 9} ${BAR} ABSTTL`],
  });
});

test('what has expired is not stored; a key that it would have replaced is gone', async () => {
  const server = start();
  await server.run('SET k v');
  expect(await effectsOf(server, 'RESTORE', 'none', '1', BAR, 'ABSTTL')).toEqual({
    events: [],
    propagated: [],
    changes: 0,
  });
  expect(await effectsOf(server, 'RESTORE', 'k', '1', BAR, 'ABSTTL', 'REPLACE')).toEqual({
    events: ['0 del k'],
    propagated: ['0 DEL k'],
    changes: 1,
  });
  const lazy = start({ 'lazyfree-lazy-server-del': 'yes' });
  await lazy.run('SET k v');
  expect(await effectsOf(lazy, 'RESTORE', 'k', '1', BAR, 'ABSTTL', 'REPLACE')).toMatchObject({
    propagated: ['0 UNLINK k'],
  });
});

test('an error changes nothing', async () => {
  const server = start();
  await server.run('SET k v');
  expect(await effectsOf(server, 'RESTORE', 'k', '0', `${BAR.slice(0, -1)}x`, 'REPLACE')).toEqual({
    events: [],
    propagated: [],
    changes: 0,
  });
  expect(await server.run('GET k')).toBe('v');
});

test('saving and reloading are told to nobody', async () => {
  const server = start({ 'enable-debug-command': 'yes' });
  await server.run('SET k v', 'RPUSH l a');
  for (const request of ['SAVE', 'DEBUG RELOAD']) {
    const { events, propagated } = await server.effectsOf(request);
    expect({ events, propagated }, request).toEqual({ events: [], propagated: [] });
  }
  expect(await server.run('LRANGE l 0 -1')).toEqual(['a']);
});
