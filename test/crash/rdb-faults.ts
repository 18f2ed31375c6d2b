// SAVE and BGSAVE on a disk that fails at each of their operations in turn, and that loses power after each: there is
// always a whole file, of before or of after, and the server says what happened as Redis does. The quick suite tries some
// of the operations (rdb-faults.test.ts), the interop suite all (thorough.interop.test.ts).

import { describe, expect, test } from 'vitest';
import { imageOf, type Loss } from '../support/disk-journal.ts';
import type { Fault } from '../support/faulty-files.ts';
import type { TestClient } from '../support/test-client.ts';
import { DiskServer, every, FOLDER } from './disk-server.ts';

const FAULTS: readonly Fault[] = [
  { kind: 'error', code: 'ENOSPC' },
  { kind: 'error', code: 'EIO' },
  { kind: 'short' },
  { kind: 'full' },
];
const LOSSES: readonly Loss[] = ['nothing is lost', 'all is lost', 1, 2, 3];
// Save points that do not come due, for `stop-writes-on-bgsave-error`.
const DIRECTIVES = { save: '100000 1000000' };

/** A server whose file holds `state:old`, and whose memory `state:new`. */
async function start(): Promise<{ server: DiskServer; client: TestClient }> {
  const server = await DiskServer.over(imageOf(FOLDER), DIRECTIVES);
  const client = server.connect();
  await client.value('SET', 'state', 'old');
  await client.value('RPUSH', 'list', ...Array.from({ length: 300 }, (_, i) => `element ${i}`));
  expect(await client.value('SAVE')).toBe('OK');
  await client.value('SET', 'state', 'new');
  return { server, client };
}

async function bgsave(server: DiskServer, client: TestClient): Promise<boolean> {
  expect(await client.value('BGSAVE')).toBe('Background saving started');
  await server.until(client, 'rdb_bgsave_in_progress:0');
  return String(await client.value('INFO', 'persistence')).includes('rdb_last_bgsave_status:ok');
}

async function save(_server: DiskServer, client: TestClient): Promise<boolean> {
  const reply = await client.value('SAVE');
  if (reply instanceof Error) expect(reply.message).toBe('ERR');
  return reply === 'OK';
}

async function stateIn(image: ReturnType<DiskServer['files']>): Promise<string> {
  const server = await DiskServer.over(image);
  const client = server.connect();
  expect(await client.value('LLEN', 'list')).toBe(300);
  const state = await client.value('GET', 'state');
  server.leave();
  return String(state);
}

async function countOperations(act: typeof save): Promise<number> {
  const { server, client } = await start();
  const before = server.disk.count;
  expect(await act(server, client)).toBe(true);
  const count = server.disk.count - before;
  server.leave();
  return count;
}

/** Defines the tests, with a fault at one of `step` operations. */
export function testRdbFaults(step: number): void {
  describe.each([
    ['SAVE', save],
    ['BGSAVE', bgsave],
  ] as const)('%s', (name, act) => {
    test.each(FAULTS)('%j at every operation', async (fault) => {
      const count = await countOperations(act);
      expect(count).toBeGreaterThan(3);
      for (const n of every(step, count, FAULTS.indexOf(fault))) {
        const { server, client } = await start();
        server.disk.failAt(n, fault);
        const succeeded = await act(server, client);
        const operation = server.disk.operations.at(-1)!;
        const context = `${JSON.stringify(fault)} at ${n} of ${count} (${operation.kind} ${operation.path})`;
        const state = await stateIn(server.files());
        expect(['old', 'new'], context).toContain(state);
        if (succeeded) expect(state, context).toBe('new');
        if (fault.kind === 'short') expect(succeeded, context).toBe(true);
        if (fault.kind === 'error') expect(succeeded, context).toBe(false);
        server.disk.heal();
        expect([...server.files().files.keys()], context).toEqual([`${FOLDER}/dump.rdb`]);

        // Writes are refused after a background save that failed, until one succeeds.
        const isRefused = name === 'BGSAVE' && !succeeded;
        const reply = await client.value('SET', 'other', '1');
        if (isRefused)
          expect(String(reply), context).toMatch(/MISCONF Redis is configured to save RDB snapshots/);
        else expect(reply, context).toBe('OK');
        expect(await act(server, client), context).toBe(true);
        expect(await client.value('SET', 'state', 'later'), context).toBe('OK');
        server.leave();
      }
    });

    test('power loss after every operation', async () => {
      const { server, client } = await start();
      const first = server.disk.count;
      expect(await act(server, client)).toBe(true);
      const last = server.disk.count;
      server.leave();
      for (let n = first; n <= last; n++) {
        for (const loss of LOSSES) {
          const state = await stateIn(server.disk.journal.imageAfter(n, loss));
          const context = `after operation ${n - first}, ${loss}`;
          if (n === first) expect(state, context).toBe('old');
          else if (n === last) expect(state, context).toBe('new');
          else expect(['old', 'new'], context).toContain(state);
        }
      }
    });
  });
}
