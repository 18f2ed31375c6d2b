// The processes of a benchmark run: starts servers on free ports, without persistence unless asked for, waits until they are ready, reads
// their CPU time and memory from /proc, and ends them. Every process of the run is a member of one Children, so that an
// error or a SIGINT leaves none behind and nothing else is ever signalled.

import { type ChildProcess, type ForkOptions, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ControlClient } from './client.ts';

// Long enough to load a large file.
const READY_TIMEOUT_MS = 180_000;
const STOP_TIMEOUT_MS = 10_000;
const FIRST_PORT = 20_000;
const PORTS = 10_000;
const HAS_GROUPS = process.platform !== 'win32';

/** The processes that this run started and the directories that they work in. */
export class Children {
  private readonly alive = new Set<ChildProcess>();
  private readonly directories = new Set<string>();

  spawn(command: string, args: readonly string[]): ChildProcess {
    return this.adopt(spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: HAS_GROUPS }));
  }

  fork(module: string, args: readonly string[], options: ForkOptions): ChildProcess {
    return this.adopt(fork(module, args, { ...options, detached: HAS_GROUPS }));
  }

  /** A new empty directory that `endAll` removes. */
  directory(): string {
    const path = mkdtempSync(join(tmpdir(), 'respite-bench-'));
    this.directories.add(path);
    return path;
  }

  /** Kills what is still running and removes the directories. Synchronous: the last act of the process. */
  endAll(): void {
    for (const child of this.alive) signalGroup(child, 'SIGKILL');
    for (const path of this.directories) rmSync(path, { recursive: true, force: true });
    this.directories.clear();
  }

  private adopt(child: ChildProcess): ChildProcess {
    this.alive.add(child);
    child.once('close', () => this.alive.delete(child));
    child.once('error', () => this.alive.delete(child));
    return child;
  }
}

/** How a server is started. `command` is the program and its first arguments; port and persistence options follow. */
export interface ServerSpec {
  readonly name: string;
  readonly command: readonly string[];
  /** Directives as options, in place of those that switch persistence off. */
  readonly options?: readonly string[];
  /** Where its files are, and stay when it ends; absent: a directory of its own. */
  readonly directory?: string;
}

export interface RunningServer {
  readonly name: string;
  readonly port: number;
  /** The process that serves; null when only a wrapper's is known, whose figures would be nobody's. */
  readonly pid: number | null;
  readonly control: ControlClient;
  /** What it has logged until it was ready. */
  readonly startLog: string;
  stop(): Promise<void>;
}

/** Starts a server and resolves when it answers. Rejects, with the end of its log, when it exits or is not ready in time. */
export async function startServer(children: Children, spec: ServerSpec): Promise<RunningServer> {
  const port = await freePort();
  const directory = spec.directory ?? children.directory();
  const [program, ...first] = spec.command;
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = children.spawn(program ?? '', [
    ...first,
    ...options,
    '--dir',
    directory,
    ...(spec.options ?? []),
  ]);
  const startLog = await ready(child, spec.name);

  const control = await ControlClient.open(port);
  const pid = await servingPid(control, child);
  const stop = async (): Promise<void> => {
    control.close();
    await endServer(child);
    if (spec.directory === undefined) rmSync(directory, { recursive: true, force: true });
  };
  return { name: spec.name, port, pid, control, startLog, stop };
}

// Behind a wrapper the server is not our direct child, and only its INFO tells its process.
async function servingPid(control: ControlClient, child: ChildProcess): Promise<number | null> {
  const told = (await control.info('server')).get('process_id');
  if (told !== undefined) return Number(told);
  const pid = child.pid ?? null;
  const isWrapper = pid !== null && (readProc(pid, `task/${pid}/children`) ?? '') !== '';
  return isWrapper ? null : pid;
}

// Politely, then by force. `close`, not `exit`: a wrapper may be gone before the server that it started.
async function endServer(child: ChildProcess): Promise<void> {
  if (child.stdout?.closed) return;
  const gone = once(child, 'close');
  signalGroup(child, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), STOP_TIMEOUT_MS);
  await gone;
  clearTimeout(timer);
}

// Each child leads a process group of its own: what a wrapper script started ends with it, and nothing else is reached.
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(HAS_GROUPS ? -child.pid : child.pid, signal);
  } catch {
    // It has just ended by itself.
  }
}

function ready(child: ChildProcess, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let log = '';
    const fail = (what: string): void => reject(new Error(`${name} ${what}; the end of its log:\n${log}`));
    const timer = setTimeout(() => fail('was not ready in time'), READY_TIMEOUT_MS);
    const read = (bytes: Buffer): void => {
      log = (log + bytes.toString()).slice(-4096);
      if (!log.includes('Ready to accept connections')) return;
      clearTimeout(timer);
      resolve(log);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', (error) => {
      clearTimeout(timer);
      fail(`could not be started (${error.message})`);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      fail(`exited with ${signal ?? code}`);
    });
  });
}

/** A port that nobody listens on. Below the ephemeral range, so that no outgoing connection takes it in between. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    const probe = createServer();
    const free = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!free) continue;
    probe.close();
    await once(probe, 'close');
    return port;
  }
}

/**
 * CPU time of all threads that live, in microseconds; null where the system does not tell. To the nanosecond, where the
 * process clock of /proc/PID/stat ticks every ten milliseconds.
 */
export function cpuTimeUs(pid: number | null): number | null {
  if (pid === null) return null;
  try {
    const tasks = `/proc/${pid}/task`;
    let totalNs = 0;
    for (const thread of readdirSync(tasks)) {
      totalNs += Number(readFileSync(`${tasks}/${thread}/schedstat`, 'latin1').split(' ', 1)[0]);
    }
    return totalNs / 1000;
  } catch {
    return null;
  }
}

/** Resident memory in bytes; null where there is no /proc. */
export function residentBytes(pid: number | null): number | null {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readProc(pid, 'status') ?? '')?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

function readProc(pid: number | null, file: string): string | null {
  if (pid === null) return null;
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return null;
  }
}

/** The first executable of that name in `directories`, else on the PATH; null when there is none. */
export function findProgram(name: string, directories: readonly string[] = []): string | null {
  for (const directory of [...directories, ...(process.env.PATH ?? '').split(delimiter)]) {
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here: the next directory.
    }
  }
  return null;
}
