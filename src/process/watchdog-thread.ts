// The thread of the watchdog. It looks for the server's beats, and when they have stayed away for the period it has the
// server's thread paused for a moment, through the inspector, and writes its stack to the log. Until then the inspector is
// not connected, so that watching costs the server nothing but its beats.

import { type Debugger, Session } from 'node:inspector';
import { workerData } from 'node:worker_threads';
import { createLogger, type Logger } from '../base/logger.ts';
import { systemRuntime } from '../base/runtime.ts';
import type { WatchdogThreadData } from './watchdog.ts';

const LOOKS_PER_PERIOD = 4;

watch(workerData as WatchdogThreadData);

function watch({ beats, periodMs, log: { path, format, role } }: WatchdogThreadData): void {
  const runtime = systemRuntime();
  const { clock, timers } = runtime;
  const log = createLogger({ ...runtime, role: () => role });
  log.setFormat(format);
  if (path !== '') log.setFile(path);
  const heard = new Int32Array(beats);
  let lastBeat = -1;
  let lastUs = 0;
  let isReported = false;
  timers.every(periodMs / LOOKS_PER_PERIOD, () => {
    const beat = Atomics.load(heard, 0);
    const nowUs = clock.monotonicUs();
    if (beat !== lastBeat) {
      lastBeat = beat;
      lastUs = nowUs;
      isReported = false;
    } else if (!isReported && nowUs - lastUs >= periodMs * 1000) {
      // Once for each time that it stands still.
      isReported = true;
      reportStack(log);
    }
  });
}

// A thread that waits within the system cannot be paused before it comes back: the stack is that of where it stood.
function reportStack(log: Logger): void {
  const session = new Session();
  session.connectToMainThread();
  const urls = new Map<string, string>();
  session.on('Debugger.scriptParsed', ({ params }) => {
    urls.set(params.scriptId, params.url);
  });
  session.once('Debugger.paused', ({ params }) => {
    const frames = params.callFrames.map((frame) => frameText(frame, urls));
    log.warning('\n--- WATCHDOG TIMER EXPIRED ---');
    log.raw('warning', `\n------ STACK TRACE ------\n\nBacktrace:\n${frames.join('\n')}\n`);
    log.warning('--------\n');
    session.post('Debugger.resume');
    session.post('Debugger.disable');
    session.disconnect();
  });
  session.post('Debugger.enable');
  session.post('Debugger.pause');
}

function frameText(
  { functionName, location }: Debugger.CallFrame,
  urls: ReadonlyMap<string, string>,
): string {
  const { lineNumber, columnNumber = 0, scriptId } = location;
  const place = `${urls.get(scriptId) ?? ''}:${lineNumber + 1}:${columnNumber + 1}`;
  return `at ${functionName === '' ? place : `${functionName} (${place})`}`;
}
