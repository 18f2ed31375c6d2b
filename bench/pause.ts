// The longest pause of a server's event loop while keys pour in: a second connection, in a process of its own, sends PING
// every millisecond and the worst answer counts. Two controls give the noise of the machine: the same prober on an
// idle server, with nothing else running and with another server being loaded. A pause no longer than theirs is noise.

import { once } from 'node:events';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { load, NUMBER } from './loader.ts';
import type { ProberReport } from './prober.ts';
import { median } from './requests.ts';
import { type Children, type RunningServer, type ServerSpec, startServer } from './servers.ts';

const IDLE_MS = 5000;
const WARM_UP_KEYS = 200_000;
// The prober comes first on a core that it wants; refused without the right, and then only noisier.
const PROBER_PRIORITY = -10;

export interface PauseRow {
  readonly label: string;
  readonly runs: number;
  readonly probes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** The median of the runs' longest: steadier than the longest of all. */
  readonly typicalMaxMs: number;
  readonly ownDelayMs: number;
  /** The longest pause as the server itself measured it, where its INFO says so. */
  readonly insideMaxMs: number | null;
}

interface PauseRun extends ProberReport {
  readonly insideMaxMs: number | null;
}

export interface PauseOptions {
  readonly children: Children;
  readonly keys: number;
  readonly runs: number;
}

/** Measures both servers, their runs in turn, and the two controls. */
export async function measurePauses(
  ours: ServerSpec,
  theirs: ServerSpec,
  options: PauseOptions,
): Promise<{ ours: PauseRow; theirs: PauseRow; quiet: PauseRow; busy: PauseRow }> {
  const quietRuns: PauseRun[] = [];
  const busyRuns: PauseRun[] = [];
  const ourRuns: PauseRun[] = [];
  const theirRuns: PauseRun[] = [];
  for (let run = 0; run < options.runs; run++) {
    quietRuns.push(await probeIdle(theirs, null, options));
    busyRuns.push(await probeIdle(theirs, ours, options));
    const order = run % 2 === 0 ? [ours, theirs] : [theirs, ours];
    for (const spec of order) (spec === ours ? ourRuns : theirRuns).push(await probeLoaded(spec, options));
  }
  return {
    ours: summary(`${ours.name}, loaded`, ourRuns),
    theirs: summary(`${theirs.name}, loaded`, theirRuns),
    quiet: summary(`control: idle ${theirs.name}`, quietRuns),
    busy: summary(`control: idle ${theirs.name} while ${ours.name} is loaded`, busyRuns),
  };
}

async function probeLoaded(spec: ServerSpec, options: PauseOptions): Promise<PauseRun> {
  const server = await startServer(options.children, spec);
  try {
    // What is measured is growth: the first requests of a fresh process also pay for its code being compiled.
    await load({ port: server.port, command: ['SET', `warm:${NUMBER}`, 'x'], first: 0, count: WARM_UP_KEYS });
    const report = await probe(server, options.children, () => loadKeys(server, options.keys));
    const inside = (await server.control.info('everything')).get('eventloop_duration_max');
    return { ...report, insideMaxMs: inside === undefined ? null : Number(inside) / 1000 };
  } finally {
    await server.stop();
  }
}

/** Probes an idle server, for some seconds or for as long as `busy`, another one, is loaded. */
async function probeIdle(
  idle: ServerSpec,
  busy: ServerSpec | null,
  options: PauseOptions,
): Promise<PauseRun> {
  const server = await startServer(options.children, idle);
  const other = busy === null ? null : await startServer(options.children, busy);
  const meanwhile = (): Promise<void> =>
    other === null ? new Promise((resolve) => setTimeout(resolve, IDLE_MS)) : loadKeys(other, options.keys);
  try {
    return { ...(await probe(server, options.children, meanwhile)), insideMaxMs: null };
  } finally {
    await server.stop();
    await other?.stop();
  }
}

function loadKeys(server: RunningServer, keys: number): Promise<void> {
  const command = ['SET', `key:${NUMBER}`, `val:${NUMBER}`];
  return load({ port: server.port, command, first: 0, count: keys });
}

/** What a prober sees of a server while `meanwhile` runs. */
export async function probe(
  server: RunningServer,
  children: Children,
  meanwhile: () => Promise<void>,
): Promise<ProberReport> {
  const prober = children.fork(
    fileURLToPath(new URL('./prober.ts', import.meta.url)),
    [String(server.port)],
    {
      // Tens of thousands of figures: as a structured clone, not as JSON text.
      serialization: 'advanced',
    },
  );
  const died = once(prober, 'exit').then(() => {
    throw new Error('the prober lost its connection to the server');
  });
  // Once the report is here the prober's end is no error, and nobody waits for it any more.
  died.catch(() => undefined);
  try {
    if (prober.pid !== undefined) setPriority(prober.pid, PROBER_PRIORITY);
  } catch {
    // Not permitted: the control rows show what that costs.
  }
  await Promise.race([once(prober, 'message'), died]);
  await Promise.race([meanwhile(), died]);
  const reported = once(prober, 'message');
  prober.send('stop');
  const [report] = (await Promise.race([reported, died])) as [ProberReport];
  return report;
}

function summary(label: string, runs: readonly PauseRun[]): PauseRow {
  const sorted = runs.flatMap((run) => run.latenciesMs).sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
  const longest = runs.map((run) => run.latenciesMs.reduce((a, b) => Math.max(a, b), 0));
  const inside = runs.map((run) => run.insideMaxMs).filter((figure) => figure !== null);
  return {
    label,
    runs: runs.length,
    probes: sorted.length,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    p999Ms: at(0.999),
    maxMs: Math.max(...longest),
    typicalMaxMs: median(longest),
    ownDelayMs: Math.max(...runs.map((run) => run.ownDelayMs)),
    insideMaxMs: inside.length === 0 ? null : Math.max(...inside),
  };
}
