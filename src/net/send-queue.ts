// How much of a stream's output the system has not taken. `writableLength` falls only when a write is complete, so a peer
// that takes a very large value slowly would look dead; the private figure that shows its progress is read in this file
// and nowhere else. Where it is missing, the public one has to do.

import type { Duplex } from 'node:stream';

interface WithQueue {
  readonly _handle?: { readonly writeQueueSize?: unknown } | null;
}

/** Bytes on their way to the peer; a change says that the peer lives. */
export function unsentBytes(stream: Duplex): number {
  const queued = (stream as Duplex & WithQueue)._handle?.writeQueueSize;
  return typeof queued === 'number' ? queued : stream.writableLength;
}
