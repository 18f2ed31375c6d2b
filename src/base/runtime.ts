// The one door to the outside: time, randomness, timers and files. A server receives a Runtime and uses nothing
// else for these, so that a test can hold the clock, replay the dice and break the disk, and so that two servers in
// one process share nothing. Sockets are not here: any duplex stream is a connection (see net/).

import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import { performance } from 'node:perf_hooks';
import process, { pid } from 'node:process';
import { getHeapStatistics } from 'node:v8';
import { type EventLoopFigures, EventLoopWatch } from './event-loop-watch.ts';
import { type SystemDoor, systemDoor } from './system-door.ts';

/** Wall clock in milliseconds and microseconds since the epoch; `monotonicUs` only ever grows. All are cheap to call. */
export interface Clock {
  nowMs(): number;
  nowUs(): number;
  /** Microseconds since an arbitrary start, with a fraction; for durations only. */
  monotonicUs(): number;
  /** How long the event loop has waited for something to happen, in microseconds, since an arbitrary start. */
  idleUs(): number;
}

/** Uniform randomness. `bytes` is unpredictable to an attacker (seeds, replication IDs); `uint32` is merely fast. */
export interface RandomSource {
  bytes(length: number): Uint8Array;
  uint32(): number;
  /** An integer in `[0, bound)`, `bound` up to 2^53. */
  below(bound: number): number;
}

/** A timer that can be cancelled any number of times. A pending timer keeps the process alive unless `unref` was asked. */
export interface TimerHandle {
  cancel(): void;
}

/** The longest wait that a timer can be set to; a longer one takes several. */
export const MAX_TIMER_MS = 0x7fffffff;

export interface TimerService {
  /** Runs `run` once, after MAX_TIMER_MS at the most. */
  after(delayMs: number, run: () => void, options?: { unref?: boolean }): TimerHandle;
  every(intervalMs: number, run: () => void, options?: { unref?: boolean }): TimerHandle;
  /** Runs `run` once, after the input and output that is ready now: the end of the event loop's turn. */
  afterTurn(run: () => void): void;
  /** Stops everything for a while: for DEBUG SLEEP only. */
  block(delayMs: number): void;
}

/** What the system says of the process that the server runs in. Each call asks anew. */
export interface ProcessFigures {
  /** Memory of the process that is in use and not swapped out. */
  rssBytes(): number;
  /** Processor time of all threads since the process began, in microseconds. */
  cpuUs(): { readonly user: number; readonly system: number };
  /** That of the thread that runs JavaScript; all of it where the system does not tell. */
  mainThreadCpuUs(): { readonly user: number; readonly system: number };
  /** How the system tells of sockets that are ready: `epoll` … */
  pollsBy(): string;
  /** Name, release and machine of the operating system, as uname prints them. */
  systemName(): string;
  totalMemoryBytes(): number;
  nodeVersion(): string;
  /** What the JavaScript engine has taken for itself. */
  heap(): HeapFigures;
  /** Starts or stops watching the event loop, which costs a timer. */
  watchEventLoop(on: boolean): void;
  /** What was seen of the event loop while it was watched; `delaySeconds` since the last call. */
  eventLoop(): EventLoopFigures;
}

export interface HeapFigures {
  readonly usedBytes: number;
  readonly sizeBytes: number;
  readonly limitBytes: number;
  /** Held by objects, but outside of the engine's heap: buffers. */
  readonly externalBytes: number;
}

/** The files that the server touches. Paths are absolute or relative to the process's working directory. Errors are Node's, with `code`. */
export type FileDoor = Pick<
  typeof fs,
  | 'readFileSync'
  | 'writeFileSync'
  | 'openSync'
  | 'closeSync'
  | 'readSync'
  | 'writeSync'
  | 'fsyncSync'
  | 'fdatasyncSync'
  | 'ftruncateSync'
  | 'fstatSync'
  | 'renameSync'
  | 'unlinkSync'
  | 'existsSync'
  | 'statSync'
  | 'readdirSync'
  | 'mkdirSync'
  | 'chmodSync'
  | 'rmSync'
  | 'open'
  | 'close'
  | 'write'
  | 'fsync'
  | 'fdatasync'
  | 'unlink'
>;

export interface Runtime {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly timers: TimerService;
  readonly files: FileDoor;
  readonly process: ProcessFigures;
  readonly system: SystemDoor;
  readonly pid: number;
}

/** xoshiro128** over four 32-bit words: fast, well distributed, replayable from its seed. Not for secrets. */
export class SeededRandom implements RandomSource {
  private a: number;
  private b: number;
  private c: number;
  private d: number;

  constructor(seed: Uint8Array) {
    const words = new Uint32Array(4);
    for (let i = 0; i < seed.length; i++) {
      words[i & 3] = Math.imul(words[i & 3]! ^ seed[i]!, 0x9e3779b1) + i;
    }
    this.a = words[0]! | 1;
    this.b = words[1]! | 0;
    this.c = words[2]! | 0;
    this.d = words[3]! | 0;
    for (let i = 0; i < 16; i++) this.uint32();
  }

  uint32(): number {
    const product = Math.imul(this.b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const t = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= t;
    this.d = (this.d << 11) | (this.d >>> 21);
    return result;
  }

  below(bound: number): number {
    if (bound <= 0x100000000) return Math.floor((this.uint32() / 0x100000000) * bound);
    const high = this.uint32() >>> 11;
    return (high * 0x100000000 + this.uint32()) % bound;
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i++) out[i] = this.uint32() & 0xff;
    return out;
  }
}

class SystemRandom extends SeededRandom {
  constructor() {
    super(randomBytes(32));
  }

  override bytes(length: number): Uint8Array {
    return randomBytes(length);
  }
}

const systemClock: Clock = {
  nowMs: () => Date.now(),
  nowUs: () => Math.floor((performance.timeOrigin + performance.now()) * 1000),
  monotonicUs: () => performance.now() * 1000,
  idleUs: () => performance.eventLoopUtilization().idle * 1000,
};

const systemTimers: TimerService = {
  after(delayMs, run, options) {
    const timer = setTimeout(run, delayMs);
    if (options?.unref) timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  every(intervalMs, run, options) {
    const timer = setInterval(run, intervalMs);
    if (options?.unref) timer.unref();
    return { cancel: () => clearInterval(timer) };
  },
  afterTurn: (run) => {
    setImmediate(run);
  },
  block: (delayMs) => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, delayMs);
  },
};

// What libuv uses, in Redis's words.
const POLLING: Readonly<Record<string, string>> = {
  linux: 'epoll',
  darwin: 'kqueue',
  freebsd: 'kqueue',
  openbsd: 'kqueue',
  netbsd: 'kqueue',
  sunos: 'evport',
};

class SystemProcess implements ProcessFigures {
  private watch: EventLoopWatch | null = null;

  rssBytes(): number {
    return process.memoryUsage.rss();
  }

  cpuUs(): { readonly user: number; readonly system: number } {
    return process.cpuUsage();
  }

  mainThreadCpuUs(): { readonly user: number; readonly system: number } {
    try {
      // Behind the name, which may hold anything: state, then numbers, of which the 12th and 13th are hundredths of seconds.
      const line = fs.readFileSync(`/proc/self/task/${pid}/stat`, 'latin1');
      const numbers = line.slice(line.lastIndexOf(')') + 2).split(' ');
      return { user: Number(numbers[11]) * 10_000, system: Number(numbers[12]) * 10_000 };
    } catch {
      return this.cpuUs();
    }
  }

  pollsBy(): string {
    return POLLING[process.platform] ?? 'select';
  }

  systemName(): string {
    return `${os.type()} ${os.release()} ${os.machine()}`;
  }

  totalMemoryBytes(): number {
    return os.totalmem();
  }

  nodeVersion(): string {
    return process.versions.node;
  }

  heap(): HeapFigures {
    const { heapUsed, heapTotal, external } = process.memoryUsage();
    const { heap_size_limit: limitBytes } = getHeapStatistics();
    return { usedBytes: heapUsed, sizeBytes: heapTotal, limitBytes, externalBytes: external };
  }

  watchEventLoop(on: boolean): void {
    if (on) {
      this.watch ??= new EventLoopWatch();
    } else {
      this.watch?.stop();
      this.watch = null;
    }
  }

  eventLoop(): EventLoopFigures {
    return this.watch?.figures() ?? { delaySeconds: [], activeSeconds: 0, gcCount: 0, gcSeconds: 0 };
  }
}

/** The real world. Each call gives a runtime with a random source of its own. */
export function systemRuntime(): Runtime {
  return {
    clock: systemClock,
    random: new SystemRandom(),
    timers: systemTimers,
    files: fs,
    process: new SystemProcess(),
    system: systemDoor,
    pid,
  };
}
