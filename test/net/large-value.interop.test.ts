// The largest value that there can be, in and out of a server that is a process of its own. It takes some seconds and a
// few gigabytes, so it is no part of the quick suite.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { OurProcess } from '../support/our-process.ts';
import { connectTo } from '../support/reference.ts';

const LENGTH = 512 * 1024 * 1024;
const BLOCK = Buffer.alloc(1024 * 1024);
for (let i = 0; i < BLOCK.length; i++) BLOCK[i] = (i * 2654435761) >>> 24;

test('a value of 512 MB goes in and comes out as it is, and others are served meanwhile', async () => {
  const { server, socket } = await start();
  const other = await server.connect();
  const sent = createHash('sha256');
  await sendLarge(socket, '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n', async (i) => {
    sent.update(BLOCK);
    if (i % 64 === 0) expect(await other.value('PING')).toBe('PONG');
  });
  expect(await lineFrom(socket)).toBe('+OK\r\n');
  expect(await other.value('STRLEN', 'k')).toBe(LENGTH);

  const head = `$${LENGTH}\r\n`;
  const total = head.length + LENGTH + 2;
  const received = createHash('sha256');
  let at = 0;
  const whole = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      const from = Math.max(0, head.length - at);
      const to = Math.min(chunk.length, head.length + LENGTH - at);
      if (to > from) received.update(chunk.subarray(from, to));
      at += chunk.length;
      if (at === total) resolve();
    });
  });
  socket.write('*2\r\n$3\r\nGET\r\n$1\r\nk\r\n');
  await whole;
  expect(received.digest('hex')).toBe(sent.digest('hex'));
});

test('a value of one byte more is refused', async () => {
  const { socket } = await start();
  socket.write(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${LENGTH + 1}\r\n`);
  expect(await lineFrom(socket)).toBe('-ERR Protocol error: invalid bulk length\r\n');
});

// JavaScript has no string of 512 MB.
test.each([
  ['a name', '*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n', /^-ERR /],
  ['a subcommand', '*2\r\n$6\r\nCLIENT\r\n', /^-ERR unknown subcommand '/],
  ['an argument of an unknown command', '*2\r\n$6\r\nNOSUCH\r\n', /^-ERR unknown command 'NOSUCH'/],
  ['a command', '*1\r\n', /^-ERR unknown command '/],
])('%s of 512 MB is an error and no accident', async (_what, head, answer) => {
  const { server, socket } = await start();
  await sendLarge(socket, head);
  expect(await lineFrom(socket)).toMatch(answer);
  expect(await (await server.connect()).value('PING')).toBe('PONG');
});

async function start(): Promise<{ server: OurProcess; socket: Socket }> {
  const server = await OurProcess.start();
  onTestFinished(() => server.stop());
  const socket = await connectTo(server.port);
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  return { server, socket };
}

async function sendLarge(
  socket: Socket,
  head: string,
  afterBlock: (i: number) => Promise<void> = async () => {},
): Promise<void> {
  socket.write(`${head}$${LENGTH}\r\n`);
  for (let i = 0; i < LENGTH / BLOCK.length; i++) {
    if (!socket.write(BLOCK)) await once(socket, 'drain');
    await afterBlock(i);
  }
  socket.write('\r\n');
}

async function lineFrom(socket: Socket): Promise<string> {
  const [line] = (await once(socket, 'data')) as [Buffer];
  return line.toString('latin1');
}
