// The largest value that there can be, in and out of a server that is a process of its own. It takes some seconds and a
// few gigabytes, so it is no part of the quick suite.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { OurProcess } from '../support/our-process.ts';
import { connectTo } from '../support/reference.ts';

const LENGTH = 512 * 1024 * 1024;
const BLOCK = Buffer.alloc(1024 * 1024);
for (let i = 0; i < BLOCK.length; i++) BLOCK[i] = (i * 2654435761) >>> 24;

test('a value of 512 MB goes in and comes out as it is, and others are served meanwhile', async () => {
  const server = await OurProcess.start();
  onTestFinished(() => server.stop());
  const other = await server.connect();
  const socket = await connectTo(server.port);
  onTestFinished(() => void socket.destroy());

  const sent = createHash('sha256');
  socket.write(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${LENGTH}\r\n`);
  for (let i = 0; i < LENGTH / BLOCK.length; i++) {
    sent.update(BLOCK);
    if (!socket.write(BLOCK)) await once(socket, 'drain');
    if (i % 64 === 0) expect(await other.value('PING')).toBe('PONG');
  }
  socket.write('\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toBe('+OK\r\n');
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

  // One byte more is refused.
  const refused = await connectTo(server.port);
  onTestFinished(() => void refused.destroy());
  refused.write(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${LENGTH + 1}\r\n`);
  const [error] = (await once(refused, 'data')) as [Buffer];
  expect(error.toString()).toBe('-ERR Protocol error: invalid bulk length\r\n');
});
