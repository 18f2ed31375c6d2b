// The registry of clients on its own: what a pause does to the timer, and what is undone when a client goes or resets.

import { expect, test } from 'vitest';
import type { AclUser } from '../../src/engine/acl-user.ts';
import type { Client, ClientConnection } from '../../src/engine/client.ts';
import { ClientRegistry, PAUSE } from '../../src/engine/client-registry.ts';
import { START_MS, VirtualRuntime } from '../support/virtual-runtime.ts';

function newRegistry() {
  const runtime = new VirtualRuntime();
  const clients = new ClientRegistry(runtime.clock, runtime.timers, {} as AclUser);
  const pauses: boolean[] = [];
  clients.onPauseChange = (isPaused) => pauses.push(isPaused);
  const resumed: number[] = [];
  const join = (): Client => {
    const client: Client = clients.add({
      suspend: () => {},
      resume: () => resumed.push(client.id),
    } as unknown as ClientConnection);
    return client;
  };
  return { runtime, clients, pauses, resumed, join };
}

test('a pause longer than a timer can be set to ends on time, by a few timers', async () => {
  const { runtime, clients, pauses, resumed, join } = newRegistry();
  clients.startPause(PAUSE.WRITE, START_MS + 5_000_000_000);
  clients.postpone(join());
  expect(runtime.timerCount).toBe(1);
  await runtime.advance(4_999_999_999);
  expect([clients.isPaused, clients.postponedCount, resumed]).toEqual([true, 1, []]);
  await runtime.advance(1);
  expect([clients.isPaused, clients.postponedCount, resumed]).toEqual([false, 0, [1]]);
  expect(pauses).toEqual([true, false]);
  expect(runtime.timerCount).toBe(0);
});

test('a pause of no length is none', () => {
  const { runtime, clients } = newRegistry();
  clients.startPause(PAUSE.ALL, START_MS);
  expect([clients.isPaused, clients.pauseEnd, runtime.timerCount]).toEqual([
    false,
    Number.POSITIVE_INFINITY,
    0,
  ]);
});

test('the stronger kind and the later end count', async () => {
  const { runtime, clients } = newRegistry();
  clients.startPause(PAUSE.WRITE, START_MS + 100);
  clients.startPause(PAUSE.ALL, START_MS + 50);
  expect([clients.pause(START_MS), clients.pauseEnd]).toEqual([PAUSE.ALL, START_MS + 100]);
  clients.startPause(PAUSE.WRITE, START_MS + 200);
  expect([clients.pause(START_MS), clients.pauseEnd]).toEqual([PAUSE.ALL, START_MS + 200]);
  await runtime.advance(200);
  clients.startPause(PAUSE.WRITE, START_MS + 300);
  expect(clients.pause(START_MS + 200)).toBe(PAUSE.WRITE);
});

test('pauses of several purposes: the strictest holds, and each ends for itself', async () => {
  const { runtime, clients, pauses, resumed, join } = newRegistry();
  clients.startPause(PAUSE.ALL, START_MS + 100);
  clients.startPause(PAUSE.WRITE, Number.POSITIVE_INFINITY, 'shutdown');
  expect([clients.pause(START_MS), clients.pauseEnd]).toEqual([PAUSE.ALL, START_MS + 100]);
  clients.postpone(join());
  await runtime.advance(100);
  // Whoever was held back is offered again: what still holds may not concern it.
  expect([clients.pause(START_MS + 100), clients.isPaused, resumed]).toEqual([PAUSE.WRITE, true, [1]]);
  expect(runtime.timerCount).toBe(0);
  clients.endPause();
  expect(clients.isPaused).toBe(true);
  clients.endPause('shutdown');
  expect([clients.isPaused, pauses.at(-1)]).toEqual([false, false]);
});

test('a weaker pause that ends lets nobody go whom a stronger one holds', () => {
  const { clients, resumed, join } = newRegistry();
  clients.startPause(PAUSE.WRITE, START_MS + 100);
  clients.startPause(PAUSE.ALL, START_MS + 100, 'failover');
  clients.postpone(join());
  clients.endPause();
  expect(resumed).toEqual([]);
  clients.endPause('failover');
  expect(resumed).toEqual([1]);
});

test('what was registered is undone when a client resets or leaves, once', () => {
  const { clients, resumed, join } = newRegistry();
  const undone: string[] = [];
  clients.whenReset((client) => undone.push(`reset ${client.id}`));
  clients.whenLeaving((client) => undone.push(`left ${client.id}`));
  const [first, second] = [join(), join()];
  clients.reset(second);
  clients.startPause(PAUSE.ALL, START_MS + 1000);
  clients.postpone(first);
  clients.remove(first);
  clients.remove(first);
  clients.endPause();
  expect(undone).toEqual(['reset 2', 'left 1']);
  expect(resumed).toEqual([]);
  expect([clients.size, clients.get(1), clients.get(2), clients.upcomingId]).toEqual([
    1,
    undefined,
    second,
    3,
  ]);
});
