// What becomes of an accepted socket: a connection, at once or when its handshake is done; or the peer is told why not
// (too many clients, protected mode) and let go.

import type { Socket } from 'node:net';
import type { Config } from '../config/config.ts';
import type { ServerParts } from '../engine/server-parts.ts';
import { PERMISSION_DENIED_MAX_CLIENTS, PROTECTED_MODE_DENIED } from '../resp/errors.ts';
import { Connection, type PeerAddress, receiveByEvents } from './connection.ts';
import type { Peers } from './peers.ts';
import { encrypt } from './secure-socket.ts';
import { allocateReadBuffer, readingInto } from './shared-read.ts';
import type { TlsContexts } from './tls-contexts.ts';
import { TlsSessions } from './tls-sessions.ts';

// What OpenSSL calls a peer that leaves in the middle of a handshake.
const LEFT = 'error:0A000126:SSL routines::unexpected eof while reading';

export class Reception {
  private readonly server: ServerParts;
  private readonly peers: Peers;
  private readonly config: Config;
  private readonly contexts: TlsContexts;
  private readonly readBuffer = allocateReadBuffer();
  private tlsSessions: TlsSessions | null = null;

  constructor(server: ServerParts, peers: Peers, contexts: TlsContexts) {
    this.server = server;
    this.peers = peers;
    this.config = server.config;
    this.contexts = contexts;
  }

  /** Takes a socket that speaks in the clear. */
  take(accepted: Socket): void {
    const { log, stats, runtime } = this.server;
    const peer = describePeer(accepted, this.config.values.unixsocket);
    if (log.logs('verbose')) {
      log.verbose(
        peer.isUnixSocket
          ? `Accepted connection to ${this.config.values.unixsocket}`
          : `Accepted ${accepted.remoteAddress}:${accepted.remotePort}`,
      );
    }
    const refusal = this.hasTooMany
      ? PERMISSION_DENIED_MAX_CLIENTS
      : this.isStranger(peer)
        ? PROTECTED_MODE_DENIED
        : null;
    if (refusal !== null) {
      stats.rejectedConnections++;
      accepted.on('error', () => {});
      accepted.end(`-${refusal.line}\r\n`, 'latin1', () => accepted.destroy());
      return;
    }
    this.keepAlive(accepted, peer);
    const shared = readingInto(this.readBuffer, accepted, runtime);
    const socket = shared?.socket ?? accepted;
    const connection = new Connection(socket, peer, 'kernel', this.peers);
    this.peers.joined(connection);
    stats.connectionsReceived++;
    if (shared !== null) shared.setReader(connection);
    else receiveByEvents(socket, connection);
    socket.resume();
  }

  /** Takes a socket that begins with a TLS handshake. It counts as a client from now on. */
  takeEncrypted(accepted: Socket): void {
    const { log, stats } = this.server;
    const { values } = this.config;
    const peer = describePeer(accepted, '');
    if (log.logs('verbose')) log.verbose(`Accepted ${accepted.remoteAddress}:${accepted.remotePort}`);
    if (this.hasTooMany) {
      // Nothing can be said before the handshake.
      stats.rejectedConnections++;
      accepted.destroy();
      return;
    }
    this.keepAlive(accepted, peer);
    const options = {
      context: this.contexts.forServer,
      clientCertificates: values['tls-auth-clients'],
      sessions: values['tls-session-caching'] ? this.sessions.server : null,
    };
    const { socket, setReader } = encrypt(accepted, this.readBuffer, options, {
      established: () => {
        if (this.isStranger(peer)) {
          stats.rejectedConnections++;
          connection.send(Buffer.from(`-${PROTECTED_MODE_DENIED.line}\r\n`, 'latin1'));
          connection.closeAfterReplies();
        } else {
          stats.connectionsReceived++;
        }
      },
      failed: (reason) => {
        // Whoever was closed on our side has not failed.
        if (connection.client.closing) return;
        log.warning(
          `Error accepting a client connection: ${reason === '' ? LEFT : reason} (addr=${peer.address} laddr=${peer.localAddress})`,
        );
        connection.close();
      },
    });
    const connection = new Connection(socket, peer, 'cipher', this.peers);
    this.peers.joined(connection);
    setReader(connection);
    socket.resume();
  }

  /** The sessions of TLS, by the present limits. */
  private get sessions(): TlsSessions {
    const { values } = this.config;
    this.tlsSessions ??= new TlsSessions(this.server.runtime.clock);
    this.tlsSessions.use(
      this.contexts.forServer,
      values['tls-session-cache-size'],
      values['tls-session-cache-timeout'],
    );
    return this.tlsSessions;
  }

  private get hasTooMany(): boolean {
    return this.peers.clients.size >= this.config.values.maxclients;
  }

  private isStranger(peer: PeerAddress): boolean {
    return this.config.values['protected-mode'] && this.server.acl.isOpen && !peer.isLocal;
  }

  private keepAlive(socket: Socket, peer: PeerAddress): void {
    const seconds = this.config.values['tcp-keepalive'];
    if (!peer.isUnixSocket && seconds > 0) socket.setKeepAlive(true, seconds * 1000);
  }
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
