// The listening sockets: TCP on every address of `bind`, and the unix socket. An accepted peer becomes a connection,
// or is told why not (too many clients, protected mode) and let go.

import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net';
import type { Config } from '../config/config.ts';
import { reasonOf } from '../config/file-text.ts';
import type { ServerParts } from '../engine/server-parts.ts';
import { PERMISSION_DENIED_MAX_CLIENTS, PROTECTED_MODE_DENIED, type ReplyError } from '../resp/errors.ts';
import { Connection, type PeerAddress, receiveByEvents } from './connection.ts';
import type { Peers } from './peers.ts';
import { allocateReadBuffer, readingInto } from './shared-read.ts';
import { listenOnAddress, listenOnPath } from './sync-listen.ts';

// An address that is optional (`-addr`) may be missing for these reasons; that its port is taken is none of them.
const ABSENT_ADDRESS: ReadonlySet<string> = new Set([
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
  'ENOPROTOOPT',
  'EPROTONOSUPPORT',
  'ESOCKTNOSUPPORT',
]);

export class Listener {
  private readonly server: ServerParts;
  private readonly peers: Peers;
  private readonly config: Config;
  private readonly readBuffer = allocateReadBuffer();
  private tcpServers: NetServer[] = [];
  private unixServer: NetServer | null = null;
  private tcpPort = 0;
  private tcpAddresses: readonly string[] = [];

  constructor(server: ServerParts, peers: Peers) {
    this.server = server;
    this.peers = peers;
    this.config = server.config;
  }

  /** The TCP port in use, 0 without one. */
  get port(): number {
    return this.tcpPort;
  }

  /**
   * Listens on every address of `bind`, in place of what was listened on before, to which it returns when this fails.
   * Port 0 lets the system choose one, the same for all addresses. Returns whether it worked; the log says why not.
   */
  listenTcp(port: number): boolean {
    const { tcpPort, tcpAddresses } = this;
    // The old sockets go first: they may have an address in common with the new ones.
    this.closeTcp();
    if (this.bindTcp(this.config.values.bind, port)) return true;
    if (tcpPort !== 0) this.bindTcp(tcpAddresses, tcpPort);
    return false;
  }

  private bindTcp(addresses: readonly string[], port: number): boolean {
    const servers: NetServer[] = [];
    let actual = port;
    for (const spec of addresses) {
      const server = this.listenOn(spec, actual);
      if (server !== null) {
        servers.push(server);
        actual = (server.address() as AddressInfo).port;
      } else if (!spec.startsWith('-')) {
        for (const bound of servers) bound.close();
        return false;
      }
    }
    // No address at all is a wish too: the port is kept for when there are some again.
    if (servers.length === 0 && addresses.length > 0) return false;
    this.tcpServers = servers;
    this.tcpAddresses = addresses;
    this.tcpPort = actual;
    return true;
  }

  /** Stops listening on TCP. */
  closeTcp(): void {
    for (const server of this.tcpServers) server.close();
    this.tcpServers = [];
    this.tcpPort = 0;
  }

  /** Listens on the unix socket at `path`, replacing one that was left behind. Returns whether it worked. */
  listenUnix(path: string, permissions: number): boolean {
    const { files } = this.server.runtime;
    files.rmSync(path, { force: true });
    const server = this.newServer((reason) => `Failed opening Unix socket: bind: ${reason}`);
    if (!listenOnPath(server, path, this.config.values['tcp-backlog'])) return false;
    if (permissions !== 0) files.chmodSync(path, permissions);
    this.unixServer = server;
    return true;
  }

  /** Stops accepting. Connections that exist stay. */
  close(): void {
    this.closeTcp();
    this.unixServer?.close();
    this.unixServer = null;
  }

  private listenOn(spec: string, port: number): NetServer | null {
    const optional = spec.startsWith('-');
    const name = optional ? spec.slice(1) : spec;
    const server = this.newServer((reason, code) =>
      optional && ABSENT_ADDRESS.has(code)
        ? null
        : `Warning: Could not create server TCP listening socket ${name}:${port}: bind: ${reason}`,
    );
    return listenOnAddress(server, addressOf(name), port, this.config.values['tcp-backlog']) ? server : null;
  }

  // A failed accept (too many open files) is reported and outlived as well.
  private newServer(explain: (reason: string, code: string) => string | null): NetServer {
    const server = createServer({ pauseOnConnect: true, noDelay: true });
    server.on('connection', (socket) => this.accept(socket));
    server.on('error', (error: NodeJS.ErrnoException) => {
      const line = explain(reasonOf(error), error.code ?? '');
      if (line !== null) this.server.log.warning(line);
    });
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
    const shared = readingInto(this.readBuffer, accepted, this.server.runtime.timers);
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

function addressOf(name: string): string {
  if (name === '*') return '0.0.0.0';
  if (name === '::*') return '::';
  return name === 'localhost' ? '127.0.0.1' : name;
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
