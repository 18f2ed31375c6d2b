// Requests over real sockets: cut anywhere, in very long pipelines, ended in the middle.

import { expect, test } from 'vitest';
import { encodeRequest } from '../support/resp.ts';
import { clientOf, pause, received, socketTo, startServer, until } from './sockets.ts';

const STORY = [
  'PING\r\n',
  'SET inline "a\\x00b c"\r\n',
  '*0\r\n',
  '\r\n',
  '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$13\r\nvalue\r\n\x00\xff*1\r\n\r\n',
  '*2\r\n$3\r\nGET\r\n$6\r\ninline\r\n',
  '*2\r\n$3\r\nGET\r\n$1\r\nk\r\n',
  '*2\r\n$4\r\nECHO\r\n$0\r\n\r\n',
  '*1\r\n$6\r\nNOSUCH\r\n',
  '*1\r\n$5\r\nMULTI\r\n*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n*1\r\n$4\r\nEXEC\r\n',
  '*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n',
  '*2\r\n$3\r\nGET\r\n$6\r\nnosuch\r\n',
].join('');

const REPLIES = new RegExp(
  [
    '^\\+PONG',
    '\\+OK',
    '\\+OK',
    '\\$5\r\na\x00b c',
    '\\$13\r\nvalue\r\n\x00\xff\\*1\r\n',
    '\\$0\r\n',
    "-ERR unknown command 'NOSUCH', with args beginning with: ",
    '\\+OK',
    '\\+QUEUED',
    '\\*1\r\n:1',
    '%7\r\n[^]*\\$7\r\nmodules\r\n\\*0',
    '_\r\n$',
  ].join('\r\n'),
);

test('requests cut at every byte', async () => {
  const server = await startServer();
  const bytes = Buffer.from(STORY, 'latin1');
  await Promise.all(
    Array.from({ length: bytes.length - 1 }, async (_, i) => {
      const socket = await socketTo(server);
      socket.setNoDelay(true);
      const reply = received(socket);
      socket.write(bytes.subarray(0, i + 1));
      await pause(5);
      socket.end(bytes.subarray(i + 1));
      // The counter is the same for all.
      expect((await reply).replace(/\*1\r\n:\d+/, '*1\r\n:1'), `cut behind byte ${i + 1}`).toMatch(REPLIES);
    }),
  );
});

test('requests byte by byte', async () => {
  const server = await startServer();
  const socket = await socketTo(server);
  socket.setNoDelay(true);
  const reply = received(socket);
  for (const byte of Buffer.from(STORY, 'latin1')) {
    socket.write(Uint8Array.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.end();
  expect(await reply).toMatch(REPLIES);
});

test('a pipeline of 100,000 requests is answered in order, and others are served meanwhile', async () => {
  const server = await startServer();
  const socket = await socketTo(server);
  const other = await clientOf(server);
  const COUNT = 100_000;
  const pipeline = Buffer.concat(Array.from({ length: COUNT }, () => encodeRequest(['INCR', 'n'])));
  const replies = Array.from({ length: COUNT }, (_, i) => `:${i + 1}\r\n`).join('');
  const reply = received(socket, replies.length);
  socket.write(pipeline);
  let served = 0;
  let isDone = false;
  const others = (async () => {
    while (!isDone) {
      expect(await other.value('PING')).toBe('PONG');
      served++;
    }
  })();
  expect((await reply) === replies).toBe(true);
  isDone = true;
  await others;
  expect(served).toBeGreaterThan(10);
});

test('a pipeline whose replies nobody reads at first', async () => {
  const server = await startServer();
  const socket = await socketTo(server);
  socket.pause();
  const COUNT = 100_000;
  const request = encodeRequest(['ECHO', 'x'.repeat(60)]);
  for (let i = 0; i < COUNT / 1000; i++) socket.write(Buffer.concat(Array(1000).fill(request)));
  const other = await clientOf(server);
  await until('all requests have run', async () => {
    const stats = (await other.value('INFO', 'commandstats')) as string;
    return stats.includes(`cmdstat_echo:calls=${COUNT},`);
  });
  const expected = `$60\r\n${'x'.repeat(60)}\r\n`.repeat(COUNT);
  const reply = received(socket, expected.length);
  socket.resume();
  expect((await reply) === expected).toBe(true);
});

test('values of many sizes go in and come out as they are', async () => {
  const server = await startServer();
  const client = await clientOf(server);
  // Around the sizes of buffers and chunks.
  const lengths = [
    0, 1, 16_383, 16_384, 32_767, 32_768, 32_769, 65_500, 65_536, 131_072, 1_048_577, 5_000_000,
  ];
  for (const length of lengths) {
    const value = Buffer.alloc(length, 'abcdefghijklmnopq\r\n\x00\xff').toString('latin1');
    expect(await client.value('SET', 'k', value), String(length)).toBe('OK');
    expect((await client.value('GET', 'k')) === value, String(length)).toBe(true);
  }
});

test('what came before the end of the input is answered', async () => {
  const server = await startServer();
  const socket = await socketTo(server);
  const reply = received(socket);
  socket.end('*2\r\n$3\r\nGET\r\n$1\r\nk\r\nPING\r\n*1\r\n$4\r\nPI');
  expect(await reply).toBe('$-1\r\n+PONG\r\n');
});

test('so is it for a client within the process', async () => {
  const server = await startServer();
  const { stream } = server.connect();
  let reply = '';
  stream.on('data', (chunk: Buffer) => (reply += chunk.toString('latin1')));
  stream.end('PING\r\nSET k v\r\n*1\r\n$4\r\nPI');
  await until('the connection is closed', () => stream.closed);
  expect(reply).toBe('+PONG\r\n+OK\r\n');
});

test('peers that break off do no harm', async () => {
  const server = await startServer();
  const client = await clientOf(server);
  await client.call(['SET', 'k', 'x'.repeat(1_000_000)]);
  for (let i = 0; i < 30; i++) {
    const socket = await socketTo(server);
    const requests = [...Array(20).fill(['GET', 'k']), ['WATCH', 'k'], ['MULTI'], ['SET', 'k', 'y']];
    socket.write(Buffer.concat(requests.map(encodeRequest)));
    socket.write('*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1000\r\nabc');
    await pause(i % 5);
    socket.resetAndDestroy();
  }
  await until('they are forgotten', async () => {
    const list = (await client.value('CLIENT', 'LIST')) as string;
    return list.split('\n').length === 2;
  });
  expect(await client.value('STRLEN', 'k')).toBe(1_000_000);
});
