// A scrape is put together in steps, none of which is long, however many commands have figures.

import { expect, onTestFinished, test } from 'vitest';
import { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/parser.ts';
import { collect } from '../../src/metrics/collection.ts';
import { Exposition } from '../../src/metrics/exposition.ts';
import { Server } from '../../src/server.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

// Four lines of a command's counters, the only ones that all commands share a step for.
const COUNTERS = 4;

function startServer(): Server {
  const runtime = new VirtualRuntime();
  const config = new Config(runtime, '/');
  loadConfig(config, runtime.files, {});
  config.assign('save', ['']);
  const server = new Server({
    runtime,
    config,
    executable: '',
    isEmbedded: true,
    logSink: () => {},
    onShutdown: () => {},
  });
  server.start();
  onTestFinished(() => server.close());
  return server;
}

test('no step writes much, with all commands in use', () => {
  const { parts } = startServer();
  const commands = [...parts.table.commands.values()];
  for (const one of commands) {
    for (let micros = 1; micros < 1e6; micros *= 3) parts.stats.of(one).note(micros, true);
  }
  const out = new Exposition(false);
  let steps = 0;
  let before = 0;
  let most = 0;
  for (const scrape = collect(out, parts); !scrape.next().done; steps++) {
    most = Math.max(most, out.text.length - before);
    before = out.text.length;
  }
  expect(commands.length).toBeGreaterThan(200);
  expect(steps).toBeGreaterThan(commands.length / 8);
  expect(out.text.split('\n').length).toBeGreaterThan(commands.length * 20);
  expect(most).toBeLessThan(commands.length * COUNTERS * 80);
});
