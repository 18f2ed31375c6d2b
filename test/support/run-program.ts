// Runs a program to its end, or for a while, and keeps what it said.

import { spawn } from 'node:child_process';

const TIMEOUT_MS = 60_000;

export interface RunOptions {
  readonly stdin?: string;
  readonly cwd?: string;
  /** Ends a program that would never end by itself, after this long, as Ctrl-C would. */
  readonly interruptAfterMs?: number;
  /** Lets a program write line by line, as on a terminal. */
  readonly isUnbuffered?: boolean;
}

export interface Ended {
  /** -1 when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Rejects when the program cannot be started or does not end. */
export function runProgram(path: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const [program, ...all] = options.isUnbuffered ? ['stdbuf', '-oL', path, ...args] : [path, ...args];
    const child = spawn(program!, all, { stdio: ['pipe', 'pipe', 'pipe'], cwd: options.cwd });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('latin1')));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('latin1')));
    child.stdin.on('error', () => {});
    child.stdin.end(options.stdin ?? '', 'latin1');
    const late = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${path} ${args.join(' ')} does not end: ${stdout}${stderr}`));
    }, TIMEOUT_MS);
    const interrupt =
      options.interruptAfterMs === undefined
        ? undefined
        : setTimeout(() => child.kill('SIGINT'), options.interruptAfterMs);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(late);
      clearTimeout(interrupt);
      resolve({ code: code ?? -1, stdout, stderr });
    });
  });
}
