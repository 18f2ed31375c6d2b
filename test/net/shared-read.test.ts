// All sockets are read into one buffer: a request that arrives in pieces must not be changed by what others send
// between them, wherever it was cut.

import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SeededRandom } from '../../src/index.ts';
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

it('large arguments arrive whole, with what stands behind them, however they are cut', async () => {
  const one = await client();
  const size = fc.oneof(fc.integer({ min: 32_700, max: 98_400 }), fc.integer({ min: 1, max: 6_000_000 }));
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.array(size, { minLength: 1, maxLength: 3 }), cuts, async (sizes, cuts) => {
      const values = sizes.map((size, i) => randomBytes(size, i));
      const requests = values.flatMap((value, i) => [
        encodeRequest(['SET', `key${i}`, value]),
        encodeRequest(['STRLEN', `key${i}`]),
      ]);
      const all = Buffer.concat(requests);
      const places = [0, ...cuts.map((share) => Math.floor(share * all.length)), all.length].sort(
        (a, b) => a - b,
      );
      for (let i = 1; i < places.length; i++) {
        one.write(all.subarray(places[i - 1], places[i]));
        await new Promise((resolve) => setImmediate(resolve));
      }
      for (const { length } of values) {
        expect((await one.reply()).raw).toBe('+OK\r\n');
        expect((await one.reply()).raw).toBe(`:${length}\r\n`);
      }
      for (let i = 0; i < values.length; i++) {
        const read = Buffer.from(String(await one.value('GET', `key${i}`)), 'latin1');
        expect(read.equals(Buffer.from(values[i]!, 'latin1'))).toBe(true);
      }
    }),
    { numRuns: 25, seed: 20_262 },
  );
});

it('a large argument that lacks its end stands in the query buffer', async () => {
  const one = await client();
  const other = await client();
  await one.call(['CLIENT', 'SETNAME', 'large']);
  const bytes = 3 * 1024 * 1024;
  one.write(Buffer.concat([Buffer.from(`*2\r\n$${bytes}\r\n`), Buffer.alloc(bytes, 'v')]));
  await expect
    .poll(async () => {
      const list = String(await other.value('CLIENT', 'LIST'));
      return Number(/name=large .* qbuf=(\d+)/.exec(list)![1]);
    })
    .toBe(bytes);
});

it('the limit of the query buffer holds for what is read at once, too', async () => {
  const one = await client();
  await one.call(['CONFIG', 'SET', 'client-query-buffer-limit', '1mb']);
  one.write(Buffer.concat([Buffer.from('*2\r\n$4000000\r\n'), Buffer.alloc(3_000_000, 'v')]));
  await one.whenClosed();
  const two = await client();
  await two.call(['CONFIG', 'SET', 'client-query-buffer-limit', '1gb']);
});

/** A latin1 string that is the same for the same size and seed. */
function randomBytes(size: number, seed: number): string {
  const random = new SeededRandom(Buffer.from(`${size} ${seed}`));
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i += 97) bytes[i] = random.below(256);
  return bytes.toString('latin1');
}
