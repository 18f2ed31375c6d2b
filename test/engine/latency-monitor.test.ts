// The latency monitor: what it records, and what LATENCY shows of it.

import { describe, expect, onTestFinished, test } from 'vitest';
import type { Reply } from '../support/resp.ts';
import type { TestClient } from '../support/test-client.ts';
import { TestServer, type TestServerOptions } from '../support/test-server.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

const START_MS = 1_700_000_000_000;
const START_SECONDS = START_MS / 1000;

async function started(options: TestServerOptions = {}) {
  const server = await TestServer.start({
    startMs: START_MS,
    ...options,
    config: { 'enable-debug-command': 'yes', 'latency-monitor-threshold': 100, ...options.config },
  });
  onTestFinished(() => server.close());
  return { server, client: server.connect() };
}

const ask = async (client: TestClient, request: string) => (await client.call(request)).reply;
const textOf = (reply: Reply) => ('text' in reply ? String(reply.text) : '');
/** Integers, bulk strings and arrays as plain values. */
function plain(reply: Reply): unknown {
  if ('items' in reply) return reply.items.map(plain);
  if (reply.type === 'integer') return Number(reply.value);
  return textOf(reply);
}

describe('events', () => {
  test('a slow command is one, a fast one under a name of its own', async () => {
    const { client } = await started();
    await ask(client, 'DEBUG SLEEP 0.099');
    expect(plain(await ask(client, 'LATENCY LATEST'))).toEqual([]);
    await ask(client, 'DEBUG SLEEP 0.25');
    await ask(client, 'DEBUG SLEEP 0.15');
    const [[event, , last, max]] = plain(await ask(client, 'LATENCY LATEST')) as [
      [string, number, number, number],
    ];
    expect([event, last, max]).toEqual(['command', 250, 250]);
  });

  test('of every second the longest is kept, and 160 of these', async () => {
    const { client, server } = await started();
    await ask(client, 'DEBUG SLEEP 0.2');
    await ask(client, 'DEBUG SLEEP 0.3');
    for (let i = 0; i < 160; i++) {
      await server.advance(1000);
      await ask(client, 'DEBUG SLEEP 0.1');
    }
    const history = plain(await ask(client, 'LATENCY HISTORY command')) as number[][];
    expect(history.length).toBe(160);
    expect(history.every(([, ms]) => ms === 100)).toBe(true);
    const [[, , last, max]] = plain(await ask(client, 'LATENCY LATEST')) as [
      [string, number, number, number],
    ];
    expect([last, max]).toEqual([100, 300]);
  });

  test('nothing is recorded while the threshold is 0, and what was is kept', async () => {
    const { client } = await started();
    await ask(client, 'DEBUG SLEEP 0.2');
    await ask(client, 'CONFIG SET latency-monitor-threshold 0');
    await ask(client, 'DEBUG SLEEP 0.5');
    expect(plain(await ask(client, 'LATENCY HISTORY command'))).toEqual([[START_SECONDS, 200]]);
  });

  test('RESET forgets one, whatever its case, or all', async () => {
    const { client } = await started();
    await ask(client, 'DEBUG SLEEP 0.2');
    expect(plain(await ask(client, 'LATENCY RESET nosuch COMMAND command'))).toBe(1);
    await ask(client, 'DEBUG SLEEP 0.2');
    expect(plain(await ask(client, 'LATENCY RESET'))).toBe(1);
    expect(plain(await ask(client, 'LATENCY HISTORY command'))).toEqual([]);
  });

  test('what the append-only file takes is told by what it had to wait for', async () => {
    const runtime = new VirtualRuntime({ startMs: START_MS });
    const { client } = await started({ runtime, config: { appendonly: 'yes', appendfsync: 'always' } });
    await ask(client, 'SET a 1');
    expect(plain(await ask(client, 'LATENCY LATEST'))).toEqual([]);
    const { files } = runtime;
    const slow =
      <Args extends unknown[], Result>(act: (...args: Args) => Result, ms: number) =>
      (...args: Args): Result => {
        runtime.jump(ms);
        return act.apply(files, args);
      };
    Object.assign(files, {
      writeSync: slow(files.writeSync as (...args: unknown[]) => number, 150),
      fdatasyncSync: slow(files.fdatasyncSync, 200),
    });
    await ask(client, 'SET a 2');
    const events = plain(await ask(client, 'LATENCY LATEST')) as [string, number, number, number][];
    expect(events.map(([event, , ms]) => [event, ms])).toEqual([
      ['aof-write-alone', 150],
      ['aof-write', 150],
      ['aof-fsync-always', 200],
    ]);
  });
});

describe('GRAPH', () => {
  test('draws four rows and how long ago each sample was', async () => {
    const { client, server } = await started();
    for (const seconds of [0.1, 0.2, 0.3, 0.4]) {
      await ask(client, `DEBUG SLEEP ${seconds}`);
      await server.advance(30_000);
    }
    expect(textOf(await ask(client, 'LATENCY GRAPH command')).split('\n')).toEqual([
      'command - high 400 ms, low 100 ms (all time high 400 ms)',
      '-'.repeat(80),
      '   #',
      '  #|',
      ' o||',
      '_|||',
      '    ',
      '2113',
      'mmm0',
      '   s',
      '',
    ]);
  });

  test('has one height for samples that are equal, and goes on below after 80 of them', async () => {
    const { client, server } = await started();
    for (let i = 0; i < 81; i++) {
      await ask(client, 'DEBUG SLEEP 0.1');
      await server.advance(1000);
    }
    const lines = textOf(await ask(client, 'LATENCY GRAPH command')).split('\n');
    expect(lines[5]).toBe('_'.repeat(80));
    expect(lines.slice(-9)).toEqual(['', ' ', ' ', ' ', '_', ' ', '1', 's', '']);
  });

  test('of an event that was never slow is an error', async () => {
    const { client } = await started();
    expect(textOf(await ask(client, 'LATENCY GRAPH nosuch'))).toBe(
      "ERR No samples available for event 'nosuch'",
    );
  });
});

describe('DOCTOR', () => {
  test('says how to begin', async () => {
    const { client } = await started({ config: { 'latency-monitor-threshold': 0 } });
    expect(textOf(await ask(client, 'LATENCY DOCTOR'))).toContain('CONFIG SET latency-monitor-threshold');
    await ask(client, 'CONFIG SET latency-monitor-threshold 100');
    expect(textOf(await ask(client, 'LATENCY DOCTOR'))).toContain('Nothing has taken longer');
  });

  test('gives the figures of events, and advice that fits the settings', async () => {
    const { client, server } = await started({ config: { 'slowlog-log-slower-than': -1 } });
    await ask(client, 'DEBUG SLEEP 0.2');
    await server.advance(10_000);
    await ask(client, 'DEBUG SLEEP 0.4');
    const report = textOf(await ask(client, 'LATENCY DOCTOR'));
    expect(report).toContain(
      '1. command: 2 latency spikes (average 300ms, mean deviation 100ms, period 5.00 sec). Worst all time event 400ms.',
    );
    expect(report).toContain('CONFIG SET slowlog-log-slower-than 100000');
  });
});
