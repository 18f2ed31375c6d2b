// What redis-benchmark cannot send: a group of commands that belong together (a transaction), over and over. It takes the
// same figures (clients, requests, pipeline: all counted in groups) and prints its result as redis-benchmark --csv does, so
// that requests.ts need not know which of the two it has started.

import { connect, type Socket } from 'node:net';
import { encodeCommand } from './client.ts';
import type { Group } from './workloads.ts';

/** The one argument, as JSON. */
export interface GroupLoad extends Group {
  readonly name: string;
  readonly port: number;
  readonly clients: number;
  readonly requests: number;
  readonly pipeline: number;
}

const LINE_FEED = 10;
const MINUS = 45;

const given = process.argv[2];
if (given !== undefined) {
  const seconds = await run(JSON.parse(given) as GroupLoad);
  const { name, requests } = JSON.parse(given) as GroupLoad;
  console.log(`"${name}","${(requests / seconds).toFixed(2)}"`);
}

async function run(load: GroupLoad): Promise<number> {
  const group = load.commands.map(encodeCommand).join('');
  const batch = Buffer.from(group.repeat(load.pipeline), 'latin1');
  const batches = Math.ceil(load.requests / load.pipeline);
  let left = batches;
  const startMs = performance.now();
  await Promise.all(
    Array.from({ length: load.clients }, () =>
      drive(
        connect({ host: '127.0.0.1', port: load.port, noDelay: true }),
        batch,
        load.pipeline * load.replyLines,
        () => left-- > 0,
      ),
    ),
  );
  return (performance.now() - startMs) / 1000;
}

/** Writes a batch, waits for the lines of its replies, and again, as long as there is more to do. */
function drive(socket: Socket, batch: Buffer, batchLines: number, takeOne: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let lines = batchLines;
    let isLineStart = true;
    const next = (): void => {
      if (takeOne()) {
        lines = 0;
        socket.write(batch);
      } else {
        socket.destroy();
        resolve();
      }
    };
    socket.on('connect', next);
    socket.on('error', reject);
    socket.on('data', (bytes: Buffer) => {
      for (let i = 0; i < bytes.length; i++) {
        if (isLineStart && bytes[i] === MINUS) reject(new Error(bytes.toString('latin1', i, i + 200)));
        isLineStart = bytes[i] === LINE_FEED;
        if (isLineStart) lines++;
      }
      if (lines === batchLines) next();
    });
  });
}
