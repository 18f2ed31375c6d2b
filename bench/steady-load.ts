// Starts and steers the load of steady.ts.

import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Children, RunningServer } from './servers.ts';
import type { SteadyMessage, SteadyReport } from './steady.ts';

/** The process of steady.ts: loads one server until `stop`. */
export class SteadyLoad {
  private readonly child: ReturnType<Children['fork']>;
  private readonly died: Promise<never>;

  private constructor(child: ReturnType<Children['fork']>) {
    this.child = child;
    this.died = once(child, 'exit').then(() => {
      throw new Error('the steady load lost its connection to the server');
    });
    // Once it is stopped its end is no error, and nobody waits for it any more.
    this.died.catch(() => undefined);
  }

  /** With `taskset` it is kept on the second core. The keys must be there. */
  static async start(
    server: RunningServer,
    taskset: string | null,
    { children, keys }: { readonly children: Children; readonly keys: number },
  ): Promise<SteadyLoad> {
    const module = fileURLToPath(new URL('./steady.ts', import.meta.url));
    const pinned =
      taskset === null
        ? {}
        : { execPath: taskset, execArgv: ['-c', '1', process.execPath, ...process.execArgv] };
    const child = children.fork(module, [String(server.port), String(keys)], pinned);
    const steady = new SteadyLoad(child);
    await Promise.race([once(child, 'message'), steady.died]);
    return steady;
  }

  /** Ends a window and begins one with this rate. Returns the report of the one that has ended. */
  async window(rate: number | null): Promise<SteadyReport> {
    const reported = once(this.child, 'message');
    const message: SteadyMessage = { rate };
    this.child.send(message);
    const [report] = (await Promise.race([reported, this.died])) as [SteadyReport];
    return report;
  }

  stop(): void {
    if (this.child.connected) this.child.disconnect();
  }
}
