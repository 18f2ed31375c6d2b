// What a crowd costs those who work: the latencies of 50 busy connections and the memory of the server, without others and
// among thousands of connections that are idle or read slowly. The server has a limit for the output of a client; the
// crowd stays within it (but for those who are cut off and come again), so the memory that it takes has a bound that
// follows from the configuration. Each server is kept on one core and the loads on another, where the system can do that.

import { once } from 'node:events';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { ReplyError } from './client.ts';
import type { CrowdReport } from './crowd.ts';
import { load, NUMBER } from './loader.ts';
import {
  type Children,
  findProgram,
  type RunningServer,
  residentBytes,
  type ServerSpec,
  startServer,
} from './servers.ts';
import type { SteadyReport } from './steady.ts';
import { SteadyLoad } from './steady-load.ts';

const KEYS = 100_000;
const REPLY_BYTES = 16 * 1024;
/** Hard limit of a client's output, and what a slow reader has on its way at most. */
const LIMIT_BYTES = 4 * 1024 * 1024;
// The kernel takes between one and three megabytes of it.
const REPLIES_ON_THE_WAY = 220;
const SETTLE_MS = 2000;
const CROWD_SETTLE_MS = 5000;
/** Of the rate at which the server can do no more. */
const SHARE_OF_PEAK = 0.3;
/** What a connection may cost beside its buffers. */
const CLIENT_BYTES = 20 * 1024;

export interface ClientsRow {
  readonly server: string;
  readonly ratePerSecond: number;
  readonly quiet: SteadyReport;
  readonly crowded: SteadyReport;
  readonly connectedClients: number;
  /** Growth of the resident memory at most; null where there is no /proc. */
  readonly extraBytes: number | null;
  readonly boundBytes: number;
  /** What INFO says that clients take, at most. */
  readonly clientBytes: number;
  readonly crowd: CrowdReport;
}

export interface ClientsOptions {
  readonly children: Children;
  readonly idle: number;
  readonly slow: number;
  /** How long each of the two is measured. */
  readonly seconds: number;
}

export async function measureClients(spec: ServerSpec, options: ClientsOptions): Promise<ClientsRow> {
  const { children, idle, slow, seconds } = options;
  const taskset = cpus().length > 1 ? findProgram('taskset') : null;
  const command = taskset === null ? spec.command : [taskset, '-c', '0', ...spec.command];
  const limits = ['--maxclients', '15000', '--client-output-buffer-limit', `normal ${LIMIT_BYTES} 0 0`];
  const server = await startServer(children, { ...spec, command, options: limits });
  const key = {
    port: server.port,
    command: ['SET', `key:${NUMBER}`, `val:${NUMBER}`],
    first: 0,
    count: KEYS,
  };
  await load(key);
  await server.control.call('SET', 'big', 'x'.repeat(REPLY_BYTES));
  const steady = await SteadyLoad.start(server, taskset, { children, keys: KEYS });
  try {
    await steady.window(null);
    await sleep(SETTLE_MS);
    await steady.window(null);
    await sleep(SETTLE_MS);
    const peak = await steady.window(0);
    const rate = Math.round((peak.commands / peak.seconds) * SHARE_OF_PEAK);
    await settle(steady, rate);
    await sleep(seconds * 1000);
    const quiet = await steady.window(rate);
    const before = residentBytes(server.pid);
    const crowd = await startCrowd(server, taskset, options);
    await sleep(CROWD_SETTLE_MS);
    await settle(steady, rate);
    let highest = before ?? 0;
    let clientBytes = 0;
    for (let i = 0; i < seconds; i++) {
      await sleep(1000);
      highest = Math.max(highest, residentBytes(server.pid) ?? 0);
      const info = await server.control.info('memory');
      clientBytes = Math.max(clientBytes, Number(info.get('mem_clients_normal')));
    }
    const crowded = await steady.window(0);
    const connectedClients = Number((await server.control.info('clients')).get('connected_clients'));
    const reported = once(crowd, 'message');
    crowd.send('report');
    const [report] = (await reported) as [CrowdReport];
    crowd.disconnect();
    return {
      server: server.name,
      ratePerSecond: rate,
      quiet,
      crowded,
      connectedClients,
      extraBytes: before === null ? null : highest - before,
      boundBytes: (idle + slow) * CLIENT_BYTES + slow * LIMIT_BYTES,
      clientBytes,
      crowd: report,
    };
  } finally {
    steady.stop();
    await server.stop();
  }
}

async function settle(steady: SteadyLoad, rate: number): Promise<void> {
  await steady.window(rate);
  await sleep(SETTLE_MS);
  await steady.window(rate);
}

async function startCrowd(
  server: RunningServer,
  taskset: string | null,
  { children, idle, slow }: ClientsOptions,
): Promise<ReturnType<Children['fork']>> {
  const reply = await server.control.call('CONFIG', 'GET', 'maxclients');
  if (reply instanceof ReplyError) throw new Error(`${server.name}: ${reply.message}`);
  const module = fileURLToPath(new URL('./crowd.ts', import.meta.url));
  const pinned =
    taskset === null
      ? {}
      : { execPath: taskset, execArgv: ['-c', '1', process.execPath, ...process.execArgv] };
  const args = [server.port, idle, slow, REPLY_BYTES, REPLIES_ON_THE_WAY].map(String);
  const crowd = children.fork(module, args, pinned);
  const died = once(crowd, 'exit').then(() => {
    throw new Error('the crowd could not connect (limit of open files?)');
  });
  died.catch(() => undefined);
  await Promise.race([once(crowd, 'message'), died]);
  return crowd;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
