// Listening at once: whether the socket is bound is known when the call returns. Node's public `listen` resolves the
// host first, even an address, and so always answers later; CONFIG SET must answer now and be undone when it fails. The
// one private method that this needs is used in this file and nowhere else.

import type { Server } from 'node:net';

interface WithListen2 {
  _listen2(
    address: string,
    port: number,
    family: number,
    backlog: number,
    fd: undefined,
    flags: number,
  ): void;
}

const FAMILY_PATH = -1;
const UV_TCP_IPV6ONLY = 1;

/**
 * Binds to an IP address and port. Returns whether it worked; the reason of a failure follows as the server's 'error'
 * event within this turn.
 */
export function listenOnAddress(server: Server, address: string, port: number, backlog: number): boolean {
  const isV6 = address.includes(':');
  listen(server, address, port, isV6 ? 6 : 4, backlog, isV6 ? UV_TCP_IPV6ONLY : 0);
  return server.listening;
}

/** Binds to a path, as `listenOnAddress` does to an address. */
export function listenOnPath(server: Server, path: string, backlog: number): boolean {
  listen(server, path, -1, FAMILY_PATH, backlog, 0);
  return server.listening;
}

function listen(
  server: Server,
  address: string,
  port: number,
  family: number,
  backlog: number,
  flags: number,
): void {
  (server as unknown as WithListen2)._listen2(address, port, family, backlog, undefined, flags);
}
