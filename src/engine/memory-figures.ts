// What memory is used for, in the words of INFO. `used_memory` counts what grows with what clients do: every byte of the
// data set, of its tables and indexes (exact, by the allocator of user data) and of the clients' buffers. It leaves out
// the memory of the program itself, which the JavaScript engine takes and gives back as it likes: that would make the
// figure jump without any change of the data. The resident memory of the process shows both.

import { clientBytes } from './client-info.ts';
import type { ServerParts } from './server-parts.ts';

export interface MemoryFigures {
  readonly usedBytes: number;
  readonly peakBytes: number;
  /** What an empty server uses. */
  readonly startupBytes: number;
  /** Clients, tables and indexes: what is not data. */
  readonly overheadBytes: number;
  readonly clientBytes: number;
  /** Those of `clientBytes` that are for replicas. */
  readonly replicaBytes: number;
  readonly datasetBytes: number;
  /** Bytes in blocks, and bytes of the pages that the blocks are in. */
  readonly allocatedBytes: number;
  readonly activeBytes: number;
  readonly rssBytes: number;
}

/** The figures of this moment. O(clients). */
export function memoryFigures({ clients, keyspace, runtime, stats, tracking }: ServerParts): MemoryFigures {
  let ofClients = 0;
  let ofReplicas = 0;
  for (const client of clients) {
    const bytes = clientBytes(client);
    ofClients += bytes;
    if (client.isReplica) ofReplicas += bytes;
  }
  const usedBytes = keyspace.usedBytes + ofClients + tracking.usedBytes;
  const datasetBytes = keyspace.heap.usedBytes;
  stats.notePeak(usedBytes);
  return {
    usedBytes,
    peakBytes: stats.peakUsedBytes,
    startupBytes: stats.startupUsedBytes,
    overheadBytes: usedBytes - datasetBytes,
    clientBytes: ofClients,
    replicaBytes: ofReplicas,
    datasetBytes,
    allocatedBytes: datasetBytes,
    activeBytes: keyspace.heap.activeBytes,
    rssBytes: runtime.process.rssBytes(),
  };
}

const UNITS = ['K', 'M', 'G', 'T', 'P'];

/** Bytes for people: `100B`, `1.50K`, `2.00G`. */
export function humanBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  let value = bytes;
  let unit = -1;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(2)}${UNITS[unit]}`;
}
