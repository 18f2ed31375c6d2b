// The append-only files on a disk that fails at each operation in turn: while effects are appended, while they are
// rewritten, while they are switched on. Nothing that was acknowledged may be missing from the files, and the server says
// what happened, refuses writes and recovers as Redis does. Every operation takes long: the quick suite tries some of them
// (aof-faults.test.ts), the interop suite all (thorough.interop.test.ts).

import { describe, expect, test } from 'vitest';
import { type DiskImage, imageOf } from '../support/disk-journal.ts';
import type { Fault } from '../support/faulty-files.ts';
import { ConnectionClosed, type TestClient } from '../support/test-client.ts';
import { DiskServer, every, FOLDER, ServerEnded } from './disk-server.ts';
import { Writer } from './writer.ts';

const FAULTS: readonly Fault[] = [
  { kind: 'error', code: 'ENOSPC' },
  { kind: 'error', code: 'EIO' },
  { kind: 'short' },
  { kind: 'full' },
];
const SEED = 7;
const BATCHES = 6;

const always = { appendonly: 'yes', appendfsync: 'always', 'auto-aof-rewrite-percentage': '0' };
const everysec = { ...always, appendfsync: 'everysec' };

interface Running {
  readonly server: DiskServer;
  readonly client: TestClient;
  readonly writer: Writer;
}

async function start(
  directives: Readonly<Record<string, string>>,
  image = imageOf(FOLDER),
): Promise<Running> {
  const server = await DiskServer.over(image, directives);
  return { server, client: server.connect(), writer: new Writer('w', SEED) };
}

/** Sends some batches. Returns the reply that ended it, or null; 'ended' when the server is gone. */
async function write({ client, writer }: Running, batches = BATCHES): Promise<string | null> {
  for (let i = 0; i < batches; i++) {
    try {
      await writer.send(client, 1 + (i % 4));
    } catch (error) {
      if (error instanceof ConnectionClosed || client.isClosed) return 'ended';
      return (error as Error).message;
    }
  }
  return null;
}

/** Starts another server over what is on the disk; what was acknowledged must be there. */
async function expectRecovery(
  { writer }: Running,
  image: DiskImage,
  directives: Readonly<Record<string, string>>,
  context: string,
  atLeast = writer.acknowledged,
): Promise<void> {
  try {
    const server = await DiskServer.over(image, directives);
    await writer.find(server.connect(), atLeast);
    server.leave();
  } catch (error) {
    throw new Error(`${context}: ${(error as Error).message}`, { cause: error });
  }
}

function contextOf(fault: Fault, n: number, { server, writer }: Running, first: number): string {
  const operation = server.disk.operations[first + n - 1];
  const what = operation === undefined ? 'no operation' : `${operation.kind} ${operation.path}`;
  return `${JSON.stringify(fault)} at ${n} (${what}), ${writer.acknowledged} of ${writer.sent} acknowledged`;
}

async function countOperations(
  directives: Readonly<Record<string, string>>,
  act: (running: Running) => Promise<unknown>,
): Promise<number> {
  const running = await start(directives);
  await write(running);
  const before = running.server.disk.count;
  await act(running);
  const count = running.server.disk.count - before;
  running.server.leave();
  return count;
}

/** Defines the tests, with a fault at one of `step` operations. */
export function testAofFaults(step: number): void {
  describe('appending', () => {
    test.each(FAULTS)(
      'always, %j: what cannot be made safe ends the server before anyone hears of it',
      async (fault) => {
        const count = await countOperations(always, (running) => write(running));
        expect(count).toBeGreaterThanOrEqual(2 * BATCHES);
        for (const n of every(step, count, FAULTS.indexOf(fault))) {
          const running = await start(always);
          await write(running);
          const first = running.server.disk.count;
          running.server.disk.failAt(n, fault);
          const outcome = await write(running);
          const context = contextOf(fault, n, running, first);
          if (fault.kind === 'short') expect(outcome, context).toBeNull();
          else expect(outcome, context).toBe('ended');
          expect(running.server.hasEnded, context).toBe(outcome !== null);
          await expectRecovery(running, running.server.files(), always, context);
          running.server.leave();
        }
      },
    );

    test.each(FAULTS)('everysec, %j: writes are refused until all is in the file again', async (fault) => {
      const act = async (running: Running) => {
        const outcome = await write(running);
        await running.server.runtime.advance(1100);
        return outcome;
      };
      const count = await countOperations(everysec, act);
      for (const n of every(step, count, FAULTS.indexOf(fault))) {
        const running = await start(everysec);
        const { client, server, writer } = running;
        await write(running);
        const first = server.disk.count;
        server.disk.failAt(n, fault);
        await act(running);
        const context = contextOf(fault, n, running, first);
        expect(server.hasEnded, context).toBe(false);
        const operation = server.disk.operations[first + n - 1]!;
        // What was told to clients is in memory at least, and the files can be loaded at any time.
        await writer.find(client);
        await expectRecovery(running, server.files(), everysec, context, 0);
        if (fault.kind === 'full') {
          await expectRefusal(client, 'No space left on device', context);
        } else if (fault.kind === 'error' && operation.kind === 'sync') {
          const text = fault.code === 'EIO' ? 'Input/output error' : 'No space left on device';
          await expectRefusal(client, text, context);
        }
        server.disk.heal();
        await server.runtime.advance(2500);
        if (operation.kind === 'write') {
          expect(await client.value('SET', 'other', '1'), context).toBe('OK');
          expect(String(await client.value('INFO', 'persistence')), context).toContain(
            'aof_last_write_status:ok',
          );
        }
        await expectRecovery(running, server.files(), everysec, context);
        server.leave();
      }
    });

    async function expectRefusal(client: TestClient, reason: string, context: string): Promise<void> {
      const reply = await client.value('SET', 'other', '1');
      expect(String(reply), context).toBe(`Error: MISCONF Errors writing to the AOF file: ${reason}`);
      expect(await client.value('GET', 'other'), context).toBeNull();
    }
  });

  describe.each([
    ['with the RDB preamble', 'yes'],
    ['as commands', 'no'],
  ])('rewriting %s', (_, preamble) => {
    const directives = { ...always, 'aof-use-rdb-preamble': preamble };

    // Writes go on meanwhile.
    async function rewrite(running: Running): Promise<boolean> {
      const { client, server } = running;
      const reply = String(await client.value('BGREWRITEAOF'));
      if (!reply.startsWith('Background append only file rewriting started')) return false;
      await write(running, 2);
      if (server.hasEnded) return false;
      await server.until(client, 'aof_rewrite_in_progress:0');
      return String(await client.value('INFO', 'persistence')).includes('aof_last_bgrewrite_status:ok');
    }

    test.each(FAULTS)('%j at every operation', async (fault) => {
      const count = await countOperations(directives, rewrite);
      for (const n of every(step, count, FAULTS.indexOf(fault))) {
        const running = await start(directives);
        const { client, server, writer } = running;
        await write(running);
        const first = server.disk.count;
        server.disk.failAt(n, fault);
        const succeeded = await rewrite(running);
        const context = contextOf(fault, n, running, first);
        await expectRecovery(running, server.files(), directives, context);
        if (fault.kind === 'short') expect(succeeded, context).toBe(true);
        server.disk.heal();
        if (!server.hasEnded) {
          // It goes on, and the next rewrite succeeds.
          const outcome = await write(running);
          // An fsync in the background that has failed: refused until one succeeds, which is that of the next rewrite.
          if (outcome !== null) expect(outcome, context).toMatch(/^MISCONF Errors writing to the AOF file: /);
          await expectRecovery(running, server.files(), directives, `${context}, later`);
          expect(await rewrite(running), context).toBe(true);
          expect(await write(running), context).toBeNull();
          await expectRecovery(running, server.files(), directives, `${context}, after the next rewrite`);
          await writer.find(client);
          await server.runtime.advance(1000);
          // What could not be removed stays, and nothing names it any more.
          const left =
            fault.kind === 'error' && server.disk.operations[first + n - 1]?.kind === 'remove' ? 1 : 0;
          expect(await filesOf(server), context).toHaveLength(3 + left);
        }
        server.leave();
      }
    });
  });

  describe('switching on', () => {
    const off = { ...always, appendonly: 'no' };

    async function switchOn({ client, server }: Running): Promise<boolean> {
      const reply = await client.value('CONFIG', 'SET', 'appendonly', 'yes');
      if (reply !== 'OK') return false;
      await server.until(client, 'aof_rewrite_in_progress:0');
      return String(await client.value('INFO', 'persistence')).includes('aof_last_bgrewrite_status:ok');
    }

    test.each(FAULTS)('%j at every operation', async (fault) => {
      const count = await countOperations(off, switchOn);
      for (const n of every(step, count, FAULTS.indexOf(fault))) {
        const running = await start(off);
        const { client, server, writer } = running;
        await write(running);
        const first = server.disk.count;
        server.disk.failAt(n, fault);
        const succeeded = await switchOn(running);
        const context = contextOf(fault, n, running, first);
        expect(server.hasEnded, context).toBe(false);
        if (fault.kind === 'short') expect(succeeded, context).toBe(true);
        server.disk.heal();
        await expectRecovery(running, server.files(), always, context, succeeded ? writer.acknowledged : 0);
        // Redis tries again by itself when a first rewrite has failed.
        await server.runtime.advance(3000);
        expect(await client.value('CONFIG', 'SET', 'appendonly', 'yes'), context).toBe('OK');
        await server.until(client, 'aof_rewrite_in_progress:0', 'aof_rewrite_scheduled:0');
        await write(running);
        await expectRecovery(running, server.files(), always, `${context}, later`);
        server.leave();
      }
    });
  });

  test('a server that cannot open its append-only files does not start', async () => {
    const disk = imageOf(FOLDER, { appendonlydir: 'a file, not a folder' });
    const outcome = await DiskServer.over(disk, always).then(
      () => 'it has started',
      (error) => error,
    );
    expect(outcome).toBeInstanceOf(ServerEnded);
  });
}

async function filesOf(server: DiskServer): Promise<string[]> {
  return [...server.files().files.keys()];
}
