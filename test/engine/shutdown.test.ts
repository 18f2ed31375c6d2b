// How a server ends, with its surroundings made up: replicas that are behind, files that cannot be written, signals, and
// those who wait for the end.

import { describe, expect, test } from 'vitest';
import { createLogger } from '../../src/base/logger.ts';
import { Config } from '../../src/config/config.ts';
import type { Client } from '../../src/engine/client.ts';
import { PAUSE, type PausePurpose } from '../../src/engine/client-registry.ts';
import type { CommandContext } from '../../src/engine/context.ts';
import type { ReplicaFigures } from '../../src/engine/replication.ts';
import type { ShutdownRequest } from '../../src/engine/server-parts.ts';
import { Shutdown, type ShutdownParts } from '../../src/engine/shutdown.ts';
import { SHUTDOWN_DENIED, SHUTDOWN_FAILED } from '../../src/resp/errors.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

const DEFAULT: ShutdownRequest = { save: 'default', now: false, force: false };

function bench() {
  const runtime = new VirtualRuntime({ pid: 77 });
  const config = new Config(runtime, '/');
  config.assign('save', ['']);
  const lines: string[] = [];
  const state = {
    offset: 100,
    replicas: [] as ReplicaFigures[],
    asked: 0,
    ended: 0,
    aborted: 0,
    saves: 0,
    canSave: true,
    saveLater: false,
    saved: (_isSaved: boolean) => {},
    savesGivenUp: 0,
    loads: false,
    aof: 'off' as 'off' | 'on' | 'waiting',
    isRewriting: false,
    told: [] as string[],
    pauses: new Map<PausePurpose, number>(),
    refused: [] as unknown[],
    waiting: 0,
  };
  const parts = {
    config,
    log: createLogger({
      clock: runtime.clock,
      files: runtime.files,
      pid: 77,
      role: () => 'M',
      sink: (line) => lines.push(line.replace(/^77:M .{24} /, '').trimEnd()),
    }),
    clients: {
      get isPaused() {
        return state.pauses.size > 0;
      },
      startPause: (kind: number, _endMs: number, purpose: PausePurpose) => state.pauses.set(purpose, kind),
      endPause: (purpose: PausePurpose) => state.pauses.delete(purpose),
    },
    blocking: {
      wait: () => {
        state.waiting++;
      },
      end: (_client: Client, error: unknown) => state.refused.push(error),
    },
    loading: {
      get isActive() {
        return state.loads;
      },
      stop: () => {},
    },
    persistence: {
      rdb: {
        isRunning: false,
        abort: () => {
          state.savesGivenUp++;
        },
        saveInSlices: (done: (saved: boolean) => void) => {
          state.saves++;
          if (state.saveLater) state.saved = done;
          else done(state.canSave);
        },
      },
      aof: {
        get state() {
          return state.aof;
        },
        get isRewriting() {
          return state.isRewriting;
        },
        abortRewrite: () => {
          state.isRewriting = false;
        },
        flush: () => {},
      },
    },
    replicas: () => ({
      history: { offset: state.offset },
      figures: () => state.replicas,
      askForAcknowledgements: () => {
        state.asked++;
      },
    }),
    supervisor: { name: 'systemd', notify: (text: string) => state.told.push(text), notifyBeside: () => {} },
    nowMs: runtime.clock.nowMs,
    end: () => {
      state.ended++;
    },
    abort: () => {
      state.aborted++;
    },
  } as unknown as ShutdownParts;
  const shutdown = new Shutdown(parts);
  const replica = (acknowledgedOffset: number): ReplicaFigures => ({
    client: {} as Client,
    host: '10.0.0.1',
    port: 7001,
    state: 'online',
    acknowledgedOffset,
    lagSeconds: 3,
  });
  const ask = (request: ShutdownRequest, depth = 1) =>
    shutdown.requestByClient(
      { client: {}, server: { executor: { depth } } } as unknown as CommandContext,
      request,
    );
  return { ask, config, lines, replica, runtime, shutdown, state };
}

describe('by SHUTDOWN', () => {
  test('without replicas the end comes at once, and nothing else may run before it', () => {
    const { ask, lines, state } = bench();
    ask(DEFAULT);
    expect([state.ended, state.saves, state.pauses.get('shutdown')]).toEqual([1, 0, PAUSE.ALL]);
    expect(state.told).toEqual(['STOPPING=1']);
    expect(lines).toEqual(['* User requested shutdown...']);
  });

  test.each([
    ['default', '', 0],
    ['default', '900 1', 1],
    ['save', '', 1],
    ['nosave', '900 1', 0],
  ] as const)('%s with save "%s" saves %i times', (save, points, expected) => {
    const { ask, config, state } = bench();
    config.assign('save', points === '' ? [''] : points.split(' '));
    ask({ ...DEFAULT, save });
    expect([state.saves, state.ended]).toEqual([expected, 1]);
  });

  test('a save that fails keeps the server, unless it is forced', () => {
    const { ask, lines, shutdown, state } = bench();
    state.canSave = false;
    expect(() => ask({ ...DEFAULT, save: 'save' })).toThrow(SHUTDOWN_FAILED);
    expect([state.ended, state.pauses.size, shutdown.leftMs]).toEqual([0, 0, null]);
    expect(lines).toEqual([
      '* User requested shutdown...',
      '* Saving the final RDB snapshot before exiting.',
      "# Error trying to save the DB, can't exit.",
      '# Errors trying to shut down the server. Check the logs for more information.',
    ]);
    expect(state.told).toEqual([
      'STOPPING=1',
      'STATUS=Saving the final RDB snapshot',
      "STATUS=Error trying to save the DB, can't exit.",
    ]);
    ask({ ...DEFAULT, save: 'save', force: true });
    expect(state.ended).toBe(1);
    expect(lines.at(-1)).toBe('# Error trying to save the DB. Exit anyway.');
  });

  test('the first rewrite of the append-only file is waited for, unless the end is forced', () => {
    const { ask, lines, state } = bench();
    state.aof = 'waiting';
    state.isRewriting = true;
    expect(() => ask(DEFAULT)).toThrow(SHUTDOWN_FAILED);
    expect(lines).toContain("# Writing initial AOF, can't exit.");
    ask({ ...DEFAULT, force: true });
    expect(lines).toContain('# Writing initial AOF. Exit anyway.');
    expect(state.ended).toBe(1);
  });

  test('what is half loaded is not saved', () => {
    const { ask, state } = bench();
    state.loads = true;
    ask({ ...DEFAULT, save: 'save' });
    expect([state.saves, state.ended]).toEqual([0, 1]);
  });

  test('within a script it may not wait', () => {
    const { ask, state } = bench();
    expect(() => ask(DEFAULT, 2)).toThrow(SHUTDOWN_DENIED);
    ask({ ...DEFAULT, now: true }, 2);
    expect(state.ended).toBe(1);
  });
});

describe('while the last save goes on', () => {
  test('everybody waits, ABORT comes too late, and the end comes when it is done', () => {
    const { ask, shutdown, state } = bench();
    state.saveLater = true;
    ask({ ...DEFAULT, save: 'save' });
    expect([state.ended, state.waiting, state.pauses.get('shutdown')]).toEqual([0, 1, PAUSE.ALL]);
    expect(shutdown.abort()).toBe(false);
    shutdown.run();
    expect([state.ended, state.saves]).toEqual([0, 1]);
    state.saved(true);
    expect(state.ended).toBe(1);
  });

  test('when it fails, whoever has asked is told and the others go on', () => {
    const { ask, state } = bench();
    state.saveLater = true;
    ask({ ...DEFAULT, save: 'save' });
    state.saved(false);
    expect([state.ended, state.refused, state.pauses.size]).toEqual([0, [SHUTDOWN_FAILED], 0]);
  });

  test('a second SIGINT gives it up and ends the process', () => {
    const { config, lines, shutdown, state } = bench();
    config.assign('save', ['900', '1']);
    state.saveLater = true;
    shutdown.requestBySignal('SIGINT');
    shutdown.run();
    expect([state.saves, state.aborted]).toEqual([1, 0]);
    shutdown.requestBySignal('SIGINT');
    expect([state.savesGivenUp, state.aborted, lines.at(-1)]).toEqual([1, 1, '# You insist... exiting now.']);
  });
});

describe('with replicas', () => {
  test('those that have everything are not waited for', () => {
    const { ask, lines, replica, state } = bench();
    state.replicas = [replica(100), replica(100)];
    ask(DEFAULT);
    expect(state.ended).toBe(1);
    expect(lines).toContain('* 2 of 2 replicas are in sync when shutting down.');
  });

  test('one that is behind is asked, and the end comes when it has caught up', () => {
    const { ask, lines, replica, shutdown, state } = bench();
    state.replicas = [replica(90)];
    ask(DEFAULT);
    expect([state.ended, state.asked, state.waiting, state.pauses.get('shutdown')]).toEqual([
      0,
      1,
      1,
      PAUSE.WRITE,
    ]);
    expect(lines).toEqual(['* User requested shutdown...', '* Waiting for replicas before shutting down.']);
    shutdown.run();
    expect(state.ended).toBe(0);
    state.replicas = [replica(100)];
    shutdown.run();
    expect([state.ended, shutdown.leftMs]).toEqual([1, null]);
    expect(lines.at(-1)).toBe('* 1 of 1 replicas are in sync when shutting down.');
  });

  test('after the timeout the end comes all the same, and the log says who is behind', () => {
    const { ask, config, lines, replica, runtime, shutdown, state } = bench();
    config.assign('shutdown-timeout', ['2']);
    state.replicas = [replica(90), replica(100)];
    ask(DEFAULT);
    runtime.jump(1500);
    shutdown.run();
    expect([state.ended, shutdown.leftMs]).toEqual([0, 500]);
    runtime.jump(500);
    shutdown.run();
    expect(state.ended).toBe(1);
    expect(lines.slice(-2)).toEqual([
      '* Lagging replica 10.0.0.1:7001 reported offset 10 behind master, lag=3, state=online.',
      '* 1 of 2 replicas are in sync when shutting down.',
    ]);
  });

  test.each([
    ['NOW', { ...DEFAULT, now: true }, '10'],
    ['a timeout of 0', DEFAULT, '0'],
  ])('%s waits for nobody', (_name, request, timeout) => {
    const { ask, config, replica, state } = bench();
    config.assign('shutdown-timeout', [timeout]);
    state.replicas = [replica(1)];
    ask(request);
    expect(state.ended).toBe(1);
  });

  test('a second SHUTDOWN waits with the first; when it fails, both are told', () => {
    const { ask, replica, shutdown, state } = bench();
    state.replicas = [replica(90)];
    ask({ ...DEFAULT, save: 'save' });
    ask({ ...DEFAULT, save: 'nosave', now: true });
    expect([state.ended, state.waiting, state.asked]).toEqual([0, 2, 1]);
    state.canSave = false;
    state.replicas = [replica(100)];
    shutdown.run();
    expect([state.ended, state.refused, state.pauses.size]).toEqual([
      0,
      [SHUTDOWN_FAILED, SHUTDOWN_FAILED],
      0,
    ]);
    // And nothing is left of it.
    shutdown.run();
    expect([state.ended, state.saves, shutdown.leftMs]).toEqual([0, 1, null]);
  });

  test('ABORT ends the waiting, and whoever waits is told', () => {
    const { ask, lines, replica, shutdown, state } = bench();
    expect(shutdown.abort()).toBe(false);
    state.replicas = [replica(90)];
    ask(DEFAULT);
    expect(shutdown.abort()).toBe(true);
    expect([state.refused, state.pauses.size, shutdown.leftMs]).toEqual([[SHUTDOWN_FAILED], 0, null]);
    expect(lines.at(-1)).toBe('* Shutdown manually aborted.');
    expect(shutdown.abort()).toBe(false);
    shutdown.run();
    expect(state.ended).toBe(0);
  });

  test('a client that has gone is not told', () => {
    const { ask, replica, shutdown, state } = bench();
    state.replicas = [replica(90)];
    ask(DEFAULT);
    const client = {} as Client;
    shutdown.left(client);
    shutdown.abort();
    expect(state.refused).toHaveLength(1);
  });
});

describe('by a signal', () => {
  test.each([
    ['SIGTERM', 'shutdown-on-sigterm', 'nosave', 0],
    ['SIGTERM', 'shutdown-on-sigterm', 'save', 1],
    ['SIGINT', 'shutdown-on-sigint', 'save now force', 1],
    ['SIGINT', 'shutdown-on-sigint', 'default', 0],
  ] as const)('%s with %s %s saves %i times', (signal, directive, value, saves) => {
    const { config, lines, shutdown, state } = bench();
    config.assign(directive, value.split(' '));
    shutdown.requestBySignal(signal);
    expect([state.ended, lines]).toEqual([0, [`# Received ${signal} scheduling shutdown...`]]);
    shutdown.run();
    expect([state.ended, state.saves]).toEqual([1, saves]);
  });

  test('the options of the directive: now and force', () => {
    const { config, replica, shutdown, state } = bench();
    config.assign('shutdown-on-sigterm', ['now', 'force', 'save']);
    state.replicas = [replica(1)];
    state.canSave = false;
    shutdown.requestBySignal('SIGTERM');
    shutdown.run();
    expect(state.ended).toBe(1);
  });

  test('it waits for replicas, and a second SIGINT does not', () => {
    const { lines, replica, shutdown, state } = bench();
    state.replicas = [replica(1)];
    shutdown.requestBySignal('SIGINT');
    shutdown.run();
    expect([state.ended, state.pauses.get('shutdown')]).toEqual([0, PAUSE.WRITE]);
    shutdown.requestBySignal('SIGTERM');
    expect(state.aborted).toBe(0);
    shutdown.requestBySignal('SIGINT');
    expect([state.aborted, lines.at(-1)]).toEqual([1, '# You insist... exiting now.']);
  });

  test('ABORT before the next periodic duties cancels it', () => {
    const { shutdown, state } = bench();
    shutdown.requestBySignal('SIGTERM');
    expect(shutdown.abort()).toBe(true);
    shutdown.run();
    expect(state.ended).toBe(0);
  });

  test('one that fails is not tried again', () => {
    const { config, shutdown, state } = bench();
    config.assign('shutdown-on-sigterm', ['save']);
    state.canSave = false;
    shutdown.requestBySignal('SIGTERM');
    shutdown.run();
    shutdown.run();
    expect([state.ended, state.saves]).toEqual([0, 1]);
  });

  test('while data are loaded it comes at once, and nothing is saved', () => {
    const { config, lines, shutdown, state } = bench();
    config.assign('save', ['900', '1']);
    state.loads = true;
    shutdown.requestBySignal('SIGTERM');
    expect([state.ended, state.saves]).toEqual([1, 0]);
    expect(lines[0]).toBe('# Received shutdown signal during loading, scheduling shutdown.');
  });
});
