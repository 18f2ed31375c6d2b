// Where the server listens: TCP and TLS on every address of `bind`, and the unix socket. What becomes of those who come is
// in reception.ts.

import { createServer, type Server as NetServer, type Socket } from 'node:net';
import type { Config } from '../config/config.ts';
import { reasonOf } from '../config/file-text.ts';
import type { ListenerFacts, ServerParts } from '../engine/server-parts.ts';
import { ListeningPort } from './listening-port.ts';
import type { Peers } from './peers.ts';
import { Reception } from './reception.ts';
import { listenOnPath } from './sync-listen.ts';
import type { TlsContexts } from './tls-contexts.ts';

const CANNOT_LISTEN = 'Unable to listen on this port. Check server logs.';
const CANNOT_BIND = 'Failed to bind to specified addresses.';
const CANNOT_ENCRYPT = 'Unable to update TLS configuration. Check server logs.';

export class Listener {
  private readonly server: ServerParts;
  private readonly config: Config;
  private readonly contexts: TlsContexts;
  private readonly reception: Reception;
  private readonly tcp: ListeningPort;
  private readonly tls: ListeningPort;
  private unixServer: NetServer | null = null;
  // A kind that was listened on once is shown in INFO for good, as in Redis.
  private hasTcp = false;
  private hasTls = false;

  constructor(server: ServerParts, peers: Peers, contexts: TlsContexts) {
    this.server = server;
    this.config = server.config;
    this.contexts = contexts;
    this.reception = new Reception(server, peers, contexts);
    this.tcp = this.newPort((socket) => this.reception.take(socket));
    this.tls = this.newPort((socket) => this.reception.takeEncrypted(socket));
  }

  /** The TCP port in use, 0 without one. */
  get port(): number {
    return this.tcp.port;
  }

  /** The port for encrypted connections, 0 without one. */
  get tlsPort(): number {
    return this.tls.port;
  }

  /** What is listened on, in the order of INFO: TCP, unix socket, TLS. */
  get facts(): readonly (ListenerFacts | null)[] {
    const { unixsocket } = this.config.values;
    return [
      this.hasTcp ? { kind: 'tcp', addresses: this.tcp.addresses, port: this.tcp.port } : null,
      this.unixServer === null ? null : { kind: 'unix', addresses: [unixsocket], port: 0 },
      this.hasTls ? { kind: 'tls', addresses: this.tls.addresses, port: this.tls.port } : null,
    ];
  }

  /** How many sockets listen. */
  get socketCount(): number {
    return this.tcp.socketCount + this.tls.socketCount + (this.unixServer === null ? 0 : 1);
  }

  /**
   * Listens for TCP on every address of `bind`, in place of what was listened on before, to which it returns when this
   * fails. Port 0 lets the system choose one. Returns whether it worked; the log says why not, within the turn.
   */
  listenTcp(port: number): boolean {
    this.hasTcp = true;
    return this.tcp.listen(this.config.values.bind, port);
  }

  /** As `listenTcp`, for encrypted connections; the certificates must have been read. */
  listenTls(port: number): boolean {
    this.hasTls = true;
    return this.tls.listen(this.config.values.bind, port);
  }

  /** Listens on the unix socket at `path`, replacing one that was left behind. Returns whether it worked. */
  listenUnix(path: string, permissions: number): boolean {
    const { files } = this.server.runtime;
    files.rmSync(path, { force: true });
    const server = this.newServer(
      (socket) => this.reception.take(socket),
      (reason) => `Failed opening Unix socket: bind: ${reason}`,
    );
    if (!listenOnPath(server, path, this.config.values['tcp-backlog'])) return false;
    if (permissions !== 0) files.chmodSync(path, permissions);
    this.unixServer = server;
    return true;
  }

  /** Moves with CONFIG SET port; 0 ends it. Returns null or what is wrong. */
  moveTcp(port: number): string | null {
    if (port === 0) {
      this.tcp.close();
      return null;
    }
    return this.listenTcp(port) ? null : CANNOT_LISTEN;
  }

  /** Moves with CONFIG SET tls-port, for which the certificates are read when they have not been yet. */
  moveTls(port: number): string | null {
    if (!this.contexts.isReady && !this.contexts.configure()) return CANNOT_ENCRYPT;
    if (port === 0) {
      this.tls.close();
      return null;
    }
    return this.listenTls(port) ? null : CANNOT_LISTEN;
  }

  /** Moves with CONFIG SET bind. An embedded server may have no port on purpose: it has no addresses to change. */
  moveAll(): string | null {
    const { tcp, tls } = this;
    if (tcp.port !== 0 && !this.listenTcp(tcp.port)) return CANNOT_BIND;
    if (tls.port !== 0 && !this.listenTls(tls.port)) return CANNOT_BIND;
    return null;
  }

  /** A setting of TLS has changed: it counts for connections from here on. */
  reconfigureTls(): string | null {
    return this.contexts.isWanted && !this.contexts.configure() ? CANNOT_ENCRYPT : null;
  }

  /** Stops accepting. Connections that exist stay. */
  close(): void {
    this.tcp.close();
    this.tls.close();
    this.unixServer?.close();
    this.unixServer = null;
  }

  private newPort(accept: (socket: Socket) => void): ListeningPort {
    return new ListeningPort({
      log: this.server.log,
      backlog: () => this.config.values['tcp-backlog'],
      newServer: (explain) => this.newServer(accept, explain),
    });
  }

  // A failed accept (too many open files) is reported and outlived as well.
  private newServer(accept: (socket: Socket) => void, explain: (reason: string) => string): NetServer {
    const server = createServer({ pauseOnConnect: true, noDelay: true });
    server.on('connection', accept);
    server.on('error', (error: NodeJS.ErrnoException) => {
      const reason = reasonOf(error);
      this.server.log.warning(
        error.syscall === 'accept' ? `Accepting client connection: accept: ${reason}` : explain(reason),
      );
    });
    return server;
  }
}
