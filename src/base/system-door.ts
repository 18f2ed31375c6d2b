// The door to the operating system, beside time, randomness and files (runtime.ts): the environment, the title of the
// process, signals to itself, other programs. A server uses nothing else for these, so that a test can see what it asks
// for, and a server that is embedded touches nothing of its host.

import { spawn, spawnSync } from 'node:child_process';
import process, { pid } from 'node:process';
import { isatty } from 'node:tty';

/** How a program has ended. */
export interface ProgramEnd {
  /** Its exit code; -1 when it could not be run, or was ended by a signal. */
  readonly code: number;
  /** What it wrote to standard error, or why it could not be run. */
  readonly error: string;
}

/** A program that reads what is written here. */
export interface ProgramInput {
  write(text: string): void;
  /** No more comes: the program ends when it has read everything. */
  end(): void;
}

/** A signal that a process can send to itself. */
export type SelfSignal = 'SIGSTOP' | 'SIGABRT' | 'SIGSEGV' | 'SIGUSR1';

export interface SystemDoor {
  /** A variable of the environment, '' without one. */
  environment(name: string): string;
  /** Takes a variable away, so that programs that are started do not see it. */
  forgetEnvironment(name: string): void;
  /** Changes the title of the process, as ps shows it. */
  setTitle(title: string): void;
  /** Whether a descriptor is a terminal. */
  isTerminal(descriptor: number): boolean;
  /** Sends this process a signal. Returns unless its default action ends it. */
  raise(signal: SelfSignal): void;
  /** Runs a program and waits for it, for two seconds at most. */
  run(program: string, args: readonly string[]): ProgramEnd;
  /** Runs a program beside everything else; `done` is called with how it ended. */
  runBeside(program: string, args: readonly string[], done: (end: ProgramEnd) => void): void;
  /** Starts a program that takes text; `ended` is called when it is gone, however that came about. */
  startReader(program: string, args: readonly string[], ended: (end: ProgramEnd) => void): ProgramInput;
  /**
   * Starts a process like this one, with the same arguments, in a session of its own and without a terminal. `variables` are
   * added to its environment, `input` is what it reads from standard input. `started` is called when it runs by itself.
   */
  startAgain(
    variables: Readonly<Record<string, string>>,
    input: string | null,
    started: (error: string | null) => void,
  ): void;
}

const PATIENCE_MS = 2000;

export const systemDoor: SystemDoor = {
  environment: (name) => process.env[name] ?? '',
  forgetEnvironment: (name) => {
    delete process.env[name];
  },
  setTitle: (title) => {
    process.title = title;
  },
  isTerminal: isatty,
  raise: (signal) => {
    process.kill(pid, signal);
  },
  run(program, args) {
    const { status, stderr, error } = spawnSync(program, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: PATIENCE_MS,
      encoding: 'utf8',
    });
    return { code: status ?? -1, error: error?.message ?? stderr.trim() };
  },
  runBeside(program, args, done) {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    whenEnded(child, done);
    child.unref();
  },
  startReader(program, args, ended) {
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'] });
    whenEnded(child, ended);
    child.unref();
    const { stdin } = child;
    // That it is gone is told by `ended`.
    stdin.on('error', () => {});
    (stdin as { unref?(): void }).unref?.();
    return {
      write: (text) => void stdin.write(text, 'latin1'),
      end: () => void stdin.end(),
    };
  },
  startAgain(variables, input, started) {
    const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
      detached: true,
      env: { ...process.env, ...variables },
      stdio: [input === null ? 'ignore' : 'pipe', 'ignore', 'ignore'],
    });
    child.once('error', (error) => started(error.message));
    child.once('spawn', () => {
      if (child.stdin === null) started(null);
      else child.stdin.end(input, 'latin1', () => started(null));
    });
    child.unref();
  },
};

type Child = ReturnType<typeof spawn>;

function whenEnded(child: Child, done: (end: ProgramEnd) => void): void {
  let error = '';
  let isOver = false;
  const over = (code: number, reason: string) => {
    if (isOver) return;
    isOver = true;
    done({ code, error: reason });
  };
  child.stderr?.on('data', (chunk: Buffer) => {
    error += chunk.toString('utf8');
  });
  (child.stderr as { unref?(): void } | null)?.unref?.();
  child.once('error', (failure) => over(-1, failure.message));
  child.once('close', (code) => over(code ?? -1, error.trim()));
}
