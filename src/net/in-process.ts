// Clients within the process: one end of a pair of streams is the connection, the other is the caller's.

import { type Duplex, duplexPair } from 'node:stream';
import { Connection, receiveByEvents } from './connection.ts';
import type { Peers } from './peers.ts';

/** A duplex that speaks RESP with the server. Ending or destroying it ends the client. */
export function connectInProcess(peers: Peers): Duplex {
  const [near, far] = duplexPair();
  const connection = new Connection(
    near,
    { address: 'in-process:0', localAddress: 'in-process:0', fd: -1, isUnixSocket: false, isLocal: true },
    'stream',
    peers,
  );
  peers.joined(connection);
  peers.stats.connectionsReceived++;
  receiveByEvents(near, connection);
  // Before Node 22 an end of the pair does not hear of the other's destruction.
  far.once('close', () => connection.close());
  near.once('close', () => {
    if (near.writableFinished && !far.readableEnded) far.once('end', () => far.destroy());
    else far.destroy();
  });
  return far;
}
