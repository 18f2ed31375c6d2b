// The listening sockets: TCP on every address of `bind`, and the unix socket. An accepted peer becomes a connection,
// or is told why not (too many clients, protected mode) and let go.

import { createServer, type Server as NetServer, type Socket } from 'node:net';
import type { Config } from '../config/config.ts';
import type { ServerParts } from '../engine/server-parts.ts';
import { PERMISSION_DENIED_MAX_CLIENTS, PROTECTED_MODE_DENIED, type ReplyError } from '../resp/errors.ts';
import { Connection, type PeerAddress, receiveByEvents } from './connection.ts';
import type { Peers } from './peers.ts';
import { allocateReadBuffer, readingInto } from './shared-read.ts';

// A refusal is one line; a peer that does not take it at once goes without.
const OPTIONAL_BIND_ERRORS: ReadonlySet<string> = new Set([
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
  'ENOPROTOOPT',
  'EPROTONOSUPPORT',
  'ESOCKTNOSUPPORT',
]);

/** Why the server cannot listen. */
export class ListenError extends Error {}

export class Listener {
  private readonly server: ServerParts;
  private readonly peers: Peers;
  private readonly config: Config;
  private readonly readBuffer = allocateReadBuffer();
  private tcpServers: NetServer[] = [];
  private unixServer: NetServer | null = null;
  private tcpPort = 0;

  constructor(server: ServerParts, peers: Peers) {
    this.server = server;
    this.peers = peers;
    this.config = server.config;
  }

  /** The TCP port in use, 0 without one. */
  get port(): number {
    return this.tcpPort;
  }

  get isListening(): boolean {
    return this.tcpServers.length > 0 || this.unixServer !== null;
  }

  /** Listens on every address of `bind`. Port 0 lets the system choose one (the same for all addresses). Throws ListenError. */
  async listenTcp(port: number): Promise<void> {
    const servers: NetServer[] = [];
    let actual = port;
    try {
      for (const spec of this.config.values.bind) {
        const optional = spec.startsWith('-');
        const host = hostOf(optional ? spec.slice(1) : spec);
        const server = this.newServer();
        try {
          await listen(server, {
            host,
            port: actual,
            backlog: this.config.values['tcp-backlog'],
            ipv6Only: true,
          });
        } catch (error) {
          const { code, message } = error as NodeJS.ErrnoException;
          const reason = bindReason(code, message);
          this.server.log.warning(
            `Warning: Could not create server TCP listening socket ${spec.replace(/^-/, '')}:${actual}: ${reason}`,
          );
          if (optional && OPTIONAL_BIND_ERRORS.has(code ?? '')) continue;
          throw new ListenError(`Failed listening on port ${port} (tcp), aborting.`);
        }
        servers.push(server);
        const address = server.address();
        if (actual === 0 && address !== null && typeof address === 'object') actual = address.port;
      }
    } catch (error) {
      for (const server of servers) server.close();
      throw error;
    }
    if (servers.length === 0) throw new ListenError(`Failed listening on port ${port} (tcp), aborting.`);
    this.tcpServers = servers;
    this.tcpPort = actual;
  }

  /** Listens on the unix socket at `path`, replacing one that was left behind. Throws ListenError. */
  async listenUnix(path: string, permissions: number): Promise<void> {
    const { files } = this.server.runtime;
    files.rmSync(path, { force: true });
    const server = this.newServer();
    try {
      await listen(server, { path, backlog: this.config.values['tcp-backlog'] });
      if (permissions !== 0) files.chmodSync(path, permissions);
    } catch (error) {
      this.server.log.warning(`Failed opening Unix socket: bind: ${(error as Error).message}`);
      throw new ListenError('Failed opening Unix socket');
    }
    this.unixServer = server;
  }

  /** CONFIG SET port / bind: listens anew and only then lets go of the old sockets; on failure the old ones stay. */
  async relisten(port: number): Promise<void> {
    const old = this.tcpServers;
    this.tcpServers = [];
    try {
      if (port === 0) this.tcpPort = 0;
      else await this.listenTcp(port);
    } catch (error) {
      this.tcpServers = old;
      throw error;
    }
    for (const server of old) server.close();
  }

  /** Stops accepting. Connections that exist stay. */
  close(): void {
    for (const server of this.tcpServers) server.close();
    this.tcpServers = [];
    if (this.unixServer !== null) {
      this.unixServer.close();
      this.unixServer = null;
    }
  }

  private newServer(): NetServer {
    const server = createServer({ pauseOnConnect: true, noDelay: true });
    server.on('connection', (socket) => this.accept(socket));
    return server;
  }

  private accept(accepted: Socket): void {
    const peer = describePeer(accepted, this.config.values.unixsocket);
    const refusal = this.refusal(peer);
    if (refusal !== null) {
      this.server.stats.rejectedConnections++;
      accepted.on('error', () => {});
      accepted.end(`-${refusal.line}\r\n`, 'latin1', () => accepted.destroy());
      return;
    }
    const keepAliveSeconds = this.config.values['tcp-keepalive'];
    const shared = readingInto(this.readBuffer, accepted);
    const socket = shared?.socket ?? accepted;
    const connection = new Connection(socket, peer, true, this.peers);
    this.peers.joined(connection);
    if (!peer.isUnixSocket && keepAliveSeconds > 0) socket.setKeepAlive(true, keepAliveSeconds * 1000);
    if (shared !== null) shared.setReader(connection);
    else receiveByEvents(socket, connection);
    socket.resume();
  }

  private refusal(peer: PeerAddress): ReplyError | null {
    const { values } = this.config;
    if (this.peers.clients.size >= values.maxclients) return PERMISSION_DENIED_MAX_CLIENTS;
    const isOpen = values.requirepass === '';
    if (values['protected-mode'] && isOpen && !peer.isLocal) return PROTECTED_MODE_DENIED;
    return null;
  }
}

interface ListenOptions {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  readonly backlog: number;
  readonly ipv6Only?: boolean;
}

function listen(server: NetServer, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      // An accept that fails (too many open files) must not end the server.
      server.on('error', () => {});
      resolve();
    });
  });
}

function hostOf(spec: string): string {
  if (spec === '*') return '0.0.0.0';
  if (spec === '::*') return '::';
  return spec;
}

function bindReason(code: string | undefined, message: string): string {
  if (code === 'EADDRINUSE') return 'bind: Address already in use';
  if (code === 'EADDRNOTAVAIL') return 'bind: Cannot assign requested address';
  if (code === 'EACCES') return 'bind: Permission denied';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'Name or service not known';
  return message;
}

function describePeer(socket: Socket, unixPath: string): PeerAddress {
  const fd = (socket as unknown as { _handle?: { fd?: number } })._handle?.fd ?? -1;
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  if (remoteAddress === undefined || remotePort === undefined) {
    const path = `${unixPath}:0`;
    return { address: path, localAddress: path, fd, isUnixSocket: true, isLocal: true };
  }
  return {
    address: hostAndPort(remoteAddress, remotePort),
    localAddress: hostAndPort(localAddress ?? '', localPort ?? 0),
    fd,
    isUnixSocket: false,
    isLocal: remoteAddress === '::1' || remoteAddress.startsWith('127.'),
  };
}

function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
