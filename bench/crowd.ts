// A process of its own with many connections to a server: those that only stand there, and those that ask for more than
// they read. A slow reader has a fixed number of replies on their way at any time, of which it reads a few now and then;
// what the server cannot pass on stays with the server, up to its limits. Who is cut off comes again.
//
//   crowd.ts PORT IDLE SLOW REPLY_BYTES ON_THE_WAY, started by clients.ts, tells 'started', and answers each message with a CrowdReport.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encodeCommand } from './client.ts';

export interface CrowdReport {
  /** Bytes that the slow readers have read, and how often the server has cut one of them off. */
  readonly readBytes: number;
  readonly cutOff: number;
}

const [port, idleCount, slowCount, replyBytes, onTheWay] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
  number,
  number,
];
const TURN_MS = 100;
// Every so many turns a reader has its turn.
const TURNS = 20;
const AT_ONCE = 200;
const READERS_AT_ONCE = 20;
const request = encodeCommand(['GET', 'big']);
const wholeReply = replyBytes + `$${replyBytes}\r\n\r\n`.length;

let readBytes = 0;
let cutOff = 0;
let isEnding = false;

async function connected(): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  return socket;
}

class SlowReader {
  private socket: Socket | null = null;
  private unasked = 0;

  async begin(): Promise<void> {
    const socket = await connected();
    this.socket = socket;
    this.unasked = 0;
    socket.on('error', () => {});
    socket.on('close', () => this.again());
    socket.pause();
    socket.write(request.repeat(onTheWay));
  }

  /** Reads what is there at the moment, once, and asks for as much anew. */
  read(): void {
    const { socket } = this;
    const bytes = socket?.read() as Buffer | null | undefined;
    if (socket === null || bytes === null || bytes === undefined) return;
    readBytes += bytes.length;
    this.unasked += bytes.length;
    const count = Math.floor(this.unasked / wholeReply);
    if (count === 0) return;
    this.unasked -= count * wholeReply;
    socket.write(request.repeat(count));
  }

  private again(): void {
    this.socket = null;
    if (isEnding) return;
    cutOff++;
    setTimeout(() => void this.begin().catch(() => {}), TURN_MS);
  }
}

const idle: Socket[] = [];
for (let first = 0; first < idleCount; first += AT_ONCE) {
  const count = Math.min(AT_ONCE, idleCount - first);
  idle.push(...(await Promise.all(Array.from({ length: count }, connected))));
}
const readers = Array.from({ length: slowCount }, () => new SlowReader());
// A few at a time: what is measured is the crowd, not how it rushes in.
for (let first = 0; first < slowCount; first += READERS_AT_ONCE) {
  await Promise.all(readers.slice(first, first + READERS_AT_ONCE).map((reader) => reader.begin()));
  await new Promise((resolve) => setTimeout(resolve, TURN_MS));
}

let turn = 0;
setInterval(() => {
  for (let i = turn; i < readers.length; i += TURNS) readers[i]!.read();
  turn = (turn + 1) % TURNS;
}, TURN_MS);

process.on('message', () => {
  const report: CrowdReport = { readBytes, cutOff };
  process.send?.(report);
});
process.on('disconnect', () => {
  isEnding = true;
  process.exit(0);
});
process.send?.('started');
