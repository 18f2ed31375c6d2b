// Listens to a real server as a replica would: every effect that it tells its replicas, as arguments.

import type { Socket } from 'node:net';
import { connectTo, type ReferenceServer } from './reference.ts';

export class ReplicaTap {
  private readonly socket: Socket;
  private unread = '';
  private hasSnapshot = false;
  private told: string[][] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.unread += chunk.toString('latin1');
      this.read();
    });
  }

  /** The server must send its snapshot from a file (`repl-diskless-sync no`), whose length it tells. */
  static async open(server: ReferenceServer): Promise<ReplicaTap> {
    const tap = new ReplicaTap(await connectTo(server.port));
    tap.socket.write('SYNC\r\n');
    for (let waited = 0; !tap.hasSnapshot; waited += 5) {
      if (waited > 20_000) throw new Error(`no snapshot: ${JSON.stringify(tap.unread.slice(0, 200))}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return tap;
  }

  /** What has been told since the last look, without what replicas alone hear: PING, SELECT. */
  async look(server: ReferenceServer, marker: string): Promise<string[][]> {
    const client = await server.connect();
    await client.call(['PUBLISH', marker, '']);
    client.close();
    for (;;) {
      const end = this.told.findIndex((args) => args[0] === 'PUBLISH' && args[1] === marker);
      if (end >= 0) {
        const found = this.told.slice(0, end);
        this.told = this.told.slice(end + 1);
        return found.filter(([name]) => !/^(ping|select)$/i.test(name!));
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  close(): void {
    this.socket.destroy();
  }

  private read(): void {
    if (!this.hasSnapshot) {
      const header = /^\n*\$(\d+)\r\n/.exec(this.unread);
      if (header === null) return;
      const end = header[0].length + Number(header[1]);
      if (this.unread.length < end) return;
      this.unread = this.unread.slice(end);
      this.hasSnapshot = true;
    }
    for (let args = this.request(); args !== null; args = this.request()) this.told.push(args);
  }

  // The next request, if all of it is there.
  private request(): string[] | null {
    const count = /^\*(\d+)\r\n/.exec(this.unread);
    if (count === null) return null;
    let at = count[0].length;
    const args: string[] = [];
    for (let i = 0; i < Number(count[1]); i++) {
      const end = this.unread.indexOf('\r\n', at);
      if (end < 0) return null;
      const length = Number(this.unread.slice(at + 1, end));
      if (this.unread.length < end + 4 + length) return null;
      args.push(this.unread.slice(end + 2, end + 2 + length));
      at = end + 4 + length;
    }
    this.unread = this.unread.slice(at);
    return args;
  }
}
