// The sockets that listen on one port, one for each address of `bind`: all of them, or those of before when one of the
// new ones cannot be had.

import { type AddressInfo, isIP, type Server as NetServer } from 'node:net';
import type { Logger } from '../base/logger.ts';
import { reasonOfCode } from '../config/file-text.ts';
import { type HostAddress, lookUpHost } from './host-lookup.ts';
import { listenOnAddress } from './sync-listen.ts';

/** The kind of system does not know the family or protocol: such an address is passed over, whether it is optional or not. */
const UNSUPPORTED: ReadonlySet<string> = new Set([
  'EAFNOSUPPORT',
  'ENOPROTOOPT',
  'EPROTONOSUPPORT',
  'ESOCKTNOSUPPORT',
]);

export interface PortOptions {
  readonly log: Logger;
  /** At most so many finished handshakes wait to be accepted. */
  backlog(): number;
  /** Makes a server that accepts; `explain` gives the line for an error that it tells of while it begins to listen. */
  newServer(explain: (reason: string) => string): NetServer;
}

export class ListeningPort {
  private readonly options: PortOptions;
  private servers: NetServer[] = [];
  private current = 0;
  private specs: readonly string[] = [];

  constructor(options: PortOptions) {
    this.options = options;
  }

  /** The port in use, 0 without one. */
  get port(): number {
    return this.current;
  }

  /** The addresses that it listens on, as INFO names them: the first of `bind`, as many as there are sockets. */
  get addresses(): readonly string[] {
    return this.specs.slice(0, this.servers.length);
  }

  get socketCount(): number {
    return this.servers.length;
  }

  /**
   * Listens on every address, in place of what was listened on before, to which it returns when this fails. Port 0 lets the
   * system choose one, the same for all addresses. Returns whether it worked; the log says why not.
   */
  listen(specs: readonly string[], port: number): boolean {
    const { current, specs: former } = this;
    // The old sockets go first: they may have an address in common with the new ones.
    this.close();
    if (this.bind(specs, port)) return true;
    if (current !== 0) this.bind(former, current);
    return false;
  }

  close(): void {
    for (const server of this.servers) server.close();
    this.servers = [];
    this.current = 0;
  }

  private bind(specs: readonly string[], port: number): boolean {
    const servers: NetServer[] = [];
    let actual = port;
    for (const spec of specs) {
      const server = this.open(spec, actual);
      if (server === 'passed over') continue;
      if (server === null) {
        for (const bound of servers) bound.close();
        return false;
      }
      servers.push(server);
      actual = (server.address() as AddressInfo).port;
    }
    // Without any address the port is kept for when there are some again.
    this.servers = servers;
    this.specs = specs;
    this.current = actual;
    return true;
  }

  private open(spec: string, port: number): NetServer | null | 'passed over' {
    const { log, newServer, backlog } = this.options;
    const isOptional = spec.startsWith('-');
    const name = isOptional ? spec.slice(1) : spec;
    const explain = (reason: string) =>
      `Warning: Could not create server TCP listening socket ${name}:${port}: ${reason}`;
    const found = addressOf(name);
    if ('reason' in found) {
      log.warning(explain(found.reason));
      return null;
    }
    const server = newServer((reason) => explain(`bind: ${reason}`));
    const { isListening, code } = listenOnAddress(server, found.address, port, backlog());
    if (isListening) return server;
    if (code !== '') log.warning(explain(`bind: ${reasonOfCode(code)}`));
    const isAbsent = UNSUPPORTED.has(code) || (isOptional && code === 'EADDRNOTAVAIL');
    return isAbsent ? 'passed over' : null;
  }
}

function addressOf(name: string): HostAddress {
  if (name === '*') return { address: '0.0.0.0' };
  if (name === '::*') return { address: '::' };
  if (isIP(name) !== 0) return { address: name };
  // What has a colon is meant to be an IPv6 address, and never looked up.
  return name.includes(':') ? { reason: 'Name or service not known' } : lookUpHost(name);
}
