// A stretch of network between two programs, which a test can cut, silence or slow down: what a partition, a peer that is
// half open and a long way do to a link.

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

export class FaultyLink {
  /** Connect here to get through. */
  readonly port: number;
  /** How long bytes take, each way. */
  delayMs = 0;
  /** How many connections were made. */
  connections = 0;

  private readonly server: Server;
  private readonly pairs = new Set<Pair>();
  private isSilent = false;
  private refuses = false;

  private constructor(server: Server) {
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  /** Leads to `port` of this machine. */
  static async to(port: number): Promise<FaultyLink> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const link = new FaultyLink(server);
    server.on('connection', (near) => link.accept(near, port));
    return link;
  }

  /** Ends all connections, as a peer that resets them. */
  cut(): void {
    for (const { near, far } of this.pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
    this.pairs.clear();
  }

  /** Nothing gets through any more, and nobody is told; connections can still be made, and hear nothing. */
  silence(): void {
    this.isSilent = true;
    for (const { near, far } of this.pairs) {
      near.pause();
      far.pause();
    }
  }

  /** The end of the silence: what was silent is lost. */
  speak(): void {
    this.isSilent = false;
    this.cut();
  }

  /** From here on no connection can be made; those that there are stay. */
  refuse(): void {
    this.refuses = true;
  }

  accept(near: Socket, port: number): void {
    this.connections++;
    near.on('error', () => {});
    if (this.refuses) {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ host: '127.0.0.1', port, noDelay: true });
    const pair = { near, far };
    this.pairs.add(pair);
    far.on('error', () => {});
    this.pass(near, far);
    this.pass(far, near);
    for (const socket of [near, far]) {
      socket.on('close', () => {
        this.pairs.delete(pair);
        if (this.isSilent) return;
        near.destroy();
        far.destroy();
      });
    }
    if (this.isSilent) near.pause();
  }

  close(): void {
    this.isSilent = false;
    this.cut();
    this.server.close();
  }

  private pass(from: Socket, to: Socket): void {
    from.on('data', (bytes) => {
      if (this.delayMs === 0) {
        if (!to.write(bytes)) {
          from.pause();
          to.once('drain', () => {
            if (!this.isSilent) from.resume();
          });
        }
        return;
      }
      setTimeout(() => to.write(bytes), this.delayMs);
    });
    from.on('end', () => {
      if (!this.isSilent) to.end();
    });
  }
}
