// Sends an input to a server over a socket and says what came back. Nothing is timed: a second connection is served in
// the same order, so when it has been answered the first has been read.

import type { Socket } from 'node:net';
import { connectTo } from '../support/reference.ts';
import { TestClient } from '../support/test-client.ts';

// Redis reads a connection in pieces of this size, one in each turn of its event loop.
const BYTES_PER_TURN = 16 * 1024;
// A closed connection is heard of later than the replies before it.
const MORE_ROUNDS = 30;

export interface Outcome {
  /** All bytes of the reply, latin1. */
  readonly output: string;
  readonly closed: boolean;
}

/** Whether two servers agree, or only our lack of a command keeps them from it. */
export function agree(ours: Outcome, theirs: Outcome): boolean {
  if (ours.output === theirs.output && ours.closed === theirs.closed) return true;
  const unknown = /-ERR unknown command [^\r]*\r\n/g;
  return (ours.output.match(unknown)?.length ?? 0) > (theirs.output.match(unknown)?.length ?? 0);
}

/** An outcome in a line that is not too long. */
export function showOutcome({ output, closed }: Outcome): string {
  const shown = JSON.stringify(output.length > 300 ? `${output.slice(0, 300)}…` : output);
  return `${shown}${closed ? ', closed' : ''}`;
}

/** A server under test, by its port. Empties it between inputs through a connection of its own. */
export class Probe {
  private readonly port: number;
  private readonly control: TestClient;

  private constructor(port: number, control: TestClient) {
    this.port = port;
    this.control = control;
  }

  /** With the password of a server that has one: the connections that are probed never say it. */
  static async open(port: number, password = ''): Promise<Probe> {
    const control = new TestClient(await connectTo(port));
    if (password !== '') await control.call(['AUTH', password]);
    return new Probe(port, control);
  }

  close(): void {
    this.control.close();
  }

  /** What a new connection is answered. Given what is `expected`, waits a while for it before saying otherwise. */
  async outcome(input: string, cuts: readonly number[], expected: Outcome | null = null): Promise<Outcome> {
    await this.control.call('FLUSHALL');
    const socket = await connectTo(this.port);
    let output = '';
    let closed = false;
    socket.on('data', (chunk: Buffer) => (output += chunk.toString('latin1')));
    socket.on('error', () => (closed = true));
    socket.on('end', () => (closed = true));
    socket.on('close', () => (closed = true));
    try {
      let from = 0;
      for (const to of cuts) {
        if (closed) break;
        await written(socket, Buffer.from(input.slice(from, to), 'latin1'));
        if (cuts.length > 1) await this.round();
        from = to;
      }
      for (let i = 2 + input.length / BYTES_PER_TURN; i > 0; i--) await this.round();
      for (let i = 0; i < MORE_ROUNDS; i++) {
        if (expected === null ? i >= 2 : output === expected.output && closed === expected.closed) break;
        await this.round();
        await new Promise((resolve) => setTimeout(resolve, i < 10 ? 0 : 5));
      }
    } finally {
      socket.destroy();
    }
    return { output, closed };
  }

  private async round(): Promise<void> {
    await this.control.call('PING');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function written(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => socket.write(bytes, () => resolve()));
}
