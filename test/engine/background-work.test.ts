// Work in slices: done to the end, with rests in between, and not twice at once.

import { describe, expect, it } from 'vitest';
import { BackgroundWork } from '../../src/engine/cron.ts';
import { TestServer } from '../support/test-server.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

describe('BackgroundWork', () => {
  it('does a slice at once and the rest with rests in between', async () => {
    const runtime = new VirtualRuntime();
    let left = 3;
    const work = new BackgroundWork(runtime.timers, runtime.clock, () => --left > 0);
    work.run();
    expect(left).toBe(2);
    work.run();
    expect(left).toBe(2);
    await runtime.advance(3);
    expect(left).toBe(1);
    await runtime.advance(100);
    expect(left).toBe(0);
  });

  it('frees a flushed database beside others within a moment', async () => {
    const server = await TestServer.start();
    const client = server.connect();
    await client.pipeline([
      'SET stays 1',
      'SELECT 1',
      ...Array.from({ length: 5000 }, (_, i) => `SET key:${i} x`),
    ]);
    await client.pipeline(['FLUSHDB ASYNC']);
    await server.advance(1000);
    const { reply } = await client.call('INFO memory');
    expect(JSON.stringify(reply)).toContain('lazyfree_pending_objects:0');
    await server.close();
  });
});
