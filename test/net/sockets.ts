// What the socket tests have in common: a server with a port in this process, and clients whose reading can be stopped.

import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { connectTo } from '../support/reference.ts';
import { TestClient } from '../support/test-client.ts';
import { TestServer, type TestServerOptions } from '../support/test-server.ts';

const WAIT_MS = 10_000;

/** A server with a port, by a clock that the test moves; it ends with the test. */
export async function startServer(
  config: Readonly<Record<string, string | number>> = {},
  options: Omit<TestServerOptions, 'config'> = {},
): Promise<TestServer> {
  const server = await TestServer.start({ port: 0, config, ...options });
  onTestFinished(() => server.close());
  return server;
}

/** A socket to a server's port, closed with the test. */
export async function socketTo(server: TestServer): Promise<Socket> {
  const socket = await connectTo(server.port);
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** A client over TCP. */
export async function clientOf(server: TestServer): Promise<TestClient> {
  return new TestClient(await socketTo(server));
}

/** A client to an address or path. Rejects when nobody listens there. */
export function clientAt(
  options: { readonly host: string; readonly port: number } | { readonly path: string },
): Promise<TestClient> {
  return new Promise((resolve, reject) => {
    const socket = connect(options);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      onTestFinished(() => void socket.destroy());
      resolve(new TestClient(socket));
    });
  });
}

/** Waits until `isTrue`, and says what for when it does not come. */
export async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpMs = performance.now() + WAIT_MS;
  while (!(await isTrue())) {
    if (performance.now() > giveUpMs) throw new Error(`it did not happen: ${what}`);
    await pause(2);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** All that arrives at a socket until the server closes it, or `bytes` have arrived. */
export function received(socket: Socket, bytes = Number.POSITIVE_INFINITY): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const done = () => {
      clearTimeout(timer);
      socket.off('data', take);
      resolve(text);
    };
    const take = (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (text.length >= bytes) done();
    };
    const timer = setTimeout(
      () => reject(new Error(`only received ${JSON.stringify(text.slice(0, 1000))}`)),
      WAIT_MS,
    );
    socket.on('data', take);
    socket.once('close', done);
  });
}

/** A field of INFO as a number. */
export async function infoField(client: TestClient, name: string): Promise<number> {
  const text = (await client.value('INFO', 'everything')) as string;
  const match = new RegExp(`^${name}:(\\S*)\\r$`, 'm').exec(text);
  if (match === null) throw new Error(`INFO has no ${name}`);
  return Number(match[1]);
}

/** A field of a client's line in CLIENT LIST. */
export async function clientField(client: TestClient, id: string, name: string): Promise<string> {
  const line = (await client.value('CLIENT', 'LIST', 'ID', id)) as string;
  const match = new RegExp(`(?:^| )${name}=(\\S*)`).exec(line);
  if (match === null) throw new Error(`no ${name} in ${line}`);
  return match[1]!;
}
