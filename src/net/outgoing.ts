// TCP connections that the server opens itself, behind the engine's `PeerDoor`; encrypted where the configuration says so.

import { connect, isIP, type Socket, type TcpNetConnectOpts } from 'node:net';
import { type ConnectionOptions, connect as connectEncrypted } from 'node:tls';
import type { Config } from '../config/config.ts';
import type { OutgoingConnection, OutgoingOwner, OutgoingUse, PeerDoor } from '../engine/peer-door.ts';
import { lookUpHost } from './host-lookup.ts';
import { opensslText } from './secure-socket.ts';
import type { TlsContexts } from './tls-contexts.ts';

const MAX_PORT = 65535;

type Source = { readonly localAddress?: string };
type Dial = (source: Source) => Socket;

export class TcpDoor implements PeerDoor {
  private readonly config: Config;
  private readonly contexts: TlsContexts;

  constructor(config: Config, contexts: TlsContexts) {
    this.config = config;
    this.contexts = contexts;
  }

  open(host: string, port: number, owner: OutgoingOwner, use: OutgoingUse): OutgoingConnection {
    const { values } = this.config;
    const options: TcpNetConnectOpts = {
      host,
      // Node throws for a port that cannot be; 0 is one on which nobody listens.
      port: port > 0 && port <= MAX_PORT ? port : 0,
      noDelay: true,
    };
    const isReplication = use === 'replication';
    const encrypts = values[isReplication ? 'tls-replication' : 'tls-cluster'];
    const dial = encrypts ? this.encrypted(options) : (source: Source) => connect({ ...options, ...source });
    const source = isReplication ? sourceOf(values['bind-source-addr']) : {};
    return new Outgoing(dial, source, owner, encrypts ? 'secureConnect' : 'connect');
  }

  private encrypted(options: TcpNetConnectOpts): Dial {
    const { host } = options;
    const secure: ConnectionOptions = {
      secureContext: this.contexts.forClient,
      // As Redis: whoever has a certificate of our authorities is believed, by whatever name.
      checkServerIdentity: () => undefined,
      ...(host === undefined || isIP(host) !== 0 ? {} : { servername: host }),
    };
    return (source) => connectEncrypted({ ...options, ...secure, ...source });
  }
}

// From where a connection is made; empty: the system chooses.
function sourceOf(name: string): Source {
  if (name === '') return {};
  if (isIP(name) !== 0) return { localAddress: name };
  const found = lookUpHost(name);
  return 'address' in found ? { localAddress: found.address } : {};
}

class Outgoing implements OutgoingConnection {
  address = '';
  localAddress = '';
  fd = -1;

  private readonly dial: Dial;
  private readonly owner: OutgoingOwner;
  private readonly openedEvent: 'connect' | 'secureConnect';
  private socket: Socket;
  private isOver = false;

  constructor(dial: Dial, source: Source, owner: OutgoingOwner, openedEvent: 'connect' | 'secureConnect') {
    this.dial = dial;
    this.owner = owner;
    this.openedEvent = openedEvent;
    this.socket = this.begin(source);
  }

  send(bytes: Uint8Array, taken: () => void): void {
    this.socket.write(bytes, (error) => {
      if (error === undefined || error === null) taken();
    });
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  close(): void {
    this.isOver = true;
    this.socket.destroy();
  }

  private begin(source: Source): Socket {
    const { owner } = this;
    const socket = this.dial(source);
    const end = (reason: string) => {
      if (socket === this.socket) this.end(reason);
    };
    socket.on(this.openedEvent, () => {
      this.noteAddresses();
      owner.opened();
    });
    socket.on('data', (bytes) => owner.received(bytes));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // A source that cannot be had is done without, as by Redis.
      if (error.syscall === 'bind' && !this.isOver) this.socket = this.begin({});
      else end(opensslText(error));
    });
    socket.on('end', () => end(''));
    socket.on('close', () => end(''));
    return socket;
  }

  private end(reason: string): void {
    if (this.isOver) return;
    this.isOver = true;
    this.socket.destroy();
    this.owner.ended(reason);
  }

  private noteAddresses(): void {
    const { remoteAddress, remotePort, localAddress, localPort } = this.socket;
    this.address = hostAndPort(remoteAddress ?? '', remotePort ?? 0);
    this.localAddress = hostAndPort(localAddress ?? '', localPort ?? 0);
    this.fd = (this.socket as unknown as { _handle?: { fd?: number } })._handle?.fd ?? -1;
  }
}

function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
