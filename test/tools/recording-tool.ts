// A tool for tests: files of any kind, what is printed is kept, and the answer to a question is given beforehand.

import type { FileDoor } from '../../src/base/runtime.ts';
import { systemRuntime } from '../../src/base/runtime.ts';
import type { Tool } from '../../src/tools/tool.ts';

export interface Recorded {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** How far the tool said it was, in order. */
  readonly progress: readonly number[];
}

export interface RecordingOptions {
  readonly files: FileDoor;
  readonly answer?: string;
  readonly nowMs?: number;
}

export function record(
  program: (tool: Tool, args: readonly string[]) => number,
  args: readonly string[],
  { answer = '', files, nowMs }: RecordingOptions,
): Recorded {
  const runtime = systemRuntime();
  const clock = nowMs === undefined ? runtime.clock : { ...runtime.clock, nowMs: () => nowMs };
  let stdout = '';
  let stderr = '';
  const progress: number[] = [];
  const tool: Tool = {
    runtime: { ...runtime, files, clock },
    print: (text) => {
      stdout += text;
    },
    printError: (text) => {
      stderr += text;
    },
    progress: (done) => {
      progress.push(done);
    },
    readAnswer: () => answer.slice(0, 1),
  };
  const code = program(tool, args);
  return { code, stdout, stderr, progress };
}

/** Leaves out what differs from run to run, or from one program to the other without a loss. */
export function normalized(text: string): string {
  return (
    text
      // Process, time; the place in the C sources.
      .replace(/^\d+:C \d+ \w+ \d+ [\d:.]+ #/gm, 'PID:C TIME #')
      .replace(/, function at rdb\.c:\d+/g, '')
      // What the C library says when it is asked for more memory than there is.
      .replace(/^PID:C TIME # rdb\w+ failed allocating \d+ bytes\n/gm, '')
      // The byte behind a line that was cut off is whatever lay there before.
      .replace(/got: 00[0-9a-f]+$/gm, 'got: 00..')
  );
}
