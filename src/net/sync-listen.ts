// Listening at once: whether the socket is bound is known when the call returns. Node's public `listen` resolves the
// host first, even an address, and so always answers later; CONFIG SET must answer now and be undone when it fails. The
// private names that this needs are used in this file and nowhere else.

import * as net from 'node:net';
import { getSystemErrorName } from 'node:util';

interface WithListen2 {
  _handle: unknown;
  _listen2(
    address: string,
    port: number,
    family: number,
    backlog: number,
    fd: undefined,
    flags: number,
  ): void;
}

interface WithCreateHandle {
  _createServerHandle?(address: string, port: number, family: number, fd: undefined, flags: number): unknown;
}

/** How it went. An empty `code` after a failure: the error follows as the server's 'error' event within this turn. */
export interface ListenResult {
  readonly isListening: boolean;
  readonly code: string;
}

const FAMILY_PATH = -1;
const UV_TCP_IPV6ONLY = 1;

/** Binds to an IP address and port. Says at once why an address cannot be had; that a port is taken is told by the event. */
export function listenOnAddress(
  server: net.Server,
  address: string,
  port: number,
  backlog: number,
): ListenResult {
  const isV6 = address.includes(':');
  const family = isV6 ? 6 : 4;
  const flags = isV6 ? UV_TCP_IPV6ONLY : 0;
  const handle = (net as WithCreateHandle)._createServerHandle?.(address, port, family, undefined, flags);
  if (typeof handle === 'number') return { isListening: false, code: getSystemErrorName(handle) };
  if (handle !== undefined && handle !== null) (server as unknown as WithListen2)._handle = handle;
  listen(server, address, port, family, backlog, flags);
  return { isListening: server.listening, code: '' };
}

/** Binds to a path, as `listenOnAddress` does to an address. */
export function listenOnPath(server: net.Server, path: string, backlog: number): boolean {
  listen(server, path, -1, FAMILY_PATH, backlog, 0);
  return server.listening;
}

function listen(
  server: net.Server,
  address: string,
  port: number,
  family: number,
  backlog: number,
  flags: number,
): void {
  (server as unknown as WithListen2)._listen2(address, port, family, backlog, undefined, flags);
}
