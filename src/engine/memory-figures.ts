// What memory is used for, in the words of INFO and MEMORY STATS. `used_memory` counts what grows with what clients do:
// every byte of the data set, of its tables and indexes (exact, by the allocator of user data), of the clients' buffers and of
// effects on their way. It leaves out the memory of the program itself, which the JavaScript engine takes and gives back as
// it likes: that would make the figure jump without any change of the data. The resident memory of the process shows both.

import type { ServerParts } from './server-parts.ts';

export interface MemoryFigures {
  readonly usedBytes: number;
  readonly peakBytes: number;
  /** What an empty server uses. */
  readonly startupBytes: number;
  /** What grew since: at least 1. */
  readonly netBytes: number;
  /** Clients, tables, indexes and effects on their way: what is not data. */
  readonly overheadBytes: number;
  readonly datasetBytes: number;
  /** Of clients that are no replicas. */
  readonly clientBytes: number;
  /** What is there because replicas are behind. */
  readonly replicaBytes: number;
  readonly backlogBytes: number;
  /** What backlog and replicas share. */
  readonly replicationBytes: number;
  readonly aofBytes: number;
  /** What of `usedBytes` is not held against `maxmemory`. */
  readonly notCountedBytes: number;
  /** Bytes in blocks, bytes of the pages that the blocks are in, and of all pages that ever were in use and are kept. */
  readonly allocatedBytes: number;
  readonly activeBytes: number;
  readonly residentBytes: number;
  /** Of the process. */
  readonly rssBytes: number;
}

/** The figures of this moment. O(clients). */
export function memoryFigures(server: ServerParts): MemoryFigures {
  const { clients, keyspace, memoryLimit, persistence, replication, runtime, stats } = server;
  const { heap } = keyspace;
  const ofClients = memoryLimit.clients;
  ofClients.updateAll(clients);
  memoryLimit.tick();
  const { usedBytes, notCountedBytes } = memoryLimit;
  const stream = replication.memory;
  const datasetBytes = heap.usedBytes;
  const { activeBytes } = heap;
  stats.notePeak(usedBytes);
  return {
    usedBytes,
    peakBytes: stats.peakUsedBytes,
    startupBytes: stats.startupUsedBytes,
    netBytes: Math.max(1, usedBytes - stats.startupUsedBytes),
    overheadBytes: usedBytes - datasetBytes,
    datasetBytes,
    clientBytes: ofClients.countedBytes,
    replicaBytes: stream.replicas,
    backlogBytes: stream.backlog,
    replicationBytes: stream.buffers,
    aofBytes: persistence.aof.bufferLength,
    notCountedBytes,
    allocatedBytes: datasetBytes,
    activeBytes,
    residentBytes: activeBytes + heap.idleBytes,
    rssBytes: runtime.process.rssBytes(),
  };
}

/** How many times as much as `whole` `part` is; 1 where there is nothing. */
export function ratioOf(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole;
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
