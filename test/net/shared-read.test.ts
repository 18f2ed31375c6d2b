// All sockets are read into one buffer: a request that arrives in pieces must not be changed by what others send
// between them, wherever it was cut.

import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeRequest } from '../support/resp.ts';
import { TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';

let server: TestServer;
const sockets: Socket[] = [];

async function client(): Promise<TestClient> {
  const socket = connect(server.port, '127.0.0.1');
  socket.setNoDelay(true);
  await new Promise((resolve) => socket.once('connect', resolve));
  sockets.push(socket);
  return new TestClient(socket);
}

beforeAll(async () => {
  server = await TestServer.start({ port: 0, realTime: true });
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await server.close();
});

it('a request in two pieces survives the requests of another client', async () => {
  const first = await client();
  const second = await client();
  const noise = ['PING', 'y'.repeat(300)];
  const request = encodeRequest(['SET', 'key', 'value']);
  for (let cut = 1; cut < request.length; cut++) {
    first.write(request.subarray(0, cut));
    // The two connections are served in any order: the second round comes after the first piece for certain.
    await second.call(noise);
    await new Promise((resolve) => setTimeout(resolve, 2));
    await second.call(noise);
    first.write(request.subarray(cut));
    const { raw } = await first.reply();
    expect(raw, `cut after ${cut} bytes`).toBe('+OK\r\n');
  }
});
