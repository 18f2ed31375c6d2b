// Two servers of ours, or one of ours and a program of the test's, that speak with each other over real sockets, while the
// clocks of ours are in the test's hand.

import { type AddressInfo, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { TestClient } from './test-client.ts';
import { TestServer, type TestServerOptions } from './test-server.ts';

const PATIENCE_MS = 10_000;

/** A server that listens, and ends with the test. */
export async function listening(
  options: TestServerOptions = {},
): Promise<{ server: TestServer; client: TestClient }> {
  const server = await TestServer.start({
    port: 0,
    ...options,
    config: { 'enable-debug-command': 'yes', save: '', 'repl-diskless-sync-delay': 0, ...options.config },
  });
  onTestFinished(() => server.close());
  return { server, client: server.connect() };
}

/** Waits until something is true, moving the clocks of these servers now and then. */
export async function until(
  what: string,
  isTrue: () => Promise<boolean> | boolean,
  ...servers: readonly TestServer[]
): Promise<void> {
  const giveUpMs = performance.now() + PATIENCE_MS;
  while (!(await isTrue())) {
    if (performance.now() > giveUpMs) {
      const logs = servers.map(({ logLines }) => logLines.slice(-15).join('')).join('---\n');
      throw new Error(`it did not happen: ${what}\n${logs}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
    for (const server of servers) await server.advance(100);
  }
}

/** A field of INFO, '' without it. */
export async function infoOf(client: TestClient, field: string): Promise<string> {
  const text = String(await client.value('INFO', 'everything'));
  return new RegExp(`^${field}:(.*)\r$`, 'm').exec(text)?.[1] ?? '';
}

/** The log's lines without what stands in front of the words. */
export function wordsOf({ logLines }: TestServer): string[] {
  return logLines.map((line) => line.replace(/^\d+:[A-Z] .*? [#*.-] /, '').trimEnd());
}

/** The other end of a link, played by the test. */
export class Stranger {
  /** What it was sent on the last connection, latin1. */
  received = '';
  /** Everything that was received, connection by connection. */
  readonly connections: string[] = [];
  socket: Socket | null = null;
  readonly port: number;

  private constructor(port: number) {
    this.port = port;
  }

  /** Listens; each connection is given to `play`, if any. */
  static async listen(play: (stranger: Stranger) => void = () => {}): Promise<Stranger> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const stranger = new Stranger((server.address() as AddressInfo).port);
    server.on('connection', (socket) => {
      stranger.socket = socket;
      stranger.received = '';
      stranger.connections.push('');
      socket.on('error', () => {});
      socket.on('data', (bytes) => {
        stranger.received += bytes.toString('latin1');
        stranger.connections[stranger.connections.length - 1] = stranger.received;
        play(stranger);
      });
    });
    onTestFinished(() => {
      stranger.socket?.destroy();
      server.close();
    });
    return stranger;
  }

  send(text: string | Uint8Array): void {
    this.socket?.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
  }

  /** The requests of the last connection so far, as words. */
  get requests(): string[] {
    return this.received
      .split(/\*\d+\r\n/)
      .slice(1)
      .map((request) =>
        request
          .split('\r\n')
          .filter((_, i) => i % 2 === 1)
          .join(' '),
      );
  }
}
