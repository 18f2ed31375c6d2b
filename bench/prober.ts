// A process of its own that sends PING to a server about every millisecond and keeps how long each answer took. It
// sends on schedule, whether or not earlier answers have come, so that one long pause is seen by every request that it
// delays. It also keeps how late its own timer was: a pause that the prober had itself is the machine's, not the server's.
//
//   prober.ts PORT, started by pause.ts; it answers the message 'stop' with a ProberReport.

import { connect } from 'node:net';

export interface ProberReport {
  readonly latenciesMs: number[];
  /** The most by which the prober's own timer was late. */
  readonly ownDelayMs: number;
}

const INTERVAL_MS = 1;
const PING = Buffer.from('*1\r\n$4\r\nPING\r\n');
const LINE_FEED = 10;

const sentAtMs: number[] = [];
const latenciesMs: number[] = [];
let ownDelayMs = 0;

const socket = connect({ host: '127.0.0.1', port: Number(process.argv[2]), noDelay: true });
socket.on('connect', () => {
  let lastMs = performance.now();
  setInterval(() => {
    const nowMs = performance.now();
    ownDelayMs = Math.max(ownDelayMs, nowMs - lastMs - INTERVAL_MS);
    lastMs = nowMs;
    sentAtMs.push(nowMs);
    socket.write(PING);
  }, INTERVAL_MS);
  process.send?.('started');
});
socket.on('data', (bytes: Buffer) => {
  const nowMs = performance.now();
  for (const byte of bytes) {
    if (byte !== LINE_FEED) continue;
    latenciesMs.push(nowMs - sentAtMs[latenciesMs.length]!);
  }
});
socket.on('error', () => process.exit(1));
socket.on('close', () => process.exit(1));

process.on('message', () => {
  // The answers that are still out belong to the measurement: a pause at the very end must not be lost.
  const unanswered = sentAtMs.slice(latenciesMs.length).map((sent) => performance.now() - sent);
  const report: ProberReport = { latenciesMs: [...latenciesMs, ...unanswered], ownDelayMs };
  process.send?.(report, () => process.exit(0));
});
process.on('disconnect', () => process.exit(1));
