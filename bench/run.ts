// The benchmark of the project: our server beside a real redis-server, in one run, on this machine. Sections: requests
// (speed and CPU per request), memory (bytes per key), collections (bytes of lists, hashes, …), pause (longest pause
// while keys pour in), durability (serving during snapshots, saving, loading, appending) eviction (hit ratio under a
// memory limit), defragmentation (memory that comes back), clients (50 busy ones among thousands of others) tls (encrypted requests) and
// replication (writes with a replica, full synchronization). The tables go to standard output, or to a file with --out; progress goes to standard error.
// micro.ts has the parts in isolation.
//
//   npm run bench -- [sections] [options]       without a section: all, or requests with --only

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { measureClients } from './clients.ts';
import { measureDefragmentation } from './defragmentation.ts';
import { type DurabilityResults, measureDurability } from './durability.ts';
import { measureEviction } from './eviction.ts';
import { ratioText } from './markdown.ts';
import { measureCollections, measureMemory } from './memory.ts';
import { measurePauses } from './pause.ts';
import { measureReplication, type ReplicationResults } from './replication.ts';
import { type Results, renderReport, type Setting } from './report.ts';
import { measureRequests, type RequestRow } from './requests.ts';
import { Children, findProgram, type ServerSpec, startServer } from './servers.ts';
import { measureTls } from './tls.ts';
import { workloads } from './workloads.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const QUICK_SCALE = 0.2;
const PAUSE_RUNS = 3;
/** A load average from which on the figures are doubtful. */
const BUSY_LOAD = 0.5;

interface Options {
  readonly against?: string;
  readonly ours?: string;
  readonly node: string;
  readonly rounds?: number;
  readonly only?: RegExp;
  readonly keys?: number[];
  readonly megabytes?: number;
  readonly quick: boolean;
  readonly out?: string;
}

type Section =
  | 'requests'
  | 'memory'
  | 'collections'
  | 'pause'
  | 'durability'
  | 'eviction'
  | 'defragmentation'
  | 'clients'
  | 'tls'
  | 'replication';
const SECTIONS: readonly Section[] = [
  'requests',
  'memory',
  'collections',
  'pause',
  'durability',
  'eviction',
  'defragmentation',
  'clients',
  'tls',
  'replication',
];
const FILE_MEGABYTES = 1000;
const IDLE_CLIENTS = 10_000;
const SLOW_READERS = 1000;
const CLIENTS_SECONDS = 20;
const EVICTION_KEYS = 50_000;
const EVICTION_SECONDS = 20;

const program = new Command('bench')
  .description('Measures our server beside a real redis-server.')
  .addArgument(new Argument('[sections...]', 'what to measure').choices(SECTIONS))
  .option('--against <path>', 'the redis-server to compare with (default: the one on the PATH)')
  .option(
    '--ours <command>',
    'start this instead of our server; options as redis-server takes them are appended',
  )
  .option('--node <path>', 'the node binary that runs our server', process.execPath)
  .option('--rounds <n>', 'interleaved rounds per workload (default: 5, with --quick 3)', positive)
  .option('--only <pattern>', 'only the workloads whose name matches this regular expression', pattern)
  .option(
    '--keys <list>',
    'sizes for memory; the last one is used for pause and durability (default: 1000000,5000000)',
    sizes,
  )
  .option(
    '--megabytes <n>',
    'size of the file that durability saves and loads, and of a full synchronization (default: 1000)',
    positive,
  )
  .option('--quick', 'a fifth of the requests and of the keys', false)
  .option('--out <file>', 'write the report to this file instead of standard output')
  .action(async (sections: Section[], options: Options) => {
    const children = new Children();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => process.exit(1));
    }
    process.on('exit', () => children.endAll());
    try {
      await run(children, sections, options);
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
      process.exit(1);
    }
  });

await program.parseAsync();

async function run(children: Children, sections: readonly Section[], options: Options): Promise<void> {
  const chosen =
    sections.length > 0 ? sections : options.only === undefined ? SECTIONS : (['requests'] as const);
  const redisServer = options.against ?? findProgram('redis-server');
  if (redisServer === null) throw new Error('no redis-server on the PATH; name one with --against');
  const ours: ServerSpec = { name: 'respite', command: ourCommand(options) };
  const theirs: ServerSpec = { name: 'redis', command: [redisServer] };
  const rounds = options.rounds ?? (options.quick ? 3 : 5);
  const scale = options.quick ? QUICK_SCALE : 1;
  const keys = options.keys ?? [1_000_000 * scale, 5_000_000 * scale];
  const setting: Setting = {
    ours: ours.name,
    theirs: theirs.name,
    oursVersion: options.ours === undefined ? `Node ${versionOf(options.node)}` : `\`${options.ours}\``,
    theirsVersion: versionOf(redisServer),
    commandLine: ['npm run bench --', ...process.argv.slice(2)].join(' '),
    rounds,
    notes: [
      ...(existsSync('/proc/self/stat')
        ? []
        : ['no /proc here: CPU time and resident memory were not measured']),
      ...(loadavg()[0]! < BUSY_LOAD
        ? []
        : [`the machine was busy at the start: load ${loadavg()[0]!.toFixed(1)}`]),
      ...(options.ours === undefined ? buildNotes() : []),
    ],
  };
  for (const note of setting.notes) progress(`note: ${note}`);

  const results: Results = {
    requests: chosen.includes('requests') ? await runRequests() : null,
    memory: chosen.includes('memory') ? await runMemory() : null,
    collections: chosen.includes('collections') ? await runCollections() : null,
    pauses: chosen.includes('pause') ? await runPauses() : null,
    durability: chosen.includes('durability') ? await runDurability() : null,
    eviction: chosen.includes('eviction') ? await runEviction() : null,
    defragmentation: chosen.includes('defragmentation') ? await runDefragmentation() : null,
    clients: chosen.includes('clients') ? await runClients() : null,
    tls: chosen.includes('tls') ? await runTls() : null,
    replication: chosen.includes('replication') ? await runReplication() : null,
  };
  const report = renderReport(setting, results, new Date());
  if (options.out === undefined) process.stdout.write(report);
  else writeFileSync(options.out, report);

  async function runRequests(): Promise<RequestRow[]> {
    const benchmark = requireBenchmark();
    const selected = workloads(scale).filter(({ name }) => options.only?.test(name) ?? true);
    const ourServer = await startServer(children, ours);
    const theirServer = await startServer(children, theirs);
    const rows: RequestRow[] = [];
    for (const workload of selected) {
      // Of an odd number of rounds one side opens more: each side in turn, so that none gains over the whole table.
      const oursFirst = rows.length % 2 === 0;
      const requestOptions = { children, benchmark, rounds, oursFirst };
      const row = await measureRequests(workload, ourServer, theirServer, requestOptions);
      progress(describe(row));
      rows.push(row);
    }
    await ourServer.stop();
    await theirServer.stop();
    return rows;
  }

  async function runMemory(): Promise<Results['memory']> {
    progress(`memory: ${keys.join(', ')} keys`);
    const ourRows = await measureMemory(children, ours, keys);
    return [...ourRows, ...(await measureMemory(children, theirs, keys))];
  }

  async function runCollections(): Promise<Results['collections']> {
    const count = keys[0] ?? 0;
    progress(`collections: ${count} elements each`);
    return measureCollections(children, ours, theirs, count);
  }

  async function runPauses(): Promise<Results['pauses']> {
    const count = keys.at(-1) ?? 0;
    progress(`pause: ${count} keys`);
    return measurePauses(ours, theirs, { children, keys: count, runs: options.quick ? 1 : PAUSE_RUNS });
  }

  async function runDurability(): Promise<DurabilityResults> {
    return measureDurability(ours, theirs, {
      children,
      benchmark: requireBenchmark(),
      keys: keys.at(-1) ?? 0,
      megabytes: options.megabytes ?? FILE_MEGABYTES * scale,
      rounds,
      scale,
      progress,
    });
  }

  async function runEviction(): Promise<Results['eviction']> {
    progress(`eviction: ${EVICTION_KEYS} keys, ${EVICTION_SECONDS} s a policy`);
    return measureEviction(ours, theirs, { children, keys: EVICTION_KEYS, seconds: EVICTION_SECONDS });
  }

  async function runDefragmentation(): Promise<Results['defragmentation']> {
    const count = keys.at(-1) ?? 0;
    progress(`defragmentation: ${count} keys`);
    return measureDefragmentation([ours, theirs], { children, keys: count });
  }

  async function runClients(): Promise<Results['clients']> {
    progress(`clients: ${IDLE_CLIENTS} idle, ${SLOW_READERS} slow readers`);
    const crowd = {
      children,
      idle: IDLE_CLIENTS,
      slow: SLOW_READERS,
      seconds: Math.ceil(CLIENTS_SECONDS * scale),
    };
    return [await measureClients(ours, crowd), await measureClients(theirs, crowd)];
  }

  async function runTls(): Promise<RequestRow[]> {
    const benchmark = requireBenchmark();
    const show = (row: RequestRow) => progress(describe(row));
    return measureTls(ours, theirs, { children, benchmark, rounds, scale, progress: show });
  }

  async function runReplication(): Promise<ReplicationResults> {
    return measureReplication(ours, theirs, {
      children,
      benchmark: requireBenchmark(),
      megabytes: options.megabytes ?? FILE_MEGABYTES * scale,
      rounds,
      scale,
      progress,
    });
  }

  function requireBenchmark(): string {
    const benchmark = findProgram('redis-benchmark', [dirname(redisServer ?? '')]);
    if (benchmark === null) throw new Error('no redis-benchmark beside the redis-server or on the PATH');
    return benchmark;
  }
}

function ourCommand(options: Options): string[] {
  if (options.ours !== undefined) return options.ours.split(/\s+/).filter((word) => word !== '');
  return [options.node, join(ROOT, 'bin/server.js')];
}

/** What makes the figures of our server doubtful: it runs what was built, not what was written. */
function buildNotes(): string[] {
  const built = join(ROOT, 'dist/main.js');
  if (!existsSync(built)) return ['there is no dist: the server was compiled as it ran (npm run build)'];
  const builtMs = statSync(built).mtimeMs;
  const newer = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true }).some(
    (entry) => entry.isFile() && statSync(join(entry.parentPath, entry.name)).mtimeMs > builtMs,
  );
  return newer ? ['dist is older than src: the figures are of an earlier build (npm run build)'] : [];
}

function describe({ workload, result, reason }: RequestRow): string {
  if (result === null) return `${workload.name}: not run, ${reason}`;
  const { ours, theirs, cpuRatio } = result;
  const speed = `${(ours.requestsPerSecond / 1000).toFixed(1)} / ${(theirs.requestsPerSecond / 1000).toFixed(1)} krps`;
  const cpu = `${ours.cpuUsPerRequest?.toFixed(2) ?? '–'} / ${theirs.cpuUsPerRequest?.toFixed(2) ?? '–'} µs`;
  return `${workload.name}: ${speed}, CPU ${cpu}, ratio ${ratioText(cpuRatio)}`;
}

function versionOf(path: string): string {
  return execFileSync(path, ['--version'], { encoding: 'utf8' }).trim();
}

function progress(text: string): void {
  console.error(text);
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number of at least 1');
  return value;
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text, 'i');
  } catch {
    throw new InvalidArgumentError('not a regular expression');
  }
}

function sizes(text: string): number[] {
  return text
    .split(',')
    .map(positive)
    .sort((a, b) => a - b);
}
